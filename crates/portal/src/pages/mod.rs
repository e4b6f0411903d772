//! The screens, one file each.

mod already;
mod assets;
#[cfg(test)]
mod contrast;
mod display;
mod fibres;
mod frame;
mod help;
mod mine;
mod nowhere;
mod offline;
mod oops;
mod places;
mod reason;
mod recap;
mod request;
mod shown;
mod start;
mod stopped;
mod taps;
mod words;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use frame::{Frame, Look, Templates, Theme};
pub(crate) use oops::Oops;

use crate::app::Shared;

/// Every screen.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(start::show))
        .route("/c", get(start::search))
        .route("/c/{contract}", get(reason::show))
        .route("/c/{contract}/lieux", get(places::show))
        .route("/c/{contract}/fibres", get(fibres::show))
        .route("/c/{contract}/relire", post(stopped::again))
        .route("/c/{contract}/verifier", get(recap::show))
        .route("/c/{contract}/demande", post(recap::ask))
        .route("/c/{contract}/suivre", post(taps::follow))
        .route("/d/{id}", get(request::show))
        .route("/d/{id}/verifier", post(taps::look))
        .route("/d/{id}/branche", post(taps::plugged))
        .route("/interventions", get(mine::show))
        .route("/aide", get(help::show))
        .route("/affichage", post(display::set))
        .fallback(nowhere::show)
        .merge(public())
}

/// What has no secret, and is fetched before anybody is signed in.
fn public() -> Router<Shared> {
    Router::new()
        .route("/actifs/{name}", get(assets::asset))
        .route("/sw.js", get(assets::worker))
        .route("/manifeste.json", get(assets::manifest))
        .route("/hors-ligne", get(offline::show))
}
