//! Holds what the desk makes of a workstation's word: that it is there, what was used, what was shown, what is done.
//! Never believes less use than is proved, and never takes silence for an end. Agents reach it through the desk.

use embassy_time::Instant;

use super::{Action, Actions, Desk, Event, Haste, Refusal, Row, Step, Told};
use crate::kiosk::lease::{Lease, Nonce, Order};
use crate::kiosk::session::State;
use crate::kiosk::station::Reach;
use crate::kiosk::warning::Warned;
use crate::kiosk::{Actor, BootId, SessionId, StationId};

/// Difference between what the workstation reports and what the desk counts that is only delay and drift, in
/// milliseconds. A quarter of the second that is promised: after a restart of the appliance a late first report is put
/// right by the next one.
const SLOP_MS: u64 = 250;
/// A count that went back by more than this is odd, in milliseconds: reports can overtake each other.
const ODD_MS: u64 = 60_000;
/// More than this is never lost of what is proved, in milliseconds, when appliance and workstation restart together.
pub(super) const MAX_UNSAVED_MS: u64 = 60_000;

/// A workstation's regular word, and its question for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Beat {
    /// In which boot it is.
    pub boot: BootId,
    /// Comes back in the lease.
    pub nonce: Nonce,
    /// The last lease it obeyed.
    pub lease_seq: u32,
    /// What it says of its session.
    pub report: Option<Report>,
}

/// What a workstation says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Which.
    pub session: SessionId,
    /// In which epoch the warnings are meant.
    pub epoch: u16,
    /// Milliseconds used, by its own count.
    pub used_ms: u64,
    /// Warnings done with.
    pub warned: Warned,
    /// Of them: really shown in this epoch.
    pub shown: Warned,
    /// How far its count may be ahead, in milliseconds: the round trip that its countdown is anchored in.
    pub ahead_ms: u32,
    /// Whether it is over there.
    pub done: Done,
}

/// Whether a session is over on the workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Done {
    /// It goes on.
    No,
    /// The person ended it; being cleaned.
    Ended,
    /// The time is used up; being cleaned.
    Expired,
    /// Nothing of the person is left.
    Wiped,
}

impl Desk {
    /// Takes a workstation's word and writes its lease.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn beat(&mut self, now: Instant, id: StationId, beat: &Beat, out: &mut Actions) -> Result<Lease, Refusal> {
        if !self.stations.contains_key(&id) {
            return Err(Refusal::NoStation);
        }
        self.meet(now, id, beat.boot, out);
        if let Some(report) = &beat.report {
            self.believe(now, id, report, out);
        }
        self.prove(now, id, out);
        self.plan_checkpoint(now);
        self.lease(now, id, beat).ok_or(Refusal::NoStation)
    }

    /// The workstation is there, in this boot of it. Another boot than before means that it was restarted.
    pub(super) fn meet(&mut self, now: Instant, id: StationId, boot: BootId, out: &mut Actions) {
        let Some(station) = self.stations.get_mut(&id) else { return };
        let came_back = station.reach != Reach::Online;
        (station.heard, station.reach) = (Some(now), Reach::Online);
        let restarted = station.kept.boot != Some(boot);
        if restarted {
            station.kept.boot = Some(boot);
            station.lease_seq = 0;
            out.push(Action::Save(Row::Station(station.record())));
        }
        let session = station.session;
        if came_back {
            out.push(Action::TellSoon(self.told_of_station(id, Event::StationOnline, Actor::Station(id))));
        }
        let Some(session) = session.filter(|_| restarted) else { return };
        let actor = Actor::Station(id);
        match self.sessions.get(&session).map(|session| session.kept.state) {
            // What ran after its last word is not held against the person: it cannot be told from being off.
            Some(State::Active | State::Suspended) => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.run = None;
                }
                self.shift(now, session, Step { to: State::Interrupted, event: Event::Interrupted, actor }, out);
            }
            // Everything of the person was in memory: a restart cleans.
            Some(State::Expired | State::Ended) => self.close(now, session, actor, Haste::Now, out),
            _ => {}
        }
    }

    fn believe(&mut self, now: Instant, id: StationId, report: &Report, out: &mut Actions) {
        if self.session_at(id) != Some(report.session) {
            return;
        }
        self.believe_use(now, id, report, out);
        self.believe_warnings(id, report, out);
        let Some(session) = self.sessions.get(&report.session) else { return };
        let this_epoch = session.kept.ledger.epoch() == report.epoch;
        let actor = Actor::Station(id);
        match (report.done, session.kept.state) {
            (Done::Ended, State::Active | State::Suspended) => {
                self.shift(now, report.session, Step { to: State::Ended, event: Event::Ended, actor }, out);
            }
            // Time that was added meanwhile is worth more than an end that did not know of it.
            (Done::Expired, State::Active) if this_epoch => {
                self.shift(
                    now,
                    report.session,
                    Step { to: State::Expired, event: Event::Expired, actor: Actor::Clock },
                    out,
                );
            }
            // The seat remembers that it is over, and proves it again to a desk that has forgotten; and nobody else sits
            // down there without a batch.
            (Done::Wiped, state) if state.is_leaving() => self.close(now, report.session, actor, Haste::Soon, out),
            _ => {}
        }
    }

    /// The workstation counts as well as the desk. Its count is taken where the desk has none, or where it used time that
    /// the desk did not know of: an order to stop that came late.
    fn believe_use(&mut self, now: Instant, id: StationId, report: &Report, out: &mut Actions) {
        let Some(session) = self.sessions.get_mut(&report.session) else { return };
        let state = session.kept.state;
        if !matches!(state, State::Active | State::Suspended) {
            return;
        }
        let proved_ms = session.kept.ledger.proved_ms();
        if report.used_ms + ODD_MS < proved_ms && !session.odd {
            session.odd = true;
            let person = session.kept.person;
            out.push(Action::Tell(Told {
                event: Event::WentBackwards(proved_ms - report.used_ms),
                session: Some(report.session),
                station: Some(id),
                person,
                actor: Actor::Station(id),
            }));
        }
        let unknown = state == State::Active && session.run.is_none();
        if unknown || report.used_ms > session.used_ms(now) + u64::from(report.ahead_ms) + SLOP_MS {
            session.kept.ledger.prove(report.used_ms);
            if state == State::Active {
                session.run = Some(session.kept.ledger.run_from(now));
                session.until = None;
            }
            // News of minutes, not of the seconds that a checkpoint gathers: an appliance that restarts over and over must
            // not forget them each time.
            session.saved_ms = session.kept.ledger.proved_ms();
            out.push(Action::Save(Row::Session(session.kept.clone())));
        }
    }

    fn believe_warnings(&mut self, id: StationId, report: &Report, out: &mut Actions) {
        let Some(session) = self.sessions.get_mut(&report.session) else { return };
        let kept = &mut session.kept;
        if kept.ledger.epoch() != report.epoch || !(kept.state.is_live() || kept.state.is_leaving()) {
            return;
        }
        let before = (kept.warned, kept.shown);
        // The seat keeps them too and tells all of them with every word: they may wait.
        for index in report.shown.since(kept.shown) {
            out.push(Action::TellSoon(Told {
                // There are five places.
                event: Event::WarningShown(index as u8),
                session: Some(kept.id),
                station: Some(id),
                person: kept.person,
                actor: Actor::Station(id),
            }));
        }
        kept.warned = kept.warned.or(report.warned);
        kept.shown = kept.shown.or(report.shown);
        if before != (kept.warned, kept.shown) {
            out.push(Action::SaveSoon(Row::Session(kept.clone())));
        }
    }

    /// A word from the workstation proves that it ran until now.
    fn prove(&mut self, now: Instant, id: StationId, out: &mut Actions) {
        let Some(session) = self.session_at(id).and_then(|id| self.sessions.get_mut(&id)) else { return };
        if session.kept.state == State::Active && session.run.is_some() {
            let used_ms = session.used_ms(now);
            session.kept.ledger.prove(used_ms);
            // After a long silence this word is worth more than a checkpoint would lose.
            if session.kept.ledger.proved_ms() - session.saved_ms > MAX_UNSAVED_MS {
                session.saved_ms = session.kept.ledger.proved_ms();
                out.push(Action::Save(Row::Session(session.kept.clone())));
            }
        }
    }

    fn lease(&mut self, now: Instant, id: StationId, beat: &Beat) -> Option<Lease> {
        let max_offline = self.settings.max_offline;
        let session = self.session_at(id).and_then(|id| self.sessions.get(&id));
        let order = match session.map(|session| session.kept.state) {
            Some(State::Active) => Order::Run,
            Some(State::Suspended) => Order::Hold,
            Some(State::Expired | State::Ended) => Order::Wipe,
            _ => Order::Lock,
        };
        let session = session.filter(|_| order != Order::Lock);
        let ledger = session.map(|session| session.kept.ledger).unwrap_or_default();
        let remaining_ms = session.map_or(0, |session| session.remaining_ms(now));
        let station = self.stations.get_mut(&id)?;
        // After a restart of the appliance the seat knows the last number, the desk does not.
        station.lease_seq = station.lease_seq.max(beat.lease_seq).saturating_add(1);
        Some(Lease {
            station: id,
            boot: beat.boot,
            seq: station.lease_seq,
            nonce: beat.nonce,
            order,
            session: session.map(|session| session.kept.id),
            epoch: ledger.epoch(),
            granted_ms: ledger.granted_ms(),
            used_ms: ledger.granted_ms() - remaining_ms,
            warned: session.map(|session| session.kept.warned).unwrap_or_default(),
            max_offline_ms: remaining_ms.min(max_offline.as_millis()),
        })
    }
}
