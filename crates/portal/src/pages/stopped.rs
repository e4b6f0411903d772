//! What a screen shows instead of what it should: that it waits, in which place in line; that something went
//! wrong, and what to do next; or that one more call is somebody's to decide.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use ereprov_client::{CodeErreur, ContractRef};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    Oops,
    frame::{Frame, View, hour, within},
    shown,
    start::mistake,
    words::{Act, Words},
};
use crate::{
    app::{App, Shared},
    flow::{Asker, Loaded, Trouble, Way, contract, likeliest_rules},
    gate::{Form, Technician, journal},
};

/// What a page wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// The site.
    #[serde(rename = "lieux")]
    Structure,
    /// The fibres.
    #[serde(rename = "fibres")]
    Routes,
}

/// Where a page has stopped.
pub(super) struct Stop<'p> {
    pub contract: &'p ContractRef,
    pub way: &'p Way,
    pub intervention: i64,
    pub what: What,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Structure => "lieux",
            Self::Routes => "fibres",
        }
    }
}

/// The page of a contract whose reference cannot be one.
pub(super) fn by_reference(
    app: &App,
    view: &View,
    contract: &ContractRef,
) -> Result<Option<Response>, Oops> {
    let Some(mistake) = mistake(contract.as_str()) else { return Ok(None) };
    let frame = view.frame("Une référence est mal écrite", None);
    let page = context! {
        titre_page => "Une référence est mal écrite",
        texte => mistake,
        rien => true,
        bouton => context! { nom => "Corriger", lien => correct(contract.as_str()) },
    };
    app.page("message.html", &frame, page).map(Some)
}

/// What a page shows instead of what it wants to read.
pub(super) async fn page<V>(
    app: &Shared,
    view: &View,
    stop: &Stop<'_>,
    loaded: Loaded<V>,
) -> Result<Response, Oops> {
    match loaded {
        Loaded::Ready(_) => Ok(Redirect::to("/").into_response()),
        Loaded::Waiting(stand, since_ms) => {
            let frame = view.frame("Un instant", Some(stop.contract.as_str()));
            let waits_s = (app.service.now_ms() - since_ms) / 1000;
            let page = context! {
                file => shown::stand(stand),
                lent => stand.place.is_none() && waits_s >= 3,
                secondes => waits_s,
                quoi => stop.what.word(),
                retour => stop.way.url(stop.contract.as_str(), ""),
            };
            app.page("attente.html", &frame, page)
        }
        Loaded::Spent => {
            let (_, calls) = app.store.calls(stop.intervention).await?;
            let frame = view.frame("Interroger encore l'opérateur ?", Some(stop.contract.as_str()));
            let page = context! {
                titre_page => "Interroger encore l'opérateur ?",
                texte => format!("Cette intervention a déjà coûté {calls} appels à votre entreprise. Le suivant n'est fait que si vous le voulez."),
                bouton => again_button(stop, "Lire (1 appel)"),
            };
            app.page("message.html", &frame, page)
        }
        Loaded::TooOften(wait) => {
            too_often(app, &view.frame(TOO_OFTEN, Some(stop.contract.as_str())), wait)
        }
        Loaded::Failed(failure) => {
            let page = Failed {
                trouble: &failure.trouble,
                contract: stop.contract.as_str(),
                way: stop.way,
                retry: again_button(stop, ""),
                fate: None,
                retry_at_ms: failure.retry_at_ms,
                technician: &view.technician,
            };
            page.show(app, view)
        }
    }
}

const TOO_OFTEN: &str = "Un instant";

/// Whoever has read too much at once: the page goes on by itself, for nothing of it is lost.
fn too_often(app: &App, frame: &Frame<'_>, wait: Duration) -> Result<Response, Oops> {
    let seconds = wait.as_secs() + 1;
    let page = context! {
        titre_page => TOO_OFTEN,
        texte => format!("Vous avez interrogé l'opérateur très souvent en peu de temps. Ce qui est demandé ici vient tout seul dans {seconds} s, si cet écran reste ouvert. Votre choix est gardé."),
        rien => true,
        reprise_s => seconds,
        bouton => context! { nom => "Réessayer", lien => frame.look.here.clone() },
    };
    let page = app.page("message.html", frame, page)?;
    Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], page).into_response())
}

/// A form that reads once more, on a tap.
fn again_button(stop: &Stop<'_>, name: &str) -> Value {
    context! {
        nom => name,
        action => Way::default().url(stop.contract.as_str(), "/relire"),
        champs => shown::fields(stop.way, &[]),
        quoi => stop.what.word(),
    }
}

/// A page about something that went wrong.
pub(super) struct Failed<'p> {
    pub trouble: &'p Trouble,
    pub contract: &'p str,
    pub way: &'p Way,
    /// The button that does the same again, without its name.
    pub retry: Value,
    /// What became of the request that failed so, where it is about one.
    pub fate: Option<Fate>,
    /// When that is done by itself, as long as the page is open.
    pub retry_at_ms: Option<i64>,
    pub technician: &'p Technician,
}

/// What a request that came to nothing has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not sent.
    NothingLeft,
    /// It was refused.
    NothingChanged,
}

impl Failed<'_> {
    pub fn show(&self, app: &Shared, view: &View) -> Result<Response, Oops> {
        let usage = app.service.client.usage().ok();
        let words = Words::of(self.trouble, usage.as_ref());
        let now_ms = app.service.now_ms();
        let (label, act) = words.button;
        let page = context! {
            titre_page => words.title,
            texte => self.text(words.text),
            regles => self.rules(app),
            ambigu => self.ambiguous(),
            rien => self.fate == Some(Fate::NothingLeft),
            inchange => self.fate == Some(Fate::NothingChanged),
            bouton => self.button(app, label, act),
            reprise => self.retry_at_ms.map(|at| within(at, now_ms)),
            reprise_s => self.retry_at_ms.map(|at| ((at - now_ms) / 1000 + 1).max(1)),
            details => details(self.trouble, self.contract),
        };
        let title = format!("Erreur : {}", words.title);
        app.page("erreur.html", &view.frame(&title, Some(self.contract)), page)
    }

    /// What happened; where the contract was not found and has small letters, that it may want capitals.
    fn text(&self, text: String) -> String {
        let capitals = self.contract.to_uppercase();
        if self.trouble.known() != Some(CodeErreur::ContratIntrouvable) || capitals == self.contract
        {
            return text;
        }
        format!("{text} Sinon, essayez en majuscules : {capitals}")
    }

    /// The rules that a refused choice may have broken.
    fn rules(&self, app: &Shared) -> Vec<&'static str> {
        if self.trouble.code.as_deref() != Some("20015") {
            return Vec::new();
        }
        let contract = ContractRef::new(self.contract);
        let routes = app.flow.known_routes(&contract, &self.way.at());
        likeliest_rules(&contract, self.way, routes.as_ref().map_or(&[], |fresh| &fresh.value))
    }

    /// The contract's reference, its ambiguous characters marked, where it was not found.
    fn ambiguous(&self) -> Vec<Value> {
        if self.trouble.code.as_deref() != Some("20019") {
            return Vec::new();
        }
        let is_ambiguous = |c: char| matches!(c, '0' | 'O' | 'o' | '1' | 'I' | 'l');
        let all = self.contract.chars();
        all.map(|c| context! { signe => c.to_string(), ambigu => is_ambiguous(c) }).collect()
    }

    fn button(&self, app: &Shared, name: &str, act: Act) -> Value {
        let (contract, way) = (self.contract, self.way);
        let to = |link: String| context! { nom => name, lien => link };
        match act {
            Act::Retry | Act::Verify => context! { nom => name, ..self.retry.clone() },
            Act::Contract => to(correct(contract)),
            Act::Place => to(way.url(contract, "/lieux")),
            Act::Fibres => to(way.with(|way| way.fibre = None).url(contract, "/fibres")),
            Act::Recap if way.fibre.is_some() => to(way.url(contract, "/verifier")),
            Act::Correct if way.keeps() && way.fibre.is_some() => {
                let without = way.with(|way| way.garder = Some("0".to_owned()));
                to(without.url(contract, "/verifier"))
            }
            Act::Recap | Act::Correct => {
                to(way.with(|way| way.fibre = None).url(contract, "/fibres"))
            }
            Act::Ask => to(way.order_only().url(contract, "")),
            Act::Follow => context! {
                nom => name,
                action => Way::default().url(contract, "/suivre"),
                champs => shown::fields(&way.order_only(), &[]),
            },
            Act::Warn => match &app.settings.contact {
                Some(address) => to(letter(address, self.trouble, contract, self.technician)),
                None => context! { nom => "Appeler la hotline", hotline => true },
            },
            Act::Hotline => context! { nom => name, hotline => true },
        }
    }
}

/// What the hotline wants to know.
pub(super) fn details(trouble: &Trouble, contract: &str) -> Value {
    context! {
        contrat => contract,
        methode => trouble.method.clone(),
        code => trouble.code.clone(),
        libelle => trouble.label.clone(),
        heure => hour(trouble.at_ms),
        requete => trouble.request_id.clone(),
    }
}

fn correct(contract: &str) -> String {
    let query = serde_urlencoded::to_string([("contrat", contract)]).unwrap_or_default();
    format!("/?{query}")
}

/// A letter to the company, written already.
fn letter(address: &str, trouble: &Trouble, contract: &str, technician: &Technician) -> String {
    use crate::flow::segment;
    let code = trouble.code.as_deref().unwrap_or("sans code");
    let subject = format!("e-Reprov : {code} sur {contract}");
    let body = format!(
        "Contrat : {contract}\nCode : {code}\nLibellé : {}\nHeure : {}\nRequête : {}\nTechnicien : {}\n",
        trouble.label,
        hour(trouble.at_ms),
        trouble.request_id.as_deref().unwrap_or("-"),
        technician.name,
    );
    format!("mailto:{address}?subject={}&body={}", segment(&subject), segment(&body))
}

/// Which reading, and for which choice.
#[derive(Deserialize)]
pub(super) struct Fields {
    quoi: What,
    #[serde(flatten)]
    way: Way,
}

/// Reads once more, on a tap.
pub(super) async fn again(
    State(app): State<Shared>,
    technician: Technician,
    Path(reference): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Oops> {
    let (contract, way, now_ms) = (contract(&reference), fields.way.clean(), app.service.now_ms());
    if mistake(contract.as_str()).is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let intervention = app.store.intervention(contract.as_str(), technician.id, now_ms).await?;
    let act = "relire";
    journal::record(&app.store, &technician, now_ms, act, contract.as_str(), fields.quoi.word())
        .await?;
    // The form has asked already.
    let asker = Asker { intervention: intervention.id, is_tapped: true, may: &|| Ok(()) };
    match fields.quoi {
        What::Structure => {
            app.flow.structure(&contract, asker).await?;
        }
        What::Routes => {
            let lasts = app.flow.routes_last().0;
            app.flow.routes(&contract, &way.at(), lasts, asker).await?;
        }
    }
    let screen = match (fields.quoi, &way.fibre) {
        (What::Structure, _) => "/lieux",
        (What::Routes, Some(_)) => "/verifier",
        (What::Routes, None) => "/fibres",
    };
    Ok(Redirect::to(&way.url(contract.as_str(), screen)).into_response())
}
