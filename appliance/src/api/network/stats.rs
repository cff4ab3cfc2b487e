//! Holds the route that counts devices by what is known of them.
//! Never lists a device. The route table holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use super::view::device::trust_name;
use super::view::{Lens, ratio};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::network::Hands;
use vigie_core::order::sort_by;

/// Makers named one by one; the others are counted as `other`.
const MAX_VENDORS: usize = 24;

type Counts = BTreeMap<String, usize>;

/// Counts.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct StatsView {
    /// All devices.
    devices: usize,
    /// Those that are there.
    online: usize,
    /// Those that are not.
    offline: usize,
    /// By kind.
    by_kind: Counts,
    /// By maker, the most frequent ones; `unknown` without one, `other` for the rest.
    by_vendor: Counts,
    /// By presence.
    by_presence: Counts,
    /// By who ever spoke of them; a device counts for each.
    by_source: Counts,
    /// By what is thought of them.
    by_trust: Counts,
    /// By segment; a device counts for each it has a leg in.
    by_segment: Counts,
    /// How sure it is, on average, which device each is; `null` without devices.
    mean_confidence: Option<f64>,
    /// How sure it is, on average, that each is there; `null` without devices.
    mean_presence_confidence: Option<f64>,
    /// Devices whose MAC looks random.
    random_macs: usize,
    /// Devices heard once and not confirmed.
    tentative: u32,
    /// Conflicts that go on.
    conflicts: u32,
    /// Pairs that may be one device.
    proposals: usize,
    /// Newcomers a full table had no room for.
    turned_away: u64,
    /// Frames read from raw sockets.
    frames_heard: u64,
    /// Questions asked of all sources; `/api/network/v2/sources` has them source by source.
    probes: u64,
    /// Packets that were malformed, and dropped.
    malformed: u64,
    /// Frames the kernel dropped because nobody read them in time.
    overrun: u64,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/stats", Access::Viewer, "Devices counted by kind, maker, presence, source")
            .answers::<StatsView>(200)
            .run_with(desk, tell),
    ]
}

async fn tell(desk: Arc<Desk>, _call: Call) -> Outcome {
    Reply::json(&desk.visit(|hands, lens| count(hands, lens)).await?)
}

fn count(hands: &Hands<'_>, lens: &Lens<'_>) -> StatsView {
    let (lan, counts) = (hands.lan(), hands.counts());
    let stats = lan.stats();
    let mut view = StatsView {
        tentative: stats.tentative,
        conflicts: stats.conflicts,
        proposals: lan.proposals().count(),
        turned_away: stats.turned_away,
        frames_heard: counts.frames_heard,
        probes: hands.sources().iter().map(|look| look.tally.asked).sum(),
        malformed: counts.malformed,
        overrun: counts.overrun,
        ..StatsView::default()
    };
    let add = |counts: &mut Counts, word: &str| match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(counts.insert(word.to_owned(), 1)),
    };
    let (mut identity, mut presence) = (0.0_f32, 0.0_f32);
    for device in lan.devices() {
        view.devices += 1;
        view.online += usize::from(device.online());
        view.random_macs += usize::from(device.random_mac());
        add(&mut view.by_kind, device.kind().name());
        add(&mut view.by_vendor, device.vendor().map_or("unknown", |field| field.value.as_str()));
        add(&mut view.by_presence, device.presence().name());
        add(&mut view.by_trust, trust_name(device.trust()));
        device.sources().for_each(|source| add(&mut view.by_source, source.name()));
        let mut segments: Vec<_> = device.interfaces().iter().map(|interface| interface.segment).collect();
        segments.dedup();
        segments.into_iter().for_each(|segment| add(&mut view.by_segment, &lens.segment(segment)));
        identity += device.confidence();
        presence += device.presence_confidence(lens.now);
    }
    view.offline = view.devices - view.online;
    view.by_vendor = most_frequent(view.by_vendor);
    if view.devices > 0 {
        view.mean_confidence = Some(ratio(identity / view.devices as f32));
        view.mean_presence_confidence = Some(ratio(presence / view.devices as f32));
    }
    view
}

fn most_frequent(counts: Counts) -> Counts {
    let mut rows: Vec<_> = counts.into_iter().collect();
    sort_by(&mut rows, |one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let rest: usize = rows.iter().skip(MAX_VENDORS).map(|(_, count)| count).sum();
    rows.truncate(MAX_VENDORS);
    let mut kept: Counts = rows.into_iter().collect();
    if rest > 0 {
        *kept.entry("other".to_owned()).or_default() += rest;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_makers_are_counted_together_and_none_is_lost() {
        let all: Counts = (0..100).map(|number| (format!("Maker {number}"), number)).collect();
        let sum: usize = all.values().sum();
        let kept = most_frequent(all);
        assert_eq!((kept.len(), kept.values().sum::<usize>()), (MAX_VENDORS + 1, sum));
        assert!(kept.contains_key("Maker 99") && !kept.contains_key("Maker 1"));
    }
}
