//! What is tapped about a request that was made: to look now, to say that it is plugged in, and to follow
//! what somebody else has asked for.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{Oops, request::may_see, start::mistake};
use crate::{
    app::Shared,
    flow::{Way, contract},
    gate::{Form, Technician, journal},
    store::{Opened, Request, Stage},
};

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Looks now, on a tap.
pub(super) async fn look(
    State(app): State<Shared>,
    technician: Technician,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Oops> {
    if tapped(&app, &technician, &id, "verifier").await?.is_some() {
        app.flow.look_now(&id);
    }
    Ok(Redirect::to(&format!("/d/{id}")).into_response())
}

/// It is plugged in: written down, and no call.
pub(super) async fn plugged(
    State(app): State<Shared>,
    technician: Technician,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Oops> {
    if let Some(now_ms) = tapped(&app, &technician, &id, "brancher").await? {
        let change = move |request: &mut Request| {
            request.plugged_ms.get_or_insert(now_ms);
        };
        app.store.change_request(&id, change).await?;
    }
    Ok(Redirect::to(&format!("/d/{id}")).into_response())
}

/// Writes a tap down, where the request is one that the technician may see; when it was.
async fn tapped(
    app: &Shared,
    technician: &Technician,
    id: &str,
    act: &'static str,
) -> Result<Option<i64>, Oops> {
    let request = app.store.request(id).await?;
    let Some(request) = request.filter(|request| may_see(app, technician, request)) else {
        return Ok(None);
    };
    let now_ms = app.service.now_ms();
    journal::record(&app.store, technician, now_ms, act, &request.contract, id).await?;
    Ok(Some(now_ms))
}

#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(flatten)]
    way: Way,
}

/// Follows a contract's re-provisioning, whoever asked for it.
pub(super) async fn follow(
    State(app): State<Shared>,
    technician: Technician,
    Path(reference): Path<String>,
    Form(fields): Form<Told>,
) -> Result<Response, Oops> {
    let (contract, now_ms) = (contract(&reference), app.service.now_ms());
    if mistake(contract.as_str()).is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let intervention = app.store.intervention(contract.as_str(), technician.id, now_ms).await?;
    let id = app.service.entropy.name();
    let request = Request {
        id: id.clone(),
        intervention: intervention.id,
        contract: contract.as_str().to_owned(),
        technician: technician.id,
        asked_ms: now_ms,
        way: fields.way.clean(),
        ..Request::new(Stage::Followed)
    };
    let shown = match app.store.open_request(request).await? {
        Opened::Another(another) => another,
        Opened::New | Opened::Before => id,
    };
    let to = Redirect::to(&format!("/d/{shown}")).into_response();
    let request = app.store.request(&shown).await?;
    let Some(request) = request.filter(|request| may_see(&app, &technician, request)) else {
        return Ok(to);
    };
    journal::record(&app.store, &technician, now_ms, "suivre", &request.contract, &shown).await?;
    app.flow.look_now(&shown);
    Ok(to)
}
