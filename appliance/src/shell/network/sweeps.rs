//! Holds when which segment is swept and what for: first when a leg opens, then by the clock, and when a person asks.
//! Never sends a probe: it starts the sweep machine of a leg. One task; the engine's tidings tell it when a sweep is over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use embassy_time::Instant;
use vigie_core::Moment;
use vigie_core::lan::sweep::{self, Block, Known, Pace, Plan, PortList, Report, Targets, Work};
use vigie_core::lan::{Input, SegmentId};

use super::engine::{Engine, Shared};
use super::logbook::Logbook;
use crate::shell::clocks::Clocks;

mod rhythm;
mod turn;
mod whom;

pub(crate) use rhythm::Rhythm;
use turn::{Purpose, Running, Turn};
use whom::{host_block, known, newcomers, place, scope};

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
    /// All of this target is among the exclusions.
    Excluded(Block),
    /// The targets cannot be swept at once.
    Targets(sweep::TargetsError),
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

/// A sweep about to start.
struct What {
    purpose: Purpose,
    work: Work,
    pace: Pace,
    ports: PortList,
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

    /// Goes by another rhythm from now on. Nobody waits longer for the next sweep than the new interval.
    pub(super) fn obey(&mut self, rhythm: Rhythm, now: Instant) {
        let latest = now + as_embassy(rhythm.every);
        for turn in self.turns.values_mut().filter(|turn| !turn.held) {
            turn.next = turn.next.min(latest);
        }
        self.rhythm = rhythm;
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
        if request.targets.iter().all(|target| self.is_excluded(*target))
            && let Some(target) = request.targets.first()
        {
            return Err(NotStarted::Excluded(*target));
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

    /// Whether nothing of a target is left when the exclusions are taken out.
    fn is_excluded(&self, target: Block) -> bool {
        let left = Targets::new(&[target])
            .and_then(|all| self.rhythm.excluded.iter().try_fold(all, |targets, block| targets.without(*block)));
        left.is_ok_and(|left| (0..left.count()).all(|number| left.address(number).is_none()))
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
            let running = self.turns.get_mut(&segment).and_then(|turn| turn.running.take());
            if let Some(Running { began, .. }) = running {
                engine.input(now, Input::SweepEnded { segment, began, asked: 0, whole: false });
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
        if is_whole {
            engine.ask_for_own(segment);
        }
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

fn as_embassy(duration: Duration) -> embassy_time::Duration {
    embassy_time::Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::*;
    use crate::config::NetworkSettings;

    #[test]
    fn a_shorter_interval_counts_from_now_and_a_longer_one_after_the_next_sweep() {
        let rhythm = |interval_minutes| {
            settings::rhythm(&NetworkSettings { interval_minutes, ..NetworkSettings::default() }, false)
        };
        let at = |minutes: u64| Instant::from_secs(minutes * 60);
        let clocks = Arc::new(Clocks::open(&[], None));
        let mut sweeps = Sweeps::new(rhythm(60), Logbook::open(&[], None), clocks);
        sweeps.turns.insert(SegmentId(0), Turn { next: at(60), ..Turn::new(at(0)) });
        sweeps.obey(rhythm(5), at(10));
        assert_eq!((sweeps.next(), sweeps.rhythm.every), (Some(at(15)), Duration::from_secs(300)));
        sweeps.obey(rhythm(60), at(11));
        assert_eq!(sweeps.next(), Some(at(15)), "what was announced is kept");
    }
}
