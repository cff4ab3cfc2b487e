//! Holds the kept scans: what whole sweeps found, at most five; of those a person asked for the last three outlive the
//! service. Never writes what the clock swept: that is seen again in minutes. Filled by `news`, read through `hands`.

use std::collections::VecDeque;
use std::net::IpAddr;

use embassy_time::Duration;
use serde::{Deserialize, Serialize};
use vigie_core::Moment;
use vigie_core::lan::sweep::Report;
use vigie_core::lan::{DeviceId, SegmentId};
use vigie_core::table::table_of;
use vigie_wire::Mac;

use super::parts;
use super::sweeps::{ASKED, Scan};
use crate::shell::keeper::{KEPT_SCAN, Keeper, Stored};

/// Kept in all.
pub(crate) const MAX_SNAPSHOTS: usize = 5;
/// So many of those a person asked for are on the card, and the watch, which sweeps every few minutes, does not push
/// them out.
const MAX_ASKED: usize = 3;
/// Parts of one on the card, at most: a full table is 60 KiB.
const MAX_PARTS: usize = 24;

/// What a whole sweep found, as it was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// Number of the scan.
    pub(crate) number: u32,
    /// When it ended.
    pub(crate) at: Moment,
    /// Addresses and MACs that were there, at most one of each device.
    pub(crate) devices: Vec<(DeviceId, Option<IpAddr>, Option<Mac>)>,
    /// What came of the sweep.
    pub(crate) scan: Scan,
}

/// A snapshot as it is stored; a person asked for its scan.
#[derive(Serialize, Deserialize)]
struct Kept {
    number: u32,
    at: Moment,
    devices: Vec<(DeviceId, Option<IpAddr>, Option<Mac>)>,
    segment: SegmentId,
    began: Moment,
    ports: bool,
    hosts: u32,
    addresses: u32,
    frames: u32,
    rounds: u32,
    took_us: u64,
    discovered_us: u64,
    ported_us: u64,
    whole: bool,
}

impl From<&Snapshot> for Kept {
    fn from(snapshot: &Snapshot) -> Self {
        let Snapshot { number, at, devices, scan } = snapshot;
        let report = &scan.report;
        Self {
            number: *number,
            at: *at,
            devices: devices.clone(),
            segment: scan.segment,
            began: scan.began,
            ports: scan.ports,
            hosts: report.hosts,
            addresses: report.addresses,
            frames: report.frames,
            rounds: report.rounds,
            took_us: report.took.as_micros(),
            discovered_us: report.discovered_after.as_micros(),
            ported_us: report.ports_after.as_micros(),
            whole: report.whole,
        }
    }
}

impl From<Kept> for Snapshot {
    fn from(kept: Kept) -> Self {
        let report = Report {
            hosts: kept.hosts,
            addresses: kept.addresses,
            frames: kept.frames,
            rounds: kept.rounds,
            took: Duration::from_micros(kept.took_us),
            discovered_after: Duration::from_micros(kept.discovered_us),
            ports_after: Duration::from_micros(kept.ported_us),
            whole: kept.whole,
        };
        let (number, segment, began) = (kept.number, kept.segment, kept.began);
        let scan = Scan { number, segment, began, purpose: ASKED, ports: kept.ports, report };
        Self { number, at: kept.at, devices: kept.devices, scan }
    }
}

/// The kept scans, oldest first.
#[derive(Debug, Default)]
pub(super) struct KeptScans {
    rows: VecDeque<Snapshot>,
}

impl KeptScans {
    /// Reads those that were stored; what cannot be read is left out.
    pub(super) fn restore(stored: &[Stored]) -> Self {
        let rows = stored.iter().filter(|row| row.kind == KEPT_SCAN.id);
        let whole = parts::join_all(rows);
        let read = whole.into_iter().filter_map(|bytes| match postcard::from_bytes::<Kept>(&bytes) {
            Ok(kept) => Some((kept.number, Snapshot::from(kept))),
            Err(error) => {
                tracing::warn!("a kept scan cannot be read and is left out: {error}");
                None
            }
        });
        let by_number = table_of(read);
        let skip = by_number.len().saturating_sub(MAX_ASKED);
        Self { rows: by_number.into_values().skip(skip).collect() }
    }

    /// All of them, oldest first.
    pub(super) const fn rows(&self) -> &VecDeque<Snapshot> {
        &self.rows
    }

    /// Keeps one more. When there are too many, the oldest by the clock makes room, unless more than three were asked for.
    pub(super) fn keep(&mut self, snapshot: Snapshot, keeper: Option<&Keeper>) {
        let asked = snapshot.scan.purpose == ASKED;
        if let (true, Some(keeper)) = (asked, keeper) {
            store(keeper, &snapshot);
        }
        self.rows.push_back(snapshot);
        let asked_for: Vec<u32> =
            self.rows.iter().filter(|row| row.scan.purpose == ASKED).map(|row| row.number).collect();
        let surplus = asked_for.len().checked_sub(MAX_ASKED + 1).and_then(|place| asked_for.get(place));
        if let (true, Some(number), Some(keeper)) = (asked, surplus, keeper) {
            parts::delete(keeper, KEPT_SCAN, &number.to_be_bytes(), MAX_PARTS);
        }
        if self.rows.len() > MAX_SNAPSHOTS {
            let is_surplus = |row: &Snapshot| (row.scan.purpose == ASKED) == surplus.is_some();
            let place = self.rows.iter().position(is_surplus);
            self.rows.remove(place.unwrap_or_default());
        }
    }
}

fn store(keeper: &Keeper, snapshot: &Snapshot) {
    let written = postcard::to_allocvec(&Kept::from(snapshot))
        .is_ok_and(|bytes| parts::write(keeper, KEPT_SCAN, &snapshot.number.to_be_bytes(), &bytes, MAX_PARTS));
    if !written {
        tracing::warn!(scan = snapshot.number, "a scan is kept in memory only: it is too long for the card");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_core::limits::MAX_DEVICES;

    fn now_ms() -> u64 {
        vigie_sys::clock::boot_us() / 1_000
    }

    fn snapshot(number: u32, purpose: &'static str, devices: usize) -> Snapshot {
        let began = Moment { boot: 1, ms: u64::from(number) };
        let device = |place: usize| {
            let place = place as u64;
            let ip = IpAddr::from([10, 0, (place >> 8) as u8, place as u8]);
            (DeviceId(u64::MAX - place), Some(ip), Some(Mac([2, 0, 0, 0, (place >> 8) as u8, place as u8])))
        };
        let report = Report { hosts: 7, whole: true, ..Report::default() };
        let scan = Scan { number, segment: SegmentId(0), began, purpose, ports: true, report };
        Snapshot { number, at: began, devices: (0..devices).map(device).collect(), scan }
    }

    fn numbers(kept: &KeptScans) -> Vec<u32> {
        kept.rows().iter().map(|row| row.number).collect()
    }

    #[test]
    fn five_are_kept_and_the_watch_pushes_none_out_that_was_asked_for() {
        let mut kept = KeptScans::default();
        for number in 1..=40 {
            kept.keep(snapshot(number, if number % 10 == 0 { ASKED } else { "watch" }, 1), None);
        }
        assert_eq!(numbers(&kept), [20, 30, 38, 39, 40]);
    }

    #[tokio::test]
    async fn those_a_person_asked_for_outlive_the_service_and_nothing_else_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, _) = Keeper::open(folder.path(), now_ms).unwrap();
        let mut kept = KeptScans::default();
        let written = keeper.status().counters.bytes_written;
        for number in 1..=20 {
            kept.keep(snapshot(number, "watch", 250), Some(&keeper));
        }
        keeper.flush().await.unwrap();
        assert_eq!(keeper.status().counters.bytes_written, written, "the clock's sweeps write nothing");
        for number in 21..=25 {
            kept.keep(snapshot(number, ASKED, MAX_DEVICES), Some(&keeper));
        }
        keeper.stop().await;
        let (keeper, stored) = Keeper::open(folder.path(), now_ms).unwrap();
        let again = KeptScans::restore(&stored);
        assert_eq!(numbers(&again), [23, 24, 25]);
        assert_eq!(again.rows()[2], snapshot(25, ASKED, MAX_DEVICES));
        let mut again = again;
        again.keep(snapshot(26, ASKED, 1), Some(&keeper));
        keeper.stop().await;
        let (_keeper, stored) = Keeper::open(folder.path(), now_ms).unwrap();
        assert_eq!(numbers(&KeptScans::restore(&stored)), [24, 25, 26]);
    }
}
