//! /deconnexion: the session is over.

use axum::{
    extract::{Request, State},
    http::header,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    app::Shared,
    gate::{Form, journal::Entry, session::Session},
    pages::Oops,
};
use axum::{RequestExt, extract::FromRequest};

#[derive(Deserialize)]
struct Nothing {}

/// Ends the session, and has the browser forget what it kept for when there is no network: the phone may be
/// somebody else's next.
pub(in crate::gate) async fn submit(
    State(app): State<Shared>,
    mut request: Request,
) -> Result<Response, Response> {
    let session: Session = request.extract_parts_with_state(&app).await?;
    let Form(Nothing {}) = Form::from_request(request, &app).await?;
    let ended = async {
        let cookie = app.end_session(&session.secret).await?;
        let entry = Entry::of(&session.technician, app.service.now_ms(), "deconnexion");
        entry.outcome("OK").keep(&app.store).await?;
        Ok(cookie)
    };
    let cookie = ended.await.map_err(|error| Oops::Store(error).into_response())?;
    let forget = [
        (header::SET_COOKIE, cookie),
        (
            header::HeaderName::from_static("clear-site-data"),
            header::HeaderValue::from_static("\"storage\""),
        ),
    ];
    Ok((AppendHeaders(forget), Redirect::to("/connexion")).into_response())
}
