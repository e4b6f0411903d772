//! `ereprovd operator`: the commercial operators and their logins.

use serde_json::{Value, json};

use super::{
    certificate,
    changing::{change, find, name_taken},
    context::{Context, act, parts},
    digest,
    login::{self, Addresses},
    notify,
    output::{self, Failure, time},
    password,
};
use crate::{
    admission::{
        certificate::shown,
        credentials::{LOGIN_RULE, is_login},
    },
    store::{
        StoreError, Tx,
        admin_acts::{self, Act},
        operators::{self, Change, Operator},
    },
};

/// What to do with operators.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add an operator; its password is made up and shown once, or read from standard input.
    Add(Add),
    /// List the operators.
    List,
    /// Show one operator.
    Show {
        /// What it logs in with.
        login: String,
    },
    /// Change an operator; what is not given stays.
    Set(Set),
    /// Give an operator a new password; the old one is refused at once, unless it is kept.
    Passwd {
        /// What it logs in with.
        login: String,
        /// Accept the old password too for so long, such as 7d or 12h, 90d at the most; one that was
        /// kept before is refused at once.
        #[arg(long, value_name = "TIME", value_parser = login::keep_for_ms)]
        keep_old_for: Option<i64>,
        #[command(flatten)]
        password: password::Source,
    },
    /// Accept PasswordDigest from an operator, too, or no longer.
    ///
    /// Its password is then kept, sealed with the first key of `login.secret_key_file`.
    Digest(digest::Args),
    /// Tell an operator what becomes of its re-provisionings, or no longer.
    #[command(subcommand)]
    Notify(notify::Command),
    /// Refuse an operator's login; its data stays.
    Disable {
        /// What it logs in with.
        login: String,
    },
    /// Accept a disabled operator's login again.
    Enable {
        /// What it logs in with.
        login: String,
    },
}

/// A new operator.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// What it logs in with.
    login: String,
    /// What people and metrics call it; the login, if it is not given.
    #[arg(long)]
    name: Option<String>,
    /// Its technical profile; `none` for none.
    #[arg(long, default_value = "OC")]
    profile: String,
    /// Calls a month, instead of the profile's.
    #[arg(long, allow_negative_numbers = true)]
    quota: Option<u32>,
    /// Requests at once, instead of the profile's.
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: Option<u32>,
    #[command(flatten)]
    password: password::Source,
}

/// What to change.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// What it logs in with.
    login: String,
    /// What people and metrics call it.
    #[arg(long)]
    name: Option<String>,
    /// Its technical profile; `none` for none.
    #[arg(long)]
    profile: Option<String>,
    /// Calls a month; `profile` for the profile's.
    #[arg(long, allow_negative_numbers = true, value_parser = number_or_profile)]
    quota: Option<NumberOrProfile>,
    /// Requests at once; `profile` for the profile's.
    #[arg(long, allow_negative_numbers = true, value_parser = number_or_profile)]
    sessions: Option<NumberOrProfile>,
    /// Networks that it may ask from, such as `192.0.2.0/24,2001:db8::/32`; `any` for any. From
    /// anywhere else its login is refused as if the password were wrong.
    #[arg(long, value_name = "NETWORKS", value_parser = login::addresses)]
    addresses: Option<Addresses>,
    /// Refuse the old password that `passwd --keep-old-for` has kept, from now on.
    #[arg(long)]
    end_old_password: bool,
    /// The certificate without which its login is refused: a file in PEM, or sha256:FINGERPRINT; twice
    /// while it changes; `none` for none.
    #[arg(long, value_name = "FILE|sha256:FINGERPRINT|none")]
    certificate: Vec<String>,
}

/// A number of its own, or the profile's.
#[derive(Debug, Clone, Copy)]
pub struct NumberOrProfile(Option<i64>);

fn number_or_profile(text: &str) -> Result<NumberOrProfile, String> {
    if text == "profile" {
        return Ok(NumberOrProfile(None));
    }
    let number = text.parse::<u32>().map_err(|_| "a whole number, or `profile`".to_owned())?;
    Ok(NumberOrProfile(Some(i64::from(number))))
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add(context, args).await,
        Command::List => list(context).await,
        Command::Show { login } => {
            let store = context.store().await?;
            show(context, &find(&store, &login).await?)
        }
        Command::Set(args) => set(context, args).await,
        Command::Passwd { login, keep_old_for, password } => {
            passwd(context, &login, keep_old_for.unwrap_or_default(), password).await
        }
        Command::Digest(args) => digest::run(context, args).await,
        Command::Notify(command) => notify::run(context, command).await,
        Command::Disable { login } => able(context, &login, true).await,
        Command::Enable { login } => able(context, &login, false).await,
    }
}

async fn add(context: &Context, args: Add) -> Result<(), Failure> {
    if !is_login(&args.login) {
        return Err(Failure::usage(LOGIN_RULE));
    }
    let profile = profile(context, &args.profile)?;
    let store = context.store_or_new().await?;
    let chosen = password::choose(args.password)?;
    let operator = Operator {
        id: 0,
        name: args.name.unwrap_or_else(|| args.login.clone()),
        login: args.login,
        password_hash: chosen.hash.clone(),
        old_password: None,
        addresses: None,
        profile,
        quota: args.quota.map(i64::from),
        sessions: args.sessions.map(i64::from),
        disabled: false,
        created_ms: parts().clock.now_ms(),
        digest_secret: None,
        certificates: None,
    };
    let act = act("operator add", &operator.login, "");
    let (login, name) = (operator.login.clone(), operator.name.clone());
    let added = store.write("operator.add", (operator, act), |tx, (operator, act)| {
        Box::pin(insert(tx, operator, act))
    });
    match added.await? {
        Added::Yes => password::tell(context, &login, chosen.generated(), None),
        Added::LoginTaken => Err(Failure::refused(format!("the login {login} is taken"))),
        Added::NameTaken => Err(name_taken(&name)),
    }
}

enum Added {
    Yes,
    LoginTaken,
    NameTaken,
}

async fn insert(tx: &mut Tx<'_>, operator: &Operator, act: &Act) -> Result<Added, StoreError> {
    tx.lock_keys().await?;
    if operators::find(tx, &operator.login).await?.is_some() {
        return Ok(Added::LoginTaken);
    }
    if !operators::insert(tx, operator).await? {
        return Ok(Added::NameTaken);
    }
    admin_acts::record(tx, act).await?;
    Ok(Added::Yes)
}

fn profile(context: &Context, name: &str) -> Result<Option<String>, Failure> {
    if name == "none" {
        return Ok(None);
    }
    let profiles = context.load()?.profiles()?;
    if profiles.contains_key(name) {
        return Ok(Some(name.to_owned()));
    }
    let known: Vec<_> = profiles.keys().map(String::as_str).collect();
    Err(Failure::usage(format!("no profile {name} in the configuration"))
        .hint(format!("there is {}", known.join(", "))))
}

async fn list(context: &Context) -> Result<(), Failure> {
    let store = context.store().await?;
    let all = store.read("operator.list", (), |tx, ()| Box::pin(operators::list(tx))).await?;
    let now_ms = parts().clock.now_ms();
    if context.json {
        return output::json(&all.iter().map(|one| as_json(one, now_ms)).collect::<Vec<_>>());
    }
    let rows = all.iter().map(|operator| {
        vec![
            operator.login.clone(),
            operator.name.clone(),
            operator.profile.clone().unwrap_or_else(|| "none".to_owned()),
            operator.quota.map_or("profile".to_owned(), |quota| quota.to_string()),
            operator.sessions.map_or("profile".to_owned(), |sessions| sessions.to_string()),
            login::few_addresses(operator),
            login::shown_old_password(operator, now_ms),
            if operator.disabled { "disabled" } else { "active" }.to_owned(),
        ]
    });
    output::table(
        &[
            "LOGIN",
            "NAME",
            "PROFILE",
            "QUOTA",
            "SESSIONS",
            "ADDRESSES",
            "OLD PASSWORD UNTIL",
            "STATE",
        ],
        rows.collect(),
        "no operator yet; `ereprovd operator add LOGIN` adds one",
    )
}

pub(super) fn show(context: &Context, operator: &Operator) -> Result<(), Failure> {
    let now_ms = parts().clock.now_ms();
    if context.json {
        return output::json(&as_json(operator, now_ms));
    }
    output::sheet(&[
        ("login", operator.login.clone()),
        ("name", operator.name.clone()),
        ("profile", operator.profile.clone().unwrap_or_else(|| "none".to_owned())),
        ("quota", operator.quota.map_or("the profile's".to_owned(), |q| q.to_string())),
        ("sessions", operator.sessions.map_or("the profile's".to_owned(), |s| s.to_string())),
        ("addresses", login::shown_addresses(operator)),
        ("old password until", login::shown_old_password(operator, now_ms)),
        ("state", if operator.disabled { "disabled" } else { "active" }.to_owned()),
        ("digest", if operator.digest_secret.is_some() { "on" } else { "off" }.to_owned()),
        ("certificates", certificates(operator.certificates.as_deref())),
        ("created", time(Some(operator.created_ms))),
    ])
}

fn as_json(operator: &Operator, now_ms: i64) -> Value {
    let old_password = operator.old_password_at(now_ms);
    json!({
        "login": operator.login,
        "name": operator.name,
        "profile": operator.profile,
        "quota": operator.quota,
        "sessions": operator.sessions,
        "addresses": operator.addresses.as_ref().map(|list| list.texts().collect::<Vec<_>>()),
        "old_password_until": old_password.map(|old| time(Some(old.until_ms))),
        "disabled": operator.disabled,
        "digest": operator.digest_secret.is_some(),
        "certificates": shown(operator.certificates.as_deref()),
        "created": time(Some(operator.created_ms)),
    })
}

async fn set(context: &Context, args: Set) -> Result<(), Failure> {
    let mut changes = Vec::new();
    if let Some(name) = args.name {
        changes.push(Change::Name(name));
    }
    if let Some(name) = args.profile {
        changes.push(Change::Profile(profile(context, &name)?));
    }
    if let Some(NumberOrProfile(quota)) = args.quota {
        changes.push(Change::Quota(quota));
    }
    if let Some(NumberOrProfile(sessions)) = args.sessions {
        if sessions == Some(0) {
            return Err(Failure::usage("--sessions is at least 1")
                .hint("`ereprovd operator disable` refuses every request"));
        }
        changes.push(Change::Sessions(sessions));
    }
    if let Some(Addresses(addresses)) = args.addresses {
        changes.push(Change::Addresses(addresses));
    }
    if args.end_old_password {
        changes.push(Change::OldPasswordEnds);
    }
    if !args.certificate.is_empty() {
        changes.push(Change::Certificates(certificate::given(context, &args.certificate)?));
    }
    if changes.is_empty() {
        return Err(Failure::usage("nothing to change")
            .hint("`ereprovd operator set --help` says what can be"));
    }
    let store = context.store().await?;
    let said: Vec<_> = changes.iter().map(said).collect();
    let operator = change(&store, &args.login, changes, "operator set", &said.join(", ")).await?;
    show(context, &operator)
}

/// A change, for the record; never a password.
fn said(change: &Change) -> String {
    let own = |number: &Option<i64>| number.map_or("profile".to_owned(), |n| n.to_string());
    match change {
        Change::Name(name) => format!("name {name}"),
        Change::Password(_) => "password".to_owned(),
        Change::RotatedPassword { old_until_ms, .. } => {
            format!("the old password is accepted until {}", time(Some(*old_until_ms)))
        }
        Change::OldPasswordEnds => "the old password is refused".to_owned(),
        Change::Addresses(None) => "addresses any".to_owned(),
        Change::Addresses(Some(list)) => format!("addresses {list}"),
        Change::Profile(profile) => format!("profile {}", profile.as_deref().unwrap_or("none")),
        Change::Quota(quota) => format!("quota {}", own(quota)),
        Change::Sessions(sessions) => format!("sessions {}", own(sessions)),
        Change::Disabled(disabled) => format!("disabled {disabled}"),
        Change::Digest(sealed) => {
            format!("digest {}", if sealed.is_some() { "on" } else { "off" })
        }
        Change::Certificates(kept) => format!("certificates {}", certificates(kept.as_deref())),
    }
}

fn certificates(kept: Option<&str>) -> String {
    kept.map_or_else(|| "none".to_owned(), |kept| shown(Some(kept)).join(" "))
}

async fn passwd(
    context: &Context,
    login: &str,
    keep_old_for_ms: i64,
    source: password::Source,
) -> Result<(), Failure> {
    let store = context.store().await?;
    let operator = find(&store, login).await?;
    let chosen = password::choose(source)?;
    let old_until_ms = (keep_old_for_ms > 0).then(|| parts().clock.now_ms() + keep_old_for_ms);
    let hash = chosen.hash.clone();
    let password = match old_until_ms {
        None => Change::Password(hash),
        Some(old_until_ms) => Change::RotatedPassword { hash, old_until_ms },
    };
    let said = old_until_ms.map_or(String::new(), |_| said(&password));
    let mut changes = vec![password];
    changes.extend(digest::follow(context, &operator, &chosen)?);
    change(&store, login, changes, "operator passwd", &said).await?;
    password::tell(context, login, chosen.generated(), old_until_ms)
}

async fn able(context: &Context, login: &str, disabled: bool) -> Result<(), Failure> {
    let store = context.store().await?;
    let action = if disabled { "operator disable" } else { "operator enable" };
    let changes = vec![Change::Disabled(disabled)];
    show(context, &change(&store, login, changes, action, "").await?)
}
