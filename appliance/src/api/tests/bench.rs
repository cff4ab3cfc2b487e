//! Holds what the tests of the API stand on: the whole server over pipes, with a real engine, store and accounts.
//! Never reaches a network: its legs have no sockets. The other test files use it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;
use vigie_core::lan::{Fact, Source};
use vigie_wire::Mac;

use crate::accounts::clock::HandClock;
use crate::accounts::role::Role;
use crate::api::network::Desk;
use crate::api::network::live::{self, State};
use crate::api::{Deps, routes};
use crate::config::NetworkSettings;
use crate::http::context::Platform;
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::route::RouteTable;
pub(crate) use crate::http::testing::Answer;
use crate::http::testing::{FOREVER, connect, everybody, exchange, platform};
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::kiosk;
use crate::shell::network::{Network, testing};

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
        let clock = Arc::new(HandClock::default());
        let (platform, _) = platform(everybody().await, &clock, Limits::default());
        let platform = Arc::new(platform);
        let state = Arc::new(State::default());
        state.watch(&platform);
        let tell = live::listener(platform.clone(), clocks.clone(), state.clone());
        let network = testing::network(clocks.this_boot(), legs, Some(keeper.clone()), tell);
        let storing = Arc::new(AtomicBool::new(true));
        let is_storing = storing.clone();
        let kiosk = kiosk::start(kiosk::Start {
            folder: Some(folder.path().to_owned()),
            is_storing: Box::new(move || is_storing.load(Ordering::Relaxed)),
            ..kiosk::testing::alone(&platform, &clocks)
        })
        .await;
        crate::api::kiosk::admit(&platform, &kiosk);
        let deps = Deps {
            network: network.clone(),
            keeper: keeper.clone(),
            kiosk: kiosk.clone(),
            clocks,
            settings: NetworkSettings::default(),
            fixed: Vec::new(),
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
        connect(&self.server, &self.stop)
    }

    /// One request with a bearer token, or without.
    pub(crate) async fn ask_with(&self, token: Option<&str>, line: &str, fields: &str, body: &[u8]) -> Answer {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        exchange(self.connect(), line, &format!("{bearer}{fields}"), body).await
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
