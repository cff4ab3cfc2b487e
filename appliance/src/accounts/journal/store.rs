//! Holds the border between the journal and the medium it is kept on.
//! It never says what an entry means: the medium links bytes and gives them back in order.
//! The shell implements it over the flash log; tests use the one in RAM.

use std::future::Future;
use std::pin::Pin;

use vigie_core::audit::{Draft, Entry};
use vigie_store::Kind;

use super::ledger::Ledger;
use crate::accounts::store::NotSaved;

/// Something under way.
pub type Reading<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Which entries are wanted.
pub type Keep = Box<dyn FnMut(&Entry) -> bool + Send>;

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it lies; the cursor of the next page.
    pub cursor: u64,
    /// The entry.
    pub entry: Entry,
}

/// A row of somebody else that is kept together with entries: what was done, and that it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of which kind.
    pub kind: Kind,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value; `None` deletes it.
    pub value: Option<Vec<u8>>,
}

/// Keeps the journal.
pub trait JournalStore: Send + Sync {
    /// Links an entry to the chain and keeps it; takes its place in the order at once. What comes back ends when it is
    /// durable, and may be dropped by whoever does not wait. `now` asks for that soon.
    ///
    /// # Errors
    /// When the medium takes nothing at all; the entry is lost then, and its number is not used.
    fn write(&self, what: Draft, now: bool) -> Result<Reading<Result<(), NotSaved>>, NotSaved>;
    /// Keeps rows, and entries about them, all in one flush or none of them; takes their place in the order at once. What
    /// comes back ends when they are durable. `now` asks for that soon; else they go with the next flush, within a minute.
    ///
    /// # Errors
    /// When the medium takes nothing at all; the numbers of the entries are not used then.
    fn write_beside(
        &self,
        rows: Vec<Change>,
        what: Vec<Draft>,
        now: bool,
    ) -> Result<Reading<Result<(), NotSaved>>, NotSaved>;
    /// Entries the medium refused later, since the last time somebody asked.
    fn take_lost(&self) -> u32;
    /// The newest entries below a cursor that `keep` wants, newest first.
    fn newest(&self, before: u64, limit: usize, keep: Keep) -> Reading<Vec<Kept>>;
    /// The bytes of entries above a cursor, oldest first, with their cursors; damaged ones too.
    fn after(&self, after: u64, limit: usize) -> Reading<Vec<(u64, Vec<u8>)>>;
    /// Ends when everything written so far is durable, or cannot be made so.
    fn settle(&self) -> Reading<()>;
    /// Where the chain begins and ends now.
    fn ledger(&self) -> Ledger;
}
