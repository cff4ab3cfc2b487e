//! Holds sessions that are over, so that staff can look back; newest first, within days and a number.
//! Never holds who the person was: only the number, which means nothing once the person is erased. The room fills it.

use std::collections::VecDeque;

use vigie_core::kiosk::session::{SessionRecord, State};
use vigie_core::kiosk::{PersonId, SessionId};
use vigie_core::order::sort_by_key;

use super::room::Room;
use super::sessions::SessionView;

/// Sessions that are over and remembered: 270 a day for thirty days. 144 B each, 1.2 MiB in all; the oldest leaves.
pub(super) const MAX_PAST: usize = 8_192;

/// The sessions that are over, in the order in which they ended.
#[derive(Default)]
pub(super) struct Past {
    rows: VecDeque<SessionView>,
}

impl Past {
    /// From stored rows: those that are over.
    pub(super) fn restore<'r>(rows: impl Iterator<Item = &'r SessionRecord>) -> Self {
        let mut rows: Vec<SessionView> =
            rows.filter(|kept| kept.state.is_final()).map(SessionView::of_record).collect();
        sort_by_key(&mut rows, |view| (view.ended, view.id));
        Self { rows: rows.into() }
    }

    /// Takes one in. Gives those that have to leave.
    pub(super) fn push(&mut self, view: SessionView) -> Vec<SessionId> {
        self.rows.retain(|old| old.id != view.id);
        // In the order of their ends, as they come back after a restart: one that waited to be cleaned up ended before.
        let at = self.rows.partition_point(|old| (old.ended, old.id) < (view.ended, view.id));
        self.rows.insert(at, view);
        let over = self.rows.len().saturating_sub(MAX_PAST);
        self.rows.drain(..over).map(|old| old.id).collect()
    }

    pub(super) fn find(&self, id: SessionId) -> Option<SessionView> {
        self.rows.iter().rev().find(|view| view.id == id).cloned()
    }

    /// Newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = SessionView> {
        self.rows.iter().rev().cloned()
    }

    /// Takes out what `is_old` says, at most so many. Gives the numbers.
    pub(super) fn forget(&mut self, most: usize, is_old: impl Fn(&SessionView) -> bool) -> Vec<SessionId> {
        let gone: Vec<SessionId> =
            self.rows.iter().filter(|view| is_old(view)).map(|view| view.id).take(most).collect();
        self.rows.retain(|view| !gone.contains(&view.id));
        gone
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// What staff looks for among past sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Wish {
    /// Of one person.
    pub person: Option<PersonId>,
    /// At one workstation.
    pub station: Option<vigie_core::kiosk::StationId>,
    /// That ended so.
    pub state: Option<State>,
    /// Older than this one, in the order of the list: its cursor.
    pub before: Option<SessionId>,
}

impl Room {
    /// Past sessions, newest first, at most `limit`.
    #[must_use]
    pub fn past(&self, wish: Wish, limit: usize) -> Vec<SessionView> {
        let mut newest = self.past.newest();
        if let Some(before) = wish.before {
            // Up to and with the one that was shown last; when it is forgotten, so is everything before it.
            newest.by_ref().find(|view| view.id == before);
        }
        newest
            .filter(|view| wish.person.is_none_or(|person| view.person == Some(person)))
            .filter(|view| wish.station.is_none_or(|station| view.station == Some(station)))
            .filter(|view| wish.state.is_none_or(|state| view.state == state))
            .take(limit)
            .collect()
    }

    /// How many are remembered.
    #[must_use]
    pub fn past_count(&self) -> usize {
        self.past.len()
    }
}
