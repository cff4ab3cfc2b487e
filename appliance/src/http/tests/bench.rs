//! Holds what the HTTP tests stand on: a server over pipes and a client that writes bytes and reads answers.
//! It never hides what is sent: tests write requests as text.
//! The other test files use it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::accounts::clock::HandClock;
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::accounts::store::RamStore;
use crate::http::call::Call;
use crate::http::context::{Check, Platform};
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Route, RouteTable};
use crate::http::testing::{self, Answer, everybody};
use crate::http::tls::Tls;

pub(super) const PASSWORD: &str = "correct horse battery";

/// Longer than any limit of the server: a test that waits for it has failed.
const FOREVER: Duration = Duration::from_secs(3_600);

pub(super) struct Bench {
    pub(super) server: Server,
    pub(super) platform: Arc<Platform>,
    pub(super) table: Arc<RouteTable>,
    pub(super) code: Secret,
    pub(super) clock: Arc<HandClock>,
    pub(super) stop: watch::Sender<bool>,
    /// Keys and certificates; gone with the bench.
    _vault: Option<TempDir>,
    pub(super) counted: Arc<AtomicU32>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Thing {
    pub(super) number: u32,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(super) fn with_limits(limits: Limits) -> Self {
        Self::over(RamStore::default(), limits)
    }

    /// A bench on which every role has an account; its number is the role's byte.
    pub(super) async fn with_every_role() -> Self {
        Self::over(everybody().await, Limits::default())
    }

    /// A bench that answers over TLS, on a port it calls 8443.
    pub(super) fn with_tls(limits: Limits) -> Self {
        let bench = Self::over_with(RamStore::default(), limits, true);
        // The test's own sense of time is paused; certificates are judged by the true date.
        bench.clock.set_wall(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok());
        let tls = bench.platform.tls.as_ref().unwrap();
        tls.listens_on(8443);
        tls.look_after(&bench.platform.guard.own()).unwrap().unwrap();
        bench
    }

    fn over(store: RamStore, limits: Limits) -> Self {
        Self::over_with(store, limits, false)
    }

    fn over_with(store: RamStore, limits: Limits, tls: bool) -> Self {
        let clock = Arc::new(HandClock::default());
        let (platform, code) = testing::platform(store, &clock, limits);
        let token = Some(Secret::new("m".repeat(32)));
        let vault = tls.then(|| tempfile::tempdir().unwrap());
        let tls = vault
            .as_ref()
            .map(|vault| Arc::new(Tls::open(vault.path(), &platform.guard.own(), clock.clone()).unwrap().0));
        let platform = Arc::new(platform.with_metrics_token(token).with_tls(tls));
        platform.watch(|| Check { name: "store", ok: true, needed: true, detail: "open".into() });
        let counted = Arc::new(AtomicU32::new(0));
        let table = crate::http::build_table(&platform, vec![sample_routes(&counted)]).unwrap();
        let server = Server::new(platform.clone(), table.clone());
        Self {
            server,
            platform,
            table,
            code: code.unwrap_or_else(|| Secret::new(String::new())),
            clock,
            _vault: vault,
            stop: watch::channel(false).0,
            counted,
        }
    }

    /// A new connection from an address.
    pub(super) fn connect_from(&self, last: u8) -> Client {
        self.connect_as(IpAddr::V4(Ipv4Addr::new(192, 168, 1, last)), false)
    }

    pub(super) fn connect(&self) -> Client {
        self.connect_from(20)
    }

    pub(super) fn connect_as(&self, peer: IpAddr, secure: bool) -> Client {
        let (ours, theirs) = tokio::io::duplex(8 * 1024);
        let (server, stop) = (self.server.clone(), self.stop.subscribe());
        tokio::spawn(async move { server.converse(theirs, peer, secure, stop).await });
        Client { pipe: ours, unread: Vec::new() }
    }

    /// Makes the first admin.
    pub(super) async fn set_up(&self) {
        self.platform.accounts.create_first_admin("ada", Secret::new(PASSWORD.into()), *b"en").await.unwrap();
    }

    /// An access token of the admin.
    pub(super) async fn token(&self) -> String {
        if self.platform.accounts.needs_setup() {
            self.set_up().await;
        }
        self.platform.accounts.open_tokens(1).unwrap().access.expose().to_owned()
    }
}

fn sample_routes(counted: &Arc<AtomicU32>) -> Vec<Route> {
    vec![
        Route::post("/test/echo", Access::Public, "Echo")
            .reads::<Thing>()
            .answers::<Thing>(200)
            .run(async |call: Call| Reply::json(&call.json::<Thing>()?)),
        Route::post("/test/form", Access::Public, "Form").takes(BodyRule::Form).run(async |call: Call| {
            Ok(Reply::text(call.form().into_iter().map(|(key, value)| format!("{key}={value};")).collect()))
        }),
        Route::get("/test/things/{id}", Access::Public, "A thing").run(async |call: Call| {
            call.tagged(&serde_json::json!({ "id": call.parameter("id"), "q": call.query("q") }))
        }),
        Route::post("/test/count", Access::Operator, "Count").takes(BodyRule::Json).run_with(
            counted,
            async |counted: Arc<AtomicU32>, _| {
                Reply::json(&Thing { number: counted.fetch_add(1, Ordering::Relaxed) + 1 })
            },
        ),
        Route::post("/test/slow", Access::Operator, "Count after a while").run_with(
            counted,
            async |counted: Arc<AtomicU32>, call: Call| {
                let seconds = call.query_as("seconds")?.unwrap_or(5);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(Reply::empty())
            },
        ),
        Route::post("/test/panic", Access::Operator, "Fails").run(async |_| panic!("on purpose")),
        Route::get("/test/never", Access::Public, "Never answers").run(async |_| {
            std::future::pending::<()>().await;
            Ok(Reply::empty())
        }),
        Route::get("/test/big", Access::Public, "A megabyte").run(async |_| Ok(Reply::text("x".repeat(1 << 20)))),
        Route::get("/test/viewer", Access::Viewer, "For viewers").run(async |_| Ok(Reply::empty())),
        Route::get("/test/operator", Access::Operator, "For operators").run(async |_| Ok(Reply::empty())),
        Route::get("/test/agent", Access::Agent, "For agents").run(async |_| Ok(Reply::empty())),
        Route::get("/test/stations/{station}", Access::AgentOrOperator, "One workstation")
            .run(async |_| Ok(Reply::empty())),
        Route::get("/test/both", Access::AgentOrOperator, "For both").run(async |_| Ok(Reply::empty())),
    ]
}

/// A client that says exactly what it is told.
pub(super) struct Client {
    pub(super) pipe: DuplexStream,
    unread: Vec<u8>,
}

impl Client {
    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        matches!(timeout(FOREVER, self.pipe.write_all(bytes.as_ref())).await, Ok(Ok(())))
    }

    /// Sends a request; `fields` are whole lines, each ending in `\r\n`.
    pub(super) async fn ask(&mut self, line: &str, fields: &str, body: &str) -> Answer {
        let host = if fields.to_ascii_lowercase().contains("host:") { "" } else { "Host: vigie.local\r\n" };
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.write(format!("{line} HTTP/1.1\r\n{host}{fields}{length}\r\n{body}")).await;
        let silent = line.starts_with("HEAD");
        self.read_answer(silent).await.expect("an answer")
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "", "").await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &str, body: &str) -> Answer {
        self.ask(&format!("POST {path}"), &format!("Content-Type: application/json\r\n{fields}"), body).await
    }

    /// Reads one answer; `None` when the connection ends before its head does.
    pub(super) async fn read_answer(&mut self, silent: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            if !self.fill().await {
                return None;
            }
        };
        let mut answer = Answer::of_head(self.unread.drain(..end + 4).collect());
        let length: usize = answer.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if !silent && answer.status != 304 {
            while self.unread.len() < length && self.fill().await {}
            let length = length.min(self.unread.len());
            answer.body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        }
        Some(answer)
    }

    /// Reads until the other side ends the connection, and gives what came.
    pub(super) async fn read_to_end(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.unread)
    }

    /// Reads until the text has come; false when the connection ends before.
    pub(super) async fn read_until(&mut self, text: &str) -> bool {
        loop {
            if let Some(at) = self.unread.windows(text.len()).position(|part| part == text.as_bytes()) {
                self.unread.drain(..at + text.len());
                return true;
            }
            if !self.fill().await {
                return false;
            }
        }
    }

    async fn fill(&mut self) -> bool {
        let mut buffer = [0; 4 * 1024];
        match timeout(FOREVER, self.pipe.read(&mut buffer)).await.expect("the server neither speaks nor ends") {
            Ok(count) if count > 0 => {
                self.unread.extend(&buffer[..count]);
                true
            }
            _ => false,
        }
    }
}
