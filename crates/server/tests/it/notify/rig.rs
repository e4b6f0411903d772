//! A service that tells, and those that it tells.

use tempfile::TempDir;

use crate::harness::{
    Oi, Put, Setup,
    authority::{Authority, authority},
    printed,
    receiver::{Receiver, SECRET, settings},
};

/// A service whose operators can be told.
pub struct Rig {
    pub oi: Oi,
    pub authority: Authority,
    /// What the administration's configuration has, too.
    pub settings: String,
    _keys: TempDir,
}

impl Rig {
    pub async fn start(setup: Setup) -> Self {
        Self::with(setup, "").await
    }

    /// The same, with more settings of `[notify]`.
    pub async fn with(mut setup: Setup, more: &str) -> Self {
        let (keys, authority) = (TempDir::new().unwrap(), authority());
        let settings = settings(keys.path(), &authority) + more;
        setup.config.push_str(&format!("\n{settings}"));
        Self { oi: setup.start().await, authority, settings, _keys: keys }
    }

    /// One that waits for up to a minute before it repeats.
    pub async fn patient() -> Self {
        let (keys, authority) = (TempDir::new().unwrap(), authority());
        let quick = settings(keys.path(), &authority);
        let settings = quick.replace("backoff_max_ms = 100", "backoff_max_ms = 60000");
        let mut setup = Setup::default();
        setup.config.push_str(&format!("\n{settings}"));
        Self { oi: setup.start().await, authority, settings, _keys: keys }
    }

    /// A server of an operator's, which is told from now on.
    pub async fn receiver(&self, login: &str, options: &[&str]) -> Receiver {
        let receiver = Receiver::start(&self.authority).await;
        let url = receiver.url();
        let webhook = ["operator", "notify", "webhook", login, &url, "--secret-stdin"];
        printed(&self.administer(&[&webhook, options].concat(), SECRET));
        receiver
    }

    /// A folder of an operator's.
    pub fn folder(&self, login: &str) -> std::path::PathBuf {
        let folder = self.oi.folder.path().join(format!("drop-{login}"));
        std::fs::create_dir(&folder).unwrap();
        let command = ["operator", "notify", "folder", login, folder.to_str().unwrap()];
        printed(&self.administer(&command, ""));
        folder
    }

    pub fn administer(&self, arguments: &[&str], input: &str) -> std::process::Output {
        self.oi.administer(&self.settings, arguments, input)
    }

    /// Re-provisions a contract, to the end.
    pub async fn moves(&self, contract: &str, fibre: &str) {
        let put = Put::new(contract, fibre).motif("Absence de signal").body();
        self.oi.ask(&put).await.assert("OK");
        self.oi.until(contract, "Terminé").await;
    }
}
