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

/// Makes the demo's folder ready, and answers its configuration file and what is in it. No variable
/// of the environment has a say: a demo's logins go into a demo's database only.
///
/// # Errors
/// The folder holds something that is not a demo, or cannot be written.
pub fn prepare(folder: &Path, listen: SocketAddr) -> anyhow::Result<(PathBuf, Config)> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let file = folder.join(CONFIG_FILE);
    let is_demo = fs::read_to_string(&file).is_ok_and(|text| text.starts_with(first_line()));
    let database = folder.join(DATABASE_FILES[0]);
    ensure!(
        is_demo || !(file.exists() || database.exists()),
        "{} holds the data of a service that is not a demo",
        folder.display()
    );
    let text = CONFIG.replace("127.0.0.1:8080", &listen.to_string());
    fs::write(&file, &text).with_context(|| file.display().to_string())?;
    let origin = file.display().to_string();
    let config = Config::assemble(Some((&origin, &text)), std::iter::empty(), Some(folder))?;
    Ok((file, config))
}

/// Starts over: removes the data of a demo, which its caller has claimed.
///
/// # Errors
/// A file cannot be removed.
pub fn forget(folder: &Path) -> anyhow::Result<()> {
    for name in DATABASE_FILES {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn first_line() -> &'static str {
    CONFIG.lines().next().unwrap_or_default()
}
