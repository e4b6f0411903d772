//! Reading answers as they come: what departs from the WSDL is noted and kept, and only what cannot be
//! understood is an error (contract.md, D19).

use std::{fmt, ops::Range};

use roxmltree::{Attribute, Document, Node};

use crate::{etat::Label, text::cut};

/// Departures that are kept of one answer; there may be one at each of thousands of elements.
const DEPARTURES_MAX: usize = 64;
/// Longest piece of an answer that is kept with a departure, in characters.
const SEEN_MAX: usize = 500;

/// One way in which an answer departs from the WSDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Its kind.
    pub what: What,
    /// Where: the names of the elements from the body's on, and of the attribute.
    pub at: String,
    /// What stands there, cut to 500 characters; what is missing has nothing.
    pub seen: String,
}

/// Kinds of departures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The wrapper is in another namespace than the service's.
    Namespace,
    /// The wrapper has another name than the method's.
    Wrapper,
    /// There is no `return`.
    NoReturn,
    /// There is no `enteteResponse`.
    NoHead,
    /// An element has another name than in the tables, but its content.
    Name,
    /// An element that the tables do not have.
    UnknownElement,
    /// An attribute that the tables do not have.
    UnknownAttribute,
    /// Something that the tables have is missing.
    Missing,
    /// A label that the tables spell otherwise, or do not have.
    Label,
    /// A line breaks within a value.
    BrokenLine,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "another namespace",
            Self::Wrapper => "another wrapper",
            Self::NoReturn => "no return",
            Self::NoHead => "no enteteResponse",
            Self::Name => "another name",
            Self::UnknownElement => "unknown element",
            Self::UnknownAttribute => "unknown attribute",
            Self::Missing => "missing",
            Self::Label => "another label",
            Self::BrokenLine => "a line break in a value",
        })
    }
}

/// Reads elements and notes what departs.
#[derive(Debug)]
pub(crate) struct Lenient<'t> {
    text: &'t str,
    departures: Vec<Departure>,
}

impl<'t> Lenient<'t> {
    /// A reader of elements of this document.
    pub(crate) fn new(document: &Document<'t>) -> Self {
        Self { text: document.input_text(), departures: Vec::new() }
    }

    /// What was noted.
    pub(crate) fn departures(self) -> Vec<Departure> {
        self.departures
    }

    /// Notes a departure that an element is.
    pub(crate) fn note(&mut self, what: What, node: Node<'_, '_>) {
        if self.departures.len() < DEPARTURES_MAX {
            let seen = self.seen(node.range());
            self.departures.push(Departure { what, at: path(node), seen });
        }
    }

    /// Notes that something is missing in an element.
    pub(crate) fn missing(&mut self, node: Node<'_, '_>, name: &str) {
        if self.departures.len() < DEPARTURES_MAX {
            let at = format!("{}/{name}", path(node));
            self.departures.push(Departure { what: What::Missing, at, seen: String::new() });
        }
    }

    /// The elements in an element that have one of these names, in whatever namespace; others are noted.
    pub(crate) fn children<'a, 'i>(
        &mut self,
        parent: Node<'a, 'i>,
        names: &[&str],
    ) -> Vec<Node<'a, 'i>> {
        let mut known = Vec::new();
        for child in parent.children().filter(Node::is_element) {
            if names.contains(&child.tag_name().name()) {
                known.push(child);
            } else {
                self.note(What::UnknownElement, child);
            }
        }
        known
    }

    /// The values of these attributes, where they are there and not empty; others are noted, and so is
    /// what is missing, but for `referencePTO`, which may be.
    pub(crate) fn attributes<const N: usize>(
        &mut self,
        node: Node<'_, '_>,
        names: [&str; N],
    ) -> [Option<String>; N] {
        for attribute in node.attributes() {
            if attribute.namespace().is_none() && !names.contains(&attribute.name()) {
                self.note_attribute(What::UnknownAttribute, node, &attribute);
            }
        }
        names.map(|name| {
            let found = node.attribute_node(name).map(|found| self.value(node, &found));
            let found = found.filter(|value| !value.is_empty());
            if found.is_none() && name != "referencePTO" {
                self.missing(node, &format!("@{name}"));
            }
            found
        })
    }

    /// One attribute's label; none is other words that are empty.
    pub(crate) fn label<T>(
        &mut self,
        node: Node<'_, '_>,
        name: &str,
        said: Option<String>,
        read: impl Fn(&str) -> Label<T>,
    ) -> Label<T>
    where
        Label<T>: Spelled,
    {
        let said = said.unwrap_or_default();
        let label = read(&said);
        let spelled = matches!(label, Label::Known(_)) && label.spelled() == said;
        if let Some(attribute) = node.attribute_node(name).filter(|_| !spelled) {
            self.note_attribute(What::Label, node, &attribute);
        }
        label
    }

    /// A value without white space around it, and without line breaks in it: those of the samples are a
    /// page's (contract.md, D16a). After a hyphen nothing takes their place, else a blank.
    fn value(&mut self, node: Node<'_, '_>, attribute: &Attribute<'_, '_>) -> String {
        let raw = &self.text[attribute.range_value()];
        if !raw.contains('\n') {
            return attribute.value().trim().to_owned();
        }
        self.note_attribute(What::BrokenLine, node, attribute);
        joined(raw, attribute.value())
    }

    fn note_attribute(&mut self, what: What, node: Node<'_, '_>, attribute: &Attribute<'_, '_>) {
        if self.departures.len() < DEPARTURES_MAX {
            let at = format!("{}/@{}", path(node), attribute.name());
            let seen = self.seen(attribute.range());
            self.departures.push(Departure { what, at, seen });
        }
    }

    fn seen(&self, range: Range<usize>) -> String {
        cut(&self.text[range], SEEN_MAX).to_owned()
    }
}

/// A label as its table spells it.
pub(crate) trait Spelled {
    /// The words of the table, or those that came.
    fn spelled(&self) -> &str;
}

fn path(node: Node<'_, '_>) -> String {
    let mut names: Vec<_> = node
        .ancestors()
        .filter(Node::is_element)
        .map(|element| element.tag_name().name())
        .take_while(|name| *name != "Body")
        .collect();
    names.reverse();
    names.join("/")
}

fn joined(raw: &str, value: &str) -> String {
    let mut pieces = raw.split('\n').map(str::trim);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        if !whole.ends_with('-') && !piece.is_empty() {
            whole.push(' ');
        }
        whole.push_str(piece);
    }
    // The raw text may hold references, which only the reader of documents resolves.
    let quote = if whole.contains('"') { '\'' } else { '"' };
    let again = format!("<v v={quote}{whole}{quote}/>");
    let read = Document::parse(&again).ok();
    let read = read.as_ref().and_then(|document| document.root_element().attribute("v"));
    read.unwrap_or(value).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        etat::InformationUtilisation,
        xml::{Limits, parse},
    };

    fn value(attribute: &str) -> (String, Vec<What>) {
        let text = format!("<Body><pbo localisation={attribute}/></Body>");
        let document = parse(&text, &Limits::ANSWER).unwrap();
        let mut lenient = Lenient::new(&document);
        let node = document.root_element().first_element_child().unwrap();
        let [read] = lenient.attributes(node, ["localisation"]);
        let departures = lenient.departures();
        assert!(departures.iter().all(|d| d.at == "pbo/@localisation"), "{departures:?}");
        (read.unwrap_or_default(), departures.iter().map(|d| d.what).collect())
    }

    #[test]
    fn a_page_s_line_breaks_are_not_the_value_s() {
        let broken = vec![What::BrokenLine];
        assert_eq!(value("'BE-01-\n   02 / SC-1'"), ("BE-01-02 / SC-1".into(), broken.clone()));
        assert_eq!(value("'A \n construire'"), ("A construire".into(), broken.clone()));
        assert_eq!(value("\"\n'x' &amp; &#10;&quot;\n \""), ("'x' & \n\"".into(), broken));
        assert_eq!(value("' BE - 01&#10;x '"), ("BE - 01\nx".into(), vec![]));
        assert_eq!(value("''"), (String::new(), vec![What::Missing]));
    }

    #[test]
    fn what_no_table_has_is_noted_and_kept() {
        let text = "<r><Body><x><pto a='1' s='Occupe'/><gps>48.1</gps></x></Body></r>";
        let document = parse(text, &Limits::ANSWER).unwrap();
        let mut lenient = Lenient::new(&document);
        let x = document.root_element().descendants().find(|n| n.has_tag_name("x")).unwrap();
        let children = lenient.children(x, &["pto"]);
        assert_eq!(children.len(), 1);
        let [said] = lenient.attributes(children[0], ["s"]);
        let read = lenient.label(children[0], "s", said, InformationUtilisation::read);
        assert_eq!(read, InformationUtilisation::Occupe.into());
        let noted = lenient.departures();
        let noted: Vec<_> = noted.iter().map(|d| (d.what, &*d.at, &*d.seen)).collect();
        assert_eq!(
            noted,
            [
                (What::UnknownElement, "x/gps", "<gps>48.1</gps>"),
                (What::UnknownAttribute, "x/pto/@a", "a='1'"),
                (What::Label, "x/pto/@s", "s='Occupe'"),
            ]
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_noted() {
        let text = format!("<r>{}</r>", "<y/>".repeat(1000));
        let document = parse(&text, &Limits::ANSWER).unwrap();
        let mut lenient = Lenient::new(&document);
        assert!(lenient.children(document.root_element(), &["x"]).is_empty());
        assert_eq!(lenient.departures().len(), DEPARTURES_MAX);
    }
}
