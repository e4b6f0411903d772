//! `ereprovd audit` alone: requests that were answered, or what administrators did, newest first.

use std::collections::HashMap;

use serde_json::json;

use super::time_or;
use crate::{
    calendar,
    commands::{
        context::Context,
        output::{self, Failure, or_empty, time},
    },
    soap,
    store::{
        StoreError, Tx, admin_acts,
        audit::{self, Entry, Filter},
        operators,
    },
};

/// Rows that are listed, unless another number is asked for.
const LIMIT: u32 = 50;

/// Which rows.
#[derive(Debug, Default, PartialEq, clap::Args)]
pub struct Listed {
    /// What administrators did, instead of what operators asked.
    #[arg(long)]
    acts: bool,
    /// Only since this time: 2026-11-23, or 2026-11-23T14:00, in Paris.
    #[arg(long)]
    since: Option<String>,
    /// Only of the operator with this login.
    #[arg(long, conflicts_with = "acts")]
    operator: Option<String>,
    /// Only about this contract.
    #[arg(long, conflicts_with = "acts")]
    contract: Option<String>,
    /// Only with this code, such as 20015, or OK.
    #[arg(long, allow_hyphen_values = true, conflicts_with = "acts")]
    code: Option<String>,
    /// How many at the most [default: 50].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// Runs the command.
pub async fn run(context: &Context, args: Listed) -> Result<(), Failure> {
    let since_ms = time_or(args.since.as_deref(), 0)?;
    let limit = args.limit.unwrap_or(LIMIT);
    if args.acts {
        return acts(context, since_ms, limit).await;
    }
    let code = match args.code.as_deref() {
        None => None,
        Some("OK" | "ok") => Some(1),
        Some(text) => {
            let code = text.parse().ok().filter(|number| soap::is_code(*number));
            let none = || Failure::usage(format!("{text} is not a code such as 20015, or OK"));
            Some(code.ok_or_else(none)?.into())
        }
    };
    let store = context.store().await?;
    let filter = Filter {
        since_ms,
        operator_id: None,
        contract_ref: args.contract,
        code,
        limit: i64::from(limit),
    };
    let seen = store
        .read("audit.list", (filter, args.operator), |tx, (filter, login)| {
            Box::pin(look(tx, filter, login.as_deref()))
        })
        .await?;
    let (entries, names) = seen.ok_or_else(|| {
        Failure::unknown("no operator has this login").hint("`ereprovd operator list` shows them")
    })?;
    show(context, &entries, &names)
}

type Seen = (Vec<Entry>, HashMap<i64, String>);

async fn look(
    tx: &mut Tx<'_>,
    filter: &Filter,
    login: Option<&str>,
) -> Result<Option<Seen>, StoreError> {
    let mut filter = filter.clone();
    if let Some(login) = login {
        match operators::find(tx, login).await? {
            Some(operator) => filter.operator_id = Some(operator.id),
            None => return Ok(None),
        }
    }
    let names = operators::list(tx).await?.into_iter().map(|o| (o.id, o.login)).collect();
    Ok(Some((audit::list(tx, &filter).await?, names)))
}

fn show(context: &Context, entries: &[Entry], names: &HashMap<i64, String>) -> Result<(), Failure> {
    let login = |entry: &Entry| entry.operator_id.and_then(|id| names.get(&id)).cloned();
    if context.json {
        let rows = entries.iter().map(|entry| {
            json!({
                "request": entry.request_id,
                "at": calendar::iso(entry.at_ms),
                "operator": login(entry),
                "method": entry.method,
                "contract": entry.contract_ref,
                "code": entry.code,
                "detail": entry.detail,
                "duration_us": entry.duration_us,
                "admitted_us": entry.admitted_us,
                "address": entry.address,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let rows = entries.iter().map(|entry| {
        vec![
            time(Some(entry.at_ms)),
            or_empty(login(entry)),
            entry.method.clone(),
            or_empty(entry.contract_ref.as_ref()),
            entry.code.map_or("OK".to_owned(), |code| code.to_string()),
            format!("{}.{:03} ms", entry.duration_us / 1000, entry.duration_us % 1000),
            entry.address.clone(),
            entry.request_id.clone(),
            or_empty(entry.detail.as_ref()),
        ]
    });
    output::table(
        &["AT", "OPERATOR", "METHOD", "CONTRACT", "CODE", "TOOK", "ADDRESS", "REQUEST", "DETAIL"],
        rows.collect(),
        "no request",
    )
}

async fn acts(context: &Context, since_ms: i64, limit: u32) -> Result<(), Failure> {
    let store = context.store().await?;
    let acts = store
        .read("admin_act.list", (since_ms, i64::from(limit)), |tx, (since, limit)| {
            Box::pin(admin_acts::list(tx, *since, *limit))
        })
        .await?;
    if context.json {
        let rows = acts.iter().map(|act| {
            json!({
                "at": calendar::iso(act.at_ms),
                "actor": act.actor,
                "action": act.action,
                "subject": act.subject,
                "reason": act.reason,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let rows = acts
        .into_iter()
        .map(|act| vec![time(Some(act.at_ms)), act.actor, act.action, act.subject, act.reason]);
    output::table(&["AT", "WHO", "ACTION", "TO", "REASON"], rows.collect(), "no act")
}
