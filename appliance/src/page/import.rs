//! Holds taking in a list of devices: choosing the file, what would be done with each line, doing it.
//! It never changes anything before a person has seen what would be done; a list not confirmed is dropped.
//! The route table holds its routes; the API's import does the work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use maud::{Markup, html};
use tokio::time::Instant;

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::import::{Done, ImportView, LineView, MAX_BYTES, take_in};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::multipart;
use crate::http::problem::{Problem, faults};
use crate::http::route::{BodyRule, Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::words::import as texts;
use super::words::{frame as frame_words, number};

/// Lists that wait to be confirmed, of different people; the oldest is dropped. A megabyte each at most.
pub(super) const MAX_LISTS: usize = 2;
/// How long a list waits.
const WAITS: Duration = Duration::from_secs(10 * 60);
/// Lines shown one by one, those with news or trouble first; all are counted.
const MAX_LINES: usize = 200;
/// What a form adds to a file.
const FORM_BYTES: usize = 4 * 1024;

/// When a list came, and what is in it.
type Waiting = (Instant, Bytes);

/// Files sent in and not confirmed yet, by the person who sent them.
pub(super) struct Lists {
    waiting: Mutex<BTreeMap<Arc<str>, Waiting>>,
    most: usize,
}

impl Lists {
    /// Room for so many files of different people.
    pub(super) fn of(most: usize) -> Self {
        Self { waiting: Mutex::default(), most }
    }

    pub(super) fn keep(&self, who: Arc<str>, list: Bytes) {
        let mut lists = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|_, (at, _)| at.elapsed() < WAITS);
        if lists.len() >= self.most && !lists.contains_key(&who) {
            let oldest = lists.iter().min_by_key(|(_, (at, _))| *at).map(|(who, _)| who.clone());
            oldest.and_then(|oldest| lists.remove(&oldest));
        }
        lists.insert(who, (Instant::now(), list));
    }

    pub(super) fn take(&self, who: &str) -> Option<Bytes> {
        let mut lists = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        lists.remove(who).filter(|(at, _)| at.elapsed() < WAITS).map(|(_, list)| list)
    }
}

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let html = |draft: crate::http::route::Draft| draft.speaks(200, "text/html");
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
    Ok(frame::reply(&call, page(&desk, &choose(None, desk.language))))
}

async fn look(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    let file = multipart::part(&call.headers, &call.body, "file").filter(|file| !file.is_empty());
    let Some(file) = file.map(Bytes::copy_from_slice) else {
        let none = Some(texts::NO_FILE.speak(language));
        return Ok(
            frame::reply(&call, page(&desk, &choose(none, language))).status(hyper::StatusCode::UNPROCESSABLE_ENTITY)
        );
    };
    match take_in(&house.desk, &file, true, language).await {
        Ok(view) => {
            if view.added + view.updated > 0 {
                house.lists.keep(desk.username.clone(), file);
            }
            Ok(frame::reply(&call, page(&desk, &told(&view, language))))
        }
        Err(problem) => {
            let why = frame::why(&problem, language);
            Ok(frame::reply(&call, page(&desk, &choose(Some(&why), language))).status(problem.status()))
        }
    }
}

async fn take(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    let Some(list) = house.lists.take(&desk.username) else {
        let late = Some(texts::TOO_LATE.speak(language));
        return Ok(frame::reply(&call, page(&desk, &choose(late, language))).status(hyper::StatusCode::CONFLICT));
    };
    let done = take_in(&house.desk, &list, false, language).await.map_err(|problem: Problem| {
        // It was read a moment ago: what fails now is the card or the end of the service.
        if problem.has_fields() { Problem::from(&faults::UNAVAILABLE) } else { problem }
    })?;
    Ok(done.tell(frame::reply(&call, page(&desk, &told(&done, language)))))
}

fn page(desk: &Desk, content: &Markup) -> Markup {
    let title = texts::TITLE.speak(desk.language);
    let content = html! {
        p.back { a href="/devices" { (frame_words::DEVICES.speak(desk.language)) } }
        h1 { (title) }
        (content)
    };
    frame::page(desk, Section::Devices, title, &content)
}

fn choose(fault: Option<&str>, language: Language) -> Markup {
    html! {
        p.lead { (texts::HELP.speak(language)) }
        form.sheet.narrow method="post" action="/devices/import" enctype="multipart/form-data" {
            (frame::field("file", texts::FILE.speak(language), Some(texts::FILE_HINT.speak(language)), fault, &html! {
                input #file type="file" name="file" accept=".csv,text/csv" required
                    aria-describedby=[frame::described("file", true, fault.is_some())] aria-invalid=[fault.map(|_| "true")];
            }))
            div.pair {
                button.primary type="submit" { (texts::LOOK.speak(language)) }
                a.button href="/devices" { (super::words::devices::CANCEL.speak(language)) }
            }
        }
        p.hint { (texts::BACKUP.speak(language)) }
    }
}

/// What was done, or would be.
fn told(view: &ImportView, language: Language) -> Markup {
    let news = view.added + view.updated;
    html! {
        @if view.dry_run {
            p.lead role="status" { (if news > 0 { texts::WOULD } else { texts::NOTHING }.speak(language)) }
        } @else {
            (frame::notice(true, texts::IS_DONE.speak(language)))
        }
        (counts(view, language))
        @if view.dry_run && news > 0 {
            form.pair method="post" action="/devices/import/do" {
                button.primary type="submit" { (texts::do_it(language, news)) }
                a.button href="/devices/import" { (texts::OTHER.speak(language)) }
            }
        } @else {
            p.pair {
                a.button href="/devices" { (frame_words::DEVICES.speak(language)) }
                a.button href="/devices/import" { (texts::OTHER.speak(language)) }
            }
        }
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
    lines.sort_by_key(rank);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_list_waits_ten_minutes_for_its_person_and_only_a_few_wait() {
        let lists = Lists::of(MAX_LISTS);
        for (who, text) in [("ada", "1"), ("bob", "2"), ("ada", "3")] {
            lists.keep(who.into(), Bytes::from_static(text.as_bytes()));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        lists.keep("eve".into(), Bytes::from_static(b"4"));
        assert_eq!(lists.take("bob"), None, "the oldest made room");
        assert_eq!(lists.take("ada"), Some(Bytes::from_static(b"3")), "a person has one list, the last");
        assert_eq!(lists.take("ada"), None, "it is taken once");
        tokio::time::advance(WAITS).await;
        assert_eq!(lists.take("eve"), None);
    }
}
