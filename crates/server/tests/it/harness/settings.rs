//! The settings of a test's service.

use ereprov_server::config::Config;
use tempfile::TempDir;

/// The demo's configuration with the quick one and the test's own over it.
pub(super) fn configuration(folder: &TempDir, own: &str, postgres: Option<&str>) -> Config {
    let mut table: toml::Table = include_str!("../../../demo/demo.toml").parse().unwrap();
    for over in [QUICK, if postgres.is_some() { UNHURRIED } else { "" }, own] {
        overlay(&mut table, over.parse().unwrap());
    }
    if let Some(url) = postgres {
        overlay(&mut table, format!("[database]\nurl = \"{url}\"").parse().unwrap());
    }
    let text = toml::to_string(&table).unwrap();
    let file = Some(("test.toml", text.as_str()));
    Config::assemble(file, std::iter::empty(), Some(folder.path())).unwrap()
}

fn overlay(table: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (Some(toml::Value::Array(below)), toml::Value::Array(above)) => below.extend(above),
            (_, value) => _ = table.insert(key, value),
        }
    }
}

/// The demo's settings, made quick: a test does not wait for seconds.
const QUICK: &str = "
[server]
listen = \"127.0.0.1:0\"
[networks]
start_ms = 20
repatch_ms = 30
[workflow]
poll_ms = 20
backoff_first_ms = 10
backoff_max_ms = 50
[telemetry]
listen = \"127.0.0.1:0\"
log_level = \"error\"
";

/// Many tests share one PostgreSQL and few processors: none of them is about its deadlines.
const UNHURRIED: &str = "
[server]
request_deadline_ms = 30000
[database]
deadline_ms = 15000
";
