//! Holds a journal that forgets at the end of the process.
//! It never grows without bound: the chain lets its oldest entries go, and so does this.
//! Tests and a platform without a medium use it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vigie_core::audit::{Draft, Entry};

use super::ledger::Ledger;
use super::store::{Change, JournalStore, Keep, Kept, Reading};
use crate::accounts::store::NotSaved;
use crate::accounts::token::DeviceKey;

/// Bytes of entries kept.
const BUDGET_BYTES: usize = 64 * 1024;

/// Entries kept; with 119 bytes and more each the budget is reached before.
const MAX_ENTRIES: usize = 1_024;

struct State {
    ledger: Ledger,
    entries: VecDeque<(u64, Vec<u8>)>,
    next: u64,
}

/// A journal in memory.
pub struct RamJournal(Mutex<State>);

impl RamJournal {
    /// An empty one, sealed by a key.
    #[must_use]
    pub fn new(key: impl Into<Arc<DeviceKey>>) -> Self {
        let ledger = Ledger::open(BUDGET_BYTES, key.into(), None, std::iter::empty());
        Self(Mutex::new(State { ledger, entries: VecDeque::new(), next: 1 }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalStore for RamJournal {
    fn write(&self, what: Draft, _now: bool) -> Result<Reading<Result<(), NotSaved>>, NotSaved> {
        let mut state = self.state();
        let bytes = state.ledger.compose(what);
        state.ledger.advance(&bytes);
        if state.entries.len() >= MAX_ENTRIES {
            state.entries.pop_front();
        }
        let cursor = state.next;
        state.next += 1;
        state.entries.push_back((cursor, bytes));
        Ok(Box::pin(std::future::ready(Ok(()))))
    }

    fn write_beside(
        &self,
        _rows: Vec<Change>,
        what: Vec<Draft>,
        _now: bool,
    ) -> Result<Reading<Result<(), NotSaved>>, NotSaved> {
        for what in what {
            drop(self.write(what, true)?);
        }
        Ok(Box::pin(std::future::ready(Ok(()))))
    }

    fn take_lost(&self) -> u32 {
        0
    }

    fn newest(&self, before: u64, limit: usize, mut keep: Keep) -> Reading<Vec<Kept>> {
        let state = self.state();
        let newest_first = state.entries.iter().rev().filter(|(cursor, _)| *cursor < before);
        let read =
            newest_first.filter_map(|(cursor, bytes)| Some(Kept { cursor: *cursor, entry: Entry::from_bytes(bytes)? }));
        let found = read.filter(|kept| keep(&kept.entry)).take(limit).collect();
        Box::pin(std::future::ready(found))
    }

    fn after(&self, after: u64, limit: usize) -> Reading<Vec<(u64, Vec<u8>)>> {
        let found = self.state().entries.iter().filter(|(cursor, _)| *cursor > after).take(limit).cloned().collect();
        Box::pin(std::future::ready(found))
    }

    fn settle(&self) -> Reading<()> {
        Box::pin(std::future::ready(()))
    }

    fn ledger(&self) -> Ledger {
        self.state().ledger.clone()
    }
}
