//! Months in Europe/Paris, reckoned by hand: the offset is an hour, two in summer, which lasts from
//! the last Sunday of March to the last Sunday of October, both at 01:00 UTC.

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Days from 1970-01-01 to a date.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    // A leap year every four, from 1972; 2000 was one, and 2100 is not ours to see.
    let years = (year - 1970) * 365 + (year - 1969) / 4;
    let february = if year % 4 == 0 { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i64 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    years + months + day - 1
}

/// When the clock is changed in March or October of a year.
pub fn change(year: i64, month: i64) -> i64 {
    let last = days_to(year, month, 31);
    // 1970-01-01 was a Thursday: Sunday is day 3, 10, 17…
    let sunday = last - (last - 3).rem_euclid(7);
    sunday * DAY_MS + HOUR_MS
}

/// The year that a day is in.
fn year_of(day: i64) -> i64 {
    let mut year = 1970;
    while days_to(year + 1, 1, 1) <= day {
        year += 1;
    }
    year
}

fn offset(at_ms: i64) -> i64 {
    let year = year_of(at_ms.div_euclid(DAY_MS));
    let summer = (change(year, 3)..change(year, 10)).contains(&at_ms);
    if summer { 2 * HOUR_MS } else { HOUR_MS }
}

/// Year and month of a time.
pub fn month(at_ms: i64) -> (i64, i64) {
    let day = (at_ms + offset(at_ms)).div_euclid(DAY_MS);
    let year = year_of(day);
    let month = (1..=12).rev().find(|month| days_to(year, *month, 1) <= day).unwrap();
    (year, month)
}

/// When the month after that of a time begins.
pub fn next_month(at_ms: i64) -> i64 {
    let (year, month) = month(at_ms);
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let midnight = days_to(year, month, 1) * DAY_MS;
    // No clock is changed in the first night of a month.
    midnight - offset(midnight)
}

/// The next change of the clock after a time.
pub fn next_change(at_ms: i64) -> i64 {
    let (year, _) = month(at_ms);
    let changes = [change(year, 3), change(year, 10), change(year + 1, 3)];
    changes.into_iter().find(|change| *change > at_ms).unwrap()
}
