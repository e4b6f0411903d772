//! What every command starts from: the configuration, the database, who is at the keyboard.

use std::path::PathBuf;

use super::output::Failure;
use crate::{
    clock::{Clock, Entropy},
    config::Config,
    reprovisioning::driver::Driver,
    run::{Parts, admin_driver},
    store::{Location, Store, admin_acts::Act},
};

/// The options that every command has.
pub struct Context {
    /// Where the configuration is.
    pub config: Option<PathBuf>,
    /// JSON instead of tables.
    pub json: bool,
}

impl Context {
    /// The configuration in force.
    pub fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.config.as_deref())?)
    }

    /// The database that the configuration names, which must be there.
    pub async fn store(&self) -> Result<Store, Failure> {
        let config = self.load()?;
        if let Location::Sqlite(path) = config.location()?
            && !path.exists()
        {
            let said = format!("no database at {}", path.display());
            let hint = "give the --config of the service; `ereprovd serve` creates its database";
            return Err(Failure::unknown(said).hint(hint));
        }
        open(&config).await
    }

    /// The database that the configuration names, made where it is not there.
    pub async fn store_or_new(&self) -> Result<Store, Failure> {
        open(&self.load()?).await
    }

    /// A worker for single jobs.
    pub async fn driver(&self) -> Result<Driver, Failure> {
        let config = self.load()?;
        let store = self.store().await?;
        Ok(admin_driver(&config, store, &parts())?)
    }
}

/// Opens the database of a configuration.
pub async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(Store::open(&config.location()?, config.database.connections_max).await?)
}

/// The machine's time and chance.
pub fn parts() -> Parts {
    Parts { clock: Clock::System, entropy: Entropy::system(), driver_runs: true }
}

/// An act of whoever is at the keyboard.
pub fn act(action: &str, subject: &str, reason: &str) -> Act {
    let Parts { clock, entropy, .. } = parts();
    let at_ms = clock.now_ms();
    let actor = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Act {
        id: entropy.id(at_ms),
        at_ms,
        actor: actor.unwrap_or_else(|| "unknown".to_owned()),
        action: action.to_owned(),
        subject: subject.to_owned(),
        reason: reason.to_owned(),
    }
}
