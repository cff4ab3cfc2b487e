//! Holds adding a device by hand, before it was ever seen.
//! It never judges an address itself: the API's own rules do, and their words stand beside the field.
//! The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};

use vigie_core::audit::{Kind as Act, Object};

use crate::accounts::role::Access;
use crate::api::network::devices::{NewDevice, add_by_hand};
use crate::api::network::edit::{AskedTrust, Patch};
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

use super::House;
use super::acts::field;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::words::{device as texts, devices as words, frame as frame_words};

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get("/devices/add", Access::Public, "The page to add a device by hand").speaks(200, "text/html");
    let form = Route::post("/devices/add", Access::Public, "Add a device by hand, from the page")
        .takes(BodyRule::Form)
        .speaks(303, "text/html")
        .audits(Act::DeviceAdded);
    vec![guard(page, Access::Operator, house, show), guard(form, Access::Operator, house, add)]
}

/// The names of the segments to choose from.
async fn segments(house: &House) -> Result<Vec<String>, Problem> {
    let legs = house.network.call(|hands| hands.legs()).await.map_err(|_| Problem::from(&faults::UNAVAILABLE))?;
    Ok(legs.into_iter().map(|leg| leg.interface).collect())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    Ok(frame::reply(&call, view(&segments(&house).await?, &[], None, &desk)))
}

async fn add(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let text = |name: &str| Some(field(&form, name).trim().to_owned()).filter(|text| !text.is_empty());
    let said = Patch {
        label: text("label"),
        trust: text("known").map(|_| AskedTrust::Trusted),
        watch: text("watch").map(|_| true),
        ..Patch::default()
    };
    let new = NewDevice { mac: text("mac"), ip: text("ip"), segment: text("segment"), said };
    match add_by_hand(&house.desk, new).await {
        Ok(id) => Ok(Reply::see_other(&format!("/devices/{id}?done=saved")).concerning(Object::Device(id.0))),
        Err(problem) => {
            let page = view(&segments(&house).await?, &form, Some(&problem), &desk);
            Ok(frame::reply(&call, page).status(problem.status()))
        }
    }
}

fn view(segments: &[String], form: &[(String, String)], problem: Option<&Problem>, desk: &Desk) -> Markup {
    let language = desk.language;
    let say = |text: Text| text.speak(language);
    let details = problem.map(|problem| problem.field_details(language)).unwrap_or_default();
    let fault = |name: &str| {
        let found = details.iter().find(|(pointer, _)| pointer.strip_prefix('/') == Some(name));
        found.map(|(_, text)| text.as_str())
    };
    let text = |name: &'static str, label: Text, hint: Option<Text>| {
        let input = html! {
            input id=(name) type="text" name=(name) value=(field(form, name)) autocomplete="off" spellcheck="false"
                aria-describedby=[frame::described(name, hint.is_some(), fault(name).is_some())] aria-invalid=[fault(name).map(|_| "true")];
        };
        frame::field(name, say(label), hint.map(say), fault(name), &input)
    };
    let content = html! {
        p.back { a href="/devices" { (say(frame_words::DEVICES)) } }
        h1 { (say(words::ADD_TITLE)) }
        p.lead { (say(words::ADD_HELP)) }
        @if let Some(problem) = problem.filter(|problem| !problem.has_fields()) { (frame::notice(false, &problem.detail(language))) }
        form.sheet.narrow method="post" action="/devices/add" {
            (text("label", texts::LABEL, Some(texts::LABEL_HINT)))
            (text("mac", words::MAC, Some(words::MAC_HINT)))
            (text("ip", words::ADDRESS, Some(words::IP_HINT)))
            @if segments.len() > 1 {
                (frame::field("segment", say(words::SEGMENT), None, fault("segment"), &html! {
                    select #segment name="segment" {
                        option value="" { (say(words::SEGMENT_FOUND_OUT)) }
                        @for name in segments { option value=(name) selected[field(form, "segment") == name] { (name) } }
                    }
                }))
            }
            label.check { input type="checkbox" name="known" checked[problem.is_none() || !field(form, "known").is_empty()]; span { (say(texts::TRUST_YES)) } }
            label.check { input type="checkbox" name="watch" checked[!field(form, "watch").is_empty()]; span { (say(texts::WATCH)) } }
            div.pair {
                button.primary type="submit" { (say(words::ADD)) }
                a.button href="/devices" { (say(words::CANCEL)) }
            }
        }
    };
    frame::page(desk, Section::Devices, say(words::ADD_TITLE), &content)
}
