//! What an operator logs in with, and where from: as it is typed, and as it is shown.

use jiff::{Span, SpanRelativeTo};

use super::output::time;
use crate::{ip_list::IpList, store::operators::Operator};

/// Longest time for which an old password is accepted beside the new one, in days.
const KEEP_DAYS_MAX: i64 = 90;

/// Where an operator may ask from; none: from anywhere.
#[derive(Debug, Clone)]
pub struct Addresses(pub Option<IpList>);

/// Reads networks, or `any`.
pub fn addresses(text: &str) -> Result<Addresses, String> {
    if text == "any" {
        return Ok(Addresses(None));
    }
    let list = IpList::parse(text).map_err(|bad| bad.to_string())?;
    Ok(Addresses(Some(list)))
}

/// Reads for how long an old password is kept, in milliseconds: `7d`, `12h`, `0`.
pub fn keep_for_ms(text: &str) -> Result<i64, String> {
    const EXPECTED: &str = "a time such as 7d or 12h, 90d at the most, is expected";
    if text == "0" {
        return Ok(0);
    }
    let span = text.parse::<Span>().ok();
    let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let ms = time.and_then(|time| i64::try_from(time.as_millis()).ok());
    let ms = ms.filter(|ms| (0..=KEEP_DAYS_MAX * 86_400_000).contains(ms));
    ms.ok_or_else(|| EXPECTED.to_owned())
}

/// Where an operator may ask from.
pub fn shown_addresses(operator: &Operator) -> String {
    operator.addresses.as_ref().map_or("any".to_owned(), ToString::to_string)
}

/// The same, where there is little room.
pub fn few_addresses(operator: &Operator) -> String {
    match operator.addresses.as_ref().map(|list| list.texts().count()) {
        Some(count @ 3..) => format!("{count} networks"),
        _ => shown_addresses(operator),
    }
}

/// Until when its old password is accepted; empty: it has none.
pub fn shown_old_password(operator: &Operator, now_ms: i64) -> String {
    time(operator.old_password_at(now_ms).map(|old| old.until_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        const HOUR_MS: i64 = 3_600_000;
        for (text, ms) in [
            ("0", Some(0)),
            ("7d", Some(7 * 24 * HOUR_MS)),
            ("7 days", Some(7 * 24 * HOUR_MS)),
            ("2w", Some(14 * 24 * HOUR_MS)),
            ("12h", Some(12 * HOUR_MS)),
            ("1d 12h", Some(36 * HOUR_MS)),
            ("90d", Some(90 * 24 * HOUR_MS)),
            ("91d", None),
            ("-1d", None),
            ("1 month", None),
            ("7", None),
            ("", None),
            ("always", None),
        ] {
            assert_eq!(keep_for_ms(text).ok(), ms, "{text}");
        }
    }
}
