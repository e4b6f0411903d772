//! How technicians sign in, as whoever runs the portal says.

use std::time::Duration;

use ereprov_client::Password;

/// How technicians sign in, for how long, and how often they may try.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Whether accounts of the portal's own let people in.
    pub accounts: bool,
    /// The operator's own sign-in; none: there is none.
    pub openid: Option<OpenId>,
    /// A session ends when it was not used for so long.
    pub session_idle: Duration,
    /// A session ends so long after it began, whatever happens.
    pub session_max: Duration,
    /// Acts that a technician may do at once; then one more each [`Self::act_every`].
    pub acts_at_once: u32,
    /// See [`Self::acts_at_once`].
    pub act_every: Duration,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            accounts: true,
            openid: None,
            session_idle: Duration::from_hours(12),
            session_max: Duration::from_hours(7 * 24),
            acts_at_once: 60,
            act_every: Duration::from_secs(2),
        }
    }
}

/// An operator's OpenID Connect provider, and whom of its people the portal is for.
#[derive(Debug, Clone)]
pub struct OpenId {
    /// Its issuer, under which its configuration is found.
    pub issuer: String,
    /// What it knows the portal as.
    pub client_id: String,
    /// What the portal proves that with; none: it is a public client, which PKCE alone protects.
    pub client_secret: Option<Password>,
    /// A private authority (PEM) for its certificate; no other is believed then.
    pub authority: Option<Vec<u8>>,
    /// What is asked for; `openid` is asked for in any case.
    pub scopes: Vec<String>,
    /// The claim that is shown as the technician's name; without it, another that names him.
    pub name_claim: String,
    /// The claim that lists his groups.
    pub groups_claim: String,
    /// Those of these groups are let in; none: everybody whom the provider lets in.
    pub allowed_groups: Vec<String>,
    /// Those whose verified address is in these domains are let in; none: everybody.
    pub allowed_domains: Vec<String>,
}

impl OpenId {
    /// A provider, without anything that need not be said.
    pub fn new(issuer: &str, client_id: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            authority: None,
            scopes: ["profile", "email"].map(str::to_owned).to_vec(),
            name_claim: "name".to_owned(),
            groups_claim: "groups".to_owned(),
            allowed_groups: Vec::new(),
            allowed_domains: Vec::new(),
        }
    }
}
