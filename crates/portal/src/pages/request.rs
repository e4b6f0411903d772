//! A request's own screen: on its way, refused, followed, and at the end « Branchez ici ».

use std::time::Duration;

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ereprov_client::State as Reprovisioning;
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    Oops, already,
    frame::{View, hour, within},
    recap::is_name,
    shown,
    stopped::{Failed, Fate, details},
    words::Words,
};
use crate::{
    app::{App, Shared},
    flow::{Kind, Part, Progress, Stand, Trouble},
    gate::Technician,
    store::{Chosen, Request, Seen, Stage},
};

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    /// What the page shows that asks: the answer comes when there is something else.
    #[serde(default)]
    vu: String,
    /// A form for a second request has led here.
    #[serde(default)]
    deja: String,
}

/// What a second form's way here has in its address.
pub(super) const ALREADY: &str = "deja=1";

/// Where it stands.
pub(super) async fn show(
    State(app): State<Shared>,
    view: View,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Oops> {
    let mut request = app.store.request(&id).await?;
    if !asked.vu.is_empty() {
        request = wait(&app, &id, request, &asked.vu).await?;
    }
    let Some(request) = request else { return unknown(&app, &view, &id).await };
    if !may_see(&app, &view.technician, &request) {
        return colleague(&app, &view, &request);
    }
    if !asked.deja.is_empty() && request.is_open {
        return already::show(&app, &view, &request).await;
    }
    let progress = app.flow.progress(&id);
    match (request.stage, progress) {
        (Stage::Waiting | Stage::Sent | Stage::Unknown, progress) => {
            under_way(&app, &view, &request, progress.as_ref())
        }
        (Stage::NotSent | Stage::Refused, _) => refused(&app, &view, &request),
        (Stage::Accepted | Stage::Followed, _) => {
            let nothing = request.trouble.as_ref().is_some_and(Trouble::is_nothing_there);
            if nothing && request.stage == Stage::Followed && request.seen.is_none() {
                return refused(&app, &view, &request);
            }
            let is_done = request.seen.as_ref().is_some_and(|seen| seen.state == "completed");
            if is_done { plug_in(&app, &view, &request) } else { followed(&app, &view, &request) }
        }
    }
}

/// Whether a technician sees a request: his own, or anybody's where the operator says so.
pub(super) fn may_see(app: &App, technician: &Technician, request: &Request) -> bool {
    app.settings.shares_interventions || request.technician == technician.id
}

/// Somebody else's, of which nothing is told but that it is there.
fn colleague(app: &Shared, view: &View, request: &Request) -> Result<Response, Oops> {
    let title = "Un collègue s'en occupe";
    let page = context! {
        titre_page => title,
        texte => "Une demande est déjà en cours pour ce contrat. Voyez avec votre entreprise, ou appelez la hotline.",
        rien => true,
        bouton => context! { nom => "Autre contrat", lien => "/" },
    };
    app.page("message.html", &view.frame(title, Some(&request.contract)), page)
}

/// Waits until the page would show something else, for some seconds at the most.
async fn wait(
    app: &App,
    id: &str,
    mut request: Option<Request>,
    seen: &str,
) -> Result<Option<Request>, Oops> {
    const LOOKS: u32 = 10;
    const LOOK: Duration = Duration::from_secs(2);
    for _ in 0..LOOKS {
        if request.as_ref().is_none_or(|request| version(app, request) != seen) {
            break;
        }
        app.flow.changed(LOOK).await;
        request = app.store.request(id).await?;
    }
    Ok(request)
}

/// Changes whenever the page does.
fn version(app: &App, request: &Request) -> String {
    let progress = match app.flow.progress(&request.id) {
        None => String::new(),
        Some(Progress::Queued(ticket)) => in_line(ticket.stand()),
        Some(Progress::Sending(_)) => "s".to_owned(),
        Some(Progress::Checking(_)) => "c".to_owned(),
    };
    let state = request.seen.as_ref().map_or("", |seen| seen.state.as_str());
    let looking = app.flow.looking_at(&request.id).map(in_line).unwrap_or_default();
    let (seen, next) = (request.seen_ms.unwrap_or(0), request.next_look_ms.unwrap_or(0));
    let plugged = u8::from(request.plugged_ms.is_some());
    format!("{}-{progress}-{state}-{looking}-{seen}-{next}-{plugged}", request.stage.word())
}

fn in_line(stand: Stand) -> String {
    let Stand { place, others, round, .. } = stand;
    format!("q{}.{}.{round}", place.unwrap_or_default(), u8::from(others))
}

/// A form that never came here: its phone had no network.
async fn unknown(app: &Shared, view: &View, id: &str) -> Result<Response, Oops> {
    let recent = app.store.recent(view.technician.id, app.service.now_ms()).await?;
    let draft = recent.into_iter().find_map(|recent| recent.draft).unwrap_or("/".to_owned());
    let title = if is_name(id) { "Elle n'était pas partie" } else { "Page introuvable" };
    let frame = view.frame(title, None);
    let page = context! {
        titre_page => title,
        texte => if is_name(id) { "La demande n'est pas arrivée jusqu'ici." } else { "Cette adresse n'existe pas." },
        rien => is_name(id),
        bouton => context! { nom => "Reprendre", lien => draft },
    };
    let page = app.page("message.html", &frame, page)?;
    Ok((StatusCode::NOT_FOUND, page).into_response())
}

fn under_way(
    app: &Shared,
    view: &View,
    request: &Request,
    progress: Option<&Progress>,
) -> Result<Response, Oops> {
    let (now_ms, looking) = (app.service.now_ms(), app.flow.looking_at(&request.id));
    let (title, stand, since_ms) = match progress {
        Some(Progress::Queued(ticket)) => {
            ("Votre demande attend son tour", Some(ticket.stand()), None)
        }
        Some(Progress::Checking(since)) => ("On vérifie", None, Some(*since)),
        Some(Progress::Sending(since)) => ("Envoi…", None, Some(*since)),
        None if request.stage == Stage::Unknown => {
            ("On ne sait pas encore si la demande est passée", None, None)
        }
        None => ("Envoi…", None, None),
    };
    let step = match progress {
        Some(Progress::Queued(_)) => "file",
        Some(Progress::Checking(_)) => "doute",
        _ if request.stage == Stage::Unknown => "doute",
        _ => "envoi",
    };
    let page = context! {
        titre_page => title,
        etape => step,
        file => stand.or(looking).map_or(Value::UNDEFINED, shown::stand),
        secondes => since_ms.map(|since| (now_ms - since) / 1000),
        occupe => progress.is_some() || looking.is_some(),
        ..common(app, request)
    };
    app.page("demande.html", &view.frame(title, Some(&request.contract)), page)
}

fn refused(app: &Shared, view: &View, request: &Request) -> Result<Response, Oops> {
    let unexplained = || Trouble::own(Kind::NotAccepted, request.asked_ms);
    let trouble = request.trouble.clone().unwrap_or_else(unexplained);
    // What was put is put again from its recap, which shows it once more.
    let retry = context! { lien => request.way.url(&request.contract, "/verifier") };
    let fate = match request.stage {
        Stage::NotSent => Some(Fate::NothingLeft),
        Stage::Refused => Some(Fate::NothingChanged),
        _ => None,
    };
    let failed = Failed {
        trouble: &trouble,
        contract: &request.contract,
        way: &request.way,
        retry,
        fate,
        retry_at_ms: None,
        technician: &view.technician,
    };
    failed.show(app, view)
}

/// What the pages of a request have in common.
fn common(app: &App, request: &Request) -> Value {
    let (now_ms, looking) = (app.service.now_ms(), app.flow.looking_at(&request.id));
    context! {
        id => request.id.clone(),
        version => version(app, request),
        code => request.discharge_code.clone(),
        code_a_venir => request.code_to_come,
        mienne => request.stage != Stage::Followed,
        verifie => request.seen_ms.map(hour),
        prochaine => request.next_look_ms.map(|at| within(at, now_ms)),
        prochaine_s => request.next_look_ms.map(|at| ((at - now_ms) / 1000 + 2).clamp(3, 60)),
        cherche => looking.is_some(),
        file => looking.map_or(Value::UNDEFINED, shown::stand),
        ennui => request.trouble.as_ref().map(|trouble| {
            let usage = app.service.client.usage().ok();
            let words = Words::of(trouble, usage.as_ref());
            context! {
                titre => words.title,
                texte => words.text,
                details => details(trouble, &request.contract),
            }
        }),
        chips => chips(app, request),
        demande_a => hour(request.asked_ms),
        encore => request.way.order_only().url(&request.contract, ""),
    }
}

/// What was chosen, where the follow-up is about that: nothing of it belongs to another fibre's route.
fn chosen(request: &Request) -> Chosen {
    let is_about = match &request.seen {
        None => true,
        // One that names no fibre may be anybody's, where this request was not accepted.
        Some(Seen { fibre: None, .. }) => request.stage != Stage::Followed,
        Some(Seen { fibre: Some(fibre), .. }) => *fibre == request.chosen.fibre,
    };
    if is_about { request.chosen.clone() } else { Chosen::default() }
}

/// Tube and fibre, as the follow-up shows them or as they were chosen.
fn chips(app: &App, request: &Request) -> Value {
    let (order, chosen) = (app.settings.colour_order, chosen(request));
    let seen = request.seen.as_ref().filter(|seen| !seen.colour.is_empty());
    let (tube, colour) = seen.map_or((&chosen.tube, &chosen.colour), |s| (&s.tube, &s.colour));
    if tube.is_empty() && colour.is_empty() {
        return Value::UNDEFINED;
    }
    context! {
        tube => shown::chip(&order.chip(Part::Tube, tube, chosen.tubes)),
        couleur => shown::chip(&order.chip(Part::Fibre, colour, chosen.colours)),
    }
}

fn followed(app: &Shared, view: &View, request: &Request) -> Result<Response, Oops> {
    let state = request.seen.as_ref().and_then(Seen::known);
    let raw = request.seen.as_ref().map(|seen| seen.state.clone());
    let (title, sentence) = match state {
        Some(Reprovisioning::Initiated) | None if request.seen.is_none() => {
            ("Suivi", "On demande à l'opérateur où en est ce contrat.")
        }
        Some(Reprovisioning::Initiated) => {
            ("Demande envoyée", "L'opérateur a bien reçu la demande. Ne débranchez rien encore.")
        }
        Some(Reprovisioning::InProgress) => {
            ("Changement en cours", "Préparez le boîtier, on vous dit quand brancher.")
        }
        Some(Reprovisioning::Cancelled) => (
            "Demande annulée",
            "La demande a été annulée par l'opérateur. L'ancienne fibre reste la bonne. Faites une nouvelle demande ou appelez la hotline.",
        ),
        Some(Reprovisioning::Failed) => (
            "Le changement n'a pas marché",
            "Ne branchez pas. Essayez une autre fibre ; si ça échoue encore, appelez la hotline.",
        ),
        Some(Reprovisioning::Completed) | None => {
            ("Suivi", "L'opérateur donne un état qui n'est pas prévu. Ne branchez rien encore.")
        }
    };
    let page = context! {
        titre_page => title,
        phrase => sentence,
        etat => state.map(Reprovisioning::as_str),
        etat_brut => if state.is_none() { raw } else { None },
        fini => state.is_some_and(Reprovisioning::is_final),
        etapes => steps(request),
        ..common(app, request)
    };
    app.page("suivi.html", &view.frame(title, Some(&request.contract)), page)
}

/// Initié → En cours → Terminé, each with its hour where it was seen.
fn steps(request: &Request) -> Value {
    let all = [
        (Reprovisioning::Initiated, "Initié"),
        (Reprovisioning::InProgress, "En cours"),
        (Reprovisioning::Completed, "Terminé"),
    ];
    let seen = |state: Reprovisioning| {
        request.states.iter().find(|(word, _)| word == state.as_str()).map(|(_, at)| hour(*at))
    };
    let now = request.seen.as_ref().and_then(Seen::known);
    all.into_iter()
        .map(|(state, name)| {
            let at = seen(state);
            let is_done = at.is_some();
            context! { nom => name, heure => at, fait => is_done, ici => now == Some(state) }
        })
        .collect()
}

fn plug_in(app: &Shared, view: &View, request: &Request) -> Result<Response, Oops> {
    let seen = request.seen.clone().unwrap_or_default();
    let chosen = chosen(request);
    let cable = if seen.cable.is_empty() { &chosen.cable } else { &seen.cable };
    let socket = seen.pto.as_ref().or(chosen.pto.as_ref());
    let fibre = seen.fibre.clone().unwrap_or_else(|| chosen.fibre.clone());
    let after = request.way.order_only().with(|way| {
        way.fibre_actuelle = Some(fibre.clone()).filter(|fibre| !fibre.is_empty());
        way.motif = Some("no_signal".to_owned());
    });
    let page = context! {
        pm => seen.pm.as_ref().map(|pm| &pm.0),
        position => seen.pm.as_ref().map(|pm| &pm.1),
        cable => cable,
        prise => socket,
        reference => fibre,
        pbo => chosen.pbo.clone(),
        lieu => chosen.location.clone(),
        branche => request.plugged_ms.map(hour),
        encore => after.url(&request.contract, "/fibres"),
        technicien_nom => view.technician.name.clone(),
        date => hour(request.seen_ms.unwrap_or(request.asked_ms)),
        ..common(app, request)
    };
    app.page("branchez.html", &view.frame("Branchez ici", Some(&request.contract)), page)
}
