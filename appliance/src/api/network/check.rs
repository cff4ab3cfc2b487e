//! Holds the route that asks a device now whether it is there, and the results of the last minute.
//! Never asks the same device twice within that minute, however many people want to know. The route table holds it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use vigie_core::lan::DeviceId;

use vigie_core::audit::Kind as Act;

use super::desk::Desk;
use super::fault;
use super::latest::Latest;
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

/// What a device was found to be within the last minute.
fn fresh<const MOST: usize>(checks: &Latest<CheckView, MOST>, id: DeviceId) -> Option<CheckView> {
    let (at, view) = checks.of(id)?;
    (at.elapsed() < GOOD_FOR).then_some(CheckView { cached: true, ..view })
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
        if let Some(view) = fresh(&checking.checks, id) {
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
    desk.checks.keep(id, Instant::now(), view.clone());
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
        let results = Latest::<_, 2>::default();
        results.keep(DeviceId(1), Instant::now(), view("1"));
        tokio::time::advance(GOOD_FOR - Duration::from_millis(1)).await;
        assert!(fresh(&results, DeviceId(1)).is_some_and(|view| view.cached));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(fresh(&results, DeviceId(1)).is_none());
    }
}
