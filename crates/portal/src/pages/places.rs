//! Where is the box? The site, floor by floor.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use ereprov_client::{FibreUsage, Floor, Label, Structure};
use minijinja::{Value, context};

use super::{
    Oops,
    fibres::NEEDS_PLACE,
    frame::View,
    shown,
    stopped::{self, Stop, What},
};
use crate::{
    app::Shared,
    flow::{Asker, Loaded, Way, contract, may_leave_pbo},
};

/// The floors.
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
    let intervention =
        app.store.intervention(reference.as_str(), view.technician.id, now_ms).await?;
    let draft = way.url(reference.as_str(), "/lieux");
    app.store.keep_draft(intervention.id, Some(draft), now_ms).await?;
    let stop = Stop {
        contract: &reference,
        way: &way,
        intervention: intervention.id,
        what: What::Structure,
    };
    let may = || app.gate.act(&view.technician, now_ms);
    let asker = Asker { intervention: intervention.id, is_tapped: false, may: &may };
    let structure = match app.flow.structure(&reference, asker).await? {
        Loaded::Ready(structure) => structure,
        other => return stopped::page(&app, &view, &stop, other).await,
    };
    if app.flow.was_asked_for_place(&reference) {
        // The contract is there, so it is the service that insists, and not this contract's alone.
        app.store.find_out(NEEDS_PLACE, now_ms).await?;
    }
    let frame = view.frame("Où est le boîtier ?", Some(reference.as_str()));
    let page = context! {
        batiments => buildings(&structure.value, &way, reference.as_str()),
        hors_ztd => !may_leave_pbo(&way.order()),
        champs => shown::fields(&way, &["motif"]),
        retour => way.url(reference.as_str(), ""),
        ailleurs => way.order_place().is_none(),
        commande => way.with(|way| way.look_elsewhere(None, None)).url(reference.as_str(), "/fibres"),
    };
    app.page("lieux.html", &frame, page)
}

/// Buildings, staircases in them, floors in those; floors from below to above.
fn buildings(structure: &Structure, way: &Way, contract: &str) -> Value {
    let mut groups: Vec<(String, Vec<&Floor>)> = Vec::new();
    for floor in &structure.floors {
        let title = format!("{} › {}", floor.place.building, floor.place.staircase);
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, floors)) => floors.push(floor),
            None => groups.push((title, vec![floor])),
        }
    }
    groups
        .into_iter()
        .map(|(title, mut floors)| {
            floors.sort_by_key(|floor| level(&floor.place.floor));
            let floors: Value = floors.iter().map(|floor| line(floor, way, contract)).collect();
            context! { titre => title, etages => floors }
        })
        .collect()
}

fn line(floor: &Floor, way: &Way, contract: &str) -> Value {
    let free = floor.sockets.iter().filter(|s| s.usage == Label::Known(FibreUsage::Available));
    let pbos: Vec<_> = floor.pbos.iter().map(ToString::to_string).collect();
    let there = way.with(|way| {
        way.look_elsewhere(Some(&floor.place), None);
        way.fibre = None;
    });
    context! {
        etage => floor.place.floor.clone(),
        pbos => pbos,
        libres => free.count(),
        prises => floor.sockets.len(),
        commande => way.order_place().as_ref() == Some(&floor.place),
        lien => there.url(contract, "/fibres"),
    }
}

/// By the number in a floor's name, basements first; what has no number comes by its name.
fn level(floor: &str) -> (i64, String) {
    let digits: String = floor.chars().filter(char::is_ascii_digit).take(6).collect();
    let number: i64 = digits.parse().unwrap_or(0);
    let is_below = floor.to_uppercase().contains("SS") || floor.contains("--");
    (if is_below { -number.max(1) } else { number }, floor.to_owned())
}

#[cfg(test)]
mod tests {
    use super::level;

    #[test]
    fn floors_come_from_below_to_above() {
        let mut floors = ["ETAGE-12", "RDC", "ETAGE-02", "SS-01", "ETAGE-1"];
        floors.sort_by_key(|floor| level(floor));
        assert_eq!(floors, ["SS-01", "RDC", "ETAGE-1", "ETAGE-02", "ETAGE-12"]);
    }
}
