//! Holds the flash log: records that survive power cuts on an SD card, written as rarely as honesty allows.
//! It never interprets a value, reads a clock, or writes while nothing changes.
//! The store task of the service calls it, one [`Log`] per data directory.
//!
//! # Shape
//!
//! Two classes of records share one append-only log:
//!
//! * **keyed** records ([`Log::put`], [`Log::delete`]): the latest value of (kind, key) wins;
//! * **events** ([`Log::append`]): history in order, a byte budget per kind, the oldest dropped first.
//!
//! Both only fill a batch in memory and return the record's sequence number. [`Log::commit`] writes the batch with one
//! write and one flush and returns the highest sequence that is now durable: answer "done" for a record only when
//! [`Log::acknowledged`] has reached its number. A batch is atomic: after a power cut it is there whole or not at all.
//! Time is an argument (milliseconds of any monotone clock); [`Log::needs_flush_by`] says when to come back.
//!
//! When the medium fails, records stay in the batch (memory only), [`Log::health`] says so, `needs_flush_by` paces the
//! retries and nothing that was acknowledged is lost. [`Log::maintain`] cleans old segments in bounded steps when
//! [`Log::needs_maintenance`] asks for it; a caller that never does gets the same work done inside `commit`.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use vigie_store::{Durability, EventBudget, FileMedium, Kind, Log, Options};
//!
//! const DEVICE: Kind = Kind { id: 1, version: 1 };
//! const AUDIT: Kind = Kind { id: 2, version: 1 };
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("log");
//! let options = Options { events: vec![EventBudget { kind: AUDIT.id, max_bytes: 256 * 1024 }], ..Options::default() };
//! let medium = FileMedium::open(&path)?;
//! let (mut log, report) = Log::open(medium, options.clone())?;
//! assert!(report.is_clean());
//!
//! let now_ms = 5_000;
//! log.put(now_ms, DEVICE, b"02:00:5e:10:00:01", b"printer", Durability::Batch)?;
//! let paid = log.append(now_ms, AUDIT, b"code issued", Durability::Now)?;
//! assert_eq!(log.needs_flush_by(), Some(now_ms)); // `Now` is due at once and takes the rest along
//! log.commit(now_ms)?;
//! assert!(log.acknowledged() >= paid); // only here may the answer "done" be sent
//! drop(log);
//!
//! let (mut log, _report) = Log::open(FileMedium::open(&path)?, options)?;
//! let mut names = Vec::new();
//! log.replay(&mut |record| names.push(record.value.to_vec()))?;
//! assert_eq!(names, [b"printer".to_vec(), b"code issued".to_vec()]);
//! # }
//! # Ok::<(), vigie_store::Error>(())
//! ```
//!
//! # How it keeps its word
//!
//! The layout is in [`mod@format`]; why each step survives a cut at any byte is told where the step is taken: opening in
//! `log/replay.rs`, writing in `log/writer.rs`, cleaning in `log/clean.rs`.
//!
//! What is assumed of the medium: a completed flush is durable; a write that is cut may leave any mix of old and new
//! 512-byte sectors, each possibly torn, within the range that was written; bytes of a page that were durable and are
//! rewritten unchanged stay what they are.
//!
//! # Mounting
//!
//! A flush of a preallocated segment commits no journal, but writing changes the file's time, which ext4 commits with
//! its journal every five seconds: some 12 KiB for a record that comes alone. Mounting the data partition with a long
//! `commit=` interval makes that rare; the log's durability does not depend on it.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable)
)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod format;
pub mod upgrade;

#[cfg(feature = "alloc")]
mod error;
#[cfg(feature = "alloc")]
mod log;
#[cfg(feature = "alloc")]
pub mod medium;
#[cfg(feature = "alloc")]
mod typed;

#[cfg(feature = "alloc")]
pub use error::Error;
#[cfg(feature = "alloc")]
pub use log::{
    Counters, Durability, EventBudget, Health, Kind, KindCounters, Log, Lost, Options, Record, Report, Usage,
};
#[cfg(feature = "std")]
pub use medium::file::FileMedium;
#[cfg(feature = "alloc")]
pub use medium::{Medium, MediumError};
