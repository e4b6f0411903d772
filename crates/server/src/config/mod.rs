//! The configuration: one commented default file, overridden by a file and by the environment.

mod check;
mod merge;
mod notify;
mod secrets;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use ereprov_door::{ListenerLimits, forwarded::Header, tls::ClientCertificates};
use serde::Deserialize;

use crate::{
    admission::{backoff::BackoffSettings, verify::VerifySettings},
    chain::sealer::Settings as Sealing,
    reprovisioning::steps::Patience,
    service::Limits,
    telemetry::log::{Format, Level},
};

/// The default file, which documents every setting.
pub const DEFAULT: &str = include_str!("default.toml");

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a value has another type.
    #[error("{origin}: {reason}")]
    Syntax {
        /// Which file, or the environment.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{origin}: unknown key {key}{}", .nearest.as_ref().map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
    UnknownKey {
        /// Which file, or the environment.
        origin: String,
        /// The key.
        key: String,
        /// The known key that is most like it.
        nearest: Option<String>,
    },
    /// A value that cannot be.
    #[error("{key}: {reason}")]
    Value {
        /// Which setting, and who set it.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    tls: Tls,
    /// `[database]`
    pub database: Database,
    /// `[admission]`
    pub admission: Admission,
    login: Login,
    profiles: BTreeMap<String, ProfileEntry>,
    networks: Networks,
    workflow: Workflow,
    audit: Audit,
    notify: notify::Notify,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// The file that it was read from, and whether that holds the database's password.
    #[serde(skip)]
    file: Option<PathBuf>,
    #[serde(skip)]
    password_in_file: bool,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// The path of the service.
    pub path: String,
    public_url: String,
    request_deadline_ms: u64,
    head_read_ms: u64,
    body_read_ms: u64,
    body_bytes_max: usize,
    connections_max: usize,
    connections_per_address_max: usize,
    write_stall_ms: u64,
    /// Requests at once over all operators.
    pub requests_at_once_max: usize,
    drain_ms: u64,
    trusted_proxies: Vec<String>,
    forwarded_header: Header,
}

/// `[tls]`
#[derive(Debug, Clone, Deserialize)]
struct Tls {
    #[serde(rename = "certificate_file")]
    certificate: String,
    #[serde(rename = "key_file")]
    key: String,
    #[serde(rename = "client_ca_file")]
    client_ca: String,
    client_certificates: ClientCertificates,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    url: DatabaseUrl,
    /// Connections that read at the same time, or requests that have one each.
    pub connections_max: usize,
    deadline_ms: u64,
}

/// Where the data is, which may hold a password.
#[derive(Clone, Deserialize)]
struct DatabaseUrl(String);

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// `[admission]`
#[derive(Debug, Clone, Deserialize)]
pub struct Admission {
    credential_cache_s: u64,
    password_hashes_at_once_max: usize,
    login_failures_max: u32,
    login_backoff_first_ms: u64,
    login_backoff_max_ms: u64,
    login_backoff_counts_max: usize,
}

/// `[login]`
#[derive(Debug, Clone, Deserialize)]
struct Login {
    #[serde(rename = "secret_key_file")]
    secret_key: String,
    digest_past_s: u64,
    digest_future_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct ProfileEntry {
    methods: Vec<String>,
    quota_per_month: i64,
    sessions: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct Networks {
    ask_deadline_ms: u64,
    call_deadline_ms: u64,
    start_ms: u32,
    repatch_ms: u32,
    behaviour: Vec<BehaviourEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BehaviourEntry {
    contract: String,
    ask: Option<String>,
    #[serde(default)]
    refuses: bool,
    #[serde(default)]
    errors: u64,
    #[serde(default)]
    hangs: bool,
    start_ms: Option<u32>,
    repatch_ms: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
struct Workflow {
    poll_ms: u64,
    lease_ms: u64,
    failures_max: u32,
    backoff_first_ms: u64,
    backoff_max_ms: u64,
}

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
struct Audit {
    seal_every_ms: u64,
    keep_days: u64,
}

/// `[telemetry]`
#[derive(Debug, Clone, Deserialize)]
pub struct Telemetry {
    listen: String,
    /// How the log is written.
    pub log_format: Format,
    /// How much is logged.
    pub log_level: Level,
}

impl Config {
    /// The default, overridden by a file and by the `EREPROV_*` variables.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            None => None,
            Some(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { file: name.clone(), source })?;
                Some((name, text))
            }
        };
        // Other programs' variables need not be text.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("EREPROV_"))?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        let folder = file.and_then(Path::parent);
        let named = text.as_ref().map(|(n, t)| (n.as_str(), t.as_str()));
        let password_in_file = named.is_some_and(|(_, text)| secrets::holds_password(text));
        let file = file.map(Path::to_path_buf);
        Ok(Self { file, password_in_file, ..Self::assemble(named, variables, folder)? })
    }

    /// The default, overridden by the text of a file and by variables; relative paths start at
    /// `folder`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn assemble(
        file: Option<(&str, &str)>,
        variables: impl Iterator<Item = (String, String)>,
        folder: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let merged = merge::merge(DEFAULT, file, variables)?;
        let read = Self::read(merged.table.clone(), folder);
        read.map_err(|error| match error {
            ConfigError::Value { key, reason } => {
                ConfigError::Value { key: merged.name_of(&key), reason }
            }
            other => other,
        })
    }

    fn read(table: toml::Table, folder: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config: Self = serde_path_to_error::deserialize(table).map_err(
            |error: serde_path_to_error::Error<toml::de::Error>| {
                let reason = error.inner().message().to_owned();
                ConfigError::Value { key: error.path().to_string(), reason }
            },
        )?;
        config.anchor(folder);
        config.check()?;
        Ok(config)
    }

    /// Makes the paths of files relative to the configuration file's folder.
    fn anchor(&mut self, folder: Option<&Path>) {
        let Tls { certificate, key, client_ca, .. } = &mut self.tls;
        let secrets = [certificate, key, client_ca, &mut self.login.secret_key];
        for file in secrets.into_iter().chain(self.notify.files()) {
            if let Some(folder) = folder.filter(|_| !file.is_empty()) {
                *file = folder.join(&*file).display().to_string();
            }
        }
        if let (Some(folder), Some(path)) = (folder, self.database.url.0.strip_prefix("sqlite:")) {
            self.database.url = DatabaseUrl(format!("sqlite:{}", folder.join(path).display()));
        }
    }

    /// How often, how long, how many times the driver tries.
    pub fn patience(&self) -> Patience {
        Patience {
            poll: ms(self.workflow.poll_ms),
            call: ms(self.networks.call_deadline_ms),
            failures_max: i64::from(self.workflow.failures_max),
            backoff_first: ms(self.workflow.backoff_first_ms),
            backoff_max: ms(self.workflow.backoff_max_ms),
        }
    }

    /// How long a driver may hold a job.
    pub fn lease(&self) -> Duration {
        ms(self.workflow.lease_ms)
    }

    /// How the audit is sealed, and how long it is kept.
    pub fn sealing(&self) -> Sealing {
        let days = self.audit.keep_days;
        let keep = (days > 0).then(|| Duration::from_hours(days.saturating_mul(24)));
        Sealing { every: ms(self.audit.seal_every_ms), keep }
    }

    /// For anything that is asked of the database.
    pub fn database_deadline(&self) -> Duration {
        ms(self.database.deadline_ms)
    }

    /// What a request may take.
    pub fn limits(&self) -> Limits {
        Limits {
            request: ms(self.server.request_deadline_ms),
            body_read: ms(self.server.body_read_ms),
            networks_ask: ms(self.networks.ask_deadline_ms),
            body_bytes_max: self.server.body_bytes_max,
        }
    }

    /// What connections may take.
    pub fn listener_limits(&self) -> ListenerLimits {
        ListenerLimits {
            connections_max: self.server.connections_max,
            connections_per_address_max: self.server.connections_per_address_max,
            write_stall: ms(self.server.write_stall_ms),
            head_read: ms(self.server.head_read_ms),
            drain: ms(self.server.drain_ms),
        }
    }

    /// How logins are verified.
    pub fn verifying(&self) -> VerifySettings {
        let admission = &self.admission;
        VerifySettings {
            cache_for: Duration::from_secs(admission.credential_cache_s),
            runs_max: match admission.password_hashes_at_once_max {
                0 => std::thread::available_parallelism().map_or(1, Into::into),
                max => max,
            },
            backoff: BackoffSettings {
                failures_max: admission.login_failures_max,
                first: ms(admission.login_backoff_first_ms),
                longest: ms(admission.login_backoff_max_ms),
                counts_max: admission.login_backoff_counts_max,
            },
        }
    }

    /// The URL that the WSDL gives, once it is known where the service listens.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        let base = match self.server.public_url.trim_end_matches('/') {
            "" if self.tls.certificate.is_empty() => format!("http://{listening}"),
            "" => format!("https://{listening}"),
            configured => configured.to_owned(),
        };
        format!("{base}{}", self.server.path)
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
