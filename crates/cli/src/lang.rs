//! In which language people are spoken to.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// French
    Fr,
}

impl Lang {
    /// The one of the two texts that is in this language.
    pub fn pick<T>(self, en: T, fr: T) -> T {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
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
