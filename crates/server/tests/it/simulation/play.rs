//! One list, done to the service and to the model.

use std::collections::BTreeMap;

use super::{
    model::Model,
    ops::{Op, Question, Time},
    paris,
    rig::{Network, Rig},
    world::{self, CONTRACTS, OPERATORS},
};

/// Where model and service differ.
pub struct Wrong {
    /// At which operation; one more than there are: at rest.
    pub at: usize,
    pub said: String,
}

/// Plays a list on a loaded database, and compares.
pub async fn play(
    network: Network,
    start_ms: i64,
    ops: &[Op],
    schema: bool,
) -> Result<Seen, Wrong> {
    let mut play = Play {
        rig: Rig::start(network, start_ms, schema).await,
        model: Model::new(start_ms),
        seen: Seen::new(),
    };
    for (at, op) in ops.iter().enumerate() {
        play.does(*op).await.map_err(|said| Wrong { at, said })?;
    }
    play.rest().await.map_err(|said| Wrong { at: ops.len(), said })?;
    play.rig.stop().await;
    Ok(play.seen)
}

struct Play {
    rig: Rig,
    model: Model,
    seen: Seen,
}

/// How often each answer came.
pub type Seen = BTreeMap<String, usize>;

/// What an answer is, in short: its code, the state it shows, or its first element.
fn kind(answer: &[String]) -> String {
    let state = answer.iter().find(|line| line.starts_with("reprovisionning"));
    let first = state.or(answer.first()).cloned().unwrap_or_default();
    if first.starts_with("contrat") { "accepted".to_owned() } else { first }
}

impl Play {
    async fn does(&mut self, op: Op) -> Result<(), String> {
        let Self { rig, model, .. } = self;
        match op {
            Op::Ask(who, right, question) => self.ask(who, right, question).await?,
            Op::Again => {
                if let Some((who, put, name, _)) = model.last_named() {
                    self.ask(who, true, Question::Put(put, Some(name))).await?;
                }
            }
            Op::Cancel(contract) => {
                // Where a worker holds it, the canceller would wait.
                if let Some(expected) = model.cancel(contract) {
                    same(&[rig.cancel(contract).await], &[expected])?;
                }
            }
            Op::Retry(contract) => {
                same(&[rig.retry(contract).await], &[model.retry(contract)])?;
            }
            Op::Closed(closed) => {
                model.closed = closed;
                rig.close(closed).await;
            }
            Op::Quota(..) | Op::Sessions(..) | Op::Disabled(..) | Op::Profile(..) => {
                self.set(op).await;
            }
            Op::Restore(fibre) => {
                let fibre_is = &mut model.fibres[fibre];
                let expected = fibre_is.out_of_service;
                if expected {
                    let usage = if fibre_is.holder.is_none() { "available" } else { "occupied" };
                    (fibre_is.usage, fibre_is.out_of_service) = (usage, false);
                }
                same(&[rig.restore(fibre).await], &[expected])?;
            }
            Op::Pass(time) => self.pass(time),
            Op::Drive => {
                model.drive();
                rig.drive().await;
            }
            Op::Die { performs } => {
                model.die(performs);
                rig.die(performs).await;
            }
            Op::Late => {
                model.late();
                rig.late().await;
            }
            Op::Restart => {
                model.restart();
                rig.restart().await;
            }
            Op::HoldSession(who) => {
                model.held_sessions.push(who);
                rig.hold_session(who).await;
            }
            Op::HoldContract(contract) => {
                model.held_contracts.insert(contract);
                rig.hold_contract(contract).await;
            }
            Op::LetGo => {
                model.held_sessions.clear();
                model.held_contracts.clear();
                rig.let_go().await;
            }
            Op::LookAtAll => self.look_at_all().await?,
        }
        same(&self.rig.tables().await, &self.model.tables())
    }

    /// Changes something about an operator.
    async fn set(&mut self, op: Op) {
        let mut op = op;
        let model = &mut self.model;
        match &mut op {
            Op::Quota(who, quota) => {
                *quota = quota.map(|more| model.used_now(*who) + more);
                model.operators[*who].quota = *quota;
            }
            Op::Sessions(who, sessions) => model.operators[*who].sessions = *sessions,
            Op::Disabled(who, is) => model.operators[*who].disabled = *is,
            Op::Profile(who, profile) => model.operators[*who].profile = *profile,
            other => panic!("{other:?} sets nothing"),
        }
        self.rig.set(op).await;
    }

    async fn ask(&mut self, who: usize, right: bool, question: Question) -> Result<(), String> {
        let answer = self.rig.ask(who, right, question).await;
        *self.seen.entry(kind(&answer)).or_default() += 1;
        let expected = self.model.ask(who, right, question);
        same(&answer, &expected).map_err(|said| format!("{question:?}: {said}"))
    }

    fn pass(&mut self, time: Time) {
        let now_ms = self.model.now_ms;
        let to_ms = match time {
            Time::Ms(ms) => now_ms + ms,
            Time::Month(after) => paris::next_month(now_ms) + after,
            Time::Change(after) => paris::next_change(now_ms) + after,
            Time::NameEnd(after) => match self.model.last_named() {
                Some((_, _, _, end_ms)) => end_ms + after,
                None => now_ms,
            },
        };
        let ms = (to_ms - now_ms).max(0);
        self.model.now_ms += ms;
        self.rig.pass(ms);
    }

    async fn look_at_all(&mut self) -> Result<(), String> {
        for (contract, row) in CONTRACTS.iter().enumerate() {
            self.ask(row.operator, true, Question::Get(contract)).await?;
        }
        for (contract, site) in [("C1", 0..3), ("Z1", 3..5), ("H1", 5..7)] {
            let contract = CONTRACTS.iter().position(|row| row.name == contract).unwrap();
            let who = CONTRACTS[contract].operator;
            self.ask(who, true, Question::Structure(contract)).await?;
            for floor in site {
                self.ask(who, true, Question::RoutesAt(contract, floor, None)).await?;
            }
        }
        Ok(())
    }

    /// Everything is let go and comes to its end; then everything is looked at.
    async fn rest(&mut self) -> Result<(), String> {
        for op in [Op::LetGo, Op::Closed(false), Op::Late] {
            Box::pin(self.does(op)).await?;
        }
        for (who, (_, profile)) in OPERATORS.iter().enumerate() {
            for op in [
                Op::Quota(who, None),
                Op::Sessions(who, None),
                Op::Disabled(who, false),
                Op::Profile(who, *profile),
            ] {
                Box::pin(self.does(op)).await?;
            }
        }
        let mut turns = 0;
        while self.model.any_runs() {
            turns += 1;
            if turns > 20 {
                return Err(format!("it never ends: {:?}", self.model.jobs));
            }
            Box::pin(self.does(Op::Pass(Time::Ms(world::LEASE_MS)))).await?;
            Box::pin(self.does(Op::Drive)).await?;
        }
        Box::pin(self.does(Op::LookAtAll)).await
    }
}

/// Both say the same, line by line.
fn same<T: std::fmt::Debug + PartialEq>(service: &[T], model: &[T]) -> Result<(), String> {
    if service == model {
        return Ok(());
    }
    let more = |these: &[T], than: &[T]| {
        let only: Vec<_> = these.iter().filter(|line| !than.contains(line)).collect();
        format!("{only:#?}")
    };
    let (service_only, model_only) = (more(service, model), more(model, service));
    Err(format!("the service says {service_only}\nand the model {model_only}"))
}
