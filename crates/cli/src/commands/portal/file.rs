//! The portal's settings, as a file has them.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use ereprov_door::{
    forwarded::{Header, Proxies},
    ip_list::IpList,
};
use ereprov_portal::{ColourOrder, OpenId, SignIn};
use serde::Deserialize;

use crate::{
    failure::Failure,
    lang::Both,
    profiles::{about, read_password},
};

/// What a file says; what it does not say stays as it is without one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub listen: Option<SocketAddr>,
    pub public_url: Option<String>,
    pub data: Option<PathBuf>,
    pub company: Option<String>,
    pub hotline: Option<String>,
    pub contact: Option<String>,
    pub colours: Option<Colours>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    proxy_header: Option<Header>,
    journal_days: Option<u64>,
    shared_interventions: Option<bool>,
    accounts: Option<bool>,
    session_idle_hours: Option<u64>,
    session_max_days: Option<u64>,
    acts_at_once: Option<u32>,
    act_every_ms: Option<u64>,
    openid: Option<Provider>,
}

/// In which order fibres and tubes lie in a cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    /// SFR's, which the specification's samples have
    Sfr,
    /// France Télécom's and Orange's
    Orange,
    /// TIA-598, FOTAG
    Tia,
    /// IEC 60304, DIN
    Iec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    authority: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    name_claim: Option<String>,
    groups_claim: Option<String>,
    #[serde(default)]
    allowed_groups: Vec<String>,
    #[serde(default)]
    allowed_domains: Vec<String>,
}

/// A year, after which nobody asks any more.
const JOURNAL_DAYS: u64 = 365;
/// Of any number of hours or days: a hundred years.
const HOURS_MAX: u64 = 876_600;

impl File {
    /// Reads one.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(file).map_err(|error| about(file, &error))?;
        toml::from_str(&text).map_err(|error| about(file, &error))
    }

    /// Whose word on a caller's address is taken.
    pub fn proxies(&self) -> Result<Proxies, Failure> {
        let trusted = IpList::from_texts(self.trusted_proxies.iter().map(String::as_str));
        let trusted = trusted.map_err(|error| wrong("trusted_proxies", error.to_string()))?;
        if let Some(all) = trusted.everywhere() {
            let why = Both::new(
                format!("{all} trusts everybody"),
                format!("{all} fait confiance à tout le monde"),
            );
            return Err(wrong("trusted_proxies", why));
        }
        Ok(Proxies { trusted, header: self.proxy_header.unwrap_or(Header::XForwardedFor) })
    }

    /// How long the journal is kept.
    pub fn journal_lasts(&self) -> Result<Duration, Failure> {
        hours("journal_days", self.journal_days.unwrap_or(JOURNAL_DAYS), 24)
    }

    /// Whether technicians see what others have asked for.
    pub fn shares_interventions(&self) -> bool {
        self.shared_interventions.unwrap_or(true)
    }

    /// How technicians sign in.
    pub fn sign_in(&self) -> Result<SignIn, Failure> {
        let usual = SignIn::default();
        let time = |key, value: Option<u64>, unit, usual| {
            value.map_or(Ok(usual), |value| hours(key, value, unit))
        };
        let every = self.act_every_ms.map_or(usual.act_every, Duration::from_millis);
        Ok(SignIn {
            accounts: self.accounts.unwrap_or(usual.accounts),
            openid: self.openid.as_ref().map(Provider::read).transpose()?,
            session_idle: time(
                "session_idle_hours",
                self.session_idle_hours,
                1,
                usual.session_idle,
            )?,
            session_max: time("session_max_days", self.session_max_days, 24, usual.session_max)?,
            acts_at_once: self.acts_at_once.unwrap_or(usual.acts_at_once),
            act_every: every.min(Duration::from_hours(1)),
        })
    }
}

impl Provider {
    fn read(&self) -> Result<OpenId, Failure> {
        let mut openid = OpenId::new(&self.issuer, &self.client_id);
        openid.client_secret = self.client_secret_file.as_deref().map(read_password).transpose()?;
        if let Some(file) = &self.authority {
            openid.authority = Some(fs::read(file).map_err(|error| about(file, &error))?);
        }
        let said = |value: &Option<String>, usual| value.clone().unwrap_or(usual);
        openid.name_claim = said(&self.name_claim, openid.name_claim);
        openid.groups_claim = said(&self.groups_claim, openid.groups_claim);
        openid.scopes = self.scopes.clone().unwrap_or(openid.scopes);
        openid.allowed_groups.clone_from(&self.allowed_groups);
        openid.allowed_domains.clone_from(&self.allowed_domains);
        Ok(openid)
    }
}

impl From<Colours> for ColourOrder {
    fn from(colours: Colours) -> Self {
        match colours {
            Colours::Sfr => Self::Sfr,
            Colours::Orange => Self::Orange,
            Colours::Tia => Self::Tia,
            Colours::Iec => Self::Iec,
        }
    }
}

fn hours(key: &str, value: u64, unit: u64) -> Result<Duration, Failure> {
    let hours = value.saturating_mul(unit);
    if value == 0 || hours > HOURS_MAX {
        let most = HOURS_MAX / unit;
        let why = Both::new(
            format!("{value} is not between 1 and {most}"),
            format!("{value} n'est pas entre 1 et {most}"),
        );
        return Err(wrong(key, why));
    }
    Ok(Duration::from_hours(hours))
}

fn wrong(key: &str, why: impl Into<Both>) -> Failure {
    let message =
        Both::new(format!("{key} cannot be used"), format!("{key} ne peut pas être utilisé"));
    Failure::usage(message).cause(why)
}
