//! Holds the page of one person: what is left of the day, consent, photo, sessions, and the form.
//! It never shows what is kept to somebody who only looks. The route table holds its routes.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::kiosk::PersonId;

use super::{Beside, Typed, act, back, form, look, page, person_of, refusal, staff, user_form, users, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::api::logs::view::Names;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::multipart;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame::{self, fact};
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::times::{self, When};
use crate::page::words::{self, audit, seats, station, users as texts};
use crate::shell::kiosk::{Allowance, MAX_PHOTO_BYTES, Person, Room, SessionView};

/// Past sessions in the list.
const SESSIONS: usize = 20;
/// What a form adds to a photo.
const FORM_BYTES: usize = 4 * 1024;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look("/users/{id}", "The page of one person who uses workstations").query("done", "What was just done.");
    let photo = form("/users/{id}/photo", "Take a photo of a person, from the page")
        .takes(BodyRule::Upload(MAX_PHOTO_BYTES + FORM_BYTES))
        .every_time();
    let need = Access::Operator;
    vec![
        guard(page, need, house, show),
        guard(form("/users/{id}", "Change what is kept of a person"), need, house, save),
        guard(form("/users/{id}/consent", "Write down the consent of a person"), need, house, agree),
        guard(photo, need, house, put_photo),
        guard(form("/users/{id}/photo/remove", "Remove the photo of a person"), need, house, remove_photo),
    ]
}

/// What one visit to the kiosk brings.
struct Seen {
    person: Person,
    added: When,
    agreed: Option<When>,
    left: Option<Allowance>,
    sessions: Vec<(SessionView, When, Option<String>)>,
    version: String,
}

fn gather(room: &Room, house: &House, id: PersonId) -> Option<Seen> {
    let person = room.person(id)?.clone();
    let when = |moment| When::of(moment, room.moment(), &house.clocks);
    let sessions = room.sessions_of(id).into_iter().take(SESSIONS).map(|view| {
        let place = view.station.and_then(|id| room.station(id)).map(|station| clean(&station.name));
        let began = when(view.started.unwrap_or(view.created));
        (view, began, place)
    });
    Some(Seen {
        added: when(person.created_at),
        agreed: person.consent.as_ref().map(|consent| when(consent.at)),
        left: room.allowance(id, None).ok(),
        sessions: sessions.collect(),
        version: person
            .consent
            .as_ref()
            .map_or_else(|| users::latest_version(room), |consent| consent.text_version.clone()),
        person,
    })
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let done: Option<Text> = match call.query("done") {
        Some("added") => Some(texts::DONE_ADDED),
        Some("saved") => Some(texts::DONE_SAVED),
        Some("consent") => Some(texts::DONE_CONSENT),
        Some("photo") => Some(texts::DONE_PHOTO),
        Some("no-photo") => Some(texts::DONE_NO_PHOTO),
        _ => None,
    };
    let said = html! { @if let Some(text) = done { (frame::notice(true, text.speak(desk.language))) } };
    answer(&house, &call, &desk, &said, None).await
}

/// The page with something said at its top; with a form as it was typed and what was wrong with it.
async fn answer(house: &Arc<House>, call: &Call, desk: &Desk, said: &Markup, refused: Option<Typed<'_>>) -> Outcome {
    let (shared, id) = (house.clone(), person_of(call)?);
    let seen = visit(house, move |room| gather(room, &shared, id)).await?;
    let seen = seen.ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
    let names = Names::of(&call.platform.accounts);
    let content = view(&seen, &names, said, refused, desk);
    Ok(frame::reply(call, page(desk, &clean(&seen.person.display_name()), &content)))
}

/// The page again with why something was refused.
async fn refuse(house: &Arc<House>, call: &Call, desk: &Desk, problem: &Problem) -> Outcome {
    let said = frame::notice(false, &frame::why(problem, desk.language));
    Ok(answer(house, call, desk, &said, None).await?.status(problem.status()))
}

/// Back to the page, which says what was done.
fn led(id: PersonId, done: &str) -> Reply {
    Reply::see_other(&format!("/users/{}?done={done}", id.0))
}

async fn save(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (id, filled) = (person_of(&call)?, call.form());
    let seen = field(&filled, "seen").parse::<u32>().ok();
    let draft = user_form::read(&filled);
    let stale = visit(&house, move |room| room.person(id).is_some_and(|person| Some(person.revision) != seen)).await?;
    let done = if stale {
        Err((&faults::CHANGED_SINCE).into())
    } else {
        let edit = move |room: &mut Room, staff| {
            room.edit_person(staff, id, &draft).map_err(|why| fault::refused_form(why, &draft))
        };
        act(&house, &call, edit).await
    };
    match done {
        Ok(_) => Ok(led(id, "saved")),
        Err(problem) => {
            let said = refusal(Some(&problem), desk.language);
            let again = answer(&house, &call, &desk, &said, Some((&filled, &problem))).await?;
            Ok(again.status(problem.status()))
        }
    }
}

async fn agree(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = person_of(&call)?;
    let version = field(&call.form(), "text_version").to_owned();
    match act(&house, &call, move |room: &mut Room, staff| room.give_consent(staff, id, &version)).await {
        Ok(()) => Ok(led(id, "consent")),
        Err(problem) => refuse(&house, &call, &desk, &problem).await,
    }
}

async fn put_photo(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = person_of(&call)?;
    let file = multipart::part(&call.headers, &call.body, "photo").filter(|file| !file.is_empty());
    let Some(file) = file.map(<[u8]>::to_vec) else {
        let said = frame::notice(false, texts::NO_FILE.speak(desk.language));
        return Ok(answer(&house, &call, &desk, &said, None).await?.status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match house.kiosk.put_photo(staff(&call)?, id, file).await {
        Ok(()) => Ok(led(id, "photo")),
        Err(why) => refuse(&house, &call, &desk, &fault::no_photo(why)).await,
    }
}

async fn remove_photo(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = person_of(&call)?;
    match house.kiosk.remove_photo(staff(&call)?, id).await {
        Ok(_) => Ok(led(id, "no-photo")),
        Err(why) => refuse(&house, &call, &desk, &fault::no_photo(why)).await,
    }
}

fn view(seen: &Seen, names: &Names, said: &Markup, refused: Option<Typed<'_>>, desk: &Desk) -> Markup {
    let language = desk.language;
    let person = &seen.person;
    let path = format!("/users/{}", person.id);
    let kept = user_form::fill_in(&person.form);
    let beside = refused.map_or_else(Beside::nothing, |(_, problem)| Beside::of(problem, language));
    let who =
        names.of_number(person.created_by).map_or_else(|| audit::SYSTEM.speak(language).to_owned(), str::to_owned);
    let pieces = [("when", times::ago(seen.added, language)), ("who", html! { bdi { (who) } })];
    html! {
        (back("/users", seats::PART_USERS.speak(language)))
        div.head.device {
            @if person.photo {
                img.portrait.photo src={ "/api/utilisateurs/" (person.id) "/photo?_=" (person.revision) } width="56" height="56"
                    alt=(texts::PHOTO_OF.speak(language).replace("{name}", &clean(&person.display_name())));
            } @else { span.portrait { (icon("person")) } }
            div {
                h1 { bdi { (clean(&person.display_name())) } }
                p.hint { (words::fill(texts::ADDED_BY.speak(language), &pieces)) }
            }
        }
        (said)
        div.columns {
            div {
                section { h2 { (texts::QUOTA.speak(language)) } (quota(seen, language)) }
                section { h2 { (texts::SESSIONS.speak(language)) } (sessions(seen, language)) }
            }
            div {
                section { h2 { (texts::CONSENT.speak(language)) } (consent(seen, &path, language)) }
                section { h2 { (texts::PHOTO.speak(language)) } (photo(person, &path, language)) }
                section {
                    h2 { (texts::RIGHTS.speak(language)) }
                    div.pair {
                        a.button href={ "/api/utilisateurs/" (person.id) "/export" } download={ "person-" (person.id) ".json" } { (icon("download")) (texts::EXPORT.speak(language)) }
                        @if desk.may_rule { a.button href={ (path) "/erase" } { (icon("forget")) (texts::ERASE.speak(language)) } }
                    }
                }
            }
        }
        section.yours {
            h2 { (texts::DETAILS.speak(language)) }
            form.sheet.medium method="post" action=(path) {
                input type="hidden" name="seen" value=(person.revision);
                (user_form::fields(refused.map_or(&kept, |(form, _)| form), &beside, language))
                button.primary type="submit" { (texts::SAVE.speak(language)) }
            }
        }
    }
}

fn quota(seen: &Seen, language: Language) -> Markup {
    let Some(left) = seen.left else { return html! {} };
    html! {
        p {
            @match left.refused {
                None => span.chip.good { (icon("check")) (texts::MAY.speak(language)) },
                Some(why) => {
                    span.chip.warn { (icon("warn")) (texts::MAY_NOT.speak(language)) }
                    " " (fault::refused(why).detail(language))
                }
            }
        }
        dl.facts {
            (fact(texts::SESSIONS_LEFT, &html! { (left.sessions_left) }, language))
            (fact(texts::TIME_LEFT, &html! { (seats::minutes(language, left.left_ms / 60_000)) }, language))
        }
    }
}

fn consent(seen: &Seen, path: &str, language: Language) -> Markup {
    let kept = seen.person.consent.as_ref().zip(seen.agreed);
    html! {
        p { (users::agreed(kept.is_some(), language)) }
        @match kept {
            Some((consent, when)) => {
                @let pieces = [("version", html! { b { bdi { (clean(&consent.text_version)) } } }), ("when", times::ago(when, language))];
                p { (words::fill(texts::CONSENT_GIVEN.speak(language), &pieces)) }
                p { a.button href={ (path) "/revoke" } { (texts::REVOKE.speak(language)) } }
            }
            None => {
                p { (texts::CONSENT_NEEDED.speak(language)) }
                form.sheet method="post" action={ (path) "/consent" } {
                    (user_form::version(&seen.version, &Beside::nothing(), language))
                    button type="submit" { (texts::WRITE_DOWN.speak(language)) }
                }
            }
        }
    }
}

fn photo(person: &Person, path: &str, language: Language) -> Markup {
    let input = html! { input #photo type="file" name="photo" accept="image/jpeg,image/png" required aria-describedby="photo-hint"; };
    html! {
        form.sheet method="post" action={ (path) "/photo" } enctype="multipart/form-data" {
            (frame::field("photo", texts::PHOTO.speak(language), Some(texts::PHOTO_HINT.speak(language)), None, &input))
            button type="submit" { (texts::PHOTO_TAKE.speak(language)) }
        }
        @if person.photo {
            form method="post" action={ (path) "/photo/remove" } { button.plain type="submit" { (texts::PHOTO_REMOVE.speak(language)) } }
        }
    }
}

fn sessions(seen: &Seen, language: Language) -> Markup {
    html! {
        @if seen.sessions.is_empty() { p.hint { (texts::NO_SESSIONS.speak(language)) } } @else {
            table.plain {
                caption.hush { (texts::SESSIONS.speak(language)) }
                thead { tr { @for name in [station::BEGAN, texts::WHERE, station::USED, station::ENDED_HOW] { th scope="col" { (name.speak(language)) } } } }
                tbody { @for (session, began, place) in &seen.sessions {
                    tr {
                        th scope="row" { (times::exact_time(*began, language)) }
                        td { bdi { (place.as_deref().unwrap_or("—")) } }
                        td { (seats::minutes(language, session.used_ms / 60_000)) }
                        td { (station::status(session.state).speak(language)) }
                    }
                } }
            }
        }
    }
}
