//! Lists of IP networks, as people write them: `192.0.2.0/24,2001:db8::/32`.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv6Net};

/// Networks in a list at the most.
pub const NETWORKS_MAX: usize = 64;

/// IP networks, in the order in which they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpList(Vec<IpNet>);

/// Why a text is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIpList {
    /// One is none.
    #[error("{0:?} is no IP address or network, such as 192.0.2.0/24")]
    NotANetwork(String),
    /// Bits beside the network's are set: which one is meant cannot be told.
    #[error("{given} is in the network {network}: write that, or {address} for the one address")]
    InANetwork {
        /// As it was given.
        given: IpNet,
        /// The network it is in.
        network: IpNet,
        /// Its address.
        address: IpAddr,
    },
    /// An IPv4 network in IPv6's clothes, which no caller's address would match.
    #[error("{0} is an IPv4 network: write it as one")]
    Mapped(IpNet),
    /// Too many.
    #[error("{NETWORKS_MAX} networks at the most")]
    TooMany,
}

impl IpList {
    /// Reads networks that commas separate; an address alone is a network of one.
    ///
    /// # Errors
    /// See [`BadIpList`].
    pub fn parse(text: &str) -> Result<Self, BadIpList> {
        Self::from_texts(text.split(','))
    }

    /// Reads one network from each text.
    ///
    /// # Errors
    /// See [`BadIpList`].
    pub fn from_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, BadIpList> {
        let mut networks = Vec::new();
        for text in texts {
            if networks.len() == NETWORKS_MAX {
                return Err(BadIpList::TooMany);
            }
            networks.push(network(text.trim())?);
        }
        Ok(Self(networks))
    }

    /// Whether an address is in one of them; IPv4 is IPv4, however it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The networks, each as a text.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|network| {
            let alone = network.prefix_len() == network.max_prefix_len();
            if alone { network.addr().to_string() } else { network.to_string() }
        })
    }

    /// A network of all addresses, if there is one.
    pub fn everywhere(&self) -> Option<IpNet> {
        self.0.iter().find(|network| network.prefix_len() == 0).copied()
    }
}

impl fmt::Display for IpList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().collect::<Vec<_>>().join(","))
    }
}

/// The machine or, in IPv6, the network of one customer (a /64) that an address stands for.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn network(text: &str) -> Result<IpNet, BadIpList> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let none = || BadIpList::NotANetwork(text.to_owned());
    let given = text.parse::<IpNet>().ok().or_else(address).ok_or_else(none)?;
    if matches!(given, IpNet::V6(v6) if mapped().contains(&v6)) {
        return Err(BadIpList::Mapped(given));
    }
    let network = given.trunc();
    if network != given {
        return Err(BadIpList::InANetwork { given, network, address: given.addr() });
    }
    Ok(network)
}

/// IPv4 addresses as IPv6 writes them: `::ffff:0:0/96`.
fn mapped() -> Ipv6Net {
    Ipv6Net::new_assert([0, 0, 0, 0, 0, 0xffff, 0, 0].into(), 96)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_of_both_kinds_and_single_addresses() {
        let list = IpList::parse("192.0.2.0/24, 2001:db8::/32,198.51.100.7").unwrap();
        for inside in ["192.0.2.0", "192.0.2.255", "2001:db8:ffff::1", "198.51.100.7"] {
            assert!(list.contains(ip(inside)), "{inside}");
        }
        for outside in ["192.0.3.0", "192.0.1.255", "2001:db9::", "198.51.100.8", "::1"] {
            assert!(!list.contains(ip(outside)), "{outside}");
        }
        assert!(list.contains(ip("::ffff:192.0.2.9")), "IPv4, written in the other way");
        assert_eq!(list.to_string(), "192.0.2.0/24,2001:db8::/32,198.51.100.7");
        assert_eq!(IpList::parse(&list.to_string()).unwrap(), list);
        assert!(!IpList::default().contains(ip("192.0.2.1")));
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (text, said) in [
            ("", "\"\" is no IP address or network, such as 192.0.2.0/24"),
            ("192.0.2.0/24,", "\"\" is no IP address"),
            ("192.0.2.0/33", "\"192.0.2.0/33\" is no IP address"),
            ("192.0.2", "\"192.0.2\" is no IP"),
            ("fe80::1%eth0", "is no IP"),
            ("pba.example", "\"pba.example\" is no IP"),
            (
                "192.0.2.7/24",
                "192.0.2.7/24 is in the network 192.0.2.0/24: write that, or 192.0.2.7",
            ),
            ("::ffff:192.0.2.0/120", "is an IPv4 network: write it as one"),
            (&vec!["192.0.2.1"; 65].join(","), "64 networks at the most"),
        ] {
            let bad = IpList::parse(text).unwrap_err().to_string();
            assert!(bad.contains(said), "{text}: {bad}");
        }
        assert!(IpList::parse(&vec!["192.0.2.1"; 64].join(",")).is_ok());
    }

    #[test]
    fn a_network_of_everything_is_noticed() {
        assert!(IpList::parse("192.0.2.0/24,::/0").unwrap().everywhere().is_some());
        assert!(IpList::parse("0.0.0.0/1").unwrap().everywhere().is_none());
    }

    #[test]
    fn a_customer_of_ipv6_has_a_whole_network() {
        assert_eq!(neighbourhood(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(neighbourhood(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
