//! In which language people are spoken to.

use std::ffi::OsString;

use clap::ValueEnum;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// French
    Fr,
}

/// A text in both languages, for whoever does not know who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    en: String,
    fr: String,
}

impl Both {
    /// English and French.
    pub fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { en: en.into(), fr: fr.into() }
    }

    /// The one that is in this language.
    pub fn say(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.fr)
    }
}

/// A text that is the same in both.
impl From<String> for Both {
    fn from(text: String) -> Self {
        Self { en: text.clone(), fr: text }
    }
}

/// A text that is the same in both.
impl From<&str> for Both {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Lang {
    /// The one of the two texts that is in this language.
    pub fn pick<T>(self, en: T, fr: T) -> T {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }

    /// That of a command line which is not read yet, for whoever only wants help; the locale's otherwise.
    pub fn of_arguments(
        arguments: impl Iterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut said = None;
        let mut arguments = arguments.filter_map(|argument| argument.into_string().ok()).peekable();
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix("--lang") {
                Some("") => arguments.peek().map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            said = value.and_then(|value| Self::from_str(value, false).ok()).or(said);
        }
        said.unwrap_or_else(|| Self::of_locale(variable))
    }

    /// The locale's: of these three variables, the first that says anything counts.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let is_french = said.is_some_and(|locale| {
            locale == "fr" || locale.starts_with("fr_") || locale.starts_with("fr.")
        });
        if is_french { Self::Fr } else { Self::En }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_count_before_they_are_read() {
        let of = |line: &str| {
            let arguments = line.split(' ').map(OsString::from);
            Lang::of_arguments(arguments, |_| Some("fr_FR.UTF-8".to_owned()))
        };
        assert_eq!(of("structure --lang en --help"), Lang::En);
        assert_eq!(of("--lang=en -h"), Lang::En);
        assert_eq!(of("structure --help"), Lang::Fr);
        assert_eq!(of("--lang zz"), Lang::Fr);
        assert_eq!(of("--language en"), Lang::Fr);
        assert_eq!(of("--lang"), Lang::Fr);
    }

    #[test]
    fn the_first_variable_that_says_anything_counts() {
        let with = |pairs: &'static [(&str, &str)]| {
            Lang::of_locale(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(with(&[("LANG", "fr_FR.UTF-8")]), Lang::Fr);
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "fr_FR.UTF-8")]), Lang::Fr);
        assert_eq!(with(&[("LC_ALL", "C"), ("LANG", "fr_FR.UTF-8")]), Lang::En);
        assert_eq!(with(&[("LANG", "frr_DE")]), Lang::En);
        assert_eq!(with(&[]), Lang::En);
    }
}
