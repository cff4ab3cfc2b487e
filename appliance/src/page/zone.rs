//! Holds the choice of the site's zone on the page of the settings.
//! It never reads a zone itself: the API's one way to change it does. `settings` draws it; the route table holds its route.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::zone as api;
use crate::http::call::Call;
use crate::http::context::Platform;
use crate::http::language::Language;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

use super::House;
use super::acts::field;
use super::frame;
use super::gate::{Desk, guard};
use super::words::{codes, zone as texts};

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let draft = Route::post("/system/zone", Access::Operator, "Mean hours and days in another zone, from the page");
    let draft = draft.takes(BodyRule::Form).speaks(303, "text/html").audits(Act::SettingsChanged);
    vec![guard(draft, Access::Admin, house, choose)]
}

async fn choose(house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let form = call.form();
    let changed = api::change(&call.platform, &house.keeper, field(&form, "zone")).await?;
    Ok(api::told(changed, Reply::see_other("/system/settings?done=saved#zone")))
}

/// What the clocks of the site show now; `None` while nobody has set them.
pub(super) fn clock(platform: &Platform, language: Language) -> Option<String> {
    let at = platform.zone.local(platform.clock.wall()?)?;
    Some(codes::clock(language, at.hour().into(), at.minute().into()))
}

/// The choice.
pub(super) fn section(platform: &Platform, desk: &Desk) -> Markup {
    let (language, now, zone) = (desk.language, platform.zone.text(), &platform.zone);
    let known = texts::ZONES.iter().any(|(value, _)| *value == now);
    let time = clock(platform, language);
    let select = html! {
        select #site-zone name="zone" aria-describedby="site-zone-hint" {
            @if !known { option value=(now) selected { (now) } }
            @for (value, text) in texts::ZONES { option value=(value) selected[*value == now] { (text.speak(language)) } }
        }
    };
    let hint = match &time {
        Some(time) => texts::HINT.speak(language).replace("{x}", time),
        None => texts::UNSET.speak(language).to_owned(),
    };
    html! {
        section #zone {
            h2 { (texts::TITLE.speak(language)) }
            @if zone.is_fixed() {
                p { b { (now) } } p.hint { (hint) " " (texts::FIXED.speak(language)) }
            } @else {
                form method="post" action="/system/zone" {
                    fieldset.sheet disabled[!desk.may_rule] {
                        legend.hush { (texts::TITLE.speak(language)) }
                        (frame::field("site-zone", texts::LABEL.speak(language), Some(&hint), None, &select))
                        @if desk.may_rule { button type="submit" { (texts::CHOOSE.speak(language)) } }
                    }
                }
            }
        }
    }
}
