//! Holds when which segment is swept and what for: first when a leg opens, then by the clock, and when a person asks.
//! Never sends a probe: it starts the sweep machine of a leg. One task; the engine's tidings tell it when a sweep is over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use embassy_time::Instant;
use vigie_core::Moment;
use vigie_core::lan::sweep::{self, Block, Known, Pace, Plan, PortList, Report, Targets, Work};
use vigie_core::lan::{Device, Input, Role, SegmentId};
use vigie_core::limits::MAX_DEVICES;

use super::engine::{Engine, Shared};

/// A leg that opened is looked at this often; a second more or less before a sweep of minutes is nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The long list of ports is most of a sweep, and ports change rarely: every so many sweeps, the first included.
const ALL_PORTS_EVERY: u32 = 12;
/// A sweep that its leg cut short is begun again after this.
const AFTER_CUT: embassy_time::Duration = embassy_time::Duration::from_secs(2);
/// Newcomers whose ports are asked in one small sweep between two large ones.
const NEWCOMERS_AT_ONCE: usize = 16;

/// How the network is watched, as the configuration says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rhythm {
    /// From the start of one sweep to the next.
    pub(crate) every: Duration,
    /// How fast, when nobody waits.
    pub(crate) pace: Pace,
    /// Ports asked in every sweep.
    pub(crate) ports: Vec<u16>,
    /// Ports asked in the first sweep, now and then, and when a person asks for all.
    pub(crate) all_ports: Vec<u16>,
    /// Never asked.
    pub(crate) excluded: Vec<Block>,
    /// What is asked for.
    pub(crate) work: Work,
    /// Whether IPv6 is spoken.
    pub(crate) ipv6: bool,
    /// Whether SNMP agents are asked.
    pub(crate) snmp: bool,
}

impl Rhythm {
    fn port_list(&self, all: bool) -> PortList {
        PortList::allowed(if all { &self.all_ports } else { &self.ports }.iter().copied())
    }
}

/// A sweep a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// With ports and greetings, or only who is there and what they are called.
    pub(crate) full: bool,
    /// These blocks only; empty: every segment.
    pub(crate) targets: Vec<Block>,
    /// These ports only; empty: those of the configuration.
    pub(crate) ports: Vec<u16>,
    /// As fast as decent, since a person waits, unless they say otherwise.
    pub(crate) pace: Option<Pace>,
}

/// Why a sweep a person asked for was not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// One that a person asked for runs already.
    Running,
    /// There is no leg to sweep.
    NoLeg,
    /// This target is on no segment of the appliance.
    Remote(Block),
    /// The targets cannot be swept at once.
    Targets(sweep::TargetsError),
}

/// What a running sweep is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// A whole segment, by the clock.
    Watch,
    /// A few devices that are new.
    Newcomers(Vec<IpAddr>),
    /// A person asked.
    Asked {
        /// Whether the segment is swept whole, so that absence means something.
        whole: bool,
    },
}

/// A sweep about to start.
struct What {
    purpose: Purpose,
    work: Work,
    pace: Pace,
    ports: PortList,
}

#[derive(Clone, Debug)]
struct Running {
    purpose: Purpose,
    began: Instant,
    ports: PortList,
    work: Work,
}

/// The turns of one segment.
#[derive(Clone, Debug)]
struct Turn {
    next: Instant,
    done: u32,
    /// Newcomers whose ports were asked since the last whole sweep, whether they answered or not.
    met: BTreeSet<IpAddr>,
    /// What was swept last: a leg that gets its address late is swept again at once.
    scope: Vec<Block>,
    running: Option<Running>,
}

/// What one sweep came to, for the list of scans.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scan {
    /// Counts up.
    pub(crate) number: u32,
    /// Where.
    pub(crate) segment: SegmentId,
    /// When it began.
    pub(crate) began: Moment,
    /// `watch`, `newcomers` or `asked`.
    pub(crate) purpose: &'static str,
    /// Whether ports were asked.
    pub(crate) ports: bool,
    /// What came of it.
    pub(crate) report: Report,
}

impl Turn {
    fn new(now: Instant) -> Self {
        Self { next: now, done: 0, met: BTreeSet::new(), scope: Vec::new(), running: None }
    }
}

/// All turns.
pub(crate) struct Sweeps {
    /// How the network is watched.
    pub(crate) rhythm: Rhythm,
    /// Whether it is.
    pub(crate) watching: bool,
    turns: BTreeMap<SegmentId, Turn>,
    scans: u32,
}

impl Sweeps {
    /// No turn yet.
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, watching: true, turns: BTreeMap::new(), scans: 0 }
    }

    /// Whether a sweep that a person asked for runs.
    pub(crate) fn is_asked(&self) -> bool {
        let asked = |turn: &Turn| matches!(&turn.running, Some(Running { purpose: Purpose::Asked { .. }, .. }));
        self.turns.values().any(asked)
    }

    /// Whether any sweep runs.
    pub(crate) fn is_running(&self) -> bool {
        self.turns.values().any(|turn| turn.running.is_some())
    }

    /// When the next sweep by the clock begins.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.turns.values().map(|turn| turn.next).min().filter(|_| self.watching)
    }

    /// Whether every segment was swept at least once.
    pub(crate) fn all_swept_once(&self) -> bool {
        !self.turns.is_empty() && self.turns.values().all(|turn| turn.done > 0)
    }

    /// Starts what is due.
    pub(super) fn look(&mut self, engine: &mut Engine, now: Instant) {
        let there: Vec<SegmentId> = engine.legs.iter().map(super::leg::Leg::segment).collect();
        self.turns.retain(|segment, _| there.contains(segment));
        for segment in there {
            let turn = self.turns.entry(segment).or_insert(Turn::new(now));
            if turn.running.is_some() || !self.watching {
                continue;
            }
            let blocks = scope(engine, segment);
            if turn.next <= now || turn.scope != blocks {
                turn.scope.clone_from(&blocks);
                turn.next = now + as_embassy(self.rhythm.every);
                turn.met.clear();
                let ports = self.rhythm.port_list(turn.done.is_multiple_of(ALL_PORTS_EVERY));
                let what = What { purpose: Purpose::Watch, work: self.rhythm.work, pace: self.rhythm.pace, ports };
                self.start(engine, now, segment, &blocks, what);
            } else if self.rhythm.work.ports && turn.done > 0 {
                let newcomers = newcomers(engine, segment, &turn.met);
                if !newcomers.is_empty() {
                    turn.met.extend(&newcomers);
                    let blocks: Vec<Block> = newcomers.iter().filter_map(|ip| host_block(*ip)).collect();
                    let purpose = Purpose::Newcomers(newcomers);
                    let ports = self.rhythm.port_list(true);
                    let what = What { purpose, work: self.rhythm.work, pace: self.rhythm.pace, ports };
                    self.start(engine, now, segment, &blocks, what);
                }
            }
        }
    }

    /// Starts what a person asks for, in place of what runs by the clock.
    ///
    /// # Errors
    /// See [`NotStarted`]; nothing changed then.
    pub(super) fn ask(&mut self, engine: &mut Engine, now: Instant, request: &Request) -> Result<(), NotStarted> {
        if self.is_asked() {
            return Err(NotStarted::Running);
        }
        let legs: Vec<SegmentId> = engine.legs.iter().map(super::leg::Leg::segment).collect();
        if legs.is_empty() {
            return Err(NotStarted::NoLeg);
        }
        let mut parts: Vec<(SegmentId, Vec<Block>)> = Vec::new();
        if request.targets.is_empty() {
            parts.extend(legs.iter().map(|segment| (*segment, scope(engine, *segment))));
        }
        for target in &request.targets {
            let holds = |leg: &&super::leg::Leg| {
                leg.footing.ground.ipv4.iter().any(|(ip, prefix)| {
                    Block::around(*ip, *prefix)
                        .is_some_and(|own| own.prefix() <= target.prefix() && own.contains(target.network()))
                })
            };
            let segment = engine.legs.iter().find(holds).map(super::leg::Leg::segment);
            let segment = segment.ok_or(NotStarted::Remote(*target))?;
            match parts.iter_mut().find(|(there, _)| *there == segment) {
                Some((_, blocks)) => blocks.push(*target),
                None => parts.push((segment, vec![*target])),
            }
        }
        for (_, blocks) in &parts {
            Targets::new(blocks).map_err(NotStarted::Targets)?;
        }
        let work = Work { names: true, ports: request.full, greetings: request.full };
        let whole = request.targets.is_empty();
        for (segment, blocks) in parts {
            self.stop_segment(engine, now, segment);
            self.turns.entry(segment).or_insert(Turn::new(now));
            let ports = if request.ports.is_empty() {
                self.rhythm.port_list(true)
            } else {
                PortList::allowed(request.ports.iter().copied())
            };
            let pace = request.pace.unwrap_or(Pace::Fast);
            self.start(engine, now, segment, &blocks, What { purpose: Purpose::Asked { whole }, work, pace, ports });
        }
        Ok(())
    }

    /// Ends what runs.
    pub(super) fn stop(&mut self, engine: &mut Engine, now: Instant) {
        let segments: Vec<SegmentId> = self.turns.keys().copied().collect();
        for segment in segments {
            self.stop_segment(engine, now, segment);
        }
    }

    fn stop_segment(&mut self, engine: &mut Engine, now: Instant, segment: SegmentId) {
        if self.turns.get(&segment).is_some_and(|turn| turn.running.is_some()) {
            engine.sweep_input(now, segment, sweep::Input::Stop);
            if let Some(turn) = self.turns.get_mut(&segment) {
                turn.running = None;
            }
            // Its report is among the tidings, and belongs to nothing any more.
            engine.tidings.swept.retain(|(of, _)| *of != segment);
        }
    }

    fn start(&mut self, engine: &mut Engine, now: Instant, segment: SegmentId, blocks: &[Block], what: What) {
        let What { purpose, work, pace, ports } = what;
        // What a person named may be more than one sweep walks: it walks what comes first, and says so.
        let all = Targets::new(blocks).or_else(|error| {
            tracing::warn!("not everything is swept: {error}");
            blocks.first().map_or(Ok(Targets::default()), |first| Targets::new(&[*first]))
        });
        let excluded = &self.rhythm.excluded;
        let targets = all.and_then(|all| excluded.iter().try_fold(all, |targets, block| targets.without(*block)));
        let known = known(engine, segment);
        let Some(leg) = engine.leg(segment) else { return };
        let plan = Plan {
            segment,
            targets: targets.unwrap_or_default(),
            own: leg.footing.ground.ipv4.first().map(|(ip, _)| IpAddr::V4(*ip)),
            pace,
            means: leg.means(),
            work,
            ports: ports.clone(),
            ipv6: self.rhythm.ipv6 && matches!(purpose, Purpose::Watch | Purpose::Asked { whole: true }),
            snmp: self.rhythm.snmp,
        };
        if let Some(turn) = self.turns.get_mut(&segment) {
            turn.running = Some(Running { purpose: purpose.clone(), began: now, ports, work });
        }
        engine.forget_leads(segment);
        let is_whole = matches!(purpose, Purpose::Watch | Purpose::Asked { whole: true });
        if is_whole {
            engine.input(now, Input::SweepBegan { segment });
        }
        // A sweep of a few asks for those few: the others are not missing, they were not asked.
        let known = if is_whole { known } else { Vec::new() };
        engine.sweep_input(now, segment, sweep::Input::Start(&plan, &known));
        engine.settle();
    }

    /// Notes that the sweep of a segment is over. Tells what to remember of it.
    pub(super) fn swept(
        &mut self,
        engine: &mut Engine,
        now: Instant,
        segment: SegmentId,
        report: &Report,
    ) -> Option<Scan> {
        let turn = self.turns.get_mut(&segment)?;
        let running = turn.running.take()?;
        let whole_segment = matches!(running.purpose, Purpose::Watch | Purpose::Asked { whole: true });
        if whole_segment && report.whole {
            turn.done += 1;
        } else if running.purpose == Purpose::Watch {
            // Cut short by its leg: what it did not ask is asked as soon as the leg has settled.
            turn.next = now + AFTER_CUT;
        }
        let began = running.began;
        if whole_segment {
            let ended = Input::SweepEnded { segment, began, asked: report.addresses, whole: report.whole };
            engine.input(now, ended);
        }
        if running.work.ports && report.whole {
            let ports = running.ports.as_slice();
            match &running.purpose {
                Purpose::Newcomers(hosts) => {
                    for host in hosts {
                        engine.input(now, Input::PortsAsked { segment, host: Some(*host), began, ports });
                    }
                }
                Purpose::Watch | Purpose::Asked { whole: true } => {
                    engine.input(now, Input::PortsAsked { segment, host: None, began, ports });
                }
                Purpose::Asked { whole: false } => {}
            }
        }
        engine.settle();
        self.scans += 1;
        let purpose = match running.purpose {
            Purpose::Watch => "watch",
            Purpose::Newcomers(_) => "newcomers",
            Purpose::Asked { .. } => "asked",
        };
        let began = engine.moment(began);
        Some(Scan { number: self.scans, segment, began, purpose, ports: running.work.ports, report: *report })
    }
}

/// Looks every second whether a segment is due.
pub(super) async fn keep_time(engine: Shared, sweeps: std::rc::Rc<std::cell::RefCell<Sweeps>>) {
    let beat = crate::shell::tasks::watch("sweeps", crate::shell::tasks::LIMIT);
    loop {
        sweeps.borrow_mut().look(&mut engine.borrow_mut(), Instant::now());
        beat.idle(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// The blocks of a segment that are swept.
fn scope(engine: &mut Engine, segment: SegmentId) -> Vec<Block> {
    let leg = engine.leg(segment);
    leg.map(|leg| leg.footing.scope.iter().filter(|(_, may)| may.is_ok()).map(|(block, _)| *block).collect())
        .unwrap_or_default()
}

/// Devices of a segment with the address each is asked at.
fn on_segment(
    engine: &Engine,
    segment: SegmentId,
) -> impl Iterator<Item = (&Device, &vigie_core::lan::interface::Interface)> {
    engine.lan.devices().filter_map(move |device| {
        let interface = device.interfaces().iter().find(|interface| interface.segment == segment)?;
        Some((device, interface))
    })
}

/// Known devices, those that are missing first: they are the ones a word is waited for.
fn known(engine: &Engine, segment: SegmentId) -> Vec<Known> {
    let mut known: Vec<(bool, Known)> = on_segment(engine, segment)
        .filter_map(|(device, interface)| Some((device.online(), Known { ip: interface.ip()?, mac: interface.mac? })))
        .collect();
    known.sort_by_key(|(online, _)| *online);
    known.into_iter().take(MAX_DEVICES).map(|(_, known)| known).collect()
}

/// Devices that are here and whose ports were never asked.
fn newcomers(engine: &Engine, segment: SegmentId, met: &BTreeSet<IpAddr>) -> Vec<IpAddr> {
    on_segment(engine, segment)
        .filter(|(device, _)| {
            device.online() && !device.ports_known() && device.roles().all(|role| role != Role::Myself)
        })
        .filter_map(|(_, interface)| interface.ip())
        .filter(|ip| ip.is_ipv4() && !met.contains(ip))
        .take(NEWCOMERS_AT_ONCE)
        .collect()
}

fn host_block(ip: IpAddr) -> Option<Block> {
    match ip {
        IpAddr::V4(ip) => Block::around(ip, 32),
        IpAddr::V6(_) => None,
    }
}

fn as_embassy(duration: Duration) -> embassy_time::Duration {
    embassy_time::Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
