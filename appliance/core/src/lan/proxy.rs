//! Holds what is known of those who answer for others (proxy ARP, RFC 1027): which addresses are not their own.
//! Never takes an address from whoever alone has it: something must show that another one is its own.
//! Called by `Lan` for each sighting that names an IPv4 address and a MAC.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::device::DeviceId;
use super::input::Action;
use super::interface::{Address, Interface, Way};
use super::judge::Judge;
use super::machine::Lan;
use super::place::Placed;
use super::probe::{Probe, Query};
use super::sighting::{Fact, Sighting, Source};
use crate::Moment;

/// Addresses held at once by one MAC, of which this many are contested or never spoke, are proxy ARP.
pub(super) const PROXY_ADDRESSES: usize = 6;
/// An address claimed and not heard to speak for this long, though it was asked, is counted as one that never spoke.
const MUTE: Duration = Duration::from_secs(30);
/// Addresses that never spoke count as held at once within this time: two sweeps at the slowest pace.
const TOGETHER: Duration = Duration::from_secs(2 * 3_600);

/// What a sighting of an address says of the way to it.
fn way_of(seen: &Sighting<'_>) -> Option<Way> {
    match (seen.source, seen.fact) {
        (_, Fact::Carried) => Some(Way::Carried),
        (Source::Icmp, Fact::Answered(_)) | (Source::Tcp, Fact::Port { .. }) => Some(Way::Direct),
        _ => None,
    }
}

impl<J: Judge> Lan<J> {
    /// Sets apart what only came through a station from what is its own. None when the sighting says nothing of the
    /// station that sent the frame.
    pub(super) fn sift(&mut self, placed: Placed, seen: &Sighting<'_>, now: Instant) -> Option<Placed> {
        let (Some(mac), Some(ip @ IpAddr::V4(v4))) = (placed.mac, placed.ip) else { return Some(placed) };
        let segment = seen.segment;
        let same_packet = self.carried == Some((segment, ip, now));
        let way = way_of(seen).filter(|way| *way == Way::Carried || !same_packet);
        if way == Some(Way::Carried) {
            self.carried = Some((segment, ip, now));
        }
        let at = self.moment(now);
        let gateway = self.leg(segment).and_then(|leg| leg.gateway);
        let Some(interface) = self.devices.get_mut(&placed.device)?.interface_mut(segment, Some(mac)) else {
            return Some(placed);
        };
        if let Some(row) = interface.answers_for.iter_mut().find(|row| row.ip == v4) {
            if way == Some(Way::Direct) && row.carried {
                // It speaks for itself now: it is the station's own after all.
                interface.answers_for.retain(|row| row.ip != v4);
                return Some(placed);
            }
            row.last_seen = at;
            row.carried |= way == Some(Way::Carried);
            let of_the_station = matches!(seen.fact, Fact::Claims | Fact::Alive | Fact::Carried);
            return of_the_station.then_some(Placed { ip: None, ..placed });
        }
        if let (Some(way), Some(row)) = (way, interface.address_mut(ip)) {
            *row.way = way;
        }
        if way.is_some() && interface.addresses.len() > 1 {
            self.shed(placed.device, segment, mac, gateway, at);
        }
        let still = self.devices.get(&placed.device)?.interface(segment, Some(mac));
        let foreign = still.is_some_and(|interface| interface.answers_for(ip));
        match (foreign, seen.fact) {
            (true, Fact::Carried) => Some(Placed { ip: None, ..placed }),
            (true, _) => None,
            (false, _) => Some(placed),
        }
    }

    /// An interface claims one address beside another: how packets come from them is asked, until it is known.
    pub(super) fn ask_ways(&mut self, id: DeviceId, segment: SegmentId, mac: Mac, used: Ipv4Addr, now: Instant) {
        let interface = self.devices.get(&id).and_then(|device| device.interface(segment, Some(mac)));
        let Some((interface, current)) = interface.and_then(|interface| Some((interface, interface.current?))) else {
            return;
        };
        let unseen = |ip: &Ipv4Addr| interface.address(IpAddr::V4(*ip)).is_some_and(|row| *row.way == Way::Unseen);
        let asked: heapless::Vec<Ipv4Addr, 2> = [used, current].into_iter().filter(unseen).collect();
        if used == current || !self.leg(segment).is_some_and(|leg| leg.up) {
            return;
        }
        for ip in asked.into_iter().map(IpAddr::V4) {
            if self.may_ask(segment, ip, now) {
                let query = Query::Echo { ip, mac: Some(mac) };
                self.outbox.push(Action::Probe(Probe { segment, query }));
            }
        }
    }

    /// Takes from an interface the addresses that only came through it, once one of them is surely its own.
    fn shed(&mut self, id: DeviceId, segment: SegmentId, mac: Mac, gateway: Option<IpAddr>, at: Moment) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(interface) = device.interface_mut(segment, Some(mac)) else { return };
        let own = interface.addresses.iter().filter(|row| row.ip.is_ipv4());
        let own = own.filter(|row| *row.way == Way::Direct || (Some(row.ip) == gateway && *row.way != Way::Carried));
        let Some(IpAddr::V4(own)) = own.max_by_key(|row| (Some(row.ip) == gateway, row.last_seen)).map(|row| row.ip)
        else {
            return;
        };
        let foreign: heapless::Vec<Ipv4Addr, { crate::limits::MAX_ADDRESSES }> =
            interface.addresses.iter().filter(|row| *row.way == Way::Carried).filter_map(v4_of).collect();
        if foreign.is_empty() {
            return;
        }
        for ip in &foreign {
            interface.answer_for(*ip, true, at);
        }
        if interface.current.is_some_and(|current| foreign.contains(&current)) {
            interface.current = Some(own);
        }
        if interface.doubt.is_some_and(|doubt| foreign.contains(&doubt.candidate)) {
            *interface.doubt = None;
        }
        self.holders.retain(|(on, ip), held| {
            let theirs = matches!(ip, IpAddr::V4(ip) if foreign.contains(ip));
            *on != segment || held.device != id || held.mac != Some(mac) || !theirs
        });
        self.outbox.mark(device, true, true);
    }

    /// Whether a station claims more addresses than anybody has of whom none ever spoke.
    pub(super) fn is_crowd(&self, id: DeviceId, segment: SegmentId, mac: Mac, now: Instant) -> bool {
        let at = self.moment(now);
        let interface = self.devices.get(&id).and_then(|device| device.interface(segment, Some(mac)));
        let crowd = |interface: &Interface| !*interface.proxy && interface.mute(at).count() >= PROXY_ADDRESSES;
        interface.is_some_and(crowd) && !self.is_myself(id)
    }
}

impl Interface {
    /// Addresses claimed for a while from which nothing ever came straight.
    fn mute(&self, at: Moment) -> impl Iterator<Item = &Address> {
        let long = move |row: &&Address| row.first_seen.age(at).is_some_and(|age| age >= MUTE);
        self.active_v4(at, TOGETHER)
            .filter(long)
            .filter(|row| *row.way != Way::Direct && Some(row.ip) != self.current.map(IpAddr::V4))
    }
}

pub(super) fn v4_of(row: &Address) -> Option<Ipv4Addr> {
    match row.ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}
