//! Holds what staff does with a session from the page: time, pauses, the end; each leads back and can be undone but the end.
//! It never ends a session that runs before a person has seen whose it is. The route table holds its routes.

use std::sync::Arc;

use maud::html;
use vigie_core::kiosk::session::State;

use super::seats::{act_and_return, refused};
use super::{back, form, left, look, name_for, number_of, page, session_of, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::acts::change_time;
use crate::api::kiosk::fault;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::name::clean;
use crate::page::words::{self, seats as texts};
use crate::shell::kiosk::Room;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let need = Access::Operator;
    vec![
        guard(form("/sessions/{id}/add", "Add minutes to a session, or take some away"), need, house, add),
        guard(form("/sessions/{id}/pause", "Stop the time of a session, from the page"), need, house, pause),
        guard(form("/sessions/{id}/go-on", "Let a session go on, from the page"), need, house, go_on),
        guard(look("/sessions/{id}/end", "The page that asks whether to end a session"), need, house, ask),
        guard(form("/sessions/{id}/end", "End a session, or take its code back, from the page"), need, house, end),
    ]
}

/// Where it leads when it is done.
fn led(done: &str, id: u64) -> String {
    format!("/workstations?done={done}&session={id}")
}

async fn add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = session_of(&call)?;
    let form = call.form();
    let minutes = number_of::<i16>(&form, "minutes").map(|minutes| minutes.map(|minutes| i64::from(minutes) * 60_000));
    let asked = minutes.and_then(|ms| Ok(ms.or(number_of::<i64>(&form, "ms")?).unwrap_or(0)));
    let delta_ms = match asked {
        Ok(ms) => ms,
        Err(problem) => return refused(&house, &call, &desk, &problem).await,
    };
    let role = call.caller()?.role;
    let add = move |room: &mut Room, staff| change_time(room, staff, role, id, delta_ms, false);
    act_and_return(&house, &call, &desk, add, |ms| format!("{}&ms={ms}", led("added", id.0))).await
}

async fn pause(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = session_of(&call)?;
    act_and_return(&house, &call, &desk, move |room, staff| room.suspend(staff, id), |()| led("paused", id.0)).await
}

async fn go_on(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = session_of(&call)?;
    act_and_return(&house, &call, &desk, move |room, staff| room.resume(staff, id), |()| led("resumed", id.0)).await
}

async fn ask(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (id, language) = (session_of(&call)?, desk.language);
    let found = visit(&house, move |room| {
        let session = room.session(id)?;
        let station = session.station.and_then(|id| room.station(id)).map(|station| clean(&station.name));
        let person = session.person.and_then(|id| room.person(id)).map(|person| name_for(person, true));
        Some((session, station, person))
    });
    let (session, station, person) = found.await?.ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
    let name = html! { b { bdi { (station.unwrap_or_default()) } } };
    let who = html! { bdi { (person.unwrap_or_else(|| texts::GUEST.speak(language).to_owned())) } };
    let rest = html! { b { (left::digits(session.remaining_ms)) } };
    let content = html! {
        (back("/workstations", texts::TITLE.speak(language)))
        h1 { (words::fill(texts::END_TITLE.speak(language), &[("name", name)])) }
        p.lead { (words::fill(texts::END_HELP.speak(language), &[("who", who), ("left", rest)])) }
        form.pair method="post" action={ "/sessions/" (id.0) "/end" } {
            a.button href="/workstations" { (texts::END_NO.speak(language)) }
            button.danger type="submit" { (texts::END_YES.speak(language)) }
        }
    };
    Ok(frame::reply(&call, page(&desk, texts::END_YES.speak(language), &content)))
}

async fn end(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = session_of(&call)?;
    let then =
        |view: crate::shell::kiosk::SessionView| led(if view.state == State::Void { "void" } else { "ended" }, id.0);
    act_and_return(&house, &call, &desk, move |room, staff| room.end(staff, id), then).await
}
