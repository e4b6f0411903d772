//! Months and hours in Europe/Paris, where the quota turns (contract.md, D23).

use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};

static PARIS: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get("Europe/Paris").expect("the zone database is part of the program")
});

/// A month, from its first moment to the next one's.
#[derive(Debug, Clone)]
struct Month {
    name: String,
    begins_ms: i64,
    ends_ms: i64,
}

/// The month that was asked about last: mostly the one that is asked about next.
static LAST: Mutex<Option<Month>> = Mutex::new(None);

/// The month of a time, such as `2026-11`.
pub fn month(now_ms: i64) -> String {
    in_month_of(now_ms, |month| month.name.clone())
}

/// Seconds until the next month begins, at least one.
pub fn seconds_to_next_month(now_ms: i64) -> i64 {
    in_month_of(now_ms, |month| (month.ends_ms / 1000 - now_ms / 1000).max(1))
}

fn in_month_of<T>(now_ms: i64, look: impl FnOnce(&Month) -> T) -> T {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some(month) if (month.begins_ms..month.ends_ms).contains(&now_ms) => look(month),
        _ => look(last.insert(month_of(now_ms))),
    }
}

fn month_of(now_ms: i64) -> Month {
    let now = paris(now_ms);
    let first = now.first_of_month().and_then(|first| first.start_of_day());
    let next = first.clone().and_then(|first| first.checked_add(jiff::Span::new().months(1)));
    Month {
        name: now.strftime("%Y-%m").to_string(),
        begins_ms: first.map_or(now_ms, |first| first.timestamp().as_millisecond()),
        ends_ms: next.map_or(now_ms + 1, |next| next.timestamp().as_millisecond()),
    }
}

/// A time as people in France read it: `23/11/2026 à 14:05`.
pub fn french(time_ms: i64) -> String {
    paris(time_ms).strftime("%d/%m/%Y à %H:%M").to_string()
}

/// A time as tables and programs read it: `2026-11-23T14:05:09+01:00`.
pub fn iso(time_ms: i64) -> String {
    paris(time_ms).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A time to the millisecond, which is read back as it was: `2026-11-23T13:05:09.250Z`.
pub fn exact(time_ms: i64) -> String {
    let timestamp = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a time that an administrator wrote: a date, a local time, or a time with its offset.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let civil = text
        .parse::<jiff::civil::DateTime>()
        .ok()
        .or_else(|| text.parse::<jiff::civil::Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    Some(civil.to_zoned_datetime(PARIS.clone()).ok()?.timestamp().as_millisecond())
}

/// Reads a time as HTTP writes it: `Mon, 23 Nov 2026 13:05:00 GMT`.
pub fn http_date(text: &str) -> Option<i64> {
    let time = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(time.timestamp().as_millisecond())
}

/// Reads an `xs:dateTime`; without its offset, it is UTC's, as WS-Security has it.
pub fn instant(text: &str) -> Option<i64> {
    const LONGEST: usize = 40;
    let fine = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | ':' | '.' | 'T' | 'Z');
    // Four digits of a year: nothing else makes a date of this time.
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.len() > LONGEST || year != 4 || !text.contains('T') || !text.chars().all(fine) {
        return None;
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(civil.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn paris(time_ms: i64) -> ZonedDateTime {
    let timestamp = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned_datetime(PARIS.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn months_turn_at_midnight_in_paris() {
        // Winter: UTC+1. Summer: UTC+2.
        assert_eq!(month(at("2026-11-30T22:59:59.999Z")), "2026-11");
        assert_eq!(month(at("2026-11-30T23:00:00Z")), "2026-12");
        assert_eq!(month(at("2026-06-30T21:59:59Z")), "2026-06");
        assert_eq!(month(at("2026-06-30T22:00:00Z")), "2026-07");
    }

    #[test]
    fn time_left_counts_the_changes_of_the_clock() {
        assert_eq!(seconds_to_next_month(at("2026-12-31T22:59:59Z")), 1);
        assert_eq!(seconds_to_next_month(at("2026-11-01T00:00:00+01:00")), 30 * 86_400);
        // March loses an hour, October gains one.
        assert_eq!(seconds_to_next_month(at("2026-03-01T00:00:00+01:00")), 31 * 86_400 - 3600);
        assert_eq!(seconds_to_next_month(at("2026-10-01T00:00:00+02:00")), 31 * 86_400 + 3600);
    }

    #[test]
    fn times_that_people_write() {
        assert_eq!(parse("2026-11-23T14:05:00Z"), Some(at("2026-11-23T14:05:00Z")));
        assert_eq!(parse("2026-11-23 14:05"), Some(at("2026-11-23T13:05:00Z")));
        assert_eq!(parse("2026-07-01"), Some(at("2026-06-30T22:00:00Z")));
        assert_eq!(exact(at("2026-11-23T14:05:09.25+01:00")), "2026-11-23T13:05:09.250Z");
        assert_eq!(parse("2026-11-23T13:05:09.250Z"), Some(at("2026-11-23T13:05:09.25Z")));
        assert_eq!(parse("demain"), None);
        assert_eq!(french(at("2026-11-23T13:05:00Z")), "23/11/2026 à 14:05");
    }

    #[test]
    fn an_instant_is_read_in_every_form_that_stacks_write() {
        let noon = at("2026-11-23T12:00:00Z");
        for text in [
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00.000Z",
            "2026-11-23T12:00:00",
            "2026-11-23T12:00:00.000000+00:00",
            "2026-11-23T13:00:00+01:00",
        ] {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        assert_eq!(instant("2026-11-23T12:00:00.123Z"), Some(noon + 123));
        for text in [
            "",
            "2026-11-23",
            "12:00:00",
            "+002026-11-23T12:00:00Z",
            "26-11-23T12:00:00Z",
            "2026-11-23T12:00:00[UTC]",
            "2026-13-23T12:00:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
