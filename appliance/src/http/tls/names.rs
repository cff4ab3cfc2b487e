//! Holds which names and addresses the appliance's certificate is for, and which its authority may ever vouch for.
//! It never takes a public address: only private names and networks, and what a person has written into the configuration.
//! The authority issues for these names; the keeper compares them with those of the certificate at hand.

use std::net::IpAddr;

use rcgen::{CidrSubnet, GeneralSubtree};
use rustls::pki_types::ServerName;

use crate::http::guard::{LOCAL_SUFFIXES, OwnNames};

/// Names in one certificate. A box with eight legs has about forty; the certificate stays within two kilobytes.
pub(super) const MAX_NAMES: usize = 64;

/// Networks that are private by their number (RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291), and loopback. RFC 6598's is
/// where overlay networks such as Tailscale put their machines.
const PRIVATE: [(&str, u8); 9] = [
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("fc00::", 7),
    ("fe80::", 10),
    ("::1", 128),
];

/// Top-level names that no public registry gives away (RFC 6761, RFC 6762, RFC 8375, and ICANN's resolution 2024.07.29.06).
const PRIVATE_SUFFIXES: [&str; 5] = ["localhost", "local", "lan", "home.arpa", "internal"];

/// The names the appliance is reached by. Names first, so that a long list of addresses cannot push them out.
#[must_use]
pub(super) fn wanted(own: &OwnNames) -> Vec<ServerName<'static>> {
    let mut texts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    texts.extend(host_names(own));
    texts.extend(own.more.iter().map(|name| name.to_ascii_lowercase()));
    let private = own.addresses.iter().map(IpAddr::to_canonical).filter(|address| is_private(*address));
    texts.extend(private.map(|address| address.to_string()));
    let mut names = Vec::new();
    for text in texts {
        let Ok(name) = ServerName::try_from(text.strip_suffix('.').unwrap_or(&text).to_owned()) else { continue };
        if !names.contains(&name) && names.len() < MAX_NAMES {
            names.push(name);
        }
    }
    names
}

/// What a new authority is permitted to vouch for: private names and networks, this host's own name, and what a person
/// has added. Whoever steals its key can pass for no bank.
pub(super) fn permitted(own: &OwnNames) -> Vec<GeneralSubtree> {
    let mut names: Vec<String> = PRIVATE_SUFFIXES.map(str::to_owned).into();
    let added = own.more.iter().map(|name| name.to_ascii_lowercase());
    let (addresses, added): (Vec<_>, Vec<_>) = added.partition(|name| name.parse::<IpAddr>().is_ok());
    for name in host_names(own).into_iter().chain(added) {
        let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
        let covered = names.iter().any(|known| name == *known || name.ends_with(&format!(".{known}")));
        if !covered && ServerName::try_from(name.as_str()).is_ok() {
            names.push(name);
        }
    }
    let networks = PRIVATE.iter().filter_map(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, *prefix)));
    let hosts = addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok());
    let hosts = hosts.filter(|host| !is_private(*host)).map(|host| (host, if host.is_ipv4() { 32 } else { 128 }));
    let networks = networks.chain(hosts).map(|(address, prefix)| CidrSubnet::from_addr_prefix(address, prefix));
    let names = names.into_iter().map(GeneralSubtree::DnsName);
    names.chain(networks.map(GeneralSubtree::IpAddress)).collect()
}

/// The host's own name, bare and under the suffixes of local networks.
fn host_names(own: &OwnNames) -> Vec<String> {
    let whole = own.host_name.to_ascii_lowercase();
    let bare = whole.split('.').next().unwrap_or_default();
    if bare.is_empty() {
        return Vec::new();
    }
    let mut names = vec![bare.to_owned()];
    names.extend(LOCAL_SUFFIXES.iter().map(|suffix| format!("{bare}.{suffix}")));
    names.push(whole.clone());
    names
}

/// Whether an address lies in one of the private networks.
fn is_private(address: IpAddr) -> bool {
    PRIVATE.iter().any(|(network, prefix)| {
        let network = network.parse().ok().and_then(|network| ipnet::IpNet::new(network, *prefix).ok());
        network.is_some_and(|network| network.contains(&address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> OwnNames {
        let addresses = ["192.168.1.5", "8.8.8.8", "2001:db8::5", "fd00::5", "::ffff:10.0.0.9", "100.101.102.103"];
        OwnNames {
            addresses: addresses.map(|text| text.parse().unwrap()).into(),
            host_name: "Vigie-1A2B".into(),
            more: vec!["Box.Example.org".into(), "203.0.113.9".into()],
        }
    }

    #[test]
    fn own_names_and_private_addresses_are_wanted_and_public_ones_only_when_a_person_says_so() {
        let names: Vec<String> = wanted(&own()).iter().map(|name| name.to_str().into_owned()).collect();
        let expected = [
            "localhost",
            "127.0.0.1",
            "::1",
            "vigie-1a2b",
            "vigie-1a2b.local",
            "vigie-1a2b.lan",
            "vigie-1a2b.home.arpa",
            "box.example.org",
            "203.0.113.9",
            "192.168.1.5",
            "fd00::5",
            "10.0.0.9",
            "100.101.102.103",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_host_without_a_name_and_one_with_nonsense_for_a_name_still_have_localhost() {
        for host_name in ["", "a b", "-", "x\u{e9}"] {
            let own = OwnNames { host_name: host_name.into(), ..OwnNames::default() };
            let names = wanted(&own);
            assert_eq!(names[0], ServerName::try_from("localhost").unwrap());
            assert!(names.iter().all(|name| name.to_str().is_ascii()), "{names:?}");
        }
    }

    #[test]
    fn names_come_before_addresses_and_are_bounded() {
        let addresses = (0..1_000_u32).map(|n| IpAddr::V4(std::net::Ipv4Addr::from(0x0a00_0000 + n))).collect();
        let own = OwnNames { addresses, host_name: "vigie".into(), more: Vec::new() };
        let names = wanted(&own);
        assert_eq!(names.len(), MAX_NAMES);
        assert!(names.contains(&ServerName::try_from("vigie.home.arpa").unwrap()));
    }
}
