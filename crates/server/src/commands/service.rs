//! `ereprovd service`: open or closed, at once in a running server.

use serde_json::json;

use super::{
    context::{Context, act, parts, reason},
    output::{self, Failure, time},
};
use crate::{
    calendar,
    store::{
        StoreError, Tx,
        admin_acts::{self, Act},
        service::{self, ServiceState},
    },
};

/// What to do with the service.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Close it: every method answers -1, with the reason and the time.
    Close {
        /// Why, in words that the callers read.
        #[arg(long, value_parser = reason)]
        reason: String,
        /// When it is expected to open again: 2026-11-23T14:00, in Paris. It opens by `open` only.
        #[arg(long)]
        until: Option<String>,
    },
    /// Open it again.
    Open,
    /// Say whether it is open.
    Status,
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let store = context.store().await?;
    let (state, action) = match command {
        Command::Status => {
            let state = store.read("service.read", (), |tx, ()| Box::pin(service::read(tx)));
            return show(context, &state.await?);
        }
        Command::Close { reason, until } => {
            let until_ms = until.map(|text| read_time(&text)).transpose()?;
            (ServiceState { closed: true, reason, until_ms }, "service close")
        }
        Command::Open => {
            let open = ServiceState { closed: false, reason: String::new(), until_ms: None };
            (open, "service open")
        }
    };
    let act = act(action, "service", &state.reason);
    let kept = (state.clone(), act);
    store.write("service.write", kept, |tx, (state, act)| Box::pin(write(tx, state, act))).await?;
    show(context, &state)
}

async fn write(tx: &mut Tx<'_>, state: &ServiceState, act: &Act) -> Result<(), StoreError> {
    service::write(tx, state, act.at_ms).await?;
    admin_acts::record(tx, act).await
}

fn read_time(text: &str) -> Result<i64, Failure> {
    let time = calendar::parse(text)
        .ok_or_else(|| Failure::usage(format!("{text} is not a time such as 2026-11-23T14:00")))?;
    if time <= parts().clock.now_ms() {
        return Err(Failure::usage(format!("{} is past", calendar::iso(time))));
    }
    Ok(time)
}

fn show(context: &Context, state: &ServiceState) -> Result<(), Failure> {
    if context.json {
        return output::json(&json!({
            "open": !state.closed,
            "reason": state.reason,
            "until": state.until_ms.map(calendar::iso),
        }));
    }
    if !state.closed {
        return output::line("the service is open");
    }
    let reason = &state.reason;
    output::line(&format!("the service is closed, every answer is -1: {reason}"))?;
    match state.until_ms {
        None => Ok(()),
        Some(_) => output::line(&format!(
            "expected to open at {}, when somebody runs `ereprovd service open`",
            time(state.until_ms)
        )),
    }
}
