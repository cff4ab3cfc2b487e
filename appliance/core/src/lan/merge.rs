//! Holds how two devices become one and how that is undone.
//! Never merges because of an address or a name: only a person's word, or an identifier that survives both.
//! Called by `Lan` when an identifier is heard from two devices, and by edits.

use alloc::boxed::Box;

use embassy_time::Instant;

use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::edit::Refusal;
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::Holder;
use super::presence::{Presence, Told};
use super::record::{Merge, Relation};
use super::sighting::{Sighting, StableId};
use super::union::undo;
use super::voice::hash64;
use crate::Text;
use crate::limits::{MAX_MERGES, MAX_REASON_BYTES};

impl<J: Judge> Lan<J> {
    /// An identifier was heard from a device. When another one has it too, they are one machine, unless something speaks
    /// against it: then a person decides.
    pub(super) fn recognise(&mut self, id: DeviceId, sort: StableId, text: &str, now: Instant) {
        let text: Text<{ crate::limits::MAX_WORD_BYTES }> = Text::cut(text.trim());
        if text.is_empty() {
            return;
        }
        let key = (sort, hash64(&text));
        let has = |device: &Device| device.kept.stable.iter().any(|row| row.id == sort && row.text == text);
        let before = self.stable.get(&key).copied().filter(|other| self.device(*other).is_some_and(has));
        let Some(other) = before.filter(|other| *other != id) else {
            self.stable.insert(key, id);
            return;
        };
        let (Some(one), Some(two)) = (self.devices.get(&id), self.devices.get(&other)) else { return };
        if one.live.tentative.is_some() || two.live.tentative.is_some() {
            return;
        }
        let known = one.kept.relation(other).or(two.kept.relation(id));
        let against = if known.is_some() {
            // Told or decided already.
            return;
        } else if one.kept.trust != two.kept.trust {
            // Identifiers are words, and words can be copied: trust is not handed on by them.
            Some("but you trust only one of them")
        } else if one.online() && two.online() && one.contradicts_name(two) {
            Some("but both are here under different names: a copied image?")
        } else {
            None
        };
        let sort = sort_words(sort);
        match against {
            Some(but) => {
                self.propose(id, other, Text::format(format_args!("same {sort} {text}, {but}")), now);
            }
            None => {
                let _done = self.merge(id, other, Text::format(format_args!("same {sort}: {text}")), now);
            }
        }
    }

    /// Whether an identifier came without a MAC from an address that the device known by it has as well: then its owner
    /// said it, and whoever claims the address now is not made one with it by that.
    pub(super) fn is_said_by_its_owner(&self, id: DeviceId, seen: &Sighting<'_>, sort: StableId, text: &str) -> bool {
        let Some(ip) = seen.ip.filter(|_| seen.mac.is_none()) else { return false };
        let text: Text<{ crate::limits::MAX_WORD_BYTES }> = Text::cut(text.trim());
        self.devices.values().filter(|other| other.kept.id != id).any(|other| {
            let says = other.kept.stable.iter().any(|row| row.id == sort && row.text == text);
            let mut legs = other.kept.interfaces.iter().filter(|leg| leg.segment == seen.segment);
            says && legs.any(|leg| leg.address(ip).is_some())
        })
    }

    /// A device known by its address only turns out to be one whose MAC is known.
    pub(super) fn absorb(&mut self, known: DeviceId, by_address: DeviceId, now: Instant) {
        let tentative = |id| self.device(id).is_none();
        if tentative(known) {
            return;
        }
        if tentative(by_address) {
            self.remove(by_address, false);
            return;
        }
        let evidence = Text::cut("known by its address until its MAC was seen with it");
        let _done = self.merge(known, by_address, evidence, now);
    }

    /// Makes one of two devices: the one somebody cares for stays, else the older one.
    pub(super) fn merge(
        &mut self,
        a: DeviceId,
        b: DeviceId,
        evidence: Text<MAX_REASON_BYTES>,
        now: Instant,
    ) -> Option<DeviceId> {
        let age = |id| self.device(id).map(|device| (!device.kept.is_dear(), device.kept.first_seen));
        let (stays, goes) = if age(b)? < age(a)? { (b, a) } else { (a, b) };
        self.merge_into(stays, goes, evidence, now).then_some(stays)
    }

    /// Makes one of two devices; `stays` keeps its id.
    pub(super) fn merge_into(
        &mut self,
        stays: DeviceId,
        goes: DeviceId,
        evidence: Text<MAX_REASON_BYTES>,
        now: Instant,
    ) -> bool {
        let at = self.moment(now);
        if stays == goes || !self.devices.contains_key(&stays) {
            return false;
        }
        let Some(mut gone) = self.remove(goes, true) else { return false };
        gone.count_uptime(now);
        let Some(device) = self.devices.get_mut(&stays) else { return false };
        device.count_uptime(now);
        let mut before = device.kept.clone();
        before.merges.clear();
        let room = MAX_MERGES.saturating_sub(device.kept.merges.len() + 1);
        while gone.kept.merges.len() > room {
            gone.kept.merges.take(0);
        }
        let told = device.kept.told;
        let union = before.union(&gone.kept);
        let merges = core::mem::take(&mut device.kept.merges);
        device.kept = union;
        device.kept.merges = merges;
        let merge = Merge { at, before: Box::new(before), absorbed: Box::new(gone.kept) };
        if device.kept.merges.len() >= MAX_MERGES {
            device.kept.merges.take(0);
        }
        // There is room: made above.
        let _room = device.kept.merges.try_push(merge);
        if gone.live.vigil.heard > device.live.vigil.heard {
            device.live.vigil = gone.live.vigil;
            device.live.vigil.ladder = None;
            device.live.vigil.counted = Some(now);
            device.live.answer = gone.live.answer.or(device.live.answer);
        }
        for (mine, its) in device.live.heard.iter_mut().zip(gone.live.heard) {
            *mine = (*mine).max(its);
        }
        device.live.judge = Some(now);
        device.live.vigil.ladder = None;
        self.climbing.remove(&stays);
        device.kept.told = told;
        self.outbox.mark(device, true, true);
        device.live.saved = Some(now);
        self.index(stays, now);
        self.tell(at, ChangeKind::Merged, About::device(stays).from(goes).to(stays), evidence);
        self.choose_hostname(stays, now);
        self.reconcile(stays, "heard as the device merged into it", now);
        true
    }

    /// Undoes the last merge of a device. Gives back the device that came out of it.
    pub(super) fn split(&mut self, id: DeviceId, now: Instant) -> Result<DeviceId, Refusal> {
        let at = self.moment(now);
        if self.devices.len() - self.newcomers.len() >= crate::limits::MAX_DEVICES {
            return Err(Refusal::TableFull);
        }
        let Some(device) = self.devices.get_mut(&id).filter(|device| device.live.tentative.is_none()) else {
            return Err(Refusal::NoSuchDevice);
        };
        device.count_uptime(now);
        let Some(merge) = device.kept.merges.take(device.kept.merges.len().wrapping_sub(1)) else {
            return Err(Refusal::NothingToSplit);
        };
        let (mut stays, mut comes) = undo(&device.kept, &merge);
        let other = comes.id;
        if self.devices.contains_key(&other) {
            return Err(Refusal::NothingToSplit);
        }
        let Some(mut whole) = self.remove(id, false) else { return Err(Refusal::NoSuchDevice) };
        stays.merges = core::mem::take(&mut whole.kept.merges);
        stays.relate(other, Relation::Apart);
        comes.relate(id, Relation::Apart);
        // Whoever was heard last goes on as it was; of the other one it must be found out.
        let first_heard = stays.last_seen >= comes.last_seen;
        // The world knows the one that stays as it was told of the whole.
        stays.told = whole.kept.told;
        let (mut first, mut second) = (Device::new(stays), Device::new(comes));
        {
            let (heard, quiet) = if first_heard { (&mut first, &mut second) } else { (&mut second, &mut first) };
            heard.live = whole.live;
            heard.live.queued = super::device::Queued::default();
            heard.live.due = None;
            heard.live.vigil.ladder = None;
            quiet.live.vigil.since = Some(now);
            quiet.live.vigil.counted = Some(now);
            quiet.live.vigil.state =
                if quiet.kept.told == Told::Online { Presence::Unknown } else { Presence::Offline };
        }
        for mut device in [first, second] {
            let own = device.kept.id;
            device.live.judge = Some(now);
            device.live.saved = Some(now);
            self.outbox.mark(&mut device, true, true);
            self.devices.insert(own, Box::new(device));
            self.index(own, now);
            self.choose_hostname(own, now);
        }
        let evidence = Text::cut("you undid the merge");
        self.tell(at, ChangeKind::Split, About::device(id).from(id).to(other), evidence);
        self.reconcile(id, "heard before the merge was undone", now);
        self.reconcile(other, "heard before the merge was undone", now);
        Ok(other)
    }

    /// After a merge or its undoing, presence and what was told of it may differ: who is here is told, who seems gone is
    /// to be asked first.
    fn reconcile(&mut self, id: DeviceId, why: &str, now: Instant) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        let segment = device.home().unwrap_or_default();
        let vigil = &mut device.live.vigil;
        match (vigil.state, device.kept.told) {
            (Presence::Offline, Told::Online) if !vigil.flapping => {
                vigil.state = Presence::Unknown;
                vigil.since = Some(now);
                vigil.clear();
            }
            (Presence::Online | Presence::Suspect, Told::Offline) => {
                self.tell_presence(id, true, segment, now, Text::cut(why));
            }
            _ => {}
        }
        self.reschedule(id);
    }

    /// Enters a device into the tables of interfaces, addresses and identifiers.
    pub(super) fn index(&mut self, id: DeviceId, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get(&id) else { return };
        for interface in device.kept.interfaces.iter() {
            if let Some(mac) = interface.mac {
                self.keys.insert((interface.segment, mac), id);
            }
            for address in interface.addresses.iter() {
                let last = address.last_seen.age(at).map(|age| now - age);
                let key = (interface.segment, address.ip);
                let fresher = self.holders.get(&key).is_none_or(|held| held.last < last);
                // An address of an earlier boot is held by a device known by nothing else.
                if fresher && (last.is_some() || interface.mac.is_none()) {
                    self.holders.insert(key, Holder { device: id, mac: interface.mac, last });
                }
            }
        }
        for row in device.kept.stable.iter() {
            self.stable.entry((row.id, hash64(&row.text))).or_insert(id);
        }
    }

    /// Whether a device is this appliance.
    pub(super) fn is_myself(&self, id: DeviceId) -> bool {
        self.devices.get(&id).is_some_and(|device| device.is_myself())
    }
}

const fn sort_words(sort: StableId) -> &'static str {
    match sort {
        StableId::SshHostKey => "ssh host key",
        StableId::DhcpClient => "dhcp client id",
        StableId::Mdns => "mdns device id",
        StableId::Endpoint => "endpoint id",
        StableId::Upnp => "upnp device name",
        StableId::Serial => "serial number",
        StableId::Tailscale => "tailscale node",
    }
}
