//! `ereprovd notification`: what operators are told, and what could not be delivered.

use serde_json::{Value, json};

use super::{
    changing::find,
    context::{Context, act, reason},
    notify::channel,
    output::{self, Failure, or_empty, time},
};
use crate::{
    notify::layout::{FOLDER, WEBHOOK},
    store::{
        Store, StoreError, Tx,
        admin_acts::{self, Act},
        notifications::{self, Filter, Notification, State},
        notify_targets::{self, Channel},
        reprovisionings,
    },
};

/// What to do with notifications. One is named by its re-provisioning: by that one's id, its
/// discharge code, or its contract (the latest).
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the latest ones.
    List {
        /// Only in this state: `waiting`, `delivered` or `dead` (not tried any more).
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Only of the operator with this login.
        #[arg(long)]
        operator: Option<String>,
        /// How many at the most.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show what was or will be told, and what came of it.
    Show {
        /// Id, discharge code, or contract.
        which: String,
    },
    /// Try one again, at once: one that waits, that was given up, or, if its operator has lost it,
    /// that was delivered.
    Retry {
        /// Id, discharge code, or contract.
        which: String,
        /// Only so.
        #[arg(long, value_parser = channel)]
        channel: Option<Channel>,
        /// Why; it is kept.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Print a layout that comes with the program, to begin one's own with.
    Layout {
        /// Whose.
        #[arg(value_parser = channel)]
        channel: Channel,
    },
}

fn state(word: &str) -> Result<State, String> {
    let all = State::ALL.map(State::as_str).join(", ");
    State::parse(word).ok_or_else(|| format!("one of {all}"))
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { state, operator, limit } => {
            let store = context.store().await?;
            let operator_id = match operator {
                None => None,
                Some(login) => Some(find(&store, &login).await?.id),
            };
            let filter = Filter { state, operator_id, limit: limit.into(), ..Filter::default() };
            list(context, &listed(&store, filter).await?)
        }
        Command::Show { which } => show(context, &named(&context.store().await?, &which).await?),
        Command::Retry { which, channel, reason } => retry(context, &which, channel, &reason).await,
        Command::Layout { channel } => output::line(
            match channel {
                Channel::Webhook => WEBHOOK,
                Channel::Folder => FOLDER,
            }
            .trim_end(),
        ),
    }
}

async fn listed(store: &Store, filter: Filter) -> Result<Vec<Notification>, Failure> {
    let listed = store
        .read("notification.list", filter, |tx, filter| Box::pin(notifications::list(tx, filter)));
    Ok(listed.await?)
}

/// Those of one re-provisioning, at least one.
async fn named(store: &Store, which: &str) -> Result<Vec<Notification>, Failure> {
    let found = store.read("notification.named", which.to_owned(), |tx, which| {
        Box::pin(async move {
            let id = reprovisionings::resolve(tx, which).await?;
            let Some(id) = id else { return Ok(Vec::new()) };
            let filter =
                Filter { reprovisioning_id: Some(id), limit: i64::MAX, ..Filter::default() };
            notifications::list(tx, &filter).await
        })
    });
    let found = found.await?;
    if found.is_empty() {
        return Err(Failure::unknown("nobody is told of such a re-provisioning").hint(
            "`ereprovd notification list` shows of which; `ereprovd operator notify list`, who",
        ));
    }
    Ok(found)
}

async fn retry(
    context: &Context,
    which: &str,
    channel: Option<Channel>,
    reason: &str,
) -> Result<(), Failure> {
    let store = context.store().await?;
    let mut all = named(&store, which).await?;
    all.retain(|one| channel.is_none_or(|channel| one.key.channel == channel));
    let subject = all.first().map_or(String::new(), |one| one.contract_ref.clone());
    let asked = (all, act("notification retry", &subject, reason));
    let tried = store
        .write("notification.retry", asked, |tx, (all, act)| Box::pin(try_again(tx, all, act)));
    match tried.await? {
        Tried::Again => show(context, &named(&store, which).await?),
        Tried::NotSo => Err(Failure::unknown("it is not told so")),
        Tried::Overtaken(channel) => Err(Failure::refused(format!(
            "a later one of this contract has been delivered ({channel}): this one would tell a \
             route that the line no longer has"
        ))),
    }
}

enum Tried {
    Again,
    NotSo,
    Overtaken(&'static str),
}

async fn try_again(tx: &mut Tx<'_>, all: &[Notification], act: &Act) -> Result<Tried, StoreError> {
    tx.mark().await?;
    for one in all {
        if !notifications::again(tx, &one.key, act.at_ms).await? {
            tx.undo_to_mark().await?;
            return Ok(Tried::Overtaken(one.key.channel.as_str()));
        }
        notify_targets::hurry(tx, (one.operator_id, one.key.channel)).await?;
    }
    if all.is_empty() {
        return Ok(Tried::NotSo);
    }
    admin_acts::record(tx, act).await?;
    Ok(Tried::Again)
}

fn list(context: &Context, all: &[Notification]) -> Result<(), Failure> {
    if context.json {
        return output::json(&all.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows = all.iter().map(|one| {
        vec![
            time(Some(one.created_ms)),
            one.operator_login.clone(),
            one.contract_ref.clone(),
            one.key.channel.as_str().to_owned(),
            one.state.as_str().to_owned(),
            one.attempts.to_string(),
            or_empty(one.last_error.as_ref()),
        ]
    });
    output::table(
        &["SINCE", "OPERATOR", "CONTRACT", "CHANNEL", "STATE", "ATTEMPTS", "LAST ERROR"],
        rows.collect(),
        "no notification",
    )
}

fn show(context: &Context, all: &[Notification]) -> Result<(), Failure> {
    if context.json {
        return output::json(&all.iter().map(as_json).collect::<Vec<_>>());
    }
    for one in all {
        output::sheet(&[
            ("re-provisioning", one.key.reprovisioning_id.clone()),
            ("channel", one.key.channel.as_str().to_owned()),
            ("state", one.state.as_str().to_owned()),
            ("operator", one.operator_login.clone()),
            ("contract", one.contract_ref.clone()),
            ("since", time(Some(one.created_ms))),
            ("delivered", time(one.delivered_ms)),
            ("attempts", one.attempts.to_string()),
            ("last error", or_empty(one.last_error.as_ref())),
            ("facts", one.facts.clone()),
        ])?;
    }
    Ok(())
}

fn as_json(one: &Notification) -> Value {
    json!({
        "reprovisioning": one.key.reprovisioning_id,
        "channel": one.key.channel.as_str(),
        "state": one.state.as_str(),
        "operator": one.operator_login,
        "contract": one.contract_ref,
        "since": time(Some(one.created_ms)),
        "delivered": one.delivered_ms.map(|at| time(Some(at))),
        "attempts": one.attempts,
        "last_error": one.last_error,
        "facts": serde_json::from_str::<Value>(&one.facts).unwrap_or_default(),
    })
}
