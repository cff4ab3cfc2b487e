//! Holds the desk: the appliance's side of every session, with its tables and its clockwork.
//! Never signs, never saves and never speaks: those are actions. The kiosk's shell calls it.
//!
//! | file | duty |
//! | --- | --- |
//! | `told` | what it asks for, what happened, why it says no |
//! | `step` | the one place where a session changes its state |
//! | `open` | a code is made, and typed |
//! | `beat` | what a workstation's word is worth, and its lease |
//! | `staff` | what staff does with sessions and workstations |
//! | `listen` | silence |
//! | `day` | what people had of their day |
//! | `keep` | what is saved of running sessions now and then |
//! | `restore` | the tables after a restart |

mod beat;
mod day;
mod keep;
mod listen;
mod open;
mod restore;
mod staff;
mod step;
mod told;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

use super::quota::{Quota, Usage};
use super::session::{Session, SessionRecord, State};
use super::station::{Reach, Station, StationRecord, StationState};
use super::throttle::SiteThrottle;
use super::{Actor, GroupId, PersonId, SessionId, StationId};
use crate::limits::MAX_KIOSK_GROUPS;

use self::step::{Haste, Step};

pub use beat::{Beat, Done, Report};
pub use open::{Redeeming, Wanted};
pub use told::{Action, Actions, Event, Reason, Refusal, Row, Told};

/// What a site may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Silence after which a workstation counts as unreachable; three of its words.
    pub unreachable_after: Duration,
    /// Silence after which it counts as switched off.
    pub offline_after: Duration,
    /// How long a seat is held after its workstation was restarted.
    pub hold: Duration,
    /// Between two saves of what running sessions have used, unless another batch took it along; one row for all of them.
    /// With the ten seconds between two words of a workstation it is the minute that may be lost.
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
            checkpoint: Duration::from_secs(50),
            max_offline: Duration::from_secs(2 * 3_600),
            quota: Quota::default(),
        }
    }
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
                State::Interrupted => self.close(now, id, Actor::Clock, Haste::Now, out),
                _ => {}
            }
        }
        self.listen(now, out);
        if self.checkpoint_at.is_some_and(|at| at <= now) {
            self.checkpoint_at = None;
            out.extend(self.checkpoint().map(Action::Save));
        }
        self.plan_checkpoint(now);
    }

    /// A batch is about to be saved: what running sessions have used goes with it, and is not saved by itself so soon.
    pub fn ride(&mut self, now: Instant, out: &mut Actions) {
        let row = self.checkpoint();
        if row.is_some() {
            self.checkpoint_at = None;
            self.plan_checkpoint(now);
        }
        out.extend(row.map(Action::SaveSoon));
    }

    /// When [`Desk::on`] has something to do next.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let sessions = self.sessions.values().filter_map(ends);
        let stations = self.stations.values().filter_map(|station| self.falls_silent_at(station));
        sessions.chain(stations).chain(self.checkpoint_at).min()
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
