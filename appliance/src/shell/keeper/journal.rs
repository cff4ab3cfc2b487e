//! Holds the journal's place in the log: entries as history, the seal as one key, both in one batch.
//! Never composes an entry before its turn to be written: each links to the one really written before.
//! Called by `accounts::journal` through its trait, and by the commands that verify and export.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use vigie_core::audit::{Draft, Entry};
use vigie_store::{Durability, Error, Kind};

use super::kinds::AUDIT_CHAIN_BYTES;
use super::{AUDIT, AUDIT_SEAL, Event, Keeper, Linked, Stored};
use crate::accounts::journal::{Change, JournalStore, Keep, Kept, Ledger, Reading};
use crate::accounts::store::NotSaved;
use crate::accounts::token::DeviceKey;

/// The key of the seal.
const SEAL_KEY: &[u8] = b"seal";

struct State {
    ledger: Ledger,
    lost: u32,
}

/// The journal kept in the log.
pub struct KeptJournal {
    keeper: Keeper,
    state: Arc<Mutex<State>>,
}

impl KeptJournal {
    /// Takes the journal out of what the log held at start, and goes on where it ended.
    #[must_use]
    pub fn open(keeper: Keeper, stored: &mut Vec<Stored>, key: Arc<DeviceKey>) -> Self {
        let seal =
            stored.iter().find(|row| row.kind == AUDIT_SEAL.id && row.key == SEAL_KEY).map(|row| row.value.clone());
        let entries = stored.iter().filter(|row| row.kind == AUDIT.id).map(|row| row.value.as_slice());
        let ledger = Ledger::open(AUDIT_CHAIN_BYTES, key, seal.as_deref(), entries);
        // Nobody else needs them, and they may be hundreds of kilobytes.
        stored.retain(|row| row.kind != AUDIT.id);
        stored.shrink_to_fit();
        Self { keeper, state: Arc::new(Mutex::new(State { ledger, lost: 0 })) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

type Told = Result<Result<(), Error>, oneshot::error::RecvError>;

fn told(answer: Told) -> Result<(), NotSaved> {
    let written = answer.map_err(|_| NotSaved("the service is stopping".into()))?;
    written.map_err(|error| NotSaved(error.to_string()))
}

/// An entry that waits for its turn.
struct Link {
    what: Option<Draft>,
    state: Arc<Mutex<State>>,
}

impl Linked for Link {
    fn compose(&mut self) -> Vec<u8> {
        self.what.take().map(|what| lock(&self.state).ledger.compose(what)).unwrap_or_default()
    }

    fn taken(&mut self, value: &[u8]) -> (Kind, Vec<u8>, Vec<u8>) {
        (AUDIT_SEAL, SEAL_KEY.to_vec(), lock(&self.state).ledger.advance(value))
    }

    fn refused(&mut self) {
        lock(&self.state).lost += 1;
    }
}

impl JournalStore for KeptJournal {
    fn write(&self, what: Draft, now: bool) -> Result<Reading<Result<(), NotSaved>>, NotSaved> {
        let (done, answer) = oneshot::channel();
        let link = Box::new(Link { what: Some(what), state: self.state.clone() });
        let durability = if now { Durability::Now } else { Durability::Batch };
        self.keeper.link(AUDIT, link, durability, done).map_err(|why| NotSaved(why.to_string()))?;
        Ok(Box::pin(async move { told(answer.await) }))
    }

    fn write_beside(
        &self,
        rows: Vec<Change>,
        what: Vec<Draft>,
        now: bool,
    ) -> Result<Reading<Result<(), NotSaved>>, NotSaved> {
        let (done, answer) = oneshot::channel();
        let durability = if now { Durability::Now } else { Durability::Lazy };
        let link = |what| -> (Kind, Box<dyn Linked>) {
            (AUDIT, Box::new(Link { what: Some(what), state: self.state.clone() }))
        };
        let links = what.into_iter().map(link).collect();
        self.keeper.together(rows, links, durability, done).map_err(|why| NotSaved(why.to_string()))?;
        Ok(Box::pin(async move { told(answer.await) }))
    }

    fn take_lost(&self) -> u32 {
        std::mem::take(&mut self.state().lost)
    }

    fn newest(&self, before: u64, limit: usize, mut keep: Keep) -> Reading<Vec<Kept>> {
        let keeper = self.keeper.clone();
        Box::pin(async move {
            let wanted = move |event: &Event| Entry::from_bytes(&event.value).is_some_and(|entry| keep(&entry));
            let events = keeper.newest(AUDIT, before, limit, wanted).await;
            let read = |event: Event| Some(Kept { cursor: event.sequence, entry: Entry::from_bytes(&event.value)? });
            events.into_iter().filter_map(read).collect()
        })
    }

    fn after(&self, after: u64, limit: usize) -> Reading<Vec<(u64, Vec<u8>)>> {
        let keeper = self.keeper.clone();
        Box::pin(async move {
            let events = keeper.after(AUDIT, after, limit).await;
            events.into_iter().map(|event| (event.sequence, event.value)).collect()
        })
    }

    fn settle(&self) -> Reading<()> {
        let keeper = self.keeper.clone();
        Box::pin(async move {
            if let Err(error) = keeper.flush().await {
                tracing::warn!(%error, "the journal is verified in memory only");
            }
        })
    }

    fn ledger(&self) -> Ledger {
        self.state().ledger.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::accounts::journal::{Act, Journal};
    use vigie_core::audit::{Actor, Finding, Kind as Act_, Object};

    fn key() -> Arc<DeviceKey> {
        Arc::new(DeviceKey::from_seed(&[7; 32]))
    }

    fn open(path: &std::path::Path) -> (Keeper, Journal, Vec<Stored>) {
        let (keeper, mut stored) = Keeper::open(path, || vigie_sys::clock::boot_us() / 1_000).unwrap();
        let all = stored.clone();
        let store = Arc::new(KeptJournal::open(keeper.clone(), &mut stored, key()));
        assert!(stored.iter().all(|row| row.kind != AUDIT.id));
        (keeper, Journal::new(store, Arc::new(HandClock::default()), 1), all)
    }

    #[tokio::test]
    async fn the_chain_goes_on_over_restarts_and_verifies() {
        let folder = tempfile::tempdir().unwrap();
        for run in 0..3_u32 {
            let (keeper, journal, _) = open(folder.path());
            assert!(journal.verify().await.report.is_good());
            journal.note(Act::new(Act_::SystemStarted, Actor::System));
            for device in 0..20 {
                let act = Act::new(Act_::DeviceEdited, Actor::Account(run)).on(Object::Device(device));
                journal.write(act).await.unwrap();
            }
            let report = journal.verify().await.report;
            assert!(report.is_good(), "{report:?}");
            assert_eq!(report.head.number, u64::from(run + 1) * 21);
            keeper.stop().await;
        }
        let (_keeper, journal, stored) = open(folder.path());
        assert_eq!(stored.iter().filter(|row| row.kind == AUDIT.id).count(), 63);
        let mine = |entry: &Entry| entry.what.actor == Actor::Account(1);
        let newest = journal.newest(u64::MAX, 5, Box::new(mine)).await;
        assert_eq!(newest.iter().map(|kept| kept.entry.number).collect::<Vec<_>>(), [42, 41, 40, 39, 38]);
        assert_eq!(journal.after(0, 3).await.last().map(|kept| kept.entry.number), Some(3));
    }

    #[tokio::test]
    async fn a_journal_from_another_device_and_one_that_lost_entries_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, journal, _) = open(folder.path());
        for device in 0..5 {
            journal.write(Act::new(Act_::DeviceEdited, Actor::Account(1)).on(Object::Device(device))).await.unwrap();
        }
        keeper.stop().await;
        let (keeper, stored) = Keeper::open(folder.path(), || 0).unwrap();
        let other = Arc::new(DeviceKey::from_seed(&[8; 32]));
        let verify = async |stored: &[Stored], key: Arc<DeviceKey>| {
            let entries: Vec<&[u8]> = stored.iter().filter(|row| row.kind == AUDIT.id).map(|row| &*row.value).collect();
            let seal = stored.iter().find(|row| row.kind == AUDIT_SEAL.id).map(|row| row.value.as_slice());
            let mut verifier = Ledger::open(1 << 20, key, seal, entries.iter().copied()).verifier();
            entries.iter().for_each(|entry| verifier.feed(entry));
            verifier.finish().findings
        };
        assert_eq!(verify(&stored, key()).await, []);
        assert_eq!(verify(&stored, other).await, [Finding::ForgedSeal]);
        let mut cut = stored.clone();
        let last = cut.iter().rposition(|row| row.kind == AUDIT.id).unwrap();
        cut.remove(last);
        assert_eq!(verify(&cut, key()).await, [Finding::CutTail { from: 5, to: 5 }]);
        let mut flipped = stored;
        let third = flipped.iter_mut().filter(|row| row.kind == AUDIT.id).nth(2).unwrap();
        third.value[60] ^= 1;
        assert_eq!(verify(&flipped, key()).await, [Finding::Changed { number: 3 }]);
        keeper.stop().await;
    }
}
