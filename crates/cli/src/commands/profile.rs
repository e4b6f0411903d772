//! `ereprov profile`: services and logins.

use std::{fs, path::PathBuf};

use clap::{ValueEnum, builder::PossibleValue};
use serde_json::json;

use crate::{
    context::{Context, home, no_such_profile},
    failure::Failure,
    lang::Lang,
    output::{self, Column, Layout, Page},
    profiles::{Platform, Profile, about, password_from_stdin, read_password},
    secrets,
    timeouts::Timeouts,
};

/// What to do with profiles.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a profile, or replace it; the first one is the default.
    ///
    /// The password comes with --password-stdin and is kept in a file that only you can read, stands in a
    /// file of yours (--password-file), or is asked of a keyring each time (--password-command).
    Add {
        /// Its name.
        #[arg(value_parser = name)]
        name: String,
        #[command(flatten)]
        profile: Box<Profile>,
    },
    /// List the profiles.
    List,
    /// Show a profile; its password is never shown.
    Show {
        /// Its name; without it, the one in use.
        name: Option<String>,
    },
    /// Make a profile the default.
    Use {
        /// Its name.
        name: String,
    },
    /// Remove a profile and the password that is kept for it.
    Remove {
        /// Its name.
        name: String,
    },
}

impl Command {
    /// Whether it prints something.
    pub fn prints(&self) -> bool {
        matches!(self, Self::List | Self::Show { .. })
    }
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add { name, profile } => add(context, name, *profile).await,
        Command::List => list(context),
        Command::Show { name } => show(context, name),
        Command::Use { name } => make_default(context, name),
        Command::Remove { name } => remove(context, &name),
    }
}

async fn add(context: &Context, name: String, mut profile: Profile) -> Result<(), Failure> {
    let lang = context.lang;
    let home = home()?;
    let mut all = home.load()?;
    if profile.proxy.as_ref().is_some_and(|proxy| proxy.contains('@')) {
        let message = lang.pick(
            "a proxy's password is not for the command line, which others can read",
            "le mot de passe d'un proxy n'a pas sa place sur la ligne de commande, que d'autres peuvent lire",
        );
        return Err(Failure::usage(message).hint(home.file().display().to_string()));
    }
    // A profile is used from other folders, too.
    let Profile { password_file, authority, certificate, headers, .. } = &mut profile;
    for file in [password_file, authority, certificate, headers].into_iter().flatten() {
        *file = fs::canonicalize(&*file).map_err(|error| about(file, &error))?;
    }
    let Timeouts { connect_s, call_s } = context.timeouts;
    (profile.connect_timeout_s, profile.timeout_s) = (connect_s, call_s);
    // What cannot be used is told now, not at the first call.
    context.try_out(&name, &profile)?;
    match (&profile.password_command, &profile.password_file) {
        (Some(command), _) => {
            secrets::password_of(lang, command).await?;
            // One that was kept for a profile of this name is not wanted any more.
            home.forget_secret(&name)?;
        }
        (None, Some(file)) => _ = read_password(file)?,
        (None, None) if context.password_stdin => {
            home.keep_secret(&name, &password_from_stdin().await?)?;
        }
        (None, None) => {
            let message = lang.pick("where is the password?", "où est le mot de passe ?");
            let hint = "--password-stdin, --password-file FILE, --password-command COMMAND";
            return Err(Failure::usage(message).hint(hint));
        }
    }
    all.default.get_or_insert_with(|| name.clone());
    all.profiles.insert(name.clone(), profile);
    home.save(&all)?;
    output::aside(&lang.pick(
        format!("the profile {name} is kept; `ereprov doctor --profile {name}` tries it"),
        format!("le profil {name} est gardé ; `ereprov doctor --profile {name}` l'essaie"),
    ));
    Ok(())
}

const COLUMNS: &[Column] = &[
    ("default", "default", "défaut"),
    ("name", "name", "nom"),
    ("platform", "platform", "plateforme"),
    ("login", "login", "login"),
    ("url", "URL", "URL"),
];

fn list(context: &Context) -> Result<(), Failure> {
    let all = home()?.load()?;
    let is_default = |name: &String| all.default.as_ref() == Some(name);
    let values = all.profiles.iter().map(|(name, profile)| {
        json!({
            "name": name, "default": is_default(name), "platform": platform(profile),
            "login": profile.login, "url": profile.url,
        })
    });
    let rows = all.profiles.iter().map(|(name, profile)| {
        let mark = if is_default(name) { "*" } else { "" };
        [mark, name, platform(profile), &profile.login, &profile.url].map(Into::into).to_vec()
    });
    let none = context.lang.pick("there is no profile yet", "il n'y a pas encore de profil");
    Page {
        json: json!(values.collect::<Vec<_>>()),
        columns: COLUMNS,
        rows: rows.collect(),
        layout: Layout::Rows,
        note: all.profiles.is_empty().then(|| none.to_owned()),
    }
    .print(context)
}

fn show(context: &Context, name: Option<String>) -> Result<(), Failure> {
    let named = Context { profile: name.or_else(|| context.profile.clone()), ..*context };
    let (name, mut profile) = named.profile()?;
    if profile.proxy.as_ref().is_some_and(|proxy| proxy.contains('@')) {
        profile.proxy = Some("***".to_owned());
    }
    let shown = sheet(context.lang, &name, &profile);
    Page {
        json: json!({"name": name, "profile": profile}),
        columns: SHEET,
        rows: vec![shown.into_iter().map(Into::into).collect()],
        layout: Layout::Sheet,
        note: None,
    }
    .print(context)
}

const SHEET: &[Column] = &[
    ("name", "name", "nom"),
    ("platform", "platform", "plateforme"),
    ("url", "URL", "URL"),
    ("login", "login", "login"),
    ("password", "password", "mot de passe"),
    ("security", "security", "envoi du login"),
    ("soap", "SOAP", "SOAP"),
    ("authority", "authority", "autorité"),
    ("certificate", "certificate", "certificat"),
    ("headers", "headers", "en-têtes"),
    ("proxy", "proxy", "proxy"),
    ("quota", "calls a month", "requêtes par mois"),
    ("connect_timeout_s", "connection, at most s", "connexion, s au plus"),
    ("timeout_s", "whole call, at most s", "requête entière, s au plus"),
];

fn sheet(lang: Lang, name: &str, profile: &Profile) -> [String; 14] {
    let file = |file: &Option<PathBuf>| {
        file.as_ref().map(|file| file.display().to_string()).unwrap_or_default()
    };
    let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
    let value = |value: Option<PossibleValue>| {
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    };
    let password = match (&profile.password_command, &profile.password_file) {
        (Some(command), _) => format!("$ {command}"),
        (None, Some(file)) => file.display().to_string(),
        (None, None) => lang.pick("kept", "gardé").to_owned(),
    };
    [
        name.to_owned(),
        platform(profile).to_owned(),
        profile.url.clone(),
        profile.login.clone(),
        password,
        value(profile.security.to_possible_value()),
        value(profile.soap.to_possible_value()),
        file(&profile.authority),
        file(&profile.certificate),
        file(&profile.headers),
        profile.proxy.clone().unwrap_or_default(),
        number(profile.quota),
        number(profile.connect_timeout_s),
        number(profile.timeout_s),
    ]
}

fn make_default(context: &Context, name: String) -> Result<(), Failure> {
    let home = home()?;
    let mut all = home.load()?;
    if !all.profiles.contains_key(&name) {
        return Err(no_such_profile(context.lang, &name));
    }
    all.default = Some(name);
    home.save(&all)
}

fn remove(context: &Context, name: &str) -> Result<(), Failure> {
    let home = home()?;
    let mut all = home.load()?;
    if all.profiles.remove(name).is_none() {
        return Err(no_such_profile(context.lang, name));
    }
    if all.default.as_deref() == Some(name) {
        all.default = None;
    }
    home.save(&all)?;
    home.forget_secret(name)
}

fn platform(profile: &Profile) -> &'static str {
    match profile.platform {
        Platform::Pack => "PACK",
        Platform::Prod => "PROD",
    }
}

/// A profile's name is a file's as well.
fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) {
        return Err("1 to 64 of: letters, digits, - and _".to_owned());
    }
    Ok(text.to_owned())
}
