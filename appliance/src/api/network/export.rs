//! Holds the routes that give all devices away, as a spreadsheet or as JSON.
//! Never holds the whole table at once: it goes out some devices at a time, as fast as the client takes it.
//! The route table holds them.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::CONTENT_DISPOSITION;
use vigie_core::lan::DeviceId;
use vigie_core::lan::device::Device;

use super::desk::Desk;
use super::filter::{self, Filter, read_switch};
use super::sheet;
use super::view::{DeviceView, Lens};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::{Pieces, Reply};
use crate::http::route::{Holds, Outcome, Route};

/// A piece of a list is handed over once it has this many bytes. One device of which all is known takes 15 kB of text, and many
/// clients may be read to at a time: each holds two pieces.
pub(crate) const PIECE_BYTES: usize = 16 * 1024;
/// What tells spreadsheet programs that a file is UTF-8.
const MARK: &str = "\u{feff}";

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        filter::taken(Route::get("/api/network/v2/export.csv", Access::Viewer, "Devices as a spreadsheet"))
            .switch("bom", "`true`: begin with the mark by which spreadsheet programs recognise UTF-8.")
            .query_of(
                "separator",
                Holds::Word(&["", "comma", ",", "semicolon", ";"]),
                "`comma` (default) or `semicolon`.",
            )
            .speaks(200, "text/csv")
            .run_with(desk, csv),
        filter::taken(Route::get("/api/network/v2/export.json", Access::Viewer, "Devices as JSON"))
            .speaks(200, "application/json")
            .run_with(desk, json),
    ]
}

async fn csv(desk: Arc<Desk>, call: Call) -> Outcome {
    let filter = Filter::of(&call)?;
    let bad = |name: &'static str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
    let mark = read_switch(call.query("bom")).ok_or_else(|| bad("bom"))?;
    let separator = match call.query("separator") {
        None | Some("" | "comma" | ",") => b',',
        Some("semicolon" | ";") => b';',
        Some(_) => return Err(bad("separator")),
    };
    let reply = Reply::stream("text/csv; charset=utf-8", move |pieces| async move {
        let mut head = if mark { MARK.as_bytes().to_vec() } else { Vec::new() };
        head.extend(write_lines(separator, &[sheet::COLUMNS.map(str::to_owned)]));
        if pieces.send(head.into()).await.is_err() {
            return;
        }
        let write = move |lens: &Lens<'_>, device: &Device, _, bytes: &mut Vec<u8>| {
            bytes.extend(write_lines(separator, &[sheet::row(&DeviceView::render(lens, device))]));
        };
        pass(&desk, filter, &pieces, write).await;
    });
    Ok(reply.header(CONTENT_DISPOSITION, "attachment; filename=\"devices.csv\""))
}

/// Devices as the spreadsheet that the import takes, as a whole.
pub(crate) fn csv_of(devices: &[DeviceView]) -> Vec<u8> {
    let head = [sheet::COLUMNS.map(str::to_owned)];
    let rows: Vec<_> = head.into_iter().chain(devices.iter().map(sheet::row)).collect();
    write_lines(b',', &rows)
}

/// Lines of quoted cells, ended as RFC 4180 says.
fn write_lines<const N: usize>(separator: u8, rows: &[[String; N]]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        // Everything in quotes: a name with the other separator in it must not become two cells.
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory fails for rows of different lengths only, and these have one.
        let _written = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

async fn json(desk: Arc<Desk>, call: Call) -> Outcome {
    let filter = Filter::of(&call)?;
    let exported = call.platform.clock.wall().map(crate::accounts::clock::format_utc);
    let reply = Reply::stream("application/json", move |pieces| async move {
        let head = serde_json::json!({ "version": 1, "exported": exported }).to_string();
        // The list is written behind the other members, by hand, since it is never there as a whole.
        let head = format!("{},\"items\":[", head.trim_end_matches('}'));
        if pieces.send(head.into()).await.is_err() {
            return;
        }
        if pass(&desk, filter, &pieces, write_device).await {
            let _gone = pieces.send(Bytes::from_static(b"]}\n")).await;
        }
    });
    Ok(reply.header(CONTENT_DISPOSITION, "attachment; filename=\"devices.json\""))
}

/// Writes a value of a JSON list, with the comma before it unless it is the first.
pub(crate) fn write_item<T: serde::Serialize>(value: &T, first: bool, bytes: &mut Vec<u8>) {
    if !first {
        bytes.push(b',');
    }
    // Views serialise: they hold text, numbers and lists of them; and memory takes what is written to it.
    let _written = serde_json::to_writer(bytes, value);
}

fn write_device(lens: &Lens<'_>, device: &Device, first: bool, bytes: &mut Vec<u8>) {
    write_item(&DeviceView::render(lens, device), first, bytes);
}

/// Sends every device, some at a time, in the order of their ids. `write` is told whether it is the first. `false` when the
/// client or the service went away.
pub(in crate::api) async fn pass(
    desk: &Desk,
    filter: Filter,
    pieces: &Pieces,
    write: impl Fn(&Lens<'_>, &Device, bool, &mut Vec<u8>) + Copy + Send + 'static,
) -> bool {
    let filter = Arc::new(filter);
    let mut after = None;
    loop {
        let (filter, from) = (filter.clone(), after);
        let some = desk.visit(move |hands, lens| {
            let (mut last, mut bytes) = (from, Vec::with_capacity(PIECE_BYTES));
            let rest = hands.lan().devices().filter(|device| from.is_none_or(|from: DeviceId| device.id() > from));
            for device in rest.filter(|device| filter.takes(lens, device)) {
                // Written here: a view takes several times the memory of its text.
                write(lens, device, last.is_none(), &mut bytes);
                last = Some(device.id());
                if bytes.len() >= PIECE_BYTES {
                    break;
                }
            }
            (last, bytes)
        });
        let Ok((last, bytes)) = some.await else { return false };
        if bytes.is_empty() {
            return true;
        }
        after = last;
        if pieces.send(bytes.into()).await.is_err() {
            return false;
        }
    }
}

/// Sends these devices as values of a JSON list, some at a time; one that is gone meanwhile is left out. `false` when the
/// client or the service went away.
pub(super) async fn pass_page(desk: &Desk, ids: Vec<DeviceId>, pieces: &Pieces) -> bool {
    let (mut rest, mut first) = (ids.into_iter(), true);
    while !rest.as_slice().is_empty() {
        let some = desk.visit(move |hands, lens| {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            while bytes.len() < PIECE_BYTES
                && let Some(id) = rest.next()
            {
                if let Some(device) = hands.lan().device(id) {
                    write_device(lens, device, std::mem::take(&mut first), &mut bytes);
                }
            }
            (rest, first, bytes)
        });
        let Ok((left, still_first, bytes)) = some.await else { return false };
        (rest, first) = (left, still_first);
        if !bytes.is_empty() && pieces.send(bytes.into()).await.is_err() {
            return false;
        }
    }
    true
}
