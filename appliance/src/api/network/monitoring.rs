//! Holds the routes of the background watch: how it goes, start it, stop it.
//! Never forgets what was chosen: it is stored before it is obeyed. The route table holds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use vigie_core::audit::{Kind as Act, Object};

use super::desk::Desk;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::keeper::{SETTINGS, Stored};

/// The key under which the choice is stored.
const KEY: &[u8] = b"monitoring";

/// The choice, as it is stored.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Choice {
    watching: bool,
}

/// Whether the network is to be watched, as a person chose last; it is unless they said otherwise.
pub(crate) fn chosen(stored: &[Stored]) -> bool {
    let row = stored.iter().find(|row| row.kind == SETTINGS.id && row.key == KEY);
    let choice = row.and_then(|row| serde_json::from_slice::<Choice>(&row.value).ok());
    choice.is_none_or(|choice| choice.watching)
}

/// How the watch goes.
#[derive(Debug, Serialize, JsonSchema)]
struct MonitoringView {
    /// Whether the network is swept by the clock; if not, it is only listened to.
    running: bool,
    /// Whether a sweep runs at this moment.
    sweeping: bool,
    /// Sweeps since the start of the service.
    total_scans: u32,
    /// How long the last one took; `null` before the first that is remembered.
    last_duration_ms: Option<u64>,
    /// How long the last fifty took on average, with those kept over a restart; `null` before the first.
    mean_duration_ms: Option<u64>,
    /// When the last one began; `null` before the first, and while the clock is not set.
    last_scan: Option<String>,
    /// Seconds to the next; `null` when none is due.
    next_in_s: Option<u64>,
    /// From one sweep to the next.
    interval_minutes: u8,
    /// Seconds since the start of the service.
    uptime_s: u64,
    /// Changes since the start of the service, by type.
    changes_by_type: BTreeMap<&'static str, u64>,
    /// Whether the scanner doubts itself on some segment.
    degraded: bool,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/monitoring/stats", Access::Viewer, "How the background watch goes")
            .answers::<MonitoringView>(200)
            .run_with(desk, stats),
        Route::post("/api/network/v2/monitoring/start", Access::Operator, "Sweep the network by the clock")
            .takes(BodyRule::Json)
            .answers::<MonitoringView>(200)
            .audits(Act::SettingsChanged)
            .run_with(desk, start),
        Route::post(
            "/api/network/v2/monitoring/stop",
            Access::Operator,
            "Only listen, unless a person asks for a scan",
        )
        .takes(BodyRule::Json)
        .answers::<MonitoringView>(200)
        .audits(Act::SettingsChanged)
        .run_with(desk, stop),
    ]
}

async fn view(desk: &Desk) -> Result<MonitoringView, Problem> {
    let interval_minutes = desk.settings.lock().await.interval_minutes;
    let uptime_s = desk.began.elapsed().as_secs();
    desk.visit(move |hands, lens| {
        let (sweeps, scans) = (hands.sweeps(), hands.scans());
        let took = scans.iter().map(|scan| scan.report.took.as_millis());
        let (sum, count) = took.fold((0_u64, 0_u64), |(sum, count), ms| (sum + ms, count + 1));
        MonitoringView {
            running: sweeps.watching,
            sweeping: sweeps.is_running(),
            total_scans: hands.total_scans(),
            last_duration_ms: scans.back().map(|scan| scan.report.took.as_millis()),
            mean_duration_ms: sum.checked_div(count),
            last_scan: scans.back().and_then(|scan| lens.text(scan.began)),
            next_in_s: sweeps.next().map(|next| next.saturating_duration_since(lens.now).as_secs()),
            interval_minutes,
            uptime_s,
            changes_by_type: hands.changes_by_kind().clone(),
            degraded: hands.legs().iter().any(|leg| leg.degraded),
        }
    })
    .await
}

async fn stats(desk: Arc<Desk>, _call: Call) -> Outcome {
    Reply::json(&view(&desk).await?)
}

async fn switch(desk: &Desk, watching: bool) -> Outcome {
    let changed = set_watching(desk, watching).await?;
    Ok(tell(watching, changed, Reply::json(&view(desk).await?)?))
}

/// Says in an answer what the journal is to hold of a switch that was turned: nothing, when it stood so already.
pub(crate) fn tell(watching: bool, changed: bool, reply: Reply) -> Reply {
    if !changed {
        return reply.unrecorded();
    }
    let told = if watching { "watch on" } else { "watch off" };
    reply.concerning(Object::Named("monitoring".into())).telling(told)
}

/// Sweeps the network by the clock from now on, or only listens; kept over a restart. Tells whether that is a change.
///
/// # Errors
/// `not_saved`.
pub(crate) async fn set_watching(desk: &Desk, watching: bool) -> Result<bool, Problem> {
    if desk.visit(|hands, _| hands.sweeps().watching).await? == watching {
        // It was started as it was stored, so this is on the card already.
        return Ok(false);
    }
    let value = serde_json::to_vec(&Choice { watching }).unwrap_or_default();
    desk.keeper.put_now(SETTINGS, KEY, value).await.map_err(|_| Problem::from(&faults::NOT_SAVED))?;
    desk.visit(move |hands, _| hands.watch(watching)).await?;
    Ok(true)
}

async fn start(desk: Arc<Desk>, _call: Call) -> Outcome {
    switch(&desk, true).await
}

async fn stop(desk: Arc<Desk>, _call: Call) -> Outcome {
    switch(&desk, false).await
}
