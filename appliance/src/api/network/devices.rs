//! Holds the routes that show devices, add one by hand and forget one.
//! Never changes what the network says. The route table holds them.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::Deserialize;
use vigie_core::lan::{DeviceId, Edit, Refusal, SegmentId};
use vigie_core::order::sort_by;
use vigie_wire::Mac;

use vigie_core::audit::{Kind as Act, Object};

use super::BASE;
use super::desk::Desk;
use super::edit::Patch;
use super::export::pass_page;
use super::fault;
use super::filter::{self, Filter, Order, Place};
use super::view::{DeviceDetail, DeviceView, Lens};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::list::Window;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::network::{Hands, NotBack};

/// A page of devices, as [`list`] writes it.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "it describes the answer; the answer itself is never in memory as a whole")]
struct DevicePage<'v> {
    /// The devices.
    items: &'v [DeviceView],
    /// The same, under the name older clients know.
    devices: &'v [DeviceView],
    /// Devices in the whole list, over all pages.
    count: usize,
    /// Cursor of the next page; `null` on the last.
    next: Option<String>,
}

/// A device to add.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "mac": "00:11:22:33:44:55", "label": "Printer of the library" }))]
pub(crate) struct NewDevice {
    /// Six pairs of hex digits. Without it the device is known by its address only.
    pub(crate) mac: Option<String>,
    /// IPv4 or IPv6.
    pub(crate) ip: Option<String>,
    /// Name or number of the segment it will be on; found out when there is but one, or by the address.
    pub(crate) segment: Option<String>,
    /// What a person says of it.
    #[serde(flatten)]
    pub(crate) said: Patch,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        filter::taken(Route::get("/api/network/v2/devices", Access::Viewer, "Devices"))
            .lists()
            .query("sort", "ip, name, mac, vendor, kind, owner, trust, presence, first_seen, last_seen, confidence, id; `-` before it turns it round.")
            .answers::<DevicePage<'_>>(200)
            .run_with(desk, list),
        Route::post("/api/network/v2/devices", Access::Operator, "Add a device by hand, before it is seen")
            .reads::<NewDevice>()
            .answers::<DeviceDetail>(201)
            .audits(Act::DeviceAdded)
            .run_with(desk, add),
        Route::get("/api/network/v2/devices/{id}", Access::Viewer, "A device, by id, MAC or address")
            .answers::<DeviceDetail>(200)
            .run_with(desk, show),
        // It can be brought back for an hour, so it is daily work, here as on the page.
        Route::delete("/api/network/v2/devices/{id}", Access::Operator, "Forget a device; heard again, it is new")
            .audits(Act::DeviceForgotten)
            .run_with(desk, forget),
        Route::post(
            "/api/network/v2/devices/{id}/recall",
            Access::Operator,
            "Bring back a device forgotten within the last hour, with all that was known of it",
        )
        .takes(BodyRule::Json)
        .answers::<DeviceDetail>(200)
        .audits(Act::DeviceAdded)
        .run_with(desk, recall),
    ]
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let (filter, order) = (Filter::of(&call)?, Order::of(&call)?);
    let window = Window::<Place>::of(&call)?;
    if window.after.as_ref().is_some_and(|place| place.order != order) {
        // The next page of another order would leave out and repeat devices.
        return Err((&faults::BAD_CURSOR).into());
    }
    let page = desk.visit(move |hands, lens| {
        let mut rows: Vec<_> = hands
            .lan()
            .devices()
            .filter(|device| filter.takes(lens, device))
            .map(|device| (order.place(device), device))
            .collect();
        sort_by(&mut rows, |one, other| one.0.cmp(&other.0));
        let page = window.cut(rows, |(place, _)| place.clone());
        let ids: Vec<_> = page.items.iter().map(|(_, device)| device.id()).collect();
        (ids, page.count, page.next)
    });
    let (ids, count, next) = page.await?;
    // Piece by piece, as in `DevicePage`: a page of devices of which much is known is megabytes, and many may be read at once.
    Ok(Reply::stream("application/json", move |pieces| async move {
        for head in [r#"{"items":["#, r#"],"devices":["#] {
            if pieces.send(head.into()).await.is_err() || !pass_page(&desk, ids.clone(), &pieces).await {
                return;
            }
        }
        let tail = serde_json::json!({ "count": count, "next": next }).to_string();
        let _gone = pieces.send(format!("],{}", tail.trim_start_matches('{')).into()).await;
    }))
}

/// All of one device, with the tag of what people edit of it.
pub(super) fn detail(hands: &Hands<'_>, lens: &Lens<'_>, id: DeviceId) -> Result<(DeviceDetail, String), Problem> {
    let device = hands.lan().device(id).ok_or_else(|| fault::refused(Refusal::NoSuchDevice))?;
    let pairs = hands.lan().proposals();
    let may_be = pairs.filter_map(|(a, b)| (a == id).then_some(b).or((b == id).then_some(a)));
    let may_be = may_be.map(|other| other.to_string()).collect();
    Ok((DeviceDetail::render(lens, device, may_be), super::edit::tag_of(device)))
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let found = desk.visit_device(call.parameter("id"), detail_of).await?;
    // The tag is that of what people edit: `If-Match` must not fail because the device was heard again. So nothing is
    // ever answered as "not modified": the rest may well be.
    Ok(Reply::json(&found.0)?.tag(&found.1))
}

fn detail_of(hands: &mut Hands<'_>, lens: &Lens<'_>, id: DeviceId) -> Result<(DeviceDetail, String), Problem> {
    detail(hands, lens, id)
}

async fn forget(desk: Arc<Desk>, call: Call) -> Outcome {
    desk.visit_device(call.parameter("id"), |hands, _, id| hands.forget(id).map_err(fault::refused)).await?;
    Ok(Reply::empty())
}

async fn recall(desk: Arc<Desk>, call: Call) -> Outcome {
    let text = call.parameter("id").to_owned();
    let back = desk.visit(move |hands, lens| {
        let id = bring_back(hands, &text)?;
        detail(hands, lens, id)
    });
    let (device, tag) = back.await??;
    Ok(Reply::json(&device)?.tag(&tag))
}

/// Brings back the forgotten device with this id.
///
/// # Errors
/// `forgotten_too_long_ago`, `replaced_since`, `table_full`.
pub(crate) fn bring_back(hands: &mut Hands<'_>, id: &str) -> Result<DeviceId, Problem> {
    let id = id.parse::<DeviceId>().map_err(|_| Problem::from(&fault::NOT_KEPT_FOR_UNDO))?;
    hands.bring_back(id).map_err(|why| match why {
        NotBack::TooLate => Problem::from(&fault::NOT_KEPT_FOR_UNDO),
        NotBack::Replaced(other) => Problem::from(&fault::REPLACED).with("device", other),
        NotBack::NoRoom => fault::refused(Refusal::TableFull),
    })
}

async fn add(desk: Arc<Desk>, call: Call) -> Outcome {
    let new: NewDevice = call.json()?;
    let read = new.read()?;
    let added = desk.visit(move |hands, lens| {
        let id = new.put(hands, &read)?;
        detail(hands, lens, id)
    });
    let (device, tag) = added.await??;
    let place = format!("{BASE}/devices/{}", device.device.id);
    let object = Object::Device(u64::from_str_radix(&device.device.id, 16).unwrap_or_default());
    let reply = Reply::json(&device)?.status(StatusCode::CREATED).tag(&tag).header(LOCATION, &place);
    Ok(reply.concerning(object))
}

/// Adds a device by hand.
///
/// # Errors
/// `invalid` with a pointer to each value that does not do, `device_exists`, `table_full`, `no_network`.
pub(crate) async fn add_by_hand(desk: &Desk, new: NewDevice) -> Result<DeviceId, Problem> {
    let read = new.read()?;
    desk.visit(move |hands, _| new.put(hands, &read)).await?
}

fn refused_to_add(refusal: Refusal, has_mac: bool) -> Problem {
    match refusal {
        Refusal::BadAddress => fault::invalid(if has_mac { "/mac" } else { "/ip" }, &fault::BAD_ADDRESS, Vec::new()),
        refusal => fault::refused(refusal),
    }
}

/// What was read of a new device.
struct Addresses {
    mac: Option<Mac>,
    ip: Option<IpAddr>,
}

impl NewDevice {
    /// Puts it into the table.
    fn put(&self, hands: &mut Hands<'_>, read: &Addresses) -> Result<DeviceId, Problem> {
        let segment = choose_segment(hands, self.segment.as_deref(), read.ip)?;
        if read.ip.is_some_and(|ip| !is_neighbour(hands, segment, ip)) {
            return Err(fault::invalid("/ip", &fault::BAD_ADDRESS, Vec::new()));
        }
        let id = hands
            .edit(Edit::Add { segment, mac: read.mac, ip: read.ip, label: "" })
            .map_err(|refusal| refused_to_add(refusal, read.mac.is_some()))?;
        self.said.apply(hands, id)?;
        Ok(id)
    }

    fn read(&self) -> Result<Addresses, Problem> {
        let mut problem = self.said.check(Problem::from(&faults::INVALID));
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let mac = given(&self.mac).map(|text| text.trim().parse::<Mac>());
        let ip = given(&self.ip).map(|text| text.trim().parse::<IpAddr>());
        if matches!(mac, Some(Err(_))) {
            problem = problem.at("/mac", &fault::NOT_A_MAC);
        }
        if matches!(ip, Some(Err(_))) {
            problem = problem.at("/ip", &fault::NOT_AN_IP);
        }
        if mac.is_none() && ip.is_none() {
            problem = problem.at("/mac", &fault::ADDRESS_NEEDED);
        }
        if problem.has_fields() {
            return Err(problem);
        }
        Ok(Addresses { mac: mac.and_then(Result::ok), ip: ip.and_then(Result::ok) })
    }
}

/// The segment a new device is on: the one named, else the one its address belongs to, else the only one.
pub(super) fn choose_segment(hands: &Hands<'_>, named: Option<&str>, ip: Option<IpAddr>) -> Result<SegmentId, Problem> {
    let legs = hands.legs();
    let names = || legs.iter().map(|leg| leg.interface.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) {
        let is_it = |leg: &&_| is_named(leg, named);
        let found = legs.iter().find(is_it).map(|leg| leg.segment);
        let no_such = || fault::invalid("/segment", &fault::NO_SEGMENT, vec![("segments", names())]);
        return found.ok_or_else(no_such);
    }
    let holds = |leg: &&crate::shell::network::LegView| {
        ip.is_some_and(|ip| leg.addresses.iter().any(|(own, prefix)| same_net(*own, ip, *prefix)))
    };
    match (legs.iter().find(holds), legs.as_slice()) {
        (Some(leg), _) | (None, [leg]) => Ok(leg.segment),
        (None, []) => Err((&fault::NO_LEG).into()),
        _ => Err(fault::invalid("/segment", &fault::SEGMENT_NEEDED, vec![("segments", names())])),
    }
}

/// Whether a device of this segment can have this address: it is in one of its networks, or link-local.
pub(super) fn is_neighbour(hands: &Hands<'_>, segment: SegmentId, ip: IpAddr) -> bool {
    let local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let legs = hands.legs();
    let nets = legs.iter().filter(|leg| leg.segment == segment).flat_map(|leg| &leg.addresses);
    local || nets.into_iter().any(|(own, prefix)| same_net(*own, ip, *prefix))
}

fn is_named(leg: &crate::shell::network::LegView, named: &str) -> bool {
    leg.interface == named || leg.segment.0.to_string() == named
}

fn same_net(own: IpAddr, ip: IpAddr, prefix: u8) -> bool {
    ipnet::IpNet::new(own, prefix).is_ok_and(|net| net.contains(&ip))
}
