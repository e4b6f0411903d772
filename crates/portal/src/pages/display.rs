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
use crate::gate::Form;

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
    let back = ours(&fields.retour).and_then(|path| HeaderValue::from_str(path).ok());
    let back = back.unwrap_or(HeaderValue::from_static("/"));
    let cookie = HeaderValue::from_static(cookie);
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, back)]).into_response()
}

/// A path of our own: never another host.
fn ours(path: &str) -> Option<&str> {
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    is_ours.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn it_goes_back_to_our_own_pages_only() {
        assert_eq!(ours("/c/M?motif=x"), Some("/c/M?motif=x"));
        for path in ["//evil.example", "/\\evil.example", "https://evil.example", ""] {
            assert_eq!(ours(path), None, "{path}");
        }
    }
}
