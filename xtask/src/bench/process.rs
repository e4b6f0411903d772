//! The two servers, each a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tempfile::NamedTempFile;

use super::{network::Network, read};
use crate::root;

/// `ereprovd serve`, with everything on that a real one has on.
pub struct Service {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    telemetry: SocketAddr,
    child: Option<Stopped>,
}

/// A process that does not outlive its owner.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Service {
    /// Its configuration, in a folder of its own.
    pub fn prepare(program: &Path, folder: &Path, database: &str) -> anyhow::Result<Self> {
        // Held together until both are known, so that they are two.
        let free = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
        let (address, telemetry) = (free[0].local_addr()?, free[1].local_addr()?);
        let url = if database == "sqlite" { "sqlite:ereprov.db" } else { database };
        let config = format!(
            "[server]\nlisten = \"{address}\"\n[database]\nurl = \"{url}\"\n\
             [telemetry]\nlisten = \"{telemetry}\"\n\
             [profiles.LECTURE]\nmethods = [\"getSiteStructure\"]\n\
             quota_per_month = 2000\nsessions = 2\n\
             # Orders are handed to Networks and stay there: asking and accepting is measured.\n\
             [networks]\nstart_ms = 86400000\n[workflow]\npoll_ms = 3600000\n"
        );
        fs::write(folder.join("bench.toml"), config)?;
        let program = program.canonicalize()?;
        Ok(Self { program, folder: folder.canonicalize()?, address, telemetry, child: None })
    }

    /// Loads the demo network, and lets the demo's operator ask as often as it likes.
    pub fn load_demo(&self) -> anyhow::Result<()> {
        let demo = root().join("crates/server/demo");
        self.run(&["import", &demo.display().to_string()])?;
        let limits = ["--quota", "4000000000", "--sessions", "100000"];
        self.run(&[&["operator", "set", "oc-demo"], &limits[..]].concat())
    }

    /// Loads the demo's operators, and no network: the first one is still to come.
    pub fn load_operators(&self) -> anyhow::Result<()> {
        let operators = root().join("crates/server/demo/operators.csv");
        self.run(&["import", &operators.display().to_string()])
    }

    /// Loads the demo network and another one; answers how long the other one took.
    pub fn load(&self, network: &Network) -> anyhow::Result<Duration> {
        self.load_demo()?;
        let folder = tempfile::tempdir_in(&self.folder)?;
        network.write(folder.path())?;
        let begin = Instant::now();
        self.run(&["import", &folder.path().display().to_string()])?;
        Ok(begin.elapsed())
    }

    /// Begins to load a folder.
    pub fn import(&self, folder: &Path) -> anyhow::Result<Child> {
        let mut command = self.command(&["import"]);
        Ok(command.arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Starts it, and waits until it listens.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log = fs::File::create(self.folder.join("ereprovd.log"))?;
        let child = self.command(&["serve"]).stderr(log).spawn()?;
        self.child = Some(Stopped(child));
        let begin = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let log = || read(&self.folder.join("ereprovd.log")).unwrap_or_default();
            ensure!(begin.elapsed() < Duration::from_secs(30), "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are.
    pub fn telemetry(&self) -> SocketAddr {
        self.telemetry
    }

    pub fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.child.as_ref().context("it is started")?.0.id())
    }

    /// Waits until what was accepted is with Networks, and it does nothing any more.
    pub fn wait_until_idle(&self) -> anyhow::Result<()> {
        const LOOK: Duration = Duration::from_millis(300);
        let (pid, begin) = (self.pid()?, Instant::now());
        loop {
            let before = cpu(pid)?;
            std::thread::sleep(LOOK);
            if cpu(pid)?.saturating_sub(before) <= LOOK / 20 {
                return Ok(());
            }
            ensure!(begin.elapsed() < Duration::from_mins(5), "it does not come to rest");
        }
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ereprovd {}: {said}", arguments.join(" "));
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EREPROV_")) {
            command.env_remove(name);
        }
        command.arg("--config").arg(self.folder.join("bench.toml")).args(arguments);
        command
    }
}

/// The bare server, answering what the service answered.
pub struct Bare {
    child: Stopped,
    address: SocketAddr,
    _answer: NamedTempFile,
}

impl Bare {
    /// Starts it.
    pub fn start(answer: &[u8]) -> anyhow::Result<Self> {
        let mut file = NamedTempFile::new()?;
        file.write_all(answer)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bench", "--bare"])
            .arg(file.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().context("its output is piped")?;
        let child = Stopped(child);
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare server says where it listens")?;
        Ok(Self { child, address, _answer: file })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }
}

/// Bytes that a process has had written to a disk.
pub fn written_bytes(pid: u32) -> anyhow::Result<u64> {
    let text = read(Path::new(&format!("/proc/{pid}/io")))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.context("Linux counts them")?.parse()?)
}

/// Processor time that a process has taken, its threads' included.
pub fn cpu(pid: u32) -> anyhow::Result<Duration> {
    /// Of `/proc`, on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let text = read(Path::new(&format!("/proc/{pid}/stat")))?;
    // The second field is the program's name in brackets; the 14th and 15th are the times.
    let (_, rest) = text.rsplit_once(") ").context("a process has a name")?;
    let ticks = rest.split(' ').skip(11).take(2).map(str::parse::<u32>);
    let ticks = ticks.sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}
