//! The workflow: D32 to D36, and the settings of `[networks]` and `[workflow]`.

use super::Model;
use crate::simulation::{
    ops::{MOTIFS, Put},
    world::{
        BACKOFF_FIRST_MS, BACKOFF_MAX_MS, CONTRACTS, ERRORS, FAILURES_MAX, FIBRES, LEASE_MS,
        Networks, POLL_MS, REPATCH_MS, START_MS,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Initiated,
    InProgress,
    Completed,
    Cancelled,
    Failed,
}

impl State {
    pub fn label(self) -> &'static str {
        match self {
            Self::Initiated => "Initié",
            Self::InProgress => "En cours",
            Self::Completed => "Terminé",
            Self::Cancelled => "Annulé",
            Self::Failed => "En échec",
        }
    }

    pub fn shows_route(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Failed)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub contract: usize,
    pub put: Put,
    pub kept: Option<usize>,
    pub code: usize,
    pub attempt: usize,
    pub old_fibre: Option<usize>,
    pub usage_before: &'static str,
    pub held_before: bool,
    pub state: State,
    /// Handed over: what is next is to look.
    pub watches: bool,
    pub due_ms: i64,
    pub failures: i64,
    pub token: Option<u64>,
    pub lease_until_ms: i64,
}

impl Job {
    pub fn runs(&self) -> bool {
        matches!(self.state, State::Initiated | State::InProgress)
    }

    pub fn told(&self) -> String {
        let (state, fibre) = (self.state.word(), FIBRES[self.put.fibre].0);
        format!("{fibre} {state} code {} attempt {}", self.code, self.attempt)
    }
}

/// An order in Networks.
#[derive(Debug)]
pub struct Order {
    working_ms: i64,
    done_ms: i64,
    refuses: bool,
    cancelled: bool,
}

/// What a dead driver had done and not recorded.
#[derive(Debug)]
pub struct Late {
    job: usize,
    token: u64,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Later { state: State, watches: bool, due_ms: i64, failures: i64 },
    End(State),
    GivenUp,
}

impl Model {
    pub(super) fn running(&self, contract: usize) -> Option<usize> {
        self.jobs.iter().position(|job| job.contract == contract && job.runs())
    }

    /// Takes every step that is due.
    pub fn drive(&mut self) {
        loop {
            let claimed = self.claim();
            if claimed.is_empty() {
                return;
            }
            for (job, token) in claimed {
                let outcome = self.perform(job);
                self.record(job, token, outcome);
            }
        }
    }

    /// A driver claims what is due, and dies.
    pub fn die(&mut self, performs: bool) {
        for (job, token) in self.claim() {
            if performs {
                let outcome = self.perform(job);
                self.late.push(Late { job, token, outcome });
            }
        }
    }

    /// The dead come back.
    pub fn late(&mut self) {
        for Late { job, token, outcome } in std::mem::take(&mut self.late) {
            self.record(job, token, outcome);
        }
    }

    fn claim(&mut self) -> Vec<(usize, u64)> {
        self.tokens += 1;
        let (now_ms, token) = (self.now_ms, self.tokens);
        let mut claimed = Vec::new();
        for (at, job) in self.jobs.iter_mut().enumerate() {
            if job.runs() && job.due_ms <= now_ms && job.lease_until_ms <= now_ms {
                job.token = Some(token);
                job.lease_until_ms = now_ms + LEASE_MS;
                claimed.push((at, token));
            }
        }
        claimed
    }

    /// A call to Networks, which may fail.
    fn call(&mut self, contract: usize) -> Result<(), ()> {
        let failing = match CONTRACTS[contract].networks {
            Networks::Dead => u64::MAX,
            Networks::Fails => ERRORS,
            _ => 0,
        };
        let failed = self.failed_calls.entry(contract).or_default();
        if *failed < failing {
            *failed += 1;
            return Err(());
        }
        Ok(())
    }

    fn order(&self, contract: usize, cancelled: bool) -> Order {
        let working_ms = self.now_ms + START_MS;
        let refuses = CONTRACTS[contract].networks == Networks::Refuses;
        Order { working_ms, done_ms: working_ms + REPATCH_MS, refuses, cancelled }
    }

    fn perform(&mut self, at: usize) -> Outcome {
        let job = self.jobs[at].clone();
        let now_ms = self.now_ms;
        if self.call(job.contract).is_err() {
            return self.failed(at);
        }
        if !job.watches {
            let order = self.order(job.contract, false);
            self.orders.entry(at).or_insert(order);
            let Job { state, failures, .. } = job;
            return Outcome::Later { state, watches: true, due_ms: now_ms, failures };
        }
        let order = &self.orders[&at];
        let (state, until_ms) = match order {
            Order { cancelled: true, .. } => return Outcome::End(State::Cancelled),
            order if now_ms < order.working_ms => (job.state, order.working_ms),
            order if now_ms < order.done_ms => (State::InProgress, order.done_ms),
            Order { refuses: true, .. } => return Outcome::End(State::Failed),
            _ => return Outcome::End(State::Completed),
        };
        let due_ms = until_ms.min(now_ms + POLL_MS);
        Outcome::Later { state, watches: true, due_ms, failures: 0 }
    }

    fn failed(&mut self, at: usize) -> Outcome {
        let job = self.jobs[at].clone();
        let failures = job.failures + 1;
        if failures >= FAILURES_MAX {
            match self.call_off(at) {
                Ok(true) => return Outcome::End(State::Failed),
                Ok(false) => return Outcome::End(State::Completed),
                Err(()) if failures >= 2 * FAILURES_MAX => return Outcome::GivenUp,
                Err(()) => {}
            }
        }
        let wait_ms = (1..failures).fold(BACKOFF_FIRST_MS, |wait, _| wait * 2).min(BACKOFF_MAX_MS);
        let due_ms = self.now_ms + wait_ms;
        Outcome::Later { state: job.state, watches: job.watches, due_ms, failures }
    }

    /// Calls an order off; false: it is done.
    fn call_off(&mut self, at: usize) -> Result<bool, ()> {
        let contract = self.jobs[at].contract;
        self.call(contract)?;
        let tombstone = self.order(contract, true);
        let now_ms = self.now_ms;
        let order = self.orders.entry(at).or_insert(tombstone);
        if order.done_ms > now_ms {
            order.cancelled = true;
        }
        Ok(order.cancelled || order.refuses)
    }

    fn record(&mut self, at: usize, token: u64, outcome: Outcome) {
        let job = &mut self.jobs[at];
        if !job.runs() || job.token != Some(token) {
            return;
        }
        (job.token, job.lease_until_ms) = (None, 0);
        match outcome {
            Outcome::Later { state, watches, due_ms, failures } => {
                (job.state, job.watches) = (state, watches);
                (job.due_ms, job.failures) = (due_ms, failures);
            }
            Outcome::End(state) => {
                job.state = state;
                if state == State::Completed { self.move_line(at) } else { self.release(at) }
            }
            Outcome::GivenUp => {
                job.state = State::Failed;
                let fibre = &mut self.fibres[job.put.fibre];
                (fibre.usage, fibre.out_of_service, fibre.holder) = ("occupied", true, None);
            }
        }
    }

    fn release(&mut self, at: usize) {
        let job = &self.jobs[at];
        let fibre = &mut self.fibres[job.put.fibre];
        fibre.usage = job.usage_before;
        fibre.holder = fibre.holder.filter(|_| job.held_before);
    }

    /// D34.
    fn move_line(&mut self, at: usize) {
        let job = self.jobs[at].clone();
        if let Some(old) = job.old_fibre {
            let old = &mut self.fibres[old];
            old.holder = None;
            (old.usage, old.out_of_service) = match MOTIFS[job.put.motif] {
                "Fibre cassée" | "Absence de signal" => ("occupied", true),
                "Fibre occupée" => ("occupied", false),
                _ => ("available", false),
            };
        }
        if let Some(kept) = job.kept {
            let planned = self.fibres[job.put.fibre].socket;
            if let Some(serves) = self.fibres.iter_mut().find(|fibre| fibre.socket == Some(kept)) {
                serves.socket = planned;
            }
            self.fibres[job.put.fibre].socket = Some(kept);
        }
        let new = &mut self.fibres[job.put.fibre];
        (new.usage, new.holder) = ("occupied", Some(job.contract));
        let contract = &mut self.contracts[job.contract];
        (contract.fibre, contract.is_virtual) = (Some(job.put.fibre), false);
    }

    /// The OI calls the contract's running one off. `None`: a worker holds it.
    pub fn cancel(&mut self, contract: usize) -> Option<String> {
        let Some(at) = self.jobs.iter().rposition(|job| job.contract == contract) else {
            return Some("nothing".to_owned());
        };
        if !self.jobs[at].runs() {
            return Some(format!("ended {}", self.jobs[at].state.word()));
        }
        if self.jobs[at].lease_until_ms > self.now_ms {
            return None;
        }
        self.tokens += 1;
        let token = self.tokens;
        self.jobs[at].token = Some(token);
        let outcome = match self.call_off(at) {
            Ok(true) => State::Cancelled,
            Ok(false) => State::Completed,
            Err(()) => {
                (self.jobs[at].token, self.jobs[at].lease_until_ms) = (None, 0);
                return Some("Networks failed".to_owned());
            }
        };
        self.record(at, token, Outcome::End(outcome));
        Some(outcome.word().to_owned())
    }

    /// The OI tries the contract's latest one again.
    pub fn retry(&mut self, contract: usize) -> String {
        let Some(latest) = self.jobs.iter().rev().find(|job| job.contract == contract) else {
            return "nothing".to_owned();
        };
        match latest.state {
            State::Initiated | State::InProgress => return "running".to_owned(),
            State::Completed => return "ended completed".to_owned(),
            State::Cancelled | State::Failed => {}
        }
        let (put, code, attempt) = (latest.put, latest.code, latest.attempt + 1);
        match self.decide(put, false) {
            Ok(kept) => {
                self.start(put, kept, code, attempt);
                "initiated".to_owned()
            }
            Err(_) => "refused".to_owned(),
        }
    }
}
