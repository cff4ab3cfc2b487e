//! Holds the promise that a WebSocket or an event stream that misbehaves is closed, and nobody else notices.
//! Never speaks through a library: frames are written byte by byte (RFC 6455, 5.2). Needs root and VIGIE_BIN.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use vigie_tests::patience::{check, eventually};

use crate::wire::{ask, connect, read_head, token, with_service};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn open(bearer: &str) -> TcpStream {
    let mut stream = connect();
    write!(stream, "GET /ws HTTP/1.1\r\nHost: localhost\r\n{bearer}{UPGRADE}\r\n").expect("the service listens");
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    stream
}

/// Code of the close frame, or `None` when the connection just ends. Messages and pings in between are passed over.
fn closed(stream: &mut TcpStream) -> Option<u16> {
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head).ok()?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                stream.read_exact(&mut length).ok()?;
                u16::from_be_bytes(length).into()
            }
            127 => panic!("a frame over 64 KiB"),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).ok()?;
        if head[0] & 0x0f == 8 {
            return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        }
    }
}

/// A frame with a mask of zeros, which leaves the payload as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).expect("it is short")),
        long => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
#[ignore = "needs root"]
fn a_socket_that_breaks_the_rules_is_closed() {
    with_service(|lab, _, appliance| {
        let bearer = format!("Authorization: Bearer {}\r\n", token(appliance));
        lab.inside(|| {
            let announced = [&[0x81, 0x80 | 127][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat();
            for (what, bytes, codes) in [
                ("a frame of 17 KiB", frame(0x81, &[b'x'; 17 * 1024]), &[Some(1009), None][..]),
                ("a frame of a tebibyte, announced", announced, &[Some(1009), None]),
                ("a frame without a mask", b"\x81\x05hello".to_vec(), &[Some(1002), None]),
                ("a ping in pieces", frame(0x09, b"x"), &[Some(1002), None]),
                ("a ping of 126 bytes", frame(0x89, &[b'x'; 126]), &[Some(1002), None]),
                ("a kind of frame nobody knows", frame(0x83, b"x"), &[Some(1002), None]),
                ("a bit nobody agreed on", frame(0xc1, b"x"), &[Some(1002), None]),
                ("the rest of nothing", frame(0x80, b"x"), &[Some(1002), None]),
                ("two beginnings", [frame(0x01, b"a"), frame(0x01, b"b")].concat(), &[Some(1002), None]),
                ("text that is none", frame(0x81, b"\xff\xfe"), &[Some(1007), Some(1002), None]),
                ("a close of one byte", frame(0x88, b"x"), &[Some(1002), None]),
                ("more messages than anybody has to say", frame(0x81, b"x").repeat(100), &[Some(1008)]),
                ("a flood of pings", frame(0x89, b"x").repeat(5_000), &[Some(1008), None]),
                (
                    "a message in more pieces than it may have bytes",
                    {
                        let mut pieces = frame(0x01, &[b'x'; 100]);
                        pieces.extend(frame(0x00, &[b'x'; 100]).repeat(400));
                        pieces
                    },
                    &[Some(1009), Some(1008), None],
                ),
            ] {
                let mut stream = open(&bearer);
                let _hung_up = stream.write_all(&bytes);
                let began = Instant::now();
                let code = closed(&mut stream);
                assert!(codes.contains(&code), "{what}: {code:?}");
                assert!(began.elapsed() < Duration::from_secs(10), "{what}: closed by patience, not by rule");
            }
            assert_eq!(ask("GET /ws", UPGRADE, b"").status, 401);
            assert_eq!(ask("GET /ws", &bearer, b"").code(), "upgrade_needed");
            let old = UPGRADE.replace("Version: 13", "Version: 8");
            assert_eq!(ask("GET /ws", &format!("{bearer}{old}"), b"").code(), "upgrade_needed");
        });
    });
}

#[test]
#[ignore = "needs root"]
fn a_reader_of_events_that_does_not_read_costs_nothing() {
    with_service(|lab, _, appliance| {
        let bearer = format!("Authorization: Bearer {}\r\n", token(appliance));
        let before = appliance.resident_bytes();
        let mut slow: Vec<TcpStream> = lab.inside(|| {
            let open = |_| {
                let mut stream = connect();
                write!(stream, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n")
                    .expect("the service listens");
                assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 "));
                stream
            };
            let held = (0..8).map(open).collect();
            let answer = ask("GET /api/events", &bearer, b"");
            assert_eq!((answer.status, answer.code().as_str()), (429, "too_many"), "the ninth of a session");
            held
        });
        // Every edit is an event; there are more of them than the queue of a reader holds.
        let add = serde_json::json!({ "mac": "00:1b:63:00:00:05", "label": "till" });
        let added = appliance.api.ask("POST", "/api/network/v2/devices", Some(&add)).expect("an answer");
        let edited = added.status == 201;
        if edited {
            let id = added.body["id"].as_str().expect("an id");
            for number in 0..600 {
                let patch = serde_json::json!({ "notes": format!("{number} {}", "x".repeat(400)) });
                let answer = appliance.api.ask("PATCH", &format!("/api/network/v2/devices/{id}"), Some(&patch));
                assert_eq!(answer.expect("an answer").status, 200);
            }
        }
        let grown = appliance.resident_bytes().saturating_sub(before);
        assert!(grown < 6 * 1024 * 1024, "it grew by {grown} bytes");
        slow.clear();
        // Their places are free again as soon as the service notices.
        lab.inside(|| {
            eventually("a place is free", Duration::from_secs(40), || {
                let mut stream = connect();
                write!(stream, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n")
                    .expect("the service listens");
                let head = read_head(&mut stream);
                check(head.starts_with("HTTP/1.1 200 "), head)
            });
        });
    });
}
