//! Holds how devices and their changes are stored: a record in parts, since one with undoable merges may be longer than a
//! value, a change as it is. Never interprets them. Called by `start`, `hands` and `news`.

use vigie_core::lan::{Change, DeviceRecord, Lan};
use vigie_store::Durability;

use super::parts;
use super::rules::Rules;
use super::tidings::Tidings;
use crate::shell::keeper::{CHANGE, DEVICE, Keeper, Stored};

/// Parts of one record, at most: 24 KiB, eight times the longest record without merges.
const MAX_PARTS: usize = 8;

/// Stores a record. `false` when it is too long even in parts.
fn write(keeper: &Keeper, record: &DeviceRecord) -> bool {
    let key = record.id().0.to_be_bytes();
    postcard::to_allocvec(record).is_ok_and(|bytes| parts::write(keeper, DEVICE, &key, &bytes, MAX_PARTS))
}

/// Hands the records that wait to be stored, and those to be deleted, to the keeper.
pub(super) fn write_pending(keeper: &Keeper, lan: &Lan<Rules>, tidings: &mut Tidings) {
    for id in std::mem::take(&mut tidings.saves) {
        let Some(device) = lan.device(id) else { continue };
        if !write(keeper, device.record()) {
            tracing::warn!(device = id.0, "a device is not stored: its record is too long");
        }
    }
    for id in &tidings.forgotten {
        parts::delete(keeper, DEVICE, &id.0.to_be_bytes(), MAX_PARTS);
    }
}

/// Adds a change to history.
pub(super) fn write_change(keeper: &Keeper, change: &Change) {
    if let Ok(value) = postcard::to_allocvec(change) {
        keeper.append(CHANGE, value, Durability::Batch);
    }
}

/// Reads the records out of their parts; one with a part missing is left out.
pub(super) fn read_all<'a>(stored: impl Iterator<Item = &'a Stored>) -> Vec<DeviceRecord> {
    let read = |bytes: Vec<u8>| match postcard::from_bytes(&bytes) {
        Ok(record) => Some(record),
        Err(error) => {
            tracing::warn!("a stored device cannot be read and is left out: {error}");
            None
        }
    };
    parts::join_all(stored).into_iter().filter_map(read).collect()
}
