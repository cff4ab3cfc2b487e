//! Holds what sockets hear: who hears what, what is replaced, and who is dropped.
//! Never opens a socket.

use std::task::{Context, Poll, Waker};

use super::super::live::{Audience, MAX_WAITING, Post};
use super::super::{Command, Deaf, Exchange, Fault, Frame, MAX_SOCKETS, Seat, Subscription, Whom};
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

/// What happens next to a session, by name. Longer than a full card takes is too long.
async fn happens(socket: &mut Subscription) -> &'static str {
    loop {
        let frame = tokio::time::timeout(Duration::from_secs(60), socket.hear()).await.expect("a frame").unwrap();
        if frame.kind != "workstation" {
            return frame.kind;
        }
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

#[tokio::test]
async fn what_follows_from_a_visit_is_told_after_it() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let mut all = bench.kiosk.live().subscribe(Whom::All, false).unwrap();
        for question in 0..20 {
            let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
            let (id, code) = (issued.session, issued.code.expose().to_owned());
            bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, question)).await.unwrap();
            hear(&mut all);
            // Nothing is left: the clock ends it in the turn after, while this is still on its way to the card.
            bench.call(move |room| room.add_time(STAFF, id, -86_400_000, false)).await.unwrap();
            assert_eq!([happens(&mut all).await, happens(&mut all).await], ["time_added", "session_terminated"]);
            bench.beat(seat, u8::try_from(question).unwrap() + 2, None).await;
            assert_eq!(happens(&mut all).await, "session_closed");
        }
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_seat_that_was_held_is_told_as_an_end() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let mut all = bench.kiosk.live().subscribe(Whom::All, false).unwrap();
        for (boot, by_staff) in [(2, true), (3, false)] {
            let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
            let (id, code) = (issued.session, issued.code.expose().to_owned());
            bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, boot.into())).await.unwrap();
            bench.beat(seat, boot, None).await;
            for kind in ["code_issued", "session_started", "session_interrupted"] {
                assert_eq!(happens(&mut all).await, kind);
            }
            // Off again: its time does not run for nobody.
            bench.pass(Duration::from_secs(60)).await;
            assert_eq!(bench.call(move |room| room.resume(STAFF, id)).await, Err(Fault::NotReached));
            if by_staff {
                bench.call(move |room| room.end(STAFF, id)).await.unwrap();
            } else {
                // Nobody came back for it.
                bench.pass(Duration::from_secs(540)).await;
            }
            assert_eq!(happens(&mut all).await, "session_terminated");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_clock_does_is_noted_as_a_run() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let runs = Arc::new(std::sync::Mutex::new(Vec::<(&str, String)>::new()));
        let noted = runs.clone();
        bench
            .call(move |room| room.note_runs(Box::new(move |job, _, words| noted.lock().unwrap().push((job, words)))))
            .await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let (id, code) = (issued.session, issued.code.expose().to_owned());
        bench.call(|room| room.issue_batch(STAFF, &hour(), 3)).await.unwrap();
        bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        bench.pass(Duration::from_secs(3_590)).await;
        let warned = vigie_core::kiosk::warning::Warned(0b1_0000);
        let report = vigie_core::kiosk::desk::Report {
            session: id,
            epoch: 0,
            used_ms: 3_590_000,
            warned,
            shown: warned,
            ahead_ms: 0,
            done: vigie_core::kiosk::desk::Done::No,
        };
        bench.beat(seat, 1, Some(report)).await;
        bench.pass(Duration::from_secs(10)).await;
        let wanted = [
            (super::super::WARNINGS_JOB, format!("10 s before the end of session {}", id.0)),
            (super::super::CLOCK_JOB, format!("session {} used up, and 3 more", id.0)),
        ];
        // A run is noted when what it did is on the card.
        while runs.lock().unwrap().len() < wanted.len() {
            tokio::task::yield_now().await;
        }
        assert_eq!(*runs.lock().unwrap(), wanted);
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
