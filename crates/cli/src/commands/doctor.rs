//! `ereprov doctor`: the way to the service, step by step, with one counted call at the most.

use std::{net::SocketAddr, path::Path, time::Duration};

use ereprov_client::{CodeErreur, ContractRef, Error, Label, Validity, Wsdl};
use serde_json::{Value, json};

use crate::{
    context::{Context, Session},
    exit,
    failure::Failure,
    lang::Lang,
    output::{Cell, Column, Layout, Page},
    profiles::read_private,
    words,
};

/// How far to go.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave out the login, which costs one call.
    #[arg(long)]
    no_call: bool,
}

/// No contract has this reference: the service says so, to a login that it knows.
const NOBODYS_CONTRACT: &str = "EREPROV-DOCTOR";
/// A clock that differs by more is worth a word.
const CLOCKS_DIFFER_S_MAX: i64 = 60;
/// A certificate that ends within fewer days is worth a word.
const DAYS_LEFT_MIN: i64 = 14;
/// The longest that a name may take to be looked up.
const LOOK_UP_MAX: Duration = Duration::from_secs(5);

/// How a step has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Fine,
    Doubtful,
    Wrong,
    LeftOut,
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    said: String,
    /// Days that a certificate is still good.
    days_left: Option<i64>,
}

const COLUMNS: &[Column] =
    &[("check", "check", "contrôle"), ("result", "result", "résultat"), ("detail", "", "")];

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let session = if args.no_call { context.open_without_login()? } else { context.open().await? };
    let lang = context.lang;
    let mut steps = vec![dns(lang, &session).await];
    let fetched = session.client.wsdl().await;
    let [connection, clock, wsdl] = way(lang, &session, &fetched);
    steps.push(connection);
    let now_ms = session.client.clock().now_ms();
    steps.extend(their_certificate(lang, &session, &fetched, now_ms));
    if let Some(file) = &session.profile.certificate {
        steps.push(own_certificate(lang, file, now_ms)?);
    }
    steps.extend([clock, wsdl]);
    let is_reached = matches!(fetched, Ok(_) | Err(Error::Http { .. }));
    let (login, refused) = if args.no_call || !is_reached {
        (step("login", Outcome::LeftOut, ""), None)
    } else {
        login(lang, &session).await
    };
    steps.extend([login, quota(lang, &session)]);
    print(context, &steps)?;
    let wrong = steps.iter().filter(|step| step.outcome == Outcome::Wrong).count();
    if wrong == 0 {
        return Ok(());
    }
    let message = lang.pick(format!("wrong: {wrong}"), format!("à corriger : {wrong}"));
    Err(Failure::new(refused.unwrap_or(exit::FAILED), message))
}

fn step(name: &'static str, outcome: Outcome, said: impl Into<String>) -> Step {
    Step { name, outcome, said: said.into(), days_left: None }
}

async fn dns(lang: Lang, session: &Session<'_>) -> Step {
    if session.profile.proxy.is_some() {
        let said = lang.pick("the proxy looks it up", "le proxy s'en charge");
        return step("dns", Outcome::LeftOut, said);
    }
    let Some(host) = host(&session.profile.url) else {
        return step(
            "dns",
            Outcome::Wrong,
            lang.pick("no host in the URL", "pas d'hôte dans l'URL"),
        );
    };
    match tokio::time::timeout(LOOK_UP_MAX, tokio::net::lookup_host(&host)).await {
        Ok(Ok(found)) => {
            let all: Vec<_> = found.map(|address: SocketAddr| address.ip().to_string()).collect();
            step("dns", Outcome::Fine, format!("{host} → {}", all.join(", ")))
        }
        Ok(Err(error)) => {
            let french = format!("{host} : ce nom est introuvable");
            step("dns", Outcome::Wrong, lang.pick(format!("{host}: {error}"), french))
        }
        Err(_) => {
            let s = LOOK_UP_MAX.as_secs();
            let said =
                lang.pick(format!("{host}: nothing in {s} s"), format!("{host} : rien en {s} s"));
            step("dns", Outcome::Wrong, said)
        }
    }
}

/// Host and port of a URL.
fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    let has_port = host.rsplit(']').next()?.contains(':');
    let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    Some(if has_port { host.to_owned() } else { format!("{host}:{port}") })
}

/// Connection, TLS, clock and WSDL, as one fetch shows them.
fn way(lang: Lang, session: &Session<'_>, fetched: &Result<Wsdl, Error>) -> [Step; 3] {
    let is_tls = is_tls(session);
    let left_out = |name| step(name, Outcome::LeftOut, "");
    let tls = match fetched {
        Ok(_) | Err(Error::Http { .. }) if is_tls => step("connection", Outcome::Fine, "TLS"),
        Ok(_) | Err(Error::Http { .. }) => {
            let said = lang.pick(
                "no TLS: the password travels in clear",
                "sans TLS : le mot de passe circule en clair",
            );
            step("connection", Outcome::Doubtful, said)
        }
        Err(error) => step("connection", Outcome::Wrong, words::error(lang, error)),
    };
    match fetched {
        Ok(wsdl) => [tls, clock(lang, session, wsdl), read(lang, wsdl)],
        Err(error @ Error::Http { .. }) => {
            [tls, left_out("clock"), step("wsdl", Outcome::Doubtful, words::error(lang, error))]
        }
        Err(_) => [tls, left_out("clock"), left_out("wsdl")],
    }
}

/// How long the service's certificate is still good; none: there is no TLS, or it did not come to that.
fn their_certificate(
    lang: Lang,
    session: &Session<'_>,
    fetched: &Result<Wsdl, Error>,
    now_ms: i64,
) -> Option<Step> {
    const NAME: &str = "certificate";
    match fetched.as_ref().ok()?.certificate {
        Some(validity) => Some(certificate(lang, NAME, validity, now_ms)),
        None if is_tls(session) => {
            // The HTTP client shows it on connections of its own only.
            let said = lang.pick("not seen through the proxy", "pas visible à travers le proxy");
            Some(step(NAME, Outcome::LeftOut, said))
        }
        None => None,
    }
}

fn is_tls(session: &Session<'_>) -> bool {
    session.profile.url.to_ascii_lowercase().starts_with("https:")
}

/// How long a certificate is still good.
fn certificate(lang: Lang, name: &'static str, validity: Validity, now_ms: i64) -> Step {
    let (days, end) = (validity.days_left(now_ms), validity.last_day());
    let outcome = match days {
        ..0 => Outcome::Wrong,
        0..DAYS_LEFT_MIN => Outcome::Doubtful,
        _ => Outcome::Fine,
    };
    let said = match days {
        ..0 => lang.pick(format!("over since {end}"), format!("expiré depuis le {end}")),
        _ => lang.pick(
            format!("good until {end}, days left: {days}"),
            format!("valable jusqu'au {end}, jours restants : {days}"),
        ),
    };
    Step { days_left: Some(days), ..step(name, outcome, said) }
}

/// The same of the one that the profile presents.
fn own_certificate(lang: Lang, file: &Path, now_ms: i64) -> Result<Step, Failure> {
    let name = "own-certificate";
    match Validity::of_pem(&read_private(file)?) {
        Some(validity) => Ok(certificate(lang, name, validity, now_ms)),
        None => Ok(step(name, Outcome::Doubtful, file.display().to_string())),
    }
}

fn clock(lang: Lang, session: &Session<'_>, wsdl: &Wsdl) -> Step {
    let Some(theirs) = wsdl.date_ms else {
        let said =
            lang.pick("the service does not say its time", "le service ne donne pas son heure");
        return step("clock", Outcome::LeftOut, said);
    };
    let ahead_s = (session.client.clock().now_ms() - theirs) / 1000;
    let outcome =
        if ahead_s.abs() > CLOCKS_DIFFER_S_MAX { Outcome::Doubtful } else { Outcome::Fine };
    let said = lang.pick(
        format!("{ahead_s:+} s from the service's"),
        format!("{ahead_s:+} s par rapport au service"),
    );
    step("clock", outcome, said)
}

fn read(lang: Lang, wsdl: &Wsdl) -> Step {
    let took = wsdl.took.as_millis();
    if wsdl.is_ereprov {
        return step("wsdl", Outcome::Fine, format!("{took} ms"));
    }
    let said = lang.pick("this is none of e-Reprov", "ce n'est pas celui d'e-Reprov");
    step("wsdl", Outcome::Doubtful, said)
}

/// The login, and the exit code where it is refused.
async fn login(lang: Lang, session: &Session<'_>) -> (Step, Option<u8>) {
    let looked = session.client.follow_up(&ContractRef::new(NOBODYS_CONTRACT)).await;
    let fine = (step("login", Outcome::Fine, &session.profile.login), None);
    let Err(error) = looked else { return fine };
    let code = match &error {
        Error::Ko(ko) => Some(&ko.code),
        _ => None,
    };
    let expected = [CodeErreur::ContratIntrouvable, CodeErreur::ReprovisionningIntrouvable];
    if expected.iter().any(|one| code == Some(&Label::Known(*one))) {
        return fine;
    }
    let (en, fr) = error.next_step();
    let said = format!("{}. {}", words::error(lang, &error), lang.pick(en, fr));
    let exit = exit::of(&error);
    let outcome = if exit == exit::LATER { Outcome::Doubtful } else { Outcome::Wrong };
    (step("login", outcome, said), Some(exit))
}

fn quota(lang: Lang, session: &Session<'_>) -> Step {
    match session.client.usage() {
        Ok(usage) => {
            let outcome = if usage.mark().is_some() { Outcome::Doubtful } else { Outcome::Fine };
            step("quota", outcome, words::used(lang, &usage))
        }
        Err(error) => step("quota", Outcome::Wrong, words::error(lang, &error)),
    }
}

/// What people call a check.
fn named(lang: Lang, name: &'static str) -> &'static str {
    let french = match name {
        "connection" => "connexion",
        "certificate" => "certificat",
        "own-certificate" => "votre certificat",
        "clock" => "horloge",
        other => other,
    };
    lang.pick(name, french)
}

fn print(context: &Context, steps: &[Step]) -> Result<(), Failure> {
    let token = |outcome| match outcome {
        Outcome::Fine => "ok",
        Outcome::Doubtful => "warning",
        Outcome::Wrong => "error",
        Outcome::LeftOut => "skipped",
    };
    let word = |outcome| match (context.is_for_people(), context.lang, outcome) {
        (true, Lang::Fr, Outcome::Doubtful) => "attention",
        (true, Lang::Fr, Outcome::Wrong) => "erreur",
        (true, Lang::Fr, Outcome::LeftOut) => "omis",
        _ => token(outcome),
    };
    let name = |name| if context.is_for_people() { named(context.lang, name) } else { name };
    let row =
        |step: &Step| [name(step.name), word(step.outcome), &step.said].map(Cell::from).to_vec();
    let value = |step: &Step| -> Value {
        let (name, result) = (step.name, token(step.outcome));
        let mut value = json!({"check": name, "result": result, "detail": step.said});
        if let Some(days) = step.days_left {
            value["days_left"] = days.into();
        }
        value
    };
    let page = Page {
        json: steps.iter().map(value).collect(),
        columns: COLUMNS,
        rows: steps.iter().map(row).collect(),
        layout: Layout::Rows,
        note: None,
    };
    page.print(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        let of = |url| host(url).unwrap_or_default();
        assert_eq!(of("https://oi.example/a?b"), "oi.example:443");
        assert_eq!(of("http://u:p@oi.example:8080"), "oi.example:8080");
        assert_eq!(of("http://[::1]/x"), "[::1]:80");
        assert_eq!(of("http://[::1]:8080/x"), "[::1]:8080");
        assert_eq!(of("oi.example"), "");
    }
}
