//! A network made up: towers and small buildings and streets of houses, for tests and benchmarks.
//!
//! The same seed makes the same files, and each site is made of its own number alone, so that a
//! larger network begins as a smaller one does. Nothing is kept in memory but the line in hand.

mod chance;
mod files;
mod houses;
mod line;
mod names;
mod tower;

use std::{io, path::Path};

use chance::Chance;
use files::Files;
use line::Numbers;

/// What is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Lines of fibres.csv.
    pub lines: u64,
    /// Which network of that size.
    pub seed: u64,
    /// The logins of the operators whose contracts they are; at least one.
    pub operators: Vec<String>,
}

/// Lines of each file, by name, without its header.
pub type Counts = [(&'static str, u64); 6];

/// Writes floors.csv, pbos.csv, ptos.csv, fibres.csv, contracts.csv and reprovisionings.csv into a
/// folder, in the format of docs/data-format.md.
///
/// # Errors
/// A file is there already, or cannot be written.
pub fn generate(folder: &Path, plan: &Plan) -> io::Result<Counts> {
    let mut maker = Maker {
        files: Files::create(folder)?,
        numbers: Numbers::default(),
        left: plan.lines,
        operators: &plan.operators,
    };
    let mut site = 0;
    while maker.left > 0 {
        let mut chance = Chance::new(plan.seed, site);
        // By sites, not by lines: a tower has as many as a long street.
        match chance.below(100) {
            0..14 => tower::tower(&mut maker, &mut chance, site)?,
            14..40 => tower::small_building(&mut maker, &mut chance, site)?,
            _ => houses::street(&mut maker, &mut chance, site)?,
        }
        site += 1;
    }
    maker.files.finish()
}

/// What every site is made with.
struct Maker<'p> {
    files: Files,
    numbers: Numbers,
    /// Lines still to be made.
    left: u64,
    operators: &'p [String],
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use tempfile::TempDir;

    use super::*;

    const NAMES: [&str; 6] = [
        "floors.csv",
        "pbos.csv",
        "ptos.csv",
        "fibres.csv",
        "contracts.csv",
        "reprovisionings.csv",
    ];

    fn made(lines: u64, seed: u64) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let operators = vec!["oc-1".to_owned(), "oc-2".to_owned()];
        let counts = generate(folder.path(), &Plan { lines, seed, operators }).unwrap();
        let texts = NAMES.map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        for ((name, count), text) in counts.iter().zip(&texts) {
            assert_eq!(*count, text.lines().count() as u64 - 1, "{name}");
        }
        texts.into()
    }

    #[test]
    fn a_seed_makes_one_network_of_exactly_so_many_lines() {
        let (one, again, other) = (made(5000, 1), made(5000, 1), made(5000, 2));
        assert_eq!(one, again);
        assert_ne!(one[3], other[3]);
        assert_eq!(one[3].lines().count(), 5001);
        let longer = made(6000, 1);
        // But for where the shorter one was cut off.
        let most = one[3].lines().count() - 400;
        assert!(one[3].lines().zip(longer[3].lines()).take(most).all(|(a, b)| a == b));
    }

    #[test]
    fn it_has_everything_that_a_network_has() {
        let files = made(20_000, 7);
        let all = files.concat();
        for word in [
            ";ztd;collective;",
            ";zmd;house;",
            ";zmd;collective;",
            ";virtual;",
            ";out_of_service",
            ";available;no;",
            ";reserved;no;MUT",
            ";occupied;yes;",
            ";open;connection",
            "É",
            "ÿ",
            ";Marron;",
            ";Turquoise;",
            ", 1 bague noire",
            ";being_built",
            ";to_build",
            ";cancelled;",
        ] {
            assert!(all.contains(word), "{word}");
        }
        let tubes: BTreeSet<_> = files[3].lines().map(|line| line.split(';').nth(10)).collect();
        assert!(tubes.len() > 12, "{tubes:?}");
        let longest = files[3].lines().map(|line| line.find(';').unwrap_or_default()).max();
        assert!(longest > Some(60), "long references, too: {longest:?}");
    }
}
