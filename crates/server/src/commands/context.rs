//! What every command starts from: the configuration, the database, who is at the keyboard.

use std::{os::unix::fs::MetadataExt, path::PathBuf};

use ereprov_wire::text;

use super::output::Failure;
use crate::{
    clock::{Clock, Entropy},
    config::Config,
    inventory::load::in_english,
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
            return Err(Failure::no_database(&path));
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
    let location = config.location()?;
    let opened = Store::open(&location, config.database.connections_max).await;
    opened.map_err(|error| match &location {
        Location::Sqlite(path) => Failure::unreachable(path.display(), &error),
        Location::Postgres(_) => Failure::unreachable("PostgreSQL", &error),
    })
}

/// The machine's time and chance.
pub fn parts() -> Parts {
    Parts { clock: Clock::System, entropy: Entropy::system(), driver_runs: true }
}

/// Longest reason, in characters: that of a closure shares libelleErreur with its label and time.
const REASON_MAX: usize = 180;

/// A reason given at the keyboard: as short and as plain as everything that the wire may carry.
pub fn reason(text: &str) -> Result<String, String> {
    let clean = text::clean(text, REASON_MAX).map_err(|bad| in_english(&bad))?;
    clean.ok_or_else(|| "a reason is expected".to_owned())
}

/// An act of whoever is at the keyboard.
pub fn act(action: &str, subject: &str, reason: &str) -> Act {
    let Parts { clock, entropy, .. } = parts();
    let at_ms = clock.now_ms();
    Act {
        id: entropy.id(at_ms),
        at_ms,
        actor: actor(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The account that runs this process, which no variable can feign; under sudo, who it says it was.
fn actor() -> String {
    let uid = std::fs::metadata("/proc/self").map(|me| me.uid());
    let account = uid.map_or("unknown".to_owned(), |uid| {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut fields = accounts.lines().map(|line| line.split(':'));
        let name = fields.find_map(|mut line| {
            let name = line.next()?;
            (line.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
        });
        name.unwrap_or_else(|| format!("uid {uid}"))
    });
    match std::env::var("SUDO_USER") {
        Ok(user) if account == "root" => format!("{account} (sudo: {user})"),
        _ => account,
    }
}
