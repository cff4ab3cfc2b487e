//! Holds what a suspected conflict comes to: two machines, one machine with two cards, or one that answers for others.
//! Never asks anything. A dispute whose rounds are over calls it.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::Instant;
use vigie_wire::Mac;

use super::{Dispute, TOGETHER};
use crate::Text;
use crate::lan::SegmentId;
use crate::lan::conflict::ConflictKind;
use crate::lan::device::Device;
use crate::lan::interface::{Address, Way};
use crate::lan::judge::Judge;
use crate::lan::machine::Lan;
use crate::lan::proxy::{PROXY_ADDRESSES, v4_of};
use crate::lan::sighting::{Source, StableId};
use crate::lan::voice::{Topic, hash32};
use crate::limits::{MAX_ADDRESSES, MAX_WORD_BYTES};

impl<J: Judge> Lan<J> {
    /// What each address of a MAC says, when both have spoken.
    pub(super) fn two_faces(&self, dispute: &Dispute) -> Option<[u32; 2]> {
        let topic = dispute.topic?;
        let device = self.devices.get(dispute.devices.first()?)?;
        let interface = device.interface(dispute.segment, dispute.macs.first().copied())?;
        let [a, b] = dispute.ips;
        Some([interface.address(a)?.voices.said(topic)?, interface.address(b)?.voices.said(topic)?])
    }

    pub(super) fn decide(&mut self, dispute: &Dispute, now: Instant) {
        let [a, b] = dispute.devices;
        match dispute.kind {
            ConflictKind::SharedAddress => {
                if self.are_one(a, b) || self.are_cards_of_one(dispute, now) {
                    return;
                }
                for (mac, proxied) in dispute.macs.iter().zip(dispute.proxied) {
                    if proxied
                        || self.is_known_proxy(dispute.segment, *mac)
                        || self.holds_many(dispute.segment, *mac, now)
                    {
                        self.mark_proxy(dispute.segment, *mac, now);
                        return;
                    }
                }
                let [x, y] = dispute.macs;
                let [n, m] = dispute.answered;
                let evidence = Text::format(format_args!(
                    "{} is claimed by {x} ({n} of {} rounds) and {y} ({m}); neither answers for others",
                    dispute.ips[0], dispute.round
                ));
                self.open_conflict(dispute, evidence, now);
            }
            ConflictKind::SharedMac => {
                let Some([one, other]) = self.two_faces(dispute).filter(|[one, other]| one != other) else { return };
                let Some(topic) = dispute.topic else { return };
                let words = |hash| self.devices.get(&a).and_then(|device| device.word(topic, hash)).unwrap_or_default();
                let [x, y] = dispute.ips;
                let evidence = Text::format(format_args!(
                    "one MAC, two machines by their {}: {x} says {}, {y} says {}; both answer",
                    topic.words(),
                    words(one),
                    words(other)
                ));
                self.open_conflict(dispute, evidence, now);
            }
        }
    }

    /// Whether both MACs answer for a second address too: two cards of one machine, each of which answers for all of the
    /// machine's addresses, as Linux does unless told otherwise. Who takes somebody's address does not give its own away.
    fn are_cards_of_one(&self, dispute: &Dispute, now: Instant) -> bool {
        let at = self.moment(now);
        let held = |side: usize| {
            let (id, mac) = dispute.devices.get(side).zip(dispute.macs.get(side))?;
            self.devices.get(id)?.interface(dispute.segment, Some(*mac))
        };
        let (Some(one), Some(other)) = (held(0), held(1)) else { return false };
        let shared = |row: &&Address| other.active_v4(at, TOGETHER).any(|same| same.ip == row.ip);
        one.active_v4(at, TOGETHER).filter(shared).count() >= 2
    }

    fn is_known_proxy(&self, segment: SegmentId, mac: Mac) -> bool {
        let device = self.keys.get(&(segment, mac)).and_then(|id| self.devices.get(id));
        let interface = device.and_then(|device| device.interface(segment, Some(mac)));
        interface.is_some_and(|interface| *interface.proxy || interface.answered_for().next().is_some())
    }

    /// Whether a MAC holds so many addresses, several of them contested, that it must answer for others.
    fn holds_many(&self, segment: SegmentId, mac: Mac, now: Instant) -> bool {
        let at = self.moment(now);
        let Some(device) = self.keys.get(&(segment, mac)).and_then(|id| self.devices.get(id)) else { return false };
        let held =
            device.interface(segment, Some(mac)).map_or(0, |interface| interface.active_v4(at, TOGETHER).count());
        let contested =
            self.disputes.iter().filter(|other| other.segment == segment && other.macs.contains(&mac)).count();
        held >= PROXY_ADDRESSES && contested >= 2
    }

    /// From now on only the address a proxy is known by is its own, and what speaks for itself.
    pub(in crate::lan) fn mark_proxy(&mut self, segment: SegmentId, mac: Mac, now: Instant) {
        let Some(id) = self.keys.get(&(segment, mac)).copied() else { return };
        let gateway = self.leg(segment).and_then(|leg| leg.gateway);
        let others_too = |ip: IpAddr| {
            self.devices.values().any(|other| {
                let mut legs = other.kept.interfaces.iter().filter(|interface| interface.segment == segment);
                other.kept.id != id && legs.any(|interface| interface.address(ip).is_some())
            })
        };
        let Some(interface) = self.devices.get(&id).and_then(|device| device.interface(segment, Some(mac))) else {
            return;
        };
        let taken: heapless::Vec<IpAddr, MAX_ADDRESSES> =
            interface.addresses.iter().map(|row| row.ip).filter(|ip| others_too(*ip)).collect();
        // The gateway's address is the gateway's; else its own is the one that nobody else has, had longest.
        let current = interface.current.map(IpAddr::V4);
        let held = interface.addresses.iter().filter(|row| row.ip.is_ipv4());
        let own = held
            .min_by_key(|row| (Some(row.ip) != gateway, others_too(row.ip), Some(row.ip) != current, row.first_seen));
        let own = own.map(|row| row.ip);
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(interface) = device.interface_mut(segment, Some(mac)) else { return };
        *interface.proxy = true;
        *interface.doubt = None;
        if let Some(IpAddr::V4(own)) = own {
            interface.current = Some(own);
        }
        let foreign = |row: &&Address| Some(row.ip) != own && (*row.way != Way::Direct || taken.contains(&row.ip));
        let foreign: heapless::Vec<Ipv4Addr, MAX_ADDRESSES> =
            interface.addresses.iter().filter(foreign).filter_map(v4_of).collect();
        for ip in &foreign {
            interface.answer_for(*ip, false, at);
        }
        self.holders.retain(|(on, ip), held| {
            let theirs = matches!(ip, IpAddr::V4(ip) if foreign.contains(ip));
            *on != segment || held.device != id || held.mac != Some(mac) || !theirs
        });
        self.outbox.mark(device, true, true);
    }
}

impl Device {
    /// The word behind a hash.
    fn word(&self, topic: Topic, hash: u32) -> Option<Text<MAX_WORD_BYTES>> {
        let by_name = |source| {
            let mut rows = self.kept.names.iter().filter(move |row| row.source == source);
            rows.find(|row| hash32(&row.name) == hash).map(|row| Text::cut(&row.name))
        };
        let by_id = |id| {
            let mut rows = self.kept.stable.iter().filter(move |row| row.id == id);
            rows.find(|row| hash32(&row.text) == hash).map(|row| row.text.clone())
        };
        match topic {
            Topic::MdnsName => by_name(Source::Mdns),
            Topic::NbnsName => by_name(Source::Nbns),
            Topic::LlmnrName => by_name(Source::Llmnr),
            Topic::DhcpName => by_name(Source::Dhcp),
            Topic::SnmpName => by_name(Source::Snmp),
            Topic::SshKey => by_id(StableId::SshHostKey),
            Topic::Serial => by_id(StableId::Serial),
            Topic::DhcpClient => by_id(StableId::DhcpClient),
        }
    }
}
