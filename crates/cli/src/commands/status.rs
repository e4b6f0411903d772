//! `ereprov status`: where a re-provisioning stands, and what this machine knows.

use ereprov_client::{ContractRef, FibreRef, FollowUp, PtoRef};
use serde_json::{Value, json};

use super::{about, reprovision::print_accepted, usage};
use crate::{
    context::{Context, Session},
    failure::Failure,
    output::{Cell, Column, Layout, Page},
    words,
};

/// Whose, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract's reference; without it, the requests whose outcome is unknown (no call).
    contract: Option<String>,
    /// Find out about a request whose outcome is unknown; nothing that was not accepted is sent.
    #[arg(long, requires = "contract")]
    settle: bool,
}

impl Args {
    /// Whether it shows what this machine knows, without a call.
    pub fn is_about_this_machine(&self) -> bool {
        self.contract.is_none()
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let Some(reference) = &args.contract else {
        return unsettled(context, &context.open_without_login()?);
    };
    let session = context.open().await?;
    let contract = ContractRef::new(reference);
    if args.settle {
        let settled = session.client.settle(&contract, u32::MAX).await;
        if let Some(accepted) = settled.map_err(|error| session.failed(&error, reference))? {
            return print_accepted(context, &session, &accepted, false);
        }
    }
    let answered = session.client.follow_up(&contract).await;
    let answered = answered.map_err(|error| session.failed(&error, reference))?;
    let mut json = value(&answered.value);
    json["answer"] = about(&answered);
    let rows = vec![row(context, &answered.value)];
    let page = Page { json, columns: COLUMNS, rows, layout: Layout::Sheet, note: None };
    session.print(&answered, &page)
}

/// The columns of where a re-provisioning stands.
pub const COLUMNS: &[Column] = &[
    ("contract", "contract", "contrat"),
    ("state", "state", "état"),
    ("fibre", "fibre", "fibre"),
    ("tube", "tube", "tube"),
    ("colour", "colour", "couleur"),
    ("pto", "socket", "PTO"),
    ("cable", "cable", "câble"),
    ("pm", "PM", "PM"),
    ("position", "position", "position"),
];

/// Where a re-provisioning stands, as a row.
pub fn row(context: &Context, seen: &FollowUp) -> Vec<Cell> {
    let mut row: Vec<Cell> =
        vec![seen.reference.as_str().into(), context.label(&seen.state, words::state).into()];
    let route = seen.route.as_ref();
    let pm = route.and_then(|route| route.pm.as_ref());
    row.extend([
        route.and_then(|r| r.fibre.as_ref()).map_or("", |fibre| fibre.as_str()).into(),
        Cell::colour(route.map_or("", |r| &r.tube)),
        Cell::colour(route.map_or("", |r| &r.colour)),
        route.and_then(|r| r.pto.as_ref()).map_or("", |pto| pto.as_str()).into(),
        route.map_or("", |r| &r.cable).into(),
        pm.map_or("", |pm| &pm.reference).into(),
        pm.map_or("", |pm| &pm.position).into(),
    ]);
    row
}

/// Where a re-provisioning stands, for programs.
pub fn value(seen: &FollowUp) -> Value {
    let route = seen.route.as_ref().map(|route| {
        json!({
            "fibre": route.fibre.as_ref().map(FibreRef::as_str),
            "pto": route.pto.as_ref().map(PtoRef::as_str),
            "cable": route.cable, "tube": route.tube, "colour": route.colour,
            "pm": route.pm.as_ref().map(|pm| &pm.reference),
            "position": route.pm.as_ref().map(|pm| &pm.position),
        })
    });
    json!({
        "contract": seen.reference, "state": words::token(&seen.state),
        "is_final": seen.is_final(), "route": route,
    })
}

const UNSETTLED: &[Column] = &[
    ("contract", "contract", "contrat"),
    ("fibre", "fibre", "fibre"),
    ("reason", "reason", "motif"),
];

/// What this machine knows, without a call.
fn unsettled(context: &Context, session: &Session<'_>) -> Result<(), Failure> {
    let lang = context.lang;
    let failed = |error| Failure::of(lang, &error, None);
    let all = session.client.unsettled().map_err(failed)?;
    let used = session.client.usage().map_err(failed)?;
    let values = all.iter().map(|one| {
        json!({
            "contract": one.put.contract.as_str(), "fibre": one.put.fibre.as_str(),
            "reason": one.put.reason.as_str(), "sent_ms": one.sent_ms,
        })
    });
    let rows = all.iter().map(|one| {
        let put = &one.put;
        vec![
            put.contract.as_str().into(),
            put.fibre.as_str().into(),
            words::reason(put.reason).into(),
        ]
    });
    let note = if all.is_empty() {
        lang.pick("no request has an unknown outcome", "aucune demande n'a d'issue inconnue")
    } else {
        lang.pick(
            "their outcome is unknown: ereprov status CONTRACT --settle",
            "leur issue est inconnue : ereprov status CONTRAT --settle",
        )
    };
    let page = Page {
        json: json!({"unsettled": values.collect::<Vec<_>>(), "usage": usage(&used)}),
        columns: UNSETTLED,
        rows: rows.collect(),
        layout: Layout::Rows,
        note: Some(note.to_owned()),
    };
    page.print(context)?;
    session.tell_usage(&used);
    Ok(())
}
