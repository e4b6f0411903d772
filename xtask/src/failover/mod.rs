//! `cargo xtask failover`: two instances on PostgreSQL under Patroni; the primary is killed under load,
//! twice. The service goes on in time, nothing acknowledged is lost, nothing is assigned twice.

mod check;
mod clients;
mod cluster;
mod instances;
mod network;

use std::{
    collections::BTreeMap,
    path::Path,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::{sleep, timeout},
};

use self::{
    check::Found,
    clients::{Load, Said, Told},
    cluster::Cluster,
    instances::Instance,
};
use crate::say;

const PUTTERS: usize = 8;
const GETTERS: usize = 4;
/// No instance may be without an acknowledged answer for as long.
const GAP_MAX: Duration = Duration::from_secs(30);
/// Load before and after each kill.
const CALM: Duration = Duration::from_secs(3);
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// Runs it; what was broken makes it fail.
pub fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let violations = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            tokio::select! {
                ended = failover() => ended,
                () = stopped() => Err(anyhow::anyhow!("interrupted")),
            }
        })
    });
    match violations {
        Ok(violations) if violations.is_empty() => ExitCode::SUCCESS,
        Ok(violations) => {
            for violation in violations {
                say(&format!("VIOLATION: {violation}"));
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C or SIGTERM: what was started is stopped all the same.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminated => {} }
}

/// Everything in a temporary folder, whose logs stay where something was broken.
async fn failover() -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let violations = failover_in(folder.path()).await;
    if violations.as_ref().map_or(true, |violations| !violations.is_empty()) {
        say(&format!("logs: {}", folder.keep().display()));
    }
    violations
}

async fn failover_in(folder: &Path) -> Result<Vec<String>> {
    let cluster = Cluster::start()?;
    let url = cluster.url()?;
    instances::prepare(folder, &url)?;
    let instances = [
        Instance::start(folder, "first", &url).await?,
        Instance::start(folder, "second", &url).await?,
    ];
    let load = Load::on(instances.iter().map(|instance| instance.address).collect());
    let mut clients = JoinSet::new();
    for client in 0..PUTTERS {
        clients.spawn(Arc::clone(&load).put(client));
    }
    for client in 0..GETTERS {
        clients.spawn(Arc::clone(&load).get(client));
    }
    sleep(CALM).await;
    let first = kill_the_leader(&cluster, &load).await?;
    cluster.rejoin(&first)?;
    say(&format!("{first} is the synchronous standby"));
    sleep(CALM).await;
    let second = kill_the_leader(&cluster, &load).await?;
    ensure!(first != second, "{first} led again");
    load.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let history = load.history();
    let found = check::check(&url, &history, load.open.load(Ordering::Relaxed)).await?;
    Ok(report(&history, found, instances.len()))
}

/// Kills the leader, and waits until both instances accept puts again, and a little longer.
async fn kill_the_leader(cluster: &Cluster, load: &Load) -> Result<String> {
    let leader = cluster.leader()?;
    let killed = Instant::now();
    cluster.kill(&leader)?;
    // What was under way when it was killed has been answered by now.
    sleep(Duration::from_secs(1)).await;
    let since = Instant::now();
    let goes_on = async {
        while !(0..2).all(|instance| accepts(&load.history(), instance, since)) {
            sleep(LOOK).await;
        }
    };
    ensure!(
        timeout(GAP_MAX * 2, goes_on).await.is_ok(),
        "no put is accepted after {leader}'s death"
    );
    let after = killed.elapsed().as_secs_f64();
    say(&format!("{leader} was killed; both instances accepted puts again after {after:.1} s"));
    sleep(CALM).await;
    Ok(leader)
}

fn accepts(history: &[Told], instance: usize, since: Instant) -> bool {
    history.iter().rev().take_while(|told| told.at > since).any(|told| {
        told.instance == instance && told.fibre.is_some() && matches!(told.said, Said::Ok(..))
    })
}

/// Says the figures; gives back what must not be.
fn report(history: &[Told], found: Found, instances: usize) -> Vec<String> {
    let mut answers: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut violations = found.violations;
    for told in history {
        let method = if told.fibre.is_some() { "put" } else { "get" };
        let said = match &told.said {
            Said::Ok(..) => "OK".to_owned(),
            Said::Ko(code) => code.to_string(),
            Said::Nothing => "connection lost".to_owned(),
            Said::Other(_) => "no answer of the contract".to_owned(),
        };
        *answers.entry((method, said)).or_default() += 1;
        if told.said.is_wrong() {
            violations.push(format!("{} was told {:?}", told.contract, told.said));
        }
    }
    for ((method, said), count) in answers {
        say(&format!("{method} {said}: {count}"));
    }
    for instance in 0..instances {
        for (what, puts_only) in [("answer", false), ("accepted put", true)] {
            let gap = longest_gap(history, instance, puts_only);
            let (number, seconds) = (instance + 1, gap.as_secs_f64());
            say(&format!("instance {number}: {seconds:.1} s without an {what} at the longest"));
            if gap >= GAP_MAX {
                violations.push(format!("instance {number}: {seconds:.1} s without an {what}"));
            }
        }
    }
    say(&format!("re-provisionings in the database: {}", found.kept));
    say(&format!("told a failure, and kept: {}", found.told_failure_but_kept));
    say(&format!("violations: {}", violations.len()));
    violations
}

fn longest_gap(history: &[Told], instance: usize, puts_only: bool) -> Duration {
    let counts = |told: &&Told| match (&told.said, &told.fibre) {
        (Said::Ok(..), Some(_)) => true,
        (said, _) => !puts_only && said.is_final(),
    };
    let of_it = history.iter().filter(|told| told.instance == instance);
    let times: Vec<_> = of_it.filter(counts).map(|told| told.at).collect();
    let gaps = times.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0]));
    gaps.max().unwrap_or(GAP_MAX)
}
