//! Until when certificates are good.

use jiff::{Timestamp, tz::TimeZone};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use x509_cert::{Certificate, der::Decode, time::Time};

/// From when until when a certificate is good, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From when.
    pub from_ms: i64,
    /// Until when.
    pub until_ms: i64,
}

impl Validity {
    /// That of the first certificate in a text of PEM; `None`: there is none.
    pub fn of_pem(pem: &[u8]) -> Option<Self> {
        let first = CertificateDer::pem_slice_iter(pem).next()?;
        Self::of_der(&first.ok()?)
    }

    pub(crate) fn of_der(der: &[u8]) -> Option<Self> {
        let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
        let ms = |time: Time| i64::try_from(time.to_unix_duration().as_millis()).ok();
        Some(Self { from_ms: ms(validity.not_before)?, until_ms: ms(validity.not_after)? })
    }

    /// Whole days that are left at a time; fewer than none once it is over.
    pub fn days_left(&self, now_ms: i64) -> i64 {
        (self.until_ms - now_ms).div_euclid(24 * 60 * 60 * 1000)
    }

    /// The day on which it ends, in UTC: `2027-01-31`.
    pub fn last_day(&self) -> String {
        let end = Timestamp::from_millisecond(self.until_ms).unwrap_or(Timestamp::MAX);
        end.to_zoned_datetime(TimeZone::UTC).date().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_can_be_over() {
        let hour = 60 * 60 * 1000;
        let validity = Validity { from_ms: 0, until_ms: 48 * hour };
        assert_eq!(validity.days_left(0), 2);
        assert_eq!(validity.days_left(hour), 1);
        assert_eq!(validity.days_left(47 * hour), 0);
        assert_eq!(validity.days_left(49 * hour), -1);
        assert_eq!(validity.last_day(), "1970-01-03");
    }

    #[test]
    fn a_certificate_says_until_when() {
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 31);
        params.not_after = rcgen::date_time_ymd(2052, 2, 29);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = key.serialize_pem() + &params.self_signed(&key).unwrap().pem();
        let validity = Validity::of_pem(pem.as_bytes()).unwrap();
        assert_eq!(validity.last_day(), "2052-02-29");
        assert_eq!(validity.days_left(validity.from_ms), 26 * 365 + 6 + 29);
        assert_eq!(Validity::of_pem(b"nothing"), None);
    }
}
