//! Holds computers that ask to join: a card each with the number they show, and what staff says to it.
//! It never trusts what a computer calls itself: a person compares the number with its screen. The page of the seats draws
//! the cards, the route table holds the answers.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::{GroupId, StationId};

use super::seats::act_and_return;
use super::{form, group_choice, group_of, number_of, seats};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::words::{self, seats as texts};
use crate::shell::kiosk::{Approval, Group, Knocking, MAX_STATION_NAME_BYTES, Room};

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    vec![
        guard(form("/workstations/approve", "Let a computer in as a workstation"), Access::Operator, house, approve),
        guard(
            form("/workstations/turn-away", "Turn a computer away that asks to join"),
            Access::Operator,
            house,
            refuse,
        ),
    ]
}

/// What a newcomer may become.
pub(super) struct Choices {
    pub(super) groups: Vec<(GroupId, Group)>,
    /// Workstations whose place another machine may take.
    stations: Vec<(StationId, String)>,
}

impl Choices {
    pub(super) fn of(room: &Room) -> Self {
        Self {
            groups: room.groups().iter().map(|(id, group)| (*id, group.clone())).collect(),
            stations: room.stations().into_iter().map(|station| (station.id, clean(&station.name))).collect(),
        }
    }
}

/// A number as its screen shows it.
fn spell(number: u32) -> String {
    format!("{:03}\u{a0}{:03}", number / 1_000, number % 1_000)
}

/// The cards.
pub(super) fn cards(knocking: &[(Knocking, Option<String>)], choices: &Choices, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @if !knocking.is_empty() && desk.may_work {
            section aria-labelledby="knocks" {
                h2.hush #knocks { (texts::KNOCKS.speak(language)) }
                ul.things { @for (one, known) in knocking { (card(one, known.as_deref(), choices, language)) } }
            }
        }
    }
}

fn card(one: &Knocking, known: Option<&str>, choices: &Choices, language: Language) -> Markup {
    let number = html! { b.shown { (spell(one.number)) } };
    let sentence = if known.is_some() { texts::KNOCK_KNOWN } else { texts::KNOCK };
    let pieces = [("number", number), ("name", html! { b { bdi { (known.unwrap_or_default()) } } })];
    html! {
        li.thing.warn {
            span.sign { (icon("computer")) }
            div.words {
                p { (words::fill(sentence.speak(language), &pieces)) }
                p.hint { (texts::KNOCK_HELP.speak(language)) " " bdi { (clean(&one.name)) } " · " code { (one.mac) } }
                @match (one.known_as, known) {
                    (Some(station), Some(name)) => form.pair method="post" action="/workstations/approve" {
                        input type="hidden" name="number" value=(one.number);
                        input type="hidden" name="station" value=(station.0);
                        button.primary type="submit" { (texts::AS_BEFORE.speak(language).replace("{name}", name)) }
                    },
                    _ => (newcomer(one, choices, language)),
                }
            }
            div.pair {
                form method="post" action="/workstations/turn-away" {
                    input type="hidden" name="number" value=(one.number);
                    button type="submit" { (texts::REFUSE.speak(language)) }
                }
            }
        }
    }
}

fn newcomer(one: &Knocking, choices: &Choices, language: Language) -> Markup {
    let number = one.number;
    html! {
        form.knock method="post" action="/workstations/approve" {
            input type="hidden" name="number" value=(number);
            div.field {
                label for={ "name-" (number) } { (texts::APPROVE_AS.speak(language)) }
                input #{ "name-" (number) } type="text" name="name" value=(clean(&one.name)) maxlength=(MAX_STATION_NAME_BYTES) autocomplete="off";
            }
            div.field {
                label for={ "group-" (number) } { (texts::GROUP.speak(language)) }
                select #{ "group-" (number) } name="group" {
                    option value="" { (texts::NO_GROUP.speak(language)) }
                    @for (id, group) in &choices.groups { option value=(id.0) { (super::group_name(group, language)) } }
                }
            }
            @if !choices.stations.is_empty() {
                div.field {
                    label for={ "station-" (number) } { (texts::IN_PLACE_OF.speak(language)) }
                    select #{ "station-" (number) } name="station" {
                        option value="" { (texts::A_NEW_ONE.speak(language)) }
                        @for (id, name) in &choices.stations { option value=(id.0) { (name) } }
                    }
                }
            }
            button.primary type="submit" { (texts::APPROVE.speak(language)) }
        }
    }
}

/// What an approval says; a number that is none finds nobody.
fn read(form: &[(String, String)]) -> Result<(u32, Approval), Problem> {
    let station = number_of(form, "station")?.map(StationId);
    let approval = Approval { name: field(form, "name").trim().to_owned(), group: group_of(form)?, station };
    Ok((number_of(form, "number")?.unwrap_or(u32::MAX), approval))
}

async fn approve(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (number, approval) = match read(&call.form()) {
        Ok(read) => read,
        Err(problem) => return seats::refused(&house, &call, &desk, &problem).await,
    };
    let approve = move |room: &mut Room, staff| room.approve(staff, number, &approval);
    act_and_return(&house, &call, &desk, approve, |id| format!("/workstations?done=approved&station={}", id.0)).await
}

async fn refuse(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let number = field(&call.form(), "number").parse().unwrap_or(u32::MAX);
    let refuse = move |room: &mut Room, staff| room.refuse(staff, number);
    act_and_return(&house, &call, &desk, refuse, |()| "/workstations?done=turned-away".to_owned()).await
}

/// The choice of a group, from what there is.
pub(super) fn group_field(choices: &Choices, chosen: Option<GroupId>, language: Language) -> Markup {
    group_choice(&choices.groups, chosen, texts::NO_GROUP, language)
}
