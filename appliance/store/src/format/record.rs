//! Holds one record: its 16-byte header, key and value, and the two kinds of records the log writes for itself.
//! It never believes a byte that its CRC does not cover, and never reads past what it was given.
//! The log calls it with the place of the record, because the CRC covers the place.

use super::{ALIGN_BYTES, FIRST_OWN_KIND, MAX_KEY_BYTES, MAX_VALUE_BYTES, align_up, place, u16_at, u32_at, u64_at};

/// Bytes before the key.
pub const HEADER_BYTES: usize = 16;

/// Most bytes a record takes beside its key and value: the header, and the rest of the last word.
pub const MAX_FRAME_BYTES: u32 = HEADER_BYTES as u32 + 8;

/// Bytes of a mark, header included.
pub const OWN_RECORD_BYTES: u32 = 24;

/// Longest record, rounded up as on the medium.
pub const MAX_RECORD_BYTES: u32 = align_up((HEADER_BYTES + MAX_KEY_BYTES + MAX_VALUE_BYTES) as u32);

/// Sequences have 48 bits on the medium: at a thousand records a second that is 8,900 years.
pub const MAX_SEQUENCE: u64 = (1 << 48) - 1;

/// Kind of the record that starts a batch.
pub const KIND_MARK: u8 = 0xFF;

/// Kind of the record that moves the oldest segment that counts.
pub const KIND_CHECKPOINT: u8 = 0xFE;

/// Bytes of a floor in a checkpoint: kind and 48 bits of sequence.
const FLOOR_BYTES: usize = 7;

/// One floor for each kind there can be.
const MAX_FLOORS: usize = FIRST_OWN_KIND as usize - 1;

/// What a record is to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Class {
    /// Latest value of (kind, key).
    Keyed = 0,
    /// (kind, key) has no value any more.
    Tombstone = 1,
    /// A piece of history.
    Event = 2,
    /// The log's own: mark or checkpoint.
    Own = 3,
}

impl Class {
    fn of(flags: u8) -> Option<Class> {
        match flags {
            0 => Some(Class::Keyed),
            1 => Some(Class::Tombstone),
            2 => Some(Class::Event),
            3 => Some(Class::Own),
            _ => None,
        }
    }
}

/// Everything about a record but its key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Head {
    /// What the caller calls it; 1 to 0xEF, the rest is the log's.
    pub kind: u8,
    /// Version of the value's own encoding, the caller's business.
    pub version: u8,
    /// Unique and growing; a copy made by cleaning keeps it.
    pub sequence: u64,
    /// What it is to the log.
    pub class: Class,
}

/// Where a record lies; part of what its CRC covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// CRC of the segment's header.
    pub seed: u32,
    /// Offset in the segment.
    pub offset: u32,
}

/// A record as found, borrowed from the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// Header fields.
    pub head: Head,
    /// Key, empty for events.
    pub key: &'a [u8],
    /// Value, empty for tombstones.
    pub value: &'a [u8],
    /// Bytes on the medium with header and padding: the next record starts here.
    pub bytes: u32,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mark {
    /// Offset at which the batch before ended.
    pub previous_end: u32,
    /// Bytes of the batch, the mark included.
    pub bytes: u32,
}

/// Bytes a record with this key and value takes on the medium.
#[must_use]
pub fn encoded_bytes(key: &[u8], value: &[u8]) -> u32 {
    let body = key.len().saturating_add(value.len()).saturating_add(HEADER_BYTES);
    align_up(u32::try_from(body).unwrap_or(u32::MAX))
}

fn checksum(site: Site, covered: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new_with_initial(site.seed);
    crc.update(&site.offset.to_le_bytes());
    crc.update(covered);
    crc.finalize()
}

/// Writes a record to the start of `out` and returns its length with padding. `None` when key or value are longer than
/// the bounds, the sequence is used up, or `out` is too short.
pub fn encode(site: Site, head: &Head, key: &[u8], value: &[u8], out: &mut [u8]) -> Option<usize> {
    if key.len() > MAX_KEY_BYTES || value.len() > MAX_VALUE_BYTES || head.sequence > MAX_SEQUENCE {
        return None;
    }
    let body = key.len().checked_add(value.len())?;
    let end = HEADER_BYTES.checked_add(body)?;
    let total = usize::try_from(encoded_bytes(key, value)).ok()?;
    let out = out.get_mut(..total)?;
    place(out, 4, &u16::try_from(body).ok()?.to_le_bytes())?;
    place(out, 6, &[head.kind, head.version])?;
    place(out, 8, head.sequence.to_le_bytes().get(..6)?)?;
    place(out, 14, &[head.class as u8, u8::try_from(key.len()).ok()?])?;
    place(out, HEADER_BYTES, key)?;
    place(out, HEADER_BYTES.checked_add(key.len())?, value)?;
    out.get_mut(end..)?.fill(0);
    let crc = checksum(site, out.get(4..end)?);
    place(out, 0, &crc.to_le_bytes())?;
    Some(total)
}

/// Reads the record at the start of `bytes`. `None` for anything that is not a whole record written to this place.
#[must_use]
pub fn decode(site: Site, bytes: &[u8]) -> Option<View<'_>> {
    let header = bytes.get(..HEADER_BYTES)?;
    let crc = u32_at(header, 0)?;
    let body = usize::from(u16_at(header, 4)?);
    let [kind, version] = *header.get(6..)?.first_chunk()?;
    let [flags, key_len] = *header.get(14..)?.first_chunk()?;
    let (class, key_len) = (Class::of(flags)?, usize::from(key_len));
    if kind == 0 || key_len > MAX_KEY_BYTES || key_len > body || body.checked_sub(key_len)? > MAX_VALUE_BYTES {
        return None;
    }
    if (class == Class::Own) != (kind >= FIRST_OWN_KIND) {
        return None;
    }
    let end = HEADER_BYTES.checked_add(body)?;
    if checksum(site, bytes.get(4..end)?) != crc {
        return None;
    }
    let sequence = u64_at(header, 8)? & MAX_SEQUENCE;
    let (key, value) = bytes.get(HEADER_BYTES..end)?.split_at_checked(key_len)?;
    let head = Head { kind, version, sequence, class };
    Some(View { head, key, value, bytes: encoded_bytes(key, value) })
}

/// Writes the mark of a batch of `mark.bytes` bytes.
pub fn encode_mark(site: Site, sequence: u64, mark: Mark, out: &mut [u8]) -> Option<usize> {
    let head = Head { kind: KIND_MARK, version: 1, sequence, class: Class::Own };
    let [a, b, c, d] = mark.previous_end.to_le_bytes();
    let [e, f, g, h] = mark.bytes.to_le_bytes();
    encode(site, &head, &[], &[a, b, c, d, e, f, g, h], out)
}

/// Bytes of a checkpoint with so many floors.
#[must_use]
pub fn checkpoint_bytes(floors: usize) -> u32 {
    let body = floors.saturating_mul(FLOOR_BYTES).saturating_add(HEADER_BYTES + 8);
    align_up(u32::try_from(body).unwrap_or(u32::MAX))
}

/// Writes a checkpoint: segments before `first_generation` do not count any more, and neither do events of a kind with
/// a sequence below its floor. Without the floors an old event, dropped for its budget, could come back when a newer
/// one dropped after it lay in a segment that was cleaned earlier.
pub fn encode_checkpoint(
    site: Site,
    sequence: u64,
    first_generation: u64,
    floors: &[(u8, u64)],
    out: &mut [u8],
) -> Option<usize> {
    let head = Head { kind: KIND_CHECKPOINT, version: 1, sequence, class: Class::Own };
    let mut body = [0; 8 + MAX_FLOORS * FLOOR_BYTES];
    place(&mut body, 0, &first_generation.to_le_bytes())?;
    let mut end = 8;
    for (kind, floor) in floors {
        place(&mut body, end, &[*kind])?;
        place(&mut body, end + 1, floor.to_le_bytes().get(..6)?)?;
        end += FLOOR_BYTES;
    }
    encode(site, &head, &[], body.get(..end)?, out)
}

impl View<'_> {
    /// The mark in this record, if it is one.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        if self.head.kind != KIND_MARK {
            return None;
        }
        let mark = Mark { previous_end: u32_at(self.value, 0)?, bytes: u32_at(self.value, 4)? };
        let aligned = mark.bytes.is_multiple_of(ALIGN_BYTES) && mark.previous_end.is_multiple_of(ALIGN_BYTES);
        (aligned && mark.bytes >= OWN_RECORD_BYTES).then_some(mark)
    }

    /// The generation in this checkpoint, if it is one.
    #[must_use]
    pub fn checkpoint(&self) -> Option<u64> {
        if self.head.kind != KIND_CHECKPOINT {
            return None;
        }
        u64_at(self.value, 0)
    }

    /// The floors in this checkpoint: kind and the lowest sequence that counts.
    pub fn floors(&self) -> impl Iterator<Item = (u8, u64)> {
        let list = if self.head.kind == KIND_CHECKPOINT { self.value.get(8..).unwrap_or_default() } else { &[] };
        list.chunks_exact(FLOOR_BYTES).filter_map(|entry| {
            let [kind, a, b, c, d, e, f] = *entry.first_chunk()?;
            Some((kind, u64::from_le_bytes([a, b, c, d, e, f, 0, 0])))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site = Site { seed: 0x1234_5678, offset: 1024 };
    const HEAD: Head = Head { kind: 7, version: 3, sequence: 0x0102_0304_0506, class: Class::Keyed };

    #[test]
    fn a_record_has_these_bytes() {
        let mut out = [0xAA; 64];
        assert_eq!(encode(SITE, &HEAD, b"key", b"value", &mut out), Some(24));
        let mut expected = vec![0; 4];
        expected.extend_from_slice(&[8, 0, 7, 3, 6, 5, 4, 3, 2, 1, 0, 3]);
        expected.extend_from_slice(b"keyvalue");
        assert_eq!(out[4..24], expected[4..]);
        // The CRC by another road: one run over offset and record, continued from the seed.
        let mut covered = 1024u32.to_le_bytes().to_vec();
        covered.extend_from_slice(&expected[4..]);
        let mut crc = !0x1234_5678u32;
        for byte in covered {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            }
        }
        assert_eq!(out[..4], (!crc).to_le_bytes());
        assert_eq!(out[24..], [0xAA; 40]);
    }

    #[test]
    fn padding_is_zero_and_not_part_of_the_value() {
        let mut out = [0xAA; 64];
        assert_eq!(encode(SITE, &HEAD, b"k", b"1234", &mut out), Some(24));
        assert_eq!(out[21..24], [0; 3]);
        let view = decode(SITE, &out).unwrap();
        assert_eq!((view.key, view.value, view.bytes), (&b"k"[..], &b"1234"[..], 24));
        assert_eq!(view.head, HEAD);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut out = [0; 40];
        let len = encode(SITE, &HEAD, b"key", b"0123456789", &mut out).unwrap();
        assert_eq!(len, 32);
        for bit in 0..29 * 8 {
            out[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(SITE, &out).is_none(), "bit {bit}");
            out[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(decode(SITE, &out).is_some());
    }

    #[test]
    fn a_record_is_only_valid_where_it_was_written() {
        let mut out = [0; 40];
        encode(SITE, &HEAD, b"key", b"value", &mut out).unwrap();
        assert!(decode(Site { offset: 1032, ..SITE }, &out).is_none());
        assert!(decode(Site { seed: 1, ..SITE }, &out).is_none());
    }

    #[test]
    fn every_prefix_is_refused() {
        let mut out = [0; 40];
        encode(SITE, &HEAD, b"key", b"0123456789", &mut out).unwrap();
        for len in 0..29 {
            assert!(decode(SITE, &out[..len]).is_none());
        }
        assert!(decode(SITE, &[0; 4096]).is_none());
        assert!(decode(SITE, &[0xFF; 4096]).is_none());
    }

    #[test]
    fn the_longest_record_fits_and_one_byte_more_does_not() {
        let mut out = vec![0; 8192];
        let (key, value) = ([1; MAX_KEY_BYTES], vec![2; MAX_VALUE_BYTES]);
        let len = encode(SITE, &HEAD, &key, &value, &mut out).unwrap();
        assert_eq!(len, MAX_RECORD_BYTES as usize);
        assert_eq!(decode(SITE, &out).unwrap().value, value);
        assert!(encode(SITE, &HEAD, &[1; MAX_KEY_BYTES + 1], b"", &mut out).is_none());
        assert!(encode(SITE, &HEAD, b"", &vec![2; MAX_VALUE_BYTES + 1], &mut out).is_none());
        assert!(encode(SITE, &Head { sequence: MAX_SEQUENCE + 1, ..HEAD }, b"", b"", &mut out).is_none());
        assert!(encode(SITE, &HEAD, b"key", b"value", &mut out[..23]).is_none());
    }

    #[test]
    fn marks_and_checkpoints_carry_their_numbers() {
        let mut out = [0; 24];
        let mark = Mark { previous_end: 2048, bytes: 96 };
        assert_eq!(encode_mark(SITE, 9, mark, &mut out), Some(24));
        assert_eq!(out[4..], [8, 0, 0xFF, 1, 9, 0, 0, 0, 0, 0, 3, 0, 0, 8, 0, 0, 96, 0, 0, 0]);
        let view = decode(SITE, &out).unwrap();
        assert_eq!((view.mark(), view.checkpoint()), (Some(mark), None));
        let mut out = [0; 40];
        assert_eq!(encode_checkpoint(SITE, 9, 77, &[(5, 0x010203)], &mut out), Some(32));
        assert_eq!(out[4..24], [15, 0, 0xFE, 1, 9, 0, 0, 0, 0, 0, 3, 0, 77, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out[24..32], [5, 3, 2, 1, 0, 0, 0, 0]);
        let view = decode(SITE, &out).unwrap();
        assert_eq!((view.mark(), view.checkpoint(), view.bytes), (None, Some(77), checkpoint_bytes(1)));
        assert_eq!(view.floors().collect::<Vec<_>>(), [(5, 0x010203)]);
        let all: Vec<_> = (1..FIRST_OWN_KIND).map(|kind| (kind, MAX_SEQUENCE)).collect();
        let mut out = [0; 2048];
        let len = encode_checkpoint(SITE, 9, 1, &all, &mut out).unwrap();
        assert_eq!(len, checkpoint_bytes(all.len()) as usize);
        assert_eq!(decode(SITE, &out).unwrap().floors().collect::<Vec<_>>(), all);
    }
}
