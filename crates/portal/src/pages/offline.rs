//! What the phone shows without network; it keeps this page.

use axum::{extract::State, response::Response};
use minijinja::context;

use super::{Frame, Look, Oops};
use crate::{app::Shared, gate::Token};

pub(super) async fn show(State(app): State<Shared>, look: Look) -> Result<Response, Oops> {
    let token = Token::default();
    let frame = Frame {
        title: "Pas de réseau",
        technician: None,
        token: &token,
        contract: None,
        look: &look,
    };
    app.page("hors-ligne.html", &frame, context! { sans_reseau => true })
}
