//! The schema grows by steps, each run once; `user_version` says how many it has.

use rusqlite::Connection;

use super::StoreError;

const STEPS: [&str; 4] = [
    include_str!("migrations/0001_gate.sql"),
    include_str!("migrations/0002_flow.sql"),
    include_str!("migrations/0003_sweep.sql"),
    include_str!("migrations/0004_calls.sql"),
];

pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > STEPS.len() {
        return Err(StoreError::Newer { found, known: STEPS.len() });
    }
    for (number, step) in STEPS.iter().enumerate().skip(found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        let done = u32::try_from(number + 1).unwrap_or(u32::MAX);
        transaction.pragma_update(None, "user_version", done)?;
        transaction.commit()?;
    }
    Ok(())
}
