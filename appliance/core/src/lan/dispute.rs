//! Holds suspected conflicts while they are verified; `verdict` says what they come to, `standing` keeps the open ones.
//! Never believes one frame: each side must answer twice, and neither may answer for a third party's address too.
//! Called by `Lan` for every claim of an address and every word said from one.

use core::net::IpAddr;

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::conflict::ConflictKind;
use super::device::{Device, DeviceId};
use super::input::Action;
use super::interface::{Address, Interface};
use super::judge::Judge;
use super::machine::Lan;
use super::place::{Placed, who_has};
use super::probe::{Probe, Query};
use super::twin::Twins;
use super::voice::Topic;
use crate::Moment;

mod standing;
mod verdict;

/// Rounds of questions. Each side must answer two of them; at 20 % loss each way both do in 99 of 100 cases, and the
/// next claim begins anew.
const ROUNDS: u8 = 8;
const ROUND_PAUSE: Duration = Duration::from_millis(1_100);
/// Rounds in which decoys are asked; no verdict before they are over.
const DECOY_ROUNDS: u8 = 3;
/// Addresses of others asked for, to see whether one side answers for everybody.
const DECOYS: usize = 3;
/// Rounds of a MAC in two places: names take longer to come than ARP.
const FACE_ROUNDS: u8 = 5;
const FACE_PAUSE: Duration = Duration::from_secs(3);
/// After two faces were looked for in vain, they are not looked for again sooner.
pub(super) const FACE_AGAIN: Duration = Duration::from_secs(3_600);
/// Two addresses of a MAC used within this time are used together.
pub(super) const TOGETHER: Duration = Duration::from_secs(10 * 60);

/// A suspected conflict.
#[derive(Clone, Debug)]
pub(super) struct Dispute {
    pub(super) kind: ConflictKind,
    pub(super) segment: SegmentId,
    pub(super) ips: [IpAddr; 2],
    pub(super) macs: [Mac; 2],
    pub(super) devices: [DeviceId; 2],
    pub(super) next: Instant,
    round: u8,
    /// Rounds in which each side answered.
    answered: [u8; 2],
    heard: [bool; 2],
    /// Whether a side answered for a decoy.
    proxied: [bool; 2],
    decoys: heapless::Vec<IpAddr, DECOYS>,
    topic: Option<Topic>,
    /// Of one MAC at two places where nothing is said: which of them is reached.
    pub(super) twins: Twins,
}

impl Dispute {
    /// A suspicion of which nothing is known yet.
    pub(super) fn new(
        kind: ConflictKind,
        segment: SegmentId,
        ips: [IpAddr; 2],
        [(a, device_a), (b, device_b)]: [(Mac, DeviceId); 2],
        next: Instant,
    ) -> Self {
        Self {
            kind,
            segment,
            ips,
            macs: [a, b],
            devices: [device_a, device_b],
            next,
            round: 0,
            answered: [0; 2],
            heard: [false; 2],
            proxied: [false; 2],
            decoys: heapless::Vec::new(),
            topic: None,
            twins: Twins::default(),
        }
    }

    /// Whether it is about one MAC at two places that were not heard to say two things.
    pub(super) fn is_mute(&self) -> bool {
        self.kind == ConflictKind::SharedMac && self.topic.is_none()
    }
}

impl<J: Judge> Lan<J> {
    /// Whether somebody's right to an address is being asked, or in open conflict. Looking where a MAC is, is neither.
    pub(super) fn is_disputed(&self, segment: SegmentId, ip: IpAddr) -> bool {
        let concerns = |dispute: &Dispute| dispute.segment == segment && dispute.ips.contains(&ip);
        self.disputes.iter().any(|dispute| concerns(dispute) && !dispute.is_mute()) || self.is_in_conflict(segment, ip)
    }

    /// Whether an address is part of an open conflict.
    pub(super) fn is_in_conflict(&self, segment: SegmentId, ip: IpAddr) -> bool {
        self.conflicts.iter().any(|row| row.closed.is_none() && row.segment == segment && row.ips.contains(&ip))
    }

    /// Whether what is heard of a device may be the word of another machine: its MAC or address is in open conflict, or
    /// whether it is gets asked just now.
    pub(super) fn may_be_another(&self, id: DeviceId) -> bool {
        self.disputes.iter().any(|dispute| dispute.devices.contains(&id))
            || self.devices.get(&id).is_some_and(|device| device.live.contested)
    }

    /// Two MACs were seen with one address: a reason to ask everybody who holds it.
    pub(super) fn dispute_address(
        &mut self,
        segment: SegmentId,
        ip: IpAddr,
        [(a, device_a), (b, device_b)]: [(Mac, DeviceId); 2],
        now: Instant,
    ) {
        if self.is_disputed(segment, ip) || self.are_one(device_a, device_b) {
            return;
        }
        let sides = [device_a, device_b];
        let decoys = self.devices.values().filter(|device| !sides.contains(&device.kept.id));
        let decoys = decoys.filter(|device| device.is_watched_on(segment) && device.online());
        let decoys =
            decoys.filter_map(|device| device.ip()).filter(|decoy| decoy.is_ipv4() == ip.is_ipv4() && *decoy != ip);
        let decoys = decoys.take(DECOYS).collect();
        let sides = [(a, device_a), (b, device_b)];
        let dispute = Dispute { decoys, ..Dispute::new(ConflictKind::SharedAddress, segment, [ip, ip], sides, now) };
        // When too many are under way this one is dropped; the next claim brings it back.
        let _full = self.disputes.try_push(dispute);
    }

    /// Whether two devices are one machine, as far as can be known: a bond or a dock answers with either MAC.
    fn are_one(&self, a: DeviceId, b: DeviceId) -> bool {
        let (Some(one), Some(other)) = (self.devices.get(&a), self.devices.get(&b)) else { return true };
        a == b || one.shares_name(other) || one.shares_identifier(other)
    }

    /// Somebody claims an address.
    pub(super) fn hear_claim(&mut self, segment: SegmentId, placed: Placed, now: Instant) {
        let (Some(mac), Some(ip)) = (placed.mac, placed.ip) else { return };
        self.hear_twin(segment, mac, ip, now);
        let disputed = |dispute: &Dispute| dispute.segment == segment && dispute.macs.contains(&mac);
        // Whoever claims what a third party uses answers for others.
        let foreign = self.disputes.iter().any(disputed) && self.is_used_by_other(segment, ip, placed.device);
        for dispute in self.disputes.iter_mut().filter(|dispute| disputed(dispute)) {
            let sides = dispute.ips.iter().zip(&dispute.macs).zip(dispute.heard.iter_mut().zip(&mut dispute.proxied));
            for ((own_ip, _), (heard, proxied)) in sides.filter(|((_, own_mac), _)| **own_mac == mac) {
                *heard |= *own_ip == ip && dispute.round > 0;
                *proxied |= *own_ip != ip && foreign;
            }
        }
        for conflict in self.conflicts.iter_mut().filter(|row| row.segment == segment && row.closed.is_none()) {
            let sides = conflict.ips.iter().zip(&conflict.macs).zip(&mut conflict.heard);
            for (_, heard) in sides.filter(|((own_ip, own_mac), _)| **own_mac == mac && **own_ip == ip) {
                *heard = now;
            }
        }
    }

    /// Whether another device that is here is known by this address.
    fn is_used_by_other(&self, segment: SegmentId, ip: IpAddr, id: DeviceId) -> bool {
        self.devices.values().any(|other| {
            let here = other.kept.id != id && other.live.tentative.is_none() && other.online();
            let mut legs = other.kept.interfaces.iter().filter(|row| row.segment == segment && !*row.proxy);
            here && legs.any(|interface| interface.ip() == Some(ip))
        })
    }

    /// Something was said from an address on which one machine says one thing. Two addresses of one MAC that say two
    /// things may be two machines.
    #[allow(clippy::too_many_arguments)] // One sighting, taken apart; a struct of these would be named after nothing.
    pub(super) fn hear_voice(
        &mut self,
        id: DeviceId,
        segment: SegmentId,
        mac: Mac,
        ip: IpAddr,
        topic: Topic,
        text: &str,
        now: Instant,
    ) {
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let checked = device.live.faces_checked;
        let Some(interface) = device.interface_mut(segment, Some(mac)) else { return };
        let proxy = *interface.proxy;
        let Some(address) = interface.address_mut(ip) else { return };
        address.voices.say(topic, text);
        let said = address.voices.said(topic);
        if !ip.is_ipv4() || proxy || checked.is_some_and(|last| now.saturating_duration_since(last) < FACE_AGAIN) {
            return;
        }
        if voices_of(interface, topic, at) > 2 {
            return;
        }
        let differs = |row: &&Address| row.ip != ip && row.voices.said(topic).is_some_and(|word| Some(word) != said);
        let Some(other) = interface.active_v4(at, TOGETHER).find(differs).map(|row| row.ip) else { return };
        if self.is_disputed(segment, ip) || self.is_disputed(segment, other) {
            return;
        }
        let Some(device) = self.devices.get_mut(&id) else { return };
        device.live.faces_checked = Some(now);
        if let Some(interface) = device.interface_mut(segment, Some(mac)) {
            for row in interface.addresses.iter_mut().filter(|row| row.ip == ip || row.ip == other) {
                // Said again, or not believed: a device just renamed says both for a while. DHCP cannot be asked.
                if !matches!(topic, Topic::DhcpName | Topic::DhcpClient) {
                    row.voices.forget(topic);
                }
            }
        }
        let sides = [(mac, id); 2];
        let said = Dispute::new(ConflictKind::SharedMac, segment, [other, ip], sides, now);
        let dispute = Dispute { topic: Some(topic), ..said };
        let _full = self.disputes.try_push(dispute);
    }

    /// Moves every suspicion on whose time has come.
    pub(super) fn settle_disputes(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(dispute) = self.disputes.get(at) {
            if dispute.next > now || !self.has_room() {
                at += 1;
                continue;
            }
            let mut dispute = dispute.clone();
            let over =
                if dispute.is_mute() { self.end_call(&mut dispute, now) } else { self.end_round(&mut dispute, now) };
            if over {
                self.disputes.take(at);
                if dispute.kind == ConflictKind::SharedMac {
                    // What waited for the verdict: of two machines nothing is proposed.
                    let [device, _] = dispute.devices;
                    self.propose_for(device, now);
                }
                continue;
            }
            if dispute.is_mute() {
                self.call(&mut dispute, now);
            } else {
                self.ask_round(&mut dispute, now);
            }
            if let Some(place) = self.disputes.get_mut(at) {
                *place = dispute;
            }
            at += 1;
        }
    }

    /// Counts the answers of the last round; true when the suspicion is over.
    fn end_round(&mut self, dispute: &mut Dispute, now: Instant) -> bool {
        let own = self.leg(dispute.segment).is_some_and(|leg| dispute.ips.iter().any(|ip| leg.is_own(*ip)));
        let mine = dispute.devices.map(|id| own && self.is_myself(id));
        if dispute.round > 0 {
            for ((answered, heard), mine) in dispute.answered.iter_mut().zip(&mut dispute.heard).zip(mine) {
                // This appliance cannot hear itself on the wire; it does claim its own address.
                *answered += u8::from(core::mem::take(heard) || mine);
            }
        }
        let twice = dispute.answered.iter().all(|answered| *answered >= 2);
        let rounds = if dispute.kind == ConflictKind::SharedAddress { ROUNDS } else { FACE_ROUNDS };
        let ripe = match dispute.kind {
            ConflictKind::SharedAddress => dispute.round >= DECOY_ROUNDS,
            ConflictKind::SharedMac => self.two_faces(dispute).is_some() || dispute.round >= rounds,
        };
        if !(ripe && twice) && dispute.round < rounds {
            return false;
        }
        if twice {
            self.decide(dispute, now);
        }
        true
    }

    fn ask_round(&mut self, dispute: &mut Dispute, now: Instant) {
        dispute.round += 1;
        let segment = dispute.segment;
        // What a side was seen with and somebody else uses shows best whether it answers for others.
        let sides = dispute.devices.iter().zip(&dispute.macs);
        let held =
            sides.filter_map(|(id, mac)| self.devices.get(id)?.interface(segment, Some(*mac)).map(|row| (*id, row)));
        let held = held.flat_map(|(id, row)| row.addresses.iter().map(move |address| (id, address.ip)));
        let shared = held.filter(|(id, ip)| !dispute.ips.contains(ip) && self.is_used_by_other(segment, *ip, *id));
        let shared: heapless::Vec<IpAddr, DECOYS> = shared.map(|(_, ip)| ip).take(DECOYS).collect();
        let mut ask = |query| self.outbox.push(Action::Probe(Probe { segment, query }));
        let [a, b] = dispute.ips;
        ask(who_has(a, None));
        match dispute.kind {
            ConflictKind::SharedAddress => {
                dispute.next = now + ROUND_PAUSE;
                shared.iter().for_each(|ip| ask(who_has(*ip, None)));
                if dispute.round <= DECOY_ROUNDS {
                    dispute.decoys.iter().for_each(|decoy| ask(who_has(*decoy, None)));
                }
            }
            ConflictKind::SharedMac => {
                dispute.next = now + FACE_PAUSE;
                ask(who_has(b, None));
                for ip in dispute.ips {
                    if let Some(query) = dispute.topic.and_then(|topic| ask_topic(topic, ip)) {
                        ask(query);
                    }
                }
            }
        }
    }
}

/// How many machines speak through one MAC: a repeater hides all behind it, and is no conflict.
fn voices_of(interface: &Interface, topic: Topic, at: Moment) -> usize {
    let mut said: heapless::Vec<u32, { crate::limits::MAX_ADDRESSES }> =
        interface.active_v4(at, TOGETHER).filter_map(|row| row.voices.said(topic)).collect();
    said.sort_unstable();
    said.chunk_by(|a, b| a == b).count()
}

/// How to ask again on a subject; DHCP cannot be asked.
fn ask_topic(topic: Topic, ip: IpAddr) -> Option<Query> {
    let v4 = match ip {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    };
    match topic {
        Topic::MdnsName => Some(Query::MdnsReverse { ip }),
        Topic::NbnsName => v4.map(|ip| Query::NetbiosStatus { ip }),
        Topic::LlmnrName => v4.map(|ip| Query::LlmnrReverse { ip }),
        Topic::SnmpName | Topic::Serial => Some(Query::Snmp { ip }),
        Topic::SshKey => Some(Query::Greeting { ip, port: 22 }),
        Topic::DhcpName | Topic::DhcpClient => None,
    }
}

impl Device {
    pub(super) fn shares_identifier(&self, other: &Self) -> bool {
        self.kept.stable.iter().any(|row| other.kept.stable.iter().any(|its| its.id == row.id && its.text == row.text))
    }
}
