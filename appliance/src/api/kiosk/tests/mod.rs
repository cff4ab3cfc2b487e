//! Holds the tests of the kiosk's routes and sockets: requests go through a whole connection to a real room and store.
//! Never tests a handler by calling it, and never waits for a clock. `cargo test` runs it.

mod roles;
mod sessions;
mod sockets;
mod stations;
mod users;

use serde_json::{Value, json};

use crate::accounts::role::Role;
use crate::api::tests::bench::{Answer, Bench};

/// A boot, a nonce, half a question.
const HEX16: &str = "000102030405060708090a0b0c0d0e0f";

pub(super) async fn as_role(bench: &Bench, role: Role, line: &str, body: &Value) -> Answer {
    bench.send_as(role, line, "", &body.to_string()).await
}

pub(super) async fn by_agent(bench: &Bench, token: &str, line: &str, body: &str) -> Answer {
    bench.ask_with(Some(token), line, "Content-Type: application/json\r\n", body.as_bytes()).await
}

/// A person who agreed. Gives the number.
pub(super) async fn person(bench: &Bench, name: &str) -> u64 {
    let body = json!({ "family_name": name, "given_name": "Ada", "card_number": name, "consent_version": "2026-1" });
    let made = as_role(bench, Role::Operator, "POST /api/utilisateurs", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_u64().unwrap()
}

/// A machine is let in. Gives the number of the workstation and its token.
pub(super) async fn enrol(bench: &Bench, last: u8) -> (u64, String) {
    let question = format!("{last:064x}");
    let knock = json!({ "mac": format!("00:1b:21:00:00:{last:02x}"), "name": format!("poste-{last}"), "boot": HEX16,
        "agent_version": "1", "question": question });
    let knocked = bench.ask(None, "POST /api/postes/enrolment", JSON, knock.to_string().as_bytes()).await;
    assert_eq!(knocked.status, 202, "{}", knocked.body);
    let number = knocked.json()["number"].as_str().unwrap().to_owned();
    let approve = format!("POST /api/postes/enrolment/{number}/approve");
    let approved = as_role(bench, Role::Operator, &approve, &json!({})).await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    let told = ask_status(bench, &question).await.json();
    assert_eq!((&told["state"], &told["workstation"]["id"]), (&json!("approved"), &approved.json()["id"]));
    (approved.json()["id"].as_u64().unwrap(), told["token"].as_str().unwrap().to_owned())
}

pub(super) const JSON: &str = "Content-Type: application/json\r\n";

pub(super) async fn ask_status(bench: &Bench, question: &str) -> Answer {
    let body = json!({ "question": question }).to_string();
    bench.ask(None, "POST /api/postes/enrolment/status", JSON, body.as_bytes()).await
}

/// A heartbeat of a workstation at rest.
pub(super) fn beat() -> Value {
    json!({ "boot": HEX16, "nonce": HEX16, "lease_seq": 0, "report": null, "screen": "locked", "version": "1" })
}

/// The agent speaks up, so that its workstation is free.
pub(super) async fn wake(bench: &Bench, station: u64, token: &str) -> Value {
    let line = format!("POST /api/postes/{station}/heartbeat");
    let answer = by_agent(bench, token, &line, &beat().to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// A code. Gives the session's number and the code.
pub(super) async fn issue(bench: &Bench, body: &Value) -> (u64, String) {
    let made = as_role(bench, Role::Operator, "POST /api/sessions", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (made.json()["id"].as_u64().unwrap(), made.json()["code"].as_str().unwrap().to_owned())
}

/// The kinds of the newest entries of the journal, newest first.
pub(super) async fn kinds(bench: &Bench, query: &str) -> Vec<String> {
    let list = bench.ask(Some(Role::Admin), &format!("GET /api/logs?{query}"), "", b"").await.json();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["kind"].as_str().unwrap_or_default().to_owned()).collect()
}
