//! Holds the route that says in one word how the network's part of the appliance is.
//! Never tells a stranger more than that word. The route table holds it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// How it is.
#[derive(Debug, Serialize, JsonSchema)]
struct HealthView {
    /// Whether the network is being watched as it should be.
    success: bool,
    /// `ok`, `starting` before the first sweep is over, `degraded` when the scanner doubts itself, `no_network`.
    status: &'static str,
    /// More, for those who have logged in.
    #[serde(flatten)]
    more: Option<More>,
}

/// What a stranger is not told.
#[derive(Debug, Serialize, JsonSchema)]
struct More {
    /// Devices known.
    devices: u32,
    /// Those that are there.
    online: u32,
    /// Segments with a leg.
    segments: usize,
    /// Whether a sweep runs.
    scanning: bool,
    /// Interfaces without raw sockets.
    unprivileged: Vec<String>,
    /// Interfaces whose scanner doubts itself.
    degraded: Vec<String>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/health", Access::Public, "How the watch over the network is, in one word")
            .answers::<HealthView>(200)
            .run_with(desk, tell),
    ]
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    // A stranger gets what was seen some seconds ago: they must not be able to make the engine count.
    let scanning = if call.who.is_some() {
        let state = desk.state.clone();
        let looked = desk.visit(move |hands, _| {
            state.look(hands);
            hands.sweeps().is_running()
        });
        Some(looked.await?)
    } else {
        None
    };
    let seen = desk.state.seen();
    let status = match (seen.legs, seen.degraded.is_empty(), seen.swept_once) {
        _ if !seen.looked => "starting",
        (0, ..) => "no_network",
        (_, false, _) => "degraded",
        (_, _, false) => "starting",
        _ => "ok",
    };
    let more = scanning.map(|scanning| More {
        devices: seen.stats.devices,
        online: seen.stats.online + seen.stats.suspect,
        segments: seen.legs,
        scanning,
        unprivileged: seen.tame,
        degraded: seen.degraded,
    });
    Reply::json(&HealthView { success: matches!(status, "ok" | "starting"), status, more })
}
