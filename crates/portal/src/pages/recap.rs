//! The fourth screen: is that what is wanted? And its button, which sends it once.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use ereprov_client::ContractRef;
use minijinja::context;
use serde::Deserialize;

use super::{
    Oops,
    fibres::known,
    frame::View,
    request::ALREADY,
    shown,
    stopped::{self, Stop, What},
};
use crate::{
    app::{App, Shared},
    flow::{Asker, Loaded, Offer, Offers, Way, contract},
    gate::{Form, Technician, journal},
    store::{Chosen, Opened, Request, Stage},
};

/// The recap.
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
    let to = |screen: &str| Ok(Redirect::to(&way.url(reference.as_str(), screen)).into_response());
    let (Some(reason), Some(fibre)) = (way.reason(), &way.fibre) else { return to("/fibres") };
    let intervention =
        app.store.intervention(reference.as_str(), view.technician.id, now_ms).await?;
    let draft = way.url(reference.as_str(), "/verifier");
    app.store.keep_draft(intervention.id, Some(draft), now_ms).await?;
    let stop =
        Stop { contract: &reference, way: &way, intervention: intervention.id, what: What::Routes };
    // A list that is too old for the request is read again when that is sent.
    let lasts = app.flow.routes_last().1;
    let may = || app.gate.act(&view.technician, now_ms);
    let asker = Asker { intervention: intervention.id, is_tapped: false, may: &may };
    let routes = match app.flow.routes(&reference, &way.at(), lasts, asker).await? {
        Loaded::Ready(routes) => routes,
        other => return stopped::page(&app, &view, &stop, other).await,
    };
    let known = known(&app, &reference, &way).await?;
    let order = app.settings.colour_order;
    let offers = Offers::new(&reference, &way, &routes.value, &known, order);
    let Some(offer) = offers.as_ref().and_then(|offers| offers.find(fibre)) else {
        return to("/fibres");
    };
    if offer.refused.is_some() {
        // With the socket kept, or not, other fibres are to be had.
        return to("/fibres");
    }
    let keep = way.with(|way| way.garder = Some((if way.keeps() { "0" } else { "1" }).to_owned()));
    let (by_itself, calls) = app.store.calls(intervention.id).await?;
    let frame = view.frame("C'est bien ça ?", Some(reference.as_str()));
    let page = context! {
        motif => ereprov_words::motif(reason).label(),
        avant => known.current_fibre(),
        apres => shown::offer(offer),
        garde => way.keeps(),
        garde_possible => !reason.forbids_keeping(),
        changer_garde => keep.url(reference.as_str(), "/verifier"),
        prise_gardee => way.kept_socket().map(|pto| pto.as_str().to_owned()),
        sans_prise => way.keeps() && way.kept_socket().is_none() && way.order().socket == Some(None),
        demande => app.service.entropy.name(),
        champs => shown::fields(&way, &["prise_gardee"]),
        action => Way::default().url(reference.as_str(), "/demande"),
        retour => way.with(|way| way.fibre = None).url(reference.as_str(), "/fibres"),
        appels => calls,
        de_plus => by_itself >= app.settings.pace.calls_max,
    };
    app.page("verifier.html", &frame, page)
}

/// The form of the recap; its name makes it one request, however often it is sent.
#[derive(Deserialize)]
pub(super) struct Fields {
    demande: String,
    #[serde(flatten)]
    way: Way,
}

/// Takes the request, and goes to its page.
pub(super) async fn ask(
    State(app): State<Shared>,
    technician: Technician,
    Path(reference): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Oops> {
    let (contract, way, now_ms) = (contract(&reference), fields.way.clean(), app.service.now_ms());
    let id = fields.demande;
    let back = || Redirect::to(&way.url(contract.as_str(), "/verifier")).into_response();
    if !is_name(&id) {
        return Ok(back());
    }
    if app.store.request(&id).await?.is_some() {
        return Ok(Redirect::to(&format!("/d/{id}")).into_response());
    }
    if let Some(open) = app.store.open_of(contract.as_str()).await? {
        return Ok(already(&open));
    }
    // The list was read for the page that has sent this: where it is gone, that page reads it again.
    let Some(chosen) = chosen(&app, &contract, &way).await? else { return Ok(back()) };
    let intervention = app.store.intervention(contract.as_str(), technician.id, now_ms).await?;
    let detail = format!(
        "{} → {} ; motif {} ; prise gardée : {}",
        chosen.before.as_deref().unwrap_or("?"),
        chosen.fibre,
        way.reason().map_or("", |reason| ereprov_words::motif(reason).label()),
        if way.keeps() { "oui" } else { "non" },
    );
    let request = Request {
        id: id.clone(),
        intervention: intervention.id,
        contract: contract.as_str().to_owned(),
        technician: technician.id,
        asked_ms: now_ms,
        way,
        chosen,
        ..Request::new(Stage::Waiting)
    };
    let shown = match app.flow.ask(request).await? {
        Opened::New => {
            journal::record(
                &app.store,
                &technician,
                now_ms,
                "demander",
                contract.as_str(),
                &detail,
            )
            .await?;
            app.store.keep_draft(intervention.id, None, now_ms).await?;
            id
        }
        Opened::Before => id,
        Opened::Another(another) => return Ok(already(&another)),
    };
    Ok(Redirect::to(&format!("/d/{shown}")).into_response())
}

/// The contract has an open request: there it is said whose.
fn already(open: &str) -> Response {
    Redirect::to(&format!("/d/{open}?{ALREADY}")).into_response()
}

/// Whether a form has such a name: those that are given are hexadecimal.
pub(super) fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn chosen(app: &App, contract: &ContractRef, way: &Way) -> Result<Option<Chosen>, Oops> {
    let Some(routes) = app.flow.known_routes(contract, &way.at()) else { return Ok(None) };
    let latest = app.store.latest_seen(contract.as_str()).await?;
    let structure = app.flow.known_structure(contract);
    let known = crate::flow::Known { order: way.order(), structure, latest };
    let offers = Offers::new(contract, way, &routes.value, &known, app.settings.colour_order);
    let offer = offers.as_ref().zip(way.fibre.as_ref()).and_then(|(all, fibre)| all.find(fibre));
    let offer = offer.filter(|offer| offer.refused.is_none());
    Ok(offer.map(|offer| of_offer(offer, known.current_fibre())))
}

fn of_offer(offer: &Offer, before: Option<String>) -> Chosen {
    Chosen {
        fibre: offer.fibre.clone(),
        pto: offer.pto.clone(),
        pbo: offer.pbo.clone(),
        location: offer.location.clone(),
        cable: offer.cable.clone(),
        tube: offer.tube_said.clone(),
        tubes: offer.tube.of,
        colour: offer.colour_said.clone(),
        colours: offer.colour.of,
        before,
    }
}
