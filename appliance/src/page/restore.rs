//! Holds taking in a backup: choosing the file, what would change, doing it.
//! It never changes anything before a person has seen what would be done; a backup not confirmed is dropped.
//! The route table holds its routes; the API's restore does the work.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::backup::{MAX_BYTES, RestoreView, SettingsFate, restore};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::multipart;
use crate::http::route::{BodyRule, Draft, Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::import::{counts, lines};
use super::words::{frame as frame_words, restore as texts};

/// Backups that wait to be confirmed. Six megabytes at most, so one: the last that was sent in.
pub(super) const MAX_BACKUPS: usize = 1;
/// What a form adds to a file.
const FORM_BYTES: usize = 4 * 1024;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let html = |draft: Draft| draft.speaks(200, "text/html");
    let page = html(Route::get("/system/restore", Access::Public, "The page to take in a backup"));
    let preview = html(Route::post("/system/restore", Access::Public, "What a backup would change, from the page"));
    let really = html(Route::post("/system/restore/do", Access::Public, "Take in the backup shown before"));
    vec![
        guard(page, Access::Admin, house, show),
        guard(preview.takes(BodyRule::Upload(MAX_BYTES + FORM_BYTES)), Access::Admin, house, look),
        guard(really.takes(BodyRule::Form).audits(Act::DevicesImported).every_time(), Access::Admin, house, take),
    ]
}

async fn show(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    Ok(frame::reply(&call, page(&desk, &choose(None, desk.language))))
}

async fn look(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    let again = |why: &str, status| Ok(frame::reply(&call, page(&desk, &choose(Some(why), language))).status(status));
    let file = multipart::part(&call.headers, &call.body, "file").filter(|file| !file.is_empty());
    let Some(file) = file else {
        return again(texts::NO_FILE.speak(language), StatusCode::UNPROCESSABLE_ENTITY);
    };
    match restore(&house.desk, &call, file, true).await {
        Ok(view) => {
            if view.news() > 0 {
                // A part of the body that was sent, which is kept instead of being copied.
                house.backups.keep(desk.username.clone(), call.body.slice_ref(file));
            }
            Ok(frame::reply(&call, page(&desk, &told(&view, language))))
        }
        Err(problem) => again(&frame::why(&problem, language), problem.status()),
    }
}

async fn take(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    let Some(backup) = house.backups.take(&desk.username) else {
        let late = Some(texts::TOO_LATE.speak(language));
        return Ok(frame::reply(&call, page(&desk, &choose(late, language))).status(StatusCode::CONFLICT));
    };
    let done = restore(&house.desk, &call, &backup, false).await?;
    Ok(done.tell(frame::reply(&call, page(&desk, &told(&done, language)))))
}

fn page(desk: &Desk, content: &Markup) -> Markup {
    let title = texts::RESTORE.speak(desk.language);
    let content = html! {
        p.back { a href="/system" { (frame_words::SYSTEM.speak(desk.language)) } }
        h1 { (title) }
        (content)
    };
    frame::page(desk, Section::System, title, &content)
}

fn choose(fault: Option<&str>, language: Language) -> Markup {
    html! {
        p.lead { (texts::HELP.speak(language)) }
        form.sheet.narrow method="post" action="/system/restore" enctype="multipart/form-data" {
            (frame::field("file", texts::FILE.speak(language), Some(texts::FILE_HINT.speak(language)), fault, &html! {
                input #file type="file" name="file" accept=".json,application/json" required
                    aria-describedby=[frame::described("file", true, fault.is_some())] aria-invalid=[fault.map(|_| "true")];
            }))
            div.pair {
                button.primary type="submit" { (texts::LOOK.speak(language)) }
                a.button href="/system" { (super::words::devices::CANCEL.speak(language)) }
            }
        }
        p.hint { (texts::ABOUT.speak(language)) }
    }
}

/// What was done, or would be.
fn told(view: &RestoreView, language: Language) -> Markup {
    let settings = match view.settings {
        SettingsFate::Absent => texts::SETTINGS_ABSENT,
        SettingsFate::Same => texts::SETTINGS_SAME,
        SettingsFate::Changed => texts::SETTINGS_CHANGED,
        SettingsFate::Refused => texts::SETTINGS_REFUSED,
    };
    let news = view.news();
    html! {
        @if !view.dry_run {
            (frame::notice(true, texts::IS_DONE.speak(language)))
        } @else {
            p.lead role="status" { (if news > 0 { texts::WOULD } else { texts::NOTHING }.speak(language)) }
        }
        dl.facts {
            @if let Some(exported) = &view.exported { (frame::fact(texts::WRITTEN, &html! { time datetime=(exported) data-exact { (exported) } }, language)) }
            @if let Some(program) = &view.program { (frame::fact(texts::BY, &html! { bdi { (program) } }, language)) }
            (frame::fact(texts::SETTINGS, &html! {
                (settings.speak(language))
                @if let Some(why) = &view.settings_reason { " " span.hint { (why) } }
            }, language))
            @if !view.accounts_missing.is_empty() {
                (frame::fact(texts::ACCOUNTS, &html! {
                    @for (at, name) in view.accounts_missing.iter().enumerate() { @if at > 0 { ", " } bdi { (name) } }
                    " " span.hint { (texts::ACCOUNTS_WHY.speak(language)) }
                }, language))
            }
        }
        h2 { (texts::DEVICES.speak(language)) }
        (counts(&view.devices, language))
        @if view.dry_run && news > 0 {
            form.pair method="post" action="/system/restore/do" {
                button.primary type="submit" { (texts::do_it(language, news)) }
                a.button href="/system/restore" { (texts::OTHER.speak(language)) }
            }
        } @else {
            p.pair {
                a.button href="/devices" { (frame_words::DEVICES.speak(language)) }
                a.button href="/system/restore" { (texts::OTHER.speak(language)) }
            }
        }
        (lines(&view.devices, language))
    }
}
