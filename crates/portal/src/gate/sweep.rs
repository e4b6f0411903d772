//! What is forgotten in time: sessions that are over, phones that nobody uses, old lines of the journal, old
//! interventions.

use std::time::Duration;

use super::session::{DEVICE_LASTS, ms};
use crate::{
    app::Shared,
    settings::Settings,
    store::{Store, StoreError, interventions, journal, sessions},
};

/// Between two times.
const EVERY: Duration = Duration::from_hours(1);

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
struct Kept {
    session_idle: Duration,
    session_max: Duration,
    journal: Duration,
}

/// Forgets it now, and every hour from now on.
pub(crate) async fn sweep_for_ever(app: Shared) {
    let kept = Kept::of(&app.settings);
    loop {
        if let Err(error) = sweep(&app.store, kept, app.service.now_ms()).await {
            tracing::error!(%error, "what is old could not be forgotten");
        }
        tokio::time::sleep(EVERY).await;
    }
}

impl Kept {
    fn of(settings: &Settings) -> Self {
        Self {
            session_idle: settings.sign_in.session_idle,
            session_max: settings.sign_in.session_max,
            journal: settings.journal_lasts,
        }
    }
}

async fn sweep(store: &Store, kept: Kept, now_ms: i64) -> Result<(), StoreError> {
    let ago = |time| now_ms.saturating_sub(ms(time));
    let (seen, began) = (ago(kept.session_idle), ago(kept.session_max));
    let (used, journal) = (ago(DEVICE_LASTS), ago(kept.journal));
    store
        .with(move |db| {
            sessions::sweep(db, seen, began, used)?;
            interventions::sweep(db, journal)?;
            journal::sweep(db, journal)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{journal::Entry, technicians};

    #[tokio::test]
    async fn what_is_over_is_forgotten_and_the_rest_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (hour, day) = (3_600_000, 86_400_000);
        let now = 1000 * day;
        let written = store.with(move |db| {
            technicians::add(db, "jeanne", "Jeanne", None, 0)?;
            let id = technicians::find(db, "jeanne")?.map(|it| it.id).unwrap();
            for (key, began, seen) in [
                ([1; 32], now - 2 * hour, now - 1),
                ([2; 32], now - 2 * hour, now - hour - 1),
                ([3; 32], now - day - 1, now - 1),
            ] {
                assert!(sessions::begin(db, &key, (id, None), began)?);
                sessions::touch(db, &key, seen)?;
            }
            sessions::know_device(db, &[4; 32], id, now - 180 * day - 1)?;
            sessions::know_device(db, &[5; 32], id, now - 180 * day)?;
            for at_ms in [now - 30 * day - 1, now - 30 * day] {
                journal::add(db, &Entry { at_ms, ..Entry::default() })?;
            }
            Ok(())
        });
        written.await.unwrap();
        let kept = Kept {
            session_idle: Duration::from_hours(1),
            session_max: Duration::from_hours(24),
            journal: Duration::from_hours(30 * 24),
        };
        sweep(&store, kept, now).await.unwrap();
        let left = store.with(move |db| {
            let sessions = [1, 2, 3].map(|n| sessions::find(db, &[n; 32]).unwrap().is_some());
            let devices = [4, 5].map(|n| sessions::knows_device(db, &[n; 32], "jeanne").unwrap());
            let journal = journal::read(db, i64::MIN, i64::MAX)?;
            Ok((sessions, devices, journal.iter().map(|it| it.at_ms).collect::<Vec<_>>()))
        });
        let left = left.await.unwrap();
        assert_eq!(left, ([true, false, false], [false, true], vec![now - 30 * day]));
    }
}
