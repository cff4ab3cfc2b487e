//! Holds a simulated day of a lively place, through the machine of the network, the rules and the keeper as they run in the
//! service, on a real folder. Never sends a frame and never sleeps through the day. A test, and `tests/bench/day`.
//!
//! The folder is a temporary one, or that of `VIGIE_DAY_FOLDER`; `VIGIE_DAY_DAYS` makes it several days.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use embassy_time::{Duration, Instant};
use vigie_core::lan::{
    Action, Actions, Clue, Fact, Input, Lan, LanSettings, Leg, Port, Probe, Query, SegmentId, Sighting, Source,
    Transport,
};
use vigie_wire::Mac;

use super::record;
use super::rules::{self, Rules};
use super::tidings::Tidings;
use crate::shell::keeper::{CHANGE, Keeper};

const HERE: SegmentId = SegmentId(0);
const DAY_S: u64 = 86_400;
const SWEEP_S: u64 = 300;
/// The long list of ports is asked in every so many sweeps, as in the service.
const PORTS_EVERY: u64 = 12;
const PORTS: [u16; 8] = [22, 53, 80, 139, 443, 445, 554, 8080];
/// What the promise allows for all of the product in a day is 10 MB; the rest is for the file system's bookkeeping, at most
/// 144 journal commits of 12 KiB, and for what a person does.
const PAGE_BYTES: u64 = 6_000_000;

/// The clock of the log, which takes a function and not a value; one day runs at a time.
static NOW_MS: AtomicU64 = AtomicU64::new(0);
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn now_ms() -> u64 {
    NOW_MS.load(Ordering::SeqCst)
}

/// One machine of the place.
#[derive(Clone, Debug)]
struct Machine {
    mac: Mac,
    ip: Ipv4Addr,
    name: String,
    model: &'static str,
    ports: Vec<u16>,
    /// Seconds of the day from and to which it is there.
    there: Vec<(u64, u64)>,
}

impl Machine {
    fn is_there(&self, second: u64) -> bool {
        self.there.iter().any(|(from, to)| (*from..*to).contains(&(second % DAY_S)))
    }
}

struct Place {
    lan: Lan<Rules>,
    tidings: Tidings,
    keeper: Keeper,
    machines: Vec<Machine>,
    random: u64,
    /// Answers on their way, by the millisecond.
    answers: BTreeMap<(u64, u32), (usize, Ipv4Addr, Said)>,
    order: u32,
    changes: BTreeMap<&'static str, u64>,
    /// Until when the log has something to look at.
    busy_until: u64,
    next_ip: u16,
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Claims,
    Echo,
    Port(u16),
}

impl Place {
    fn new(folder: &Path) -> Self {
        let (rules, _) = rules::load(None);
        let lan = Lan::new(1, 7, LanSettings::default(), rules);
        let (keeper, _) = Keeper::open(folder, now_ms).unwrap();
        Self {
            lan,
            tidings: Tidings::default(),
            keeper,
            machines: Vec::new(),
            random: 7,
            answers: BTreeMap::new(),
            order: 0,
            changes: BTreeMap::new(),
            busy_until: 0,
            next_ip: 0,
        }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % sides
    }

    /// The next free address of 10.0.0.0/22.
    fn address(&mut self) -> Ipv4Addr {
        self.next_ip = self.next_ip % 1_000 + 1;
        let [high, low] = self.next_ip.to_be_bytes();
        Ipv4Addr::new(10, 0, high, low)
    }

    /// 60 servers, printers and access points, 60 things, 50 desks, 75 phones, and 5 strangers: 250 devices.
    fn people(&mut self) {
        for number in 0..250_u64 {
            let (mut mac, model, ports): (_, _, &[u16]) = match number {
                0..60 => ([0x00, 0x11, 0x32, 0, 0, 0], "DS220+", &[22, 80, 443, 445]),
                60..120 => ([0x2c, 0xf4, 0x32, 0, 0, 0], "ESP-plug", &[80]),
                120..170 => ([0x3c, 0x52, 0x82, 0, 0, 0], "EliteDesk 800", &[139, 445]),
                _ => ([0x02, 0xa1, 0x5c, 0, 0, 0], "iPhone14,5", &[]),
            };
            mac[4] = (number >> 8) as u8;
            mac[5] = number as u8;
            let there = match number {
                0..120 => vec![(0, DAY_S)],
                120..170 => {
                    let morning = 8 * 3_600 + self.roll(3_600);
                    vec![(morning, morning + 3 * 3_600), (13 * 3_600 + self.roll(1_800), 17 * 3_600 + self.roll(3_600))]
                }
                // A phone is there in four to seven stretches of the day, and leaves without a word.
                170..245 => {
                    let visits = 4 + self.roll(4);
                    let from = |visit: u64| 7 * 3_600 + visit * (15 * 3_600 / visits);
                    (0..visits).map(|visit| (from(visit), from(visit) + 900 + self.roll(4_500))).collect()
                }
                _ => {
                    let from = 9 * 3_600 + self.roll(10 * 3_600);
                    vec![(from, from + 1_200)]
                }
            };
            let (ip, name) = (self.address(), format!("{}-{number}", model.to_lowercase()));
            self.machines.push(Machine { mac: Mac(mac), ip, name, model, ports: ports.to_vec(), there });
        }
    }

    fn tell(&mut self, now: Instant, input: Input<'_>) {
        let mut out = Actions::new();
        self.lan.on(now, input, &mut out);
        for action in out {
            match action {
                Action::Probe(probe) => self.answer(now, probe),
                news => self.tidings.note(news),
            }
        }
    }

    /// Whoever is asked and there answers within milliseconds.
    fn answer(&mut self, now: Instant, probe: Probe) {
        let (ip, said) = match probe.query {
            Query::Arp { ip, .. } => (ip, Said::Claims),
            Query::Echo { ip: IpAddr::V4(ip), .. } => (ip, Said::Echo),
            Query::Tcp { ip: IpAddr::V4(ip), port, .. } => (ip, Said::Port(port)),
            _ => return,
        };
        let there = |machine: &Machine| machine.ip == ip && machine.is_there(now.as_secs());
        if let Some(place) = self.machines.iter().position(there) {
            self.order += 1;
            self.answers.insert((now.as_millis() + 2, self.order), (place, ip, said));
        }
    }

    fn sight(&mut self, now: Instant, place: usize, source: Source, fact: Fact<'_>) {
        let Some(machine) = self.machines.get(place) else { return };
        let (mac, ip) = (Some(machine.mac), Some(IpAddr::V4(machine.ip)));
        self.tell(now, Input::Sighting(&Sighting { segment: HERE, source, mac, ip, fact }));
    }

    fn sweep(&mut self, second: u64) {
        let began = Instant::from_secs(second);
        self.tell(began, Input::SweepBegan { segment: HERE });
        let with_ports = (second / SWEEP_S).is_multiple_of(PORTS_EVERY);
        let mut now = began;
        for place in 0..self.machines.len() {
            let machine = self.machines[place].clone();
            // One in a hundred answers is lost, as on Wi-Fi.
            if !machine.is_there(second) || self.roll(100) == 0 {
                continue;
            }
            now += Duration::from_millis(2);
            self.sight(now, place, Source::Arp, Fact::Claims);
            now += Duration::from_millis(2);
            self.sight(now, place, Source::Mdns, Fact::Name(&machine.name));
            self.sight(now, place, Source::Mdns, Fact::Clue(Clue::Model, machine.model));
            for number in PORTS.into_iter().filter(|_| with_ports) {
                let open = machine.ports.contains(&number);
                let port = Port { transport: Transport::Tcp, number };
                self.sight(now, place, Source::Tcp, Fact::Port { port, open });
            }
        }
        let ended = now + Duration::from_secs(1);
        if with_ports {
            self.tell(ended, Input::PortsAsked { segment: HERE, host: None, began, ports: &PORTS });
        }
        self.tell(ended, Input::SweepEnded { segment: HERE, began, asked: 1_022, whole: true });
    }

    /// What a day brings beside coming and going.
    fn change(&mut self, second: u64) {
        for place in 0..self.machines.len() {
            let machine = &self.machines[place];
            let came = machine.there.iter().any(|(from, _)| *from == second % DAY_S && *from > 0);
            if came && self.roll(3) == 0 {
                let address = self.address();
                self.machines[place].ip = address;
            }
            // Who comes back says so: a DHCP request and an announcement.
            if came {
                let name = self.machines[place].name.clone();
                self.sight(Instant::from_secs(second), place, Source::Arp, Fact::Claims);
                self.sight(Instant::from_millis(second * 1_000 + 30), place, Source::Dhcp, Fact::Name(&name));
            }
        }
        // Twice an hour somebody opens or closes a service, or gives a machine another name.
        if second % 1_800 == 900 {
            let place = self.roll(120) as usize;
            let ports = &mut self.machines[place].ports;
            match ports.iter().position(|port| *port == 8080) {
                Some(at) => drop(ports.remove(at)),
                None => ports.push(8080),
            }
        }
        if second % 7_200 == 1_700 {
            let place = self.roll(170) as usize;
            self.machines[place].name = format!("renamed-{second}");
        }
    }

    /// Hands to the keeper what there is to store, as the service does.
    fn store(&mut self, second: u64) {
        let tidings = &self.tidings;
        if !tidings.saves.is_empty() || !tidings.forgotten.is_empty() || !tidings.changes.is_empty() {
            self.busy_until = second + 2;
        }
        record::write_pending(&self.keeper, &self.lan, &mut self.tidings);
        let tidings = self.tidings.take();
        for change in &tidings.changes {
            record::write_change(&self.keeper, change);
            *self.changes.entry(change.kind.name()).or_default() += 1;
        }
    }

    /// Sets the clock of the log and lets it look: what is due is flushed.
    async fn let_the_log_look(&self, second: u64) {
        NOW_MS.store(second * 1_000, Ordering::SeqCst);
        self.keeper.newest(CHANGE, 0, 1, |_| false).await;
    }

    async fn live(&mut self, seconds: std::ops::Range<u64>, lively: bool) {
        for second in seconds {
            let now = Instant::from_secs(second);
            let due = self.answers.range(..(now.as_millis(), 0)).map(|(when, _)| *when).collect::<Vec<_>>();
            for when in due {
                let Some((place, ip, said)) = self.answers.remove(&when) else { continue };
                if self.machines[place].ip != ip {
                    continue;
                }
                let now = Instant::from_millis(when.0);
                match said {
                    Said::Claims => self.sight(now, place, Source::Arp, Fact::Claims),
                    Said::Echo => {
                        self.sight(now, place, Source::Icmp, Fact::Answered(Duration::from_millis(2)));
                    }
                    Said::Port(number) => {
                        let open = self.machines[place].ports.contains(&number);
                        let port = Port { transport: Transport::Tcp, number };
                        self.sight(now, place, Source::Tcp, Fact::Port { port, open });
                    }
                }
            }
            if lively {
                self.change(second);
            }
            if second % SWEEP_S == 0 {
                self.sweep(second);
            }
            while self.lan.next_wake().is_some_and(|wake| wake <= now) {
                self.tell(now, Input::Tick);
            }
            self.store(second);
            if second <= self.busy_until {
                self.let_the_log_look(second).await;
            }
        }
    }
}

/// What a stretch of time cost the card.
struct Cost {
    page_bytes: u64,
    bytes: u64,
    flushes: u64,
}

async fn cost(place: &mut Place, seconds: std::ops::Range<u64>, lively: bool) -> Cost {
    let before = place.keeper.status().counters;
    place.live(seconds, lively).await;
    place.keeper.flush().await.unwrap();
    let after = place.keeper.status().counters;
    Cost {
        page_bytes: after.page_bytes_written - before.page_bytes_written,
        bytes: after.bytes_written - before.bytes_written,
        flushes: after.flushes - before.flushes,
    }
}

fn tell(what: &str, cost: &Cost, changes: &BTreeMap<&'static str, u64>) {
    let all: u64 = changes.values().sum();
    println!("| {what} | {all} | {} | {} | {:.2} |", cost.flushes, cost.bytes, cost.page_bytes as f64 / 1e6);
}

fn leg_up(place: &mut Place) {
    let addresses = [(IpAddr::from([10, 0, 3, 250]), 22)];
    let mac = Some(Mac([0x02, 0, 0, 0, 0xff, 1]));
    let leg = Leg { segment: HERE, mac, addresses: &addresses, gateway: None, sees_macs: true };
    place.tell(Instant::from_secs(1), Input::SegmentUp(leg));
}

#[tokio::test]
async fn a_lively_day_of_250_devices_stays_far_below_the_promise() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("VIGIE_DAY_FOLDER").map_or(temporary.path().join("log"), Into::into);
    let days: u64 = std::env::var("VIGIE_DAY_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(1);
    let mut place = Place::new(&folder);
    leg_up(&mut place);
    place.people();
    println!("| what | changes told | flushes | bytes | MB in pages |\n| --- | --- | --- | --- | --- |");
    // The first day finds everybody.
    let mut at = 1;
    for day in 0..=days {
        place.changes.clear();
        let spent = cost(&mut place, at..at + DAY_S, true).await;
        at += DAY_S;
        tell(if day == 0 { "first day" } else { "day" }, &spent, &place.changes);
        assert!(spent.page_bytes <= PAGE_BYTES, "{} bytes of pages in a day", spent.page_bytes);
        assert!(place.changes.values().sum::<u64>() > 500, "a lively day: {:?}", place.changes);
    }
    println!("{:?}", place.changes);
    // Nobody comes or goes after midnight. The evening is still told of until its last service was missed in two passes of
    // ports; from then on nothing is written until the first phone of the morning.
    place.live(at..at + 3 * 3_600, false).await;
    place.keeper.flush().await.unwrap();
    place.changes.clear();
    let night = cost(&mut place, at + 3 * 3_600..at + 7 * 3_600, false).await;
    tell("four hours of night", &night, &place.changes);
    assert!(place.changes.is_empty(), "a quiet night: {:?}", place.changes);
    assert_eq!((night.bytes, night.page_bytes, night.flushes), (0, 0, 0), "nothing changes, nothing is written");
    place.keeper.stop().await;
}
