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
/// That the first sweep of a segment began and was survived, and which numbers of scans are given away.
pub const WATCH: Kind = Kind { id: 16, version: 1 };
/// What a scan that a person asked for found, in parts: key is its number and the number of the part.
pub const KEPT_SCAN: Kind = Kind { id: 17, version: 1 };

/// History of changes: at about 100 bytes a change, 20,000 changes, months of a lively place.
const CHANGE_BYTES: u32 = 2 * 1024 * 1024;
/// 2,048 devices of 2 KiB each and the little rest.
const KEYED_BYTES: u32 = 5 * 1024 * 1024;
/// A device takes one key, and one more for each 3 KiB.
const MAX_KEYS: u32 = 8_192;

pub(super) const fn is_event(kind: u8) -> bool {
    kind == CHANGE.id
}

pub(super) fn options() -> Options {
    Options {
        events: vec![EventBudget { kind: CHANGE.id, max_bytes: CHANGE_BYTES }],
        max_keys: MAX_KEYS,
        max_keyed_bytes: KEYED_BYTES,
        max_segments: 96,
        ..Options::default()
    }
}
