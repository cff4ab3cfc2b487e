//! Holds `Lan`, the machine that knows the devices of every segment: its tables, its border and its readers.
//! Never reads a clock and never sends: time is an argument, probes are actions. Called by the network shell.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::net::IpAddr;

use embassy_time::Instant;
use vigie_wire::Mac;

use super::SegmentId;
use super::change::{Change, ChangeKind};
use super::conflict::Conflict;
use super::device::{Device, DeviceId};
use super::dice::Dice;
use super::dispute::Dispute;
use super::input::{Action, Actions, Input};
use super::judge::Judge;
use super::leg::LegState;
use super::outbox::Outbox;
use super::place::Holder;
use super::port::PortSet;
use super::presence::Presence;
use super::record::Relation;
use super::rows::Rows;
use super::settings::LanSettings;
use super::sighting::StableId;
use crate::limits::{
    MAX_ACTIONS, MAX_CONFLICTS, MAX_PORT_LISTS, MAX_QUESTIONS, MAX_REASON_BYTES, MAX_SEGMENTS, MAX_SUSPICIONS,
};
use crate::{Moment, Text};

/// Every device of the network. `J` says what kind a device is.
#[derive(Debug)]
pub struct Lan<J> {
    pub(super) boot: u32,
    pub(super) dice: Dice,
    pub(super) settings: LanSettings,
    pub(super) judge: J,
    /// When `on` was last called.
    pub(super) clock: Instant,
    pub(super) devices: BTreeMap<DeviceId, Box<Device>>,
    /// Newcomers not yet confirmed, oldest first.
    pub(super) newcomers: VecDeque<DeviceId>,
    /// Whose an interface is.
    pub(super) keys: BTreeMap<(SegmentId, Mac), DeviceId>,
    /// Who holds an address now.
    pub(super) holders: BTreeMap<(SegmentId, IpAddr), Holder>,
    /// Whose an identifier is, by its hash; the text is compared before it is believed.
    pub(super) stable: BTreeMap<(StableId, u64), DeviceId>,
    pub(super) timers: BTreeSet<(Instant, DeviceId)>,
    /// Devices whose confirmation is under way.
    pub(super) climbing: BTreeSet<DeviceId>,
    pub(super) legs: [LegState; MAX_SEGMENTS],
    pub(super) conflicts: Rows<Conflict, MAX_CONFLICTS>,
    pub(super) disputes: Rows<Dispute, MAX_SUSPICIONS>,
    /// The last packet that a router carried: what else it says comes at the same time.
    pub(super) carried: Option<(SegmentId, IpAddr, Instant)>,
    /// Addresses asked for because nobody was known to hold them.
    pub(super) questions: Rows<(SegmentId, IpAddr, Instant), MAX_QUESTIONS>,
    pub(super) lists: Rows<PortSet, MAX_PORT_LISTS>,
    pub(super) outbox: Outbox,
    /// When a row was last handed over to be saved because something changed.
    pub(super) wrote: Option<Instant>,
    pub(super) counts: Stats,
    pub(super) full_told: Option<Instant>,
}

/// Counts for metrics and the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Devices, those not yet confirmed left out.
    pub devices: u32,
    /// Of them: there.
    pub online: u32,
    /// Of them: being asked.
    pub suspect: u32,
    /// Of them: gone.
    pub offline: u32,
    /// Of them: not seen since the start.
    pub unknown: u32,
    /// Heard once and not confirmed.
    pub tentative: u32,
    /// Conflicts open.
    pub conflicts: u32,
    /// Sightings taken.
    pub sightings: u64,
    /// Sightings of which nothing could be made: no usable address, or nobody known to hold it.
    pub unplaced: u64,
    /// Newcomers turned away because the table was full.
    pub turned_away: u64,
    /// Devices that made room for others.
    pub evicted: u64,
    /// Changes lost because the shell did not take them.
    pub changes_lost: u64,
    /// Directed confirmations begun.
    pub confirmations: u64,
}

impl<J: Judge> Lan<J> {
    /// An empty table in boot number `boot`. `seed` should be random: device ids and the spread of probes come from it.
    #[must_use]
    pub fn new(boot: u32, seed: u64, settings: LanSettings, judge: J) -> Self {
        Self {
            boot,
            dice: Dice::new(seed),
            settings,
            judge,
            clock: Instant::MIN,
            devices: BTreeMap::new(),
            newcomers: VecDeque::new(),
            keys: BTreeMap::new(),
            holders: BTreeMap::new(),
            stable: BTreeMap::new(),
            timers: BTreeSet::new(),
            climbing: BTreeSet::new(),
            legs: core::array::from_fn(|_| LegState::default()),
            conflicts: Rows::new(),
            disputes: Rows::new(),
            carried: None,
            questions: Rows::new(),
            lists: Rows::new(),
            outbox: Outbox::default(),
            wrote: None,
            counts: Stats::default(),
            full_told: None,
        }
    }

    /// Takes one input and asks for what follows from it. Time never runs backwards: an earlier `now` counts as the last.
    pub fn on(&mut self, now: Instant, input: Input<'_>, out: &mut Actions) {
        let now = self.begin(now);
        match input {
            Input::Sighting(sighting) => self.observe(sighting, now),
            Input::SegmentUp(leg) => self.leg_up(&leg, now),
            Input::SegmentDown { segment } => self.leg_down(segment, now),
            Input::SweepBegan { segment } => {
                if let Some(leg) = self.leg_mut(segment) {
                    leg.sweeping = true;
                }
            }
            Input::Tick => {}
            Input::SweepEnded { segment, began, asked, whole } => {
                if let Some(leg) = self.leg_mut(segment) {
                    (leg.sweeping, leg.swept) = (false, Some(now));
                }
                self.see_myself(segment, now);
                if whole && asked > 0 {
                    self.count_misses(segment, began, now);
                }
            }
            Input::PortsAsked { segment, host, began, ports } => self.ports_asked(segment, host, began, ports, now),
            Input::Restore { record, away } => self.restore(record, away, now),
            Input::Stopping => self.save_everything(),
        }
        self.finish(now, out);
    }

    pub(super) fn begin(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    /// Does what has become due and hands over what there is to say.
    pub(super) fn finish(&mut self, now: Instant, out: &mut Actions) {
        self.attend_all(now);
        self.settle_disputes(now);
        self.watch_conflicts(now);
        self.outbox.drain(out, &mut self.devices);
        if core::mem::take(&mut self.outbox.saves) {
            self.wrote = Some(now);
        }
    }

    /// When to call `on` with `Input::Tick` at the latest.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        if !self.outbox.is_empty() {
            return Some(self.clock);
        }
        let timer = self.timers.first().map(|(at, _)| *at);
        let dispute = self.disputes.iter().map(|dispute| dispute.next).min();
        let conflict = self.conflicts.iter().filter(|row| row.closed.is_none()).map(|row| row.recheck).min();
        [timer, dispute, conflict].into_iter().flatten().min()
    }

    /// Takes new settings; they count from the next decision on.
    pub fn set_settings(&mut self, settings: LanSettings) {
        self.settings = settings;
    }

    /// Takes other rules; every device is judged again, spread over the next ten seconds.
    pub fn set_judge(&mut self, now: Instant, judge: J) {
        self.judge = judge;
        let ids: alloc::vec::Vec<DeviceId> = self.devices.keys().copied().collect();
        for id in ids {
            let at = now + self.dice.within(embassy_time::Duration::from_secs(10));
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.judge = Some(at);
            }
            self.reschedule(id);
        }
    }

    /// Every confirmed device, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values().map(Box::as_ref).filter(|device| device.live.tentative.is_none())
    }

    /// One device.
    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(&id).map(Box::as_ref).filter(|device| device.live.tentative.is_none())
    }

    /// The device with an interface of this MAC, on any segment; the one seen last when there are several.
    #[must_use]
    pub fn find_mac(&self, mac: Mac) -> Option<&Device> {
        let everywhere = (0..MAX_SEGMENTS).filter_map(|at| u8::try_from(at).ok());
        let found = everywhere.filter_map(|at| self.device(*self.keys.get(&(SegmentId(at), mac))?));
        found.max_by_key(|device| device.last_seen())
    }

    /// The device that shows this address, on any segment; else the one that held it last.
    #[must_use]
    pub fn find_ip(&self, ip: IpAddr) -> Option<&Device> {
        let held = self.devices().filter_map(|device| {
            let rows = device.interfaces().iter().filter_map(|interface| interface.address(ip));
            let last = rows.map(|row| row.last_seen).max()?;
            Some((device.ip() == Some(ip), last, device))
        });
        held.max_by_key(|(shown, last, _)| (*shown, *last)).map(|(_, _, device)| device)
    }

    /// Whether nothing may be asked of this address: it is excluded, or it is an IPv6 address of a machine whose IPv4
    /// address is. A person can only name the latter, and means the machine.
    #[must_use]
    pub fn is_spared(&self, segment: SegmentId, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.settings.is_excluded(ip),
            IpAddr::V6(_) => {
                let holder = self.holders.get(&(segment, ip)).filter(|_| !self.settings.excluded.is_empty());
                let device = holder.and_then(|holder| self.devices.get(&holder.device));
                device.is_some_and(|device| {
                    device.kept.interfaces.iter().any(|row| row.address(ip).is_some() && row.is_spared(&self.settings))
                })
            }
        }
    }

    /// Conflicts, open and remembered.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Pairs of devices that may be one, told and not decided: the younger first.
    pub fn proposals(&self) -> impl Iterator<Item = (DeviceId, DeviceId)> {
        self.devices().flat_map(|device| {
            let proposed = device.kept.relations.iter().filter(|(_, relation)| *relation == Relation::Proposed);
            proposed.filter(|(other, _)| self.devices.contains_key(other)).map(|(other, _)| (device.id(), *other))
        })
    }

    /// Whether a segment's scanner is to blame for what is missing.
    #[must_use]
    pub fn degraded(&self, segment: SegmentId) -> bool {
        self.leg(segment).is_some_and(|leg| leg.degraded.is_some())
    }

    /// Counts, by one walk over the table.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.counts;
        for device in self.devices.values() {
            if device.live.tentative.is_some() {
                stats.tentative += 1;
                continue;
            }
            stats.devices += 1;
            match device.presence() {
                Presence::Unknown => stats.unknown += 1,
                Presence::Online => stats.online += 1,
                Presence::Suspect => stats.suspect += 1,
                Presence::Offline => stats.offline += 1,
            }
        }
        let open = self.conflicts.iter().filter(|conflict| conflict.closed.is_none()).count();
        stats.conflicts = u32::try_from(open).unwrap_or(u32::MAX);
        stats.changes_lost = self.outbox.changes_lost;
        stats
    }

    pub(super) fn leg(&self, segment: SegmentId) -> Option<&LegState> {
        self.legs.get(usize::from(segment.0))
    }

    pub(super) fn leg_mut(&mut self, segment: SegmentId) -> Option<&mut LegState> {
        self.legs.get_mut(usize::from(segment.0))
    }

    pub(super) const fn moment(&self, now: Instant) -> Moment {
        Moment::new(self.boot, now)
    }

    /// Whether there is room to say more in this call; timers that find none stay due.
    pub(super) fn has_room(&self) -> bool {
        self.outbox.len() < MAX_ACTIONS
    }

    /// Tells the world.
    pub(super) fn tell(&mut self, at: Moment, kind: ChangeKind, about: About, evidence: Text<MAX_REASON_BYTES>) {
        let About { device, segment, old, new } = about;
        self.outbox.push(Action::Change(Change { at, kind, device, segment, old, new, evidence }));
    }
}

/// What a change is about.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) device: Option<DeviceId>,
    pub(super) segment: Option<SegmentId>,
    pub(super) old: Text<{ crate::limits::MAX_WORD_BYTES }>,
    pub(super) new: Text<{ crate::limits::MAX_WORD_BYTES }>,
}

impl About {
    pub(super) fn device(id: DeviceId) -> Self {
        Self { device: Some(id), ..Self::default() }
    }

    pub(super) fn on(mut self, segment: SegmentId) -> Self {
        self.segment = Some(segment);
        self
    }

    pub(super) fn from(mut self, old: impl core::fmt::Display) -> Self {
        self.old = Text::format(format_args!("{old}"));
        self
    }

    pub(super) fn to(mut self, new: impl core::fmt::Display) -> Self {
        self.new = Text::format(format_args!("{new}"));
        self
    }
}
