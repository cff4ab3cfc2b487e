//! Holds the tests of the kiosk's sockets: who may open one, what is said over it, what reaches whom, when it ends.
//! Never waits for real time but for what must come at once. `cargo test` runs it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper_tungstenite::WebSocketStream;
use hyper_tungstenite::tungstenite::Message;
use hyper_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use hyper_tungstenite::tungstenite::protocol::{Role as Side, WebSocketConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

use super::{as_role, beat, enrol, issue, wake};
use crate::accounts::role::Role;
use crate::api::tests::bench::{Bench, with_bench};

type Socket = WebSocketStream<DuplexStream>;

const FOREVER: Duration = Duration::from_secs(60);

async fn dial(bench: &Bench, path: &str, token: Option<&str>) -> Result<Socket, u16> {
    let mut pipe = bench.connect();
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: vigie.local\r\n{bearer}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    pipe.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(FOREVER, pipe.read_u8()).await.expect("an answer").unwrap());
    }
    let status: u16 = String::from_utf8(answer).unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    if status != 101 {
        return Err(status);
    }
    Ok(WebSocketStream::from_raw_socket(pipe, Side::Client, Some(WebSocketConfig::default())).await)
}

fn token_of(bench: &Bench, role: Role) -> String {
    bench.platform.accounts.open_tokens(role.byte().into()).unwrap().access.expose().to_owned()
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        match timeout(FOREVER, socket.next()).await.expect("a frame") {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Close(frame))) => panic!("closed: {frame:?}"),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The next frame of a kind; the others that come before it are passed over.
async fn next_of(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = next(socket).await;
        if frame["type"] == kind {
            return frame["data"].clone();
        }
    }
}

async fn next_close(socket: &mut Socket) -> CloseCode {
    loop {
        match timeout(FOREVER, socket.next()).await.expect("an end") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, kind: &str, data: Value) {
    socket.send(Message::text(json!({ "type": kind, "data": data }).to_string())).await.unwrap();
}

#[tokio::test]
async fn an_agent_beats_opens_a_session_and_hears_at_once_what_staff_does() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        as_role(bench, Role::Operator, "POST /api/postes/message", &json!({ "text": "Hello." })).await;
        let mut agent = dial(bench, "/ws/sessions/", Some(&token)).await.unwrap();
        let hello = next(&mut agent).await;
        assert_eq!(hello["type"], "connection_established");
        assert_eq!(hello["data"]["workstation"], json!({ "id": station, "name": "poste-9", "group": null }));
        let message = next_of(&mut agent, "message").await;
        assert_eq!(message["text"], "Hello.");
        say(&mut agent, "message_ack", json!({ "id": message["id"] })).await;
        say(&mut agent, "heartbeat", beat()).await;
        assert!(next_of(&mut agent, "lease").await["sealed"].is_string());
        let told = bench.send(&format!("GET /api/postes/{station}/messages"), "").await.json();
        assert_eq!(told["items"][0]["ok"], json!(true));
        say(&mut agent, "validate_code", json!({ "code": "ABCD-EFGH", "question": "1" })).await;
        assert_eq!(next_of(&mut agent, "error").await["code"], "wrong_code");
        let (session, code) = issue(bench, &json!({ "minutes": 60 })).await;
        let mut staff = dial(bench, &format!("/ws/sessions/{session}"), Some(&token_of(bench, Role::Viewer))).await.unwrap();
        assert_eq!(next(&mut staff).await["type"], "connection_established");
        say(&mut agent, "validate_code", json!({ "code": code, "question": "2" })).await;
        let started = next_of(&mut agent, "session_started").await;
        assert_eq!((&started["session"], &started["granted_ms"]), (&json!(session), &json!(3_600_000)));
        assert!(started["ticket"].is_string());
        assert!(next_of(&mut staff, "session_started").await["ticket"].is_null(), "the ticket is the agent's");
        say(&mut agent, "get_time", json!({})).await;
        assert_eq!(next_of(&mut agent, "time_update").await["remaining_ms"], json!(3_600_000));
        say(&mut staff, "get_time", json!({})).await;
        assert_eq!(next_of(&mut staff, "time_update").await["session"], json!(session));
        as_role(bench, Role::Operator, &format!("POST /api/sessions/{session}/add_time"), &json!({ "minutes": 5 })).await;
        for socket in [&mut agent, &mut staff] {
            assert_eq!(next_of(socket, "time_added").await["delta_ms"], json!(300_000));
        }
        next_of(&mut agent, "nudge").await;
        as_role(bench, Role::Operator, &format!("POST /api/postes/{station}/command"), &json!({ "name": "identify" })).await;
        let command = next_of(&mut agent, "command").await;
        say(&mut agent, "command_result", json!({ "id": command["id"], "ok": false, "detail": "no lamp" })).await;
        say(&mut agent, "event", json!({ "kind": "program_failed", "detail": "chromium" })).await;
        as_role(bench, Role::Operator, &format!("POST /api/sessions/{session}/terminate"), &json!({})).await;
        for socket in [&mut agent, &mut staff] {
            assert_eq!(next_of(socket, "session_terminated").await["reason"], "ended");
        }
        say(&mut agent, "wipe_ack", json!({ "session": session, "proof": "0".repeat(64) })).await;
        let mut report = beat();
        report["report"] = json!({ "session": session, "epoch": 1, "used_ms": 1, "warned": 1, "shown": 1, "ahead_ms": 1, "done": "wiped" });
        say(&mut agent, "heartbeat", report).await;
        assert_eq!(next_of(&mut staff, "warning").await["threshold_ms"], json!(300_000));
        next_of(&mut agent, "lease").await;
        assert_eq!(bench.get(&format!("/api/sessions/{session}")).await.json()["status"], json!("closed"));
        for kind in ["workstation_event", "wipe_confirmed", "session_closed"] {
            assert_eq!(super::kinds(bench, &format!("kind={kind}")).await.len(), 1, "{kind}");
        }
        let told = bench.send(&format!("GET /api/postes/{station}/messages"), "").await.json();
        assert_eq!(told["items"][1]["detail"], json!("no lamp"));
    })
    .await;
}

#[tokio::test]
async fn a_token_may_come_first_and_nothing_is_told_before() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        let mut agent = dial(bench, "/ws/sessions", None).await.unwrap();
        say(&mut agent, "authenticate", json!({ "token": token })).await;
        assert_eq!(next(&mut agent).await["data"]["workstation"]["id"], json!(station));
        let mut staff = dial(bench, "/ws/sessions", None).await.unwrap();
        say(&mut staff, "authenticate", json!({ "token": token_of(bench, Role::Viewer) })).await;
        assert_eq!(next(&mut staff).await["data"]["role"], "viewer");
        for (frame, code) in [
            (json!({ "type": "authenticate", "data": { "token": "vigie-station.1.AAAA" } }), "token_invalid"),
            (json!({ "type": "authenticate", "data": { "token": token_of(bench, Role::Screen) } }), "forbidden"),
            (json!({ "type": "authenticate", "data": { "token": token_of(bench, Role::Agent) } }), "forbidden"),
            (json!({ "type": "heartbeat", "data": beat() }), "login_needed"),
            (json!({ "type": "what" }), "bad_frame"),
        ] {
            let mut stranger = dial(bench, "/ws/sessions", None).await.unwrap();
            stranger.send(Message::text(frame.to_string())).await.unwrap();
            assert_eq!(next(&mut stranger).await["data"]["code"], code, "{frame}");
            assert_eq!(next_close(&mut stranger).await, CloseCode::Policy);
        }
        assert_eq!(dial(bench, "/ws/sessions", Some("forged")).await.err(), Some(401));
        assert_eq!(dial(bench, "/ws/sessions", Some(&token_of(bench, Role::Screen))).await.err(), Some(403));
        assert_eq!(dial(bench, "/ws/sessions/99", Some(&token_of(bench, Role::Viewer))).await.err(), Some(404));
        assert_eq!(dial(bench, "/ws/sessions/99", Some(&token)).await.err(), Some(403), "not its own");
        assert_eq!(bench.get("/ws/sessions").await.no().1, "upgrade_needed");
    })
    .await;
}

#[tokio::test]
async fn an_agent_has_two_sockets_and_a_person_eight() {
    with_bench(async |bench| {
        let (_, agent) = enrol(bench, 9).await;
        for (token, most) in [(agent, 2), (token_of(bench, Role::Operator), 8)] {
            let mut open = Vec::new();
            for _ in 0..most {
                let mut socket = dial(bench, "/ws/sessions", Some(&token)).await.unwrap();
                next(&mut socket).await;
                open.push(socket);
            }
            assert_eq!(dial(bench, "/ws/sessions", Some(&token)).await.err(), Some(429));
            drop(open.pop());
            let again = async {
                while dial(bench, "/ws/sessions", Some(&token)).await.is_err() {
                    tokio::task::yield_now().await;
                }
            };
            timeout(FOREVER, again).await.expect("the place is given back");
        }
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_said_is_refused_counted_and_then_ends_the_socket() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        wake(bench, station, &token).await;
        let (session, _) = issue(bench, &json!({ "minutes": 10, "workstation": station })).await;
        let mut viewer = dial(bench, "/ws/sessions", Some(&token_of(bench, Role::Viewer))).await.unwrap();
        next(&mut viewer).await;
        for (kind, data) in [
            ("heartbeat", beat()),
            ("validate_code", json!({ "code": "x", "question": 1 })),
            ("start_session", json!({ "session": session })),
            ("message_ack", json!({ "id": 1 })),
        ] {
            say(&mut viewer, kind, data).await;
            assert_eq!(next_of(&mut viewer, "error").await["code"], "frame_forbidden", "{kind}");
        }
        viewer.send(Message::binary(vec![0, 1])).await.unwrap();
        assert_eq!(next_of(&mut viewer, "error").await["code"], "bad_frame");
        viewer.send(Message::text("{")).await.unwrap();
        assert_eq!(next_close(&mut viewer).await, CloseCode::Policy);
        assert_eq!(bench.platform.metrics.sum("kiosk_bad_frames_total") as u32, 6);
        let mut operator = dial(bench, "/ws/sessions", Some(&token_of(bench, Role::Operator))).await.unwrap();
        next(&mut operator).await;
        say(&mut operator, "start_session", json!({ "session": session })).await;
        let opened = next_of(&mut operator, "session_started").await;
        assert!(opened["ticket"].is_string(), "{opened}");
        // What an agent's number of a try and its seat say, staff says by naming the workstation.
        let (other, its_token) = enrol(bench, 10).await;
        wake(bench, other, &its_token).await;
        let (second, code) = issue(bench, &json!({ "minutes": 10 })).await;
        for (data, refused) in [
            (json!({ "code": code }), "workstation_needed"),
            (json!({ "code": code, "ip": "x" }), "not_an_ip"),
            (json!({ "code": code, "workstation": 99 }), "no_such_workstation"),
        ] {
            say(&mut operator, "validate_code", data).await;
            assert_eq!(next_of(&mut operator, "error").await["errors"][0]["code"], refused);
        }
        say(&mut operator, "validate_code", json!({ "code": code, "workstation": other })).await;
        assert_eq!(next_of(&mut operator, "session_started").await["session"], json!(second));
        // Nothing told twice: what comes next is of the workstation.
        let mut large = dial(bench, "/ws/sessions", Some(&token_of(bench, Role::Admin))).await.unwrap();
        next(&mut large).await;
        let _cut = large.send(Message::text("x".repeat(17 * 1024))).await;
        assert_eq!(next_close(&mut large).await, CloseCode::Size);
        let mut chatty = dial(bench, "/ws/sessions", Some(&token)).await.unwrap();
        next(&mut chatty).await;
        for _ in 0..65 {
            let _cut = chatty.send(Message::text(json!({ "type": "get_time" }).to_string())).await;
        }
        assert_eq!(next_close(&mut chatty).await, CloseCode::Policy);
    })
    .await;
}

#[tokio::test]
async fn a_workstation_that_is_taken_out_hears_no_more() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        let mut agent = dial(bench, "/ws/sessions", Some(&token)).await.unwrap();
        next(&mut agent).await;
        let line = format!("DELETE /api/postes/{station}");
        assert_eq!(bench.ask(Some(Role::Admin), &line, "", b"").await.status, 204);
        assert_eq!(next_close(&mut agent).await, CloseCode::Restart);
        assert_eq!(dial(bench, "/ws/sessions", Some(&token)).await.err(), Some(401));
    })
    .await;
}
