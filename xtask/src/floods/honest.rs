//! Honest callers: some keep their connection, some open another one for each question. They come from
//! an address of their own, which is how a service tells them from a flood.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::{net::TcpSocket, task::JoinSet};

use crate::torture::{
    http::{Connection, Question},
    question::{element, question},
};

/// Where they come from.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Callers of each kind.
const EACH: usize = 3;
/// Between two questions of one caller.
const PAUSE: Duration = Duration::from_millis(40);
/// For an answer, at the most: past it, it counts as none.
const PATIENCE: Duration = Duration::from_secs(10);
/// The contract of the specification's samples.
const CONTRACT: &str = "MUT56816520160316162024";

/// Callers of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Honest {
    server: SocketAddr,
}

/// What they noticed.
#[derive(Debug, Default, Clone)]
pub(super) struct Said {
    /// How long each answer took, in order, and would have taken where a caller was kept from asking
    /// again by waiting.
    took: Vec<Duration>,
    answers: usize,
    /// Questions that got none, or another than OK.
    pub(super) lost: usize,
}

impl Said {
    /// Answers that took so many milliseconds, in order.
    #[cfg(test)]
    pub(super) fn of(ms: &[u64]) -> Self {
        let took: Vec<_> = ms.iter().copied().map(Duration::from_millis).collect();
        Self { answers: took.len(), took, lost: 0 }
    }

    #[cfg(test)]
    pub(super) fn and_lost(self, lost: usize) -> Self {
        Self { lost, ..self }
    }

    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    /// An answer. Who waits for a second asks nothing meanwhile, and would count as one of many: the
    /// questions that it did not ask would have waited, too, each a little less.
    fn answered(&mut self, took: Duration) {
        self.answers += 1;
        self.took.push(took);
        let mut left = took.saturating_sub(PAUSE);
        while left > PAUSE {
            self.took.push(left);
            left -= PAUSE;
        }
    }

    /// How long the fastest of all but 1 % took; none: nothing was answered.
    pub(super) fn p99(&self) -> Option<Duration> {
        self.took.get((self.took.len() * 99).div_ceil(100).checked_sub(1)?).copied()
    }

    /// The same of one half.
    pub(super) fn median(&self) -> Option<Duration> {
        self.took.get(self.took.len() / 2).copied()
    }
}

impl Honest {
    pub(super) fn ask(server: SocketAddr) -> Self {
        Self { server }
    }

    /// Asks again and again, all of them at the same time.
    pub(super) async fn for_a_while(self, time: Duration) -> anyhow::Result<Said> {
        let end = Instant::now() + time;
        let mut callers = JoinSet::new();
        for number in 0..2 * EACH {
            callers.spawn(self.caller(number < EACH, end));
        }
        let mut all = Said::default();
        while let Some(said) = callers.join_next().await {
            let said = said?;
            all.took.extend(said.took);
            all.answers += said.answers;
            all.lost += said.lost;
        }
        all.took.sort_unstable();
        Ok(all)
    }

    async fn caller(self, keeps: bool, end: Instant) -> Said {
        let mut said = Said::default();
        let mut kept = None;
        let body = question("getSiteStructure", &[("referenceContrat", CONTRACT)]);
        while Instant::now() < end {
            let began = Instant::now();
            let asked = tokio::time::timeout(PATIENCE, self.exchange(kept.take(), &body)).await;
            match asked {
                Ok(Ok(connection)) => {
                    said.answered(began.elapsed());
                    kept = keeps.then_some(connection);
                }
                Ok(Err(_)) | Err(_) => said.lost += 1,
            }
            tokio::time::sleep(PAUSE).await;
        }
        said
    }

    /// One question; the connection, if the answer was OK.
    async fn exchange(self, kept: Option<Connection>, body: &str) -> std::io::Result<Connection> {
        let mut connection = match kept {
            Some(connection) => connection,
            None => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((ADDRESS, 0).into())?;
                Connection::over(socket.connect(self.server).await?)?
            }
        };
        let question = Question { login: "oc-demo", password: "oc-demo", key: None, body };
        let answer = connection.ask(&question).await?;
        match element(&answer.body, "statut") {
            Some("OK") => Ok(connection),
            _ => Err(std::io::Error::other(answer.body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_may_be_late() {
        let ms = Duration::from_millis;
        let said = |count: u64| Said::of(&(1..=count).collect::<Vec<_>>());
        assert_eq!(said(0).p99(), None);
        assert_eq!(said(1).p99(), Some(ms(1)));
        assert_eq!(said(100).p99(), Some(ms(99)));
        assert_eq!(said(1000).p99(), Some(ms(990)));
    }

    #[test]
    fn who_waited_long_asked_less() {
        let mut said = Said::default();
        (0..100).for_each(|_| said.answered(Duration::from_millis(5)));
        said.answered(Duration::from_millis(400));
        said.took.sort_unstable();
        assert_eq!((said.answers(), said.took.len()), (101, 109));
        assert!(said.p99() > Some(Duration::from_millis(250)));
    }
}
