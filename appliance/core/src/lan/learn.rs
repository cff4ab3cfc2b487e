//! Holds what a device is known by: names, clues, identifiers, roles, and the fields fused from them.
//! Never lets an empty word in, nor a hostile one past its bound. Called by `Lan` for each sighting that says something.

use embassy_time::{Duration, Instant};

use super::SegmentId;
use super::allowance::Allowance;
use super::believe::{Maker, is_single};
use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::field::{Field, Offer, Standing, standing};
use super::fuse::{Belief, Group, fade};
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::Placed;
use super::record::{ClueRow, NameRow, RoleRow, StableRow};
use super::rule::Verdict;
use super::sighting::{Clue, Fact, Role, Sighting, Source, StableId};
use super::voice::Topic;
use crate::limits::{MAX_NAME_BYTES, MAX_REASON_BYTES, MAX_WORD_BYTES};
use crate::{Moment, Text};

/// A name is another spell of itself after so long without it: a device renamed back is renamed again.
const SPELL: Duration = Duration::from_secs(10 * 60);
/// A new name of the same source stands once the old one was not repeated for so long: a device with two names has both.
pub(super) const RENAME_AFTER: Duration = Duration::from_secs(30);
/// Clues come in bursts; the rules are asked once the burst is over.
const JUDGE_AFTER: Duration = Duration::from_millis(300);
/// A word replaced by another one on the same subject and not repeated for a day is out of date.
const OUTDATED: Duration = Duration::from_secs(24 * 3_600);
/// A kind found sooner than this after the device was first judged is a refinement, not a change.
const KIND_STANDS: Duration = Duration::from_secs(10 * 60);
/// Names, makers and identifiers count half after this long unrepeated.
pub(super) const IDENTITY_HALF: Duration = Duration::from_secs(7 * 24 * 3_600);

impl<J: Judge> Lan<J> {
    pub(super) fn learn(&mut self, placed: Placed, seen: &Sighting<'_>, now: Instant) {
        let id = placed.device;
        let at = self.moment(now);
        let allowed = Allowance::among(self.devices.len());
        // An identifier heard from two machines at once would make one device of them, now or when they part.
        let is_one = !matches!(seen.fact, Fact::Stable(..)) || !self.may_be_twins(id, at);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let changed = match seen.fact {
            Fact::Alive | Fact::Answered(_) | Fact::Claims | Fact::Carried => return,
            Fact::Name(name) => device.learn_name(name, seen.source, allowed.names, at),
            Fact::Clue(clue, text) => device.learn_clue(clue, text, seen.source, allowed.clues, at),
            Fact::Port { port, open } => {
                self.learn_port(id, port, open, seen.source, now);
                return;
            }
            Fact::Stable(sort, text) => is_one && device.learn_stable(sort, text, seen.source, at),
            Fact::Role(role) => device.learn_role(role, at),
            Fact::Goodbye => {
                self.goodbye(id, now);
                return;
            }
        };
        if changed {
            device.live.unsaved = true;
            let judge = now + JUDGE_AFTER;
            device.live.judge.get_or_insert(judge);
            self.outbox.mark(device, false, true);
        }
        match seen.fact {
            Fact::Name(_) => {
                self.choose_hostname(id, now);
                if changed {
                    self.propose_for(id, now);
                }
            }
            Fact::Stable(sort, text) if is_one && !self.is_said_by_its_owner(id, seen, sort, text) => {
                self.recognise(id, sort, text, now);
            }
            Fact::Role(Role::DhcpServer) => self.check_rogue(id, seen.segment, now),
            _ => {}
        }
        if let (Some(mac), Some(ip), Some((topic, text))) = (placed.mac, placed.ip, Topic::of(seen.source, &seen.fact))
        {
            self.hear_voice(id, seen.segment, mac, ip, topic, text, now);
        }
    }

    /// Chooses the best name, and tells when the same source replaced it.
    pub(super) fn choose_hostname(&mut self, id: DeviceId, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        if device.kept.hostname.as_ref().is_some_and(|name| name.source == Source::Person) {
            return;
        }
        let Some((name, source, said)) = device.best_name(now, at) else { return };
        let confidence = device.name_confidence(&name, said);
        let offered = offer(&mut device.kept.hostname, name.clone(), source, confidence, said);
        let Offer::Replaced(old, before) = offered else { return };
        self.outbox.mark(device, true, true);
        let told = before == source && !old.eq_ignore_ascii_case(&name) && device.live.tentative.is_none();
        if told {
            let evidence = Text::format(format_args!("{} says so and no longer the old name", source.name()));
            self.tell(at, ChangeKind::HostnameChanged, About::device(id).from(old).to(name), evidence);
        }
    }

    /// Asks the rules, and fuses kind, system, maker and reasons.
    pub(super) fn judge_device(&mut self, id: DeviceId, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        device.live.judge = None;
        // Two machines speak as one while a conflict is open: what was made of the first stands until it is over.
        if device.live.contested && device.kept.kind.is_some() {
            return;
        }
        let mut verdict = Verdict::default();
        self.judge.judge(&**device, &mut verdict);
        let (vendor, agreed) = device.best_vendor(at);
        let mut changes: heapless::Vec<(ChangeKind, About, Text<MAX_REASON_BYTES>), 2> = heapless::Vec::new();
        let settled = device.live.kind_since.is_some_and(|since| now.saturating_duration_since(since) >= KIND_STANDS);
        if let Some(Maker { name, source, confidence, said }) = vendor {
            let offered = offer(&mut device.kept.vendor, name.clone(), source, confidence, said);
            if let Offer::Replaced(old, _) = offered.by(source) {
                let evidence = Text::format(format_args!("{} says so now", source.name()));
                let _two = changes.push((ChangeKind::VendorChanged, About::device(id).from(old).to(name), evidence));
            }
        }
        let witness = verdict.reasons.first().map_or(Source::Arp, |reason| reason.source);
        let old_kind = device.kind();
        let kind = Field::offer_as(
            &mut device.kept.kind,
            verdict.kind,
            witness,
            Standing::Always,
            (verdict.kind_confidence, at),
        );
        if settled && matches!(kind, Offer::Replaced(..)) {
            let why = verdict.reasons.first().map_or("", |reason| reason.text.as_str());
            let about = About::device(id).from(old_kind).to(verdict.kind);
            let _two = changes.push((ChangeKind::KindChanged, about, Text::cut(why)));
        }
        if matches!(kind, Offer::Replaced(..) | Offer::Filled) {
            self.outbox.mark(device, true, true);
        }
        device.live.kind_since.get_or_insert(now);
        Field::offer_as(&mut device.kept.os, verdict.os, witness, Standing::Always, (verdict.os_confidence, at));
        device.gather_reasons(&verdict.reasons, agreed, at);
        device.live.confidence = device.identity_confidence(at);
        self.outbox.mark(device, false, true);
        if device.live.tentative.is_none() {
            for (kind, about, evidence) in changes {
                self.tell(at, kind, about, evidence);
            }
        }
    }

    /// A DHCP server that nobody named is told once.
    pub(super) fn check_rogue(&mut self, id: DeviceId, segment: SegmentId, now: Instant) {
        let at = self.moment(now);
        let gateway = self.leg(segment).and_then(|leg| leg.gateway);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let serves = |role: Role| device.kept.roles.iter().any(|row| row.role == role);
        let holds = |ip| device.kept.interfaces.iter().any(|interface| interface.address(ip).is_some());
        let named = gateway.is_some_and(holds)
            || self.settings.dhcp_servers.iter().any(|ip| holds(*ip))
            || serves(Role::Gateway)
            || serves(Role::Myself)
            || device.kept.trust == super::Trust::Trusted;
        if !serves(Role::DhcpServer) || named || device.kept.rogue_told || device.live.tentative.is_some() {
            return;
        }
        device.kept.rogue_told = true;
        self.outbox.mark(device, true, true);
        let ip = device.ip();
        let evidence = match gateway {
            Some(gateway) => {
                Text::format(format_args!("offers leases; neither the gateway {gateway} nor a server you named"))
            }
            None => Text::format(format_args!("offers leases; no server you named")),
        };
        let about = About::device(id).on(segment);
        let about = match ip {
            Some(ip) => about.to(ip),
            None => about,
        };
        self.tell(at, ChangeKind::RogueDhcp, about, evidence);
    }

    /// Whoever holds the gateway's address is the gateway.
    pub(super) fn note_gateway(&mut self, id: DeviceId, segment: SegmentId, now: Instant) {
        let at = self.moment(now);
        let Some(gateway) = self.leg(segment).and_then(|leg| leg.gateway) else { return };
        let holder = self.holders.get(&(segment, gateway)).map(|holder| holder.device);
        if holder != Some(id) {
            return;
        }
        let Some(device) = self.devices.get_mut(&id) else { return };
        if device.learn_role(Role::Gateway, at) {
            device.live.judge.get_or_insert(now + JUDGE_AFTER);
        }
    }
}

/// Offers a value that was chosen among all sources already; hearsay never gets here while a better word is known.
fn offer<const MAX: usize>(
    place: &mut Option<Field<Text<MAX>>>,
    value: Text<MAX>,
    source: Source,
    confidence: f32,
    at: Moment,
) -> Offer<Text<MAX>> {
    Field::offer_as(place, value, source, Standing::Always, (confidence, at))
}

/// Whether a name says nothing of the device that bears it.
fn is_no_name(name: &str) -> bool {
    let empty = name.is_empty() || name.bytes().all(|byte| !byte.is_ascii_alphanumeric());
    let loopback = ["localhost", "localhost.localdomain", "unknown", "none", "(none)", "null", "*"];
    empty || loopback.iter().any(|word| name.eq_ignore_ascii_case(word)) || name.parse::<core::net::IpAddr>().is_ok()
}

/// How much the name of a source is worth beside that of another. Hearsay is below every word of the device itself.
const fn name_rank(source: Source) -> u8 {
    let rank = match source {
        Source::Person => 100,
        Source::Inventory => 90,
        Source::Mdns => 80,
        Source::Dhcp => 75,
        Source::Lease => 72,
        Source::Nbns => 70,
        Source::Llmnr => 66,
        Source::Snmp => 64,
        Source::Wsd => 60,
        Source::Ssdp => 50,
        Source::Tailscale => 45,
        Source::Dns => 40,
        Source::Ssh | Source::Http | Source::Rtsp | Source::Banner => 25,
        Source::Tls => 20,
        Source::Arp | Source::Nd | Source::Neighbour | Source::Icmp | Source::Tcp => 10,
    };
    match standing(source) {
        Standing::Always => 100 + rank,
        Standing::IfEmpty => rank,
    }
}

/// How much a name of this source proves by itself.
const fn name_weight(source: Source) -> f32 {
    match source {
        Source::Person | Source::Inventory => 0.95,
        Source::Mdns | Source::Dhcp | Source::Lease => 0.7,
        Source::Nbns | Source::Snmp => 0.6,
        Source::Llmnr | Source::Wsd | Source::Ssdp | Source::Tailscale => 0.5,
        Source::Dns => 0.4,
        _ => 0.2,
    }
}

/// The age of something of an earlier boot, for which nobody can say: a day.
const EARLIER_BOOT: Duration = OUTDATED;

pub(super) fn age(of: Moment, at: Moment) -> Duration {
    if of >= at { Duration::MIN } else { of.age(at).unwrap_or(EARLIER_BOOT) }
}

impl Device {
    /// Takes note of a name, of at most `room`; true when it is a new one.
    pub(super) fn learn_name(&mut self, name: &str, source: Source, room: usize, at: Moment) -> bool {
        let name = name.trim().trim_end_matches('.');
        if is_no_name(name) {
            return false;
        }
        let same = |row: &&mut NameRow| row.source == source && row.name.eq_ignore_ascii_case(name);
        if let Some(row) = self.kept.names.iter_mut().find(same) {
            if row.last_seen.age(at).is_none_or(|age| age > SPELL) {
                row.since = at;
            }
            row.last_seen = at;
            return false;
        }
        let row = NameRow { source, name: Text::cut(name), first_seen: at, last_seen: at, since: at };
        let shown = self.kept.hostname.as_ref().map(|field| (field.source, field.value.clone()));
        self.kept.names.push_within(room, row, |row| {
            let is_shown = shown.as_ref().is_some_and(|(source, name)| *source == row.source && **name == *row.name);
            (is_shown, row.last_seen)
        });
        true
    }

    /// Forgets the names and clues that came when another machine spoke for this device as well, since shortly before `opened`:
    /// what is its own is said again. The name it is shown by stays.
    pub(super) fn forget_the_others_words(&mut self, opened: Moment) {
        let is_older = |first_seen: Moment| {
            first_seen < opened && first_seen.age(opened).is_none_or(|age| age > super::dispute::TOGETHER)
        };
        let shown = self.kept.hostname.as_ref().map(|field| &field.value);
        self.kept.names.retain(|row| is_older(row.first_seen) || shown.is_some_and(|name| **name == *row.name));
        self.kept.clues.retain(|row| is_older(row.first_seen) || row.clue == Clue::MacVendor);
        self.live.unsaved = true;
    }

    /// Takes note of what it says about itself, of at most `room`; true when it is new.
    fn learn_clue(&mut self, clue: Clue, text: &str, source: Source, room: usize, at: Moment) -> bool {
        let text = text.trim();
        let random = self.kept.interfaces.iter().all(|interface| interface.random);
        if text.is_empty() || (clue == Clue::MacVendor && random) {
            return false;
        }
        let text: Text<MAX_WORD_BYTES> = Text::cut(text);
        let mut known = false;
        for row in self.kept.clues.iter_mut() {
            if row.source == source && row.clue == clue && row.text == text {
                row.last_seen = at;
                known = true;
            }
        }
        if known {
            return self.has_another_maker(source, clue, &text);
        }
        if is_single(clue) {
            let fresh = |row: &ClueRow| row.last_seen.age(at).is_some_and(|age| age < OUTDATED);
            self.kept.clues.retain(|row| row.source != source || row.clue != clue || fresh(row));
        }
        let row = ClueRow { source, clue, text, first_seen: at, last_seen: at };
        self.kept.clues.push_within(room, row, |row| row.last_seen);
        true
    }

    fn learn_stable(&mut self, id: StableId, text: &str, source: Source, at: Moment) -> bool {
        let text: Text<MAX_WORD_BYTES> = Text::cut(text.trim());
        if text.is_empty() {
            return false;
        }
        if let Some(row) = self.kept.stable.iter_mut().find(|row| row.id == id && row.text == text) {
            row.last_seen = at;
            return false;
        }
        self.kept
            .stable
            .push_or_evict(StableRow { id, text, source, first_seen: at, last_seen: at }, |row| row.last_seen);
        true
    }

    pub(super) fn learn_role(&mut self, role: Role, at: Moment) -> bool {
        if let Some(row) = self.kept.roles.iter_mut().find(|row| row.role == role) {
            row.last_seen = at;
            return false;
        }
        // There are fewer roles than rows.
        self.kept.roles.try_push(RoleRow { role, last_seen: at }).is_ok()
    }

    /// The name to show: of the best source, the one that stands.
    fn best_name(&mut self, now: Instant, at: Moment) -> Option<(Text<MAX_NAME_BYTES>, Source, Moment)> {
        let held = self.kept.hostname.as_ref().map(|field| (field.source, field.value.clone()));
        let source = self.kept.names.iter().map(|row| row.source).max_by_key(|source| name_rank(*source))?;
        let newest = self.kept.names.iter().filter(|row| row.source == source).max_by_key(|row| row.last_seen)?;
        let standing = self.kept.names.iter().find(|row| {
            row.source == source
                && held.as_ref().is_some_and(|(held, name)| *held == source && row.name.eq_ignore_ascii_case(name))
        });
        let newest_name = Some((Text::cut(&newest.name), source, newest.last_seen));
        self.live.renamed = None;
        let Some(standing) = standing.filter(|standing| standing.name != newest.name) else {
            return newest_name;
        };
        let standing_name = Some((Text::cut(&standing.name), source, standing.last_seen));
        // The old name was repeated since the new one appeared: the device has both, and keeps the first.
        let both = standing.last_seen >= newest.since;
        if both {
            return standing_name;
        }
        let stands_since = newest.since.age(at);
        if stands_since.is_none_or(|age| age >= RENAME_AFTER) {
            return newest_name;
        }
        let waited = stands_since.unwrap_or_default();
        self.live.renamed = Some(now + (RENAME_AFTER - waited));
        standing_name
    }

    fn name_confidence(&self, name: &str, at: Moment) -> f32 {
        let mut belief = Belief::none();
        let mut others = 0.0;
        for row in self.kept.names.iter() {
            let weight = name_weight(row.source) * fade(age(row.last_seen, at), IDENTITY_HALF);
            if row.name.eq_ignore_ascii_case(name) {
                belief.hear(Group::of(row.source), weight);
            } else {
                others += weight * 0.15;
            }
        }
        (belief.confidence() - others).max(0.05)
    }
}
