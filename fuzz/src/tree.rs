//! What a document holds, whoever read it.

use std::collections::BTreeMap;

use roxmltree::Document;

/// A name: its namespace, which may be empty, and its local part.
pub type Name = (String, String);

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, without declarations of namespaces.
    pub attributes: BTreeMap<Name, String>,
    /// What stands in it, in its order.
    pub content: Vec<Content>,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An element.
    Element(Element),
    /// The whole text between two elements, whatever it is cut into.
    Text(String),
}

impl Element {
    /// An element without a namespace.
    pub fn plain(name: &str) -> Self {
        Self::in_namespace("", name)
    }

    /// An element in a namespace.
    pub fn in_namespace(namespace: &str, name: &str) -> Self {
        Self { name: (namespace.to_owned(), name.to_owned()), ..Self::default() }
    }

    /// The element with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert((String::new(), name.to_owned()), value.to_owned());
        self
    }

    /// The element with one more element in it.
    #[must_use]
    pub fn holding(mut self, child: Self) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    /// The element with text in it, if it is not empty.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.say(text);
        self
    }

    /// Adds text.
    pub fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.content.last_mut() {
            Some(Content::Text(before)) => before.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }

    /// The elements in it.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(child) => Some(child),
            Content::Text(_) => None,
        })
    }

    /// Its text, if it holds nothing else.
    pub fn text(&self) -> Option<&str> {
        match self.content.as_slice() {
            [] => Some(""),
            [Content::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// It and everything in it.
    pub fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut next = 0;
        while let Some(element) = found.get(next).copied() {
            found.extend(element.children());
            next += 1;
        }
        found
    }
}

/// What `wire`'s reader has read.
pub fn of(document: &Document<'_>) -> Element {
    fn read(node: roxmltree::Node<'_, '_>) -> Element {
        let name = |namespace: Option<&str>, local: &str| {
            (namespace.unwrap_or_default().to_owned(), local.to_owned())
        };
        let tag = node.tag_name();
        let mut element = Element { name: name(tag.namespace(), tag.name()), ..Element::default() };
        for attribute in node.attributes() {
            let name = name(attribute.namespace(), attribute.name());
            element.attributes.insert(name, attribute.value().to_owned());
        }
        for child in node.children() {
            if child.is_element() {
                element.content.push(Content::Element(read(child)));
            } else if child.is_text() {
                element.say(child.text().unwrap_or_default());
            }
        }
        element
    }
    read(document.root_element())
}
