//! Holds the routes of workstations: the register, what each is at, what staff says of it, its agent's heartbeat.
//! Never lets an agent touch another workstation. The route table holds them; the room decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::kiosk::StationId;
use vigie_core::kiosk::station::{Reach, StationState};
use vigie_core::lan::{Device, DeviceId};
use vigie_core::limits::MAX_KIOSK_STATIONS;
use vigie_core::table::table_of;
use vigie_wire::Mac;

use super::beat::BeatFrame;
use super::desk::{Desk, Seen, staff, station_in};
use super::fault::{self, refused, refused_in_body};
use super::view::session::SessionView;
use super::view::station::{AskedStation, AskedStationChange, WorkstationView};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::list::{Page, Window};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Holds, Outcome, Route};
use crate::shell::kiosk::{Fault, Room, Staff, StationDraft, StationView, words};

/// Words of the states.
const STATES: [&str; 6] = ["available", "reserved", "busy", "wiping", "maintenance", "offline"];

/// Workstations in numbers.
#[derive(Serialize, JsonSchema)]
struct Stats {
    total: usize,
    available: usize,
    reserved: usize,
    busy: usize,
    wiping: usize,
    maintenance: usize,
    offline: usize,
    /// Whose agents are heard now.
    online: usize,
    /// Workstations the register can hold.
    limit: usize,
}

/// The session at a workstation.
#[derive(Serialize, JsonSchema)]
struct ActiveView {
    /// `null` when nobody sits there.
    session: Option<SessionView>,
}

/// The answer to a heartbeat.
#[derive(Serialize, JsonSchema)]
struct LeaseView {
    /// The signed lease, base64.
    sealed: String,
    /// A new token; the one in use stays good until this one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate: Option<String>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let one = "/api/postes/{station}";
    let mark = |path, summary| {
        Route::post(path, Access::Operator, summary).takes(BodyRule::Json).answers::<WorkstationView>(200)
    };
    vec![
        Route::get("/api/postes", Access::Viewer, "Workstations")
            .lists()
            .query_of("state", Holds::Word(&STATES), "Only in this state.")
            .query_of("group", Holds::Number(0, 255), "Only of the group of this number.")
            .query("q", "Only with this in the name, MAC or address.")
            .answers::<Page<WorkstationView>>(200)
            .run_with(desk, list),
        Route::post("/api/postes", Access::Admin, "Take a workstation in; its machine is let in by enrolment")
            .reads::<AskedStation>()
            .answers::<WorkstationView>(201)
            .run_with(desk, create),
        Route::get("/api/postes/disponibles", Access::Viewer, "Workstations at which somebody may sit down now")
            .lists()
            .answers::<Page<WorkstationView>>(200)
            .run_with(desk, list_free),
        Route::get("/api/postes/stats", Access::Viewer, "How many workstations in which state")
            .answers::<Stats>(200)
            .run_with(desk, stats),
        Route::get(one, Access::AgentOrViewer, "One workstation, with an ETag for a change")
            .answers::<WorkstationView>(200)
            .run_with(desk, show),
        Route::put(one, Access::Admin, "Replace name, MAC, address and group")
            .reads::<AskedStation>()
            .answers::<WorkstationView>(200)
            .run_with(desk, replace),
        Route::patch(one, Access::Admin, "Change some of name, MAC, address and group")
            .reads::<AskedStationChange>()
            .answers::<WorkstationView>(200)
            .run_with(desk, change),
        Route::delete(one, Access::Admin, "Take a workstation out: its session ends, its token is no longer good")
            .run_with(desk, remove),
        Route::post("/api/postes/{station}/heartbeat", Access::Agent, "The agent's word; the answer is its lease")
            .reads::<BeatFrame>()
            .answers::<LeaseView>(200)
            // Each has a nonce of its own: none is ever answered by the answer to another.
            .every_time()
            .run_with(desk, beat),
        mark("/api/postes/{station}/marquer_disponible", "Put a workstation back into service")
            .run_with(desk, |desk, call| put_to(desk, call, Mark::InService)),
        mark("/api/postes/{station}/marquer_maintenance", "Take a workstation out of service; a session there goes on")
            .run_with(desk, |desk, call| put_to(desk, call, Mark::Maintenance)),
        mark("/api/postes/{station}/marquer_hors_ligne", "Say that a workstation is switched off")
            .run_with(desk, |desk, call| put_to(desk, call, Mark::Offline)),
        Route::get("/api/postes/{station}/session_active", Access::AgentOrViewer, "The session at a workstation")
            .answers::<ActiveView>(200)
            .run_with(desk, active),
    ]
}

/// What staff says of a workstation.
#[derive(Clone, Copy)]
enum Mark {
    InService,
    Maintenance,
    Offline,
}

fn tag_of(view: &StationView) -> String {
    etag::of_version(view.revision.into())
}

fn find(room: &Room, id: StationId) -> Result<StationView, Problem> {
    room.station(id).ok_or_else(|| Problem::from(&fault::NO_STATION))
}

/// The device of each MAC, where the network knows one.
async fn devices(desk: &Desk, macs: Vec<Mac>) -> BTreeMap<[u8; 6], DeviceId> {
    let found = desk.network.call(move |hands| {
        let one = |mac: Mac| Some((mac.0, hands.lan().find_mac(mac).map(Device::id)?));
        table_of(macs.into_iter().filter_map(one))
    });
    // Without the network's part a workstation is shown without its device.
    found.await.unwrap_or_default()
}

async fn render(desk: &Desk, call: &Call, views: Vec<StationView>) -> Result<Vec<WorkstationView>, Problem> {
    let devices = devices(desk, views.iter().map(|view| view.mac).collect()).await;
    desk.look(call, move |_, lens| {
        let one = |view: &StationView| WorkstationView::of(view, lens, devices.get(&view.mac.0).copied());
        Ok(views.iter().map(one).collect())
    })
    .await
}

async fn answer(desk: &Desk, call: &Call, view: StationView) -> Outcome {
    let tag = tag_of(&view);
    let mut rendered = render(desk, call, vec![view]).await?;
    let view = rendered.pop().ok_or_else(|| Problem::from(&fault::NO_STATION))?;
    // Never "not modified": the tag is that of what people edit, and the rest changes by itself.
    Ok(Reply::json(&view)?.tag(&tag))
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let bad = |name: &str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
    let state = call.query("state").filter(|word| !word.is_empty()).map(str::to_owned);
    if state.as_deref().is_some_and(|word| !STATES.contains(&word)) {
        return Err(bad("state"));
    }
    let group = call.query_as::<u8>("group")?;
    let query = call.query("q").unwrap_or_default().trim().to_lowercase();
    pass(&desk, &call, move |view| {
        let mut texts =
            [view.name.to_lowercase(), view.mac.to_string(), view.ip.map_or_else(String::new, |ip| ip.to_string())]
                .into_iter();
        state.as_deref().is_none_or(|word| words::state(view.state) == word)
            && group.is_none_or(|group| view.group.is_some_and(|own| own.0 == group))
            && texts.any(|text| text.contains(&query))
    })
    .await
}

async fn list_free(desk: Arc<Desk>, call: Call) -> Outcome {
    pass(&desk, &call, |view| view.state == StationState::Available && view.reach == Reach::Online).await
}

async fn pass(desk: &Desk, call: &Call, takes: impl Fn(&StationView) -> bool + Send + 'static) -> Outcome {
    let window = Window::<u32>::of(call)?;
    let page = desk.visit(move |room| {
        let wanted = room.stations().into_iter().filter(takes);
        Ok(window.cut(wanted, |view| view.id.0))
    });
    let Page { items, count, next } = page.await?;
    let items = render(desk, call, items).await?;
    Reply::json(&Page { items, count, next })
}

async fn stats(desk: Arc<Desk>, _call: Call) -> Outcome {
    let all = desk.visit(|room| Ok(room.stations())).await?;
    let count = |state| all.iter().filter(|view| view.state == state).count();
    Reply::json(&Stats {
        total: all.len(),
        available: count(StationState::Available),
        reserved: count(StationState::Reserved),
        busy: count(StationState::Busy),
        wiping: count(StationState::Wiping),
        maintenance: count(StationState::Maintenance),
        offline: count(StationState::Offline),
        online: all.iter().filter(|view| view.reach == Reach::Online).count(),
        limit: MAX_KIOSK_STATIONS,
    })
}

async fn create(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedStation = call.json()?;
    let (draft, by): (StationDraft, Staff) = (asked.draft()?, staff(&call)?);
    let made = desk.visit(move |room| {
        let id = room.add_station(by, &draft).map_err(refused_in_body)?;
        find(room, id)
    });
    let view = made.await?;
    let place = format!("/api/postes/{}", view.id.0);
    Ok(answer(&desk, &call, view).await?.status(StatusCode::CREATED).header(LOCATION, &place))
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    desk.bound(&call)?;
    let id = station_in(&call)?;
    let view = desk.visit(move |room| find(room, id)).await?;
    answer(&desk, &call, view).await
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedStation = call.json()?;
    let draft = asked.draft()?;
    put(&desk, &call, move |_| Ok(draft)).await
}

async fn change(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedStationChange = call.json()?;
    put(&desk, &call, move |view| asked.apply(view)).await
}

async fn put(
    desk: &Desk,
    call: &Call,
    draft: impl FnOnce(&StationView) -> Result<StationDraft, Problem> + Send + 'static,
) -> Outcome {
    let (id, by, seen) = (station_in(call)?, staff(call)?, Seen::of(call));
    let changed = desk.visit(move |room| {
        let before = find(room, id)?;
        seen.check(&tag_of(&before))?;
        let refuse = |why| if why == Fault::NoStation { refused(why) } else { refused_in_body(why) };
        room.edit_station(by, id, &draft(&before)?).map_err(refuse)?;
        find(room, id)
    });
    answer(desk, call, changed.await?).await
}

async fn remove(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, seen) = (station_in(&call)?, staff(&call)?, Seen::of(&call));
    desk.visit(move |room| {
        seen.check(&tag_of(&find(room, id)?))?;
        room.remove_station(by, id).map_err(refused)
    })
    .await?;
    Ok(Reply::empty())
}

async fn put_to(desk: Arc<Desk>, call: Call, mark: Mark) -> Outcome {
    let (id, by) = (station_in(&call)?, staff(&call)?);
    let marked = desk.visit(move |room| {
        match mark {
            Mark::InService => room.set_maintenance(by, id, false),
            Mark::Maintenance => room.set_maintenance(by, id, true),
            Mark::Offline => room.mark_offline(by, id),
        }
        .map_err(refused)?;
        find(room, id)
    });
    answer(&desk, &call, marked.await?).await
}

async fn beat(desk: Arc<Desk>, call: Call) -> Outcome {
    let seat = desk.seat(&call)?;
    let frame: BeatFrame = call.json()?;
    let (beat, said) = frame.read(call.peer)?;
    let answered = desk.visit(move |room| room.beat(seat, &beat, &said).map_err(refused)).await?;
    Reply::json(&LeaseView {
        sealed: BASE64.encode(&answered.sealed),
        rotate: answered.rotate.map(|token| token.expose().to_owned()),
    })
}

async fn active(desk: Arc<Desk>, call: Call) -> Outcome {
    desk.bound(&call)?;
    let id = station_in(&call)?;
    let session = desk.look(&call, move |room, lens| {
        let session = find(room, id)?.session.and_then(|session| room.session(session));
        Ok(session.map(|view| SessionView::of(&view, room, lens)))
    });
    Reply::json(&ActiveView { session: session.await? })
}
