//! Holds the first page: is anything wrong, what to do, and how the day went.
//! It never shows what is not there yet: a part without anything to say is absent.
//! The route table holds its route.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::shell::rights::{self, Need};
use maud::{Markup, html};
use vigie_core::lan::{Change, ChangeKind, DeviceId, Trust};
use vigie_core::table::table_of;

use crate::accounts::role::Access;
use crate::api::network::census::Range;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};
use crate::shell::network::{Count, LegView, Series};

use super::House;
use super::acts;
use super::attention::{self, Clash, Facts, Item};
use super::day;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::kiosk::news;
use super::name::Name;
use super::row::{NEW_FOR, Row};
use super::scan::{self, Looking};
use super::told::{self, Told};
use super::words::{frame as frame_words, number, overview as texts};

/// Changes under "lately".
const LATELY: usize = 6;

/// Devices caught giving out addresses that are looked for among the stored changes.
const ROGUES: usize = 8;

/// What one visit to the network brings.
struct Seen {
    rows: Vec<Row>,
    legs: Vec<LegView>,
    conflicts: Vec<Clash>,
    proposals: Vec<(DeviceId, DeviceId)>,
    looking: Looking,
    series: Series<Count>,
    turned_away: u64,
    paused: bool,
}

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get("/", Access::Public, "The first page: is anything wrong, and what to do")
        .query("range", "day, week or month: how far back the chart goes.")
        .query("done", "What was just done, and with `device` to which device.")
        .query("device", "See `done`.")
        .speaks(200, "text/html");
    vec![guard(page, Access::Viewer, house, show)]
}

async fn gather(house: &House, range: Range) -> Result<Seen, Problem> {
    let clocks = house.clocks.clone();
    let visit = house.network.call(move |hands| {
        let (instant, now) = (hands.now(), hands.moment());
        let open = hands.lan().conflicts().iter().filter(|conflict| conflict.closed.is_none());
        Seen {
            rows: hands.lan().devices().map(|device| Row::of(device, instant, now, &clocks)).collect(),
            legs: hands.legs(),
            conflicts: open.map(|one| Clash { kind: one.kind, ip: one.ips[0], devices: one.devices }).collect(),
            proposals: hands.lan().proposals().collect(),
            looking: Looking::of(hands, &clocks),
            series: range.read(hands),
            turned_away: hands.lan().stats().turned_away,
            paused: !hands.sweeps().watching,
        }
    });
    visit.await.map_err(|_| (&faults::UNAVAILABLE).into())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let range = day::asked(call.query("range"));
    let seen = gather(&house, range).await?;
    let wall = call.platform.clock.wall();
    let rogue = |change: &Change| change.kind == ChangeKind::RogueDhcp;
    let rogues = told::newest(&house, u64::MAX, ROGUES, rogue).await;
    let rogues: Vec<DeviceId> = rogues.iter().filter_map(|told| told.change.device).collect();
    let lately = told::newest(&house, u64::MAX, LATELY, |_| true).await;
    let status = house.keeper.status();
    let missing = missing_right();
    let news = news::look(&house).await?;
    let facts = Facts {
        rows: &seen.rows,
        legs: &seen.legs,
        conflicts: &seen.conflicts,
        proposals: &seen.proposals,
        rogues: &rogues,
        health: status.health,
        lost: status.opened.lost_total > 0 || status.opened.missing_segments > 0,
        missing: missing.as_ref().map(|(need, command)| (*need, command.as_str())),
        clock: wall.is_some(),
        turned_away: seen.turned_away,
        paused: seen.paused,
        kiosk: &news,
    };
    let items = attention::find(&facts, desk.language, desk.may_work);
    let names = table_of(seen.rows.iter().map(|row| (row.id, row.name.clone())));
    let online = seen.rows.iter().filter(|row| row.online).count();
    let content = html! {
        (acts::done(&call, &names, &desk))
        (view(&seen.rows, &items, &seen.looking, &news.draw(wall, desk.language), &desk))
        @if !seen.rows.is_empty() { (day::draw(range, &seen.series, online, wall, desk.language)) }
        (recent(&lately, &names, &desk))
    };
    Ok(frame::reply(&call, frame::page(&desk, Section::Overview, frame_words::OVERVIEW.speak(desk.language), &content)))
}

/// The most important missing right, and the command that grants it.
fn missing_right() -> Option<(Need, String)> {
    let (missing, command) = rights::missing();
    missing.first().copied().zip(command)
}

fn view(rows: &[Row], items: &[Item], looking: &Looking, seats: &Markup, desk: &Desk) -> Markup {
    let language = desk.language;
    let online = rows.iter().filter(|row| row.online).count();
    html! {
        div #overview hx-get="/" hx-trigger="news from:body" hx-select="#overview" hx-select-oob="#recent" hx-swap="outerHTML" {
            (answer(items, online, looking, desk))
            @if !looking.all_once && looking.running { (scan::panel(looking, desk)) }
            @if !items.is_empty() {
                section aria-labelledby="todo" {
                    h2.hush #todo { (texts::TO_DO.speak(language)) }
                    ul.things { @for item in items { (attention::draw(item)) } }
                }
            }
            (seats)
            @if !rows.is_empty() { (today(rows, online, desk)) }
        }
    }
}

/// What happened lately.
fn recent(lately: &[Told], names: &BTreeMap<DeviceId, Name>, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        section #recent {
            @if !lately.is_empty() {
                h2 { (texts::RECENT.speak(language)) }
                ol.tolds { @for told in lately { (told::draw(told, names, language)) } }
                p { a href="/changes" { (texts::ALL_CHANGES.speak(language)) } }
            }
        }
    }
}

/// The answer in one line.
fn answer(items: &[Item], online: usize, looking: &Looking, desk: &Desk) -> Markup {
    let language = desk.language;
    // What may wait is no reason to say that something is wrong.
    let pressing = items.iter().filter(|item| item.tone != attention::Tone::Info).count();
    html! {
        @if pressing > 0 {
            div.answer.warn { (icon("warn")) h1 { (texts::things(language, pressing)) } }
        } @else if !looking.all_once {
            div.answer { (icon("scan")) div { h1 { (texts::FIRST_LOOK.speak(language)) } p { (texts::FIRST_LOOK_HELP.speak(language)) } } }
        } @else {
            div.answer.good { (icon("check")) div { h1 { (texts::ALL_WELL.speak(language)) } p { (texts::all_well(language, online)) } } }
        }
    }
}

/// The day in numbers and as a picture.
fn today(rows: &[Row], online: usize, desk: &Desk) -> Markup {
    let language = desk.language;
    let new = rows.iter().filter(|row| row.new).count();
    let left = rows.iter().filter(|row| !row.online && !row.never && row.last.within(NEW_FOR)).count();
    let unknown = rows.iter().filter(|row| row.trust == Trust::Unknown && !row.myself).count();
    let numbers = [
        (online, texts::NUM_ONLINE, "/devices?show=online"),
        (rows.len(), texts::NUM_KNOWN, "/devices"),
        (new, texts::NUM_NEW, "/devices?show=new"),
        (left, texts::NUM_LEFT, "/devices?show=away"),
        (unknown, texts::NUM_UNKNOWN, "/devices?show=unknown"),
    ];
    html! {
        section.now {
            h2 { (texts::TODAY.speak(language)) }
            ul.numbers {
                @for (count, name, path) in numbers {
                    li { a href=(path) { b { (number(language, count as u64)) } " " span { (name.speak(language)) } } }
                }
            }
        }
    }
}
