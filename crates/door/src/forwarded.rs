//! Where a caller is: its connection's other end, or, where that is a trusted proxy, what the proxy
//! says. What stands left of the last address that no trusted proxy has is the caller's own word, and
//! is not looked at.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use hyper::{
    HeaderMap,
    header::{AsHeaderName, HeaderValue},
};

use crate::ip_list::IpList;

/// Which header trusted proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Header {
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.2`
    #[serde(rename = "x-forwarded-for")]
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"` (RFC 7239)
    #[serde(rename = "forwarded")]
    Forwarded,
}

/// The proxies that are believed; none: no header is looked at.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// Where they are.
    pub trusted: IpList,
    /// Where they write what they know.
    pub header: Header,
}

/// A trusted proxy says something that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear;

impl Proxies {
    /// The address that a request comes from: the last one, from the connection outwards, that is
    /// no trusted proxy's; the first proxy's where all are.
    ///
    /// # Errors
    /// Up to there, something is no address.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Unclear> {
        let mut nearest = peer.to_canonical();
        if !self.trusted.contains(nearest) {
            return Ok(nearest);
        }
        let name = match self.header {
            Header::XForwardedFor => "x-forwarded-for",
            Header::Forwarded => "forwarded",
        };
        // Of several headers, the last was written last.
        for line in values(headers, name).iter().rev() {
            let said = match self.header {
                Header::XForwardedFor => line.split(',').map(|entry| Some(entry.trim())).collect(),
                Header::Forwarded => elements(line).ok_or(Unclear)?,
            };
            for entry in said.into_iter().rev().filter(|entry| *entry != Some("")) {
                nearest = entry.and_then(address).ok_or(Unclear)?;
                if !self.trusted.contains(nearest) {
                    return Ok(nearest);
                }
            }
        }
        Ok(nearest)
    }
}

/// Every value of a header, as text: Latin-1 where it is not ASCII (RFC 9110 §5.5).
pub fn values(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<String> {
    texts(headers, name).map(Cow::into_owned).collect()
}

/// The same, where a look is enough.
pub fn texts(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = Cow<'_, str>> {
    let latin_1 = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
    let text = move |value| HeaderValue::to_str(value).map_or_else(|_| latin_1(value), Cow::from);
    headers.get_all(name).into_iter().map(text)
}

/// An address, with or without a port; IPv6 in brackets or bare.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    Some(bare.or_else(with_port).or_else(bracketed)?.to_canonical())
}

/// The `for` of each element of a `Forwarded` header; `Some("")` of an element that is empty, `None`
/// of one without it. `None` in all: it is not what RFC 7239 says.
fn elements(line: &str) -> Option<Vec<Option<&str>>> {
    let mut elements = Vec::new();
    let mut rest = line.trim_start();
    loop {
        let mut said = None;
        let mut pairs = 0;
        while !rest.is_empty() && !rest.starts_with(',') {
            if let Some(after) = rest.strip_prefix(';') {
                rest = after.trim_start();
                continue;
            }
            let (name, value, after) = pair(rest)?;
            pairs += 1;
            if name.eq_ignore_ascii_case("for") && said.replace(value).is_some() {
                return None;
            }
            rest = after;
        }
        elements.push(if pairs == 0 { Some("") } else { said });
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None => return Some(elements),
        }
    }
}

/// `name=token` or `name="text"`, and what comes after it, which begins with `;`, `,` or nothing. No
/// address needs a backslash in its quotes: a value that has one is refused.
fn pair(text: &str) -> Option<(&str, &str, &str)> {
    let (name, value) = text.split_once('=')?;
    let is_token = |text: &str| {
        let sign = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        !text.is_empty() && text.chars().all(sign)
    };
    let (value, after) = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.contains('\\'))?,
        None => {
            let end = value.find([';', ',', ' ', '\t']).unwrap_or(value.len());
            let (value, after) = value.split_at(end);
            // Stacks write a port or an IPv6 address without the quotes that it needs.
            let sign = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:[]".contains(c);
            if value.is_empty() || !value.chars().all(sign) {
                return None;
            }
            (value, after)
        }
    };
    let after = after.trim_start();
    let ends = after.is_empty() || after.starts_with([';', ',']);
    (is_token(name) && ends).then_some((name, value, after))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const PROXY: &str = "192.0.2.1";

    fn caller(header: Header, peer: &str, lines: &[&str]) -> Result<String, Unclear> {
        let trusted = IpList::parse("192.0.2.0/24,2001:db8:2::/48").unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            for name in ["x-forwarded-for", "forwarded"] {
                // The other header is not looked at.
                let written = (name == "forwarded") == (header == Header::Forwarded);
                let value = if written { line } else { "203.0.113.66" };
                headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
        }
        let proxies = Proxies { trusted, header };
        proxies.caller(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn x_forwarded_for_from_the_right() {
        let ask = |peer, lines: &[&str]| caller(Header::XForwardedFor, peer, lines);
        let is = |address: &str| Ok(address.to_owned());
        // Who is no trusted proxy speaks for itself.
        assert_eq!(ask("198.51.100.9", &["203.0.113.5"]), is("198.51.100.9"));
        assert_eq!(ask("198.51.100.9", &["nonsense"]), is("198.51.100.9"));
        for (lines, address) in [
            (&["203.0.113.5"][..], "203.0.113.5"),
            (&["203.0.113.5:4711"], "203.0.113.5"),
            (&["2001:db8:1::5"], "2001:db8:1::5"),
            (&["[2001:db8:1::5]"], "2001:db8:1::5"),
            (&["[2001:db8:1::5]:4711"], "2001:db8:1::5"),
            (&["::ffff:203.0.113.5"], "203.0.113.5"),
            // What the caller wrote itself stands left of what the proxy wrote.
            (&["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
            (&["nonsense, 203.0.113.5"], "203.0.113.5"),
            (&["198.51.100.1", "203.0.113.5"], "203.0.113.5"),
            (&["nonsense", "203.0.113.5"], "203.0.113.5"),
            // A chain of trusted proxies.
            (&["203.0.113.5, 192.0.2.7,2001:db8:2::1"], "203.0.113.5"),
            (&["203.0.113.5", "192.0.2.7"], "203.0.113.5"),
            // The proxy's own requests, and a proxy that says nothing.
            (&["192.0.2.9, 192.0.2.7"], "192.0.2.9"),
            (&[], PROXY),
            (&[""], PROXY),
            (&["203.0.113.5, ,"], "203.0.113.5"),
        ] {
            assert_eq!(ask(PROXY, lines), is(address), "{lines:?}");
        }
        assert_eq!(ask("::ffff:192.0.2.1", &["203.0.113.5"]), is("203.0.113.5"));
        for lines in [
            &["unknown"][..],
            &["203.0.113.5, unknown"],
            &["203.0.113.5, nonsense, 192.0.2.7"],
            &["203.0.113.5", "203.0.113.256"],
            &["203.0.113.5;"],
            &["\"203.0.113.5\""],
            &["203.0.113.5 198.51.100.1"],
            &["[203.0.113.5]"],
            &["203.0.113.5\u{e9}"],
        ] {
            assert_eq!(ask(PROXY, lines), Err(Unclear), "{lines:?}");
        }
    }

    #[test]
    fn forwarded_as_rfc_7239_writes_it() {
        let ask = |lines: &[&str]| caller(Header::Forwarded, PROXY, lines);
        for (lines, address) in [
            (&["for=203.0.113.5"][..], "203.0.113.5"),
            (&["For=\"[2001:db8:1::5]:4711\""], "2001:db8:1::5"),
            (&["for=\"[2001:db8:1::5]\";proto=https;by=192.0.2.1"], "2001:db8:1::5"),
            (&["by=\"_a, b;for=198.51.100.1\" ; for=203.0.113.5:80"], "203.0.113.5"),
            (&["for=198.51.100.1, for=203.0.113.5"], "203.0.113.5"),
            (&["for=unknown,for=203.0.113.5;host=x"], "203.0.113.5"),
            (&["for=203.0.113.5;proto=http, for=192.0.2.7"], "203.0.113.5"),
            (&["for=\"", "for=203.0.113.5"], "203.0.113.5"),
            (&["for=203.0.113.5;, ,"], "203.0.113.5"),
            (&[], PROXY),
        ] {
            assert_eq!(ask(lines), Ok(address.to_owned()), "{lines:?}");
        }
        for lines in [
            &["for=unknown"][..],
            &["for=_hidden"],
            &["proto=https"],
            &["for=203.0.113.5, proto=https"],
            &["for=203.0.113.5;for=198.51.100.1"],
            &["for="],
            &["for=\"203.0.113.5"],
            &["203.0.113.5"],
            &["for =203.0.113.5"],
            &["for=\"203.0.113.5\\\""],
            // Quotes that a caller opened swallow what the proxy wrote.
            &["for=198.51.100.1;x=\", for=203.0.113.5"],
            &["for=198.51.100.1;x=\", for=\"[2001:db8:1::5]\""],
            &["for=198.51.100.1;x=\", for=203.0.113.5;by=\"192.0.2.1\""],
        ] {
            assert_eq!(ask(lines), Err(Unclear), "{lines:?}");
        }
    }
}
