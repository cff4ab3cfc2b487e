//! Holds which names and addresses this machine answers to, as the kernel knows them now.
//! Never asks a resolver. Called at start and every few seconds after.

use std::net::IpAddr;

use vigie_sys::interface::Address;

use crate::http::guard::OwnNames;
use vigie_core::order::sort_by_key;

/// Addresses told at the start; a machine with containers has dozens.
const MAX_TOLD: usize = 4;

/// The machine's addresses and host name, and what a person added.
pub(super) fn names(more: &[String]) -> OwnNames {
    read(more, |_| true)
}

/// The same without the addresses a machine takes for a day to be hard to follow (RFC 8981): a certificate for them would
/// be a new one every day. The kernel marks them as secondary.
pub(super) fn lasting(more: &[String]) -> OwnNames {
    read(more, |address| !matches!(address.ip, IpAddr::V6(_)) || !address.secondary)
}

/// Addresses to type on another machine, at most four: those of private IPv4 networks first, which is what people can copy from
/// a screen. None that lead nowhere from there.
pub(super) fn to_type() -> Vec<IpAddr> {
    choose(names(&[]).addresses)
}

fn choose(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let leads_here = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        // Those of a link need an interface beside them, which no browser takes.
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
    };
    let mut good: Vec<_> = addresses.into_iter().filter(leads_here).collect();
    sort_by_key(&mut good, |ip| match ip {
        IpAddr::V4(ip) if ip.is_private() => 0,
        IpAddr::V4(_) => 1,
        IpAddr::V6(_) => 2,
    });
    good.truncate(MAX_TOLD);
    good
}

fn read(more: &[String], wanted: impl Fn(&Address) -> bool) -> OwnNames {
    let interfaces = vigie_sys::interface::list().map(|listing| listing.items).unwrap_or_default();
    let addresses = interfaces.iter().flat_map(|interface| &interface.addresses);
    let addresses = addresses.filter(|address| wanted(address)).map(|address| address.ip).collect();
    let host_name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    OwnNames { addresses, host_name: host_name.trim().to_owned(), more: more.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_type_elsewhere_comes_first_and_what_leads_nowhere_not_at_all() {
        let told = |texts: &[&str]| {
            let addresses = texts.iter().map(|text| text.parse().unwrap()).collect();
            choose(addresses).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let all = ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "fd00::7", "203.0.113.9", "192.168.1.5"];
        assert_eq!(told(&all), ["192.168.1.5", "203.0.113.9", "fd00::7"]);
        assert_eq!(told(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]).len(), MAX_TOLD);
        assert!(told(&["127.0.0.1"]).is_empty());
    }
}
