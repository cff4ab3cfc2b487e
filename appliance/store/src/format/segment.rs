//! Holds the header of a segment and the chain it makes: who came before, and where that one ended.
//! It never decides which segment counts.
//! The log writes one when it opens a fresh segment and reads all of them when it starts.

use super::{DATA_START, FORMAT, SECTOR_BYTES, place, u16_at, u32_at, u64_at};
use crate::upgrade::reader_of;

/// Bytes of one copy of the header.
pub const HEADER_BYTES: usize = 64;

/// First bytes of every segment of every format.
pub const MAGIC: [u8; 8] = *b"VIGIELOG";

/// Header of a segment, format 1.
///
/// ```text
/// magic 8 | format u16 | header bytes u16 | segment bytes u32 | store u64 | generation u64
/// | first generation u64 | previous generation u48, previous end / 8 u16 | next sequence u64 | salt u32 | crc32 u32
/// ```
///
/// Magic, format and the CRC over the first 60 bytes stay where they are in every later format, so that old code can
/// tell "newer than me" from damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// Bytes of the segment.
    pub segment_bytes: u32,
    /// Random name of the store; segments of another one are not ours. Also keys the hash of the index.
    pub store: u64,
    /// Position in the log; each attempt to open a segment gets a new, higher one.
    pub generation: u64,
    /// Oldest generation that counted when this segment was opened.
    pub first_generation: u64,
    /// Generation of the segment before this one, 0 for the first.
    pub previous_generation: u64,
    /// Where that segment's acknowledged bytes end; whatever follows there was never acknowledged.
    pub previous_end: u32,
    /// No record so far has this sequence or a higher one.
    pub next_sequence: u64,
    /// Random, so that two attempts at one generation never accept each other's records.
    pub salt: u32,
}

/// What the first 64 bytes of a segment turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A header of a format this code reads, with its CRC, the seed of all record CRCs in the segment.
    Header(Header, u32),
    /// A sound header of a newer format.
    Newer(u16),
    /// All zeros: never used.
    Blank,
    /// Anything else.
    Damaged,
}

impl Header {
    /// Writes one copy; returns the bytes and their CRC. `None` when a number does not fit its field.
    #[must_use]
    pub fn encode(&self) -> Option<([u8; HEADER_BYTES], u32)> {
        let mut out = [0; HEADER_BYTES];
        place(&mut out, 0, &MAGIC)?;
        place(&mut out, 8, &FORMAT.to_le_bytes())?;
        place(&mut out, 10, &u16::try_from(HEADER_BYTES).ok()?.to_le_bytes())?;
        place(&mut out, 12, &self.segment_bytes.to_le_bytes())?;
        place(&mut out, 16, &self.store.to_le_bytes())?;
        place(&mut out, 24, &self.generation.to_le_bytes())?;
        place(&mut out, 32, &self.first_generation.to_le_bytes())?;
        if self.previous_generation >= 1 << 48 {
            return None;
        }
        place(&mut out, 40, self.previous_generation.to_le_bytes().get(..6)?)?;
        place(&mut out, 46, &u16::try_from(self.previous_end / super::ALIGN_BYTES).ok()?.to_le_bytes())?;
        place(&mut out, 48, &self.next_sequence.to_le_bytes())?;
        place(&mut out, 56, &self.salt.to_le_bytes())?;
        let crc = crc32fast::hash(out.get(..60)?);
        place(&mut out, 60, &crc.to_le_bytes())?;
        Some((out, crc))
    }

    /// Both copies as they lie at the start of a segment, with the seed.
    #[must_use]
    pub fn encode_front(&self) -> Option<([u8; DATA_START as usize], u32)> {
        let (copy, crc) = self.encode()?;
        let mut front = [0; DATA_START as usize];
        place(&mut front, 0, &copy)?;
        place(&mut front, SECTOR_BYTES as usize, &copy)?;
        Some((front, crc))
    }

    fn decode(bytes: &[u8]) -> Option<(Header, u32)> {
        let crc = u32_at(bytes, 60)?;
        let previous = u64_at(bytes, 40)?;
        let header = Header {
            segment_bytes: u32_at(bytes, 12)?,
            store: u64_at(bytes, 16)?,
            generation: u64_at(bytes, 24)?,
            first_generation: u64_at(bytes, 32)?,
            previous_generation: previous & ((1 << 48) - 1),
            previous_end: u32::from(u16_at(bytes, 46)?).saturating_mul(super::ALIGN_BYTES),
            next_sequence: u64_at(bytes, 48)?,
            salt: u32_at(bytes, 56)?,
        };
        Some((header, crc))
    }
}

/// Reads one copy.
#[must_use]
pub fn read_copy(bytes: &[u8]) -> Found {
    let Some(bytes) = bytes.get(..HEADER_BYTES) else { return Found::Damaged };
    if bytes.iter().all(|&byte| byte == 0) {
        return Found::Blank;
    }
    let sound = bytes.starts_with(&MAGIC) && bytes.get(..60).map(crc32fast::hash) == u32_at(bytes, 60);
    match (sound, u16_at(bytes, 8)) {
        (true, Some(FORMAT)) => Header::decode(bytes).map_or(Found::Damaged, |(h, crc)| Found::Header(h, crc)),
        (true, Some(format)) if reader_of(format).is_err() => Found::Newer(format),
        _ => Found::Damaged,
    }
}

/// Reads the first [`DATA_START`] bytes of a segment: the better of the two copies. When both are sound the higher
/// generation counts, for the other one is left from the segment's last use.
#[must_use]
pub fn read_front(front: &[u8]) -> Found {
    let first = read_copy(front);
    let second = front.get(SECTOR_BYTES as usize..).map_or(Found::Damaged, read_copy);
    match (first, second) {
        (Found::Newer(format), _) | (_, Found::Newer(format)) => Found::Newer(format),
        (Found::Header(a, x), Found::Header(b, y)) => {
            if b.generation > a.generation {
                Found::Header(b, y)
            } else {
                Found::Header(a, x)
            }
        }
        (Found::Header(header, crc), _) | (_, Found::Header(header, crc)) => Found::Header(header, crc),
        (Found::Blank, Found::Blank) => Found::Blank,
        _ => Found::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        segment_bytes: 0x0004_0000,
        store: 0x1122_3344_5566_7788,
        generation: 9,
        first_generation: 2,
        previous_generation: 8,
        previous_end: 0x0001_0008,
        next_sequence: 1000,
        salt: 0xCAFE_F00D,
    };

    #[test]
    fn a_header_has_these_bytes() {
        let (bytes, crc) = HEADER.encode().unwrap();
        let expected: [u8; 60] = [
            b'V', b'I', b'G', b'I', b'E', b'L', b'O', b'G', 1, 0, 64, 0, 0, 0, 4, 0, // magic, format, sizes
            0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 9, 0, 0, 0, 0, 0, 0, 0, // store, generation
            2, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0x20, // first and previous generation, previous end / 8
            0xE8, 3, 0, 0, 0, 0, 0, 0, 0x0D, 0xF0, 0xFE, 0xCA, // next sequence, salt
        ];
        assert_eq!(bytes[..60], expected);
        assert_eq!(bytes[60..], crc.to_le_bytes());
        assert_eq!(read_copy(&bytes), Found::Header(HEADER, crc));
    }

    #[test]
    fn one_bad_copy_costs_nothing_and_the_newer_of_two_counts() {
        let (mut front, crc) = HEADER.encode_front().unwrap();
        front[3] ^= 1;
        assert_eq!(read_front(&front), Found::Header(HEADER, crc));
        let newer = Header { generation: 10, ..HEADER };
        let (bytes, newer_crc) = newer.encode().unwrap();
        front[..64].copy_from_slice(&bytes);
        assert_eq!(read_front(&front), Found::Header(newer, newer_crc));
        front[..64].fill(0);
        assert_eq!(read_front(&front), Found::Header(HEADER, crc));
        front[512..576].fill(1);
        assert_eq!(read_front(&front), Found::Damaged);
        assert_eq!(read_front(&[0; 1024]), Found::Blank);
        assert_eq!(read_front(&[0; 10]), Found::Damaged);
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let (mut front, _) = HEADER.encode_front().unwrap();
        front[8] = 2;
        assert_eq!(read_copy(&front), Found::Damaged, "the CRC says that this is a flipped bit");
        let crc = crc32fast::hash(&front[..60]);
        front[60..64].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(read_front(&front), Found::Newer(2));
    }
}
