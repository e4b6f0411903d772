//! Under which address the portal is reached, and whether a request came to it from one of its own pages.

use axum::http::{HeaderMap, header};

/// A public address: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    text: String,
    host: String,
    /// Whether it is reached over TLS, here or at a proxy.
    pub is_https: bool,
}

/// Why an address cannot be the portal's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadUrl {
    /// It is none.
    #[error("{0:?} is no address such as https://fibre.oc.example: a scheme, a host, no path")]
    NotAnOrigin(String),
    /// Cookies and discharge codes would cross a network that anybody can read.
    #[error("{0} is plain HTTP: beyond this machine, technicians reach the portal over https only")]
    Plain(String),
}

impl Origin {
    /// Reads one; plain HTTP is for the machine itself only.
    ///
    /// # Errors
    /// See [`BadUrl`].
    pub fn parse(url: &str) -> Result<Self, BadUrl> {
        let bad = || BadUrl::NotAnOrigin(url.to_owned());
        let lower = url.trim_end_matches('/').to_ascii_lowercase();
        let (scheme, host) = lower.split_once("://").ok_or_else(bad)?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(bad()),
        };
        let authority = host.parse::<axum::http::uri::Authority>().map_err(|_| bad())?;
        if authority.host().is_empty() || host.contains('@') {
            return Err(bad());
        }
        let is_here = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        if !is_https && !is_here {
            return Err(BadUrl::Plain(url.to_owned()));
        }
        // Browsers leave the port out where it goes without saying.
        let usual = if is_https { ":443" } else { ":80" };
        let host = host.strip_suffix(usual).unwrap_or(host).to_owned();
        Ok(Self { text: format!("{scheme}://{host}"), host, is_https })
    }

    /// As browsers write it in `Origin`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a request is meant for it: a name that another site has pointed here is not.
    pub fn is_host(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        said.is_some_and(|host| {
            let usual = if self.is_https { ":443" } else { ":80" };
            let host = host.to_ascii_lowercase();
            host.strip_suffix(usual).unwrap_or(&host) == self.host
        })
    }

    /// Whether what a browser says about a request that changes something speaks against its having come
    /// from one of the portal's own pages. A browser that says nothing is believed this far: the token decides.
    pub fn may_be_ours(&self, headers: &HeaderMap) -> bool {
        let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let fetch = said(header::HeaderName::from_static("sec-fetch-site"));
        let origin = said(header::ORIGIN);
        fetch.is_none_or(|site| site == "same-origin")
            && origin.is_none_or(|origin| origin == self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_and_a_host() {
        for (url, origin) in [
            ("https://Fibre.OC.example", "https://fibre.oc.example"),
            ("https://fibre.oc.example/", "https://fibre.oc.example"),
            ("https://fibre.oc.example:443", "https://fibre.oc.example"),
            ("https://fibre.oc.example:8443", "https://fibre.oc.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:80", "http://localhost"),
        ] {
            assert_eq!(Origin::parse(url).map(|found| found.text), Ok(origin.to_owned()), "{url}");
        }
        for url in
            ["fibre.oc.example", "ftp://a", "https://", "https://a/b", "https://u@a", "https://a b"]
        {
            assert!(matches!(Origin::parse(url), Err(BadUrl::NotAnOrigin(_))), "{url}");
        }
        for url in ["http://fibre.oc.example", "http://127.0.0.1.oc.example", "http://192.0.2.1"] {
            assert!(matches!(Origin::parse(url), Err(BadUrl::Plain(_))), "{url}");
        }
    }

    #[test]
    fn other_sites_are_told_by_what_browsers_say() {
        let ours = Origin::parse("https://fibre.oc.example").unwrap();
        let with = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            headers
        };
        for (pairs, may) in [
            (&[][..], true),
            (&[("origin", "https://fibre.oc.example")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "null")], false),
            (&[("origin", "https://fibre.oc.example.evil.example")], false),
            (&[("origin", "http://fibre.oc.example")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://oc.example")], false),
        ] {
            assert_eq!(ours.may_be_ours(&with(pairs)), may, "{pairs:?}");
        }
        for (host, is) in [
            ("fibre.oc.example", true),
            ("FIBRE.oc.example:443", true),
            ("fibre.oc.example:8443", false),
            ("evil.example", false),
        ] {
            assert_eq!(ours.is_host(&with(&[("host", host)])), is, "{host}");
        }
        assert!(!ours.is_host(&with(&[])));
    }
}
