//! `ereprovd audit head`: where the chain ends.

use serde_json::json;

use crate::{
    calendar,
    chain::Head,
    commands::{
        context::Context,
        output::{self, Failure},
    },
    store::seals,
};

/// Runs the command.
pub async fn run(context: &Context) -> Result<(), Failure> {
    let store = context.store().await?;
    let last = store.read("audit.head", (), |tx, ()| Box::pin(seals::last(tx))).await?;
    let last = last.ok_or_else(|| {
        Failure::unknown("nothing is sealed yet").hint("`ereprovd serve` seals the audit")
    })?;
    let head = Head::of(&last);
    if context.json {
        return output::json(&json!({
            "head": head.to_string(),
            "number": head.number,
            "hash": head.hash,
            "sealed_at": calendar::iso(last.sealed_ms),
        }));
    }
    output::line(&head.to_string())
}
