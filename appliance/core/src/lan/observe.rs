//! Holds what one sighting does: presence first, then the address, then what was said.
//! Never takes a word about a device for a sign of life. Called by `Lan` for each sighting.

use embassy_time::{Duration, Instant};

use super::SegmentId;
use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::fuse::Group;
use super::input::{Action, Checked};
use super::interface::Interface;
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::{Placed, is_sign_of_life};
use super::presence::{Patience, Presence, Told};
use super::sighting::{Fact, Sighting, Source};
use super::uptime::Watched;
use crate::Text;

/// Uptime is counted in spells of at least this, so that a chatty device costs nothing.
const COUNT_EVERY: Duration = Duration::from_secs(60);
/// A second frame this long after the first one confirms a newcomer; sooner it may be the same packet told twice.
const SECOND_FRAME: Duration = Duration::from_millis(50);
/// A newcomer is asked the moment it is first heard; no machine answers sooner, another word of the same packet may come.
const QUICKEST_ANSWER: Duration = Duration::from_micros(100);
/// Times alone are saved within this after something else was: until the next sweep has heard everybody.
const RIDE_ALONG: Duration = Duration::from_secs(6 * 60);
/// After a goodbye, so long until the device is asked: an answer to the goodbye itself would prove nothing.
const AFTER_GOODBYE: Duration = Duration::from_secs(4);

impl<J: Judge> Lan<J> {
    pub(super) fn observe(&mut self, seen: &Sighting<'_>, now: Instant) {
        self.counts.sightings += 1;
        let Some(placed) = self.place(seen, now) else {
            self.counts.unplaced += 1;
            return;
        };
        let id = placed.device;
        if is_sign_of_life(seen) {
            self.hold(placed, seen.segment, matches!(seen.fact, Fact::Claims), seen.source, now);
            self.hear(placed, seen, now);
            if matches!(seen.fact, Fact::Claims) {
                self.hear_claim(seen.segment, placed, now);
            }
        }
        if let Some(device) = self.devices.get_mut(&id) {
            let bit = 1 << seen.source as u8;
            if device.kept.sources & bit == 0 {
                device.kept.sources |= bit;
                self.outbox.mark(device, false, true);
            }
        }
        self.learn(placed, seen, now);
        self.reschedule(id);
    }

    /// A device is there: every positive frame of every source says so.
    fn hear(&mut self, placed: Placed, seen: &Sighting<'_>, now: Instant) {
        let id = placed.device;
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let confirmed = match device.live.tentative {
            None => true,
            Some(tentative) => {
                let waited = now.saturating_duration_since(tentative.since);
                let answers = tentative.asked > 0 && matches!(seen.fact, Fact::Claims) && waited >= QUICKEST_ANSWER;
                matches!(seen.fact, Fact::Answered(_)) || answers || waited >= SECOND_FRAME
            }
        };
        if let Some(leg) = self.legs.get_mut(usize::from(seen.segment.0)) {
            leg.hear(id, now);
        }
        device.kept.last_seen = at;
        device.kept.last_source = seen.source;
        if let Some(interface) = device.interface_mut(seen.segment, placed.mac) {
            interface.last_seen = at;
        }
        if let Some(heard) = device.live.heard.get_mut(Group::of(seen.source) as usize) {
            *heard = Some(now);
        }
        if let Fact::Answered(after) = seen.fact {
            device.live.answer = Some((after, now));
        }
        if device.live.tentative.is_some() {
            device.live.vigil.heard = Some(now);
            if confirmed {
                self.confirm(id, seen.segment, now);
            }
            return;
        }
        let before = device.live.vigil.state;
        // Hearing it ends the confirmation, and with it the count of what was asked.
        let asked_before = device.live.vigil.probes_sent;
        device.hear(now, &self.settings);
        let settings = &self.settings;
        let save_due =
            |pause: Duration| device.live.saved.is_none_or(|saved| now.saturating_duration_since(saved) >= pause);
        // Where nothing changes nothing is written: times grow old on the card until there is a reason to write.
        let writing = self.wrote.is_some_and(|wrote| now.saturating_duration_since(wrote) <= RIDE_ALONG);
        let changed = device.live.unsaved && save_due(settings.save_pause);
        if changed || (writing && save_due(settings.refresh_pause)) {
            if changed {
                self.outbox.mark(device, true, false);
            } else {
                self.outbox.refresh(device);
            }
            device.live.saved = Some(now);
            device.live.unsaved = false;
        }
        self.climbing.remove(&id);
        let asked = core::mem::take(&mut device.live.vigil.asked_by_person);
        if before != Presence::Online {
            self.outbox.mark(device, before == Presence::Offline, true);
            let ago = device.live.vigil.last_silence.as_secs();
            let evidence = Text::format(format_args!("heard by {} after {ago} s", seen.source.name()));
            let was_told = device.kept.told;
            if was_told != Told::Online || before == Presence::Offline {
                self.tell_presence(id, true, seen.segment, now, evidence);
            }
        }
        if asked {
            self.answer_check(id, Some(seen.source), asked_before);
        }
    }

    /// Answers the person who waits: who was heard, or nobody, after so many questions.
    pub(super) fn answer_check(&mut self, id: DeviceId, heard: Option<Source>, sent: u16) {
        let Some(device) = self.devices.get(&id) else { return };
        let evidence = match heard.map(Source::name) {
            Some(source) if sent == 1 => Text::format(format_args!("heard by {source} after 1 probe")),
            Some(source) => Text::format(format_args!("heard by {source} after {sent} probes")),
            None => Text::format(format_args!("{sent} probes without an answer")),
        };
        let heard = heard.is_some();
        let answer = device.live.answer.filter(|_| heard).map(|(after, _)| after);
        self.outbox.push(Action::Checked(Checked { device: id, heard, presence: device.presence(), answer, evidence }));
    }

    /// Tells a change of presence, unless the device flaps; then its flapping, once.
    pub(super) fn tell_presence(
        &mut self,
        id: DeviceId,
        online: bool,
        segment: SegmentId,
        now: Instant,
        evidence: Text<{ crate::limits::MAX_REASON_BYTES }>,
    ) {
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let vigil = &mut device.live.vigil;
        let flaps = vigil.flip(now);
        self.outbox.mark(device, true, true);
        device.live.saved = Some(now);
        let vigil = &mut device.live.vigil;
        if vigil.flapping {
            return;
        }
        let about = About::device(id).on(segment);
        let (old, new) = if online { ("offline", "online") } else { ("online", "offline") };
        if flaps {
            vigil.flapping = true;
            let evidence = Text::format(format_args!("3 changes within an hour, {new} now; {evidence}"));
            self.tell(at, ChangeKind::Flapping, about.from(old).to(new), evidence);
            return;
        }
        let (told, kind) =
            if online { (Told::Online, ChangeKind::Online) } else { (Told::Offline, ChangeKind::Offline) };
        if device.kept.told != told {
            device.kept.told = told;
            self.tell(at, kind, about.from(old).to(new), evidence);
        }
    }

    /// A newcomer is real: it is told, and from now on it is a device.
    fn confirm(&mut self, id: DeviceId, segment: SegmentId, now: Instant) {
        if !self.make_room(now) {
            self.remove(id, false);
            return;
        }
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        device.live.tentative = None;
        self.newcomers.retain(|newcomer| *newcomer != id);
        let vigil = &mut device.live.vigil;
        vigil.state = Presence::Online;
        vigil.heard = Some(now);
        vigil.since = Some(now);
        vigil.counted = Some(now);
        device.kept.told = Told::Online;
        device.live.saved = Some(now);
        device.live.judge.get_or_insert(now);
        self.outbox.mark(device, true, true);
        let primary = device.primary();
        let new = match (primary.and_then(|interface| interface.mac), primary.and_then(Interface::ip)) {
            (Some(mac), Some(ip)) => Text::format(format_args!("{mac} {ip}")),
            (Some(mac), None) => Text::format(format_args!("{mac}")),
            (None, Some(ip)) => Text::format(format_args!("{ip}")),
            (None, None) => Text::default(),
        };
        let random = if device.random_mac() { ", random MAC" } else { "" };
        let evidence = Text::format(format_args!("heard by {}{random}", device.kept.last_source.name()));
        self.tell(at, ChangeKind::NewDevice, About { new, ..About::device(id).on(segment) }, evidence);
        self.check_rogue(id, segment, now);
        self.note_gateway(id, segment, now);
        self.propose_for(id, now);
    }

    /// It said goodbye: a reason to ask soon, no proof.
    pub(super) fn goodbye(&mut self, id: DeviceId, now: Instant) {
        let at = now + AFTER_GOODBYE + self.dice.within(AFTER_GOODBYE);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let vigil = &mut device.live.vigil;
        if vigil.state == Presence::Online && vigil.ladder.is_none() && device.live.tentative.is_none() {
            vigil.retry = Some(vigil.retry.map_or(at, |retry| retry.min(at)));
        }
    }
}

impl Device {
    /// Presence and habits after a sign of life.
    fn hear(&mut self, now: Instant, settings: &super::settings::LanSettings) {
        let patience = self.patience(settings);
        let vigil = &mut self.live.vigil;
        let silence = vigil.silence(now);
        vigil.last_silence = silence;
        match vigil.state {
            // It slept through a whole confirmation. One that was merely not asked, or whose one answer was lost, did not.
            Presence::Suspect if vigil.rounds_failed > 0 => self.kept.gaps.learn(silence),
            // Called gone a little too soon: it merely slept, and is to be learnt from. A real absence is not.
            Presence::Offline if silence <= patience.silence * 2 => self.kept.gaps.learn(silence),
            _ => {}
        }
        if vigil.state == Presence::Unknown {
            vigil.counted = Some(now);
        }
        let long = vigil.counted.is_none_or(|counted| now.saturating_duration_since(counted) >= COUNT_EVERY);
        if long || vigil.state == Presence::Offline {
            self.count_uptime(now);
        }
        let vigil = &mut self.live.vigil;
        vigil.state = Presence::Online;
        vigil.heard = Some(now);
        vigil.clear();
    }

    /// Counts uptime up to `now` as what the device is thought to be.
    pub(super) fn count_uptime(&mut self, now: Instant) {
        if let Some((elapsed, state)) = self.live.vigil.uncounted(now) {
            self.kept.uptime.advance(elapsed, state);
            self.live.vigil.counted = Some(now);
        }
    }

    /// The device is found to be gone: the silence before the verdict counts as absence.
    pub(super) fn count_gone(&mut self, now: Instant) {
        let Some(counted) = self.live.vigil.counted else { return };
        let heard = self.live.vigil.heard.unwrap_or(counted).max(counted);
        self.kept.uptime.advance(heard.saturating_duration_since(counted), Watched::Online);
        let absent = if self.live.vigil.state == Presence::Unknown { Watched::Blind } else { Watched::Offline };
        self.kept.uptime.advance(now.saturating_duration_since(heard), absent);
        self.live.vigil.counted = Some(now);
    }

    /// Whether there is an address to ask it at, and nobody forbade it.
    pub(super) fn may_be_asked(&self, settings: &super::settings::LanSettings) -> bool {
        self.kept.interfaces.iter().any(|interface| interface.ip().is_some() && !interface.is_spared(settings))
    }

    pub(super) fn patience(&self, settings: &super::settings::LanSettings) -> Patience {
        let mut patience = Patience::with(self.kind(), self.random_mac(), &self.kept.gaps, settings);
        if !self.may_be_asked(settings) {
            // Nothing is known to ask it at, or a person forbade it: only its own silence speaks.
            patience.silence = settings.longest_silence;
        }
        patience
    }
}
