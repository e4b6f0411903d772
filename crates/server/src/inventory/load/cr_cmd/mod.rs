//! Reports of orders (CR CMD of the Interop'Fibre access protocol 1.2 and 1.3), as a source of contracts.
//!
//! docs/cr-cmd.md says which column goes where, and what is made of what they do not say.

mod columns;
mod facts;
mod name;

use std::{
    collections::{BTreeSet, HashSet},
    io::Write,
};

use anyhow::ensure;
use ereprov_domain::order::{BuildingKind, Zone};

use super::{
    header::{self, Body},
    input::{self, Place},
    lines::{Encoding, Lines},
    source::{Progress, Row, Source, Taker},
};

/// What is said about reports beside them.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Operators' logins by their codes in names of files; without a code: of all files.
    pub operators: Vec<(Option<String>, String)>,
    /// The zone of contracts of which nothing else says it.
    pub zone: Option<Zone>,
    /// The kind of building of contracts of which nothing else says it.
    pub building_kind: Option<BuildingKind>,
    /// A file of facts.
    pub facts: Option<std::path::PathBuf>,
}

/// A file of reports, and for whom it is.
struct Report {
    name: String,
    place: Place,
    login: String,
    codes: Vec<String>,
    wrong: Vec<String>,
}

/// Files of reports.
pub(super) struct CrCmdSource {
    reports: Vec<Report>,
    facts: Option<(String, Place)>,
    told: Told,
    encoding: Encoding,
    notes: Vec<String>,
}

/// Whether a file's first line is that of a report.
pub(super) fn is_report(names: &[String]) -> bool {
    columns::is_report(names)
}

/// A source of reports, with the day that each file's name says, as the time of its first moment: what
/// the service did on that day wins.
///
/// # Errors
/// It is not said for whom a file is.
pub(super) fn open(
    files: Vec<(String, Place)>,
    told: Told,
    encoding: Encoding,
    notes: Vec<String>,
) -> anyhow::Result<(CrCmdSource, Vec<Option<i64>>)> {
    let mut reports = Vec::new();
    let mut days = Vec::new();
    for (file, place) in files {
        let name = name::read(&file);
        let of_code = |(code, _): &&(Option<String>, String)| {
            code.as_ref().is_some_and(|code| name.oc.as_ref().is_some_and(|oc| oc == code))
        };
        let of_all = |(code, _): &&(Option<String>, String)| code.is_none();
        let told =
            told.operators.iter().find(of_code).or_else(|| told.operators.iter().find(of_all));
        let login = told.map(|(_, login)| login.clone()).or_else(|| name.oc.clone());
        ensure!(
            login.is_some(),
            "{file}: the name does not say for which operator it is; say --operator LOGIN, or call it \
             as in {}",
            name::EXPECTED
        );
        let login = login.unwrap_or_default();
        days.push(name.day.as_deref().and_then(crate::calendar::parse));
        reports.push(Report {
            codes: codes(&login, name.oc, &told_codes(told)),
            name: file,
            place,
            login,
            wrong: name.wrong,
        });
    }
    let facts = told.facts.as_ref().map(|path| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        (name, Place::Path(path.clone()))
    });
    Ok((CrCmdSource { reports, facts, told, encoding, notes }, days))
}

fn told_codes(told: Option<&(Option<String>, String)>) -> Vec<String> {
    told.and_then(|(code, _)| code.clone()).into_iter().collect()
}

/// By what an operator may be called in a block.
fn codes(login: &str, oc: Option<String>, told: &[String]) -> Vec<String> {
    let mut codes: Vec<_> = oc.into_iter().chain(told.iter().cloned()).collect();
    if codes.is_empty() {
        codes.push(login.to_owned());
    }
    codes.dedup();
    codes
}

impl CrCmdSource {
    fn place(&self, file: usize) -> Option<&Place> {
        let facts = self.facts.as_ref().map(|(_, place)| place);
        self.reports.iter().map(|report| &report.place).chain(facts).nth(file)
    }

    fn read_report(
        &self,
        number: u32,
        report: &Report,
        progress: &Progress,
        taker: &mut dyn Taker,
    ) -> anyhow::Result<bool> {
        if !report.wrong.is_empty() {
            taker.note(format!(
                "{}: not called as in {}: {}",
                report.name,
                name::EXPECTED,
                report.wrong.join("; ")
            ));
        }
        let mut lines = Lines::new(input::open(&report.place, progress)?, self.encoding);
        let head = match header::read(&mut lines, &report.name, &columns::COLUMNS)? {
            Ok(head) => head,
            Err(mistakes) => return Ok(header::refuse(number, mistakes, taker)),
        };
        for name in head.unread.iter().filter(|name| !columns::is_known(name)) {
            let name_of_file = &report.name;
            taker.note(format!("{name_of_file}:1 column {name}: not known, and not read"));
        }
        let file = columns::File {
            login: &report.login,
            codes: &report.codes,
            zone: self.told.zone,
            building_kind: self.told.building_kind,
        };
        let mut refused = 0_u64;
        let names = columns::COLUMNS.read;
        let body = Body { number, file: &report.name, head: &head, columns: names, progress };
        let more = body.read(&mut lines, taker, &mut |record| {
            let row = columns::read(record, &file)?;
            refused += u64::from(row.as_ref().is_none_or(|row| !row.accepted));
            Ok(row.map(Row::Report))
        })?;
        if refused > 0 {
            taker.note(format!(
                "{}: {refused} lines say KO; they call off the order of a contract that is here, and \
                 add none",
                report.name
            ));
        }
        Ok(more)
    }

    fn read_facts(
        &self,
        number: u32,
        (name, place): &(String, Place),
        progress: &Progress,
        taker: &mut dyn Taker,
    ) -> anyhow::Result<()> {
        let mut lines = Lines::new(input::open(place, progress)?, self.encoding);
        let head = match header::read(&mut lines, name, &facts::COLUMNS)? {
            Ok(head) => head,
            Err(mistakes) => {
                header::refuse(number, mistakes, taker);
                return Ok(());
            }
        };
        for unread in &head.unread {
            taker.note(format!("{name}:1 column {unread}: not known, and not read"));
        }
        let columns = facts::COLUMNS.read;
        let body = Body { number, file: name, head: &head, columns, progress };
        let mut met = HashSet::new();
        body.read(&mut lines, taker, &mut |record| {
            facts::read(record, &mut met).map(|fact| Some(Row::Fact(fact)))
        })?;
        Ok(())
    }
}

impl Source for CrCmdSource {
    fn files(&self) -> Vec<String> {
        let facts = self.facts.as_ref().map(|(name, _)| name.clone());
        self.reports.iter().map(|report| report.name.clone()).chain(facts).collect()
    }

    fn kinds(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn size(&self) -> Option<u64> {
        let places = self.reports.iter().map(|report| &report.place);
        places.chain(self.facts.as_ref().map(|(_, place)| place)).map(input::size).sum()
    }

    fn read(&mut self, progress: &Progress, taker: &mut dyn Taker) -> anyhow::Result<()> {
        for note in std::mem::take(&mut self.notes) {
            taker.note(note);
        }
        for (number, report) in self.reports.iter().enumerate() {
            if !self.read_report(u32::try_from(number)?, report, progress, taker)? {
                return Ok(());
            }
        }
        match &self.facts {
            Some(facts) => {
                self.read_facts(u32::try_from(self.reports.len())?, facts, progress, taker)
            }
            None => Ok(()),
        }
    }

    fn column(&self, ours: &'static str) -> String {
        let theirs = match ours {
            "contract" => "ReferencePrestationPrise",
            "pbo" => "ReferencePBO",
            "pto" => "ReferencePrise",
            "pm" => "ReferencePm",
            "fibre" => "InformationFibrePBO",
            other => other,
        };
        theirs.to_owned()
    }

    fn reason(&self, code: &str) -> Option<&'static str> {
        (code == "no_operator").then_some(
            "no operator has this login; say --operator CODE=LOGIN, with the code in the file's name",
        )
    }

    fn copy_lines(
        &mut self,
        file: u32,
        lines: &BTreeSet<u32>,
        into: &mut dyn Write,
    ) -> anyhow::Result<bool> {
        match self.place(file as usize) {
            Some(place) => input::copy(place, self.encoding, lines, into),
            None => Ok(false),
        }
    }
}
