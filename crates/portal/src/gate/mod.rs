//! Who may use the portal: extractors for the handlers, and what surrounds every page.
//!
//! A handler that takes a [`Technician`] is for those who are signed in; one that changes something takes
//! its body as [`Form`], which no other site can send.

mod admin;
mod around;
mod bucket;
mod cookie;
pub mod journal;
mod lanes;
mod openid;
mod origin;
mod pages;
mod passwords;
mod secret;
mod session;
mod sign_in;
mod sweep;
mod technician;
mod token;

use std::{net::IpAddr, time::Duration};

use axum::{
    Router,
    routing::{get, post},
};
use ereprov_client::Entropy;

pub use admin::{Administration, NoAccount, Person};
pub(crate) use around::around;
pub use openid::BadOpenId;
pub use origin::BadUrl;
pub(crate) use origin::Origin;
pub use passwords::BadPassword;
pub(crate) use session::end_without_way_in;
pub use sign_in::{OpenId, SignIn};
pub(crate) use sweep::sweep_for_ever;
pub(crate) use technician::{Technician, own_page};
pub(crate) use token::{Form, Token};

use crate::{app::Shared, settings::Settings};
use bucket::{Allowance, Buckets};
use passwords::Passwords;

/// Refused sign-ins from one address that are written down.
const REFUSALS: Allowance = Allowance { at_once: 100, every: Duration::from_mins(1) };

/// What the gate holds in memory.
pub(crate) struct Gate {
    origin: Origin,
    entropy: Entropy,
    passwords: Passwords,
    openid: Option<openid::Provider>,
    /// Signs what a browser keeps of a sign-in that is under way; dies with the process.
    key: [u8; 32],
    tries: passwords::Tries,
    /// By technician.
    acts: Buckets<i64>,
    /// Refused sign-ins that are written down, by address: nobody fills the disk with them.
    refusals: Buckets<IpAddr>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadSettings {
    /// The public address.
    #[error(transparent)]
    Url(#[from] BadUrl),
    /// The operator's provider.
    #[error("OpenID Connect: {0}")]
    OpenId(#[from] BadOpenId),
    /// Nobody could sign in.
    #[error("neither accounts nor OpenID Connect let anybody in")]
    Nobody,
}

impl Gate {
    pub fn new(settings: &Settings, entropy: &Entropy) -> Result<Self, BadSettings> {
        let sign_in = &settings.sign_in;
        let openid = sign_in.openid.clone().map(openid::Provider::new).transpose()?;
        if !sign_in.accounts && openid.is_none() {
            return Err(BadSettings::Nobody);
        }
        let acts = Allowance { at_once: sign_in.acts_at_once, every: sign_in.act_every };
        Ok(Self {
            origin: Origin::parse(&settings.public_url)?,
            entropy: entropy.clone(),
            passwords: Passwords::new(entropy),
            openid,
            key: entropy.bytes(),
            tries: passwords::Tries::new(),
            acts: Buckets::new(acts),
            refusals: Buckets::new(REFUSALS),
        })
    }

    /// Whether a technician may do one more thing; every [`Form`] asks it, and every page before it calls the
    /// service.
    ///
    /// # Errors
    /// For how long he may not.
    pub fn act(&self, technician: &Technician, now_ms: i64) -> Result<(), Duration> {
        self.acts.take(&technician.id, now_ms)
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address(pub IpAddr);

/// The gate's own pages.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/connexion", get(pages::sign_in::show).post(pages::sign_in::submit))
        .route("/connexion/entreprise", get(openid::begin))
        .route("/connexion/retour", get(openid::come_back))
        .route("/deconnexion", post(pages::sign_out::submit))
        .route("/mot-de-passe", get(pages::password::show).post(pages::password::submit))
}
