//! `ereprov reprovision`: another fibre for a contract.

use ereprov_client::{
    Accepted, ContractRef, FibreRef, Known, Operation, PtoRef, Put, Reason, Verdict,
};
use serde_json::json;

use super::{
    follow::{self, Waits},
    order::{self, OrderArgs},
    usage,
};
use crate::{
    context::{Context, Session},
    exit,
    failure::Failure,
    lang::Lang,
    output::{self, Column, Format, Layout, Page},
    words,
};

/// What is asked for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract's reference.
    contract: String,
    /// The fibre, as `ereprov routes` names it.
    #[arg(long)]
    fibre: String,
    /// Why, in the specification's words ("Fibre cassée") or in English (broken-fibre).
    #[arg(long)]
    reason: String,
    /// The socket that is installed.
    #[arg(long)]
    pto: Option<String>,
    /// The socket stays.
    #[arg(long)]
    keep_pto: bool,
    /// Show what would be sent, the password masked, and what the rules say; send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Send it even where the rules, as they are known here, refuse it.
    #[arg(long)]
    unchecked: bool,
    /// Do not ask, on PROD either.
    #[arg(short, long)]
    yes: bool,
    /// Follow it to its end.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    waits: Waits,
    #[command(flatten)]
    order: OrderArgs,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let put = Put {
        contract: ContractRef::new(&args.contract),
        fibre: FibreRef::new(&args.fibre),
        pto: args.pto.as_ref().map(PtoRef::new),
        keep_pto: args.keep_pto,
        reason: reason(context.lang, &args.reason)?,
    };
    let order = args.order.order();
    let known = Known { order: &order, structure: None, routes: &[], latest: None };
    let verdict = order::judge(&put, &known);
    if let Verdict::Refused(rules) = &verdict
        && !args.unchecked
    {
        let cause = order::joined_rules(context.lang, rules);
        return Err(would_be_refused(context.lang, &cause));
    }
    if args.dry_run {
        return dry_run(context, &context.open_without_login()?, &put, &verdict);
    }
    let session = context.open().await?;
    if !args.yes {
        session
            .confirm(&format!("{} → {} ({})", args.contract, args.fibre, words::reason(put.reason)))
            .await?;
    }
    let accepted = session.client.put(&put).await;
    let accepted = accepted.map_err(|error| session.failed(&error, &args.contract))?;
    print_accepted(context, &session, &accepted, args.follow)?;
    if args.follow {
        return follow::to_its_end(context, &session, &put.contract, &args.waits).await;
    }
    Ok(())
}

/// A reason by its label or its English word.
///
/// # Errors
/// It is none of the fifteen.
pub fn reason(lang: Lang, text: &str) -> Result<Reason, Failure> {
    words::read_reason(text).map_err(|nearest| {
        let message =
            lang.pick(format!("“{text}” is no reason"), format!("« {text} » n'est pas un motif"));
        let failure = Failure::usage(message);
        match nearest {
            Some(nearest) => {
                failure.hint(lang.pick(format!("“{nearest}”?"), format!("« {nearest} » ?")))
            }
            None => {
                let all: Vec<_> = Reason::ALL.iter().map(|one| words::reason(*one)).collect();
                failure.hint(all.join(", "))
            }
        }
    })
}

const ACCEPTED: &[Column] = &[
    ("contract", "contract", "contrat"),
    ("discharge_code", "discharge code", "code de décharge"),
    ("fibre", "fibre", "fibre"),
    ("pto", "socket", "PTO"),
    ("pm", "PM", "PM"),
    ("position", "position", "position"),
];

/// Prints an acceptance; `followed`: what follows it comes by itself.
///
/// # Errors
/// It cannot be printed.
pub fn print_accepted(
    context: &Context,
    session: &Session<'_>,
    accepted: &Accepted,
    followed: bool,
) -> Result<(), Failure> {
    let lang = context.lang;
    let Accepted { reference, discharge_code, code_to_come, pm, fibre, pto, found_out } = accepted;
    let fibre = fibre.as_ref().map(FibreRef::as_str);
    let pto = pto.as_ref().map(PtoRef::as_str);
    let (pm, position) = pm.as_ref().map(|pm| (&*pm.reference, &*pm.position)).unzip();
    let used = session.client.usage().ok();
    let note = match (discharge_code, code_to_come) {
        (Some(_), _) if followed => None,
        (Some(_), _) => {
            let text = lang.pick("follow it: ", "pour suivre : ");
            Some(format!("{text}ereprov follow {reference}"))
        }
        (None, true) => {
            let text = lang.pick(
                "accepted; the discharge code can still be had: ",
                "acceptée ; le code de décharge peut encore être obtenu : ",
            );
            Some(format!("{text}ereprov status {reference} --settle"))
        }
        (None, false) => {
            let text = lang.pick(
                "accepted; the answer with the discharge code was lost: ask the OI for it",
                "acceptée ; la réponse avec le code de décharge a été perdue : demandez-le à l'OI",
            );
            Some(text.to_owned())
        }
    };
    let page = Page {
        json: json!({
            "contract": reference, "discharge_code": discharge_code, "code_to_come": code_to_come,
            "fibre": fibre, "pto": pto, "pm": pm, "position": position,
            "found_out": found_out.is_some(), "usage": used.as_ref().map(usage),
        }),
        columns: ACCEPTED,
        rows: vec![
            [Some(&**reference), discharge_code.as_deref(), fibre, pto, pm, position]
                .map(|value| value.unwrap_or_default().into())
                .to_vec(),
        ],
        layout: Layout::Sheet,
        note,
    };
    if context.format == Format::Xml {
        session.print_raw(Some(Operation::PutReprovisionning))?;
    } else {
        page.print(context)?;
    }
    if let Some(used) = &used {
        session.tell_usage(used);
    }
    Ok(())
}

fn would_be_refused(lang: Lang, cause: &str) -> Failure {
    let message = lang.pick(
        "refused before anything was sent (it would be 20015)",
        "refusée avant envoi (ce serait 20015)",
    );
    Failure::new(exit::REFUSED, message)
        .cause(cause)
        .hint("ereprov explain 20015")
        .hint(lang.pick("--unchecked sends it all the same", "--unchecked l'envoie quand même"))
}

fn dry_run(
    context: &Context,
    session: &Session<'_>,
    put: &Put,
    verdict: &Verdict,
) -> Result<(), Failure> {
    let envelope = session.client.dry_put(put);
    let envelope =
        envelope.map_err(|error| Failure::of(context.lang, &error, Some(put.contract.as_str())))?;
    if context.format == Format::Json {
        let check = order::json(context.lang, verdict);
        let json = json!({"dry_run": true, "check": check, "envelope": envelope});
        return output::text(&output::pretty(&json));
    }
    output::text(&envelope)?;
    let told = order::told(context.lang, verdict);
    output::aside(&context.lang.pick(
        format!("nothing was sent. Allowed by the rules: {told}"),
        format!("rien n'a été envoyé. Permise par les règles : {told}"),
    ));
    Ok(())
}
