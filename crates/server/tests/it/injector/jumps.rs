//! The clock jumps, by an hour and by a month, forwards and backwards: nothing is done twice, nothing
//! is lost, and nobody sleeps until a time that has been comes again.

use std::time::Duration;

use ereprov_domain::reprovisioning::State;
use ereprov_server::{
    clock::Clock,
    reprovisioning::{
        admin::{self, AdminError},
        steps::{Record, perform, record},
    },
    store::reprovisionings::{self, Lease, Now},
};

use super::{Database, checks::nothing_is_half_done, on_both};
use crate::harness::{Oi, Put, Role, Setup, eventually, fibre, get, loading};

on_both!(
    at_every_stage_of_a_reprovisioning a_cancel_is_not_kept_waiting quotas_are_those_of_the_month
    names_are_remembered
);

const HOUR_MS: i64 = 3_600_000;
const MONTH_MS: i64 = 31 * 24 * HOUR_MS;
const JUMPS: [i64; 4] = [HOUR_MS, -HOUR_MS, MONTH_MS, -MONTH_MS];

/// Moves of the clock after the acceptance, each with its steps: not handed over, handed over, being
/// re-patched.
const STAGES: [&[i64]; 3] = [&[], &[0], &[0, 2_000]];

/// What a driver did before it died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dead {
    None,
    Claimed,
    Performed,
}

async fn start(database: Database) -> Oi {
    super::start(database, Setup::slow()).await.0
}

async fn at_every_stage_of_a_reprovisioning(database: Database) {
    let oi = start(database).await;
    // The line goes to and fro.
    let mut from = fibre("DEMO-ZMD", Role::Current);
    let mut to = fibre("DEMO-ZMD", Role::Free);
    let mut ended = 0;
    for jump in JUMPS {
        for stage in STAGES {
            for dead in [Dead::None, Dead::Claimed, Dead::Performed] {
                let what = format!("{jump} ms after {stage:?}, {dead:?}");
                oi.ask(&Put::new("DEMO-ZMD", &to).motif("PBO saturé").body()).await.assert("OK");
                for ms in stage {
                    oi.advance(*ms).await;
                }
                let late = die(&oi, dead).await;
                oi.clock.advance_ms(jump);
                // The longest lease, and what Networks takes.
                let mut seconds = 0;
                while oi.state("DEMO-ZMD").await != "Terminé" {
                    oi.advance(1_000).await;
                    nothing_is_half_done(&oi, &what).await;
                    seconds += 1;
                    assert!(seconds < 60, "{what}: it sleeps");
                }
                if let Some(late) = late {
                    let written =
                        oi.store().write("late", late, |tx, late| Box::pin(record(tx, late)));
                    assert!(!written.await.unwrap(), "{what}: who had lost its lease has a say");
                }
                ended += 1;
                let orders = oi.number("SELECT COUNT(*) FROM network_order").await;
                assert_eq!(orders, ended, "{what}: Networks was given one order for each");
                assert_eq!(oi.fibre(&to).await.contract_ref.as_deref(), Some("DEMO-ZMD"));
                assert_eq!(oi.fibre(&from).await.contract_ref, None, "{what}");
                nothing_is_half_done(&oi, &what).await;
                std::mem::swap(&mut from, &mut to);
            }
        }
    }
}

/// A driver claims what is due (or will be within a second), and dies.
async fn die(oi: &Oi, dead: Dead) -> Option<Record> {
    if dead == Dead::None {
        return None;
    }
    oi.clock.advance_ms(1_000);
    let now_ms = oi.clock.now_ms();
    let lease = Lease { token: format!("dead {now_ms}"), until_ms: now_ms + 30_000 };
    let now = Now { ms: now_ms, wait_max_ms: 60_000, lease_max_ms: 60_000 };
    let token = lease.token.clone();
    let claimed = oi.store().write("claim", (lease, now), |tx, (lease, now)| {
        Box::pin(reprovisionings::claim(tx, lease, *now, 10))
    });
    let id = claimed.await.unwrap().remove(0);
    if dead == Dead::Claimed {
        return None;
    }
    let found = oi.store().read("find", id, |tx, id| Box::pin(reprovisionings::find(tx, id)));
    let job = found.await.unwrap().unwrap();
    let driver = &oi.running.driver;
    let outcome = perform(&driver.networks, &driver.patience, &job, now_ms).await;
    Some(Record { job, token, outcome, now_ms })
}

async fn a_cancel_is_not_kept_waiting(database: Database) {
    let oi = start(database).await;
    let free = fibre("DEMO-ZMD", Role::Free);
    for jump in [-HOUR_MS, -MONTH_MS] {
        oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
        die(&oi, Dead::Performed).await;
        let id = oi.running_job().await;
        oi.clock.advance_ms(jump);
        let driver = &oi.running.driver;
        // The canceller waits for a lease in real time: with a month to wait it would give up.
        let cancelled = admin::cancel(driver, &id, loading(jump)).await;
        assert!(matches!(cancelled, Ok(State::Cancelled)), "{cancelled:?}");
        oi.advance(MONTH_MS).await;
        assert_eq!(oi.state("DEMO-ZMD").await, "Annulé");
        let again = admin::cancel(driver, &id, loading(jump - 1)).await;
        assert!(matches!(again, Err(AdminError::Ended(State::Cancelled))), "{again:?}");
        nothing_is_half_done(&oi, "cancelled").await;
    }
}

async fn quotas_are_those_of_the_month(database: Database) {
    let oi = start(database).await;
    let ask = async |times: usize, outcome: &str| {
        for _ in 0..times {
            oi.ask_as("oc-quota", &get("DEMO-QUOTA")).await.assert(outcome);
        }
    };
    // Five a month: three in November, and the clock jumps to December and back again.
    ask(3, "20014").await;
    oi.clock.advance_ms(MONTH_MS);
    ask(5, "20014").await;
    ask(1, "20016").await;
    oi.clock.advance_ms(-MONTH_MS);
    ask(2, "20014").await;
    ask(1, "20016").await;
    oi.clock.advance_ms(MONTH_MS);
    ask(1, "20016").await;
    oi.clock.advance_ms(-2 * MONTH_MS);
    ask(5, "20014").await;
    ask(1, "20016").await;
    let counted = "SELECT month || ' ' || used FROM monthly_usage ORDER BY month";
    assert_eq!(oi.lines(counted).await, ["2026-10 5", "2026-11 5", "2026-12 5"]);
}

async fn names_are_remembered(database: Database) {
    let oi = start(database).await;
    let question = Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body();
    let named = [("idempotency-key", "once")];
    let first = oi.ask_with("oc-demo", &question, &named).await;
    let code = first.assert("OK").text("codeDecharge");
    // Long before it was accepted, a minute short of a day after that, and a day after.
    for (jump, outcome) in [
        (-MONTH_MS, "OK"),
        (MONTH_MS - HOUR_MS, "OK"),
        (25 * HOUR_MS - 60_000, "OK"),
        (60_000, "20012"),
        (-HOUR_MS, "OK"),
        (MONTH_MS, "20012"),
    ] {
        oi.clock.advance_ms(jump);
        let again = oi.ask_with("oc-demo", &question, &named).await;
        again.assert(outcome);
        assert!(outcome != "OK" || again.text("codeDecharge") == code);
    }
    assert_eq!(oi.number("SELECT COUNT(*) FROM reprovisioning WHERE request_id <> ''").await, 1);
}

/// The driver that works by itself, on a clock that goes and jumps.
#[tokio::test]
async fn a_driver_does_not_sleep_until_a_time_comes_again() {
    let clock = Clock::manual(ereprov_server::calendar::parse("2026-11-23T12:00").unwrap());
    let ticking = clock.clone();
    let ticks = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ticking.advance_ms(5);
        }
    });
    // Networks fails at first: the jump comes in the wait before a repetition, too.
    let config = "[networks]\nstart_ms = 200\nrepatch_ms = 200\n[[networks.behaviour]]\n
        contract = \"DEMO-ZMD\"\nerrors = 2\n";
    let oi = Setup { config: config.into(), clock, ..Setup::default() }.start().await;
    let mut to = [fibre("DEMO-ZMD", Role::Free), fibre("DEMO-ZMD", Role::Current)];
    for jump in JUMPS {
        for wait in [0, 50, 300] {
            oi.ask(&Put::new("DEMO-ZMD", &to[0]).motif("PBO saturé").body()).await.assert("OK");
            tokio::time::sleep(Duration::from_millis(wait)).await;
            oi.clock.advance_ms(jump);
            eventually("the end", async || (oi.state("DEMO-ZMD").await == "Terminé").then_some(()))
                .await;
            nothing_is_half_done(&oi, &format!("{jump} {wait}")).await;
            to.swap(0, 1);
        }
    }
    ticks.abort();
}
