//! Holds which evidence comes from one witness: what one protocol says twice is one testimony, two protocols are two.
//! Never weighs anything. Called by `trial` for each rule that matched.

use super::clause::Field;
use crate::lan::sighting::{Clue, Source};

/// Evidence that is wrong together, if it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Witness {
    /// Registry of MAC prefixes, and whether the MAC looks random.
    Link,
    /// DHCP, and DNS and leases that repeat it.
    Dhcp,
    /// Multicast DNS and LLMNR.
    Mdns,
    /// SSDP, UPnP descriptions and WS-Discovery.
    Upnp,
    /// NetBIOS.
    Netbios,
    /// SNMP.
    Snmp,
    /// HTTP and TLS.
    Web,
    /// SSH.
    Ssh,
    /// RTSP.
    Rtsp,
    /// Greetings of FTP, mail and telnet servers.
    Greeting,
    /// Open ports, whatever stands behind them.
    Ports,
    /// Host and friendly names: one is made of the other, and each protocol repeats them.
    Name,
    /// What it does for the network.
    Duty,
    /// Tailscale.
    Overlay,
    /// Inventory read over SSH.
    Inventory,
    /// A person.
    Person,
}

impl Witness {
    /// Each witness once.
    pub(super) const ALL: [Self; 16] = [
        Self::Link,
        Self::Dhcp,
        Self::Mdns,
        Self::Upnp,
        Self::Netbios,
        Self::Snmp,
        Self::Web,
        Self::Ssh,
        Self::Rtsp,
        Self::Greeting,
        Self::Ports,
        Self::Name,
        Self::Duty,
        Self::Overlay,
        Self::Inventory,
        Self::Person,
    ];

    /// Who testifies when `field` was heard from `source`.
    pub(super) const fn of(field: Field, source: Source) -> Self {
        match (field, source) {
            (Field::Clue(Clue::MacVendor) | Field::RandomMac, _) => Self::Link,
            (Field::Name | Field::Clue(Clue::FriendlyName), _) => Self::Name,
            (Field::Port, _) => Self::Ports,
            (Field::Role, _) => Self::Duty,
            (_, Source::Arp | Source::Nd | Source::Neighbour | Source::Icmp) => Self::Link,
            (_, Source::Tcp | Source::Banner) => Self::Greeting,
            (_, Source::Mdns | Source::Llmnr) => Self::Mdns,
            (_, Source::Ssdp | Source::Wsd) => Self::Upnp,
            (_, Source::Nbns) => Self::Netbios,
            (_, Source::Dhcp | Source::Lease | Source::Dns) => Self::Dhcp,
            (_, Source::Snmp) => Self::Snmp,
            (_, Source::Http | Source::Tls) => Self::Web,
            (_, Source::Ssh) => Self::Ssh,
            (_, Source::Rtsp) => Self::Rtsp,
            (_, Source::Inventory) => Self::Inventory,
            (_, Source::Tailscale) => Self::Overlay,
            (_, Source::Person) => Self::Person,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_witness_whoever_repeats_it() {
        let all =
            [Source::Dhcp, Source::Dns, Source::Mdns, Source::Nbns].map(|source| Witness::of(Field::Name, source));
        assert_eq!(all, [Witness::Name; 4]);
        assert_ne!(
            Witness::of(Field::Clue(Clue::Service), Source::Mdns),
            Witness::of(Field::Clue(Clue::UpnpType), Source::Ssdp)
        );
    }

    #[test]
    fn every_witness_is_listed_in_order() {
        for (place, witness) in Witness::ALL.iter().enumerate() {
            assert_eq!(*witness as usize, place);
        }
    }
}
