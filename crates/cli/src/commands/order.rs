//! What the order (CR CMD) has told the operator, as arguments: no method of the service returns it.

use ereprov_client::{
    BuildingKind, Construction, Fact, Fibre, FibreRef, FibreUsage, Known, Order, Pbo, PboRef,
    PtoRef, Put, RouteKind, Rule, Verdict, Zone, check,
};
use serde_json::{Value, json};

use crate::{lang::Lang, words};

/// What is known of the order; the more of it is given, the more the rules can say.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What the order says (no method returns it)")]
pub struct OrderArgs {
    /// Where the building stands.
    #[arg(long, value_parser = zone, value_name = "ztd|zmd")]
    zone: Option<Zone>,
    /// What the line ends in.
    #[arg(long, value_parser = building, value_name = "collective|house")]
    building_kind: Option<BuildingKind>,
    /// Whether the order came with a real route (ROR) or a virtual one (ROV).
    #[arg(long, value_parser = route, value_name = "real|virtual")]
    route: Option<RouteKind>,
    /// Whether it is on an existing socket.
    #[arg(long, value_parser = yes_or_no, value_name = "yes|no")]
    existing_socket: Option<bool>,
    /// Whether it is on the OPAC base.
    #[arg(long, value_parser = yes_or_no, value_name = "yes|no")]
    opac: Option<bool>,
    /// The fibre of the contract's present route.
    #[arg(long, value_name = "FIBRE")]
    current_fibre: Option<String>,
    /// The order's PBO.
    #[arg(long, value_name = "PBO")]
    order_pbo: Option<String>,
    /// The contract's own socket; `none` where it has none.
    #[arg(long, value_name = "PTO|none")]
    socket: Option<String>,
}

impl OrderArgs {
    /// The order.
    pub fn order(&self) -> Order {
        let socket = |text: &String| (text != "none").then(|| PtoRef::new(text));
        Order {
            zone: self.zone,
            building: self.building_kind,
            route: self.route,
            existing_socket: self.existing_socket,
            opac: self.opac,
            current_fibre: self.current_fibre.as_ref().map(FibreRef::new),
            pbo: self.order_pbo.as_ref().map(|pbo| (PboRef::new(pbo), None)),
            socket: self.socket.as_ref().map(socket),
        }
    }
}

/// Asks the rules about a put. Of those that may refuse it, what is not known here aside, only those are
/// named that refuse it for what is known.
pub fn judge(put: &Put, known: &Known<'_>) -> Verdict {
    let verdict = check(put, known);
    if !matches!(verdict, Verdict::Refused(_)) {
        return verdict;
    }
    match check_favourably(put, known) {
        narrower @ Verdict::Refused(_) => narrower,
        _ => verdict,
    }
}

/// What the rules say where everything that is not known turns out well.
fn check_favourably(put: &Put, known: &Known<'_>) -> Verdict {
    let fibres = |pbo: &Pbo| pbo.fibres.iter().any(|fibre| fibre.fibre == put.fibre);
    let read = known.routes.iter().find(|pbo| fibres(pbo)).cloned();
    let pbo = read.unwrap_or_else(|| Pbo {
        pbo: PboRef::new("-"),
        location: String::new(),
        fibres: vec![Fibre {
            fibre: put.fibre.clone(),
            pto: None,
            cable: String::new(),
            tube: String::new(),
            colour: String::new(),
            construction: Construction::ToBuild.into(),
            usage: FibreUsage::Available.into(),
        }],
    });
    let Order { zone, building, route, existing_socket, opac, current_fibre, pbo: of, socket } =
        known.order.clone();
    let any_socket = || Some(put.pto.clone().unwrap_or_else(|| PtoRef::new("-")));
    let order = Order {
        zone: zone.or(Some(Zone::Ztd)),
        building: building.or(Some(BuildingKind::Collective)),
        route: route.or(Some(RouteKind::Real)),
        existing_socket: existing_socket.or(Some(false)),
        opac: opac.or(Some(false)),
        current_fibre: current_fibre.or_else(|| Some(FibreRef::new("-"))),
        pbo: of.or_else(|| Some((pbo.pbo.clone(), Some(pbo.location.clone())))),
        socket: socket.or_else(|| Some(any_socket())),
    };
    check(put, &Known { order: &order, routes: &[pbo], ..*known })
}

/// What the rules say, in one word, for programs.
pub fn token(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Refused(_) => "refused",
        Verdict::AlreadyRunning => "already_running",
        Verdict::Unknown { .. } => "unknown",
    }
}

/// What the rules say, for programs.
pub fn json(lang: Lang, verdict: &Verdict) -> Value {
    let (facts, rules) = match verdict {
        Verdict::Allowed | Verdict::AlreadyRunning => (&[][..], &[][..]),
        Verdict::Refused(rules) => (&[][..], &rules[..]),
        Verdict::Unknown { facts, rules } => (&facts[..], &rules[..]),
    };
    json!({
        "verdict": token(verdict),
        "rules": rules.iter().map(|rule| words::rule(lang, *rule)).collect::<Vec<_>>(),
        "missing": facts.iter().map(|fact| words::fact(lang, *fact)).collect::<Vec<_>>(),
    })
}

/// What the rules say, for people.
pub fn told(lang: Lang, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allowed => lang.pick("yes", "oui").to_owned(),
        Verdict::Refused(rules) => {
            format!("{}: {}", lang.pick("no", "non"), joined_rules(lang, rules))
        }
        Verdict::AlreadyRunning => {
            lang.pick("no: one is running (20012)", "non: déjà en cours (20012)").to_owned()
        }
        Verdict::Unknown { facts, .. } => {
            format!("{} {}", lang.pick("depends on", "dépend de"), joined_facts(lang, facts))
        }
    }
}

/// Rules, one after the other.
pub fn joined_rules(lang: Lang, rules: &[Rule]) -> String {
    let rules: Vec<_> = rules.iter().map(|rule| words::rule(lang, *rule)).collect();
    rules.join(lang.pick(", or ", ", ou "))
}

/// Facts, one after the other.
pub fn joined_facts(lang: Lang, facts: &[Fact]) -> String {
    let mut facts: Vec<_> = facts.iter().map(|fact| words::fact(lang, *fact)).collect();
    facts.dedup();
    facts.join(", ")
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::parse(&text.to_lowercase()).ok_or_else(|| "ztd or zmd".to_owned())
}

fn building(text: &str) -> Result<BuildingKind, String> {
    BuildingKind::parse(text).ok_or_else(|| "collective or house".to_owned())
}

fn route(text: &str) -> Result<RouteKind, String> {
    RouteKind::parse(text).ok_or_else(|| "real or virtual".to_owned())
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "oui" => Ok(true),
        "no" | "non" => Ok(false),
        _ => Err("yes or no".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use ereprov_client::{ContractRef, Reason};

    use super::*;

    #[test]
    fn the_rule_that_is_named_is_the_one_that_refuses_for_what_is_known() {
        let order = Order::default();
        let put = Put {
            contract: ContractRef::new("C"),
            fibre: FibreRef::new("F"),
            pto: None,
            keep_pto: true,
            reason: Reason::WrongPto,
        };
        let known = Known { order: &order, structure: None, routes: &[], latest: None };
        let Verdict::Refused(all) = check(&put, &known) else { panic!("refused whatever else") };
        assert!(all.len() > 1);
        assert_eq!(judge(&put, &known), Verdict::Refused(vec![Rule::KeepsDespiteReason]));

        let order = Order { current_fibre: Some(put.fibre.clone()), ..Order::default() };
        let put = Put { keep_pto: false, reason: Reason::BrokenFibre, ..put };
        let known = Known { order: &order, ..known };
        assert_eq!(judge(&put, &known), Verdict::Refused(vec![Rule::SameFibre]));
    }
}
