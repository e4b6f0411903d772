//! Whom to ask, as whom, and how: everything about a service but what is asked.

use std::{fmt, sync::Arc, time::Duration};

use ereprov_wire::{envelope::SoapVersion, security::Password};
use zeroize::Zeroizing;

use crate::exchange::{Exchange, Observer};

/// How an operator says who it is (contract.md, D20).
#[derive(Debug, Clone)]
pub enum Login {
    /// HTTP Basic.
    Basic(String, Password),
    /// A WS-Security UsernameToken with the password in clear.
    UsernameToken(String, Password),
    /// A WS-Security UsernameToken with a digest of the password, for services that have opened it for this
    /// operator; the clock may be five minutes behind theirs at the most, and one ahead.
    PasswordDigest(String, Password),
}

impl Login {
    /// The operator's login.
    pub fn username(&self) -> &str {
        let (Self::Basic(username, _)
        | Self::UsernameToken(username, _)
        | Self::PasswordDigest(username, _)) = self;
        username
    }
}

/// A service, and how to ask it. What it is not told it takes from [`Endpoint::new`].
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) url: String,
    pub(crate) soap: SoapVersion,
    pub(crate) login: Option<Login>,
    pub(crate) certificate: Option<Zeroizing<Vec<u8>>>,
    pub(crate) headers: Vec<(String, Zeroizing<String>)>,
    pub(crate) proxy: Option<Zeroizing<String>>,
    pub(crate) authorities: Vec<Vec<u8>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) answer_bytes_max: usize,
    pub(crate) quota_per_month: Option<u64>,
    pub(crate) seat_timeout: Duration,
    pub(crate) patience: Patience,
    pub(crate) observer: Option<Observer>,
}

/// How a put whose outcome is unknown is found out about.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Waits before each reading of getReprovisionning; when they are used up, the outcome stays unknown.
    pub reads: Vec<Duration>,
    /// A reading that shows no acceptance counts once this has passed since the put was sent: the
    /// service may still have been deciding.
    pub settled_after: Duration,
    /// How often a put is sent at the most, the first time included.
    pub sends_max: u32,
}

impl Endpoint {
    /// A service at a URL, in SOAP 1.1, without a login: ten seconds to connect, sixty for the whole
    /// answer, which may have 8 MiB; as many calls a month as the service says, or 2000 (§2.2); a minute to wait
    /// for a seat.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            soap: SoapVersion::V11,
            login: None,
            certificate: None,
            headers: Vec::new(),
            proxy: None,
            authorities: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_mins(1),
            answer_bytes_max: 8 << 20,
            quota_per_month: None,
            seat_timeout: Duration::from_mins(1),
            patience: Patience {
                reads: [2, 8, 30].map(Duration::from_secs).to_vec(),
                settled_after: Duration::from_secs(30),
                sends_max: 2,
            },
            observer: None,
        }
    }

    /// The version of SOAP of the questions; answers are read in either.
    #[must_use]
    pub fn soap(self, soap: SoapVersion) -> Self {
        Self { soap, ..self }
    }

    /// Who asks.
    #[must_use]
    pub fn login(self, login: Login) -> Self {
        Self { login: Some(login), ..self }
    }

    /// A client certificate with its key, in PEM.
    #[must_use]
    pub fn certificate(self, pem: Vec<u8>) -> Self {
        Self { certificate: Some(Zeroizing::new(pem)), ..self }
    }

    /// One more HTTP header, other than those that the client sets itself; its value is shown by nothing.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        self
    }

    /// A proxy for every call, with its login in the URL where it wants one. None is taken from the
    /// environment.
    #[must_use]
    pub fn proxy(self, url: &str) -> Self {
        Self { proxy: Some(Zeroizing::new(url.to_owned())), ..self }
    }

    /// A private authority in PEM: with one or more of them, no other is believed.
    #[must_use]
    pub fn authority(mut self, pem: Vec<u8>) -> Self {
        self.authorities.push(pem);
        self
    }

    /// How long a connection may take, and the whole answer.
    #[must_use]
    pub fn timeouts(self, connect: Duration, answer: Duration) -> Self {
        Self { connect_timeout: connect, answer_timeout: answer, ..self }
    }

    /// How many bytes an answer may have.
    #[must_use]
    pub fn answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        Self { answer_bytes_max, ..self }
    }

    /// How many calls the operator has in a month, whatever the service says.
    #[must_use]
    pub fn quota_per_month(self, quota_per_month: u64) -> Self {
        Self { quota_per_month: Some(quota_per_month), ..self }
    }

    /// How long to wait while both of the operator's two requests at once are taken.
    #[must_use]
    pub fn seat_timeout(self, seat_timeout: Duration) -> Self {
        Self { seat_timeout, ..self }
    }

    /// How a put whose outcome is unknown is found out about.
    #[must_use]
    pub fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Shows every exchange, passwords masked, to whoever traces.
    #[must_use]
    pub fn observer(self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL, a header or a proxy may hold a secret.
        f.debug_struct("Endpoint")
            .field("soap", &self.soap)
            .field("login", &self.login)
            .field("quota_per_month", &self.quota_per_month)
            .finish_non_exhaustive()
    }
}
