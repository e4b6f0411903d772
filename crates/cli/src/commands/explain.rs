//! `ereprov explain`: what a code of §4 means, offline.

use ereprov_client::{Advice, Code, CodeErreur, Label, Operation, Retry, advice};
use serde_json::{Value, json};

use crate::{
    context::Context,
    exit,
    failure::Failure,
    output::{Cell, Column, Layout, Page, printable},
    words,
};

/// Which code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code; without it, all 26.
    #[arg(allow_negative_numbers = true)]
    code: Option<String>,
    /// The method that it answers: one code means different things.
    #[arg(long, value_parser = method, default_value = "putReprovisionning", value_name = "METHOD")]
    method: Operation,
}

const COLUMNS: &[Column] = &[
    ("code", "code", "code"),
    ("label", "label", "libellé"),
    ("advice", "what to do", "que faire"),
    ("retry", "again", "réessayer"),
    ("is_counted", "counted", "comptée"),
    ("exit", "exit code", "code de sortie"),
];

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let Some(text) = &args.code else { return all(context, args.method) };
    let code = CodeErreur::read(text);
    let Label::Known(known) = code else {
        let text = printable(text);
        let message = context
            .lang
            .pick(format!("§4 has no code {text}"), format!("le §4 n'a pas de code {text}"));
        let advice = advice(&code, args.method);
        let failure = Failure::new(exit::NOTHING, message);
        return Err(failure.hint(context.lang.pick(advice.en, advice.fr)));
    };
    page(context, args.method, &[known], Layout::Sheet).print(context)
}

fn all(context: &Context, method: Operation) -> Result<(), Failure> {
    let mut page = page(context, method, CodeErreur::ALL, Layout::Rows);
    if context.is_for_people() {
        page.columns = &COLUMNS[..2];
        page.rows.iter_mut().for_each(|row| row.truncate(2));
        page.note = Some("ereprov explain CODE".to_owned());
    }
    page.print(context)
}

fn page(context: &Context, method: Operation, codes: &[CodeErreur], layout: Layout) -> Page {
    let rows = codes.iter().map(|code| row(context, *code, method)).collect();
    let mut values: Vec<_> = codes.iter().map(|code| value(context, *code, method)).collect();
    let json = match layout {
        Layout::Sheet => values.pop().unwrap_or_default(),
        Layout::Rows => Value::Array(values),
    };
    Page { json, columns: COLUMNS, rows, layout, note: None }
}

fn row(context: &Context, code: CodeErreur, method: Operation) -> Vec<Cell> {
    let lang = context.lang;
    let Advice { retry, is_counted, en, fr, .. } = advice(&code.into(), method);
    let counted = if is_counted { lang.pick("yes", "oui") } else { lang.pick("no", "non") };
    let again = match retry {
        Retry::Never => lang.pick("no", "non").to_owned(),
        Retry::WhenMended => lang.pick("once it is corrected", "une fois corrigée").to_owned(),
        other => words::retry(lang, other).unwrap_or_default(),
    };
    vec![
        code.to_string().into(),
        code.libelle().into(),
        lang.pick(en, fr).into(),
        again.into(),
        counted.into(),
        exit_of(code, method).to_string().into(),
    ]
}

fn value(context: &Context, code: CodeErreur, method: Operation) -> Value {
    let advice = advice(&code.into(), method);
    let (retry, after_s) = match advice.retry {
        Retry::Never => ("never", None),
        Retry::WhenMended => ("when_corrected", None),
        Retry::After(time) => ("after", Some(time.as_secs())),
        Retry::AfterReading(time) => ("after_reading", Some(time.as_secs())),
        Retry::NextMonth => ("next_month", None),
    };
    json!({
        "code": code.number(), "label": code.libelle(), "method": method.name(),
        "advice": context.lang.pick(advice.en, advice.fr), "retry": retry, "after_s": after_s,
        "leaves_doubt": advice.leaves_doubt, "is_counted": advice.is_counted,
        "exit": exit_of(code, method),
    })
}

fn exit_of(code: CodeErreur, method: Operation) -> u8 {
    exit::of_code(&Code::from(code), Some(method))
}

fn method(name: &str) -> Result<Operation, String> {
    Operation::named(name).ok_or_else(|| {
        let all: Vec<_> = Operation::ALL.iter().map(|method| method.name()).collect();
        all.join(", ")
    })
}
