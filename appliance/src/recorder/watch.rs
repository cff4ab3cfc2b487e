//! Holds what is looked at now and then to tell the flight recorder: legs, the store, requests turned away, memory.
//! It never looks often: what happens is told by those to whom it happens. One task, started by `run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use vigie_core::lan::SegmentId;
use vigie_store::Health;

use super::say;
use crate::http::context::Platform;
use crate::shell::keeper::Keeper;
use crate::shell::network::{Listener, Network, News};

/// How often legs and the store are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Looks between two lines about requests and memory: an hour.
const LOOKS_AN_HOUR: u32 = 360;
/// A peak of memory that grew by less is no news.
const MEMORY_STEP_KIB: u64 = 512;

/// Has the recorder hear the network's news before the listener does.
pub(crate) fn also_record(mut tell: Listener) -> Listener {
    // By segment, as many as there are: a sweep that finds as many as the last one is no news, and would in time fill a page.
    let mut found: BTreeMap<SegmentId, u16> = BTreeMap::new();
    Box::new(move |hands, news| {
        match news {
            News::Changed(change) => say::changed(change),
            News::Swept(scan) => {
                let report = &scan.report;
                let took_ms = u32::try_from(report.took.as_millis()).unwrap_or(u32::MAX);
                let hosts = u16::try_from(report.hosts).unwrap_or(u16::MAX);
                if found.insert(scan.segment, hosts) != Some(hosts) {
                    say::swept(scan.segment, hosts, report.frames, took_ms);
                }
            }
            _ => {}
        }
        tell(hands, news);
    })
}

/// Looks until the service ends.
pub(crate) async fn watch(platform: Arc<Platform>, network: Network, keeper: Keeper) {
    let mut seen = Seen::default();
    for look in 0u32.. {
        let legs = network.call(|hands| hands.legs().into_iter().map(|leg| (leg.segment, leg.raw)).collect()).await;
        let Ok(legs) = legs else { return };
        seen.legs(legs);
        seen.store(matches!(keeper.status().health, Health::Good));
        if look.is_multiple_of(LOOKS_AN_HOUR) {
            let rejected = platform.metrics.sum("http_rejected_total") as u64;
            seen.rejected(rejected);
            seen.memory(vigie_sys::memory::read().map_or(0, |memory| memory.peak_bytes / 1_024));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What was told last.
#[derive(Debug, Default)]
struct Seen {
    legs: BTreeMap<SegmentId, bool>,
    in_memory_only: bool,
    rejected: u64,
    peak_kib: u64,
}

impl Seen {
    fn legs(&mut self, now: BTreeMap<SegmentId, bool>) {
        for (segment, raw) in &now {
            if self.legs.get(segment) != Some(raw) {
                say::leg(*segment, true, *raw);
            }
        }
        for segment in self.legs.keys().filter(|segment| !now.contains_key(*segment)) {
            say::leg(*segment, false, false);
        }
        self.legs = now;
    }

    fn store(&mut self, good: bool) {
        if self.in_memory_only == good {
            self.in_memory_only = !good;
            say::store(good);
        }
    }

    fn rejected(&mut self, now: u64) {
        let more = now.saturating_sub(std::mem::replace(&mut self.rejected, now));
        if more > 0 {
            let seconds = u32::try_from(LOOK_EVERY.as_secs()).unwrap_or_default() * LOOKS_AN_HOUR;
            say::rejected(u32::try_from(more).unwrap_or(u32::MAX), seconds);
        }
    }

    fn memory(&mut self, peak_kib: u64) {
        if peak_kib >= self.peak_kib + MEMORY_STEP_KIB {
            self.peak_kib = peak_kib;
            say::memory(u32::try_from(peak_kib).unwrap_or(u32::MAX));
        }
    }
}
