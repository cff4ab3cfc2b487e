//! Holds the fuzz target of the whole way of a request: a connection that says anything, and what it is answered.
//! Never waits: the time is tokio's paused one, so that every limit of the server is met at once.
//! Called by `run`.
#![no_main]

use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use vigie::accounts::Accounts;
use vigie::accounts::clock::HandClock;
use vigie::accounts::password::Hasher;
use vigie::accounts::secret::Secret;
use vigie::accounts::store::RamStore;
use vigie::accounts::token::DeviceKey;
use vigie::http::context::Platform;
use vigie::http::guard::OwnNames;
use vigie::http::limits::Limits;
use vigie::http::listener::Server;
use vigie::http::logs::LogRing;

/// Stands for an access token of the administrator, so that what is behind the log-in is reached too.
const TOKEN: &[u8] = b"@T@";

struct Bench {
    runtime: Runtime,
    platform: Arc<Platform>,
    server: Server,
    stop: watch::Sender<bool>,
}

thread_local! {
    static BENCH: OnceCell<Bench> = const { OnceCell::new() };
}

fuzz_target!(|data: &[u8]| {
    BENCH.with(|bench| bench.get_or_init(Bench::new).play(data));
});

impl Bench {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let clock = Arc::new(HandClock::default());
        let key = DeviceKey::from_seed(&[7; 32]);
        let (accounts, _) = Accounts::open(Arc::new(RamStore::default()), clock.clone(), key, Hasher::with_cost(64, 1))
            .expect("an empty store opens");
        let password = Secret::new("correct horse battery".into());
        let made = runtime.block_on(accounts.create_first_admin("ada", password, *b"en"));
        assert!(made.is_ok());
        let own = OwnNames { host_name: "vigie".into(), ..OwnNames::default() };
        let logs = LogRing::new(clock.clone());
        let platform = Arc::new(Platform::new(Arc::new(accounts), clock, logs, own, Limits::default()));
        let table = vigie::http::build_table(&platform, Vec::new()).expect("the table is sound");
        let server = Server::new(platform.clone(), table);
        Self { runtime, platform, server, stop: watch::channel(false).0 }
    }

    fn play(&self, data: &[u8]) {
        let answer = self.runtime.block_on(async {
            let tokens = self.platform.accounts.open_tokens(1).expect("the administrator is there");
            let said = replace(data, TOKEN, tokens.access.expose().as_bytes());
            let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
            let (server, stop) = (self.server.clone(), self.stop.subscribe());
            let peer = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
            let serving = tokio::spawn(async move { server.converse(theirs, peer, false, stop).await });
            let mut answer = Vec::new();
            // What does not fit the pipe is said while answers are read; a server that has hung up hears the rest no more.
            let (mut read, mut write) = tokio::io::split(&mut ours);
            let talking = async {
                let _hung_up = write.write_all(&said).await;
                let _hung_up = write.shutdown().await;
            };
            let hearing = async { read.read_to_end(&mut answer).await };
            let (_, read) = tokio::join!(talking, hearing);
            read.expect("a pipe does not fail");
            serving.await.expect("the server does not panic");
            for session in [tokens.access, tokens.refresh] {
                self.platform.accounts.revoke(&session);
            }
            answer
        });
        let upgraded = answer.windows(12).any(|part| part == b"HTTP/1.1 101");
        if !upgraded {
            judge(&answer);
        }
        assert_eq!(self.platform.budget.taken(), (0, 0), "a seat is left behind");
    }
}

fn replace(data: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.windows(what.len()).position(|part| part == what) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(by);
        rest = &rest[at + what.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The status of a status line; a client of HTTP/1.0 is answered in kind.
fn read_status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    rest.get(..3)?.parse().ok()
}

/// Answers one after the other, each whole: a head we could have written, a body as long as it says.
fn judge(mut answer: &[u8]) {
    while !answer.is_empty() {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("the head of an answer ends");
        let head = std::str::from_utf8(&answer[..end]).expect("a head is text");
        answer = &answer[end + 4..];
        let mut lines = head.split("\r\n");
        let status: u16 = lines.next().and_then(read_status).expect(head);
        assert!((200..=599).contains(&status) && status != 500, "{head}");
        let fields: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").expect(line)).collect();
        let field = |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        if field("content-type").is_some() {
            assert_eq!(field("x-content-type-options"), Some("nosniff"), "{head}");
        }
        if field("transfer-encoding").is_some() || field("content-type") == Some("text/event-stream") {
            // A stream of events goes on until the connection ends.
            return;
        }
        let length: usize = field("content-length").map_or(0, |length| length.parse().expect(length));
        if answer.starts_with(b"HTTP/1.") || status == 304 {
            // The answer to HEAD, or one without a body by its status.
            continue;
        }
        answer = answer.get(length..).unwrap_or_default();
    }
}
