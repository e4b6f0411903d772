//! How long a connection may take, and a whole call: what was said last counts for most.

use std::time::Duration;

use crate::{
    failure::Failure,
    lang::{Both, Lang},
};

/// The longest that a connection may take, in seconds.
pub const CONNECT_MAX_S: u64 = 120;
/// The longest that a call may take, in seconds.
pub const CALL_MAX_S: u64 = 600;

/// Where nothing is said, as the client library has it.
const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_mins(1);

/// What somebody has said of them, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timeouts {
    /// Of a connection.
    pub connect_s: Option<u64>,
    /// Of a whole call, its connection included.
    pub call_s: Option<u64>,
}

impl Timeouts {
    /// These, and where they say nothing, the others.
    pub fn or(self, other: Self) -> Self {
        Self { connect_s: self.connect_s.or(other.connect_s), call_s: self.call_s.or(other.call_s) }
    }

    /// A connection's and a whole call's. Where only the call's is said, a connection has half of it at the
    /// most: one that does not come about in time is told from an answer that does not, which leaves doubt.
    ///
    /// # Errors
    /// A file has one that is out of its bounds, or the connection's is not the shorter one.
    pub fn read(self, lang: Lang) -> Result<(Duration, Duration), Failure> {
        let read = |name: &str, value: Option<u64>, max| match value {
            Some(s) if !(1..=max).contains(&s) => Err(Failure::usage(Both::new(
                format!("{name}: {s} s is not between 1 and {max}"),
                format!("{name} : {s} s n'est pas entre 1 et {max}"),
            ))),
            value => Ok(value.map(Duration::from_secs)),
        };
        let connect = read("--connect-timeout", self.connect_s, CONNECT_MAX_S)?;
        let call = read("--timeout", self.call_s, CALL_MAX_S)?.unwrap_or(CALL);
        let connect = connect.unwrap_or(CONNECT.min(call / 2));
        if connect >= call {
            let (connect, call) = (connect.as_secs(), call.as_secs());
            let message = lang.pick(
                format!("a connection may take {connect} s, and the whole call {call} s"),
                format!("une connexion peut durer {connect} s, et la requête entière {call} s"),
            );
            return Err(Failure::usage(message).hint(lang.pick(
                "choose a --connect-timeout shorter than --timeout",
                "choisissez un --connect-timeout plus court que --timeout",
            )));
        }
        Ok((connect, call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_always_has_less_time_than_its_call() {
        let read = |connect_s, call_s| {
            let read = Timeouts { connect_s, call_s }.read(Lang::En).ok();
            read.map(|(connect, call)| (connect.as_millis(), call.as_millis()))
        };
        assert_eq!(read(None, None), Some((10_000, 60_000)));
        assert_eq!(read(None, Some(300)), Some((10_000, 300_000)));
        assert_eq!(read(None, Some(1)), Some((500, 1000)));
        assert_eq!(read(Some(30), None), Some((30_000, 60_000)));
        assert_eq!(read(Some(120), Some(600)), Some((120_000, 600_000)));
        assert_eq!(read(Some(60), None), None);
        assert_eq!(read(Some(5), Some(5)), None);
        assert_eq!(read(Some(121), Some(600)), None);
        assert_eq!((read(Some(0), None), read(None, Some(0))), (None, None));
        assert_eq!(read(None, Some(601)), None);
    }
}
