//! What may be chosen: reasons in their groups, and the fibres that the rules allow, or are not known to
//! refuse.

use std::sync::Arc;

use ereprov_client::{
    Construction, ContractRef, Fibre, FibreRef, FibreUsage, FollowUp, Label, Order, Pbo, Put,
    Reason, Rule, Structure, Verdict, check,
};

use super::{Chip, Part, Way, colours, reads::Fresh, trouble::rule};
use crate::{settings::ColourOrder, store::Seen};

/// What is known of a contract beside the fibres of a place.
pub(crate) struct Known {
    pub order: Order,
    pub structure: Option<Arc<Fresh<Structure>>>,
    pub latest: Option<Seen>,
}

/// A reason, as a button.
pub(crate) struct Motif {
    pub reason: Reason,
    pub label: &'static str,
}

/// The fibres of a place.
pub(crate) struct Offers {
    pub pbos: Vec<OfferedPbo>,
    /// How many may be asked for, of how many.
    pub open: usize,
    pub all: usize,
}

/// A PBO and its tubes, in the order in which they lie.
pub(crate) struct OfferedPbo {
    pub pbo: String,
    pub location: String,
    pub tubes: Vec<OfferedTube>,
    pub closed: Vec<Offer>,
}

/// A tube and its fibres that may be asked for.
pub(crate) struct OfferedTube {
    pub chip: Chip,
    pub offers: Vec<Offer>,
}

/// A fibre.
#[derive(Clone)]
pub(crate) struct Offer {
    pub fibre: String,
    pub pto: Option<String>,
    pub pbo: String,
    pub location: String,
    pub cable: String,
    pub tube: Chip,
    pub colour: Chip,
    /// The colours as the service says them.
    pub tube_said: String,
    pub colour_said: String,
    pub construction: String,
    pub usage: String,
    /// Why it may not be asked for.
    pub refused: Option<&'static str>,
}

/// The groups of reasons, in the order of the screen.
const GROUPS: [(&str, &[Reason]); 6] = [
    ("La fibre", &[Reason::OccupiedFibre, Reason::BrokenFibre, Reason::NoSignal]),
    ("La prise", &[Reason::ExistingPto, Reason::MissingPto, Reason::WrongPto]),
    ("Le boîtier", &[Reason::FullPbo, Reason::WrongPbo, Reason::DistantPbo]),
    (
        "L'adresse",
        &[Reason::WrongAddress, Reason::WrongBuilding, Reason::WrongStaircase, Reason::WrongFloor],
    ),
    ("Autre", &[Reason::CivilWorks]),
    ("Commande en ROV", &[Reason::VirtualRoute]),
];

/// How many reasons stand first.
const FIRST: usize = 3;

/// The reasons: the three that the operator needs most, then all others in their groups. An order on a virtual
/// route has its own reason first.
pub(crate) fn motifs(used: &[Reason], order: &Order) -> Vec<(&'static str, Vec<Motif>)> {
    let motif = |reason: Reason| Motif { reason, label: ereprov_words::motif(reason).label() };
    let mut first: Vec<Reason> = Vec::new();
    let own =
        (order.route == Some(ereprov_client::RouteKind::Virtual)).then_some(Reason::VirtualRoute);
    let all = own.into_iter().chain(used.iter().copied()).chain(GROUPS[0].1.iter().copied());
    for reason in all {
        if first.len() < FIRST && !first.contains(&reason) {
            first.push(reason);
        }
    }
    let mut groups = vec![("Le plus souvent", first.iter().copied().map(motif).collect())];
    for (title, reasons) in GROUPS {
        let rest: Vec<_> =
            reasons.iter().copied().filter(|one| !first.contains(one)).map(motif).collect();
        if !rest.is_empty() {
            groups.push((title, rest));
        }
    }
    groups
}

/// Whether a reason says that the place is wrong, so that another one is asked for first.
pub(crate) fn asks_for_place(reason: Reason, order: &Order) -> bool {
    match reason {
        Reason::WrongAddress
        | Reason::WrongBuilding
        | Reason::WrongStaircase
        | Reason::WrongFloor => true,
        Reason::FullPbo | Reason::WrongPbo | Reason::DistantPbo => may_leave_pbo(order),
        _ => false,
    }
}

/// Whether another PBO may be asked for, as far as is known (§1.1).
pub(crate) fn may_leave_pbo(order: &Order) -> bool {
    order.zone != Some(ereprov_client::Zone::Zmd)
        && order.building != Some(ereprov_client::BuildingKind::House)
}

impl Known {
    /// What the service would say to a put.
    pub fn check(&self, put: &Put, routes: &[Pbo]) -> Verdict {
        let latest: Option<FollowUp> =
            self.latest.as_ref().filter(|seen| seen.is_final()).map(Seen::follow_up);
        let known = ereprov_client::Known {
            order: &self.order,
            structure: self.structure.as_ref().map(|fresh| &fresh.value),
            routes,
            latest: latest.as_ref(),
        };
        check(put, &known)
    }

    /// The fibre that the line has now, if that is known.
    pub fn current_fibre(&self) -> Option<String> {
        let moved = self.latest.as_ref().filter(|seen| seen.state == "completed");
        let moved = moved.and_then(|seen| seen.fibre.clone());
        moved.or_else(|| self.order.current_fibre.as_ref().map(ToString::to_string))
    }
}

impl Offers {
    /// The fibres of a place for what was chosen so far.
    pub fn new(
        contract: &ContractRef,
        way: &Way,
        routes: &[Pbo],
        known: &Known,
        order: ColourOrder,
    ) -> Option<Self> {
        let reason = way.reason()?;
        let mut pbos = Vec::new();
        for pbo in routes {
            let sizes = Sizes::of(pbo, order);
            let mut offers: Vec<Offer> = pbo
                .fibres
                .iter()
                .map(|fibre| {
                    let put = Put {
                        contract: contract.clone(),
                        fibre: fibre.fibre.clone(),
                        pto: way.kept_socket(),
                        keep_pto: way.keeps(),
                        reason,
                    };
                    offer(pbo, fibre, &known.check(&put, routes), &sizes, order)
                })
                .collect();
            offers.sort_by_key(physical);
            let (closed, open) = offers.into_iter().partition(|offer| offer.refused.is_some());
            pbos.push(OfferedPbo {
                pbo: pbo.pbo.to_string(),
                location: pbo.location.clone(),
                tubes: tubes(open),
                closed,
            });
        }
        let open = |pbo: &OfferedPbo| pbo.tubes.iter().map(|tube| tube.offers.len()).sum::<usize>();
        let counts = pbos.iter().map(|pbo| (open(pbo), open(pbo) + pbo.closed.len()));
        let (open, all) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        Some(Self { pbos, open, all })
    }

    /// The fibre of this name.
    pub fn find(&self, fibre: &str) -> Option<&Offer> {
        let open = self.pbos.iter().flat_map(|pbo| pbo.tubes.iter().flat_map(|tube| &tube.offers));
        let closed = self.pbos.iter().flat_map(|pbo| &pbo.closed);
        open.chain(closed).find(|offer| offer.fibre == fibre)
    }
}

/// How many tubes lie in a cable, and fibres in a tube, as far as a PBO shows it.
struct Sizes {
    tubes: Option<u32>,
    fibres: Option<u32>,
}

impl Sizes {
    fn of(pbo: &Pbo, order: ColourOrder) -> Self {
        let tubes = pbo.fibres.iter().map(|fibre| order.position(&fibre.tube));
        let fibres = pbo.fibres.iter().map(|fibre| order.position(&fibre.colour));
        // Of the tubes only a few are seen on one PBO: there the last one says little.
        let tubes = colours::size(tubes).map(|size| size.max(12));
        Self { tubes, fibres: colours::size(fibres) }
    }
}

fn offer(pbo: &Pbo, fibre: &Fibre, verdict: &Verdict, sizes: &Sizes, order: ColourOrder) -> Offer {
    let refused = match verdict {
        // What depends on facts that nobody told is the service's to say.
        Verdict::Allowed | Verdict::Unknown { .. } => None,
        Verdict::Refused(rules) => Some(likeliest(rules).map_or(REFUSED, rule)),
        Verdict::AlreadyRunning => Some("Un changement est déjà en cours."),
    };
    Offer {
        fibre: fibre.fibre.to_string(),
        pto: fibre.pto.as_ref().map(ToString::to_string),
        pbo: pbo.pbo.to_string(),
        location: pbo.location.clone(),
        cable: fibre.cable.clone(),
        tube: order.chip(Part::Tube, &fibre.tube, sizes.tubes),
        colour: order.chip(Part::Fibre, &fibre.colour, sizes.fibres),
        tube_said: fibre.tube.clone(),
        colour_said: fibre.colour.clone(),
        construction: said(&fibre.construction, |construction| match construction {
            Construction::ToBuild => "à construire",
            Construction::BeingBuilt => "en construction",
            Construction::Built => "construite",
        }),
        usage: said(&fibre.usage, |usage| match usage {
            FibreUsage::Available => "disponible",
            FibreUsage::Occupied => "occupée",
            FibreUsage::Reserved => "réservée",
        }),
        refused,
    }
}

const REFUSED: &str = "L'opérateur la refuserait.";

/// Of several rules of which one refuses, the one that stands on what the list itself shows.
pub(crate) fn likeliest(rules: &[Rule]) -> Option<Rule> {
    let weight = |rule: &Rule| match rule {
        Rule::NotAvailable(_) => 0,
        Rule::KeepsDespiteReason => 1,
        Rule::KeptSocketNeedsFreshFibre => 2,
        Rule::KeepsExistingSocket
        | Rule::KeepsOpacSocket
        | Rule::KeepsOnVirtualRoute
        | Rule::NoSocketToKeep => 3,
        Rule::HeldByAnother | Rule::SocketHeldByAnother => 4,
        // Where the present fibre is known, it is looked at before all of those.
        Rule::SameFibre => 5,
        Rule::OtherPboInZmd | Rule::OtherPboOutsideCollective | Rule::PboOfAnotherSite => 6,
        Rule::OtherPm | Rule::NamesSocketOnVirtualRoute => 7,
    };
    rules.iter().min_by_key(|rule| weight(rule)).copied()
}

/// The rules that a choice may have broken, as sentences; two at the most.
pub(crate) fn likeliest_rules(
    contract: &ContractRef,
    way: &Way,
    routes: &[Pbo],
) -> Vec<&'static str> {
    let (Some(reason), Some(fibre)) = (way.reason(), &way.fibre) else { return Vec::new() };
    let put = Put {
        contract: contract.clone(),
        fibre: FibreRef::new(fibre),
        pto: way.kept_socket(),
        keep_pto: way.keeps(),
        reason,
    };
    let known = Known { order: way.order(), structure: None, latest: None };
    match known.check(&put, routes) {
        Verdict::Refused(rules) | Verdict::Unknown { rules, .. } => {
            let first = likeliest(&rules);
            let others = rules.iter().copied().filter(|one| Some(*one) != first);
            first.into_iter().chain(others).map(rule).take(2).collect()
        }
        Verdict::Allowed | Verdict::AlreadyRunning => Vec::new(),
    }
}

fn said<T: Copy>(label: &Label<T>, word: impl Fn(T) -> &'static str) -> String {
    match label {
        Label::Known(known) => word(*known).to_owned(),
        Label::Other(text) => text.clone(),
    }
}

/// As the fibres lie: by tube, then by colour; what has no known place comes last, as it came.
fn physical(offer: &Offer) -> (u32, u32) {
    let place = |chip: &Chip| chip.position.unwrap_or(u32::MAX);
    (place(&offer.tube), place(&offer.colour))
}

fn tubes(offers: Vec<Offer>) -> Vec<OfferedTube> {
    let mut tubes: Vec<OfferedTube> = Vec::new();
    for offer in offers {
        match tubes.iter_mut().find(|tube| tube.chip == offer.tube) {
            Some(tube) => tube.offers.push(offer),
            None => tubes.push(OfferedTube { chip: offer.tube.clone(), offers: vec![offer] }),
        }
    }
    tubes
}
