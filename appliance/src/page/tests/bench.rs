//! Holds what the tests of the page stand on: its routes over a real server and engine without sockets.
//! It never reaches a network. The other test files use it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::LocalSet;
use vigie_core::Mac;
use vigie_core::lan::{Fact, Source};

use crate::accounts::clock::HandClock;
use crate::accounts::role::{Access, Role};
use crate::accounts::store::RamStore;
use crate::api::Deps;
use crate::api::network::live::{self, State};
use crate::config::NetworkSettings;
use crate::http::context::Platform;
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::testing::{Answer, connect, everybody, exchange, platform};
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::network::{Network, testing};

pub(in crate::page) const FORM: &str =
    "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";

/// The page over a real engine, with an account of each role or none.
pub(in crate::page) struct Bench {
    pub(in crate::page) platform: Arc<Platform>,
    pub(in crate::page) clock: Arc<HandClock>,
    pub(in crate::page) kiosk: crate::shell::kiosk::Kiosk,
    pub(super) network: Network,
    pub(super) code: String,
    server: Server,
    stop: watch::Sender<bool>,
    pub(super) paths: Vec<(String, &'static str, Access)>,
    /// What is written down, and who may do it, of the page and of the API.
    pub(super) acts: Vec<(vigie_core::audit::Kind, Access)>,
    _folder: tempfile::TempDir,
}

pub(in crate::page) async fn with_bench<F: AsyncFnOnce(&Bench)>(accounts: bool, test: F) {
    LocalSet::new().run_until(async { test(&Bench::new(accounts).await).await }).await;
}

impl Bench {
    async fn new(with_accounts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, stored) = Keeper::open(folder.path(), || vigie_sys::clock::boot_us() / 1_000).unwrap();
        let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
        let store = if with_accounts { everybody().await } else { RamStore::default() };
        let clock = Arc::new(HandClock::default());
        let (platform, code) = platform(store, &clock, Limits::default());
        let platform = Arc::new(platform);
        let state = Arc::new(State::default());
        let tell = live::listener(platform.clone(), clocks.clone(), state.clone());
        let legs = [("eth0", Ipv4Addr::new(192, 168, 1, 2), 24)];
        let network = testing::network(clocks.this_boot(), &legs, Some(keeper.clone()), tell);
        let settings = NetworkSettings::default();
        let kiosk = crate::shell::kiosk::testing::kiosk(&platform, &clocks).await;
        let fixed = vec!["VIGIE_NETWORK_PACE".to_owned()];
        let deps = Deps { network: network.clone(), keeper, clocks, settings, fixed, state, kiosk: kiosk.clone() };
        let desk = crate::api::desk(&deps);
        let routes = crate::page::routes(&deps, &desk);
        let paths = routes.iter().map(|route| (route.method.to_string(), route.path, route.access)).collect();
        let acts = routes
            .iter()
            .chain(&crate::api::routes(&deps, &desk))
            .filter_map(|route| Some((route.audits?, route.access)))
            .collect();
        let table = crate::http::build_table(&platform, vec![routes]).unwrap();
        let server = Server::new(platform.clone(), table);
        let code = code.map(|code| code.expose().to_owned()).unwrap_or_default();
        let stop = watch::channel(false).0;
        Self { platform, clock, kiosk, network, code, server, stop, paths, acts, _folder: folder }
    }

    /// The cookie of somebody of a role.
    pub(in crate::page) fn cookie(&self, role: Role) -> String {
        let secret = self.platform.accounts.open_page(role.byte().into()).unwrap();
        format!("Cookie: vigie={}\r\n", secret.expose())
    }

    pub(in crate::page) async fn ask(&self, line: &str, fields: &str, body: &str) -> Answer {
        let accept = if fields.contains("Accept: ") { "" } else { "Accept: text/html\r\n" };
        let ours = connect(&self.server, &self.stop);
        exchange(ours, line, &format!("{accept}{fields}"), body.as_bytes()).await
    }

    pub(in crate::page) async fn get(&self, path: &str, fields: &str) -> Answer {
        self.ask(&format!("GET {path}"), fields, "").await
    }

    pub(in crate::page) async fn post(&self, path: &str, role: Role, body: &str) -> Answer {
        let fields = format!("{FORM}{}", self.cookie(role));
        self.ask(&format!("POST {path}"), &fields, body).await
    }

    /// Puts a device on the network and gives its id.
    pub(in crate::page) async fn add(&self, last: u8, name: &'static str) -> String {
        let visit = self.network.call(move |hands| {
            let (mac, ip) = (Mac([0, 0x1b, 0x21, 0, 0, last]), IpAddr::V4(Ipv4Addr::new(192, 168, 1, last)));
            testing::hear(hands, Source::Arp, mac, ip, Fact::Claims);
            testing::hear(hands, Source::Icmp, mac, ip, Fact::Answered(vigie_core::Duration::from_millis(3)));
            testing::hear(hands, Source::Mdns, mac, ip, Fact::Name(name));
            hands.lan().find_mac(mac).map(|device| device.id().to_string())
        });
        visit.await.unwrap().expect("the device is there")
    }
}

/// The words of a piece of a page.
pub(in crate::page) fn strip_markup(html: &str) -> String {
    html.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect()
}
