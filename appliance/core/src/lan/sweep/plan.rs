//! Holds what a sweep is told before it starts and what it tells while it runs and when it ends.
//! Never changes while a sweep runs. Called by the network shell, which makes plans from the configuration or a request.

use core::net::IpAddr;

use embassy_time::Duration;
use vigie_wire::Mac;

use crate::lan::SegmentId;
use crate::lan::probe::is_printing_port;

use super::pace::Pace;
use super::scope::Targets;

/// Ports one sweep asks of each host.
pub const MAX_SWEEP_PORTS: usize = 1_024;

/// What the service may do on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Means {
    /// Raw frames: ARP, neighbour discovery and SYN probes of our own.
    pub raw: bool,
    /// ICMP datagram sockets.
    pub icmp: bool,
}

/// Which work a sweep does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Work {
    /// Ask for names: mDNS, NetBIOS, LLMNR, SSDP, WS-Discovery, SNMP, reverse DNS.
    pub names: bool,
    /// Ask for ports.
    pub ports: bool,
    /// Read what open ports say of themselves.
    pub greetings: bool,
}

impl Work {
    /// Who is there, and nothing more.
    pub const DISCOVERY: Self = Self { names: false, ports: false, greetings: false };
    /// All there is.
    pub const EVERYTHING: Self = Self { names: true, ports: true, greetings: true };
}

/// TCP ports to ask, without printing ports and without repetitions: those cannot be put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortList(heapless::Vec<u16, MAX_SWEEP_PORTS>);

impl PortList {
    /// Takes the ports that may be asked, up to [`MAX_SWEEP_PORTS`]; printing ports, 0 and repetitions are left out.
    #[must_use]
    pub fn allowed(ports: impl IntoIterator<Item = u16>) -> Self {
        let mut list = heapless::Vec::new();
        for port in ports {
            if port != 0 && !is_printing_port(port) && !list.contains(&port) && list.push(port).is_err() {
                break;
            }
        }
        Self(list)
    }

    /// The port at `place`, counting on from the end to the start, so that each host can begin elsewhere.
    pub(super) fn cyclic(&self, place: usize) -> Option<u16> {
        self.0.get(place.checked_rem(self.0.len())?).copied()
    }

    /// How many ports.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ports.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        &self.0
    }
}

/// A sweep to come.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where.
    pub segment: SegmentId,
    /// Which IPv4 addresses; IPv6 hosts are found as a group, without a list.
    pub targets: Targets,
    /// Own address, never asked.
    pub own: Option<IpAddr>,
    /// How fast.
    pub pace: Pace,
    /// With what.
    pub means: Means,
    /// What for.
    pub work: Work,
    /// Ports asked of each host found, most telling first.
    pub ports: PortList,
    /// Whether IPv6 hosts are asked too: all of the segment, since they cannot be listed. Off when only some addresses are
    /// targets.
    pub ipv6: bool,
    /// Whether the targets are behind a router: nothing is asked of the link, and as firewalls there drop echo, each address
    /// is asked by echo and by connecting in turn.
    pub beyond: bool,
    /// Whether SNMP agents are asked: only with credentials a person gave, or the default read community when allowed.
    pub snmp: bool,
}

/// A device known before the sweep, asked first and, if silent, asked again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its last address.
    pub ip: IpAddr,
    /// Its MAC on this segment; none for one known by its address only.
    pub mac: Option<Mac>,
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// 0 to 1.
    pub share: f32,
    /// Hosts that answered so far.
    pub hosts: u32,
    /// Frames asked for so far.
    pub frames: u32,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Report {
    /// Hosts that answered.
    pub hosts: u32,
    /// Addresses that were targets.
    pub addresses: u32,
    /// Frames asked for.
    pub frames: u32,
    /// Discovery rounds it took.
    pub rounds: u32,
    /// From start to end.
    pub took: Duration,
    /// From start to the end of discovery.
    pub discovered_after: Duration,
    /// From start until discovery was over and every port had its answer or its last try.
    pub ports_after: Duration,
    /// Whether it ran to its end; false when it was stopped.
    pub whole: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_ports_cannot_be_put_in() {
        let list = PortList::allowed([22, 9100, 80, 22, 0, 631, 515, 9107, 443]);
        assert_eq!(list.as_slice(), [22, 80, 443]);
        assert_eq!(list.cyclic(4), Some(80));
        assert_eq!(PortList::default().cyclic(0), None);
        assert_eq!(PortList::allowed(1..=u16::MAX).len(), MAX_SWEEP_PORTS);
    }
}
