//! Holds words sent to the person at one workstation, or at all of them.
//! It never says that they were read: the page of the workstation shows what was taken. The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::StationId;

use super::{Beside, Line, act, back, form, look, number_of, page, refusal, visit};
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
use crate::page::gate::{Desk, guard};
use crate::page::name::clean;
use crate::page::words::{self, seats, station as texts};
use crate::shell::kiosk::{MAX_MESSAGE_BYTES, Room};

const PATH: &str = "/workstations/message";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look(PATH, "The page to send a message").query("to", "The workstation; all without one.");
    vec![
        guard(page, Access::Operator, house, show),
        guard(form(PATH, "Send a message to one workstation, or to all"), Access::Operator, house, send),
    ]
}

/// Whom it is for, with the name; `None`: all.
async fn addressee(house: &House, to: Option<StationId>) -> Result<Option<(StationId, String)>, Problem> {
    let Some(id) = to else { return Ok(None) };
    let name = visit(house, move |room| room.station(id).map(|station| clean(&station.name))).await?;
    name.map(|name| Some((id, name))).ok_or_else(|| (&fault::NO_STATION).into())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let to = addressee(&house, call.query_as::<u32>("to")?.map(StationId)).await?;
    let content = view(to.as_ref(), "", None, desk.language);
    Ok(frame::reply(&call, page(&desk, seats::MESSAGE.speak(desk.language), &content)))
}

async fn send(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (filled, language) = (call.form(), desk.language);
    let to = addressee(&house, number_of(&filled, "to")?.map(StationId)).await?;
    // A ready one is a button, and wins over what stands in the field.
    let ready = field(&filled, "ready");
    let text = if ready.is_empty() { field(&filled, "text").to_owned() } else { ready.to_owned() };
    let (typed, station) = (text.clone(), to.as_ref().map(|(id, _)| *id));
    match act(&house, &call, move |room: &mut Room, staff| room.send_message(staff, station, &text)).await {
        Ok(_) => {
            let station = station.map(|id| format!("&station={}", id.0)).unwrap_or_default();
            Ok(Reply::see_other(&format!("/workstations?done=sent{station}")))
        }
        Err(problem) => {
            let content = view(to.as_ref(), &typed, Some(&problem), language);
            let again = page(&desk, seats::MESSAGE.speak(language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn view(to: Option<&(StationId, String)>, text: &str, problem: Option<&Problem>, language: Language) -> Markup {
    let beside = problem.map_or_else(Beside::nothing, |problem| Beside::of(problem, language));
    let own = Line {
        name: "text",
        label: texts::OWN_WORDS,
        hint: Some(texts::MESSAGE_HELP),
        kind: "text",
        value: text,
        most: MAX_MESSAGE_BYTES,
        needed: true,
    };
    let whom = html! { @if let Some((id, _)) = to { input type="hidden" name="to" value=(id.0); } };
    html! {
        (back("/workstations", seats::TITLE.speak(language)))
        h1 {
            @match to {
                Some((_, name)) => (words::fill(texts::MESSAGE_TO.speak(language), &[("name", html! { bdi { (name) } })])),
                None => (texts::MESSAGE_TO_ALL.speak(language)),
            }
        }
        (refusal(problem, language))
        section.narrow {
            h2 { (texts::READY.speak(language)) }
            form.ready method="post" action=(PATH) {
                (whom)
                @for text in texts::READY_MESSAGES {
                    button type="submit" name="ready" value=(text.speak(language)) { (text.speak(language)) }
                }
            }
        }
        form.sheet.narrow method="post" action=(PATH) {
            (whom)
            (own.draw(&beside, language))
            button.primary type="submit" { (texts::SEND.speak(language)) }
        }
    }
}
