//! Holds what staff does with sessions and workstations: add time, suspend, go on, end, take a code back, close a seat.
//! Never asks who the staff is: that is the door's business. The API calls it through the desk.

use embassy_time::Instant;

use super::{Action, Actions, Desk, Event, Haste, Refusal, Row, Step, Told};
use crate::kiosk::session::State;
use crate::kiosk::station::{Reach, Station, StationRecord};
use crate::kiosk::{Actor, GroupId, SessionId, StationId};
use crate::limits::MAX_KIOSK_STATIONS;

impl Desk {
    /// Adds or takes away time, never below what is used, never above a day. Gives what really changed, in milliseconds.
    ///
    /// # Errors
    /// When there is no such session, or it is over.
    pub fn add_time(
        &mut self,
        now: Instant,
        staff: Actor,
        id: SessionId,
        delta_ms: i64,
        out: &mut Actions,
    ) -> Result<i64, Refusal> {
        let session = self.sessions.get_mut(&id).ok_or(Refusal::NoSession)?;
        let state = session.kept.state;
        if !(state.is_live() || state == State::Pending) {
            return Err(Refusal::NotNow(state));
        }
        let (used_ms, epoch) = (session.used_ms(now), session.kept.ledger.epoch());
        let changed_ms = session.kept.ledger.grant(delta_ms, used_ms);
        if changed_ms == 0 {
            return Ok(0);
        }
        if session.kept.ledger.epoch() != epoch && state != State::Pending {
            let remaining_ms = session.kept.ledger.granted_ms() - used_ms;
            session.kept.warned = session.kept.warned.renewed(remaining_ms);
            session.kept.shown = Default::default();
        }
        if session.run.is_none() && session.until.is_some() && state == State::Active {
            // Not heard since the appliance started: the seat may run for as long as the grant says.
            session.until = Some(Self::unheard_until(now, &session.kept.ledger));
        }
        session.saved_ms = session.kept.ledger.proved_ms();
        let (station, person, day) = (session.kept.station, session.kept.person, session.kept.day);
        out.push(Action::Save(Row::Session(session.kept.clone())));
        let event = Event::Extended(changed_ms);
        out.push(Action::Tell(Told { event, session: Some(id), station, person, actor: staff }));
        out.extend(station.map(Action::Nudge));
        if let Some(person) = person.filter(|_| state != State::Pending) {
            out.push(Action::Save(self.use_quota(person, |usage| usage.adjust(day, changed_ms))));
        }
        Ok(changed_ms)
    }

    /// Takes away what a session would have after the place closes, unless staff let it outlast the hours. `open_ms` is
    /// how long the place stays open, `None` when it has no hours.
    ///
    /// # Errors
    /// As [`Desk::add_time`].
    pub fn keep_to_hours(
        &mut self,
        now: Instant,
        id: SessionId,
        open_ms: Option<u64>,
        out: &mut Actions,
    ) -> Result<(), Refusal> {
        let session = self.sessions.get(&id).ok_or(Refusal::NoSession)?;
        let Some(open_ms) = open_ms.filter(|_| !session.kept.past_closing) else { return Ok(()) };
        let too_long_ms = session.remaining_ms(now).saturating_sub(open_ms);
        if too_long_ms > 0 {
            self.add_time(now, Actor::Clock, id, -too_long_ms.cast_signed(), out)?;
        }
        Ok(())
    }

    /// Stops the time of a running session.
    ///
    /// # Errors
    /// When there is no such session, or it does not run.
    pub fn suspend(&mut self, now: Instant, staff: Actor, id: SessionId, out: &mut Actions) -> Result<(), Refusal> {
        let session = self.sessions.get_mut(&id).ok_or(Refusal::NoSession)?;
        match session.kept.state {
            State::Active => {}
            State::Suspended => return Ok(()),
            state => return Err(Refusal::NotNow(state)),
        }
        let used_ms = session.used_ms(now);
        session.kept.ledger.prove(used_ms);
        self.shift(now, id, Step { to: State::Suspended, event: Event::Suspended, actor: staff }, out);
        Ok(())
    }

    /// Lets a suspended or an interrupted session go on where it was.
    ///
    /// # Errors
    /// When there is no such session, or there is nothing to go on with.
    pub fn resume(&mut self, now: Instant, staff: Actor, id: SessionId, out: &mut Actions) -> Result<(), Refusal> {
        let session = self.sessions.get(&id).ok_or(Refusal::NoSession)?;
        match (session.kept.state, session.kept.station) {
            (State::Suspended | State::Interrupted, Some(station)) => {
                self.sit(now, id, station, (Event::Resumed, staff), out);
                Ok(())
            }
            (State::Active, _) => Ok(()),
            (state, _) => Err(Refusal::NotNow(state)),
        }
    }

    /// Ends a session, or takes a code back that nobody used.
    ///
    /// # Errors
    /// When there is no such session. One that is over already is no error: two people may press the same button.
    pub fn end(&mut self, now: Instant, actor: Actor, id: SessionId, out: &mut Actions) -> Result<(), Refusal> {
        let session = self.sessions.get(&id).ok_or(Refusal::NoSession)?;
        match session.kept.state {
            State::Pending => self.shift(now, id, Step { to: State::Void, event: Event::CodeVoid, actor }, out),
            State::Active | State::Suspended => {
                self.shift(now, id, Step { to: State::Ended, event: Event::Ended, actor }, out);
            }
            // The workstation was restarted: there is nothing left to clean.
            State::Interrupted => self.close(now, id, actor, Haste::Now, out),
            State::Expired | State::Ended | State::Closed | State::Void => {}
        }
        Ok(())
    }

    /// Takes a workstation into the table, or changes its group.
    ///
    /// # Errors
    /// When the table is full.
    pub fn enrol(
        &mut self,
        now: Instant,
        id: StationId,
        group: Option<GroupId>,
        out: &mut Actions,
    ) -> Result<(), Refusal> {
        if !self.stations.contains_key(&id) && self.stations.len() >= MAX_KIOSK_STATIONS {
            return Err(Refusal::Full);
        }
        let fresh = StationRecord { id, group, maintenance: false, boot: None, failures: 0 };
        let station = self.stations.entry(id).or_insert_with(|| Station::new(fresh, now));
        station.kept.group = group;
        out.push(Action::Save(Row::Station(station.record())));
        Ok(())
    }

    /// Takes a workstation out of the table. Its session ends with it.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn remove(&mut self, now: Instant, staff: Actor, id: StationId, out: &mut Actions) -> Result<(), Refusal> {
        if !self.stations.contains_key(&id) {
            return Err(Refusal::NoStation);
        }
        if let Some(session) = self.session_at(id) {
            self.end(now, staff, session, out)?;
            // Nobody will say that it was cleaned.
            self.close(now, session, staff, Haste::Now, out);
        }
        self.stations.remove(&id);
        out.push(Action::ForgetStation(id));
        Ok(())
    }

    /// Says that a workstation is switched off, without waiting for its silence. Its next word proves otherwise. A
    /// session there is left alone: the seat counts by itself.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn set_offline(&mut self, staff: Actor, id: StationId, out: &mut Actions) -> Result<(), Refusal> {
        let station = self.stations.get_mut(&id).ok_or(Refusal::NoStation)?;
        if station.reach != Reach::Offline {
            (station.reach, station.heard) = (Reach::Offline, None);
            out.push(Action::Tell(self.told_of_station(id, Event::StationOffline, staff)));
        }
        Ok(())
    }

    /// Takes a workstation out of service, or puts it back. A session there is left alone.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn set_maintenance(
        &mut self,
        staff: Actor,
        id: StationId,
        maintenance: bool,
        out: &mut Actions,
    ) -> Result<(), Refusal> {
        let station = self.stations.get_mut(&id).ok_or(Refusal::NoStation)?;
        if station.kept.maintenance != maintenance {
            station.kept.maintenance = maintenance;
            out.push(Action::Save(Row::Station(station.record())));
            out.push(Action::Tell(self.told_of_station(id, Event::StationMaintenance(maintenance), staff)));
        }
        Ok(())
    }
}
