//! Holds what the rest of the service may do with the network: look, change what a person may change, start and stop sweeps.
//! Never waits: each call is one visit to the engine on its own thread. Called through [`super::Network::call`].

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;

use embassy_time::Instant;
use tokio::sync::oneshot;
use vigie_core::Moment;
use vigie_core::lan::sweep::{Block, NotScanned, Progress};
use vigie_core::lan::{Action, Actions, Checked, Device, DeviceId, Edit, Input, Lan, Refusal, SegmentId};
use vigie_sys::interface::Kind;
use vigie_wire::Mac;
use vigie_wire::link::wol;

use super::bin::{Bin, NotBack};
use super::census::{Census, Count, Series};
use super::engine::{Counts, Engine};
use super::errand::Communities;
use super::kept::{KeptScans, Snapshot};
use super::places::Places;
use super::record;
use super::rules::Rules;
use super::settings;
use super::sweeps::{NotStarted, Request, Scan, Sweeps};
use crate::config::NetworkSettings;
use crate::shell::keeper::{Keeper, Stored};

/// Sweeps remembered for the list of scans.
const MAX_SCANS: usize = 50;
/// People waiting for one check.
const MAX_WAITING: usize = 16;

/// What the shell remembers beside the machines.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) scans: VecDeque<Scan>,
    /// Sweeps that ended since the start.
    pub(super) total: u32,
    pub(super) kept: KeptScans,
    pub(super) progress: BTreeMap<SegmentId, Progress>,
    pub(super) checks: BTreeMap<DeviceId, Vec<oneshot::Sender<Checked>>>,
    pub(super) changes: BTreeMap<&'static str, u64>,
    pub(super) census: Census,
    pub(super) bin: Bin,
}

impl Memory {
    /// What was kept over a restart.
    pub(super) fn restore(stored: &[Stored]) -> Self {
        let kept = KeptScans::restore(stored);
        Self { scans: kept.rows().iter().map(|snapshot| snapshot.scan.clone()).collect(), kept, ..Self::default() }
    }

    pub(super) fn note_scan(&mut self, scan: Scan) {
        self.total = self.total.saturating_add(1);
        if self.scans.len() >= MAX_SCANS {
            self.scans.pop_front();
        }
        self.scans.push_back(scan);
    }
}

/// A leg, as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct LegView {
    /// Its number.
    pub(crate) segment: SegmentId,
    /// The interface's name.
    pub(crate) interface: String,
    /// What is behind the interface.
    pub(crate) kind: Kind,
    /// Own MAC; none for what is behind routers.
    pub(crate) mac: Option<Mac>,
    /// Own addresses with prefix lengths.
    pub(crate) addresses: Vec<(IpAddr, u8)>,
    /// The default gateway on it.
    pub(crate) gateway: Option<IpAddr>,
    /// Whether frames are seen and sent raw.
    pub(crate) raw: bool,
    /// Whether echo requests can be sent.
    pub(crate) icmp: bool,
    /// Blocks, and whether they are swept.
    pub(crate) scope: Vec<(Block, Result<(), NotScanned>)>,
    /// Whether the scanner doubts itself there.
    pub(crate) degraded: bool,
}

/// One visit to the engine.
pub(crate) struct Hands<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) sweeps: &'a mut Sweeps,
    pub(super) places: &'a Rc<Places>,
    pub(super) memory: &'a mut Memory,
    pub(super) keeper: Option<&'a Keeper>,
    /// Whether this visit changed what a person will want to find again.
    pub(super) edited: bool,
    pub(super) communities: &'a Communities,
}

impl Hands<'_> {
    /// The knowledge.
    pub(crate) fn lan(&self) -> &Lan<Rules> {
        &self.engine.lan
    }

    /// Now, on the clock of the machines.
    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }

    /// Now, as it is stored.
    pub(crate) fn moment(&self) -> Moment {
        self.engine.moment(Instant::now())
    }

    /// A time of the machines, as it is stored.
    pub(crate) fn moment_of(&self, at: Instant) -> Moment {
        self.engine.moment(at)
    }

    /// The device that `text` names: an id of 16 hex digits, a MAC, or an address.
    pub(crate) fn find(&self, text: &str) -> Option<&Device> {
        let lan = self.lan();
        if let Some(id) = text.parse::<DeviceId>().ok().filter(|_| text.len() == 16) {
            return lan.device(id);
        }
        if let Ok(mac) = text.parse::<Mac>() {
            return lan.find_mac(mac);
        }
        text.parse().ok().and_then(|ip| lan.find_ip(ip))
    }

    /// The legs.
    pub(crate) fn legs(&self) -> Vec<LegView> {
        let view = |leg: &super::leg::Leg| {
            let ground = &leg.footing.ground;
            let four = ground.ipv4.iter().map(|(ip, prefix)| (IpAddr::V4(*ip), *prefix));
            let six = ground.ipv6.iter().map(|(ip, prefix)| (IpAddr::V6(*ip), *prefix));
            LegView {
                segment: ground.segment,
                interface: leg.footing.name.clone(),
                kind: leg.footing.kind,
                mac: (!ground.is_beyond()).then_some(ground.mac),
                addresses: four.chain(six).collect(),
                gateway: leg.footing.gateway,
                raw: leg.raw.is_some(),
                icmp: leg.raw.is_some() || !leg.echo.is_empty(),
                scope: leg.footing.scope.clone(),
                degraded: self.engine.lan.degraded(ground.segment),
            }
        };
        self.engine.legs.iter().map(view).collect()
    }

    /// The name of the interface behind a segment, also of one that is gone.
    pub(crate) fn segment_name(&self, segment: SegmentId) -> Option<String> {
        self.places.numbers().into_iter().find(|(_, number)| *number == segment).map(|(name, _)| name)
    }

    /// The names of the segments that have a number.
    pub(crate) fn segment_names(&self) -> Vec<String> {
        self.places.numbers().into_keys().collect()
    }

    /// The number of the segment behind an interface, given now if it had none; `None` when all numbers are given. Whoever
    /// looks at stored data keeps it with [`super::keep_segments`], the running shell when it arranges its legs.
    pub(crate) fn number_segment(&self, interface: &str) -> Option<SegmentId> {
        self.places.segment(interface)
    }

    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.engine.counts
    }

    /// Does what a person asks of the table.
    pub(crate) fn edit(&mut self, edit: Edit<'_>) -> Result<DeviceId, Refusal> {
        let mut out = Actions::new();
        let done = self.engine.lan.edit(Instant::now(), edit, &mut out);
        self.edited |= done.is_ok() && !matches!(edit, Edit::Check(_));
        self.engine.carry_out(out);
        self.engine.settle();
        done
    }

    /// Hands the records that wait to be stored, and those to be deleted, to the keeper.
    pub(super) fn write_pending(&mut self) {
        if let Some(keeper) = self.keeper {
            record::write_pending(keeper, &self.engine.lan, &mut self.engine.tidings);
        }
    }

    /// Forgets a device. For an hour it can be brought back.
    pub(crate) fn forget(&mut self, id: DeviceId) -> Result<DeviceId, Refusal> {
        let record = self.engine.lan.device(id).map(|device| device.record().clone());
        let done = self.edit(Edit::Forget(id))?;
        if let Some(record) = record {
            self.engine.forget_makers(record.macs());
            self.memory.bin.put(record, Instant::now());
        }
        Ok(done)
    }

    /// Brings back a device forgotten within the last hour, with all that was known of it.
    pub(crate) fn bring_back(&mut self, id: DeviceId) -> Result<DeviceId, NotBack> {
        let (record, away) = self.memory.bin.find(id, Instant::now()).ok_or(NotBack::TooLate)?;
        // If it was heard since, that is a newcomer of which nobody said anything: the old entry takes its place.
        let rivals: Vec<DeviceId> = record
            .macs()
            .filter_map(|mac| self.engine.lan.find_mac(mac).map(Device::id))
            .filter(|rival| *rival != id)
            .collect();
        let is_dear = |rival: &DeviceId| self.engine.lan.device(*rival).is_some_and(|it| it.record().is_dear());
        if let Some(rival) = rivals.iter().copied().find(is_dear) {
            return Err(NotBack::Replaced(rival));
        }
        for rival in rivals {
            let _there = self.edit(Edit::Forget(rival));
        }
        self.engine.input(Instant::now(), Input::Restore { record: &record, away: Some(away) });
        if self.engine.lan.device(id).is_none() {
            return Err(NotBack::NoRoom);
        }
        self.memory.bin.take(id);
        for action in [Action::Save(id), Action::Dirty(id)] {
            self.engine.tidings.note(action);
        }
        self.edited = true;
        self.engine.settle();
        Ok(id)
    }

    /// How many devices there were, in steps of five minutes, the last `most` of them.
    pub(crate) fn census(&self, most: usize) -> Series<Count> {
        self.memory.census.fine(most, Instant::now())
    }

    /// The same in hours.
    pub(crate) fn census_by_hour(&self, most: usize) -> Series<Count> {
        self.memory.census.hours(most, Instant::now())
    }

    /// How fast a device answered over the last day, in microseconds.
    pub(crate) fn pulse(&self, id: DeviceId) -> Series<u32> {
        self.memory.census.pulse(id, Instant::now())
    }

    /// Asks a device now; the answer comes when the check is over.
    pub(crate) fn check(&mut self, id: DeviceId) -> Result<oneshot::Receiver<Checked>, Refusal> {
        let waiting = self.memory.checks.entry(id).or_default();
        waiting.retain(|waiting| !waiting.is_closed());
        let (done, answer) = oneshot::channel();
        let is_first = waiting.is_empty();
        if waiting.len() < MAX_WAITING {
            waiting.push(done);
        }
        if is_first && let Err(refusal) = self.edit(Edit::Check(id)) {
            self.memory.checks.remove(&id);
            return Err(refusal);
        }
        Ok(answer)
    }

    /// Wakes a device over its segments. Gives on how many of its interfaces it was called; 0 when it has no MAC, or no leg is
    /// in its segments.
    pub(crate) fn wake(&mut self, id: DeviceId, password: wol::Password) -> usize {
        let Some(device) = self.engine.lan.device(id) else { return 0 };
        let targets: Vec<(SegmentId, Mac)> =
            device.interfaces().iter().filter_map(|interface| Some((interface.segment, interface.mac?))).collect();
        let mut sent = 0;
        for (segment, mac) in targets {
            if let Some(leg) = self.engine.leg(segment) {
                sent += usize::from(leg.wake(mac, password));
            }
        }
        self.engine.settle();
        sent
    }

    /// Starts a sweep a person asks for.
    pub(crate) fn sweep(&mut self, request: &Request) -> Result<(), NotStarted> {
        self.memory.progress.clear();
        self.sweeps.ask(self.engine, Instant::now(), request)
    }

    /// Ends what runs.
    pub(crate) fn stop_sweeps(&mut self) {
        self.sweeps.stop(self.engine, Instant::now());
        self.memory.progress.clear();
    }

    /// Watches the network, or only listens to it.
    pub(crate) fn watch(&mut self, on: bool) {
        self.sweeps.watching = on;
        if !on && !self.sweeps.is_asked() {
            self.stop_sweeps();
        }
    }

    /// The service ends: what is not saved yet asks to be saved.
    pub(crate) fn stopping(&mut self) {
        self.engine.input(Instant::now(), Input::Stopping);
        self.sweeps.close();
        self.engine.settle();
    }

    /// Connections and exchanges that wait, or run and did not begin longer than `young` ago.
    pub(crate) fn errands(&self, young: embassy_time::Duration) -> usize {
        self.engine.busy(young)
    }

    /// How the sweeps are.
    pub(crate) fn sweeps(&self) -> &Sweeps {
        self.sweeps
    }

    /// How far the running sweeps are.
    pub(crate) fn progress(&self) -> &BTreeMap<SegmentId, Progress> {
        &self.memory.progress
    }

    /// Sweeps that ended since the start of the service.
    pub(crate) fn total_scans(&self) -> u32 {
        self.memory.total
    }

    /// The last sweeps, newest last; those that were kept over a restart come first.
    pub(crate) fn scans(&self) -> &VecDeque<Scan> {
        &self.memory.scans
    }

    /// The kept snapshots, newest last.
    pub(crate) fn snapshots(&self) -> &VecDeque<Snapshot> {
        self.memory.kept.rows()
    }

    /// Changes since the start, by kind.
    pub(crate) fn changes_by_kind(&self) -> &BTreeMap<&'static str, u64> {
        &self.memory.changes
    }

    /// Asks agents of SNMP with this community from now on, before those of the configuration.
    pub(crate) fn know_community(&mut self, community: Option<&str>) {
        *self.communities.given.borrow_mut() = community.map(|text| text.to_owned().into());
    }

    /// Obeys new settings. Legs are arranged anew by themselves.
    pub(crate) fn obey(&mut self, new: &NetworkSettings) {
        self.sweeps.obey(settings::rhythm(new, self.communities.is_any()), Instant::now());
        self.engine.heard = settings::heard(new);
        self.places.choose(settings::choice(new));
        self.engine.lan.set_settings(settings::lan(new));
    }
}
