//! Holds what the rest of the service may do with the network: look, change what a person may change, start and stop sweeps.
//! Never waits: each call is one visit to the engine on its own thread. Called through [`super::Network::call`].

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;

use embassy_time::Instant;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use vigie_core::Moment;
use vigie_core::lan::sweep::{Block, NotScanned, Progress};
use vigie_core::lan::{Actions, Checked, Device, DeviceId, Edit, Input, Lan, Refusal, SegmentId};
use vigie_sys::interface::Kind;
use vigie_wire::Mac;
use vigie_wire::link::wol;

use super::engine::{Counts, Engine};
use super::errand::Communities;
use super::places::Places;
use super::record;
use super::rules::Rules;
use super::settings;
use super::sweeps::{NotStarted, Request, Scan, Sweeps};
use crate::config::NetworkSettings;
use crate::shell::keeper::Keeper;

/// Sweeps remembered for the list of scans.
const MAX_SCANS: usize = 50;
/// Kept snapshots of what a whole sweep found.
pub(super) const MAX_SNAPSHOTS: usize = 5;
/// People waiting for one check.
const MAX_WAITING: usize = 16;

/// What a whole sweep found, as it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// Number of the scan.
    pub(crate) number: u32,
    /// When it ended.
    pub(crate) at: Moment,
    /// Addresses and MACs that were there, at most one of each device.
    pub(crate) devices: Vec<(DeviceId, Option<IpAddr>, Option<Mac>)>,
}

/// What the shell remembers beside the machines.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) scans: VecDeque<Scan>,
    pub(super) snapshots: VecDeque<Snapshot>,
    pub(super) progress: BTreeMap<SegmentId, Progress>,
    pub(super) checks: BTreeMap<DeviceId, Vec<oneshot::Sender<Checked>>>,
    pub(super) changes: BTreeMap<&'static str, u64>,
}

impl Memory {
    pub(super) fn note_scan(&mut self, scan: Scan) {
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
    /// Own MAC.
    pub(crate) mac: Mac,
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
                mac: ground.mac,
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
        let Some(keeper) = self.keeper else { return };
        for id in std::mem::take(&mut self.engine.tidings.saves) {
            let Some(device) = self.engine.lan.device(id) else { continue };
            if !record::write(keeper, device.record()) {
                tracing::warn!(device = id.0, "a device is not stored: its record is too long");
            }
        }
        for id in &self.engine.tidings.forgotten {
            record::delete(keeper, *id);
        }
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

    /// Wakes a device over its segments. Gives how many frames were sent; 0 when no leg has a raw socket and the device
    /// has a MAC, or it has none.
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
        self.engine.settle();
    }

    /// How the sweeps are.
    pub(crate) fn sweeps(&self) -> &Sweeps {
        self.sweeps
    }

    /// How far the running sweeps are.
    pub(crate) fn progress(&self) -> &BTreeMap<SegmentId, Progress> {
        &self.memory.progress
    }

    /// The last sweeps, newest last.
    pub(crate) fn scans(&self) -> &VecDeque<Scan> {
        &self.memory.scans
    }

    /// The kept snapshots, newest last.
    pub(crate) fn snapshots(&self) -> &VecDeque<Snapshot> {
        &self.memory.snapshots
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
        self.sweeps.rhythm = settings::rhythm(new, self.communities.is_any());
        self.engine.heard = settings::heard(new);
        self.places.choose(settings::choice(new).blocks);
    }
}
