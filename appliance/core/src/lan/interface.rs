//! Holds one interface of a device: its MAC on a segment, and the addresses it uses and used.
//! Never decides which device it belongs to: `identity` and `merge` do. Called by `Lan`, read by the API.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::rows::Rows;
use super::settings::LanSettings;
use super::unstored::Unstored;
use super::voice::Voices;
use crate::Moment;
use crate::limits::{MAX_ADDRESSES, MAX_ANSWERED_FOR};

/// A current address not seen for this long is asked for when another one is in use: two sweeps.
const STALE: Duration = Duration::from_secs(10 * 60);

/// An address and when it was held.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// When the interface was first seen with it.
    pub first_seen: Moment,
    /// When it was last seen with it.
    pub last_seen: Moment,
    /// What was said from this address, to tell two machines with one MAC apart. Not stored.
    #[serde(skip)]
    pub(super) voices: Unstored<Voices>,
    /// What packets from this address showed of the way they came.
    #[serde(skip)]
    pub(super) way: Unstored<Way>,
}

/// A leg of a device: what the key (segment, MAC) names. Without a MAC while only its address could be seen.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interface {
    /// The segment it is on.
    pub segment: SegmentId,
    /// Its link-layer address; none for a device known by its IP address only.
    pub mac: Option<Mac>,
    /// Its addresses, past ones included.
    pub addresses: Rows<Address, MAX_ADDRESSES>,
    /// The IPv4 address it is known by now: the one whose change is told.
    pub current: Option<Ipv4Addr>,
    /// When it was first seen.
    pub first_seen: Moment,
    /// When it was last seen.
    pub last_seen: Moment,
    /// Its MAC looks random: a hint.
    pub random: bool,
    /// Answers for the addresses of others (proxy ARP, repeater): learnt, not stored.
    #[serde(skip)]
    pub(super) proxy: Unstored<bool>,
    /// Addresses of others it answers for: they are none of its own.
    #[serde(skip)]
    pub(super) answers_for: Unstored<Rows<AnsweredFor, MAX_ANSWERED_FOR>>,
    /// Whether its current address still stands.
    #[serde(skip)]
    pub(super) doubt: Unstored<Option<Doubt>>,
}

/// How packets from an address came to this link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Way {
    /// None came yet that would show it.
    #[default]
    Unseen,
    /// Straight from who has it.
    Direct,
    /// A router carried them.
    Carried,
}

/// An address an interface answers for and does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnsweredFor {
    pub(super) ip: Ipv4Addr,
    /// When it was last claimed.
    pub(super) last_seen: Moment,
    /// A packet from there was seen carried; else it is known by the number of them alone.
    pub(super) carried: bool,
}

/// A question under way: is the current address still held, or has the interface moved to `candidate`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) candidate: Ipv4Addr,
    pub(super) asked: u8,
    pub(super) next: Instant,
}

impl Interface {
    pub(super) fn new(segment: SegmentId, mac: Option<Mac>, at: Moment) -> Self {
        Self {
            segment,
            mac,
            addresses: Rows::new(),
            current: None,
            first_seen: at,
            last_seen: at,
            random: false,
            proxy: Unstored::default(),
            answers_for: Unstored::default(),
            doubt: Unstored::default(),
        }
    }

    /// Whether a person said that it is never to be asked.
    pub(super) fn is_spared(&self, settings: &LanSettings) -> bool {
        self.current.is_some_and(|ip| settings.is_excluded(ip))
    }

    /// The row of an address.
    #[must_use]
    pub fn address(&self, ip: IpAddr) -> Option<&Address> {
        self.addresses.iter().find(|address| address.ip == ip)
    }

    pub(super) fn address_mut(&mut self, ip: IpAddr) -> Option<&mut Address> {
        self.addresses.iter_mut().find(|address| address.ip == ip)
    }

    /// Takes note of an address in use. Gives back the address that left the full list, and whether this one is new.
    pub(super) fn hold(&mut self, ip: IpAddr, at: Moment) -> (Option<IpAddr>, bool) {
        if let Some(known) = self.address_mut(ip) {
            known.last_seen = known.last_seen.max(at);
            return (None, false);
        }
        let fresh =
            Address { ip, first_seen: at, last_seen: at, voices: Unstored::default(), way: Unstored::default() };
        let current = self.current.map(IpAddr::V4);
        let gone = self.addresses.push_or_evict(fresh, |row| (Some(row.ip) == current, row.last_seen));
        (gone.map(|row| row.ip), true)
    }

    /// Decides whether an address just used casts doubt on the current one. An additional address does not; a new one
    /// does until the current one answers, and so does one in use while the current one has been silent for long.
    pub(super) fn weigh_current(&mut self, used: Ipv4Addr, fresh: bool, now: Instant, at: Moment) {
        let Some(current) = self.current else {
            self.current = Some(used);
            return;
        };
        if used == current {
            *self.doubt = None;
            return;
        }
        let silent =
            self.address(IpAddr::V4(current)).is_none_or(|row| row.last_seen.age(at).is_none_or(|age| age > STALE));
        match &mut *self.doubt {
            Some(doubt) => doubt.candidate = used,
            None if fresh || silent => *self.doubt = Some(Doubt { candidate: used, asked: 0, next: now }),
            None => {}
        }
    }

    /// The addresses of others it answers for (proxy ARP, RFC 1027), as far as this boot has seen.
    pub fn answered_for(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.answers_for.iter().map(|row| row.ip)
    }

    pub(super) fn answers_for(&self, ip: IpAddr) -> bool {
        self.answers_for.iter().any(|row| IpAddr::V4(row.ip) == ip)
    }

    /// Takes note that it answers for an address, whose row among its own is taken out.
    pub(super) fn answer_for(&mut self, ip: Ipv4Addr, carried: bool, at: Moment) {
        self.addresses.retain(|row| row.ip != IpAddr::V4(ip));
        if let Some(known) = self.answers_for.iter_mut().find(|row| row.ip == ip) {
            known.last_seen = at;
            known.carried |= carried;
            return;
        }
        self.answers_for.push_or_evict(AnsweredFor { ip, last_seen: at, carried }, |row| row.last_seen);
    }

    /// The address to show and to ask for: the current IPv4 one, else the widest IPv6 one seen last.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.current
            .map(IpAddr::V4)
            .or_else(|| self.addresses.iter().max_by_key(|row| (scope(row.ip), row.last_seen)).map(|row| row.ip))
    }

    /// The IPv6 address most likely to answer: link-local first, for it does not change with the prefix.
    #[must_use]
    pub(super) fn ipv6_to_ask(&self) -> Option<Ipv6Addr> {
        let v6 = self.addresses.iter().filter_map(|row| match row.ip {
            IpAddr::V6(ip) => Some((ip.is_unicast_link_local(), row.last_seen, ip)),
            IpAddr::V4(_) => None,
        });
        v6.max_by_key(|(link_local, seen, _)| (*link_local, *seen)).map(|(_, _, ip)| ip)
    }

    /// IPv4 addresses seen within `window`, most recent last is not promised.
    pub(super) fn active_v4(&self, now: Moment, window: Duration) -> impl Iterator<Item = &Address> {
        self.addresses
            .iter()
            .filter(move |row| row.ip.is_ipv4() && row.last_seen.age(now).is_some_and(|age| age <= window))
    }
}

/// How far an address reaches, for the choice of the one to show.
fn scope(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 3,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 0,
        IpAddr::V6(ip) if ip.is_unique_local() => 1,
        IpAddr::V6(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment { boot: 1, ms }
    }

    #[test]
    fn the_longest_unseen_address_leaves_but_never_the_current_one() {
        let mut interface = Interface::new(SegmentId(0), None, at(0));
        let first: Ipv4Addr = "10.0.0.1".parse().unwrap();
        interface.hold(IpAddr::V4(first), at(0));
        interface.current = Some(first);
        for host in 1..MAX_ADDRESSES as u64 {
            assert_eq!(interface.hold(IpAddr::V6(Ipv6Addr::from(u128::from(host))), at(host)), (None, true));
        }
        let gone = interface.hold("10.0.0.2".parse().unwrap(), at(99));
        assert_eq!(gone, (Some(IpAddr::V6(Ipv6Addr::from(1u128))), true));
        assert_eq!(interface.addresses.len(), MAX_ADDRESSES);
        assert!(interface.address(IpAddr::V4(first)).is_some());
    }

    #[test]
    fn shows_ipv4_then_the_widest_ipv6() {
        let mut interface = Interface::new(SegmentId(0), None, at(0));
        for ip in ["fe80::1", "fd00::1", "2001:db8::1", "fd00::2"] {
            interface.hold(ip.parse().unwrap(), at(1));
        }
        assert_eq!(interface.ip(), Some("2001:db8::1".parse().unwrap()));
        assert_eq!(interface.ipv6_to_ask(), Some("fe80::1".parse().unwrap()));
        interface.current = Some("10.0.0.7".parse().unwrap());
        assert_eq!(interface.ip(), Some("10.0.0.7".parse().unwrap()));
    }
}
