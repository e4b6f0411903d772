//! Instances of the service, in processes of their own.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::network::Network;

/// How long an instance may take to listen, or to stop once it is asked to.
const PATIENCE: Duration = Duration::from_secs(20);

/// An instance; killed when dropped.
#[derive(Debug)]
pub(super) struct Instance {
    program: PathBuf,
    config: PathBuf,
    log: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Instance {
    /// Writes the configuration of an instance; it is not started.
    pub(super) fn new(
        program: &Path,
        folder: &Path,
        number: usize,
        network: &Network,
        database_url: &str,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let config = folder.join(format!("instance-{number}.toml"));
        std::fs::write(&config, network.configuration(port, database_url))?;
        let log = folder.join(format!("instance-{number}.log"));
        Ok(Self { program: program.to_owned(), config, log, port, child: None })
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Loads the network.
    pub(super) fn import(&self, files: &Path) -> anyhow::Result<()> {
        let output = self.command("import").arg(files).output()?;
        if !output.status.success() {
            bail!("import: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Starts it, if it does not run.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        if self.runs()? {
            return Ok(());
        }
        let log: File = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let child = self
            .command("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EREPROV_")) {
            command.env_remove(name);
        }
        command.arg("--config").arg(&self.config).arg(name);
        command
    }

    /// Whether it runs; it may have stopped by itself.
    pub(super) fn runs(&mut self) -> anyhow::Result<bool> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?.is_none()),
            None => Ok(false),
        }
    }

    /// Waits until it listens; it is started again where it stopped by itself.
    pub(super) async fn until_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            if began.elapsed() > PATIENCE {
                bail!("an instance does not listen; its log is {}", self.log.display());
            }
            self.start()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// As the power cut does.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// As the service manager does: what has begun ends.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        let began = Instant::now();
        while child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                bail!("an instance does not stop; its log is {}", self.log.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.child = None;
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free just now.
pub(super) fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
