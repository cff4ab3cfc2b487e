//! Holds what sockets hear: who hears what, what is replaced, and who is dropped.
//! Never opens a socket.

use std::task::{Context, Poll, Waker};

use super::super::live::{Audience, MAX_WAITING, Post};
use super::super::{Command, Deaf, Exchange, Frame, MAX_SOCKETS, Seat, Subscription, Whom};
use super::*;
use serde_json::json;
use vigie_core::kiosk::SessionId;

/// Everything that waits, by name.
fn hear(socket: &mut Subscription) -> Vec<&'static str> {
    let mut heard = Vec::new();
    while let Some(Ok(frame)) = poll(socket) {
        heard.push(frame.kind);
    }
    heard
}

fn poll(socket: &mut Subscription) -> Option<Result<Arc<Frame>, Deaf>> {
    let mut future = std::pin::pin!(socket.hear());
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(heard) => Some(heard),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn each_socket_hears_its_own() {
    with_bench(async |bench| {
        let (one, two) = (bench.station(1).await, bench.station(2).await);
        let live = bench.kiosk.live();
        let mut all = live.subscribe(Whom::All, false).unwrap();
        let mut agent = live.subscribe(Whom::Station(one), false).unwrap();
        let mut other = live.subscribe(Whom::Station(two), false).unwrap();
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let mut session = live.subscribe(Whom::Session(issued.session), false).unwrap();
        let code = issued.code.expose().to_owned();
        let id = issued.session;
        bench.call(move |room| room.redeem(Seat::by_staff(one), &code, 1)).await.unwrap();
        bench.call(move |room| room.add_time(STAFF, id, 60_000, false)).await.unwrap();
        bench.call(move |room| room.send_message(STAFF, None, "We close soon")).await.unwrap();
        bench.call(move |room| room.send_command(STAFF, two, Command::Identify)).await.unwrap();
        bench.call(move |room| room.end(STAFF, id)).await.unwrap();
        assert_eq!(hear(&mut session), ["session_started", "time_added", "session_terminated"]);
        let told = hear(&mut all);
        for kind in ["code_issued", "session_started", "time_added", "session_terminated", "workstation"] {
            assert!(told.contains(&kind), "{kind} in {told:?}");
        }
        assert!(!told.contains(&"nudge") && !told.contains(&"message"));
        let told = hear(&mut agent);
        for kind in ["session_started", "nudge", "message", "session_terminated"] {
            assert!(told.contains(&kind), "{kind} in {told:?}");
        }
        assert_eq!(hear(&mut other), ["message", "command"]);
        assert_eq!(bench.call(move |room| room.frames_left(two).len()).await, 2);
        bench.call(move |room| room.acknowledge(Seat::by_staff(two), 1)).await.unwrap();
        bench.call(move |room| room.acknowledge(Seat::by_staff(two), 1)).await.unwrap();
        assert_eq!(bench.call(move |room| room.frames_left(two).len()).await, 1);
        bench.call(move |room| room.remove_station(STAFF, two)).await.unwrap();
        hear(&mut other);
        assert_eq!(poll(&mut other), Some(Err(Deaf::Over)));
        assert_eq!(bench.kiosk.live().count(), 4);
    })
    .await;
}

#[test]
fn the_time_is_replaced_and_dropped_first_and_who_is_too_slow_is_let_go() {
    let live = Exchange::default();
    let mut socket = live.subscribe(Whom::All, true).unwrap();
    let mut calm = live.subscribe(Whom::All, false).unwrap();
    for second in 0..1_000 {
        live.tick(&Post::latest(SessionId(second % 3), None, "time_update", &json!(second)), true);
    }
    assert_eq!(hear(&mut socket).len(), 3);
    assert!(hear(&mut calm).is_empty(), "nobody asked for the time");
    let happens = Post::new(Audience::Those(None, None), "workstation", &json!(1));
    live.tick(&Post::latest(SessionId(1), None, "time_update", &json!(1)), true);
    for _ in 0..MAX_WAITING {
        live.publish(&happens);
    }
    assert_eq!(hear(&mut socket), vec!["workstation"; MAX_WAITING]);
    for _ in 0..=MAX_WAITING {
        live.publish(&happens);
    }
    assert_eq!(poll(&mut socket), Some(Err(Deaf::TooSlow)));
}

#[test]
fn sockets_have_an_end_and_give_their_places_back() {
    let live = Exchange::default();
    let sockets: Vec<_> =
        (0..MAX_SOCKETS as u64).map(|n| live.subscribe(Whom::Session(SessionId(n)), false).unwrap()).collect();
    assert!(live.subscribe(Whom::All, false).is_none());
    drop(sockets);
    assert_eq!(live.count(), 0);
    let mut last = live.subscribe(Whom::All, false).unwrap();
    live.stop();
    assert_eq!(poll(&mut last), Some(Err(Deaf::Over)));
    assert_eq!(poll(&mut live.subscribe(Whom::All, false).unwrap()), Some(Err(Deaf::Over)));
}
