//! Holds a client of the product's API that speaks from inside the appliance's namespace.
//! Never retries: a request that fails is something to report. Called by `appliance` and by tests.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use crate::lab::Lab;
use crate::patience::eventually;

/// The name and password every appliance of the tests is set up with.
pub const ADMIN: &str = "ada";
/// Long enough to be accepted.
pub const PASSWORD: &str = "correct horse battery";
/// Longer than the longest answer: a check climbs its ladder of questions first.
const ANSWER_TIME: Duration = Duration::from_secs(35);
/// A sweep of a /24 with all ports, on a loaded machine and with frames lost.
const SWEEP_TIME: Duration = Duration::from_secs(180);
/// The most one page of a list holds.
const PAGE: usize = 200;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; `null` when it is no JSON.
    pub body: Value,
}

/// A client.
#[derive(Debug)]
pub struct Api<'l> {
    lab: &'l Lab,
    agent: Agent,
    token: Option<String>,
}

impl<'l> Api<'l> {
    /// A client that has not logged in.
    #[must_use]
    pub fn new(lab: &'l Lab) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER_TIME));
        Self { lab, agent: config.build().into(), token: None }
    }

    /// Logs in.
    ///
    /// # Panics
    /// When the appliance does not let the admin in.
    pub fn log_in(&mut self) {
        let answer = self.ask("POST", "/api/token", Some(&json!({ "username": ADMIN, "password": PASSWORD })));
        let answer = answer.expect("the service answers");
        assert_eq!(answer.status, 200, "log-in: {}", answer.body);
        self.token = answer.body["access"].as_str().map(str::to_owned);
    }

    /// One request.
    ///
    /// # Errors
    /// When there is no answer: nobody listens, or not in time.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("http://127.0.0.1:8080{path}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let text = body.map(Value::to_string);
        if text.is_some() {
            request = request.header("content-type", "application/json");
        }
        let (agent, lab) = (&self.agent, self.lab);
        lab.inside(move || {
            let mut response = match text {
                Some(text) => agent.run(request.body(text)?),
                None => agent.run(request.body(())?),
            }?;
            let status = response.status().as_u16();
            let text = response.body_mut().read_to_string()?;
            Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
        })
    }

    /// Reads a text, such as the metrics.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let uri = format!("http://127.0.0.1:8080{path}");
        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let read = self
            .lab
            .inside(|| self.agent.get(&uri).header("authorization", &bearer).call()?.body_mut().read_to_string());
        read.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Reads something that must be there.
    ///
    /// # Panics
    /// When the answer is not 200.
    #[must_use]
    pub fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None).unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.body
    }

    /// Changes something, which must succeed.
    ///
    /// # Panics
    /// When the answer is no success.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, Some(body)).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// All items of a list, page by page. `query` may be empty.
    ///
    /// # Panics
    /// When a page is missing, or there is no end to them.
    #[must_use]
    pub fn list(&self, path: &str, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..100 {
            let page = self.get(&format!("{path}?limit={PAGE}&{query}{cursor}"));
            items.extend(page["items"].as_array().expect("a list has items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
        panic!("{path} has no last page");
    }

    /// Every device.
    #[must_use]
    pub fn devices(&self) -> Vec<Value> {
        self.list("/api/network/v2/devices", "")
    }

    /// The device with a MAC.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn device(&self, mac: &str) -> Value {
        self.get(&format!("/api/network/v2/devices/{mac}"))
    }

    /// Sweeps everything once, `quick` or `full`, and waits for the end.
    ///
    /// # Panics
    /// When the sweep is refused or does not end.
    pub fn sweep(&self, kind: &str) {
        let started = self.send("POST", "/api/network/v2/scan", &json!({ "kind": kind }));
        let job = started["job"]["id"].clone();
        eventually("the sweep ends", SWEEP_TIME, || {
            let now = self.get("/api/network/v2/scan");
            let is_over = now["job"]["id"] == job && now["job"]["state"] == "done";
            if is_over { Ok(()) } else { Err(now.to_string()) }
        });
    }

    /// The part of readiness with this name: whether all is well, and the words.
    ///
    /// # Panics
    /// When there is no such part.
    #[must_use]
    pub fn readiness(&self, part: &str) -> (bool, String) {
        let ready = self.ask("GET", "/readyz", None).expect("the service answers").body;
        let checks = ready["checks"].as_array().expect("readiness has checks");
        let found = checks.iter().find(|check| check["name"] == part);
        let found = found.unwrap_or_else(|| panic!("no {part} among {ready}"));
        (found["ok"] == true, found["detail"].as_str().unwrap_or_default().to_owned())
    }
}
