//! Help: how it works, the order of the colours, how the page looks, and the month's calls.

use axum::{extract::State, response::Response};
use minijinja::{Value, context};

use super::{Oops, Theme, frame::View, shown};
use crate::{app::Shared, flow::Part};

pub(super) async fn show(State(app): State<Shared>, view: View) -> Result<Response, Oops> {
    let order = app.settings.colour_order;
    let colours: Value = order
        .names()
        .iter()
        .map(|name| shown::chip(&order.chip(Part::Fibre, name, None)))
        .collect();
    let themes: Value =
        Theme::all().map(|(word, name)| context! { mot => word, nom => name }).collect();
    let usage = app.service.client.usage().ok();
    let page = context! {
        ordre => order.label(),
        couleurs => colours,
        themes => themes,
        utilise => usage.map(|usage| usage.used),
        quota => usage.map(|usage| usage.quota),
    };
    app.page("aide.html", &view.frame("Aide", None), page)
}
