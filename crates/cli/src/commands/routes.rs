//! `ereprov routes`: the fibres of a floor or of a PBO, and what the rules say of each.

use ereprov_client::{
    At, ContractRef, Fibre, Known, Pbo, PboRef, Place, PtoRef, Put, Reason, Verdict,
};
use serde_json::{Value, json};

use super::{
    about,
    order::{self, OrderArgs},
    reprovision::reason,
};
use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Layout, Page},
    words,
};

/// Which routes, and what to look for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract's reference.
    contract: String,
    /// The building, as `ereprov structure` names it.
    #[arg(long, requires_all = ["staircase", "floor"])]
    building: Option<String>,
    /// The staircase.
    #[arg(long, requires_all = ["building", "floor"])]
    staircase: Option<String>,
    /// The floor; without a floor, the contract's own.
    #[arg(long, requires_all = ["building", "staircase"])]
    floor: Option<String>,
    /// Only what this PBO serves, on whatever floor.
    #[arg(long)]
    pbo: Option<String>,
    /// Say of each fibre whether the rules allow it for this reason, in the specification's words
    /// ("Fibre cassée") or in English (broken-fibre).
    #[arg(long)]
    reason: Option<String>,
    /// The socket stays.
    #[arg(long, requires = "reason")]
    keep_pto: bool,
    #[command(flatten)]
    order: OrderArgs,
}

const COLUMNS: &[Column] = &[
    ("pbo", "PBO", "PBO"),
    ("location", "where", "où"),
    ("fibre", "fibre", "fibre"),
    ("tube", "tube", "tube"),
    ("colour", "colour", "couleur"),
    ("pto", "socket", "PTO"),
    ("construction", "built", "construction"),
    ("usage", "used", "utilisation"),
    ("allowed", "allowed", "permise"),
];

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let reason = args.reason.as_deref().map(|text| reason(context.lang, text)).transpose()?;
    let session = context.open().await?;
    let contract = ContractRef::new(&args.contract);
    let place = match (&args.building, &args.staircase, &args.floor) {
        (Some(building), Some(staircase), Some(floor)) => Some(Place {
            building: building.clone(),
            staircase: staircase.clone(),
            floor: floor.clone(),
        }),
        _ => None,
    };
    let at = At { place, pbo: args.pbo.as_ref().map(PboRef::new) };
    let answered = session.client.routes(&contract, &at).await;
    let answered = answered.map_err(|error| session.failed(&error, &args.contract))?;
    let pbos = &answered.value;
    let verdicts = reason.map(|reason| verdicts(&contract, reason, args, pbos));
    let verdicts = verdicts.unwrap_or_default();
    let note = missing(context, &verdicts);
    let mut verdicts = verdicts.into_iter();
    let (mut json, mut rows) = (Vec::new(), Vec::new());
    for pbo in pbos {
        for fibre in &pbo.fibres {
            let verdict = verdicts.next();
            rows.push(row(context, pbo, fibre, verdict.as_ref()));
            json.push(value(context, pbo, fibre, verdict.as_ref()));
        }
    }
    let mut json = json!({"contract": args.contract, "fibres": json});
    json["answer"] = about(&answered);
    let page = Page { json, columns: columns(reason), rows, layout: Layout::Rows, note };
    session.print(&answered, &page)
}

/// Nobody who has given no reason is shown an empty column.
fn columns(reason: Option<Reason>) -> &'static [Column] {
    if reason.is_some() { COLUMNS } else { &COLUMNS[..COLUMNS.len() - 1] }
}

fn verdicts(contract: &ContractRef, reason: Reason, args: &Args, pbos: &[Pbo]) -> Vec<Verdict> {
    let order = args.order.order();
    let known = Known { order: &order, structure: None, routes: pbos, latest: None };
    let put = |fibre: &Fibre| Put {
        contract: contract.clone(),
        fibre: fibre.fibre.clone(),
        pto: None,
        keep_pto: args.keep_pto,
        reason,
    };
    let fibres = pbos.iter().flat_map(|pbo| &pbo.fibres);
    fibres.map(|fibre| order::judge(&put(fibre), &known)).collect()
}

/// The facts on which it depends which fibres are allowed, said once for all of them.
fn missing(context: &Context, verdicts: &[Verdict]) -> Option<String> {
    let mut all = Vec::new();
    for verdict in verdicts {
        if let Verdict::Unknown { facts, .. } = verdict {
            let new: Vec<_> = facts.iter().copied().filter(|fact| !all.contains(fact)).collect();
            all.extend(new);
        }
    }
    let lang = context.lang;
    let facts = order::joined_facts(lang, &all);
    let head = lang
        .pick("where it says perhaps, it depends on", "peut-être : cela dépend de ce qui suit :");
    (!all.is_empty()).then(|| format!("{head} {facts}"))
}

fn row(context: &Context, pbo: &Pbo, fibre: &Fibre, verdict: Option<&Verdict>) -> Vec<Cell> {
    let mut row = vec![
        pbo.pbo.as_str().into(),
        pbo.location.as_str().into(),
        fibre.fibre.as_str().into(),
        Cell::colour(&fibre.tube),
        Cell::colour(&fibre.colour),
        fibre.pto.as_ref().map_or("", |pto| pto.as_str()).into(),
        context.label(&fibre.construction, words::construction).into(),
        context.label(&fibre.usage, words::usage).into(),
    ];
    row.extend(verdict.map(|verdict| {
        Cell::from(match verdict {
            _ if !context.is_for_people() => order::token(verdict).to_owned(),
            Verdict::Unknown { .. } => context.lang.pick("perhaps", "peut-être").to_owned(),
            verdict => order::told(context.lang, verdict),
        })
    }));
    row
}

fn value(context: &Context, pbo: &Pbo, fibre: &Fibre, verdict: Option<&Verdict>) -> Value {
    let mut value = json!({
        "pbo": pbo.pbo.as_str(), "location": pbo.location, "fibre": fibre.fibre.as_str(),
        "cable": fibre.cable, "tube": fibre.tube, "colour": fibre.colour,
        "pto": fibre.pto.as_ref().map(PtoRef::as_str),
        "construction": words::token(&fibre.construction), "usage": words::token(&fibre.usage),
    });
    if let Some(verdict) = verdict {
        value["check"] = order::json(context.lang, verdict);
    }
    value
}
