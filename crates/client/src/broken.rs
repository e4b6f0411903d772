//! Why a connection did not come about, or ended: told apart by what there is to be done about it.

use std::{error::Error as StdError, fmt, io};

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

/// A connection that did not come about, or that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Why, as far as it can be told.
    pub why: Why,
    /// The errors below it, in English, the outermost first; never the URL, which may hold a secret.
    pub detail: String,
}

/// Why a connection is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The host's name has no address.
    UnknownName,
    /// Nobody listens there.
    Refused,
    /// There is no way to that machine.
    Unreachable,
    /// No connection in time.
    TimedOut,
    /// The other side ended it, or something on the way.
    Ended,
    /// The proxy made none.
    Proxy,
    /// The service's certificate is not believed.
    TheirCertificate(Mistrust),
    /// The service wants a certificate of the caller's, or another one.
    OwnCertificate,
    /// The two sides do not agree on TLS.
    Tls,
    /// Something else: `detail` says it.
    Other,
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistrust {
    /// Its time is over.
    Expired,
    /// Its time has not begun; or the machine's clock is wrong.
    NotYet,
    /// It is for another name.
    OtherName,
    /// Nobody who is believed has signed it.
    UnknownAuthority,
    /// Something else.
    Other,
}

impl Broken {
    /// What the HTTP client says of it.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let why = if error.is_dns() {
            Why::UnknownName
        } else if error.is_timeout() {
            Why::TimedOut
        } else {
            chain(&error).find_map(why).unwrap_or(Why::Other)
        };
        let detail: Vec<_> = chain(&error).map(ToString::to_string).collect();
        Self { why, detail: detail.join(": ") }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

type Link<'e> = &'e (dyn StdError + 'static);

fn chain(error: Link<'_>) -> impl Iterator<Item = Link<'_>> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn why(error: Link<'_>) -> Option<Why> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // What it was made of is not what it calls its source.
        let inner = error.get_ref().and_then(|inner| why(inner));
        return inner.or_else(|| of_io(error.kind()));
    }
    if let Some(error) = error.downcast_ref::<TlsError>() {
        return Some(of_tls(error));
    }
    // Neither has a type that can be asked.
    let text = error.to_string();
    if text.starts_with("tunnel error") {
        return Some(Why::Proxy);
    }
    (text == "connection closed before message completed").then_some(Why::Ended)
}

fn of_io(kind: io::ErrorKind) -> Option<Why> {
    use io::ErrorKind as K;
    Some(match kind {
        K::ConnectionRefused => Why::Refused,
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown | K::AddrNotAvailable => {
            Why::Unreachable
        }
        K::TimedOut => Why::TimedOut,
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::UnexpectedEof => Why::Ended,
        _ => return None,
    })
}

fn of_tls(error: &TlsError) -> Why {
    use AlertDescription as A;
    use CertificateError as C;
    match error {
        TlsError::InvalidCertificate(why) => Why::TheirCertificate(match why {
            C::Expired | C::ExpiredContext { .. } => Mistrust::Expired,
            C::NotValidYet | C::NotValidYetContext { .. } => Mistrust::NotYet,
            C::NotValidForName | C::NotValidForNameContext { .. } => Mistrust::OtherName,
            C::UnknownIssuer | C::BadSignature => Mistrust::UnknownAuthority,
            _ => Mistrust::Other,
        }),
        // They speak of what was presented to them.
        TlsError::AlertReceived(
            A::CertificateRequired
            | A::NoCertificate
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied,
        ) => Why::OwnCertificate,
        _ => Why::Tls,
    }
}
