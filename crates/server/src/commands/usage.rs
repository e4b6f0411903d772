//! `ereprovd usage`: calls of a month, operator by operator.

use serde_json::json;

use super::{
    context::{Context, parts},
    output::{self, Failure},
};
use crate::{
    calendar,
    store::{StoreError, Tx, operators, operators::Operator, usage},
};

/// Which month.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The month, such as 2026-11; this one, if it is not given.
    #[arg(long)]
    month: Option<String>,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let month = match &args.month {
        None => calendar::month(parts().clock.now_ms()),
        Some(month) if calendar::parse(&format!("{month}-01")).is_some() => month.clone(),
        Some(month) => {
            return Err(Failure::usage(format!("{month} is not a month such as 2026-11")));
        }
    };
    let profiles = context.load()?.profiles()?;
    let store = context.store().await?;
    let seen = store.read("usage", month.clone(), |tx, month| Box::pin(look(tx, month))).await?;
    let rows: Vec<_> = seen
        .into_iter()
        .map(|(operator, used)| {
            let profile = operator.profile.as_ref().and_then(|name| profiles.get(name));
            let quota = operator.quota.or(profile.map(|profile| profile.quota));
            (operator.login, used, quota)
        })
        .collect();
    if context.json {
        let rows = rows.iter().map(|(login, used, quota)| {
            json!({"month": month, "operator": login, "used": used, "quota": quota})
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let rows = rows.into_iter().map(|(login, used, quota)| {
        let (quota, left, share) = match quota {
            None => ("no profile".to_owned(), String::new(), String::new()),
            Some(quota) => {
                let share = if quota > 0 { used * 100 / quota } else { 100 };
                (quota.to_string(), (quota - used).max(0).to_string(), format!("{share} %"))
            }
        };
        vec![login, used.to_string(), quota, left, share]
    });
    output::line(&format!("month {month}, Europe/Paris"))?;
    output::table(
        &["OPERATOR", "USED", "QUOTA", "LEFT", "SHARE"],
        rows.collect(),
        "no operator yet",
    )
}

async fn look(tx: &mut Tx<'_>, month: &str) -> Result<Vec<(Operator, i64)>, StoreError> {
    let mut rows = Vec::new();
    for operator in operators::list(tx).await? {
        let used = usage::used(tx, operator.id, month).await?;
        rows.push((operator, used));
    }
    Ok(rows)
}
