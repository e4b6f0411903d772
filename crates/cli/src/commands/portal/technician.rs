//! `ereprov portal technician`: who may sign in with a password.

use ereprov_portal::{NoAccount, Person};
use jiff::Timestamp;
use serde_json::json;

use super::{Place, chosen, of_store};
use crate::{
    context::Context,
    exit,
    failure::Failure,
    lang::Lang,
    output::{self, Column, Layout, Page},
};

/// What to do about technicians.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a technician, who signs in with a password.
    ///
    /// The password is asked for, or comes with --password-stdin; it has 12 characters at the least.
    Add {
        /// As what he signs in: 1 to 64 of a-z, 0-9, . _ @ + -
        login: String,
        /// His name, as the journal and the pages show it.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// List those who may sign in, or might before.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Let a technician in no more; whoever is signed in is signed out at once.
    Disable {
        /// As what he signs in.
        login: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let a technician in again.
    Enable {
        /// As what he signs in.
        login: String,
        #[command(flatten)]
        place: Place,
    },
    /// Give a technician another password; whoever is signed in is signed out at once.
    Password {
        /// As what he signs in.
        login: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let lang = context.lang;
    let failed = |error: NoAccount| of(lang, &error);
    let done = match command {
        Command::List { place } => return list(context, &place).await,
        Command::Add { login, name, place } => {
            let password = chosen::password(context).await?;
            let kept = place.open()?.add(&login, &name, &password).await.map_err(failed)?;
            let done =
                lang.pick(format!("{kept} may sign in"), format!("{kept} peut se connecter"));
            done + in_small_letters(lang, &login, &kept)
        }
        Command::Disable { login, place } => {
            place.open()?.set_disabled(&login, true).await.map_err(failed)?;
            lang.pick(
                format!("{login} is not let in any more"),
                format!("{login} ne peut plus se connecter"),
            )
        }
        Command::Enable { login, place } => {
            place.open()?.set_disabled(&login, false).await.map_err(failed)?;
            lang.pick(
                format!("{login} may sign in again"),
                format!("{login} peut de nouveau se connecter"),
            )
        }
        Command::Password { login, place } => {
            let password = chosen::password(context).await?;
            place.open()?.set_password(&login, &password).await.map_err(failed)?;
            lang.pick(
                format!("{login} has another password"),
                format!("{login} a un autre mot de passe"),
            )
        }
    };
    output::aside(&done);
    Ok(())
}

/// Whoever typed capitals is told that the login has none.
fn in_small_letters(lang: Lang, typed: &str, kept: &str) -> &'static str {
    if typed.trim() == kept {
        return "";
    }
    lang.pick(
        " (a login is kept in small letters; capitals are accepted at the sign-in)",
        " (l'identifiant est gardé en minuscules ; à la connexion, les majuscules sont acceptées)",
    )
}

const COLUMNS: &[Column] = &[
    ("login", "login", "identifiant"),
    ("name", "name", "nom"),
    ("state", "state", "état"),
    ("signs_in_with", "signs in with", "se connecte avec"),
    ("since", "since", "depuis"),
];

async fn list(context: &Context, place: &Place) -> Result<(), Failure> {
    let people = place.open()?.people().await.map_err(|error| of_store(&error))?;
    let lang = context.lang;
    let with = |person: &Person| if person.has_password { "password" } else { "openid" };
    let values = people.iter().map(|person| {
        json!({
            "login": person.login, "name": person.name, "disabled": person.disabled,
            "signs_in_with": with(person), "since": time(person.created_ms),
        })
    });
    let rows = people.iter().map(|person| {
        let state = match (person.disabled, context.is_for_people()) {
            (true, true) => lang.pick("not let in", "bloqué"),
            (false, true) => lang.pick("let in", "actif"),
            (true, false) => "disabled",
            (false, false) => "enabled",
        };
        let with = match with(person) {
            "password" if context.is_for_people() => lang.pick("password", "mot de passe"),
            other => other,
        };
        let since = time(person.created_ms);
        [person.login.as_str(), &person.name, state, with, &since].map(Into::into).to_vec()
    });
    let none = lang.pick("there is no technician yet", "il n'y a pas encore de technicien");
    Page {
        json: json!(values.collect::<Vec<_>>()),
        columns: COLUMNS,
        rows: rows.collect(),
        layout: Layout::Rows,
        note: people.is_empty().then(|| none.to_owned()),
    }
    .print(context)
}

/// A time as RFC 3339 writes it, in UTC and to the second.
pub(super) fn time(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn of(lang: Lang, error: &NoAccount) -> Failure {
    let said = |exit, en: &str, fr: &str| Failure::new(exit, lang.pick(en, fr));
    match error {
        NoAccount::Store(error) => of_store(error),
        NoAccount::Taken(login) => {
            let message =
                lang.pick(format!("{login} is there already"), format!("{login} existe déjà"));
            Failure::new(exit::FAILED, message).hint("ereprov portal technician password")
        }
        NoAccount::Unknown(login) => {
            let message = lang.pick(
                format!("there is no technician {login}"),
                format!("il n'y a pas de technicien {login}"),
            );
            Failure::new(exit::NOTHING, message).hint("ereprov portal technician list")
        }
        NoAccount::NoPassword(_) => said(
            exit::REFUSED,
            "this technician signs in with OpenID Connect: the password is changed there",
            "ce technicien se connecte avec OpenID Connect : le mot de passe se change là-bas",
        ),
        other => said(
            exit::USAGE,
            &other.to_string(),
            "l'identifiant, le nom ou le mot de passe ne convient pas",
        )
        .cause(other),
    }
}
