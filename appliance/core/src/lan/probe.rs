//! Holds `Probe`: everything the product may ever send to a device of the network, so that one place can pace and forbid it.
//! Never holds bytes: the shell makes them with `vigie_wire`. Asked for by `Sweep` (rounds) and `Lan` (directed confirmation).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vigie_wire::Mac;

use super::SegmentId;

/// One question to the network. Every one of them is read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The leg it leaves by.
    pub segment: SegmentId,
    /// What is asked.
    pub query: Query,
}

/// What is asked. Answers come back as sightings of the matching source; none is awaited by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// Who has `ip`? Broadcast when `to` is none, else unicast to the last known owner.
    Arp {
        /// Address asked for.
        ip: Ipv4Addr,
        /// Last known owner.
        to: Option<Mac>,
    },
    /// Neighbour solicitation: solicited-node multicast when `to` is none, else unicast.
    Nd {
        /// Address asked for.
        ip: Ipv6Addr,
        /// Last known owner.
        to: Option<Mac>,
    },
    /// Echo to all nodes of the link (`ff02::1`), from the link-local and from the unique or global source address.
    AllNodes,
    /// Router solicitation (RFC 4861 section 4.1).
    Routers,
    /// Echo request. With `mac`, a raw frame may carry it; else the kernel's.
    Echo {
        /// Target.
        ip: IpAddr,
        /// Where it lives on the link, when known.
        mac: Option<Mac>,
    },
    /// TCP SYN from a raw socket (`mac` known, IPv4 or IPv6), or a connect that is closed at once.
    Tcp {
        /// Target.
        ip: IpAddr,
        /// Where it lives on the link, when known.
        mac: Option<Mac>,
        /// Port; never a printing port, the planner and the shell both refuse those.
        port: u16,
    },
    /// mDNS: which service types are there (`_services._dns-sd._udp.local`), and the common ones at once.
    MdnsServices,
    /// mDNS: the name of this address, asked of the group and of the host itself.
    MdnsReverse {
        /// Address whose name is asked.
        ip: IpAddr,
    },
    /// LLMNR: the name of this address, asked of the host itself.
    LlmnrReverse {
        /// Address whose name is asked.
        ip: Ipv4Addr,
    },
    /// NetBIOS node status.
    NetbiosStatus {
        /// Host asked.
        ip: Ipv4Addr,
    },
    /// SSDP M-SEARCH `ssdp:all` to the group.
    SsdpSearch,
    /// WS-Discovery Probe to the group.
    WsdProbe,
    /// SNMP system group, with the credentials the shell was given.
    Snmp {
        /// Agent asked.
        ip: IpAddr,
    },
    /// Reverse DNS of the network's resolver.
    ReverseDns {
        /// Address whose name is asked.
        ip: IpAddr,
    },
    /// Connect to an open port and read what it says of itself (SSH, HTTP, RTSP, TLS certificate, other greetings).
    Greeting {
        /// Host.
        ip: IpAddr,
        /// An open port that is no printing port.
        port: u16,
    },
    /// DHCPDISCOVER by a made-up client, to find servers nobody named. No address is ever requested or taken.
    DhcpDiscover,
}

/// TCP ports that make paper come out: raw printing (9100 to 9107), LPD (515) and IPP (631).
/// Nothing is ever sent there, not even a SYN.
#[must_use]
pub const fn is_printing_port(port: u16) -> bool {
    matches!(port, 9100..=9107 | 515 | 631)
}

#[cfg(test)]
mod tests {
    use super::is_printing_port;

    #[test]
    fn printing_ports_are_known() {
        for port in [515, 631, 9100, 9103, 9107] {
            assert!(is_printing_port(port), "{port}");
        }
        for port in [514, 516, 630, 632, 9099, 9108, 80] {
            assert!(!is_printing_port(port), "{port}");
        }
    }
}
