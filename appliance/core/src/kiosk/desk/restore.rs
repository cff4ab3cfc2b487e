//! Holds how the desk comes back after a restart of the appliance, from the rows it had saved.
//! Never guesses how long the appliance was away: a running session waits for its workstation's count. `Desk` calls it.

use embassy_time::{Duration, Instant};

use super::{Desk, Row, Settings};
use crate::kiosk::SessionId;
use crate::kiosk::ledger::Ledger;
use crate::kiosk::session::{Session, SessionRecord, State};
use crate::kiosk::station::Station;

impl Desk {
    /// The desk in boot number `boot`, from its rows in any order. Sessions that are over only show which numbers are
    /// taken.
    #[must_use]
    pub fn restore(boot: u32, settings: Settings, rows: impl IntoIterator<Item = Row>, now: Instant) -> Self {
        let mut desk = Self::new(boot, settings);
        let mut proved = alloc::vec::Vec::new();
        for row in rows {
            match row {
                Row::Proved(more) => proved.extend(more),
                Row::Session(kept) => desk.restore_session(kept, now),
                Row::Station(kept) => drop(desk.stations.insert(kept.id, Station::new(kept, now))),
                Row::Usage(person, usage) => drop(desk.usages.insert(person, usage)),
            }
        }
        for (id, proved_ms) in proved {
            // Of one that is over, or was saved since: it knows as much itself.
            let Some(session) = desk.sessions.get_mut(&id).filter(|session| session.kept.state.is_live()) else {
                continue;
            };
            session.kept.ledger.prove(proved_ms);
            session.saved_ms = session.kept.ledger.proved_ms();
            if session.kept.state == State::Active {
                session.until = Some(Self::unheard_until(now, &session.kept.ledger));
            }
        }
        let seated: alloc::vec::Vec<(SessionId, _)> = desk
            .sessions
            .values()
            .filter(|session| session.kept.state != State::Pending)
            .filter_map(|session| Some((session.kept.id, session.kept.station?)))
            .collect();
        for (id, station) in seated {
            if let Some(station) = desk.stations.get_mut(&station) {
                station.session = Some(id);
            }
        }
        desk
    }

    fn restore_session(&mut self, kept: SessionRecord, now: Instant) {
        self.next_session = self.next_session.max(kept.id.0.saturating_add(1));
        if kept.state.is_final() {
            return;
        }
        let until = match kept.state {
            State::Pending => Some(now.saturating_add(Duration::from_millis(kept.valid_ms))),
            State::Interrupted => Some(now.saturating_add(self.settings.hold)),
            State::Active => Some(Self::unheard_until(now, &kept.ledger)),
            _ => None,
        };
        let saved_ms = kept.ledger.proved_ms();
        self.sessions.insert(kept.id, Session { kept, run: None, until, saved_ms, odd: false });
    }

    /// By when a seat that has not been heard since a restart has surely locked by itself: it counts on.
    pub(super) fn unheard_until(now: Instant, ledger: &Ledger) -> Instant {
        now.saturating_add(Duration::from_millis(ledger.granted_ms() - ledger.proved_ms().min(ledger.granted_ms())))
    }
}
