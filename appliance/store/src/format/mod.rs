//! Holds what the bytes of a segment mean: sizes, header, records, batch marks and checkpoints.
//! It never touches a medium and allocates nothing.
//! The log calls it to write and to open; a reader on a microcontroller may call it alone.
//!
//! # Layout of format 1, all integers little-endian
//!
//! ```text
//! segment  = header (64 bytes) at 0, its copy at 512, batches from 1024 on, the rest undefined (zeros or older use)
//! batch    = mark record, then records, contiguous; starts where the one before ended or at the next 4 KiB page
//! record   = crc32 u32 | body length u16 | kind u8 | version u8 | sequence u48 | flags u8 | key length u8
//!            | key | value | zeros up to a multiple of 8
//! mark     = record of kind 0xFF; body: end of the batch before u32, bytes of this batch with the mark u32
//! checkpoint = record of kind 0xFE; body: generation of the oldest segment that still counts u64,
//!              then for each kind of events that lost some: kind u8, lowest sequence that still counts u48
//! ```
//!
//! A record's CRC starts from the CRC of its segment's header, which covers store, generation and a salt, and covers
//! the record's own offset. So bytes left over from an earlier use of the segment, or from an attempt that a power cut
//! ended, never pass for records of this one, and segments are used again without being erased.
//!
//! The mark names the end of the batch before it: a gap that is not announced is damage, not the end of the log.

pub mod record;
pub mod segment;
pub mod walk;

/// Newest format this code writes and the only one it has ever written.
pub const FORMAT: u16 = 1;

/// Bytes of a segment on the appliance. 256 KiB is a few erase pages of a card: big enough that opening a new one is
/// rare, small enough that cleaning one is quick and eight of them are nothing.
pub const SEGMENT_BYTES: u32 = 256 * 1024;

/// Unit in which a file system writes: a batch that fits one page must not touch two.
pub const PAGE_BYTES: u32 = 4096;

/// Unit in which a device writes or tears.
pub const SECTOR_BYTES: u32 = 512;

/// Where the first batch of a segment starts: after two sectors with a copy of the header each, so that one bad
/// sector never costs a whole segment.
pub const DATA_START: u32 = 2 * SECTOR_BYTES;

/// Records start at multiples of this, which lets a place be two bytes and a search after damage take big steps.
pub const ALIGN_BYTES: u32 = 8;

/// Longest key. A UUID, a MAC with a prefix or a SHA-256 fit.
pub const MAX_KEY_BYTES: usize = 32;

/// Longest value. With header and mark a record of this size still fits one 4 KiB page.
pub const MAX_VALUE_BYTES: usize = 3 * 1024;

/// Kinds from here on belong to the log itself.
pub const FIRST_OWN_KIND: u8 = 0xF0;

/// Rounds up to the place where the next record may start.
#[must_use]
pub const fn align_up(bytes: u32) -> u32 {
    bytes.saturating_add(ALIGN_BYTES.saturating_sub(1)) & !(ALIGN_BYTES.saturating_sub(1))
}

/// Rounds up to the next page.
#[must_use]
pub const fn page_up(offset: u32) -> u32 {
    offset.saturating_add(PAGE_BYTES.saturating_sub(1)) & !(PAGE_BYTES.saturating_sub(1))
}

/// Rounds down to the page the offset is in.
#[must_use]
pub const fn page_down(offset: u32) -> u32 {
    offset & !(PAGE_BYTES.saturating_sub(1))
}

/// Pages that `len` bytes at `offset` touch; that is what a flush writes.
#[must_use]
pub const fn pages_touched(offset: u32, len: u32) -> u32 {
    if len == 0 {
        return 0;
    }
    let end = page_up(offset.saturating_add(len));
    end.saturating_sub(page_down(offset)) / PAGE_BYTES
}

/// Where a batch of `len` bytes goes when the one before ended at `end`: right there, or at the next page when that
/// saves touching a page twice. Skipping is free: the skipped bytes are never written.
#[must_use]
pub const fn batch_start(end: u32, len: u32, segment_bytes: u32) -> Option<u32> {
    let padded = page_up(end);
    if pages_touched(end, len) > pages_touched(0, len) && padded.saturating_add(len) <= segment_bytes {
        Some(padded)
    } else if end.saturating_add(len) <= segment_bytes {
        Some(end)
    } else {
        None
    }
}

/// Reads a little-endian u16 at `at`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_le_bytes(*chunk))
}

/// Reads a little-endian u32 at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

/// Reads a little-endian u64 at `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Writes `field` at `at`; `None` when it does not fit.
pub(crate) fn place(out: &mut [u8], at: usize, field: &[u8]) -> Option<()> {
    out.get_mut(at..)?.get_mut(..field.len())?.copy_from_slice(field);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_moved_to_the_next_page_only_when_that_saves_a_page() {
        assert_eq!(batch_start(1024, 300, SEGMENT_BYTES), Some(1024));
        assert_eq!(batch_start(4000, 96, SEGMENT_BYTES), Some(4000));
        assert_eq!(batch_start(4000, 104, SEGMENT_BYTES), Some(4096));
        assert_eq!(batch_start(4000, 4096, SEGMENT_BYTES), Some(4096));
        assert_eq!(batch_start(4000, 4096 + 200, SEGMENT_BYTES), Some(4096));
        assert_eq!(batch_start(1024, 4096 + 200, SEGMENT_BYTES), Some(1024), "two pages either way");
        assert_eq!(batch_start(8000, 184, 8184), Some(8000), "the last page is used up rather than left");
        assert_eq!(batch_start(8000, 192, 8184), None);
    }

    #[test]
    fn pages_are_counted_as_a_flush_writes_them() {
        assert_eq!(pages_touched(0, 0), 0);
        assert_eq!(pages_touched(4095, 1), 1);
        assert_eq!(pages_touched(4095, 2), 2);
        assert_eq!(pages_touched(4096, 8192), 2);
    }
}
