//! Holds which kinds of record the log has, with their numbers, versions and budgets.
//! Never reuses a number: a card may still hold what was written under it. Called by everything that stores.

use vigie_store::{EventBudget, Kind, Options};

/// A device, in parts: key is its id and the number of the part.
pub const DEVICE: Kind = Kind { id: 1, version: 1 };
/// A change on the network; history.
pub const CHANGE: Kind = Kind { id: 2, version: 1 };
/// An account: key is its number.
pub const ACCOUNT: Kind = Kind { id: 3, version: 1 };
/// A boot of the machine and what the wall clock was: key is its number.
pub const BOOT: Kind = Kind { id: 4, version: 1 };
/// The number of a segment: key is the interface's name.
pub const SEGMENT: Kind = Kind { id: 5, version: 1 };
/// Settings made on the page: key is their name.
pub const SETTINGS: Kind = Kind { id: 6, version: 1 };
/// An entry of the audit log; history.
pub const AUDIT: Kind = Kind { id: 7, version: 1 };
/// The seal of the audit log: key is `seal`.
pub const AUDIT_SEAL: Kind = Kind { id: 8, version: 1 };
/// A sealed credential: key is its place.
pub const CREDENTIAL: Kind = Kind { id: 9, version: 1 };
/// That the first sweep of a segment began and was survived, and which numbers of scans are given away.
pub const WATCH: Kind = Kind { id: 16, version: 1 };
/// What a scan that a person asked for found, in parts: key is its number and the number of the part.
pub const KEPT_SCAN: Kind = Kind { id: 17, version: 1 };

/// History of changes: at about 100 bytes a change, 20,000 changes, months of a lively place.
const CHANGE_BYTES: u32 = 2 * 1024 * 1024;
/// The audit log: some 3,000 entries, years of a quiet place, a month under a flood of failed log-ins.
const AUDIT_BYTES: u32 = 384 * 1024;
/// The chain of the audit log lets go before the log of the card does, so that the seal always knows what is missing.
pub(super) const AUDIT_CHAIN_BYTES: usize = 320 * 1024;
/// 2,048 devices of 2 KiB each and the little rest.
const KEYED_BYTES: u32 = 5 * 1024 * 1024;
/// A device takes one key, and one more for each 3 KiB.
const MAX_KEYS: u32 = 8_192;

pub(super) const fn is_event(kind: u8) -> bool {
    kind == CHANGE.id || kind == AUDIT.id
}

pub(super) fn options() -> Options {
    Options {
        events: vec![
            EventBudget { kind: CHANGE.id, max_bytes: CHANGE_BYTES },
            EventBudget { kind: AUDIT.id, max_bytes: AUDIT_BYTES },
        ],
        max_keys: MAX_KEYS,
        max_keyed_bytes: KEYED_BYTES,
        max_segments: 96,
        ..Options::default()
    }
}
