//! Holds the routes of groups of workstations: their names, quota, hours and usual length.
//! Never decides whether a session may begin. The route table holds them; the room decides.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::kiosk::GroupId;

use super::desk::{Desk, Seen, staff};
use super::fault::{self, refused};
use super::view::group::{AskedGroup, GroupView};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::kiosk::Room;

/// The groups; there are sixteen at most.
#[derive(Serialize, JsonSchema)]
struct Groups {
    items: Vec<GroupView>,
    count: usize,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let one = "/api/postes/groupes/{id}";
    vec![
        Route::get("/api/postes/groupes", Access::Viewer, "Groups of workstations")
            .answers::<Groups>(200)
            .run_with(desk, list),
        Route::post("/api/postes/groupes", Access::Admin, "Make a group of workstations")
            .reads::<AskedGroup>()
            .answers::<GroupView>(201)
            .run_with(desk, create),
        Route::get(one, Access::Viewer, "One group, with an ETag for a change")
            .answers::<GroupView>(200)
            .run_with(desk, show),
        Route::put(one, Access::Admin, "Replace names, quota, hours, usual length and image")
            .reads::<AskedGroup>()
            .answers::<GroupView>(200)
            .run_with(desk, replace),
        Route::delete(one, Access::Admin, "Remove a group without workstations").run_with(desk, remove),
    ]
}

fn group_in(call: &Call) -> Result<GroupId, Problem> {
    call.parameter("id").parse().map(GroupId).map_err(|_| Problem::from(&fault::NO_GROUP))
}

fn find(room: &Room, id: GroupId) -> Result<GroupView, Problem> {
    room.groups().get(&id).map(|group| GroupView::of(id, group)).ok_or_else(|| Problem::from(&fault::NO_GROUP))
}

fn tag_of(view: &GroupView) -> String {
    etag::of(&serde_json::to_vec(view).unwrap_or_default())
}

async fn list(desk: Arc<Desk>, _call: Call) -> Outcome {
    let items: Vec<_> =
        desk.visit(|room| Ok(room.groups().iter().map(|(id, group)| GroupView::of(*id, group)).collect())).await?;
    Reply::json(&Groups { count: items.len(), items })
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = group_in(&call)?;
    call.tagged(&desk.visit(move |room| find(room, id)).await?)
}

async fn create(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedGroup = call.json()?;
    let (group, by) = (asked.read()?, staff(&call)?);
    let made = desk.visit(move |room| {
        let id = room.put_group(by, None, &group).map_err(refused)?;
        find(room, id)
    });
    let view = made.await?;
    let place = format!("/api/postes/groupes/{}", view.id);
    let tag = tag_of(&view);
    Ok(Reply::json(&view)?.status(StatusCode::CREATED).tag(&tag).header(LOCATION, &place))
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, seen) = (group_in(&call)?, staff(&call)?, Seen::of(&call));
    let asked: AskedGroup = call.json()?;
    let group = asked.read()?;
    let changed = desk.visit(move |room| {
        seen.check(&tag_of(&find(room, id)?))?;
        room.put_group(by, Some(id), &group).map_err(refused)?;
        find(room, id)
    });
    let view = changed.await?;
    let tag = tag_of(&view);
    Ok(Reply::json(&view)?.tag(&tag))
}

async fn remove(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, seen) = (group_in(&call)?, staff(&call)?, Seen::of(&call));
    desk.visit(move |room| {
        seen.check(&tag_of(&find(room, id)?))?;
        room.remove_group(by, id).map_err(refused)
    })
    .await?;
    Ok(Reply::empty())
}
