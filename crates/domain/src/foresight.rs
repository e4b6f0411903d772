//! What the rules will say to somebody who does not know every fact: the same rules, tried on every way
//! in which the unknown ones may turn out.

use crate::{
    eligibility::{Asked, Line, PboRelation, Rule, Target, check},
    order::{BuildingKind, RouteKind, Zone},
    route::{Construction, Holder, Usage},
};

/// Everything that the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// What the order says.
    pub line: Line,
    /// What is asked.
    pub asked: Asked,
    /// The fibre that is asked for.
    pub target: Target,
}

/// A fact that may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// ZTD or ZMD.
    Zone,
    /// Collective building or house.
    Building,
    /// Real or virtual route.
    Route,
    /// Whether the order is on an existing socket.
    ExistingSocket,
    /// Whether the order is on the OPAC base.
    Opac,
    /// Whether the contract has a socket.
    HasSocket,
    /// Whether the fibre is on the contract's PM.
    Pm,
    /// Where the fibre's PBO is.
    Pbo,
    /// Whether the fibre's PBO, which is on the contract's site, is that of the order.
    PboOfTheSite,
    /// Whether the fibre is the contract's present route.
    CurrentRoute,
    /// How far the fibre's socket is built.
    Construction,
    /// What the fibre's label says.
    Usage,
    /// Who holds the fibre.
    Holder,
    /// Who holds the socket that is to be kept.
    KeptSocketHolder,
}

/// What the rules will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// No rule refuses it, whatever is unknown.
    Allowed,
    /// It is refused, whatever is unknown, by the one rule or, as that may be, by one of these.
    Refused(Vec<Rule>),
    /// It depends.
    Unknown {
        /// The facts that decide.
        facts: Vec<Fact>,
        /// The rules that may refuse it.
        rules: Vec<Rule>,
    },
}

/// Looks at every rule, for somebody who does not know these facts; what the case has in their places
/// does not count.
pub fn foresee(case: Case, unknown: &[Fact]) -> Forecast {
    let mut cases = vec![case];
    for fact in unknown {
        cases = cases.into_iter().flat_map(|case| fact.variants(case)).collect();
    }
    let mut rules = Vec::new();
    let mut allowed = false;
    for case in &cases {
        match case.check() {
            Ok(()) => allowed = true,
            Err(rule) if !rules.contains(&rule) => rules.push(rule),
            Err(_) => {}
        }
    }
    match (allowed, rules.is_empty()) {
        (true, true) => Forecast::Allowed,
        (false, _) => Forecast::Refused(rules),
        (true, false) => {
            let decides = |fact: &Fact| cases.iter().any(|case| fact.decides(*case));
            Forecast::Unknown { facts: unknown.iter().copied().filter(decides).collect(), rules }
        }
    }
}

impl Case {
    fn check(&self) -> Result<(), Rule> {
        check(&self.line, &self.asked, &self.target)
    }
}

impl Fact {
    /// Whether another value of this fact alone changes what the rules say.
    fn decides(self, case: Case) -> bool {
        let is_allowed = case.check().is_ok();
        self.variants(case).iter().any(|other| other.check().is_ok() != is_allowed)
    }

    /// The case with every value that this fact may have.
    fn variants(self, case: Case) -> Vec<Case> {
        const BOTH: [bool; 2] = [false, true];
        let on_line = |line| Case { line, ..case };
        let on_target = |target| Case { target, ..case };
        let Case { line, target, .. } = case;
        match self {
            Self::Zone => all(Zone::ALL, |zone| on_line(Line { zone, ..line })),
            Self::Building => all(BuildingKind::ALL, |building| on_line(Line { building, ..line })),
            Self::Route => all(RouteKind::ALL, |route| on_line(Line { route, ..line })),
            Self::ExistingSocket => {
                all(&BOTH, |existing_socket| on_line(Line { existing_socket, ..line }))
            }
            Self::Opac => all(&BOTH, |opac| on_line(Line { opac, ..line })),
            Self::HasSocket => all(&BOTH, |has_socket| on_line(Line { has_socket, ..line })),
            Self::Pm => all(&BOTH, |same_pm| on_target(Target { same_pm, ..target })),
            Self::Pbo => all(&PBOS, |pbo| on_target(Target { pbo, ..target })),
            Self::PboOfTheSite => all(&PBOS[..2], |pbo| on_target(Target { pbo, ..target })),
            Self::CurrentRoute => {
                all(&BOTH, |is_current| on_target(Target { is_current, ..target }))
            }
            Self::Construction => {
                all(Construction::ALL, |construction| on_target(Target { construction, ..target }))
            }
            Self::Usage => all(Usage::ALL, |usage| on_target(Target { usage, ..target })),
            Self::Holder => all(Holder::ALL, |holder| on_target(Target { holder, ..target })),
            Self::KeptSocketHolder => {
                all(Holder::ALL, |kept_pto_holder| on_target(Target { kept_pto_holder, ..target }))
            }
        }
    }
}

const PBOS: [PboRelation; 3] =
    [PboRelation::OfTheOrder, PboRelation::OfTheSite, PboRelation::Elsewhere];

fn all<T: Copy>(values: &[T], with: impl Fn(T) -> Case) -> Vec<Case> {
    values.iter().map(|value| with(*value)).collect()
}
