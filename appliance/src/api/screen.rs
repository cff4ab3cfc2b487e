//! Holds the route of a screen in a public room: the time, whether the appliance is well, how many devices are here.
//! Never names a device or a person: whoever walks by reads it.
//! The route table holds it; the page of a screen shows the same.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::network::Desk;
use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// What may be shown to everybody.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ScreenView {
    /// RFC 3339 in UTC; `null` while nobody has set the clock.
    pub(crate) time: Option<String>,
    /// Whether the appliance can serve.
    pub(crate) ready: bool,
    /// Devices that are here now.
    pub(crate) devices_here: usize,
    /// Devices that are known.
    pub(crate) devices_known: usize,
}

/// The route.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/screen", Access::Screen, "What a screen in a public room may show")
            .answers::<ScreenView>(200)
            .run_with(desk, show),
    ]
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    Reply::json(&look(&desk, &call).await?)
}

/// Counts what may be shown.
///
/// # Errors
/// `unavailable` while the service is stopping.
pub(crate) async fn look(desk: &Desk, call: &Call) -> Result<ScreenView, Problem> {
    let count = |hands: &mut crate::shell::network::Hands<'_>| {
        let all = hands.lan().devices().map(vigie_core::lan::Device::online);
        all.fold((0, 0), |(here, known), online| (here + usize::from(online), known + 1))
    };
    let (devices_here, devices_known) = desk.visit(move |hands, _| count(hands)).await?;
    let ready = call.platform.checks().iter().all(|check| check.ok || !check.needed);
    let time = call.platform.clock.wall().map(format_utc);
    Ok(ScreenView { time, ready, devices_here, devices_known })
}
