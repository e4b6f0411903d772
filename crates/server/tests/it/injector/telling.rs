//! Operators are told, whichever call to the database fails: an end and its notification are both
//! kept or neither, and what is kept arrives.

use super::{Database, Kind, each_call, on_both, start};
use crate::harness::{Put, Role, Setup, fibre};

on_both!(an_end_and_its_notification delivering);

/// More than the lease of an address, and any wait of the tests.
const LEASE_MS: i64 = 60_000;

const CONTRACT: &str = "DEMO-ZMD";

/// A service that tells `oc-demo` in a folder, and its n-th call; the folder.
async fn told(database: Database) -> (super::Oi, super::Nth, std::path::PathBuf) {
    let (oi, nth) = start(database, Setup::slow()).await;
    let folder = oi.folder.path().join("drop");
    std::fs::create_dir(&folder).unwrap();
    let target = format!(
        "INSERT INTO notify_target (operator_id, channel, address, all_ends, changed_ms, failures,
           due_ms, lease_until_ms)
         SELECT id, 'folder', '{}', TRUE, 0, 0, 0, 0 FROM operator WHERE login = 'oc-demo'",
        folder.display()
    );
    oi.beside().await.run(&target).await;
    (oi, nth, folder)
}

async fn an_end_and_its_notification(database: Database) {
    let (oi, nth, _folder) = told(database).await;
    let mut fibres = [fibre(CONTRACT, Role::Current), fibre(CONTRACT, Role::Free)];
    each_call(database, "an end", async |n, kind| {
        oi.ask(&Put::new(CONTRACT, &fibres[1]).motif("PBO saturé").body()).await.assert("OK");
        oi.advance(2500).await;
        oi.clock.advance_ms(5500);
        nth.arm(n, kind);
        let _ = oi.running.driver.run_due().await;
        let fired = nth.disarm();
        let unequal = "SELECT COUNT(*) FROM reprovisioning
             LEFT JOIN notification ON notification.reprovisioning_id = reprovisioning.id
           WHERE request_id <> ''
             AND (state IN ('initiated', 'in_progress')) <> (reprovisioning_id IS NULL)"
            .replace("(state", "(reprovisioning.state");
        assert_eq!(oi.number(&unequal).await, 0, "{fired:?} {kind:?}");
        while oi.state(CONTRACT).await != "Terminé" {
            oi.advance(LEASE_MS).await;
        }
        assert_eq!(oi.number(&unequal).await, 0, "{fired:?} {kind:?}");
        fibres.swap(0, 1);
        fired
    })
    .await;
}

async fn delivering(database: Database) {
    let (oi, nth, folder) = told(database).await;
    let mut fibres = [fibre(CONTRACT, Role::Current), fibre(CONTRACT, Role::Free)];
    let notifier = &oi.running.notifier;
    let mut ends = 0;
    each_call(database, "a delivery", async |n, kind: Kind| {
        oi.ask(&Put::new(CONTRACT, &fibres[1]).motif("PBO saturé").body()).await.assert("OK");
        oi.advance(2500).await;
        oi.advance(5500).await;
        ends += 1;
        nth.arm(n, kind);
        let _ = notifier.run_due().await;
        let fired = nth.disarm();
        let delivered = "SELECT COUNT(*) FROM notification WHERE state = 'delivered'";
        let files = folder.read_dir().unwrap().count();
        assert!(oi.number(delivered).await <= i64::try_from(files).unwrap(), "{fired:?} {kind:?}");
        // What the one that failed held ends by itself.
        oi.clock.advance_ms(LEASE_MS);
        notifier.run_due().await.unwrap();
        assert_eq!(oi.number(delivered).await, ends, "{fired:?} {kind:?}");
        assert_eq!(i64::try_from(folder.read_dir().unwrap().count()).unwrap(), ends);
        fibres.swap(0, 1);
        fired
    })
    .await;
}
