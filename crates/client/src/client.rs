//! One call: a seat, a count, a question, an answer.

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use ereprov_wire::{
    NAMESPACE,
    envelope::{Answer, Reply, read_answer, write_question},
    lenient::Departure,
    operation::Operation,
    question::Question,
    security::UsernameToken,
};
use jiff::fmt::rfc2822;
use zeroize::Zeroizing;

use crate::{
    certificate::Validity,
    clock::{Clock, Entropy},
    endpoint::{Endpoint, Login},
    error::{Code, Error, Ko},
    exchange::Exchange,
    shared::{
        Folder,
        ledger::{self, Usage},
        seats,
    },
    token::{masked, token},
    transport::{Lost, Received, SetupError, Transport},
};

/// A client of one service, for one operator.
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) folder: Folder,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    transport: Transport,
}

/// What a service says about itself.
#[derive(Debug, Clone)]
pub struct Wsdl {
    /// The document.
    pub text: String,
    /// Whether it is one of e-Reprov.
    pub is_ereprov: bool,
    /// The service's own time, in milliseconds since 1970-01-01 UTC, to the second; none: it says none.
    pub date_ms: Option<i64>,
    /// How long the service's certificate is good; none: there is no TLS, or a proxy in between.
    pub certificate: Option<Validity>,
    /// How long it took.
    pub took: Duration,
}

/// What a call brought.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// What was asked for.
    pub value: T,
    /// How the answer departs from the WSDL, and what it has beyond it.
    pub departures: Vec<Departure>,
    /// How much of the month's quota is used.
    pub usage: Usage,
    /// What the service calls the request in its log (`X-Request-Id`).
    pub request_id: Option<String>,
    /// For how many seconds the service remembers an accepted put by its name; none: it does not.
    pub(crate) remembers_s: Option<i64>,
}

impl<T> Answered<T> {
    pub(crate) fn map<U>(self, value: impl FnOnce(T) -> U) -> Answered<U> {
        let Self { value: before, departures, usage, request_id, remembers_s } = self;
        Answered { value: value(before), departures, usage, request_id, remembers_s }
    }
}

impl Client {
    /// A client on the machine's clock and chance. The folder is made where it is not there; processes
    /// that name the same one share seats, count and unsettled puts.
    ///
    /// # Errors
    /// Something of the endpoint, or the folder, cannot be used.
    pub fn new(endpoint: Endpoint, folder: &Path) -> Result<Self, SetupError> {
        Self::with(endpoint, folder, Clock::System, Entropy::system())
    }

    /// The same with a clock and chance of the caller's own.
    ///
    /// # Errors
    /// Something of the endpoint, or the folder, cannot be used.
    pub fn with(
        endpoint: Endpoint,
        folder: &Path,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, SetupError> {
        let transport = Transport::new(&endpoint)?;
        let login = endpoint.login.as_ref().map_or("", Login::username);
        let folder = Folder::open(folder, &transport.service(), login);
        let folder = folder.map_err(SetupError::Folder)?;
        Ok(Self { endpoint, folder, clock, entropy, transport })
    }

    /// The clock that it was given.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How much of the month's quota is used, as far as this machine knows; no call.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn usage(&self) -> Result<Usage, Error> {
        let quota = self.quota()?;
        ledger::usage(&self.folder, &self.clock.month(), quota).map_err(Error::Folder)
    }

    /// Whether one of the operator's two requests at once is free now, as far as this machine knows; no call.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn has_free_seat(&self) -> Result<bool, Error> {
        seats::has_free_seat(&self.folder).map_err(Error::Folder)
    }

    /// Fetches the WSDL, to see whether the way to the service, its certificate and the clock are sound;
    /// it is not counted, and nothing of the login is sent.
    ///
    /// # Errors
    /// There is no way, or what comes is refused.
    pub async fn wsdl(&self) -> Result<Wsdl, Error> {
        let started = Instant::now();
        let received = self.transport.wsdl().await?;
        if !(200..300).contains(&received.status) {
            let retry_after = received.retry_after();
            return Err(Error::Http { status: received.status, retry_after });
        }
        let date = received.header("date").and_then(|date| rfc2822::parse(date).ok());
        let certificate = received.certificate;
        let text = received.text.unwrap_or_default();
        let is_ereprov = text.contains("definitions") && text.contains(NAMESPACE);
        let date_ms = date.map(|date| date.timestamp().as_millisecond());
        Ok(Wsdl { text, is_ereprov, date_ms, certificate, took: started.elapsed() })
    }

    /// The whole text that a question would be sent as, the password masked; no call.
    ///
    /// # Errors
    /// A value that the service would refuse.
    pub(crate) fn shown(&self, question: &Question) -> Result<String, Error> {
        let token = self.token().map(masked);
        self.write(question, token.as_ref()).map(|text| text.to_string())
    }

    /// A new one for each question.
    fn token(&self) -> Option<UsernameToken> {
        token(self.endpoint.login.as_ref()?, &self.clock, &self.entropy)
    }

    fn write(
        &self,
        question: &Question,
        token: Option<&UsernameToken>,
    ) -> Result<Zeroizing<String>, Error> {
        let text = write_question(self.endpoint.soap, token, question);
        text.map(Zeroizing::new).map_err(Error::Argument)
    }

    /// Asks once, and never again by itself.
    pub(crate) async fn call(
        &self,
        question: &Question,
        key: Option<&str>,
    ) -> Result<Answered<Answer>, Error> {
        // What would be refused waits for no seat.
        self.write(question, None)?;
        let patience = self.endpoint.seat_timeout;
        let seat = seats::take_seat(&self.folder, &self.clock, patience).await;
        let seat = seat.map_err(Error::Folder)?.ok_or(Error::Busy(patience))?;
        // A digest is good for some minutes: it is made when its turn has come.
        let token = self.token();
        let text = self.write(question, token.as_ref())?;
        let (month, quota) = (self.clock.month(), self.quota()?);
        let usage = ledger::count(&self.folder, &month, quota).map_err(Error::Folder)?;
        let usage = usage.map_err(Error::QuotaSpent)?;

        let started = Instant::now();
        let received = self.transport.post(text, key).await;
        drop(seat);
        let took = started.elapsed();
        let understood = received.as_ref().map_err(|lost| Error::from(lost.clone()));
        let understood = understood.and_then(|received| understand(received, question.operation()));
        self.trace(question, token, key, &received, said(&understood), took);

        let told = received.as_ref().ok().and_then(|received| self.learn(&month, received));
        let answered = received.map_err(Error::from).and_then(|received| {
            let (value, departures) = understood?;
            let request_id = received.header("x-request-id").map(str::to_owned);
            let remembers_s = received.remembers_s();
            let usage = told.unwrap_or(usage);
            Ok(Answered { value, departures, usage, request_id, remembers_s })
        });
        if told.is_none() && answered.as_ref().is_err_and(|error| !error.is_counted()) {
            // The answer counts for more than the count.
            let _ = ledger::take_back(&self.folder, &month);
        }
        answered
    }

    /// The quota as the service says it is (`RateLimit`), where it does.
    fn learn(&self, month: &str, received: &Received) -> Option<Usage> {
        let quota = number(received.header("ratelimit-policy")?, "q=")?;
        let left = number(received.header("ratelimit")?, "r=")?;
        let used = quota.saturating_sub(left);
        ledger::learn_quota(&self.folder, quota).ok()?;
        let quota = self.endpoint.quota_per_month.unwrap_or(quota);
        ledger::learn(&self.folder, month, used, quota).ok()
    }

    /// Calls in a month: as many as the caller has said, the service has told, or the specification has.
    fn quota(&self) -> Result<u64, Error> {
        const QUOTA: u64 = 2000;
        match self.endpoint.quota_per_month {
            Some(quota) => Ok(quota),
            None => {
                let told = ledger::told_quota(&self.folder).map_err(Error::Folder)?;
                Ok(told.unwrap_or(QUOTA))
            }
        }
    }

    fn trace(
        &self,
        question: &Question,
        token: Option<UsernameToken>,
        key: Option<&str>,
        received: &Result<Received, Lost>,
        said: Option<Result<(), Code>>,
        took: Duration,
    ) {
        let Some(observer) = &self.endpoint.observer else { return };
        let headers = |received: &Received| {
            let shown = received.headers.iter();
            shown
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect()
        };
        let sent = self.write(question, token.map(masked).as_ref());
        observer(&Exchange {
            operation: question.operation(),
            sent_headers: self.transport.shown_headers(key),
            sent: sent.map(|text| text.to_string()).unwrap_or_default(),
            status: received.as_ref().ok().map(|received| received.status),
            received_headers: received.as_ref().map(headers).unwrap_or_default(),
            received: match received {
                Ok(received) => received.text.clone().unwrap_or_default(),
                Err(lost) => Error::from(lost.clone()).to_string(),
            },
            said,
            took,
        });
    }
}

/// What the service said, in short.
fn said<T>(understood: &Result<T, Error>) -> Option<Result<(), Code>> {
    match understood {
        Ok(_) => Some(Ok(())),
        Err(Error::Ko(ko)) => Some(Err(ko.code.clone())),
        Err(Error::Fault(fault)) => fault.code_erreur.clone().map(Err),
        Err(_) => None,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(cause) => Self::NotSent(cause),
            Lost::TimedOut => Self::TimedOut,
            Lost::Cut(cause) => Self::Cut(cause),
            Lost::TooBig => Self::TooBig,
        }
    }
}

/// What an answer says, whatever its status: a KO may come with HTTP 401, a fault with any.
fn understand(
    received: &Received,
    operation: Operation,
) -> Result<(Answer, Vec<Departure>), Error> {
    let elsewhere = || Error::Http { status: received.status, retry_after: received.retry_after() };
    let is_ok = (200..300).contains(&received.status);
    let Some(text) = &received.text else {
        return Err(if is_ok { Error::Charset } else { elsewhere() });
    };
    let read = read_answer(text, operation);
    let read = read.map_err(|why| if is_ok { Error::Unreadable(why) } else { elsewhere() })?;
    match read.reply {
        Reply::Ok(answer) => Ok((answer, read.departures)),
        Reply::Fault(fault) => Err(Error::Fault(fault)),
        Reply::Ko(ko) => Err(Error::Ko(Ko {
            operation,
            code: ko.code,
            label: ko.libelle,
            retry_after: received.retry_after(),
            remembers_s: received.remembers_s(),
        })),
    }
}

/// The number after a name in a structured header: `"month";r=1999;t=86400`.
fn number(header: &str, name: &str) -> Option<u64> {
    let mut parameters = header.split(';').map(str::trim);
    parameters.find_map(|parameter| parameter.strip_prefix(name)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_structured_headers() {
        assert_eq!(number("\"month\";r=1999;t=86400", "r="), Some(1999));
        assert_eq!(number("\"month\"; q=2000", "q="), Some(2000));
        assert_eq!(number("r=x", "r="), None);
        assert_eq!(number("", "r="), None);
    }
}
