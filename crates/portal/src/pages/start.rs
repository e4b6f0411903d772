//! The first screen: which contract?

use axum::{
    extract::{Query, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use ereprov_wire::text::{BadText, clean};
use minijinja::context;
use serde::Deserialize;

use super::{Oops, frame::View, mine};
use crate::{app::Shared, flow::contract};

#[derive(Deserialize, Default)]
pub(super) struct Fields {
    #[serde(default)]
    contrat: String,
}

/// The field, and what this technician has worked on.
pub(super) async fn show(
    State(app): State<Shared>,
    view: View,
    Query(fields): Query<Fields>,
) -> Result<Response, Oops> {
    page(&app, &view, &fields.contrat, None).await
}

/// Goes to a contract that was typed; what else the address has rides along.
pub(super) async fn search(
    State(app): State<Shared>,
    view: View,
    uri: Uri,
    Query(fields): Query<Fields>,
) -> Result<Response, Oops> {
    let reference = contract(&fields.contrat);
    if let Some(mistake) = mistake(reference.as_str()) {
        return page(&app, &view, &fields.contrat, Some(&mistake)).await;
    }
    let way: crate::flow::Way =
        uri.query().and_then(|query| serde_urlencoded::from_str(query).ok()).unwrap_or_default();
    Ok(Redirect::to(&way.clean().url(reference.as_str(), "")).into_response())
}

/// What is wrong with a contract's reference, as far as it can be told here.
pub(super) fn mistake(reference: &str) -> Option<String> {
    const CHARACTERS_MAX: usize = 30;
    match clean(reference, CHARACTERS_MAX) {
        Ok(Some(_)) => None,
        Ok(None) => Some("Saisissez la référence du contrat.".to_owned()),
        Err(BadText::TooLong { found, max }) => {
            Some(format!("La référence a {found} caractères : {max} au plus."))
        }
        Err(BadText::Forbidden { character, .. }) => {
            Some(format!("La référence ne peut pas contenir « {character} »."))
        }
    }
}

async fn page(
    app: &Shared,
    view: &View,
    typed: &str,
    mistake: Option<&str>,
) -> Result<Response, Oops> {
    const SHOWN: usize = 5;
    let recent = mine::recent(app, &view.technician, SHOWN).await?;
    let title = if mistake.is_some() { "Erreur : changer de fibre" } else { "Changer de fibre" };
    let page = context! { saisie => typed, erreur => mistake, recents => recent };
    app.page("contrat.html", &view.frame(title, None), page)
}
