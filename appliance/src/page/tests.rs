//! Holds the tests of whole views: the routes over a real server and engine without sockets, and lists of every length.
//! It never reaches a network.
//! `cargo test` runs it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;
use vigie_core::lan::{Actions, Fact, Input, Lan, LanSettings, Leg, NoRules, SegmentId, Sighting, Source};
use vigie_core::{Instant, Mac, Moment};

use super::attention;
use super::devices::{self, PAGE_ROWS};
use super::filter::Filter;
use super::gate::Desk;
use super::row::Row;
use super::scan::Looking;
use crate::accounts::Accounts;
use crate::accounts::clock::HandClock;
use crate::accounts::password::Hasher;
use crate::accounts::record::{AccountRecord, Verifier};
use crate::accounts::role::{Access, Role};
use crate::accounts::store::{AccountStore, RamStore};
use crate::accounts::token::DeviceKey;
use crate::api::Deps;
use crate::api::network::live::{self, State};
use crate::config::NetworkSettings;
use crate::http::context::Platform;
use crate::http::guard::OwnNames;
use crate::http::language::Language;
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::logs::LogRing;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::network::{LegView, Network, testing};

/// Longer than anything here takes: a test that waits for it has failed.
const FOREVER: Duration = Duration::from_secs(60);

pub(super) const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";

/// The page over a real engine, with an account of each role or none.
pub(super) struct Bench {
    pub(super) platform: Arc<Platform>,
    pub(super) clock: Arc<HandClock>,
    pub(super) kiosk: crate::shell::kiosk::Kiosk,
    network: Network,
    code: String,
    server: Server,
    stop: watch::Sender<bool>,
    paths: Vec<(String, &'static str, Access)>,
    /// What is written down, and who may do it, of the page and of the API.
    acts: Vec<(vigie_core::audit::Kind, Access)>,
    _folder: tempfile::TempDir,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn field(&self, name: &str) -> &str {
        let found =
            self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

pub(super) async fn with_bench<F: AsyncFnOnce(&Bench)>(accounts: bool, test: F) {
    LocalSet::new().run_until(async { test(&Bench::new(accounts).await).await }).await;
}

impl Bench {
    async fn new(with_accounts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, stored) = Keeper::open(folder.path(), || vigie_sys::clock::boot_us() / 1_000).unwrap();
        let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
        let store = RamStore::default();
        for role in Role::ALL.into_iter().filter(|_| with_accounts) {
            let verifier = Verifier { memory_kib: 64, passes: 1, salt: [0; 16], hash: [0; 32] };
            let number = role.byte().into();
            let record = AccountRecord {
                role: role.byte(),
                verifier: Some(verifier),
                ..AccountRecord::new(number, &format!("{role:?}"), *b"en")
            };
            store.save(number, record.to_bytes()).await.unwrap();
        }
        let clock = Arc::new(HandClock::default());
        let key = DeviceKey::from_seed(&[7; 32]);
        let (accounts, code) = Accounts::open(Arc::new(store), clock.clone(), key, Hasher::with_cost(64, 1)).unwrap();
        let own = OwnNames { host_name: "vigie".into(), ..OwnNames::default() };
        let platform =
            Platform::new(Arc::new(accounts), clock.clone(), LogRing::new(clock.clone()), own, Limits::default());
        let platform = Arc::new(platform);
        let state = Arc::new(State::default());
        let tell = live::listener(platform.clone(), clocks.clone(), state.clone());
        let legs = [("eth0", Ipv4Addr::new(192, 168, 1, 2), 24)];
        let network = testing::network(clocks.this_boot(), &legs, Some(keeper.clone()), tell);
        let settings = NetworkSettings::default();
        let kiosk = crate::shell::kiosk::testing::kiosk(&platform, &clocks).await;
        let deps = Deps { network: network.clone(), keeper, clocks, settings, state, kiosk: kiosk.clone() };
        let desk = crate::api::desk(&deps);
        let routes = super::routes(&deps, &desk);
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
    pub(super) fn cookie(&self, role: Role) -> String {
        let secret = self.platform.accounts.open_page(role.byte().into()).unwrap();
        format!("Cookie: vigie={}\r\n", secret.expose())
    }

    pub(super) async fn ask(&self, line: &str, fields: &str, body: &str) -> Answer {
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        let (server, stop) = (self.server.clone(), self.stop.subscribe());
        let peer = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
        tokio::task::spawn_local(async move { server.converse(theirs, peer, false, stop).await });
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let accept = if fields.contains("Accept: ") { "" } else { "Accept: text/html\r\n" };
        let text =
            format!("{line} HTTP/1.1\r\nHost: vigie.local\r\n{accept}Connection: close\r\n{fields}{length}\r\n{body}");
        let mut bytes = Vec::new();
        let talk = async {
            ours.write_all(text.as_bytes()).await.unwrap();
            ours.read_to_end(&mut bytes).await.unwrap();
        };
        timeout(FOREVER, talk).await.expect("an answer");
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(super) async fn get(&self, path: &str, fields: &str) -> Answer {
        self.ask(&format!("GET {path}"), fields, "").await
    }

    pub(super) async fn post(&self, path: &str, role: Role, body: &str) -> Answer {
        let fields = format!("{FORM}{}", self.cookie(role));
        self.ask(&format!("POST {path}"), &fields, body).await
    }

    /// Puts a device on the network and gives its id.
    pub(super) async fn add(&self, last: u8, name: &'static str) -> String {
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

#[tokio::test]
async fn strangers_are_sent_to_the_door_and_roles_are_kept_apart_on_every_route() {
    with_bench(true, async |bench| {
        let device = bench.add(7, "laser").await;
        super::kiosk::tests::furnish(bench).await;
        let door = ["/setup", "/login", "/logout", "/language", "/trust", "/screen/enter"];
        assert!(bench.paths.len() > 25);
        for (method, path, access) in bench.paths.iter().filter(|(_, path, _)| !door.contains(path)) {
            assert_ne!(*access, Access::Public, "{path} says who may see it");
            let id = if path.starts_with("/devices") { &device } else { "1" };
            let path =
                path.replace("{id}", id).replace("{session}", "999").replace("{day}", super::kiosk::tests::TODAY);
            let line = format!("{method} {path}");
            let fields = if method == "POST" { FORM } else { "" };
            let stranger = bench.ask(&line, fields, "").await;
            assert_eq!(stranger.status, 303, "{line}");
            let to = if path == "/screen" { "/screen/enter" } else { "/login" };
            assert!(stranger.field("location").starts_with(to), "{line}: {}", stranger.head);
            let program = bench.ask(&line, &format!("{fields}Accept: application/json\r\n"), "").await;
            assert_eq!((program.status, program.field("content-type")), (401, "application/problem+json"), "{line}");
            for role in Role::ALL {
                if method == "POST" && access.admits(Some(role)) {
                    continue;
                }
                let answer = bench.ask(&line, &format!("{fields}{}", bench.cookie(role)), "").await;
                let expected = if access.admits(Some(role)) { 200 } else { 403 };
                assert_eq!(answer.status, expected, "{line} as {role:?}: {}", answer.body);
                if expected == 200 && line == "GET /system/logs/text" {
                    assert!(answer.field("content-type").starts_with("text/plain"), "{line}");
                    continue;
                }
                assert!(
                    answer.body.contains("<h1") || answer.body.contains("id=\"parts\"") || line == "GET /scan",
                    "{line}"
                );
                assert!(answer.field("content-type").starts_with("text/html"), "{line}");
            }
            if method == "POST" {
                let foreign = fields.replace("same-origin", "cross-site") + &bench.cookie(Role::Admin);
                assert_eq!(bench.ask(&line, &foreign, "").await.status, 403, "{line} from another site");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_administrator_adds_somebody_who_then_chooses_a_password() {
    with_bench(true, async |bench| {
        let page = bench.get("/people", &bench.cookie(Role::Admin)).await.body;
        assert!(page.contains("href=\"/people/3\"") && page.contains("(you)"), "{page}");
        let wrong = bench.post("/people", Role::Admin, "username=a+b&role=operator").await;
        assert!(
            wrong.status == 422 && wrong.body.contains("value=\"a b\"") && wrong.body.contains("A name has 1 to 64")
        );
        let made = bench.post("/people", Role::Admin, "username=eve&role=operator&language=fr").await;
        assert_eq!(made.status, 200);
        let temporary = made.body.split("tabindex=\"0\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        assert_eq!(temporary.len(), 19, "{temporary}");
        assert!(!bench.get("/people", &bench.cookie(Role::Admin)).await.body.contains(temporary), "told once");

        let login = bench.ask("POST /login", FORM, &format!("username=eve&password={temporary}")).await;
        let cookie = format!("Cookie: {}\r\n", login.field("set-cookie").split(';').next().unwrap());
        let sent = bench.get("/devices", &cookie).await;
        assert_eq!((sent.status, sent.field("location")), (303, "/my-account"));
        let page = bench.get("/my-account", &format!("{cookie}Accept-Language: en\r\n")).await.body;
        assert!(
            page.contains("lang=\"fr\"") && page.contains("votre propre mot de passe"),
            "the account's language: {page}"
        );
        let fields = format!("{FORM}{cookie}");
        let form = |old: &str, new: &str| format!("old={old}&new={new}");
        let wrong = bench.ask("POST /my-account/password", &fields, &form("x", "trois+petits+cochons")).await;
        assert!(wrong.status == 422 && wrong.body.contains("old-fault"), "{}", wrong.body);
        let done = bench.ask("POST /my-account/password", &fields, &form(temporary, "trois+petits+cochons")).await;
        assert_eq!((done.status, done.field("location")), (303, "/my-account?done=password"));
        assert_eq!(bench.get("/devices", &cookie).await.status, 200);
        let saved = bench.ask("POST /my-account", &fields, "display_name=%3Cb%3EEve&language=en").await;
        assert!(saved.status == 303 && saved.head.contains("vigie_language=en"), "{}", saved.head);

        let last = bench.post("/people/3", Role::Admin, "role=viewer&language=en&enabled=on").await;
        assert!(last.status == 409 && last.body.contains("Make another one first"), "{}", last.body);
        let seen = bench.get("/people/6", &bench.cookie(Role::Admin)).await.body;
        assert!(seen.contains("&lt;b&gt;Eve") && !seen.contains("<b>Eve"));
        let stale = bench.post("/people/6", Role::Admin, "seen=0&role=viewer&language=en&enabled=on").await;
        assert_eq!(stale.status, 412);
        let gone = bench.post("/people/6/remove", Role::Admin, "").await;
        assert_eq!((gone.status, gone.field("location")), (303, "/people?done"));
        assert_eq!(bench.get("/devices", &cookie).await.field("location"), "/login?next=/devices");

        let journal = bench.get("/journal", &bench.cookie(Role::Admin)).await.body;
        let text = strip_markup(&journal);
        for sentence in ["Admin removed a removed account (no. 6)", "Admin made the account of", "chose a new password"]
        {
            assert!(text.contains(sentence), "{sentence}: {text}");
        }
        assert!(!text.contains(temporary) && !text.contains("eve"), "no password, and no name of one who is gone");
    })
    .await;
}

#[tokio::test]
async fn the_journal_is_filtered_and_shows_that_the_chain_was_verified() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=trusted").await;
        bench.ask("POST /login", FORM, "username=Admin&password=wrong").await;
        let all = bench.get("/journal?verify", &bench.cookie(Role::Admin)).await.body;
        assert!(strip_markup(&all).contains("Operator edited laser") && all.contains("Chain verified"), "{all}");
        assert!(all.contains(&format!("href=\"/devices/{id}\"")) && all.contains("192.168.1.20"));
        let wrong = strip_markup(&bench.get("/journal?errors=true", &bench.cookie(Role::Admin)).await.body);
        assert!(wrong.contains("A log-in as Admin was refused") && !wrong.contains("edited"), "{wrong}");
        let own = strip_markup(&bench.get("/journal?lang=fr", &bench.cookie(Role::Operator)).await.body);
        assert!(own.contains("Operator a modifié laser") && !own.contains("refusée"), "{own}");
        assert!(own.contains("Vous voyez ce que vous avez fait") && !own.contains("Chaîne vérifiée"));
        let viewer = bench.get("/changes", &bench.cookie(Role::Viewer)).await.body;
        assert!(!viewer.contains("href=\"/journal\"") && viewer.contains("href=\"/my-account\""));
    })
    .await;
}

#[tokio::test]
async fn the_first_person_sets_up_in_french_and_is_in() {
    with_bench(false, async |bench| {
        assert_eq!(bench.get("/devices", "").await.field("location"), "/setup");
        let page = bench.get("/setup", "Accept-Language: fr\r\n").await;
        assert!(
            page.body.contains("Code d'installation") || page.body.contains("Code d&#39;installation"),
            "{}",
            page.body
        );
        let form = |code: &str, password: &str| format!("code={code}&username=ada&password={password}&language=fr");
        let short = bench.ask("POST /setup", FORM, &form(&bench.code, "court")).await;
        assert_eq!(short.status, 422);
        assert!(short.body.contains("password-fault") && !short.body.contains("court\""), "{}", short.body);
        let done = bench.ask("POST /setup", FORM, &form(&bench.code, "trois+petits+cochons")).await;
        assert_eq!((done.status, done.field("location")), (303, "/"));
        assert!(done.head.contains("HttpOnly; SameSite=Strict") && done.head.contains("vigie_language=fr"));
        assert_eq!(bench.get("/setup", "").await.field("location"), "/");
    })
    .await;
}

#[tokio::test]
async fn what_a_person_says_is_kept_and_a_stale_form_is_refused() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Operator);
        let page = bench.get(&format!("/devices/{id}"), &cookie).await.body;
        let seen =
            page.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let form = format!("seen={seen}&label=%3Cb%3EFront&trust=trusted&watch=on");
        let saved = bench.post(&format!("/devices/{id}"), Role::Operator, &form).await;
        assert_eq!((saved.status, saved.field("location")), (303, format!("/devices/{id}?done=saved").as_str()));
        let list = bench.get("/devices", &cookie).await.body;
        assert!(list.contains("&lt;b&gt;Front") && !list.contains("<b>Front"), "{list}");
        let late = bench.post(&format!("/devices/{id}"), Role::Operator, &format!("seen={seen}&label=Mine")).await;
        assert_eq!(late.status, 409);
        assert!(
            late.body.contains("value=\"Mine\"") && late.body.contains("Somebody has changed this"),
            "{}",
            late.body
        );
        let lost = bench.get(&format!("/devices/{id}/forget"), &cookie).await.body;
        assert!(lost.contains("the name you gave it") && lost.contains("&lt;b&gt;Front"));
        let gone = bench.post(&format!("/devices/{id}/forget"), Role::Operator, "").await;
        assert_eq!(gone.field("location"), format!("/devices?done=forgotten&device={id}"));
        assert_eq!(bench.get(&format!("/devices/{id}"), &cookie).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_system_page_says_how_each_source_does_in_both_languages() {
    with_bench(true, async |bench| {
        bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Viewer);
        for (language, words) in [
            ("en", ["What it learns from", "Nobody gave credentials", "waiting", "IPv6 neighbours"]),
            ("fr", ["Ses sources", "Aucun accès n'est donné", "en attente", "Voisins IPv6"]),
        ] {
            let page = bench.get(&format!("/system?lang={language}"), &cookie).await;
            assert_eq!(page.status, 200);
            let plain = page.body.replace("&#39;", "'");
            for word in words {
                assert!(plain.contains(word), "{word} in {plain}");
            }
            // Heard here, so it tells something; the device's own row of the table comes from the engine.
            let row = plain.split("<tr>").find(|row| row.contains("mDNS, LLMNR")).unwrap_or_default();
            assert!(row.contains("chip good") && row.contains("<td class=\"roomy\">1</td>"), "{row}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_done_from_the_overview_can_be_undone_there() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Operator);
        let overview = bench.get("/", &cookie).await.body;
        assert!(overview.contains(&format!("action=\"/devices/{id}/trust\"")), "{overview}");
        let blocked = bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=blocked").await;
        assert_eq!(blocked.field("location"), format!("/?done=blocked&device={id}"));
        let told = bench.get(blocked.field("location"), &cookie).await.body;
        assert!(told.contains("is marked as not wanted") && told.contains("value=\"unknown\""), "{told}");
        assert!(told.contains("which you do not want here"));
        let undone = bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=unknown&next=%2F").await;
        let told = bench.get(undone.field("location"), &cookie).await.body;
        assert!(told.contains("is not known yet") && !told.contains("which you do not want here"), "{told}");
        let away =
            bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=trusted&next=//evil.example").await;
        assert!(away.field("location").starts_with("/?done="), "{}", away.head);
    })
    .await;
}

#[tokio::test]
async fn two_entries_become_one_and_two_again() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "laser-wifi").await);
        let cookie = bench.cookie(Role::Operator);
        let choose = bench.get(&format!("/devices/{one}/merge?q=wifi"), &cookie).await.body;
        assert!(choose.contains(&format!("name=\"with\" value=\"{other}\"")), "{choose}");
        let itself = bench.post(&format!("/devices/{one}/merge"), Role::Operator, &format!("with={one}")).await;
        assert_eq!(itself.status, 409);
        assert!(itself.body.contains("cannot be merged with itself"), "{}", itself.body);
        let merged = bench.post(&format!("/devices/{one}/merge"), Role::Operator, &format!("with={other}")).await;
        assert_eq!(merged.field("location"), format!("/devices/{one}?done=merged&device={one}"));
        assert_eq!(bench.get(&format!("/devices/{other}"), &cookie).await.status, 404);
        let page = bench.get(merged.field("location"), &cookie).await.body;
        assert!(page.contains(&format!("action=\"/devices/{one}/split\"")), "{page}");
        let split = bench.post(&format!("/devices/{one}/split"), Role::Operator, "").await;
        assert_eq!(split.field("location"), format!("/devices/{one}?done=split&device={other}"));
        assert_eq!(bench.get(&format!("/devices/{other}"), &cookie).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn several_are_marked_at_once_and_a_forgotten_one_comes_back() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "phone").await);
        let cookie = bench.cookie(Role::Operator);
        let form = format!("id={one}&id={other}&id=zz&trust=trusted&next=%2Fdevices%3Fshow%3Dunknown");
        let marked = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(marked.field("location"), "/devices?show=unknown&marked=2&undo=1");
        let told = bench.get(marked.field("location"), &cookie).await.body;
        assert!(told.contains("2 devices marked.") && told.contains("name=\"undo\" value=\"1\""), "{told}");
        // One is said otherwise before the undo: that stays.
        bench.post(&format!("/devices/{other}/trust"), Role::Operator, "trust=blocked").await;
        let undo = |role| bench.post("/devices/many/undo", role, "undo=1&next=%2Fdevices");
        assert_eq!(undo(Role::Admin).await.field("location"), "/devices?unmarked=late", "another person's");
        let undone = undo(Role::Operator).await;
        assert_eq!(undone.field("location"), "/devices?unmarked=1");
        assert!(bench.get("/devices?unmarked=1", &cookie).await.body.contains("1 device is marked as before."));
        let page = bench.get(&format!("/devices/{other}"), &cookie).await.body;
        assert!(page.contains("value=\"blocked\" checked"), "{page}");
        assert_eq!(undo(Role::Operator).await.field("location"), "/devices?unmarked=late", "once");
        assert!(bench.get("/devices?unmarked=late", &cookie).await.body.contains("can no longer be undone"));
        let marked = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(marked.field("location"), "/devices?show=unknown&marked=2&undo=2");
        let again = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(again.field("location"), "/devices?show=unknown&marked=0", "who is known already is not counted");
        bench.post(&format!("/devices/{one}/forget"), Role::Operator, "").await;
        let list = bench.get(&format!("/devices?done=forgotten&device={one}"), &cookie).await.body;
        assert!(list.contains(&format!("action=\"/devices/{one}/recall\"")), "{list}");
        let back = bench.post(&format!("/devices/{one}/recall"), Role::Operator, "").await;
        assert_eq!(back.field("location"), format!("/devices/{one}?done=back"));
        assert!(bench.get(back.field("location"), &cookie).await.body.contains("value=\"trusted\" checked"));
        let late = bench.post(&format!("/devices/{other}/recall"), Role::Operator, "").await;
        assert_eq!(late.status, 404);
        assert!(late.body.contains("can no longer be brought back"), "{}", late.body);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_shown_before_it_is_taken_in_and_bad_lines_say_why() {
    with_bench(true, async |bench| {
        bench.add(7, "laser").await;
        let list =
            "mac,label,trust\r\n00:1b:21:00:00:07,Front desk,trusted\r\n00:1b:21:00:00:99,New one,\r\nnonsense,x,\r\n";
        let body = format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{list}\r\n--X--\r\n"
        );
        let fields = format!(
            "Content-Type: multipart/form-data; boundary=X\r\nSec-Fetch-Site: same-origin\r\n{}",
            bench.cookie(Role::Admin)
        );
        let look = bench.ask("POST /devices/import", &fields, &body).await;
        assert_eq!(look.status, 200, "{}", look.body);
        assert!(
            look.body.contains("Nothing is changed yet") && look.body.contains("Take in 2 devices"),
            "{}",
            look.body
        );
        assert!(look.body.contains("<td>4</td>") && look.body.contains("not a MAC address"), "{}", look.body);
        let label = |hands: &mut crate::shell::network::Hands<'_>| {
            hands.find("00:1b:21:00:00:07").map(|device| device.label().to_owned())
        };
        assert_eq!(bench.network.call(label).await.unwrap().as_deref(), Some(""), "nothing was changed yet");
        let taken = bench.post("/devices/import/do", Role::Admin, "x=1").await;
        assert!(taken.body.contains("The list is taken in."), "{}", taken.body);
        assert_eq!(bench.network.call(label).await.unwrap().as_deref(), Some("Front desk"));
        let twice = bench.post("/devices/import/do", Role::Admin, "x=1").await;
        assert_eq!(twice.status, 409, "it is taken in once");
        let empty = bench.ask("POST /devices/import", &fields, "--X--\r\n").await;
        assert!(empty.status == 422 && empty.body.contains("Choose a file first"), "{}", empty.body);
        let foreign = fields.replace("same-origin", "cross-site");
        assert_eq!(bench.ask("POST /devices/import", &foreign, &body).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn settings_are_changed_and_what_does_not_do_is_told_beside_its_field() {
    with_bench(true, async |bench| {
        let cookie = bench.cookie(Role::Admin);
        let page = bench.get("/system/settings", &cookie).await.body;
        let seen = |page: &str| {
            page.split("name=\"seen\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split("\">").next())
                .unwrap()
                .replace("&quot;", "\"")
        };
        let first = super::gate::encode(&seen(&page));
        let bad = format!("seen={first}&interval_minutes=61&pace=gentle&segments=nonsense&quick=80,http");
        let refused = bench.post("/system/settings", Role::Admin, &bad).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.contains("id=\"quick-fault\"") && refused.body.contains("“http” is no port"),
            "{}",
            refused.body
        );
        assert!(refused.body.contains("value=\"61\"") && refused.body.contains(">nonsense<"), "what was typed is kept");
        let bad = bad.replace(",http", "");
        let refused = bench.post("/system/settings", Role::Admin, &bad).await;
        assert!(
            refused.body.contains("interval_minutes-fault") && refused.body.contains("segments-fault"),
            "{}",
            refused.body
        );
        let good = format!(
            "seen={first}&interval_minutes=7&pace=gentle&source=arp&source=tcp&quick=80&full=80&wired_seconds=3"
        );
        let saved = bench.post("/system/settings", Role::Admin, &good).await;
        assert_eq!(saved.field("location"), "/system/settings?done=saved", "{}", saved.body);
        let page = bench.get("/system/settings", &cookie).await.body;
        assert!(page.contains("name=\"interval_minutes\" value=\"7\"") && page.contains("value=\"3\""), "{page}");
        let late = bench.post("/system/settings", Role::Admin, &good.replace("=7&", "=8&")).await;
        assert_eq!(late.status, 412, "{}", late.body);
        assert!(late.body.contains("value=\"8\"") && late.body.contains("Somebody has changed this"));
        let again = super::gate::encode(&seen(&late.body));
        let meant =
            bench.post("/system/settings", Role::Admin, &good.replace(&first, &again).replace("=7&", "=8&")).await;
        assert_eq!(meant.status, 303, "who saves again after having been told means it");
        let paused = bench.post("/system/watching", Role::Operator, "watching=on&next=%2Fsystem%2Fsettings").await;
        assert_eq!(paused.field("location"), "/system/settings");
        assert!(bench.network.call(|hands| hands.sweeps().watching).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_live_part_gives_the_rows_asked_for_that_fit() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "phone").await);
        let cookie = bench.cookie(Role::Viewer);
        let rows = bench.get(&format!("/devices/rows?ids={one},{other},zz,&q=laser"), &cookie).await;
        assert!(rows.body.contains(&format!("id=\"d-{one}\"")) && !rows.body.contains(&format!("id=\"d-{other}\"")));
        assert!(rows.body.contains("id=\"parts\"") && !rows.body.contains("<html"));
        // A session that is over must not put the log-in into the middle of a list.
        let over = bench.get("/devices/rows?ids=1", "hx-request: true\r\n").await;
        assert_eq!((over.status, over.field("hx-redirect")), (204, "/login"));
    })
    .await;
}

/// So many devices as rows, some with hostile names.
fn rows(count: u32) -> Vec<Row> {
    let mut lan = Lan::new(1, 7, LanSettings::default(), NoRules);
    let mut out = Actions::new();
    let start = Instant::from_secs(100);
    let segment = SegmentId(0);
    let own = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 16)];
    let leg = Leg { segment, mac: None, addresses: &own, gateway: None, sees_macs: true };
    lan.on(start, Input::SegmentUp(leg), &mut out);
    for number in 0..count {
        let [.., high, low] = number.to_be_bytes();
        let (mac, ip) = (Some(Mac([0, 0x1b, 0x21, 0, high, low])), Some(IpAddr::V4(Ipv4Addr::new(10, 0, high, low))));
        let name = if number % 3 == 0 { "<script>alert(1)</script>".to_owned() } else { format!("host{number}") };
        for (source, fact) in [
            (Source::Arp, Fact::Claims),
            (Source::Icmp, Fact::Answered(vigie_core::Duration::from_millis(1))),
            (Source::Mdns, Fact::Name(&name)),
        ] {
            lan.on(start, Input::Sighting(&Sighting { segment, source, mac, ip, fact }), &mut out);
            out.clear();
        }
    }
    let clocks = Clocks::open(&[], None);
    lan.devices().map(|device| Row::of(device, start, Moment::new(1, start), &clocks)).collect()
}

#[test]
fn lists_of_every_length_are_drawn_in_both_languages_and_bounded() {
    for count in [0, 12, 1_000] {
        let rows = rows(count);
        assert_eq!(rows.len(), count as usize, "the table holds them");
        for (language, empty) in [(Language::En, "No device found yet"), (Language::Fr, "Aucun appareil trouvé")] {
            let desk =
                Desk { username: "ada".into(), language, may_work: true, may_rule: true, path: "/devices".into() };
            let filter = Filter::read(|_| None);
            let page = devices::list(rows.clone(), filter, &Looking::default(), &maud::html! {}, &desk).into_string();
            assert_eq!(page.matches("<tr id=\"d-").count(), rows.len().min(PAGE_ROWS));
            assert_eq!(page.contains(empty), count == 0);
            assert_eq!(page.contains("rel=\"next\""), count > 100);
            assert!(!page.contains("<script>") && page.contains("&lt;script&gt;") == (count > 0));
            assert!(page.len() < 200 * 1024, "{count} devices are {} bytes", page.len());
        }
    }
}

/// What the overview says of some devices, each as a sentence without markup.
fn attention(rows: &[Row], health: vigie_store::Health, language: Language) -> Vec<(attention::Tone, String)> {
    let leg = LegView {
        segment: SegmentId(0),
        interface: "eth0".into(),
        kind: vigie_sys::interface::Kind::Wired,
        mac: Some(Mac([2, 0, 0, 0, 0, 1])),
        addresses: Vec::new(),
        gateway: None,
        raw: true,
        icmp: true,
        scope: Vec::new(),
        degraded: false,
    };
    let facts = attention::Facts {
        rows,
        legs: &[leg],
        conflicts: &[],
        proposals: &[],
        rogues: &[],
        health,
        lost: false,
        missing: None,
        clock: true,
        turned_away: 0,
        paused: false,
        kiosk: &super::kiosk::news::News::default(),
    };
    let items = attention::find(&facts, language, true);
    items.iter().map(|item| (item.tone, strip_markup(&item.sentence.0))).collect()
}

pub(super) fn strip_markup(html: &str) -> String {
    html.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect()
}

#[test]
fn attention_goes_from_bad_to_worth_knowing_and_ends_when_a_person_has_answered() {
    use attention::Tone;
    use vigie_core::lan::{Presence, Trust};
    let good = vigie_store::Health::Good;
    let mut rows = rows(6);
    let few = attention(&rows[..2], good, Language::En);
    assert_eq!(few.len(), 2, "a few strangers are named: {few:?}");
    assert!(few[0].1.ends_with("a device of unknown kind, joined the network just now."), "{few:?}");
    let many = attention(&rows, good, Language::Fr);
    assert_eq!(many.len(), 1, "many are one sentence: {many:?}");
    assert!(many[0].1.starts_with("6 appareils sont nouveaux"), "{many:?}");
    for row in &mut rows {
        (row.trust, row.new) = (Trust::Trusted, false);
    }
    assert_eq!(attention(&rows, good, Language::En), [], "who is known is not mentioned");
    (rows[1].watch, rows[1].online, rows[1].presence) = (true, false, Presence::Offline);
    rows[2].trust = Trust::Blocked;
    (rows[3].watch, rows[3].flapping) = (true, true);
    let told = attention(&rows, good, Language::En);
    let tones: Vec<Tone> = told.iter().map(|(tone, _)| *tone).collect();
    assert_eq!(tones, [Tone::Bad, Tone::Bad, Tone::Warn], "{told:?}");
    assert!(told.iter().any(|(_, text)| text.ends_with("went away just now.")), "{told:?}");
    assert!(told.iter().any(|(_, text)| text.contains("which you do not want here")), "{told:?}");
}

#[tokio::test]
async fn a_screen_comes_in_with_its_token_stays_and_is_put_out_with_it() {
    with_bench(true, async |bench| {
        bench.add(7, "laser-of-ada").await;
        let accounts = &bench.platform.accounts;
        let token = accounts.renew_lasting(Role::Screen.byte().into(), None).await.map_err(|_| ()).unwrap();
        let wrong = bench.ask("POST /screen/enter", FORM, "token=vigie-lasting.5.AAAA").await;
        assert_eq!(wrong.status, 403, "{}", wrong.body);
        assert!(wrong.body.contains("aria-invalid=\"true\"") && wrong.field("set-cookie").is_empty());
        let person = accounts.open_tokens(Role::Viewer.byte().into()).map_err(|_| ()).unwrap().access;
        let entered = bench.ask("POST /screen/enter", FORM, &format!("token={}", person.expose())).await;
        assert_eq!(entered.status, 403, "a person's token is no screen's");

        let inside = bench.ask("POST /screen/enter", FORM, &format!("token={}", token.expose())).await;
        assert_eq!((inside.status, inside.field("location")), (303, "/screen"));
        let cookie = inside.field("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict") && cookie.contains("Max-Age=34560000"), "{cookie}");
        let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
        let page = bench.get("/screen", &cookie).await;
        assert!(page.status == 200 && page.body.contains("http-equiv=\"refresh\""), "{}", page.head);
        assert!(page.body.contains("<dd>2</dd>") && !page.body.contains("laser-of-ada"), "{}", page.body);
        assert!(page.field("set-cookie").contains("Max-Age=34560000"), "it stays in: {}", page.head);
        assert_eq!(bench.get("/devices", &cookie).await.status, 403, "and sees nothing else");
        let person = bench.get("/screen", &bench.cookie(Role::Viewer)).await;
        assert!(person.status == 200 && person.field("set-cookie").is_empty(), "{}", person.head);

        let _new = accounts.renew_lasting(Role::Screen.byte().into(), None).await.map_err(|_| ()).unwrap();
        assert_eq!(bench.get("/screen", &cookie).await.field("location"), "/screen/enter");
    })
    .await;
}

#[tokio::test]
async fn the_address_for_a_screen_is_handed_out_with_its_token_and_for_nobody_else() {
    with_bench(true, async |bench| {
        let made = bench.post("/people", Role::Admin, "username=hall&role=screen").await;
        let link = made.body.split("http://vigie.local/screen/enter#").nth(1).expect("an address");
        assert!(link.starts_with("vigie-lasting."), "{link}");
        let made = bench.post("/people", Role::Admin, "username=eve&role=viewer").await;
        assert!(made.status == 200 && !made.body.contains("/screen/enter"), "{}", made.body);
    })
    .await;
}

#[tokio::test]
async fn a_workstation_is_given_no_account_and_an_old_one_can_be_removed() {
    with_bench(true, async |bench| {
        let form = bench.get("/people", &bench.cookie(Role::Admin)).await;
        assert!(form.body.contains("value=\"screen\"") && !form.body.contains("value=\"agent\""), "{}", form.body);
        let refused = bench.post("/people", Role::Admin, "username=till&role=agent").await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("A workstation has no account"), "{}", refused.body);
        let old = format!("/people/{}", Role::Agent.byte());
        let page = bench.get(&old, &bench.cookie(Role::Admin)).await;
        assert!(
            page.status == 200 && page.body.contains("remove it") && !page.body.contains(&format!("{old}/token")),
            "{}",
            page.body
        );
        assert_eq!(bench.post(&format!("{old}/token"), Role::Admin, "").await.status, 409);
        assert_eq!(bench.post(&format!("{old}/remove"), Role::Admin, "").await.status, 303);
        assert_eq!(bench.get(&old, &bench.cookie(Role::Admin)).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_page_and_the_api_agree_on_who_may_do_what() {
    with_bench(true, async |bench| {
        assert!(bench.acts.len() > 40);
        for (act, access) in bench.acts.iter().filter(|(act, _)| act.theme() == vigie_core::audit::Theme::Devices) {
            let others = bench.acts.iter().filter(|(other, _)| other == act);
            let others: Vec<Access> = others.map(|(_, access)| *access).collect();
            assert!(others.iter().all(|other| other == access), "{}: {others:?}", act.name());
        }
    })
    .await;
}

#[tokio::test]
async fn a_backup_is_shown_before_it_is_restored_and_brings_back_what_people_said() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let admin = bench.cookie(Role::Admin);
        assert!(bench.get("/system", &admin).await.body.contains("href=\"/api/system/backup\""));
        assert!(!bench.get("/system", &bench.cookie(Role::Viewer)).await.body.contains("/api/system/backup"));
        let backup = r#"{"version":1,"exported":null,"program":"0.0.9","settings":{"interval_minutes":7},
            "accounts":[{"username":"<b>lost"},{"username":"Admin"}],
            "items":[{"mac":"00:1b:21:00:00:07","label":"Till"},{"mac":"00:1b:21:00:00:08","ip":"192.168.1.8","notes":"new"},{"mac":"x"}]}"#;
        let send = async |body: &str| {
            let fields = format!("Content-Type: multipart/form-data; boundary=XX\r\nSec-Fetch-Site: same-origin\r\n{admin}");
            let body = format!(
                "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.json\"\r\n\r\n{body}\r\n--XX--\r\n"
            );
            bench.ask("POST /system/restore", &fields, &body).await
        };
        for (wrong, words) in [("nothing", "not a backup"), (r#"{"version":2}"#, "of form 2"), ("", "Choose a file first")] {
            let answer = send(wrong).await;
            assert!(answer.status == 422 && answer.body.contains(words), "{wrong}: {}", answer.body);
        }
        let shown = send(backup).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        for words in ["Restore 3 changes", "&lt;b&gt;lost", "taken from the backup", "would change"] {
            assert!(shown.body.contains(words), "{words}: {}", shown.body);
        }
        assert!(!shown.body.contains("<bdi>Admin</bdi>, "), "who is here is not missing");
        let page = async || bench.get(&format!("/devices/{id}"), &admin).await.body;
        assert!(!page().await.contains("value=\"Till\""), "looking changes nothing");
        let done = bench.post("/system/restore/do", Role::Admin, "").await;
        assert!(done.status == 200 && done.body.contains("The backup is restored."), "{}", done.body);
        assert!(page().await.contains("value=\"Till\""));
        assert_eq!(bench.post("/system/restore/do", Role::Admin, "").await.status, 409, "once");
        assert!(send(backup).await.body.contains("Nothing would change"));
    })
    .await;
}
