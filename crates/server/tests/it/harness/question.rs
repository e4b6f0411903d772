//! Questions, as a technician's tool would write them.

pub const NAMESPACE: &str = "http://sfr.fr/hermes/eReprov/";

fn wrapped(method: &str, inside: &str) -> String {
    format!("<e:{method} xmlns:e=\"{NAMESPACE}\">{inside}</e:{method}>")
}

fn element(name: &str, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{value}</{name}>")
}

pub fn structure(contract: &str) -> String {
    wrapped("getSiteStructure", &element("referenceContrat", contract))
}

pub fn routes(contract: &str) -> String {
    wrapped("getRoSite", &element("referenceContrat", contract))
}

/// Building, staircase, floor, and a PBO where it is not empty.
pub fn routes_at(contract: &str, place: [&str; 3], pbo: &str) -> String {
    let mut inside = element("referenceContrat", contract);
    let names = ["referenceBatiment", "referenceEscalier", "referenceEtage"];
    for (name, value) in names.into_iter().zip(place) {
        inside.push_str(&element(name, value));
    }
    if !pbo.is_empty() {
        inside.push_str(&element("referencePBO", pbo));
    }
    wrapped("getRoSite", &inside)
}

pub fn get(contract: &str) -> String {
    wrapped("getReprovisionning", &element("referenceContrat", contract))
}

/// A putReprovisionning, for a broken fibre and without keeping the socket until it is told else.
#[derive(Debug, Clone)]
pub struct Put {
    pub contract: String,
    pub fibre: String,
    pub pto: Option<String>,
    pub keep: bool,
    pub motif: String,
}

impl Put {
    pub fn new(contract: &str, fibre: &str) -> Self {
        Self {
            contract: contract.into(),
            fibre: fibre.into(),
            pto: None,
            keep: false,
            motif: "Fibre cassée".into(),
        }
    }

    pub fn motif(self, motif: &str) -> Self {
        Self { motif: motif.into(), ..self }
    }

    pub fn keep(self) -> Self {
        Self { keep: true, ..self }
    }

    pub fn pto(self, pto: &str) -> Self {
        Self { pto: Some(pto.into()), ..self }
    }

    pub fn body(&self) -> String {
        let mut inside = element("referenceContrat", &self.contract);
        inside.push_str(&element("referenceFibre", &self.fibre));
        if let Some(pto) = &self.pto {
            inside.push_str(&element("referencePTO", pto));
        }
        inside.push_str(&element("conservationPTO", if self.keep { "1" } else { "0" }));
        inside.push_str(&element("motif", &self.motif));
        wrapped("putReprovisionning", &inside)
    }
}
