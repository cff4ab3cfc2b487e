//! Holds what a caller chooses: kinds, budgets, deadlines.
//! It never holds state.
//! The service makes one [`Options`] from its limits; opening the log checks it.

use alloc::vec::Vec;

use crate::Error;
use crate::format::record::{MAX_RECORD_BYTES, OWN_RECORD_BYTES};
use crate::format::{DATA_START, FIRST_OWN_KIND};

/// What a record is, to the caller: a number for its type and the version of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Kind {
    /// 1 to 0xEF.
    pub id: u8,
    /// Version of the value's encoding; comes back with the record, so that an old value is decoded as what it is.
    pub version: u8,
}

impl Kind {
    pub(super) fn check(self, is_event: bool, options: &Options) -> Result<(), Error> {
        let declared = options.events.iter().any(|budget| budget.kind == self.id);
        if self.id == 0 || self.id >= FIRST_OWN_KIND || declared != is_event {
            return Err(Error::WrongKind { kind: self.id });
        }
        Ok(())
    }
}

/// How long a record may wait for its flush. It only sets a deadline; whatever is committed first takes the rest along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Durability {
    /// Somebody waits for the answer: due at once.
    Now,
    /// Due after [`Options::batch_ms`].
    Batch,
    /// Merely observed: due after [`Options::lazy_ms`], usually written in the slack of somebody else's page.
    Lazy,
}

/// Bytes of history kept of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventBudget {
    /// The kind; declaring it here makes it a kind of events.
    pub kind: u8,
    /// Bytes on the medium, headers included; each event is charged at least 64. The oldest are dropped first.
    pub max_bytes: u32,
}

/// What a caller chooses. The default suits the appliance: at most 16 MiB on the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Kinds that are events, with their budgets. Every other kind is keyed.
    pub events: Vec<EventBudget>,
    /// Keys with a value, all kinds together; the index takes about 34 bytes of memory for each.
    pub max_keys: u32,
    /// Bytes of keyed records on the medium, headers included.
    pub max_keyed_bytes: u32,
    /// Bytes that may wait in memory for a commit.
    pub max_batch_bytes: u32,
    /// Segments at most, 4 to 1,024.
    pub max_segments: u16,
    /// Segments below which nothing is cleaned: space is cheaper than writes.
    pub min_segments: u16,
    /// Deadline of [`Durability::Batch`]: what a power cut may cost at most.
    pub batch_ms: u64,
    /// Deadline of [`Durability::Lazy`].
    pub lazy_ms: u64,
    /// Seed for names and salts. With the standard library the default is random; elsewhere the caller must set it
    /// from its random number generator, and tests set it to replay.
    pub entropy: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            events: Vec::new(),
            max_keys: 8192,
            max_keyed_bytes: 2 * 1024 * 1024,
            max_batch_bytes: 64 * 1024,
            max_segments: 64,
            min_segments: 8,
            batch_ms: 1000,
            lazy_ms: 15 * 60 * 1000,
            entropy: default_entropy(),
        }
    }
}

#[cfg(feature = "std")]
fn default_entropy() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(0u8)
}

#[cfg(not(feature = "std"))]
fn default_entropy() -> u64 {
    0
}

impl Options {
    /// Bytes of the batch that fit half a segment: the other half is for what cleaning adds.
    pub(super) fn batch_limit(&self, segment_bytes: u32) -> u32 {
        let half = (segment_bytes.saturating_sub(DATA_START)) / 2;
        self.max_batch_bytes.clamp(MAX_RECORD_BYTES, half.max(MAX_RECORD_BYTES))
    }

    /// Refuses budgets that cleaning could not keep up with: live records may fill three quarters of the segments,
    /// four of them set aside for the head, its successor and the two that cleaning needs.
    pub(super) fn check(&self, segment_bytes: u32) -> Result<(), Error> {
        if let Some(bad) = self.events.iter().find(|budget| budget.kind == 0 || budget.kind >= FIRST_OWN_KIND) {
            return Err(Error::WrongKind { kind: bad.kind });
        }
        let events: u64 = self.events.iter().map(|budget| u64::from(budget.max_bytes)).sum();
        let needed_bytes = events.saturating_add(u64::from(self.max_keyed_bytes));
        let data = u64::from(segment_bytes.saturating_sub(DATA_START + OWN_RECORD_BYTES));
        let fitting_bytes = u64::from(self.max_segments.min(1024).saturating_sub(4)).saturating_mul(data) / 4 * 3;
        if needed_bytes > fitting_bytes {
            return Err(Error::Budgets { needed_bytes, fitting_bytes });
        }
        Ok(())
    }
}
