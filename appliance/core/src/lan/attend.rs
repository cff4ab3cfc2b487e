//! Holds what becomes due for a device: confirmations, judgements, settled names and the like, one timer a device.
//! Never does more in one call than the shell can take: what finds no room stays due. Called by `Lan` at each input.

use embassy_time::{Duration, Instant};

use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::input::Action;
use super::judge::Judge;
use super::machine::{About, Lan};
use super::place::{TENTATIVE, who_has};
use super::presence::{Presence, Told};
use super::probe::{Probe, Query};
use super::settings::LanSettings;
use super::{SegmentId, interface};
use crate::Text;

/// A newcomer is asked at once, then after these pauses; its answer confirms it. Close together at first: a scan that a
/// person waits for is over in two seconds, and where a fifth of the frames is lost one question in three fails.
const NEWCOMER_PAUSES_MS: [u64; 8] = [100, 150, 200, 300, 450, 700, 2_000, 7_000];
/// Asked of a newcomer without a MAC, beside echo.
const WEB_PORT: u16 = 80;
/// Questions whether the current address still stands; nine are all lost once in 10,000 at 20 % loss each way.
const DOUBT_TRIES: u8 = 9;
const DOUBT_PAUSE: Duration = Duration::from_millis(700);

impl<J: Judge> Lan<J> {
    pub(super) fn attend_all(&mut self, now: Instant) {
        while self.has_room() {
            let Some((due, id)) = self.timers.first().copied().filter(|(due, _)| *due <= now) else { return };
            self.timers.remove(&(due, id));
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.due = None;
                self.attend(id, now);
                self.reschedule(id);
            }
        }
    }

    /// Sets the one timer of a device to the first thing that becomes due.
    pub(super) fn reschedule(&mut self, id: DeviceId) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        let due = device.next_due(&self.settings);
        if device.live.due == due {
            return;
        }
        if let Some(before) = core::mem::replace(&mut device.live.due, due) {
            self.timers.remove(&(before, id));
        }
        if let Some(due) = due {
            self.timers.insert((due, id));
        }
    }

    fn attend(&mut self, id: DeviceId, now: Instant) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        if let Some(tentative) = device.live.tentative {
            if now.saturating_duration_since(tentative.since) >= TENTATIVE {
                self.remove(id, false);
            } else {
                self.ask_newcomer(id, now);
            }
            return;
        }
        let live = &mut device.live;
        if live.unsaved && is_due(live.saved.map(|saved| saved + self.settings.save_pause)) {
            live.unsaved = false;
            live.saved = Some(now);
            self.outbox.mark(device, true, false);
        }
        let live = &device.live;
        let (judge, renamed) = (is_due(live.judge), is_due(live.renamed));
        let (retry, climbs) = (is_due(live.vigil.retry), is_due(live.vigil.ladder.map(|ladder| ladder.next)));
        let settled = is_due(live.vigil.settles());
        if renamed {
            self.choose_hostname(id, now);
        }
        if judge {
            self.judge_device(id, now);
        }
        if climbs {
            self.climb(id, now);
        } else if retry {
            self.begin_ladder(id, now);
        }
        if settled {
            self.settle(id, now);
        }
        self.resolve_doubts(id, now);
    }

    fn ask_newcomer(&mut self, id: DeviceId, now: Instant) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(tentative) = &mut device.live.tentative else { return };
        let pause_ms = NEWCOMER_PAUSES_MS.get(usize::from(tentative.asked)).copied();
        tentative.asked = tentative.asked.saturating_add(1);
        let tentative_asked = tentative.asked;
        tentative.next = pause_ms.map_or(tentative.since + TENTATIVE, |pause_ms| now + Duration::from_millis(pause_ms));
        let Some(interface) = device.primary() else { return };
        let (segment, mac) = (interface.segment, interface.mac);
        let up = self.legs.get(usize::from(segment.0)).is_some_and(|leg| leg.up);
        let Some(ip) = interface.ip().filter(|_| up && pause_ms.is_some()) else { return };
        let query = match mac {
            Some(_) => who_has(ip, mac),
            // A firewall may drop echo, so every other time the port is tried that is open on most that have any.
            None if tentative_asked % 2 == 0 => Query::Tcp { ip, mac, port: WEB_PORT },
            None => Query::Echo { ip, mac },
        };
        self.outbox.push(Action::Probe(Probe { segment, query }));
    }

    /// A flapping device has been quiet for an hour: what it is now is told, if it is not what was told last.
    fn settle(&mut self, id: DeviceId, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get_mut(&id) else { return };
        device.live.vigil.flapping = false;
        // That it flapped is not stored; what was told of it is.
        self.outbox.mark(device, false, true);
        let (told, kind, old, new) = match device.live.vigil.state {
            Presence::Offline => (Told::Offline, ChangeKind::Offline, "online", "offline"),
            Presence::Online | Presence::Suspect => (Told::Online, ChangeKind::Online, "offline", "online"),
            Presence::Unknown => return,
        };
        if device.kept.told == told {
            return;
        }
        device.kept.told = told;
        self.outbox.mark(device, true, true);
        let (probes, rounds) = (device.live.vigil.probes_sent, device.live.vigil.rounds_failed);
        let evidence = match told {
            Told::Offline => {
                Text::format(format_args!("settled after flapping; {probes} probes in {rounds} rounds unanswered"))
            }
            _ => Text::cut("settled after flapping"),
        };
        let about = About { segment: device.home(), ..About::device(id) };
        self.tell(at, kind, about.from(old).to(new), evidence);
    }

    /// Asks whether current addresses still stand, and moves on from those that do not.
    fn resolve_doubts(&mut self, id: DeviceId, now: Instant) {
        let at = self.moment(now);
        let mut moved: heapless::Vec<(SegmentId, core::net::Ipv4Addr, core::net::Ipv4Addr), 8> = heapless::Vec::new();
        let Some(device) = self.devices.get_mut(&id) else { return };
        for row in device.kept.interfaces.iter_mut() {
            let interface::Interface { segment, mac, current, doubt, .. } = row;
            let (Some(doubted), Some(old)) = (doubt.as_mut().filter(|doubt| doubt.next <= now), *current) else {
                continue;
            };
            if doubted.asked < DOUBT_TRIES {
                let to = mac.filter(|_| doubted.asked % 2 == 0);
                doubted.asked += 1;
                doubted.next = now + DOUBT_PAUSE;
                self.outbox.push(Action::Probe(Probe { segment: *segment, query: Query::Arp { ip: old, to } }));
            } else {
                *current = Some(doubted.candidate);
                // There are at most eight interfaces.
                let _room = moved.push((*segment, old, doubted.candidate));
                **doubt = None;
            }
        }
        for (segment, old, new) in moved {
            if let Some(device) = self.devices.get_mut(&id) {
                self.outbox.mark(device, true, true);
            }
            let key = (segment, core::net::IpAddr::V4(old));
            if self.holders.get(&key).is_some_and(|holder| holder.device == id) {
                self.holders.remove(&key);
            }
            let evidence = Text::format(format_args!("uses {new}; {old} not answered in {DOUBT_TRIES} tries"));
            self.tell(at, ChangeKind::IpChanged, About::device(id).on(segment).from(old).to(new), evidence);
            self.note_gateway(id, segment, now);
        }
    }

    /// The service ends: nothing observed is to be lost.
    pub(super) fn save_everything(&mut self) {
        for device in self.devices.values_mut() {
            device.count_uptime(self.clock);
            device.live.unsaved = false;
            device.live.saved = Some(self.clock);
            self.outbox.mark(device, true, false);
        }
    }
}

impl Device {
    fn next_due(&self, settings: &LanSettings) -> Option<Instant> {
        let live = &self.live;
        if let Some(tentative) = live.tentative {
            return Some(tentative.next);
        }
        let save = live.saved.filter(|_| live.unsaved).map(|saved| saved + settings.save_pause);
        let ladder = live.vigil.ladder.map(|ladder| ladder.next);
        let retry = live.vigil.retry.filter(|_| ladder.is_none());
        let doubt = self.kept.interfaces.iter().filter_map(|row| row.doubt.map(|doubt| doubt.next)).min();
        [save, ladder, retry, doubt, live.judge, live.renamed, live.vigil.settles()].into_iter().flatten().min()
    }
}
