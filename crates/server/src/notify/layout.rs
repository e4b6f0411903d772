//! How a notification is laid out: a template, since the public protocol names the notification
//! without its fields. Each value is escaped as the layout's kind wants it.

use std::{fs, path::Path};

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, escape_formatter, syntax::SyntaxConfig,
    value::Serde,
};
use serde_json::{Value, json};

use super::facts::Facts;

/// The layout of a webhook's data.
pub const WEBHOOK: &str = include_str!("webhook.json");
/// The layout of a file.
pub const FOLDER: &str = include_str!("folder.csv");

/// Bytes of a layout, and of what is made of it, at the most.
const BYTES_MAX: usize = 64 * 1024;
/// Steps that a layout may take.
const FUEL: u64 = 50_000;

/// What a layout makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Each value is a JSON value.
    Json,
    /// Each value is one of a line: quoted where it has to be.
    Csv,
    /// Each value is text of XML.
    Xml,
    /// Each value is as it is.
    Text,
}

impl Kind {
    /// How files of this kind end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xml => "xml",
            Self::Text => "txt",
        }
    }

    /// What it is over HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xml => "application/xml",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// Its file cannot be read.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// It cannot be filled in.
    #[error("{0}")]
    Broken(String),
    /// It is a JSON layout, and what it makes is none.
    #[error("what it makes is no JSON: {0}")]
    NoJson(serde_json::Error),
}

/// A layout that has proved itself.
pub struct Layout {
    environment: Environment<'static>,
    kind: Kind,
}

/// The layout's name among those of its environment.
const NAME: &str = "layout";

impl Layout {
    /// Reads a layout from a file, whose ending says its kind.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn load(file: &Path) -> Result<Self, LayoutError> {
        let unreadable = |error| LayoutError::File(file.display().to_string(), error);
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let kind = match file.extension().and_then(|end| end.to_str()) {
            Some("json") => Kind::Json,
            Some("csv") => Kind::Csv,
            Some("xml") => Kind::Xml,
            _ => Kind::Text,
        };
        Self::new(text, kind)
    }

    /// Makes a layout of a template, and tries it.
    ///
    /// # Errors
    /// It is too long, or names a value that there is not.
    pub fn new(template: String, kind: Kind) -> Result<Self, LayoutError> {
        if template.len() > BYTES_MAX {
            return Err(LayoutError::Broken(format!("it is longer than {BYTES_MAX} bytes")));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let mut syntax = SyntaxConfig::builder();
        let syntax = syntax.keep_trailing_newline(true).build().map_err(|error| broken(&error))?;
        environment.set_syntax(syntax);
        environment.set_auto_escape_callback(move |_| match kind {
            Kind::Json => AutoEscape::Json,
            Kind::Xml => AutoEscape::Html,
            Kind::Csv | Kind::Text => AutoEscape::None,
        });
        environment.set_formatter(move |out, state, value| match kind {
            Kind::Json => escape_formatter(out, state, value),
            // What is not there is nothing; elsewhere it would be `none`.
            _ if value.is_none() => Ok(()),
            Kind::Csv if !value.is_undefined() => Ok(out.write_str(&quoted(&value.to_string()))?),
            Kind::Csv | Kind::Xml | Kind::Text => escape_formatter(out, state, value),
        });
        environment.add_template_owned(NAME, template).map_err(|error| broken(&error))?;
        let layout = Self { environment, kind };
        for whole in [true, false] {
            layout.fill(&Facts::sample(whole))?;
        }
        Ok(layout)
    }

    /// What it makes.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Fills the layout in.
    ///
    /// # Errors
    /// It makes too much of it, or no JSON where it should.
    pub fn fill(&self, facts: &Facts) -> Result<String, LayoutError> {
        let mut values = serde_json::to_value(facts).map_err(LayoutError::NoJson)?;
        values["moved"] = json!(facts.route.is_some());
        // A route that is not there has the same fields, with nothing in them.
        for route in ["route", "old_route"] {
            if values[route].is_null() {
                values[route] =
                    ROUTE.iter().map(|field| ((*field).to_owned(), Value::Null)).collect();
            }
        }
        let text =
            self.environment.get_template(NAME).and_then(|layout| layout.render(Serde(values)));
        let text = text.map_err(|error| broken(&error))?;
        if text.len() > BYTES_MAX {
            return Err(LayoutError::Broken(format!("it makes more than {BYTES_MAX} bytes")));
        }
        if self.kind == Kind::Json {
            serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(LayoutError::NoJson)?;
        }
        Ok(text)
    }
}

fn broken(error: &minijinja::Error) -> LayoutError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    LayoutError::Broken(text)
}

/// The fields of a route.
const ROUTE: [&str; 13] = [
    "fibre",
    "pto",
    "pm",
    "pm_position",
    "site",
    "building",
    "staircase",
    "floor",
    "pbo",
    "location",
    "cable",
    "tube",
    "colour",
];

/// A value of a line, quoted where it would not be one otherwise.
fn quoted(value: &str) -> String {
    if value.contains([';', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layouts_that_come_with_the_program_hold_for_every_end() {
        let webhook = Layout::new(WEBHOOK.to_owned(), Kind::Json).unwrap();
        let whole = webhook.fill(&Facts::sample(true)).unwrap();
        let value: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(value["numeroDecharge"], "6FW6WCUW5YY6");
        assert_eq!(value["route"]["referencePrise"], "CTP-1240357-1");
        assert_eq!(value["route"]["localisationPBO"], "ETAGE-15; gaine \"technique\"");
        let least = webhook.fill(&Facts::sample(false)).unwrap();
        let value: Value = serde_json::from_str(&least).unwrap();
        assert_eq!(value["route"], Value::Null);
        let file = Layout::new(FOLDER.to_owned(), Kind::Csv).unwrap();
        for whole in [true, false] {
            let text = file.fill(&Facts::sample(whole)).unwrap();
            let mut lines = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
            let header = lines.headers().unwrap().clone();
            let line = lines.records().next().unwrap().unwrap();
            let at = |name: &str| &line[header.iter().position(|known| known == name).unwrap()];
            assert_eq!(at("NumeroDecharge"), "6FW6WCUW5YY6");
            let expected = if whole { "ETAGE-15; gaine \"technique\"" } else { "" };
            assert_eq!(at("LocalisationPBO"), expected);
        }
    }

    #[test]
    fn a_layout_that_cannot_hold_is_refused_before_anything_is_told() {
        for (template, kind, said) in [
            ("{{ contrat }}", Kind::Text, "undefined"),
            ("{{ route.fiber }}", Kind::Text, "undefined"),
            ("{{ contract", Kind::Text, "syntax error"),
            ("{ \"a\": \"{{ contract }}\" }", Kind::Json, "no JSON"),
            (
                "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}",
                Kind::Text,
                "fuel",
            ),
        ] {
            let error = Layout::new(template.to_owned(), kind).err().unwrap().to_string();
            assert!(error.contains(said), "{template}: {error}");
        }
    }
}
