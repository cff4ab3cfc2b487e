//! Holds the one place where a session changes its state: saved, told, its workstation nudged.
//! Never decides that it should: whoever asks has looked. The other parts of the desk call it.

use embassy_time::Instant;

use super::{Action, Actions, Desk, Event, Row, Told};
use crate::Moment;
use crate::kiosk::session::State;
use crate::kiosk::{Actor, SessionId};

/// One change of a session's state.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) to: State,
    pub(super) event: Event,
    pub(super) actor: Actor,
}

/// Whether a change must be saved before whoever caused it is answered.
#[derive(Clone, Copy)]
pub(super) enum Haste {
    Now,
    Soon,
}

impl Haste {
    pub(super) const fn save(self, row: Row) -> Action {
        match self {
            Self::Now => Action::Save(row),
            Self::Soon => Action::SaveSoon(row),
        }
    }

    pub(super) const fn tell(self, told: Told) -> Action {
        match self {
            Self::Now => Action::Tell(told),
            Self::Soon => Action::TellSoon(told),
        }
    }
}

impl Desk {
    /// As [`Desk::shift_in`]: time that is up may wait, since it is up again when the desk comes back.
    pub(super) fn shift(&mut self, now: Instant, id: SessionId, step: Step, out: &mut Actions) {
        let haste = if step.event == Event::Expired { Haste::Soon } else { Haste::Now };
        self.shift_in(now, id, step, haste, out);
    }

    /// The one place where a session changes its state: saved, told, and its workstation nudged.
    pub(super) fn shift_in(&mut self, now: Instant, id: SessionId, step: Step, haste: Haste, out: &mut Actions) {
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
        out.push(haste.save(Row::Session(kept.clone())));
        out.push(haste.tell(Told { event, session: Some(id), station, person, actor }));
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
    pub(super) fn close(&mut self, now: Instant, id: SessionId, actor: Actor, haste: Haste, out: &mut Actions) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (kept, unused_ms) = (&session.kept, session.remaining_ms(now));
        let (person, day) = (kept.person, kept.day);
        if let Some(person) = person.filter(|_| unused_ms > 0) {
            out.push(haste.save(self.use_quota(person, |usage| usage.adjust(day, -unused_ms.cast_signed()))));
        }
        let step = Step { to: State::Closed, event: Event::Closed(unused_ms), actor };
        self.shift_in(now, id, step, haste, out);
    }
}
