//! Holds the routes of sessions: the list, one, new codes singly and by the sheet, numbers.
//! Never shows a code twice. The route table holds them; the room decides.

use std::cmp::Reverse;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::desk::Refusal;
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::{GroupId, PersonId, SessionId, StationId};
use vigie_core::order::sort_by_key;

use super::acts::{change_time, check_limit};
use super::desk::{Desk, Seen, check_bound, session_in, staff};
use super::fault::{self, refused, refused_in_body};
use super::view::Lens;
use super::view::report::ReportView;
use super::view::session::{SessionView, tag_of};
use crate::accounts::role::{Access, Role};
use crate::http::call::Call;
use crate::http::list::{Page, Window};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Holds, Outcome, Route};
use crate::shell::kiosk::{Fault, Order, Room, SessionView as Kept, Staff, Wish, words};

/// Words of the states.
const STATUSES: [&str; 8] = ["pending", "active", "suspended", "interrupted", "expired", "ended", "closed", "void"];

/// What a code is wanted for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "user": 7, "group": 1, "minutes": 60, "valid_minutes": 30 }))]
struct AskedSession {
    /// Number of the user, who must have agreed to what is kept; left out: a guest.
    user: Option<u32>,
    /// Number of the workstation at which alone it is good.
    workstation: Option<u32>,
    /// Number of the group in which alone it is good.
    group: Option<u8>,
    /// Minutes of use, 1 to 1,440; left out: what the group or the site usually gives.
    minutes: Option<u16>,
    /// Minutes for which the code is good, 1 to 10,080; left out: the site's.
    valid_minutes: Option<u16>,
    /// Eight digits, for a keypad; with a workstation and for 15 minutes at most.
    digits: bool,
    /// The session may outlast the opening hours.
    past_closing: bool,
}

/// A sheet of codes alike.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "count": 20, "group": 1, "minutes": 30 }))]
struct AskedBatch {
    /// How many: 1 to 40. All are made, or none.
    count: usize,
    /// Number of the group in which alone they are good.
    group: Option<u8>,
    /// Number of the workstation at which alone they are good.
    workstation: Option<u32>,
    /// Minutes of use, 1 to 1,440; left out: what the group or the site usually gives.
    minutes: Option<u16>,
    /// Minutes for which they are good, 1 to 10,080; left out: the site's.
    valid_minutes: Option<u16>,
    /// The sessions may outlast the opening hours.
    past_closing: bool,
}

/// One code of a sheet.
#[derive(Serialize, JsonSchema)]
struct CodeView {
    /// Number of its session.
    id: u64,
    /// `XXXX-XXXX`; told here and never again.
    code: String,
}

/// A sheet of codes.
#[derive(Serialize, JsonSchema)]
struct Batch {
    items: Vec<CodeView>,
    count: usize,
    /// Milliseconds of use of each.
    granted_ms: u64,
    /// Milliseconds for which they are good.
    valid_ms: u64,
}

/// What is to be another. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "minutes": 90 }))]
struct AskedChange {
    /// Minutes granted in all; never below what is used.
    minutes: Option<u16>,
    /// `active`, `suspended` or `ended`.
    status: Option<StatusWord>,
}

/// All that can be said of a session anew.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "minutes": 90, "status": "suspended" }))]
struct AskedWhole {
    /// Minutes granted in all; never below what is used.
    minutes: u16,
    /// Left out: as it is.
    #[serde(default)]
    status: Option<StatusWord>,
}

/// What staff can bring a session to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StatusWord {
    /// Its time runs.
    Active,
    /// Its time stands still.
    Suspended,
    /// It is over.
    Ended,
}

/// Sessions in numbers.
#[derive(Serialize, JsonSchema)]
struct Stats {
    /// Codes nobody used yet.
    pending: usize,
    active: usize,
    suspended: usize,
    interrupted: usize,
    /// Over, and their workstations are being cleaned.
    leaving: usize,
    /// Past sessions that are remembered.
    past: usize,
    /// What today came to; `null` before anything did.
    today: Option<ReportView>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let one = "/api/sessions/{id}";
    vec![
        Route::get("/api/sessions", Access::Viewer, "Sessions and codes, past ones included, newest first")
            .lists()
            .query_of("status", Holds::Word(&STATUSES), "Only with this status.")
            .query_of("user", Holds::Number(0, u64::from(u32::MAX)), "Only of the user of this number.")
            .query_of("workstation", Holds::Number(0, u64::from(u32::MAX)), "Only at the workstation of this number.")
            .answers::<Page<SessionView>>(200)
            .run_with(desk, list),
        Route::post("/api/sessions", Access::Operator, "Make a code; it is told in this answer and never again")
            .reads::<AskedSession>()
            .answers::<SessionView>(201)
            .run_with(desk, create),
        Route::post("/api/sessions/batch", Access::Operator, "Make up to forty codes alike, for guests: all or none")
            .reads::<AskedBatch>()
            .answers::<Batch>(201)
            .run_with(desk, create_batch),
        Route::get("/api/sessions/actives", Access::Viewer, "Sessions that have begun and are not over, newest first")
            .lists()
            .answers::<Page<SessionView>>(200)
            .run_with(desk, list_active),
        Route::get("/api/sessions/stats", Access::Viewer, "How many sessions now, and what today came to")
            .answers::<Stats>(200)
            .run_with(desk, stats),
        Route::get(one, Access::AgentOrViewer, "One session, with an ETag for a change")
            .answers::<SessionView>(200)
            .run_with(desk, show),
        Route::put(one, Access::Operator, "Set the time granted in all, and how the session stands")
            .reads::<AskedWhole>()
            .answers::<SessionView>(200)
            .run_with(desk, replace),
        Route::patch(one, Access::Operator, "Set the time granted in all, or how the session stands")
            .reads::<AskedChange>()
            .answers::<SessionView>(200)
            .run_with(desk, change),
        Route::delete(one, Access::Operator, "Take a code back that nobody used, or end the session; it is remembered")
            .run_with(desk, remove),
    ]
}

/// A session as the caller sees it, with its tag.
pub(super) fn shown(room: &Room, lens: &Lens, id: SessionId) -> Result<(SessionView, String), Problem> {
    let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
    Ok((SessionView::of(&kept, room, lens), tag_of(&kept)))
}

pub(super) fn answer((view, tag): (SessionView, String)) -> Outcome {
    Ok(Reply::json(&view)?.tag(&tag))
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let bad = |name: &'static str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
    let status = call.query("status").filter(|word| !word.is_empty());
    let state = status.map(|word| words::status_of(word).ok_or_else(|| bad("status"))).transpose()?;
    let person = call.query_as("user")?.map(PersonId);
    let station = call.query_as("workstation")?.map(StationId);
    let wish = Wish { person, station, state, before: None };
    pass(&desk, &call, wish, |_| true).await
}

async fn list_active(desk: Arc<Desk>, call: Call) -> Outcome {
    pass(&desk, &call, Wish::default(), |view| view.state.is_live()).await
}

async fn pass(desk: &Desk, call: &Call, wish: Wish, takes: fn(&Kept) -> bool) -> Outcome {
    let window = Window::<Reverse<u64>>::of(call)?;
    let page = desk.look(call, move |room, lens| {
        let wanted = |view: &Kept| {
            wish.person.is_none_or(|person| view.person == Some(person))
                && wish.station.is_none_or(|station| view.station == Some(station))
                && wish.state.is_none_or(|state| view.state == state)
        };
        let mut all: Vec<Kept> = room.sessions().into_iter().filter(wanted).collect();
        all.extend(room.past(wish, usize::MAX));
        all.retain(takes);
        newest_first(&mut all);
        all.dedup_by_key(|view| view.id);
        let page = window.cut(all, |view| Reverse(view.id.0));
        let items = page.items.iter().map(|view| SessionView::of(view, room, lens)).collect();
        Ok(Page { items, count: page.count, next: page.next })
    });
    Reply::json(&page.await?)
}

/// The order of lists of sessions.
pub(super) fn newest_first(sessions: &mut [Kept]) {
    sort_by_key(sessions, |view| Reverse(view.id));
}

async fn stats(desk: Arc<Desk>, _call: Call) -> Outcome {
    let stats = desk.visit(|room| {
        let all = room.sessions();
        let count = |state| all.iter().filter(|view| view.state == state).count();
        let today = room.today().and_then(|day| Some((super::reports::date_of(day)?, room.report(day)?)));
        Ok(Stats {
            pending: count(State::Pending),
            active: count(State::Active),
            suspended: count(State::Suspended),
            interrupted: count(State::Interrupted),
            leaving: all.iter().filter(|view| view.state.is_leaving()).count(),
            past: room.past_count(),
            today: today.map(|(date, kept)| ReportView::of(date, kept)),
        })
    });
    Reply::json(&stats.await?)
}

/// An operator may not grant more at once than a person may have in a day; an administrator may.
///
/// # Errors
/// `beyond_limit`.
pub(crate) fn check_grant(room: &Room, role: Role, order: &Order) -> Result<(), Problem> {
    match order.minutes {
        Some(minutes) => check_limit(room, role, u64::from(minutes) * 60_000),
        None => Ok(()),
    }
}

async fn create(desk: Arc<Desk>, call: Call) -> Outcome {
    let (by, role) = (staff(&call)?, call.caller()?.role);
    let asked: AskedSession = call.json()?;
    let order = Order {
        person: asked.user.map(PersonId),
        station: asked.workstation.map(StationId),
        group: asked.group.map(GroupId),
        minutes: asked.minutes,
        valid_minutes: asked.valid_minutes,
        digits: asked.digits,
        past_closing: asked.past_closing,
    };
    let made = desk.look(&call, move |room, lens| {
        check_grant(room, role, &order)?;
        let issued = room.issue(by, &order).map_err(refused_in_body)?;
        let (view, tag) = shown(room, lens, issued.session)?;
        Ok((view.with_code(&issued.code), tag))
    });
    let (view, tag) = made.await?;
    let place = format!("/api/sessions/{}", view.id);
    Ok(answer((view, tag))?.status(StatusCode::CREATED).header(LOCATION, &place))
}

async fn create_batch(desk: Arc<Desk>, call: Call) -> Outcome {
    let (by, role) = (staff(&call)?, call.caller()?.role);
    let asked: AskedBatch = call.json()?;
    let order = Order {
        station: asked.workstation.map(StationId),
        group: asked.group.map(GroupId),
        minutes: asked.minutes,
        valid_minutes: asked.valid_minutes,
        past_closing: asked.past_closing,
        ..Order::default()
    };
    let issued = desk.visit(move |room| {
        check_grant(room, role, &order)?;
        room.issue_batch(by, &order, asked.count).map_err(refused_in_body)
    });
    let issued = issued.await?;
    let first = issued.first();
    let (granted_ms, valid_ms) = first.map_or((0, 0), |first| (first.granted_ms, first.valid_ms));
    // Short, so that the whole sheet is kept for a retry: a code that was not heard could not be told again.
    let view =
        |issued: &crate::shell::kiosk::Issued| CodeView { id: issued.session.0, code: issued.code.expose().to_owned() };
    let items: Vec<CodeView> = issued.iter().map(view).collect();
    Ok(Reply::json(&Batch { count: items.len(), items, granted_ms, valid_ms })?.status(StatusCode::CREATED))
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let (bound, id) = (desk.bound(&call)?, session_in(&call)?);
    let found = desk.look(&call, move |room, lens| {
        check_bound(room, bound, id)?;
        shown(room, lens, id)
    });
    // Never "not modified": the tag is that of what staff may change, and the time goes on by itself.
    answer(found.await?)
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedWhole = call.json()?;
    put(&desk, &call, AskedChange { minutes: Some(asked.minutes), status: asked.status }).await
}

async fn change(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedChange = call.json()?;
    put(&desk, &call, asked).await
}

async fn put(desk: &Desk, call: &Call, asked: AskedChange) -> Outcome {
    let (id, by, role, seen) = (session_in(call)?, staff(call)?, call.caller()?.role, Seen::of(call));
    let changed = desk.look(call, move |room, lens| {
        let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
        seen.check(&tag_of(&kept))?;
        // Before anything is changed: all of it, or nothing.
        check_step(room, &kept, asked.status)?;
        if let Some(minutes) = asked.minutes {
            let wanted_ms = i64::from(minutes) * 60_000;
            let granted_ms = i64::try_from(kept.granted_ms).unwrap_or(i64::MAX);
            if minutes == 0 || wanted_ms > 24 * 3_600_000 {
                return Err(fault::invalid("/minutes", &fault::BAD_LENGTH));
            }
            if wanted_ms != granted_ms {
                change_time(room, by, role, id, wanted_ms - granted_ms, false)?;
            }
        }
        bring_to(room, by, &kept, asked.status)?;
        shown(room, lens, id)
    });
    answer(changed.await?)
}

/// Refuses a status the session cannot be brought to from where it stands, or not at this hour.
fn check_step(room: &Room, kept: &Kept, wanted: Option<StatusWord>) -> Result<(), Problem> {
    match (wanted, kept.state) {
        (None | Some(StatusWord::Ended), _) | (Some(StatusWord::Active), State::Active) => Ok(()),
        (Some(StatusWord::Active), _) => room.may_resume(kept.id).map_err(refused),
        (Some(StatusWord::Suspended), State::Active | State::Suspended) => Ok(()),
        (Some(StatusWord::Suspended), state) => Err(refused(Fault::Desk(Refusal::NotNow(state)))),
    }
}

fn bring_to(room: &mut Room, by: Staff, kept: &Kept, wanted: Option<StatusWord>) -> Result<(), Problem> {
    match (wanted, kept.state) {
        (None, _) | (Some(StatusWord::Active), State::Active) | (Some(StatusWord::Suspended), State::Suspended) => {
            Ok(())
        }
        (Some(StatusWord::Active), _) => room.resume(by, kept.id).map_err(refused),
        (Some(StatusWord::Suspended), _) => room.suspend(by, kept.id).map_err(refused),
        (Some(StatusWord::Ended), _) => room.end(by, kept.id).map(drop).map_err(refused),
    }
}

async fn remove(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, seen) = (session_in(&call)?, staff(&call)?, Seen::of(&call));
    desk.visit(move |room| {
        let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
        seen.check(&tag_of(&kept))?;
        room.end(by, id).map(drop).map_err(refused)
    })
    .await?;
    Ok(Reply::empty())
}
