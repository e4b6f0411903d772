//! Profiles: which service, as whom. One file of the user's own; passwords stand in files of their own.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use ereprov_client::Password;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{failure::Failure, lang::Both, timeouts::Timeouts};

/// Which of the OI's platforms a profile leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// For trials.
    #[default]
    Pack,
    /// Real lines: a put is asked about first.
    Prod,
}

/// How the login is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// HTTP Basic.
    #[default]
    Basic,
    /// A WS-Security UsernameToken.
    UsernameToken,
    /// A WS-Security UsernameToken with a digest of the password; the OI opens it on demand.
    PasswordDigest,
}

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
pub enum Soap {
    /// SOAP 1.1
    #[default]
    #[value(name = "1.1")]
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2
    #[value(name = "1.2")]
    #[serde(rename = "1.2")]
    V12,
}

/// A service, and as whom it is asked.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The service's URL.
    #[arg(long)]
    pub url: String,
    /// The operator's login.
    #[arg(long)]
    pub login: String,
    /// PACK is for trials; PROD asks before a put.
    #[arg(long, value_enum, default_value_t)]
    pub platform: Platform,
    /// How the login is sent.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub security: Security,
    /// The version of SOAP of the questions.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub soap: Soap,
    /// A file with the password on its first line, which nobody else may read.
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    pub password_file: Option<PathBuf>,
    /// A command that prints the password on its first line, as a keyring's does; no shell runs it.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["password_stdin", "password_file"])]
    pub password_command: Option<String>,
    /// A private authority (PEM); no other is believed then.
    #[arg(long, value_name = "FILE")]
    pub authority: Option<PathBuf>,
    /// A client certificate with its key (PEM), which nobody else may read.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// A file with HTTP headers of your own, one a line (`Name: value`), which nobody else may read.
    #[arg(long, value_name = "FILE")]
    pub headers: Option<PathBuf>,
    /// A proxy's URL, without a password; none is taken from the environment.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Calls a month, where the service does not say; 2000 otherwise.
    #[arg(long, value_name = "CALLS")]
    pub quota: Option<u64>,
    /// Seconds that a connection may take, where the command line does not say.
    #[arg(skip)]
    pub connect_timeout_s: Option<u64>,
    /// Seconds that a whole call may take, where the command line does not say.
    #[arg(skip)]
    pub timeout_s: Option<u64>,
}

impl Profile {
    /// How long a call may take.
    pub fn timeouts(&self) -> Timeouts {
        Timeouts { connect_s: self.connect_timeout_s, call_s: self.timeout_s }
    }
}

/// All of them, as they stand in their file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// The one that is meant where none is named.
    pub default: Option<String>,
    /// By their names.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// Where they are kept.
#[derive(Debug, Clone)]
pub struct Home {
    /// Profiles and passwords.
    pub config: PathBuf,
    /// What processes share.
    pub state: PathBuf,
}

impl Home {
    /// The user's, as XDG has it; where HOME is not known (Windows), USERPROFILE stands for it.
    ///
    /// # Errors
    /// None of these variables says where.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let under = |name: &str, below: &str| {
            let home = || set("HOME").or_else(|| set("USERPROFILE"));
            set(name).or_else(|| Some(home()?.join(below))).map(|path| path.join("ereprov"))
        };
        let config = under("XDG_CONFIG_HOME", ".config");
        let state = under("XDG_STATE_HOME", ".local/state");
        match (config, state) {
            (Some(config), Some(state)) => Ok(Self { config, state }),
            _ => Err(Failure::usage(Both::new(
                "HOME is not set: where are the profiles?",
                "HOME n'est pas défini : où sont les profils ?",
            ))),
        }
    }

    /// The file of the profiles.
    pub fn file(&self) -> PathBuf {
        self.config.join("profiles.toml")
    }

    /// The file of a profile's password, where the profile names no other.
    pub fn secret(&self, name: &str) -> PathBuf {
        self.config.join("secrets").join(name)
    }

    /// All profiles.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn load(&self) -> Result<Profiles, Failure> {
        let file = self.file();
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Profiles::default()),
            read => read.map_err(|error| about(&file, &error))?,
        };
        toml::from_str(&text).map_err(|error| about(&file, &error))
    }

    /// Keeps them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, profiles: &Profiles) -> Result<(), Failure> {
        let file = self.file();
        let text = toml::to_string(profiles).map_err(|error| about(&file, error.to_string()))?;
        write_private(&file, &text).map_err(|error| about(&file, &error))
    }

    /// Keeps a password.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_secret(&self, name: &str, password: &Password) -> Result<(), Failure> {
        let file = self.secret(name);
        write_private(&file, password.expose()).map_err(|error| about(&file, &error))
    }

    /// Removes the password that is kept for a profile, if there is one.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget_secret(&self, name: &str) -> Result<(), Failure> {
        let file = self.secret(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(about(&file, &error)),
            _ => Ok(()),
        }
    }
}

/// Reads a file that nobody else may read.
///
/// # Errors
/// It cannot be read, or others can.
pub fn read_private(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(file).map_err(|error| about(file, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(file).map_err(|error| about(file, &error))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            let file = file.display();
            let message = Both::new(
                format!("{file} can be read by others"),
                format!("{file} peut être lu par d'autres"),
            );
            return Err(Failure::usage(message).hint(format!("chmod 600 {file}")));
        }
    }
    Ok(bytes)
}

/// The password on a file's first line.
///
/// # Errors
/// It cannot be read, or others can read it, or it is no text.
pub fn read_password(file: &Path) -> Result<Password, Failure> {
    let text = String::from_utf8(read_private(file)?);
    let text = text.map_err(|_| about(file, no_text()))?;
    Ok(Password::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// The password on the first line of standard input.
///
/// # Errors
/// There is none.
pub async fn password_from_stdin() -> Result<Password, Failure> {
    let line = Zeroizing::new(line_from_stdin().await?);
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::usage(Both::new(
            "no password on standard input",
            "pas de mot de passe sur l'entrée standard",
        )));
    }
    Ok(Password::new(password.to_owned()))
}

/// A line of standard input. It is read on a thread of its own, so that Ctrl-C is heard meanwhile.
///
/// # Errors
/// It cannot be read.
pub async fn line_from_stdin() -> Result<String, Failure> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Whoever has been interrupted meanwhile does not listen any more.
        let _ = tell.send(read.map(|_| line));
    });
    let read = told.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()));
    read.map_err(|error| {
        let message =
            Both::new("standard input cannot be read", "l'entrée standard ne peut pas être lue");
        Failure::usage(message).cause(&error)
    })
}

/// Writes a file that nobody else may read, whole or not at all.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_added_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&new)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    fs::rename(&new, file)
}

/// What was read is no text.
pub fn no_text() -> Both {
    Both::new("not UTF-8", "il n'est pas en UTF-8")
}

/// A file that cannot be used.
pub fn about(file: &Path, why: impl Into<Both>) -> Failure {
    let file = file.display();
    let message =
        Both::new(format!("{file} cannot be used"), format!("{file} ne peut pas être utilisé"));
    Failure::usage(message).cause(why)
}
