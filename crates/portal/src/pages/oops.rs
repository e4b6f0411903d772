//! The page that says that the portal itself failed.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::store::StoreError;

/// The portal's own failure; what it was is for the log, not for the technician.
#[derive(Debug)]
pub(crate) enum Oops {
    /// The database.
    Store(StoreError),
    /// A template.
    Template(minijinja::Error),
}

impl From<StoreError> for Oops {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<minijinja::Error> for Oops {
    fn from(error: minijinja::Error) -> Self {
        Self::Template(error)
    }
}

/// It needs no template, no database and no style sheet.
const PAGE: &str = include_str!("../templates/panne.html");

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        match self {
            Self::Store(error) => tracing::error!(%error, "the database failed"),
            Self::Template(error) => tracing::error!(%error, "a page could not be written"),
        }
        (StatusCode::INTERNAL_SERVER_ERROR, Html(PAGE)).into_response()
    }
}
