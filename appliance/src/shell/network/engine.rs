//! Holds the one owner of all that is known of the network: it feeds the machines of `core`, and carries out what they ask.
//! Never waits: tasks wait and call it, one after the other, on one thread. Called by ears, legs, the schedule and commands.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use tokio::sync::Notify;
use vigie_core::Moment;
use vigie_core::lan::sweep;
use vigie_core::lan::vendor::Vendors;
use vigie_core::lan::{
    Action, Actions, Clue, Fact, Input, Lan, LanSettings, Probe, Query, SegmentId, Sighting, Source, Transport,
};
use vigie_core::limits::MAX_DEVICES;
use vigie_wire::Mac;
use vigie_wire::link::cookie::Cookie;

use super::hear::{Lead, News, Own};
use super::leg::{Leg, Taken};
use super::rules::Rules;
use super::settings::{Heard, source_of};
use super::tally::Tallies;
use super::tidings::Tidings;

/// Things tasks must do that no machine waits for: connections, descriptions, look-ups. More than this waiting means a
/// crowd of answers at once; the rest is asked in the next sweep.
const MAX_ERRANDS: usize = 1_024;
/// Leads already followed, so that a chatty network is not asked the same again each time; forgotten all at once.
const MAX_FOLLOWED: usize = 4_096;
/// A card that is full is tried again after this.
const FULL_CARD_PAUSE: Duration = Duration::from_millis(2);

/// Something for a task to do.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// A probe that needs a connection or an exchange.
    Probe(Probe),
    /// Fetch a UPnP description.
    Describe(SegmentId, Box<vigie_wire::names::location::Location>),
}

/// All that is known, and the hands to learn more.
pub(super) struct Engine {
    /// The knowledge.
    pub(super) lan: Lan<Rules>,
    /// The legs that are there.
    pub(super) legs: Vec<Leg>,
    /// Which boot of the machine this is.
    pub(super) boot: u32,
    /// Which sources count.
    pub(super) heard: Heard,
    /// Counters for the page and for metrics.
    pub(super) counts: Counts,
    /// How each source does.
    pub(super) tallies: Tallies,
    /// Sources that the sweep of a segment does not ask this time.
    pub(super) resting: BTreeMap<SegmentId, BTreeSet<Source>>,
    vendors: Option<Vendors<'static>>,
    cookie: Cookie,
    echo_ident: u16,
    known_macs: HashSet<(SegmentId, Mac)>,
    followed: BTreeSet<(SegmentId, String)>,
    errands: VecDeque<Errand>,
    /// What there is to tell the rest of the service.
    pub(super) tidings: Tidings,
    news: Rc<Notify>,
    errand_news: Rc<Notify>,
    /// When the errands that run began, none while one waits for its turn; those that ended since the last began are in it too.
    at_work: Vec<std::rc::Weak<Cell<Option<Instant>>>>,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Counts {
    /// Frames read from raw sockets.
    pub(crate) frames_heard: u64,
    /// Frames and datagrams that were malformed, and dropped.
    pub(crate) malformed: u64,
    /// Frames the kernel dropped because nobody read them in time.
    pub(crate) overrun: u64,
    /// Errands dropped because too many waited.
    pub(crate) errands_dropped: u64,
}

/// The engine as tasks share it. Borrowed for a call, never across an await.
pub(super) type Shared = Rc<RefCell<Engine>>;

impl Engine {
    /// An engine without legs.
    pub(super) fn new(boot: u32, secret: [u8; 16], rules: Rules, settings: LanSettings) -> Self {
        let [seed, key] = [0, 8].map(|at| {
            let bytes = secret.get(at..).and_then(|half| half.first_chunk::<8>());
            u64::from_le_bytes(*bytes.unwrap_or(&[0; 8]))
        });
        Self {
            lan: Lan::new(boot, seed, settings, rules),
            legs: Vec::new(),
            boot,
            heard: Heard::default(),
            counts: Counts::default(),
            tallies: Tallies::default(),
            resting: BTreeMap::new(),
            vendors: Vendors::new(super::rules::VENDORS),
            cookie: Cookie::new(key),
            echo_ident: (key >> 40 & 0xffff) as u16,
            known_macs: HashSet::new(),
            followed: BTreeSet::new(),
            errands: VecDeque::new(),
            tidings: Tidings::default(),
            news: Rc::default(),
            errand_news: Rc::default(),
            at_work: Vec::new(),
        }
    }

    /// Wakes the task that keeps the time, after each call that may have changed when to wake.
    pub(super) fn news(&self) -> Rc<Notify> {
        self.news.clone()
    }

    /// Wakes the task that runs errands.
    pub(super) fn errand_news(&self) -> Rc<Notify> {
        self.errand_news.clone()
    }

    /// How answers to our own probes are known, now.
    pub(super) fn own(&self) -> Own {
        Own { cookie: self.cookie, echo_ident: self.echo_ident, now_us: Instant::now().as_micros() }
    }

    /// The moment `now` of this boot.
    pub(super) fn moment(&self, now: Instant) -> Moment {
        Moment::new(self.boot, now)
    }

    /// The leg in a segment.
    pub(super) fn leg(&mut self, segment: SegmentId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.segment() == segment)
    }

    /// Takes what one message, which came at `now`, was good for. Call [`Engine::settle`] after the last of a batch.
    pub(super) fn take(&mut self, now: Instant, segment: SegmentId, news: News<'_>) {
        match news {
            News::Saw(sighting) => self.see(now, &sighting),
            News::Malformed(source) => self.malformed(source),
            News::Lead(lead) => self.follow(segment, *lead),
        }
    }

    /// Counts a message that was malformed, and dropped.
    pub(super) fn malformed(&mut self, source: Source) {
        self.counts.malformed += 1;
        self.tallies.malformed(source);
    }

    /// Takes one sighting. All of one packet have the same `now`: the machine tells packets apart by it.
    pub(super) fn see(&mut self, now: Instant, sighting: &Sighting<'_>) {
        if !self.heard.is_on(sighting.source) {
            return;
        }
        let is_own = |leg: &mut Leg| sighting.ip.is_some_and(|ip| leg.footing.ground.is_own(ip));
        if self.leg(sighting.segment).is_some_and(is_own) && !self.takes_ours(sighting) {
            return;
        }
        self.tallies.heard(sighting.source, now);
        // Behind a raw socket whoever is there is heard with its MAC; a datagram alone would make a second host of it.
        let raw = self.leg(sighting.segment).is_some_and(|leg| leg.raw.is_some());
        let sweeps = if is_firsthand(sighting.source) { Some(to_sweep(sighting)) } else { None };
        for input in
            sweeps.into_iter().flatten().filter(|input| !matches!(input, sweep::Input::Heard { mac: None, .. } if raw))
        {
            self.sweep_input(now, sighting.segment, input);
        }
        self.input(now, Input::Sighting(sighting));
        self.name_vendor(now, sighting);
    }

    /// Whether another machine claims an address of the appliance. All else that is said of its own addresses is its own
    /// word come back.
    fn takes_ours(&self, sighting: &Sighting<'_>) -> bool {
        let is_mine = |mac| self.legs.iter().any(|leg| leg.footing.ground.mac == mac);
        let claims = matches!((sighting.ip, &sighting.fact), (Some(IpAddr::V4(_)), Fact::Claims));
        claims && sighting.mac.is_some_and(|mac| !is_mine(mac))
    }

    /// Asks who else has the appliance's own addresses. A sweep leaves them out, and a machine that took one quietly is
    /// heard by those only who ask for it.
    pub(super) fn ask_for_own(&mut self, segment: SegmentId) {
        let Some(leg) = self.leg(segment).filter(|leg| leg.raw.is_some()) else { return };
        let own: Vec<_> = leg.footing.ground.ipv4.iter().map(|(ip, _)| *ip).collect();
        for ip in own {
            self.probe(Probe { segment, query: Query::Arp { ip, to: None } });
        }
    }

    /// Tells the machine who made an interface, the first time it is heard.
    fn name_vendor(&mut self, now: Instant, sighting: &Sighting<'_>) {
        let Some(mac) = sighting.mac.filter(|mac| mac.is_station()) else { return };
        if self.known_macs.len() >= MAX_DEVICES * 4 {
            self.known_macs.clear();
        }
        if !self.known_macs.insert((sighting.segment, mac)) {
            return;
        }
        if let Some(vendor) = self.vendors.as_ref().and_then(|vendors| vendors.of(mac)) {
            let fact = Fact::Clue(Clue::MacVendor, &vendor);
            self.input(now, Input::Sighting(&Sighting { fact, source: Source::Arp, ..*sighting }));
        }
    }

    /// Names the makers of these anew when they are heard again: whoever was forgotten comes back knowing nothing.
    pub(super) fn forget_makers(&mut self, macs: impl Iterator<Item = Mac>) {
        let gone: HashSet<Mac> = macs.collect();
        self.known_macs.retain(|(_, mac)| !gone.contains(mac));
    }

    fn follow(&mut self, segment: SegmentId, lead: Lead) {
        let key = match &lead {
            Lead::Browse(service) => format!("b{service}"),
            Lead::DeviceInfo(host) => format!("i{host}"),
            Lead::Knock(ip, _, port) => format!("k{ip}:{port}"),
            Lead::Describe(location) => format!("d{}:{}{}", location.ip, location.port, location.path),
        };
        if self.followed.len() >= MAX_FOLLOWED {
            self.followed.clear();
        }
        if !self.followed.insert((segment, key)) {
            return;
        }
        match lead {
            Lead::Describe(location) if self.lan.is_spared(segment, location.ip) => {}
            Lead::Describe(location) => self.errand(Errand::Describe(segment, location)),
            Lead::Knock(ip, mac, port) => {
                self.probe(Probe { segment, query: Query::Tcp { ip, mac, port } });
            }
            lead => {
                if let Some(leg) = self.leg(segment) {
                    leg.mouths.follow(&leg.footing, &lead);
                    self.sweep_input(Instant::now(), segment, sweep::Input::Followed);
                }
            }
        }
    }

    /// Leads are followed once a sweep: what changed since is asked again.
    pub(super) fn forget_leads(&mut self, segment: SegmentId) {
        self.followed.retain(|(of, _)| *of != segment);
    }

    /// Gives one input to the machine of the network and carries out what it asks.
    pub(super) fn input(&mut self, now: Instant, input: Input<'_>) {
        let mut out = Actions::new();
        self.lan.on(now, input, &mut out);
        self.carry_out(out);
    }

    /// Carries out what the machine of the network asks.
    pub(super) fn carry_out(&mut self, actions: Actions) {
        for action in actions {
            match action {
                Action::Probe(probe) => {
                    self.probe(probe);
                }
                news => self.tidings.note(news),
            }
        }
    }

    /// Gives one input to the sweep of a segment and carries out what it asks.
    pub(super) fn sweep_input(&mut self, now: Instant, segment: SegmentId, input: sweep::Input<'_>) {
        let Some(leg) = self.leg(segment) else { return };
        let mut out = sweep::Actions::new();
        leg.sweep.on(now, input, &mut out);
        self.carry_out_sweep(segment, out);
    }

    fn carry_out_sweep(&mut self, segment: SegmentId, actions: sweep::Actions) {
        let mut full = false;
        for action in actions {
            match action {
                sweep::Action::Probe(probe) if self.rests(&probe) => {}
                sweep::Action::Probe(probe) => full |= self.probe(probe),
                sweep::Action::Progress(progress) => self.tidings.progress(segment, progress),
                sweep::Action::Ended(report) => self.tidings.swept(segment, report),
            }
        }
        if full {
            // Once for them all: they met the same full card, and each time halves the pace.
            self.sweep_input(Instant::now(), segment, sweep::Input::Congested);
        }
    }

    /// Whether it is not the time of a source yet.
    fn rests(&self, probe: &Probe) -> bool {
        let source = match source_of(&probe.query) {
            Source::Llmnr => Source::Mdns,
            source => source,
        };
        self.resting.get(&probe.segment).is_some_and(|resting| resting.contains(&source))
    }

    /// Hands a probe to its leg; tells whether the card is full.
    fn probe(&mut self, probe: Probe) -> bool {
        if !self.heard.may_ask(&probe.query) {
            return false;
        }
        if target(&probe.query).is_some_and(|ip| self.lan.is_spared(probe.segment, ip)) || !self.may_leave(&probe) {
            return false;
        }
        let source = source_of(&probe.query);
        self.tallies.asked(source, Instant::now());
        let own = self.own();
        let Some(leg) = self.leg(probe.segment) else { return false };
        let taken = leg.take(&own, probe.query);
        if matches!(taken, Taken::Full | Taken::Not) {
            leg.unsent += 1;
        }
        // Before anything is lost: what is lost for want of room would look like loss on the network.
        let crowded = taken == Taken::Gone && leg.outbox.is_crowded();
        match taken {
            Taken::Gone => {}
            Taken::ByTask => self.errand(Errand::Probe(probe)),
            Taken::Full | Taken::Not => self.tallies.unsent(source),
        }
        // Behind a router a silent address keeps a connection waiting: the sweep must not fill the queue with them.
        let waiting = taken == Taken::ByTask && self.errands.len() >= MAX_ERRANDS / 2;
        crowded || taken == Taken::Full || (waiting && self.is_beyond(probe.segment))
    }

    /// Whether a segment is what lies behind routers.
    pub(super) fn is_beyond(&self, segment: SegmentId) -> bool {
        self.legs.iter().any(|leg| leg.segment() == segment && leg.footing.ground.is_beyond())
    }

    /// Behind a router only what a router carries is asked, of addresses that are there.
    fn may_leave(&self, probe: &Probe) -> bool {
        if !self.is_beyond(probe.segment) {
            return true;
        }
        let ip = match probe.query {
            Query::Arp { ip, .. } => IpAddr::V4(ip),
            Query::Echo { ip, .. }
            | Query::Tcp { ip, .. }
            | Query::Greeting { ip, .. }
            | Query::ReverseDns { ip }
            | Query::Snmp { ip } => ip,
            _ => return false,
        };
        let leg = self.legs.iter().find(|leg| leg.segment() == probe.segment);
        leg.is_some_and(|leg| leg.footing.ground.is_neighbour(ip))
    }

    fn errand(&mut self, errand: Errand) {
        if self.errands.len() >= MAX_ERRANDS {
            self.counts.errands_dropped += 1;
            self.tallies.unsent(match &errand {
                Errand::Probe(probe) => source_of(&probe.query),
                Errand::Describe(..) => Source::Ssdp,
            });
            return;
        }
        self.errands.push_back(errand);
        self.errand_news.notify_one();
    }

    /// The next thing for a task to do.
    pub(super) fn next_errand(&mut self) -> Option<Errand> {
        self.errands.pop_front()
    }

    /// Held by each errand from when it is taken up to its end, so that [`Engine::busy`] knows of it; it notes there when its
    /// turn came.
    pub(super) fn at_work(&mut self) -> Rc<Cell<Option<Instant>>> {
        let began = Rc::new(Cell::new(None));
        self.at_work.retain(|other| other.strong_count() > 0);
        self.at_work.push(Rc::downgrade(&began));
        began
    }

    /// How many errands wait, or run and have not been running for longer than `young`.
    pub(super) fn busy(&self, young: embassy_time::Duration) -> usize {
        let now = Instant::now();
        let is_young = |began: Instant| now.saturating_duration_since(began) <= young;
        let running = self.at_work.iter().filter_map(std::rc::Weak::upgrade);
        self.errands.len() + running.filter(|began| began.get().is_none_or(is_young)).count()
    }

    /// Sends what waits, and wakes the keeper of the time. Called after each batch of input.
    pub(super) fn settle(&mut self) {
        for leg in &mut self.legs {
            leg.flush();
        }
        self.news.notify_one();
    }

    /// Lets time pass: everything that is due is done. Tells when to come again.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Instant> {
        if self.lan.next_wake().is_some_and(|wake| wake <= now) {
            self.input(now, Input::Tick);
        }
        for place in 0..self.legs.len() {
            let Some(leg) = self.legs.get_mut(place) else { break };
            let segment = leg.segment();
            if leg.sweep.next_wake().is_some_and(|wake| wake <= now) {
                self.sweep_input(now, segment, sweep::Input::Tick);
            }
        }
        let mut wake = self.lan.next_wake();
        for leg in &mut self.legs {
            let card_is_free = leg.flush();
            let again = (!card_is_free).then(|| now + pause());
            for other in [leg.sweep.next_wake(), again].into_iter().flatten() {
                wake = Some(wake.map_or(other, |wake| wake.min(other)));
            }
        }
        wake
    }
}

fn pause() -> embassy_time::Duration {
    embassy_time::Duration::from_micros(FULL_CARD_PAUSE.as_micros() as u64)
}

/// Whom a question reaches, when it is one machine. Reverse DNS is asked of the resolver.
const fn target(query: &Query) -> Option<IpAddr> {
    match *query {
        Query::Arp { ip, .. } | Query::LlmnrReverse { ip } | Query::NetbiosStatus { ip } => Some(IpAddr::V4(ip)),
        Query::Nd { ip, .. } => Some(IpAddr::V6(ip)),
        Query::Echo { ip, .. }
        | Query::Tcp { ip, .. }
        | Query::Greeting { ip, .. }
        | Query::MdnsReverse { ip }
        | Query::Snmp { ip } => Some(ip),
        _ => None,
    }
}

/// Whether a source heard the device itself. A lease and an overlay speak of what was: a sweep goes by what is.
const fn is_firsthand(source: Source) -> bool {
    !matches!(source, Source::Lease | Source::Tailscale)
}

/// What a sighting tells the sweep that runs on its segment.
fn to_sweep<'a>(sighting: &Sighting<'_>) -> impl Iterator<Item = sweep::Input<'a>> {
    let ip = sighting.ip;
    let heard = match sighting.fact {
        Fact::Goodbye => None,
        _ => ip.map(|ip| sweep::Input::Heard { ip, mac: sighting.mac }),
    };
    let more = match (ip, &sighting.fact) {
        (Some(ip), Fact::Port { port, open }) if port.transport == Transport::Tcp && sighting.source == Source::Tcp => {
            Some(sweep::Input::PortAnswered { ip, port: port.number, open: *open })
        }
        (Some(ip), Fact::Name(_) | Fact::Clue(..)) => Some(sweep::Input::Named { ip, source: sighting.source }),
        _ => None,
    };
    heard.into_iter().chain(more)
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
