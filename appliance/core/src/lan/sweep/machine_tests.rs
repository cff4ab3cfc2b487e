//! Holds a simulated segment with loss and the promises a sweep keeps on it. Replays by seed.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::*;
use crate::lan::SegmentId;
use crate::lan::sweep::{Block, Means, Pace, PortList, Targets, Work};

const PORTS: [u16; 22] = [
    22, 80, 443, 445, 139, 53, 21, 23, 25, 110, 143, 554, 1_883, 3_389, 5_000, 5_900, 8_000, 8_080, 8_443, 8_009, 631,
    9_100,
];

/// Who answers, and from which port.
type Answer = (IpAddr, Option<u16>);

/// A segment of `hosts` hosts that answer after a few hundred microseconds, or not.
struct Segment {
    random: u64,
    lost_each_way_percent: u64,
    hosts: u8,
    silent_from: u8,
    pending: BTreeMap<(u64, u32), Answer>,
    sent: Vec<(u64, Query)>,
}

impl Segment {
    fn chance(&mut self, percent: u64) -> bool {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % 100 < percent
    }

    fn take(&mut self, now_us: u64, query: Query) {
        self.sent.push((now_us, query));
        let (ip, port, arp) = match query {
            Query::Arp { ip, .. } => (IpAddr::V4(ip), None, true),
            Query::Echo { ip, .. } => (ip, None, true),
            Query::Tcp { ip, port, .. } => (ip, Some(port), false),
            _ => return,
        };
        let IpAddr::V4(v4) = ip else { return };
        let last = v4.octets()[3];
        let alive = (1..=self.hosts).contains(&last) && (arp || last < self.silent_from);
        let lost = arp && (self.chance(self.lost_each_way_percent) || self.chance(self.lost_each_way_percent));
        if alive && !lost {
            let order = u32::try_from(self.sent.len()).unwrap();
            self.pending.insert((now_us + 200 + u64::from(last), order), (ip, port));
        }
    }
}

fn mac(ip: IpAddr) -> Option<Mac> {
    match ip {
        IpAddr::V4(ip) => Some(Mac([2, 0, 0, 0, 0, ip.octets()[3]])),
        IpAddr::V6(_) => None,
    }
}

fn plan(pace: Pace, work: Work) -> Plan {
    let block: Block = "10.0.0.0/24".parse().unwrap();
    Plan {
        segment: SegmentId(0),
        targets: Targets::new(&[block]).unwrap(),
        own: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 254))),
        pace,
        means: Means { raw: true, icmp: true },
        work,
        ports: PortList::allowed(PORTS),
        ipv6: true,
        beyond: false,
        snmp: false,
    }
}

struct Outcome {
    report: Report,
    found: Vec<IpAddr>,
    open: Vec<(IpAddr, u16)>,
    progress: Vec<f32>,
    segment: Segment,
}

fn run(plan: &Plan, known: &[Known], mut segment: Segment) -> Outcome {
    let mut sweep = Sweep::new(segment.random);
    let mut now_us = 0;
    let (mut found, mut open, mut progress) = (Vec::new(), Vec::new(), Vec::new());
    let mut input = Input::Start(plan, known);
    for _ in 0..3_000_000 {
        let now = Instant::from_micros(now_us);
        let mut out = Actions::new();
        sweep.on(now, input, &mut out);
        for action in &out {
            match action {
                Action::Probe(probe) => segment.take(now_us, probe.query),
                Action::Progress(told) => progress.push(told.share),
                Action::Ended(report) => return Outcome { report: *report, found, open, progress, segment },
            }
        }
        let wake = sweep.next_wake().unwrap().as_micros().max(now_us);
        match segment.pending.first_key_value().map(|(when, _)| when.0) {
            Some(when) if when <= wake => {
                now_us = when.max(now_us);
                let (_, (ip, port)) = segment.pending.pop_first().unwrap();
                if !found.contains(&ip) {
                    found.push(ip);
                }
                let now = Instant::from_micros(now_us);
                let mut out = Actions::new();
                sweep.on(now, Input::Heard { ip, mac: mac(ip) }, &mut out);
                for action in out {
                    if let Action::Probe(probe) = action {
                        segment.take(now_us, probe.query);
                    }
                }
                input = match port {
                    Some(port) => {
                        let is_open = port < 100;
                        if is_open && !open.contains(&(ip, port)) {
                            open.push((ip, port));
                        }
                        Input::PortAnswered { ip, port, open: is_open }
                    }
                    None => Input::Tick,
                };
            }
            _ => {
                now_us = wake;
                input = Input::Tick;
            }
        }
    }
    panic!("the sweep did not end");
}

fn segment(seed: u64, hosts: u8, lost: u64) -> Segment {
    Segment {
        random: seed,
        lost_each_way_percent: lost,
        hosts,
        silent_from: 255,
        pending: BTreeMap::new(),
        sent: Vec::new(),
    }
}

#[test]
fn finds_fifty_hosts_cold_well_within_the_promise() {
    let outcome = run(&plan(Pace::Fast, Work::DISCOVERY), &[], segment(1, 50, 0));
    assert_eq!(outcome.found.len(), 50);
    assert!(outcome.report.took < Duration::from_millis(700), "{:?}", outcome.report);
    assert!(outcome.report.frames < 900, "{:?}", outcome.report);
}

#[test]
fn finds_all_of_them_with_a_fifth_of_the_frames_lost_each_way() {
    let mut missed = 0;
    for seed in 1..=60 {
        let outcome = run(&plan(Pace::Fast, Work::DISCOVERY), &[], segment(seed, 50, 20));
        missed += 50 - outcome.found.len();
        assert!(outcome.report.took < Duration::from_millis(1_500), "seed {seed}: {:?}", outcome.report);
    }
    assert!(missed <= 1, "{missed} of 3,000 missed");
}

#[test]
fn finds_every_port_of_a_full_segment_in_simulated_time() {
    let outcome = run(&plan(Pace::Fast, Work { names: false, ports: true, greetings: false }), &[], segment(5, 250, 0));
    assert_eq!(outcome.found.len(), 250);
    assert_eq!(outcome.open.len(), 250 * PORTS.iter().filter(|port| **port < 100).count());
    assert!(outcome.report.took < Duration::from_millis(1_500), "{:?}", outcome.report);
}

#[test]
fn keeps_to_the_pace_and_never_touches_a_printing_port() {
    for pace in [Pace::Gentle, Pace::Background, Pace::Fast] {
        let mut segment = segment(9, 40, 0);
        segment.silent_from = 20;
        let outcome = run(&plan(pace, Work::EVERYTHING), &[], segment);
        let rate = pace.rate();
        let sent = &outcome.segment.sent;
        let mut from = 0;
        for (place, (when, _)) in sent.iter().enumerate() {
            while sent[from].0 + 1_000_000 <= *when {
                from += 1;
            }
            let burst = rate.frames_per_second * BURST_MS / 1_000 + 1;
            assert!(place - from < usize::try_from(rate.frames_per_second + burst).unwrap(), "{pace:?}");
        }
        assert!(!sent.iter().any(|(_, query)| matches!(query, Query::Tcp { port: 631 | 515 | 9_100..=9_107, .. })));
        for (when, query) in sent {
            let Query::Tcp { ip, .. } = query else { continue };
            let IpAddr::V4(v4) = ip else { continue };
            if v4.octets()[3] >= 20 {
                let out = sent.iter().filter(|(at, other)| {
                    matches!(other, Query::Tcp { ip: to, .. } if to == ip) && *at <= *when && *at + 40_000 > *when
                });
                assert!(
                    out.count() <= rate.open_per_host * 2,
                    "{pace:?}: too many unanswered probes at one silent host"
                );
            }
        }
    }
}

#[test]
fn known_devices_that_stay_silent_are_asked_by_unicast() {
    let gone = Known { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 200)), mac: Some(Mac([2, 0, 0, 0, 0, 200])) };
    let there = Known { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7)), mac: Some(Mac([2, 0, 0, 0, 0, 7])) };
    let outcome = run(&plan(Pace::Background, Work::DISCOVERY), &[gone, there], segment(3, 50, 0));
    let directed = |known: Known| {
        let unicast = |query: &Query| matches!(query, Query::Arp { ip, to: Some(to) } if IpAddr::V4(*ip) == known.ip && Some(*to) == known.mac);
        outcome.segment.sent.iter().filter(|(_, query)| unicast(query)).count()
    };
    assert_eq!(directed(gone), 1 + usize::from(DIRECTED_TRIES));
    assert_eq!(directed(there), 1);
}

#[test]
fn a_machine_with_ipv6_only_is_asked_for_its_ports_there() {
    let plan = plan(Pace::Fast, Work { names: false, ports: true, greetings: false });
    let mut sweep = Sweep::new(1);
    let mut out = Actions::new();
    sweep.on(Instant::from_millis(0), Input::Start(&plan, &[]), &mut out);
    let six: IpAddr = "fe80::77".parse().unwrap();
    let both: IpAddr = "fe80::88".parse().unwrap();
    let four: IpAddr = "10.0.0.88".parse().unwrap();
    for (ip, last) in [(six, 0x77), (both, 0x88), (four, 0x88)] {
        sweep.on(Instant::from_millis(1), Input::Heard { ip, mac: Some(Mac([2, 0, 0, 0, 0, last])) }, &mut out);
    }
    let mut asked = Vec::new();
    for ms in 1..5_000 {
        let mut out = Actions::new();
        sweep.on(Instant::from_millis(ms), Input::Tick, &mut out);
        asked.extend(out.iter().filter_map(|action| match action {
            Action::Probe(Probe { query: Query::Tcp { ip, .. }, .. }) => Some(*ip),
            _ => None,
        }));
    }
    assert!(asked.contains(&six) && asked.contains(&four) && !asked.contains(&both));
    assert!(!sweep.is_running());
}

#[test]
fn a_sweep_of_a_few_addresses_asks_nobody_else() {
    let mut few = plan(Pace::Fast, Work { names: true, ports: true, greetings: false });
    few.targets = Targets::new(&["10.0.0.7".parse().unwrap()]).unwrap();
    few.ipv6 = false;
    let mut sweep = Sweep::new(1);
    let mut out = Actions::new();
    sweep.on(Instant::from_millis(0), Input::Start(&few, &[]), &mut out);
    let seven: IpAddr = "10.0.0.7".parse().unwrap();
    for (ip, last) in [(seven, 7), ("10.0.0.8".parse().unwrap(), 8), ("fe80::8".parse().unwrap(), 8)] {
        sweep.on(Instant::from_millis(1), Input::Heard { ip, mac: Some(Mac([2, 0, 0, 0, 0, last])) }, &mut out);
    }
    let mut asked = Vec::new();
    for ms in 1..5_000 {
        let mut out = Actions::new();
        sweep.on(Instant::from_millis(ms), Input::Tick, &mut out);
        asked.extend(out.iter().filter_map(|action| match action {
            Action::Probe(Probe { query: Query::Tcp { ip, .. } | Query::MdnsReverse { ip }, .. }) => Some(*ip),
            _ => None,
        }));
    }
    assert!(!asked.is_empty() && asked.iter().all(|ip| *ip == seven), "{asked:?}");
}

#[test]
fn without_rights_the_kernel_is_asked_and_the_machine_itself_never() {
    let mut without = plan(Pace::Fast, Work::DISCOVERY);
    without.means = Means { raw: false, icmp: true };
    let outcome = run(&without, &[], segment(4, 30, 0));
    assert_eq!(outcome.found.len(), 30);
    assert!(outcome.segment.sent.iter().all(|(_, query)| !matches!(query, Query::Arp { .. } | Query::Tcp { .. })));
    let own = without.own.unwrap();
    assert!(!outcome.segment.sent.iter().any(|(_, query)| matches!(query, Query::Echo { ip, .. } if *ip == own)));
}

#[test]
fn a_stopped_sweep_says_it_was_not_whole_and_a_second_start_changes_nothing() {
    let plan = plan(Pace::Background, Work::EVERYTHING);
    let mut sweep = Sweep::new(1);
    let mut out = Actions::new();
    sweep.on(Instant::from_millis(0), Input::Start(&plan, &[]), &mut out);
    sweep.on(Instant::from_millis(10), Input::Start(&plan, &[]), &mut out);
    out.clear();
    sweep.on(Instant::from_millis(20), Input::Stop, &mut out);
    assert!(
        matches!(out.as_slice(), [Action::Ended(Report { whole: false, took, .. })] if *took == Duration::from_millis(20))
    );
    assert!(!sweep.is_running());
    assert_eq!(sweep.next_wake(), None);
}

#[test]
fn progress_only_grows_while_hosts_do_not() {
    let outcome = run(&plan(Pace::Background, Work::DISCOVERY), &[], segment(2, 50, 0));
    assert!(outcome.progress.len() > 5);
    assert!(outcome.progress.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", outcome.progress);
}

#[test]
fn a_full_link_is_asked_more_slowly_and_then_as_before() {
    let plan = plan(Pace::Fast, Work::DISCOVERY);
    let frames_in = |congested: bool| {
        let mut sweep = Sweep::new(1);
        let mut out = Actions::new();
        sweep.on(Instant::from_millis(0), Input::Start(&plan, &[]), &mut out);
        let mut frames = out.len();
        for ms in 1..=40 {
            let now = Instant::from_millis(ms);
            out.clear();
            sweep.on(now, if congested && ms % 11 == 0 { Input::Congested } else { Input::Tick }, &mut out);
            frames += out.len();
        }
        frames
    };
    assert!(frames_in(true) * 3 < frames_in(false) * 2, "{} of {}", frames_in(true), frames_in(false));
}

#[test]
fn behind_a_router_only_what_a_router_carries_is_asked() {
    let mut plan = plan(Pace::Background, Work::EVERYTHING);
    plan.means = Means { raw: false, icmp: true };
    (plan.beyond, plan.ipv6, plan.own) = (true, false, None);
    let known = Known { ip: "10.9.0.7".parse().unwrap(), mac: None };
    let outcome = run(&plan, &[known], segment(5, 0, 0));
    assert!(outcome.report.whole);
    let sent = || outcome.segment.sent.iter().map(|(_, query)| *query);
    let of = |host: &str| {
        let host: IpAddr = host.parse().unwrap();
        sent()
            .filter(|query| matches!(query, Query::Echo { ip, .. } | Query::Tcp { ip, .. } if *ip == host))
            .collect::<Vec<_>>()
    };
    let asked = of("10.0.0.9");
    assert!(asked.iter().any(|query| matches!(query, Query::Echo { mac: None, .. })), "{asked:?}");
    assert!(asked.iter().any(|query| matches!(query, Query::Tcp { mac: None, port: 443, .. })), "{asked:?}");
    assert!(!of("10.9.0.7").is_empty(), "one known there is asked by itself, named block or not");
    let carried = |query: &Query| matches!(query, Query::Echo { mac: None, .. } | Query::Tcp { mac: None, .. });
    assert!(sent().all(|query| carried(&query)), "nothing is asked of the link");
}
