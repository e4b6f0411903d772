//! An address that is no page.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use minijinja::context;

use super::{Oops, frame::View};
use crate::app::Shared;

/// Says so, with a way back.
pub(crate) async fn show(State(app): State<Shared>, view: View) -> Result<Response, Oops> {
    let title = "Page introuvable";
    let page = context! {
        titre_page => title,
        texte => "Cette adresse n'existe pas.",
        bouton => context! { nom => "Accueil", lien => "/" },
    };
    let page = app.page("message.html", &view.frame(title, None), page)?;
    Ok((StatusCode::NOT_FOUND, page).into_response())
}
