//! /connexion: who are you?

use std::time::Duration;

use axum::{
    Extension,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use ereprov_client::Password;
use ereprov_door::ip_list::neighbourhood;
use minijinja::context;
use serde::Deserialize;

use crate::{
    app::{App, Shared},
    gate::{
        Address, Technician, Token,
        admin::login_of,
        cookie::Cookie,
        journal::Entry,
        passwords::Try,
        secret,
        technician::{own_page, provider_url, sign_in_url},
        token::{arrived, is_ours},
    },
    pages::{Frame, Look, Oops, Theme},
    store::{
        StoreError,
        technicians::{self, Account},
    },
};

/// How long a sign-in page can be used.
const VISIT_LASTS: Duration = Duration::from_hours(12);

/// Where one wanted to go.
#[derive(Deserialize)]
pub(in crate::gate) struct Wanted {
    vers: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    login: String,
    mot_de_passe: String,
    vers: Option<String>,
}

/// What is wrong, in the technician's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gate) enum Wrong {
    /// The login, the password, or both; or he is not let in.
    Password,
    /// There were too many wrong ones.
    Wait(Duration),
    /// Too many others sign in.
    Busy,
    /// The page is old, or not ours.
    Stale,
    /// The operator's provider said no, or nothing that can be understood.
    Provider,
    /// The operator's provider knows him, and the portal is not for him.
    NotForYou,
}

impl Wrong {
    fn status(self) -> StatusCode {
        match self {
            Self::Password => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Provider => StatusCode::BAD_GATEWAY,
            Self::Stale | Self::NotForYou => StatusCode::FORBIDDEN,
        }
    }

    pub(in crate::gate) fn words(self) -> String {
        match self {
            Self::Password => "L'identifiant ou le mot de passe n'est pas le bon.".to_owned(),
            Self::Wait(wait) if wait.as_secs() < 60 => {
                format!("Trop d'essais. Réessayez dans {} secondes.", wait.as_secs() + 1)
            }
            Self::Wait(wait) => {
                format!("Trop d'essais. Réessayez dans {} minutes.", wait.as_secs() / 60 + 1)
            }
            Self::Busy => {
                "Trop de monde se connecte en ce moment. Réessayez dans une minute, ou sur un téléphone où vous vous êtes déjà connecté."
                    .to_owned()
            }
            Self::Stale => "Cette page n'était plus valable. Réessayez maintenant.".to_owned(),
            Self::Provider => {
                "La connexion par votre entreprise n'a pas abouti. Réessayez.".to_owned()
            }
            Self::NotForYou => {
                "Votre compte n'a pas accès à ce portail. Demandez l'accès à votre entreprise."
                    .to_owned()
            }
        }
    }

    /// What the journal calls it.
    fn outcome(self) -> &'static str {
        match self {
            Self::Password => "refusee",
            Self::Wait(_) => "trop-d-essais",
            Self::Busy => "surcharge",
            Self::Stale => "page-perimee",
            Self::Provider => "fournisseur",
            Self::NotForYou => "sans-acces",
        }
    }
}

/// The page; who is signed in already goes on.
pub(in crate::gate) async fn show(
    State(app): State<Shared>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let target = own_page(wanted.vers.as_deref());
    if app.session(&headers).await?.is_some() {
        return Ok(Redirect::to(target).into_response());
    }
    app.sign_in_page(&headers, target, "", None)
}

/// A login and a password.
pub(in crate::gate) async fn submit(
    State(app): State<Shared>,
    Extension(Address(address)): Extension<Address>,
    request: Request,
) -> Result<Response, Response> {
    let oops = |error: StoreError| Oops::from(error).into_response();
    let headers = request.headers().clone();
    let body = arrived(request).await?;
    let fields: Result<Fields, _> = serde_urlencoded::from_bytes(&body);
    let visitor = Cookie::Visitor.read(&headers, app.gate.origin.is_https);
    let ours = visitor.is_some_and(|secret| is_ours(&app.gate.origin, &headers, &secret, &body));
    let again = |typed: &str, target: &str, wrong| {
        app.sign_in_page(&headers, target, typed, Some(wrong))
            .unwrap_or_else(IntoResponse::into_response)
    };
    let (Ok(fields), true, true) = (fields, ours, app.settings.sign_in.accounts) else {
        return Ok(again("", "/", Wrong::Stale));
    };
    let target = own_page(fields.vers.as_deref());
    let password = Password::new(fields.mot_de_passe);
    // What is longer than any login is nobody's, after the same work.
    let login = login_of(&fields.login).unwrap_or_default();
    let device = app.device_of(&headers, &login).await.map_err(oops)?;
    let this = Try::new(&login, address, device);
    let found = app.store.with(move |db| technicians::find(db, &login)).await.map_err(oops)?;
    match app.prove(&this, found.clone(), &password).await {
        Ok(account) => {
            let proven = account.password_hash;
            let technician =
                Technician { id: account.id, login: account.login, name: account.name };
            app.let_in(&headers, &technician, proven, address, target).await.map_err(oops)
        }
        Err(wrong) => {
            app.refuse(found.as_ref(), address, wrong).await.map_err(oops)?;
            Ok(again(&fields.login, target, wrong))
        }
    }
}

impl App {
    /// Whose password it is.
    pub(in crate::gate) async fn prove(
        &self,
        this: &Try,
        found: Option<Account>,
        password: &Password,
    ) -> Result<Account, Wrong> {
        let gate = &self.gate;
        let now_ms = self.service.now_ms();
        let counted = gate.tries.begin(this, now_ms).map_err(Wrong::Wait)?;
        let free = found.filter(|account| !account.disabled);
        let hash = free.as_ref().and_then(|account| account.password_hash.clone());
        let right = gate.passwords.verify(password, hash, (this, now_ms)).await.map_err(|_| {
            gate.tries.forgive(this, counted);
            Wrong::Busy
        })?;
        let account = free.filter(|_| right).ok_or(Wrong::Password)?;
        gate.tries.forgive(this, counted);
        Ok(account)
    }

    /// Begins a session and goes where one wanted.
    pub(in crate::gate) async fn let_in(
        &self,
        headers: &HeaderMap,
        technician: &Technician,
        proven: Option<String>,
        address: std::net::IpAddr,
        target: &str,
    ) -> Result<Response, StoreError> {
        let cookies = self.begin_session(headers, technician.id, proven).await?;
        let entry = Entry::of(technician, self.service.now_ms(), "connexion").outcome("OK");
        Entry { address: address.to_string(), ..entry }.keep(&self.store).await?;
        let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
        Ok((AppendHeaders(cookies), Redirect::to(target)).into_response())
    }

    /// Writes down that somebody was not let in. What was typed is written down where it is a login that
    /// exists: else it may be a password in the wrong field. From one address, so many are.
    pub(in crate::gate) async fn refuse(
        &self,
        whom: Option<&Account>,
        address: std::net::IpAddr,
        wrong: Wrong,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        if self.gate.refusals.take(&neighbourhood(address), now_ms).is_err() {
            return Ok(());
        }
        let (login, name) = whom.map(|it| (it.login.clone(), it.name.clone())).unwrap_or_default();
        let entry = Entry {
            at_ms: now_ms,
            login,
            name,
            address: address.to_string(),
            act: "connexion".to_owned(),
            ..Entry::default()
        };
        entry.outcome(wrong.outcome()).keep(&self.store).await
    }

    /// The sign-in page, with what is wrong.
    pub(in crate::gate) fn sign_in_page(
        &self,
        headers: &HeaderMap,
        target: &str,
        typed: &str,
        wrong: Option<Wrong>,
    ) -> Result<Response, Oops> {
        let https = self.gate.origin.is_https;
        let known = Cookie::Visitor.read(headers, https).filter(|it| secret::is_one(it));
        let visitor = known.unwrap_or_else(|| secret::new(&self.gate.entropy));
        let title = if wrong.is_some() { "Erreur : connexion" } else { "Connexion" };
        let token = Token::of(&visitor);
        let look = Look { theme: Theme::of(headers), here: sign_in_url(target) };
        let frame = Frame { title, technician: None, token: &token, contract: None, look: &look };
        let page = self.page(
            "connexion.html",
            &frame,
            context! {
                erreur => wrong.map(Wrong::words),
                login => typed,
                vers => target,
                comptes => self.settings.sign_in.accounts,
                entreprise => self.gate.openid.as_ref().map(|_| provider_url(target)),
            },
        )?;
        let cookie: HeaderValue = Cookie::Visitor.set(&visitor, VISIT_LASTS, https);
        let mut response = ([(header::SET_COOKIE, cookie)], page).into_response();
        if let Some(wrong) = wrong {
            *response.status_mut() = wrong.status();
            let wait = match wrong {
                Wrong::Wait(wait) => Some(wait.as_secs() + 1),
                Wrong::Busy => Some(60),
                _ => None,
            };
            if let Some(seconds) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
        }
        Ok(response)
    }
}
