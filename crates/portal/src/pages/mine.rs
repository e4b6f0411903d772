//! « Mes interventions »: what this technician has worked on of late, and where it stands.

use axum::{extract::State, response::Response};
use ereprov_client::State as Reprovisioning;
use minijinja::{Value, context};

use super::{
    Oops,
    frame::{View, ago},
};
use crate::{
    app::Shared,
    gate::Technician,
    store::{Recent, Stage},
};

/// The list.
pub(super) async fn show(State(app): State<Shared>, view: View) -> Result<Response, Oops> {
    let recents = recent(&app, &view.technician, usize::MAX).await?;
    let frame = view.frame("Mes interventions", None);
    app.page("interventions.html", &frame, context! { recents })
}

/// Lines of the list, at most so many.
pub(super) async fn recent(
    app: &Shared,
    technician: &Technician,
    at_most: usize,
) -> Result<Vec<Value>, Oops> {
    let now_ms = app.service.now_ms();
    let all = app.store.recent(technician.id, now_ms).await?;
    Ok(all.iter().take(at_most).map(|recent| line(recent, now_ms)).collect())
}

fn line(recent: &Recent, now_ms: i64) -> Value {
    let request = recent.request.as_ref();
    let (word, tone) = match request {
        None => ("En préparation", "neutre"),
        Some((_, _, _, true)) => ("Branché", "bon"),
        Some((_, stage, state, false)) => status(Stage::read(stage), state.as_deref()),
    };
    // What was asked for has a discharge code, which no draft for the same contract may hide.
    let link = match (request, &recent.draft) {
        (Some((id, ..)), _) => format!("/d/{id}"),
        (None, Some(draft)) => draft.clone(),
        (None, None) => crate::flow::Way::default().url(&recent.contract, ""),
    };
    context! {
        contrat => recent.contract.clone(),
        quand => ago(recent.touched_ms, now_ms),
        appels => recent.calls,
        etat => word,
        ton => tone,
        lien => link,
    }
}

/// A request's status in a word or two, and its tone.
fn status(stage: Stage, state: Option<&str>) -> (&'static str, &'static str) {
    match stage {
        Stage::Waiting | Stage::Sent => ("Envoi en cours", "attente"),
        Stage::Unknown => ("À vérifier", "attente"),
        Stage::NotSent => ("Pas envoyée", "mauvais"),
        Stage::Refused => ("Refusée", "mauvais"),
        Stage::Accepted | Stage::Followed => match state.and_then(Reprovisioning::parse) {
            Some(Reprovisioning::Initiated) => ("Demandé", "attente"),
            Some(Reprovisioning::InProgress) => ("En cours", "attente"),
            Some(Reprovisioning::Completed) => ("Prêt à brancher", "bon"),
            Some(Reprovisioning::Cancelled) => ("Annulé", "mauvais"),
            Some(Reprovisioning::Failed) => ("En échec", "mauvais"),
            None => ("Suivi", "attente"),
        },
    }
}
