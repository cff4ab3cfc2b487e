//! Holds the desk: the appliance's side of every session, with its tables, its clockwork and the one place where a session
//! changes its state. Never signs, never saves and never speaks: those are actions. The kiosk's shell calls it.

mod beat;
mod open;
mod restore;
mod staff;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

use super::quota::{Quota, Usage};
use super::session::{Session, SessionRecord, State};
use super::station::{Reach, Station, StationRecord, StationState};
use super::throttle::SiteThrottle;
use super::{Actor, GroupId, LocalDay, PersonId, SessionId, StationId};
use crate::Moment;
use crate::limits::MAX_KIOSK_GROUPS;

pub use beat::{Beat, Done, Report};
pub use open::{Redeeming, Wanted};

/// What a site may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Silence after which a workstation counts as unreachable; three of its words.
    pub unreachable_after: Duration,
    /// Silence after which it counts as switched off.
    pub offline_after: Duration,
    /// How long a seat is held after its workstation was restarted.
    pub hold: Duration,
    /// Between two saves of what running sessions have used; all of them in one batch. With the ten seconds between two
    /// words of a workstation it stays under the minute that may be lost.
    pub checkpoint: Duration,
    /// How long a seat may go on without a word from the appliance.
    pub max_offline: Duration,
    /// What a person may have in a day.
    pub quota: Quota,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unreachable_after: Duration::from_secs(30),
            offline_after: Duration::from_secs(120),
            hold: Duration::from_secs(10 * 60),
            checkpoint: Duration::from_secs(45),
            max_offline: Duration::from_secs(2 * 3_600),
            quota: Quota::default(),
        }
    }
}

/// One row of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A session. A final one is never asked for again and may be archived.
    Session(SessionRecord),
    /// A workstation.
    Station(StationRecord),
    /// What a person had today.
    Usage(PersonId, Usage),
}

/// What the shell is to do. All saves of one call are one batch, on the medium before the call is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Save a row.
    Save(Row),
    /// Forget a workstation's row.
    ForgetStation(StationId),
    /// Forget what a person had on a day that is over.
    ForgetUsage(PersonId),
    /// Say what happened: to the audit, and to whoever is listening.
    Tell(Told),
    /// The workstation should ask for its lease now instead of at its next turn.
    Nudge(StationId),
}

/// What one call asks for: bounded by the tables, at most two actions for each session and three for each workstation.
pub type Actions = Vec<Action>;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub event: Event,
    /// To which session.
    pub session: Option<SessionId>,
    /// At which workstation.
    pub station: Option<StationId>,
    /// Whose session.
    pub person: Option<PersonId>,
    /// Who wanted it.
    pub actor: Actor,
}

/// What can happen. Every change of a session's state is exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// A code was made.
    CodeIssued,
    /// A code was refused.
    CodeRefused(Reason),
    /// A code was taken back or grew too old.
    CodeVoid,
    /// A session began.
    Started,
    /// Staff stopped its time.
    Suspended,
    /// It goes on.
    Resumed,
    /// Its workstation was restarted.
    Interrupted,
    /// Its time was changed by so many milliseconds.
    Extended(i64),
    /// It was ended before its time.
    Ended,
    /// Its time is used up.
    Expired,
    /// The workstation is clean again; so many milliseconds were not used.
    Closed(u64),
    /// A warning was shown, by its place among the thresholds.
    WarningShown(u8),
    /// A workstation reported less use than it had before: so many milliseconds.
    WentBackwards(u64),
    /// A workstation is heard.
    StationOnline,
    /// A workstation is silent, and counts on by itself.
    StationUnreachable,
    /// A workstation is gone.
    StationOffline,
    /// A workstation was taken out of service, or put back.
    StationMaintenance(bool),
}

/// Why a code was refused. Only for the audit: whoever typed it learns [`Refusal::WrongCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reason {
    /// No code is like it, or it was used already.
    Unknown,
    /// It is for another workstation or group.
    WrongSeat,
}

/// Why the desk does not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// There is no such session.
    NoSession,
    /// There is no such workstation.
    NoStation,
    /// The code is unknown, used, too old, or for another seat: the same answer for all.
    WrongCode,
    /// Too many wrong codes; wait so long.
    TooSoon(Duration),
    /// The workstation is not free.
    NotFree(StationState),
    /// The person has a session elsewhere.
    Elsewhere(StationId),
    /// The person has had what a day allows.
    QuotaUsed,
    /// The session's state does not allow it.
    NotNow(State),
    /// The new number is taken; draw another.
    Taken,
    /// A code of digits needs a workstation and may be good for a quarter of an hour at most.
    DigitsNeedSeat,
    /// Nothing to grant, or more than a day.
    BadLength,
    /// The place is closed, or closes now.
    Closed,
    /// The table is full: as many sessions, or workstations, as this appliance can hold.
    Full,
}

/// One change of a session's state.
#[derive(Clone, Copy)]
struct Step {
    to: State,
    event: Event,
    actor: Actor,
}

/// The appliance's side of every session.
#[derive(Clone, Debug)]
pub struct Desk {
    boot: u32,
    settings: Settings,
    sessions: BTreeMap<SessionId, Session>,
    stations: BTreeMap<StationId, Station>,
    usages: BTreeMap<PersonId, Usage>,
    /// Quotas of groups that have one of their own.
    quotas: BTreeMap<GroupId, Quota>,
    site: SiteThrottle,
    next_session: u64,
    checkpoint_at: Option<Instant>,
}

/// What people see of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView<'d> {
    /// What is stored.
    pub kept: &'d SessionRecord,
    /// Milliseconds used.
    pub used_ms: u64,
    /// Milliseconds left.
    pub remaining_ms: u64,
    /// Whether more may have been used than is known: the workstation has not been heard since the appliance started.
    pub at_least: bool,
    /// Milliseconds until the state ends by itself: a code's life, a running session's time, a held seat.
    pub ends_in_ms: Option<u64>,
}

impl Desk {
    /// An empty desk in boot number `boot` of the appliance.
    #[must_use]
    pub const fn new(boot: u32, settings: Settings) -> Self {
        Self {
            boot,
            settings,
            sessions: BTreeMap::new(),
            stations: BTreeMap::new(),
            usages: BTreeMap::new(),
            quotas: BTreeMap::new(),
            site: SiteThrottle::NEW,
            next_session: 1,
            checkpoint_at: None,
        }
    }

    /// What the site wants from now on. Seats that are held keep the end they were given.
    pub const fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Gives a group a quota of its own, or takes it away: then the site's counts there.
    ///
    /// # Errors
    /// When as many groups as there may be have one.
    pub fn set_quota(&mut self, group: GroupId, quota: Option<Quota>) -> Result<(), Refusal> {
        match quota {
            None => drop(self.quotas.remove(&group)),
            Some(_) if self.quotas.len() >= MAX_KIOSK_GROUPS && !self.quotas.contains_key(&group) => {
                return Err(Refusal::Full);
            }
            Some(quota) => drop(self.quotas.insert(group, quota)),
        }
        Ok(())
    }

    /// Numbers below this are never given to a session: their rows are gone, what was written about them is not.
    pub fn skip_sessions_to(&mut self, next: u64) {
        self.next_session = self.next_session.max(next);
    }

    /// The number the next session gets.
    #[must_use]
    pub const fn next_session(&self) -> u64 {
        self.next_session
    }

    /// Every session that is not over.
    pub fn sessions(&self, now: Instant) -> impl Iterator<Item = SessionView<'_>> {
        self.sessions.values().map(move |session| view(session, now))
    }

    /// One session that is not over.
    #[must_use]
    pub fn session(&self, id: SessionId, now: Instant) -> Option<SessionView<'_>> {
        self.sessions.get(&id).map(|session| view(session, now))
    }

    /// The session at a workstation, one that is being cleaned up included.
    #[must_use]
    pub fn session_at(&self, station: StationId) -> Option<SessionId> {
        self.stations.get(&station)?.session
    }

    /// Every workstation: its record, its state, whether it is heard.
    pub fn stations(&self) -> impl Iterator<Item = (StationRecord, StationState, Reach)> {
        self.stations.values().map(|station| (station.record(), self.state_of(station), station.reach))
    }

    /// One workstation: its record, its state, whether it is heard.
    #[must_use]
    pub fn station(&self, id: StationId) -> Option<(StationRecord, StationState, Reach)> {
        self.stations.get(&id).map(|station| (station.record(), self.state_of(station), station.reach))
    }

    /// What a workstation is at.
    #[must_use]
    pub fn station_state(&self, id: StationId) -> Option<StationState> {
        self.stations.get(&id).map(|station| self.state_of(station))
    }

    fn state_of(&self, station: &Station) -> StationState {
        let session = station.session.and_then(|id| self.sessions.get(&id));
        let reserved = || {
            let bound = |session: &Session| session.kept.binding.station == Some(station.kept.id);
            self.sessions.values().any(|session| session.kept.state == State::Pending && bound(session))
        };
        match session.map(|session| session.kept.state) {
            _ if station.kept.maintenance => StationState::Maintenance,
            _ if station.reach == Reach::Offline => StationState::Offline,
            Some(state) if state.is_leaving() => StationState::Wiping,
            Some(_) => StationState::Busy,
            None if reserved() => StationState::Reserved,
            None => StationState::Available,
        }
    }

    /// Time went by: lets codes grow old, sessions run out, workstations fall silent, and asks for checkpoints.
    pub fn on(&mut self, now: Instant, out: &mut Actions) {
        let over: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| ends(session).is_some_and(|at| at <= now))
            .map(|s| s.kept.id)
            .collect();
        for id in over {
            let Some(session) = self.sessions.get(&id) else { continue };
            match session.kept.state {
                State::Pending => {
                    self.shift(now, id, Step { to: State::Void, event: Event::CodeVoid, actor: Actor::Clock }, out);
                }
                State::Active => {
                    self.shift(now, id, Step { to: State::Expired, event: Event::Expired, actor: Actor::Clock }, out);
                }
                State::Interrupted => self.close(now, id, Actor::Clock, out),
                _ => {}
            }
        }
        self.listen(now, out);
        if self.checkpoint_at.is_some_and(|at| at <= now) {
            self.checkpoint(out);
            self.checkpoint_at = None;
        }
        self.plan_checkpoint(now);
    }

    /// When [`Desk::on`] has something to do next.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let sessions = self.sessions.values().filter_map(ends);
        let stations = self.stations.values().filter_map(|station| self.falls_silent_at(station));
        sessions.chain(stations).chain(self.checkpoint_at).min()
    }

    fn falls_silent_at(&self, station: &Station) -> Option<Instant> {
        let after = match station.reach {
            Reach::Online => self.settings.unreachable_after,
            Reach::Unreachable => self.settings.offline_after,
            Reach::Offline => return None,
        };
        station.heard.map(|heard| heard.saturating_add(after))
    }

    fn listen(&mut self, now: Instant, out: &mut Actions) {
        let silent: Vec<StationId> = self
            .stations
            .values()
            .filter(|station| self.falls_silent_at(station).is_some_and(|at| at <= now))
            .map(|station| station.kept.id)
            .collect();
        for id in silent {
            let offline_after = self.settings.offline_after;
            let Some(station) = self.stations.get_mut(&id) else { continue };
            let long = station.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= offline_after);
            let (reach, event) = match long {
                true => (Reach::Offline, Event::StationOffline),
                false => (Reach::Unreachable, Event::StationUnreachable),
            };
            station.reach = reach;
            out.push(Action::Tell(self.told_of_station(id, event, Actor::Clock)));
        }
    }

    fn told_of_station(&self, id: StationId, event: Event, actor: Actor) -> Told {
        let session = self.stations.get(&id).and_then(|station| station.session);
        let person = session.and_then(|id| self.sessions.get(&id)).and_then(|session| session.kept.person);
        Told { event, session, station: Some(id), person, actor }
    }

    /// The one place where a session changes its state: saved, told, and its workstation nudged.
    fn shift(&mut self, now: Instant, id: SessionId, step: Step, out: &mut Actions) {
        let Step { to, event, actor } = step;
        let moment = Moment::new(self.boot, now);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // Before the state changes: what counts as used depends on it.
        let used_ms = session.used_ms(now);
        let kept = &mut session.kept;
        kept.state = to;
        match to {
            State::Expired => kept.ledger.prove(kept.ledger.granted_ms()),
            State::Ended => kept.ledger.prove(used_ms),
            _ => {}
        }
        if to.is_leaving() || to.is_final() {
            kept.ended = kept.ended.or(Some(moment));
            kept.opens_with = None;
        }
        if to != State::Active {
            session.run = None;
        }
        session.until = match to {
            State::Interrupted => Some(now.saturating_add(self.settings.hold)),
            _ => None,
        };
        session.saved_ms = kept.ledger.proved_ms();
        let (station, person) = (kept.station, kept.person);
        out.push(Action::Save(Row::Session(kept.clone())));
        out.push(Action::Tell(Told { event, session: Some(id), station, person, actor }));
        if let Some(station) = station {
            out.push(Action::Nudge(station));
        }
        if to.is_final() {
            self.sessions.remove(&id);
            if let Some(station) = station.and_then(|station| self.stations.get_mut(&station)) {
                station.session = station.session.filter(|there| *there != id);
            }
        }
    }

    /// The session is over and its workstation clean: what was not used goes back to the person's day.
    fn close(&mut self, now: Instant, id: SessionId, actor: Actor, out: &mut Actions) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (kept, unused_ms) = (&session.kept, session.remaining_ms(now));
        let (person, day) = (kept.person, kept.day);
        if let Some(person) = person.filter(|_| unused_ms > 0) {
            self.use_quota(person, |usage| usage.adjust(day, -unused_ms.cast_signed()), out);
        }
        self.shift(now, id, Step { to: State::Closed, event: Event::Closed(unused_ms), actor }, out);
    }

    fn use_quota(&mut self, person: PersonId, change: impl FnOnce(&mut Usage), out: &mut Actions) {
        let usage = self.usages.entry(person).or_default();
        change(usage);
        out.push(Action::Save(Row::Usage(person, *usage)));
    }

    /// Saves what running sessions are proved to have used, all in one batch; nothing, when nothing changed.
    fn checkpoint(&mut self, out: &mut Actions) {
        for session in self.sessions.values_mut() {
            let proved_ms = session.kept.ledger.proved_ms();
            if session.kept.state.is_live() && proved_ms != session.saved_ms {
                session.saved_ms = proved_ms;
                out.push(Action::Save(Row::Session(session.kept.clone())));
            }
        }
    }

    fn plan_checkpoint(&mut self, now: Instant) {
        if self.checkpoint_at.is_none() && self.sessions.values().any(|session| session.run.is_some()) {
            self.checkpoint_at = Some(now.saturating_add(self.settings.checkpoint));
        }
    }

    /// What is left of a person's day, by the quota of a group, or by the site's where it has none. What was used
    /// counts wherever it was.
    #[must_use]
    pub fn left_of_day(&self, person: PersonId, group: Option<GroupId>, day: LocalDay) -> super::quota::Left {
        let quota = group.and_then(|group| self.quotas.get(&group)).copied().unwrap_or(self.settings.quota);
        self.usages.get(&person).copied().unwrap_or_default().left(quota, day)
    }

    /// Forgets what people had on days that are over.
    pub fn forget_usages(&mut self, day: LocalDay, out: &mut Actions) {
        let over = self.usages.iter().filter(|(_, usage)| usage.is_over(day)).map(|(person, _)| *person);
        let over: Vec<PersonId> = over.collect();
        for person in over {
            self.usages.remove(&person);
            out.push(Action::ForgetUsage(person));
        }
    }

    /// The session a person has now, at a workstation.
    #[must_use]
    pub fn session_of(&self, person: PersonId) -> Option<SessionId> {
        self.live_session_of(person).map(|session| session.kept.id)
    }

    fn live_session_of(&self, person: PersonId) -> Option<&Session> {
        self.sessions.values().find(|session| session.kept.person == Some(person) && session.kept.state.is_live())
    }

    /// The group of a workstation.
    fn group_of(&self, station: StationId) -> Option<GroupId> {
        self.stations.get(&station).and_then(|station| station.kept.group)
    }
}

/// When a session's state ends by itself.
fn ends(session: &Session) -> Option<Instant> {
    match (session.kept.state, session.run) {
        (State::Active, Some(run)) => Some(session.kept.ledger.ends_at(run)),
        _ => session.until,
    }
}

fn view(session: &Session, now: Instant) -> SessionView<'_> {
    SessionView {
        kept: &session.kept,
        used_ms: session.used_ms(now),
        remaining_ms: session.remaining_ms(now),
        at_least: session.kept.state == State::Active && session.run.is_none(),
        ends_in_ms: ends(session).map(|at| at.saturating_duration_since(now).as_millis()),
    }
}
