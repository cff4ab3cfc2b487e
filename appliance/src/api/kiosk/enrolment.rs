//! Holds the routes by which a machine becomes a workstation: it asks, shows a number, staff approves the number.
//! Never gives a token to anybody but who asked with the secret question. The route table holds them; the room decides.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::{BootId, GroupId, StationId};
use vigie_wire::Mac;

use super::beat::hex;
use super::desk::{Desk, json_or_default, staff};
use super::fault::{self, refused, refused_in_body};
use super::view::station::{KnockingView, WorkstationView};
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::api::network::fault::NOT_A_MAC;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::kiosk::{Approval, Fault, Knock, Knocked, Room};

/// How often a machine looks whether it was let in: a person walks from its screen to the desk meanwhile.
const POLL_MS: u64 = 3_000;

/// A machine that wants to be a workstation.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(example = serde_json::json!({ "mac": "00:11:22:33:44:55", "name": "salle-1", "boot": "000102030405060708090a0b0c0d0e0f", "agent_version": "1.2", "question": "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0" }))]
struct AskedKnock {
    /// Its MAC.
    mac: String,
    /// What it calls itself; may be empty.
    #[serde(default)]
    name: String,
    /// Its boot: 32 hex digits, hyphens allowed.
    boot: String,
    /// Version of its agent.
    #[serde(default)]
    agent_version: String,
    /// 64 hex digits it drew and keeps secret: they prove later that it is the same machine.
    question: Secret,
}

/// What it is told.
#[derive(Serialize, JsonSchema)]
struct KnockedView {
    /// Six digits to show on its screen.
    number: String,
    /// How often to look, in milliseconds.
    poll_ms: u64,
    /// The public key that signs leases: 64 hex digits.
    key: String,
    /// The certificate of the appliance's authority, in PEM; `null` without TLS.
    ca: Option<String>,
}

/// The question a machine asked with.
#[derive(Debug, Deserialize, JsonSchema)]
struct AskedStatus {
    /// 64 hex digits.
    question: Secret,
}

/// A workstation, as its own machine is told of it.
#[derive(Serialize, JsonSchema)]
struct OwnView {
    id: u32,
    name: String,
    group: Option<u8>,
}

/// What became of a machine that asked.
#[derive(Serialize, JsonSchema)]
struct StatusView {
    /// `waiting`, `approved`, `refused` or `unknown`.
    state: &'static str,
    /// What to show while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Which one it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    workstation: Option<OwnView>,
    /// Its token, told until it was used once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Machines that wait.
#[derive(Serialize, JsonSchema)]
struct Waiting {
    items: Vec<KnockingView>,
    count: usize,
}

/// As what a machine is let in.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name": "Poste 4", "group": 1 }))]
struct AskedApproval {
    /// Name of a new workstation; its own word when left out.
    name: String,
    /// Number of its group.
    group: Option<u8>,
    /// Number of a workstation it is to be, in place of the machine that was it before. With nothing said at all: the one
    /// that is known by its MAC, else a new one.
    workstation: Option<u32>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let base = "/api/postes/enrolment";
    vec![
        // Public: a machine nobody knows has nothing to prove itself with. It is given a number and nothing else.
        Route::post(base, Access::Public, "A machine asks to be a workstation; the same question gets the same number")
            .reads::<AskedKnock>()
            .answers::<KnockedView>(202)
            .run_with(desk, knock),
        Route::post("/api/postes/enrolment/status", Access::Public, "A machine looks whether it was let in")
            .reads::<AskedStatus>()
            .answers::<StatusView>(200)
            .run_with(desk, status),
        Route::get(base, Access::Operator, "Machines that wait to be let in")
            .answers::<Waiting>(200)
            .run_with(desk, list),
        Route::post(
            "/api/postes/enrolment/{number}/approve",
            Access::Operator,
            "Let in the machine that shows a number",
        )
        .reads::<AskedApproval>()
        .answers::<WorkstationView>(200)
        .run_with(desk, approve),
        Route::post(
            "/api/postes/enrolment/{number}/refuse",
            Access::Operator,
            "Turn away the machine that shows a number",
        )
        .takes(BodyRule::Json)
        .answers::<()>(204)
        .run_with(desk, refuse),
    ]
}

async fn knock(desk: Arc<Desk>, call: Call) -> Outcome {
    desk.gate.pass(call.platform.clock.now(), call.peer)?;
    let asked: AskedKnock = call.json()?;
    let knock = Knock {
        mac: asked.mac.trim().parse::<Mac>().map_err(|_| fault::invalid("/mac", &NOT_A_MAC))?,
        name: asked.name,
        boot: BootId(hex(&asked.boot.replace('-', ""), "/boot")?),
        agent_version: asked.agent_version,
        question: hex(asked.question.expose(), "/question")?,
        from: call.peer,
    };
    let knocked = desk.visit(move |room| room.knock(&knock).map_err(refused)).await?;
    // Whoever was answered already finds out as everybody does, by the other call; its number is of no use any more.
    let number = if let Knocked::Waiting { number } = knocked { number } else { 0 };
    let view = KnockedView {
        number: format!("{number:06}"),
        poll_ms: POLL_MS,
        key: HEXLOWER.encode(desk.kiosk.lease_key()),
        ca: call.platform.tls.as_ref().map(|tls| tls.shown().authority_pem()),
    };
    Ok(Reply::json(&view)?.status(StatusCode::ACCEPTED))
}

async fn status(desk: Arc<Desk>, call: Call) -> Outcome {
    desk.gate.pass(call.platform.clock.now(), call.peer)?;
    let asked: AskedStatus = call.json()?;
    let question = hex(asked.question.expose(), "/question")?;
    let view = desk.visit(move |room| {
        let view = |state| StatusView { state, number: None, workstation: None, token: None };
        Ok(match room.knocked(&question) {
            Knocked::Waiting { number } => StatusView { number: Some(format!("{number:06}")), ..view("waiting") },
            Knocked::Approved { station, token } => StatusView {
                workstation: own(room, station),
                token: Some(token.expose().to_owned()),
                ..view("approved")
            },
            Knocked::Refused => view("refused"),
            Knocked::Unknown => view("unknown"),
        })
    });
    Reply::json(&view.await?)
}

fn own(room: &Room, station: StationId) -> Option<OwnView> {
    let view = room.station(station)?;
    Some(OwnView { id: view.id.0, name: view.name, group: view.group.map(|group| group.0) })
}

async fn list(desk: Arc<Desk>, _call: Call) -> Outcome {
    let items: Vec<_> = desk.visit(|room| Ok(room.knocking().iter().map(KnockingView::of).collect())).await?;
    Reply::json(&Waiting { count: items.len(), items })
}

/// The number in the path, as the screen of the machine shows it.
fn number_in(call: &Call) -> Result<u32, Problem> {
    let text = call.parameter("number");
    let digits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| Problem::from(&fault::NO_ENROLMENT))
}

async fn approve(desk: Arc<Desk>, call: Call) -> Outcome {
    let by = staff(&call)?;
    let asked: AskedApproval = json_or_default(&call)?;
    let number = number_in(&call)?;
    let approval =
        Approval { name: asked.name, group: asked.group.map(GroupId), station: asked.workstation.map(StationId) };
    let view = desk.look(&call, move |room, lens| {
        let refuse = |why| if why == Fault::NoEnrolment { refused(why) } else { refused_in_body(why) };
        let station = room.approve(by, number, &approval).map_err(refuse)?;
        let view = room.station(station).ok_or_else(|| Problem::from(&fault::NO_STATION))?;
        Ok(WorkstationView::of(&view, lens, None))
    });
    Reply::json(&view.await?)
}

async fn refuse(desk: Arc<Desk>, call: Call) -> Outcome {
    let (by, number) = (staff(&call)?, number_in(&call)?);
    desk.visit(move |room| room.refuse(by, number).map_err(refused)).await?;
    Ok(Reply::empty())
}
