//! /mot-de-passe: another password for one's own account.

use axum::{
    Extension, RequestExt,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use ereprov_client::Password;
use minijinja::context;
use serde::Deserialize;

use super::sign_in::Wrong;
use crate::{
    app::{App, Shared},
    gate::{
        Address, Form, Token,
        journal::Entry,
        passwords::{self, BadPassword, CHARACTERS_MIN, Try},
        session::Session,
    },
    pages::{Frame, Look, Oops, Theme},
    store::{StoreError, technicians},
};

#[derive(Deserialize)]
struct Fields {
    actuel: String,
    nouveau: String,
}

/// The page.
pub(in crate::gate) async fn show(
    State(app): State<Shared>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    app.password_page(&session, &headers, None)
}

/// The password that he has, and the one that he wants.
pub(in crate::gate) async fn submit(
    State(app): State<Shared>,
    Extension(Address(address)): Extension<Address>,
    mut request: Request,
) -> Result<Response, Response> {
    let oops = |error: StoreError| Oops::from(error).into_response();
    let headers = request.headers().clone();
    let session: Session = request.extract_parts_with_state(&app).await?;
    let Form(Fields { actuel, nouveau }) = Form::from_request(request, &app).await?;
    let again = |wrong: &str| {
        app.password_page(&session, &headers, Some(wrong))
            .unwrap_or_else(IntoResponse::into_response)
    };
    let [current, wanted] = [actuel, nouveau].map(Password::new);
    if let Err(bad) = passwords::check(&wanted, &session.technician.login) {
        return Ok(again(&words(bad)));
    }
    let login = session.technician.login.clone();
    let device = app.device_of(&headers, &login).await.map_err(oops)?;
    let this = Try::new(&login, address, device);
    let found = app.store.with(move |db| technicians::find(db, &login)).await.map_err(oops)?;
    let account = match app.prove(&this, found, &current).await {
        Ok(account) => account,
        Err(Wrong::Password) => return Ok(again("Le mot de passe actuel n'est pas le bon.")),
        Err(other) => return Ok(again(&other.words())),
    };
    let Ok(Some(hash)) = app.gate.passwords.hash(&wanted, &app.gate.entropy).await else {
        return Ok(again(&Wrong::Busy.words()));
    };
    let proven = account.password_hash.unwrap_or_default();
    app.change(&headers, &session, proven, hash).await.map_err(oops)
}

impl App {
    /// Every session is over, and this browser has a new one.
    async fn change(
        &self,
        headers: &HeaderMap,
        session: &Session,
        proven: String,
        hash: String,
    ) -> Result<Response, StoreError> {
        let technician = &session.technician;
        let id = technician.id;
        let new = hash.clone();
        self.store.with(move |db| technicians::change_password(db, id, (&proven, &hash))).await?;
        let cookies = self.begin_session(headers, id, Some(new)).await?;
        let entry = Entry::of(technician, self.service.now_ms(), "mot-de-passe").outcome("OK");
        entry.keep(&self.store).await?;
        let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
        Ok((AppendHeaders(cookies), Redirect::to("/")).into_response())
    }

    fn password_page(
        &self,
        session: &Session,
        headers: &HeaderMap,
        wrong: Option<&str>,
    ) -> Result<Response, Oops> {
        let title = if wrong.is_some() { "Erreur : mot de passe" } else { "Mot de passe" };
        let (technician, token) = (Some(&session.technician), Token::of(&session.secret));
        let look = Look { theme: Theme::of(headers), here: "/mot-de-passe".to_owned() };
        let frame = Frame { title, technician, token: &token, contract: None, look: &look };
        let mut page = self.page(
            "mot-de-passe.html",
            &frame,
            context! {
                erreur => wrong,
                possible => session.has_password,
                login => session.technician.login.clone(),
                caracteres => CHARACTERS_MIN,
            },
        )?;
        if wrong.is_some() {
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Ok(page)
    }
}

fn words(bad: BadPassword) -> String {
    match bad {
        BadPassword::TooShort => {
            format!(
                "Le nouveau mot de passe est trop court : {CHARACTERS_MIN} caractères au moins."
            )
        }
        BadPassword::TooLong => "Le nouveau mot de passe est trop long.".to_owned(),
        BadPassword::IsTheLogin => {
            "Le nouveau mot de passe ne peut pas être l'identifiant.".to_owned()
        }
    }
}
