//! Holds the promises of the kiosk's calls and sockets to strangers, to agents of other workstations and to viewers.
//! Never speaks through a library: frames are written byte by byte (RFC 6455, 5.2). Needs root and VIGIE_BIN.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use serde_json::{Value, json};
use vigie_tests::appliance::Appliance;

use crate::wire::{Answer, ask, connect, read_head, token, with_service};

const JSON: &str = "Content-Type: application/json\r\n";
const HEX16: &str = "000102030405060708090a0b0c0d0e0f";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// Frames of one hostile run; the socket is opened anew whenever it was closed.
const FRAMES: u64 = 2_000;

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn call(token: &str, line: &str, body: &Value) -> Answer {
    ask(line, &format!("{}{JSON}", bearer(token)), body.to_string().as_bytes())
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// Lets a machine in. Gives the number of the workstation and its token.
fn enrol(admin: &str, last: u8) -> (u64, String) {
    let question = format!("{last:064x}");
    let knock =
        json!({ "mac": format!("00:1b:21:00:00:{last:02x}"), "name": "p", "boot": HEX16, "question": question });
    let knocked = json_of(&ask("POST /api/postes/enrolment", JSON, knock.to_string().as_bytes()));
    let number = knocked["number"].as_str().expect("a number");
    let approved = call(admin, &format!("POST /api/postes/enrolment/{number}/approve"), &json!({}));
    assert_eq!(approved.status, 200);
    let asked = json!({ "question": question }).to_string();
    let told = json_of(&ask("POST /api/postes/enrolment/status", JSON, asked.as_bytes()));
    (told["workstation"]["id"].as_u64().expect("an id"), told["token"].as_str().expect("a token").to_owned())
}

/// A person of a role, with the password changed. Gives an access token.
fn log_in_as(appliance: &Appliance<'_>, role: &str) -> String {
    let name = format!("{role}-1");
    let temporary = "a temporary password";
    let account = json!({ "username": name, "role": role, "password": temporary });
    appliance.api.send("POST", "/api/accounts", &account);
    let log_in = |password: &str| {
        let pair = appliance.api.send("POST", "/api/token", &json!({ "username": name, "password": password }));
        pair["access"].as_str().expect("a token").to_owned()
    };
    let change = json!({ "old": temporary, "new": "another password of mine" });
    let changed = call(&log_in(temporary), "PUT /api/accounts/me/password", &change);
    assert!(changed.status < 300, "{} {}", changed.status, String::from_utf8_lossy(&changed.body));
    log_in("another password of mine")
}

fn open(fields: &str) -> TcpStream {
    let mut stream = connect();
    write!(stream, "GET /ws/sessions HTTP/1.1\r\nHost: localhost\r\n{fields}{UPGRADE}\r\n").expect("it listens");
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// A text frame with a mask of zeros, which leaves the payload as it is.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | 126];
    bytes.extend_from_slice(&u16::try_from(payload.len()).expect("it is short").to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// Whether the other side has closed; what it said before is passed over.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4_096];
    stream.set_nonblocking(true).expect("a switch");
    let closed = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break true,
            Ok(_) => {}
            Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
        }
    };
    stream.set_nonblocking(false).expect("a switch");
    closed
}

/// Numbers that are the same in every run (splitmix64).
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[test]
#[ignore = "needs root"]
fn frames_that_mean_no_good_harm_nobody() {
    with_service(|lab, _, appliance| {
        let admin = token(appliance);
        let before = lab.inside(|| {
            let (_, agent) = enrol(&admin, 9);
            let beat = format!(
                r#"{{"type":"heartbeat","data":{{"boot":"{HEX16}","nonce":"{HEX16}","lease_seq":0,"report":null}}}}"#
            );
            let code = r#"{"type":"validate_code","data":{"code":"ABCD-EFGH","question":"1"}}"#.to_owned();
            let proof = r#"{"type":"wipe_ack","data":{"session":1,"proof":"00"}}"#.to_owned();
            let seeds = [beat, code, proof, r#"{"type":"get_time"}"#.to_owned()];
            let before = appliance.resident_bytes();
            let mut seed = 7;
            let mut stream = open(&bearer(&agent));
            for _ in 0..FRAMES {
                let mut text = seeds[(draw(&mut seed) % 4) as usize].clone().into_bytes();
                for _ in 0..=draw(&mut seed) % 4 {
                    let at = (draw(&mut seed) as usize) % text.len();
                    match draw(&mut seed) % 3 {
                        0 => text[at] = draw(&mut seed) as u8,
                        1 => text.truncate(at.max(1)),
                        _ => text.insert(at, b'9'),
                    }
                }
                if stream.write_all(&frame(&text)).is_err() || is_closed(&mut stream) {
                    stream = open(&bearer(&agent));
                }
            }
            before
        });
        let grown = appliance.resident_bytes().saturating_sub(before);
        assert!(grown < 6 * 1024 * 1024, "it grew by {grown} bytes");
        let journal = appliance.api.get("/api/logs/verify");
        assert_eq!(journal["good"], true);
    });
}

#[test]
#[ignore = "needs root"]
fn tokens_of_workstations_that_are_forged_or_over_open_nothing() {
    with_service(|lab, _, appliance| {
        let admin = token(appliance);
        lab.inside(|| {
            let (one, agent) = enrol(&admin, 9);
            let (two, other) = enrol(&admin, 10);
            let beat = json!({ "boot": HEX16, "nonce": HEX16, "lease_seq": 0 });
            let beat_as =
                |token: &str, station: u64| call(token, &format!("POST /api/postes/{station}/heartbeat"), &beat).status;
            assert_eq!((beat_as(&agent, one), beat_as(&other, two)), (200, 200));
            assert_eq!(beat_as(&agent, two), 403, "its own seat only");
            let (head, secret) = agent.rsplit_once('.').expect("three parts");
            for (what, forged) in [
                ("another seat", format!("vigie-station.{two}.{secret}")),
                ("no secret", format!("{head}.")),
                ("half a secret", format!("{head}.{}", &secret[..20])),
                ("a longer secret", format!("{agent}A")),
                ("another number", agent.replacen(&one.to_string(), "4294967295", 1)),
                ("a seat of nobody", format!("vigie-station.99.{secret}")),
                ("lasting", format!("vigie-lasting.1.{secret}")),
            ] {
                assert_eq!(beat_as(&forged, one), 401, "{what}");
                let fields = format!("{}{UPGRADE}", bearer(&forged)).replace("Connection: Upgrade\r\n", "");
                assert_ne!(ask("GET /ws/sessions", &fields, b"").status, 101, "{what}");
            }
            assert_eq!(call(&admin, &format!("DELETE /api/postes/{two}"), &json!({})).status, 413, "no body there");
            assert_eq!(ask(&format!("DELETE /api/postes/{two}"), &bearer(&admin), b"").status, 204);
            assert_eq!(beat_as(&other, two), 401, "taken out");
        });
    });
}

#[test]
#[ignore = "needs root"]
fn a_viewer_sees_no_name_and_changes_nothing_on_any_route() {
    with_service(|lab, _, appliance| {
        let viewer = lab.inside(|| log_in_as(appliance, "viewer"));
        appliance.api.send(
            "POST",
            "/api/utilisateurs",
            &json!({ "family_name": "Vercingetorix", "card_number": "V1" }),
        );
        let description = appliance.api.get("/api/openapi.json");
        lab.inside(|| {
            let mut walked = 0;
            for (path, methods) in description["paths"].as_object().expect("paths") {
                if !["/api/utilisateurs", "/api/postes", "/api/sessions", "/api/kiosk", "/api/reports", "/api/logs"]
                    .iter()
                    .any(|area| path.starts_with(area))
                {
                    continue;
                }
                for (method, operation) in methods.as_object().expect("methods") {
                    let place = path.replace("{day}", "today").replace("{number}", "123456");
                    let place = place.replace("{id}", "1").replace("{station}", "1");
                    let line = format!("{} {place}", method.to_uppercase());
                    let answer = ask(&line, &bearer(&viewer), b"");
                    let allowed =
                        operation["x-role"].as_str().is_some_and(|role| role.contains("viewer") || role == "public");
                    assert_eq!(answer.status != 403, allowed, "{line}: {}", answer.status);
                    assert!(!String::from_utf8_lossy(&answer.body).contains("Vercingetorix"), "{line}");
                    walked += 1;
                }
            }
            assert!(walked > 60, "{walked}");
        });
        assert_eq!(appliance.api.get("/api/utilisateurs/1")["family_name"], "Vercingetorix", "it is still there");
    });
}

#[test]
#[ignore = "needs root"]
fn two_operators_who_end_one_session_at_once_are_both_answered_and_it_is_written_once() {
    with_service(|lab, _, appliance| {
        let admin = token(appliance);
        lab.inside(|| {
            let (station, agent) = enrol(&admin, 9);
            let beat = json!({ "boot": HEX16, "nonce": HEX16, "lease_seq": 0 });
            assert_eq!(call(&agent, &format!("POST /api/postes/{station}/heartbeat"), &beat).status, 200);
            let made = json_of(&call(&admin, "POST /api/sessions", &json!({ "minutes": 30 })));
            let code = json!({ "code": made["code"], "question": "5" });
            assert_eq!(call(&agent, "POST /api/sessions/validate_code", &code).status, 200);
        });
        let end = || lab.inside(|| call(&admin, "POST /api/sessions/1/terminate", &json!({})));
        let answers = thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(end)).collect();
            all.into_iter().map(|one| one.join().expect("an answer")).collect::<Vec<_>>()
        });
        for answer in &answers {
            assert_eq!((answer.status, &json_of(answer)["status"]), (200, &json!("ended")));
        }
        assert_eq!(appliance.api.get("/api/logs?kind=session_ended")["count"], 1);
    });
}

#[test]
#[ignore = "needs root"]
fn five_megabytes_that_are_no_photo_cost_nothing() {
    with_service(|lab, _, appliance| {
        let admin = token(appliance);
        appliance.api.send("POST", "/api/utilisateurs", &json!({ "family_name": "x" }));
        let before = appliance.resident_bytes();
        lab.inside(|| {
            let put = |bytes: &[u8]| {
                let fields = format!("{}Content-Type: image/jpeg\r\n", bearer(&admin));
                ask("PUT /api/utilisateurs/1/photo", &fields, bytes)
            };
            let mut noise = vec![b'n'; 5 * 1024 * 1024];
            assert_eq!(put(&noise).code(), "not_a_photo");
            noise[..3].copy_from_slice(&[0xff, 0xd8, 0xff]);
            assert_eq!(put(&noise).code(), "not_a_photo", "it begins like one");
            // A PNG that says it has 65,535 x 65,535 pixels.
            let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0".to_vec();
            bomb.extend_from_slice(&[0; 64]);
            assert!(matches!(put(&bomb).status, 422), "a picture of four billion dots");
            noise.push(b'n');
            assert_eq!(put(&noise).status, 413, "one byte more than is taken");
        });
        let grown = appliance.resident_bytes().saturating_sub(before);
        assert!(grown < 16 * 1024 * 1024, "it grew by {grown} bytes");
    });
}
