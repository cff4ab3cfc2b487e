//! Holds when which segment is swept and what for: first when a leg opens, then by the clock, and when a person asks.
//! Never sends a probe: it starts the sweep machine of a leg. One task; the engine's tidings tell it when a sweep is over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use embassy_time::Instant;
use vigie_core::Moment;
use vigie_core::lan::sweep::{self, Block, Known, Pace, Plan, PortList, Report, Targets, Work};
use vigie_core::lan::{Device, Input, Role, SegmentId, Source};
use vigie_core::limits::MAX_DEVICES;

use super::engine::{Engine, Shared};
use super::logbook::Logbook;
use crate::config::Intervals;
use crate::shell::clocks::Clocks;

/// A leg that opened is looked at this often; a second more or less before a sweep of minutes is nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The long list of ports is most of a sweep, and ports change rarely: every so many sweeps, the first included.
const ALL_PORTS_EVERY: u32 = 12;
/// A sweep that its leg cut short is begun again after this.
const AFTER_CUT: embassy_time::Duration = embassy_time::Duration::from_secs(2);
/// What a sweep does to this machine shows within this time after its end: greetings are read, packets are digested.
const SURVIVED_AFTER: embassy_time::Duration = embassy_time::Duration::from_secs(10);
/// A card that has not taken the mark of a first sweep after this long does not hold the watch up any longer.
const MARK_TIME: Duration = Duration::from_secs(5);
/// The purpose of a sweep that a person asked for.
pub(super) const ASKED: &str = "asked";
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
    /// How often each source is asked that need not be asked in every sweep.
    pub(crate) intervals: Intervals,
}

/// Sources of a sweep with an interval of their own.
const UNHURRIED: [Source; 8] =
    [Source::Mdns, Source::Nbns, Source::Ssdp, Source::Wsd, Source::Dhcp, Source::Dns, Source::Snmp, Source::Banner];

impl Rhythm {
    /// From one question of a source to the next: what a person chose, or that of the sweeps.
    pub(crate) fn pause_of(&self, source: Source) -> Duration {
        self.own_pause_of(source).unwrap_or(self.every)
    }

    /// The same, when it is not simply asked in every sweep.
    fn own_pause_of(&self, source: Source) -> Option<Duration> {
        let chosen = &self.intervals;
        let minutes = match source {
            Source::Mdns | Source::Llmnr => chosen.mdns,
            Source::Nbns => chosen.nbns,
            Source::Ssdp => chosen.ssdp,
            Source::Wsd => chosen.wsd,
            Source::Dhcp => chosen.dhcp,
            Source::Dns => chosen.dns,
            Source::Snmp => chosen.snmp,
            Source::Ssh | Source::Http | Source::Rtsp | Source::Tls | Source::Banner => chosen.banners,
            Source::Lease => chosen.leases,
            Source::Tailscale => chosen.tailscale,
            _ => 0,
        };
        (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
    }

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
    /// This target is on no segment of the appliance, and looking behind routers is not allowed.
    Remote(Block),
    /// This target is behind a router and public: it is somebody else's.
    RemotePublic(Block),
    /// This target is behind a router, and larger than is looked at in one run without being named in the settings.
    RemoteLarge(Block),
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
    /// Devices behind routers that are asked by themselves, whether a named block holds them or not.
    known: usize,
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
    /// When each source with an interval of its own was asked last.
    asked: BTreeMap<Source, Instant>,
    /// When the first sweep of the clock was over, until that is noted as survived.
    to_survive: Option<Instant>,
    /// Whether `next` was put off because the last first sweep was not survived.
    held: bool,
}

/// What one sweep came to, for the list of scans.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scan {
    /// Counts up, restarts included; numbers may be skipped.
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
    /// The sources that a sweep does not ask, because it is not their time yet. A person's questions, and those to
    /// newcomers, are all asked.
    fn rest(&mut self, rhythm: &Rhythm, purpose: &Purpose, now: Instant) -> BTreeSet<Source> {
        let mut resting = BTreeSet::new();
        for source in UNHURRIED.into_iter().filter(|_| !matches!(purpose, Purpose::Newcomers(_))) {
            // A sweep may begin a little early, as it is looked for every second.
            let pause = rhythm.own_pause_of(source).unwrap_or_default().saturating_sub(LOOK_EVERY * 2);
            let recent =
                self.asked.get(&source).is_some_and(|at| now.saturating_duration_since(*at) < as_embassy(pause));
            if recent && *purpose == Purpose::Watch {
                resting.insert(source);
            } else {
                self.asked.insert(source, now);
            }
        }
        resting
    }

    fn new(now: Instant) -> Self {
        Self {
            next: now,
            done: 0,
            met: BTreeSet::new(),
            scope: Vec::new(),
            running: None,
            to_survive: None,
            held: false,
            asked: BTreeMap::new(),
        }
    }
}

/// All turns.
pub(crate) struct Sweeps {
    /// How the network is watched.
    pub(crate) rhythm: Rhythm,
    /// Whether it is.
    pub(crate) watching: bool,
    turns: BTreeMap<SegmentId, Turn>,
    book: Logbook,
    clocks: Arc<Clocks>,
}

impl Sweeps {
    /// No turn yet.
    pub(super) fn new(rhythm: Rhythm, book: Logbook, clocks: Arc<Clocks>) -> Self {
        Self { rhythm, watching: true, turns: BTreeMap::new(), book, clocks }
    }

    /// Segments whose first sweep waits, because the service did not survive it last time.
    pub(crate) fn held(&self) -> Vec<(SegmentId, Instant)> {
        let held = self.turns.iter().filter(|(_, turn)| turn.held);
        held.map(|(segment, turn)| (*segment, turn.next)).collect()
    }

    /// The service ends as it should.
    pub(super) fn close(&mut self) {
        self.book.close();
    }

    /// Segments whose first sweep is due and has no mark on the card yet.
    fn unmarked(&mut self, engine: &mut Engine, now: Instant) -> Vec<SegmentId> {
        self.arrange(engine, now);
        let due = |turn: &Turn| self.watching && turn.running.is_none() && turn.next <= now;
        let unmarked = self.turns.iter().filter(|(segment, turn)| due(turn) && self.book.needs_mark(**segment));
        unmarked.map(|(segment, _)| *segment).collect()
    }

    /// A turn for each segment that is there, and none for others. One whose sweep was cut short stays until that is told.
    fn arrange(&mut self, engine: &Engine, now: Instant) -> Vec<SegmentId> {
        let there: Vec<SegmentId> = engine.legs.iter().map(super::leg::Leg::segment).collect();
        self.turns.retain(|segment, turn| there.contains(segment) || turn.running.is_some());
        for segment in &there {
            if self.turns.contains_key(segment) {
                continue;
            }
            let mut turn = Turn::new(now);
            let hold = self.book.hold(*segment, engine.moment(now), &self.clocks, self.rhythm.every);
            if let Some(hold) = hold {
                tracing::warn!(
                    segment = segment.0,
                    "the service did not survive its last first sweep; the next one waits {} s, known devices are asked",
                    hold.as_secs()
                );
                (turn.next, turn.held) = (now + as_embassy(hold), true);
            }
            self.turns.insert(*segment, turn);
        }
        there
    }

    /// Notes which first sweeps were survived.
    fn survive(&mut self, now: Instant) {
        for (segment, turn) in &mut self.turns {
            if turn.to_survive.is_some_and(|ended| ended + SURVIVED_AFTER <= now) {
                turn.to_survive = None;
                self.book.survive(*segment);
            }
        }
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
        for segment in self.arrange(engine, now) {
            let Some(turn) = self.turns.get_mut(&segment) else { continue };
            if turn.running.is_some() || !self.watching {
                continue;
            }
            let blocks = scope(engine, segment);
            if engine.is_beyond(segment) && blocks.is_empty() && known(engine, segment).is_empty() {
                // Nothing is named there and nobody known: that was asked.
                turn.done = turn.done.max(1);
                continue;
            }
            // An address that comes late is a reason to sweep at once, but not to sweep what killed the last run.
            if turn.next <= now || turn.scope != blocks && !turn.held {
                turn.held = false;
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
            parts.retain(|(segment, blocks)| !engine.is_beyond(*segment) || !blocks.is_empty());
        }
        for target in &request.targets {
            for (segment, block) in place(engine, *target)? {
                match parts.iter_mut().find(|(there, _)| *there == segment) {
                    Some((_, blocks)) => blocks.push(block),
                    None => parts.push((segment, vec![block])),
                }
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
            let pace = match request.pace.unwrap_or(Pace::Fast) {
                // Routers and the lines between are nobody's toys.
                Pace::Fast if engine.is_beyond(segment) => Pace::Background,
                pace => pace,
            };
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
        // What is on a leg is not asked by way of a router.
        let own = engine.leg(segment).and_then(|leg| leg.footing.ground.beyond.clone()).unwrap_or_default();
        let excluded: Vec<Block> = self.rhythm.excluded.iter().copied().chain(own).collect();
        let targets = all.and_then(|all| excluded.iter().try_fold(all, |targets, block| targets.without(*block)));
        let is_excluded =
            |known: &Known| matches!(known.ip, IpAddr::V4(ip) if excluded.iter().any(|block| block.contains(ip)));
        let known: Vec<Known> = known(engine, segment).into_iter().filter(|known| !is_excluded(known)).collect();
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
            beyond: leg.footing.ground.is_beyond(),
        };
        let mut resting = BTreeSet::new();
        if let Some(turn) = self.turns.get_mut(&segment) {
            let known = if plan.beyond { known.len() } else { 0 };
            turn.running = Some(Running { purpose: purpose.clone(), began: now, ports, work, known });
            resting = turn.rest(&self.rhythm, &purpose, now);
        }
        engine.resting.insert(segment, resting);
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
        if whole_segment {
            (turn.to_survive, turn.held) = (Some(now), false);
        }
        let began = running.began;
        if whole_segment {
            let asked = report.addresses.saturating_add(u32::try_from(running.known).unwrap_or(u32::MAX));
            let ended = Input::SweepEnded { segment, began, asked, whole: report.whole };
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
        let purpose = match running.purpose {
            Purpose::Watch => "watch",
            Purpose::Newcomers(_) => "newcomers",
            Purpose::Asked { .. } => ASKED,
        };
        let began = engine.moment(began);
        Some(Scan { number: self.book.number(), segment, began, purpose, ports: running.work.ports, report: *report })
    }
}

/// Looks every second whether a segment is due. The first sweep of each begins when that is on the card.
pub(super) async fn keep_time(engine: Shared, sweeps: std::rc::Rc<std::cell::RefCell<Sweeps>>) {
    let beat = crate::shell::tasks::watch("sweeps", crate::shell::tasks::LIMIT);
    loop {
        beat.tap();
        let now = Instant::now();
        let moment = engine.borrow().moment(now);
        let unmarked = sweeps.borrow_mut().unmarked(&mut engine.borrow_mut(), now);
        for segment in unmarked {
            let kept = sweeps.borrow_mut().book.begin(segment, moment);
            if let Some(kept) = kept {
                let _goes_on_without = beat.idle(tokio::time::timeout(MARK_TIME, kept)).await;
            }
        }
        let now = Instant::now();
        sweeps.borrow_mut().survive(now);
        sweeps.borrow_mut().look(&mut engine.borrow_mut(), now);
        beat.idle(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// On which segments a target lies, and which part of it on each: on the leg that holds it, else behind a router, and
/// then on the legs it holds as well.
fn place(engine: &Engine, target: Block) -> Result<Vec<(SegmentId, Block)>, NotStarted> {
    let inside = |inner: Block, outer: Block| outer.prefix() <= inner.prefix() && outer.contains(inner.network());
    let own = engine.legs.iter().flat_map(|leg| {
        let blocks = leg.footing.ground.ipv4.iter().filter_map(|(ip, prefix)| Block::around(*ip, *prefix));
        blocks.map(|block| (leg.segment(), block))
    });
    if let Some((segment, _)) = own.clone().find(|(_, block)| inside(target, *block)) {
        return Ok(vec![(segment, target)]);
    }
    let remote = engine.legs.iter().find(|leg| leg.footing.ground.is_beyond());
    let remote = remote.ok_or(NotStarted::Remote(target))?;
    if !target.is_private() {
        return Err(NotStarted::RemotePublic(target));
    }
    let is_named = remote.footing.scope.iter().any(|(block, _)| inside(target, *block));
    if target.prefix() < sweep::LARGEST_OWN_PREFIX && !is_named {
        return Err(NotStarted::RemoteLarge(target));
    }
    let held = own.filter(|(_, block)| inside(*block, target));
    Ok(held.chain([(remote.segment(), target)]).collect())
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
        .filter_map(|(device, interface)| Some((device.online(), Known { ip: interface.ip()?, mac: interface.mac })))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NetworkSettings;

    #[test]
    fn a_source_with_an_interval_rests_in_the_sweeps_between() {
        let intervals = Intervals { snmp: 15, ..Intervals::default() };
        let settings = NetworkSettings { intervals, interval_minutes: 5, ..NetworkSettings::default() };
        let rhythm = super::super::settings::rhythm(&settings, true);
        let at = |minutes: u64| Instant::from_secs(minutes * 60);
        let mut turn = Turn::new(at(0));
        let watched: Vec<usize> =
            [0, 5, 10, 15, 20].map(|minute| turn.rest(&rhythm, &Purpose::Watch, at(minute)).len()).into();
        assert_eq!(watched, [0, 1, 1, 0, 1], "snmp rests twice, then is asked");
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(22)).contains(&Source::Snmp));
        assert!(turn.rest(&rhythm, &Purpose::Asked { whole: true }, at(22)).is_empty(), "a person's question is asked");
        assert!(turn.rest(&rhythm, &Purpose::Newcomers(Vec::new()), at(23)).is_empty());
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(36)).contains(&Source::Snmp), "counted from the last question");
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(37)).is_empty());
    }
}
