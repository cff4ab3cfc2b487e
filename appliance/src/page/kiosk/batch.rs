//! Holds giving codes to many at once: how many, how long, where they are good, on which paper.
//! It never makes a part of them: all, or none. The route table holds its routes.

use std::sync::Arc;

use maud::{Markup, html};

use super::slip::{self, About, Paper};
use super::{Amount, Beside, Refused, act, back, form, group_choice, group_of, look, number_of, page, refusal, visit};
use crate::accounts::role::Access;
use crate::api::kiosk::sessions::check_grant;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::words::{codes as texts, seats};
use crate::shell::kiosk::{MAX_BATCH, MAX_MINUTES, MAX_VALID_MINUTES, Order, Room};

use super::enrol::Choices;

const PATH: &str = "/workstations/codes";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = look(PATH, "The page to give codes to many");
    let make = form(PATH, "Give codes to many, and show their slips").speaks(200, "text/html");
    vec![guard(page, Access::Operator, house, show), guard(make.every_time(), Access::Operator, house, make_codes)]
}

/// What the form needs to know.
struct Site {
    choices: Choices,
    usual: u16,
    valid: u16,
    has_hours: bool,
}

async fn site(house: &House) -> Result<Site, Problem> {
    let seen = visit(house, |room| Site {
        choices: Choices::of(room),
        usual: room.settings().session_minutes,
        valid: room.settings().valid_minutes,
        has_hours: room.open_ms(None).is_some(),
    });
    seen.await
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let content = view(&site(&house).await?, &[], None, desk.language);
    Ok(frame::reply(&call, page(&desk, texts::MANY_TITLE.speak(desk.language), &content)))
}

async fn make_codes(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (filled, language) = (call.form(), desk.language);
    let made = match read(&filled) {
        Ok((order, count)) => {
            let role = call.caller()?.role;
            let make = move |room: &mut Room, staff| {
                check_grant(room, role, &order)?;
                let issued = room.issue_batch(staff, &order, count).map_err(Refused::problem)?;
                let about = issued.first().map(|first| About::of(room, &order, first, language));
                Ok::<_, Problem>((issued, about))
            };
            act(&house, &call, make).await
        }
        Err(problem) => Err(problem),
    };
    let paper = if field(&filled, "paper") == "roll" { Paper::Roll } else { Paper::Sheet };
    match made {
        Ok((issued, Some(about))) => Ok(frame::reply(&call, slip::draw(&issued, &about, paper, &desk))),
        Ok((_, None)) => Ok(crate::http::reply::Reply::see_other("/workstations")),
        Err(problem) => {
            let content = view(&site(&house).await?, &filled, Some(&problem), language);
            let again = page(&desk, texts::MANY_TITLE.speak(language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn read(form: &[(String, String)]) -> Result<(Order, usize), Problem> {
    let order = Order {
        group: group_of(form)?,
        minutes: number_of(form, "minutes")?,
        valid_minutes: number_of(form, "valid_minutes")?,
        past_closing: field(form, "past_closing") == "on",
        ..Order::default()
    };
    Ok((order, number_of(form, "count")?.unwrap_or(0)))
}

fn view(site: &Site, form: &[(String, String)], problem: Option<&Problem>, language: Language) -> Markup {
    let beside = problem.map_or_else(Beside::nothing, |problem| Beside::of(problem, language));
    let is_first = form.is_empty();
    let typed = |name: &str, usual: u16| {
        if is_first { usual.to_string() } else { field(form, name).to_owned() }
    };
    let (count, minutes) = (typed("count", 10), typed("minutes", site.usual));
    let valid = typed("valid_minutes", site.valid);
    let most = u32::try_from(MAX_BATCH).unwrap_or(40);
    let chosen = group_of(form).ok().flatten();
    html! {
        (back("/workstations", seats::TITLE.speak(language)))
        h1 { (texts::MANY_TITLE.speak(language)) }
        p.lead { (texts::MANY_HELP.speak(language)) }
        (refusal(problem, language))
        form.sheet.narrow method="post" action=(PATH) {
            (Amount { name: "count", label: texts::COUNT, hint: None, unit: texts::CODES, value: &count, bounds: (1, most) }.draw(&beside, language))
            (Amount { name: "minutes", label: texts::LENGTH, hint: None, unit: texts::MINUTES, value: &minutes, bounds: (1, MAX_MINUTES.into()) }.draw(&beside, language))
            (Amount { name: "valid_minutes", label: texts::VALID, hint: Some(texts::VALID_HINT), unit: texts::MINUTES, value: &valid, bounds: (1, MAX_VALID_MINUTES.into()) }.draw(&beside, language))
            (group_choice(&site.choices.groups, chosen, texts::ANY_GROUP, language))
            fieldset {
                legend { (texts::PAPER.speak(language)) }
                @for (word, text) in [("sheet", texts::SHEET), ("roll", texts::ROLL)] {
                    @let is = if field(form, "paper") == "roll" { "roll" } else { "sheet" };
                    label.check { input type="radio" name="paper" value=(word) checked[word == is]; span { (text.speak(language)) } }
                }
            }
            @if site.has_hours { label.check { input type="checkbox" name="past_closing" checked[field(form, "past_closing") == "on"]; span { (texts::PAST_CLOSING.speak(language)) } } }
            button.primary type="submit" { (texts::MAKE.speak(language)) }
        }
    }
}
