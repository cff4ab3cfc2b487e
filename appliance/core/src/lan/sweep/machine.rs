//! Holds the machine that runs one sweep of one segment from start to end.
//! Never keeps knowledge for the next one: that is `Lan`'s. Called by the network shell.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use crate::lan::probe::{Probe, Query, is_printing_port};
use crate::lan::sighting::Source;
use crate::limits::{MAX_ACTIONS, MAX_DEVICES};

use super::budget::Budget;
use super::host::Hosts;
use super::pace::{LONGEST_PATIENCE, Rate};
use super::plan::{Known, Plan, Progress, Report};
use super::questions::LinkQuestions;
use super::rounds::Rounds;
use super::rtt::Rtt;

/// A running sweep looks at the time this often while it waits for answers: finer than any timeout it keeps.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Progress is told this often: what an eye can follow.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Directed tries for a known device that stayed silent through all rounds.
const DIRECTED_TRIES: u8 = 4;
/// A burst of the total budget, in milliseconds of its rate: what a card's queue takes without dropping.
const BURST_MS: u32 = 5;
/// The kernel repeats its own ARP every second, so without raw frames asking again sooner asks nothing.
const KERNEL_ROUND_GAP: Duration = Duration::from_secs(1);
/// Answers may lead to questions whose answers lead to others; a link that goes on for ever is not waited for any longer.
const LONGEST_FOLLOWED: Duration = Duration::from_millis(3_500);
/// Asked when neither raw frames nor ICMP are allowed: any answer, a refusal too, shows the host.
const NUDGE_PORT: u16 = 443;
/// Asked behind a router when the first port was silent.
const WEB_PORT: u16 = 80;

/// What a sweep is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Begin; refused while one runs (see [`Sweep::is_running`]).
    Start(&'a Plan, &'a [Known]),
    /// Somebody on the segment was heard, by whatever source.
    Heard {
        /// Its address.
        ip: IpAddr,
        /// Its MAC, when known.
        mac: Option<Mac>,
    },
    /// A port answered.
    PortAnswered {
        /// Whose.
        ip: IpAddr,
        /// Which.
        port: u16,
        /// Open, or refused.
        open: bool,
    },
    /// A source answered a question about this host.
    Named {
        /// Whose.
        ip: IpAddr,
        /// Who answered.
        source: Source,
    },
    /// An answer led to another question on the link: its answer is worth waiting for.
    Followed,
    /// The link did not take all frames: go slower.
    Congested,
    /// End now.
    Stop,
    /// Nothing happened but time.
    Tick,
}

/// What a sweep asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Send this.
    Probe(Probe),
    /// Tell people how far it is.
    Progress(Progress),
    /// It is over.
    Ended(Report),
}

/// The actions of one call; what does not fit waits for the next, which is due at once.
pub type Actions = heapless::Vec<Action, MAX_ACTIONS>;

/// One sweep at a time of one segment.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    run: Option<Run>,
    seed: u64,
}

#[derive(Clone, Debug)]
struct Run {
    plan: Plan,
    rate: Rate,
    frames_left: Budget,
    broadcasts_left: Budget,
    rounds: Rounds,
    known: Vec<Directed>,
    hosts: Hosts,
    link: LinkQuestions,
    rtt: Rtt,
    /// How long answers to questions for names take.
    names: Rtt,
    /// Until when the answers to questions that answers led to are waited for.
    followed: Instant,
    began: Instant,
    discovered: Option<Instant>,
    ported: Option<Instant>,
    last_sent: Instant,
    told: Instant,
    wake: Instant,
    frames: u32,
    /// Which kind of work comes first, turned after each frame, so that discovery, ports and names share the budget.
    turn: u8,
}

#[derive(Clone, Copy, Debug)]
struct Directed {
    known: Known,
    heard: bool,
    tries: u8,
    next: Instant,
}

impl Sweep {
    /// An idle sweep; `seed` scatters the order of addresses.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { run: None, seed }
    }

    /// Whether one runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// When it wants to be called without input; `None` while idle.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        self.run.as_ref().map(|run| run.wake)
    }

    /// Takes one input and fills `out` with what to do.
    pub fn on(&mut self, now: Instant, input: Input<'_>, out: &mut Actions) {
        match (input, self.run.as_mut()) {
            (Input::Start(plan, known), None) => {
                self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                self.run = Some(Run::new(now, plan.clone(), known, self.seed >> 33));
            }
            (Input::Stop, Some(run)) => {
                let report = run.report(now, false);
                self.run = None;
                let _full = out.push(Action::Ended(report));
            }
            (input, Some(run)) => run.take(now, input),
            (_, None) => {}
        }
        let Some(run) = self.run.as_mut() else { return };
        run.work(now, out);
        run.wake = run.next_wake(now);
        if run.is_over(now) && out.push(Action::Ended(run.report(now, true))).is_ok() {
            self.run = None;
        }
    }
}

impl Run {
    fn new(now: Instant, plan: Plan, known: &[Known], seed: u64) -> Self {
        let rate = plan.pace.rate();
        let gap = if plan.means.raw { rate.round_gap } else { rate.round_gap.max(KERNEL_ROUND_GAP) };
        let directed = |known: &Known| Directed { known: *known, heard: false, tries: 0, next: now };
        Self {
            frames_left: Budget::new(now, rate.frames_per_second, rate.frames_per_second * BURST_MS / 1_000),
            broadcasts_left: Budget::new(
                now,
                rate.broadcasts_per_second,
                rate.broadcasts_per_second * BURST_MS / 1_000,
            ),
            rounds: Rounds::new(now, plan.targets.count(), gap, seed),
            known: known.iter().take(MAX_DEVICES).map(directed).collect(),
            hosts: Hosts::default(),
            link: LinkQuestions::new(now, rate.haste, plan.work.names && !plan.beyond, plan.ipv6, plan.means.raw),
            rtt: Rtt::default(),
            names: Rtt::default(),
            followed: now,
            began: now,
            discovered: None,
            ported: None,
            last_sent: now,
            told: now,
            wake: now,
            frames: 0,
            turn: 0,
            rate,
            plan,
        }
    }

    fn take(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Heard { ip, mac } => self.hear(now, ip, mac),
            Input::PortAnswered { ip, port, open } => {
                if let Some(host) = self.hosts.at(ip) {
                    if let Some(took) = host.flights.answer(now, port) {
                        self.rtt.learn(took);
                    }
                    if open && self.plan.work.greetings && !is_printing_port(port) && host.flights.greet(port) {
                        host.asked.want_greeting(port);
                    }
                }
            }
            Input::Named { ip, source } => {
                if let Some(took) = self.hosts.at(ip).and_then(|host| host.asked.answer(now, source)) {
                    self.names.learn(took);
                }
            }
            Input::Followed => {
                self.followed = (now + self.patience()).min(self.began + LONGEST_FOLLOWED).max(self.followed);
            }
            Input::Congested => {
                self.frames_left.ease(now);
                self.broadcasts_left.ease(now);
            }
            Input::Start(..) | Input::Stop | Input::Tick => {}
        }
    }

    fn hear(&mut self, now: Instant, ip: IpAddr, mac: Option<Mac>) {
        if Some(ip) == self.plan.own {
            return;
        }
        for directed in &mut self.known {
            let known = directed.known;
            directed.heard |=
                (mac.is_some() && mac == known.mac) || (ip == known.ip && mac.is_none_or(|_| known.mac.is_none()));
        }
        match ip {
            IpAddr::V4(ip) => match self.plan.targets.index(ip) {
                Some(index) => self.rounds.hear(now, index),
                // Heard, but not ours to ask: excluded, or outside the targets a person named.
                None => return,
            },
            // A privacy address changes daily and a multicast source names nobody; the link-local one stays.
            IpAddr::V6(ip) if self.plan.ipv6 && (ip.is_unicast_link_local() || mac.is_some()) => {}
            IpAddr::V6(_) => return,
        }
        self.hosts.hear(now, ip, mac);
    }

    fn work(&mut self, now: Instant, out: &mut Actions) {
        while out.len() + 2 < out.capacity() && self.frames_left.ready_at(now) <= now {
            let Some(query) = self.next_query(now) else { break };
            self.frames_left.take(now);
            self.frames = self.frames.saturating_add(1);
            self.last_sent = now;
            let _room_is_there = out.push(Action::Probe(Probe { segment: self.plan.segment, query }));
        }
        if self.discovered.is_none() && self.is_discovered() {
            self.discovered = Some(now);
        }
        if self.ported.is_none() && self.discovered.is_some() && self.has_asked_ports(now) {
            self.ported = Some(now);
        }
        if self.told + TELL_EVERY <= now {
            self.told = now;
            let _room_is_there = out.push(Action::Progress(self.progress()));
        }
    }

    fn next_query(&mut self, now: Instant) -> Option<Query> {
        for step in 0..4 {
            let query = match (self.turn + step) % 4 {
                0 => self.next_address(now),
                1 | 3 => self.next_port(now),
                _ => self.link.next(now).or_else(|| self.next_question(now)),
            };
            if query.is_some() {
                self.turn = (self.turn + step + 1) % 4;
                return query;
            }
        }
        None
    }

    /// Known devices by unicast, then everybody by broadcast, then known devices that stayed silent by unicast again.
    fn next_address(&mut self, now: Instant) -> Option<Query> {
        let rounds_over = self.rounds.is_over();
        let gap = self.rate.round_gap;
        let raw = self.plan.means.raw;
        let due = self.known.iter_mut().find(|directed| {
            !directed.heard
                && directed.next <= now
                && (directed.tries == 0 || rounds_over && directed.tries <= DIRECTED_TRIES)
        });
        if let Some(directed) = due {
            directed.tries += 1;
            directed.next = now + gap;
            return Some(ask_again(directed.known, raw));
        }
        if self.broadcasts_left.ready_at(now) > now {
            return None;
        }
        while let Some(index) = self.rounds.next(now) {
            let Some(ip) = self.plan.targets.address(index).filter(|ip| self.plan.own != Some(IpAddr::V4(*ip))) else {
                continue;
            };
            self.broadcasts_left.take(now);
            let means = self.plan.means;
            return Some(if self.plan.beyond {
                ask_beyond(ip, means.icmp, self.rounds.round())
            } else {
                ask(ip, means.raw, means.icmp)
            });
        }
        None
    }

    fn next_port(&mut self, now: Instant) -> Option<Query> {
        if !self.plan.work.ports {
            return None;
        }
        // A machine first heard in IPv6 may still turn out to have an IPv4 address, which is then the one asked.
        let hold_ipv6 = self.discovered.is_none();
        let (ports, timeout, most) = (&self.plan.ports, self.rtt.timeout(), self.rate.open_per_host);
        self.hosts.in_turn(|host| {
            if host.ip.is_ipv6() && hold_ipv6 {
                return None;
            }
            let port = host.flights.next(now, ports, timeout, most)?;
            Some(Query::Tcp { ip: host.ip, mac: host.mac, port })
        })
    }

    fn next_question(&mut self, now: Instant) -> Option<Query> {
        let (names, snmp, patience) = (self.plan.work.names, self.plan.snmp, self.patience());
        let hold_ipv6 = self.discovered.is_none();
        self.hosts.in_turn(|host| {
            if host.ip.is_ipv6() && hold_ipv6 {
                return None;
            }
            if let Some(port) = host.asked.next_greeting() {
                return Some(Query::Greeting { ip: host.ip, port });
            }
            if names { host.asked.next(now, patience, host.ip, host.also, snmp) } else { None }
        })
    }

    /// How long an answer to a question for a name may take here.
    fn patience(&self) -> Duration {
        self.names.patience(self.rate.patience, LONGEST_PATIENCE)
    }

    /// Whether all addresses were asked as often as is worth it.
    fn is_discovered(&self) -> bool {
        self.rounds.is_over() && self.known.iter().all(|directed| directed.heard || directed.tries > DIRECTED_TRIES)
    }

    fn has_asked_ports(&self, now: Instant) -> bool {
        let timeout = self.rtt.timeout();
        !self.plan.work.ports || self.hosts.iter().all(|host| host.flights.is_done(now, &self.plan.ports, timeout))
    }

    fn is_over(&self, now: Instant) -> bool {
        let (timeout, patience) = (self.rtt.timeout(), self.patience());
        self.discovered.is_some()
            && self.link.is_done(now)
            && self.followed <= now
            && self.last_sent + self.rate.settle <= now
            && self.hosts.iter().all(|host| {
                (!self.plan.work.ports || host.flights.is_done(now, &self.plan.ports, timeout))
                    && (!self.plan.work.names || host.asked.is_done(now, patience))
                    && !host.asked.wants_greeting()
            })
    }

    fn next_wake(&self, now: Instant) -> Instant {
        let token = self.frames_left.ready_at(now);
        if token > now { token.min(now + LOOK_EVERY) } else { now + self.pause() }
    }

    /// Tokens are there but nothing was due: look again when a broadcast may go, or soon.
    fn pause(&self) -> Duration {
        let broadcast = Duration::from_micros(1_000_000 / u64::from(self.rate.broadcasts_per_second.max(1)));
        if self.rounds.is_over() { LOOK_EVERY } else { broadcast.min(LOOK_EVERY) }
    }

    fn progress(&self) -> Progress {
        let discovery = self.rounds.share();
        let wanted = self.plan.ports.len() * self.hosts.iter().count();
        let share = if self.plan.work.ports && wanted > 0 {
            let begun: usize = self.hosts.iter().map(|host| host.flights.begun()).sum();
            #[allow(clippy::cast_precision_loss, reason = "a progress bar")]
            let ports = begun as f32 / wanted as f32;
            0.5 * discovery + 0.5 * ports
        } else {
            discovery
        };
        Progress { share: share.min(1.0), hosts: self.hosts.len(), frames: self.frames }
    }

    fn report(&self, now: Instant, whole: bool) -> Report {
        let since_began = |until: Instant| until.checked_duration_since(self.began).unwrap_or(Duration::MIN);
        Report {
            hosts: self.hosts.len(),
            addresses: self.plan.targets.count(),
            frames: self.frames,
            rounds: self.rounds.round(),
            took: since_began(now),
            discovered_after: since_began(self.discovered.unwrap_or(now)),
            ports_after: since_began(self.ported.unwrap_or(now)),
            whole,
        }
    }
}

/// How anybody at `ip` is asked for.
const fn ask(ip: Ipv4Addr, raw: bool, icmp: bool) -> Query {
    match (raw, icmp) {
        (true, _) => Query::Arp { ip, to: None },
        (false, true) => Query::Echo { ip: IpAddr::V4(ip), mac: None },
        (false, false) => Query::Tcp { ip: IpAddr::V4(ip), mac: None, port: NUDGE_PORT },
    }
}

/// How anybody at `ip` behind a router is asked for: a firewall that drops echo lets through what a server is for.
const fn ask_beyond(ip: Ipv4Addr, icmp: bool, round: u32) -> Query {
    let ip = IpAddr::V4(ip);
    // Rounds count from 1, and the first asks what most answer: a host found later looks like loss, and prolongs the sweep.
    match (icmp, round % 4) {
        (true, 1 | 3) => Query::Echo { ip, mac: None },
        (true, 0) | (false, 0 | 2) => Query::Tcp { ip, mac: None, port: WEB_PORT },
        _ => Query::Tcp { ip, mac: None, port: NUDGE_PORT },
    }
}

/// How a known device is asked for by itself.
const fn ask_again(known: Known, raw: bool) -> Query {
    match (known.ip, raw) {
        (IpAddr::V4(ip), true) => Query::Arp { ip, to: known.mac },
        (IpAddr::V6(ip), true) => Query::Nd { ip, to: known.mac },
        (ip, false) => Query::Echo { ip, mac: None },
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
