//! Holds the pages of the workstations: seats and codes, the people who use them, what the days came to, how it all works.
//! It never decides who may sit where: the kiosk does, asked as the API asks it. The route table holds their routes.
//!
//! | file | duty |
//! | --- | --- |
//! | `seats`, `tile`, `left` | the seats at a glance, each with its time, counting |
//! | `session` | time added, pauses, ends |
//! | `code`, `batch`, `slip` | a code for one seat, codes for many, the paper they are handed out on |
//! | `enrol` | computers that ask to join |
//! | `station`, `station_acts` | one workstation: what it is, and what may be done with it |
//! | `message` | words to one seat, or to all |
//! | `groups`, `hours`, `rules` | groups, opening hours, how sessions work here |
//! | `users`, `user`, `user_form`, `farewell` | people: the list, one of them, their form, erasing |
//! | `reports`, `day`, `plan` | what the days came to, by hour and by seat |
//! | `news` | what the overview and the journal say of it all |

mod batch;
mod code;
mod day;
mod enrol;
mod farewell;
mod groups;
mod hours;
mod left;
mod message;
pub(super) mod news;
mod plan;
mod reports;
mod rules;
mod seats;
mod session;
mod slip;
mod station;
mod station_acts;
#[cfg(test)]
pub(super) mod tests;
mod tile;
mod user;
mod user_form;
mod users;

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::{GroupId, PersonId, SessionId, StationId};

use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::route::{BodyRule, Draft, Route};
use crate::shell::kiosk::{Fault, Group, Person, Room, Staff};

use super::House;
use super::frame::{self, Section};
use super::gate::Desk;
use super::icon::icon;
use super::name::clean;
use super::words::seats as texts;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let views = [
        seats::routes(house),
        session::routes(house),
        code::routes(house),
        batch::routes(house),
        enrol::routes(house),
        station::routes(house),
        station_acts::routes(house),
        message::routes(house),
        groups::routes(house),
        rules::routes(house),
        users::routes(house),
        user::routes(house),
        farewell::routes(house),
        reports::routes(house),
        day::routes(house),
    ];
    views.into_iter().flatten().collect()
}

/// A page to look at.
fn look(path: &'static str, about: &'static str) -> Draft {
    Route::get(path, Access::Public, about).speaks(200, "text/html")
}

/// A form that does something; the kiosk writes the journal itself.
fn form(path: &'static str, about: &'static str) -> Draft {
    Route::post(path, Access::Operator, about).takes(BodyRule::Form).speaks(303, "text/html")
}

/// Visits the kiosk.
async fn visit<T: Send + 'static>(
    house: &House,
    visit: impl FnOnce(&mut Room) -> T + Send + 'static,
) -> Result<T, Problem> {
    house.kiosk.call(visit).await.map_err(fault::ended)
}

/// Does something at the kiosk for whoever calls.
async fn act<T: Send + 'static, R: Refused>(
    house: &House,
    call: &Call,
    act: impl FnOnce(&mut Room, Staff) -> Result<T, R> + Send + 'static,
) -> Result<T, Problem> {
    let staff = staff(call)?;
    visit(house, move |room| act(room, staff)).await?.map_err(Refused::problem)
}

/// Why something is not done: what the kiosk says, or a rule the page shares with the API.
trait Refused: Send + 'static {
    /// In words.
    fn problem(self) -> Problem;
}

impl Refused for Fault {
    fn problem(self) -> Problem {
        match self {
            // A form names it.
            Self::NoGroup => fault::refused_in_body(self),
            other => fault::refused(other),
        }
    }
}

impl Refused for Problem {
    fn problem(self) -> Problem {
        self
    }
}

/// Who does it, for the journal.
fn staff(call: &Call) -> Result<Staff, Problem> {
    Ok(Staff { account: call.caller()?.account, from: Some(call.peer) })
}

/// The workstation a path names.
fn station_of(call: &Call) -> Result<StationId, Problem> {
    call.parameter("id").parse().map(StationId).map_err(|_| Problem::from(&fault::NO_STATION))
}

/// The session a path names.
fn session_of(call: &Call) -> Result<SessionId, Problem> {
    call.parameter("id").parse().map(SessionId).map_err(|_| Problem::from(&fault::NO_SESSION))
}

/// The person a path names.
fn person_of(call: &Call) -> Result<PersonId, Problem> {
    call.parameter("id").parse().map(PersonId).map_err(|_| Problem::from(&fault::NO_PERSON))
}

/// What a field for a number does not hold; browsers see to it, so only others meet it.
static NOT_A_NUMBER: crate::http::problem::Fault = crate::http::problem::Fault {
    code: "not_a_number",
    kind: crate::http::problem::ErrorKind::Invalid,
    text: texts::NOT_A_NUMBER,
};

/// A number of a form; none when the field is empty.
fn number_of<T: std::str::FromStr>(form: &[(String, String)], name: &'static str) -> Result<Option<T>, Problem> {
    let text = super::acts::field(form, name).trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Problem::from(&faults::INVALID).at(format!("/{name}"), &NOT_A_NUMBER))
}

/// The group a form names; none for none.
fn group_of(form: &[(String, String)]) -> Result<Option<GroupId>, Problem> {
    Ok(number_of(form, "group")?.map(GroupId))
}

/// What a group is called.
fn group_name(group: &Group, language: Language) -> String {
    clean(match language {
        Language::En => &group.name_en,
        Language::Fr => &group.name_fr,
    })
}

/// What a person is called before whoever looks.
fn name_for(person: &Person, may_work: bool) -> String {
    clean(&if may_work { person.display_name() } else { person.masked_name() })
}

/// The parts of these pages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Seats,
    Users,
    Reports,
    Groups,
    Rules,
}

/// The head with the ways to the other parts.
fn head(part: Part, desk: &Desk) -> Markup {
    let language = desk.language;
    let parts = [
        (Part::Seats, "/workstations", "computer", texts::PART_SEATS, true),
        (Part::Users, "/users", "users", texts::PART_USERS, true),
        (Part::Reports, "/reports", "overview", texts::PART_REPORTS, true),
        (Part::Groups, "/workstations/groups", "switch", texts::PART_GROUPS, desk.may_rule),
        (Part::Rules, "/workstations/settings", "settings", texts::PART_RULES, desk.may_rule),
    ];
    html! {
        h1 { (texts::TITLE.speak(language)) }
        nav.tabs aria-label=(texts::TITLE.speak(language)) {
            @for (one, path, picture, text, _) in parts.into_iter().filter(|(.., allowed)| *allowed) {
                a href=(path) aria-current=[(one == part).then_some("page")] { (icon(picture)) (text.speak(language)) }
            }
        }
    }
}

/// A page of this section.
fn page(desk: &Desk, title: &str, content: &Markup) -> Markup {
    frame::page(desk, Section::Workstations, title, content)
}

/// The way back to a page one came from.
fn back(path: &str, name: &str) -> Markup {
    html! { p.back { a href=(path) { (name) } } }
}

/// A form as it was typed, with why it was refused.
type Typed<'t> = (&'t [(String, String)], &'t Problem);

/// The words beside the fields of a form that was refused.
#[derive(Debug)]
struct Beside(Vec<(String, String)>);

impl Beside {
    const fn nothing() -> Self {
        Self(Vec::new())
    }

    fn of(problem: &Problem, language: Language) -> Self {
        let details = problem.field_details(language).into_iter();
        Self(details.map(|(pointer, text)| (pointer.trim_start_matches('/').to_owned(), text)).collect())
    }

    fn of_field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
    }
}

/// What is said at the top of a form that was refused: the whole, when no field explains it.
fn refusal(problem: Option<&Problem>, language: Language) -> Markup {
    html! {
        @if let Some(problem) = problem {
            (frame::notice(false, &if problem.has_fields() {
                super::words::settings::NOT_SAVED.speak(language).to_owned()
            } else {
                problem.detail(language)
            }))
        }
    }
}

/// A field of one line with its hint and fault.
struct Line<'a> {
    name: &'static str,
    label: Text,
    hint: Option<Text>,
    kind: &'static str,
    value: &'a str,
    most: usize,
    needed: bool,
}

impl Line<'_> {
    fn draw(&self, beside: &Beside, language: Language) -> Markup {
        let (name, fault) = (self.name, beside.of_field(self.name));
        let input = html! {
            input id=(name) type=(self.kind) name=(name) value=(self.value) maxlength=(self.most) required[self.needed]
                autocomplete="off" aria-invalid=[fault.map(|_| "true")]
                aria-describedby=[frame::described(name, self.hint.is_some(), fault.is_some())];
        };
        frame::field(name, self.label.speak(language), self.hint.map(|hint| hint.speak(language)), fault, &input)
    }
}

/// A whole number within bounds, with its unit behind it.
struct Amount<'a> {
    name: &'static str,
    label: Text,
    hint: Option<Text>,
    unit: Text,
    value: &'a str,
    bounds: (u32, u32),
}

impl Amount<'_> {
    fn draw(&self, beside: &Beside, language: Language) -> Markup {
        let (name, fault) = (self.name, beside.of_field(self.name));
        let input = html! {
            div.amount {
                input id=(name) type="number" name=(name) value=(self.value) min=(self.bounds.0) max=(self.bounds.1)
                    inputmode="numeric" aria-invalid=[fault.map(|_| "true")]
                    aria-describedby=[frame::described(name, self.hint.is_some(), fault.is_some())];
                span { (self.unit.speak(language)) }
            }
        };
        frame::field(name, self.label.speak(language), self.hint.map(|hint| hint.speak(language)), fault, &input)
    }
}

/// The choice of a group.
fn group_choice(groups: &[(GroupId, Group)], chosen: Option<GroupId>, none: Text, language: Language) -> Markup {
    let input = html! {
        select #group name="group" {
            option value="" selected[chosen.is_none()] { (none.speak(language)) }
            @for (id, group) in groups {
                option value=(id.0) selected[chosen == Some(*id)] { (group_name(group, language)) }
            }
        }
    };
    frame::field("group", texts::GROUP.speak(language), None, None, &input)
}
