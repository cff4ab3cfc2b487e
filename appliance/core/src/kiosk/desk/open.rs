//! Holds how a session comes to be: a code is made, and a person types it at a workstation.
//! Never sees the code itself, only its digest. Staff and agents reach it through the desk.

use embassy_time::{Duration, Instant};

use super::{Action, Actions, Desk, Event, Reason, Refusal, Row, Step, Told};
use crate::Moment;
use crate::kiosk::code::DIGITS_VALID_MS;
use crate::kiosk::ledger::{Ledger, MAX_GRANT_MS};
use crate::kiosk::session::{Binding, Session, SessionRecord, State};
use crate::kiosk::station::StationState;
use crate::kiosk::warning::Warned;
use crate::kiosk::{Actor, BootId, CodeDigest, GroupId, LocalDay, PersonId, SessionId, StationId};
use crate::limits::{MAX_KIOSK_SESSIONS, MAX_KIOSK_USAGES};

/// What staff wants a code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For whom; `None` for a guest.
    pub person: Option<PersonId>,
    /// Where it is good.
    pub binding: Binding,
    /// Milliseconds of use.
    pub granted_ms: u64,
    /// Milliseconds for which the code is good.
    pub valid_ms: u64,
    /// Whether the session may outlast the opening hours, because staff said so.
    pub past_closing: bool,
    /// Whether the code is made of digits only.
    pub digits: bool,
    /// The digest of the code that was drawn.
    pub code: CodeDigest,
    /// Today.
    pub day: LocalDay,
}

/// What an agent sends when a person has typed a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redeeming {
    /// From which workstation, as its key proves.
    pub station: StationId,
    /// In which boot of it.
    pub boot: BootId,
    /// The digest of what was typed; `None` when it could not be a code.
    pub digest: Option<CodeDigest>,
    /// What will open the session again after a restart of the workstation.
    pub ticket: CodeDigest,
    /// The number of the question; the same one gets the same answer.
    pub question: u64,
    /// Milliseconds until the place closes; 0 when it is closed, `None` when it has no hours.
    pub open_ms: Option<u64>,
    /// Today.
    pub day: LocalDay,
}

impl Desk {
    /// Makes a session that waits for its code.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn issue(
        &mut self,
        now: Instant,
        staff: Actor,
        wanted: Wanted,
        out: &mut Actions,
    ) -> Result<SessionId, Refusal> {
        if wanted.granted_ms == 0 || wanted.granted_ms > MAX_GRANT_MS || wanted.valid_ms == 0 {
            return Err(Refusal::BadLength);
        }
        if wanted.digits && (wanted.binding.station.is_none() || wanted.valid_ms > DIGITS_VALID_MS) {
            return Err(Refusal::DigitsNeedSeat);
        }
        if wanted.binding.station.is_some_and(|station| !self.stations.contains_key(&station)) {
            return Err(Refusal::NoStation);
        }
        if self.sessions.len() >= MAX_KIOSK_SESSIONS {
            return Err(Refusal::Full);
        }
        if self.sessions.values().any(|session| session.kept.opens_with == Some(wanted.code)) {
            return Err(Refusal::Taken);
        }
        let group = wanted.binding.group.or_else(|| self.group_of(wanted.binding.station?));
        self.fits_quota(wanted.person, group, wanted.granted_ms, wanted.day)?;
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let kept = SessionRecord {
            id,
            state: State::Pending,
            opens_with: Some(wanted.code),
            person: wanted.person,
            binding: wanted.binding,
            past_closing: wanted.past_closing,
            valid_ms: wanted.valid_ms,
            station: None,
            opened_by: None,
            day: None,
            ledger: Ledger::new(wanted.granted_ms),
            warned: Warned::default(),
            shown: Warned::default(),
            created: Moment::new(self.boot, now),
            started: None,
            ended: None,
        };
        out.push(Action::Save(Row::Session(kept.clone())));
        let station = wanted.binding.station;
        out.push(Action::Tell(Told {
            event: Event::CodeIssued,
            session: Some(id),
            station,
            person: wanted.person,
            actor: staff,
        }));
        let until = now.saturating_add(Duration::from_millis(wanted.valid_ms));
        self.sessions.insert(id, Session { kept, run: None, until: Some(until), saved_ms: 0, odd: false });
        Ok(id)
    }

    /// A person typed a code: begins the session, or goes on with an interrupted one when it is its ticket.
    ///
    /// # Errors
    /// See [`Refusal`]; what is wrong with a code is only told to the audit.
    pub fn redeem(&mut self, now: Instant, typed: Redeeming, out: &mut Actions) -> Result<SessionId, Refusal> {
        if !self.stations.contains_key(&typed.station) {
            return Err(Refusal::NoStation);
        }
        self.meet(now, typed.station, typed.boot, out);
        if let Some(again) = self.asked_before(&typed) {
            return Ok(again);
        }
        let blocked = self.stations.get(&typed.station).and_then(|station| station.throttle.blocked(now));
        if let Some(wait) = blocked.or_else(|| self.site.blocked(now)) {
            return Err(Refusal::TooSoon(wait));
        }
        match self.station_state(typed.station) {
            Some(StationState::Available | StationState::Reserved) => {}
            // Somebody holds the seat, and may be the one who types the ticket.
            Some(StationState::Busy) if self.is_interrupted_at(typed.station) => {}
            Some(state) => return Err(Refusal::NotFree(state)),
            None => return Err(Refusal::NoStation),
        }
        let found = typed.digest.and_then(|digest| {
            self.sessions
                .values()
                .find(|session| session.kept.opens_with == Some(digest))
                .map(|session| session.kept.id)
        });
        let opens = |state: State| matches!(state, State::Pending | State::Interrupted);
        let Some(id) = found.filter(|id| self.sessions.get(id).is_some_and(|session| opens(session.kept.state))) else {
            return Err(self.wrong_code(now, &typed, Reason::Unknown, out));
        };
        if !self.is_good_at(id, typed.station) {
            return Err(self.wrong_code(now, &typed, Reason::WrongSeat, out));
        }
        self.has_no_other(id)?;
        let Some(session) = self.sessions.get(&id) else { return Err(Refusal::NoSession) };
        if typed.open_ms == Some(0) && !session.kept.past_closing {
            return Err(Refusal::Closed);
        }
        if session.kept.state == State::Pending {
            self.begin(now, id, &typed, out)?;
        } else {
            self.go_on(now, id, typed.station, out);
            self.keep_to_hours(now, id, typed.open_ms, out)?;
        }
        if let Some(station) = self.stations.get_mut(&typed.station) {
            let spoiled = station.throttle.failures() > 0;
            station.throttle.succeed();
            if spoiled {
                out.push(Action::Save(Row::Station(station.record())));
            }
        }
        Ok(id)
    }

    fn begin(&mut self, now: Instant, id: SessionId, typed: &Redeeming, out: &mut Actions) -> Result<(), Refusal> {
        let Some(session) = self.sessions.get(&id) else { return Err(Refusal::NoSession) };
        let open_ms = typed.open_ms.filter(|_| !session.kept.past_closing);
        let granted_ms = session.kept.ledger.granted_ms().min(open_ms.unwrap_or(u64::MAX));
        // Between the code and now the person may have begun other sessions.
        let person = session.kept.person;
        self.fits_quota(person, self.group_of(typed.station), granted_ms, typed.day)?;
        if let Some(person) = person {
            if !self.usages.contains_key(&person) {
                self.make_room_for_usage(typed.day, out)?;
            }
            out.push(Action::Save(self.use_quota(person, |usage| usage.begin(typed.day, granted_ms))));
        }
        // The quota was charged with what is left until closing already: a pending session has no day to give back to.
        self.keep_to_hours(now, id, typed.open_ms, out)?;
        let moment = Moment::new(self.boot, now);
        if let Some(session) = self.sessions.get_mut(&id) {
            let kept = &mut session.kept;
            kept.station = Some(typed.station);
            kept.opens_with = Some(typed.ticket);
            kept.opened_by = Some(typed.question);
            kept.day = typed.day;
            kept.started = Some(moment);
            kept.warned = Warned::not_applicable(granted_ms);
        }
        self.sit(now, id, typed.station, (Event::Started, Actor::Station(typed.station)), out);
        Ok(())
    }

    /// Goes on with an interrupted session, here or at another workstation.
    pub(super) fn go_on(&mut self, now: Instant, id: SessionId, station: StationId, out: &mut Actions) {
        let before = self.sessions.get_mut(&id).and_then(|session| session.kept.station.replace(station));
        if let Some(left) = before.filter(|left| *left != station).and_then(|left| self.stations.get_mut(&left)) {
            left.session = None;
        }
        self.sit(now, id, station, (Event::Resumed, Actor::Station(station)), out);
    }

    /// The session runs at `station` from now on.
    pub(super) fn sit(
        &mut self,
        now: Instant,
        id: SessionId,
        station: StationId,
        (event, actor): (Event, Actor),
        out: &mut Actions,
    ) {
        if let Some(station) = self.stations.get_mut(&station) {
            station.session = Some(id);
        }
        self.shift(now, id, Step { to: State::Active, event, actor }, out);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.run = Some(session.kept.ledger.run_from(now));
        }
        self.plan_checkpoint(now);
    }

    /// The same question from the same workstation, whose answer was lost on the way.
    fn asked_before(&self, typed: &Redeeming) -> Option<SessionId> {
        let id = self.session_at(typed.station)?;
        let kept = &self.sessions.get(&id)?.kept;
        (kept.opened_by == Some(typed.question) && kept.state == State::Active).then_some(id)
    }

    fn is_interrupted_at(&self, station: StationId) -> bool {
        let session = self.session_at(station).and_then(|id| self.sessions.get(&id));
        session.is_some_and(|session| session.kept.state == State::Interrupted)
    }

    fn is_good_at(&self, id: SessionId, station: StationId) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        // A held seat is for its ticket alone.
        if self.session_at(station).is_some_and(|there| there != id) {
            return false;
        }
        let Binding { station: bound, group } = session.kept.binding;
        bound.is_none_or(|bound| bound == station) && (group.is_none() || group == self.group_of(station))
    }

    fn has_no_other(&self, id: SessionId) -> Result<(), Refusal> {
        let person = self.sessions.get(&id).and_then(|session| session.kept.person);
        let other = person.and_then(|person| self.live_session_of(person)).filter(|other| other.kept.id != id);
        match other.and_then(|other| other.kept.station) {
            Some(station) => Err(Refusal::Elsewhere(station)),
            None => Ok(()),
        }
    }

    fn wrong_code(&mut self, now: Instant, typed: &Redeeming, reason: Reason, out: &mut Actions) -> Refusal {
        self.site.fail(now);
        if let Some(station) = self.stations.get_mut(&typed.station) {
            station.throttle.fail(now);
            out.push(Action::Save(Row::Station(station.record())));
        }
        let actor = Actor::Station(typed.station);
        out.push(Action::Tell(Told {
            event: Event::CodeRefused(reason),
            session: None,
            station: Some(typed.station),
            person: None,
            actor,
        }));
        Refusal::WrongCode
    }

    fn fits_quota(
        &self,
        person: Option<PersonId>,
        group: Option<GroupId>,
        granted_ms: u64,
        day: LocalDay,
    ) -> Result<(), Refusal> {
        let Some(person) = person else { return Ok(()) };
        let left = self.left_of_day(person, group, day);
        if left.sessions == 0 || left.time_ms < granted_ms { Err(Refusal::QuotaUsed) } else { Ok(()) }
    }

    /// Rows of days that are over make room; when all are of today, the appliance cannot hold more people a day.
    fn make_room_for_usage(&mut self, day: LocalDay, out: &mut Actions) -> Result<(), Refusal> {
        if self.usages.len() < MAX_KIOSK_USAGES {
            return Ok(());
        }
        let over = self.usages.iter().find(|(_, usage)| usage.is_over(day)).map(|(person, _)| *person);
        let person = over.ok_or(Refusal::Full)?;
        self.usages.remove(&person);
        out.push(Action::ForgetUsage(person));
        Ok(())
    }
}
