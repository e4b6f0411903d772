//! `ereprovd operator notify`: where an operator is told what became of its re-provisionings.

use std::{
    io::{self, BufRead, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    changing::find,
    context::{Context, act, parts},
    notify_test,
    output::{self, Failure, or_empty},
};
use crate::{
    admission::keyring::{Keyring, Owner},
    notify::sign::Secret,
    store::{
        Store, StoreError, Tx,
        admin_acts::{self, Act},
        notifications,
        notify_targets::{self, Channel, Target},
        operators::Operator,
    },
};

/// Where to tell an operator; docs/notifications.md says what it is told.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List who is told, and where.
    List,
    /// Tell an operator by requests to a server of its own, signed with a secret.
    ///
    /// The secret is kept sealed with the first key of `login.secret_key_file`. Without an option, it
    /// stays what it is, or is made up and shown once.
    Webhook(Webhook),
    /// Tell an operator by files in a folder, which must be there.
    Folder {
        /// What it logs in with.
        login: String,
        /// The folder, from the root; no other operator's.
        folder: PathBuf,
        /// Tell failed and cancelled ones, too.
        #[arg(long)]
        all_ends: bool,
    },
    /// Tell an operator a test, at once and once: sample values of a contract called TEST.
    Test {
        /// What it logs in with.
        login: String,
        /// Only so; without it, in every way that is set.
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
    },
    /// Tell an operator no longer; what waits is given up.
    Off {
        /// What it logs in with.
        login: String,
        /// Only so; without it, in no way.
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
    },
}

/// A server, and what signs.
#[derive(Debug, clap::Args)]
pub struct Webhook {
    /// What it logs in with.
    login: String,
    /// `https://HOST…`, without a login in it.
    url: String,
    /// Tell failed and cancelled ones, too.
    #[arg(long)]
    all_ends: bool,
    /// Read the secret (`whsec_…`) from the first line of standard input.
    #[arg(long, group = "source")]
    secret_stdin: bool,
    /// Read the secret from a file that nobody else may read.
    #[arg(long, value_name = "FILE", group = "source")]
    secret_file: Option<PathBuf>,
    /// Make up a new secret, and show it once.
    #[arg(long, group = "source")]
    new_secret: bool,
}

/// A channel, by its word.
pub fn channel(word: &str) -> Result<Channel, String> {
    let all = Channel::ALL.map(Channel::as_str).join(", ");
    Channel::parse(word).ok_or_else(|| format!("one of {all}"))
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List => list(context, &all(&context.store().await?).await?),
        Command::Webhook(args) => webhook(context, args).await,
        Command::Folder { login, folder, all_ends } => {
            set_folder(context, &login, &folder, all_ends).await
        }
        Command::Test { login, channel } => notify_test::run(context, &login, channel).await,
        Command::Off { login, channel } => off(context, &login, channel).await,
    }
}

async fn webhook(context: &Context, args: Webhook) -> Result<(), Failure> {
    let config = context.load()?;
    let url = config.webhook_guard()?.url(&args.url);
    let url = url.map_err(|error| Failure::usage(format!("the URL cannot be asked: {error}")))?;
    config.webhook().map_err(|error| Failure::usage(error.to_string()))?;
    let keyring = config.keyring().map_err(|error| Failure::usage(error.to_string()))?;
    let keyring = keyring.ok_or_else(|| {
        Failure::refused("a webhook is signed with a secret, and there is no key to seal it")
            .hint("set login.secret_key_file; `ereprovd secret-key add` makes the file")
    })?;
    let store = context.store().await?;
    let operator = find(&store, &args.login).await?;
    let before = all(&store)
        .await?
        .into_iter()
        .find(|target| (target.operator_id, target.channel) == (operator.id, Channel::Webhook));
    let given = secret_of(&args)?;
    let kept = before.filter(|_| given.is_none() && !args.new_secret);
    let made = (given.is_none() && kept.is_none()).then(|| Secret::generate(&parts().entropy));
    let sealed = match (given.as_ref().or(made.as_ref()), kept) {
        (Some(secret), _) => seal(&keyring, &args.login, secret),
        (None, kept) => kept.and_then(|kept| kept.secret).unwrap_or_default(),
    };
    let host = url.host_str().unwrap_or_default();
    let change = Change {
        operator,
        channel: Channel::Webhook,
        address: url.to_string(),
        secret: Some(sealed),
        all_ends: args.all_ends,
        // Without the rest of the URL, which may hold a token.
        act: act("operator notify webhook", &args.login, host),
    };
    set(&store, change).await?;
    let shown = made.as_ref().map(Secret::expose);
    tell(context, &args.login, url.as_str(), shown.as_deref().map(String::as_str))
}

fn seal(keyring: &Keyring, login: &str, secret: &Secret) -> String {
    keyring.seal(&secret.expose(), Owner::of_webhook(login), &parts().entropy)
}

/// Shows where an operator is told and, this once, the secret that was made up.
fn tell(context: &Context, login: &str, url: &str, secret: Option<&str>) -> Result<(), Failure> {
    let text = match secret {
        _ if context.json => json!({"login": login, "url": url, "secret": secret}).to_string(),
        None => format!("{login}: told at {url}"),
        Some(secret) => format!(
            "login   {login}\nurl     {url}\nsecret  {secret}\n\nThe secret is not shown again."
        ),
    };
    output::must_line(&text).map_err(|error| anyhow::Error::new(error).into())
}

/// The secret that was given, in whichever way.
fn secret_of(args: &Webhook) -> Result<Option<Secret>, Failure> {
    let text = match &args.secret_file {
        Some(file) => read_private(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?,
        None if args.secret_stdin => {
            let mut line = Zeroizing::new(String::new());
            io::stdin().lock().take(1024).read_line(&mut line).map_err(anyhow::Error::new)?;
            line
        }
        None => return Ok(None),
    };
    let wrong = || Failure::usage("whsec_ and 24 to 64 bytes in Base64 are expected");
    Secret::parse(&text).map(Some).ok_or_else(wrong)
}

fn read_private(file: &Path) -> io::Result<Zeroizing<String>> {
    let facts = file.metadata()?;
    if facts.mode() & 0o077 != 0 {
        return Err(io::Error::other("others than its owner may use it; chmod 600"));
    }
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(file)?.take(1024).read_to_string(&mut text)?;
    Ok(text)
}

async fn set_folder(
    context: &Context,
    login: &str,
    folder: &Path,
    all_ends: bool,
) -> Result<(), Failure> {
    if !folder.is_absolute() {
        return Err(Failure::usage("a folder from the root is expected"));
    }
    let real = folder.canonicalize().ok().filter(|real| real.is_dir());
    let real = real.ok_or_else(|| Failure::usage(format!("{} is no folder", folder.display())))?;
    let address = real.to_str().ok_or_else(|| Failure::usage("a name in UTF-8 is expected"))?;
    let store = context.store().await?;
    let operator = find(&store, login).await?;
    let all = all(&store).await?;
    let other = all.iter().find(|target| {
        target.channel == Channel::Folder
            && target.address == address
            && target.operator_id != operator.id
    });
    if let Some(other) = other {
        return Err(Failure::refused(format!("{address} is the folder of {}", other.login)));
    }
    let change = Change {
        operator,
        channel: Channel::Folder,
        address: address.to_owned(),
        secret: None,
        all_ends,
        act: act("operator notify folder", login, address),
    };
    set(&store, change).await?;
    if context.json {
        return output::json(&json!({"login": login, "folder": address}));
    }
    output::line(&format!("{login}: told in {address}"))
}

/// An address to set.
struct Change {
    operator: Operator,
    channel: Channel,
    address: String,
    secret: Option<String>,
    all_ends: bool,
    act: Act,
}

async fn set(store: &Store, change: Change) -> Result<(), Failure> {
    let written = store.write("notify.set", change, |tx, change| {
        Box::pin(async move {
            let Change { operator, channel, address, secret, all_ends, act } = change;
            let (key, secret) = ((operator.id, *channel), secret.as_deref());
            notify_targets::set(tx, key, address, secret, *all_ends, act.at_ms).await?;
            admin_acts::record(tx, act).await
        })
    });
    Ok(written.await?)
}

async fn off(context: &Context, login: &str, channel: Option<Channel>) -> Result<(), Failure> {
    let store = context.store().await?;
    let operator = find(&store, login).await?;
    let channels = channel.map_or_else(|| Channel::ALL.to_vec(), |channel| vec![channel]);
    let said: Vec<_> = channels.iter().map(|channel| channel.as_str()).collect();
    let act = act("operator notify off", login, &said.join(", "));
    let asked = (operator.id, channels, act);
    let removed = store.write("notify.off", asked, |tx, (operator, channels, act)| {
        Box::pin(remove(tx, *operator, channels, act))
    });
    let Some(given_up) = removed.await? else {
        return Err(Failure::unknown(format!("{login} is not told so")));
    };
    if context.json {
        return output::json(&json!({"login": login, "given_up": given_up}));
    }
    output::line(&format!("{login}: told no longer; {given_up} given up"))
}

/// How many that waited are given up; none: there was no such address.
async fn remove(
    tx: &mut Tx<'_>,
    operator_id: i64,
    channels: &[Channel],
    act: &Act,
) -> Result<Option<u64>, StoreError> {
    let mut given_up = None;
    for channel in channels {
        let key = (operator_id, *channel);
        if notify_targets::remove(tx, key).await? {
            let why = "the operator is told no longer";
            let more = notifications::give_up(tx, key, i64::MAX, why).await?;
            given_up = Some(given_up.unwrap_or_default() + more);
        }
    }
    if given_up.is_some() {
        admin_acts::record(tx, act).await?;
    }
    Ok(given_up)
}

pub(super) async fn all(store: &Store) -> Result<Vec<Target>, Failure> {
    let listed = store.read("notify.list", (), |tx, ()| Box::pin(notify_targets::list(tx))).await?;
    Ok(listed)
}

fn list(context: &Context, targets: &[Target]) -> Result<(), Failure> {
    if context.json {
        return output::json(&targets.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows = targets.iter().map(|target| {
        vec![
            target.login.clone(),
            target.channel.as_str().to_owned(),
            target.address.clone(),
            if target.all_ends { "all ends" } else { "completions" }.to_owned(),
            target.waiting.to_string(),
            target.failures.to_string(),
            or_empty(target.last_error.as_ref()),
        ]
    });
    output::table(
        &["LOGIN", "CHANNEL", "WHERE", "TOLD", "WAITING", "FAILURES", "LAST ERROR"],
        rows.collect(),
        "nobody is told",
    )
}

fn as_json(target: &Target) -> Value {
    json!({
        "login": target.login,
        "channel": target.channel.as_str(),
        "address": target.address,
        "all_ends": target.all_ends,
        "waiting": target.waiting,
        "failures": target.failures,
        "last_error": target.last_error,
    })
}
