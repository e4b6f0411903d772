//! `ereprovd operator notify test`: whether an operator can be told where it is to be.

use serde_json::json;

use super::{
    changing::find,
    context::{Context, act, parts},
    notify::all,
    output::{self, Failure},
};
use crate::{
    notify::{facts::Facts, webhook},
    run::notifier,
    store::{
        admin_acts,
        notify_targets::{Channel, Target},
    },
};

/// Runs the command.
pub async fn run(context: &Context, login: &str, channel: Option<Channel>) -> Result<(), Failure> {
    let config = context.load()?;
    let driver = context.driver().await?;
    let operator = find(&driver.store, login).await?;
    let is_meant = |target: &Target| {
        target.operator_id == operator.id && channel.is_none_or(|it| it == target.channel)
    };
    let mut targets = all(&driver.store).await?;
    targets.retain(is_meant);
    if targets.is_empty() {
        return Err(Failure::unknown(format!("{login} is not told so"))
            .hint("`ereprovd operator notify list` shows who is told, and where"));
    }
    let worker = notifier(&config, &driver, config.public_url(config.server.listen))?;
    let parts = parts();
    let now_ms = parts.clock.now_ms();
    let id = parts.entropy.id(now_ms);
    let mut told = Vec::new();
    for target in &targets {
        let facts = Facts::test(&id, login, now_ms);
        told.push((target, worker.hand_over(target, facts, now_ms).await));
    }
    let channels: Vec<_> = targets.iter().map(|target| target.channel.as_str()).collect();
    let kept = act("operator notify test", login, &channels.join(", "));
    let kept =
        driver.store.write("notify.test", kept, |tx, act| Box::pin(admin_acts::record(tx, act)));
    kept.await?;
    tell(context, login, &told)
}

type Told<'t> = (&'t Target, Result<(), webhook::Failure>);

fn tell(context: &Context, login: &str, told: &[Told<'_>]) -> Result<(), Failure> {
    let said = |outcome: &Result<(), webhook::Failure>| match outcome {
        Ok(()) => None,
        Err(
            webhook::Failure::Address(why)
            | webhook::Failure::Later(why, _)
            | webhook::Failure::Message(why),
        ) => Some(why.clone()),
    };
    let failed = told.iter().filter(|(_, outcome)| outcome.is_err()).count();
    if context.json {
        let all = told.iter().map(|(target, outcome)| {
            json!({"login": login, "channel": target.channel.as_str(),
                   "arrived": outcome.is_ok(), "error": said(outcome)})
        });
        output::json(&all.collect::<Vec<_>>())?;
    } else {
        for (target, outcome) in told {
            let channel = target.channel.as_str();
            output::line(&match said(outcome) {
                None => format!("{login}: told by its {channel}"),
                Some(why) => format!("{login}: not told by its {channel}: {why}"),
            })?;
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::refused(format!("{failed} of {} addresses did not take the test", told.len())))
}
