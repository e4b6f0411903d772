//! The third screen: which fibre?

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use ereprov_client::{At, CodeErreur, ContractRef};
use minijinja::{Value, context};

use super::{
    Oops,
    frame::{View, ago},
    shown,
    stopped::{self, Stop, What},
};
use crate::{
    app::Shared,
    flow::{Asker, Known, Loaded, Offers, Way, asks_for_place, contract, may_leave_pbo},
    store::{DAY_MS, StoreError},
};

/// That the service insists on a place, found out less than a day ago.
pub(super) const NEEDS_PLACE: &str = "needs_place";

/// The fibres of a place that the rules allow, or are not known to refuse.
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
    let (way, now_ms) = (way.clean().with(|way| way.fibre = None), app.service.now_ms());
    let to = |screen: &str| Ok(Redirect::to(&way.url(reference.as_str(), screen)).into_response());
    let Some(reason) = way.reason() else { return to("") };
    let is_elsewhere = way.a_etage.is_some() || way.a_pbo.is_some();
    if !is_elsewhere && asks_for_place(reason, &way.order()) {
        return to("/lieux");
    }
    let at = way.at();
    if at == At::default() && app.store.found_out(NEEDS_PLACE, now_ms - DAY_MS).await? {
        return to("/lieux");
    }
    let intervention =
        app.store.intervention(reference.as_str(), view.technician.id, now_ms).await?;
    let draft = way.url(reference.as_str(), "/fibres");
    app.store.keep_draft(intervention.id, Some(draft), now_ms).await?;
    let stop =
        Stop { contract: &reference, way: &way, intervention: intervention.id, what: What::Routes };
    let lasts = app.flow.routes_last().0;
    let may = || app.gate.act(&view.technician, now_ms);
    let asker = Asker { intervention: intervention.id, is_tapped: false, may: &may };
    let routes = match app.flow.routes(&reference, &at, lasts, asker).await? {
        Loaded::Ready(routes) => routes,
        Loaded::Failed(failure) if at == At::default() && insists(failure.trouble.known()) => {
            return to("/lieux");
        }
        other => return stopped::page(&app, &view, &stop, other).await,
    };
    let known = known(&app, &reference, &way).await?;
    let order = app.settings.colour_order;
    let Some(offers) = Offers::new(&reference, &way, &routes.value, &known, order) else {
        return to("");
    };
    let frame = view.frame("Quelle fibre voulez-vous ?", Some(reference.as_str()));
    let mut page = list(&offers, &way, &reference);
    page = context! {
        lu => ago(routes.at_ms, now_ms),
        motif => ereprov_words::motif(reason).label(),
        garde_possible => !reason.forbids_keeping(),
        ..page
    };
    app.page("fibres.html", &frame, page)
}

/// What is known of a contract, beside the fibres that are shown.
pub(super) async fn known(
    app: &Shared,
    contract: &ContractRef,
    way: &Way,
) -> Result<Known, StoreError> {
    Ok(Known {
        order: way.order(),
        structure: app.flow.known_structure(contract),
        latest: app.store.latest_seen(contract.as_str()).await?,
    })
}

/// Whether a service that was not told a place asks for one.
fn insists(code: Option<CodeErreur>) -> bool {
    matches!(code, Some(CodeErreur::ArgumentIncorrect | CodeErreur::PasDeValeur))
}

fn list(offers: &Offers, way: &Way, contract: &ContractRef) -> Value {
    let link = |fibre: &str| {
        way.with(|way| way.fibre = Some(fibre.to_owned())).url(contract.as_str(), "/verifier")
    };
    let offer = |offer: &crate::flow::Offer| {
        context! { lien => link(&offer.fibre), ..shown::offer(offer) }
    };
    let pbos: Value = offers
        .pbos
        .iter()
        .map(|pbo| {
            let tubes: Value = pbo
                .tubes
                .iter()
                .map(|tube| {
                    let all: Value = tube.offers.iter().map(offer).collect();
                    context! { tube => shown::chip(&tube.chip), fibres => all }
                })
                .collect();
            let closed: Value = pbo.closed.iter().map(offer).collect();
            context! { pbo => pbo.pbo.clone(), lieu => pbo.location.clone(), tubes => tubes, autres => closed }
        })
        .collect();
    let keep = way.with(|way| way.garder = Some((if way.keeps() { "0" } else { "1" }).to_owned()));
    context! {
        pbos => pbos,
        possibles => offers.open,
        toutes => offers.all,
        garde => way.keeps(),
        changer_garde => keep.url(contract.as_str(), "/fibres"),
        peut_bouger => may_leave_pbo(&way.order()),
        lieux => way.url(contract.as_str(), "/lieux"),
        retour => way.url(contract.as_str(), ""),
        champs => shown::fields(way, &[]),
    }
}
