//! `ereprovd operator`: the commercial operators and their logins.

use std::io::BufRead;

use serde_json::{Value, json};

use super::{
    context::{Context, act, parts},
    output::{self, Failure, or_empty, time},
};
use crate::{
    admission::password,
    store::{
        Store, StoreError, Tx,
        admin_acts::{self, Act},
        operators::{self, Operator},
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
        password: PasswordSource,
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

/// Where a password comes from; never an argument, which others can read.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PasswordSource {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
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
    #[arg(long, value_parser = clap::value_parser!(u32))]
    quota: Option<u32>,
    /// Requests at once, instead of the profile's.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: Option<u32>,
    #[command(flatten)]
    password: PasswordSource,
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
    #[arg(long, value_parser = number_or_profile)]
    quota: Option<NumberOrProfile>,
    /// Requests at once; `profile` for the profile's.
    #[arg(long, value_parser = number_or_profile)]
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
    check_login(&args.login)?;
    let profile = profile(context, &args.profile)?;
    let store = context.store_or_new().await?;
    let chosen = choose(args.password)?;
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
    let login = operator.login.clone();
    let added = store.write("operator.add", (operator, act), |tx, (operator, act)| {
        Box::pin(insert(tx, operator, act))
    });
    if !added.await? {
        return Err(Failure::refused(format!("the login or the name {login} is taken")));
    }
    tell_password(context, &login, chosen.generated.as_deref())
}

async fn insert(tx: &mut Tx<'_>, operator: &Operator, act: &Act) -> Result<bool, StoreError> {
    let added = operators::insert(tx, operator).await?;
    if added {
        admin_acts::record(tx, act).await?;
    }
    Ok(added)
}

/// A login travels in HTTP Basic, which ends it at the first colon, and in logs.
fn check_login(login: &str) -> Result<(), Failure> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if login.is_empty() || login.len() > 60 || !login.chars().all(fine) {
        return Err(Failure::usage("a login is 1 to 60 letters, digits and - _ . @"));
    }
    Ok(())
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

struct Chosen {
    hash: String,
    generated: Option<String>,
}

fn choose(source: PasswordSource) -> Result<Chosen, Failure> {
    let entropy = parts().entropy;
    let generated = (!source.password_stdin).then(|| password::generate(&entropy));
    let chosen = match &generated {
        Some(generated) => generated.clone(),
        None => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::new)?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    let hash = password::hash(&chosen, &entropy).map_err(|bad| Failure::usage(bad.to_string()))?;
    Ok(Chosen { hash, generated })
}

fn tell_password(context: &Context, login: &str, generated: Option<&str>) -> Result<(), Failure> {
    if context.json {
        return output::json(&json!({"login": login, "password": generated}));
    }
    match generated {
        Some(password) => output::line(&format!(
            "login     {login}\npassword  {password}\n\nThe password is not kept and is not shown again."
        )),
        None => output::line(&format!("{login}: the password is set")),
    }
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
    let profile = args.profile.as_deref().map(|name| profile(context, name)).transpose()?;
    let store = context.store().await?;
    let mut operator = find(&store, &args.login).await?;
    let mut said = Vec::new();
    if let Some(name) = args.name {
        said.push(format!("name {name}"));
        operator.name = name;
    }
    if let Some(profile) = profile {
        said.push(format!("profile {}", or_empty(profile.as_ref())));
        operator.profile = profile;
    }
    if let Some(NumberOrProfile(quota)) = args.quota {
        said.push(format!("quota {}", quota.map_or("profile".to_owned(), |q| q.to_string())));
        operator.quota = quota;
    }
    if let Some(NumberOrProfile(sessions)) = args.sessions {
        said.push(format!("sessions {}", sessions.map_or("profile".to_owned(), |s| s.to_string())));
        operator.sessions = sessions;
    }
    if said.is_empty() {
        return Err(Failure::usage("nothing to change")
            .hint("give --name, --profile, --quota or --sessions"));
    }
    update(&store, operator.clone(), "operator set", &said.join(", ")).await?;
    show(context, &operator)
}

async fn passwd(context: &Context, login: &str, source: PasswordSource) -> Result<(), Failure> {
    let store = context.store().await?;
    let mut operator = find(&store, login).await?;
    let chosen = choose(source)?;
    operator.password_hash = chosen.hash;
    update(&store, operator, "operator passwd", "").await?;
    tell_password(context, login, chosen.generated.as_deref())
}

async fn able(context: &Context, login: &str, disabled: bool) -> Result<(), Failure> {
    let store = context.store().await?;
    let mut operator = find(&store, login).await?;
    operator.disabled = disabled;
    let action = if disabled { "operator disable" } else { "operator enable" };
    update(&store, operator.clone(), action, "").await?;
    show(context, &operator)
}

async fn find(store: &Store, login: &str) -> Result<Operator, Failure> {
    let found = store
        .read("operator.find", login.to_owned(), |tx, login| Box::pin(operators::find(tx, login)));
    found.await?.ok_or_else(|| {
        Failure::unknown(format!("no operator has the login {login}"))
            .hint("`ereprovd operator list` shows them")
    })
}

async fn update(
    store: &Store,
    operator: Operator,
    action: &str,
    what: &str,
) -> Result<(), Failure> {
    let act = act(action, &operator.login, what);
    let now_ms = parts().clock.now_ms();
    let written = store.write("operator.update", (operator, act, now_ms), |tx, (o, act, now)| {
        Box::pin(async move {
            operators::update(tx, o, *now).await?;
            admin_acts::record(tx, act).await
        })
    });
    Ok(written.await?)
}
