//! Holds how silence is heard: when a workstation counts as unreachable, and when as switched off.
//! Never ends a session for it: the seat counts by itself. The desk's clockwork calls it.

use alloc::vec::Vec;

use embassy_time::Instant;

use super::{Action, Actions, Desk, Event, Told};
use crate::kiosk::station::{Reach, Station};
use crate::kiosk::{Actor, StationId};

impl Desk {
    pub(super) fn falls_silent_at(&self, station: &Station) -> Option<Instant> {
        let after = match station.reach {
            Reach::Online => self.settings.unreachable_after,
            Reach::Unreachable => self.settings.offline_after,
            Reach::Offline => return None,
        };
        station.heard.map(|heard| heard.saturating_add(after))
    }

    pub(super) fn listen(&mut self, now: Instant, out: &mut Actions) {
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
            out.push(Action::TellSoon(self.told_of_station(id, event, Actor::Clock)));
        }
    }

    pub(super) fn told_of_station(&self, id: StationId, event: Event, actor: Actor) -> Told {
        let session = self.stations.get(&id).and_then(|station| station.session);
        let person = session.and_then(|id| self.sessions.get(&id)).and_then(|session| session.kept.person);
        Told { event, session, station: Some(id), person, actor }
    }
}
