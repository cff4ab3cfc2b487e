//! Holds the routes that wake a device, and the watch over whether it came up within a minute.
//! Never says that a device woke because the call was sent: only its being heard tells. The route table holds them.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;
use vigie_core::Moment;
use vigie_core::lan::DeviceId;
use vigie_wire::Mac;
use vigie_wire::link::wol::Password;

use vigie_core::audit::Kind as Act;

use super::BASE;
use super::desk::Desk;
use super::fault;
use super::view::WakeView;
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::http::call::Call;
use crate::http::context::Platform;
use crate::http::events::Topic;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// How long a device is waited for.
const WAIT: Duration = Duration::from_secs(60);
/// How often it is looked whether the device was heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the device is asked: one round of questions takes about as long.
const ASK_EVERY: u32 = 15;

/// How to wake.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct WakeRequest {
    /// SecureOn password of the network card, written like a MAC or an IPv4 address. It crosses the network in the clear.
    password: Option<Secret>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post(
            "/api/network/v2/devices/{id}/wake",
            Access::Operator,
            "Wake a device; then see whether it came up",
        )
        .reads::<WakeRequest>()
        .answers::<WakeView>(202)
        .audits(Act::DeviceWoken)
        .run_with(desk, wake),
        Route::get("/api/network/v2/devices/{id}/wake", Access::Viewer, "Whether the device came up")
            .answers::<WakeView>(200)
            .run_with(desk, tell),
    ]
}

/// Reads a SecureOn password.
fn read_password(text: Option<&Secret>) -> Result<Password, Problem> {
    let Some(text) = text.map(Secret::expose).map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Password::None);
    };
    if let Ok(mac) = text.parse::<Mac>() {
        return Ok(Password::Six(mac.0));
    }
    let four = text.parse::<std::net::Ipv4Addr>().map(|ip| Password::Four(ip.octets()));
    four.map_err(|_| fault::invalid("/password", &fault::BAD_SECURE_ON, Vec::new()))
}

async fn wake(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: WakeRequest = if call.body.is_empty() { WakeRequest::default() } else { call.json()? };
    let password = read_password(asked.password.as_ref())?;
    let view = begin(&desk, &call.platform, call.parameter("id"), password).await?;
    let reply = Reply::json(&view)?.status(StatusCode::ACCEPTED);
    Ok(reply.header(LOCATION, &format!("{BASE}/devices/{}/wake", view.device)))
}

/// Sends the call, and watches from then on whether the device comes up; the event `wake` tells how it ended.
///
/// # Errors
/// `no_such_device`, `no_mac`, `cannot_wake`.
pub(crate) async fn begin(
    desk: &Arc<Desk>,
    platform: &Arc<Platform>,
    device: &str,
    password: Password,
) -> Result<WakeView, Problem> {
    let sent = desk.visit_device(device, move |hands, _, id| {
        let Some(device) = hands.lan().device(id) else { return Err(Problem::from(&fault::NO_DEVICE)) };
        let (was_online, since) = (device.online(), device.last_seen());
        let has_mac = device.interfaces().iter().any(|interface| interface.mac.is_some());
        match hands.wake(id, password) {
            0 if !has_mac => Err(Problem::from(&fault::NO_MAC_TO_WAKE)),
            0 => Err(Problem::from(&fault::CANNOT_WAKE)),
            frames => Ok((id, frames, was_online, since.max(hands.moment()))),
        }
    });
    let (id, frames, was_online, since) = sent.await?;
    let view = WakeView {
        device: id.to_string(),
        state: "waiting",
        frames,
        was_online,
        came_up_after_s: None,
        waits_s: WAIT.as_secs(),
    };
    let began = Instant::now();
    desk.wakes.keep(id, began, view.clone());
    tokio::spawn(watch(desk.clone(), platform.clone(), id, (began, since), view.clone()));
    Ok(view)
}

/// How the latest wake-up call of a device stands, and how long ago it was sent; none without one.
pub(crate) fn latest(desk: &Desk, id: DeviceId) -> Option<(WakeView, Duration)> {
    desk.wakes.of(id).map(|(began, view)| (view, began.elapsed()))
}

/// Waits for a sign of life, and asks for one now and then.
async fn watch(
    desk: Arc<Desk>,
    platform: Arc<Platform>,
    id: DeviceId,
    (began, since): (Instant, Moment),
    mut view: WakeView,
) {
    let mut looks = 0_u32;
    let state = loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // A later call has its own watch.
        if desk.wakes.of(id).is_none_or(|(latest, _)| latest != began) {
            return;
        }
        let asks = looks.is_multiple_of(ASK_EVERY);
        looks += 1;
        let heard = desk.visit(move |hands, _| {
            let heard = hands.lan().device(id).map(|device| device.last_seen() > since);
            if asks && heard == Some(false) {
                // Nobody waits for the result itself: what counts is that the device is heard.
                let _answer = hands.check(id);
            }
            heard
        });
        match heard.await {
            Ok(Some(true)) => break "up",
            Ok(Some(false)) if began.elapsed() < WAIT => {}
            _ => break "silent",
        }
    };
    view.state = state;
    view.came_up_after_s = (state == "up").then(|| began.elapsed().as_secs());
    desk.wakes.keep(id, began, view.clone());
    platform.events.publish(Topic::Network, "wake", &serde_json::to_value(&view).unwrap_or_default());
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = desk.visit_device(call.parameter("id"), |_, _, id| Ok(id)).await?;
    let (_, view) = desk.wakes.of(id).ok_or_else(|| Problem::from(&fault::NO_WAKE))?;
    Reply::json(&view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_six_or_four_octets_and_never_printed() {
        let read = |text: &str| read_password(Some(&Secret::new(text.to_owned())));
        assert_eq!(read("00:11:22:33:44:55").unwrap(), Password::Six([0, 0x11, 0x22, 0x33, 0x44, 0x55]));
        assert_eq!(read("10.0.0.1").unwrap(), Password::Four([10, 0, 0, 1]));
        assert_eq!(read(" ").unwrap(), Password::None);
        assert!(read("secret").is_err());
        let asked: WakeRequest = serde_json::from_str(r#"{"password":"00:11:22:33:44:55"}"#).unwrap();
        assert!(!format!("{asked:?}").contains("33:44"));
    }

    mod watched {
        use vigie_core::lan::{Fact, Source};

        use super::*;
        use crate::api::tests::bench::{Bench, ip, mac, with_bench};
        use crate::shell::network::testing;

        /// Calls a device that was heard some time ago, and stops the clock.
        async fn call(bench: &Bench) -> (DeviceId, tokio::task::JoinHandle<()>) {
            let id: DeviceId = bench.add(9, "till").await.parse().unwrap();
            bench.until(|hands| hands.lan().find_mac(mac(9)).is_some_and(|it| it.last_seen() < hands.moment())).await;
            tokio::time::pause();
            let view = WakeView {
                device: id.to_string(),
                state: "waiting",
                frames: 1,
                was_online: false,
                came_up_after_s: None,
                waits_s: WAIT.as_secs(),
            };
            let since = bench.network.call(|hands| hands.moment()).await.unwrap();
            let began = Instant::now();
            bench.desk.wakes.keep(id, began, view.clone());
            let watching = watch(bench.desk.clone(), bench.platform.clone(), id, (began, since), view);
            (id, tokio::spawn(watching))
        }

        #[tokio::test]
        async fn a_device_is_up_when_it_is_heard_and_not_before() {
            with_bench(async |bench| {
                let (id, watching) = call(bench).await;
                tokio::time::sleep(Duration::from_millis(2_500)).await;
                assert_eq!(bench.desk.wakes.of(id).map(|(_, view)| view.state), Some("waiting"));
                let asked = bench.network.call(|hands| hands.moment()).await.unwrap();
                bench
                    .until(move |hands| {
                        // The boot clock does not pause with the timers: at most a millisecond until it has moved on.
                        while hands.moment() <= asked {
                            std::hint::spin_loop();
                        }
                        testing::hear(hands, Source::Arp, mac(9), ip(9), Fact::Claims);
                        true
                    })
                    .await;
                watching.await.unwrap();
                let (_, view) = bench.desk.wakes.of(id).unwrap();
                assert_eq!((view.state, view.came_up_after_s), ("up", Some(3)));
            })
            .await;
        }

        #[tokio::test]
        async fn a_device_that_stays_silent_is_given_up_after_a_minute() {
            with_bench(async |bench| {
                let (id, watching) = call(bench).await;
                watching.await.unwrap();
                let (_, view) = bench.desk.wakes.of(id).unwrap();
                assert_eq!((view.state, view.came_up_after_s), ("silent", None));
            })
            .await;
        }
    }
}
