//! What every page has around it, and the templates.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::COOKIE, request::Parts},
    response::{Html, IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::{Oops, assets};
use crate::{
    app::{App, Shared},
    flow::segment,
    gate::{Technician, Token},
};

/// The templates, compiled in.
pub(crate) struct Templates(Environment<'static>);

macro_rules! templates {
    ($($name:literal,)*) => {
        const ALL: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name))),)*];
    };
}

templates! {
    "aide.html",
    "attente.html",
    "base.html",
    "branchez.html",
    "connexion.html",
    "contrat.html",
    "demande.html",
    "erreur.html",
    "fibres.html",
    "hors-ligne.html",
    "interventions.html",
    "lieux.html",
    "message.html",
    "mot-de-passe.html",
    "motif.html",
    "outils.html",
    "suivi.html",
    "verifier.html",
}

/// What a page has around it.
pub(crate) struct Frame<'p> {
    /// `<title>`, without the company's name.
    pub title: &'p str,
    /// Who is signed in.
    pub technician: Option<&'p Technician>,
    /// For its forms.
    pub token: &'p Token,
    /// The contract that it is about.
    pub contract: Option<&'p str>,
    /// How it looks, and where it is.
    pub look: &'p Look,
}

/// How a page looks, and where it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    pub theme: Theme,
    /// Its path, with what is after the question mark.
    pub here: String,
}

/// A page of somebody's who is signed in: what its handler needs to show it.
pub(crate) struct View {
    pub technician: Technician,
    pub token: Token,
    pub look: Look,
}

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the phone is set.
    #[default]
    Auto,
    /// In full sun.
    Sun,
    /// In the dark.
    Dark,
}

impl Templates {
    pub fn new() -> Self {
        let mut all = Environment::new();
        all.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        all.set_auto_escape_callback(|_| AutoEscape::Html);
        all.add_filter("heure", |at_ms: i64| hour(at_ms));
        all.add_filter("segment", |text: String| segment(&text));
        for (name, text) in ALL {
            all.add_template(name, text).expect("the tests load every template");
        }
        Self(all)
    }
}

impl Theme {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Auto, "auto", "automatique"),
        (Self::Sun, "soleil", "plein soleil"),
        (Self::Dark, "sombre", "sombre"),
    ];

    /// The one with this word; any other word is the phone's.
    pub fn read(word: &str) -> Self {
        Self::ALL.iter().find(|one| one.1 == word).map_or(Self::Auto, |one| one.0)
    }

    /// Its word in the cookie and in the style sheet.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|one| one.0 == self).map_or("auto", |one| one.1)
    }

    /// Every one, with its word and its name.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::ALL.iter().map(|one| (one.1, one.2))
    }

    fn next(self) -> Self {
        match self {
            Self::Auto => Self::Sun,
            Self::Sun => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    /// The one that a phone has kept.
    pub fn of(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';'));
        let found = pairs.find_map(|pair| pair.trim().strip_prefix("theme="));
        found.map_or(Self::Auto, Self::read)
    }
}

impl FromRequestParts<Shared> for Look {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &Shared) -> Result<Self, Infallible> {
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        Ok(Self { theme: Theme::of(&parts.headers), here })
    }
}

impl FromRequestParts<Shared> for View {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let technician = Technician::from_request_parts(parts, app).await;
        let technician = technician.map_err(IntoResponse::into_response)?;
        let token = Token::from_request_parts(parts, app).await;
        let token = token.map_err(IntoResponse::into_response)?;
        let Ok(look) = Look::from_request_parts(parts, app).await;
        Ok(Self { technician, token, look })
    }
}

impl View {
    /// A page's frame.
    pub fn frame<'p>(&'p self, title: &'p str, contract: Option<&'p str>) -> Frame<'p> {
        let (technician, token) = (Some(&self.technician), &self.token);
        Frame { title, technician, token, contract, look: &self.look }
    }
}

impl App {
    /// A page. Templates extend `base.html`, whose blocks are `main` and `bar` (the bottom bar's button).
    pub fn page(&self, template: &str, frame: &Frame<'_>, page: Value) -> Result<Response, Oops> {
        let frame = context! {
            titre => frame.title,
            technicien => frame.technician.map(|technician| &technician.name),
            jeton => frame.token.0.clone(),
            contrat => frame.contract,
            societe => self.settings.company.clone(),
            hotline => self.settings.hotline.clone(),
            contact => self.settings.contact.clone(),
            theme => frame.look.theme.word(),
            theme_suivant => frame.look.theme.next().word(),
            ici => frame.look.here.clone(),
            actifs => assets::names(),
        };
        let text = self.templates.0.get_template(template)?.render(context! { ..page, ..frame })?;
        Ok(Html(text).into_response())
    }
}

/// A time of day in France: 10:42.
pub(crate) fn hour(at_ms: i64) -> String {
    let paris = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(paris).strftime("%H:%M").to_string()
}

/// How long ago something was: « il y a 3 min ».
pub(crate) fn ago(at_ms: i64, now_ms: i64) -> String {
    match now_ms.saturating_sub(at_ms) / 60_000 {
        ..=0 => "à l'instant".to_owned(),
        minutes @ 1..=59 => format!("il y a {minutes} min"),
        minutes @ 60..=1439 => format!("il y a {} h", minutes / 60),
        minutes => format!("il y a {} j", minutes / 1440),
    }
}

/// How long something takes from now: « dans 45 s ».
pub(crate) fn within(at_ms: i64, now_ms: i64) -> String {
    match at_ms.saturating_sub(now_ms) {
        ..=0 => "maintenant".to_owned(),
        left @ 1..=99_000 => format!("dans {} s", (left + 999) / 1000),
        left => format!("dans {} min", (left + 59_999) / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_loads() {
        let all = Templates::new();
        for (name, _) in ALL {
            assert!(all.0.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!(hour(1_795_000_000_000), "12:06");
        assert_eq!(ago(0, 59_000), "à l'instant");
        assert_eq!(ago(0, 3 * 60_000), "il y a 3 min");
        assert_eq!(ago(0, 26 * 60 * 60_000), "il y a 1 j");
        assert_eq!(within(15_000, 200), "dans 15 s");
        assert_eq!(within(600_000, 0), "dans 10 min");
        assert_eq!(within(0, 5), "maintenant");
    }

    #[test]
    fn the_theme_is_a_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=b; theme=soleil".parse().unwrap());
        assert_eq!(Theme::of(&headers), Theme::Sun);
        headers.insert(COOKIE, "theme=rose".parse().unwrap());
        assert_eq!(Theme::of(&headers), Theme::Auto);
    }
}
