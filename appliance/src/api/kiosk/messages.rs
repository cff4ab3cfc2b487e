//! Holds the routes by which staff tells workstations something: a message for the person, a command for the machine.
//! Never says that something was taken which was not. The route table holds them; the room keeps what waits.

use std::sync::Arc;

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desk::{Desk, staff, station_in};
use super::fault::{self, refused};
use super::view::Lens;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::kiosk::{Command, Left, Told};

/// A message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "text": "The library closes in ten minutes." }))]
struct AskedMessage {
    /// One line, at most 280 bytes.
    text: String,
}

/// What a machine is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CommandWord {
    /// Start again.
    Reboot,
    /// Switch off.
    Shutdown,
    /// Show which one it is.
    Identify,
}

/// A command.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name": "identify" }))]
struct AskedCommand {
    name: CommandWord,
}

/// Something on its way.
#[derive(Serialize, JsonSchema)]
struct Sent {
    /// Its number, the same at every workstation; a text, because not every language counts so far.
    id: String,
    /// Workstations it is for.
    workstations: usize,
}

/// Something told to a workstation.
#[derive(Serialize, JsonSchema)]
struct ToldView {
    id: String,
    /// `message` or `command`.
    kind: &'static str,
    /// The text, or the command's word.
    text: String,
    /// Who sent it; `null` when the account is gone, and for viewers.
    from: Option<String>,
    /// When.
    at: Option<String>,
    /// Whether the agent took it, or did what it was told; `null` until it says.
    ok: Option<bool>,
    /// The agent's words when it could not.
    detail: Option<String>,
}

/// What was told to a workstation, oldest first.
#[derive(Serialize, JsonSchema)]
struct AllTold {
    items: Vec<ToldView>,
    count: usize,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post("/api/postes/message", Access::Operator, "Show a message at every workstation")
            .reads::<AskedMessage>()
            .answers::<Sent>(202)
            .run_with(desk, broadcast),
        Route::post("/api/postes/{station}/message", Access::Operator, "Show a message at a workstation")
            .reads::<AskedMessage>()
            .answers::<Sent>(202)
            .run_with(desk, send),
        Route::post("/api/postes/{station}/command", Access::Operator, "Tell a machine to do something")
            .reads::<AskedCommand>()
            .answers::<Sent>(202)
            .run_with(desk, command),
        Route::get("/api/postes/{station}/messages", Access::Operator, "What was told to a workstation, and taken")
            .answers::<AllTold>(200)
            .run_with(desk, list),
    ]
}

fn sent(id: u64, workstations: usize) -> Outcome {
    Ok(Reply::json(&Sent { id: id.to_string(), workstations })?.status(StatusCode::ACCEPTED))
}

async fn broadcast(desk: Arc<Desk>, call: Call) -> Outcome {
    let (asked, by): (AskedMessage, _) = (call.json()?, staff(&call)?);
    let (id, count) = desk.visit(move |room| room.send_message(by, None, &asked.text).map_err(refused)).await?;
    sent(id, count)
}

async fn send(desk: Arc<Desk>, call: Call) -> Outcome {
    let (station, by) = (station_in(&call)?, staff(&call)?);
    let asked: AskedMessage = call.json()?;
    let told = desk.visit(move |room| room.send_message(by, Some(station), &asked.text).map_err(refused));
    let (id, count) = told.await?;
    sent(id, count)
}

async fn command(desk: Arc<Desk>, call: Call) -> Outcome {
    let (station, by) = (station_in(&call)?, staff(&call)?);
    let asked: AskedCommand = call.json()?;
    let command = match asked.name {
        CommandWord::Reboot => Command::Reboot,
        CommandWord::Shutdown => Command::Shutdown,
        CommandWord::Identify => Command::Identify,
    };
    sent(desk.visit(move |room| room.send_command(by, station, command).map_err(refused)).await?, 1)
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let station = station_in(&call)?;
    let items = desk.look(&call, move |room, lens| {
        room.station(station).ok_or_else(|| Problem::from(&fault::NO_STATION))?;
        Ok(room.told_to(station).iter().map(|told| view(told, lens)).collect())
    });
    let items: Vec<ToldView> = items.await?;
    Reply::json(&AllTold { count: items.len(), items })
}

fn view(told: &Told, lens: &Lens) -> ToldView {
    let (kind, text) = match &told.what {
        Left::Message(text) => ("message", text.clone()),
        Left::Command(command) => ("command", command.word().to_owned()),
    };
    ToldView {
        id: told.id.to_string(),
        kind,
        text,
        from: lens.account(told.from),
        at: lens.text(told.at),
        ok: told.answer.as_ref().map(Result::is_ok),
        detail: told.answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()),
    }
}
