//! Holds what the tests of the API stand on: the whole server over pipes, with a real engine, store and accounts.
//! Never reaches a network: its legs have no sockets. The other test files use it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;
use vigie_core::lan::{Fact, Source};
use vigie_wire::Mac;

use crate::accounts::Accounts;
use crate::accounts::clock::HandClock;
use crate::accounts::password::Hasher;
use crate::accounts::record::{AccountRecord, Verifier};
use crate::accounts::role::Role;
use crate::accounts::store::{AccountStore, RamStore};
use crate::accounts::token::DeviceKey;
use crate::api::network::Desk;
use crate::api::network::live::{self, State};
use crate::api::{Deps, routes};
use crate::config::NetworkSettings;
use crate::http::context::Platform;
use crate::http::guard::OwnNames;
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::logs::LogRing;
use crate::http::route::RouteTable;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::kiosk;
use crate::shell::network::{Network, testing};

/// Longer than anything here takes: a test that waits for it has failed.
const FOREVER: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) platform: Arc<Platform>,
    /// A desk of its own, beside that of the routes.
    pub(crate) desk: Arc<Desk>,
    pub(crate) network: Network,
    pub(crate) kiosk: kiosk::Kiosk,
    pub(crate) keeper: Keeper,
    pub(crate) clock: Arc<HandClock>,
    /// Whether the kiosk believes that the storage takes something.
    pub(crate) storing: Arc<AtomicBool>,
    pub(crate) table: Arc<RouteTable>,
    pub(super) deps: Deps,
    server: Server,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Status and code of a problem.
    pub(crate) fn no(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The pointers of a problem.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Runs a test with a bench of one leg, 192.168.1.2/24 on eth0.
pub(crate) async fn with_bench<F: AsyncFnOnce(&Bench)>(test: F) {
    with_legs(&[("eth0", Ipv4Addr::new(192, 168, 1, 2), 24)], test).await;
}

pub(super) async fn with_legs<F: AsyncFnOnce(&Bench)>(legs: &[(&str, Ipv4Addr, u8)], test: F) {
    LocalSet::new().run_until(async { test(&Bench::new(legs).await).await }).await;
}

impl Bench {
    async fn new(legs: &[(&str, Ipv4Addr, u8)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now_ms = || vigie_sys::clock::boot_us() / 1_000;
        let (keeper, stored) = Keeper::open(folder.path(), now_ms).unwrap();
        let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
        let store = RamStore::default();
        for role in Role::ALL {
            let record = AccountRecord {
                role: role.byte(),
                verifier: Some(Verifier { memory_kib: 64, passes: 1, salt: [0; 16], hash: [0; 32] }),
                ..AccountRecord::new(role.byte().into(), &format!("{role:?}"), *b"en")
            };
            store.save(record.number, record.to_bytes()).await.unwrap();
        }
        let clock = Arc::new(HandClock::default());
        let key = DeviceKey::from_seed(&[7; 32]);
        let (accounts, _) = Accounts::open(Arc::new(store), clock.clone(), key, Hasher::with_cost(64, 1)).unwrap();
        let own = OwnNames { host_name: "vigie".into(), ..OwnNames::default() };
        let logs = LogRing::new(clock.clone());
        let platform = Arc::new(Platform::new(Arc::new(accounts), clock.clone(), logs, own, Limits::default()));
        let state = Arc::new(State::default());
        state.watch(&platform);
        let tell = live::listener(platform.clone(), clocks.clone(), state.clone());
        let network = testing::network(clocks.this_boot(), legs, Some(keeper.clone()), tell);
        let storing = Arc::new(AtomicBool::new(true));
        let is_storing = storing.clone();
        let kiosk = kiosk::start(kiosk::Start {
            clock: clock.clone(),
            clocks: clocks.clone(),
            zone: jiff::tz::TimeZone::UTC,
            key: platform.accounts.key(),
            vault: platform.vault.clone(),
            journal: platform.journal.clone(),
            hub: platform.events.clone(),
            stored: &[],
            folder: Some(folder.path().to_owned()),
            french: Box::new(|| None),
            is_storing: Box::new(move || is_storing.load(Ordering::Relaxed)),
        })
        .await;
        crate::api::kiosk::admit(&platform, &kiosk);
        let deps = Deps {
            network: network.clone(),
            keeper: keeper.clone(),
            kiosk: kiosk.clone(),
            clocks,
            settings: NetworkSettings::default(),
            state,
        };
        let desk = crate::api::desk(&deps);
        let table = crate::http::build_table(&platform, vec![routes(&deps, &desk)]).unwrap();
        let server = Server::new(platform.clone(), table.clone());
        let stop = watch::channel(false).0;
        Self { platform, desk, network, kiosk, keeper, clock, storing, table, deps, server, stop, _folder: folder }
    }

    /// One request on a connection of its own. `fields` are whole lines.
    pub(crate) async fn ask(&self, role: Option<Role>, line: &str, fields: &str, body: &[u8]) -> Answer {
        let token = role.map(|role| self.platform.accounts.open_tokens(role.byte().into()).unwrap());
        self.ask_with(token.as_ref().map(|token| token.access.expose()), line, fields, body).await
    }

    /// A new connection, as it is before anything is said on it.
    pub(crate) fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (server, stop) = (self.server.clone(), self.stop.subscribe());
        let peer = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
        tokio::spawn(async move { server.converse(theirs, peer, false, stop).await });
        ours
    }

    /// One request with a bearer token, or without.
    pub(crate) async fn ask_with(&self, token: Option<&str>, line: &str, fields: &str, body: &[u8]) -> Answer {
        let mut ours = self.connect();
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{line} HTTP/1.1\r\nHost: vigie.local\r\nConnection: close\r\n{bearer}{fields}{length}\r\n");
        let mut bytes = Vec::new();
        let talk = async {
            ours.write_all(head.as_bytes()).await.unwrap();
            // The answer may come before the whole body is taken.
            let _refused = ours.write_all(body).await;
            ours.read_to_end(&mut bytes).await.unwrap();
        };
        timeout(FOREVER, talk).await.expect("an answer");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let rest = bytes.split_off(end);
        let head = String::from_utf8(bytes).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: String::new() };
        let chunked = answer.field("transfer-encoding").is_some();
        // What is no text, such as a photo, is only looked at by its length.
        let body = if chunked { join_chunks(&rest) } else { rest };
        answer.body =
            String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Some(Role::Viewer), &format!("GET {path}"), "", b"").await
    }

    /// A request with a JSON body as an operator.
    pub(crate) async fn send(&self, line: &str, body: &str) -> Answer {
        self.ask(Some(Role::Operator), line, "Content-Type: application/json\r\n", body.as_bytes()).await
    }

    pub(crate) async fn send_as(&self, role: Role, line: &str, fields: &str, body: &str) -> Answer {
        let fields = format!("Content-Type: application/json\r\n{fields}");
        self.ask(Some(role), line, &fields, body.as_bytes()).await
    }

    /// Puts a device on the network: 02:..:n at 192.168.1.n. Gives its id.
    pub(crate) async fn add(&self, last: u8, name: &str) -> String {
        let name = name.to_owned();
        let visit = self.network.call(move |hands| {
            let (mac, ip) = (mac(last), ip(last));
            testing::hear(hands, Source::Arp, mac, ip, Fact::Claims);
            testing::hear(hands, Source::Icmp, mac, ip, Fact::Answered(vigie_core::Duration::from_millis(3)));
            if !name.is_empty() {
                testing::hear(hands, Source::Mdns, mac, ip, Fact::Name(&name));
            }
            hands.lan().find_mac(mac).map(|device| device.id().to_string())
        });
        visit.await.unwrap().expect("the device is there")
    }

    /// Waits until something holds of the network.
    pub(crate) async fn until(
        &self,
        holds: impl Fn(&mut crate::shell::network::Hands<'_>) -> bool + Copy + Send + 'static,
    ) {
        let wait = async {
            while !self.network.call(holds).await.unwrap() {
                tokio::task::yield_now().await;
            }
        };
        timeout(FOREVER, wait).await.expect("it comes to hold");
    }

    /// Waits until an answer is as it should be.
    pub(crate) async fn get_until(&self, path: &str, good: impl Fn(&Answer) -> bool) -> Answer {
        let wait = async {
            loop {
                let answer = self.get(path).await;
                if good(&answer) {
                    return answer;
                }
            }
        };
        timeout(FOREVER, wait).await.expect("the answer comes")
    }
}

pub(crate) fn mac(last: u8) -> Mac {
    Mac([0x00, 0x1b, 0x21, 0, 0, last])
}

pub(crate) fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 168, 1, last))
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
