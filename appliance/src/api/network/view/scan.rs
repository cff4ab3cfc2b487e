//! Holds how sweeps look in JSON: one that runs, one that is over, and the snapshot of what it found.
//! Never starts one. Called by the scan routes, the live stream and the page.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::sweep::Progress;

use super::{DeviceView, Lens, Point, ratio};
use crate::shell::network::{Hands, Scan, Snapshot};

/// How far the sweep of one segment is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SegmentProgress {
    /// Where.
    pub(crate) segment: String,
    /// 0 to 1.
    pub(crate) progress: f64,
    /// Hosts that answered so far.
    pub(crate) hosts: u32,
    /// Frames asked for so far.
    pub(crate) frames: u32,
}

/// What runs now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ScanState {
    /// Whether any sweep runs.
    pub(crate) running: bool,
    /// Whether one runs that a person asked for.
    pub(crate) asked: bool,
    /// 0 to 1 over all segments; `null` when nothing runs or nothing is known yet.
    pub(crate) progress: Option<f64>,
    /// Hosts that answered so far.
    pub(crate) hosts: u32,
    /// Estimated seconds to the end; `null` while it cannot be told.
    pub(crate) eta_s: Option<u64>,
    /// Each segment being swept.
    pub(crate) segments: Vec<SegmentProgress>,
    /// Seconds to the next sweep by the clock; `null` when the network is only listened to.
    pub(crate) next_in_s: Option<u64>,
}

impl ScanState {
    /// What runs; `running_for` is how long what a person asked for has been running.
    pub(crate) fn render(hands: &Hands<'_>, lens: &Lens<'_>, running_for: Option<Duration>) -> Self {
        let rows: Vec<_> = hands.progress().iter().map(|(segment, now)| (lens.segment(*segment), *now)).collect();
        let sweeps = hands.sweeps();
        let next = sweeps.next().map(|next| next.saturating_duration_since(lens.now).as_secs());
        let mut state = Self::of(&rows, running_for);
        (state.running, state.asked, state.next_in_s) = (sweeps.is_running(), sweeps.is_asked(), next);
        if !state.running {
            (state.progress, state.eta_s) = (None, None);
        }
        state
    }

    /// The same from what is known of each segment.
    pub(crate) fn of(rows: &[(String, Progress)], running_for: Option<Duration>) -> Self {
        // The slowest segment decides when all is over.
        let least = rows.iter().map(|(_, now)| now.share).reduce(f32::min);
        let eta_s = least.zip(running_for).filter(|(share, _)| *share > 0.01).map(|(share, so_far)| {
            let share = f64::from(share.min(1.0));
            (so_far.as_secs_f64() * (1.0 - share) / share).ceil() as u64
        });
        let row = |(segment, now): &(String, Progress)| SegmentProgress {
            segment: segment.clone(),
            progress: ratio(now.share),
            hosts: now.hosts,
            frames: now.frames,
        };
        Self {
            running: !rows.is_empty(),
            asked: running_for.is_some(),
            progress: least.map(ratio),
            hosts: rows.iter().map(|(_, now)| now.hosts).sum(),
            eta_s,
            segments: rows.iter().map(row).collect(),
            next_in_s: None,
        }
    }
}

/// A sweep that is over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ScanView {
    /// Counts up, restarts included; numbers may be skipped.
    pub(crate) number: u32,
    /// Where.
    pub(crate) segment: String,
    /// `watch` by the clock, `newcomers` for a few new devices, `asked` by a person.
    pub(crate) purpose: &'static str,
    /// When it began; `null` while the clock is not set.
    pub(crate) began: Option<String>,
    /// When it began, where `began` is `null`.
    #[serde(flatten)]
    pub(crate) at: Option<Point>,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: u64,
    /// After how long it was known who is there, in milliseconds.
    pub(crate) discovered_after_ms: u64,
    /// Hosts that answered.
    pub(crate) hosts: u32,
    /// Addresses that were asked.
    pub(crate) addresses: u32,
    /// Frames sent.
    pub(crate) frames: u32,
    /// Rounds of discovery it took.
    pub(crate) rounds: u32,
    /// Whether ports were asked.
    pub(crate) ports: bool,
    /// Whether it ran to its end.
    pub(crate) whole: bool,
    /// Whether what it found is kept: `/scans/{number}` has it.
    pub(crate) kept: bool,
}

impl ScanView {
    /// A sweep; `kept` when its snapshot is there.
    pub(crate) fn render(lens: &Lens<'_>, scan: &Scan, kept: bool) -> Self {
        let report = &scan.report;
        Self {
            number: scan.number,
            segment: lens.segment(scan.segment),
            purpose: scan.purpose,
            began: lens.text(scan.began),
            at: lens.point(scan.began),
            took_ms: report.took.as_millis(),
            discovered_after_ms: report.discovered_after.as_millis(),
            hosts: report.hosts,
            addresses: report.addresses,
            frames: report.frames,
            rounds: report.rounds,
            ports: scan.ports,
            whole: report.whole,
            kept,
        }
    }
}

/// A device as a snapshot has it, with what is known of it now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SnapshotRow {
    /// Id of the device.
    pub(crate) id: String,
    /// Its address then.
    pub(crate) ip: Option<String>,
    /// Its MAC then.
    pub(crate) mac: Option<String>,
    /// What it is called now; `null` when it is gone from the table or has no name.
    pub(crate) name: Option<String>,
    /// Its maker.
    pub(crate) vendor: Option<String>,
    /// Its kind; `null` when it is gone from the table.
    pub(crate) kind: Option<&'static str>,
}

/// What a whole sweep found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SnapshotView {
    /// The sweep; `null` when it is no longer among those remembered.
    pub(crate) scan: Option<ScanView>,
    /// Its number.
    pub(crate) number: u32,
    /// When it ended; `null` while the clock is not set.
    pub(crate) ts: Option<String>,
    /// When it ended, where `ts` is `null`.
    #[serde(flatten)]
    pub(crate) at: Option<Point>,
    /// Devices that were there.
    pub(crate) items: Vec<SnapshotRow>,
    /// How many.
    pub(crate) count: usize,
}

impl SnapshotView {
    /// A snapshot; `device` gives what is known of a device now.
    pub(crate) fn render(
        lens: &Lens<'_>,
        snapshot: &Snapshot,
        scan: Option<ScanView>,
        device: impl Fn(vigie_core::lan::DeviceId) -> Option<DeviceView>,
    ) -> Self {
        let items: Vec<_> = snapshot
            .devices
            .iter()
            .map(|(id, ip, mac)| {
                let now = device(*id);
                SnapshotRow {
                    id: id.to_string(),
                    ip: ip.map(|ip| ip.to_string()),
                    mac: mac.map(|mac| mac.to_string()),
                    kind: now.as_ref().map(|now| now.kind),
                    name: now.as_ref().and_then(|now| now.name.clone()),
                    vendor: now.and_then(|now| now.vendor),
                }
            })
            .collect();
        Self {
            scan,
            number: snapshot.number,
            ts: lens.text(snapshot.at),
            at: lens.point(snapshot.at),
            count: items.len(),
            items,
        }
    }
}
