//! Holds what a person says of several devices at once: those ticked in the list.
//! It never changes the appliance itself, and says how many it changed.
//! The list's form posts here; the route table holds the route.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::lan::{DeviceId, Edit, Role, Trust};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::desk::ended;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::network::Hands;

use super::House;
use super::acts::field;
use super::devices::PAGE_ROWS;
use super::frame;
use super::gate::{Desk, guard, safe_next};
use super::words::devices as words;

/// Names the form, for the boxes in the rows.
pub(super) const FORM: &str = "many";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let form = Route::post("/devices/many", Access::Public, "Say what several devices are, from the list")
        .takes(BodyRule::Form)
        .speaks(303, "text/html")
        .audits(Act::DeviceEdited);
    vec![guard(form, Access::Operator, house, say)]
}

/// The bar under the list, shown when something is ticked. `path` is the list as it is shown.
pub(super) fn bar(path: &str, language: Language) -> Markup {
    html! {
        form.many id=(FORM) method="post" action="/devices/many" aria-label=(words::TICKED.speak(language)) {
            input type="hidden" name="next" value=(path);
            span.count { (words::TICKED.speak(language)) }
            @for (value, text) in [("trusted", words::MARK_KNOWN), ("blocked", words::MARK_BLOCKED), ("unknown", words::MARK_UNKNOWN)] {
                button type="submit" name="trust" value=(value) { (text.speak(language)) }
            }
        }
    }
}

/// The box of a row.
pub(super) fn tick(id: DeviceId, name: &str, language: Language) -> Markup {
    html! {
        label.check {
            input type="checkbox" name="id" value=(id) form=(FORM) aria-label=(words::tick(language, name)) autocomplete="off";
        }
    }
}

async fn say(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let ids = form.iter().filter(|(name, _)| name == "id").take(PAGE_ROWS);
    let ids: Vec<DeviceId> = ids.filter_map(|(_, id)| id.parse().ok()).collect();
    let trust = match field(&form, "trust") {
        "trusted" => Trust::Trusted,
        "blocked" => Trust::Blocked,
        _ => Trust::Unknown,
    };
    let changed = house.network.call(move |hands| ids.into_iter().filter(|id| mark(hands, *id, trust)).count());
    let changed = changed.await.map_err(ended)?;
    let next = safe_next(field(&form, "next"));
    let mark = if next.contains('?') { '&' } else { '?' };
    tracing::debug!(changed, by = &*desk.username, "devices marked");
    let reply = Reply::see_other(&format!("{next}{mark}marked={changed}"));
    Ok(if changed == 0 { reply.unrecorded() } else { reply.telling(&format!("{changed} devices marked")) })
}

fn mark(hands: &mut Hands<'_>, id: DeviceId, trust: Trust) -> bool {
    let other =
        |device: &vigie_core::lan::Device| device.trust() != trust && !device.roles().any(|role| role == Role::Myself);
    hands.lan().device(id).is_some_and(other) && hands.edit(Edit::Trust(id, trust)).is_ok()
}

/// How many were changed, as the address says.
pub(super) fn notice(call: &Call, language: Language) -> Markup {
    let marked = call.query("marked").and_then(|count| count.parse::<usize>().ok());
    html! { @if let Some(count) = marked { (frame::notice(true, &words::marked(language, count))) } }
}
