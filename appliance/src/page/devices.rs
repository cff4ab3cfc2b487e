//! Holds the list of devices: filters and order as links, rows, pages, and the fragment that keeps rows up to date.
//! It never sends a list without bound: a page has 100 rows.
//! The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::lan::{DeviceId, Kind};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::filter::{Filter, Show, Sort};
use super::forget;
use super::frame::{self, Section};
use super::gate::{Desk, encode, guard};
use super::icon::icon;
use super::many;
use super::row::{self, Row};
use super::scan::{self, Looking};
use super::words::devices as words;
use super::{House, words::frame as frame_words};

/// Rows on a page: what a person scrolls through, and 20 KiB on the wire.
pub(super) const PAGE_ROWS: usize = 100;

/// Rows asked for at once by the live part; a browser with more to ask loads the list again.
const MAX_ASKED: usize = 64;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let list = Route::get("/devices", Access::Public, "The page of all devices")
        .query("show", "all, online, away, new, unknown, known, blocked or watched.")
        .query("kind", "One kind.")
        .query("q", "Part of a name, an address or a maker.")
        .query("sort", "state, name, ip, maker, seen or ports.")
        .query("order", "down turns the order round.")
        .query("page", "From 1.")
        .query("marked", "How many were just marked.")
        .query("done", "`forgotten`: `device` was just forgotten.")
        .query("device", "See `done`.")
        .speaks(200, "text/html");
    let rows = Route::get("/devices/rows", Access::Public, "Some rows of the list, for the page itself")
        .query("ids", "Ids joined by commas.")
        .speaks(200, "text/html");
    vec![guard(list, Access::Viewer, house, show), guard(rows, Access::Viewer, house, show_rows)]
}

/// Every device as a row.
pub(super) async fn gather(house: &House) -> Result<(Vec<Row>, Looking), Problem> {
    let clocks = house.clocks.clone();
    let visit = house.network.call(move |hands| {
        let (instant, now) = (hands.now(), hands.moment());
        let rows = hands.lan().devices().map(|device| Row::of(device, instant, now, &clocks)).collect();
        (rows, Looking::of(hands, &clocks))
    });
    visit.await.map_err(|_| (&faults::UNAVAILABLE).into())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let filter = Filter::read(|name| call.query(name));
    let (rows, looking) = gather(&house).await?;
    let said = html! { (forget::notice(&call, &desk)) (many::notice(&call, &filter.path(), &desk)) };
    let content = list(rows, filter, &looking, &said, &desk);
    let title = words_title(desk.language);
    Ok(frame::reply(&call, frame::page(&desk, Section::Devices, title, &content)))
}

/// The rows asked for that fit the filter; whoever asked removes the others.
async fn show_rows(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let filter = Filter::read(|name| call.query(name));
    let ids = call.query("ids").unwrap_or_default().split(',').take(MAX_ASKED);
    let ids: Vec<DeviceId> = ids.filter_map(|id| id.parse().ok()).collect();
    let (rows, _) = gather(&house).await?;
    let content = html! {
        (parts(&rows, &filter, desk.language))
        table { tbody {
            @for one in rows.iter().filter(|row| ids.contains(&row.id) && filter.fits(row)) { (row::draw(one, &desk)) }
        } }
    };
    Ok(frame::reply(&call, content))
}

fn words_title(language: Language) -> &'static str {
    frame_words::DEVICES.speak(language)
}

/// The whole view.
pub(super) fn list(mut rows: Vec<Row>, filter: Filter, looking: &Looking, said: &Markup, desk: &Desk) -> Markup {
    let language = desk.language;
    let total = rows.len();
    let parts = parts(&rows, &filter, language);
    rows.retain(|row| filter.fits(row));
    filter.order(&mut rows, language);
    let pages = rows.len().div_ceil(PAGE_ROWS).max(1);
    let filter = Filter { page: filter.page.min(pages), ..filter };
    let shown = rows.iter().skip((filter.page - 1) * PAGE_ROWS).take(PAGE_ROWS);
    html! {
        div.head {
            h1 { (words_title(language)) }
            (scan::panel(looking, desk))
        }
        (said)
        @if total == 0 {
            (nothing_yet(language))
        }
        (search(&filter, language))
        div #list {
            (parts)
            table.devices data-rows={ "/devices/rows?" (filter.query()) } data-first[filter.page == 1] {
                caption.hush { (words_title(language)) }
                thead { tr {
                    @if desk.may_work {
                        th.pick scope="col" {
                            span.hush { (words::TICK.speak(language)) }
                            label.check.scripts { input #all type="checkbox" aria-label=(words::TICK_ALL.speak(language)) autocomplete="off"; }
                        }
                    }
                    (column(&filter, Sort::State, "is", language))
                    (column(&filter, Sort::Name, "who", language))
                    (column(&filter, Sort::Address, "ip", language))
                    (column(&filter, Sort::Maker, "maker", language))
                    th.day scope="col" { (words::LAST_DAY.speak(language)) }
                    (column(&filter, Sort::Seen, "seen", language))
                    (column(&filter, Sort::Ports, "ports", language))
                } }
                tbody #rows { @for one in shown { (row::draw(one, desk)) } }
            }
            @if rows.is_empty() && total > 0 {
                p.empty { (words::NOTHING_FITS.speak(language)) " " a href="/devices" { (words::SHOW_ALL.speak(language)) } }
            }
            @if pages > 1 { (turn(&filter, pages, language)) }
            @if desk.may_work && !rows.is_empty() { (many::bar(&filter.path(), language)) }
        }
        (around(&filter, desk))
    }
}

/// What can be done with the list as a whole.
fn around(filter: &Filter, desk: &Desk) -> Markup {
    let language = desk.language;
    // The export knows the search and the kind; the parts of the page are the page's own.
    let mut query = Vec::new();
    if !filter.search.is_empty() {
        query.push(format!("q={}", encode(&filter.search)));
    }
    if let Some(kind) = filter.kind {
        query.push(format!("kind={kind}"));
    }
    let to = |file: &str, more: &str| {
        let parts = query.iter().map(String::as_str).chain([more]).filter(|part| !part.is_empty());
        let parts = parts.collect::<Vec<_>>().join("&");
        format!("/api/network/v2/export.{file}{}{parts}", if parts.is_empty() { "" } else { "?" })
    };
    html! {
        nav.around aria-label=(words::MORE_ACTS.speak(language)) {
            @if desk.may_work { a.button href="/devices/add" { (icon("plus")) (words::ADD.speak(language)) } }
            @if desk.may_rule { a.button href="/devices/import" { (icon("upload")) (words::TAKE_IN.speak(language)) } }
            a.button href=(to("csv", "bom=true")) download { (icon("download")) (words::SAVE_CSV.speak(language)) }
            a.button href=(to("json", "")) download { (icon("download")) (words::SAVE_JSON.speak(language)) }
        }
    }
}

/// The first step, where there is nothing yet.
fn nothing_yet(language: Language) -> Markup {
    html! {
        div.first #first {
            (icon("scan"))
            h2 { (words::NONE_YET.speak(language)) }
            p { (words::NONE_YET_HELP.speak(language)) }
        }
    }
}

/// The parts of the list with how many are in each. A part with nothing in it is left out, unless it is the one shown.
fn parts(rows: &[Row], filter: &Filter, language: Language) -> Markup {
    let counts =
        Show::ALL.map(|show| (show, rows.iter().filter(|row| show.holds(row) && filter.fits_search(row)).count()));
    html! {
        nav.parts #parts aria-label=(words::SHOW_WHICH.speak(language)) {
            @for (show, count) in counts {
                @if count > 0 || show == filter.show || show == Show::All {
                    a href=(filter.showing(show).path()) aria-current=[(show == filter.show).then_some("true")] {
                        (show.text().speak(language)) " " span.count { (count) }
                    }
                }
            }
        }
    }
}

fn search(filter: &Filter, language: Language) -> Markup {
    html! {
        form.search role="search" method="get" action="/devices"
            hx-get="/devices" hx-trigger="input changed delay:250ms from:#q, change, submit" hx-target="#list" hx-select="#list"
            hx-swap="outerHTML" hx-push-url="true" {
            @if filter.show != Show::All { input type="hidden" name="show" value=(filter.show.word()); }
            @if filter.down { input type="hidden" name="order" value="down"; }
            div.box {
                (icon("search"))
                label.hush for="q" { (words::SEARCH.speak(language)) }
                input #q type="search" name="q" value=(filter.search) placeholder=(words::SEARCH_HINT.speak(language))
                    autocomplete="off" spellcheck="false" aria-keyshortcuts="/";
            }
            label.hush for="kind" { (words::KIND.speak(language)) }
            select #kind name="kind" {
                option value="" { (words::ANY_KIND.speak(language)) }
                @for kind in Kind::ALL {
                    option value=(kind.name()) selected[filter.kind == Some(*kind)] { (words::kind(*kind).speak(language)) }
                }
            }
            div.order {
                label for="sort" { (words::SORT.speak(language)) }
                select #sort name="sort" {
                    @for sort in Sort::ALL {
                        option value=(sort.word()) selected[filter.sort == sort] { (sort.text().speak(language)) }
                    }
                }
            }
            button.unscripted type="submit" { (words::APPLY.speak(language)) }
        }
    }
}

fn column(filter: &Filter, sort: Sort, class: &str, language: Language) -> Markup {
    let state = (filter.sort == sort).then_some(if filter.down { "descending" } else { "ascending" });
    html! {
        th class=(class) scope="col" aria-sort=[state] {
            a href=(filter.sorted(sort).path()) {
                (sort.text().speak(language))
                @match state {
                    Some("ascending") => { (icon("up")) span.hush { (words::SORTED_UP.speak(language)) } },
                    Some(_) => { (icon("down")) span.hush { (words::SORTED_DOWN.speak(language)) } },
                    None => {},
                }
            }
        }
    }
}

fn turn(filter: &Filter, pages: usize, language: Language) -> Markup {
    let to = |page| Filter { page, ..filter.clone() }.path();
    html! {
        nav.turn aria-label=(words::PAGES.speak(language)) {
            @if filter.page > 1 { a.button rel="prev" href=(to(filter.page - 1)) { (words::PREVIOUS.speak(language)) } }
            span { (words::page(language, filter.page, pages)) }
            @if filter.page < pages { a.button rel="next" href=(to(filter.page + 1)) { (words::NEXT.speak(language)) } }
        }
    }
}

/// The answer to a list asked of a device that is not there.
pub(super) fn gone(call: &Call, desk: &Desk) -> Reply {
    let (title, help) =
        (super::words::device::GONE.speak(desk.language), super::words::device::GONE_HELP.speak(desk.language));
    frame::missing(call, desk, Section::Devices, title, help)
}
