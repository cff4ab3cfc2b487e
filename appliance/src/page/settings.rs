//! Holds the page of the settings: how the network is watched, each with words beside what does not do.
//! It never checks a value itself and never stores one: the API's one way to change settings does both.
//! The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::{monitoring, settings};
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

use super::House;
use super::acts::field;
use super::frame::{self, Section};
use super::gate::{Desk, guard, safe_next};
use super::settings_draft::{Draft, SOURCES};
use super::system;
use super::words::settings as texts;
use super::zone;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let form = |path, about| {
        Route::post(path, Access::Operator, about)
            .takes(BodyRule::Form)
            .speaks(303, "text/html")
            .audits(Act::SettingsChanged)
    };
    let page = Route::get("/system/settings", Access::Public, "The page of how the network is watched")
        .query("done", "`saved` after a change.")
        .speaks(200, "text/html");
    vec![
        guard(page, Access::Viewer, house, show),
        guard(form("/system/settings", "Watch the network otherwise, from the page"), Access::Admin, house, save),
        guard(
            form("/system/watching", "Look around by the clock, or only listen, from the page"),
            Access::Operator,
            house,
            watch,
        ),
    ]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (now, tag) = settings::now(&house.desk).await;
    let watching = is_watching(&house).await?;
    let said =
        html! { @if call.query("done") == Some("saved") { (frame::notice(true, texts::SAVED.speak(desk.language))) } };
    let beside = beside(&house, &call, &desk);
    let content = view(&Draft::of(&now, desk.language), &tag, (watching, &beside), &said, &[], &desk);
    Ok(frame::reply(&call, frame::page(&desk, Section::System, texts::TITLE.speak(desk.language), &content)))
}

/// What stands beside the form: the zone, and what the environment says in place of the page.
fn beside(house: &House, call: &Call, desk: &Desk) -> Markup {
    let fixed = &house.desk.fixed;
    html! {
        (zone::section(&call.platform, desk))
        @if !fixed.is_empty() { p.hint { (texts::fixed(desk.language, fixed)) } }
    }
}

async fn is_watching(house: &House) -> Result<bool, Problem> {
    house.network.call(|hands| hands.sweeps().watching).await.map_err(|_| (&faults::UNAVAILABLE).into())
}

async fn save(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let draft = Draft::read(&form);
    let seen = field(&form, "seen").to_owned();
    let check_seen = |tag: &str| if tag == seen { Ok(()) } else { Err((&faults::CHANGED_SINCE).into()) };
    let (now, _) = settings::now(&house.desk).await;
    let faults = match draft.settings(&now, desk.language) {
        Ok(new) => match settings::change(&house.desk, new, check_seen).await {
            Ok((_, changed)) => {
                return Ok(settings::told(changed, Reply::see_other("/system/settings?done=saved")));
            }
            Err(problem) => problem,
        },
        Err(unread) => {
            return refuse(&house, &call, &desk, (&draft, &seen), &Problem::from(&faults::INVALID), unread).await;
        }
    };
    let fields = faults.field_details(desk.language);
    let fields = fields.into_iter().map(|(pointer, text)| (pointer.to_owned(), text)).collect();
    refuse(&house, &call, &desk, (&draft, &seen), &faults, fields).await
}

/// The form again as the person left it, with words beside what does not do.
async fn refuse(
    house: &House,
    call: &Call,
    desk: &Desk,
    (draft, seen): (&Draft, &str),
    problem: &Problem,
    fields: Vec<(String, String)>,
) -> Outcome {
    let language = desk.language;
    let whole = if fields.is_empty() { problem.detail(language) } else { texts::NOT_SAVED.speak(language).to_owned() };
    // Somebody who saves again after having been told of another's change means it.
    let (_, tag) = settings::now(&house.desk).await;
    let seen = if problem.code() == faults::CHANGED_SINCE.code { &tag } else { seen };
    let beside = (is_watching(house).await?, &beside(house, call, desk));
    let content = view(draft, seen, beside, &frame::notice(false, &whole), &fields, desk);
    let page = frame::page(desk, Section::System, texts::TITLE.speak(language), &content);
    Ok(frame::reply(call, page).status(problem.status()))
}

async fn watch(house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let form = call.form();
    let watching = field(&form, "watching") == "on";
    let changed = monitoring::set_watching(&house.desk, watching).await?;
    Ok(monitoring::tell(watching, changed, Reply::see_other(safe_next(field(&form, "next")))))
}

/// The words beside a field: those of its own pointer, and those of its entries with their line.
fn fault_of(fields: &[(String, String)], name: &str, language: Language) -> Option<String> {
    let texts: Vec<String> = fields
        .iter()
        .filter_map(|(pointer, text)| {
            let rest = pointer.trim_start_matches('/').strip_prefix(name)?;
            match rest.strip_prefix('/').map(str::parse::<usize>) {
                Some(Ok(entry)) => Some(texts::entry(language, entry + 1, text)),
                _ => rest.is_empty().then(|| text.clone()),
            }
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// The page, with whether it looks around, and what stands beside the form.
fn view(
    draft: &Draft,
    seen: &str,
    (watching, beside): (bool, &Markup),
    said: &Markup,
    faults: &[(String, String)],
    desk: &Desk,
) -> Markup {
    let language = desk.language;
    let say = |text: Text| text.speak(language);
    html! {
        (system::head(system::Part::Settings, desk))
        (said)
        section.watching {
            h2 { (say(texts::RHYTHM)) }
            p { (say(if watching { texts::WATCHING } else { texts::LISTENING })) }
            @if desk.may_work {
                form method="post" action="/system/watching" {
                    input type="hidden" name="next" value="/system/settings";
                    input type="hidden" name="watching" value=(if watching { "off" } else { "on" });
                    button type="submit" { (say(if watching { texts::PAUSE } else { texts::RESUME })) }
                }
            }
        }
        @if !desk.may_rule { p.hint { (say(texts::ONLY_ADMIN)) } }
        (beside)
        form.sheet.settings method="post" action="/system/settings" {
            input type="hidden" name="seen" value=(seen);
            // What only an administrator may change is shown to others, and cannot be sent.
            fieldset.all disabled[!desk.may_rule] {
                legend.hush { (say(texts::TITLE)) }
                (rhythm(draft, faults, language))
                (patience(draft, faults, language))
                (places(draft, faults, language))
                (sources(draft, language))
                (ports(draft, faults, language))
                @if desk.may_rule { button.primary type="submit" { (say(texts::SAVE)) } }
            }
        }
    }
}

/// A number in a box, with its unit.
fn amount(
    name: &str,
    (label, hint): (Text, Option<Text>),
    value: &str,
    fault: Option<&str>,
    language: Language,
) -> Markup {
    let id = name.replace('.', "-");
    let input = html! {
        span.amount {
            input id=(id) type="text" inputmode="decimal" name=(name) value=(value) autocomplete="off"
                aria-describedby=[frame::described(&id, hint.is_some(), fault.is_some())] aria-invalid=[fault.map(|_| "true")];
            span { (texts::MINUTES.speak(language)) }
        }
    };
    frame::field(&id, label.speak(language), hint.map(|hint| hint.speak(language)), fault, &input)
}

fn rhythm(draft: &Draft, faults: &[(String, String)], language: Language) -> Markup {
    let fault = fault_of(faults, "interval_minutes", language);
    let paces = [("gentle", texts::GENTLE), ("background", texts::BACKGROUND), ("fast", texts::FAST)];
    html! {
        section {
            (amount("interval_minutes", (texts::INTERVAL, Some(texts::INTERVAL_HINT)), &draft.interval, fault.as_deref(), language))
            fieldset {
                legend { (texts::PACE.speak(language)) }
                @for (value, text) in paces {
                    label.check { input type="radio" name="pace" value=(value) checked[draft.pace == value]; span { (text.speak(language)) } }
                }
            }
        }
    }
}

fn patience(draft: &Draft, faults: &[(String, String)], language: Language) -> Markup {
    let fault = |name: &str| fault_of(faults, &format!("presence/{name}"), language);
    html! {
        section {
            h2 { (texts::PATIENCE.speak(language)) }
            p.hint { (texts::PATIENCE_HELP.speak(language)) }
            div.trio {
                @for (name, label, value) in [
                    ("wired_seconds", texts::WIRED, &draft.wired),
                    ("other_seconds", texts::OTHER, &draft.other),
                    ("phone_seconds", texts::PHONE, &draft.phone),
                    ("confirm_seconds", texts::CONFIRM, &draft.confirm),
                ] {
                    (amount(name, (label, None), value, fault(name).as_deref(), language))
                }
            }
        }
    }
}

/// A list, one entry a line.
fn list(
    name: &'static str,
    (label, hint): (Text, Text),
    value: &str,
    rows: u8,
    fault: Option<&str>,
    language: Language,
) -> Markup {
    let id = name.replace('.', "-");
    frame::field(
        &id,
        label.speak(language),
        Some(hint.speak(language)),
        fault,
        &html! {
            textarea id=(id) name=(name) rows=(rows) spellcheck="false" autocomplete="off"
                aria-describedby=[frame::described(&id, true, fault.is_some())] aria-invalid=[fault.map(|_| "true")] { (value) }
        },
    )
}

fn places(draft: &Draft, faults: &[(String, String)], language: Language) -> Markup {
    let fault = |name: &str| fault_of(faults, name, language);
    html! {
        section {
            h2 { (texts::WHERE.speak(language)) }
            (list("segments", (texts::SEGMENTS, texts::SEGMENTS_HINT), &draft.segments, 3, fault("segments").as_deref(), language))
            label.check { input type="checkbox" name="allow_public" checked[draft.allow_public]; span { (texts::PUBLIC.speak(language)) } }
            (list("exclude", (texts::EXCLUDE, texts::EXCLUDE_HINT), &draft.exclude, 3, fault("exclude").as_deref(), language))
        }
    }
}

fn sources(draft: &Draft, language: Language) -> Markup {
    html! {
        section {
            fieldset {
                legend { h2 { (texts::SOURCES.speak(language)) } }
                p.hint { (texts::SOURCES_HELP.speak(language)) }
                div.ticks {
                    @for (place, name) in SOURCES.iter().enumerate() {
                        label.check {
                            input type="checkbox" name="source" value=(name) checked[draft.sources.get(place) == Some(&true)];
                            span { (texts::source(name).speak(language)) }
                        }
                    }
                }
            }
        }
    }
}

fn ports(draft: &Draft, faults: &[(String, String)], language: Language) -> Markup {
    let fault = |name: &str| fault_of(faults, &format!("ports/{name}"), language);
    html! {
        section {
            h2 { (texts::PORTS.speak(language)) }
            (list("quick", (texts::QUICK, texts::QUICK_HINT), &draft.quick, 2, fault("quick").as_deref(), language))
            (list("full", (texts::FULL, texts::FULL_HINT), &draft.full, 5, fault("full").as_deref(), language))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NetworkSettings;

    #[test]
    fn a_fault_stands_beside_its_field_with_its_line() {
        let faults = [
            ("/segments/1".to_owned(), "x is wrong.".to_owned()),
            ("/segments/3".to_owned(), "y too.".to_owned()),
            ("/interval_minutes".to_owned(), "bad".to_owned()),
        ];
        assert_eq!(
            fault_of(&faults, "segments", Language::En).as_deref(),
            Some("Entry 2: x is wrong. Entry 4: y too.")
        );
        assert_eq!(fault_of(&faults, "interval_minutes", Language::Fr).as_deref(), Some("bad"));
        assert_eq!(fault_of(&faults, "interval", Language::Fr), None);
        let desk =
            Desk { username: "a".into(), language: Language::En, may_work: true, may_rule: true, path: "/".into() };
        let page = view(
            &Draft::of(&NetworkSettings::default(), Language::En),
            "t",
            (true, &html! {}),
            &html! {},
            &faults,
            &desk,
        )
        .into_string();
        assert!(page.contains("aria-describedby=\"segments-hint segments-fault\" aria-invalid=\"true\""), "{page}");
        let looker = Desk { may_rule: false, ..desk };
        let page = view(
            &Draft::of(&NetworkSettings::default(), Language::En),
            "t",
            (true, &html! {}),
            &html! {},
            &[],
            &looker,
        )
        .into_string();
        assert!(page.contains("<fieldset class=\"all\" disabled>") && !page.contains("class=\"primary\""), "{page}");
    }
}
