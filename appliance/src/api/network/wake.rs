//! Holds the routes that wake a device, and the watch over whether it came up within a minute.
//! Never says that a device woke because the call was sent: only its being heard tells. The route table holds them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use vigie_core::Moment;
use vigie_core::lan::DeviceId;
use vigie_wire::Mac;
use vigie_wire::link::wol::Password;

use vigie_core::audit::Kind as Act;

use super::BASE;
use super::desk::Desk;
use super::fault;
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
/// Wake-ups remembered; the oldest leaves.
const MAX_CALLS: usize = 64;

/// How to wake.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct WakeRequest {
    /// SecureOn password of the network card, written like a MAC or an IPv4 address. It crosses the network in the clear.
    password: Option<Secret>,
}

/// A wake-up call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WakeView {
    /// Id of the device.
    pub(crate) device: String,
    /// `waiting`, `up`, or `silent` after a minute without a sign of life.
    pub(crate) state: &'static str,
    /// Calls sent, one for each interface.
    pub(crate) frames: usize,
    /// Whether the device was there already when it was called.
    pub(crate) was_online: bool,
    /// Seconds from the call to the first sign of life; `null` before that.
    pub(crate) came_up_after_s: Option<u64>,
    /// How long it is waited for, in seconds.
    pub(crate) waits_s: u64,
}

/// Wake-up calls under way and over.
#[derive(Default)]
pub(super) struct Calls(Mutex<BTreeMap<DeviceId, (Instant, WakeView)>>);

impl Calls {
    fn find(&self, id: DeviceId) -> Option<WakeView> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(|(_, view)| view.clone())
    }

    fn note(&self, id: DeviceId, began: Instant, view: WakeView) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MAX_CALLS && !calls.contains_key(&id) {
            let oldest = calls.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
            oldest.and_then(|oldest| calls.remove(&oldest));
        }
        calls.insert(id, (began, view));
    }

    /// Whether the latest call for a device is the one that began then.
    fn is_latest(&self, id: DeviceId, began: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).is_some_and(|(at, _)| *at == began)
    }
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
    desk.wakes.note(id, began, view.clone());
    tokio::spawn(watch(desk.clone(), platform.clone(), id, (began, since), view.clone()));
    Ok(view)
}

/// How the latest wake-up call of a device stands, and how long ago it was sent; none without one.
pub(crate) fn latest(desk: &Desk, id: DeviceId) -> Option<(WakeView, Duration)> {
    desk.wakes.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(|(at, view)| (view.clone(), at.elapsed()))
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
        if !desk.wakes.is_latest(id, began) {
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
    desk.wakes.note(id, began, view.clone());
    platform.events.publish(Topic::Network, "wake", &serde_json::to_value(&view).unwrap_or_default());
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = desk.visit_device(call.parameter("id"), |_, _, id| Ok(id)).await?;
    Reply::json(&desk.wakes.find(id).ok_or_else(|| Problem::from(&fault::NO_WAKE))?)
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

    #[test]
    fn the_oldest_call_makes_room() {
        let calls = Calls::default();
        let began = Instant::now();
        for id in 0..=MAX_CALLS as u64 {
            let view = WakeView {
                device: id.to_string(),
                state: "waiting",
                frames: 1,
                was_online: false,
                came_up_after_s: None,
                waits_s: 60,
            };
            calls.note(DeviceId(id), began + Duration::from_secs(id), view);
        }
        assert!(calls.find(DeviceId(0)).is_none() && calls.find(DeviceId(1)).is_some());
        assert!(calls.is_latest(DeviceId(1), began + Duration::from_secs(1)) && !calls.is_latest(DeviceId(1), began));
    }

    mod watched {
        use vigie_core::lan::{Fact, Source};

        use super::*;
        use crate::api::tests::bench::{Bench, ip, mac, with_bench};
        use crate::shell::network::testing;

        async fn call(bench: &Bench, id: &str) -> (DeviceId, tokio::task::JoinHandle<()>) {
            let id: DeviceId = id.parse().unwrap();
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
            bench.desk.wakes.note(id, began, view.clone());
            let watching = watch(bench.desk.clone(), bench.platform.clone(), id, (began, since), view);
            (id, tokio::spawn(watching))
        }

        #[tokio::test]
        async fn a_device_is_up_when_it_is_heard_and_not_before() {
            with_bench(async |bench| {
                let id = bench.add(9, "till").await;
                bench
                    .until(|hands| hands.lan().find_mac(mac(9)).is_some_and(|it| it.last_seen() < hands.moment()))
                    .await;
                tokio::time::pause();
                let (id, watching) = call(bench, &id).await;
                tokio::time::sleep(Duration::from_millis(2_500)).await;
                assert_eq!(bench.desk.wakes.find(id).map(|view| view.state), Some("waiting"));
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
                let view = bench.desk.wakes.find(id).unwrap();
                assert_eq!((view.state, view.came_up_after_s), ("up", Some(3)));
            })
            .await;
        }

        #[tokio::test]
        async fn a_device_that_stays_silent_is_given_up_after_a_minute() {
            with_bench(async |bench| {
                let id = bench.add(9, "till").await;
                bench
                    .until(|hands| hands.lan().find_mac(mac(9)).is_some_and(|it| it.last_seen() < hands.moment()))
                    .await;
                tokio::time::pause();
                let (id, watching) = call(bench, &id).await;
                watching.await.unwrap();
                let view = bench.desk.wakes.find(id).unwrap();
                assert_eq!((view.state, view.came_up_after_s), ("silent", None));
            })
            .await;
        }
    }
}
