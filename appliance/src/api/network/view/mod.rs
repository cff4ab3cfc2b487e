//! Holds how what is known of the network looks in JSON: one view for each thing, the same in REST and in events.
//! Never looks anything up and never waits: a view is made of values of `core` while its owner is being visited.
//! Called by the routes, the event stream, the page and `vigie scan`.

pub(crate) mod change;
mod check;
mod conflict;
pub(crate) mod device;
pub(crate) mod scan;
pub(crate) mod segment;
mod service;
mod source;
mod wake;

use std::collections::BTreeMap;

use embassy_time::Instant;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::Moment;
use vigie_core::lan::SegmentId;
use vigie_core::limits::MAX_SEGMENTS;
use vigie_core::order::sort_by_key;

use crate::shell::clocks::Clocks;
use crate::shell::network::Hands;

pub(crate) use change::ChangeView;
pub(crate) use check::CheckView;
pub(crate) use conflict::{ConflictView, ProposalView};
pub(crate) use device::{AddressView, DeviceDetail, DeviceView, FieldView, NameView, PortView, UptimeView};
pub(crate) use scan::{ScanState, ScanView, SnapshotView};
pub(crate) use segment::SegmentView;
pub(crate) use source::SourceView;
pub(crate) use wake::WakeView;

/// What it takes to render: the time, the clocks of the boots, the names of the segments.
pub(crate) struct Lens<'a> {
    /// Now, on the clock of the machines.
    pub(crate) now: Instant,
    /// Tells the date of a moment, when it is known.
    pub(crate) clocks: &'a Clocks,
    /// Interface names by segment; a segment without one is shown by its number.
    pub(crate) segments: BTreeMap<SegmentId, String>,
}

impl<'a> Lens<'a> {
    /// The lens of one visit.
    pub(crate) fn of(hands: &Hands<'_>, clocks: &'a Clocks) -> Self {
        let all = (0..u8::try_from(MAX_SEGMENTS).unwrap_or(u8::MAX)).map(SegmentId);
        let segments = all.filter_map(|segment| Some((segment, hands.segment_name(segment)?))).collect();
        Self { now: hands.now(), clocks, segments }
    }

    /// The moment in RFC 3339 and UTC; nothing when the wall clock of its boot was never known.
    pub(crate) fn text(&self, moment: Moment) -> Option<String> {
        self.clocks.text(moment)
    }

    /// What to say beside a time that is not known as a date.
    pub(crate) fn point(&self, moment: Moment) -> Option<Point> {
        let unknown = self.text(moment).is_none();
        unknown.then_some(Point { boot: moment.boot, at_ms: moment.ms })
    }

    /// The name of a segment.
    pub(crate) fn segment(&self, segment: SegmentId) -> String {
        self.segments.get(&segment).cloned().unwrap_or_else(|| format!("segment-{}", segment.0))
    }
}

/// A time of which the date is not known: nobody had set the wall clock in that boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Point {
    /// Which start of the appliance, from 1.
    pub(crate) boot: u32,
    /// Milliseconds since that start.
    pub(crate) at_ms: u64,
}

/// When something was first and last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Span {
    /// RFC 3339 in UTC; `null` when the clock was not set, and then `first_seen_at` says more.
    pub(crate) first_seen: Option<String>,
    /// RFC 3339 in UTC; `null` when the clock was not set, and then `last_seen_at` says more.
    pub(crate) last_seen: Option<String>,
    /// Only where `first_seen` is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_seen_at: Option<Point>,
    /// Only where `last_seen` is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen_at: Option<Point>,
}

impl Span {
    /// From a first to a last time.
    pub(crate) fn render(lens: &Lens<'_>, first: Moment, last: Moment) -> Self {
        Self {
            first_seen: lens.text(first),
            last_seen: lens.text(last),
            first_seen_at: lens.point(first),
            last_seen_at: lens.point(last),
        }
    }
}

/// Every device, in the order of their addresses.
pub(crate) fn all_devices(hands: &Hands<'_>, clocks: &Clocks) -> Vec<DeviceView> {
    let lens = Lens::of(hands, clocks);
    let mut devices: Vec<_> = hands.lan().devices().collect();
    sort_by_key(&mut devices, |device| (device.ip().is_none(), device.ip(), device.id()));
    devices.into_iter().map(|device| DeviceView::render(&lens, device)).collect()
}

/// 0 to 1 with three decimals: more would be noise, and `f32` written in full looks like it.
pub(crate) fn ratio(value: f32) -> f64 {
    (f64::from(value) * 1_000.0).round() / 1_000.0
}
