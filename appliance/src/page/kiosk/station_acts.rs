//! Holds what is done with a workstation from its page: in and out of service, woken, told to restart, removed.
//! It never says that a machine woke or restarted because it was told. The route table holds its routes.

use std::sync::Arc;

use maud::html;
use vigie_core::audit::{Kind as Act, Object};
use vigie_core::lan::DeviceId;
use vigie_wire::link::wol;

use super::seats::{act_and_return, refused};
use super::{back, form, look, page, station_of, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::api::network::wake;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard, safe_next};
use crate::page::name::clean;
use crate::page::words::{self, station as texts};
use crate::shell::kiosk::{Command, Room};

/// What a machine can be told from the page.
pub(super) const COMMANDS: [Command; 3] = [Command::Identify, Command::Reboot, Command::Shutdown];

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let wake = form("/workstations/{id}/wake", "Switch a workstation on over the network").audits(Act::DeviceWoken);
    let (staff, admin) = (Access::Operator, Access::Admin);
    vec![
        guard(form("/workstations/{id}/service", "Take a workstation out of service, or back"), staff, house, service),
        guard(
            form("/workstations/{id}/command", "Tell a workstation's machine to do something"),
            staff,
            house,
            command,
        ),
        guard(wake, staff, house, wake_up),
        guard(
            look("/workstations/{id}/remove", "The page that asks whether to remove a workstation"),
            admin,
            house,
            ask,
        ),
        guard(form("/workstations/{id}/remove", "Remove a workstation, from the page"), admin, house, remove),
    ]
}

async fn service(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = station_of(&call)?;
    let form = call.form();
    let on = field(&form, "on") == "yes";
    let to_page = safe_next(field(&form, "next")).starts_with("/workstations/");
    let set = move |room: &mut Room, staff| room.set_maintenance(staff, id, !on);
    let then = |()| match (to_page, on) {
        (false, true) => format!("/workstations?done=service&station={}", id.0),
        _ => format!("/workstations/{}", id.0),
    };
    act_and_return(&house, &call, &desk, set, then).await
}

async fn command(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = station_of(&call)?;
    let word = field(&call.form(), "command").to_owned();
    let Some(command) = COMMANDS.into_iter().find(|command| command.word() == word) else {
        return Ok(Reply::see_other(&format!("/workstations/{}", id.0)));
    };
    let send = move |room: &mut Room, staff| room.send_command(staff, id, command);
    act_and_return(&house, &call, &desk, send, |_| format!("/workstations/{}#told", id.0)).await
}

async fn wake_up(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = station_of(&call)?;
    let station = visit(&house, move |room| room.station(id)).await?;
    let station = station.ok_or_else(|| Problem::from(&fault::NO_STATION))?;
    match wake::begin(&house.desk, &call.platform, &station.mac.to_string(), wol::Password::None).await {
        Ok(view) => {
            let reply = Reply::see_other(&format!("/workstations?done=woken&station={}", id.0));
            let device = view.device.parse::<DeviceId>().ok();
            Ok(device.map_or(Object::Nothing, |device| Object::Device(device.0))).map(|object| reply.concerning(object))
        }
        Err(problem) => refused(&house, &call, &desk, &problem).await,
    }
}

async fn ask(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (id, language) = (station_of(&call)?, desk.language);
    let name = visit(&house, move |room| room.station(id).map(|station| clean(&station.name))).await?;
    let name = name.ok_or_else(|| Problem::from(&fault::NO_STATION))?;
    let path = format!("/workstations/{}", id.0);
    let content = html! {
        (back(&path, &name))
        h1 { (words::fill(texts::REMOVE_TITLE.speak(language), &[("name", html! { b { bdi { (name) } } })])) }
        p.lead { (texts::REMOVE_HELP.speak(language)) }
        form.pair method="post" action={ (path) "/remove" } {
            a.button href=(path) { (texts::REMOVE_NO.speak(language)) }
            button.danger type="submit" { (texts::REMOVE_YES.speak(language)) }
        }
    };
    Ok(frame::reply(&call, page(&desk, texts::REMOVE_YES.speak(language), &content)))
}

async fn remove(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = station_of(&call)?;
    let remove = move |room: &mut Room, staff| room.remove_station(staff, id);
    act_and_return(&house, &call, &desk, remove, |()| "/workstations?done=removed".to_owned()).await
}
