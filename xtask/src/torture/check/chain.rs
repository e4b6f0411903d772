//! Every row of the audit is in one seal, as it was written, and the seals are one chain: computed here
//! from docs/audit.md, and from nothing of the server's.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Kind, Report};
use crate::torture::facts::{Chain, Seal};

pub(super) fn check(chain: Option<&Chain>, report: &mut Report) {
    let Some(chain) = chain else {
        report.notes.push("the audit has no chain: it was not checked".into());
        return;
    };
    let mut requests = hashes(&chain.requests, "ereprov.request.1");
    let mut acts = hashes(&chain.acts, "ereprov.act.1");
    for (name, rows, hashes) in
        [("requests", &chain.requests, &requests), ("acts", &chain.acts, &acts)]
    {
        if rows.len() != hashes.len() {
            report.add(Kind::Chain, format!("{name}: two rows have one number"));
        }
    }
    let (mut number, mut previous) = (0, "0".repeat(64));
    for seal in &chain.seals {
        number += 1;
        if seal.number != number || seal.previous != previous {
            report.add(
                Kind::Chain,
                format!("seal {} does not follow seal {}", seal.number, number - 1),
            );
        }
        if seal.hash != seal_hash(seal) {
            report.add(Kind::Chain, format!("seal {} does not have its hash", seal.number));
        }
        previous.clone_from(&seal.hash);
        let mut digest = Sha256::new();
        let mut count = 0;
        for (name, numbers, hashes) in
            [("request", &seal.requests, &mut requests), ("act", &seal.acts, &mut acts)]
        {
            for seq in expand(numbers) {
                count += 1;
                match hashes.remove(&seq) {
                    Some(hash) => digest.update(hash),
                    None => report.add(
                        Kind::Chain,
                        format!("{name} {seq} of seal {} is gone, or in two seals", seal.number),
                    ),
                }
            }
        }
        if seal.digest != hex(&digest.finalize()) || seal.row_count != count {
            report.add(Kind::Chain, format!("the rows of seal {} are other ones", seal.number));
        }
    }
    for (name, left) in [("request", requests), ("act", acts)] {
        if let Some(seq) = left.keys().next() {
            let said = format!("{} {name}s are in no seal, {seq} the first of them", left.len());
            report.add(Kind::Chain, said);
        }
    }
}

/// The hash of each row, by its number, which is the first of its values.
fn hashes(rows: &[Vec<Value>], what: &str) -> BTreeMap<i64, Vec<u8>> {
    let hashed = rows.iter().filter_map(|row| {
        let Some(Value::Number(seq)) = row.first() else { return None };
        let mut text = field(&Value::Text(what.to_owned()));
        text.extend(row.iter().map(field));
        Some((*seq, Sha256::digest(text).to_vec()))
    });
    hashed.collect()
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::torture) enum Value {
    Nothing,
    Number(i64),
    Text(String),
}

fn field(value: &Value) -> String {
    match value {
        Value::Nothing => "-;".to_owned(),
        Value::Number(number) => format!("{number};"),
        Value::Text(text) => format!("{}:{text};", text.len()),
    }
}

fn seal_hash(seal: &Seal) -> String {
    let (text, number) = (|text: &str| Value::Text(text.to_owned()), Value::Number);
    let fields = [
        text("ereprov.seal.1"),
        number(seal.number),
        number(seal.sealed_ms),
        text(&seal.previous),
        text(&seal.requests),
        text(&seal.acts),
        number(seal.requests_to),
        number(seal.acts_to),
        number(seal.row_count),
        text(&seal.digest),
        text(&seal.gaps),
        number(seal.removed_to),
    ];
    hex(&Sha256::digest(fields.iter().map(field).collect::<String>()))
}

/// The numbers of `1-3,5`.
fn expand(ranges: &str) -> Vec<i64> {
    let spans = ranges.split(',').filter(|span| !span.is_empty()).flat_map(|span| {
        let (from, to) = span.split_once('-').unwrap_or((span, span));
        // What cannot be read is no number that a row has.
        from.parse().unwrap_or(-1)..=to.parse().unwrap_or(-1)
    });
    spans.collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64) -> Vec<Value> {
        vec![Value::Number(seq), Value::Text(format!("request-{seq}")), Value::Nothing]
    }

    /// A seal of these numbers after another one.
    fn seal(last: Option<&Seal>, rows: &[Vec<Value>], requests: &str) -> Seal {
        let hashes = hashes(rows, "ereprov.request.1");
        let mut digest = Sha256::new();
        for seq in expand(requests) {
            digest.update(&hashes[&seq]);
        }
        let mut seal = Seal {
            number: last.map_or(0, |last| last.number) + 1,
            previous: last.map_or("0".repeat(64), |last| last.hash.clone()),
            requests: requests.to_owned(),
            row_count: i64::try_from(expand(requests).len()).unwrap(),
            digest: hex(&digest.finalize()),
            ..Seal::default()
        };
        seal.hash = seal_hash(&seal);
        seal
    }

    /// What is found once a chain was doctored.
    fn found(doctor: impl FnOnce(&mut Chain)) -> Vec<String> {
        let requests: Vec<_> = (1..=5).map(row).collect();
        let first = seal(None, &requests, "1-2,4");
        let second = seal(Some(&first), &requests, "3,5");
        let mut chain = Chain { requests, acts: Vec::new(), seals: vec![first, second] };
        doctor(&mut chain);
        let mut report = Report::default();
        check(Some(&chain), &mut report);
        report.violations.remove(&Kind::Chain).unwrap_or_default()
    }

    #[track_caller]
    fn finds(said: &str, doctor: impl FnOnce(&mut Chain)) {
        let found = found(doctor);
        assert!(found.iter().any(|found| found.contains(said)), "{said:?} is not in {found:?}");
    }

    #[test]
    fn a_clean_chain_has_no_violation() {
        assert_eq!(found(|_| {}), [""; 0]);
    }

    #[test]
    fn each_thing_that_is_not_as_it_was_sealed() {
        finds("the rows of seal 1 are other ones", |chain| chain.requests[1][2] = Value::Number(0));
        finds("request 4 of seal 1 is gone", |chain| drop(chain.requests.remove(3)));
        finds("1 requests are in no seal, 6 the first", |chain| chain.requests.push(row(6)));
        finds("two rows have one number", |chain| chain.requests.push(row(5)));
        finds("seal 2 does not follow seal 0", |chain| drop(chain.seals.remove(0)));
        finds("2 requests are in no seal, 3 the first", |chain| drop(chain.seals.pop()));
        finds("seal 1 does not have its hash", |chain| chain.seals[0].sealed_ms = 1);
        finds("request 1 of seal 2 is gone, or in two seals", |chain| {
            let again = seal(Some(&chain.seals[0]), &chain.requests, "1,3,5");
            chain.seals[1] = again;
        });
    }
}
