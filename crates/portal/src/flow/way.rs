//! What a technician has chosen so far, and what the order told: all of it stands in the address of the
//! page, so that a reload, the back button and another phone lose nothing.

use ereprov_client::{
    At, BuildingKind, ContractRef, FibreRef, Order, PboRef, Place, PtoRef, Reason, RouteKind, Zone,
};
use serde::{Deserialize, Serialize};

macro_rules! way {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One value a parameter of the address; an empty one is absent.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct Way {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<String>,)*
        }

        impl Way {
            /// Without blanks, empty values, and what no value has.
            #[must_use]
            pub fn clean(mut self) -> Self {
                $(self.$name = self.$name.as_deref().and_then(clean);)*
                self
            }

            /// For the hidden fields of a form, without these.
            pub fn fields(&self, without: &[&str]) -> Vec<(&'static str, String)> {
                let all = [$((stringify!($name), self.$name.clone()),)*];
                all.into_iter()
                    .filter(|(name, _)| !without.contains(name))
                    .filter_map(|(name, value)| Some((name, value?)))
                    .collect()
            }
        }
    };
}

way! {
    /// Of the order: `ztd` or `zmd`.
    zone,
    /// Of the order: `collectif` or `pavillon`.
    habitat,
    /// Of the order: whether the route is virtual, `1` or `0`.
    rov,
    /// Of the order: whether it is on the OPAC base, `1` or `0`.
    opac,
    /// Of the order: whether it is on an existing socket, `1` or `0`.
    prise_existante,
    /// Of the order: the contract's socket; `aucune`: it has none.
    prise,
    /// Of the order: the fibre that the line has now.
    fibre_actuelle,
    /// Of the order: its PBO.
    pbo,
    /// Of the order: the building.
    bat,
    /// Of the order: the staircase.
    esc,
    /// Of the order: the floor.
    etage,
    /// Chosen: a building that is looked at instead.
    a_bat,
    /// Chosen: a staircase that is looked at instead.
    a_esc,
    /// Chosen: a floor that is looked at instead.
    a_etage,
    /// Chosen: a PBO that is looked at.
    a_pbo,
    /// Chosen: the reason, by its English word.
    motif,
    /// Chosen: whether the installed socket stays, `1` or `0`.
    garder,
    /// Chosen: the socket that stays.
    prise_gardee,
    /// Chosen: the fibre.
    fibre,
}

/// Longer values are nobody's.
const CHARACTERS_MAX: usize = 255;

fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).take(CHARACTERS_MAX).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What comes along when a reference is pasted, and is seen by nobody.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

impl Way {
    /// The address of a screen of a contract.
    pub fn url(&self, contract: &str, screen: &str) -> String {
        let query = serde_urlencoded::to_string(self).unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/c/{}{screen}{mark}{query}", segment(contract))
    }

    /// The same with something else chosen.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut way = self.clone();
        change(&mut way);
        way
    }

    /// Only what the order told.
    #[must_use]
    pub fn order_only(&self) -> Self {
        self.with(|way| {
            way.look_elsewhere(None, None);
            way.motif = None;
            way.garder = None;
            way.prise_gardee = None;
            way.fibre = None;
        })
    }

    /// Looks at another place, or at a PBO; at neither: at the order's own.
    pub fn look_elsewhere(&mut self, place: Option<&Place>, pbo: Option<&str>) {
        self.a_bat = place.map(|place| place.building.clone());
        self.a_esc = place.map(|place| place.staircase.clone());
        self.a_etage = place.map(|place| place.floor.clone());
        self.a_pbo = pbo.map(str::to_owned);
    }

    /// The reason that was chosen.
    pub fn reason(&self) -> Option<Reason> {
        self.motif.as_deref().and_then(Reason::parse)
    }

    /// Whether the socket stays: never where the reason forbids it.
    pub fn keeps(&self) -> bool {
        let forbidden = self.reason().is_some_and(Reason::forbids_keeping);
        !forbidden && self.garder.as_deref().and_then(flag) == Some(true)
    }

    /// The socket that stays, where it is named: the one that was typed, or the order's.
    pub fn kept_socket(&self) -> Option<PtoRef> {
        let typed = self.prise_gardee.as_deref().map(PtoRef::new);
        typed.or_else(|| self.socket()).filter(|_| self.keeps())
    }

    /// The order's place.
    pub fn order_place(&self) -> Option<Place> {
        place(self.bat.as_ref(), self.esc.as_ref(), self.etage.as_ref())
    }

    /// Where fibres are looked for; nowhere said: at the contract's own place.
    pub fn at(&self) -> At {
        let elsewhere = place(self.a_bat.as_ref(), self.a_esc.as_ref(), self.a_etage.as_ref());
        At {
            place: elsewhere.or_else(|| self.order_place()),
            pbo: self.a_pbo.clone().map(PboRef::new),
        }
    }

    /// What the order told, as the rules want it.
    pub fn order(&self) -> Order {
        Order {
            zone: self.zone.as_deref().and_then(|zone| Zone::parse(&zone.to_lowercase())),
            building: match self.habitat.as_deref() {
                Some("collectif") => Some(BuildingKind::Collective),
                Some("pavillon") => Some(BuildingKind::House),
                _ => None,
            },
            route: self
                .rov
                .as_deref()
                .and_then(flag)
                .map(|is_virtual| if is_virtual { RouteKind::Virtual } else { RouteKind::Real }),
            existing_socket: self.prise_existante.as_deref().and_then(flag),
            opac: self.opac.as_deref().and_then(flag),
            current_fibre: self.fibre_actuelle.clone().map(FibreRef::new),
            pbo: self.pbo.clone().map(|pbo| (PboRef::new(pbo), None)),
            socket: self.prise.as_ref().map(|_| self.socket()),
        }
    }

    /// The order's socket, where it was told that there is one.
    fn socket(&self) -> Option<PtoRef> {
        self.prise.as_deref().filter(|said| *said != NO_SOCKET).map(PtoRef::new)
    }
}

/// What stands for a socket where there is none.
const NO_SOCKET: &str = "aucune";

/// A contract's reference as it is typed, pasted or scanned: without blanks and what is invisible. Nothing
/// else is ever mended.
pub(crate) fn contract(typed: &str) -> ContractRef {
    let kept: String = typed.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect();
    ContractRef::new(kept)
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn place(bat: Option<&String>, esc: Option<&String>, etage: Option<&String>) -> Option<Place> {
    let (building, staircase, floor) = (bat?.clone(), esc?.clone(), etage?.clone());
    Some(Place { building, staircase, floor })
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "oui" | "true" => Some(true),
        "0" | "non" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(query: &str) -> Way {
        serde_urlencoded::from_str::<Way>(query).unwrap().clean()
    }

    #[test]
    fn what_the_order_knows_rides_along() {
        let way =
            way("zone=ZTD&rov=0&opac=non&prise_existante=1&prise=FI-1&bat=B&esc=E&etage=15&x=1");
        let order = way.order();
        assert_eq!((order.zone, order.opac), (Some(Zone::Ztd), Some(false)));
        assert_eq!((order.route, order.existing_socket), (Some(RouteKind::Real), Some(true)));
        assert_eq!(order.socket, Some(Some(PtoRef::new("FI-1"))));
        assert_eq!(way.at().place.unwrap().floor, "15");
        let url = way.url("A/B é", "/fibres");
        assert!(url.starts_with("/c/A%2FB%20%C3%A9/fibres?zone=ZTD&"), "{url}");
        assert!(!url.contains("x=1"));
    }

    #[test]
    fn what_is_not_understood_is_not_known() {
        let order = way("zone=ZTX&rov=peut-etre&opac=&bat=B").order();
        assert_eq!((order.zone, order.route, order.opac), (None, None, None));
        assert_eq!(way("bat=B&esc=E").at(), At::default());
        assert_eq!(way("prise=aucune").order().socket, Some(None));
    }

    #[test]
    fn a_socket_is_never_kept_where_the_reason_forbids_it() {
        assert!(way("motif=broken_fibre&garder=1").keeps());
        assert!(!way("motif=wrong_floor&garder=1").keeps());
        assert!(!way("motif=broken_fibre").keeps());
        let named = way("motif=broken_fibre&garder=1&prise=FI-1").kept_socket();
        assert_eq!(named, Some(PtoRef::new("FI-1")));
        assert_eq!(way("motif=broken_fibre&garder=0&prise=FI-1").kept_socket(), None);
    }

    #[test]
    fn a_pasted_reference_loses_blanks_and_nothing_else() {
        assert_eq!(contract(" MUT 0O1I\u{a0}\u{200b}\n").as_str(), "MUT0O1I");
    }
}
