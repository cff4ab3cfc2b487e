//! Holds the route that takes a list of devices in: our own spreadsheet, or one of NetAlertX.
//! Never clears and never guesses: empty cells say nothing, what cannot be read is told line by line.
//! The route table holds it.

pub(crate) mod backup;
pub mod line;
pub mod reader;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::device::Device;
use vigie_core::lan::{DeviceId, Edit, Refusal, SegmentId};
use vigie_core::limits::MAX_SEGMENTS;
use vigie_wire::Mac;

use self::line::Line;
use self::reader::List;
use vigie_core::audit::Kind as Act;

use super::desk::Desk;
use super::devices::{choose_segment, is_neighbour};
use super::fault;
use super::filter::read_switch;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::keeper::{Keeper, NotKept};
use crate::shell::network::{Hands, Shelf};

/// Longest list, in bytes: ten times a full table as it is exported with short notes would not be longer.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Lines done in one visit, so that packets are not kept waiting.
const AT_ONCE: usize = 64;

/// What was done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Done {
    /// A new device.
    Added,
    /// A known device, of which something was said anew.
    Updated,
    /// A known device, of which the line says nothing new.
    Unchanged,
    /// Nothing, for the reason given.
    Refused,
}

/// One line and what was done with it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LineView {
    /// Its number in the file, from 1; the names of the columns are on the first.
    pub(crate) line: u64,
    /// What was done, or would be.
    pub(crate) action: Done,
    /// Id of the device; `null` for one that is not there (yet).
    pub(crate) id: Option<String>,
    /// The MAC in the line.
    pub(crate) mac: Option<String>,
    /// The address in the line.
    pub(crate) ip: Option<String>,
    /// What was said anew.
    pub(crate) changed: Vec<&'static str>,
    /// Why nothing was done, or what of it was left out, in words.
    pub(crate) reason: Option<String>,
}

/// What was done with a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ImportView {
    /// Whether this only tells what would be done.
    pub(crate) dry_run: bool,
    /// `vigie`, `netalertx` or `backup`.
    pub(crate) format: &'static str,
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) unchanged: usize,
    pub(crate) refused: usize,
    /// Lines beyond the most that are read, left out.
    pub(crate) left_out: u64,
    /// Each line.
    pub(crate) items: Vec<LineView>,
    /// How many.
    pub(crate) count: usize,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post("/api/network/v2/import", Access::Admin, "Take in a list of devices: our CSV, or one of NetAlertX")
            .takes(BodyRule::Bytes(MAX_BYTES))
            .switch("dry_run", "`true`: only tell what would be done.")
            .answers::<ImportView>(200)
            // Doing it again changes nothing, and the answer may be long.
            .every_time()
            .audits(Act::DevicesImported)
            .run_with(desk, take),
    ]
}

async fn take(desk: Arc<Desk>, call: Call) -> Outcome {
    let bad = || Problem::from(&faults::BAD_PARAMETER).with("name", "dry_run");
    let dry_run = read_switch(call.query("dry_run")).ok_or_else(bad)?;
    let view = take_in(&desk, &call.body, dry_run, call.language).await?;
    Ok(view.tell(Reply::json(&view)?))
}

/// Takes in a list, or with `dry_run` only tells what would be done.
///
/// # Errors
/// `not_utf8` and `not_a_device_list`; what is wrong with one line stands in its view.
pub(crate) async fn take_in(
    desk: &Desk,
    body: &[u8],
    dry_run: bool,
    language: Language,
) -> Result<ImportView, Problem> {
    carry_out(desk, reader::read(body, language)?, dry_run, language).await
}

/// Carries out a list that was read, or with `dry_run` only tells what would be done.
///
/// # Errors
/// When the service is stopping or the card takes nothing; what is wrong with one line stands in its view.
pub(crate) async fn carry_out(
    desk: &Desk,
    list: List,
    dry_run: bool,
    language: Language,
) -> Result<ImportView, Problem> {
    let mut items = Vec::with_capacity(list.lines.len());
    let (format, left_out) = (list.format, list.left_out);
    let mut lines = list.lines.into_iter();
    loop {
        let some: Vec<Line> = lines.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        let done = desk.visit(move |hands, _| {
            some.iter().map(|line| do_line(hands, line, dry_run, language, Ground::Legs)).collect::<Vec<_>>()
        });
        items.extend(done.await?);
    }
    Ok(ImportView::of(items, format, left_out, dry_run))
}

/// Carries out a list on what was stored, while no service runs. What is done is on the card when this ends.
///
/// # Errors
/// When the card takes nothing.
pub(crate) async fn carry_out_stored(
    shelf: &Shelf,
    keeper: Option<&Keeper>,
    list: List,
    language: Language,
) -> Result<ImportView, NotKept> {
    let mut items = Vec::with_capacity(list.lines.len());
    for some in list.lines.chunks(AT_ONCE) {
        let dry_run = keeper.is_none();
        items.extend(shelf.visit(|hands| {
            some.iter().map(|line| do_line(hands, line, dry_run, language, Ground::Names)).collect::<Vec<_>>()
        }));
        if let Some(keeper) = keeper {
            keeper.flush().await?;
        }
    }
    Ok(ImportView::of(items, list.format, list.left_out, keeper.is_none()))
}

/// How a new device finds its segment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// By the legs there are.
    Legs,
    /// By the name the line gives, since no leg is there: nothing runs.
    Names,
}

impl ImportView {
    fn of(items: Vec<LineView>, format: &'static str, left_out: u64, dry_run: bool) -> Self {
        let of = |done: Done| items.iter().filter(|item| item.action == done).count();
        let [added, updated, unchanged, refused] = [Done::Added, Done::Updated, Done::Unchanged, Done::Refused].map(of);
        Self { dry_run, format, added, updated, unchanged, refused, left_out, count: items.len(), items }
    }

    /// Says in an answer what the journal is to hold of it: nothing, when nothing was changed.
    pub(crate) fn tell(&self, reply: Reply) -> Reply {
        if self.dry_run || self.added + self.updated == 0 {
            return reply.unrecorded();
        }
        reply.telling(&format!("{} added, {} updated", self.added, self.updated))
    }
}

/// Does one line, or tells what would be done.
fn do_line(hands: &mut Hands<'_>, line: &Line, dry_run: bool, language: Language, ground: Ground) -> LineView {
    let mut view = LineView {
        line: line.number,
        action: Done::Refused,
        id: None,
        mac: line.mac.map(|mac| mac.to_string()),
        ip: line.ip.map(|ip| ip.to_string()),
        changed: Vec::new(),
        reason: line.remark.clone(),
    };
    let done = if line.is_good { place(hands, line, dry_run, ground) } else { Ok((Done::Refused, None, Vec::new())) };
    match done {
        Ok((action, id, changed)) => {
            (view.action, view.id, view.changed) = (action, id.map(|id| id.to_string()), changed);
        }
        Err(problem) => {
            let words = problem.field_details(language).into_iter().map(|(_, words)| words).next();
            view.reason = Some(words.unwrap_or_else(|| problem.detail(language)));
        }
    }
    view
}

type Placed = (Done, Option<DeviceId>, Vec<&'static str>);

/// Finds the device of a line, or adds it, and says of it what the line says.
fn place(hands: &mut Hands<'_>, line: &Line, dry_run: bool, ground: Ground) -> Result<Placed, Problem> {
    if let Some(device) = known(hands, line) {
        let id = device.id();
        let (fresh, changed) = line.said.news(device);
        if changed.is_empty() {
            return Ok((Done::Unchanged, Some(id), changed));
        }
        if !dry_run {
            fresh.apply(hands, id)?;
        }
        return Ok((Done::Updated, Some(id), changed));
    }
    if line.mac.is_none() && line.ip.is_none() {
        return Err(fault::invalid("/mac", &fault::ADDRESS_NEEDED, Vec::new()));
    }
    let (segment, ip) = match ground {
        Ground::Legs => {
            let segment = choose_segment(hands, known_segment(hands, line), line.ip)?;
            // An old list may hold addresses of another network; the MAC is what counts.
            (segment, line.ip.filter(|ip| is_neighbour(hands, segment, *ip)))
        }
        Ground::Names => (named_segment(hands, line)?, line.ip),
    };
    let bad_address = || fault::invalid("/mac", &fault::BAD_ADDRESS, Vec::new());
    let is_nobody = |mac: Mac| !mac.is_station() || mac.is_virtual_router();
    if line.mac.is_some_and(is_nobody) || (line.mac.is_none() && ip.is_none()) {
        return Err(bad_address());
    }
    let changed = line.said.words();
    if dry_run {
        return Ok((Done::Added, None, changed));
    }
    let id = hands.edit(Edit::Add { segment, mac: line.mac, ip, label: "" }).map_err(|refusal| match refusal {
        Refusal::BadAddress => bad_address(),
        refusal => fault::refused(refusal),
    })?;
    line.said.apply(hands, id)?;
    Ok((Done::Added, Some(id), changed))
}

/// The device of a line: by id, unless its addresses say that another device got this id elsewhere; else by MAC, else,
/// for a line without MAC, by address.
fn known<'h>(hands: &'h Hands<'_>, line: &Line) -> Option<&'h Device> {
    let lan = hands.lan();
    let by_mac = || line.mac.and_then(|mac| lan.find_mac(mac));
    let by_ip = || line.ip.filter(|_| line.mac.is_none()).and_then(|ip| lan.find_ip(ip));
    line.id.and_then(|id| lan.device(id)).filter(|device| has(device, line)).or_else(by_mac).or_else(by_ip)
}

/// Whether a device has, or had, the MAC of a line, or without one its address. A line without either contradicts nothing.
fn has(device: &Device, line: &Line) -> bool {
    let mut ips = device.interfaces().iter().flat_map(|interface| interface.addresses.iter()).map(|row| row.ip);
    match (line.mac, line.ip) {
        (Some(mac), _) => device.record().macs().any(|own| own == mac),
        (None, Some(ip)) => ips.any(|own| own == ip),
        (None, None) => true,
    }
}

/// The segment a line names, when it is one of ours: a list of another appliance names others.
fn known_segment<'l>(hands: &Hands<'_>, line: &'l Line) -> Option<&'l str> {
    let named = line.segment.as_deref()?;
    hands.legs().iter().any(|leg| leg.interface == named).then_some(named)
}

/// The segment of the name a line gives; without a name, the first there is.
fn named_segment(hands: &mut Hands<'_>, line: &Line) -> Result<SegmentId, Problem> {
    let first = hands.segment_names().into_iter().next();
    let Some(name) = line.segment.clone().or(first) else {
        return Err(fault::invalid("/segment", &fault::SEGMENT_NEEDED, vec![("segments", String::new())]));
    };
    let full = || fault::invalid("/segment", &fault::TOO_MANY_ENTRIES, vec![("limit", MAX_SEGMENTS.to_string())]);
    hands.number_segment(&name).ok_or_else(full)
}
