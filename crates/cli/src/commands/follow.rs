//! `ereprov follow`: a re-provisioning to its end, one line for each change.

use std::time::Duration;

use ereprov_client::{Answered, ContractRef, Error, FollowUp, Label, State};

use super::{about, status};
use crate::{
    context::{Context, Session},
    exit,
    failure::Failure,
    lang::Lang,
    output::{self, Format, Layout, Page, printable},
    words,
};

/// Whose.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract's reference.
    contract: String,
    #[command(flatten)]
    waits: Waits,
}

/// When to look.
#[derive(Debug, clap::Args)]
pub struct Waits {
    /// Seconds to wait before each look; one call a look.
    #[arg(long = "wait", value_name = "SECONDS,…", value_delimiter = ',',
        default_value = "15,45,180,360", value_parser = clap::value_parser!(u64).range(0..=86400))]
    seconds: Vec<u64>,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let session = context.open().await?;
    to_its_end(context, &session, &ContractRef::new(&args.contract), &args.waits).await
}

/// Follows a re-provisioning, and tells how it has ended.
///
/// # Errors
/// It has failed, was cancelled, or has not ended in time.
pub async fn to_its_end(
    context: &Context,
    session: &Session<'_>,
    contract: &ContractRef,
    waits: &Waits,
) -> Result<(), Failure> {
    let schedule: Vec<_> = waits.seconds.iter().copied().map(Duration::from_secs).collect();
    if context.format == Format::Table && schedule.first().is_some_and(|wait| !wait.is_zero()) {
        output::aside(&next_look(context.lang, schedule[0]));
    }
    let mut told = Told { context, schedule: &schedule, waited: Duration::ZERO, last: None };
    let last = session.client.follow(contract, &schedule, |look| told.look(look)).await;
    let last = last.map_err(|error| session.failed(&error, contract.as_str()))?;
    if context.format != Format::Json {
        let rows = vec![status::row(context, &last.value)];
        let json = status::value(&last.value);
        let page = Page { json, columns: status::COLUMNS, rows, layout: Layout::Sheet, note: None };
        session.print(&last, &page)?;
    }
    ended(context, contract, &last.value)
}

fn ended(context: &Context, contract: &ContractRef, last: &FollowUp) -> Result<(), Failure> {
    let state = words::state(context.lang, &last.state);
    let lang = context.lang;
    match &last.state {
        Label::Known(State::Completed) => Ok(()),
        Label::Known(State::Failed | State::Cancelled) => {
            let message = lang.pick(
                format!("the re-provisioning has ended: {state}"),
                format!("le reprovisionning est fini : {state}"),
            );
            Err(Failure::new(exit::FAILED, message).hint(lang.pick(
                "the line is where it was; another fibre may be asked for",
                "la ligne est restée où elle était ; une autre fibre peut être demandée",
            )))
        }
        _ => {
            let message = lang.pick(
                format!("it has not ended yet: {state}"),
                format!("il n'est pas encore fini : {state}"),
            );
            let again = format!("ereprov follow {}", contract.as_str());
            Err(Failure::new(exit::LATER, message).hint(again))
        }
    }
}

fn next_look(lang: Lang, wait: Duration) -> String {
    let wait = words::duration(wait);
    lang.pick(format!("next look in {wait}"), format!("prochaine lecture dans {wait}"))
}

/// What was told so far.
struct Told<'t> {
    context: &'t Context,
    /// The waits that are left.
    schedule: &'t [Duration],
    waited: Duration,
    last: Option<String>,
}

impl Told<'_> {
    fn look(&mut self, look: &Result<Answered<FollowUp>, Error>) {
        if let Some((wait, left)) = self.schedule.split_first() {
            self.waited += *wait;
            self.schedule = left;
        }
        let state = match look {
            Ok(seen) => words::state(self.context.lang, &seen.value.state),
            Err(error) => words::error(self.context.lang, error),
        };
        match (self.context.format, look) {
            (Format::Json, Ok(seen)) => {
                let mut json = status::value(&seen.value);
                json["waited_s"] = self.waited.as_secs().into();
                json["answer"] = about(seen);
                // Whoever has seen enough of it is told by the exit code.
                let _ = output::text(&json.to_string());
            }
            (Format::Table, _) if self.last.as_ref() != Some(&state) => {
                let waited = words::duration(self.waited);
                let is_over = look.as_ref().is_ok_and(|seen| seen.value.is_final());
                let next = self.schedule.first().filter(|_| !is_over);
                let next = next.map(|wait| format!(" ({})", next_look(self.context.lang, *wait)));
                let next = next.unwrap_or_default();
                output::aside(&format!("+{waited}  {}{next}", printable(&state)));
            }
            _ => {}
        }
        self.last = Some(state);
    }
}
