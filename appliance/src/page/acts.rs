//! Holds what a person does with a device on its page: say what they know, check, wake, forget.
//! It never forgets without having named what is lost, and never overwrites what somebody else has just said.
//! The route table holds its routes; the network does the acts.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::lan::{Checked, DeviceId, Edit, Refusal, Trust};
use vigie_wire::link::wol;

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::desk::ended;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Draft, Outcome, Route};
use crate::shell::network::Hands;

use super::House;
use super::device::{self, Said};
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::person::Person;
use super::sheet::{Sheet, milliseconds};
use super::times;
use super::words::{self, device as texts, devices, evidence};

/// How long the page waits for the verdict of a check: shorter than a handler may take, longer than a live device needs.
const CHECK_TIME: Duration = Duration::from_secs(8);

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let form = |path, about, act| -> Draft {
        Route::post(path, Access::Operator, about).takes(BodyRule::Form).speaks(303, "text/html").audits(act)
    };
    let ask = Route::get("/devices/{id}/forget", Access::Public, "The page that asks whether to forget a device")
        .speaks(200, "text/html");
    vec![
        guard(
            form("/devices/{id}", "Say what one knows of a device, from its page", Act::DeviceEdited),
            Access::Operator,
            house,
            save,
        ),
        guard(
            form("/devices/{id}/know", "Say that a device belongs here, from the overview", Act::DeviceEdited),
            Access::Operator,
            house,
            know,
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
        guard(ask, Access::Operator, house, ask_forget),
        guard(
            form("/devices/{id}/forget", "Forget a device, from its page", Act::DeviceForgotten),
            Access::Operator,
            house,
            forget,
        ),
    ]
}

/// Visits the device a path names.
async fn visit<T: Send + 'static>(
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

async fn know(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let done = visit(&house, &call, |hands, id| hands.edit(Edit::Trust(id, Trust::Trusted))).await?;
    Ok(if done.is_some() { Reply::see_other("/") } else { super::devices::gone(&call, &desk) })
}

async fn check(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let language = desk.language;
    // A closure: the method itself is bound to one lifetime.
    #[allow(clippy::redundant_closure_for_method_calls)]
    let begun = visit(&house, &call, |hands, id| hands.check(id)).await?;
    let begun = match begun {
        None => return Ok(super::devices::gone(&call, &desk)),
        Some(begun) => begun,
    };
    let is_asked = begun.is_ok();
    let notice = match begun {
        Err(_) => (false, html! { (texts::CHECK_IMPOSSIBLE.speak(language)) }),
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
    let sent = match visit(&house, &call, |hands, id| hands.wake(id, wol::Password::None)).await? {
        None => return Ok(super::devices::gone(&call, &desk)),
        Some(sent) => sent,
    };
    let text = if sent > 0 { texts::WOKEN } else { texts::NOT_WOKEN };
    let notice = Some((sent > 0, html! { (text.speak(desk.language)) }));
    let reply = device::answer(&house, &call, &desk, Said { notice, form: None }).await?;
    Ok(if sent > 0 { reply } else { reply.unrecorded() })
}

async fn ask_forget(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(sheet) = device::find(&house, call.parameter("id")).await? else {
        return Ok(super::devices::gone(&call, &desk));
    };
    let content = forget_view(&sheet, &desk);
    let title = texts::FORGET_YES.speak(desk.language);
    Ok(frame::reply(&call, frame::page(&desk, Section::Devices, title, &content)))
}

fn forget_view(sheet: &Sheet, desk: &Desk) -> Markup {
    let (language, row, person) = (desk.language, &sheet.row, &sheet.person);
    let lost = |text: crate::http::language::Text, x: Markup| html! { li { (words::fill(text.speak(language), &[("x", x)])) } };
    html! {
        h1 { (words::fill(texts::FORGET_TITLE.speak(language), &[("name", row.name.show(language))])) }
        @if row.myself { (frame::notice(false, texts::MYSELF.speak(language))) }
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
    match visit(&house, &call, |hands, id| hands.edit(Edit::Forget(id))).await? {
        None => Ok(super::devices::gone(&call, &desk)),
        Some(Ok(_)) => Ok(Reply::see_other("/devices?done=forgotten")),
        Some(Err(_)) => {
            let notice = Some((false, html! { (texts::MYSELF.speak(desk.language)) }));
            Ok(device::answer(&house, &call, &desk, Said { notice, form: None }).await?.status(StatusCode::CONFLICT))
        }
    }
}
