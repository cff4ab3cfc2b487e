//! Holds the model: hosts that answer or sleep, a wire that loses frames each way, a scanner that sweeps.
//! Never delivers an answer before its question, nor two at one moment. Called by the tests beside it.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use crate::lan::rule::{Reason, Subject, Verdict};
use crate::lan::*;
use crate::{Duration, Instant, Mac, Text};

pub(super) const LAN: SegmentId = SegmentId(0);
pub(super) const ROUTER: usize = 0;

/// The kind is what the model clue says.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByModel;

impl Judge for ByModel {
    fn judge<S: Subject>(&self, subject: &S, verdict: &mut Verdict) {
        let model = subject.clues().find(|(_, clue, _)| *clue == Clue::Model);
        if let Some((source, _, text)) = model {
            verdict.kind = text.parse().unwrap_or_default();
            verdict.kind_confidence = 0.9;
            let reason = Reason { source, weight: 0.9, text: Text::format(format_args!("says it is a {text}")) };
            verdict.reasons.push(reason).unwrap();
        }
    }
}

/// One machine. Several with one MAC or address are what conflicts are made of.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) mac: Mac,
    pub(super) ips: Vec<IpAddr>,
    pub(super) on: bool,
    /// Answers for these too.
    pub(super) proxy: Vec<IpAddr>,
    /// Answers for these too, and carries packets to and from the machines that have them.
    pub(super) far: Vec<IpAddr>,
    pub(super) name: Option<String>,
    pub(super) ports: Vec<u16>,
    /// Sleeps for `.1` seconds in every `.0`.
    pub(super) sleep_s: Option<(u64, u64)>,
}

impl Host {
    pub(super) fn new(last: u8) -> Self {
        Self {
            mac: mac(last),
            ips: alloc::vec![ip(last)],
            on: true,
            proxy: Vec::new(),
            far: Vec::new(),
            name: None,
            ports: Vec::new(),
            sleep_s: None,
        }
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_string());
        self
    }

    fn answers(&self, now: Instant) -> bool {
        let phase = u64::from(self.mac.0[5]) * 97;
        self.on && self.sleep_s.is_none_or(|(every, sleeps)| (now.as_secs() + phase) % every >= sleeps)
    }
}

pub(super) fn mac(last: u8) -> Mac {
    Mac([0x00, 0x1b, 0x63, 0, 0, last])
}

pub(super) fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Claims,
    Echo,
    CarriedEcho,
    Name(String),
    Port(u16, bool),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Heard(Mac, IpAddr, Said),
    SweepEnds(u64),
}

pub(super) struct Net {
    pub(super) lan: Lan<ByModel>,
    pub(super) hosts: Vec<Host>,
    pub(super) now: Instant,
    /// Where a switch delivers to, by MAC: who sent last. Without one every host hears everything.
    pub(super) switch: Option<BTreeMap<Mac, usize>>,
    /// Frames lost each way, in percent.
    pub(super) loss: u64,
    pub(super) sweep_s: Option<u64>,
    pub(super) changes: Vec<Change>,
    pub(super) probes: Vec<(Instant, Probe)>,
    pub(super) checks: Vec<Checked>,
    pub(super) saved: Vec<DeviceId>,
    pub(super) forgotten: Vec<DeviceId>,
    pub(super) sweeps: usize,
    events: BinaryHeap<core::cmp::Reverse<(u64, u64, Event)>>,
    order: u64,
    dice: u64,
}

impl Net {
    pub(super) fn new(seed: u64, hosts: impl IntoIterator<Item = Host>) -> Self {
        let mut net = Self::over(Lan::new(1, seed, LanSettings::default(), ByModel), seed);
        net.hosts = hosts.into_iter().collect();
        net.leg_up();
        net
    }

    pub(super) fn over(lan: Lan<ByModel>, seed: u64) -> Self {
        Self {
            lan,
            hosts: Vec::new(),
            now: Instant::from_secs(1),
            switch: None,
            loss: 0,
            sweep_s: Some(300),
            changes: Vec::new(),
            probes: Vec::new(),
            checks: Vec::new(),
            saved: Vec::new(),
            forgotten: Vec::new(),
            sweeps: 0,
            events: BinaryHeap::new(),
            order: 0,
            dice: seed | 1,
        }
    }

    /// A router and `count` hosts.
    pub(super) fn with_hosts(seed: u64, count: u8) -> Self {
        Self::new(seed, (1..=count + 1).map(Host::new))
    }

    pub(super) fn leg_up(&mut self) {
        let gateway = self.hosts.get(ROUTER).map(|router| router.ips[0]);
        let addresses = [(ip(250), 24)];
        self.tell(Input::SegmentUp(Leg {
            segment: LAN,
            mac: Some(mac(250)),
            addresses: &addresses,
            gateway,
            sees_macs: true,
        }));
    }

    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    fn arrives(&mut self) -> bool {
        self.roll(100) >= self.loss && self.roll(100) >= self.loss
    }

    fn later(&mut self, ms: u64, event: Event) {
        self.order += 1;
        self.events.push(core::cmp::Reverse((self.now.as_millis() + ms, self.order, event)));
    }

    pub(super) fn tell(&mut self, input: Input<'_>) {
        let mut out = Actions::new();
        self.lan.on(self.now, input, &mut out);
        self.carry_out(&mut out);
        while self.lan.next_wake().is_some_and(|wake| wake <= self.now) {
            self.lan.on(self.now, Input::Tick, &mut out);
            assert!(!out.is_empty() || self.lan.next_wake().is_none_or(|wake| wake > self.now), "woken for nothing");
            self.carry_out(&mut out);
        }
    }

    pub(super) fn edit(&mut self, edit: Edit<'_>) -> Result<DeviceId, Refusal> {
        let mut out = Actions::new();
        let done = self.lan.edit(self.now, edit, &mut out);
        self.carry_out(&mut out);
        self.tell(Input::Tick);
        done
    }

    pub(super) fn sight(&mut self, source: Source, mac: Option<Mac>, ip: Option<IpAddr>, fact: Fact<'_>) {
        self.tell(Input::Sighting(&Sighting { segment: LAN, source, mac, ip, fact }));
    }

    fn carry_out(&mut self, out: &mut Actions) {
        while let Some(action) = out.pop_front() {
            match action {
                Action::Change(change) => self.changes.push(change),
                Action::Probe(probe) => {
                    self.probes.push((self.now, probe));
                    self.answer(probe.query);
                }
                Action::Save(id) => self.saved.push(id),
                Action::Forget(id) => self.forgotten.push(id),
                Action::Dirty(_) => {}
                Action::Checked(checked) => self.checks.push(checked),
            }
        }
    }

    fn answer(&mut self, query: Query) {
        let now = self.now;
        for at in 0..self.hosts.len() {
            let host = self.hosts[at].clone();
            if !host.answers(now) {
                continue;
            }
            let holds = |asked: IpAddr| host.ips.contains(&asked);
            if let (Some(switch), Some(to)) = (&self.switch, destination(query))
                && switch.get(&to).is_some_and(|port| *port != at)
            {
                continue;
            }
            let said = match query {
                Query::Arp { ip, to } => {
                    let asked = IpAddr::V4(ip);
                    let hears = to.is_none_or(|to| to == host.mac);
                    let answers = holds(asked) || host.proxy.contains(&asked) || host.far.contains(&asked);
                    (hears && answers).then_some((asked, Said::Claims))
                }
                Query::Nd { ip, to } => {
                    let asked = IpAddr::V6(ip);
                    (to.is_none_or(|to| to == host.mac) && holds(asked)).then_some((asked, Said::Claims))
                }
                Query::Echo { ip, .. } if host.far.contains(&ip) => Some((ip, Said::CarriedEcho)),
                Query::Echo { ip, .. } => holds(ip).then_some((ip, Said::Echo)),
                Query::Tcp { ip, port, .. } => {
                    assert!(!is_printing(port), "a printing port was asked");
                    holds(ip).then(|| (ip, Said::Port(port, host.ports.contains(&port))))
                }
                Query::MdnsReverse { ip } => host.name.clone().filter(|_| holds(ip)).map(|name| (ip, Said::Name(name))),
                _ => None,
            };
            if let Some((ip, said)) = said.filter(|_| self.arrives()) {
                if let Some(switch) = &mut self.switch {
                    switch.insert(host.mac, at);
                }
                let ms = 1 + self.roll(4);
                self.later(ms, Event::Heard(host.mac, ip, said));
            }
        }
    }

    fn sweep(&mut self) {
        let began = self.now.as_millis();
        self.tell(Input::SweepBegan { segment: LAN });
        for at in 0..self.hosts.len() {
            let host = self.hosts[at].clone();
            for held in host.ips.iter().chain(&host.proxy).chain(&host.far).filter(|held| held.is_ipv4()) {
                for round in 0..3 {
                    if host.answers(self.now) && self.arrives() {
                        if let Some(switch) = &mut self.switch {
                            switch.insert(host.mac, at);
                        }
                        let ms = round * 300 + self.roll(250);
                        self.later(ms, Event::Heard(host.mac, *held, Said::Claims));
                        break;
                    }
                }
            }
            // IPv6 hosts answer the all-nodes echo.
            if let Some(held) =
                host.ips.iter().find(|held| held.is_ipv6()).filter(|_| host.answers(self.now) && self.arrives())
            {
                self.later(900, Event::Heard(host.mac, *held, Said::Echo));
            }
        }
        self.later(1_500, Event::SweepEnds(began));
        self.sweeps += 1;
    }

    /// Lets time pass, sweeping at every multiple of `sweep_s`.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next_sweep = self.sweep_s.map(|every| Instant::from_secs((self.now.as_secs() / every + 1) * every));
            let event = self.events.peek().map(|core::cmp::Reverse((ms, _, _))| Instant::from_millis(*ms));
            let wake = self.lan.next_wake();
            let next = [next_sweep, event, wake].into_iter().flatten().min().unwrap_or(end);
            if next > end {
                self.now = end;
                return;
            }
            assert!(self.probes.len() < 5_000_000, "the machine does not come to rest");
            self.now = self.now.max(next);
            if event == Some(next) {
                let core::cmp::Reverse((_, _, event)) = self.events.pop().unwrap();
                self.happen(event);
            } else if wake == Some(next) {
                self.tell(Input::Tick);
            } else {
                self.sweep();
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::SweepEnds(began) => self.tell(Input::SweepEnded {
                segment: LAN,
                began: Instant::from_millis(began),
                asked: 254,
                whole: true,
            }),
            Event::Heard(mac, ip, said) => {
                let (mac, ip) = (Some(mac), Some(ip));
                match said {
                    Said::Claims => {
                        let source = if ip.is_some_and(|ip| ip.is_ipv4()) { Source::Arp } else { Source::Nd };
                        self.sight(source, mac, ip, Fact::Claims);
                    }
                    Said::Echo => self.sight(Source::Icmp, mac, ip, Fact::Answered(Duration::from_millis(1))),
                    Said::CarriedEcho => {
                        self.sight(Source::Icmp, mac, ip, Fact::Carried);
                        self.sight(Source::Icmp, mac, ip, Fact::Answered(Duration::from_millis(2)));
                    }
                    Said::Name(name) => self.sight(Source::Mdns, mac, ip, Fact::Name(&name)),
                    Said::Port(number, open) => {
                        let port = Port { transport: Transport::Tcp, number };
                        self.sight(Source::Tcp, mac, ip, Fact::Port { port, open });
                    }
                }
            }
        }
    }

    /// Every host says that it is a server, which is expected to be wired and awake.
    pub(super) fn are_servers(&mut self) {
        self.minutes(1);
        for host in self.hosts.clone() {
            for _ in 0..2 {
                self.pass(Duration::from_millis(60));
                self.sight(Source::Mdns, Some(host.mac), None, Fact::Clue(Clue::Model, "server"));
            }
        }
    }

    /// Every host that is on and has a name says it, unasked.
    pub(super) fn speak(&mut self) {
        for host in self.hosts.clone() {
            if let Some(name) = host.name.filter(|_| host.on) {
                self.now += Duration::from_millis(3);
                self.sight(Source::Mdns, Some(host.mac), host.ips.first().copied(), Fact::Name(&name));
            }
        }
    }

    pub(super) fn minutes(&mut self, minutes: u64) {
        self.pass(Duration::from_secs(minutes * 60));
    }

    /// What was told since the last call, without the times.
    pub(super) fn told(&mut self) -> Vec<ChangeKind> {
        self.changes.drain(..).map(|change| change.kind).collect()
    }

    pub(super) fn id(&self, host: usize) -> DeviceId {
        self.lan.find_mac(self.hosts[host].mac).unwrap().id()
    }

    pub(super) fn device(&self, host: usize) -> &Device {
        self.lan.find_mac(self.hosts[host].mac).unwrap()
    }

    /// Runs until the network is known and forgets the news of it.
    pub(super) fn settle(&mut self) {
        self.minutes(31);
        self.changes.clear();
    }
}

/// Whose frame a query goes in, when it is not for everybody.
fn destination(query: Query) -> Option<Mac> {
    match query {
        Query::Arp { to, .. } | Query::Nd { to, .. } => to,
        Query::Echo { mac, .. } | Query::Tcp { mac, .. } => mac,
        _ => None,
    }
}

fn is_printing(port: u16) -> bool {
    probe::is_printing_port(port)
}
