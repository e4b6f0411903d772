//! Rows that were kept long enough are removed, whole seals at a time and the oldest first. That they
//! are is itself sealed, before the first one goes: what somebody else removes is missing.

use super::{ranges::Ranges, sealing};
use crate::store::{
    StoreError, Tx,
    records::{self, Kind},
    seals,
};

/// Rows removed in one transaction at the most.
const ROWS_MAX: i64 = 500;

/// What one transaction removed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Removal {
    /// There was nothing left to remove.
    Nothing,
    /// So many rows.
    Some(u64),
}

/// Decides that what was sealed before a time is to go, and seals that. Where another seal is written
/// first, the next time is as good.
pub(super) async fn decide(tx: &mut Tx<'_>, now_ms: i64, before_ms: i64) -> Result<(), StoreError> {
    let Some(last) = seals::last(tx).await? else { return Ok(()) };
    let young = seals::kept_since(tx, before_ms).await?;
    // SQLite gives the next request the number after the highest that is there.
    let newest = seals::last_with_requests(tx).await?.unwrap_or(last.number);
    let removed_to = young.unwrap_or(i64::MAX).min(newest) - 1;
    let any = seals::first_kept(tx, removed_to).await?.is_some();
    if !any || removed_to <= last.removed_to {
        return Ok(());
    }
    let mut seal = sealing::after(Some(&last), now_ms);
    seal.removed_to = removed_to;
    seal.hash = seal.hashed();
    seals::insert(tx, &seal).await.map(drop)
}

/// Removes some of the rows that are to go.
pub(super) async fn remove(tx: &mut Tx<'_>) -> Result<Removal, StoreError> {
    let Some(last) = seals::last(tx).await? else { return Ok(Removal::Nothing) };
    let Some(seal) = seals::first_kept(tx, last.removed_to).await? else {
        return Ok(Removal::Nothing);
    };
    let mut room = ROWS_MAX;
    for (kind, numbers) in [(Kind::Request, &seal.requests), (Kind::Act, &seal.acts)] {
        let numbers: Ranges = numbers.parse().map_err(|_| {
            StoreError::Broken(format!("the rows of seal {} cannot be told", seal.number).into())
        })?;
        for span in numbers.spans() {
            if room > 0 {
                room -= records::remove(tx, kind, *span, room).await?;
            }
        }
    }
    if room > 0 {
        seals::emptied(tx, seal.number).await?;
    }
    Ok(Removal::Some((ROWS_MAX - room).unsigned_abs()))
}
