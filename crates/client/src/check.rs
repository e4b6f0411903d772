//! The rules before the wire: would the service refuse a put? Said by the service's own rules
//! (`ereprov_domain`), from what was read already and from what the order told the operator; no call.

use ereprov_domain::{
    eligibility::{Asked, Line, PboRelation, Rule, Target},
    foresight::{Case, Fact, Forecast, foresee},
    order::{BuildingKind, RouteKind, Zone},
    reason::Reason,
    refs::{ContractRef, FibreRef, PboRef, PtoRef},
    reprovisioning::State,
    route::{Construction, Holder, Usage},
};
use ereprov_wire::etat::Label;

use crate::methods::{
    follow_up::FollowUp,
    put::Put,
    routes::{Fibre, Pbo},
    structure::Structure,
};

/// What the order (CR CMD) told the operator, as far as it is known: no method returns it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// ZTD or ZMD.
    pub zone: Option<Zone>,
    /// Collective building or house.
    pub building: Option<BuildingKind>,
    /// Real or virtual route.
    pub route: Option<RouteKind>,
    /// Whether it is on an existing socket (prise existante).
    pub existing_socket: Option<bool>,
    /// Whether it is on the OPAC base (parc OPAC).
    pub opac: Option<bool>,
    /// The fibre of the contract's present route.
    pub current_fibre: Option<FibreRef>,
    /// The PBO, by its reference and, as that is unique on its floor only, where it is, in the words of
    /// getRoSite's answer.
    pub pbo: Option<(PboRef, Option<String>)>,
    /// The contract's own socket; `Some(None)`: it has none.
    pub socket: Option<Option<PtoRef>>,
}

/// Everything that is known about a contract.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// What the order told.
    pub order: &'k Order,
    /// The contract's site, if it was read.
    pub structure: Option<&'k Structure>,
    /// The routes that were read, of one floor or of several.
    pub routes: &'k [Pbo],
    /// The contract's latest re-provisioning, if it was read and there is one.
    pub latest: Option<&'k FollowUp>,
}

/// What the service would say to a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No rule refuses it. Two things that no method tells are taken for granted here: that a PBO hangs
    /// on one PM, and that nobody holds what is labelled available. Another operator may be faster.
    Allowed,
    /// 20015, by this rule, or by one of these.
    Refused(Vec<Rule>),
    /// 20012: a re-provisioning runs for the contract.
    AlreadyRunning,
    /// It depends on facts that are not known.
    Unknown {
        /// The facts that decide.
        facts: Vec<Fact>,
        /// The rules that may refuse it.
        rules: Vec<Rule>,
    },
}

/// Says whether the service would refuse a put (§1.1, §3.4.1).
pub fn check(put: &Put, known: &Known<'_>) -> Verdict {
    let state = known.latest.map(|latest| &latest.state);
    if let Some(Label::Known(State::Initiated | State::InProgress)) = state {
        return Verdict::AlreadyRunning;
    }
    let mut gathered = Gathered { unknown: Vec::new() };
    let line = gathered.line(known.order);
    let asked = Asked { reason: put.reason, keep_pto: put.keep_pto, names_pto: put.pto.is_some() };
    let target = gathered.target(put, known);
    match foresee(Case { line, asked, target }, &gathered.unknown) {
        Forecast::Allowed => Verdict::Allowed,
        Forecast::Refused(rules) => Verdict::Refused(rules),
        Forecast::Unknown { facts, rules } => Verdict::Unknown { facts, rules },
    }
}

/// Says of each fibre that was read whether the service would refuse it for this reason, the socket kept
/// or not, without naming one.
pub fn legal_fibres<'k>(
    contract: &ContractRef,
    reason: Reason,
    keep_pto: bool,
    known: &Known<'k>,
) -> Vec<(&'k Fibre, Verdict)> {
    let fibres = known.routes.iter().flat_map(|pbo| &pbo.fibres);
    fibres
        .map(|fibre| {
            let put = Put {
                contract: contract.clone(),
                fibre: fibre.fibre.clone(),
                pto: None,
                keep_pto,
                reason,
            };
            (fibre, check(&put, known))
        })
        .collect()
}

/// Facts as the rules want them; those that are unknown have any value.
struct Gathered {
    unknown: Vec<Fact>,
}

impl Gathered {
    fn fact<T>(&mut self, fact: Fact, known: Option<T>, any: T) -> T {
        if known.is_none() {
            self.unknown.push(fact);
        }
        known.unwrap_or(any)
    }

    fn line(&mut self, order: &Order) -> Line {
        let has_socket = order.socket.as_ref().map(Option::is_some);
        Line {
            zone: self.fact(Fact::Zone, order.zone, Zone::Ztd),
            building: self.fact(Fact::Building, order.building, BuildingKind::Collective),
            route: self.fact(Fact::Route, order.route, RouteKind::Real),
            existing_socket: self.fact(Fact::ExistingSocket, order.existing_socket, false),
            opac: self.fact(Fact::Opac, order.opac, false),
            has_socket: self.fact(Fact::HasSocket, has_socket, true),
        }
    }

    fn target(&mut self, put: &Put, known: &Known<'_>) -> Target {
        let mut all = known.routes.iter().flat_map(|pbo| pbo.fibres.iter().map(move |f| (pbo, f)));
        let found = all.find(|(_, fibre)| fibre.fibre == put.fibre);
        let is_current = current(known).map(|current| *current == put.fibre);
        let is_current = self.fact(Fact::CurrentRoute, is_current, false);
        let kept_pto_holder = kept_socket_holder(put, known);
        let kept_pto_holder = self.fact(Fact::KeptSocketHolder, kept_pto_holder, Holder::Nobody);
        let Some((pbo, fibre)) = found else {
            let facts = [Fact::Pm, Fact::Pbo, Fact::Construction, Fact::Usage, Fact::Holder];
            self.unknown.extend(facts);
            return Target {
                same_pm: true,
                pbo: PboRelation::OfTheOrder,
                is_current,
                construction: Construction::Built,
                usage: Usage::Available,
                holder: Holder::Nobody,
                kept_pto_holder,
            };
        };
        let relation = relation(pbo, known);
        let same_pm = (relation == Some(PboRelation::OfTheOrder)).then_some(true);
        let usage = label(&fibre.usage);
        // A label that says reserved does not say for whom.
        let holder = usage.filter(|usage| *usage != Usage::Reserved).map(|_| Holder::Nobody);
        Target {
            same_pm: self.fact(Fact::Pm, same_pm, true),
            pbo: self.fact(Fact::PboOfTheSite, relation, PboRelation::OfTheOrder),
            is_current,
            construction: self.fact(
                Fact::Construction,
                label(&fibre.construction),
                Construction::Built,
            ),
            usage: self.fact(Fact::Usage, usage, Usage::Available),
            holder: self.fact(Fact::Holder, holder, Holder::Nobody),
            kept_pto_holder,
        }
    }
}

fn label<T: Copy>(said: &Label<T>) -> Option<T> {
    match said {
        Label::Known(known) => Some(*known),
        Label::Other(_) => None,
    }
}

/// The contract's present route: where it has moved to, or else the order's.
fn current<'k>(known: &Known<'k>) -> Option<&'k FibreRef> {
    let moved = known.latest.filter(|l| l.state == Label::Known(State::Completed));
    moved.and_then(FollowUp::fibre).or(known.order.current_fibre.as_ref())
}

/// Where a PBO of the contract's site is, seen from the order's.
fn relation(pbo: &Pbo, known: &Known<'_>) -> Option<PboRelation> {
    let of_the_site = |same| {
        if same { PboRelation::OfTheOrder } else { PboRelation::OfTheSite }
    };
    if let Some((reference, location)) = &known.order.pbo {
        let elsewhere = location.as_ref().is_some_and(|location| *location != pbo.location);
        return match (*reference == pbo.pbo, location) {
            (true, Some(_)) => Some(of_the_site(!elsewhere)),
            // One of the same name on another floor is another PBO.
            (true, None) => (namesakes(&pbo.pbo, known) == Some(1)).then_some(of_the_site(true)),
            (false, _) => Some(of_the_site(false)),
        };
    }
    // The PBO of the order is the one that its fibre hangs on.
    let ordered = known.order.current_fibre.as_ref()?;
    let holds = |pbo: &Pbo| pbo.fibres.iter().any(|fibre| fibre.fibre == *ordered);
    let orders = known.routes.iter().find(|pbo| holds(pbo))?;
    Some(of_the_site(orders == pbo))
}

/// How many PBOs of the site have this reference; none: the site was not read.
fn namesakes(pbo: &PboRef, known: &Known<'_>) -> Option<usize> {
    let all = known.structure?.floors.iter().flat_map(|floor| &floor.pbos);
    Some(all.filter(|other| *other == pbo).count())
}

/// Who holds the socket that is to be kept: the contract, where it is its own; nobody, where its label
/// says that it is available.
fn kept_socket_holder(put: &Put, known: &Known<'_>) -> Option<Holder> {
    let named = put.pto.as_ref().filter(|_| put.keep_pto);
    let Some(pto) = named else { return Some(Holder::Nobody) };
    if known.order.socket.as_ref() == Some(&Some(pto.clone())) {
        return Some(Holder::ThisContract);
    }
    let socket = known.structure.and_then(|structure| structure.socket(pto))?;
    (socket.usage == Label::Known(Usage::Available)).then_some(Holder::Nobody)
}
