//! `ereprovd operator`: the commercial operators and their logins.

use serde_json::{Value, json};

use super::{
    context::{Context, act, parts},
    output::{self, Failure, time},
    password,
};
use crate::{
    admission::credentials::{LOGIN_RULE, is_login},
    store::{
        Store, StoreError, Tx,
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
    /// Give an operator a new password; the old one is refused at once.
    Passwd {
        /// What it logs in with.
        login: String,
        #[command(flatten)]
        password: password::Source,
    },
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
        Command::Passwd { login, password } => passwd(context, &login, password).await,
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
        password_hash: chosen.hash,
        profile,
        quota: args.quota.map(i64::from),
        sessions: args.sessions.map(i64::from),
        disabled: false,
        created_ms: parts().clock.now_ms(),
    };
    let act = act("operator add", &operator.login, "");
    let (login, name) = (operator.login.clone(), operator.name.clone());
    let added = store.write("operator.add", (operator, act), |tx, (operator, act)| {
        Box::pin(insert(tx, operator, act))
    });
    match added.await? {
        Added::Yes => password::tell(context, &login, chosen.generated.as_deref()),
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
    if context.json {
        return output::json(&all.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows = all.iter().map(|operator| {
        vec![
            operator.login.clone(),
            operator.name.clone(),
            operator.profile.clone().unwrap_or_else(|| "none".to_owned()),
            operator.quota.map_or("profile".to_owned(), |quota| quota.to_string()),
            operator.sessions.map_or("profile".to_owned(), |sessions| sessions.to_string()),
            if operator.disabled { "disabled" } else { "active" }.to_owned(),
        ]
    });
    output::table(
        &["LOGIN", "NAME", "PROFILE", "QUOTA", "SESSIONS", "STATE"],
        rows.collect(),
        "no operator yet; `ereprovd operator add LOGIN` adds one",
    )
}

fn show(context: &Context, operator: &Operator) -> Result<(), Failure> {
    if context.json {
        return output::json(&as_json(operator));
    }
    output::sheet(&[
        ("login", operator.login.clone()),
        ("name", operator.name.clone()),
        ("profile", operator.profile.clone().unwrap_or_else(|| "none".to_owned())),
        ("quota", operator.quota.map_or("the profile's".to_owned(), |q| q.to_string())),
        ("sessions", operator.sessions.map_or("the profile's".to_owned(), |s| s.to_string())),
        ("state", if operator.disabled { "disabled" } else { "active" }.to_owned()),
        ("created", time(Some(operator.created_ms))),
    ])
}

fn as_json(operator: &Operator) -> Value {
    json!({
        "login": operator.login,
        "name": operator.name,
        "profile": operator.profile,
        "quota": operator.quota,
        "sessions": operator.sessions,
        "disabled": operator.disabled,
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
    if changes.is_empty() {
        return Err(Failure::usage("nothing to change")
            .hint("give --name, --profile, --quota or --sessions"));
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
        Change::Profile(profile) => format!("profile {}", profile.as_deref().unwrap_or("none")),
        Change::Quota(quota) => format!("quota {}", own(quota)),
        Change::Sessions(sessions) => format!("sessions {}", own(sessions)),
        Change::Disabled(disabled) => format!("disabled {disabled}"),
    }
}

async fn passwd(context: &Context, login: &str, source: password::Source) -> Result<(), Failure> {
    let store = context.store().await?;
    find(&store, login).await?;
    let chosen = password::choose(source)?;
    let changes = vec![Change::Password(chosen.hash)];
    change(&store, login, changes, "operator passwd", "").await?;
    password::tell(context, login, chosen.generated.as_deref())
}

async fn able(context: &Context, login: &str, disabled: bool) -> Result<(), Failure> {
    let store = context.store().await?;
    let action = if disabled { "operator disable" } else { "operator enable" };
    let changes = vec![Change::Disabled(disabled)];
    show(context, &change(&store, login, changes, action, "").await?)
}

async fn find(store: &Store, login: &str) -> Result<Operator, Failure> {
    let found = store
        .read("operator.find", login.to_owned(), |tx, login| Box::pin(operators::find(tx, login)));
    found.await?.ok_or_else(|| unknown(login))
}

fn unknown(login: &str) -> Failure {
    Failure::unknown(format!("no operator has the login {login}"))
        .hint("`ereprovd operator list` shows them")
}

/// What changes about an operator, and who changes it.
struct Changing {
    login: String,
    changes: Vec<Change>,
    act: Act,
}

/// What a change comes to.
enum Changed {
    To(Operator),
    Unknown,
    NameTaken(String),
}

async fn change(
    store: &Store,
    login: &str,
    changes: Vec<Change>,
    action: &str,
    what: &str,
) -> Result<Operator, Failure> {
    let changing = Changing { login: login.to_owned(), changes, act: act(action, login, what) };
    let changed =
        store.write("operator.change", changing, |tx, changing| Box::pin(apply(tx, changing)));
    match changed.await? {
        Changed::To(operator) => Ok(operator),
        Changed::Unknown => Err(unknown(login)),
        Changed::NameTaken(name) => Err(name_taken(&name)),
    }
}

fn name_taken(name: &str) -> Failure {
    Failure::refused(format!("another operator is called {name}"))
}

/// Each change is one statement of its own: what somebody else changes meanwhile stays.
async fn apply(tx: &mut Tx<'_>, changing: &Changing) -> Result<Changed, StoreError> {
    let Changing { login, changes, act } = changing;
    for change in changes {
        if let Change::Name(name) = change
            && operators::is_named(tx, name, login).await?
        {
            return Ok(Changed::NameTaken(name.clone()));
        }
        operators::change(tx, login, change, act.at_ms).await?;
    }
    let Some(operator) = operators::find(tx, login).await? else { return Ok(Changed::Unknown) };
    admin_acts::record(tx, act).await?;
    Ok(Changed::To(operator))
}
