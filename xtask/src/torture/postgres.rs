//! A PostgreSQL of the torture's own, as `scripts/postgres` starts one: it belongs to the postgres
//! account, for initdb refuses to run as root; fsync is on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::instance::free_port;

/// How often it is started again: what was killed may hold its shared memory for a moment.
const STARTS: usize = 20;

/// A server; stopped and gone when dropped.
#[derive(Debug)]
pub(super) struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    is_root: bool,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub(super) fn start_new() -> anyhow::Result<Self> {
        let is_root = Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n");
        let folder = tempfile::Builder::new().prefix("torture-postgres-").tempdir()?;
        if is_root {
            run(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let server = Self { folder, programs: programs()?, port: free_port()?, is_root };
        let mut initdb = server.command("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "-D"]);
        run(initdb.arg(server.data()))?;
        server.start()?;
        Ok(server)
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its database through a port: its own, or a proxy's.
    pub(super) fn url(port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    /// Starts it and waits until it answers.
    pub(super) fn start(&self) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} \
             -c max_connections=300",
            self.port,
            self.folder.path().display()
        );
        for _ in 0..STARTS {
            let mut start = self.command("pg_ctl");
            start.args(["-w", "-s", "-o", &options, "-l"]).arg(self.folder.path().join("log"));
            start.arg("-D").arg(self.data()).arg("start");
            // Its output would be the server's too, and never end.
            if start.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        bail!("PostgreSQL does not start:\n{log}")
    }

    /// Kills the postmaster and its children, as the power cut does.
    pub(super) fn kill(&self) -> anyhow::Result<()> {
        let file = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let postmaster = file.lines().next().context("postmaster.pid is empty")?.trim().to_owned();
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.unwrap_or_default();
        let mut kill = Command::new("kill");
        kill.arg("-9").arg(&postmaster).args(children.split_whitespace());
        // A child may be gone by now.
        kill.stderr(Stdio::null()).status()?;
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if self.is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // The account may not be let into the folder of whoever runs this.
        command.current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["-m", "immediate", "-s", "stop", "-D"]).arg(self.data());
        // It may have been killed already; the folder goes in any case.
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The newest version that is installed.
fn programs() -> anyhow::Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .context("no PostgreSQL in /usr/lib/postgresql: scripts/install-test-tools installs it")?;
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = installed.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let newest = folders.max_by_key(|path| version(path));
    Ok(newest.context("/usr/lib/postgresql is empty")?.join("bin"))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
