//! Holds taking in a list of devices: what would be done with each line, and doing it.
//! It never changes anything before a person has seen what would be done; a list not confirmed is dropped.
//! The route table holds its routes; the API's import does the work.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::audit::Kind as Act;
use vigie_core::order::sort_by_key;

use crate::accounts::role::Access;
use crate::api::network::import::{Done, ImportView, LineView, MAX_BYTES, take_in};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::route::{BodyRule, Draft, Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::upload::{self, FORM_BYTES, Stage, Upload};
use super::words::import as texts;
use super::words::{frame as frame_words, number};

/// Lists that wait to be confirmed, of different people; the oldest is dropped. A megabyte each at most.
pub(super) const MAX_LISTS: usize = 2;
/// Lines shown one by one, those with news or trouble first; all are counted.
const MAX_LINES: usize = 200;

/// Its views.
const UPLOAD: Upload = Upload {
    place: "/devices/import",
    confirm: "/devices/import/do",
    section: Section::Devices,
    above: ("/devices", frame_words::DEVICES),
    title: texts::TITLE,
    help: texts::HELP,
    file: texts::FILE,
    hint: texts::FILE_HINT,
    accept: ".csv,text/csv",
    about: texts::BACKUP,
    too_late: texts::TOO_LATE,
    would: texts::WOULD,
    nothing: texts::NOTHING,
    is_done: texts::IS_DONE,
    other: texts::OTHER,
};

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let html = |draft: Draft| draft.speaks(200, "text/html");
    let page = html(Route::get("/devices/import", Access::Public, "The page to take in a list of devices"));
    let preview = html(Route::post("/devices/import", Access::Public, "What a list would change, from the page"));
    let really = html(Route::post("/devices/import/do", Access::Public, "Take in the list shown before"));
    vec![
        guard(page, Access::Admin, house, show),
        guard(preview.takes(BodyRule::Upload(MAX_BYTES + FORM_BYTES)), Access::Admin, house, look),
        guard(really.takes(BodyRule::Form).audits(Act::DevicesImported), Access::Admin, house, take),
    ]
}

async fn show(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    Ok(UPLOAD.choose(&call, &desk))
}

async fn look(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(file) = upload::sent(&call) else { return Ok(UPLOAD.refuse_none(&call, &desk)) };
    match take_in(&house.desk, &file, true, desk.language).await {
        Ok(view) => {
            if stage(&view).news > 0 {
                house.lists.keep(desk.username.clone(), file);
            }
            Ok(UPLOAD.reply(&call, &desk, &told(&view, desk.language)))
        }
        Err(problem) => Ok(UPLOAD.refuse(&call, &desk, &problem)),
    }
}

async fn take(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(list) = house.lists.take(&desk.username) else { return Ok(UPLOAD.refuse_late(&call, &desk)) };
    let done = take_in(&house.desk, &list, false, desk.language).await.map_err(|problem: Problem| {
        // It was read a moment ago: what fails now is the card or the end of the service.
        if problem.has_fields() { Problem::from(&faults::UNAVAILABLE) } else { problem }
    })?;
    Ok(done.tell(UPLOAD.reply(&call, &desk, &told(&done, desk.language))))
}

fn stage(view: &ImportView) -> Stage {
    Stage { dry_run: view.dry_run, news: view.added + view.updated }
}

/// What was done, or would be.
fn told(view: &ImportView, language: Language) -> Markup {
    let at = stage(view);
    html! {
        (UPLOAD.verdict(at, language))
        (counts(view, language))
        (UPLOAD.onward(at, &texts::do_it(language, at.news), language))
        (lines(view, language))
    }
}

/// How many lines came to what.
pub(super) fn counts(view: &ImportView, language: Language) -> Markup {
    let counts = [
        (view.added, texts::ADDED),
        (view.updated, texts::UPDATED),
        (view.unchanged, texts::UNCHANGED),
        (view.refused, texts::REFUSED),
    ];
    html! {
        ul.numbers.four { @for (count, name) in counts {
            li { div { b { (number(language, count as u64)) } " " span { (name.speak(language)) } } }
        } }
        @if view.left_out > 0 { (frame::notice(false, &texts::left_out(language, view.left_out))) }
    }
}

/// The lines, those with trouble first, then those with news.
pub(super) fn lines(view: &ImportView, language: Language) -> Markup {
    let rank = |line: &&LineView| match (line.action, line.reason.is_some()) {
        (Done::Refused, _) => 0,
        (_, true) => 1,
        (Done::Added | Done::Updated, false) => 2,
        (Done::Unchanged, false) => 3,
    };
    let mut lines: Vec<&LineView> = view.items.iter().filter(|line| rank(line) < 3).collect();
    sort_by_key(&mut lines, rank);
    html! {
        @if !lines.is_empty() {
            h2 { (texts::LINES.speak(language)) }
            table.plain {
                caption.hush { (texts::LINES.speak(language)) }
                thead { tr {
                    th scope="col" { (texts::LINE.speak(language)) }
                    th scope="col" { (texts::DEVICE.speak(language)) }
                    th scope="col" { (texts::VERDICT.speak(language)) }
                    th scope="col" { (texts::WHAT.speak(language)) }
                } }
                tbody { @for line in lines.iter().take(MAX_LINES) { (one(line, language)) } }
            }
            @if lines.len() > MAX_LINES { p.hint { (super::words::devices::more_than_shown(language, lines.len() - MAX_LINES)) } }
        }
    }
}

fn one(line: &LineView, language: Language) -> Markup {
    let (class, picture, text) = match line.action {
        Done::Added => ("chip good", "plus", texts::ADDED_ONE),
        Done::Updated => ("chip accent", "check", texts::UPDATED_ONE),
        Done::Unchanged => ("chip quiet", "check", texts::UNCHANGED_ONE),
        Done::Refused => ("chip bad", "bad", texts::REFUSED_ONE),
    };
    let address = line.mac.as_deref().or(line.ip.as_deref()).unwrap_or("—");
    html! {
        tr {
            td { (line.line) }
            th scope="row" {
                @match &line.id { Some(id) => a href={ "/devices/" (id) } { code { (address) } }, None => code { (address) } }
            }
            td { span class=(class) { (icon(picture)) (text.speak(language)) } }
            td.free {
                @if !line.changed.is_empty() {
                    (line.changed.iter().map(|part| texts::part(part).speak(language)).collect::<Vec<_>>().join(", "))
                }
                @if let Some(reason) = &line.reason { " " span.hint { (reason) } }
            }
        }
    }
}
