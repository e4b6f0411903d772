//! A network of any size, in the documented format: sites of 24 contracts, each with its own fibre
//! (A) and a free one beside it (B).

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Context;

/// Contracts of a site: four floors, a PBO on each, twelve fibres on a PBO.
const OF_A_SITE: u64 = 24;
/// Contracts of a floor.
const OF_A_FLOOR: u64 = 6;

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    sites: u64,
}

impl Network {
    /// Every so many contracts, one has a re-provisioning behind it.
    pub const PAST_EVERY: u64 = 12;

    /// One with at least so many contracts.
    pub fn of_contracts(contracts: u64) -> Self {
        Self { sites: contracts.div_ceil(OF_A_SITE).max(1) }
    }

    /// One with at least so many fibres.
    pub fn of_fibres(fibres: u64) -> Self {
        Self::of_contracts(fibres.div_ceil(2))
    }

    pub fn contracts(&self) -> u64 {
        self.sites * OF_A_SITE
    }

    pub fn fibres(&self) -> u64 {
        self.contracts() * 2
    }

    /// Writes its files into a folder.
    pub fn write(self, folder: &Path) -> anyhow::Result<()> {
        let mut files = Files::create(folder)?;
        for contract in 0..self.contracts() {
            files.contract(contract)?;
        }
        files.finish()
    }
}

/// A number of fibres as people write it: 10k, 1M.
pub fn size(text: &str) -> Result<u64, String> {
    let (digits, times) = match text.strip_suffix(['k', 'K', 'M']) {
        Some(digits) if text.ends_with('M') => (digits, 1_000_000),
        Some(digits) => (digits, 1_000),
        None => (text, 1),
    };
    let number = digits.parse::<u64>().map_err(|_| "a number, such as 10k or 1M".to_owned())?;
    Ok(number * times)
}

struct Files {
    floors: BufWriter<File>,
    pbos: BufWriter<File>,
    ptos: BufWriter<File>,
    fibres: BufWriter<File>,
    contracts: BufWriter<File>,
    past: BufWriter<File>,
    place: String,
}

impl Files {
    fn create(folder: &Path) -> anyhow::Result<Self> {
        let create = |name: &str, heading: &str| -> anyhow::Result<BufWriter<File>> {
            let file = File::create(folder.join(name)).context(name.to_owned())?;
            let mut file = BufWriter::new(file);
            writeln!(file, "{heading}")?;
            Ok(file)
        };
        Ok(Self {
            floors: create("floors.csv", "site;building;staircase;floor")?,
            pbos: create("pbos.csv", "site;building;staircase;floor;pbo;location")?,
            ptos: create("ptos.csv", "site;building;staircase;floor;pto;construction")?,
            fibres: create(
                "fibres.csv",
                "site;building;staircase;floor;pbo;fibre;pto;pm;pm_position;cable;tube;colour;usage",
            )?,
            contracts: create(
                "contracts.csv",
                "site;building;staircase;floor;contract;operator;fibre;zone;building_kind;route;\
                 order;intervention",
            )?,
            past: create(
                "reprovisionings.csv",
                "contract;fibre;reason;state;discharge_code;accepted;ended",
            )?,
            place: String::new(),
        })
    }

    fn contract(&mut self, n: u64) -> anyhow::Result<()> {
        let (site, floor) = (n / OF_A_SITE, n % OF_A_SITE / OF_A_FLOOR);
        self.place.clear();
        write!(self.place, "BS-{site:08};BATIMENT-1;ESCALIER-44;ETAGE-{floor:02}")?;
        let place = &self.place;
        if n.is_multiple_of(OF_A_FLOOR) {
            writeln!(self.floors, "{place}")?;
            writeln!(self.pbos, "{place};BE-{floor:02};Gaine technique")?;
        }
        for (side, usage, colour) in [("A", "occupied", "Jaune"), ("B", "available", "Bleu")] {
            writeln!(self.ptos, "{place};BF-{n:08}-{side};built")?;
            writeln!(
                self.fibres,
                "{place};BE-{floor:02};BF-{n:08}-{side};BF-{n:08}-{side};FI-75056-{pm:04};\
                 Etage 2 - {n};BPI-{site:08} / BE-{floor:02} / ESCALIER-44;Noir;{colour};{usage}",
                pm = site % 10_000,
            )?;
        }
        writeln!(
            self.contracts,
            "{place};BENCH-{n:08};oc-demo;BF-{n:08}-A;ztd;collective;real;open;connection"
        )?;
        if n.is_multiple_of(Network::PAST_EVERY) {
            writeln!(
                self.past,
                "BENCH-{n:08};BF-{n:08}-A;no_signal;completed;BENCH{n:08};\
                 2026-01-05T10:00:00+01:00;2026-01-05T10:06:00+01:00"
            )?;
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        let files = [self.floors, self.pbos, self.ptos, self.fibres, self.contracts, self.past];
        for mut file in files {
            file.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        assert_eq!(size("10k"), Ok(10_000));
        assert_eq!(size("10M"), Ok(10_000_000));
        assert_eq!(size("48"), Ok(48));
        assert!(size("many").is_err());
    }
}
