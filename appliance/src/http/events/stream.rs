//! Holds the event stream of the page (Server-Sent Events, HTML standard 9.2).
//! It never outlives the session that opened it by more than a heartbeat.
//! The route table points `GET /api/events` here.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::{Pieces, Reply};
use crate::http::route::{Outcome, Route};

use super::{Deafness, Gap, Happening, Listener, NoPlace, Topic};

/// A comment this often keeps middle boxes from closing the stream, and finds out who is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The route.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/events", Access::Viewer, "What happens, as a stream of server-sent events")
            .query("topics", "network, cameras, kiosk, system; all if left out.")
            .query("last_event_id", "The same as the Last-Event-ID field, for clients that cannot set it.")
            .speaks(200, "text/event-stream")
            .run(open),
    ]
}

async fn open(call: Call) -> Outcome {
    let listener = listen(&call)?;
    let who = call.caller()?.clone();
    let platform = call.platform.clone();
    Ok(Reply::stream("text/event-stream", move |pieces| async move {
        carry(listener, pieces, || platform.accounts.is_alive(&who)).await;
    }))
}

/// Starts to listen as a request asks: `topics`, `Last-Event-ID`.
///
/// # Errors
/// `bad_parameter`, or `too_many` when there is no place.
pub(super) fn listen(call: &Call) -> Result<Listener, Problem> {
    let bad = |name: &str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
    let topics = match call.query("topics") {
        Some(text) => Topic::read_list(text).ok_or_else(|| bad("topics"))?,
        None => Topic::ALL.to_vec(),
    };
    let from_field = call.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let after = from_field.or_else(|| call.query("last_event_id")).filter(|text| !text.is_empty());
    let after = after.map(|text| text.parse().map_err(|_| bad("last_event_id"))).transpose()?;
    let session = call.who.as_ref().map(|who| who.session);
    call.platform.events.listen(session, topics, after).map_err(|full| match full {
        NoPlace::Hub => Problem::from(&faults::UNAVAILABLE).retry_after(HEARTBEAT),
        NoPlace::Session => Problem::from(&faults::TOO_MANY).retry_after(HEARTBEAT),
    })
}

/// Carries events to a client until it is gone, too slow, logged out, or the service stops.
async fn carry(mut listener: Listener, pieces: Pieces, is_alive: impl Fn() -> bool) {
    // The first bytes make a browser's `onopen` fire, and say how soon to come back.
    let mut hello = "retry: 2000\n\n".to_owned();
    if let Some(gap) = listener.gap.take() {
        hello.push_str(&write_gap(gap));
    }
    if pieces.send(hello.into()).await.is_err() {
        return;
    }
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let piece: Bytes = tokio::select! {
            heard = listener.hear() => match heard {
                Ok(happening) => write_event(&happening).into(),
                Err(reason) => {
                    let _ = pieces.send(write_end(reason).into()).await;
                    return;
                }
            },
            () = pieces.closed() => return,
            _ = heartbeat.tick() => {
                if !is_alive() {
                    let _ = pieces.send(Bytes::from_static(b"event: end\ndata: {\"reason\":\"session_over\"}\n\n")).await;
                    return;
                }
                Bytes::from_static(b": still here\n\n")
            }
        };
        if pieces.send(piece).await.is_err() {
            return;
        }
    }
}

fn write_event(happening: &Happening) -> String {
    // JSON text has no line breaks, so one data line is enough. Names of kinds are ours.
    format!("id: {}\nevent: {}\ndata: {}\n\n", happening.seq, happening.kind, happening.text)
}

fn write_gap(gap: Gap) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "id: {}\nevent: gap\ndata: {{\"after\":{},\"resumes_after\":{}}}\n\n",
        gap.resumes_after, gap.after, gap.resumes_after
    );
    text
}

fn write_end(reason: Deafness) -> &'static str {
    match reason {
        Deafness::TooSlow => "event: end\ndata: {\"reason\":\"too_slow\"}\n\n",
        Deafness::Stopping => "event: end\ndata: {\"reason\":\"stopping\"}\n\n",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::json;
    use tokio::sync::mpsc;

    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::http::events::Hub;

    fn hub() -> Hub {
        Hub::new(Arc::new(HandClock::default()), 0)
    }

    #[tokio::test(start_paused = true)]
    async fn events_heartbeats_and_the_end_are_written_as_the_standard_says() {
        let hub = hub();
        hub.publish(Topic::Network, "ONLINE", &json!({}));
        let listener = hub.listen(None, Topic::ALL.to_vec(), Some(99)).unwrap();
        let (pieces, mut received) = mpsc::channel(1);
        let alive = Arc::new(AtomicBool::new(true));
        let also_alive = alive.clone();
        tokio::spawn(carry(listener, pieces, move || also_alive.load(Ordering::Relaxed)));
        let hello = received.recv().await.unwrap();
        let gap = "id: 1\nevent: gap\ndata: {\"after\":99,\"resumes_after\":1}\n\n";
        assert_eq!(hello, format!("retry: 2000\n\n{gap}"));
        hub.publish(Topic::Network, "OFFLINE", &json!({}));
        let event = String::from_utf8(received.recv().await.unwrap().to_vec()).unwrap();
        assert!(event.starts_with("id: 2\nevent: OFFLINE\ndata: {\"seq\":2,") && event.ends_with("}\n\n"), "{event}");
        let before = Instant::now();
        assert_eq!(received.recv().await.unwrap(), ": still here\n\n");
        assert_eq!(before.elapsed(), HEARTBEAT);
        alive.store(false, Ordering::Relaxed);
        assert_eq!(received.recv().await.unwrap(), "event: end\ndata: {\"reason\":\"session_over\"}\n\n");
        assert_eq!(received.recv().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_away_gives_its_place_back() {
        let hub = hub();
        let listener = hub.listen(None, Topic::ALL.to_vec(), None).unwrap();
        let (pieces, mut received) = mpsc::channel(1);
        let task = tokio::spawn(carry(listener, pieces, || true));
        received.recv().await.unwrap();
        drop(received);
        task.await.unwrap();
        assert_eq!(hub.listener_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_is_told_why_it_is_dropped() {
        let hub = hub();
        let listener = hub.listen(None, Topic::ALL.to_vec(), None).unwrap();
        let (pieces, mut received) = mpsc::channel(1);
        tokio::spawn(carry(listener, pieces, || true));
        tokio::task::yield_now().await;
        for n in 0..200 {
            hub.publish(Topic::System, "x", &json!(n));
        }
        let mut last = Bytes::new();
        while let Some(piece) = received.recv().await {
            last = piece;
        }
        assert_eq!(last, "event: end\ndata: {\"reason\":\"too_slow\"}\n\n");
    }
}
