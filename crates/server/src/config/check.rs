//! What the types of the settings do not say, and the settings that are read into the types of
//! others.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ereprov_door::{forwarded::Proxies, ip_list::IpList, tls::Files};
use ereprov_wire::operation::Operation;

use super::{BehaviourEntry, Config, ConfigError, ProfileEntry, Telemetry};
use crate::{
    admission::{
        backoff::WAIT_MAX,
        digest::{Digests, Window},
        keyring::{Keyring, KeyringError},
        profile::{Profile, Profiles},
    },
    clock::Entropy,
    network::{AskBehaviour, Behaviour, Settings},
    store::Location,
    telemetry::pages,
};

/// Longest time for which a verified password is believed, in seconds.
const CREDENTIAL_CACHE_S_MAX: u64 = 60;

/// Longest time for which the audit is kept, where it is not for ever, in days: a hundred years.
const KEEP_DAYS_MAX: u64 = 36_525;

/// Longest time for which a PasswordDigest is good, before and after, in seconds.
const DIGEST_S_MAX: u64 = 3600;

/// Shortest lease, in milliseconds: it is renewed three times in its length.
const LEASE_MS_MIN: u64 = 300;

pub(super) fn wrong(key: impl Into<String>, reason: impl Into<String>) -> ConfigError {
    ConfigError::Value { key: key.into(), reason: reason.into() }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let server = &self.server;
        let at_least_one = [
            ("server.request_deadline_ms", server.request_deadline_ms),
            ("server.head_read_ms", server.head_read_ms),
            ("server.body_read_ms", server.body_read_ms),
            ("server.body_bytes_max", server.body_bytes_max as u64),
            ("server.connections_max", server.connections_max as u64),
            ("server.connections_per_address_max", server.connections_per_address_max as u64),
            ("server.write_stall_ms", server.write_stall_ms),
            ("server.requests_at_once_max", server.requests_at_once_max as u64),
            ("database.connections_max", self.database.connections_max as u64),
            ("database.deadline_ms", self.database.deadline_ms),
            ("networks.ask_deadline_ms", self.networks.ask_deadline_ms),
            ("networks.call_deadline_ms", self.networks.call_deadline_ms),
            ("audit.seal_every_ms", self.audit.seal_every_ms),
            ("workflow.poll_ms", self.workflow.poll_ms),
            ("workflow.failures_max", self.workflow.failures_max.into()),
            ("admission.login_failures_max", self.admission.login_failures_max.into()),
            ("admission.login_backoff_first_ms", self.admission.login_backoff_first_ms),
            ("admission.login_backoff_counts_max", self.admission.login_backoff_counts_max as u64),
        ];
        if let Some((key, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
            return Err(wrong(*key, "at least 1"));
        }
        check_path(&server.path)?;
        let url = server.public_url.as_str();
        if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
            return Err(wrong("server.public_url", "http:// or https:// is expected"));
        }
        if server.request_deadline_ms <= self.networks.ask_deadline_ms {
            let reason = "must exceed networks.ask_deadline_ms";
            return Err(wrong("server.request_deadline_ms", reason));
        }
        if self.workflow.lease_ms < LEASE_MS_MIN {
            return Err(wrong("workflow.lease_ms", format!("at least {LEASE_MS_MIN}")));
        }
        if self.admission.credential_cache_s > CREDENTIAL_CACHE_S_MAX {
            let reason = format!("{CREDENTIAL_CACHE_S_MAX} at the most");
            return Err(wrong("admission.credential_cache_s", reason));
        }
        let longest = Duration::from_millis(self.admission.login_backoff_max_ms);
        if longest > WAIT_MAX
            || longest < Duration::from_millis(self.admission.login_backoff_first_ms)
        {
            let reason = format!("between login_backoff_first_ms and {}", WAIT_MAX.as_millis());
            return Err(wrong("admission.login_backoff_max_ms", reason));
        }
        let login = &self.login;
        let windows = [
            ("login.digest_past_s", login.digest_past_s, 1),
            ("login.digest_future_s", login.digest_future_s, 0),
        ];
        for (key, value, least) in windows {
            if !(least..=DIGEST_S_MAX).contains(&value) {
                return Err(wrong(key, format!("{least} to {DIGEST_S_MAX}")));
            }
        }
        let telemetry = self.telemetry.listen()?;
        if telemetry.is_some_and(|address| address == server.listen && address.port() != 0) {
            return Err(wrong("telemetry.listen", "the same as server.listen"));
        }
        self.check_retention()?;
        self.location()?;
        self.tls()?;
        self.proxies()?;
        self.profiles()?;
        self.networks()?;
        self.notify.check()
    }

    fn check_retention(&self) -> Result<(), ConfigError> {
        if self.audit.keep_days > KEEP_DAYS_MAX {
            return Err(wrong("audit.keep_days", format!("{KEEP_DAYS_MAX} at the most")));
        }
        Ok(())
    }

    /// What can be used but is hardly meant, in sentences.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let listen = self.server.listen;
        if self.server.public_url.is_empty() && listen.ip().is_unspecified() {
            doubts.push(format!(
                "server.public_url is empty: the WSDL will send callers to http://{listen}"
            ));
        }
        let everywhere = self.proxies().ok().and_then(|proxies| proxies.trusted.everywhere());
        if let Some(network) = everywhere {
            doubts.push(format!(
                "server.trusted_proxies has {network}: every caller may say where it comes from"
            ));
        }
        doubts.extend(self.exposed());
        doubts
    }

    /// The proxies whose word on a caller's address is taken.
    ///
    /// # Errors
    /// One is no network.
    pub fn proxies(&self) -> Result<Proxies, ConfigError> {
        let trusted = IpList::from_texts(self.server.trusted_proxies.iter().map(String::as_str))
            .map_err(|bad| wrong("server.trusted_proxies", bad.to_string()))?;
        Ok(Proxies { trusted, header: self.server.forwarded_header })
    }

    /// Where the data is.
    ///
    /// # Errors
    /// The URL is not one that is known.
    pub fn location(&self) -> Result<Location, ConfigError> {
        Location::parse(&self.database.url.0).map_err(|reason| wrong("database.url", reason))
    }

    /// The files of TLS; none: the service speaks plain HTTP.
    ///
    /// # Errors
    /// One is named and another one that it needs is not.
    pub fn tls(&self) -> Result<Option<Files>, ConfigError> {
        let named = |file: &str| Some(PathBuf::from(file)).filter(|_| !file.is_empty());
        let tls = &self.tls;
        match (named(&tls.certificate), named(&tls.key), named(&tls.client_ca)) {
            (None, None, None) => Ok(None),
            (Some(certificate), Some(key), client_ca) => {
                let client_certificates = tls.client_certificates;
                Ok(Some(Files { certificate, key, client_ca, client_certificates }))
            }
            (None, _, _) => Err(wrong("tls.certificate_file", "missing, where others are given")),
            (_, None, _) => Err(wrong("tls.key_file", "missing, where the certificate is given")),
        }
    }

    /// Whether callers are asked for a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        !self.tls.client_ca.is_empty()
    }

    /// The file of the keys that seal passwords; none: there is no PasswordDigest.
    pub fn secret_key_file(&self) -> Option<PathBuf> {
        let file = &self.login.secret_key;
        (!file.is_empty()).then(|| PathBuf::from(file))
    }

    /// The keys that seal passwords; none: there is no PasswordDigest.
    ///
    /// # Errors
    /// Their file cannot be used.
    pub fn keyring(&self) -> Result<Option<Keyring>, KeyringError> {
        self.secret_key_file().as_deref().map(Keyring::load).transpose()
    }

    /// Who verifies digests of passwords; none: nobody.
    ///
    /// # Errors
    /// The file of keys cannot be used.
    pub fn digests(&self, entropy: &Entropy) -> Result<Option<Digests>, KeyringError> {
        let window = Window {
            past: Duration::from_secs(self.login.digest_past_s),
            future: Duration::from_secs(self.login.digest_future_s),
        };
        Ok(self.keyring()?.map(|keyring| Digests::new(keyring, window, entropy)))
    }

    /// The technical profiles.
    ///
    /// # Errors
    /// A method that does not exist, or a number below zero.
    pub fn profiles(&self) -> Result<Profiles, ConfigError> {
        let all = self.profiles.iter();
        all.map(|(name, entry)| Ok((name.clone(), profile(name, entry)?))).collect()
    }

    /// How the built-in Networks behaves.
    ///
    /// # Errors
    /// An `ask` that is none of the known words.
    pub fn networks(&self) -> Result<Settings, ConfigError> {
        let all = self.networks.behaviour.iter();
        let behaviours = all.map(|entry| Ok((entry.contract.clone(), behaviour(entry)?)));
        Ok(Settings {
            start_ms: self.networks.start_ms.into(),
            repatch_ms: self.networks.repatch_ms.into(),
            behaviours: behaviours.collect::<Result<_, _>>()?,
        })
    }
}

fn profile(name: &str, entry: &ProfileEntry) -> Result<Profile, ConfigError> {
    let methods = entry.methods.iter().map(|method| {
        Operation::named(method).ok_or_else(|| {
            let reason = format!("{method} is not one of the four methods");
            wrong(format!("profiles.{name}.methods"), reason)
        })
    });
    let methods = methods.collect::<Result<_, _>>()?;
    if entry.quota_per_month < 0 {
        return Err(wrong(format!("profiles.{name}.quota_per_month"), "at least 0"));
    }
    if entry.sessions < 1 {
        return Err(wrong(format!("profiles.{name}.sessions"), "at least 1"));
    }
    Ok(Profile { methods, quota: entry.quota_per_month, sessions: entry.sessions })
}

fn behaviour(entry: &BehaviourEntry) -> Result<Behaviour, ConfigError> {
    let ask = match entry.ask.as_deref() {
        None => AskBehaviour::Yes,
        Some("error") => AskBehaviour::Error,
        Some("busy") => AskBehaviour::Busy,
        Some("silence") => AskBehaviour::Silence,
        Some("no_task") => AskBehaviour::NoTask,
        Some(other) => {
            let reason = format!("{other} is none of error, busy, silence and no_task");
            return Err(wrong("networks.behaviour.ask", reason));
        }
    };
    Ok(Behaviour {
        ask,
        refuses: entry.refuses,
        errors: entry.errors,
        hangs: entry.hangs,
        start_ms: entry.start_ms.map(i64::from),
        repatch_ms: entry.repatch_ms.map(i64::from),
    })
}

impl Telemetry {
    /// Where those who watch are served.
    ///
    /// # Errors
    /// It is neither empty nor ADDRESS:PORT.
    pub fn listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        let reason = "ADDRESS:PORT, or nothing, is expected";
        self.listen.parse().map(Some).map_err(|_| wrong("telemetry.listen", reason))
    }
}

/// Where the service is found: compared byte for byte with what is asked for.
fn check_path(path: &str) -> Result<(), ConfigError> {
    if !path.starts_with('/') || path.ends_with('/') || path.len() < 2 {
        return Err(wrong("server.path", "starts with / and does not end with it"));
    }
    // It is no pattern: `/{oc}/eReprov` would be found by nobody.
    if path.contains(['{', '}']) {
        return Err(wrong("server.path", "{ and } are not for paths"));
    }
    if pages::HEALTH.contains(&path) {
        return Err(wrong("server.path", "the health pages are there"));
    }
    Ok(())
}
