//! Disks that can be filled and emptied under a running service.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{Process, postgres, printed, program};

/// Whether this account may mount a file system.
pub fn can_mount() -> bool {
    let folder = TempDir::new().unwrap();
    let mount = ["-m", "--", "mount", "-t", "tmpfs", "none"];
    let tried = Command::new("unshare").args(mount).arg(folder.path()).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Where a service has its data.
pub enum Room {
    /// A SQLite file on a small file system, which the service's process alone sees.
    Mount { pid: u32, folder: PathBuf, config: PathBuf },
    /// A SQLite file in a process whose files may not grow.
    Limit { pid: u32, folder: PathBuf },
    /// PostgreSQL's tables on a small file system.
    Tablespace(Tablespace),
}

impl Room {
    /// Starts a service on a file system of its own, with the demo network.
    pub fn on_a_mount(config: &Path, folder: &Path, url: String) -> (Process, Self) {
        let script = "mount -t tmpfs -o size=8m,mode=700 none \"$1\" || exit
           \"$2\" --config \"$3\" import \"$4\" && exec \"$2\" --config \"$3\" serve";
        let mut command = bare("unshare");
        command.args(["-m", "--", "sh", "-c", script, "sh"]).arg(folder);
        command.arg(program(&[]).get_program()).arg(config);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/demo"));
        let process = Process::started(logging(command, config), url);
        let pid = process.id();
        (process, Self::Mount { pid, folder: folder.to_owned(), config: config.to_owned() })
    }

    /// Starts a service that is told of a limit instead of being killed by its signal.
    pub fn under_a_limit(config: &Path, folder: &Path, url: String) -> (Process, Self) {
        let mut command = bare("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$1\" --config \"$2\" serve", "sh"]);
        command.arg(program(&[]).get_program()).arg(config);
        let process = Process::started(logging(command, config), url);
        let pid = process.id();
        (process, Self::Limit { pid, folder: folder.to_owned() })
    }

    /// A tablespace on a file system of its own, for a database in which nothing is yet.
    pub async fn of_a_tablespace(folder: &Path, url: &str) -> Self {
        Self::Tablespace(Tablespace::mount(folder, url).await)
    }

    /// Leaves no room at all.
    pub fn fill(&self) {
        match self {
            Self::Mount { .. } | Self::Tablespace(_) => fill_up(&self.filler()),
            Self::Limit { pid, folder } => {
                let size = |name: &str| folder.join(name).metadata().map_or(0, |m| m.len());
                limit(*pid, &size("ereprov.db").max(size("ereprov.db-wal")).to_string());
            }
        }
    }

    /// Gives all of it back.
    pub fn free(&self) {
        match self {
            Self::Mount { .. } | Self::Tablespace(_) => fs::remove_file(self.filler()).unwrap(),
            Self::Limit { pid, .. } => limit(*pid, "unlimited"),
        }
    }

    /// What the log must say is wrong.
    pub fn complaint(&self) -> &'static str {
        match self {
            Self::Mount { .. } => "database or disk is full",
            Self::Limit { .. } => "disk I/O error",
            Self::Tablespace(_) => "No space left on device",
        }
    }

    fn filler(&self) -> PathBuf {
        let folder = match self {
            Self::Mount { pid, folder, .. } => {
                let inside = folder.strip_prefix("/").expect("an absolute path");
                Path::new("/proc").join(pid.to_string()).join("root").join(inside)
            }
            Self::Limit { folder, .. } => folder.clone(),
            Self::Tablespace(tablespace) => tablespace.folder.clone(),
        };
        folder.join("filler")
    }

    /// One number from the database.
    pub async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Tablespace(tablespace) => {
                postgres::connect(&tablespace.url).await.query_one(sql, &[]).await.unwrap().get(0)
            }
            _ => self.sqlite().1.query_row(sql, [], |row| row.get(0)).unwrap(),
        }
    }

    /// The texts of a column.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Tablespace(tablespace) => {
                let rows = postgres::connect(&tablespace.url).await.query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            _ => {
                let (_folder, connection) = self.sqlite();
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
        }
    }

    /// The SQLite file, or, where only the service sees it, a backup of it.
    fn sqlite(&self) -> (TempDir, Connection) {
        let copies = TempDir::new().unwrap();
        let file = match self {
            Self::Mount { pid, config, .. } => {
                let copy = copies.path().join("copy.db");
                let mut command = bare("nsenter");
                command.args(["-t", &pid.to_string(), "-m", "--"]);
                command.arg(program(&[]).get_program()).arg("--config").arg(config);
                printed(&command.arg("backup").arg(&copy).output().unwrap());
                copy
            }
            Self::Limit { folder, .. } => folder.join("ereprov.db"),
            Self::Tablespace(_) => unreachable!("PostgreSQL has no file"),
        };
        let connection = Connection::open(file).unwrap();
        let said: String =
            connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(said, "ok");
        (copies, connection)
    }

    /// Takes away what a test set up.
    pub async fn leave(self) {
        if let Self::Tablespace(tablespace) = self {
            tablespace.leave().await;
        }
    }
}

/// A program, with nothing of the tests' own environment.
fn bare(name: &str) -> Command {
    let mut command = Command::new(name);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("EREPROV_")) {
        command.env_remove(variable);
    }
    command
}

/// Its log goes into a file beside the configuration.
fn logging(mut command: Command, config: &Path) -> Command {
    command.stdout(Stdio::null()).stderr(log(config));
    command
}

/// Where the log of a service goes.
pub fn log(config: &Path) -> File {
    File::create(config.with_extension("log")).unwrap()
}

fn fill_up(file: &Path) {
    let mut filler = File::create(file).unwrap();
    for size in [65_536, 4_096, 1] {
        loop {
            match filler.write_all(&vec![b'x'; size]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Sets how large the files of a process may become, and may be set again.
fn limit(pid: u32, bytes: &str) {
    let pid = pid.to_string();
    let arguments = ["--pid", &pid, &format!("--fsize={bytes}:")];
    printed(&Command::new("prlimit").args(arguments).output().unwrap());
}

/// A tablespace and its file system; both must go before the server does.
pub struct Tablespace {
    folder: PathBuf,
    url: String,
    name: String,
}

impl Tablespace {
    async fn mount(folder: &Path, url: &str) -> Self {
        let client = postgres::connect(url).await;
        let data: String = client.query_one("SHOW data_directory", &[]).await.unwrap().get(0);
        let owner = fs::metadata(data).unwrap();
        // The server must get there.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).unwrap();
        let small = folder.join("small");
        fs::create_dir(&small).unwrap();
        let options = format!("size=16m,mode=700,uid={},gid={}", owner.uid(), owner.gid());
        let mount = ["-t", "tmpfs", "-o", &options, "none"];
        printed(&Command::new("mount").args(mount).arg(&small).output().unwrap());
        let (_, database) = url.rsplit_once('/').expect("the URL ends in a database");
        let name = format!("small_{database}");
        let made = Self { folder: small, url: url.to_owned(), name };
        let Self { folder, name, .. } = &made;
        let create = format!("CREATE TABLESPACE {name} LOCATION '{}'", folder.display());
        client.batch_execute(&create).await.unwrap();
        let set = format!("ALTER DATABASE {database} SET default_tablespace = {name}");
        client.batch_execute(&set).await.unwrap();
        made
    }

    async fn leave(self) {
        let Self { url, name, .. } = &self;
        let (base, database) = url.rsplit_once('/').expect("the URL ends in a database");
        let client = postgres::connect(&format!("{base}/postgres")).await;
        let drop_database = format!("DROP DATABASE {database} WITH (FORCE)");
        client.batch_execute(&drop_database).await.unwrap();
        client.batch_execute(&format!("DROP TABLESPACE {name}")).await.unwrap();
    }
}

impl Drop for Tablespace {
    fn drop(&mut self) {
        // Where the test failed, the server has files open there still.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
