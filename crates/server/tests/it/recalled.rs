//! Answers from memory, on SQLite: whoever has changed the database, none says what is not so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ereprov_domain::route::Usage;
use ereprov_server::store::{Faults, fibres};

use crate::harness::{Caller, Oi, Reply, Role, Setup, fibre, get, printed, routes, structure};

const CONTRACT: &str = "DEMO-ZMD";

/// A service where nothing happens by itself, and how often it has looked an answer up.
async fn service() -> (Oi, Arc<AtomicUsize>) {
    let lookups = Arc::new(AtomicUsize::new(0));
    let faults = Faults::from_fn({
        let lookups = Arc::clone(&lookups);
        move |call| {
            if call == "contract.find" {
                lookups.fetch_add(1, Ordering::SeqCst);
            }
            None
        }
    });
    let oi = Setup { faults: Some(faults), ..Setup::noon() }.start().await;
    oi.limit("oc-demo", Some(1_000_000), Some(64)).await;
    (oi, lookups)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_administrator_changes_is_seen_by_the_next_request() {
    let (oi, lookups) = service().await;
    let broken = fibre(CONTRACT, Role::Broken);
    let usage = |reply: &Reply| reply.of("fibre", &broken, "informationUtilisation");
    let ask = async || oi.ask(&routes(CONTRACT)).await;
    // Asked again, it is not looked up again. (Who finds that another process has changed something
    // remembers nothing: the next one does.)
    let recalled = async || {
        ask().await.assert("OK");
        ask().await.assert("OK");
        let before = lookups.load(Ordering::SeqCst);
        let reply = ask().await;
        assert_eq!(lookups.load(Ordering::SeqCst), before, "it was not recalled");
        reply
    };
    let command = |arguments: &[&str]| printed(&oi.administer("", arguments, ""));
    assert_eq!(usage(&recalled().await).as_deref(), Some("Occupé"));
    command(&["fibre", "restore", &broken, "--reason", "repaired"]);
    assert_eq!(usage(&ask().await).as_deref(), Some("Disponible"));
    recalled().await.assert("OK");
    command(&["service", "close", "--reason", "inventaire"]);
    ask().await.assert_ko("-1", "inventaire");
    command(&["service", "open"]);
    recalled().await.assert("OK");
    command(&["operator", "set", "oc-demo", "--quota", "1"]);
    ask().await.assert("20016");
    command(&["operator", "set", "oc-demo", "--quota", "1000000"]);
    recalled().await.assert("OK");
    command(&["operator", "set", "oc-demo", "--profile", "none"]);
    ask().await.assert("20020");
    command(&["operator", "set", "oc-demo", "--profile", "OC"]);
    recalled().await.assert("OK");
    command(&["operator", "disable", "oc-demo"]);
    ask().await.assert("10000");
    command(&["operator", "enable", "oc-demo"]);
    recalled().await.assert("OK");
}

#[tokio::test]
async fn each_question_has_an_answer_of_its_own() {
    let (oi, lookups) = service().await;
    let questions = [
        structure(CONTRACT),
        routes(CONTRACT),
        structure("DEMO-ROV"),
        routes("DEMO-ROV"),
        get("ARA-502701"),
        get(CONTRACT),
    ];
    let mut first = Vec::new();
    for question in &questions {
        first.push(oi.ask(question).await.body);
    }
    let before = lookups.load(Ordering::SeqCst);
    for (question, first) in questions.iter().zip(&first) {
        assert_eq!(&oi.ask(question).await.body, first);
    }
    // The last of them is a refusal, which is looked up each time.
    assert_eq!(lookups.load(Ordering::SeqCst), before + 1);
    // What one operator was answered is nothing for another.
    for question in &questions {
        oi.ask_as("oc-autre", question).await.assert("20019");
    }
}

/// Changes, by number: those that have begun, and those that are done.
#[derive(Default)]
struct Changes {
    begun: AtomicI64,
    done: AtomicI64,
}

impl Changes {
    /// The number of the next one, which begins.
    fn begin(&self) -> i64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn end(&self, number: i64) {
        self.done.store(number, Ordering::SeqCst);
    }
}

/// Two change a fibre, one in the service's process and one beside it, while others ask what it is:
/// what each is told was so at a moment between its sending and its receiving.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_was_true_while_it_was_asked_for() {
    const CHANGES: i64 = 400;
    let (oi, lookups) = service().await;
    let (oi, free) = (Arc::new(oi), fibre(CONTRACT, Role::Free));
    let (holds, cables) = (Arc::new(Changes::default()), Arc::new(Changes::default()));
    let holder = {
        let (oi, holds) = (Arc::clone(&oi), Arc::clone(&holds));
        let fibre = oi.fibre(&free).await.id;
        let of = format!("SELECT id FROM contract WHERE ref = '{CONTRACT}'");
        let contract = oi.number(&of).await;
        tokio::spawn(async move {
            for _ in 0..CHANGES {
                let number = holds.begin();
                hold(&oi, fibre, contract, number % 2 == 1).await;
                holds.end(number);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        })
    };
    let other = {
        let file = oi.folder.path().join("ereprov.db");
        let (cables, free) = (Arc::clone(&cables), free.clone());
        tokio::task::spawn_blocking(move || {
            let beside = rusqlite::Connection::open(file).unwrap();
            for _ in 0..CHANGES {
                let number = cables.begin();
                let sql = format!("UPDATE fibre SET cable = '{number}' WHERE ref = '{free}'");
                beside.execute_batch(&sql).unwrap();
                cables.end(number);
                std::thread::sleep(Duration::from_millis(4));
            }
        })
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..6)
        .map(|_| {
            let (oi, free, asked) = (Arc::clone(&oi), free.clone(), Arc::clone(&asked));
            let all = [Arc::clone(&holds), Arc::clone(&cables)];
            tokio::spawn(async move {
                let (caller, url) = (Caller::trusting(), oi.url());
                while all[0].done.load(Ordering::SeqCst) < CHANGES {
                    let low = all.each_ref().map(|changes| changes.done.load(Ordering::SeqCst));
                    let reply = caller.ask(&url, &routes(CONTRACT)).await;
                    let high = all.each_ref().map(|changes| changes.begun.load(Ordering::SeqCst));
                    asked.fetch_add(1, Ordering::SeqCst);
                    let told = |name| reply.of("fibre", &free, name).expect(name);
                    let held = told("informationUtilisation") == "Réservé";
                    assert!(
                        (low[0]..=high[0]).any(|number| (number % 2 == 1) == held),
                        "held {held} after {} changes and before {}",
                        low[0],
                        high[0]
                    );
                    let cable = told("informationCable").parse().unwrap_or(0);
                    assert!(
                        (low[1]..=high[1]).contains(&cable),
                        "{cable} after {} and before {}",
                        low[1],
                        high[1]
                    );
                }
            })
        })
        .collect();
    for task in readers.into_iter().chain([holder, other]) {
        task.await.unwrap();
    }
    let (asked, lookups) = (asked.load(Ordering::SeqCst), lookups.load(Ordering::SeqCst));
    assert!(lookups * 10 < asked * 9, "of {asked}, {lookups} were looked up: none was recalled");
}

/// Reserves a free fibre, or frees it again, as the service does.
async fn hold(oi: &Oi, fibre: i64, contract: i64, hold: bool) {
    let asked = (fibre, contract, hold);
    let changed = oi.store().write("test.hold", asked, |tx, (fibre, contract, hold)| {
        Box::pin(async move {
            if *hold {
                assert!(fibres::hold(tx, *fibre, *contract, Usage::Available).await?);
                return Ok(());
            }
            fibres::release(tx, *fibre, *contract, Usage::Available, false).await
        })
    });
    changed.await.unwrap();
}
