//! Holds the audit log: who did what, when, in a chain in which a changed, lost or added entry shows.
//! Never reads a clock, holds a key or a name of a person: accounts are numbers, signatures are made by the shell.
//! Called by the shell that keeps the log, and by whoever verifies it, on the appliance or elsewhere.
//!
//! Each entry carries SHA-256 of the one before, so a change anywhere breaks the link behind it. A signed [`Seal`] names
//! the last entry, so a cut tail shows, and the [`Anchor`]: the last entry that was dropped to keep the log within its
//! bytes. What this cannot show: somebody who has the device's key and the card can write a whole new log. Against that
//! only a hash of the head kept elsewhere helps, which is why it is shown wherever the log is.
//!
//! | file | duty |
//! | --- | --- |
//! | `kind` | what may be written down, each with its number |
//! | `entry` | one entry and its bytes |
//! | `chain` | the end of the chain, its anchor, and its bound |
//! | `verify` | what is wrong with a log, by name |
//! | `restraint` | how often a stranger can make us write |

mod chain;
mod entry;
mod kind;
mod restraint;
mod verify;

#[cfg(test)]
mod tampering_tests;

pub use chain::{Anchor, Chain, SEAL_BYTES, Seal};
pub use entry::{Actor, Draft, Entry, Hash, MAX_DETAIL_BYTES, MAX_ENTRY_BYTES, MAX_NAMED_BYTES, Object, hash};
pub use kind::{Kind, Theme};
pub use restraint::{MAX_PAIRS, Restraint, Verdict};
pub use verify::{Finding, MAX_FINDINGS, Report, Sealing, Verifier};
