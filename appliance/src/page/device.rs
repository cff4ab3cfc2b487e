//! Holds the page of one device: its sheet, its history, what a person knows of it and may do with it.
//! It never acts by itself: the acts are `acts`.
//! The route table holds its route.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};
use vigie_core::lan::{Change, DeviceId};

use crate::accounts::role::Access;
use crate::api::network::view::WakeView;
use crate::api::network::wake;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};
use crate::shell::network::{Hands, Series};

use super::House;
use super::chart::{Chart, Curve, Shape};
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::{self, icon};
use super::name::Name;
use super::person::{self, Person};
use super::row::{self, Row};
use super::sheet::{Sheet, milliseconds};
use super::told::{self, Told};
use super::words::{self, device as texts, devices};

/// How long the end of a wake-up call stays on the page.
const SHOW_WAKE: Duration = Duration::from_secs(5 * 60);

/// Changes shown on the page; the rest is one link away.
const HISTORY: usize = 10;

/// What was just done, or why not, and the form as the person left it.
#[derive(Default)]
pub(super) struct Said {
    pub(super) notice: Option<(bool, Markup)>,
    pub(super) form: Option<(Person, person::Faults)>,
}

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get("/devices/{id}", Access::Public, "The page of one device")
        .query("done", "What was just done.")
        .query("device", "The other device it was done with.")
        .speaks(200, "text/html");
    vec![guard(page, Access::Viewer, house, show)]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let notice = done(&call, &desk).map(|notice| (true, notice));
    answer(&house, &call, &desk, Said { notice, form: None }).await
}

/// What was just done, as the address says.
fn done(call: &Call, desk: &Desk) -> Option<Markup> {
    let language = desk.language;
    let say = |text: Text| html! { (text.speak(language)) };
    Some(match call.query("done")? {
        "saved" => say(texts::SAVED),
        "back" => say(texts::BACK_AGAIN),
        "merged" => say(texts::MERGED),
        "split" => {
            let other = call.query("device").and_then(|id| id.parse::<DeviceId>().ok());
            html! {
                (texts::SPLIT_DONE.speak(language))
                @if let Some(other) = other { " " a href={ "/devices/" (other) } { (texts::SPLIT_OTHER.speak(language)) } }
            }
        }
        _ => return None,
    })
}

/// A copy of the device a path names: an id, a MAC or an address.
pub(super) async fn find(house: &House, text: &str) -> Result<Option<Sheet>, Problem> {
    let (text, clocks) = (text.to_owned(), house.clocks.clone());
    let visit = house.network.call(move |hands| {
        let (instant, now) = (hands.now(), hands.moment());
        let segment = |segment| hands.segment_name(segment);
        hands.find(&text).map(|device| Sheet::of(device, instant, now, &clocks, segment))
    });
    visit.await.map_err(|_| (&faults::UNAVAILABLE).into())
}

/// The page, with what is to be said.
pub(super) async fn answer(house: &House, call: &Call, desk: &Desk, said: Said) -> Outcome {
    let Some(sheet) = find(house, call.parameter("id")).await? else { return Ok(super::devices::gone(call, desk)) };
    let id = sheet.row.id;
    let seen = house.network.call(move |hands| (hands.pulse(id), pairs(hands, id))).await;
    let (pulse, pairs) = seen.map_err(|_| Problem::from(&faults::UNAVAILABLE))?;
    let more = More { pulse, pairs, wake: wake::latest(&house.desk, id), wall: call.platform.clock.wall() };
    let of_it = move |change: &Change| change.device == Some(id);
    let history = told::newest(house, u64::MAX, HISTORY, of_it).await;
    let names = told::names(house, &history).await;
    // Whatever path led here, forms and links lead back to the page itself.
    let desk = Desk { path: sheet.row.path(), ..desk.clone() };
    let content = view(&sheet, &more, &history, &names, said, &desk);
    let title = sheet.row.name.text(desk.language);
    Ok(frame::reply(call, frame::page(&desk, Section::Devices, &title, &content)))
}

/// What stands beside the sheet.
pub(super) struct More {
    /// How fast it answered over the last day, in microseconds.
    pulse: Series<u32>,
    /// Devices it may be the same as.
    pairs: Vec<(DeviceId, Name)>,
    /// The last wake-up call and how long ago it was.
    wake: Option<(WakeView, Duration)>,
    wall: Option<Duration>,
}

/// The devices this one may be the same as.
fn pairs(hands: &Hands<'_>, id: DeviceId) -> Vec<(DeviceId, Name)> {
    let pairs = hands.lan().proposals();
    let others = pairs.filter_map(|(a, b)| (a == id).then_some(b).or((b == id).then_some(a)));
    others.filter_map(|other| Some((other, Name::of(hands.lan().device(other)?)))).collect()
}

/// Whether it came up, live for as long as it is waited for.
fn waking(row: &Row, more: &More, desk: &Desk) -> Markup {
    let language = desk.language;
    let fresh = more.wake.as_ref().filter(|(_, ago)| *ago < SHOW_WAKE);
    html! {
        @if let Some((wake, ago)) = fresh {
            @let waits = wake.state == "waiting";
            div #wake.notice.good[wake.state == "up"].bad[wake.state == "silent"].wait[waits] role="status"
                hx-get=[waits.then(|| row.path())] hx-trigger={ "every 2s, seen-" (row.id) " from:body" } hx-select="#wake" hx-swap="outerHTML" {
                (icon(if wake.state == "silent" { "bad" } else if waits { "power" } else { "check" }))
                p { (said_of_wake(wake, *ago, language)) }
                @if waits { a.button.unscripted href=(row.path()) { (texts::RELOAD.speak(language)) } }
            }
        }
    }
}

fn said_of_wake(wake: &WakeView, ago: Duration, language: Language) -> String {
    match (wake.state, wake.came_up_after_s) {
        ("up", Some(_)) if wake.was_online => texts::WAS_UP.speak(language).to_owned(),
        ("up", after) => texts::CAME_UP.speak(language).replace("{s}", &after.unwrap_or_default().to_string()),
        ("waiting", _) => texts::WAKING.speak(language).replace("{s}", &ago.as_secs().to_string()),
        _ => texts::STAYED_SILENT.speak(language).to_owned(),
    }
}

/// How fast it answered over the last day.
fn answers(more: &More, language: Language) -> Markup {
    let values: Vec<Option<f64>> =
        more.pulse.steps.iter().map(|step| step.map(|micros| f64::from(micros) / 1_000.0)).collect();
    let of = |pick: fn(f64, f64) -> f64| values.iter().flatten().copied().reduce(pick);
    let (Some(least), Some(most)) = (of(f64::min), of(f64::max)) else { return html! {} };
    let chart = Chart {
        id: "answers",
        title: texts::ANSWERS_TITLE,
        unit: "ms",
        shape: Shape::Dots,
        step_s: more.pulse.step_s,
        age_s: more.pulse.age_s,
        wall: more.wall,
        says: texts::answers_say(language, &milliseconds(least, language), &milliseconds(most, language)),
        curves: vec![Curve { name: texts::ANSWERS_CURVE, values }],
        row_steps: 12,
        names: Vec::new(),
    };
    html! { section.answers { (chart.draw(language)) } }
}

/// The question whether it is the same as another one.
fn same_as(row: &Row, more: &More, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @for (other, name) in &more.pairs {
            div.notice.ask {
                (icon("info"))
                p {
                    (words::fill(words::overview::MAY_BE_ONE.speak(language), &[
                        ("one", html! { b { (row.name.show(language)) } }),
                        ("other", html! { a href={ "/devices/" (other) } { (name.show(language)) } }),
                    ]))
                }
                @if desk.may_work {
                    @for (act, text) in [("merge", words::overview::ARE_ONE), ("apart", words::overview::ARE_TWO)] {
                        form method="post" action={ (row.path()) "/" (act) } {
                            input type="hidden" name="with" value=(other);
                            button type="submit" { (text.speak(language)) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn view(
    sheet: &Sheet,
    more: &More,
    history: &[Told],
    names: &BTreeMap<DeviceId, Name>,
    said: Said,
    desk: &Desk,
) -> Markup {
    let (language, row) = (desk.language, &sheet.row);
    let id = row.id;
    html! {
        p.back { a href="/devices" { (words::frame::DEVICES.speak(language)) } }
        div.head.device {
            span.portrait { (icon::kind(row.kind)) }
            div {
                h1 { (row.name.show(language)) }
                p.sub #state hx-get=(row.path()) hx-trigger={ "seen-" (id) " from:body" } hx-select="#state" hx-swap="outerHTML" {
                    (row::state(row.presence, row.online, language))
                    @if let Some(ip) = row.ip { " " code { (ip) } }
                    " " (row::chips(row, language))
                }
            }
        }
        @if desk.may_work { (acts(sheet, desk)) }
        @if let Some((good, text)) = &said.notice {
            p.notice.good[*good].bad[!*good] #said role=(if *good { "status" } else { "alert" }) {
                (icon(if *good { "check" } else { "bad" })) span { (text) }
            }
        }
        (waking(row, more, desk))
        (same_as(row, more, desk))
        div.columns {
            div #facts hx-get=(row.path()) hx-trigger={ "seen-" (id) " from:body" } hx-select="#facts" hx-swap="outerHTML" {
                (sheet.draw(language))
            }
            div {
                @if desk.may_work {
                    section.yours { h2 { (texts::YOURS.speak(language)) } (yours(sheet, said.form, desk)) }
                } @else { (told_by_person(&sheet.person, desk)) }
                (answers(more, language))
                section.history #history hx-get=(row.path()) hx-trigger={ "seen-" (id) " from:body" } hx-select="#history" hx-swap="outerHTML" {
                    h2 { (texts::HISTORY.speak(language)) }
                    @if history.is_empty() { p { (texts::NO_HISTORY.speak(language)) } }
                    ol.tolds { @for told in history { (told::draw(told, names, language)) } }
                    @if history.len() >= HISTORY { p { a href={ "/changes?device=" (id) } { (texts::ALL_CHANGES.speak(language)) } } }
                }
            }
        }
    }
}

fn yours(sheet: &Sheet, left: Option<(Person, person::Faults)>, desk: &Desk) -> Markup {
    let seen = sheet.person.version();
    match left {
        Some((person, faults)) => person.form(sheet.row.id, &seen, &faults, desk.language),
        None => sheet.person.form(sheet.row.id, &seen, &person::Faults::default(), desk.language),
    }
}

/// What a person said, for somebody who may only look.
fn told_by_person(person: &Person, desk: &Desk) -> Markup {
    let language = desk.language;
    let line = |name: Text, value: &str| html! { @if !value.is_empty() { div { dt { (name.speak(language)) } dd { bdi { (value) } } } } };
    html! {
        section.yours {
            h2 { (texts::YOURS.speak(language)) }
            dl.facts {
                (line(texts::LABEL, &person.label))
                (line(texts::TRUST, devices::trust(person.trust).speak(language)))
                (line(texts::OWNER, &person.owner))
                (line(texts::TAGS, &person.tags.join(", ")))
                (line(texts::NOTES, &person.notes))
            }
        }
    }
}

fn acts(sheet: &Sheet, desk: &Desk) -> Markup {
    let (language, path) = (desk.language, sheet.row.path());
    html! {
        section.acts aria-label=(texts::ACTS.speak(language)) {
            @if !sheet.row.myself {
                form method="post" action={ (path) "/check" } { button type="submit" { (icon("search")) (texts::CHECK.speak(language)) } }
            }
            @if sheet.row.mac.is_some() && !sheet.row.myself {
                form method="post" action={ (path) "/wake" } { button type="submit" { (icon("power")) (texts::WAKE.speak(language)) } }
            }
            @if sheet.can_split {
                form method="post" action={ (path) "/split" } { button type="submit" { (icon("undo")) (texts::SPLIT.speak(language)) } }
            }
            @if !sheet.row.myself {
                a.button.quiet href={ (path) "/merge" } { (icon("merge")) (texts::MERGE.speak(language)) }
                a.button.quiet href={ (path) "/forget" } { (icon("forget")) (texts::FORGET.speak(language)) }
            }
        }
    }
}
