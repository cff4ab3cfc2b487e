//! Holds the routes that make one device of two, undo that, and keep two apart.
//! Never guesses: a person names both. The route table holds them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::lan::{Edit, Refusal};

use vigie_core::audit::Kind as Act;

use super::BASE;
use super::desk::{Desk, find};
use super::devices::detail;
use super::fault;
use super::view::DeviceDetail;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

/// The other device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "with": "00:11:22:33:44:55" }))]
struct Other {
    /// Its id, MAC or address.
    with: String,
}

/// How to take it back.
#[derive(Serialize, JsonSchema)]
struct Undo {
    /// Always `POST`.
    method: &'static str,
    /// Where.
    path: String,
    /// What to send; `null` for nothing.
    body: Option<serde_json::Value>,
}

/// Two became one.
#[derive(Serialize, JsonSchema)]
struct MergeDone {
    /// The one that stayed.
    device: DeviceDetail,
    /// How to take it back.
    undo: Undo,
}

/// One became two again.
#[derive(Serialize, JsonSchema)]
struct SplitDone {
    /// The one that stayed.
    device: DeviceDetail,
    /// The one that came out of it.
    split_off: DeviceDetail,
    /// How to take it back.
    undo: Undo,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post("/api/network/v2/devices/{id}/merge", Access::Operator, "Make one device of two; this one stays")
            .reads::<Other>()
            .answers::<MergeDone>(200)
            .audits(Act::DevicesMerged)
            .run_with(desk, merge),
        Route::post("/api/network/v2/devices/{id}/split", Access::Operator, "Undo the last merge of a device")
            .takes(BodyRule::Json)
            .answers::<SplitDone>(200)
            .audits(Act::DevicesSplit)
            .run_with(desk, split),
        Route::post("/api/network/v2/devices/{id}/keep_apart", Access::Operator, "Say that two devices are two")
            .reads::<Other>()
            .answers::<DeviceDetail>(200)
            .audits(Act::DevicesSplit)
            .run_with(desk, keep_apart),
    ]
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Meaningless => fault::invalid("/with", &fault::SAME_DEVICE, Vec::new()),
        refusal => fault::refused(refusal),
    }
}

async fn merge(desk: Arc<Desk>, call: Call) -> Outcome {
    let other: Other = call.json()?;
    let merged = desk.visit_device(call.parameter("id"), move |hands, lens, id| {
        let goes = find(hands, &other.with)?;
        let stays = hands.edit(Edit::Merge(id, goes)).map_err(refused)?;
        detail(hands, lens, stays).map(|(device, _)| device)
    });
    let device = merged.await?;
    let undo = Undo { method: "POST", path: format!("{BASE}/devices/{}/split", device.device.id), body: None };
    Reply::json(&MergeDone { device, undo })
}

async fn split(desk: Arc<Desk>, call: Call) -> Outcome {
    let split = desk.visit_device(call.parameter("id"), |hands, lens, id| {
        let other = hands.edit(Edit::Split(id)).map_err(refused)?;
        Ok((detail(hands, lens, id)?.0, detail(hands, lens, other)?.0))
    });
    let (device, split_off) = split.await?;
    let undo = Undo {
        method: "POST",
        path: format!("{BASE}/devices/{}/merge", device.device.id),
        body: Some(serde_json::json!({ "with": split_off.device.id })),
    };
    Reply::json(&SplitDone { device, split_off, undo })
}

async fn keep_apart(desk: Arc<Desk>, call: Call) -> Outcome {
    let other: Other = call.json()?;
    let kept = desk.visit_device(call.parameter("id"), move |hands, lens, id| {
        let other = find(hands, &other.with)?;
        hands.edit(Edit::KeepApart(id, other)).map_err(refused)?;
        detail(hands, lens, id).map(|(device, _)| device)
    });
    Reply::json(&kept.await?)
}
