//! Sets of numbers, as the seals have them: `1-500,502`.

use std::{fmt, str::FromStr};

/// Spans of numbers, in ascending order, with at least one number between two of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(i64, i64)>);

/// A text that is not in the one form that a set has.
#[derive(Debug, thiserror::Error)]
#[error("not a list of numbers such as 1-500,502")]
pub struct NotRanges;

impl Ranges {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spans, both ends included.
    pub fn spans(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// How many numbers.
    pub fn count(&self) -> i64 {
        self.0.iter().fold(0, |count: i64, (from, to)| {
            count.saturating_add(to.saturating_sub(*from).saturating_add(1))
        })
    }

    /// Whether a number is among them.
    pub fn contains(&self, number: i64) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= number);
        after > 0 && self.0[after - 1].1 >= number
    }

    /// Adds a span that begins after all others.
    pub fn push(&mut self, from: i64, to: i64) {
        match self.0.last_mut() {
            Some((_, end)) if *end >= from.saturating_sub(1) => *end = to.max(*end),
            _ => self.0.push((from, to)),
        }
    }

    /// Takes a span out; false: it was not wholly there, and nothing is changed.
    pub fn take(&mut self, from: i64, to: i64) -> bool {
        let after = self.0.partition_point(|(begin, _)| *begin <= from);
        let Some(index) = after.checked_sub(1) else { return false };
        let (begin, end) = self.0[index];
        if end < to {
            return false;
        }
        let before = (begin < from).then(|| (begin, from - 1));
        let behind = (to < end).then(|| (to + 1, end));
        self.0.splice(index..=index, before.into_iter().chain(behind));
        true
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (from, to)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{from}")?;
            if from < to {
                write!(f, "-{to}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Ranges {
    type Err = NotRanges;

    /// Reads what [`fmt::Display`] writes of positive numbers, and nothing else.
    fn from_str(text: &str) -> Result<Self, NotRanges> {
        let mut ranges = Self::default();
        for span in text.split(',').filter(|_| !text.is_empty()) {
            let (from, to) = span.split_once('-').unwrap_or((span, span));
            let (from, to) = match (from.parse::<i64>(), to.parse::<i64>()) {
                (Ok(from), Ok(to)) if 1 <= from && from <= to => (from, to),
                _ => return Err(NotRanges),
            };
            ranges.push(from, to);
        }
        if ranges.to_string() == text { Ok(ranges) } else { Err(NotRanges) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_text_for_each_set() {
        for text in ["", "1", "1-2", "1-500,502", "7,9-11,13"] {
            assert_eq!(text.parse::<Ranges>().unwrap().to_string(), text);
        }
        for wrong in
            ["0", "-1", "2-1", "1,2", "1-2,3", "3,1", "1,", ",1", "1-1", "01", "+1", "1 ,3", "a"]
        {
            assert!(wrong.parse::<Ranges>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let mut ranges: Ranges = "1-10,20".parse().unwrap();
        assert_eq!(ranges.count(), 11);
        assert!(ranges.take(3, 4) && ranges.take(1, 1) && ranges.take(20, 20));
        assert_eq!(ranges.to_string(), "2,5-10");
        for (from, to) in [(3, 3), (4, 5), (10, 11), (0, 2), (20, 20)] {
            assert!(!ranges.take(from, to), "{from}-{to}");
        }
        assert_eq!(ranges.to_string(), "2,5-10");
        let numbers: Vec<_> = (0..12).filter(|number| ranges.contains(*number)).collect();
        assert_eq!(numbers, [2, 5, 6, 7, 8, 9, 10]);
    }
}
