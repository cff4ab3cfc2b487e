//! Holds what the test benches of the door, the API and the page share: accounts, a platform over them, answers that were read.
//! Never part of the service, and never opens a socket: a connection is a pipe.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::context::Platform;
use super::guard::OwnNames;
use super::limits::Limits;
use super::listener::Server;
use super::logs::LogRing;
use crate::accounts::Accounts;
use crate::accounts::clock::HandClock;
use crate::accounts::password::Hasher;
use crate::accounts::record::{AccountRecord, Verifier};
use crate::accounts::role::Role;
use crate::accounts::secret::Secret;
use crate::accounts::store::{AccountStore, RamStore};
use crate::accounts::token::DeviceKey;

/// Longer than anything here takes: a test that waits for it has failed.
pub(crate) const FOREVER: Duration = Duration::from_secs(60);

/// An account of every role, with the role's byte for a number.
pub(crate) async fn everybody() -> RamStore {
    let store = RamStore::default();
    for role in Role::ALL {
        let record = AccountRecord {
            role: role.byte(),
            verifier: Some(Verifier { memory_kib: 64, passes: 1, salt: [0; 16], hash: [0; 32] }),
            ..AccountRecord::new(role.byte().into(), &format!("{role:?}"), *b"en")
        };
        store.save(record.number, record.to_bytes()).await.unwrap();
    }
    store
}

/// A platform called `vigie` over these accounts, and the code to make the first of them.
pub(crate) fn platform(store: RamStore, clock: &Arc<HandClock>, limits: Limits) -> (Platform, Option<Secret>) {
    let (key, hasher) = (DeviceKey::from_seed(&[7; 32]), Hasher::with_cost(64, 1));
    let (accounts, code) = Accounts::open(Arc::new(store), clock.clone(), key, hasher).unwrap();
    let own = OwnNames { host_name: "vigie".into(), ..OwnNames::default() };
    (Platform::new(Arc::new(accounts), clock.clone(), LogRing::new(clock.clone()), own, limits), code)
}

/// A new connection from 192.168.1.20, as it is before anything is said on it.
pub(crate) fn connect(server: &Server, stop: &watch::Sender<bool>) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (server, stop) = (server.clone(), stop.subscribe());
    let peer = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
    tokio::spawn(async move { server.converse(theirs, peer, false, stop).await });
    ours
}

/// One request on a connection of its own: `line` without a version, `fields` as whole lines.
pub(crate) async fn exchange(mut ours: DuplexStream, line: &str, fields: &str, body: &[u8]) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{line} HTTP/1.1\r\nHost: vigie.local\r\nConnection: close\r\n{fields}{length}\r\n");
    let mut bytes = Vec::new();
    let talk = async {
        ours.write_all(head.as_bytes()).await.unwrap();
        // The answer may come before the whole body is taken.
        let _refused = ours.write_all(body).await;
        ours.read_to_end(&mut bytes).await.unwrap();
    };
    timeout(FOREVER, talk).await.expect("an answer");
    Answer::read(bytes)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The whole of a connection that has ended, with one answer on it.
    fn read(mut bytes: Vec<u8>) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let rest = bytes.split_off(end);
        let mut answer = Self::of_head(bytes);
        let chunked = answer.field("transfer-encoding").is_some();
        // What is no text, such as a photo, is only looked at by its length.
        let body = if chunked { join_chunks(&rest) } else { rest };
        answer.body =
            String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        answer
    }

    /// Its head, with no body yet.
    pub(crate) fn of_head(bytes: Vec<u8>) -> Self {
        let head = String::from_utf8(bytes).unwrap();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Self { status, head, body: String::new() }
    }

    /// What a field of the head says.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The same, with nothing for a field that is not there.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.field(name).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code of a problem.
    pub(crate) fn no(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// The pointers of a problem.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 2 + length + 2..];
    }
}
