//! Holds forgetting a device and bringing it back.
//! It never forgets without having named what is lost, and says for how long that can be undone.
//! The route table holds its routes; the network does the acts.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::lan::{DeviceId, Trust};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::desk::ended;
use crate::api::network::{devices as api, fault};
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::House;
use super::acts::{form, visit};
use super::device::{self, Said};
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::sheet::Sheet;
use super::times;
use super::words::{self, device as texts, devices};

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let ask = Route::get("/devices/{id}/forget", Access::Public, "The page that asks whether to forget a device")
        .speaks(200, "text/html");
    vec![
        guard(ask, Access::Operator, house, show),
        guard(
            form("/devices/{id}/forget", "Forget a device, from its page", Act::DeviceForgotten),
            Access::Operator,
            house,
            forget,
        ),
        guard(
            form("/devices/{id}/recall", "Bring back a device just forgotten, from the list", Act::DeviceAdded),
            Access::Operator,
            house,
            recall,
        ),
    ]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(sheet) = device::find(&house, call.parameter("id")).await? else {
        return Ok(super::devices::gone(&call, &desk));
    };
    let content = view(&sheet, &desk);
    let title = texts::FORGET_YES.speak(desk.language);
    Ok(frame::reply(&call, frame::page(&desk, Section::Devices, title, &content)))
}

fn view(sheet: &Sheet, desk: &Desk) -> Markup {
    let (language, row, person) = (desk.language, &sheet.row, &sheet.person);
    let lost = |text: Text, x: Markup| html! { li { (words::fill(text.speak(language), &[("x", x)])) } };
    html! {
        h1 { (words::fill(texts::FORGET_TITLE.speak(language), &[("name", row.name.show(language))])) }
        @if row.myself { (frame::notice(false, fault::MYSELF.text.speak(language))) }
        p { (texts::FORGET_LOST.speak(language)) }
        ul {
            @if !person.label.is_empty() { (lost(texts::LOST_NAME, html! { b { bdi { (person.label) } } })) }
            @if person.said_notes() { (lost(texts::LOST_NOTES, html! {})) }
            @if person.trust != Trust::Unknown { (lost(texts::LOST_TRUST, html! { (devices::trust(person.trust).speak(language)) })) }
            (lost(texts::LOST_HISTORY, times::exact_time(row.first, language)))
        }
        p { (texts::FORGET_KEPT.speak(language)) }
        form.pair method="post" action={ (row.path()) "/forget" } {
            a.button href=(row.path()) { (texts::FORGET_NO.speak(language)) }
            @if !row.myself { button.danger type="submit" { (texts::FORGET_YES.speak(language)) } }
        }
    }
}

async fn forget(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    match visit(&house, &call, |hands, id| hands.forget(id).map_err(fault::refused)).await? {
        None => Ok(super::devices::gone(&call, &desk)),
        Some(Ok(id)) => Ok(Reply::see_other(&format!("/devices?done=forgotten&device={id}"))),
        Some(Err(refused)) => {
            let notice = Some((false, html! { (frame::why(&refused, desk.language)) }));
            Ok(device::answer(&house, &call, &desk, Said { notice, form: None }).await?.status(StatusCode::CONFLICT))
        }
    }
}

async fn recall(house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let text = call.parameter("id").to_owned();
    let back = house.network.call(move |hands| api::bring_back(hands, &text)).await.map_err(ended)??;
    Ok(Reply::see_other(&format!("/devices/{back}?done=back")))
}

/// What the list says after a device was forgotten: that it is, and how to undo it.
pub(super) fn notice(call: &Call, desk: &Desk) -> Markup {
    let id = call.query("device").and_then(|id| id.parse::<DeviceId>().ok());
    html! {
        @if call.query("done") == Some("forgotten") {
            div.notice.good #said role="status" {
                (icon("check")) p { (texts::FORGOTTEN_UNDO.speak(desk.language)) }
                @if let Some(id) = id.filter(|_| desk.may_work) {
                    form method="post" action={ "/devices/" (id) "/recall" } {
                        button type="submit" { (texts::BRING_BACK.speak(desk.language)) }
                    }
                }
            }
        }
    }
}
