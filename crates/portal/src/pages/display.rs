//! How pages look: one tap, remembered by the phone.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::Theme;
use crate::gate::{Form, own_page};

#[derive(Deserialize)]
pub(super) struct Fields {
    theme: String,
    retour: String,
}

/// Keeps the theme for a year, and goes back to where it was chosen.
pub(super) async fn set(Form(fields): Form<Fields>) -> Response {
    let cookie = match Theme::read(&fields.theme) {
        Theme::Auto => "theme=auto; Path=/; Max-Age=31536000; SameSite=Lax",
        Theme::Sun => "theme=soleil; Path=/; Max-Age=31536000; SameSite=Lax",
        Theme::Dark => "theme=sombre; Path=/; Max-Age=31536000; SameSite=Lax",
    };
    let back = HeaderValue::from_str(own_page(Some(&fields.retour)));
    let back = back.unwrap_or(HeaderValue::from_static("/"));
    let cookie = HeaderValue::from_static(cookie);
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, back)]).into_response()
}
