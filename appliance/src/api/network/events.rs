//! Holds the routes that read stored changes: all of them, and the history of one device.
//! Never reads more than it gives: the store filters, newest first, and a cursor is a number in the log.
//! The route table holds them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::Moment;
use vigie_core::lan::{Change, ChangeKind, DeviceId};

use super::date;
use super::desk::{Desk, name_of};
use super::view::{AddressView, ChangeView, DeviceDetail, Lens, NameView, PortView, UptimeView};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::list::{Page, Window, close};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{CHANGE, Event};
use crate::shell::network::Hands;

/// Merges and splits looked at to find what a device was before: hundreds of them mean an invented network.
const MAX_MERGES: usize = 512;
/// Devices that one device may be made of, in its history.
const MAX_PARTS: usize = 16;

/// An address a device had, and where.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Residence {
    /// Where.
    segment: String,
    /// With which MAC.
    mac: Option<String>,
    /// The address and when it was held.
    #[serde(flatten)]
    address: AddressView,
}

/// The history of a device.
#[derive(Debug, Serialize, JsonSchema)]
struct History {
    /// Id of the device.
    device: String,
    /// Changes, newest first.
    items: Vec<ChangeView>,
    /// Changes on this page.
    count: usize,
    /// Cursor of the next page; `null` on the last.
    next: Option<String>,
    /// The share of time present.
    uptime: UptimeView,
    /// The last day in quarters of an hour, oldest first.
    strip: Vec<&'static str>,
    /// Addresses and when they were held.
    addresses: Vec<Residence>,
    /// Names and when they were said.
    hostnames: Vec<NameView>,
    /// Ports and when they were seen open.
    ports: Vec<PortView>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/events", Access::Viewer, "What changed, newest first; `count` is that of the page")
            .lists()
            .query("type", "Only of these types, such as `NEW_DEVICE,OFFLINE`.")
            .query("device", "Only of this device: id, MAC or address.")
            .query("period", "Only the last `24h`, `7d` or `30d`.")
            .query("since", "Only from this time on, RFC 3339, or the last `24h`, `7d`, `30d`.")
            .query("until", "Only up to this time, RFC 3339.")
            .answers::<Page<ChangeView>>(200)
            .run_with(desk, list),
        Route::get("/api/network/v2/devices/{id}/history", Access::Viewer, "What happened to a device, newest first")
            .lists()
            .query("kind", "Only `ips`, `hostnames`, `presence`, `ports`, `identity` or `conflicts`.")
            .query("period", "Only the last `24h`, `7d` or `30d`.")
            .query("since", "Only from this time on, RFC 3339, or the last `24h`, `7d`, `30d`.")
            .query("until", "Only up to this time, RFC 3339.")
            .answers::<History>(200)
            .run_with(desk, history),
    ]
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default)]
struct Period {
    since: Option<Edge>,
    until: Option<Edge>,
}

/// A point of time, as a date and, for changes whose date is not known, as a moment of this boot.
#[derive(Clone, Copy, Debug)]
struct Edge {
    unix: Option<Duration>,
    moment: Option<Moment>,
}

impl Edge {
    /// Whether `at` is not before this point; `None` when the two cannot be compared.
    fn is_reached(self, at: Moment, clocks: &Clocks) -> Option<bool> {
        if let Some((edge, unix)) = self.unix.zip(clocks.unix(at)) {
            return Some(unix >= edge);
        }
        let moment = self.moment?;
        // Another boot is earlier or later as a whole.
        Some(at >= moment)
    }
}

impl Period {
    fn of(call: &Call, clocks: &Clocks, now: Moment) -> Result<Self, Problem> {
        let read = |name: &'static str| {
            let Some(text) = call.query(name).filter(|text| !text.is_empty()) else { return Ok(None) };
            let edge = read_edge(text, clocks, now);
            edge.map(Some).ok_or_else(|| Problem::from(&faults::BAD_PARAMETER).with("name", name))
        };
        Ok(Self { since: read("since")?.or(read("period")?), until: read("until")? })
    }

    fn holds(self, at: Moment, clocks: &Clocks) -> bool {
        let since = self.since.is_none_or(|edge| edge.is_reached(at, clocks) == Some(true));
        since && self.until.is_none_or(|edge| edge.is_reached(at, clocks) == Some(false))
    }
}

/// `24h`, `7d`, or a date.
fn read_edge(text: &str, clocks: &Clocks, now: Moment) -> Option<Edge> {
    let Some(ago) = read_ago(text) else {
        return date::read(text).map(|unix| Edge { unix: Some(unix), moment: None });
    };
    let unix = clocks.unix(now).map(|now| now.saturating_sub(ago));
    let ms = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
    let moment = now.ms.checked_sub(ms).map(|ms| Moment { boot: now.boot, ms });
    // Longer ago than this boot: all of this boot is within.
    Some(Edge { unix, moment: Some(moment.unwrap_or(Moment { boot: now.boot, ms: 0 })) })
}

fn read_ago(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Reads a stored change; one of another version is left out.
fn read_change(event: &Event) -> Option<Change> {
    (event.version == CHANGE.version).then(|| postcard::from_bytes(&event.value).ok()).flatten()
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let window = Window::<u64>::of(&call)?;
    let kinds = read_kinds(call.query("type").unwrap_or_default())?;
    let now = desk.visit(|hands, _| hands.moment()).await?;
    let period = Period::of(&call, &desk.clocks, now)?;
    let devices = match call.query("device").filter(|text| !text.is_empty()) {
        Some(text) => Some(parts_of(&desk, wanted_device(&desk, text).await?).await),
        None => None,
    };
    let (items, next) = read(&desk, window, kinds, devices, period).await?;
    Reply::json(&Page { count: items.len(), items, next })
}

/// A device that is there, or an id of one that is gone but may have a history.
async fn wanted_device(desk: &Arc<Desk>, text: &str) -> Result<DeviceId, Problem> {
    if let Ok(id) = text.parse::<DeviceId>() {
        return Ok(id);
    }
    desk.visit_device(text, |_, _, id| Ok(id)).await
}

fn read_kinds(text: &str) -> Result<Vec<ChangeKind>, Problem> {
    let word = |word: &str| {
        let word = word.trim();
        ChangeKind::ALL.iter().copied().find(|kind| kind.name().eq_ignore_ascii_case(word))
    };
    let kinds: Option<Vec<_>> = text.split(',').filter(|word| !word.is_empty()).map(word).collect();
    kinds.ok_or_else(|| Problem::from(&faults::BAD_PARAMETER).with("name", "type"))
}

/// One page of changes, newest first.
async fn read(
    desk: &Desk,
    window: Window<u64>,
    kinds: Vec<ChangeKind>,
    devices: Option<BTreeSet<DeviceId>>,
    period: Period,
) -> Result<(Vec<ChangeView>, Option<String>), Problem> {
    let clocks = desk.clocks.clone();
    let keep = move |event: &Event| {
        read_change(event).is_some_and(|change| {
            let about = |ids: &BTreeSet<DeviceId>| change.device.is_some_and(|id| ids.contains(&id));
            (kinds.is_empty() || kinds.contains(&change.kind))
                && devices.as_ref().is_none_or(about)
                && period.holds(change.at, &clocks)
        })
    };
    // One more than asked for tells whether there is a next page.
    let mut events =
        desk.keeper.newest(CHANGE, window.after.unwrap_or(u64::MAX), window.limit.saturating_add(1), keep).await;
    let more = events.len() > window.limit;
    events.truncate(window.limit);
    let next = events.last().filter(|_| more).map(|event| close(&event.sequence));
    let items = desk.visit(move |hands, lens| {
        let row = |event: &Event| {
            let change = read_change(event)?;
            let name = change.device.and_then(|id| name_of(hands, id));
            Some(ChangeView::render(lens, &change, Some(event.sequence), name))
        };
        events.iter().filter_map(row).collect()
    });
    Ok((items.await?, next))
}

/// A device and those that were merged into it: what happened to them before is its history too.
async fn parts_of(desk: &Desk, id: DeviceId) -> BTreeSet<DeviceId> {
    let is_merge = |event: &Event| {
        read_change(event).is_some_and(|change| matches!(change.kind, ChangeKind::Merged | ChangeKind::Split))
    };
    let mut merges = desk.keeper.newest(CHANGE, u64::MAX, MAX_MERGES, is_merge).await;
    merges.reverse();
    parts(id, &merges.iter().filter_map(read_change).collect::<Vec<_>>())
}

/// The same from merges and splits, oldest first.
fn parts(id: DeviceId, merges: &[Change]) -> BTreeSet<DeviceId> {
    let mut into: Vec<(DeviceId, DeviceId)> = Vec::new();
    for change in merges {
        let Some(stays) = change.device else { continue };
        match change.kind {
            ChangeKind::Merged => into.extend(change.old.parse().ok().map(|goes| (goes, stays))),
            _ => {
                let out = change.new.parse::<DeviceId>().ok();
                into.retain(|(goes, _)| Some(*goes) != out);
            }
        }
    }
    let mut parts = BTreeSet::from([id]);
    loop {
        let found = into.iter().find(|(goes, stays)| parts.contains(stays) && !parts.contains(goes));
        let Some((goes, _)) = found.filter(|_| parts.len() < MAX_PARTS) else { return parts };
        parts.insert(*goes);
    }
}

fn kinds_of(word: &str) -> Option<Vec<ChangeKind>> {
    Some(match word {
        "" | "all" => Vec::new(),
        "ip" | "ips" => vec![ChangeKind::IpChanged],
        "hostname" | "hostnames" => vec![ChangeKind::HostnameChanged],
        "presence" => vec![ChangeKind::NewDevice, ChangeKind::Online, ChangeKind::Offline, ChangeKind::Flapping],
        "port" | "ports" => vec![ChangeKind::PortOpened, ChangeKind::PortClosed],
        "identity" => vec![
            ChangeKind::VendorChanged,
            ChangeKind::KindChanged,
            ChangeKind::MergeProposed,
            ChangeKind::Merged,
            ChangeKind::Split,
        ],
        "conflict" | "conflicts" => {
            vec![ChangeKind::Conflict, ChangeKind::ConflictCleared, ChangeKind::RogueDhcp]
        }
        _ => return None,
    })
}

async fn history(desk: Arc<Desk>, call: Call) -> Outcome {
    let window = Window::<u64>::of(&call)?;
    let bad_kind = || Problem::from(&faults::BAD_PARAMETER).with("name", "kind");
    let kinds = kinds_of(call.query("kind").unwrap_or_default()).ok_or_else(bad_kind)?;
    let (id, detail, residences, now) = desk.visit_device(call.parameter("id"), known).await?;
    let period = Period::of(&call, &desk.clocks, now)?;
    let parts = parts_of(&desk, id).await;
    let (items, next) = read(&desk, window, kinds, Some(parts), period).await?;
    Reply::json(&History {
        device: id.to_string(),
        count: items.len(),
        items,
        next,
        uptime: detail.device.uptime,
        strip: detail.strip,
        addresses: residences,
        hostnames: detail.device.hostnames,
        ports: detail.ports,
    })
}

type Known = (DeviceId, DeviceDetail, Vec<Residence>, Moment);

fn known(hands: &mut Hands<'_>, lens: &Lens<'_>, id: DeviceId) -> Result<Known, Problem> {
    let (mut detail, _) = super::devices::detail(hands, lens, id)?;
    let mut residences = Vec::new();
    for interface in std::mem::take(&mut detail.device.interfaces) {
        let (segment, mac) = (interface.segment, interface.mac);
        let row = |address| Residence { segment: segment.clone(), mac: mac.clone(), address };
        residences.extend(interface.ips.into_iter().map(row));
    }
    Ok((id, detail, residences, hands.moment()))
}

#[cfg(test)]
mod tests {
    use vigie_core::Text;

    use super::*;

    fn merge(kind: ChangeKind, device: u64, old: u64, new: u64) -> Change {
        let name = |id: u64| Text::cut(&DeviceId(id).to_string());
        let (old, new) = (name(old), name(new));
        Change {
            at: Moment::default(),
            kind,
            device: Some(DeviceId(device)),
            segment: None,
            old,
            new,
            evidence: Text::default(),
        }
    }

    #[test]
    fn the_history_of_what_was_merged_into_a_device_is_its_own_until_it_is_split() {
        let mut merges = vec![merge(ChangeKind::Merged, 2, 3, 2), merge(ChangeKind::Merged, 1, 2, 1)];
        assert_eq!(parts(DeviceId(1), &merges), [1, 2, 3].map(DeviceId).into());
        assert_eq!(parts(DeviceId(9), &merges), [9].map(DeviceId).into());
        merges.push(merge(ChangeKind::Split, 1, 1, 2));
        assert_eq!(parts(DeviceId(1), &merges), [1].map(DeviceId).into());
        assert_eq!(parts(DeviceId(2), &merges), [2, 3].map(DeviceId).into());
    }

    #[test]
    fn a_circle_of_merges_ends() {
        let merges = [merge(ChangeKind::Merged, 1, 2, 1), merge(ChangeKind::Merged, 2, 1, 2)];
        assert_eq!(parts(DeviceId(1), &merges).len(), 2);
    }

    #[test]
    fn periods_work_without_a_date() {
        let clocks = Clocks::open(&[], None);
        // A boot of which nobody knows the date, and which is not this one.
        let boot = clocks.this_boot() + 7;
        let now = Moment { boot, ms: 100 * 3_600_000 };
        let edge = read_edge("24h", &clocks, now).unwrap();
        let at = |hour: u64| Moment { boot, ms: hour * 3_600_000 };
        assert_eq!(edge.is_reached(at(76), &clocks), Some(true));
        assert_eq!(edge.is_reached(at(75), &clocks), Some(false));
        assert_eq!(edge.is_reached(Moment { boot: boot - 1, ms: u64::MAX }, &clocks), Some(false));
        let date = read_edge("2026-01-01T00:00:00Z", &clocks, now).unwrap();
        assert_eq!(date.is_reached(at(76), &clocks), None, "cannot be told");
        for bad in ["", "h", "-1h", "yesterday", "99999999999999999999d"] {
            assert!(read_edge(bad, &clocks, now).is_none(), "{bad}");
        }
    }
}
