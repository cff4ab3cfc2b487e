//! Holds giving a code for one seat: how long, for whom, then the slip.
//! It never guesses a person: when a name fits several, somebody chooses. The route table holds its routes.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::kiosk::PersonId;

use super::slip::{self, About, Paper};
use super::{Beside, Line, Refused, act, back, form, group_name, look, name_for, number_of, page, station_of, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::api::kiosk::sessions::check_grant;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::name::clean;
use crate::page::words::{self, codes as texts, seats};
use crate::shell::kiosk::{MAX_NAME_BYTES, Order, Room};

/// Lengths to choose from, in minutes, beside the usual one.
const PRESETS: [u16; 6] = [15, 30, 45, 60, 90, 120];
/// People to choose from when a name fits several.
const MAX_CHOICES: usize = 12;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look("/workstations/{id}/code", "The page to give a code for a seat");
    // The answer holds the code, so it is not kept for retries.
    let give = form("/workstations/{id}/code", "Give a code for a seat, and show its slip").speaks(200, "text/html");
    vec![guard(page, Access::Operator, house, show), guard(give.every_time(), Access::Operator, house, give_code)]
}

/// What the form needs to know of the seat.
struct Seat {
    path: String,
    name: String,
    group: Option<String>,
    usual: u16,
    has_hours: bool,
}

impl Seat {
    async fn of(house: &House, call: &Call, language: Language) -> Result<Self, Problem> {
        let id = station_of(call)?;
        let seen = visit(house, move |room| {
            let station = room.station(id)?;
            let group = station.group.and_then(|group| room.groups().get(&group));
            Some(Self {
                path: format!("/workstations/{}/code", id.0),
                name: clean(&station.name),
                group: group.map(|group| group_name(group, language)),
                usual: group.and_then(|group| group.minutes).unwrap_or(room.settings().session_minutes),
                has_hours: room.open_ms(station.group).is_some(),
            })
        });
        seen.await?.ok_or_else(|| Problem::from(&fault::NO_STATION))
    }
}

/// What is said beside the field of the person.
enum Whom {
    Guest,
    One(PersonId),
    /// Nobody, or too many.
    Unclear(&'static str),
    Choice(Vec<(PersonId, String, String)>),
}

/// Whom a word names: the card of somebody, or else a name.
fn whom(room: &Room, word: &str, chosen: Option<PersonId>, language: Language) -> Whom {
    if let Some(chosen) = chosen {
        return Whom::One(chosen);
    }
    if word.is_empty() {
        return Whom::Guest;
    }
    if let Some(person) = room.person_of_card(word) {
        return Whom::One(PersonId(person.id));
    }
    let found = room.find_people(word);
    match found.as_slice() {
        [] => Whom::Unclear(texts::NOBODY.speak(language)),
        [one] => Whom::One(PersonId(one.id)),
        some if some.len() > MAX_CHOICES => Whom::Unclear(texts::TOO_MANY.speak(language)),
        some => {
            let choice = |person: &&crate::shell::kiosk::Person| {
                (PersonId(person.id), name_for(person, true), clean(&person.form.card_number))
            };
            Whom::Choice(some.iter().map(choice).collect())
        }
    }
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let seat = Seat::of(&house, &call, desk.language).await?;
    let content = view(&seat, &[], &Whom::Guest, None, desk.language);
    Ok(frame::reply(&call, page(&desk, seats::GIVE_CODE.speak(desk.language), &content)))
}

async fn give_code(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let seat = Seat::of(&house, &call, desk.language).await?;
    let (filled, language) = (call.form(), desk.language);
    let chosen = number_of(&filled, "person").ok().flatten().map(PersonId);
    let word = field(&filled, "who").trim().to_owned();
    let found = visit(&house, move |room| whom(room, &word, chosen, language)).await?;
    let person = match &found {
        Whom::Guest => None,
        Whom::One(id) => Some(*id),
        Whom::Unclear(_) | Whom::Choice(_) => {
            let content = view(&seat, &filled, &found, None, language);
            let again = page(&desk, seats::GIVE_CODE.speak(language), &content);
            return Ok(frame::reply(&call, again).status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let issued = match read(&call, &filled, person) {
        Ok(order) => {
            let role = call.caller()?.role;
            let give = move |room: &mut Room, staff| {
                check_grant(room, role, &order)?;
                let issued = room.issue(staff, &order).map_err(Refused::problem)?;
                let about = About::of(room, &order, &issued, language);
                Ok::<_, Problem>((issued, about))
            };
            act(&house, &call, give).await
        }
        Err(problem) => Err(problem),
    };
    match issued {
        Ok((issued, about)) => {
            Ok(frame::reply(&call, slip::draw(std::slice::from_ref(&issued), &about, Paper::Roll, &desk)))
        }
        Err(problem) => {
            let content = view(&seat, &filled, &Whom::Guest, Some(&problem), language);
            let again = page(&desk, seats::GIVE_CODE.speak(language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn read(call: &Call, form: &[(String, String)], person: Option<PersonId>) -> Result<Order, Problem> {
    let minutes = match field(form, "minutes") {
        "other" => {
            let other = number_of(form, "other")?;
            Some(other.ok_or_else(|| Problem::from(&faults::INVALID).at("/other", &faults::REQUIRED))?)
        }
        _ => number_of(form, "minutes")?,
    };
    Ok(Order {
        person,
        station: Some(station_of(call)?),
        minutes,
        digits: field(form, "digits") == "on",
        past_closing: field(form, "past_closing") == "on",
        ..Order::default()
    })
}

fn view(seat: &Seat, form: &[(String, String)], found: &Whom, problem: Option<&Problem>, language: Language) -> Markup {
    let mut beside = problem.map_or_else(Beside::nothing, |problem| Beside::of(problem, language));
    match found {
        Whom::Unclear(why) => beside.0.push(("who".to_owned(), (*why).to_owned())),
        Whom::Choice(_) => beside.0.push(("who".to_owned(), texts::SEVERAL.speak(language).to_owned())),
        Whom::Guest | Whom::One(_) => {}
    }
    let is_on = |name: &str| field(form, name) == "on";
    let who = Line {
        name: "who",
        label: texts::WHO,
        hint: Some(texts::WHO_HINT),
        kind: "search",
        value: field(form, "who"),
        most: MAX_NAME_BYTES,
        needed: false,
    };
    html! {
        (back("/workstations", seats::TITLE.speak(language)))
        h1 { (words::fill(texts::TITLE.speak(language), &[("name", html! { bdi { (seat.name) } })])) }
        @if let Some(group) = &seat.group { p.lead { (group) } }
        @if let Some(problem) = problem { (frame::notice(false, &frame::why(problem, language))) }
        form.sheet.giving method="post" action=(seat.path) {
            (who.draw(&beside, language))
            @if let Whom::Choice(people) = found {
                fieldset {
                    legend.hush { (texts::WHO.speak(language)) }
                    @for (id, name, card) in people {
                        label.check { input type="radio" name="person" value=(id.0) required; span { bdi { (name) } @if !card.is_empty() { " " span.hint { (card) } } } }
                    }
                }
            }
            fieldset {
                legend { (texts::LENGTH.speak(language)) }
                div.lengths {
                    // The first is what Enter in a field does.
                    button.primary type="submit" name="minutes" value=(seat.usual) {
                        (texts::USUAL.speak(language).replace("{n}", &seats::minutes(language, seat.usual.into())))
                    }
                    @for minutes in PRESETS.into_iter().filter(|minutes| *minutes != seat.usual) {
                        button type="submit" name="minutes" value=(minutes) { (seats::minutes(language, minutes.into())) }
                    }
                }
            }
            details open[is_on("digits") || is_on("past_closing") || !field(form, "other").is_empty()] {
                summary { (texts::MORE_CHOICES.speak(language)) }
                div.sheet {
                    div.another {
                        (super::Amount { name: "other", label: texts::OTHER_LENGTH, hint: None, unit: texts::MINUTES, value: field(form, "other"), bounds: (1, 1_440) }.draw(&beside, language))
                        button type="submit" name="minutes" value="other" { (texts::GIVE.speak(language)) }
                    }
                    label.check { input type="checkbox" name="digits" checked[is_on("digits")]; span { (texts::DIGITS.speak(language)) } }
                    @if seat.has_hours { label.check { input type="checkbox" name="past_closing" checked[is_on("past_closing")]; span { (texts::PAST_CLOSING.speak(language)) } } }
                }
            }
        }
    }
}
