//! Where a webhook may go: not to this machine, nor to what only its network's neighbours reach,
//! unless the OI allows it. A name is looked at by its addresses, at each connection.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::ip_list::IpList;

/// What is allowed beside what is open to everybody.
#[derive(Debug, Clone, Default)]
pub struct Guard(Arc<IpList>);

/// Why a URL is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTarget {
    /// It is not `https://HOST…`, or holds a login, or a fragment.
    NoUrl(&'static str),
    /// It leads to an address that is not allowed.
    Forbidden(IpAddr),
}

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUrl(why) => f.write_str(why),
            Self::Forbidden(address) => {
                write!(f, "{address} is this machine or its link; see notify.allowed_networks")
            }
        }
    }
}

impl std::error::Error for NoTarget {}

impl Guard {
    /// One that lets these networks pass, whatever they are.
    pub fn new(allowed: IpList) -> Self {
        Self(Arc::new(allowed))
    }

    /// Reads the URL of a webhook.
    ///
    /// # Errors
    /// See [`NoTarget`]; a name is looked up only when it is connected to.
    pub fn url(&self, text: &str) -> Result<Url, NoTarget> {
        let url = Url::parse(text).map_err(|_| NoTarget::NoUrl("it is no URL"))?;
        if url.scheme() != "https" {
            return Err(NoTarget::NoUrl("https:// is expected"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NoTarget::NoUrl("it holds a login, which everybody could read"));
        }
        if url.fragment().is_some() {
            return Err(NoTarget::NoUrl("it has a fragment"));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if let Ok(address) = host.parse() {
            self.check(address)?;
        }
        Ok(url)
    }

    fn check(&self, address: IpAddr) -> Result<(), NoTarget> {
        let address = address.to_canonical();
        let near = match address {
            IpAddr::V4(v4) => is_near_v4(v4),
            IpAddr::V6(v6) => is_near_v6(v6),
        };
        if near && !self.0.contains(address) {
            return Err(NoTarget::Forbidden(address));
        }
        Ok(())
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    // 0.0.0.0/8 is this machine on many systems.
    address.is_loopback()
        || address.is_link_local()
        || address.octets()[0] == 0
        || address.is_multicast()
        || address.is_broadcast()
}

fn is_near_v6(address: Ipv6Addr) -> bool {
    // Addresses that carry one of IPv4 (NAT64, 6to4) go where that one goes.
    let carried = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || carried.is_some_and(is_near_v4)
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One that is near is enough to doubt the name.
            found.iter().try_for_each(|address| guard.check(address.ip()))?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_not_asked_unless_it_is_allowed() {
        let guard = Guard::default();
        for near in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0.0.0.0:8443/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fe80::1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://224.0.0.1/",
        ] {
            assert!(matches!(guard.url(near), Err(NoTarget::Forbidden(_))), "{near}");
        }
        for fine in ["https://oc.example/notifs?x=1", "https://10.1.2.3/", "https://[2001:db8::1]/"]
        {
            assert!(guard.url(fine).is_ok(), "{fine}");
        }
        let allowed = Guard::new(IpList::parse("127.0.0.0/8").unwrap());
        assert!(allowed.url("https://127.0.0.1:1/").is_ok());
        assert!(allowed.url("https://[::1]/").is_err());
    }

    #[test]
    fn only_https_without_a_login() {
        for (text, said) in [
            ("http://oc.example/", "https:// is expected"),
            ("oc.example", "no URL"),
            ("https://me:secret@oc.example/", "a login"),
            ("https://oc.example/#a", "a fragment"),
        ] {
            let error = Guard::default().url(text).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_is_what_it_leads_to() {
        let name = "localhost".parse::<Name>().unwrap();
        let refused = Guard::default().resolve(name).await.err().unwrap().to_string();
        assert!(refused.contains("this machine"), "{refused}");
    }
}
