//! Holds the routes that give all devices away, as a spreadsheet or as JSON.
//! Never holds the whole table at once: it goes out a hundred devices at a time, as fast as the client takes it.
//! The route table holds them.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::CONTENT_DISPOSITION;
use vigie_core::lan::DeviceId;
use vigie_core::lan::device::Device;

use super::desk::Desk;
use super::filter::{Filter, read_switch};
use super::sheet;
use super::view::{DeviceView, Lens};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::{Pieces, Reply};
use crate::http::route::{Holds, Outcome, Route};

/// Devices rendered at once. One of which all is known takes 15 kB of text, and many clients may be read to at a time.
const AT_ONCE: usize = 4;
/// What tells spreadsheet programs that a file is UTF-8.
const MARK: &str = "\u{feff}";

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(
            "/api/network/v2/export.csv",
            Access::Viewer,
            "All devices as a spreadsheet; the filters of the list count",
        )
        .switch("bom", "`true`: begin with the mark by which spreadsheet programs recognise UTF-8.")
        .query_of("separator", Holds::Word(&["", "comma", ",", "semicolon", ";"]), "`comma` (default) or `semicolon`.")
        .speaks(200, "text/csv")
        .run_with(desk, csv),
        Route::get("/api/network/v2/export.json", Access::Viewer, "All devices as JSON; the filters of the list count")
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
        let render = move |lens: &Lens<'_>, device: &Device| sheet::row(&DeviceView::render(lens, device));
        let join = move |rows: &[_], _| write_lines(separator, rows);
        pass(&desk, Some(filter), &pieces, render, join).await;
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
        if pass(&desk, Some(filter), &pieces, DeviceView::render, join_json).await {
            let _gone = pieces.send(Bytes::from_static(b"]}\n")).await;
        }
    });
    Ok(reply.header(CONTENT_DISPOSITION, "attachment; filename=\"devices.json\""))
}

/// Values of a JSON list, with the comma before them unless they are the first.
pub(crate) fn join_json<T: serde::Serialize>(rows: &[T], first: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if !first || index > 0 {
            bytes.push(b',');
        }
        // Views serialise: they hold text, numbers and lists of them.
        bytes.extend(serde_json::to_vec(row).unwrap_or_default());
    }
    bytes
}

/// Sends every device, some at a time, in the order of their ids. `false` when the client or the service went away.
pub(in crate::api) async fn pass<T: Send + 'static>(
    desk: &Desk,
    filter: Option<Filter>,
    pieces: &Pieces,
    render: impl Fn(&Lens<'_>, &Device) -> T + Copy + Send + 'static,
    join: impl Fn(&[T], bool) -> Vec<u8> + Send,
) -> bool {
    let filter = Arc::new(filter.unwrap_or_default());
    let (mut after, mut first) = (None, true);
    loop {
        let (filter, from) = (filter.clone(), after);
        let some = desk.visit(move |hands, lens| {
            let rest = hands.lan().devices().filter(|device| from.is_none_or(|from: DeviceId| device.id() > from));
            let wanted = rest.filter(|device| filter.takes(lens, device)).take(AT_ONCE);
            let rows: Vec<_> = wanted.map(|device| (device.id(), render(lens, device))).collect();
            rows
        });
        let Ok(some) = some.await else { return false };
        let Some((last, _)) = some.last() else { return true };
        after = Some(*last);
        let rows: Vec<_> = some.into_iter().map(|(_, row)| row).collect();
        if pieces.send(join(&rows, std::mem::take(&mut first)).into()).await.is_err() {
            return false;
        }
    }
}

/// Sends these devices as values of a JSON list, some at a time; one that is gone meanwhile is left out. `false` when the
/// client or the service went away.
pub(super) async fn pass_page(desk: &Desk, ids: &[DeviceId], pieces: &Pieces) -> bool {
    let mut first = true;
    for some in ids.chunks(AT_ONCE) {
        let some = some.to_vec();
        let rows = desk.visit(move |hands, lens| {
            let there = some.iter().filter_map(|id| hands.lan().device(*id));
            there.map(|device| DeviceView::render(lens, device)).collect::<Vec<_>>()
        });
        let Ok(rows) = rows.await else { return false };
        if rows.is_empty() {
            continue;
        }
        if pieces.send(join_json(&rows, std::mem::take(&mut first)).into()).await.is_err() {
            return false;
        }
    }
    true
}
