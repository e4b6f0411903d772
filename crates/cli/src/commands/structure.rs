//! `ereprov structure`: a contract's site.

use ereprov_client::{ContractRef, Floor, PboRef, Structure};
use serde_json::{Value, json};

use super::about;
use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Layout, Page},
    words,
};

/// Which contract's.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract's reference.
    contract: String,
}

const COLUMNS: &[Column] = &[
    ("building", "building", "bâtiment"),
    ("staircase", "staircase", "escalier"),
    ("floor", "floor", "étage"),
    ("pbos", "PBOs", "PBO"),
    ("pto", "socket", "PTO"),
    ("construction", "built", "construction"),
    ("usage", "used", "utilisation"),
];

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let session = context.open().await?;
    let contract = ContractRef::new(&args.contract);
    let answered = session.client.structure(&contract).await;
    let answered = answered.map_err(|error| session.failed(&error, &args.contract))?;
    let Structure { site, floors } = &answered.value;
    let mut json = json!({
        "contract": args.contract, "site": site,
        "floors": floors.iter().map(floor).collect::<Vec<_>>(),
    });
    json["answer"] = about(&answered);
    let rows = floors.iter().flat_map(|floor| rows(context, floor)).collect();
    let note = Some(format!("site {site}"));
    let page = Page { json, columns: COLUMNS, rows, layout: Layout::Rows, note };
    session.print(&answered, &page)
}

fn floor(floor: &Floor) -> Value {
    let sockets = floor.sockets.iter().map(|socket| {
        json!({
            "pto": socket.pto.as_str(),
            "construction": words::token(&socket.construction),
            "usage": words::token(&socket.usage),
        })
    });
    json!({
        "building": floor.place.building, "staircase": floor.place.staircase,
        "floor": floor.place.floor,
        "pbos": floor.pbos.iter().map(PboRef::as_str).collect::<Vec<_>>(),
        "sockets": sockets.collect::<Vec<_>>(),
    })
}

/// A floor's sockets, one a row; a floor without any is a row as well.
fn rows(context: &Context, floor: &Floor) -> Vec<Vec<Cell>> {
    let pbos: Vec<_> = floor.pbos.iter().map(PboRef::as_str).collect();
    let place = &floor.place;
    let begin: Vec<Cell> = vec![
        place.building.as_str().into(),
        place.staircase.as_str().into(),
        place.floor.as_str().into(),
        pbos.join(" ").into(),
    ];
    let row = |rest: [Cell; 3]| begin.iter().cloned().chain(rest).collect::<Vec<_>>();
    if floor.sockets.is_empty() {
        return vec![row(["", "", ""].map(Cell::from))];
    }
    let socket = |socket: &ereprov_client::Socket| {
        row([
            socket.pto.as_str().into(),
            context.label(&socket.construction, words::construction).into(),
            context.label(&socket.usage, words::usage).into(),
        ])
    };
    floor.sockets.iter().map(socket).collect()
}
