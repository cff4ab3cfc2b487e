//! Holds taking in a backup: what would change, and doing it.
//! It never changes anything before a person has seen what would be done; a backup not confirmed is dropped.
//! The route table holds its routes; the API's restore does the work.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::backup::{MAX_BYTES, RestoreView, SettingsFate, restore};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::route::{BodyRule, Draft, Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::import::{counts, lines};
use super::upload::{self, FORM_BYTES, Stage, Upload};
use super::words::{frame as frame_words, restore as texts};

/// Backups that wait to be confirmed. Six megabytes at most, so one: the last that was sent in.
pub(super) const MAX_BACKUPS: usize = 1;

/// Its views.
const UPLOAD: Upload = Upload {
    place: "/system/restore",
    confirm: "/system/restore/do",
    section: Section::System,
    above: ("/system", frame_words::SYSTEM),
    title: texts::RESTORE,
    help: texts::HELP,
    file: texts::FILE,
    hint: texts::FILE_HINT,
    accept: ".json,application/json",
    about: texts::ABOUT,
    too_late: texts::TOO_LATE,
    would: texts::WOULD,
    nothing: texts::NOTHING,
    is_done: texts::IS_DONE,
    other: texts::OTHER,
};

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
    Ok(UPLOAD.choose(&call, &desk))
}

async fn look(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(file) = upload::sent(&call) else { return Ok(UPLOAD.refuse_none(&call, &desk)) };
    match restore(&house.desk, &call, &file, true).await {
        Ok(view) => {
            if view.news() > 0 {
                house.backups.keep(desk.username.clone(), file);
            }
            Ok(UPLOAD.reply(&call, &desk, &told(&view, desk.language)))
        }
        Err(problem) => Ok(UPLOAD.refuse(&call, &desk, &problem)),
    }
}

async fn take(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(backup) = house.backups.take(&desk.username) else { return Ok(UPLOAD.refuse_late(&call, &desk)) };
    let done = restore(&house.desk, &call, &backup, false).await?;
    Ok(done.tell(UPLOAD.reply(&call, &desk, &told(&done, desk.language))))
}

/// What was done, or would be.
fn told(view: &RestoreView, language: Language) -> Markup {
    let settings = match view.settings {
        SettingsFate::Absent => texts::SETTINGS_ABSENT,
        SettingsFate::Same => texts::SETTINGS_SAME,
        SettingsFate::Changed => texts::SETTINGS_CHANGED,
        SettingsFate::Refused => texts::SETTINGS_REFUSED,
    };
    let at = Stage { dry_run: view.dry_run, news: view.news() };
    html! {
        (UPLOAD.verdict(at, language))
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
        (UPLOAD.onward(at, &texts::do_it(language, at.news), language))
        (lines(&view.devices, language))
    }
}
