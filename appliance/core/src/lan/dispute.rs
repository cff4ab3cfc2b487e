//! Holds suspected conflicts while they are verified, and open ones while they last.
//! Never believes one frame: each side must answer twice, and neither may answer for a third party's address too.
//! Called by `Lan` for every claim of an address and every word said from one.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::change::ChangeKind;
use super::conflict::{Conflict, ConflictKind};
use super::device::{Device, DeviceId};
use super::input::Action;
use super::interface::{Address, Interface, Way};
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::{Placed, who_has};
use super::probe::{Probe, Query};
use super::proxy::PROXY_ADDRESSES;
use super::sighting::{Role, Source, StableId};
use super::twin::Twins;
use super::voice::{Topic, hash32};
use crate::limits::{MAX_REASON_BYTES, MAX_WORD_BYTES};
use crate::{Moment, Text};

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
/// An open conflict is asked about this often.
const RECHECK: Duration = Duration::from_secs(60);
/// The same once a side was silent, each time by unicast as well.
const RECHECK_SILENT: Duration = Duration::from_secs(15);
/// Silence that closes it. While one side answers and the other does not, each check counts [`ONE_SILENT`]: two and a half
/// minutes, in which at 20 % loss each way one in a million machines is silent by chance. While neither answers it is as
/// likely that they sleep or cannot be reached, so each counts one: ten minutes.
const ENOUGH_SILENCE: u8 = 40;
const ONE_SILENT: u8 = 4;

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
        self.disputes.iter().any(|dispute| concerns(dispute) && !dispute.is_mute())
            || self.conflicts.iter().any(|row| row.closed.is_none() && row.segment == segment && row.ips.contains(&ip))
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
        self.hear_twin(segment, mac, ip);
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
        let myself = |id| {
            own && self
                .devices
                .get(&id)
                .is_some_and(|device| device.kept.roles.iter().any(|row| row.role == Role::Myself))
        };
        let mine = dispute.devices.map(myself);
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

    /// What each address of a MAC says, when both have spoken.
    fn two_faces(&self, dispute: &Dispute) -> Option<[u32; 2]> {
        let topic = dispute.topic?;
        let device = self.devices.get(dispute.devices.first()?)?;
        let interface = device.interface(dispute.segment, dispute.macs.first().copied())?;
        let [a, b] = dispute.ips;
        Some([interface.address(a)?.voices.said(topic)?, interface.address(b)?.voices.said(topic)?])
    }

    fn decide(&mut self, dispute: &Dispute, now: Instant) {
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
    pub(super) fn mark_proxy(&mut self, segment: SegmentId, mac: Mac, now: Instant) {
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
        let taken: heapless::Vec<IpAddr, { crate::limits::MAX_ADDRESSES }> =
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
        let foreign: heapless::Vec<Ipv4Addr, { crate::limits::MAX_ADDRESSES }> =
            interface.addresses.iter().filter(foreign).filter_map(super::proxy::v4_of).collect();
        for ip in &foreign {
            interface.answer_for(*ip, false, at);
        }
        self.holders.retain(|(on, ip), held| {
            let theirs = matches!(ip, IpAddr::V4(ip) if foreign.contains(ip));
            *on != segment || held.device != id || held.mac != Some(mac) || !theirs
        });
        self.outbox.mark(device, true, true);
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

    pub(super) fn open_conflict(&mut self, dispute: &Dispute, evidence: Text<MAX_REASON_BYTES>, now: Instant) {
        let at = self.moment(now);
        let [a, b] = dispute.devices;
        for id in dispute.devices {
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.contested = true;
                device.live.confidence = device.identity_confidence(at);
                self.outbox.mark(device, false, true);
            }
        }
        let [x, y] = dispute.ips;
        let [m, n] = dispute.macs;
        let about = match dispute.kind {
            ConflictKind::SharedAddress => About::device(b).from(m).to(n),
            ConflictKind::SharedMac => About::device(a).from(x).to(y),
        };
        let row = Conflict {
            kind: dispute.kind,
            segment: dispute.segment,
            ips: dispute.ips,
            macs: dispute.macs,
            devices: dispute.devices,
            opened: at,
            closed: None,
            evidence: evidence.clone(),
            recheck: now + RECHECK,
            heard: [now; 2],
            checked: now,
            silent: 0,
        };
        let left = self.conflicts.push_or_evict(row, |row| (row.closed.is_none(), row.closed.unwrap_or(row.opened)));
        // With every row open the oldest open one leaves the table; its end is not told.
        let _left = left;
        self.tell(at, ChangeKind::Conflict, about.on(dispute.segment), evidence);
    }

    /// Asks about open conflicts, and closes those of which one side has been silent.
    pub(super) fn watch_conflicts(&mut self, now: Instant) {
        for at in 0..self.conflicts.len() {
            let Some(row) = self.conflicts.get(at) else { return };
            if row.closed.is_some() || row.recheck > now || !self.has_room() {
                continue;
            }
            let up = self.leg(row.segment).is_some_and(super::leg::LegState::may_judge);
            let myself = row.devices.map(|id| {
                let device = self.devices.get(&id);
                device.is_some_and(|device| device.kept.roles.iter().any(|row| row.role == Role::Myself))
            });
            let Some(row) = self.conflicts.get_mut(at) else { return };
            row.recheck = now + RECHECK;
            if !up {
                row.checked = now;
                continue;
            }
            let checked = row.checked;
            let answers = [0, 1].map(|side| {
                let heard = row.heard.get(side).is_some_and(|heard| *heard >= checked);
                heard || myself.get(side).is_some_and(|mine| *mine)
            });
            row.silent = match answers {
                [true, true] => 0,
                [false, false] => row.silent.saturating_add(1),
                _ => row.silent.saturating_add(ONE_SILENT),
            };
            row.checked = now;
            if row.silent >= ENOUGH_SILENCE {
                self.close_conflict(at, now);
                continue;
            }
            let (segment, ips, macs) = (row.segment, row.ips, row.macs);
            if row.silent > 0 {
                row.recheck = now + RECHECK_SILENT;
            }
            let mut ask = |query| self.outbox.push(Action::Probe(Probe { segment, query }));
            for ((ip, mac), answers) in ips.into_iter().zip(macs).zip(answers) {
                ask(who_has(ip, None));
                if !answers {
                    ask(who_has(ip, Some(mac)));
                }
            }
        }
    }

    fn close_conflict(&mut self, at: usize, now: Instant) {
        let moment = self.moment(now);
        let Some(row) = self.conflicts.get_mut(at) else { return };
        row.closed = Some(moment);
        let row = row.clone();
        let (a, b) = (row.devices[0], row.devices[1]);
        let silent = row.heard.iter().map(|heard| now.saturating_duration_since(*heard)).max().unwrap_or(Duration::MIN);
        for id in row.devices {
            let still = self.conflicts.iter().any(|other| other.closed.is_none() && other.devices.contains(&id));
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.contested = still;
                device.live.confidence = device.identity_confidence(moment);
                self.outbox.mark(device, false, true);
            }
        }
        let about = match row.kind {
            ConflictKind::SharedAddress => About::device(b).from(row.macs[0]).to(row.macs[1]),
            ConflictKind::SharedMac => About::device(a).from(row.ips[0]).to(row.ips[1]),
        };
        let evidence = Text::format(format_args!("one side has not answered for {} s", silent.as_secs()));
        self.tell(moment, ChangeKind::ConflictCleared, about.on(row.segment), evidence);
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

    pub(super) fn shares_identifier(&self, other: &Self) -> bool {
        self.kept.stable.iter().any(|row| other.kept.stable.iter().any(|its| its.id == row.id && its.text == row.text))
    }
}
