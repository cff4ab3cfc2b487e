//! Holds how the record of a device lies in the log: in parts, since one with undoable merges may be longer than a value.
//! Never interprets the record. Called by `start` and `news`.

use std::collections::BTreeMap;

use vigie_core::lan::{DeviceId, DeviceRecord};
use vigie_store::Durability;
use vigie_store::format::MAX_VALUE_BYTES;

use crate::shell::keeper::{DEVICE, Keeper, Stored};

/// Parts of one record, at most: 24 KiB, eight times the longest record without merges.
const MAX_PARTS: usize = 8;
/// The first byte of the first part says how many there are.
const HEAD: usize = 1;

fn key(id: DeviceId, part: usize) -> [u8; 9] {
    let mut key = [0; 9];
    for (place, byte) in key.iter_mut().zip(id.0.to_be_bytes()) {
        *place = byte;
    }
    key[8] = u8::try_from(part).unwrap_or(u8::MAX);
    key
}

/// Stores a record. `false` when it is too long even in parts: the caller says so.
pub(super) fn write(keeper: &Keeper, record: &DeviceRecord) -> bool {
    let Ok(bytes) = postcard::to_allocvec(record) else { return false };
    let parts: Vec<&[u8]> = split(&bytes);
    if parts.len() > MAX_PARTS {
        return false;
    }
    for (number, part) in parts.iter().enumerate() {
        let head = if number == 0 { u8::try_from(parts.len()).ok() } else { None };
        let value = head.into_iter().chain(part.iter().copied()).collect();
        keeper.put(DEVICE, &key(record.id(), number), value, Durability::Batch);
    }
    // Parts of a longer record from before are dead: the head says how many count. They go with the device.
    true
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let first = bytes.len().min(MAX_VALUE_BYTES - HEAD);
    let (first, rest) = bytes.split_at(first);
    std::iter::once(first).chain(rest.chunks(MAX_VALUE_BYTES)).collect()
}

/// Deletes all parts of a record.
pub(super) fn delete(keeper: &Keeper, id: DeviceId) {
    for part in 0..MAX_PARTS {
        keeper.delete(DEVICE, &key(id, part));
    }
}

/// Reads the records out of their parts; one with a part missing is left out.
pub(super) fn read_all<'a>(stored: impl Iterator<Item = &'a Stored>) -> Vec<DeviceRecord> {
    let mut devices: BTreeMap<&[u8], BTreeMap<u8, &[u8]>> = BTreeMap::new();
    for row in stored {
        if let Some((part, id)) = row.key.split_last() {
            devices.entry(id).or_default().insert(*part, &row.value);
        }
    }
    devices.into_values().filter_map(|parts| join(&parts)).collect()
}

fn join(parts: &BTreeMap<u8, &[u8]>) -> Option<DeviceRecord> {
    let (count, first) = parts.get(&0)?.split_first()?;
    let mut bytes = first.to_vec();
    for part in 1..*count {
        bytes.extend_from_slice(parts.get(&part)?);
    }
    match postcard::from_bytes(&bytes) {
        Ok(record) => Some(record),
        Err(error) => {
            tracing::warn!("a stored device cannot be read and is left out: {error}");
            None
        }
    }
}
