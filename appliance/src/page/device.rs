//! Holds the page of one device: its sheet, its history, what a person knows of it and may do with it.
//! It never acts by itself: the acts are `acts`.
//! The route table holds its route.

use std::collections::BTreeMap;
use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::lan::{Change, DeviceId};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::{self, icon};
use super::name::Name;
use super::person::{self, Person};
use super::row;
use super::sheet::Sheet;
use super::told::{self, Told};
use super::words::{device as texts, devices};

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
        .speaks(200, "text/html");
    vec![guard(page, Access::Viewer, house, show)]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let done = (call.query("done") == Some("saved")).then(|| (true, html! { (texts::SAVED.speak(desk.language)) }));
    answer(&house, &call, &desk, Said { notice: done, form: None }).await
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
    let of_it = move |change: &Change| change.device == Some(id);
    let history = told::newest(house, u64::MAX, HISTORY, of_it).await;
    let names = told::names(house, &history).await;
    // Whatever path led here, forms and links lead back to the page itself.
    let desk = Desk { path: sheet.row.path(), ..desk.clone() };
    let content = view(&sheet, &history, &names, said, &desk);
    let title = sheet.row.name.text(desk.language);
    Ok(frame::reply(call, frame::page(&desk, Section::Devices, &title, &content)))
}

pub(super) fn view(
    sheet: &Sheet,
    history: &[Told],
    names: &BTreeMap<DeviceId, Name>,
    said: Said,
    desk: &Desk,
) -> Markup {
    let (language, row) = (desk.language, &sheet.row);
    let id = row.id;
    html! {
        p.back { a href="/devices" { (super::words::frame::DEVICES.speak(language)) } }
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
        div.columns {
            div #facts hx-get=(row.path()) hx-trigger={ "seen-" (id) " from:body" } hx-select="#facts" hx-swap="outerHTML" {
                (sheet.draw(language))
            }
            div {
                @if desk.may_work {
                    section.yours { h2 { (texts::YOURS.speak(language)) } (yours(sheet, said.form, desk)) }
                } @else { (told_by_person(&sheet.person, desk)) }
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
            form method="post" action={ (path) "/check" } { button type="submit" { (icon("search")) (texts::CHECK.speak(language)) } }
            @if sheet.row.mac.is_some() && !sheet.row.myself {
                form method="post" action={ (path) "/wake" } { button type="submit" { (icon("power")) (texts::WAKE.speak(language)) } }
            }
            @if !sheet.row.myself {
                a.button.quiet href={ (path) "/forget" } { (icon("forget")) (texts::FORGET.speak(language)) }
            }
        }
    }
}
