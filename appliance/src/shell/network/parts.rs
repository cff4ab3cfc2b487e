//! Holds how something longer than one value lies in the log: in parts, each under the key of the whole and its own number.
//! Never interprets what it splits. Called by `record` and `kept`.

use std::collections::BTreeMap;

use vigie_store::format::MAX_VALUE_BYTES;
use vigie_store::{Durability, Kind};

use crate::shell::keeper::{Keeper, Stored};

/// The first byte of the first part says how many there are.
const HEAD: usize = 1;

fn part_key(key: &[u8], part: usize) -> Vec<u8> {
    key.iter().copied().chain([u8::try_from(part).unwrap_or(u8::MAX)]).collect()
}

/// Stores `bytes` under `key`. `false` when that takes more than `most` parts; then nothing is stored.
pub(super) fn write(keeper: &Keeper, kind: Kind, key: &[u8], bytes: &[u8], most: usize) -> bool {
    let parts = split(bytes);
    if parts.len() > most {
        return false;
    }
    for (number, part) in parts.iter().enumerate() {
        let head = if number == 0 { u8::try_from(parts.len()).ok() } else { None };
        let value = head.into_iter().chain(part.iter().copied()).collect();
        keeper.put(kind, &part_key(key, number), value, Durability::Batch);
    }
    // Parts of something longer from before are dead: the head says how many count. They go with the whole.
    true
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let first = bytes.len().min(MAX_VALUE_BYTES - HEAD);
    let (first, rest) = bytes.split_at(first);
    std::iter::once(first).chain(rest.chunks(MAX_VALUE_BYTES)).collect()
}

/// Deletes all of up to `most` parts.
pub(super) fn delete(keeper: &Keeper, kind: Kind, key: &[u8], most: usize) {
    for part in 0..most {
        keeper.delete(kind, &part_key(key, part));
    }
}

/// Puts the parts of one kind together, in the order of their keys; what lacks a part is left out.
pub(super) fn join_all<'a>(stored: impl Iterator<Item = &'a Stored>) -> Vec<Vec<u8>> {
    let mut wholes: BTreeMap<&[u8], BTreeMap<u8, &[u8]>> = BTreeMap::new();
    for row in stored {
        if let Some((part, key)) = row.key.split_last() {
            wholes.entry(key).or_default().insert(*part, &row.value);
        }
    }
    wholes.into_values().filter_map(|parts| join(&parts)).collect()
}

fn join(parts: &BTreeMap<u8, &[u8]>) -> Option<Vec<u8>> {
    let (count, first) = parts.get(&0)?.split_first()?;
    let mut bytes = first.to_vec();
    for part in 1..*count {
        bytes.extend_from_slice(parts.get(&part)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(parts: &[(&[u8], &[u8])]) -> Vec<Stored> {
        let row =
            |(key, value): &(&[u8], &[u8])| Stored { kind: 1, version: 1, key: key.to_vec(), value: value.to_vec() };
        parts.iter().map(row).collect()
    }

    #[test]
    fn what_lacks_a_part_is_left_out_and_dead_parts_do_not_count() {
        let rows = stored(&[
            (b"a\x00", b"\x02on"),
            (b"a\x01", b"e"),
            (b"b\x00", b"\x02tw"),
            (b"c\x00", b"\x01three"),
            (b"c\x01", b"dead"),
        ]);
        assert_eq!(join_all(rows.iter()), [b"one".to_vec(), b"three".to_vec()]);
    }
}
