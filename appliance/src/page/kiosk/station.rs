//! Holds the page of one workstation: how it is, what it is, what was sent to it, who was there; and its form.
//! It never changes what a machine is let in as: that is approved at the seats. The route table holds its routes.

use std::net::IpAddr;
use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::Mac;
use vigie_core::kiosk::{PersonId, StationId};
use vigie_core::lan::DeviceId;

use super::enrol::{Choices, group_field};
use super::tile::Tile;
use super::{
    Beside, Line, Typed, act, back, form, group_of, left, look, name_for, page, refusal, station_acts, station_of,
    visit,
};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::api::network::fault::{NOT_A_MAC, NOT_AN_IP};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame::{self, fact};
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::times::{self, When};
use crate::page::words::{seats, station as texts};
use crate::shell::kiosk::{Left, MAX_STATION_NAME_BYTES, Room, SessionView, StationDraft, StationView, Told, Wish};

/// Past sessions in the list.
const HISTORY: usize = 12;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look("/workstations/{id}", "The page of one workstation").query("done", "What was just done.");
    let save = form("/workstations/{id}", "Change a workstation, from its page");
    let admin = Access::Admin;
    vec![
        guard(page, Access::Viewer, house, show),
        guard(save, admin, house, change),
        guard(look("/workstations/add", "The page to add a workstation by hand"), admin, house, show_add),
        guard(form("/workstations/add", "Add a workstation by hand, from the page"), admin, house, add),
    ]
}

/// Who had a session.
enum Sitter {
    Guest,
    Person(PersonId, String),
    Erased,
}

/// What one visit to the kiosk brings.
struct Seen {
    tile: Tile,
    told: Vec<(Told, When)>,
    history: Vec<(SessionView, When, Sitter)>,
    created: When,
    choices: Choices,
}

async fn gather(house: &Arc<House>, id: StationId, desk: &Desk) -> Result<Option<Seen>, Problem> {
    let (shared, reader) = (house.clone(), desk.clone());
    let seen = visit(house, move |room| {
        let station = room.station(id)?;
        let when = |moment| When::of(moment, room.moment(), &shared.clocks);
        let sitter = |id: PersonId| match room.person(id) {
            Some(person) => Sitter::Person(id, name_for(person, reader.may_work)),
            None => Sitter::Erased,
        };
        let past = room.past(Wish { station: Some(id), ..Wish::default() }, HISTORY).into_iter();
        Some(Seen {
            created: when(station.created),
            told: room.told_to(id).iter().rev().map(|told| (told.clone(), when(told.at))).collect(),
            history: past
                .map(|view| {
                    let began = when(view.started.unwrap_or(view.created));
                    let who = view.person.map_or(Sitter::Guest, sitter);
                    (view, began, who)
                })
                .collect(),
            choices: Choices::of(room),
            tile: Tile::of(room, station, &reader, &shared.clocks),
        })
    });
    seen.await
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let said = if call.query("done") == Some("saved") {
        frame::notice(true, texts::SAVED.speak(desk.language))
    } else {
        html! {}
    };
    answer(&house, &call, &desk, &said, None).await
}

async fn answer(house: &Arc<House>, call: &Call, desk: &Desk, said: &Markup, refused: Option<Typed<'_>>) -> Outcome {
    let id = station_of(call)?;
    let seen = gather(house, id, desk).await?.ok_or_else(|| Problem::from(&fault::NO_STATION))?;
    let mac = seen.tile.station.mac;
    let device = house.network.call(move |hands| hands.lan().find_mac(mac).map(vigie_core::lan::Device::id)).await;
    let content = view(&seen, device.ok().flatten(), said, refused, desk);
    Ok(frame::reply(call, page(desk, &seen.tile.name, &content)))
}

/// What a form says of a workstation.
fn read(form: &[(String, String)]) -> Result<StationDraft, Problem> {
    let bad = |name: &str, fault| Problem::from(&faults::INVALID).at(format!("/{name}"), fault);
    let ip = match field(form, "ip").trim() {
        "" => None,
        text => Some(text.parse::<IpAddr>().map_err(|_| bad("ip", &NOT_AN_IP))?),
    };
    Ok(StationDraft {
        name: field(form, "name").to_owned(),
        mac: field(form, "mac").trim().parse::<Mac>().map_err(|_| bad("mac", &NOT_A_MAC))?,
        ip,
        group: group_of(form)?,
    })
}

async fn change(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (id, filled) = (station_of(&call)?, call.form());
    let seen = field(&filled, "seen").parse::<u32>().ok();
    let is_stale = visit(&house, move |room| room.station(id).is_some_and(|station| Some(station.revision) != seen));
    let changed = match read(&filled) {
        Ok(_) if is_stale.await? => Err((&faults::CHANGED_SINCE).into()),
        Ok(draft) => act(&house, &call, move |room: &mut Room, staff| room.edit_station(staff, id, &draft)).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => Ok(Reply::see_other(&format!("/workstations/{}?done=saved", id.0))),
        Err(problem) => {
            let said = refusal(Some(&problem), desk.language);
            let again = answer(&house, &call, &desk, &said, Some((&filled, &problem))).await?;
            Ok(again.status(problem.status()))
        }
    }
}

async fn show_add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let choices = visit(&house, |room| Choices::of(room)).await?;
    let content = add_view(&choices, &[], None, desk.language);
    Ok(frame::reply(&call, page(&desk, texts::ADD_TITLE.speak(desk.language), &content)))
}

async fn add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let filled = call.form();
    let added = match read(&filled) {
        Ok(draft) => act(&house, &call, move |room: &mut Room, staff| room.add_station(staff, &draft)).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(id) => Ok(Reply::see_other(&format!("/workstations/{}?done=saved", id.0))),
        Err(problem) => {
            let choices = visit(&house, |room| Choices::of(room)).await?;
            let content = add_view(&choices, &filled, Some(&problem), desk.language);
            let again = page(&desk, texts::ADD_TITLE.speak(desk.language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn add_view(choices: &Choices, form: &[(String, String)], problem: Option<&Problem>, language: Language) -> Markup {
    html! {
        (back("/workstations", seats::TITLE.speak(language)))
        h1 { (texts::ADD_TITLE.speak(language)) }
        p.lead { (texts::ADD_HELP.speak(language)) }
        (refusal(problem, language))
        form.sheet.narrow method="post" action="/workstations/add" {
            (fields(choices, form, problem, language))
            button.primary type="submit" { (texts::ADD.speak(language)) }
        }
    }
}

fn fields(choices: &Choices, form: &[(String, String)], problem: Option<&Problem>, language: Language) -> Markup {
    let beside = problem.map_or_else(Beside::nothing, |problem| Beside::of(problem, language));
    let line = |name, label, hint, most, needed| {
        Line { name, label, hint, kind: "text", value: field(form, name), most, needed }.draw(&beside, language)
    };
    html! {
        (line("name", texts::NAME, None, MAX_STATION_NAME_BYTES, true))
        (group_field(choices, group_of(form).ok().flatten(), language))
        (line("mac", texts::MAC, Some(texts::MAC_HINT), 17, true))
        (line("ip", texts::IP, Some(texts::IP_HINT), 45, false))
    }
}

/// The row as its form would say it.
fn filled_in(station: &StationView) -> Vec<(String, String)> {
    let ip = station.ip.map(|ip| ip.to_string()).unwrap_or_default();
    let group = station.group.map(|group| group.0.to_string()).unwrap_or_default();
    let pairs = [("name", station.name.clone()), ("mac", station.mac.to_string()), ("ip", ip), ("group", group)];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn view(seen: &Seen, device: Option<DeviceId>, said: &Markup, refused: Option<Typed<'_>>, desk: &Desk) -> Markup {
    let language = desk.language;
    let (tile, station) = (&seen.tile, &seen.tile.station);
    let path = format!("/workstations/{}", station.id.0);
    let kept = filled_in(station);
    html! {
        (back("/workstations", seats::TITLE.speak(language)))
        div.head { h1 { bdi { (tile.name) } } (tile.chip(language)) }
        div #said { (said) }
        p.hush #aloud role="status" {}
        div #station hx-get=(path) hx-trigger="news from:body" hx-select="#station" hx-swap="outerHTML" {
            @if let Some(session) = tile.live() { section.seat { (left::draw(session, &tile.name, language)) p.who { (icon("person")) bdi { (tile.who.as_deref().unwrap_or(seats::GUEST.speak(language))) } } } }
            @if desk.may_work { section { (tile.acts(desk)) } }
            div.columns {
                section { h2 { (texts::ABOUT.speak(language)) } (about(seen, device, language)) }
                (told(seen, language))
            }
        }
        @if desk.may_work { (commands(&path, station, desk)) }
        section {
            h2 { (texts::HISTORY.speak(language)) }
            (history(seen, desk))
        }
        @if desk.may_rule {
            section.yours.narrow {
                h2 { (texts::CHANGE.speak(language)) }
                form.sheet method="post" action=(path) {
                    input type="hidden" name="seen" value=(station.revision);
                    (fields(&seen.choices, refused.map_or(&kept, |(form, _)| form), refused.map(|(_, problem)| problem), language))
                    button.primary type="submit" { (texts::SAVE.speak(language)) }
                }
            }
        }
    }
}

fn about(seen: &Seen, device: Option<DeviceId>, language: Language) -> Markup {
    let station = &seen.tile.station;
    html! {
        dl.facts {
            (fact(seats::GROUP, &html! { (seen.tile.group.as_deref().unwrap_or(seats::NO_GROUP.speak(language))) }, language))
            (fact(texts::MAC, &html! { code { (station.mac) } }, language))
            @if let Some(ip) = station.ip { (fact(texts::IP, &html! { code { (ip) } }, language)) }
            @if let Some(heard) = seen.tile.heard { (fact(texts::LAST_HEARD, &times::ago(heard, language), language)) }
            @if !station.screen.is_empty() { (fact(texts::SCREEN, &html! { (texts::screen(&station.screen, language)) }, language)) }
            @if !station.agent_version.is_empty() { (fact(texts::VERSION, &html! { code { (clean(&station.agent_version)) } }, language)) }
            (fact(texts::ADDED, &times::ago(seen.created, language), language))
            @if let Some(device) = device {
                (fact(texts::DEVICE, &html! { a href={ "/devices/" (device) } { (texts::LOOK_DEVICE.speak(language)) } }, language))
            }
        }
    }
}

fn told(seen: &Seen, language: Language) -> Markup {
    html! {
        @if !seen.told.is_empty() {
            section #told {
                h2 { (texts::TOLD.speak(language)) }
                ol.tolds { @for (told, when) in &seen.told {
                    li.told {
                        span.sign { (icon(if told.answer.is_some() { "check" } else { "clock" })) }
                        div {
                            p { @match &told.what {
                                Left::Message(text) => bdi { (clean(text)) },
                                Left::Command(command) => (texts::command(*command).speak(language)),
                            } }
                            p.hint { @match &told.answer {
                                None => (texts::NOT_TAKEN.speak(language)),
                                Some(Ok(())) => (texts::TAKEN.speak(language)),
                                Some(Err(why)) => (texts::FAILED.speak(language).replace("{why}", &clean(why))),
                            } }
                        }
                        (times::ago(*when, language))
                    }
                } }
            }
        }
    }
}

fn commands(path: &str, station: &StationView, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        section {
            h2 { (texts::ACTS.speak(language)) }
            div.acts {
                @for command in station_acts::COMMANDS {
                    form method="post" action={ (path) "/command" } {
                        input type="hidden" name="command" value=(command.word());
                        button type="submit" { (texts::command(command).speak(language)) }
                    }
                }
                @if !station.maintenance {
                    form method="post" action={ (path) "/service" } {
                        input type="hidden" name="on" value="no";
                        input type="hidden" name="next" value=(path);
                        button type="submit" { (texts::MAINTENANCE.speak(language)) }
                    }
                }
                // Where somebody sits, it stands among the acts above.
                @if station.session.is_none() { a.button href={ "/workstations/message?to=" (station.id.0) } { (seats::MESSAGE.speak(language)) } }
                @if desk.may_rule { a.button href={ (path) "/remove" } { (texts::REMOVE.speak(language)) } }
            }
        }
    }
}

fn history(seen: &Seen, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @if seen.history.is_empty() { p.hint { (texts::NO_HISTORY.speak(language)) } } @else {
            div.wide tabindex="0" role="group" aria-label=(texts::HISTORY.speak(language)) {
                table.plain {
                    caption.hush { (texts::HISTORY.speak(language)) }
                    thead { tr { @for name in [texts::BEGAN, texts::WHO, texts::USED, texts::ENDED_HOW] { th scope="col" { (name.speak(language)) } } } }
                    tbody { @for (session, began, who) in &seen.history {
                        tr {
                            th scope="row" { (times::exact_time(*began, language)) }
                            td { @match who {
                                Sitter::Guest => (seats::GUEST.speak(language)),
                                Sitter::Erased => (texts::ERASED.speak(language)),
                                Sitter::Person(id, name) if desk.may_work => a href={ "/users/" (id.0) } { bdi { (name) } },
                                Sitter::Person(_, name) => bdi { (name) },
                            } }
                            td { (seats::minutes(language, session.used_ms / 60_000)) }
                            td { (texts::status(session.state).speak(language)) }
                        }
                    } }
                }
            }
        }
    }
}
