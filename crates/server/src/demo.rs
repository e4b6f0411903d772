//! The demo network: data files of the repository, loaded by the ordinary loader.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use crate::{config::Config, inventory::load::Files};

/// The demo's configuration, but for where it listens.
const CONFIG: &str = include_str!("../demo/demo.toml");
/// What the demo keeps in its folder.
const CONFIG_FILE: &str = "ereprovd.toml";
const DATABASE_FILES: [&str; 3] = ["ereprov.db", "ereprov.db-wal", "ereprov.db-shm"];

/// The files of the demo network.
pub fn files() -> Files {
    Files::from([
        ("operators.csv", include_str!("../demo/operators.csv").to_owned()),
        ("floors.csv", include_str!("../demo/floors.csv").to_owned()),
        ("pbos.csv", include_str!("../demo/pbos.csv").to_owned()),
        ("ptos.csv", include_str!("../demo/ptos.csv").to_owned()),
        ("fibres.csv", include_str!("../demo/fibres.csv").to_owned()),
        ("contracts.csv", include_str!("../demo/contracts.csv").to_owned()),
        ("reprovisionings.csv", include_str!("../demo/reprovisionings.csv").to_owned()),
    ])
}

/// The configuration of a demo in a folder, which is made where it is not there. No variable of the
/// environment has a say: a demo's logins go into a demo's database only.
///
/// # Errors
/// The folder is something else, or holds something that is not a demo.
pub fn configure(folder: &Path, listen: SocketAddr) -> anyhow::Result<Demo> {
    ensure!(!folder.is_file(), "{} is a file, not a folder", folder.display());
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
    let file = folder.join(CONFIG_FILE);
    let is_demo = fs::read_to_string(&file).is_ok_and(|text| text.starts_with(first_line()));
    let database = folder.join(DATABASE_FILES[0]);
    ensure!(
        is_demo || !(file.exists() || database.exists()),
        "{} holds the data of a service that is not a demo",
        folder.display()
    );
    let text = CONFIG.replace("127.0.0.1:8080", &listen.to_string());
    let origin = file.display().to_string();
    let config = Config::assemble(Some((&origin, &text)), std::iter::empty(), Some(&folder))?;
    Ok(Demo { file, config, text, folder })
}

/// A demo that is about to start.
pub struct Demo {
    /// Where its configuration will be, for the administration.
    pub file: PathBuf,
    /// Its configuration.
    pub config: Config,
    text: String,
    folder: PathBuf,
}

impl Demo {
    /// Writes the configuration, once the database is claimed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        fs::write(&self.file, &self.text).with_context(|| self.file.display().to_string())
    }

    /// Starts over: removes the data, once the database is claimed.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn forget(&self) -> anyhow::Result<()> {
        for name in DATABASE_FILES {
            let path = self.folder.join(name);
            if path.exists() {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }
}

fn first_line() -> &'static str {
    CONFIG.lines().next().unwrap_or_default()
}
