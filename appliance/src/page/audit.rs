//! Holds the journal as a page: who did what, newest first, with filters and the mark that the chain was verified.
//! It never shows an operator what others did, and never changes what is written.
//! The route table holds its route.

use std::collections::BTreeMap;
use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::audit::{Actor, Entry, Kind, Object};
use vigie_core::lan::DeviceId;

use crate::accounts::journal::{Kept, Verified, tell_finding};
use crate::accounts::role::Access;
use crate::api::logs::filter::Asked;
use crate::api::logs::view::{Names, time_of};
use crate::api::logs::{narrow, sees};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::route::{Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, encode, guard};
use super::icon::icon;
use super::kiosk::news::{self, Known};
use super::name::Name;
use super::times::{self, When};
use super::told;
use super::words::{self, audit as texts};

/// Entries on a page.
const PAGE_ENTRIES: usize = 50;

const PATH: &str = "/journal";

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get(PATH, Access::Operator, "The page of what people did with the appliance")
        .query("theme", "Only system, door, accounts, settings or devices.")
        .query("errors", "`true`: only what was refused or went wrong.")
        .query("text", "With this in names, addresses, devices.")
        .query("since", "Not before this day, in UTC.")
        .query("until", "Before this day, in UTC.")
        .query("before", "Only entries before this place.")
        .query("verify", "Verify the chain first; for administrators.")
        .speaks(200, "text/html");
    vec![guard(page, Access::Operator, house, show)]
}

/// What is drawn.
struct View<'a> {
    asked: &'a Asked,
    kept: &'a [Kept],
    /// Where the next page begins.
    next: Option<u64>,
    is_newest: bool,
    names: &'a Names,
    devices: &'a BTreeMap<DeviceId, Name>,
    kiosk: &'a Known,
    verified: Option<&'a Verified>,
    /// Sees everything, and may verify and export.
    rules: bool,
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let journal = &call.platform.journal;
    let only = sees(&call)?;
    if call.query("verify").is_some() && only.is_none() {
        journal.verify().await;
    }
    let asked = Asked::of(&call)?;
    let names = Names::of(&call.platform.accounts);
    let keep = narrow(only, asked.read(&names)?.into_keep(names.clone(), &house.clocks));
    let before = call.query("before").and_then(|number| number.parse().ok());
    let mut kept = journal.newest(before.unwrap_or(u64::MAX), PAGE_ENTRIES + 1, keep).await;
    let more = kept.len() > PAGE_ENTRIES;
    kept.truncate(PAGE_ENTRIES);
    let devices = device_names(&house, &kept).await;
    let subject = |kept: &Kept| if let Object::Person(subject) = kept.entry.what.object { Some(subject) } else { None };
    let known = news::known(&house, kept.iter().filter_map(subject).collect()).await;
    let verified = journal.verified();
    let view = View {
        asked: &asked,
        next: kept.last().filter(|_| more).map(|last| last.cursor),
        kept: &kept,
        is_newest: before.is_none(),
        names: &names,
        devices: &devices,
        kiosk: &known,
        verified: verified.as_ref(),
        rules: only.is_none(),
    };
    let now = journal.moment();
    let when = |entry: &Entry| {
        let known = When::of(entry.what.at, now, &house.clocks);
        When { unix: time_of(entry, &house.clocks), ..known }
    };
    let content = draw(&view, &when, &house, desk.language);
    Ok(frame::reply(&call, frame::page(&desk, Section::Journal, texts::TITLE.speak(desk.language), &content)))
}

/// What the devices in some entries are called now.
async fn device_names(house: &House, kept: &[Kept]) -> BTreeMap<DeviceId, Name> {
    let id = |kept: &Kept| if let Object::Device(id) = kept.entry.what.object { Some(DeviceId(id)) } else { None };
    told::names_of(house, kept.iter().filter_map(id).collect()).await
}

/// The address of the same page with something else asked for.
fn path(asked: &Asked, before: Option<u64>) -> String {
    let errors = asked.errors.filter(|errors| *errors).map(|_| "true".to_owned());
    let before = before.map(|before| before.to_string());
    let parts = [
        ("theme", &asked.theme),
        ("errors", &errors),
        ("text", &asked.text),
        ("since", &asked.since),
        ("until", &asked.until),
        ("before", &before),
    ];
    let query: Vec<String> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?)))).collect();
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", query.join("&")) }
}

fn draw(view: &View<'_>, when: &dyn Fn(&Entry) -> When, house: &House, language: Language) -> Markup {
    html! {
        h1 { (texts::TITLE.speak(language)) }
        p { (texts::ABOUT.speak(language)) @if !view.rules { " " (texts::OWN_ONLY.speak(language)) } }
        @if let Some(verified) = view.verified.filter(|_| view.rules) { (mark(verified, house, language)) }
        (parts(view.asked, language))
        (search(view.asked, language))
        @if view.kept.is_empty() {
            div.first { (icon("journal")) h2 { (texts::EMPTY.speak(language)) } }
        }
        ol.tolds { @for kept in view.kept { (line(&kept.entry, view, when(&kept.entry), language)) } }
        nav.turn aria-label=(texts::PAGES.speak(language)) {
            @if !view.is_newest { a.button href=(path(view.asked, None)) { (texts::NEWEST.speak(language)) } }
            @if view.next.is_some() { a.button rel="next" href=(path(view.asked, view.next)) { (texts::OLDER.speak(language)) } }
            @if view.rules { a.button href="/api/logs/export?format=csv" { (texts::EXPORT.speak(language)) } }
        }
    }
}

/// The mark that says whether the chain is whole, and since when that is known.
fn mark(verified: &Verified, house: &House, language: Language) -> Markup {
    let report = &verified.report;
    let age = |now| When::of(verified.at, now, &house.clocks);
    let now = vigie_core::Moment { boot: verified.at.boot, ms: verified.at.ms };
    let when = When { unix: verified.wall, ..age(now) };
    let short: String = data_encoding::HEXLOWER.encode(&report.head.hash);
    html! {
        p {
            @if report.is_good() {
                span.chip.good { (icon("check")) (texts::GOOD.speak(language)) }
            } @else {
                @let told = report.findings.iter().map(|finding| tell_finding(*finding)).collect::<Vec<_>>().join(", ");
                span.chip.bad { (icon("bad")) (texts::BROKEN.speak(language).replace("{x}", &told)) }
            }
            " " (times::exact_time(when, language)) " · "
            a href={ (PATH) "?verify" } { (texts::VERIFY.speak(language)) }
        }
        details {
            summary { (texts::HEAD.speak(language)) " " (report.head.number) }
            p.hint { (texts::HEAD_HELP.speak(language).replace("{n}", &report.head.number.to_string())) }
            p { code { (short) } }
        }
    }
}

fn parts(asked: &Asked, language: Language) -> Markup {
    let errors = asked.errors == Some(true);
    let all = Asked { theme: None, errors: None, ..asked.clone() };
    html! {
        nav.parts aria-label=(texts::SHOW.speak(language)) {
            a href=(path(&all, None)) aria-current=[(asked.theme.is_none() && !errors).then_some("true")] { (texts::ALL.speak(language)) }
            @for (word, _, text) in texts::THEMES {
                @let one = Asked { theme: Some(word.to_owned()), ..all.clone() };
                a href=(path(&one, None)) aria-current=[(asked.theme.as_deref() == Some(word)).then_some("true")] { (text.speak(language)) }
            }
            @let wrong = Asked { errors: Some(true), ..all.clone() };
            a href=(path(&wrong, None)) aria-current=[errors.then_some("true")] { (texts::ERRORS.speak(language)) }
        }
    }
}

fn search(asked: &Asked, language: Language) -> Markup {
    let value = |text: &Option<String>| text.clone().unwrap_or_default();
    html! {
        form.search.dated method="get" action=(PATH) role="search" {
            @if let Some(theme) = &asked.theme { input type="hidden" name="theme" value=(theme); }
            label.text { (texts::SEARCH.speak(language)) input type="search" name="text" value=(value(&asked.text)) maxlength="64"; }
            label { (texts::SINCE.speak(language)) input type="date" name="since" value=(value(&asked.since)); }
            label { (texts::UNTIL.speak(language)) input type="date" name="until" value=(value(&asked.until)); }
            button type="submit" { (icon("search")) span { (texts::FIND.speak(language)) } }
        }
    }
}

fn line(entry: &Entry, view: &View<'_>, when: When, language: Language) -> Markup {
    let what = &entry.what;
    let kind = Kind::of_code(what.kind);
    let (picture, class) = match kind {
        Some(kind) if kind.is_failure() => ("warn", "warn"),
        Some(Kind::AccountDeleted | Kind::DeviceForgotten) => ("forget", "quiet"),
        Some(Kind::Login | Kind::Logout) => ("out", "quiet"),
        _ => ("info", "quiet"),
    };
    let from = what.from.map(|from| from.to_string());
    let count = (what.count > 1).then(|| texts::TIMES.speak(language).replace("{n}", &what.count.to_string()));
    let detail = Some(texts::particulars(kind, &what.detail, language)).filter(|detail| !detail.is_empty());
    let hints: Vec<String> = [count, from, detail].into_iter().flatten().collect();
    html! {
        li.told id={ "e" (entry.number) } {
            span class={ "sign " (class) } { (icon(picture)) }
            div {
                p { (sentence(entry, kind, view, language)) }
                @if !hints.is_empty() { p.hint { bdi { (hints.join(" · ")) } } }
            }
            (times::ago(when, language))
        }
    }
}

fn sentence(entry: &Entry, kind: Option<Kind>, view: &View<'_>, language: Language) -> Markup {
    let account = |number: u32| match view.names.of_number(number) {
        Some(name) => html! { b { bdi { (name) } } },
        None => html! { (texts::GONE.speak(language).replace("{n}", &number.to_string())) },
    };
    let workstation = |number: u32| {
        let unnamed = || html! { (texts::WORKSTATION.speak(language).replace("{n}", &number.to_string())) };
        view.kiosk.station(number).unwrap_or_else(unnamed)
    };
    let who = match entry.what.actor {
        Actor::System => html! { (texts::SYSTEM.speak(language)) },
        Actor::Account(number) => account(number),
        Actor::Stranger => html! { (texts::STRANGER.speak(language)) },
        Actor::Console => html! { (texts::CONSOLE.speak(language)) },
        Actor::Workstation(number) => workstation(number),
    };
    let what = match &entry.what.object {
        Object::Nothing if kind == Some(Kind::LoginFailed) => {
            html! { (texts::STRANGER.speak(language).to_lowercase()) }
        }
        Object::Nothing if kind == Some(Kind::DeviceEdited) => html! { (texts::SEVERAL_DEVICES.speak(language)) },
        Object::Nothing => html! { (texts::SOMETHING.speak(language)) },
        Object::Account(number) => account(*number),
        Object::Device(id) => match view.devices.get(&DeviceId(*id)) {
            Some(name) => html! { a href={ "/devices/" (DeviceId(*id)) } { (name.show(language)) } },
            None => html! { (texts::FORGOTTEN.speak(language)) },
        },
        Object::Session(number) => html! { (texts::SESSION.speak(language).replace("{n}", &number.to_string())) },
        Object::Workstation(number) => workstation(*number),
        // Who that is stands in the list of people alone, until the person is erased.
        Object::Person(subject) => {
            view.kiosk.person(*subject).unwrap_or_else(|| html! { (texts::PERSON.speak(language)) })
        }
        Object::Named(name) => match texts::setting(name).filter(|_| kind == Some(Kind::SettingsChanged)) {
            Some(text) => html! { b { (text.speak(language)) } },
            None => html! { b { bdi { (&**name) } } },
        },
    };
    let unknown = || texts::UNKNOWN.speak(language).replace("{n}", &entry.what.kind.to_string());
    let text = kind.map_or_else(unknown, |kind| texts::sentence(kind).speak(language).to_owned());
    words::fill(&text, &[("who", who), ("what", what)])
}
