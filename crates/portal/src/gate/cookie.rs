//! Cookies: nothing but random names, for this host alone.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// What is kept with a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Who is signed in.
    Session,
    /// Whom a sign-in page was shown to.
    Visitor,
    /// A phone that somebody has signed in on.
    Device,
    /// A sign-in at the operator's provider that is under way.
    Attempt,
}

impl Cookie {
    /// Its name. `__Host-` makes browsers refuse one that came over plain HTTP, or that another host of the
    /// same domain has set; over plain HTTP, on the machine itself, there can be no such name.
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Visitor, true) => "__Host-visiteur",
            (Self::Visitor, false) => "visiteur",
            (Self::Device, true) => "__Host-appareil",
            (Self::Device, false) => "appareil",
            (Self::Attempt, true) => "__Host-essai",
            (Self::Attempt, false) => "essai",
        }
    }

    /// What a request has; where it has the name twice, nothing: somebody has added one.
    pub fn read(self, headers: &HeaderMap, is_https: bool) -> Option<String> {
        let name = self.name(is_https);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let mut values =
            pairs.filter(|(found, _)| found.trim() == name).map(|(_, value)| value.trim());
        let value = values.next()?;
        values.next().is_none().then(|| value.to_owned())
    }

    /// Gives it to a browser for so long. No script reads it; another site's request has it only where
    /// somebody follows a link here.
    pub fn set(self, value: &str, lasts: Duration, is_https: bool) -> HeaderValue {
        let secure = if is_https { "; Secure" } else { "" };
        let (name, seconds) = (self.name(is_https), lasts.as_secs());
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).expect("names and values are letters, digits, - _ and .")
    }

    /// Takes it away.
    pub fn forget(self, is_https: bool) -> HeaderValue {
        self.set("", Duration::ZERO, is_https)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_nobodys() {
        let read = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            Cookie::Session.read(&headers, true)
        };
        assert_eq!(read(&["a=b; __Host-session=xyz; c=d"]), Some("xyz".to_owned()));
        assert_eq!(read(&["session=xyz"]), None);
        assert_eq!(read(&["__Host-session=a; __Host-session=b"]), None);
        assert_eq!(read(&["__Host-session=a", "__Host-session=b"]), None);
        assert_eq!(read(&[]), None);
    }
}
