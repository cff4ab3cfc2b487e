//! Holds the seats at a glance: a tile each, computers that ask to join, codes nobody has used yet.
//! It never shows a code: that is told once, on its slip. The route table holds its route.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::{SessionId, StationId};
use vigie_core::order::sort_by_key;

use super::tile::Tile;
use super::{Part, Refused, act, enrol, group_name, head, look, name_for, page, visit};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::words::{self, seats as texts};
use crate::shell::kiosk::{Knocking, Room, SessionView, Staff};

/// Codes in the list; a batch of forty is one look.
const MAX_CODES: usize = 40;

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look("/workstations", "The page of the seats: who sits where, and for how long")
        .query("done", "What was just done, with `station`, `session` and `ms`.")
        .query("station", "See `done`.")
        .query("session", "See `done`.")
        .query("ms", "See `done`.");
    vec![guard(page, Access::Viewer, house, show)]
}

/// What one visit to the kiosk brings.
struct Seen {
    tiles: Vec<Tile>,
    groups: Vec<(String, Vec<usize>)>,
    codes: Vec<Waiting>,
    more_codes: usize,
    knocking: Vec<(Knocking, Option<String>)>,
    group_list: enrol::Choices,
    storing: bool,
    closed: bool,
}

/// A code nobody has used yet.
struct Waiting {
    session: SessionId,
    who: Option<String>,
    place: Option<String>,
    granted_ms: u64,
    ends_in_ms: u64,
}

fn gather(room: &Room, house: &House, desk: &Desk) -> Seen {
    let mut tiles: Vec<Tile> =
        room.stations().into_iter().map(|station| Tile::of(room, station, desk, &house.clocks)).collect();
    // As people count: place 2 before place 10.
    sort_by_key(&mut tiles, |tile| (tile.group.clone().is_none(), tile.group.clone(), natural(&tile.name)));
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, tile) in tiles.iter().enumerate() {
        let name = tile.group.clone().unwrap_or_default();
        match groups.last_mut().filter(|(last, _)| *last == name) {
            Some((_, places)) => places.push(at),
            None => groups.push((name, vec![at])),
        }
    }
    let pending: Vec<SessionView> = room.sessions().into_iter().filter(|view| view.state == State::Pending).collect();
    let codes = pending.iter().rev().take(MAX_CODES).map(|view| waiting(room, view, desk)).collect();
    let knock = |knocking: Knocking| {
        let known = knocking.known_as.and_then(|id| room.station(id)).map(|station| clean(&station.name));
        (knocking, known)
    };
    Seen {
        tiles,
        groups,
        codes,
        more_codes: pending.len().saturating_sub(MAX_CODES),
        knocking: if desk.may_work { room.knocking().into_iter().map(knock).collect() } else { Vec::new() },
        group_list: enrol::Choices::of(room),
        storing: room.is_storing(),
        closed: room.open_ms(None) == Some(0),
    }
}

fn waiting(room: &Room, view: &SessionView, desk: &Desk) -> Waiting {
    let station = view.station.and_then(|id| room.station(id)).map(|station| clean(&station.name));
    let group = view.group.and_then(|id| room.groups().get(&id)).map(|group| group_name(group, desk.language));
    Waiting {
        session: view.id,
        who: view.person.and_then(|id| room.person(id)).map(|person| name_for(person, desk.may_work)),
        place: station.or(group),
        granted_ms: view.granted_ms,
        ends_in_ms: view.ends_in_ms.unwrap_or(0),
    }
}

/// The parts of a name, so that numbers in it are put in order as numbers.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = Vec::new();
    for letter in name.to_lowercase().chars() {
        let digit = letter.to_digit(10).map(u64::from);
        match (parts.last_mut(), digit) {
            (Some((number, text)), Some(digit)) if text.is_empty() => {
                *number = number.saturating_mul(10).saturating_add(digit);
            }
            (_, Some(digit)) => parts.push((digit, String::new())),
            (Some((_, text)), None) if !text.is_empty() => text.push(letter),
            (_, None) => parts.push((u64::MAX, letter.to_string())),
        }
    }
    parts
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let said = done(&house, &call, &desk).await?;
    answer(&house, &call, &desk, &said).await
}

/// The page with something said at its top.
pub(super) async fn answer(house: &Arc<House>, call: &Call, desk: &Desk, said: &Markup) -> Outcome {
    // Forms lead back to the seats, wherever they were refused.
    let desk = Desk { path: "/workstations".to_owned(), ..desk.clone() };
    let (shared, reader) = (house.clone(), desk.clone());
    let seen = visit(house, move |room| gather(room, &shared, &reader)).await?;
    let content = html! { (head(Part::Seats, &desk)) div #said { (said) } (view(&seen, &desk)) };
    Ok(frame::reply(call, page(&desk, texts::TITLE.speak(desk.language), &content)))
}

/// The page with why something was not done.
pub(super) async fn refused(house: &Arc<House>, call: &Call, desk: &Desk, problem: &Problem) -> Outcome {
    let said = frame::notice(false, &frame::why(problem, desk.language));
    Ok(answer(house, call, desk, &said).await?.status(problem.status()))
}

/// Does something, and leads back with what was done or why not.
pub(super) async fn act_and_return<T: Send + 'static, R: Refused>(
    house: &Arc<House>,
    call: &Call,
    desk: &Desk,
    doing: impl FnOnce(&mut Room, Staff) -> Result<T, R> + Send + 'static,
    then: impl FnOnce(T) -> String,
) -> Outcome {
    match act(house, call, doing).await {
        Ok(done) => Ok(crate::http::reply::Reply::see_other(&then(done))),
        Err(problem) => refused(house, call, desk, &problem).await,
    }
}

/// What was just done, with its undo.
async fn done(house: &House, call: &Call, desk: &Desk) -> Result<Markup, Problem> {
    let language = desk.language;
    let Some(done) = call.query("done") else { return Ok(html! {}) };
    let number = |name: &str| call.query(name).and_then(|text| text.parse::<u64>().ok());
    let (session, station) = (number("session").map(SessionId), number("station"));
    let asked = station.and_then(|id| u32::try_from(id).ok()).map(StationId);
    let name = visit(house, move |room| {
        let at = session.and_then(|id| room.session(id)?.station).or(asked);
        at.and_then(|id| room.station(id)).map(|station| clean(&station.name))
    });
    let name = name.await?.unwrap_or_default();
    let ms = call.query("ms").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let undo = |act: &str, ms: Option<i64>| session.map(|id| (format!("/sessions/{}/{act}", id.0), ms));
    let (text, undo) = match done {
        "added" if ms > 0 => (texts::DONE_ADDED, undo("add", ms.checked_neg())),
        "added" => (texts::DONE_TAKEN, None),
        "paused" => (texts::DONE_PAUSED, undo("go-on", None)),
        "resumed" => (texts::DONE_RESUMED, undo("pause", None)),
        "ended" => (texts::DONE_ENDED, None),
        "void" => (texts::DONE_VOID, None),
        "approved" => (texts::DONE_APPROVED, None),
        "turned-away" => (texts::DONE_REFUSED, None),
        "sent" => (texts::DONE_SENT, None),
        "removed" => (texts::DONE_REMOVED, None),
        "service" => (texts::DONE_SERVICE, None),
        "woken" => (texts::DONE_WOKEN, None),
        _ => return Ok(html! {}),
    };
    let length = texts::length(language, ms.unsigned_abs());
    let pieces = [("name", html! { b { bdi { (name) } } }), ("n", html! { (length) })];
    Ok(html! {
        div.notice.good role="status" {
            (icon("check"))
            p { (words::fill(text.speak(language), &pieces)) }
            @if let Some((path, ms)) = undo.filter(|_| desk.may_work) {
                form method="post" action=(path) {
                    @if let Some(ms) = ms { input type="hidden" name="ms" value=(ms); }
                    button type="submit" { (texts::UNDO.speak(language)) }
                }
            }
        }
    })
}

fn view(seen: &Seen, desk: &Desk) -> Markup {
    let language = desk.language;
    let steps = texts::ALOUD_STEPS.speak(language);
    html! {
        p.hush #aloud role="status" data-left=(texts::ALOUD.speak(language)) data-over=(texts::ALOUD_OVER.speak(language)) data-steps=(steps) {}
        // Apart from the seats: those change every few seconds, and somebody fills in a name here.
        div #knocking hx-get="/workstations" hx-trigger="enrolment from:body, every 60s" hx-select="#knocking" hx-swap="outerHTML" {
            (enrol::cards(&seen.knocking, &seen.group_list, desk))
        }
        div #seats hx-get="/workstations" hx-trigger="news from:body, every 60s" hx-select="#seats" hx-swap="outerHTML" {
            @if !seen.storing { (frame::notice(false, texts::NOT_STORING.speak(language))) }
            @if seen.closed && !seen.tiles.is_empty() { p.hint { (icon("info")) " " (texts::CLOSED.speak(language)) } }
            @if seen.tiles.is_empty() { (empty(seen.knocking.is_empty(), desk)) } @else {
                div.head {
                    p.lead { (summary(&seen.tiles, language)) }
                    @if desk.may_work { (for_all(language)) }
                }
                @for (name, places) in &seen.groups {
                    section {
                        @if seen.groups.len() > 1 || !name.is_empty() {
                            h2 { @if name.is_empty() { (texts::NO_GROUP.speak(language)) } @else { (name) } }
                        } @else { h2.hush { (texts::PART_SEATS.speak(language)) } }
                        ul.seats { @for tile in places.iter().filter_map(|at| seen.tiles.get(*at)) { (tile.draw(desk)) } }
                    }
                }
            }
            (codes(seen, desk))
        }
    }
}

fn summary(tiles: &[Tile], language: Language) -> String {
    let counts = super::news::Seats::count(tiles.iter().map(|tile| &tile.station));
    texts::summary(language, counts.all, counts.up, counts.free)
}

fn for_all(language: Language) -> Markup {
    html! {
        div.pair {
            a.button href="/workstations/codes" { (icon("plus")) (texts::CODES_FOR_MANY.speak(language)) }
            a.button href="/workstations/message" { (texts::MESSAGE_ALL.speak(language)) }
        }
    }
}

fn empty(quiet: bool, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @if quiet {
            div.first {
                (icon("computer"))
                h2 { (texts::EMPTY.speak(language)) }
                p { (texts::EMPTY_HELP.speak(language)) }
                @if desk.may_rule { p { a.button href="/workstations/add" { (texts::ADD_STATION.speak(language)) } } }
            }
        }
    }
}

fn codes(seen: &Seen, desk: &Desk) -> Markup {
    let language = desk.language;
    let anywhere = || texts::ANYWHERE.speak(language).to_owned();
    html! {
        @if !seen.codes.is_empty() {
            section aria-labelledby="waiting" {
                h2 #waiting { (texts::WAITING_CODES.speak(language)) }
                div.wide tabindex="0" role="group" aria-labelledby="waiting" {
                    table.plain.codes {
                        caption.hush { (texts::WAITING_CODES.speak(language)) }
                        thead { tr {
                            @for name in [texts::CODE_FOR, texts::CODE_WHERE, texts::CODE_LENGTH, texts::CODE_GOOD] { th scope="col" { (name.speak(language)) } }
                            @if desk.may_work { td {} }
                        } }
                        tbody { @for code in &seen.codes {
                            tr {
                                th scope="row" { bdi { (code.who.as_deref().unwrap_or(texts::GUEST.speak(language))) } }
                                td { bdi { (code.place.clone().unwrap_or_else(anywhere)) } }
                                td { (texts::minutes(language, code.granted_ms / 60_000)) }
                                td { (texts::minutes(language, code.ends_in_ms.div_ceil(60_000))) }
                                @if desk.may_work { td {
                                    form method="post" action={ "/sessions/" (code.session.0) "/end" } {
                                        button.plain type="submit" { (texts::TAKE_BACK.speak(language)) }
                                    }
                                } }
                            }
                        } }
                    }
                }
                @if seen.more_codes > 0 { p.hint { (texts::MORE_CODES.speak(language).replace("{n}", &seen.more_codes.to_string())) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_in_the_order_in_which_people_count() {
        let mut names = ["Seat 10", "seat 2", "Seat 1", "A", "3", "Seat 2b"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["3", "A", "Seat 1", "seat 2", "Seat 2b", "Seat 10"]);
    }
}
