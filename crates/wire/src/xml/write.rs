//! Writing XML: elements, attributes and text, always escaped.

/// Writes one document into a string.
#[derive(Debug)]
pub struct Writer {
    text: String,
    open: Vec<&'static str>,
    in_tag: bool,
}

impl Writer {
    /// Begins a document with its XML declaration.
    pub fn document() -> Self {
        let mut text = String::with_capacity(1024);
        text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        Self { text, ..Self::part() }
    }

    /// Begins what will stand inside a document.
    pub fn part() -> Self {
        Self { text: String::new(), open: Vec::with_capacity(12), in_tag: false }
    }

    /// Adds what was written before, as it is.
    pub fn written(&mut self, part: &str) -> &mut Self {
        self.close_tag();
        // And what closes the elements around it.
        self.text.reserve(part.len() + 128);
        self.text.push_str(part);
        self
    }

    /// Opens an element; its attributes follow.
    pub fn start(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.text.push('<');
        self.text.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Adds an attribute to the element just opened.
    pub fn attribute(&mut self, name: &str, value: &str) -> &mut Self {
        debug_assert!(self.in_tag, "attribute {name} outside a start tag");
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escape(value);
        self.text.push('"');
        self
    }

    /// Adds an attribute where there is a value.
    pub fn optional(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.attribute(name, value);
        }
        self
    }

    /// Adds text to the innermost open element.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.close_tag();
        self.escape(value);
        self
    }

    /// Closes the innermost open element.
    ///
    /// # Panics
    /// Where none is open.
    pub fn end(&mut self) -> &mut Self {
        let name = self.open.pop().expect("every end has its start");
        if self.in_tag {
            self.text.push_str("/>");
            self.in_tag = false;
        } else {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        self
    }

    /// Writes an element that holds only text.
    pub fn element(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.start(name).text(value).end()
    }

    /// The document, with every open element closed.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn close_tag(&mut self) {
        if self.in_tag {
            self.text.push('>');
            self.in_tag = false;
        }
    }

    fn escape(&mut self, value: &str) {
        let mut written = 0;
        for (at, byte) in value.bytes().enumerate() {
            // 0xef begins a character from U+F000 on.
            if !matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..0x20 | 0xef) {
                continue;
            }
            let Some(c) = value[at..].chars().next() else { continue };
            let instead = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\t' => "&#9;",
                '\n' => "&#10;",
                '\r' => "&#13;",
                // XML 1.0 has no way to write these (production 2).
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
                _ => continue,
            };
            self.text.push_str(&value[written..at]);
            self.text.push_str(instead);
            written = at + c.len_utf8();
        }
        self.text.push_str(&value[written..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let hostile = "<a b=\"c\">&amp;]]>\u{1}é\u{ff5e}\u{ffff}'\n\t";
        let mut w = Writer::document();
        w.start("x").attribute("y", hostile).element("z", hostile).start("empty");
        let text = w.finish();
        let document = roxmltree::Document::parse(&text).unwrap();
        let expected = hostile.replace(['\u{1}', '\u{ffff}'], "\u{fffd}");
        assert_eq!(document.root_element().attribute("y"), Some(expected.as_str()));
        assert_eq!(document.root_element().first_element_child().unwrap().text(), Some(&*expected));
        assert!(text.ends_with("<empty/></x>"), "{text}");
    }
}
