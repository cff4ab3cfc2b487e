//! Holds the page of how sessions work here: quota, lengths, hours, house rules, what is kept.
//! It never checks a value itself: the kiosk does. The route table holds its routes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::quota::Quota;

use super::{Amount, Beside, Part, act, form, head, hours, look, number_of, page, refusal, visit};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::words::{rules as texts, zone as zone_texts};
use crate::page::zone;
use crate::shell::kiosk::{KioskSettings, MAX_MINUTES, MAX_RULES_BYTES, MAX_VALID_MINUTES, Room};

const PATH: &str = "/workstations/settings";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look(PATH, "The page of how sessions work here").query("done", "`saved` after a change.");
    let need = Access::Admin;
    vec![guard(page, need, house, show), guard(form(PATH, "Change how sessions work here"), need, house, save)]
}

/// Which version of the settings a form was made from.
fn version(settings: &KioskSettings) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{settings:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let settings = visit(&house, |room| room.settings().clone()).await?;
    let said = if call.query("done").is_some() {
        frame::notice(true, texts::SAVED.speak(desk.language))
    } else {
        html! {}
    };
    let filled = fill_in(&settings, desk.language);
    let clock = zone::clock(&call.platform, desk.language);
    let content = view(&filled, (&version(&settings), clock.as_deref()), &said, &Beside::nothing(), &desk);
    Ok(frame::reply(&call, page(&desk, texts::TITLE.speak(desk.language), &content)))
}

async fn save(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (filled, language) = (call.form(), desk.language);
    let now = version(&visit(&house, |room| room.settings().clone()).await?);
    let mut beside = Beside::nothing();
    let done = match (hours::read(&filled, &mut beside, language), read(&filled)) {
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
        (Ok(_), Ok(_)) if field(&filled, "seen") != now => Err((&faults::CHANGED_SINCE).into()),
        (Ok(hours), Ok(settings)) => {
            let settings = KioskSettings { hours, ..settings };
            act(&house, &call, move |room: &mut Room, staff| room.set_settings(staff, &settings)).await
        }
    };
    match done {
        Ok(_) => Ok(Reply::see_other(&format!("{PATH}?done=saved"))),
        Err(problem) => {
            beside.0.extend(Beside::of(&problem, language).0);
            // Whoever saves again after having been told of another's change means it.
            let clock = zone::clock(&call.platform, language);
            let content = view(&filled, (&now, clock.as_deref()), &refusal(Some(&problem), language), &beside, &desk);
            let again = page(&desk, texts::TITLE.speak(language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

/// The settings as the form says them.
fn fill_in(settings: &KioskSettings, language: Language) -> Vec<(String, String)> {
    let on = |on: bool| if on { "on".to_owned() } else { String::new() };
    let pairs = [
        ("quota_sessions", settings.quota.sessions.to_string()),
        ("quota_minutes", (settings.quota.time_ms / 60_000).to_string()),
        ("session_minutes", settings.session_minutes.to_string()),
        ("valid_minutes", settings.valid_minutes.to_string()),
        ("hold_minutes", settings.hold_minutes.to_string()),
        ("max_offline_minutes", settings.max_offline_minutes.to_string()),
        ("detail_days", settings.detail_days.to_string()),
        ("code_days", settings.code_days.to_string()),
        ("french", on(settings.french)),
        ("rules_en", settings.rules_en.clone()),
        ("rules_fr", settings.rules_fr.clone()),
    ];
    let mut form: Vec<_> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    form.extend(hours::fill_in(settings.hours.as_ref(), language));
    form
}

/// A number that must be there.
fn needed<T: std::str::FromStr>(form: &[(String, String)], name: &'static str) -> Result<T, Problem> {
    number_of(form, name)?.ok_or_else(|| Problem::from(&faults::INVALID).at(format!("/{name}"), &faults::REQUIRED))
}

/// The settings of a form, but for the hours.
fn read(form: &[(String, String)]) -> Result<KioskSettings, Problem> {
    // Browsers send line breaks as CR LF.
    let text = |name: &str| field(form, name).replace("\r\n", "\n");
    Ok(KioskSettings {
        quota: quota(form)?,
        session_minutes: needed(form, "session_minutes")?,
        valid_minutes: needed(form, "valid_minutes")?,
        hold_minutes: needed(form, "hold_minutes")?,
        max_offline_minutes: needed(form, "max_offline_minutes")?,
        detail_days: needed(form, "detail_days")?,
        code_days: needed(form, "code_days")?,
        french: field(form, "french") == "on",
        rules_en: text("rules_en"),
        rules_fr: text("rules_fr"),
        hours: None,
    })
}

/// The quota of a form.
pub(super) fn quota(form: &[(String, String)]) -> Result<Quota, Problem> {
    let minutes: u32 = needed(form, "quota_minutes")?;
    Ok(Quota { sessions: needed(form, "quota_sessions")?, time_ms: u64::from(minutes) * 60_000 })
}

/// The two fields of a quota.
pub(super) fn quota_fields(form: &[(String, String)], beside: &Beside, language: Language) -> Markup {
    html! {
        div.trio {
            (Amount { name: "quota_sessions", label: texts::QUOTA_SESSIONS, hint: None, unit: texts::SESSIONS, value: field(form, "quota_sessions"), bounds: (1, 255) }.draw(beside, language))
            (Amount { name: "quota_minutes", label: texts::QUOTA_MINUTES, hint: None, unit: texts::MINUTES, value: field(form, "quota_minutes"), bounds: (1, 1_440) }.draw(beside, language))
        }
    }
}

fn view(
    form: &[(String, String)],
    (seen, clock): (&str, Option<&str>),
    said: &Markup,
    beside: &Beside,
    desk: &Desk,
) -> Markup {
    let language = desk.language;
    let say = |text: Text| text.speak(language);
    let amount = |name, label, hint, unit, most| {
        Amount { name, label, hint, unit, value: field(form, name), bounds: (1, most) }.draw(beside, language)
    };
    let minutes = |name, label, hint, most| amount(name, label, hint, texts::MINUTES, most);
    let lines = |name: &'static str, label: Text, lang: &str| {
        let fault = beside.of_field(name);
        let input = html! {
            textarea id=(name) name=(name) rows="4" lang=(lang) maxlength=(MAX_RULES_BYTES)
                aria-describedby=[frame::described(name, true, fault.is_some())] aria-invalid=[fault.map(|_| "true")] { (field(form, name)) }
        };
        frame::field(name, say(label), Some(say(texts::RULES_HINT)), fault, &input)
    };
    html! {
        (head(Part::Rules, desk))
        (said)
        form.settings method="post" action=(PATH) {
            input type="hidden" name="seen" value=(seen);
            section { h2 { (say(texts::SECTION_DAY)) } (quota_fields(form, beside, language)) }
            section {
                h2 { (say(texts::SECTION_SESSION)) }
                div.trio {
                    (minutes("session_minutes", texts::SESSION_MINUTES, None, MAX_MINUTES.into()))
                    (minutes("valid_minutes", texts::VALID_MINUTES, Some(texts::VALID_HINT), MAX_VALID_MINUTES.into()))
                    (minutes("hold_minutes", texts::HOLD, Some(texts::HOLD_HINT), 60))
                    (minutes("max_offline_minutes", texts::OFFLINE, Some(texts::OFFLINE_HINT), MAX_MINUTES.into()))
                }
                label.check { input type="checkbox" name="french" checked[field(form, "french") == "on"]; span { (say(texts::FRENCH)) } }
            }
            section {
                h2 { (say(texts::SECTION_HOURS)) }
                @if let Some(clock) = clock {
                    p.hint {
                        (say(texts::HOURS_CLOCK).replace("{x}", clock)) " "
                        a href="/system/settings#zone" { (say(zone_texts::CHANGE)) }
                    }
                }
                (hours::draw(form, texts::HOURS_ON, beside, language))
            }
            section {
                h2 { (say(texts::SECTION_SLIP)) }
                (lines("rules_fr", texts::RULES_FR, "fr"))
                (lines("rules_en", texts::RULES_EN, "en"))
            }
            section {
                h2 { (say(texts::SECTION_KEEP)) }
                p.hint { (say(texts::DETAIL_HINT)) }
                div.trio {
                    (amount("detail_days", texts::DETAIL_DAYS, None, texts::DAYS, 90))
                    (amount("code_days", texts::CODE_DAYS, None, texts::DAYS, 30))
                }
            }
            button.primary type="submit" { (say(texts::SAVE)) }
        }
    }
}
