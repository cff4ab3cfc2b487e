//! Holds the tests of the event stream and the socket over a whole connection.
//! It never waits for real time.
//! `cargo test` runs it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper_tungstenite::WebSocketStream;
use hyper_tungstenite::tungstenite::Message;
use hyper_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use hyper_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use serde_json::json;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};

use super::bench::{Bench, PASSWORD};
use crate::http::events::Topic;

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn open_socket(bench: &Bench, path: &str) -> WebSocketStream<DuplexStream> {
    let bearer = format!("Authorization: Bearer {}\r\n{HANDSHAKE}", bench.token().await);
    let mut client = bench.connect();
    let answer = client.ask(&format!("GET {path}"), &bearer, "").await;
    assert_eq!((answer.status, answer.field("sec-websocket-accept")), (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
    WebSocketStream::from_raw_socket(client.pipe, Role::Client, Some(WebSocketConfig::default())).await
}

async fn next_close(socket: &mut WebSocketStream<DuplexStream>) -> Option<(CloseCode, String)> {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(frame) = message {
            return frame.map(|frame| (frame.code, frame.reason.to_string()));
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn the_stream_resumes_where_it_was_cut() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    for number in 1..=5 {
        bench.platform.events.publish(Topic::Network, "ONLINE", &json!({ "n": number }));
    }
    let mut client = bench.connect();
    client
        .write(format!("GET /api/events?topics=network HTTP/1.1\r\nHost: vigie\r\n{bearer}Last-Event-ID: 3\r\n\r\n"))
        .await;
    let head = client.read_answer(true).await.unwrap();
    assert_eq!((head.status, head.field("content-type")), (200, Some("text/event-stream")));
    assert!(client.read_until("id: 4\nevent: ONLINE\ndata: {").await);
    bench.platform.events.publish(Topic::Kiosk, "time_update", &json!({}));
    bench.platform.events.publish(Topic::Network, "OFFLINE", &json!({}));
    assert!(client.read_until("id: 5\n").await && client.read_until("id: 7\nevent: OFFLINE\n").await);
    sleep(Duration::from_secs(120)).await;
    assert!(client.read_until(": still here\n\n").await, "no limit of a request ends a stream");
    bench.platform.accounts.end(crate::accounts::session::SessionId(1));
    assert!(client.read_until("event: end\ndata: {\"reason\":\"session_over\"}").await);
}

#[tokio::test(start_paused = true)]
async fn strangers_and_unknown_topics_get_no_stream() {
    let bench = Bench::new();
    assert_eq!(bench.connect().get("/api/events").await.status, 401);
    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    let answer = bench.connect().ask("GET /api/events?topics=weather", &bearer, "").await;
    assert_eq!(answer.code(), "bad_parameter");
}

#[tokio::test(start_paused = true)]
async fn the_socket_carries_the_same_envelopes_and_lives_as_long_as_it_answers_pings() {
    let bench = Bench::new();
    let mut socket = open_socket(&bench, "/ws?topics=network").await;
    bench.platform.events.publish(Topic::Network, "NEW_DEVICE", &json!({ "id": 1 }));
    let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("an event") };
    let envelope: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&envelope["seq"], &envelope["type"], &envelope["data"]["id"]),
        (&1.into(), &"NEW_DEVICE".into(), &1.into())
    );
    let start = Instant::now();
    for _ in 0..10 {
        assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))));
        socket.flush().await.unwrap();
    }
    assert_eq!(start.elapsed().as_secs(), 150);
}

#[tokio::test(start_paused = true)]
async fn a_socket_without_a_sign_of_life_is_dropped_after_forty_seconds() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\n{HANDSHAKE}", bench.token().await);
    let mut client = bench.connect();
    assert_eq!(client.ask("GET /ws", &bearer, "").await.status, 101);
    let start = Instant::now();
    client.read_to_end().await;
    assert_eq!(start.elapsed().as_secs(), 40);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(bench.platform.events.listener_count(), 0);
    assert_eq!(bench.platform.budget.taken(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_socket_ends_with_a_reason() {
    let bench = Bench::new();
    let mut slow = open_socket(&bench, "/ws").await;
    for number in 0..2_000 {
        bench.platform.events.publish(Topic::System, "x", &json!(number));
    }
    assert_eq!(next_close(&mut slow).await, Some((CloseCode::Again, "too slow".into())));
    let mut ended = open_socket(&bench, "/ws").await;
    bench.platform.accounts.end(crate::accounts::session::SessionId(2));
    assert_eq!(next_close(&mut ended).await, Some((CloseCode::Policy, "session over".into())));
    let mut stopped = open_socket(&bench, "/ws").await;
    bench.platform.events.stop();
    assert_eq!(next_close(&mut stopped).await, Some((CloseCode::Restart, "stopping".into())));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_talks_too_much_or_too_long_is_cut() {
    let bench = Bench::new();
    let mut long = open_socket(&bench, "/ws").await;
    let _ = long.send(Message::text("x".repeat(17 * 1024))).await;
    let start = Instant::now();
    while let Some(Ok(_)) = long.next().await {}
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let mut many = open_socket(&bench, "/ws").await;
    for _ in 0..100 {
        if many.send(Message::text("x")).await.is_err() {
            break;
        }
    }
    assert_eq!(next_close(&mut many).await, Some((CloseCode::Policy, "too many messages".into())));
}

#[tokio::test(start_paused = true)]
async fn sockets_are_for_our_own_pages_and_for_those_who_logged_in() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\n{HANDSHAKE}", bench.token().await);
    assert_eq!(bench.connect().ask("GET /ws", HANDSHAKE, "").await.status, 401);
    let foreign = format!("{bearer}Origin: http://evil.example\r\n");
    assert_eq!(bench.connect().ask("GET /ws", &foreign, "").await.code(), "cross_site");
    let plain = bearer.replace(HANDSHAKE, "");
    assert_eq!(bench.connect().ask("GET /ws", &plain, "").await.code(), "upgrade_needed");

    let mut client = bench.connect();
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let answer = client.post("/api/session", "", &login).await;
    let cookie = format!("Cookie: {}\r\n{HANDSHAKE}", answer.field("set-cookie").unwrap().split(';').next().unwrap());
    assert_eq!(client.ask("GET /ws", &cookie, "").await.code(), "cross_site", "a browser always says its origin");
    let own = format!("{cookie}Origin: http://vigie.local\r\n");
    assert_eq!(client.ask("GET /ws", &own, "").await.status, 101);
}

#[tokio::test(start_paused = true)]
async fn the_ninth_stream_of_a_session_is_refused() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut client = bench.connect();
        client.write(format!("GET /api/events HTTP/1.1\r\nHost: vigie\r\n{bearer}\r\n")).await;
        assert_eq!(client.read_answer(true).await.unwrap().status, 200);
        held.push(client);
    }
    let answer = bench.connect().ask("GET /api/events", &bearer, "").await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "too_many"));
}
