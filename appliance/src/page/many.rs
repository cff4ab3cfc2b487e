//! Holds what a person says of several devices at once: those ticked in the list.
//! It never changes the appliance itself, says how many it changed, and takes it back for an hour.
//! The list's form posts here; the route table holds the route.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maud::{Markup, html};
use tokio::time::Instant;
use vigie_core::lan::{DeviceId, Edit, Role, Trust};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::desk::ended;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Draft, Outcome, Route};
use crate::shell::network::Hands;

use super::House;
use super::acts::field;
use super::devices::PAGE_ROWS;
use super::frame;
use super::gate::{Desk, guard, safe_next};
use super::icon::icon;
use super::words::{devices as words, overview};

/// Names the form, for the boxes in the rows.
pub(super) const FORM: &str = "many";

/// Marks that can be undone, of all people together: 16 of 100 devices are 26 kB. The oldest makes room.
const MAX_BATCHES: usize = 16;
/// How long an undo is offered.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let form = |path, about| -> Draft {
        let draft = Route::post(path, Access::Public, about).takes(BodyRule::Form).speaks(303, "text/html");
        draft.audits(Act::DeviceEdited)
    };
    let mark = form("/devices/many", "Say what several devices are, from the list");
    let undo = form("/devices/many/undo", "Take back what was just said of several devices, from the list");
    vec![guard(mark, Access::Operator, house, say), guard(undo, Access::Operator, house, take_back)]
}

/// What somebody said of several devices at once, and what was said of each before.
struct Batch {
    number: u64,
    who: Arc<str>,
    at: Instant,
    said: Trust,
    before: Vec<(DeviceId, Trust)>,
}

/// The last marks, so that a slip can be undone.
#[derive(Default)]
pub(super) struct Marks(Mutex<(u64, VecDeque<Batch>)>);

impl Marks {
    /// Keeps a mark for its undo; gives its number.
    fn keep(&self, who: Arc<str>, said: Trust, before: Vec<(DeviceId, Trust)>) -> u64 {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, batches) = &mut *marks;
        *last += 1;
        if batches.len() >= MAX_BATCHES {
            batches.pop_front();
        }
        batches.push_back(Batch { number: *last, who, at: Instant::now(), said, before });
        *last
    }

    /// Takes out a mark of this person.
    fn take(&self, who: &str, number: u64) -> Option<Batch> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = &mut marks.1;
        batches.retain(|batch| batch.at.elapsed() < KEPT_FOR);
        let at = batches.iter().position(|batch| batch.number == number && *batch.who == *who)?;
        batches.remove(at)
    }
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
    let changed = house
        .network
        .call(move |hands| ids.into_iter().filter_map(|id| Some((id, mark(hands, id, trust)?))).collect::<Vec<_>>());
    let before = changed.await.map_err(ended)?;
    let changed = before.len();
    let next = safe_next(field(&form, "next"));
    if changed == 0 {
        return Ok(Reply::see_other(&with_query(next, "marked=0")).unrecorded());
    }
    let number = house.marks.keep(desk.username.clone(), trust, before);
    let reply = Reply::see_other(&with_query(next, &format!("marked={changed}&undo={number}")));
    Ok(reply.telling(&format!("{changed} devices marked")))
}

async fn take_back(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let next = safe_next(field(&form, "next"));
    let batch = field(&form, "undo").parse().ok().and_then(|number| house.marks.take(&desk.username, number));
    let Some(Batch { said, before, .. }) = batch else {
        return Ok(Reply::see_other(&with_query(next, "unmarked=late")).unrecorded());
    };
    // What somebody has said otherwise since is theirs.
    let still = move |hands: &Hands<'_>, id| hands.lan().device(id).is_some_and(|device| device.trust() == said);
    let undone = house.network.call(move |hands| {
        let back = before.into_iter().filter(|(id, was)| still(hands, *id) && mark(hands, *id, *was).is_some());
        back.count()
    });
    let undone = undone.await.map_err(ended)?;
    let reply = Reply::see_other(&with_query(next, &format!("unmarked={undone}")));
    Ok(if undone == 0 { reply.unrecorded() } else { reply.telling(&format!("{undone} devices marked as before")) })
}

/// A path with something more in its query.
fn with_query(path: &str, more: &str) -> String {
    format!("{path}{}{more}", if path.contains('?') { '&' } else { '?' })
}

/// Says something of a device; gives what was said before, nothing when that is the same.
fn mark(hands: &mut Hands<'_>, id: DeviceId, trust: Trust) -> Option<Trust> {
    let device = hands.lan().device(id)?;
    let before = device.trust();
    let other = before != trust && !device.roles().any(|role| role == Role::Myself);
    (other && hands.edit(Edit::Trust(id, trust)).is_ok()).then_some(before)
}

/// How many were changed, as the address says, with the undo of it; `path` is the list as it is shown.
pub(super) fn notice(call: &Call, path: &str, desk: &Desk) -> Markup {
    let language = desk.language;
    let count = |name| call.query(name).and_then(|count| count.parse::<usize>().ok());
    let undo = call.query("undo").and_then(|number| number.parse::<u64>().ok()).filter(|_| desk.may_work);
    html! {
        @if let Some(count) = count("marked") {
            div.notice.good #said role="status" {
                (icon("check")) p { (words::marked(language, count)) }
                @if let Some(undo) = undo {
                    form method="post" action="/devices/many/undo" {
                        input type="hidden" name="next" value=(path);
                        input type="hidden" name="undo" value=(undo);
                        button type="submit" { (overview::UNDO.speak(language)) }
                    }
                }
            }
        } @else if let Some(count) = count("unmarked") {
            (frame::notice(true, &words::unmarked(language, count)))
        } @else if call.query("unmarked").is_some() {
            (frame::notice(false, words::UNDO_LATE.speak(language)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_mark_can_be_undone_once_by_who_made_it_for_an_hour_and_only_the_last_are_kept() {
        let marks = Marks::default();
        let before = vec![(DeviceId(1), Trust::Blocked)];
        let first = marks.keep("ada".into(), Trust::Trusted, before.clone());
        assert!(marks.take("bob", first).is_none(), "not somebody else's");
        assert_eq!(marks.take("ada", first).map(|batch| (batch.said, batch.before)), Some((Trust::Trusted, before)));
        assert!(marks.take("ada", first).is_none(), "once");
        let numbers: Vec<u64> =
            (0..=MAX_BATCHES).map(|_| marks.keep("ada".into(), Trust::Unknown, Vec::new())).collect();
        assert!(marks.take("ada", numbers[0]).is_none() && marks.take("ada", numbers[1]).is_some());
        tokio::time::advance(KEPT_FOR).await;
        assert!(marks.take("ada", numbers[2]).is_none());
    }
}
