//! What goes wrong, and when: driven by a seed, one after the other, until the end.

use std::time::{Duration, Instant};

use super::{
    instance::Instance,
    postgres::Postgres,
    proxy::{Mode, Proxy},
};
use crate::chance::Chance;

/// Everything that can be hurt.
#[derive(Debug)]
pub(super) struct Victims {
    /// The service.
    pub(super) instances: Vec<Instance>,
    /// Between the clients and each instance.
    pub(super) in_front: Vec<Proxy>,
    /// Between each instance and PostgreSQL; none with SQLite.
    pub(super) behind: Vec<Proxy>,
    /// The server; none with SQLite.
    pub(super) postgres: Option<Postgres>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    /// Instances killed.
    pub(super) instances_killed: u64,
    /// PostgreSQL killed.
    pub(super) postgres_killed: u64,
    /// Connections cut.
    pub(super) cuts: u64,
    /// Of these, in the middle of a COMMIT.
    pub(super) commits_cut: u64,
    /// Instances that stopped by themselves: at their start they found no database.
    pub(super) stopped: u64,
    /// Times that PostgreSQL hung or was slow for an instance.
    pub(super) hangs: u64,
}

/// The script.
pub(super) struct Faults {
    victims: Victims,
    chance: Chance,
    kills_every: Duration,
    done: Done,
}

impl Faults {
    /// A script that kills something every so often, and cuts connections between.
    pub(super) fn new(victims: Victims, chance: Chance, kills_every: Duration) -> Self {
        Self { victims, chance, kills_every, done: Done::default() }
    }

    /// Hurts until the end, then lets everything run again.
    pub(super) async fn run(mut self, end: Instant) -> anyhow::Result<(Victims, Done)> {
        let mut kill_at = Instant::now() + self.kills_every;
        while Instant::now() < end {
            tokio::time::sleep(self.chance.time(100, 700)).await;
            if Instant::now() >= kill_at {
                self.kill().await?;
                kill_at = Instant::now() + self.kills_every;
            } else {
                self.disturb().await;
            }
            for instance in &mut self.victims.instances {
                if !instance.runs()? {
                    self.done.stopped += 1;
                    instance.start()?;
                }
            }
        }
        for proxy in self.victims.in_front.iter().chain(&self.victims.behind) {
            proxy.set(Mode::Forward);
        }
        self.done.commits_cut = self.victims.behind.iter().map(Proxy::commits_cut).sum();
        self.done.cuts += self.done.commits_cut;
        for instance in &mut self.victims.instances {
            instance.until_ready().await?;
        }
        Ok((self.victims, self.done))
    }

    /// Every third time PostgreSQL, where there is one; else an instance.
    async fn kill(&mut self) -> anyhow::Result<()> {
        let kills = self.done.instances_killed + self.done.postgres_killed;
        let pause = self.chance.time(0, 800);
        match &self.victims.postgres {
            Some(postgres) if kills % 3 == 1 => {
                postgres.kill()?;
                self.done.postgres_killed += 1;
                tokio::time::sleep(pause).await;
                tokio::task::block_in_place(|| postgres.start())
            }
            _ => {
                let number = self.chance.below(self.victims.instances.len());
                let instance = &mut self.victims.instances[number];
                instance.kill();
                self.done.instances_killed += 1;
                tokio::time::sleep(pause).await;
                instance.start()
            }
        }
    }

    /// A smaller fault, in front of an instance or behind it.
    async fn disturb(&mut self) {
        let Self { victims, chance, done, .. } = self;
        let number = chance.below(victims.instances.len());
        let in_front = &victims.in_front[number];
        match (chance.below(10), victims.behind.get(number)) {
            (0..=3, Some(behind)) => behind.cut_next_commit(),
            (4, Some(behind)) => done.cuts += behind.cut_all(),
            (5, Some(behind)) => done.cuts += behind.cut_one(chance.next()),
            (6, Some(behind)) => {
                done.hangs += 1;
                behind.set(Mode::Hang);
                tokio::time::sleep(chance.time(200, 2500)).await;
                if chance.percent(50) {
                    done.cuts += behind.cut_all();
                }
                behind.set(Mode::Forward);
            }
            (7, Some(behind)) => {
                done.hangs += 1;
                behind.set(Mode::Delay(chance.time(5, 150)));
                tokio::time::sleep(chance.time(200, 1200)).await;
                behind.set(Mode::Forward);
            }
            (7..=8, _) => done.cuts += in_front.cut_all(),
            (9, _) => {
                in_front.set(Mode::Delay(chance.time(5, 150)));
                tokio::time::sleep(chance.time(100, 500)).await;
                in_front.set(Mode::Forward);
            }
            _ => done.cuts += in_front.cut_one(chance.next()),
        }
    }
}
