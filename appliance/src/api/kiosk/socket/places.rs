//! Holds how many sockets each caller has open. Never queues: one too many is refused in words.
//! The desk has the table; a socket that opens takes a place in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::Principal;
use crate::accounts::role::Role;
use crate::accounts::session::SessionId;
use crate::api::kiosk::fault;
use crate::http::problem::Problem;

/// Sockets of one agent: the one in use, and the one that replaces it after a cable was pulled.
const MAX_OF_AGENT: usize = 2;
/// Sockets of one log-in of a person or a program.
const MAX_OF_PERSON: usize = 8;

/// Open sockets by caller; entries are there while a socket is.
#[derive(Default)]
pub(crate) struct Places(Mutex<BTreeMap<SessionId, usize>>);

/// One socket's place; given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    session: SessionId,
}

impl Places {
    /// A place for a socket of this caller.
    ///
    /// # Errors
    /// When it has as many as one may have.
    pub(super) fn take(self: &Arc<Self>, who: &Principal) -> Result<Place, Problem> {
        let limit = if who.role == Role::Agent { MAX_OF_AGENT } else { MAX_OF_PERSON };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(who.session).or_default();
        if *count >= limit {
            return Err(Problem::from(&fault::SOCKETS_OF_ONE_FULL).with("limit", limit));
        }
        *count += 1;
        Ok(Place { places: self.clone(), session: who.session })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.session) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.session);
            }
        }
    }
}
