//! Holds what a person may do to the device table, and why it may be refused.
//! Never holds what the network said. Called by the API through `Lan::edit`.

use alloc::boxed::Box;
use alloc::string::String;
use core::net::IpAddr;

use embassy_time::Instant;
use vigie_wire::Mac;

use super::change::ChangeKind;
use super::device::{Device, DeviceId, Trust};
use super::field::Field;
use super::input::Actions;
use super::interface::Interface;
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::Holder;
use super::record::{DeviceRecord, Relation};
use super::rows::Rows;
use super::sighting::Source;
use super::{Kind, SegmentId};
use crate::Text;
use crate::limits::{MAX_NAME_BYTES, MAX_TAGS};

/// One thing a person does. Texts lose signs that act instead of being seen and are cut to their bounds; empty ones clear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edit<'a> {
    /// A name of their own.
    Label(DeviceId, &'a str),
    /// Whose it is.
    Owner(DeviceId, &'a str),
    /// Notes.
    Notes(DeviceId, &'a str),
    /// All tags, replacing those before.
    Tags(DeviceId, &'a [&'a str]),
    /// What they think of it.
    Trust(DeviceId, Trust),
    /// Whether its comings and goings matter.
    Watch(DeviceId, bool),
    /// Its kind, over every rule; none gives it back to the rules.
    Kind(DeviceId, Option<Kind>),
    /// Its host name, over every source; empty gives it back to the sources.
    Hostname(DeviceId, &'a str),
    /// Adds a device that was not seen yet. It is waited for, and neither online nor told.
    Add {
        /// Where it will be.
        segment: SegmentId,
        /// Its MAC, if known.
        mac: Option<Mac>,
        /// Its address, if known.
        ip: Option<IpAddr>,
        /// Its label.
        label: &'a str,
    },
    /// Forgets a device; when it is heard again, it is new.
    Forget(DeviceId),
    /// Makes one of two devices; the first one stays.
    Merge(DeviceId, DeviceId),
    /// Undoes the last merge of a device; the answer is the device that came out of it. The two are not merged or
    /// proposed again.
    Split(DeviceId),
    /// Says that two proposed devices are two.
    KeepApart(DeviceId, DeviceId),
    /// Asks the device now; the result comes as `Action::Checked`.
    Check(DeviceId),
}

/// Whether a sign, shown anywhere, would do more than be seen: move a cursor, begin a line, turn the writing round (Unicode
/// TR 36). People paste such signs without knowing it, and a list of devices is read in terminals and spreadsheets too.
fn acts(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a person typed into one line, as it is kept.
fn plain<const MAX: usize>(text: &str) -> Text<MAX> {
    let kept: String = text.chars().filter(|letter| !acts(*letter)).collect();
    Text::cut(kept.trim())
}

/// What a person typed into several lines, as it is kept.
fn lines<const MAX: usize>(text: &str) -> Text<MAX> {
    let kept: String = text.chars().filter(|letter| *letter == '\n' || !acts(*letter)).collect();
    Text::cut(kept.trim())
}

/// Why an edit was not done. Nothing changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// No such device.
    NoSuchDevice,
    /// More than `MAX_TAGS` tags.
    TooManyTags,
    /// The MAC names no station, or the segment is none.
    BadAddress,
    /// Neither MAC nor address was given, or a device cannot be merged with itself.
    Meaningless,
    /// There is a device with this MAC or address.
    Taken(DeviceId),
    /// The table is full of devices that somebody cares for or that are online.
    TableFull,
    /// There is no merge to undo.
    NothingToSplit,
    /// The device is this appliance.
    Myself,
    /// No address is known to ask.
    NothingToAsk,
    /// A person said that it is never to be asked.
    Excluded,
    /// The appliance has no leg in its segment at this moment.
    NotConnected,
}

impl<J: Judge> Lan<J> {
    /// Does what a person asks. The answer is the device concerned: the new one, the one that stayed, the one split off.
    ///
    /// # Errors
    /// Why nothing was done.
    pub fn edit(&mut self, now: Instant, edit: Edit<'_>, out: &mut Actions) -> Result<DeviceId, Refusal> {
        let now = self.begin(now);
        let done = self.do_edit(now, edit);
        if let Ok(id) = done {
            self.reschedule(id);
        }
        self.finish(now, out);
        done
    }

    fn do_edit(&mut self, now: Instant, edit: Edit<'_>) -> Result<DeviceId, Refusal> {
        match edit {
            Edit::Label(id, text) => self.say(id, |record| record.label = plain(text)),
            Edit::Owner(id, text) => self.say(id, |record| record.owner = plain(text)),
            Edit::Notes(id, text) => self.say(id, |record| record.notes = lines(text)),
            Edit::Tags(id, tags) => {
                let mut own: Rows<Text<MAX_NAME_BYTES>, MAX_TAGS> = Rows::new();
                for tag in tags.iter().map(|tag| plain(tag)).filter(|tag| !tag.is_empty()) {
                    if !own.contains(&tag) {
                        own.try_push(tag).map_err(|_| Refusal::TooManyTags)?;
                    }
                }
                self.say(id, |record| record.tags = own)
            }
            Edit::Trust(id, trust) => self.say(id, |record| record.trust = trust),
            Edit::Watch(id, watch) => self.say(id, |record| record.watch = watch),
            Edit::Kind(id, kind) => self.set_kind(id, kind, now),
            Edit::Hostname(id, name) => self.set_hostname(id, &plain::<MAX_NAME_BYTES>(name), now),
            Edit::Add { segment, mac, ip, label } => self.add(segment, mac, ip, label, now),
            Edit::Forget(id) => {
                self.known(id)?;
                if self.is_myself(id) {
                    return Err(Refusal::Myself);
                }
                self.remove(id, true);
                Ok(id)
            }
            Edit::Merge(stays, goes) => {
                self.known(stays)?;
                self.known(goes)?;
                if stays == goes {
                    return Err(Refusal::Meaningless);
                }
                if self.is_myself(stays) || self.is_myself(goes) {
                    return Err(Refusal::Myself);
                }
                self.merge_into(stays, goes, Text::cut("you said so"), now);
                Ok(stays)
            }
            Edit::Split(id) => self.split(id, now),
            Edit::KeepApart(a, b) => {
                self.known(b)?;
                if a == b {
                    return Err(Refusal::Meaningless);
                }
                self.say(b, |record| record.relate(a, Relation::Apart))?;
                self.say(a, |record| record.relate(b, Relation::Apart))
            }
            Edit::Check(id) => self.check(id, now),
        }
    }

    fn known(&self, id: DeviceId) -> Result<(), Refusal> {
        self.device(id).map(|_| ()).ok_or(Refusal::NoSuchDevice)
    }

    /// Changes what a person says of a device, and saves it.
    fn say(&mut self, id: DeviceId, change: impl FnOnce(&mut DeviceRecord)) -> Result<DeviceId, Refusal> {
        self.known(id)?;
        let clock = self.clock;
        let device = self.devices.get_mut(&id).ok_or(Refusal::NoSuchDevice)?;
        change(&mut device.kept);
        device.live.saved = Some(clock);
        self.outbox.mark(device, true, true);
        Ok(id)
    }

    fn set_kind(&mut self, id: DeviceId, kind: Option<Kind>, now: Instant) -> Result<DeviceId, Refusal> {
        let at = self.moment(now);
        let old = self.device(id).ok_or(Refusal::NoSuchDevice)?.kind();
        self.say(id, |record| {
            record.kind = kind.map(|value| Field {
                value,
                source: Source::Person,
                confidence: 1.0,
                first_seen: at,
                last_seen: at,
            });
        })?;
        if let Some(device) = self.devices.get_mut(&id) {
            device.live.judge = Some(now);
        }
        if let Some(kind) = kind.filter(|kind| *kind != old && old != Kind::Unknown) {
            self.tell(at, ChangeKind::KindChanged, About::device(id).from(old).to(kind), Text::cut("you said so"));
        }
        Ok(id)
    }

    fn set_hostname(&mut self, id: DeviceId, name: &str, now: Instant) -> Result<DeviceId, Refusal> {
        let at = self.moment(now);
        let name: Text<MAX_NAME_BYTES> = Text::cut(name.trim());
        let old = self.device(id).ok_or(Refusal::NoSuchDevice)?.hostname().map(|field| field.value.clone());
        if name.is_empty() {
            self.say(id, |record| {
                record.names.retain(|row| row.source != Source::Person);
                record.hostname = None;
            })?;
            self.choose_hostname(id, now);
            return Ok(id);
        }
        self.say(id, |record| {
            let value = name.clone();
            record.hostname =
                Some(Field { value, source: Source::Person, confidence: 1.0, first_seen: at, last_seen: at });
        })?;
        if let Some(old) = old.filter(|old| !old.eq_ignore_ascii_case(&name)) {
            let evidence = Text::cut("you said so");
            self.tell(at, ChangeKind::HostnameChanged, About::device(id).from(old).to(name), evidence);
        }
        Ok(id)
    }

    fn add(
        &mut self,
        segment: SegmentId,
        mac: Option<Mac>,
        ip: Option<IpAddr>,
        label: &str,
        now: Instant,
    ) -> Result<DeviceId, Refusal> {
        let at = self.moment(now);
        let leg = self.leg(segment).ok_or(Refusal::BadAddress)?;
        if mac.is_none() && ip.is_none() {
            return Err(Refusal::Meaningless);
        }
        if mac.is_some_and(|mac| !mac.is_station() || mac.is_virtual_router()) || ip.is_some_and(|ip| !leg.is_host(ip))
        {
            return Err(Refusal::BadAddress);
        }
        if let Some(taken) = mac.and_then(|mac| self.keys.get(&(segment, mac)).copied()) {
            if self.device(taken).is_some() {
                return Err(Refusal::Taken(taken));
            }
            // Heard once and not confirmed: the person's word makes it real.
            self.remove(taken, false);
        }
        if let Some(holder) = ip.and_then(|ip| self.holders.get(&(segment, ip)).copied()).filter(|_| mac.is_none()) {
            if self.device(holder.device).is_some() {
                return Err(Refusal::Taken(holder.device));
            }
            self.remove(holder.device, false);
        }
        if !self.make_room(now) {
            return Err(Refusal::TableFull);
        }
        let id = self.fresh_id();
        let mut record = DeviceRecord::new(id, Source::Person, at);
        record.by_hand = true;
        record.sources = 1 << Source::Person as u8;
        record.label = plain(label);
        let mut interface = Interface::new(segment, mac, at);
        interface.random = mac.is_some_and(|mac| self.looks_random(mac));
        if let Some(ip) = ip {
            interface.hold(ip, at);
            if let IpAddr::V4(v4) = ip {
                interface.current = Some(v4);
            }
        }
        let _room = record.interfaces.try_push(interface);
        let mut device = Device::new(record);
        device.live.vigil.since = Some(now);
        device.live.vigil.counted = Some(now);
        device.live.saved = Some(now);
        device.live.judge = Some(now);
        self.outbox.mark(&mut device, true, true);
        self.devices.insert(id, Box::new(device));
        if let Some(mac) = mac {
            self.keys.insert((segment, mac), id);
        } else if let Some(ip) = ip {
            self.holders.insert((segment, ip), Holder { device: id, mac: None, last: None });
        }
        Ok(id)
    }

    /// Begins a confirmation at once, for a person who waits.
    fn check(&mut self, id: DeviceId, now: Instant) -> Result<DeviceId, Refusal> {
        self.known(id)?;
        if self.is_myself(id) {
            return Err(Refusal::Myself);
        }
        let device = self.devices.get_mut(&id).ok_or(Refusal::NoSuchDevice)?;
        if device.ip().is_none() && device.mac().is_none() {
            return Err(Refusal::NothingToAsk);
        }
        let settings = &self.settings;
        if device.ip().is_some() && !device.may_be_asked(settings) {
            return Err(Refusal::Excluded);
        }
        let up = |row: &Interface| self.legs.get(usize::from(row.segment.0)).is_some_and(|leg| leg.up);
        if !device.kept.interfaces.iter().any(up) {
            // Silence would say nothing of the device.
            return Err(Refusal::NotConnected);
        }
        let vigil = &mut device.live.vigil;
        vigil.asked_by_person = true;
        if vigil.ladder.is_none() {
            vigil.probes_sent = 0;
            vigil.retry = Some(now);
        }
        Ok(id)
    }
}
