//! Holds the fuzz target of one sweep: any plan, any answers, at any time.
//! Never lets it probe what is outside its plan, touch a printing port or go on for ever.
//! Called by `run`.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use vigie_core::lan::sweep::*;
use vigie_core::lan::{Query, SegmentId, Source};
use vigie_wire::Mac;

/// Ports of printers: a packet there may print a page.
const PRINTING: [u16; 10] = [515, 631, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107];

/// A gentle sweep of 64 addresses with a few ports is over within half an hour of its own time.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Far more calls than any sweep of this size makes; more is a machine that turns on the spot.
const MAX_CALLS: usize = 400_000;

/// More frames than this in one second is more than any pace allows, burst included.
const MOST_PER_SECOND: usize = 20_000;

struct Play {
    sweep: Sweep,
    plan: Plan,
    known: Vec<Known>,
    now: Instant,
    ended: usize,
    second: (u64, usize),
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Unstructured::new(data);
    if let Ok(mut play) = Play::new(&mut choices) {
        play.call(Input::Start(&play.plan.clone(), &play.known.clone()));
        while !choices.is_empty() && play.ended == 0 && play.step(&mut choices).is_ok() {}
        play.finish();
    }
});

fn address(choices: &mut Unstructured<'_>) -> Result<IpAddr> {
    Ok(match choices.int_in_range(0..=7)? {
        0 => IpAddr::V6(choices.arbitrary::<[u8; 16]>()?.into()),
        1 => IpAddr::V4(choices.arbitrary::<[u8; 4]>()?.into()),
        _ => IpAddr::V4(Ipv4Addr::new(10, 0, 0, choices.arbitrary()?)),
    })
}

impl Play {
    fn new(choices: &mut Unstructured<'_>) -> Result<Self> {
        let mut blocks = Vec::new();
        for third in 0..choices.int_in_range(1..=2)? {
            let prefix = choices.int_in_range(27..=32)?;
            blocks.extend(Block::around(Ipv4Addr::new(10, 0, third, choices.arbitrary()?), prefix));
        }
        let Ok(mut targets) = Targets::new(&blocks) else {
            return Err(libfuzzer_sys::arbitrary::Error::IncorrectFormat);
        };
        if choices.arbitrary()?
            && let Some(block) =
                Block::around(Ipv4Addr::new(10, 0, 0, choices.arbitrary()?), choices.int_in_range(30..=32)?)
            && let Ok(fewer) = targets.clone().without(block)
        {
            targets = fewer;
        }
        let own = if choices.arbitrary()? { Some(address(choices)?) } else { None };
        let mut ports: Vec<u16> = choices.arbitrary::<[u16; 4]>()?.into();
        ports.extend(PRINTING);
        let mut known = Vec::new();
        for _ in 0..choices.int_in_range(0..=8)? {
            known.push(Known { ip: address(choices)?, mac: choices.arbitrary::<Option<[u8; 6]>>()?.map(Mac) });
        }
        let plan = Plan {
            segment: SegmentId(0),
            targets,
            own,
            pace: *choices.choose(Pace::ALL)?,
            means: Means { raw: choices.arbitrary()?, icmp: choices.arbitrary()? },
            work: Work { names: choices.arbitrary()?, ports: choices.arbitrary()?, greetings: choices.arbitrary()? },
            ports: PortList::allowed(ports),
            beyond: false,
            ipv6: choices.arbitrary()?,
            snmp: choices.arbitrary()?,
        };
        Ok(Self {
            sweep: Sweep::new(choices.arbitrary()?),
            plan,
            known,
            now: Instant::from_secs(5),
            ended: 0,
            second: (0, 0),
        })
    }

    fn step(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        match choices.int_in_range(0..=7)? {
            0 | 1 => {
                let mac = if choices.arbitrary()? { Some(Mac(choices.arbitrary()?)) } else { None };
                self.call(Input::Heard { ip: address(choices)?, mac });
            }
            2 => {
                let (ip, port, open) = (address(choices)?, choices.arbitrary()?, choices.arbitrary()?);
                self.call(Input::PortAnswered { ip, port, open });
            }
            3 => {
                let (ip, source) = (address(choices)?, *choices.choose(Source::ALL)?);
                self.call(Input::Named { ip, source });
            }
            4 => self.call(Input::Congested),
            5 if choices.ratio(1, 16)? => self.call(Input::Stop),
            5 => self.call(Input::Start(&self.plan.clone(), &self.known.clone())),
            6 => {
                // Later than asked, as on a machine that is busy.
                self.now += Duration::from_millis(choices.arbitrary::<u16>()?.into());
                self.call(Input::Tick);
            }
            _ => self.wake(),
        }
        Ok(())
    }

    fn wake(&mut self) {
        if let Some(wake) = self.sweep.next_wake() {
            self.now = self.now.max(wake);
            self.call(Input::Tick);
        }
    }

    fn finish(&mut self) {
        let end = self.now + LONGEST;
        for _ in 0..MAX_CALLS {
            if self.ended > 0 {
                assert!(!self.sweep.is_running() && self.sweep.next_wake().is_none());
                return;
            }
            assert!(self.now < end, "it goes on and on");
            self.wake();
        }
        panic!("it turns on the spot");
    }

    fn call(&mut self, input: Input<'_>) {
        let mut actions = Actions::new();
        self.sweep.on(self.now, input, &mut actions);
        for action in actions {
            match action {
                Action::Probe(probe) => self.judge(&probe.query),
                Action::Progress(progress) => assert!((0.0..=1.0).contains(&progress.share), "{}", progress.share),
                Action::Ended(_) => self.ended += 1,
            }
        }
        assert!(self.ended <= 1, "it ended twice");
    }

    fn judge(&mut self, query: &Query) {
        let second = self.now.as_secs();
        self.second = if self.second.0 == second { (second, self.second.1 + 1) } else { (second, 1) };
        assert!(self.second.1 <= MOST_PER_SECOND, "{} frames in a second", self.second.1);
        if let Query::Tcp { port, .. } = query {
            assert!(!PRINTING.contains(port), "{port} is a printer's");
        }
        if let Query::Arp { ip, .. } = query {
            let is_known = self.known.iter().any(|known| known.ip == IpAddr::V4(*ip));
            assert!(self.plan.targets.index(*ip).is_some() || is_known, "{ip} is not in the plan");
            assert!(!self.plan.targets.is_excluded(*ip) || is_known, "{ip} is excluded");
        }
    }
}
