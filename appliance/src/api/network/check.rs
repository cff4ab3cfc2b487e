//! Holds the route that asks a device now whether it is there, and the results of the last minute.
//! Never asks the same device twice within that minute, however many people want to know. The route table holds it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use vigie_core::lan::DeviceId;

use vigie_core::audit::Kind as Act;

use super::desk::Desk;
use super::fault;
use super::view::CheckView;
use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

/// How long a result is good.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// A round of questions takes 16 to 20 s when nothing answers; a little more when others are being asked too. Under the
/// 30 s a handler has.
const PATIENCE: Duration = Duration::from_secs(28);
/// Results kept. The oldest leaves; its device is simply asked again.
const MAX_RESULTS: usize = 256;

/// The results of the last minute.
#[derive(Default)]
pub(super) struct Results(Mutex<BTreeMap<DeviceId, (Instant, CheckView)>>);

impl Results {
    fn fresh(&self, id: DeviceId) -> Option<CheckView> {
        let results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, view) = results.get(&id).filter(|(at, _)| at.elapsed() < GOOD_FOR)?;
        let _ = at;
        Some(CheckView { cached: true, ..view.clone() })
    }

    fn keep(&self, id: DeviceId, view: CheckView) {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        results.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
        if results.len() >= MAX_RESULTS {
            let oldest = results.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
            oldest.and_then(|oldest| results.remove(&oldest));
        }
        results.insert(id, (Instant::now(), view));
    }
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post("/api/network/v2/devices/{id}/check", Access::Operator, "Ask a device now: ARP, echo, TCP")
            .takes(BodyRule::Json)
            .answers::<CheckView>(200)
            // A result of the last minute is given again anyway, with its true age.
            .every_time()
            .audits(Act::DeviceChecked)
            .run_with(desk, check),
    ]
}

async fn check(desk: Arc<Desk>, call: Call) -> Outcome {
    let checking = desk.clone();
    let asked = desk.visit_device(call.parameter("id"), move |hands, _, id| {
        if let Some(view) = checking.checks.fresh(id) {
            return Ok((id, Err(view)));
        }
        hands.check(id).map(|answer| (id, Ok(answer))).map_err(fault::refused)
    });
    let (id, answer) = asked.await?;
    let answer = match answer {
        Ok(answer) => answer,
        Err(view) => return Reply::json(&view),
    };
    // The sender is gone when too many wait for the same device, or the device was forgotten meanwhile.
    let checked = timeout(PATIENCE, answer).await.ok().and_then(Result::ok);
    let unfinished = || Problem::from(&fault::CHECK_UNFINISHED).retry_after(Duration::from_secs(30));
    let checked = checked.ok_or_else(unfinished)?;
    let view = CheckView::render(&checked, call.platform.clock.wall().map(format_utc));
    desk.checks.keep(id, view.clone());
    Reply::json(&view)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(device: &str) -> CheckView {
        CheckView {
            device: device.into(),
            state: "online",
            online: true,
            response_ms: Some(1.5),
            evidence: "answered".into(),
            ts: None,
            cached: false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_good_for_a_minute() {
        let results = Results::default();
        results.keep(DeviceId(1), view("1"));
        tokio::time::advance(GOOD_FOR - Duration::from_millis(1)).await;
        assert!(results.fresh(DeviceId(1)).is_some_and(|view| view.cached));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(results.fresh(DeviceId(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_result_makes_room() {
        let results = Results::default();
        for id in 0..=MAX_RESULTS as u64 {
            results.keep(DeviceId(id), view("x"));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(results.fresh(DeviceId(0)).is_none());
        assert!(results.fresh(DeviceId(1)).is_some() && results.fresh(DeviceId(MAX_RESULTS as u64)).is_some());
    }
}
