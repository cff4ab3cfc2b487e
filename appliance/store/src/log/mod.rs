//! Holds the log: what a caller may ask of it, and the state behind it.
//! It never answers "durable" before a flush, and never does more than one thing per file of this folder.
//! The store task of the service owns one and is its only caller.

mod batch;
mod clean;
mod index;
mod options;
mod read;
mod replay;
mod report;
mod writer;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::hash::Hasher;

pub use options::{Durability, EventBudget, Kind, Options};
pub use read::Record;
pub use report::{Counters, Health, KindCounters, Lost, Report, Usage};

use batch::{Batch, Waiting};
use clean::Evacuation;
use index::Index;
use siphasher::sip::SipHasher13;

use crate::Error;
use crate::format::record::{Class, Head, MAX_FRAME_BYTES, encoded_bytes};
use crate::format::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
use crate::medium::{Medium, Slot};

/// First wait after a failed write; doubled up to [`MAX_RETRY_MS`]. A card that hiccups is back within a second.
const FIRST_RETRY_MS: u64 = 1000;

/// Longest wait: a person who swaps or remounts the medium sees it recover within a minute.
const MAX_RETRY_MS: u64 = 60_000;

/// A segment that counts.
#[derive(Clone, Copy, Debug)]
struct Segment {
    generation: u64,
    slot: Slot,
    /// CRC of its header, the seed of its records.
    seed: u32,
    /// Where its acknowledged bytes end.
    end: u32,
}

/// Since when and how often writing failed.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    error: Error,
    since_ms: u64,
    retry_at_ms: u64,
    wait_ms: u64,
    attempts: u32,
}

/// The flash log on a medium.
///
/// Blocking: `open`, `commit`, `maintain` and the reading calls do input and output; a shell runs them where blocking
/// is allowed. `put`, `delete` and `append` touch the medium only to compare with the value that is there.
#[derive(Debug)]
pub struct Log<M> {
    medium: M,
    options: Options,
    segment_bytes: u32,
    store: u64,
    salt: u64,
    /// Segments that count, oldest first; the last one is the head.
    chain: VecDeque<Segment>,
    /// The head takes more batches. Not after a failed write: what it really holds is then unknown.
    head_open: bool,
    free: VecDeque<Slot>,
    /// Slots with an unreadable header, taken when nothing else is left.
    suspect: Vec<Slot>,
    /// Every slot on the medium.
    slots: BTreeSet<Slot>,
    /// The medium had no room for a spare segment; asked again after the next one is taken.
    spare_refused: bool,
    next_generation: u64,
    next_sequence: u64,
    acknowledged: u64,
    index: Index,
    batch: Batch,
    evacuations: VecDeque<Evacuation>,
    trouble: Option<Trouble>,
    counters: Counters,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

impl<M: Medium> Log<M> {
    /// Waits with a new value of a key for the next commit, and returns its sequence. The same value as the one on the
    /// medium costs nothing and returns the sequence it already has.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`Error::ValueTooLong`], [`Error::WrongKind`], [`Error::TooManyKeys`],
    /// [`Error::KeyedFull`], [`Error::BatchFull`], [`Error::Collision`]; nothing has changed then.
    pub fn put(
        &mut self,
        now_ms: u64,
        kind: Kind,
        key: &[u8],
        value: &[u8],
        durability: Durability,
    ) -> Result<u64, Error> {
        kind.check(false, &self.options)?;
        check_lengths(key, value)?;
        let hash = self.hash(kind.id, key);
        let is_waiting = self.check_waiting(hash, key)?;
        let known = self.index.get(hash);
        if !is_waiting && let Some(known) = known {
            let same = self.compare(known.entry, kind, key, (!known.is_tombstone).then_some(value))?;
            if same && !known.is_tombstone {
                self.counters.unchanged += 1;
                return Ok(known.entry.sequence());
            }
        }
        let has_value = known.is_some_and(|known| !known.is_tombstone);
        if !is_waiting && !has_value && self.index.keys() + self.batch.new_keys() >= self.options.max_keys {
            return Err(Error::TooManyKeys { max: self.options.max_keys });
        }
        let replaced = match self.batch.find(hash) {
            Some(waiting) => u64::from(waiting.bytes()),
            None => known.map_or(0, |known| u64::from(known.entry.bytes())),
        };
        let added = u64::from(self.batch.keyed_bytes()) + u64::from(encoded_bytes(key, value));
        let keyed_bytes = self.index.keyed_bytes() + added - u64::from(self.batch.replaced_bytes()) - replaced;
        if keyed_bytes > u64::from(self.options.max_keyed_bytes) {
            return Err(Error::KeyedFull { max_bytes: self.options.max_keyed_bytes });
        }
        let head = Head { kind: kind.id, version: kind.version, sequence: self.next_sequence, class: Class::Keyed };
        self.enqueue(now_ms, Waiting::new(head, Some(hash), key, value), !has_value, durability)
    }

    /// Waits with the deletion of a key for the next commit, and returns its sequence. A key without a value costs
    /// nothing and returns the last acknowledged sequence.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`Error::WrongKind`], [`Error::BatchFull`], [`Error::Collision`], and
    /// [`Error::TooManyKeys`] when more deletions than keys and than fit a segment wait for cleaning: call
    /// [`Log::maintain`].
    pub fn delete(&mut self, now_ms: u64, kind: Kind, key: &[u8], durability: Durability) -> Result<u64, Error> {
        kind.check(false, &self.options)?;
        check_lengths(key, &[])?;
        let hash = self.hash(kind.id, key);
        let is_waiting = self.check_waiting(hash, key)?;
        let known = self.index.get(hash);
        if !is_waiting {
            match known {
                None => return Ok(self.acknowledged),
                Some(known) => {
                    self.compare(known.entry, kind, key, None)?;
                    if known.is_tombstone {
                        return Ok(known.entry.sequence());
                    }
                }
            }
        }
        if self.index.tombstones() >= self.max_tombstones() {
            return Err(Error::TooManyKeys { max: self.max_tombstones() });
        }
        let head = Head { kind: kind.id, version: kind.version, sequence: self.next_sequence, class: Class::Tombstone };
        self.enqueue(now_ms, Waiting::new(head, Some(hash), key, &[]), false, durability)
    }

    /// Waits with an event for the next commit, and returns its sequence. When its kind is over budget the oldest
    /// events of the kind go and are counted.
    ///
    /// # Errors
    /// [`Error::ValueTooLong`], [`Error::WrongKind`], [`Error::BatchFull`]; nothing has changed then.
    pub fn append(&mut self, now_ms: u64, kind: Kind, value: &[u8], durability: Durability) -> Result<u64, Error> {
        kind.check(true, &self.options)?;
        check_lengths(&[], value)?;
        let head = Head { kind: kind.id, version: kind.version, sequence: self.next_sequence, class: Class::Event };
        self.enqueue(now_ms, Waiting::new(head, None, &[], value), false, durability)
    }

    /// Writes everything that waits with one flush, and returns the highest sequence that is durable. With nothing
    /// waiting it does nothing. It tries also while the medium is in trouble, so pace calls by
    /// [`Log::needs_flush_by`] unless somebody is waiting.
    ///
    /// # Errors
    /// [`Error::Medium`] or [`Error::Full`]: everything still waits in memory.
    pub fn commit(&mut self, now_ms: u64) -> Result<u64, Error> {
        if !self.batch.is_empty() {
            let written = self.write_waiting();
            self.note(now_ms, written)?;
        }
        Ok(self.acknowledged)
    }

    /// Milliseconds at which [`Log::commit`] should be called next; `None` when nothing waits. While the medium fails,
    /// the time of the next attempt.
    #[must_use]
    pub fn needs_flush_by(&self) -> Option<u64> {
        let due_ms = self.batch.due_ms()?;
        Some(self.trouble.map_or(due_ms, |trouble| due_ms.max(trouble.retry_at_ms)))
    }

    /// Every record up to this sequence is durable, or was replaced by a newer one that is.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether records reach the medium.
    #[must_use]
    pub fn health(&self) -> Health {
        self.trouble.map_or(Health::Good, |trouble| Health::MemoryOnly {
            error: trouble.error,
            since_ms: trouble.since_ms,
            retry_at_ms: trouble.retry_at_ms,
            attempts: trouble.attempts,
        })
    }

    /// Tries again now, because somebody says that the medium is back. Also cleans up after the trouble.
    ///
    /// # Errors
    /// As [`Log::commit`].
    pub fn retry(&mut self, now_ms: u64) -> Result<u64, Error> {
        if self.batch.is_empty() {
            self.trouble = None;
        }
        self.commit(now_ms)?;
        while self.needs_maintenance() && self.maintain(now_ms)? {}
        Ok(self.acknowledged)
    }

    /// Whether a batch of so many bytes of keys and values, in so many records, may be written by one commit: with what
    /// waits already it is within the limit of a batch.
    #[must_use]
    pub fn has_room_for(&self, bytes: u32, records: u32) -> bool {
        let framed = bytes.saturating_add(records.saturating_mul(MAX_FRAME_BYTES));
        self.batch.bytes().saturating_add(framed) <= self.options.batch_limit(self.segment_bytes)
    }

    /// What happened since the log was opened.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How full the log is.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            keys: self.index.keys(),
            tombstones: self.index.tombstones(),
            keyed_bytes: self.index.keyed_bytes(),
            events: self.index.events(),
            event_bytes: self.index.event_bytes(),
            waiting: u32::try_from(self.batch.records.len()).unwrap_or(u32::MAX),
            segments: u32::try_from(self.chain.len()).unwrap_or(u32::MAX),
            segments_made: u32::try_from(self.slots.len()).unwrap_or(u32::MAX),
        }
    }

    /// The medium, for its own numbers.
    pub fn medium(&self) -> &M {
        &self.medium
    }

    /// The medium, for spoiling it in tests. Writing to it behind the log's back ends every promise.
    pub fn medium_mut(&mut self) -> &mut M {
        &mut self.medium
    }

    /// The medium back, without writing what waits.
    pub fn into_medium(self) -> M {
        self.medium
    }

    fn enqueue(&mut self, now_ms: u64, record: Waiting, is_new: bool, durability: Durability) -> Result<u64, Error> {
        let max_bytes = self.options.batch_limit(self.segment_bytes);
        let freed = record.hash.and_then(|hash| self.batch.find(hash)).map_or(0, Waiting::bytes);
        if self.batch.bytes() + record.bytes() - freed > max_bytes {
            return Err(Error::BatchFull { max_bytes });
        }
        let due_ms = match durability {
            Durability::Now => now_ms,
            Durability::Batch => now_ms.saturating_add(self.options.batch_ms),
            Durability::Lazy => now_ms.saturating_add(self.options.lazy_ms),
        };
        let sequence = record.head.sequence;
        self.next_sequence += 1;
        let known = record.hash.and_then(|hash| self.index.get(hash));
        let replaced_bytes = known.map_or(0, |known| known.entry.bytes());
        if self.batch.push(record, is_new, replaced_bytes, due_ms) {
            self.counters.coalesced += 1;
        }
        Ok(sequence)
    }

    /// Hash of kind and key. Keyed by the store's random name, so that nobody on the network can choose names that
    /// collide; the name never changes, so keys that did not collide when they were put never will.
    fn hash(&self, kind: u8, key: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.store, !self.store);
        hasher.write_u8(kind);
        hasher.write(key);
        hasher.finish()
    }

    fn check_waiting(&self, hash: u64, key: &[u8]) -> Result<bool, Error> {
        match self.batch.find(hash) {
            Some(waiting) if waiting.key() != key => Err(Error::Collision),
            found => Ok(found.is_some()),
        }
    }

    fn note(&mut self, now_ms: u64, outcome: Result<(), Error>) -> Result<(), Error> {
        match outcome {
            Ok(()) => self.trouble = None,
            Err(error) => {
                self.counters.failures += 1;
                let before = self.trouble;
                let wait_ms = before.map_or(FIRST_RETRY_MS, |old| (old.wait_ms * 2).min(MAX_RETRY_MS));
                self.trouble = Some(Trouble {
                    error,
                    since_ms: before.map_or(now_ms, |old| old.since_ms),
                    retry_at_ms: now_ms.saturating_add(wait_ms),
                    wait_ms,
                    attempts: before.map_or(1, |old| old.attempts.saturating_add(1)),
                });
            }
        }
        outcome
    }
}

fn check_lengths(key: &[u8], value: &[u8]) -> Result<(), Error> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::KeyTooLong { bytes: key.len() });
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::ValueTooLong { bytes: value.len() });
    }
    Ok(())
}
