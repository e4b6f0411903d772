//! `ereprovd reprovisioning`: list, show, cancel, retry.

use std::{io::ErrorKind, path::PathBuf};

use ereprov_domain::reprovisioning::{State, Step};
use serde_json::{Value, json};

use super::{
    context::{Context, act, reason},
    output::{self, Failure, or_empty, time},
};
use crate::{
    calendar,
    reprovisioning::{
        admin::{self, AdminError},
        export::{ExportError, export},
    },
    soap::words,
    store::{
        Store, operators,
        reprovisionings::{self, Filter, Reprovisioning},
    },
};

/// What to do with re-provisionings. One is named by its id, its discharge code, or its contract
/// (the latest).
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the latest ones.
    List {
        /// Only in this state: `initiated`, `in_progress`, `completed`, `cancelled`, `failed`, or the label
        /// that operators see, such as "En cours".
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Only those that have not ended.
        #[arg(long, conflicts_with = "state")]
        running: bool,
        /// Only of this contract.
        #[arg(long)]
        contract: Option<String>,
        /// Only of the operator with this login.
        #[arg(long)]
        operator: Option<String>,
        /// How many at the most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show one, with everything that is known about it.
    Show {
        /// Id, discharge code, or contract.
        which: String,
    },
    /// Write those that have ended since a time as CSV, with discharge code, motif, old and new route.
    Export {
        /// A date or a time, such as 2026-11-01 or 2026-11-01T06:00; that moment is part of it.
        #[arg(long, value_parser = since)]
        since: i64,
        /// A file to write, or to replace; without it, standard output.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Call one off that has not ended; Networks is told first.
    Cancel {
        /// Id, discharge code, or contract.
        which: String,
        /// Why; it is kept.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Try a failed or cancelled one again: a new attempt, linked to it.
    Retry {
        /// Id, discharge code, or contract.
        which: String,
        /// Why; it is kept.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
}

fn state(word: &str) -> Result<State, String> {
    let all: Vec<_> = State::ALL.iter().map(|state| state.as_str()).collect();
    let labelled = || State::ALL.iter().find(|state| words::state(**state).label() == word);
    let named = State::parse(word).or_else(|| labelled().copied());
    named.ok_or_else(|| format!("one of {}", all.join(", ")))
}

fn since(text: &str) -> Result<i64, String> {
    calendar::parse(text).ok_or_else(|| "a date or a time, such as 2026-11-01".to_owned())
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { state, running, contract, operator, limit } => {
            let store = context.store().await?;
            let operator_id = match operator {
                None => None,
                Some(login) => Some(operator_id(&store, login).await?),
            };
            let limit = i64::from(limit);
            let filter = Filter { state, running, contract_ref: contract, operator_id, limit };
            list(context, &store, filter).await
        }
        Command::Show { which } => {
            let store = context.store().await?;
            show(context, &resolve(&store, which).await?)
        }
        Command::Export { since, to } => {
            let store = context.store().await?;
            match export(&store, since, to).await {
                Ok(_) => Ok(()),
                Err(ExportError::Store(error)) => Err(error.into()),
                // A reader that has seen enough (`| head`) is no failure.
                Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                Err(error) => Err(anyhow::Error::new(error).into()),
            }
        }
        Command::Cancel { which, reason } => {
            let driver = context.driver().await?;
            let job = resolve(&driver.store, which).await?;
            let act = act("reprovisioning cancel", &subject(&job), &reason);
            let ended = admin::cancel(&driver, &job.id, act).await?;
            let job = resolve(&driver.store, job.id).await?;
            if ended == State::Completed && !context.json {
                output::line("too late: Networks had finished, and the line has its new route")?;
            }
            show(context, &job)
        }
        Command::Retry { which, reason } => {
            let driver = context.driver().await?;
            let job = resolve(&driver.store, which).await?;
            let act = act("reprovisioning retry", &subject(&job), &reason);
            show(context, &admin::retry(&driver, &job.id, act).await?)
        }
    }
}

async fn operator_id(store: &Store, login: String) -> Result<i64, Failure> {
    let said = format!("no operator has the login {login}");
    let found =
        store.read("operator.find", login, |tx, login| Box::pin(operators::find(tx, login)));
    Ok(found.await?.ok_or_else(|| Failure::unknown(said))?.id)
}

async fn resolve(store: &Store, which: String) -> Result<Reprovisioning, Failure> {
    let found = store.read("reprovisioning.resolve", which, |tx, which| {
        Box::pin(async move {
            match reprovisionings::resolve(tx, which).await? {
                None => Ok(None),
                Some(id) => reprovisionings::find(tx, &id).await,
            }
        })
    });
    Ok(found.await?.ok_or(AdminError::Unknown)?)
}

/// What an act was done to, as somebody looks for it later.
fn subject(job: &Reprovisioning) -> String {
    format!("{} ({})", job.contract_ref, job.id)
}

async fn list(context: &Context, store: &Store, filter: Filter) -> Result<(), Failure> {
    let all = store
        .read("reprovisioning.list", filter, |tx, filter| {
            Box::pin(reprovisionings::list(tx, filter))
        })
        .await?;
    if context.json {
        return output::json(&all.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows = all.iter().map(|job| {
        vec![
            time(Some(job.accepted_ms)),
            job.operator_login.clone(),
            job.contract_ref.clone(),
            job.fibre_ref.clone(),
            words::motif(job.reason).label().to_owned(),
            words::state(job.state).label().to_owned(),
            job.discharge_code.clone(),
            or_empty(job.ended_because.as_ref().or(job.last_error.as_ref())),
        ]
    });
    output::table(
        &["ACCEPTED", "OPERATOR", "CONTRACT", "FIBRE", "MOTIF", "STATE", "CODE", "BECAUSE"],
        rows.collect(),
        "no re-provisioning",
    )
}

fn show(context: &Context, job: &Reprovisioning) -> Result<(), Failure> {
    if context.json {
        return output::json(&as_json(job));
    }
    let waits = !job.state.is_final();
    output::sheet(&[
        ("id", job.id.clone()),
        ("state", words::state(job.state).label().to_owned()),
        ("because", or_empty(job.ended_because.as_ref())),
        ("contract", job.contract_ref.clone()),
        ("operator", job.operator_login.clone()),
        ("motif", words::motif(job.reason).label().to_owned()),
        ("new fibre", job.fibre_ref.clone()),
        ("old fibre", or_empty(job.old_fibre_ref.as_ref())),
        ("PTO kept", job.kept_pto_ref.clone().unwrap_or_else(|| "no".to_owned())),
        ("PTO named", or_empty(job.pto_ref.as_ref())),
        ("discharge code", job.discharge_code.clone()),
        ("attempt", job.attempt.to_string()),
        ("previous", or_empty(job.previous_id.as_ref())),
        ("request", job.request_id.clone()),
        ("accepted", time(Some(job.accepted_ms))),
        ("in progress", time(job.in_progress_ms)),
        ("ended", time(job.ended_ms)),
        ("next", if waits { next(job) } else { String::new() }),
        ("failures", if job.failures > 0 { job.failures.to_string() } else { String::new() }),
        ("last error", or_empty(job.last_error.as_ref())),
    ])
}

fn next(job: &Reprovisioning) -> String {
    let step = match job.step {
        Step::Submit => "hand the order to Networks",
        Step::Watch => "ask Networks how far it is",
    };
    format!("{step}, {}", calendar::iso(job.due_ms))
}

fn as_json(job: &Reprovisioning) -> Value {
    json!({
        "id": job.id,
        "state": job.state.as_str(),
        "ended_because": job.ended_because,
        "contract": job.contract_ref,
        "operator": job.operator_login,
        "reason": job.reason.as_str(),
        "fibre": job.fibre_ref,
        "old_fibre": job.old_fibre_ref,
        "keep_pto": job.keep_pto,
        "kept_pto": job.kept_pto_ref,
        "named_pto": job.pto_ref,
        "discharge_code": job.discharge_code,
        "number": job.number,
        "attempt": job.attempt,
        "previous": job.previous_id,
        "request": job.request_id,
        "accepted": time(Some(job.accepted_ms)),
        "in_progress": job.in_progress_ms.map(|at| time(Some(at))),
        "ended": job.ended_ms.map(|at| time(Some(at))),
        "failures": job.failures,
        "last_error": job.last_error,
    })
}
