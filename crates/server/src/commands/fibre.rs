//! `ereprovd fibre`: show one, or offer one again.

use serde_json::json;

use super::{
    context::{Context, act, reason},
    output::{self, Failure, or_empty},
};
use crate::store::{
    Store, StoreError, Tx,
    admin_acts::{self, Act},
    fibres::{self, Fibre, Whereabouts},
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
        #[arg(long, value_parser = reason)]
        reason: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let store = context.store().await?;
    match command {
        Command::Show { fibre } => {
            let (fibre, at) = find(&store, &fibre).await?;
            show(context, &fibre, &at)
        }
        Command::Restore { fibre, reason } => {
            find(&store, &fibre).await?;
            let act = act("fibre restore", &fibre, &reason);
            let restored = store.write("fibre.restore", act, |tx, act| Box::pin(restore(tx, act)));
            if !restored.await? {
                return Err(Failure::refused(format!("{fibre} is not out of service")));
            }
            let (fibre, at) = find(&store, &fibre).await?;
            show(context, &fibre, &at)
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

async fn find(store: &Store, fibre: &str) -> Result<(Fibre, Whereabouts), Failure> {
    let found = store.read("fibre.find", fibre.to_owned(), |tx, reference| {
        Box::pin(async move {
            let Some(fibre) = fibres::by_ref(tx, reference).await? else { return Ok(None) };
            Ok(fibres::whereabouts(tx, fibre.id).await?.map(|at| (fibre, at)))
        })
    });
    found.await?.ok_or_else(|| Failure::unknown(format!("no fibre is called {fibre}")))
}

fn show(context: &Context, fibre: &Fibre, at: &Whereabouts) -> Result<(), Failure> {
    let pto = fibre.pto.as_ref().map(|(_, reference)| reference);
    if context.json {
        return output::json(&json!({
            "fibre": fibre.reference,
            "site": at.site,
            "building": at.place.building,
            "staircase": at.place.staircase,
            "floor": at.place.floor,
            "pbo": at.pbo,
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
    let state = match (fibre.out_of_service, &fibre.contract_ref) {
        (true, None) => "out of service".to_owned(),
        (true, Some(holder)) => format!("out of service, held by {holder}"),
        (false, None) => fibre.usage.to_string(),
        (false, Some(holder)) => format!("{}, held by {holder}", fibre.usage),
    };
    output::sheet(&[
        ("fibre", fibre.reference.clone()),
        ("state", state),
        ("site", at.site.clone()),
        ("building", at.place.building.clone()),
        ("staircase", at.place.staircase.clone()),
        ("floor", at.place.floor.clone()),
        ("PBO", at.pbo.clone()),
        ("PTO", or_empty(pto)),
        ("PTO is", fibre.construction.as_str().replace('_', " ")),
        ("PM", format!("{} position {}", fibre.pm_ref, fibre.pm_position)),
        ("cable", fibre.cable.clone()),
        ("tube", fibre.tube.clone()),
        ("colour", fibre.colour.clone()),
    ])
}
