//! `ereprovd secret-key`: the keys that seal the passwords kept for PasswordDigest.

use std::sync::Arc;

use serde_json::json;

use super::{
    context::{Context, act, parts},
    digest::keyring,
    output::{self, Failure},
};
use crate::{
    admission::keyring::{self, Keyring, Owner},
    clock::Entropy,
    store::{
        StoreError, Tx,
        admin_acts::{self, Act},
        notify_targets::{self, Target},
        operators::{self, Operator},
    },
};

/// What to do with the keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Put a new key at the head of `login.secret_key_file`, which is made where there is none.
    ///
    /// It seals from then on; the others still open. Every instance needs the same file.
    Add,
    /// Seal every password and webhook's secret again with the first key, so that the others can be taken away.
    Reseal,
}

/// Runs the command.
pub async fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add => add(context),
        Command::Reseal => reseal(context).await,
    }
}

fn add(context: &Context) -> Result<(), Failure> {
    let file = context.load()?.secret_key_file();
    let file = file.ok_or_else(|| Failure::usage("login.secret_key_file is not set"))?;
    let added = keyring::add_key(&file, &parts().entropy);
    let keys = added.map_err(|error| Failure::from(anyhow::Error::new(error)))?;
    if context.json {
        return output::json(&json!({"file": file, "keys": keys}));
    }
    output::sheet(&[("file", file.display().to_string()), ("keys", keys.to_string())])
}

/// What became of the passwords.
#[derive(Debug, Default)]
struct Resealed {
    now: usize,
    before: usize,
    lost: Vec<String>,
}

async fn reseal(context: &Context) -> Result<(), Failure> {
    let keyring = Arc::new(keyring(context)?);
    let store = context.store().await?;
    let asked = (keyring, parts().entropy, act("secret-key reseal", "", ""));
    let resealed = store.write("operator.reseal", asked, |tx, (keyring, entropy, act)| {
        Box::pin(reseal_all(tx, keyring, entropy, act))
    });
    let Resealed { now, before, lost } = resealed.await?;
    if context.json {
        output::json(&json!({"resealed": now, "unchanged": before, "lost": lost}))?;
    } else {
        output::sheet(&[("resealed", now.to_string()), ("unchanged", before.to_string())])?;
    }
    if lost.is_empty() {
        return Ok(());
    }
    let whose = lost.join(", ");
    Err(Failure::refused(format!("no key of the file opens the secret of {whose}"))
        .hint("`ereprovd operator digest`, or `operator notify webhook`, sets it again"))
}

async fn reseal_all(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &Entropy,
    act: &Act,
) -> Result<Resealed, StoreError> {
    let mut resealed = Resealed::default();
    for operator in operators::list(tx).await? {
        let Operator { login, password_hash, digest_secret: Some(old), .. } = &operator else {
            continue;
        };
        let owner = Owner { login, password_hash };
        let Some(password) = keyring.open(old, owner) else {
            resealed.lost.push(login.clone());
            continue;
        };
        if keyring.is_sealed_with_first(old) {
            resealed.before += 1;
            continue;
        }
        let new = keyring.seal(&password, owner, entropy);
        // Where somebody else has set another one meanwhile, that one stays.
        if operators::reseal(tx, login, [old, &new], act.at_ms).await? {
            resealed.now += 1;
        }
    }
    for target in notify_targets::list(tx).await? {
        let Target { operator_id, login, channel, secret: Some(old), .. } = &target else {
            continue;
        };
        let owner = Owner::of_webhook(login);
        let Some(secret) = keyring.open(old, owner) else {
            resealed.lost.push(format!("{login} (webhook)"));
            continue;
        };
        if keyring.is_sealed_with_first(old) {
            resealed.before += 1;
            continue;
        }
        let new = keyring.seal(&secret, owner, entropy);
        if notify_targets::reseal(tx, (*operator_id, *channel), [old, &new]).await? {
            resealed.now += 1;
        }
    }
    if resealed.now > 0 {
        admin_acts::record(tx, act).await?;
    }
    Ok(resealed)
}
