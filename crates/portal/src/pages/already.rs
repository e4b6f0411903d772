//! What a second form for a contract comes to: its contract has an open request already, and that one is shown.

use axum::response::Response;
use minijinja::context;

use super::{
    Oops,
    frame::{View, ago, hour},
};
use crate::{
    app::Shared,
    store::{Request, Stage, technicians},
};

/// Says that a request is open already, whose it is and since when; and leads there.
pub(super) async fn show(app: &Shared, view: &View, request: &Request) -> Result<Response, Oops> {
    let technician = request.technician;
    let name = app.store.with(move |db| technicians::name(db, technician)).await?;
    let whose = if technician == view.technician.id {
        "vous".to_owned()
    } else {
        name.unwrap_or_else(|| "un collègue".to_owned())
    };
    let (at, fibre) = (request.asked_ms, &request.chosen.fibre);
    let when = format!("{} ({})", hour(at), ago(at, app.service.now_ms()));
    let text = match request.stage {
        Stage::Followed => format!(
            "Un changement est déjà en cours chez l'opérateur pour ce contrat. Suivi ici par {whose} depuis {when}."
        ),
        _ => format!("Demandée par {whose} à {when}, pour la fibre {fibre}."),
    };
    let title = "Une demande est déjà ouverte pour ce contrat";
    let page = context! {
        titre_page => title,
        texte => format!("{text} Un contrat n'a qu'une demande à la fois."),
        rien_de => "Votre nouvelle demande n'est pas partie.",
        bouton => context! { nom => "Voir où elle en est", lien => format!("/d/{}", request.id) },
    };
    app.page("message.html", &view.frame(title, Some(&request.contract)), page)
}
