//! Holds the one error type of the crate; each variant is something else the caller can do.
//! It never carries keys or values, so it may be logged.
//! Everything in the crate that can fail returns it.

use crate::medium::MediumError;

/// What went wrong, by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The medium failed. The records stay in the batch; commit again at [`crate::Log::needs_flush_by`].
    Medium(MediumError),
    /// All segments are full of records that still count, although the budgets were checked at open: the medium cannot
    /// hold as many segments as the options promise. Free space on the medium; the records stay in the batch.
    Full,
    /// The batch in memory is full. Commit first; while the medium fails, keep the value and put it again later.
    BatchFull {
        /// Bytes the batch may hold.
        max_bytes: u32,
    },
    /// The key is longer than [`crate::format::MAX_KEY_BYTES`]: use a digest of it.
    KeyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The value is longer than [`crate::format::MAX_VALUE_BYTES`]: split it over several keys.
    ValueTooLong {
        /// Its length.
        bytes: usize,
    },
    /// No more keys fit the index: delete some, or raise `Options::max_keys`.
    TooManyKeys {
        /// The bound that was reached.
        max: u32,
    },
    /// Keyed records would take more than their budget: delete some, or raise `Options::max_keyed_bytes`.
    KeyedFull {
        /// The bound that was reached.
        max_bytes: u32,
    },
    /// The kind is reserved, or used both for keyed records and for events: a mistake in the program.
    WrongKind {
        /// The kind.
        kind: u8,
    },
    /// Two keys have the same 64-bit keyed hash: choose another key. Never seen; refused rather than mixed up.
    Collision,
    /// The record was there and is damaged. Nothing else is affected; put it again if its value is known.
    Damaged,
    /// The value does not decode as, or does not encode to, the type asked for: another version wrote it.
    Encoding,
    /// Another process has this data open: stop that one first.
    Locked {
        /// Its process id, when the system tells.
        pid: Option<u32>,
    },
    /// Newer software wrote this data: start that software. Nothing was changed.
    NewerFormat {
        /// Format found.
        found: u16,
        /// Newest format known here.
        known: u16,
    },
    /// Segments of this size do not work: a mistake in the program.
    SegmentSize {
        /// What the medium says.
        bytes: u32,
    },
    /// The budgets do not fit `max_segments`: raise it or lower them.
    Budgets {
        /// Bytes the budgets need with room for cleaning.
        needed_bytes: u64,
        /// Bytes that fit.
        fitting_bytes: u64,
    },
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Error::Medium(error) => error.fmt(f),
            Error::Full => f.write_str("the medium has no room for another segment and all segments are in use"),
            Error::BatchFull { max_bytes } => write!(f, "{max_bytes} bytes wait to be written; commit first"),
            Error::KeyTooLong { bytes } => write!(f, "key of {bytes} bytes is too long"),
            Error::ValueTooLong { bytes } => write!(f, "value of {bytes} bytes is too long"),
            Error::TooManyKeys { max } => write!(f, "the index holds its {max} keys"),
            Error::KeyedFull { max_bytes } => write!(f, "keyed records hold their {max_bytes} bytes"),
            Error::WrongKind { kind } => write!(f, "record kind {kind} is not declared for this use"),
            Error::Collision => f.write_str("two keys have the same hash"),
            Error::Damaged => f.write_str("the record is damaged on the medium"),
            Error::Encoding => f.write_str("the value does not fit the type"),
            Error::Locked { pid: Some(pid) } => write!(f, "the data is in use by process {pid}"),
            Error::Locked { pid: None } => f.write_str("the data is in use by another process"),
            Error::NewerFormat { found, known } => {
                write!(f, "the data has format {found}, this program knows up to {known}; nothing was changed")
            }
            Error::SegmentSize { bytes } => write!(f, "segments of {bytes} bytes do not work"),
            Error::Budgets { needed_bytes, fitting_bytes } => {
                write!(f, "the budgets need {needed_bytes} bytes, the segments hold {fitting_bytes}")
            }
        }
    }
}

impl core::error::Error for Error {}

impl From<MediumError> for Error {
    fn from(error: MediumError) -> Error {
        Error::Medium(error)
    }
}
