//! Holds what a person does with a device on its page: say what they know, check, wake.
//! It never overwrites what somebody else has just said, and never says that a device woke because it was called.
//! The route table holds its routes; the network does the acts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::lan::{Checked, DeviceId, Edit, Refusal, Trust};
use vigie_wire::link::wol;

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::desk::ended;
use crate::api::network::{fault, wake};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Draft, Outcome, Route};
use crate::shell::network::Hands;

use super::House;
use super::device::{self, Said};
use super::frame;
use super::gate::{Desk, guard, safe_next};
use super::icon::icon;
use super::name::Name;
use super::person::Person;
use super::sheet::milliseconds;
use super::words::{self, device as texts, evidence, overview};

/// How long the page waits for the verdict of a check: shorter than a handler may take, longer than a live device needs.
const CHECK_TIME: Duration = Duration::from_secs(8);

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    vec![
        guard(
            form("/devices/{id}", "Say what one knows of a device, from its page", Act::DeviceEdited),
            Access::Operator,
            house,
            save,
        ),
        guard(
            form("/devices/{id}/trust", "Say whether a device belongs here, from the overview", Act::DeviceEdited),
            Access::Operator,
            house,
            trust,
        ),
        guard(
            form("/devices/{id}/check", "Check a device now, from its page", Act::DeviceChecked),
            Access::Operator,
            house,
            check,
        ),
        guard(
            form("/devices/{id}/wake", "Wake a device, from its page", Act::DeviceWoken),
            Access::Operator,
            house,
            wake,
        ),
    ]
}

/// A form about a device that operators may send, and that is written in the journal as `act`.
pub(super) fn form(path: &'static str, about: &'static str, act: Act) -> Draft {
    Route::post(path, Access::Operator, about).takes(BodyRule::Form).speaks(303, "text/html").audits(act)
}

/// Visits the device a path names.
pub(super) async fn visit<T: Send + 'static>(
    house: &House,
    call: &Call,
    act: impl FnOnce(&mut Hands<'_>, DeviceId) -> T + Send + 'static,
) -> Result<Option<T>, Problem> {
    let text = call.parameter("id").to_owned();
    let visit = house.network.call(move |hands| {
        let id = hands.find(&text)?.id();
        Some(act(hands, id))
    });
    visit.await.map_err(ended)
}

async fn save(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let wanted = Person::read(&form);
    if let Err(wrong) = wanted.judge(desk.language) {
        let said = Said { notice: None, form: Some((wanted, wrong)) };
        return Ok(device::answer(&house, &call, &desk, said).await?.status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let seen = form.into_iter().find(|(name, _)| name == "seen").map(|(_, value)| value).unwrap_or_default();
    let told = wanted.clone();
    let done = visit(&house, &call, move |hands, id| write(hands, id, &told, &seen)).await?;
    match done {
        None => Ok(super::devices::gone(&call, &desk)),
        Some(Ok(id)) => Ok(Reply::see_other(&format!("/devices/{id}?done=saved"))),
        Some(Err(Conflict)) => {
            // What the person wrote stays in the form; saving again is then their decision.
            let text = html! { (faults::CHANGED_SINCE.text.speak(desk.language)) };
            let said = Said { notice: Some((false, text)), form: Some((wanted, super::person::Faults::default())) };
            Ok(device::answer(&house, &call, &desk, said).await?.status(StatusCode::CONFLICT))
        }
    }
}

/// Somebody else changed it since the form was made, or it is gone.
struct Conflict;

fn write(hands: &mut Hands<'_>, id: DeviceId, wanted: &Person, seen: &str) -> Result<DeviceId, Conflict> {
    let now = hands.lan().device(id).map(Person::of).ok_or(Conflict)?;
    if now.version() != seen {
        return Err(Conflict);
    }
    let tags: Vec<&str> = wanted.tags.iter().map(String::as_str).collect();
    let edits = [
        (now.label != wanted.label).then_some(Edit::Label(id, &wanted.label)),
        (now.owner != wanted.owner).then_some(Edit::Owner(id, &wanted.owner)),
        (now.notes != wanted.notes).then_some(Edit::Notes(id, &wanted.notes)),
        (now.tags != wanted.tags).then_some(Edit::Tags(id, &tags)),
        (now.trust != wanted.trust).then_some(Edit::Trust(id, wanted.trust)),
        (now.watch != wanted.watch).then_some(Edit::Watch(id, wanted.watch)),
    ];
    // The texts were judged and the device is there, so none of these is refused.
    edits.into_iter().flatten().try_for_each(|edit| hands.edit(edit).map(|_| ())).map_err(|_: Refusal| Conflict)?;
    Ok(id)
}

async fn trust(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let (trust, done) = match field(&form, "trust") {
        "trusted" => (Trust::Trusted, "known"),
        "blocked" => (Trust::Blocked, "blocked"),
        _ => (Trust::Unknown, "unknown"),
    };
    let said =
        visit(&house, &call, move |hands, id| hands.edit(Edit::Trust(id, trust)).map_err(fault::refused)).await?;
    match said {
        None => Ok(super::devices::gone(&call, &desk)),
        Some(said) => Ok(back(field(&form, "next"), done, said?)),
    }
}

/// The value of a field; empty when it is not there.
pub(super) fn field<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// Back to where an act was done, which then says what was done to which device.
pub(super) fn back(next: &str, done: &str, id: DeviceId) -> Reply {
    let next = safe_next(next);
    let mark = if next.contains('?') { '&' } else { '?' };
    Reply::see_other(&format!("{next}{mark}done={done}&device={id}"))
}

/// What was just done from the overview, with its undo.
pub(super) fn done(call: &Call, names: &BTreeMap<DeviceId, Name>, desk: &Desk) -> Markup {
    let language = desk.language;
    let device = call.query("device").and_then(|id| id.parse::<DeviceId>().ok());
    let Some((id, name)) = device.and_then(|id| Some((id, names.get(&id)?))) else { return html! {} };
    let (text, undo): (_, Option<(&str, &str)>) = match call.query("done") {
        Some("known") => (overview::DONE_KNOWN, Some(("trust", "unknown"))),
        Some("blocked") => (overview::DONE_BLOCKED, Some(("trust", "unknown"))),
        Some("unknown") => (overview::DONE_UNKNOWN, None),
        Some("merged") => (overview::DONE_ONE, Some(("split", ""))),
        Some("apart") => (overview::DONE_TWO, None),
        _ => return html! {},
    };
    html! {
        div.notice.good #said role="status" {
            (icon("check"))
            p { (words::fill(text.speak(language), &[("name", html! { a href={ "/devices/" (id) } { (name.show(language)) } })])) }
            @if let Some((act, trust)) = undo.filter(|_| desk.may_work) {
                form method="post" action={ "/devices/" (id) "/" (act) } {
                    input type="hidden" name="next" value="/";
                    @if !trust.is_empty() { input type="hidden" name="trust" value=(trust); }
                    button type="submit" { (overview::UNDO.speak(language)) }
                }
            }
        }
    }
}

async fn check(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    let begun = visit(&house, &call, |hands, id| hands.check(id).map_err(fault::refused)).await?;
    let begun = match begun {
        None => return Ok(super::devices::gone(&call, &desk)),
        Some(begun) => begun,
    };
    let is_asked = begun.is_ok();
    let notice = match begun {
        Err(refused) => (false, html! { (frame::why(&refused, language)) }),
        Ok(answer) => match tokio::time::timeout(CHECK_TIME, answer).await {
            Ok(Ok(checked)) => (checked.heard, verdict(&checked, language)),
            _ => (true, html! { (texts::CHECK_LATE.speak(language)) }),
        },
    };
    let reply = device::answer(&house, &call, &desk, Said { notice: Some(notice), form: None }).await?;
    Ok(if is_asked { reply } else { reply.unrecorded() })
}

fn verdict(checked: &Checked, language: Language) -> Markup {
    let sentence = if checked.heard { texts::ANSWERS } else { texts::SILENT };
    let took = checked.answer.map(|took| milliseconds(took.as_micros() as f64 / 1_000.0, language));
    html! {
        (sentence.speak(language)) " "
        @if let Some(took) = took { (took) " · " }
        (evidence::say(&checked.evidence, language))
    }
}

async fn wake(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let device = call.parameter("id");
    match wake::begin(&house.desk, &call.platform, device, wol::Password::None).await {
        Ok(view) => Ok(Reply::see_other(&format!("/devices/{}#wake", view.device))),
        Err(problem) if problem.code() == fault::NO_DEVICE.code => Ok(super::devices::gone(&call, &desk)),
        Err(problem) => {
            let notice = Some((false, html! { (frame::why(&problem, desk.language)) }));
            let status = problem.status();
            Ok(device::answer(&house, &call, &desk, Said { notice, form: None }).await?.status(status))
        }
    }
}
