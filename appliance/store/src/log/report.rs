//! Holds what the log says about itself: the report of an opening, health, usage and counters.
//! It never holds keys or values, so all of it may go to logs and metrics.
//! The service reads it for the journal, the metrics and the System tab.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::Error;

/// Damages listed one by one in a report; more are only counted, so that a dying card cannot fill the memory.
pub(super) const MAX_LOST_LISTED: usize = 16;

/// Acknowledged bytes that are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lost {
    /// Segment, by its place in the log.
    pub generation: u64,
    /// Where in it.
    pub offset: u32,
    /// How many bytes.
    pub bytes: u32,
    /// Kind of the lost record, as far as its damaged header tells.
    pub kind: Option<u8>,
    /// Sequence of the lost record, as far as its damaged header tells.
    pub sequence: Option<u64>,
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments that count.
    pub segments: u32,
    /// Records that count: latest values and retained events.
    pub records: u64,
    /// Bytes read; divided by the speed of the medium this is the time opening takes.
    pub bytes_read: u64,
    /// Bytes of the last, never acknowledged batch that a cut tore; dropped.
    pub torn_bytes: u64,
    /// The first damages found, at most 16. A damage in the very last batch cannot be told from a torn one.
    pub lost: Vec<Lost>,
    /// All damages found.
    pub lost_total: u32,
    /// Segments between the oldest and the newest that are missing or have no readable header.
    pub missing_segments: u32,
    /// Segments with bytes but without a readable header. Right after a cut one of them may be a segment that was just
    /// being used again; they are used last.
    pub unreadable_segments: u32,
    /// Pages of segments that count which could not be read.
    pub unreadable_pages: u32,
    /// Segments of another store, left alone.
    pub foreign_segments: u32,
    /// The medium cannot be written; the log works in memory only until it can.
    pub trouble: Option<Error>,
}

impl Report {
    /// Nothing torn, nothing lost, nothing odd.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let counts = [self.lost_total, self.missing_segments, self.unreadable_segments, self.unreadable_pages];
        self.torn_bytes == 0 && self.trouble.is_none() && counts.iter().all(|&count| count == 0)
    }

    pub(super) fn add_lost(&mut self, lost: Lost) {
        self.lost_total = self.lost_total.saturating_add(1);
        if self.lost.len() < MAX_LOST_LISTED {
            self.lost.push(lost);
        }
    }
}

/// Whether records reach the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Health {
    /// They do.
    Good,
    /// They stay in memory; nothing acknowledged is lost.
    MemoryOnly {
        /// What the last attempt met.
        error: Error,
        /// When the first failing attempt was, in the caller's milliseconds.
        since_ms: u64,
        /// When `commit` tries again by itself.
        retry_at_ms: u64,
        /// Attempts that failed since then.
        attempts: u32,
    },
}

/// What happened to records of one kind since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KindCounters {
    /// Made durable; copies made by cleaning not counted.
    pub written: u64,
    /// Events that had to go for newer ones.
    pub dropped: u64,
}

/// What happened since the log was opened; only ever grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes handed to the medium, segments being made included.
    pub bytes_written: u64,
    /// Bytes the card sees: every 4 KiB page touched, once per flush, segments being made included.
    pub page_bytes_written: u64,
    /// Flushes asked of the medium.
    pub flushes: u64,
    /// Batches made durable.
    pub commits: u64,
    /// Attempts to write that failed.
    pub failures: u64,
    /// Puts that changed nothing and cost nothing.
    pub unchanged: u64,
    /// Waiting values that a newer one replaced before they were written.
    pub coalesced: u64,
    /// Segments made.
    pub segments_created: u64,
    /// Segments cleaned and used again.
    pub segments_cleaned: u64,
    /// Records copied by cleaning.
    pub records_moved: u64,
    /// Bytes copied by cleaning.
    pub bytes_moved: u64,
    /// Records found damaged after opening.
    pub lost: u64,
    /// By kind; as many entries as kinds were written.
    pub kinds: BTreeMap<u8, KindCounters>,
}

/// How full the log is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    /// Keys with a value.
    pub keys: u32,
    /// Deleted keys whose deletion is still needed on the medium.
    pub tombstones: u32,
    /// Bytes of latest values on the medium.
    pub keyed_bytes: u64,
    /// Events retained.
    pub events: u64,
    /// Bytes charged for them.
    pub event_bytes: u64,
    /// Records waiting for a commit.
    pub waiting: u32,
    /// Segments that count.
    pub segments: u32,
    /// Segments on the medium.
    pub segments_made: u32,
}
