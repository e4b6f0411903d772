//! `ereprovd config`: the default, and whether a file can be used.

use ereprov_door::tls::Tls;
use serde_json::json;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::{
    admission::keyring::Keyring,
    config::{Config, DEFAULT},
    store::Location,
};

/// What to do with the configuration.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print every setting, its default, and what it means.
    Default,
    /// Check the configuration in force, and say what it comes to.
    Check,
}

/// Runs the command.
pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Default => output::line(DEFAULT.trim_end()),
        Command::Check => {
            let config = context.load()?;
            folder_exists(&config)?;
            let speaks = match config.tls()? {
                None => "HTTP",
                Some(files) => {
                    Tls::load(files).map_err(|error| Failure::usage(error.to_string()))?;
                    "HTTPS"
                }
            };
            let keyring = config.keyring().map_err(|error| Failure::usage(error.to_string()))?;
            config.layouts(String::new())?;
            let keys = keyring.as_ref().map_or(0, Keyring::count);
            for doubt in config.doubts() {
                output::warning(&doubt);
            }
            let database = match config.location()? {
                Location::Sqlite(path) => path.display().to_string(),
                Location::Postgres(_) => "PostgreSQL".to_owned(),
            };
            let profiles: Vec<_> = config.profiles()?.into_keys().collect();
            let telemetry = config.telemetry.listen()?;
            let telemetry = telemetry.map_or("nowhere".to_owned(), |address| address.to_string());
            let public_url = config.public_url(config.server.listen);
            if context.json {
                return output::json(&json!({
                    "listen": config.server.listen,
                    "speaks": speaks,
                    "public_url": public_url,
                    "database": database,
                    "profiles": profiles,
                    "telemetry": telemetry,
                    "secret_keys": keys,
                }));
            }
            output::sheet(&[
                ("configuration", "can be used".to_owned()),
                ("listens on", format!("{} ({speaks})", config.server.listen)),
                ("address in the WSDL", public_url),
                ("database", database),
                ("profiles", profiles.join(", ")),
                ("telemetry on", telemetry),
                ("secret keys", if keys == 0 { "none".to_owned() } else { keys.to_string() }),
            ])
        }
    }
}

fn folder_exists(config: &Config) -> Result<(), Failure> {
    let Location::Sqlite(path) = config.location()? else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(missing) => {
            let missing = missing.display();
            Err(Failure::usage(format!("database.url: there is no folder {missing}")))
        }
    }
}
