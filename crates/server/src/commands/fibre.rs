//! `ereprovd fibre`: show one, or offer one again.

use serde_json::json;

use super::{
    context::{Context, act},
    output::{self, Failure, or_empty},
};
use crate::store::{
    Store, StoreError, Tx,
    admin_acts::{self, Act},
    fibres::{self, Fibre},
};

/// What to do with fibres.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show a fibre: where it is, its state, who holds it.
    Show {
        /// What it is called.
        fibre: String,
    },
    /// Offer a fibre again that is out of service.
    Restore {
        /// What it is called.
        fibre: String,
        /// Why; it is kept.
        #[arg(long)]
        reason: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let store = context.store().await?;
    match command {
        Command::Show { fibre } => show(context, &find(&store, &fibre).await?),
        Command::Restore { fibre, reason } => {
            find(&store, &fibre).await?;
            let act = act("fibre restore", &fibre, &reason);
            let restored = store.write("fibre.restore", act, |tx, act| Box::pin(restore(tx, act)));
            if !restored.await? {
                return Err(Failure::refused(format!("{fibre} is not out of service")));
            }
            show(context, &find(&store, &fibre).await?)
        }
    }
}

async fn restore(tx: &mut Tx<'_>, act: &Act) -> Result<bool, StoreError> {
    let restored = fibres::restore(tx, &act.subject).await?;
    if restored {
        admin_acts::record(tx, act).await?;
    }
    Ok(restored)
}

async fn find(store: &Store, fibre: &str) -> Result<Fibre, Failure> {
    let found = store.read("fibre.find", fibre.to_owned(), |tx, reference| {
        Box::pin(fibres::by_ref(tx, reference))
    });
    found.await?.ok_or_else(|| Failure::unknown(format!("no fibre is called {fibre}")))
}

fn show(context: &Context, fibre: &Fibre) -> Result<(), Failure> {
    let pto = fibre.pto.as_ref().map(|(_, reference)| reference);
    if context.json {
        return output::json(&json!({
            "fibre": fibre.reference,
            "pm": fibre.pm_ref,
            "pm_position": fibre.pm_position,
            "cable": fibre.cable,
            "tube": fibre.tube,
            "colour": fibre.colour,
            "pto": pto,
            "construction": fibre.construction.as_str(),
            "usage": fibre.usage.as_str(),
            "out_of_service": fibre.out_of_service,
            "contract": fibre.contract_ref,
        }));
    }
    let state = if fibre.out_of_service { "out of service" } else { fibre.usage.as_str() };
    output::sheet(&[
        ("fibre", fibre.reference.clone()),
        ("state", state.to_owned()),
        ("contract", or_empty(fibre.contract_ref.as_ref())),
        ("PTO", or_empty(pto)),
        ("PTO is", fibre.construction.as_str().replace('_', " ")),
        ("PM", format!("{} position {}", fibre.pm_ref, fibre.pm_position)),
        ("cable", fibre.cable.clone()),
        ("tube", fibre.tube.clone()),
        ("colour", fibre.colour.clone()),
    ])
}
