//! The files that are written, line by line.

use std::{
    fmt::Arguments,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use super::Counts;

/// Bytes of a file that are gathered before they are written.
const BUFFER_BYTES: usize = 256 * 1024;

/// A file, and how many lines it has.
pub(super) struct Lines {
    name: &'static str,
    file: BufWriter<File>,
    count: u64,
}

impl Lines {
    fn create(folder: &Path, name: &'static str, header: &str) -> io::Result<Self> {
        let path = folder.join(name);
        let file = File::create_new(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        writeln!(file, "{header}")?;
        Ok(Self { name, file, count: 0 })
    }

    /// Adds a line; no value that is made up here needs quotes.
    pub(super) fn add(&mut self, line: Arguments<'_>) -> io::Result<()> {
        self.count += 1;
        self.file.write_fmt(line)?;
        self.file.write_all(b"\n")
    }
}

/// All of them.
pub(super) struct Files {
    pub(super) floors: Lines,
    pub(super) pbos: Lines,
    pub(super) ptos: Lines,
    pub(super) fibres: Lines,
    pub(super) contracts: Lines,
    pub(super) past: Lines,
}

impl Files {
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let create = |name, header| Lines::create(folder, name, header);
        Ok(Self {
            floors: create("floors.csv", "site;building;staircase;floor")?,
            pbos: create("pbos.csv", "site;building;staircase;floor;pbo;location")?,
            ptos: create("ptos.csv", "pto;site;building;staircase;floor;construction")?,
            fibres: create(
                "fibres.csv",
                "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;colour;\
                 usage;out_of_service;holder",
            )?,
            contracts: create(
                "contracts.csv",
                "contract;operator;site;building;staircase;floor;fibre;pbo;pm;zone;building_kind;\
                 route;existing_socket;opac;order;intervention",
            )?,
            past: create(
                "reprovisionings.csv",
                "contract;fibre;old_fibre;reason;keep_pto;pto;state;discharge_code;accepted;ended",
            )?,
        })
    }

    pub(super) fn finish(self) -> io::Result<Counts> {
        let Self { floors, pbos, ptos, fibres, contracts, past } = self;
        let mut counts = [("", 0); 6];
        for (count, mut lines) in
            counts.iter_mut().zip([floors, pbos, ptos, fibres, contracts, past])
        {
            lines.file.flush()?;
            *count = (lines.name, lines.count);
        }
        Ok(counts)
    }
}
