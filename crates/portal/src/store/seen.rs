//! What getReprovisionning showed, as it is kept.

use ereprov_client::{FibreRef, FollowUp, Label, NewRoute, Pm, PtoRef, State};
use serde::{Deserialize, Serialize};

/// What getReprovisionning showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The domain's word, or the service's own.
    pub state: String,
    pub pm: Option<(String, String)>,
    pub fibre: Option<String>,
    pub pto: Option<String>,
    pub cable: String,
    pub tube: String,
    pub colour: String,
}

impl Seen {
    /// The state, where it is one of the table's.
    pub fn known(&self) -> Option<State> {
        State::parse(&self.state)
    }

    /// Whether nothing moves any more.
    pub fn is_final(&self) -> bool {
        self.known().is_some_and(State::is_final)
    }

    /// Whether it has ended without a new route.
    pub fn came_to_nothing(&self) -> bool {
        matches!(self.known(), Some(State::Cancelled | State::Failed))
    }

    /// As the rules want it.
    pub fn follow_up(&self) -> FollowUp {
        FollowUp {
            reference: String::new(),
            state: self.known().map_or_else(|| Label::Other(self.state.clone()), Label::Known),
            route: Some(NewRoute {
                pm: self.pm.clone().map(|(reference, position)| Pm { reference, position }),
                fibre: self.fibre.clone().map(FibreRef::new),
                pto: self.pto.clone().map(PtoRef::new),
                cable: self.cable.clone(),
                tube: self.tube.clone(),
                colour: self.colour.clone(),
            }),
        }
    }
}

impl From<FollowUp> for Seen {
    fn from(seen: FollowUp) -> Self {
        let state = seen.state.to_string();
        let Some(route) = seen.route else { return Self { state, ..Self::default() } };
        Self {
            state,
            pm: route.pm.map(|pm| (pm.reference, pm.position)),
            fibre: route.fibre.map(|fibre| fibre.as_str().to_owned()),
            pto: route.pto.map(|pto| pto.as_str().to_owned()),
            cable: route.cable,
            tube: route.tube,
            colour: route.colour,
        }
    }
}
