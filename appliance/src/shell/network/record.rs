//! Holds how the record of a device lies in the log: in parts, since one with undoable merges may be longer than a value.
//! Never interprets the record. Called by `start` and `news`.

use vigie_core::lan::{DeviceId, DeviceRecord};

use super::parts;
use crate::shell::keeper::{DEVICE, Keeper, Stored};

/// Parts of one record, at most: 24 KiB, eight times the longest record without merges.
const MAX_PARTS: usize = 8;

/// Stores a record. `false` when it is too long even in parts: the caller says so.
pub(super) fn write(keeper: &Keeper, record: &DeviceRecord) -> bool {
    let key = record.id().0.to_be_bytes();
    postcard::to_allocvec(record).is_ok_and(|bytes| parts::write(keeper, DEVICE, &key, &bytes, MAX_PARTS))
}

/// Deletes all parts of a record.
pub(super) fn delete(keeper: &Keeper, id: DeviceId) {
    parts::delete(keeper, DEVICE, &id.0.to_be_bytes(), MAX_PARTS);
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
