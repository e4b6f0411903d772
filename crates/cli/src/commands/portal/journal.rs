//! `ereprov portal journal`: who did what.

use ereprov_portal::Entry;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{Place, of_store, technician::time};
use crate::{
    context::Context,
    failure::Failure,
    output::{self, Cell, Column, Format, Layout, Page},
};

/// Of when.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The first day, in Paris: 2026-11-01.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<Date>,
    /// The last day, in Paris.
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<Date>,
    #[command(flatten)]
    place: Place,
}

const COLUMNS: &[Column] = &[
    ("at", "at (UTC)", "le (UTC)"),
    ("login", "login", "identifiant"),
    ("name", "name", "nom"),
    ("act", "act", "acte"),
    ("contract", "contract", "contrat"),
    ("outcome", "outcome", "issue"),
    ("discharge_code", "discharge code", "code de décharge"),
    ("address", "address", "adresse"),
    ("detail", "detail", "détail"),
];

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
        let message = context.lang.pick(
            "the first day comes after the last one",
            "le premier jour vient après le dernier",
        );
        return Err(Failure::usage(message));
    }
    let from_ms = args.from.map_or(Ok(i64::MIN), begins_ms)?;
    let after =
        args.to.map(|day| day.tomorrow().map_err(|error| Failure::usage(error.to_string())));
    let before_ms = after.transpose()?.map_or(Ok(i64::MAX), begins_ms)?;
    let entries = args.place.open()?.journal(from_ms, before_ms).await;
    let entries = entries.map_err(|error| of_store(&error))?;
    if context.format == Format::Json {
        let lines: Vec<_> = entries.iter().map(|entry| value(entry).to_string()).collect();
        return if lines.is_empty() { Ok(()) } else { output::text(&lines.join("\n")) };
    }
    let none = context
        .lang
        .pick("nothing in the journal for these days", "rien dans le journal pour ces jours");
    Page {
        json: Value::Null,
        columns: COLUMNS,
        rows: entries.iter().map(|entry| row(context, entry)).collect(),
        layout: Layout::Rows,
        note: entries.is_empty().then(|| none.to_owned()),
    }
    .print(context)
}

fn value(entry: &Entry) -> Value {
    json!({
        "at": time(entry.at_ms), "login": entry.login, "name": entry.name, "act": entry.act,
        "contract": entry.contract, "outcome": entry.outcome, "discharge_code": entry.discharge_code,
        "address": entry.address, "detail": entry.detail,
    })
}

fn row(context: &Context, entry: &Entry) -> Vec<Cell> {
    let at = time(entry.at_ms);
    let texts = [
        at.as_str(),
        &entry.login,
        &entry.name,
        &entry.act,
        &entry.contract,
        &entry.outcome,
        &entry.discharge_code,
        &entry.address,
        &entry.detail,
    ];
    let is_csv = context.format == Format::Csv;
    texts.map(|text| if is_csv { no_formula(text).into() } else { text.into() }).to_vec()
}

/// A spreadsheet calculates what begins like a formula, and somebody else may have chosen it.
fn no_formula(text: &str) -> String {
    let is_code = text.parse::<i64>().is_ok();
    let looks_so = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if looks_so && !is_code { format!("'{text}") } else { text.to_owned() }
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "a day, such as 2026-11-01".to_owned())
}

/// When a day begins in Paris.
fn begins_ms(day: Date) -> Result<i64, Failure> {
    let failed = |error: jiff::Error| Failure::usage(error.to_string());
    let paris = TimeZone::get("Europe/Paris").map_err(failed)?;
    Ok(day.to_zoned_datetime(paris).map_err(failed)?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_chose_is_calculated() {
        for (text, shown) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@a", "'@a"),
            ("-1", "-1"),
            ("-1+2", "'-1+2"),
            ("Jeanne", "Jeanne"),
            ("", ""),
        ] {
            assert_eq!(no_formula(text), shown);
        }
    }

    #[test]
    fn days_begin_in_paris() {
        let begins = |text: &str| time(begins_ms(day(text).unwrap()).unwrap());
        assert_eq!(begins("2026-11-01"), "2026-10-31T23:00:00Z");
        assert_eq!(begins("2026-07-01"), "2026-06-30T22:00:00Z");
    }
}
