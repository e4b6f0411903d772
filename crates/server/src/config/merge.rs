//! The default file, the operator's file and the environment made one table, in which no unknown
//! key is left.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::ConfigError;

/// Tables whose keys are names that the operator chooses.
const NAMED: &str = "profiles";
/// `EREPROV_CONFIG` names the file itself.
const NOT_SETTINGS: &[&str] = &["EREPROV_CONFIG"];

/// All settings, and where those come from that the environment has set.
pub(super) struct Merged {
    pub(super) table: Table,
    origin: String,
    variables: BTreeMap<String, String>,
}

impl Merged {
    /// What to call a setting to the person who has to change it.
    pub(super) fn name_of(&self, key: &str) -> String {
        match self.variables.get(key) {
            Some(variable) => format!("{variable} ({key})"),
            None => format!("{}: {key}", self.origin),
        }
    }
}

/// Merges them, the later over the earlier.
pub(super) fn merge(
    default: &str,
    file: Option<(&str, &str)>,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Merged, ConfigError> {
    let origin = file.map_or("the configuration", |(name, _)| name).to_owned();
    let mut table = parse("the default configuration", default)?;
    let known = table.clone();
    if let Some((name, text)) = file {
        let given = parse(name, text)?;
        check_keys(name, &given, &known, "")?;
        overlay(&mut table, given);
    }
    let mut set = BTreeMap::new();
    for (variable, text) in variables {
        if !NOT_SETTINGS.contains(&variable.as_str()) {
            set.insert(set_variable(&mut table, &known, &variable, &text)?, variable);
        }
    }
    Ok(Merged { table, origin, variables: set })
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        origin: origin.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    })
}

/// Every key of `given` exists in `known`, at the same place.
fn check_keys(origin: &str, given: &Table, known: &Table, path: &str) -> Result<(), ConfigError> {
    for (key, value) in given {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let same = if path == NAMED { known.values().next() } else { known.get(key) };
        let Some(same) = same else {
            let siblings = known.keys().map(|sibling| full_key(path, sibling));
            let nearest = nearest(&full, siblings);
            return Err(ConfigError::UnknownKey { origin: origin.to_owned(), key: full, nearest });
        };
        if let (Value::Table(given), Value::Table(known)) = (value, same) {
            check_keys(origin, given, known, &full)?;
        }
    }
    Ok(())
}

fn full_key(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn nearest(key: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let distance = |candidate: &String| strsim::osa_distance(candidate, key);
    known.min_by_key(distance).filter(|candidate| distance(candidate) <= 4)
}

fn overlay(table: &mut Table, given: Table) {
    for (key, value) in given {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => _ = table.insert(key, value),
        }
    }
}

/// Sets the one setting whose path, in capitals and joined by underscores, is the variable's name;
/// answers the path.
fn set_variable(
    table: &mut Table,
    known: &Table,
    variable: &str,
    text: &str,
) -> Result<String, ConfigError> {
    let settings = settings(known);
    let Some((section, key)) =
        settings.iter().find(|(section, key)| variable_of(section, key) == variable)
    else {
        let names = settings.iter().map(|(section, key)| variable_of(section, key));
        return Err(ConfigError::UnknownKey {
            origin: "the environment".to_owned(),
            key: variable.to_owned(),
            nearest: nearest(variable, names),
        });
    };
    let wrong = |expected: &str| ConfigError::Syntax {
        origin: "the environment".to_owned(),
        reason: format!("{variable}: {expected} is expected"),
    };
    let value = match &known[section.as_str()][key.as_str()] {
        Value::Integer(_) => Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
        Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        _ => Value::String(text.to_owned()),
    };
    if let Some(Value::Table(values)) = table.get_mut(section) {
        values.insert(key.clone(), value);
    }
    Ok(format!("{section}.{key}"))
}

fn variable_of(section: &str, key: &str) -> String {
    format!("EREPROV_{}_{}", section.to_uppercase(), key.to_uppercase())
}

/// Every single value of a section: lists and the operator's own tables are set in the file only.
fn settings(known: &Table) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (section, values) in known {
        let Value::Table(values) = values else { continue };
        for (key, value) in values {
            if !matches!(value, Value::Table(_) | Value::Array(_)) {
                all.push((section.clone(), key.clone()));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Config, DEFAULT};
    use crate::store::Location;

    fn with(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Config::assemble(Some(("oi.toml", file)), variables, Some(Path::new("/etc/ereprov")))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_stands_alone() {
        let config = with("", &[]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.profiles().unwrap()["OC"].quota, 2000);
        assert_eq!(config.location().unwrap(), Location::Sqlite("/etc/ereprov/ereprov.db".into()));
        assert!(DEFAULT.lines().all(|line| line.chars().count() <= 100));
    }

    #[test]
    fn the_file_overrides_the_default_and_the_environment_both() {
        let file = "[server]\nlisten = \"0.0.0.0:1\"\nbody_read_ms = 5\n
                    [profiles.LECTURE]\nmethods = [\"getRoSite\"]\nquota_per_month = 1\nsessions = 1";
        let config = with(file, &[("EREPROV_SERVER_LISTEN", "0.0.0.0:2")]).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.limits().body_read.as_millis(), 5);
        let profiles = config.profiles().unwrap();
        assert_eq!(profiles.keys().collect::<Vec<_>>(), ["LECTURE", "OC"]);
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_known_one() {
        for (file, variables, said) in [
            (
                "[server]\nlisen = \"x\"",
                [].as_slice(),
                "oi.toml: unknown key server.lisen; did you mean server.listen?",
            ),
            ("[sever]", &[], "oi.toml: unknown key sever; did you mean server?"),
            ("[profiles.X]\nquota = 3", &[], "oi.toml: unknown key profiles.X.quota"),
            (
                "",
                &[("EREPROV_SERVER_LISTN", "x")],
                "unknown key EREPROV_SERVER_LISTN; did you mean EREPROV_SERVER_LISTEN?",
            ),
        ] {
            let refused = with(file, variables).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn proxies_are_trusted_where_they_are_named_and_all_of_them_hardly() {
        let none = with("", &[]).unwrap();
        assert!(!none.proxies().unwrap().trusted.contains([127, 0, 0, 1].into()));
        assert_eq!(none.doubts(), Vec::<String>::new());
        let all = with("[server]\ntrusted_proxies = [\"192.0.2.1\", \"0.0.0.0/0\"]", &[]).unwrap();
        assert!(all.doubts()[0].contains("trusted_proxies has 0.0.0.0/0"), "{:?}", all.doubts());
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for (file, said) in [
            ("[server]\nlisten = \"here\"", "oi.toml: server.listen: invalid socket address"),
            ("[server]\nlisten = 3", "oi.toml: server.listen: invalid type"),
            ("[server]\nbody_bytes_max = 0", "oi.toml: server.body_bytes_max: at least 1"),
            ("[server]\npath = \"/eReprov/\"", "server.path: starts with / and does not end"),
            ("[server]\npath = \"/{oc}/eReprov\"", "server.path: { and } are not for paths"),
            ("[server]\npath = \"/readyz\"", "server.path: the health pages are there"),
            ("[server]\npublic_url = \"oi.example\"", "server.public_url: http:// or https://"),
            ("[telemetry]\nlisten = \"127.0.0.1:8080\"", "telemetry.listen: the same as server"),
            ("[server]\ntrusted_proxies = [\"10.0.0.1/8\"]", "trusted_proxies: 10.0.0.1/8 is in"),
            ("[server]\nforwarded_header = \"via\"", "forwarded_header: unknown variant `via`"),
            (
                "[admission]\nlogin_backoff_max_ms = 999",
                "between login_backoff_first_ms and 3600000",
            ),
            ("[admission]\nlogin_backoff_max_ms = 3600001", "login_backoff_first_ms and 3600000"),
            ("[admission]\nlogin_failures_max = 0", "login_failures_max: at least 1"),
            ("[notify]\nproxy_url = \"socks5://p:1080\"", "notify.proxy_url: http://HOST:PORT"),
            ("[notify]\nproxy_url = \"http://u:p@p:3128\"", "notify.proxy_url: http://HOST:PORT"),
            ("[server\nlisten", "oi.toml"),
            ("[admission]\ncredential_cache_s = 61", "60 at the most"),
            ("[database]\nurl = \"mysql:x\"", "sqlite:PATH"),
            ("[server]\nrequest_deadline_ms = 5000", "must exceed networks.ask_deadline_ms"),
            ("[profiles.OC]\nmethods = [\"delete\"]", "OC.methods: delete is not one of the four"),
            ("[profiles.A]\nmethods = []\nsessions = 2", "profiles.A: missing field `quota_per_"),
            ("[profiles.OC]\nsessions = 0", "profiles.OC.sessions: at least 1"),
            ("[[networks.behaviour]]\ncontract = \"A\"\nask = \"maybe\"", "maybe is none of"),
            ("[[networks.behaviour]]\ncontract = \"A\"\naks = \"busy\"", "unknown field `aks`"),
        ] {
            let refused = with(file, &[]).unwrap_err();
            assert!(refused.contains(said), "{file}: {refused}");
        }
        let refused = with("", &[("EREPROV_SERVER_DRAIN_MS", "soon")]).unwrap_err();
        assert!(refused.contains("a whole number"), "{refused}");
        let refused = with("", &[("EREPROV_SERVER_LISTEN", "here")]).unwrap_err();
        assert!(refused.starts_with("EREPROV_SERVER_LISTEN (server.listen): "), "{refused}");
    }
}
