//! slowhttptest (Debian's package of that name), in its four modes.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::ValueEnum;

/// New sockets a second, until there are as many as wanted.
const SOCKETS_A_SECOND: u32 = 250;
/// For it to end by itself, once its time is over.
const PATIENCE: Duration = Duration::from_secs(4);
const PATH: &str = "/hermesDeploiement/eReprov/2.0";

/// How it floods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Headers that never end.
    Headers,
    /// Bodies that never end.
    Bodies,
    /// Ranges without number.
    Ranges,
    /// Answers that are read a few bytes at a time, and asked for again and again.
    Reading,
}

impl Mode {
    pub(super) const ALL: [Self; 4] = [Self::Headers, Self::Bodies, Self::Ranges, Self::Reading];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Headers => "slow headers",
            Self::Bodies => "slow bodies",
            Self::Ranges => "ranges",
            Self::Reading => "slow reading",
        }
    }

    /// Its arguments, and what is asked for.
    fn arguments(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Headers => (&["-H", "-i", "2", "-x", "24", "-t", "GET"], "?wsdl"),
            Self::Bodies => {
                (&["-B", "-i", "2", "-x", "10", "-s", "8192", "-t", "POST", "-f", "text/xml"], "")
            }
            Self::Ranges => (&["-R", "-a", "10", "-b", "3000", "-t", "GET"], "?wsdl"),
            Self::Reading => {
                (&["-X", "-w", "1", "-y", "512", "-n", "1", "-z", "32", "-k", "10"], "?wsdl")
            }
        }
    }
}

/// A flood that goes on; ended when dropped.
#[derive(Debug)]
pub(super) struct Slow {
    child: Child,
    log: PathBuf,
}

/// What it says of its own sockets in the end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// Held.
    pub(super) held: usize,
    /// Closed by the service.
    pub(super) closed: usize,
}

impl Slow {
    pub(super) fn start(
        mode: Mode,
        server: SocketAddr,
        sockets: u32,
        time: Duration,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let (arguments, query) = mode.arguments();
        let seconds = time.as_secs().to_string();
        let said = File::create(&log)?;
        let child = Command::new("slowhttptest")
            .args(arguments)
            .args(["-c", &sockets.to_string(), "-r", &SOCKETS_A_SECOND.to_string()])
            .args(["-l", &seconds, "-p", "3", "-u", &format!("http://{server}{PATH}{query}")])
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context("slowhttptest (scripts/install-test-tools installs it)")?;
        Ok(Self { child, log })
    }

    /// Waits until it has said what became of its sockets, which are closed then.
    pub(super) async fn stop(mut self) -> anyhow::Result<Told> {
        let patience = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.end();
        Ok(told(&String::from_utf8_lossy(&fs::read(&self.log)?)))
    }

    fn end(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads the last status in its output, whose numbers stand behind colours.
fn told(log: &str) -> Told {
    let last = |name: &str| {
        let line = log.lines().rev().find(|line| line.contains(name))?;
        line.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    Told {
        held: last("connected:").unwrap_or_default(),
        closed: last("closed:").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_status_is_read() {
        let status = |held: u32, closed: u32| {
            format!(
                "\x1b[1;32mpending:     \x1b[1;32m        1\n\
                 \x1b[1;32mconnected:   \x1b[1;32m        {held}\n\
                 \x1b[1;32mclosed:      \x1b[1;32m        {closed}\n"
            )
        };
        let log = format!("{}{}\x1b[0m\n", status(1, 0), status(512, 1109));
        assert_eq!(told(&log), Told { held: 512, closed: 1109 });
        assert_eq!(told("nothing"), Told::default());
    }
}
