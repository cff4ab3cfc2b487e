//! Holds erasing a person, and writing down that a consent is taken back: the same end, each with its own word for it.
//! It never erases anybody before the name was typed. The route table holds its routes.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::kiosk::PersonId;

use super::{act, back, form, look, page, person_of, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::fault;
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::name::clean;
use crate::page::words::{self, users as texts};
use crate::shell::kiosk::Room;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let (staff, admin) = (Access::Operator, Access::Admin);
    vec![
        guard(look("/users/{id}/erase", "The page that asks whether to erase a person"), admin, house, ask_erase),
        guard(form("/users/{id}/erase", "Erase a person, from the page"), admin, house, erase),
        guard(
            look("/users/{id}/revoke", "The page that asks whether a consent is taken back"),
            staff,
            house,
            ask_revoke,
        ),
        guard(form("/users/{id}/revoke", "Write down that a consent is taken back"), staff, house, revoke),
    ]
}

/// Why a person leaves.
#[derive(Clone, Copy)]
enum Why {
    Erased,
    Revoked,
}

impl Why {
    const fn parts(self) -> (&'static str, Text) {
        match self {
            Self::Erased => ("erase", texts::ERASE_TITLE),
            Self::Revoked => ("revoke", texts::REVOKE_TITLE),
        }
    }
}

async fn ask_erase(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    ask(&house, &call, &desk, Why::Erased).await
}

async fn ask_revoke(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    ask(&house, &call, &desk, Why::Revoked).await
}

async fn erase(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    do_it(&house, &call, &desk, Why::Erased).await
}

async fn revoke(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    do_it(&house, &call, &desk, Why::Revoked).await
}

async fn name_of(house: &House, id: PersonId) -> Result<String, Problem> {
    let name = visit(house, move |room| room.person(id).map(|person| clean(&person.display_name()))).await?;
    name.ok_or_else(|| (&fault::NO_PERSON).into())
}

async fn ask(house: &House, call: &Call, desk: &Desk, why: Why) -> Outcome {
    let id = person_of(call)?;
    let name = name_of(house, id).await?;
    Ok(frame::reply(call, view(id, &name, None, desk, why)))
}

async fn do_it(house: &House, call: &Call, desk: &Desk, why: Why) -> Outcome {
    let id = person_of(call)?;
    let name = name_of(house, id).await?;
    let typed = field(&call.form(), "name").trim().to_owned();
    if typed.to_lowercase() != name.to_lowercase() {
        let again = view(id, &name, Some(&typed), desk, why);
        return Ok(frame::reply(call, again).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let leave = move |room: &mut Room, staff| match why {
        Why::Erased => room.erase_person(staff, id),
        Why::Revoked => room.revoke_consent(staff, id),
    };
    act(house, call, leave).await?;
    Ok(Reply::see_other("/users?done=erased"))
}

fn view(id: PersonId, name: &str, typed: Option<&str>, desk: &Desk, why: Why) -> Markup {
    let language = desk.language;
    let (word, title) = why.parts();
    let path = format!("/users/{}", id.0);
    let fault = typed.map(|_| texts::OTHER_NAME.speak(language));
    let input = html! {
        input #name type="text" name="name" value=(typed.unwrap_or_default()) required autocomplete="off" spellcheck="false"
            aria-describedby=[frame::described("name", false, fault.is_some())] aria-invalid=[fault.map(|_| "true")];
    };
    let label = texts::TYPE_NAME.speak(language).replace("{name}", name);
    let content = html! {
        (back(&path, name))
        h1 { (words::fill(title.speak(language), &[("name", html! { b { bdi { (name) } } })])) }
        p.lead { (texts::ERASE_HELP.speak(language)) }
        form.sheet.narrow method="post" action={ (path) "/" (word) } {
            (frame::field("name", &label, None, fault, &input))
            div.pair {
                a.button href=(path) { (texts::ERASE_NO.speak(language)) }
                button.danger type="submit" { (texts::ERASE_YES.speak(language)) }
            }
        }
    };
    page(desk, texts::ERASE_YES.speak(language), &content)
}
