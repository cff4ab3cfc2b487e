//! Holds the list of the people who use workstations, the search in it, and adding somebody.
//! It never shows a name to somebody who only looks: initials stand there. The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::PersonId;
use vigie_core::order::sort_by_key;

use super::{Beside, Part, act, back, form, head, look, name_for, page, refusal, user_form, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, encode, guard};
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::words::{seats, users as texts};
use crate::shell::kiosk::{Allowance, Person, Room};

/// People on a page.
const PAGE_ROWS: usize = 50;
/// Longest search, as the field allows.
const MAX_QUERY_SIGNS: usize = 128;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let list = look("/users", "The page of the people who use workstations")
        .query("q", "Part of a name, or the start of a card number.")
        .query("page", "Which page of the list, from 1 on.")
        .query("done", "`erased` after an erasure.");
    let staff = Access::Operator;
    vec![
        guard(list, Access::Viewer, house, show),
        guard(look("/users/add", "The page to add a person"), staff, house, show_add),
        guard(form("/users/add", "Add a person, from the page"), staff, house, add),
    ]
}

/// A person in the list.
struct Row {
    id: u32,
    name: String,
    card: String,
    agreed: bool,
    left: Option<Allowance>,
}

/// A page of the list.
struct Seen {
    rows: Vec<Row>,
    found: usize,
    all: usize,
}

fn gather(room: &Room, query: &str, from: usize, may_work: bool) -> Seen {
    let mut found: Vec<&Person> = room.find_people(if may_work { query } else { "" });
    if !may_work {
        // In the order of names their initials would say more than they should.
        sort_by_key(&mut found, |person| person.id);
    }
    let row = |person: &&Person| Row {
        id: person.id,
        name: name_for(person, may_work),
        card: if may_work { clean(&person.form.card_number) } else { String::new() },
        agreed: person.consent.is_some(),
        left: room.allowance(PersonId(person.id), None).ok(),
    };
    let rows = found.iter().skip(from).take(PAGE_ROWS).map(row).collect();
    Seen { rows, found: found.len(), all: room.people().count() }
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let query: String = call.query("q").unwrap_or_default().trim().chars().take(MAX_QUERY_SIGNS).collect();
    let number = call.query_as::<usize>("page")?.unwrap_or(1).clamp(1, 1_000);
    let (asked, may_work) = (query.clone(), desk.may_work);
    let seen = visit(&house, move |room| gather(room, &asked, (number - 1) * PAGE_ROWS, may_work)).await?;
    let said = match call.query("done") {
        Some("erased") => frame::notice(true, texts::DONE_ERASED.speak(desk.language)),
        _ => html! {},
    };
    let content = view(&seen, &query, number, &said, &desk);
    Ok(frame::reply(&call, page(&desk, seats::PART_USERS.speak(desk.language), &content)))
}

fn view(seen: &Seen, query: &str, number: usize, said: &Markup, desk: &Desk) -> Markup {
    let language = desk.language;
    let path = |number: usize| {
        let query = if query.is_empty() { String::new() } else { format!("q={}&", encode(query)) };
        format!("/users?{query}page={number}")
    };
    html! {
        (head(Part::Users, desk))
        (said)
        p.lead { (if desk.may_work { texts::ABOUT } else { texts::MASKED }.speak(language)) }
        @if desk.may_work {
            form.search method="get" action="/users" role="search" {
                div.box {
                    (icon("search"))
                    label.hush for="q" { (texts::SEARCH.speak(language)) }
                    input #q type="search" name="q" value=(query) maxlength=(MAX_QUERY_SIGNS) placeholder=(texts::SEARCH.speak(language)) autocomplete="off" spellcheck="false";
                }
                button type="submit" { (texts::FIND.speak(language)) }
                a.button href="/users/add" { (icon("plus")) (texts::ADD.speak(language)) }
            }
        }
        @if seen.all == 0 {
            div.first { (icon("users")) h2 { (texts::EMPTY.speak(language)) } p { (texts::EMPTY_HELP.speak(language)) } }
        } @else if seen.rows.is_empty() {
            p.empty { (texts::NOBODY.speak(language)) " " a href="/users" { (texts::SHOW_ALL.speak(language)) } }
        } @else {
            (table(seen, desk))
            nav.turn aria-label=(texts::PAGES.speak(language)) {
                @if number > 1 { a.button rel="prev" href=(path(number - 1)) { (texts::BEFORE.speak(language)) } }
                @if number * PAGE_ROWS < seen.found { a.button rel="next" href=(path(number + 1)) { (texts::NEXT.speak(language)) } }
            }
        }
    }
}

fn table(seen: &Seen, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        table.plain.people {
            caption { (texts::count(language, seen.found)) }
            thead { tr {
                th scope="col" { (texts::NAME.speak(language)) }
                @if desk.may_work { th.roomy scope="col" { (texts::CARD.speak(language)) } }
                th scope="col" { (texts::CONSENT.speak(language)) }
                th scope="col" { (texts::TODAY.speak(language)) }
            } }
            tbody { @for row in &seen.rows {
                tr {
                    th scope="row" {
                        @if desk.may_work { a href={ "/users/" (row.id) } { bdi { (row.name) } } } @else { bdi { (row.name) } }
                    }
                    @if desk.may_work { td.roomy { bdi { (row.card) } } }
                    td { (agreed(row.agreed, language)) }
                    td { @if let Some(left) = row.left { (texts::left(language, left.sessions_left, left.left_ms / 60_000)) } }
                }
            } }
        }
    }
}

/// Whether there is a consent, in a word with a sign.
pub(super) fn agreed(agreed: bool, language: Language) -> Markup {
    html! {
        @if agreed { span.chip.good { (icon("check")) (texts::GIVEN.speak(language)) } }
        @else { span.chip.warn { (icon("warn")) (texts::MISSING.speak(language)) } }
    }
}

/// The version of the text people agreed to last: the next one agrees to the same, most of the time.
pub(super) fn latest_version(room: &Room) -> String {
    let consents = room.people().filter_map(|person| person.consent.as_ref());
    consents
        .max_by_key(|consent| (consent.at.boot, consent.at.ms))
        .map(|consent| consent.text_version.clone())
        .unwrap_or_default()
}

async fn show_add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let version = visit(&house, |room| latest_version(room)).await?;
    let filled = [("text_version".to_owned(), version)];
    let content = add_view(&filled, None, desk.language);
    Ok(frame::reply(&call, page(&desk, texts::ADD.speak(desk.language), &content)))
}

async fn add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let filled = call.form();
    let draft = user_form::read(&filled);
    // Looked at before anybody is in the list, so that nothing is half done.
    let added = match user_form::agreed_to(&filled) {
        Ok(version) => {
            let add = move |room: &mut Room, staff| {
                let id = room.add_person(staff, &draft).map_err(|why| fault::refused_form(why, &draft))?;
                version.map_or(Ok(()), |version| room.give_consent(staff, id, &version).map_err(fault::refused))?;
                Ok::<_, Problem>(id)
            };
            act(&house, &call, add).await
        }
        Err(problem) => Err(problem),
    };
    match added {
        Ok(id) => Ok(Reply::see_other(&format!("/users/{}?done=added", id.0))),
        Err(problem) => {
            let content = add_view(&filled, Some(&problem), desk.language);
            let again = page(&desk, texts::ADD.speak(desk.language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn add_view(form: &[(String, String)], problem: Option<&Problem>, language: Language) -> Markup {
    let beside = problem.map_or_else(Beside::nothing, |problem| Beside::of(problem, language));
    html! {
        (back("/users", seats::PART_USERS.speak(language)))
        h1 { (texts::ADD.speak(language)) }
        (refusal(problem, language))
        form.sheet.medium method="post" action="/users/add" {
            (user_form::fields(form, &beside, language))
            fieldset.consent {
                legend { (texts::CONSENT.speak(language)) }
                label.check { input type="checkbox" name="agreed" checked[field(form, "agreed") == "on"]; span { (texts::AGREED.speak(language)) } }
                (user_form::version(field(form, "text_version"), &beside, language))
            }
            button.primary type="submit" { (texts::ADD_YES.speak(language)) }
        }
    }
}
