//! Questions by chance, and whether they are right by the tables of §3.

use ereprov_wire::{motif::Motif, question::Question, xml::Writer};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use unicode_normalization::UnicodeNormalization;

use crate::{
    answers::{as_written, text},
    words::{METHODS, SERVICE, fits, length_of},
};

/// The fields of each method.
const FIELDS: [&[&str]; 4] = [
    &["referenceContrat"],
    &[
        "referenceContrat",
        "referenceBatiment",
        "referenceEscalier",
        "referenceEtage",
        "referencePBO",
        "referenceBE",
    ],
    &["referenceContrat", "referenceFibre", "referencePTO", "conservationPTO", "motif"],
    &["referenceContrat"],
];

/// A question of the method of this number, from 0 in the order of §3.1.
pub struct Asked {
    method: usize,
    values: Vec<(&'static str, String)>,
}

/// A question by chance: each field, or not, with a value that may be right.
///
/// # Errors
/// Chance has run out.
pub fn question(u: &mut Unstructured<'_>, method: usize) -> Result<Asked> {
    let mut values = Vec::new();
    for &field in FIELDS[method] {
        let value = match u.int_in_range(0..=7)? {
            0 => continue,
            1 | 2 => text(u)?,
            _ => likely(u, field)?,
        };
        values.push((field, value));
    }
    Ok(Asked { method, values })
}

fn likely(u: &mut Unstructured<'_>, field: &str) -> Result<String> {
    Ok(match field {
        "motif" => u.choose(Motif::ALL)?.label().to_owned(),
        "conservationPTO" => (*u.choose(&["0", "1", "true", "false"])?).to_owned(),
        _ => {
            let length = u.int_in_range(1..=length_of(field) + 1)?;
            let letter = |u: &mut Unstructured<'_>| Ok(*u.choose(&['A', '-', '7', 'é', '<', '&'])?);
            (0..length).map(|_| letter(u)).collect::<Result<_>>()?
        }
    })
}

impl Asked {
    /// Writes it, wrapped in its method's element.
    pub fn write(&self, w: &mut Writer) {
        const WRAPPERS: [&str; 4] =
            ["e:getSiteStructure", "e:getRoSite", "e:putReprovisionning", "e:getReprovisionning"];
        w.start(WRAPPERS[self.method]).attribute("xmlns:e", SERVICE);
        for (field, value) in &self.values {
            w.element(field, value);
        }
        w.end();
    }

    /// The value that the service should see; none: absent.
    fn value(&self, field: &str) -> Option<String> {
        let (_, value) = self.values.iter().find(|(name, _)| *name == field)?;
        let written = as_written(value);
        let value: String = written.trim_matches([' ', '\t', '\r', '\n']).nfc().collect();
        Some(value).filter(|value| !value.is_empty())
    }

    /// Whether it is right by the tables.
    fn is_right(&self) -> bool {
        let has = |field: &str| self.value(field).is_some();
        let fitting = FIELDS[self.method]
            .iter()
            .all(|field| self.value(field).is_none_or(|value| fits(&value, length_of(field))));
        let complete = match METHODS[self.method] {
            "getRoSite" => {
                let place = ["referenceBatiment", "referenceEscalier", "referenceEtage"].map(has);
                let pbo = self.value("referencePBO");
                let be = self.value("referenceBE");
                place.iter().all(|there| *there == place[0])
                    && (pbo.is_none() || be.is_none() || pbo == be)
            }
            "putReprovisionning" => {
                has("referenceFibre")
                    && self.kept().is_some()
                    && self.value("motif").is_some_and(|motif| Motif::read(&motif).is_some())
            }
            _ => true,
        };
        fitting && complete && has("referenceContrat")
    }

    fn kept(&self) -> Option<bool> {
        match self.value("conservationPTO")?.as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        }
    }

    /// Holds what was read against what was written.
    ///
    /// # Panics
    /// They differ.
    pub fn check<E: std::fmt::Debug>(&self, read: &std::result::Result<Question, E>) {
        assert_eq!(read.is_ok(), self.is_right(), "{read:?} of {:?}", self.values);
        let Ok(read) = read else { return };
        assert_eq!(Some(read.reference_contrat()), self.value("referenceContrat").as_deref());
        match read {
            Question::GetSiteStructure(_) => assert_eq!(self.method, 0),
            Question::GetReprovisionning(_) => assert_eq!(self.method, 3),
            Question::GetRoSite(read) => {
                let place = read.lieu.clone().map(|place| {
                    [place.reference_batiment, place.reference_escalier, place.reference_etage]
                });
                let fields = ["referenceBatiment", "referenceEscalier", "referenceEtage"];
                let asked: Vec<_> = fields.iter().filter_map(|name| self.value(name)).collect();
                assert_eq!(place.map(Vec::from).unwrap_or_default(), asked);
                let pbo = self.value("referencePBO").or_else(|| self.value("referenceBE"));
                assert_eq!(read.reference_pbo, pbo);
            }
            Question::PutReprovisionning(read) => {
                assert_eq!(Some(&read.reference_fibre), self.value("referenceFibre").as_ref());
                assert_eq!(read.reference_pto, self.value("referencePTO"));
                assert_eq!(Some(read.conservation_pto), self.kept());
                assert_eq!(Some(read.motif), Motif::read(&self.value("motif").expect("one")));
            }
        }
    }
}
