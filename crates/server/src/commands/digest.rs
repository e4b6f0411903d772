//! `ereprovd operator digest`: PasswordDigest for one operator, whose password is then kept sealed.

use ereprov_wire::security::Password;

use super::{
    changing::{change, find},
    context::{Context, parts},
    operator::show,
    output::Failure,
    password::{self, Chosen},
};
use crate::{
    admission::{
        keyring::{Keyring, Owner},
        password::verify,
    },
    store::operators::{Change, Operator},
};

/// Whether an operator may log in by PasswordDigest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it logs in with.
    login: String,
    /// `on` gives it a new password, unless it has the one on standard input.
    switch: Switch,
    #[command(flatten)]
    password: password::Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let Args { login, switch, password } = args;
    let store = context.store().await?;
    let operator = find(&store, &login).await?;
    if switch == Switch::Off {
        let changes = vec![Change::Digest(None)];
        return show(context, &change(&store, &login, changes, "operator digest", "off").await?);
    }
    let keyring = keyring(context)?;
    if let Some(given) = password::read(password)? {
        let Operator { password_hash, .. } = &operator;
        if !verify(given.expose(), password_hash) {
            return Err(Failure::refused(format!("that is not the password of {login}"))
                .hint("without --password-stdin, it gets a new one"));
        }
        let changes = vec![Change::Digest(Some(sealed(&keyring, &login, &given, password_hash)))];
        return show(context, &change(&store, &login, changes, "operator digest", "on").await?);
    }
    let chosen = password::choose(password)?;
    let sealed = sealed(&keyring, &login, &chosen.password, &chosen.hash);
    let changes = vec![Change::Password(chosen.hash.clone()), Change::Digest(Some(sealed))];
    change(&store, &login, changes, "operator digest", "on, with a new password").await?;
    password::tell(context, &login, chosen.generated(), None)
}

/// What else changes with the password of an operator: the one that is kept for PasswordDigest.
///
/// # Errors
/// There is one, and no key to seal the new one with.
pub fn follow(
    context: &Context,
    operator: &Operator,
    chosen: &Chosen,
) -> Result<Option<Change>, Failure> {
    if operator.digest_secret.is_none() {
        return Ok(None);
    }
    let sealed = sealed(&keyring(context)?, &operator.login, &chosen.password, &chosen.hash);
    Ok(Some(Change::Digest(Some(sealed))))
}

fn sealed(keyring: &Keyring, login: &str, password: &Password, password_hash: &str) -> String {
    keyring.seal(password.expose(), Owner { login, password_hash }, &parts().entropy)
}

/// The keys of the configuration.
///
/// # Errors
/// It names none, or their file cannot be used.
pub fn keyring(context: &Context) -> Result<Keyring, Failure> {
    let keyring = context.load()?.keyring().map_err(|error| Failure::usage(error.to_string()))?;
    keyring.ok_or_else(|| {
        Failure::refused("PasswordDigest needs the password itself, and there is no key to seal it")
            .hint("set login.secret_key_file; `ereprovd secret-key add` makes the file")
    })
}
