//! Instances of `ereprovd`, processes of their own on one database.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use anyhow::{Context, Result, ensure};
use tokio::{net::TcpStream, time::sleep};

use super::network;
use crate::root;

/// Builds the program, and loads the network with it.
pub(super) fn prepare(folder: &Path, url: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "ereprov-server", "--bin", "ereprovd"]);
    ensure!(build.current_dir(root()).status()?.success(), "ereprovd does not build");
    let csv = folder.join("network");
    fs::create_dir(&csv)?;
    network::write(&csv)?;
    let config = configure(folder, "import", url, "127.0.0.1:0")?;
    let mut import = Command::new(program());
    import.arg("--config").arg(config).arg("import").arg(csv);
    ensure!(import.status()?.success(), "the network cannot be loaded");
    Ok(())
}

/// A process that serves; dropped, it is killed.
pub(super) struct Instance {
    /// Where it listens.
    pub(super) address: SocketAddr,
    process: Child,
}

impl Instance {
    /// Starts one, its log beside its configuration.
    pub(super) async fn start(folder: &Path, name: &str, url: &str) -> Result<Self> {
        // The port is free again as soon as it is known.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = configure(folder, name, url, &address.to_string())?;
        let log = File::create(folder.join(name).with_extension("log"))?;
        let mut serve = Command::new(program());
        serve.arg("--config").arg(config).arg("serve").stdout(log.try_clone()?).stderr(log);
        let instance = Self { address, process: serve.spawn()? };
        for _ in 0..200 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(instance);
            }
            sleep(super::LOOK).await;
        }
        let log = fs::read_to_string(folder.join(name).with_extension("log"));
        log.and_then(|log| Err(std::io::Error::other(log))).context("ereprovd does not start")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = ended {
            crate::say(&format!("an instance was not stopped: {error}"));
        }
    }
}

fn program() -> PathBuf {
    root().join("target/debug/ereprovd")
}

fn configure(folder: &Path, name: &str, url: &str, listen: &str) -> Result<PathBuf> {
    let path = folder.join(name).with_extension("toml");
    let text = format!(
        "[server]\nlisten = \"{listen}\"\n[database]\nurl = \"{url}\"\n\
         [networks]\nstart_ms = 200\nrepatch_ms = 300\n[workflow]\npoll_ms = 200\n\
         [telemetry]\nlisten = \"\"\n"
    );
    fs::write(&path, text)?;
    Ok(path)
}
