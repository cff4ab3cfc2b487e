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
/// Settings of the workstations, and which numbers are given away: keys are `settings` and `counters`.
pub const KIOSK_SETTINGS: Kind = Kind { id: 32, version: 1 };
/// A group of workstations, or that it was removed: key is its number.
pub const KIOSK_GROUP: Kind = Kind { id: 33, version: 1 };
/// A workstation as the desk sees it: key is its number.
pub const KIOSK_STATION: Kind = Kind { id: 34, version: 1 };
/// A workstation as the register has it: key is its number.
pub const KIOSK_WORKSTATION: Kind = Kind { id: 35, version: 1 };
/// A session, one that is over included: key is its number.
pub const KIOSK_SESSION: Kind = Kind { id: 36, version: 1 };
/// What a person had today: key is the person's number.
pub const KIOSK_USAGE: Kind = Kind { id: 37, version: 1 };
/// A person, sealed with a key of that person: key is the number.
pub const KIOSK_PERSON: Kind = Kind { id: 38, version: 1 };
/// What a day came to: key is the day.
pub const KIOSK_DAY: Kind = Kind { id: 39, version: 1 };
/// What sessions that are not over have used as far as is proved: one row.
pub const KIOSK_PROVED: Kind = Kind { id: 40, version: 1 };

/// History of changes: at about 100 bytes a change, 20,000 changes, months of a lively place.
const CHANGE_BYTES: u32 = 2 * 1024 * 1024;
/// The audit log: some 18,000 entries, ten for each timed session: a month of sixty sessions a day; older ones are put into
/// the archive before they leave.
const AUDIT_BYTES: u32 = 2 * 1024 * 1024;
/// The chain of the audit log lets go before the log of the card does, so that the seal always knows what is missing.
pub(super) const AUDIT_CHAIN_BYTES: usize = 1_920 * 1024;
/// 2,048 devices of 2 KiB each, 4,096 people of half a KiB, 8,192 past sessions of 160 B, and the little rest.
const KEYED_BYTES: u32 = 10 * 1024 * 1024;
/// A device takes one key, and one more for each 3 KiB; a person two, a session one. The index takes 34 B of memory for each
/// that is there.
const MAX_KEYS: u32 = 28 * 1_024;

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
        max_segments: 128,
        // What nobody was answered for: shown warnings and the like, told again by themselves after a power cut.
        lazy_ms: 60_000,
        ..Options::default()
    }
}
