//! Holds the list of machines that programs written for an older interface read.
//! Never knows more than the devices and the kept snapshots do. The route table holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::device::Device;
use vigie_core::lan::{Clue, DeviceId, StableId};
use vigie_wire::Mac;

use super::network::Desk;
use super::network::view::{DeviceView, Lens, PortView, Span};
use super::network::{PIECE_BYTES, write_item};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::network::Hands;

/// What a machine says of itself; `null` where nothing is known.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
struct Inventory {
    /// Who made it, in its own words.
    manufacturer: Option<String>,
    /// Its model, in its own words.
    model: Option<String>,
    /// Its serial number.
    serial: Option<String>,
}

/// A machine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct MachineView {
    /// Id of the device.
    id: String,
    /// What to call it.
    name: Option<String>,
    /// The best host name.
    hostname: Option<String>,
    /// The address to reach it at.
    ip: Option<String>,
    /// Every address.
    ips: Vec<String>,
    /// The MAC of the interface seen last.
    mac: Option<String>,
    /// Who made it, by its own words or its MAC.
    vendor: Option<String>,
    /// Its kind; `unknown` rather than a guess.
    kind: &'static str,
    /// Its operating system.
    os: Option<String>,
    /// Whether it is there.
    online: bool,
    /// When it was seen; absent for one that is in a snapshot only.
    #[serde(flatten)]
    span: Option<Span>,
    /// Ports open now.
    open_ports: Vec<PortView>,
    /// What it says of itself.
    #[serde(flatten)]
    inventory: Inventory,
    /// Numbers of the kept scans it was found in, newest first.
    scans: Vec<u32>,
}

/// The routes.
pub(crate) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/machines", Access::Viewer, "Machines found in the kept scans and those online now, as one list")
            .answers::<Vec<MachineView>>(200)
            .run_with(desk, list),
    ]
}

async fn list(desk: Arc<Desk>, _call: Call) -> Outcome {
    let found: Vec<_> = desk.visit(|hands, _| found_in(hands).into_iter().collect()).await?;
    Ok(Reply::stream("application/json", move |pieces| async move {
        let (mut rows, mut first) = (found.into_iter(), true);
        if pieces.send(Bytes::from_static(b"[")).await.is_err() {
            return;
        }
        while !rows.as_slice().is_empty() {
            let rendered = desk.visit(move |hands, lens| {
                let mut bytes = Vec::with_capacity(PIECE_BYTES);
                while bytes.len() < PIECE_BYTES
                    && let Some((id, found)) = rows.next()
                {
                    write_item(&render(hands, lens, id, found), std::mem::take(&mut first), &mut bytes);
                }
                (rows, first, bytes)
            });
            let Ok((rest, still_first, bytes)) = rendered.await else { return };
            (rows, first) = (rest, still_first);
            if pieces.send(bytes.into()).await.is_err() {
                return;
            }
        }
        let _gone = pieces.send(Bytes::from_static(b"]")).await;
    }))
}

/// Where a machine was found: in which scans, and as what in the newest of them.
#[derive(Clone, Debug, Default)]
struct Found {
    scans: Vec<u32>,
    newest: Option<(Option<IpAddr>, Option<Mac>)>,
}

fn found_in(hands: &Hands<'_>) -> BTreeMap<DeviceId, Found> {
    let mut all: BTreeMap<DeviceId, Found> = BTreeMap::new();
    for snapshot in hands.snapshots().iter().rev() {
        let mut here = BTreeSet::new();
        for (id, ip, mac) in &snapshot.devices {
            if !here.insert(*id) {
                continue;
            }
            let found = all.entry(*id).or_default();
            found.scans.push(snapshot.number);
            found.newest.get_or_insert((*ip, *mac));
        }
    }
    for device in hands.lan().devices().filter(|device| device.online()) {
        all.entry(device.id()).or_default();
    }
    all
}

fn render(hands: &Hands<'_>, lens: &Lens<'_>, id: DeviceId, found: Found) -> MachineView {
    let Some(device) = hands.lan().device(id) else {
        let (ip, mac) = found.newest.unwrap_or_default();
        let ip = ip.map(|ip| ip.to_string());
        return MachineView {
            id: id.to_string(),
            name: None,
            hostname: None,
            ips: ip.iter().cloned().collect(),
            ip,
            mac: mac.map(|mac| mac.to_string()),
            vendor: None,
            kind: "unknown",
            os: None,
            online: false,
            span: None,
            open_ports: Vec::new(),
            inventory: Inventory::default(),
            scans: found.scans,
        };
    };
    let view = DeviceView::render(lens, device);
    MachineView {
        id: view.id,
        name: view.name,
        hostname: view.hostname,
        ip: view.ip,
        ips: view.ips,
        mac: view.mac,
        vendor: view.vendor,
        kind: view.kind,
        os: view.os,
        online: view.online,
        span: Some(view.span),
        open_ports: view.open_ports,
        inventory: inventory(device),
        scans: found.scans,
    }
}

fn inventory(device: &Device) -> Inventory {
    let clue = |wanted: Clue| {
        let rows = device.clues().iter().filter(|row| row.clue == wanted);
        rows.max_by_key(|row| row.last_seen).map(|row| row.text.to_string())
    };
    let serial = device.stable_ids().iter().find(|row| row.id == StableId::Serial);
    Inventory {
        manufacturer: clue(Clue::Manufacturer),
        model: clue(Clue::Model),
        serial: serial.map(|row| row.text.to_string()),
    }
}
