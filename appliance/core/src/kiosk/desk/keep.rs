//! Holds what is saved of running sessions now and then, so that little is lost when appliance and workstation restart
//! together. Never saves what is saved already. The other parts of the desk call it.

use alloc::vec::Vec;

use embassy_time::Instant;

use super::{Desk, Row, Session};

impl Desk {
    /// What sessions are proved to have used, in one row; `None` when it is saved already.
    pub(super) fn checkpoint(&mut self) -> Option<Row> {
        let live = |session: &&mut Session| session.kept.state.is_live();
        let mut news = false;
        let proved = self.sessions.values_mut().filter(live).map(|session| {
            let proved_ms = session.kept.ledger.proved_ms();
            news |= core::mem::replace(&mut session.saved_ms, proved_ms) != proved_ms;
            (session.kept.id, proved_ms)
        });
        let proved: Vec<_> = proved.collect();
        news.then_some(Row::Proved(proved))
    }

    pub(super) fn plan_checkpoint(&mut self, now: Instant) {
        if self.checkpoint_at.is_none() && self.sessions.values().any(|session| session.run.is_some()) {
            self.checkpoint_at = Some(now.saturating_add(self.settings.checkpoint));
        }
    }
}
