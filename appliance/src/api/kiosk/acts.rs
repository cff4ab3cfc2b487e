//! Holds the routes of what is done with a session: a code is typed, time is added, it is paused and ended.
//! Never lets an agent act at another workstation, nor an operator grant more than a day allows.
//! The route table holds them; the room decides.

use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::{SessionId, StationId};

use super::beat::number_or_none;
use super::desk::{Desk, check_bound, json_or_default, session_in, staff};
use super::fault::{self, refused};
use super::sessions::{answer, shown};
use super::view::session::{OpenedView, SessionView, TimeView};
use crate::accounts::role::{Access, Role};
use crate::accounts::secret::{Secret, draw};
use crate::api::network::fault::NOT_AN_IP;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::kiosk::{Fault, Redeemed, Room, Seat, Staff};

/// A code that was typed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "code": "7K3M-9QXT", "workstation": 4 }))]
struct AskedCode {
    /// As typed: case, hyphens, and I, L, O for 1, 1, 0 do not matter.
    code: Secret,
    /// Number of the workstation; an agent leaves it out.
    #[serde(default)]
    workstation: Option<u32>,
    /// Address of the workstation, for who does not know its number.
    #[serde(default)]
    ip: Option<String>,
    /// A number drawn for this try: asked again with it, the same code gets the same answer.
    #[serde(default, deserialize_with = "number_or_none")]
    #[schemars(with = "Option<String>")]
    question: Option<u64>,
}

/// Where a session is started without its code.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "workstation": 4 }))]
struct AskedStart {
    /// Number of the workstation; left out: the one the code is for.
    workstation: Option<u32>,
}

/// How much time to add.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "minutes": 15 }))]
struct AskedTime {
    /// Minutes; negative takes away, never below what is used.
    minutes: Option<i32>,
    /// The same in milliseconds.
    ms: Option<i64>,
    /// It may outlast the opening hours with this.
    past_closing: bool,
}

/// Time that was added.
#[derive(Serialize, JsonSchema)]
struct AddedView {
    /// What really changed, in milliseconds.
    delta_ms: i64,
    #[serde(flatten)]
    session: SessionView,
}

/// Why a session is ended.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "reason": "The library closes now." }))]
struct AskedEnd {
    /// Shown to the person at the workstation, at most 280 bytes. Its beginning stands in the journal, from which nothing
    /// is ever removed: no names.
    reason: Option<String>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let act =
        |path, summary| Route::post(path, Access::Operator, summary).takes(BodyRule::Json).answers::<SessionView>(200);
    vec![
        Route::post("/api/sessions/validate_code", Access::AgentOrOperator, "A code is typed at a workstation")
            .reads::<AskedCode>()
            .answers::<OpenedView>(200)
            .run_with(desk, validate),
        Route::post("/api/sessions/{id}/start", Access::Operator, "Start a session without its code being typed")
            .reads::<AskedStart>()
            .answers::<OpenedView>(200)
            .run_with(desk, start),
        Route::post("/api/sessions/{id}/add_time", Access::Operator, "Add time, or take some away")
            .reads::<AskedTime>()
            .answers::<AddedView>(200)
            .run_with(desk, add_time),
        Route::post("/api/sessions/{id}/terminate", Access::Operator, "End a session; one that is over stays so")
            .reads::<AskedEnd>()
            .answers::<SessionView>(200)
            .run_with(desk, terminate),
        act("/api/sessions/{id}/suspend", "Stop the time of a running session").run_with(desk, suspend),
        act("/api/sessions/{id}/resume", "Let a suspended or interrupted session go on").run_with(desk, resume),
        Route::get("/api/sessions/{id}/time_remaining", Access::AgentOrViewer, "How much time is left")
            .answers::<TimeView>(200)
            .run_with(desk, time_remaining),
    ]
}

async fn validate(desk: Arc<Desk>, call: Call) -> Outcome {
    let own = if call.caller()?.role == Role::Agent { Some(desk.seat(&call)?) } else { None };
    let AskedCode { code, workstation, ip, question } = call.json()?;
    let opened = redeem(&desk, own, Typed { code, workstation, ip, question }).await?;
    Reply::json(&OpenedView::of(opened))
}

/// A code as it was typed, in a call or in a frame.
#[derive(Debug)]
pub(super) struct Typed {
    /// As typed.
    pub(super) code: Secret,
    /// Where, by number.
    pub(super) workstation: Option<u32>,
    /// Where, by address.
    pub(super) ip: Option<String>,
    /// The number of the try.
    pub(super) question: Option<u64>,
}

/// Opens a session by its code at the agent's own workstation, or at the one that staff names.
///
/// # Errors
/// `invalid` with what is missing, `forbidden` for an agent that names another workstation, and what the room says.
pub(super) async fn redeem(desk: &Desk, own: Option<Seat>, typed: Typed) -> Result<Redeemed, Problem> {
    let ip = typed.ip.as_deref().map(|text| text.trim().parse::<IpAddr>()).transpose();
    let ip = ip.map_err(|_| fault::invalid("/ip", &NOT_AN_IP))?;
    let named = typed.workstation.map(StationId);
    let question = match typed.question {
        Some(question) => question,
        None => draw::<8>().map(u64::from_be_bytes).map_err(|_| refused(Fault::NoRandomness))?,
    };
    desk.visit(move |room| {
        let named = match (named, ip) {
            (Some(station), _) => Some(station),
            (None, Some(ip)) => Some(room.station_at(ip).ok_or_else(|| fault::invalid("/ip", &fault::NO_STATION))?),
            (None, None) => None,
        };
        let seat = match (own, named) {
            (Some(own), Some(named)) if own.station != named => return Err((&faults::FORBIDDEN).into()),
            (Some(own), _) => own,
            (None, Some(named)) => Seat::by_staff(named),
            (None, None) => return Err(fault::invalid("/workstation", &fault::STATION_NEEDED)),
        };
        if room.station(seat.station).is_none() {
            return Err(fault::invalid("/workstation", &fault::NO_STATION));
        }
        room.redeem(seat, typed.code.expose(), question).map_err(refused)
    })
    .await
}

async fn start(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (session_in(&call)?, staff(&call)?);
    let asked: AskedStart = json_or_default(&call)?;
    let opened = desk.visit(move |room| start_at(room, by, id, asked.workstation.map(StationId)));
    Reply::json(&OpenedView::of(opened.await?))
}

/// Starts a session at a workstation, or at the one its code is for.
///
/// # Errors
/// `no_such_session`, `workstation_needed`, and what the room says.
pub(super) fn start_at(
    room: &mut Room,
    by: Staff,
    id: SessionId,
    station: Option<StationId>,
) -> Result<Redeemed, Problem> {
    let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
    let station = station.or(kept.station).ok_or_else(|| fault::invalid("/workstation", &fault::STATION_NEEDED))?;
    if room.station(station).is_none() {
        return Err(fault::invalid("/workstation", &fault::NO_STATION));
    }
    room.start(by, id, station).map_err(refused)
}

/// Refuses an operator what exceeds a day's share.
///
/// # Errors
/// `beyond_limit`.
pub(super) fn check_limit(room: &Room, role: Role, granted_ms: u64) -> Result<(), Problem> {
    let limit_ms = room.settings().quota.time_ms;
    if role == Role::Admin || granted_ms <= limit_ms {
        return Ok(());
    }
    Err(Problem::from(&fault::BEYOND_LIMIT).with("minutes", limit_ms / 60_000))
}

/// Adds time or takes some away. Gives what really changed, in milliseconds.
///
/// # Errors
/// `beyond_limit` for an operator, and what the room says.
pub(crate) fn change_time(
    room: &mut Room,
    by: Staff,
    role: Role,
    id: SessionId,
    delta_ms: i64,
    past_closing: bool,
) -> Result<i64, Problem> {
    let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
    if delta_ms > 0 {
        check_limit(room, role, kept.granted_ms.saturating_add(delta_ms.unsigned_abs()))?;
    }
    room.add_time(by, id, delta_ms, past_closing).map_err(refused)
}

async fn add_time(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, role) = (session_in(&call)?, staff(&call)?, call.caller()?.role);
    let asked: AskedTime = call.json()?;
    let delta_ms = match (asked.minutes, asked.ms) {
        (Some(minutes), None) => i64::from(minutes) * 60_000,
        (None, Some(ms)) => ms,
        _ => return Err(fault::invalid("/minutes", &fault::NO_TIME)),
    };
    if delta_ms == 0 || delta_ms.unsigned_abs() > 24 * 3_600_000 {
        return Err(fault::invalid(if asked.ms.is_some() { "/ms" } else { "/minutes" }, &fault::BAD_LENGTH));
    }
    let added = desk.look(&call, move |room, lens| {
        let delta_ms = change_time(room, by, role, id, delta_ms, asked.past_closing)?;
        let (session, tag) = shown(room, lens, id)?;
        Ok((AddedView { delta_ms, session }, tag))
    });
    let (view, tag) = added.await?;
    Ok(Reply::json(&view)?.tag(&tag))
}

async fn terminate(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (session_in(&call)?, staff(&call)?);
    let asked: AskedEnd = json_or_default(&call)?;
    let ended = desk.look(&call, move |room, lens| {
        let kept = room.session(id).ok_or_else(|| Problem::from(&fault::NO_SESSION))?;
        let reason = asked.reason.filter(|reason| !reason.trim().is_empty());
        if let (Some(reason), Some(station), true) = (&reason, kept.station, kept.state.is_live()) {
            match room.send_message(by, Some(station), reason) {
                // A workstation that takes no messages must not keep a session from ending.
                Ok(_) | Err(Fault::Full(_)) => {}
                Err(Fault::Field(field)) => {
                    let field = crate::shell::kiosk::BadField { field: "reason", ..field };
                    return Err(refused(Fault::Field(field)));
                }
                Err(why) => return Err(refused(why)),
            }
        }
        room.end_because(by, id, reason.as_deref().unwrap_or_default()).map_err(refused)?;
        shown(room, lens, id)
    });
    answer(ended.await?)
}

async fn suspend(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (session_in(&call)?, staff(&call)?);
    let done = desk.look(&call, move |room, lens| {
        room.suspend(by, id).map_err(refused)?;
        shown(room, lens, id)
    });
    answer(done.await?)
}

async fn resume(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (session_in(&call)?, staff(&call)?);
    let done = desk.look(&call, move |room, lens| {
        room.resume(by, id).map_err(refused)?;
        shown(room, lens, id)
    });
    answer(done.await?)
}

async fn time_remaining(desk: Arc<Desk>, call: Call) -> Outcome {
    let (bound, id) = (desk.bound(&call)?, session_in(&call)?);
    let view = desk.visit(move |room| {
        check_bound(room, bound, id)?;
        room.session(id).map(|kept| TimeView::of(&kept)).ok_or_else(|| Problem::from(&fault::NO_SESSION))
    });
    Reply::json(&view.await?)
}
