//! The chain of the audit: rows are sealed soon after they were committed, each seal holds the hash of
//! the one before it, and whoever reads the audit can tell whether it is as it was written.
//!
//! Nothing of this is on the way of a request. What is hashed, and what a chain proves and what not, is
//! in docs/audit.md.

pub mod export;
pub mod ranges;
pub mod sealer;
pub mod verify;

mod gaps;
mod retention;
mod sealing;

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::store::seals::Seal;

/// The hash before the first seal.
const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Fewest digits of a hash that a head is noted down by: as many as the metrics tell.
const DIGITS_MIN: usize = 12;

/// Where the chain ends: to be noted down elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last seal.
    pub number: i64,
    /// Its hash, or the beginning of it.
    pub hash: String,
}

impl Head {
    /// A seal's.
    pub fn of(seal: &Seal) -> Self {
        Self { number: seal.number, hash: seal.hash.clone() }
    }

    /// The first 48 bits of the hash, which a metric can hold.
    pub fn check(&self) -> i64 {
        let digits = self.hash.get(..DIGITS_MIN).unwrap_or_default();
        i64::from_str_radix(digits, 16).unwrap_or_default()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(number, hash)| {
            let number = number.parse().ok().filter(|number| *number > 0)?;
            let hash = hash.to_ascii_lowercase();
            let long_enough = (DIGITS_MIN..=NOTHING_BEFORE.len()).contains(&hash.len());
            let fine = long_enough && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            fine.then_some(Self { number, hash })
        });
        parsed.ok_or_else(|| {
            format!("NUMBER:HASH is expected, with {DIGITS_MIN} digits of the hash at the least")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_noted_down_whole_or_in_part() {
        let hash = "AB".repeat(32);
        let head: Head = format!("7:{hash}").parse().unwrap();
        assert_eq!(head.to_string(), format!("7:{}", hash.to_lowercase()));
        assert_eq!(head.check(), 0xabab_abab_abab);
        assert!("7:abababababab".parse::<Head>().is_ok());
        let long = format!("7:{hash}0");
        for wrong in
            ["", "7", "7:", "0:abababababab", "-1:abababababab", "7:ababababab", "x:y", &long]
        {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }
}
