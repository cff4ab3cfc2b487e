//! Holds how what a route did is written in the journal: who, from where, and to what.
//! Never writes what was refused. The dispatcher calls it before and after a handler.

use vigie_core::audit::{Actor, Kind, Object, Theme};

use crate::accounts::Principal;
use crate::accounts::journal::Act;
use crate::http::call::Call;
use crate::http::context::Platform;
use crate::http::reply::{Concern, Reply};

/// What the route table and the path say of an act.
pub(super) fn begin_act(kind: Kind, call: &Call) -> Act {
    let actor = call.who.as_ref().map_or(Actor::Stranger, Principal::actor);
    Act::new(kind, actor).from(call.peer).on(read_object(kind, call))
}

fn read_object(kind: Kind, call: &Call) -> Object {
    let id = call.parameter("id");
    match kind.theme() {
        _ if id.is_empty() => Object::Nothing,
        Theme::Accounts | Theme::Door => id.parse().map_or(Object::Nothing, Object::Account),
        Theme::Devices if id.len() == 16 => u64::from_str_radix(id, 16).map_or(Object::Nothing, Object::Device),
        Theme::Devices | Theme::Settings | Theme::System | Theme::Kiosk => {
            // A MAC or an address; nothing else finds a device.
            let clean: String = id.chars().filter(|sign| !sign.is_control()).collect();
            Object::Named(clean.as_str().into())
        }
    }
}

/// Writes down what was done, unless nothing was.
pub(super) async fn write_down(platform: &Platform, mut act: Act, reply: &Reply) {
    let concern = reply.0.extensions().get::<Concern>().cloned().unwrap_or_default();
    if reply.0.status().as_u16() >= 400 || concern.unrecorded {
        return;
    }
    act.object = concern.object.unwrap_or(act.object);
    act.detail = concern.detail.as_str().into();
    match act.kind.theme() {
        // Whoever reads "done" about these must find it in the journal after a power cut too.
        Theme::Accounts | Theme::Settings | Theme::Door | Theme::Kiosk => {
            // What could not be written is in the log of the program; the act itself is done.
            let _told = platform.journal.write(act).await;
        }
        Theme::Devices | Theme::System => platform.journal.note(act),
    }
}
