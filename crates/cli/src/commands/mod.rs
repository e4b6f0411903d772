//! One file a command.

pub mod completions;
pub mod doctor;
pub mod explain;
pub mod follow;
pub mod man;
pub mod order;
pub mod portal;
pub mod profile;
pub mod reprovision;
pub mod routes;
pub mod status;
pub mod structure;

use ereprov_client::{Answered, Departure, Usage};
use serde_json::{Value, json};

/// What an answer has cost, and how it departs from the WSDL, for programs.
fn about<T>(answered: &Answered<T>) -> Value {
    let departures = answered.departures.iter().map(departure);
    json!({
        "usage": usage(&answered.usage),
        "request_id": answered.request_id,
        "departures": departures.collect::<Vec<_>>(),
    })
}

fn usage(usage: &Usage) -> Value {
    json!({"used": usage.used, "quota": usage.quota})
}

fn departure(departure: &Departure) -> Value {
    json!({"what": departure.what.to_string(), "at": departure.at, "seen": departure.seen})
}
