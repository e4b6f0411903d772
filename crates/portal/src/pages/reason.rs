//! The second screen: what is wrong? No call is made for it.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use minijinja::{Value, context};

use super::{Oops, frame::View, shown, stopped};
use crate::{
    app::Shared,
    flow::{Way, contract, motifs},
};

/// The reasons.
pub(super) async fn show(
    State(app): State<Shared>,
    view: View,
    Path(reference): Path<String>,
    Query(way): Query<Way>,
) -> Result<Response, Oops> {
    let reference = contract(&reference);
    if let Some(page) = stopped::by_reference(&app, &view, &reference)? {
        return Ok(page);
    }
    let (way, now_ms) = (way.clean(), app.service.now_ms());
    let intervention =
        app.store.intervention(reference.as_str(), view.technician.id, now_ms).await?;
    let draft = way.url(reference.as_str(), "");
    app.store.keep_draft(intervention.id, Some(draft), now_ms).await?;
    let open = app.store.open_of(reference.as_str()).await?;
    let used = app.store.reasons(now_ms).await?;
    let groups: Value = motifs(&used, &way.order())
        .into_iter()
        .map(|(title, all)| {
            let all: Value = all
                .into_iter()
                .map(|motif| {
                    let keeps = !motif.reason.forbids_keeping();
                    context! { valeur => motif.reason.as_str(), nom => motif.label, garde => keeps }
                })
                .collect();
            context! { titre => title, motifs => all }
        })
        .collect();
    let frame = view.frame("Que se passe-t-il ?", Some(reference.as_str()));
    let page = context! {
        groupes => groups,
        champs => shown::fields(&way.order_only(), &[]),
        choisi => way.motif,
        en_cours => open.map(|id| format!("/d/{id}")),
    };
    app.page("motif.html", &frame, page)
}
