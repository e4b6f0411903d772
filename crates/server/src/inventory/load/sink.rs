//! Rows numbered, gathered, and sent to the database's side; mistakes kept, and their lines counted.

use std::{
    collections::{BTreeSet, HashMap},
    mem,
};

use ereprov_domain::order::{BuildingKind, Zone};
use tokio::sync::mpsc::Sender;

use super::{
    record::{Mistake, VALUE_MAX},
    rows::{ContractRow, FactRow, FibreRow, FloorRow, OperatorRow, ReportRow, Service},
    source::{Origin, Row, Taker},
};
use crate::store::load::{Batch, Staged, Value};

/// Rows that travel together.
const BATCH_ROWS: usize = 4_000;
/// Places and boxes that are recalled; what was forgotten gets another number, which does no harm.
const RECALLED_MAX: usize = 100_000;
/// Mistakes that are kept with their words at the most.
pub(super) const MISTAKES_KEPT: usize = 50_000;
/// Lines that are refused at the most before it is given up: the file is another one.
pub(super) const REFUSED_MAX: usize = 1_000_000;

/// What was wrong with the lines by themselves.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The first ones.
    pub(super) mistakes: Vec<Mistake>,
    /// All of them, by where they are.
    pub(super) refused: BTreeSet<Origin>,
    /// Worth knowing.
    pub(super) notes: Vec<String>,
}

/// Takes rows on the thread that reads.
pub(super) struct Sink {
    to: Sender<Batch>,
    profiles: Vec<String>,
    files: Vec<String>,
    restore: bool,
    waiting: HashMap<Staged, Vec<Value>>,
    seq: i64,
    place: Numbers,
    boxes: Numbers,
    pub(super) read: Read,
}

impl Sink {
    pub(super) fn new(
        to: Sender<Batch>,
        profiles: Vec<String>,
        files: Vec<String>,
        restore: bool,
    ) -> Self {
        Self {
            to,
            profiles,
            files,
            restore,
            waiting: HashMap::new(),
            seq: 0,
            place: Numbers::default(),
            boxes: Numbers::default(),
            read: Read::default(),
        }
    }

    /// Sends what waits; what was wrong with the lines.
    pub(super) fn finish(mut self) -> Read {
        for table in Staged::ALL {
            self.send(table);
        }
        self.read
    }

    fn send(&mut self, table: Staged) -> bool {
        let Some(waiting) = self.waiting.get_mut(&table) else { return true };
        let values = mem::take(waiting);
        // Nobody takes them any more where the database failed, which is told there.
        values.is_empty() || self.to.blocking_send(Batch { table, values }).is_ok()
    }

    fn stage<const N: usize>(&mut self, table: Staged, row: [Value; N]) -> bool {
        let room = BATCH_ROWS * N;
        let waiting = self.waiting.entry(table).or_insert_with(|| Vec::with_capacity(room));
        waiting.extend(row);
        waiting.len() < room || self.send(table)
    }

    /// The number of a place, which is staged where it has none yet.
    fn place(&mut self, at: &FloorRow) -> i64 {
        let place = &at.place;
        let parts = [&*at.site, &*place.building, &*place.staircase, &*place.floor];
        let (number, is_new) = self.place.of(&parts);
        if is_new {
            let [site, building, staircase, floor] = parts.map(Value::from);
            self.stage(Staged::Place, [number.into(), site, building, staircase, floor]);
        }
        number
    }

    /// The number of a PBO at a place.
    fn pbo(&mut self, place: i64, pbo: &str) -> i64 {
        let (number, is_new) = self.boxes.of(&[&place.to_string(), pbo]);
        if is_new {
            self.stage(Staged::Box, [number.into(), place.into(), pbo.into()]);
        }
        number
    }

    /// What is wrong with an operator where its profile is none of the configuration's.
    fn profile(&self, origin: Origin, row: &OperatorRow) -> Option<Mistake> {
        let name = row.profile.as_ref().filter(|name| !self.profiles.contains(*name))?;
        let known = self.profiles.join(", ");
        Some(Mistake {
            file: self.files.get(origin.file as usize).cloned().unwrap_or_default(),
            line: origin.line,
            column: "profile".to_owned(),
            value: ereprov_wire::text::cut(name, VALUE_MAX).to_owned(),
            reason: format!("not in the configuration, which has {known}"),
        })
    }

    fn service(&self, service: Option<Service>) -> Value {
        match service {
            Some(Service::Out) => "out".into(),
            Some(Service::Restored) => "restored".into(),
            Some(Service::In) if self.restore => "restored".into(),
            Some(Service::In) | None => Value::Null,
        }
    }

    fn fibre(&mut self, [seq, file, line]: [Value; 3], row: FibreRow) -> bool {
        let place = self.place(&row.at);
        let pbo = self.pbo(place, &row.pbo).into();
        let service = self.service(row.service);
        let row = [
            seq,
            file,
            line,
            pbo,
            row.reference.into(),
            row.pto.into(),
            row.pm.into(),
            row.pm_position.into(),
            row.cable.into(),
            row.tube.into(),
            row.colour.into(),
            row.usage.as_str().into(),
            service,
            row.holder.into(),
        ];
        self.stage(Staged::Fibre, row)
    }

    fn contract(&mut self, [seq, file, line]: [Value; 3], row: ContractRow) -> bool {
        let place = self.place(&row.at);
        let pbo = row.pbo.map(|pbo| self.pbo(place, &pbo)).into();
        let row = [
            seq,
            file,
            line,
            place.into(),
            pbo,
            row.reference.into(),
            row.operator.into(),
            row.fibre.into(),
            row.pm.into(),
            row.zone.as_str().into(),
            row.building_kind.as_str().into(),
            row.route.as_str().into(),
            row.existing_socket.into(),
            row.opac.into(),
            row.order.as_str().into(),
            row.intervention.as_str().into(),
        ];
        self.stage(Staged::Contract, row)
    }

    fn report(&mut self, [seq, file, line]: [Value; 3], row: ReportRow) -> bool {
        let row = [
            seq,
            file,
            line,
            row.reference.into(),
            row.operator.into(),
            row.accepted.into(),
            row.pto.into(),
            row.pbo.into(),
            row.pm.into(),
            row.pm_position.into(),
            row.cable.into(),
            row.tube.into(),
            row.colour.into(),
            row.existing_socket.into(),
            row.zone.map(Zone::as_str).into(),
            row.building_kind.map(BuildingKind::as_str).into(),
        ];
        self.stage(Staged::Report, row)
    }

    fn fact(&mut self, [seq, file, line]: [Value; 3], row: FactRow) -> bool {
        let row = [
            seq,
            file,
            line,
            row.site.into(),
            row.pm.into(),
            row.zone.map(Zone::as_str).into(),
            row.building_kind.map(BuildingKind::as_str).into(),
            row.opac.into(),
        ];
        self.stage(Staged::Fact, row)
    }

    fn take(&mut self, head: [Value; 3], row: Row) -> bool {
        let [seq, file, line] = head;
        match row {
            Row::Operator(row) => {
                let (profile, quota) = (row.profile.into(), row.quota.into());
                let texts = [row.login.into(), row.name.into(), row.password_hash.into()];
                let [login, name, hash] = texts;
                let sessions = row.sessions.into();
                let row = [seq, file, line, login, name, hash, profile, quota, sessions];
                self.stage(Staged::Operator, row)
            }
            Row::Floor(row) => {
                let place = self.place(&row).into();
                self.stage(Staged::Floor, [seq, file, line, place])
            }
            Row::Pbo(row) => {
                let place = self.place(&row.at).into();
                let row = [seq, file, line, place, row.reference.into(), row.location.into()];
                self.stage(Staged::Pbo, row)
            }
            Row::Pto(row) => {
                let place = self.place(&row.at).into();
                let construction = row.construction.as_str().into();
                let row = [seq, file, line, place, row.reference.into(), construction];
                self.stage(Staged::Pto, row)
            }
            Row::Fibre(row) => self.fibre([seq, file, line], row),
            Row::Contract(row) => self.contract([seq, file, line], row),
            Row::Report(row) => self.report([seq, file, line], row),
            Row::Fact(row) => self.fact([seq, file, line], row),
            Row::Past(row) => {
                let row = [
                    seq,
                    file,
                    line,
                    row.discharge_code.into(),
                    row.contract.into(),
                    row.fibre.into(),
                    row.old_fibre.into(),
                    row.reason.as_str().into(),
                    row.keep_pto.into(),
                    row.pto.into(),
                    row.state.as_str().into(),
                    row.accepted_ms.into(),
                    row.ended_ms.into(),
                ];
                self.stage(Staged::Past, row)
            }
        }
    }
}

impl Taker for Sink {
    fn row(&mut self, origin: Origin, row: Row) -> bool {
        if let Row::Operator(operator) = &row
            && let Some(mistake) = self.profile(origin, operator)
        {
            return self.mistake(origin, mistake);
        }
        self.seq += 1;
        let head = [self.seq.into(), i64::from(origin.file).into(), i64::from(origin.line).into()];
        self.take(head, row)
    }

    fn mistake(&mut self, origin: Origin, mistake: Mistake) -> bool {
        if self.read.mistakes.len() < MISTAKES_KEPT {
            self.read.mistakes.push(mistake);
        }
        self.read.refused.insert(origin);
        self.read.refused.len() < REFUSED_MAX
    }

    fn note(&mut self, note: String) {
        self.read.notes.push(note);
    }
}

/// Numbers given to what is met, and recalled for a while: files mostly keep together what belongs
/// together.
#[derive(Default)]
struct Numbers {
    next: i64,
    key: String,
    last: (String, i64),
    known: HashMap<String, i64>,
}

impl Numbers {
    /// The number of these parts, and whether it was given just now.
    fn of(&mut self, parts: &[&str]) -> (i64, bool) {
        self.key.clear();
        for part in parts {
            self.key.push_str(part);
            // No value has one (§2.5).
            self.key.push('\u{1f}');
        }
        if self.key == self.last.0 {
            return (self.last.1, false);
        }
        let known = self.known.get(&self.key).copied();
        let number = known.unwrap_or_else(|| {
            self.next += 1;
            if self.known.len() >= RECALLED_MAX {
                self.known.clear();
            }
            self.known.insert(self.key.clone(), self.next);
            self.next
        });
        self.last.0.clone_from(&self.key);
        self.last.1 = number;
        (number, known.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_again_keeps_its_number() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.of(&["a", "b"]), (1, true));
        assert_eq!(numbers.of(&["a", "b"]), (1, false));
        assert_eq!(numbers.of(&["ab", ""]), (2, true));
        assert_eq!(numbers.of(&["a", "b"]), (1, false));
    }
}
