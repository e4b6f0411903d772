//! The operator's own sign-in: OpenID Connect, authorization code flow with PKCE.
//!
//! What a sign-in needs to come back stands in a sealed cookie of the browser that began it: the portal
//! keeps nothing, and nobody else can finish it.

mod claims;
mod provider;

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, time::Duration};

pub use provider::BadOpenId;
pub(super) use provider::Provider;

use super::{
    Address, Technician, cookie::Cookie, pages::sign_in::Wrong, secret, session::ms,
    technician::own_page,
};
use crate::{
    app::{App, Shared},
    pages::Oops,
    store::{StoreError, technicians},
};
use claims::Claims;

/// How long somebody may take at the provider's.
const ATTEMPT_LASTS: Duration = Duration::from_mins(10);

/// A sign-in that is under way.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    target: String,
    until_ms: i64,
}

/// Where one wanted to go.
#[derive(Deserialize)]
pub(super) struct Wanted {
    vers: Option<String>,
}

/// What the provider sends a browser back with.
#[derive(Deserialize)]
pub(super) struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Sends the browser to the provider.
pub(super) async fn begin(
    State(app): State<Shared>,
    Extension(Address(address)): Extension<Address>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let target = own_page(wanted.vers.as_deref());
    let Some(provider) = &app.gate.openid else {
        return Ok(Redirect::to("/connexion").into_response());
    };
    let [state, nonce, verifier] = [(); 3].map(|()| secret::new(&app.gate.entropy));
    let until_ms = app.service.now_ms() + ms(ATTEMPT_LASTS);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let back = app.back();
    let asked = [
        ("response_type", "code"),
        ("redirect_uri", &back),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let url = match provider.authorization(&asked).await {
        Ok(url) => url,
        Err(error) => {
            tracing::error!(%error, "the OpenID Connect provider cannot be used");
            app.refuse(None, address, Wrong::Provider).await?;
            return app.sign_in_page(&headers, target, "", Some(Wrong::Provider));
        }
    };
    let attempt = Attempt { state, nonce, verifier, target: target.to_owned(), until_ms };
    let cookie =
        Cookie::Attempt.set(&app.sealed(&attempt), ATTEMPT_LASTS, app.gate.origin.is_https);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&url)).into_response())
}

/// Lets in whom the provider has sent back.
pub(super) async fn come_back(
    State(app): State<Shared>,
    Extension(Address(address)): Extension<Address>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let https = app.gate.origin.is_https;
    let attempt = Cookie::Attempt.read(&headers, https).and_then(|sealed| app.opened(&sealed));
    let target = attempt.as_ref().map_or("/", |attempt| own_page(Some(&attempt.target)));
    let shown = match app.finish(attempt.as_ref(), back).await {
        Ok(claims) => app.welcome(&headers, &claims, address, target).await?,
        Err(wrong) => {
            // Whoever comes without having been sent there is no attempt, and fills no journal.
            if attempt.is_some() {
                app.refuse(None, address, wrong).await?;
            }
            app.sign_in_page(&headers, target, "", Some(wrong))?
        }
    };
    let forget = (header::SET_COOKIE, Cookie::Attempt.forget(https));
    Ok((AppendHeaders([forget]), shown).into_response())
}

impl App {
    /// Where the provider sends browsers back to.
    fn back(&self) -> String {
        format!("{}/connexion/retour", self.gate.origin.as_str())
    }

    fn sealed(&self, attempt: &Attempt) -> String {
        let text = serde_json::to_vec(attempt).expect("texts and a number are JSON");
        let text = URL_SAFE_NO_PAD.encode(text);
        let seal = secret::seal(&self.gate.key, "essai", &text);
        format!("{text}.{seal}")
    }

    /// What this process has sealed, while it lasts.
    fn opened(&self, sealed: &str) -> Option<Attempt> {
        let (text, seal) = sealed.split_once('.')?;
        if !secret::is_sealed(&self.gate.key, "essai", text, seal) {
            return None;
        }
        let attempt: Attempt = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (self.service.now_ms() < attempt.until_ms).then_some(attempt)
    }

    /// What the provider says about whoever it has sent back.
    async fn finish(&self, attempt: Option<&Attempt>, back: Back) -> Result<Claims, Wrong> {
        let (Some(provider), Some(attempt)) = (&self.gate.openid, attempt) else {
            return Err(Wrong::Stale);
        };
        if back.state.as_deref() != Some(&attempt.state) {
            return Err(Wrong::Stale);
        }
        if let Some(error) = back.error {
            tracing::info!(?error, "the OpenID Connect provider lets somebody not in");
            return Err(if error == "access_denied" { Wrong::NotForYou } else { Wrong::Provider });
        }
        let refused = |error: &dyn std::fmt::Display| {
            tracing::warn!(%error, "a sign-in with OpenID Connect was refused");
            Wrong::Provider
        };
        if back.iss.is_some_and(|issuer| issuer != provider.settings.issuer) {
            return Err(refused(&"the answer is of another issuer"));
        }
        let code = back.code.ok_or_else(|| refused(&"there is no code"))?;
        let token = provider.redeem(&code, &self.back(), &attempt.verifier).await;
        let token = token.map_err(|error| refused(&error))?;
        let now_s = self.service.now_ms() / 1000;
        let claims = provider.verified(&token, &attempt.nonce, now_s).await;
        let claims = claims.map_err(|error| refused(&error))?;
        if claims.are_allowed(&provider.settings) { Ok(claims) } else { Err(Wrong::NotForYou) }
    }

    async fn welcome(
        &self,
        headers: &HeaderMap,
        claims: &Claims,
        address: IpAddr,
        target: &str,
    ) -> Result<Response, Oops> {
        let (login, now_ms) = (format!("openid:{}", claims.subject), self.service.now_ms());
        let name = claims.name.clone();
        let met = self.store.with(move |db| technicians::met(db, &login, &name, now_ms));
        let account = met.await?;
        if account.disabled {
            self.refuse(Some(&account), address, Wrong::NotForYou).await?;
            return self.sign_in_page(headers, target, "", Some(Wrong::NotForYou));
        }
        let proven = account.password_hash;
        let technician = Technician { id: account.id, login: account.login, name: account.name };
        let shown = self.let_in(headers, &technician, proven, address, target).await;
        shown.map_err(|error: StoreError| error.into())
    }
}
