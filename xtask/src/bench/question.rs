//! The questions, as bytes that only their numbers change, and which numbers come next.

use std::{cell::Cell, fmt, rc::Rc, str::FromStr};

use super::network::Network;

/// The four methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    GetSiteStructure,
    GetRoSite,
    GetReprovisionning,
    PutReprovisionning,
}

impl Method {
    pub const ALL: [Self; 4] = [
        Self::GetSiteStructure,
        Self::GetRoSite,
        Self::GetReprovisionning,
        Self::PutReprovisionning,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::GetSiteStructure => "getSiteStructure",
            Self::GetRoSite => "getRoSite",
            Self::GetReprovisionning => "getReprovisionning",
            Self::PutReprovisionning => "putReprovisionning",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Digits of a number in a reference.
pub const DIGITS: usize = 8;
/// Where the digits go.
const PLACE: &str = "########";

/// A request, head and body.
#[derive(Debug, Clone)]
pub struct Question {
    method: Method,
    bytes: Rc<[u8]>,
    places: Rc<[usize]>,
}

impl Question {
    /// The specification's own question, or one with a number in its references.
    pub fn new(method: Method, spread: bool) -> Self {
        let inside = if spread || method == Method::PutReprovisionning {
            numbered(method)
        } else {
            of_the_specification(method)
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
             xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:erep=\"http://sfr.fr/hermes/eReprov/\"><soapenv:Header/><soapenv:Body>\
             <erep:{method}>{inside}</erep:{method}></soapenv:Body></soapenv:Envelope>"
        );
        // The login is the demo's oc-demo / oc-demo.
        let text = format!(
            "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Basic b2MtZGVtbzpvYy1kZW1v\r\n\
             Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let places = text.match_indices(PLACE).map(|(place, _)| place).collect();
        Self { method, bytes: text.into_bytes().into(), places }
    }

    pub fn method(&self) -> Method {
        self.method
    }

    /// A copy of the bytes, for one connection to write its numbers into.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    /// Writes a number into the bytes.
    pub fn number(&self, bytes: &mut [u8], number: u64) {
        for place in self.places.iter() {
            let mut rest = number;
            for digit in bytes[*place..place + DIGITS].iter_mut().rev() {
                *digit = b"0123456789"[usize::try_from(rest % 10).unwrap_or_default()];
                rest /= 10;
            }
        }
    }
}

fn of_the_specification(method: Method) -> &'static str {
    match method {
        Method::GetSiteStructure | Method::PutReprovisionning => {
            "<referenceContrat>MUT56816520160316162024</referenceContrat>"
        }
        Method::GetRoSite => {
            "<referenceContrat>MUT56816520160316162024</referenceContrat>\
             <referenceBatiment>BATIMENT-1</referenceBatiment>\
             <referenceEscalier>ESCALIER-44</referenceEscalier>\
             <referenceEtage>ETAGE-15</referenceEtage><referencePBO>BE-06</referencePBO>"
        }
        Method::GetReprovisionning => "<referenceContrat>ARA-502701</referenceContrat>",
    }
}

fn numbered(method: Method) -> &'static str {
    match method {
        Method::PutReprovisionning => {
            "<referenceContrat>BENCH-########</referenceContrat>\
             <referenceFibre>BF-########-B</referenceFibre>\
             <conservationPTO>0</conservationPTO><motif>Fibre cassée</motif>"
        }
        _ => "<referenceContrat>BENCH-########</referenceContrat>",
    }
}

/// Which contract is next.
#[derive(Debug)]
pub struct Numbers {
    how: How,
    next: Cell<u64>,
    end: Cell<u64>,
}

#[derive(Debug)]
enum How {
    /// It does not matter.
    Any,
    /// Each at most once, all over the network: the positions from..to.
    Once { from: u64, to: u64, contracts: u64 },
    /// Any multiple of a step below this, by a generator with this state.
    Again { below: u64, step: u64 },
}

impl Numbers {
    pub fn any() -> Rc<Self> {
        Self::new(How::Any)
    }

    /// Contracts that have no re-provisioning that runs, each once.
    pub fn once(network: &Network, from: u64, to: u64) -> Rc<Self> {
        Self::new(How::Once { from, to, contracts: network.contracts() })
    }

    /// Contracts by chance, of those that the method has an answer for.
    pub fn again(network: &Network, method: Method) -> Rc<Self> {
        let step = if method == Method::GetReprovisionning { Network::PAST_EVERY } else { 1 };
        Self::new(How::Again { below: network.contracts() / step, step })
    }

    fn new(how: How) -> Rc<Self> {
        let numbers = Self { how, next: Cell::new(0x2545_f491_4f6c_dd1d), end: Cell::new(0) };
        numbers.open(0, 1);
        Rc::new(numbers)
    }

    /// Opens the share of one turn; turn 0 is the one question that is asked before.
    pub fn open(&self, turn: u32, turns: u32) {
        if let How::Once { from, to, .. } = self.how {
            let share = (to - from - 1) / u64::from(turns);
            let begin = from + 1 + share * u64::from(turn.saturating_sub(1));
            self.next.set(if turn == 0 { from } else { begin });
            self.end.set(if turn == 0 { from + 1 } else { begin + share });
        }
    }

    /// The next number; none where all of this turn were given.
    pub fn next(&self) -> Option<u64> {
        match self.how {
            How::Any => Some(0),
            How::Once { contracts, .. } => {
                let position = self.next.get();
                if position >= self.end.get() {
                    return None;
                }
                self.next.set(position + 1);
                Some(scattered(position, contracts))
            }
            How::Again { below, step } => {
                let mut state = self.next.get();
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                self.next.set(state);
                Some(state % below.max(1) * step)
            }
        }
    }
}

/// Neighbours far from each other: a permutation, since the factor is a prime beyond every network.
fn scattered(position: u64, contracts: u64) -> u64 {
    const PRIME: u64 = 104_395_301;
    position % contracts * PRIME % contracts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_every_place() {
        let question = Question::new(Method::PutReprovisionning, true);
        let mut bytes = question.bytes();
        question.number(&mut bytes, 1234);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(">BENCH-00001234<") && text.contains(">BF-00001234-B<"), "{text}");
        assert!(!text.contains('#'));
    }

    #[test]
    fn no_contract_is_given_twice() {
        let network = Network::of_contracts(1000);
        let numbers = Numbers::once(&network, 100, 300);
        let mut given: Vec<u64> = numbers.next().into_iter().collect();
        assert_eq!(numbers.next(), None);
        for turn in 1..=4 {
            numbers.open(turn, 4);
            given.extend(std::iter::from_fn(|| numbers.next()));
        }
        assert!(given.len() > 190 && given.iter().all(|number| *number < network.contracts()));
        given.sort_unstable();
        let all = given.len();
        given.dedup();
        assert_eq!(given.len(), all);
    }
}
