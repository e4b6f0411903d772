//! The configuration: one commented default file, overridden by a file and by the environment.

mod merge;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use ereprov_wire::operation::Operation;
use serde::Deserialize;

use crate::{
    admission::profile::{Profile, Profiles},
    http::ListenerLimits,
    network::{AskBehaviour, Behaviour, Settings},
    reprovisioning::steps::Patience,
    service::Limits,
    store::Location,
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
        /// Which setting.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[admission]`
    pub admission: Admission,
    profiles: BTreeMap<String, ProfileEntry>,
    networks: Networks,
    workflow: Workflow,
    /// `[telemetry]`
    pub telemetry: Telemetry,
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
    /// Requests at once over all operators.
    pub requests_at_once_max: usize,
    drain_ms: u64,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    url: String,
    /// Connections that read at the same time.
    pub connections_max: usize,
}

/// `[admission]`
#[derive(Debug, Clone, Deserialize)]
pub struct Admission {
    credential_cache_s: u64,
    password_hashes_at_once_max: usize,
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
    start_ms: i64,
    repatch_ms: i64,
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
    start_ms: Option<i64>,
    repatch_ms: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
struct Workflow {
    poll_ms: u64,
    lease_ms: u64,
    failures_max: i64,
    backoff_first_ms: u64,
    backoff_max_ms: u64,
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
        Self::assemble(text.as_ref().map(|(n, t)| (n.as_str(), t.as_str())), variables, folder)
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
        let table = merge::merge(DEFAULT, file, variables)?;
        let origin = file.map_or("the environment", |(name, _)| name);
        let mut config: Self = Deserialize::deserialize(toml::Value::Table(table)).map_err(
            |error: toml::de::Error| ConfigError::Syntax {
                origin: origin.to_owned(),
                reason: error.message().to_owned(),
            },
        )?;
        config.anchor(folder);
        config.check()?;
        Ok(config)
    }

    /// Makes the path of a SQLite file relative to the configuration file's folder.
    fn anchor(&mut self, folder: Option<&Path>) {
        if let (Some(folder), Some(path)) = (folder, self.database.url.strip_prefix("sqlite:")) {
            self.database.url = format!("sqlite:{}", folder.join(path).display());
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let value = |key, reason: &str| Err(ConfigError::Value { key, reason: reason.to_owned() });
        let server = &self.server;
        if !server.path.starts_with('/') || server.path.ends_with('/') || server.path.len() < 2 {
            return value("server.path", "starts with / and does not end with it");
        }
        if server.request_deadline_ms <= self.networks.ask_deadline_ms {
            return value("server.request_deadline_ms", "must exceed networks.ask_deadline_ms");
        }
        if self.workflow.lease_ms <= 2 * self.networks.call_deadline_ms {
            return value("workflow.lease_ms", "must exceed twice networks.call_deadline_ms");
        }
        if self.admission.credential_cache_s > 60 {
            return value("admission.credential_cache_s", "60 at the most");
        }
        if self.database.connections_max == 0 || server.connections_max == 0 {
            return value("connections_max", "at least 1");
        }
        if self.workflow.poll_ms == 0 || self.workflow.failures_max < 1 {
            return value("workflow", "poll_ms and failures_max are at least 1");
        }
        self.location()?;
        self.telemetry.listen()?;
        self.profiles()?;
        self.networks()?;
        Ok(())
    }

    /// Where the data is.
    ///
    /// # Errors
    /// The URL is not one that is known.
    pub fn location(&self) -> Result<Location, ConfigError> {
        match self.database.url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Location::Sqlite(path.into())),
            _ => Err(ConfigError::Value {
                key: "database.url",
                reason: "sqlite:PATH is expected".to_owned(),
            }),
        }
    }

    /// The technical profiles.
    ///
    /// # Errors
    /// A method that does not exist, or a number below zero.
    pub fn profiles(&self) -> Result<Profiles, ConfigError> {
        let read = |(name, entry): (&String, &ProfileEntry)| {
            let methods = entry.methods.iter().map(|method| {
                Operation::named(method).ok_or_else(|| ConfigError::Value {
                    key: "profiles.*.methods",
                    reason: format!("{method} is not one of the four methods"),
                })
            });
            if entry.quota_per_month < 0 || entry.sessions < 1 {
                return Err(ConfigError::Value {
                    key: "profiles",
                    reason: format!("{name}: quota_per_month at least 0, sessions at least 1"),
                });
            }
            let profile = Profile {
                methods: methods.collect::<Result<_, _>>()?,
                quota: entry.quota_per_month,
                sessions: entry.sessions,
            };
            Ok((name.clone(), profile))
        };
        self.profiles.iter().map(read).collect()
    }

    /// How the built-in Networks behaves.
    ///
    /// # Errors
    /// An `ask` that is none of the known words.
    pub fn networks(&self) -> Result<Settings, ConfigError> {
        let read = |entry: &BehaviourEntry| {
            let ask = match entry.ask.as_deref() {
                None => AskBehaviour::Yes,
                Some("error") => AskBehaviour::Error,
                Some("busy") => AskBehaviour::Busy,
                Some("silence") => AskBehaviour::Silence,
                Some("no_task") => AskBehaviour::NoTask,
                Some(other) => {
                    let reason = format!("{other} is none of error, busy, silence and no_task");
                    return Err(ConfigError::Value { key: "networks.behaviour.ask", reason });
                }
            };
            let behaviour = Behaviour {
                ask,
                refuses: entry.refuses,
                errors: entry.errors,
                hangs: entry.hangs,
                start_ms: entry.start_ms,
                repatch_ms: entry.repatch_ms,
            };
            Ok((entry.contract.clone(), behaviour))
        };
        Ok(Settings {
            start_ms: self.networks.start_ms,
            repatch_ms: self.networks.repatch_ms,
            behaviours: self.networks.behaviour.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// How often, how long, how many times the driver tries.
    pub fn patience(&self) -> Patience {
        Patience {
            poll: ms(self.workflow.poll_ms),
            call: ms(self.networks.call_deadline_ms),
            failures_max: self.workflow.failures_max,
            backoff_first: ms(self.workflow.backoff_first_ms),
            backoff_max: ms(self.workflow.backoff_max_ms),
        }
    }

    /// How long a driver may hold a job.
    pub fn lease(&self) -> Duration {
        ms(self.workflow.lease_ms)
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
            head_read: ms(self.server.head_read_ms),
            drain: ms(self.server.drain_ms),
        }
    }

    /// How long a verified password is believed.
    pub fn credential_cache(&self) -> Duration {
        Duration::from_secs(self.admission.credential_cache_s)
    }

    /// How many passwords are hashed at the same time.
    pub fn password_hashes_at_once_max(&self) -> usize {
        match self.admission.password_hashes_at_once_max {
            0 => std::thread::available_parallelism().map_or(1, Into::into),
            max => max,
        }
    }

    /// The URL that the WSDL gives, once it is known where the service listens.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        let base = match self.server.public_url.trim_end_matches('/') {
            "" => format!("http://{listening}"),
            configured => configured.to_owned(),
        };
        format!("{base}{}", self.server.path)
    }
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
        self.listen.parse().map(Some).map_err(|_| ConfigError::Value {
            key: "telemetry.listen",
            reason: "ADDRESS:PORT, or nothing, is expected".to_owned(),
        })
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
