//! Holds what follows when devices are not heard: misses, blame on the scanner, confirmations and their verdicts.
//! Never calls a device gone on a miss alone, nor when nothing else of its segment was heard. Called by `Lan`.

use embassy_time::{Duration, Instant};

use super::SegmentId;
use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::input::{Action, Leg};
use super::interface::Interface;
use super::judge::Judge;
use super::ladder::{self, Ladder};
use super::leg::Degraded;
use super::machine::{About, Lan};
use super::place::{Holder, who_has};
use super::presence::{Presence, Told};
use super::probe::Probe;
use super::sighting::{Role, Source};
use super::uptime::Watched;
use crate::Text;
use crate::limits::{MAX_LADDERS, MAX_REASON_BYTES};

/// With fewer devices online, more than half may well leave together; then the gateway must be missing too.
const ENOUGH_TO_BLAME: usize = 5;
/// Sweeps without further loss after which what answers is believed to be all there is.
const STEADY_SWEEPS: u8 = 3;
/// The same while neither the gateway nor half of the devices answer: an hour of sweeps.
const STEADY_SWEEPS_UNSURE: u8 = 12;
/// Confirmations in a row in which nothing else was heard either: then the link is to blame.
const VOIDS: u8 = 3;
/// Confirmations of a sweep's missing devices begin within this time, not all at once.
const SPREAD: Duration = Duration::from_secs(5);
/// The longest pause between two confirmations of one device.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// Not heard for longer, when the scanner has recovered: missing.
const QUIET: Duration = Duration::from_secs(300);

impl<J: Judge> Lan<J> {
    pub(super) fn leg_up(&mut self, leg: &Leg<'_>, now: Instant) {
        let segment = leg.segment;
        let Some(state) = self.leg_mut(segment) else { return };
        let was_up = state.up;
        state.raise(leg);
        if !was_up {
            self.resume(segment, now);
        }
        if let Some(mac) = leg.mac.filter(|mac| mac.is_station()) {
            self.know_myself(segment, mac, leg, now);
        }
        let gateway = leg.gateway.and_then(|ip| self.holders.get(&(segment, ip)).map(|holder| holder.device));
        if let Some(id) = gateway {
            self.note_gateway(id, segment, now);
            self.reschedule(id);
        }
    }

    /// The time without a leg counts for nothing: neither as silence nor as uptime.
    pub(super) fn resume(&mut self, segment: SegmentId, now: Instant) {
        for device in self.devices.values_mut().filter(|device| device.home() == Some(segment)) {
            let vigil = &mut device.live.vigil;
            vigil.since = Some(now);
            if let Some(counted) = vigil.counted {
                device.kept.uptime.advance(now.saturating_duration_since(counted), Watched::Blind);
                vigil.counted = Some(now);
            }
        }
    }

    pub(super) fn leg_down(&mut self, segment: SegmentId, now: Instant) {
        let Some(leg) = self.leg_mut(segment) else { return };
        if !core::mem::replace(&mut leg.up, false) {
            return;
        }
        leg.degraded = None;
        leg.sweeping = false;
        self.suspend(segment, now);
    }

    /// Ends every confirmation of a segment without a verdict.
    fn suspend(&mut self, segment: SegmentId, now: Instant) {
        let mut ended: alloc::vec::Vec<DeviceId> = alloc::vec::Vec::new();
        for device in self.devices.values_mut().filter(|device| device.home() == Some(segment)) {
            device.count_uptime(now);
            let vigil = &mut device.live.vigil;
            if vigil.ladder.take().is_some() || vigil.retry.take().is_some() {
                ended.push(device.kept.id);
            }
            vigil.retry = None;
        }
        for id in ended {
            self.climbing.remove(&id);
            let vigil = self.devices.get_mut(&id).map(|device| &mut device.live.vigil);
            let asked =
                vigil.and_then(|vigil| core::mem::take(&mut vigil.asked_by_person).then_some(vigil.probes_sent));
            if let Some(sent) = asked {
                self.answer_check(id, None, sent);
            }
            self.reschedule(id);
        }
    }

    /// The appliance is a device as well; it is there while it looks.
    fn know_myself(&mut self, segment: SegmentId, mac: super::super::Mac, leg: &Leg<'_>, now: Instant) {
        use super::sighting::{Fact, Sighting};
        let at = self.moment(now);
        let before = self.devices.values().find(|device| device.is_myself());
        if let (Some(id), None) = (before.map(|device| device.kept.id), self.keys.get(&(segment, mac))) {
            // Another leg of the same appliance, not another device.
            let leg = Interface::new(segment, Some(mac), at);
            if self.devices.get_mut(&id).is_some_and(|device| device.kept.interfaces.try_push(leg).is_ok()) {
                self.keys.insert((segment, mac), id);
            }
        }
        let ips = leg.addresses.iter().map(|(ip, _)| Some(*ip));
        for ip in ips.chain(leg.addresses.is_empty().then_some(None)) {
            // The kernel itself answers for these, so they are as good as answered.
            let fact = Fact::Answered(Duration::MIN);
            self.observe(&Sighting { segment, source: Source::Neighbour, mac: Some(mac), ip, fact }, now);
        }
        let fact = Fact::Role(Role::Myself);
        self.observe(&Sighting { segment, source: Source::Neighbour, mac: Some(mac), ip: None, fact }, now);
    }

    /// A sweep shows who is there, and first of all whoever sweeps: nobody else tells the appliance of itself. Only the
    /// times move on; that it was heard here would pass for a proof that the link works.
    pub(super) fn see_myself(&mut self, segment: SegmentId, now: Instant) {
        let at = self.moment(now);
        let Some(leg) = self.legs.get(usize::from(segment.0)).filter(|leg| leg.up) else { return };
        let Some(device) = self.devices.values_mut().find(|device| device.is_myself()) else { return };
        device.count_uptime(now);
        device.kept.last_seen = at;
        device.live.vigil.heard = Some(now);
        for row in device.kept.interfaces.iter_mut().filter(|row| row.segment == segment) {
            row.last_seen = at;
            for (ip, _) in &leg.nets {
                if let Some(address) = row.address_mut(*ip) {
                    address.last_seen = at;
                }
                // Its own claim is heard by nobody here: without this, whoever took the address would hold it unasked.
                let holder = Holder { device: device.kept.id, mac: row.mac, last: Some(now) };
                self.holders.insert((segment, *ip), holder);
            }
        }
    }

    /// A whole sweep is over: who was not heard since it began is missed, unless so many are that the scanner is to blame.
    pub(super) fn count_misses(&mut self, segment: SegmentId, began: Instant, now: Instant) {
        let Some(leg) = self.leg(segment).filter(|leg| leg.up) else { return };
        let gateway = leg.gateway;
        let degraded = leg.degraded;
        let gateway_heard = leg.gateway_heard.is_some_and(|at| at >= began);
        let gateway_known = gateway.is_some() && leg.gateway_heard.is_some();
        let heard = |device: &Device| device.live.vigil.heard.is_some_and(|heard| heard >= began);
        let here = || self.devices.values().filter(|device| device.is_watched_on(segment));
        let present = here().filter(|device| heard(device)).count();
        if let Some(degraded) = degraded {
            let expected = here().filter(|device| device.live.vigil.state != Presence::Offline).count();
            self.weigh_recovery(segment, degraded, (present, expected), !gateway_known || gateway_heard, now);
            return;
        }
        let online = here().filter(|device| device.live.vigil.state == Presence::Online).count();
        let missing = here().filter(|device| device.live.vigil.state == Presence::Online && !heard(device)).count();
        let gateway_blames = online >= ENOUGH_TO_BLAME || !gateway_known || !gateway_heard;
        let most = missing * 2 > online && gateway_blames;
        // A silent gateway alone may be off itself; with a third of the others it is the link.
        let with_gateway = self.is_gateway_silent(segment) && missing * 3 > online;
        if missing > 1 && (most || with_gateway) {
            let gateway = match (gateway_known, gateway_heard) {
                (true, true) => "; the gateway answers",
                (true, false) => "; the gateway does not answer",
                (false, _) => "",
            };
            let evidence = Text::format(format_args!("{missing} of {online} devices missing in one sweep{gateway}"));
            self.degrade(segment, present, evidence, now);
            return;
        }
        let missed: alloc::vec::Vec<DeviceId> =
            here().filter(|device| !heard(device) && device.is_expected()).map(|device| device.kept.id).collect();
        for id in missed {
            self.miss(id, now);
        }
    }

    fn miss(&mut self, id: DeviceId, now: Instant) {
        let start = now + self.dice.within(SPREAD);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let vigil = &mut device.live.vigil;
        vigil.misses = vigil.misses.saturating_add(1);
        if vigil.state == Presence::Online {
            vigil.state = Presence::Suspect;
            self.outbox.mark(device, false, true);
        }
        let vigil = &mut device.live.vigil;
        if vigil.ladder.is_none() && vigil.retry.is_none() {
            vigil.retry = Some(start);
        }
        self.reschedule(id);
    }

    /// Blames the scanner: told once, and nobody of the segment is called absent until it has recovered.
    pub(super) fn degrade(&mut self, segment: SegmentId, heard: usize, evidence: Text<MAX_REASON_BYTES>, now: Instant) {
        let Some(leg) = self.leg_mut(segment) else { return };
        if leg.degraded.is_some() {
            return;
        }
        leg.degraded = Some(Degraded { heard, steady: 0 });
        self.suspend(segment, now);
        let about = About::default().on(segment);
        self.tell(self.moment(now), ChangeKind::ScannerDegraded, about, evidence);
    }

    fn weigh_recovery(
        &mut self,
        segment: SegmentId,
        degraded: Degraded,
        (present, expected): (usize, usize),
        gateway_ok: bool,
        now: Instant,
    ) {
        let back = present * 2 >= expected && gateway_ok;
        let steady = if present > 0 && present >= degraded.heard { degraded.steady + 1 } else { 0 };
        let enough = if gateway_ok || present * 2 >= expected { STEADY_SWEEPS } else { STEADY_SWEEPS_UNSURE };
        let Some(leg) = self.leg_mut(segment) else { return };
        if !back && steady < enough {
            leg.degraded = Some(Degraded { heard: present, steady });
            return;
        }
        leg.degraded = None;
        let evidence = if back {
            Text::format(format_args!("{present} of {expected} devices answer again"))
        } else {
            Text::format(format_args!(
                "{present} of {expected} devices answer, the same in {steady} sweeps: the rest is asked now"
            ))
        };
        self.resume(segment, now);
        let about = About::default().on(segment);
        self.tell(self.moment(now), ChangeKind::ScannerRecovered, about, evidence);
        let silent: alloc::vec::Vec<DeviceId> = self
            .devices
            .values()
            .filter(|device| device.is_watched_on(segment) && device.is_expected())
            .filter(|device| device.live.vigil.heard.is_none_or(|heard| now.saturating_duration_since(heard) > QUIET))
            .map(|device| device.kept.id)
            .collect();
        for id in silent {
            self.miss(id, now);
        }
    }

    /// Begins a confirmation whose time has come, if it may.
    pub(super) fn begin_ladder(&mut self, id: DeviceId, now: Instant) {
        let later = now + Duration::from_millis(500) + self.dice.within(Duration::from_secs(2));
        let full = self.climbing.len() >= MAX_LADDERS;
        let Some(device) = self.devices.get_mut(&id) else { return };
        let may = device
            .home()
            .and_then(|home| self.legs.get(usize::from(home.0)))
            .is_some_and(super::leg::LegState::may_judge);
        let vigil = &mut device.live.vigil;
        vigil.retry = None;
        if !may && !vigil.asked_by_person {
            return;
        }
        if full && !vigil.asked_by_person {
            vigil.retry = Some(later);
            return;
        }
        vigil.ladder = Some(Ladder::begin(now));
        self.climbing.insert(id);
        self.counts.confirmations += 1;
    }

    /// Asks the next question of a confirmation, or gives its verdict.
    pub(super) fn climb(&mut self, id: DeviceId, now: Instant) {
        let dice = self.dice.short();
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(mut ladder) = device.live.vigil.ladder else { return };
        if ladder.is_over() {
            self.conclude(id, ladder, now);
            return;
        }
        // The two interfaces seen last are asked; a third one would not be the one that answers.
        let mut newest: heapless::Vec<&Interface, 2> = heapless::Vec::new();
        for interface in device.kept.interfaces.iter() {
            if newest.push(interface).is_err() {
                let oldest = newest.iter_mut().min_by_key(|row| row.last_seen);
                if let Some(oldest) = oldest.filter(|oldest| oldest.last_seen < interface.last_seen) {
                    *oldest = interface;
                }
            }
        }
        let mut sent = 0;
        for interface in newest {
            let up = self.legs.get(usize::from(interface.segment.0)).is_some_and(|leg| leg.up);
            if up && !interface.is_spared(&self.settings) {
                for probe in ladder::questions(ladder.step, interface, &device.kept.ports) {
                    self.outbox.push(Action::Probe(probe));
                    sent += 1;
                }
            }
        }
        let home = device.home();
        let control = ladder.step % 3 == 0;
        ladder.climb(now, dice);
        device.live.vigil.probes_sent = device.live.vigil.probes_sent.saturating_add(sent);
        device.live.vigil.ladder = Some(ladder);
        if let Some(home) = home.filter(|_| control) {
            self.ask_control(id, home);
        }
    }

    /// Asks somebody else of the segment, so that silence can be told from deafness.
    fn ask_control(&mut self, id: DeviceId, segment: SegmentId) {
        let gateway = self.leg(segment).and_then(|leg| leg.gateway);
        let gateway = gateway.filter(|ip| !self.holds(id, (segment, *ip)));
        let others = self.devices.values().filter(|device| {
            let here = device.kept.id != id && device.is_watched_on(segment);
            here && device.live.vigil.state == Presence::Online
        });
        let last = others.max_by_key(|device| device.live.vigil.heard).and_then(|device| device.ip());
        // Both: the gateway may be off itself, and one other may just have left.
        for ip in [gateway, last.filter(|ip| Some(*ip) != gateway)].into_iter().flatten() {
            self.outbox.push(Action::Probe(Probe { segment, query: who_has(ip, None) }));
        }
    }

    fn conclude(&mut self, id: DeviceId, ladder: Ladder, now: Instant) {
        self.climbing.remove(&id);
        let Some(device) = self.devices.get(&id) else { return };
        let home = device.home().unwrap_or_default();
        let others = self.devices.values().any(|other| {
            other.kept.id != id && other.is_watched_on(home) && other.live.vigil.state == Presence::Online
        });
        let leg = self.leg(home);
        let proven = leg.is_some_and(|leg| leg.heard_other_than(id, ladder.began));
        let may = leg.is_some_and(super::leg::LegState::may_judge);
        let jitter = self.dice.within(SPREAD);
        let settings = self.settings.clone();
        let gateway_silent = self.is_gateway_silent(home) && !self.is_gateway(id, home);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let patience = device.patience(&settings);
        let vigil = &mut device.live.vigil;
        vigil.ladder = None;
        let asked = core::mem::take(&mut vigil.asked_by_person).then_some(vigil.probes_sent);
        let pause = settings.confirm_pause + jitter;
        let gone =
            vigil.state == Presence::Offline || (vigil.state == Presence::Unknown && device.kept.told != Told::Online);
        if gone || !may {
            if let Some(sent) = asked {
                self.answer_check(id, None, sent);
            }
            return;
        }
        if gateway_silent {
            // Whether the link or the gateway is to blame is not known yet.
            vigil.retry = Some(now + pause);
        } else if others && !proven {
            vigil.voids = vigil.voids.saturating_add(1);
            vigil.retry = Some(now + pause);
            let voids = vigil.voids;
            if voids >= VOIDS {
                let evidence = Text::format(format_args!("nothing at all was heard during {voids} confirmations"));
                self.degrade(home, 0, evidence, now);
            }
        } else {
            let enough = vigil.misses >= patience.misses;
            vigil.voids = 0;
            vigil.misses = vigil.misses.saturating_add(1);
            vigil.rounds_failed = vigil.rounds_failed.saturating_add(1);
            let silence = vigil.silence(now);
            if enough && silence >= patience.silence {
                self.call_gone(id, home, now);
            } else {
                if vigil.state == Presence::Online {
                    vigil.state = Presence::Suspect;
                    self.outbox.mark(device, false, true);
                }
                let vigil = &mut device.live.vigil;
                // A sleeper is awake now and then for a few minutes: it is asked in each of them.
                let longer = settings.confirm_pause * u32::from(vigil.rounds_failed).clamp(1, 8);
                let left = patience.silence - silence.min(patience.silence);
                let wait = if enough { left.max(settings.confirm_pause) } else { longer }.min(LONGEST_PAUSE);
                vigil.retry = Some(now + wait + jitter);
            }
        }
        if let Some(sent) = asked {
            self.answer_check(id, None, sent);
        }
    }

    fn is_gateway(&self, id: DeviceId, segment: SegmentId) -> bool {
        let holder = self.leg(segment).and_then(|leg| self.holders.get(&(segment, leg.gateway?)));
        holder.is_some_and(|holder| holder.device == id)
    }

    /// Whether the gateway was there and does not answer a confirmation; no longer once it is known to be off.
    fn is_gateway_silent(&self, segment: SegmentId) -> bool {
        let holder = self.leg(segment).and_then(|leg| self.holders.get(&(segment, leg.gateway?)));
        holder.and_then(|holder| self.devices.get(&holder.device)).is_some_and(|gateway| {
            gateway.live.vigil.state == Presence::Suspect && gateway.live.vigil.rounds_failed > 0
        })
    }

    fn call_gone(&mut self, id: DeviceId, segment: SegmentId, now: Instant) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        device.count_gone(now);
        let vigil = &mut device.live.vigil;
        let ago = vigil.silence(now).as_secs();
        let (probes, rounds, misses) = (vigil.probes_sent, vigil.rounds_failed, vigil.misses);
        let last = device.kept.last_source.name();
        let evidence = Text::format(format_args!(
            "{probes} probes in {rounds} rounds unanswered, {misses} misses; last heard by {last} {ago} s ago"
        ));
        vigil.state = Presence::Offline;
        let (rounds, probes) = (vigil.rounds_failed, vigil.probes_sent);
        vigil.clear();
        (vigil.rounds_failed, vigil.probes_sent) = (rounds, probes);
        self.tell_presence(id, false, segment, now, evidence);
        self.propose_around(id, now);
    }
}

impl Device {
    /// The segment it is watched on: that of the interface seen last.
    pub(super) fn home(&self) -> Option<SegmentId> {
        self.primary().map(|interface| interface.segment)
    }

    /// Whether sweeps of this segment say something of it.
    pub(super) fn is_watched_on(&self, segment: SegmentId) -> bool {
        self.live.tentative.is_none() && self.home() == Some(segment) && !self.is_myself()
    }

    /// Whether it is this appliance.
    pub(super) fn is_myself(&self) -> bool {
        self.kept.roles.iter().any(|row| row.role == Role::Myself)
    }

    /// Whether the world believes it is there.
    pub(super) fn is_expected(&self) -> bool {
        match self.live.vigil.state {
            Presence::Online | Presence::Suspect => true,
            Presence::Unknown => self.kept.told == Told::Online,
            Presence::Offline => false,
        }
    }
}
