//! The reference: what docs/decisions.md and the specification say, done the simplest way, in memory.
//! It shares no code with the server.

mod put;
mod shown;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ops::{Put, Question},
    paris,
    world::{CONTRACTS, FIBRES, OPERATORS, PBOS, QUOTA, SESSIONS},
};

use workflow::{Job, Late, Order};

/// Everything that there is.
#[derive(Debug)]
pub struct Model {
    pub now_ms: i64,
    pub closed: bool,
    pub operators: Vec<Operator>,
    pub fibres: Vec<Fibre>,
    pub contracts: Vec<Contract>,
    pub jobs: Vec<Job>,
    pub used: BTreeMap<(usize, (i64, i64)), i64>,
    /// Questions that came, each of which has one row of audit.
    pub asked: usize,
    pub held_sessions: Vec<usize>,
    pub held_contracts: BTreeSet<usize>,
    names: BTreeMap<(usize, u8), Named>,
    last_named: Option<(usize, Put, u8)>,
    orders: BTreeMap<usize, Order>,
    failed_calls: BTreeMap<usize, u64>,
    late: Vec<Late>,
    tokens: u64,
    /// Discharge codes given.
    codes: usize,
}

#[derive(Debug)]
pub struct Operator {
    pub profile: Option<&'static str>,
    pub quota: Option<i64>,
    pub sessions: Option<i64>,
    pub disabled: bool,
}

#[derive(Debug, Clone)]
pub struct Fibre {
    pub usage: &'static str,
    pub out_of_service: bool,
    pub holder: Option<usize>,
    /// The fibre that first had the socket which this one has.
    pub socket: Option<usize>,
}

#[derive(Debug)]
pub struct Contract {
    pub fibre: Option<usize>,
    pub is_virtual: bool,
    pbo: Option<usize>,
    pm: &'static str,
}

#[derive(Debug)]
struct Named {
    put: Put,
    answer: Vec<String>,
    accepted_ms: i64,
}

/// A code of §4.
type Code = &'static str;

impl Model {
    pub fn new(now_ms: i64) -> Self {
        let operators = OPERATORS
            .iter()
            .map(|(_, profile)| Operator {
                profile: *profile,
                quota: None,
                sessions: None,
                disabled: false,
            })
            .collect();
        let mut fibres: Vec<Fibre> = FIBRES
            .iter()
            .enumerate()
            .map(|(at, (_, _, socket, _, usage, holder))| Fibre {
                usage: if *usage == "out_of_service" { "occupied" } else { usage },
                out_of_service: *usage == "out_of_service",
                holder: holder.map(contract_named),
                socket: socket.map(|_| at),
            })
            .collect();
        let mut contracts = Vec::new();
        for (at, row) in CONTRACTS.iter().enumerate() {
            let fibre = FIBRES.iter().position(|(name, ..)| *name == row.fibre);
            if let Some(fibre) = fibre {
                fibres[fibre].holder = Some(at);
            }
            let (pbo, pm) = match (row.cr, fibre) {
                (Some((pbo, pm)), _) => (Some(pbo), pm),
                (None, Some(fibre)) => (Some(FIBRES[fibre].1), FIBRES[fibre].3),
                (None, None) => (None, ""),
            };
            contracts.push(Contract { fibre, is_virtual: row.is_virtual, pbo, pm });
        }
        Self {
            now_ms,
            closed: false,
            operators,
            fibres,
            contracts,
            jobs: Vec::new(),
            used: BTreeMap::new(),
            asked: 0,
            held_sessions: Vec::new(),
            held_contracts: BTreeSet::new(),
            names: BTreeMap::new(),
            last_named: None,
            orders: BTreeMap::new(),
            failed_calls: BTreeMap::new(),
            late: Vec::new(),
            tokens: 0,
            codes: 0,
        }
    }

    /// The answer to a question: its lines, and what is said of the quota beside it.
    pub fn ask(&mut self, who: usize, right: bool, question: Question) -> Vec<String> {
        self.asked += 1;
        let (lines, counted) = match self.admit(who, right, question) {
            Err((code, tells)) => (vec![format!("KO {code}")], tells),
            Ok(()) => {
                let answer = self.answer(who, question);
                (answer.unwrap_or_else(|code| vec![format!("KO {code}")]), true)
            }
        };
        let mut lines = lines;
        if counted {
            let left = (self.quota(who) - self.used_now(who)).max(0);
            let seconds = paris::next_month(self.now_ms) / 1000 - self.now_ms.div_euclid(1000);
            lines.push(format!("\"month\";r={left};t={}", seconds.max(1)));
        }
        lines
    }

    /// D26, up to the quota. An error is a code, and whether the answer tells of the quota.
    fn admit(&mut self, who: usize, right: bool, question: Question) -> Result<(), (Code, bool)> {
        let operator = &self.operators[who];
        if self.closed {
            return Err(("-1", false));
        }
        if !right || operator.disabled {
            return Err(("10000", false));
        }
        let reads_only = match operator.profile {
            None => return Err(("20020", false)),
            Some(profile) => profile == "LECTURE",
        };
        if reads_only && matches!(question, Question::Put(..) | Question::Wrong(_)) {
            return Err(("20021", false));
        }
        let open = self.held_sessions.iter().filter(|holder| **holder == who).count();
        if i64::try_from(open).unwrap() >= operator.sessions.unwrap_or(SESSIONS) {
            return Err(("20007", false));
        }
        if self.used_now(who) >= self.quota(who) {
            return Err(("20016", true));
        }
        *self.used.entry((who, paris::month(self.now_ms))).or_default() += 1;
        Ok(())
    }

    fn quota(&self, who: usize) -> i64 {
        self.operators[who].quota.unwrap_or(QUOTA)
    }

    pub fn used_now(&self, who: usize) -> i64 {
        self.used.get(&(who, paris::month(self.now_ms))).copied().unwrap_or_default()
    }

    fn answer(&mut self, who: usize, question: Question) -> Result<Vec<String>, Code> {
        if let Question::Wrong(_) = question {
            return Err("20001");
        }
        let contract = contract_of(question);
        if CONTRACTS[contract].operator != who {
            return Err("20019");
        }
        match question {
            Question::Structure(_) => Ok(self.structure(contract)),
            Question::Routes(_) => self.routes(contract, CONTRACTS[contract].floor, None),
            Question::RoutesAt(_, floor, pbo) => self.routes(contract, floor, pbo),
            Question::Get(_) => self.follow_up(contract),
            Question::Put(put, name) => self.put(who, put, name),
            Question::Wrong(_) => unreachable!("answered above"),
        }
    }

    /// What was accepted last under a name, and when its name ends.
    pub fn last_named(&self) -> Option<(usize, Put, u8, i64)> {
        let (who, put, name) = self.last_named?;
        let named = self.names.get(&(who, name))?;
        Some((who, put, name, named.accepted_ms + super::ops::DAY_MS))
    }

    /// Whether anything has not come to its end.
    pub fn any_runs(&self) -> bool {
        self.jobs.iter().any(Job::runs)
    }

    /// The service has stopped and started: whatever was in its memory is gone.
    pub fn restart(&mut self) {
        self.held_sessions.clear();
        self.held_contracts.clear();
        self.failed_calls.clear();
    }

    /// What the tables must say, whatever is asked.
    pub fn tables(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (row, fibre) in FIBRES.iter().zip(&self.fibres) {
            let holder = fibre.holder.map_or("", |contract| CONTRACTS[contract].name);
            let out = u8::from(fibre.out_of_service);
            let socket = socket_name(fibre.socket);
            let socket = socket.as_deref().unwrap_or("");
            lines.push(format!("{} {} {out} [{holder}] [{socket}]", row.0, fibre.usage));
        }
        for (row, contract) in CONTRACTS.iter().zip(&self.contracts) {
            let fibre = contract.fibre.map_or("", |fibre| FIBRES[fibre].0);
            let kind = if contract.is_virtual { "virtual" } else { "real" };
            lines.push(format!("{} on [{fibre}] {kind}", row.name));
        }
        for (contract, row) in CONTRACTS.iter().enumerate() {
            for (at, job) in self.jobs.iter().filter(|job| job.contract == contract).enumerate() {
                lines.push(format!("{} {} {}", row.name, at + 1, job.told()));
            }
        }
        for ((who, (year, month)), used) in &self.used {
            lines.push(format!("{} {year}-{month:02} used {used}", OPERATORS[*who].0));
        }
        lines.push(format!("{} rows of audit", self.asked));
        lines
    }
}

fn contract_of(question: Question) -> usize {
    match question {
        Question::Structure(contract)
        | Question::Routes(contract)
        | Question::RoutesAt(contract, ..)
        | Question::Get(contract)
        | Question::Wrong(contract)
        | Question::Put(Put { contract, .. }, _) => contract,
    }
}

fn contract_named(name: &str) -> usize {
    CONTRACTS.iter().position(|row| row.name == name).unwrap()
}

/// Sockets are called after the fibre that had them first.
fn socket_name(socket: Option<usize>) -> Option<String> {
    socket.map(|first| format!("T-{}", FIBRES[first].0))
}

/// The site of a PBO.
fn site_of_pbo(pbo: usize) -> &'static str {
    super::world::FLOORS[PBOS[pbo].0][0]
}
