//! Reading the parameters of a question: which elements, once each, with clean values (D7 to D10).

use std::fmt;

use roxmltree::Node;

use crate::{
    NAMESPACE,
    get_reprovisionning::GetReprovisionning,
    get_ro_site::GetRoSite,
    get_site_structure::GetSiteStructure,
    operation::Operation,
    put_reprovisionning::PutReprovisionning,
    text::{BadText, clean, cut, length_of},
    xml::Writer,
};

/// The question of one of the four methods.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// §3.2.1
    GetSiteStructure(GetSiteStructure),
    /// §3.3.1
    GetRoSite(GetRoSite),
    /// §3.4.1
    PutReprovisionning(PutReprovisionning),
    /// §3.5.1
    GetReprovisionning(GetReprovisionning),
}

impl Question {
    /// Reads the wrapper element of a method.
    pub(crate) fn read(operation: Operation, wrapper: Node<'_, '_>) -> Result<Self, BadArgument> {
        Ok(match operation {
            Operation::GetSiteStructure => Self::GetSiteStructure(GetSiteStructure::read(wrapper)?),
            Operation::GetRoSite => Self::GetRoSite(GetRoSite::read(wrapper)?),
            Operation::PutReprovisionning => {
                Self::PutReprovisionning(PutReprovisionning::read(wrapper)?)
            }
            Operation::GetReprovisionning => {
                Self::GetReprovisionning(GetReprovisionning::read(wrapper)?)
            }
        })
    }

    /// The method that it asks.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::GetSiteStructure(_) => Operation::GetSiteStructure,
            Self::GetRoSite(_) => Operation::GetRoSite,
            Self::PutReprovisionning(_) => Operation::PutReprovisionning,
            Self::GetReprovisionning(_) => Operation::GetReprovisionning,
        }
    }

    /// Writes its values, in the order of the WSDL.
    pub(crate) fn write(&self, w: &mut Writer) -> Result<(), BadValue> {
        match self {
            Self::GetSiteStructure(q) => q.write(w),
            Self::GetRoSite(q) => q.write(w),
            Self::PutReprovisionning(q) => q.write(w),
            Self::GetReprovisionning(q) => q.write(w),
        }
    }

    /// The contract that the question is about.
    pub fn reference_contrat(&self) -> &str {
        match self {
            Self::GetSiteStructure(q) => &q.reference_contrat,
            Self::GetRoSite(q) => &q.reference_contrat,
            Self::PutReprovisionning(q) => &q.reference_contrat,
            Self::GetReprovisionning(q) => &q.reference_contrat,
        }
    }
}

/// An argument that makes the answer 20001: which field, and why, in French for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadArgument {
    /// The field's name, as the question gave it.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl BadArgument {
    /// A field and what is wrong with it.
    pub fn new(field: &str, reason: impl fmt::Display) -> Self {
        Self { field: field.to_owned(), reason: reason.to_string() }
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.field, self.reason)
    }
}

/// A value that makes no question: the service would answer it with 20001.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with it; none: it is mandatory and empty.
    pub problem: Option<BadText>,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match &self.problem {
            None => write!(f, "{field} is mandatory"),
            Some(BadText::TooLong { found, max }) => {
                write!(f, "{field} has {found} characters, {max} at the most")
            }
            Some(BadText::Forbidden { character, position }) => {
                let code = u32::from(*character);
                write!(f, "{field} has U+{code:04X} at position {position}, which §2.5 forbids")
            }
        }
    }
}

impl std::error::Error for BadValue {}

/// Writes a value as the service will read it: cleaned, or it is none.
pub(crate) fn write_field(
    w: &mut Writer,
    field: &'static str,
    value: &str,
) -> Result<(), BadValue> {
    let cleaned = clean(value, length_of(field));
    let cleaned = cleaned.map_err(|problem| BadValue { field, problem: Some(problem) })?;
    w.element(field, &cleaned.ok_or(BadValue { field, problem: None })?);
    Ok(())
}

/// The values of a question, by field.
#[derive(Debug)]
pub(crate) struct Parameters {
    values: Vec<(&'static str, String)>,
}

impl Parameters {
    /// Reads the children of a wrapper: any order, unqualified or in the service's namespace, each
    /// at most once, none but the `expected` ones.
    pub(crate) fn read(
        wrapper: Node<'_, '_>,
        expected: &[&'static str],
    ) -> Result<Self, BadArgument> {
        let mut seen = Vec::with_capacity(expected.len());
        let mut values = Vec::with_capacity(expected.len());
        for child in wrapper.children() {
            if !child.is_element() {
                refuse_loose_text(wrapper, child)?;
                continue;
            }
            let field = expected_field(child, expected)?;
            if seen.contains(&field) {
                return Err(BadArgument::new(field, "élément répété"));
            }
            seen.push(field);
            if let Some(value) = value_of(child, field)? {
                values.push((field, value));
            }
        }
        Ok(Self { values })
    }

    /// Takes a value that may be absent.
    pub(crate) fn optional(&mut self, field: &str) -> Option<String> {
        let index = self.values.iter().position(|(name, _)| *name == field)?;
        Some(self.values.swap_remove(index).1)
    }

    /// Takes a value that must be there.
    pub(crate) fn required(&mut self, field: &str) -> Result<String, BadArgument> {
        self.optional(field)
            .ok_or_else(|| BadArgument::new(field, "obligatoire, absent ou vide dans la question"))
    }
}

/// The contract of a question that may be wrong elsewhere, for the record of who asked what.
pub(crate) fn contract_at_a_glance(wrapper: Node<'_, '_>) -> Option<String> {
    let field = "referenceContrat";
    let child = wrapper.children().find(|child| child.tag_name().name() == field)?;
    clean(&text_of(child)?, length_of(field)).ok()?
}

fn expected_field(
    child: Node<'_, '_>,
    expected: &[&'static str],
) -> Result<&'static str, BadArgument> {
    let tag = child.tag_name();
    // An unknown name is shown back, cut and with only the characters of §2.5.
    let shown: String =
        cut(tag.name(), 40).chars().filter(|c| crate::text::is_allowed(*c)).collect();
    if !matches!(tag.namespace(), None | Some("" | NAMESPACE)) {
        return Err(BadArgument::new(&shown, "élément d'un autre espace de noms"));
    }
    if let Some(field) = expected.iter().find(|field| **field == tag.name()) {
        return Ok(field);
    }
    let name = tag.name().to_lowercase();
    let likeness = |field: &str| strsim::jaro_winkler(&field.to_lowercase(), &name);
    let near = expected.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let near = near.filter(|field| likeness(field) >= 0.8);
    let hint = near.map_or(String::new(), |field| format!(" ; vouliez-vous {field} ?"));
    Err(BadArgument::new(&shown, format_args!("élément inconnu de cette méthode{hint}")))
}

fn refuse_loose_text(wrapper: Node<'_, '_>, child: Node<'_, '_>) -> Result<(), BadArgument> {
    if child.is_text() && child.text().is_some_and(|text| !text.trim().is_empty()) {
        let name = wrapper.tag_name().name();
        return Err(BadArgument::new(name, "texte en dehors des éléments de la question"));
    }
    Ok(())
}

fn value_of(child: Node<'_, '_>, field: &'static str) -> Result<Option<String>, BadArgument> {
    const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
    if child.attribute((XSI, "type")).is_some_and(|t| t.ends_with("base64Binary")) {
        return Err(BadArgument::new(field, "envoyé en base64 ; envoyez du texte (xsd:string)"));
    }
    if matches!(child.attribute((XSI, "nil")).map(str::trim), Some("1" | "true")) {
        return Ok(None);
    }
    let text = text_of(child)
        .ok_or_else(|| BadArgument::new(field, "contient un élément au lieu d'une valeur"))?;
    clean(&text, length_of(field)).map_err(|bad: BadText| BadArgument::new(field, bad))
}

/// The whole text of an element, whatever comments and CDATA sections cut it into; `None` where it
/// holds an element.
pub(crate) fn text_of(element: Node<'_, '_>) -> Option<String> {
    let mut text = String::new();
    for child in element.children() {
        if child.is_element() {
            return None;
        }
        text.push_str(child.text().filter(|_| child.is_text()).unwrap_or_default());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn read(inside: &str) -> Result<Vec<(&'static str, String)>, String> {
        let text = format!(
            "<q xmlns:e='{NAMESPACE}' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{inside}</q>"
        );
        let document = parse(&text, &Limits::QUESTION).unwrap();
        let expected = ["referenceContrat", "referencePTO"];
        Parameters::read(document.root_element(), &expected)
            .map(|p| p.values)
            .map_err(|bad| bad.to_string())
    }

    #[test]
    fn any_order_either_namespace_comments_and_cdata() {
        let values = read(
            "<referencePTO> P<!-- -->T<![CDATA[O]]> </referencePTO>
             <e:referenceContrat>A</e:referenceContrat>",
        );
        assert_eq!(
            values,
            Ok(vec![("referencePTO", "PTO".into()), ("referenceContrat", "A".into())])
        );
    }

    #[test]
    fn absence_has_three_forms() {
        for absent in ["", "<referencePTO/>", "<referencePTO xsi:nil='true'>x</referencePTO>"] {
            assert_eq!(read(absent), Ok(vec![]), "{absent}");
        }
    }

    #[test]
    fn what_is_refused_names_the_field() {
        for (inside, said) in [
            ("<referencePto>x</referencePto>", "vouliez-vous referencePTO"),
            ("<refContrat>x</refContrat>", "vouliez-vous referenceContrat"),
            ("<n:referencePTO xmlns:n='urn:n'>x</n:referencePTO>", "autre espace de noms"),
            ("<referencePTO/><referencePTO>x</referencePTO>", "référencePTO : élément répété"),
            ("<referencePTO><b/></referencePTO>", "contient un élément"),
            ("<referencePTO xsi:type='xsd:base64Binary'>eA==</referencePTO>", "base64"),
            ("<referencePTO>a\tb</referencePTO>", "U+0009 en position 2"),
            ("x", "en dehors"),
            (&format!("<referencePTO>{}</referencePTO>", "x".repeat(31)), "31 caractères, 30"),
        ] {
            let refused = read(inside).unwrap_err();
            assert!(
                refused.contains(&said.replace("référence", "reference")),
                "{inside}: {refused}"
            );
        }
    }
}
