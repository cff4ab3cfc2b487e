//! Holds what reaches listeners of the event stream of the network, and the few numbers readiness and metrics read.
//! Never waits and never floods: beyond a burst, one event says "read the list again". Called by the network shell.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use vigie_core::lan::{SegmentId, Stats};

use super::desk::name_of;
use super::scan::Job;
use super::view::{ChangeView, DeviceView, Lens, ScanState, ScanView};
use crate::http::context::{Check, Platform};
use crate::http::events::{Hub, MAX_DATA_BYTES, Topic};
use crate::http::metrics::Metrics;
use crate::shell::clocks::Clocks;
use crate::shell::network::{Condition, Counts, Hands, Network, News, SourceLook};

/// Rows and changes told one by one within [`WINDOW`]. A listener's queue holds 64; the rest of it is for others.
const MAX_IN_WINDOW: u32 = 24;
/// What a burst is judged over, and how long after its first silenced event listeners are told to read again.
const WINDOW: Duration = Duration::from_secs(1);
/// Progress is told at most this often: a bar does not move better for more.
const PROGRESS_EVERY: Duration = Duration::from_millis(400);
/// How often the numbers are looked at when nothing happens: an interface that is gone makes no noise.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the rest of the service may know of the network without a visit.
#[derive(Default)]
pub(crate) struct State {
    seen: Mutex<Seen>,
    pub(super) job: Mutex<Option<Job>>,
}

/// What was seen at the last look.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) looked: bool,
    pub(super) legs: usize,
    /// Interfaces without raw sockets.
    pub(super) tame: Vec<String>,
    /// Segments whose scanner doubts itself.
    pub(super) degraded: Vec<String>,
    pub(super) swept_once: bool,
    pub(super) stats: Stats,
    counts: Counts,
    sources: Vec<SourceLook>,
    changes: BTreeMap<&'static str, u64>,
    last_took: Option<Duration>,
    scans: u32,
    /// Interfaces whose first sweep waits since the service did not survive the last one, and how many seconds yet.
    held: Vec<(String, u64)>,
}

impl State {
    /// Adds the network to `/readyz` and `/metrics`. Once, at start.
    pub(crate) fn watch(self: &Arc<Self>, platform: &Arc<Platform>) {
        let checks: [fn(&Seen) -> Check; 4] = [first_sweep, scanner, privileges, table];
        for check in checks {
            let state = self.clone();
            platform.watch(move || check(&state.seen()));
        }
        let state = self.clone();
        platform.metrics.collect(move |metrics| count(&state.seen(), metrics));
    }

    /// What was seen last.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the engine. A walk over the table: not for every piece of news.
    pub(super) fn look(&self, hands: &Hands<'_>) {
        let legs = hands.legs();
        let last = hands.scans().back();
        let seen = Seen {
            looked: true,
            legs: legs.len(),
            tame: legs.iter().filter(|leg| !leg.raw && leg.mac.is_some()).map(|leg| leg.interface.clone()).collect(),
            degraded: legs.iter().filter(|leg| leg.degraded).map(|leg| leg.interface.clone()).collect(),
            swept_once: hands.sweeps().all_swept_once(),
            stats: hands.lan().stats(),
            counts: hands.counts(),
            sources: hands.sources(),
            changes: hands.changes_by_kind().clone(),
            last_took: last.map(|scan| Duration::from_micros(scan.report.took.as_micros())),
            scans: hands.total_scans(),
            held: held(hands),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

/// Keeps the state fresh until the service ends.
pub(crate) async fn keep_looking(network: Network, state: Arc<State>) {
    loop {
        let looked = state.clone();
        if network.call(move |hands| looked.look(hands)).await.is_err() {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn held(hands: &Hands<'_>) -> Vec<(String, u64)> {
    let now = hands.now();
    let named = |(segment, until): (SegmentId, embassy_time::Instant)| {
        (hands.segment_name(segment).unwrap_or_default(), until.saturating_duration_since(now).as_secs())
    };
    hands.sweeps().held().into_iter().map(named).collect()
}

fn first_sweep(seen: &Seen) -> Check {
    if let Some((name, seconds)) = seen.held.first() {
        let detail = format!(
            "the service did not survive its last first sweep of {name}, so the next waits {seconds} s; known devices \
             are asked meanwhile"
        );
        return Check { name: "first_sweep", ok: false, needed: false, detail };
    }
    let detail = match (seen.swept_once, seen.legs) {
        (true, _) => "every segment was swept".to_owned(),
        (false, 0) => "no network interface is up with an address; waiting for one".to_owned(),
        (false, legs) => format!("the first sweep of {legs} segment(s) is not over yet"),
    };
    Check { name: "first_sweep", ok: seen.swept_once, needed: false, detail }
}

fn scanner(seen: &Seen) -> Check {
    let ok = seen.degraded.is_empty() && seen.legs > 0;
    let detail = if !seen.degraded.is_empty() {
        let names = seen.degraded.join(", ");
        format!("degraded on {names}: half the network vanished at once, so nobody is called offline there")
    } else if seen.legs == 0 {
        "no segment is connected".to_owned()
    } else {
        format!("{} segment(s) connected", seen.legs)
    };
    Check { name: "scanner", ok, needed: false, detail }
}

fn privileges(seen: &Seen) -> Check {
    let ok = seen.tame.is_empty() && seen.looked;
    let detail = if seen.tame.is_empty() {
        "raw sockets on every segment".to_owned()
    } else {
        let names = seen.tame.join(", ");
        format!("no raw socket on {names}: slower, and fewer devices are found; CAP_NET_RAW grants them")
    };
    Check { name: "privileges", ok, needed: false, detail }
}

fn table(seen: &Seen) -> Check {
    let (devices, away) = (seen.stats.devices, seen.stats.turned_away);
    let detail = match away {
        0 => format!("{devices} devices"),
        away => format!("{devices} devices; the table was full and {away} newcomers were turned away"),
    };
    Check { name: "device_table", ok: away == 0, needed: false, detail }
}

fn count(seen: &Seen, metrics: &Metrics) {
    let stats = &seen.stats;
    let states = [
        ("online", stats.online),
        ("suspect", stats.suspect),
        ("offline", stats.offline),
        ("unknown", stats.unknown),
        ("tentative", stats.tentative),
    ];
    for (state, number) in states {
        metrics.gauge("devices", "Devices by presence.", "state", state, f64::from(number));
    }
    metrics.gauge("conflicts_open", "Address and MAC conflicts that go on.", "", "", f64::from(stats.conflicts));
    metrics.gauge("segments", "Segments with a leg.", "", "", seen.legs as f64);
    metrics.gauge("segments_degraded", "Segments whose scanner doubts itself.", "", "", seen.degraded.len() as f64);
    if let Some(took) = seen.last_took {
        metrics.gauge("scan_last_duration_seconds", "How long the last sweep took.", "", "", took.as_secs_f64());
    }
    metrics.count_to("scans_total", "Sweeps that ended.", "", "", u64::from(seen.scans));
    metrics.count_to("scan_frames_heard_total", "Frames read from raw sockets.", "", "", seen.counts.frames_heard);
    let help = "What was heard and dropped, by why.";
    metrics.count_to("scan_dropped_total", help, "why", "malformed", seen.counts.malformed);
    metrics.count_to("scan_dropped_total", help, "why", "overrun", seen.counts.overrun);
    metrics.count_to("scan_dropped_total", help, "why", "errands", seen.counts.errands_dropped);
    metrics.count_to("sightings_total", "Observations taken.", "", "", stats.sightings);
    metrics.count_to("confirmations_total", "Directed confirmations begun.", "", "", stats.confirmations);
    metrics.count_to("devices_turned_away_total", "Newcomers a full table had no room for.", "", "", stats.turned_away);
    metrics.count_to("devices_evicted_total", "Devices that made room for others.", "", "", stats.evicted);
    for look in &seen.sources {
        let (name, tally) = (look.name, &look.tally);
        let up = matches!(look.condition, Condition::Good | Condition::Limited);
        metrics.gauge("source_up", "Whether a source tells something.", "source", name, f64::from(u8::from(up)));
        metrics.count_to("source_questions_total", "Questions asked of a source.", "source", name, tally.asked);
        metrics.count_to("source_unsent_total", "Of them: not sent, or dropped.", "source", name, tally.unsent);
        metrics.count_to("source_heard_total", "Messages heard from a source.", "source", name, tally.heard);
        metrics.count_to("source_malformed_total", "Malformed messages dropped.", "source", name, tally.malformed);
        metrics.count_to("source_errors_total", "Times something went wrong.", "source", name, tally.errors);
    }
    for (kind, number) in &seen.changes {
        metrics.count_to("events_total", "Changes of the network, by type.", "type", kind, *number);
    }
}

/// Somebody who is told the news of the network.
pub(crate) type Tell = Box<dyn FnMut(&mut Hands<'_>, &News)>;

/// Tells the event stream.
pub(crate) fn listener(platform: Arc<Platform>, clocks: Arc<Clocks>, state: Arc<State>) -> Tell {
    let mut teller = Teller {
        platform,
        clocks,
        state,
        began: Duration::ZERO,
        told: 0,
        progress_told: None,
        reload: Arc::new(AtomicBool::new(false)),
    };
    Box::new(move |hands, news| teller.tell(hands, news))
}

struct Teller {
    platform: Arc<Platform>,
    clocks: Arc<Clocks>,
    state: Arc<State>,
    /// When the window began, and what was told one by one in it.
    began: Duration,
    told: u32,
    progress_told: Option<Duration>,
    /// Whether listeners are going to be told to read again.
    reload: Arc<AtomicBool>,
}

impl Teller {
    fn tell(&mut self, hands: &mut Hands<'_>, news: &News) {
        let clocks = self.clocks.clone();
        let hub = self.platform.events.clone();
        match news {
            News::Changed(change) => {
                if self.may_tell() {
                    let name = change.device.and_then(|id| name_of(hands, id));
                    let view = ChangeView::render(&Lens::of(hands, &clocks), change, None, name);
                    hub.publish(Topic::Network, view.kind, &as_json(&view));
                }
            }
            News::Row(id) => {
                let Some(device) = hands.lan().device(*id) else { return };
                if self.may_tell() {
                    let row = row_json(&DeviceView::render(&Lens::of(hands, &clocks), device));
                    hub.publish_latest(Topic::Network, "device", &id.to_string(), &row);
                }
            }
            News::Gone(id) => {
                if self.may_tell() {
                    hub.publish(Topic::Network, "device_gone", &json!({ "id": id.to_string() }));
                }
            }
            News::Progress(..) => self.tell_progress(hands, &hub),
            News::Swept(scan) => {
                let kept = hands.snapshots().iter().any(|snapshot| snapshot.number == scan.number);
                let lens = Lens::of(hands, &clocks);
                hub.publish(Topic::Network, "scan", &as_json(&ScanView::render(&lens, scan, kept)));
                self.state.note_scan(scan, hands.sweeps().is_asked());
                self.state.look(hands);
                self.progress_told = None;
                self.tell_progress(hands, &hub);
            }
        }
    }

    fn tell_progress(&mut self, hands: &Hands<'_>, hub: &Hub) {
        let now = self.platform.clock.now();
        if self.progress_told.is_some_and(|told| now < told + PROGRESS_EVERY) {
            return;
        }
        self.progress_told = Some(now);
        let state = ScanState::render(hands, &Lens::of(hands, &self.clocks), self.state.running_for());
        hub.publish_latest(Topic::Network, "scan_progress", "scan", &as_json(&state));
    }

    /// Whether one more row or change may be told by itself. When not, listeners are told to read again soon.
    fn may_tell(&mut self) -> bool {
        let now = self.platform.clock.now();
        if now >= self.began + WINDOW {
            (self.began, self.told) = (now, 0);
        }
        self.told += 1;
        if self.told <= MAX_IN_WINDOW {
            return true;
        }
        if !self.reload.swap(true, Ordering::Relaxed) {
            let (hub, reload) = (self.platform.events.clone(), self.reload.clone());
            tokio::spawn(async move {
                tokio::time::sleep(WINDOW).await;
                reload.store(false, Ordering::Relaxed);
                let what = json!({ "devices": true, "events": true });
                hub.publish_latest(Topic::Network, "reload", "all", &what);
            });
        }
        false
    }
}

fn as_json<T: serde::Serialize>(view: &T) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}

/// The row of a device; one too long for an event says so, and comes without its longest parts.
fn row_json(view: &DeviceView) -> Value {
    let mut row = as_json(view);
    if row.to_string().len() <= MAX_DATA_BYTES {
        return row;
    }
    if let Some(members) = row.as_object_mut() {
        for part in ["interfaces", "ips", "hostnames", "reasons", "open_ports", "fields"] {
            members.remove(part);
        }
        members.insert("partial".to_owned(), Value::Bool(true));
    }
    row
}
