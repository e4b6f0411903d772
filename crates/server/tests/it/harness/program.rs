//! The program itself, as its users start it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ereprovd");

/// A command of the program, with nothing of the tests' own environment.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EREPROV_")) {
        command.env_remove(name);
    }
    command.env("USER", "somebody-else").env_remove("SUDO_USER").env("COLUMNS", "200");
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Runs a command with something on its standard input.
pub fn run_with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = program(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that is refused for its arguments ends without reading.
    if let Err(error) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
    }
    child.wait_with_output().unwrap()
}

/// What a command printed, which must have gone well.
#[track_caller]
pub fn printed(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A command that must have failed with this exit code; what it said.
#[track_caller]
pub fn failed(output: &Output, code: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// A port that was free just now, and the address of a service on it.
pub fn free_port() -> (u16, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    (port, format!("http://127.0.0.1:{port}/hermesDeploiement/eReprov/2.0"))
}

/// A server in a process of its own; killed when dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// `ereprovd demo` on a free port, its data in a folder.
    pub fn demo(folder: &Path) -> Self {
        Self::demo_with(folder, &[])
    }

    /// The same, with more arguments.
    pub fn demo_with(folder: &Path, more: &[&str]) -> Self {
        Self::demo_in(folder, more, &[])
    }

    /// The same, in an environment of one's own.
    pub fn demo_in(folder: &Path, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = folder.to_str().unwrap();
        let mut child = program(&["demo", "--listen", "127.0.0.1:0", "--data-dir", folder])
            .args(more)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            line.unwrap().trim().strip_prefix("service").map(|url| url.trim().to_owned())
        });
        let url = url.expect("the demo says where it listens");
        // Whatever it prints later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// `ereprovd serve` with a configuration that names its port.
    pub fn serve(config: &Path, url: String) -> Self {
        Self::serve_logging(config, url, Stdio::null()).0
    }

    /// The same, with somewhere for its log to go.
    pub fn serve_logging(config: &Path, url: String, log: Stdio) -> (Self, Option<ChildStderr>) {
        let mut child =
            program(&["serve", "--config", config.to_str().unwrap()]).stderr(log).spawn().unwrap();
        let log = child.stderr.take();
        (Self { child, url }, log)
    }

    /// A server that a command of the test's own becomes.
    pub fn started(mut command: Command, url: String) -> Self {
        Self { child: command.spawn().unwrap(), url }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// As the power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As the service manager does; answers the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration that a demo writes into its folder.
pub fn demo_config(folder: &Path) -> PathBuf {
    folder.join("ereprovd.toml")
}

/// Loads the demo network into the database of a configuration, as an administrator would.
pub fn import_demo(config: &Path) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");
    printed(&run(&["--config", config.to_str().unwrap(), "import", folder]));
}
