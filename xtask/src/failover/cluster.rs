//! Two PostgreSQL nodes under Patroni, by the functions of `scripts/patroni`.

use std::{
    io::{self, Seek},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::root;

/// A cluster that runs; dropped, it is gone.
pub(super) struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    /// Starts it: one leads, the other is its synchronous standby.
    pub(super) fn start() -> Result<Self> {
        let folder =
            bash("trap 'stop_patroni' ERR; start_patroni >&2; echo \"$PATRONI_FOLDER\"", None)
                .context("the cluster does not start (Debian: patroni, etcd-server, postgresql)")?;
        Ok(Self { folder: folder.into() })
    }

    /// The URL of its database, whoever leads.
    pub(super) fn url(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.join("url"))?.trim().to_owned())
    }

    /// The node that leads.
    pub(super) fn leader(&self) -> Result<String> {
        self.run("patroni_leader")
    }

    /// Kills a node: its Patroni, its PostgreSQL and all children, -9.
    pub(super) fn kill(&self, node: &str) -> Result<()> {
        self.run(&format!("patroni_kill {node}")).map(drop)
    }

    /// Starts a node again, and waits until it is the synchronous standby.
    pub(super) fn rejoin(&self, node: &str) -> Result<()> {
        self.run(&format!("patroni_start {node} >&2; patroni_wait_sync")).map(drop)
    }

    fn run(&self, functions: &str) -> Result<String> {
        bash(functions, Some(&self.folder))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.run("stop_patroni") {
            crate::say(&format!("the cluster was not stopped: {error:#}"));
        }
    }
}

fn bash(functions: &str, folder: Option<&PathBuf>) -> Result<String> {
    let mut command = Command::new("bash");
    command.args(["-euE", "-o", "pipefail", "-c", &format!(". scripts/patroni; {functions}")]);
    command.current_dir(root()).stdin(Stdio::null()).stderr(Stdio::inherit());
    if let Some(folder) = folder {
        command.env("PATRONI_FOLDER", folder);
    }
    // A file: a pipe would stay open as long as what was started in the background.
    let mut said = tempfile::tempfile()?;
    let status = command.stdout(said.try_clone()?).status()?;
    ensure!(status.success(), "{functions}: {status}");
    said.rewind()?;
    Ok(io::read_to_string(said)?.trim().to_owned())
}
