//! Holds the way through a segment: which batches are whole, where the log ends, what is damaged.
//! It never accepts part of a batch that may not have been acknowledged, nor gives up records behind a damaged one.
//! Opening the log calls it for each segment that counts.

use super::record::{HEADER_BYTES, KIND_MARK, MAX_SEQUENCE, Mark, Site, View, decode, encoded_bytes};
use super::{ALIGN_BYTES, DATA_START, FIRST_OWN_KIND, align_up, page_up, u16_at, u64_at};

/// What a walk finds, in the order of the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A sound record, marks left out.
    Record {
        /// Where it is.
        offset: u32,
        /// What it is.
        view: View<'a>,
    },
    /// Bytes that were acknowledged and are damaged.
    Lost {
        /// Where they start.
        offset: u32,
        /// How many.
        bytes: u32,
        /// Kind and sequence as far as the damaged bytes still tell; not covered by a CRC.
        hint: Option<(u8, u64)>,
    },
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Where acknowledged bytes end.
    pub end: u32,
    /// Bytes of a batch that a cut tore, dropped.
    pub torn_bytes: u32,
    /// Nothing behind the end could ever be taken for a record of this segment, so writing may go on there.
    pub appendable: bool,
}

/// Walks a segment from [`DATA_START`]. `trusted_end` is what the next segment's header says about this one; the
/// newest segment has none.
///
/// A batch counts when it is whole. One that is not whole counts only when it is known to have been flushed: a later
/// batch follows it (which is written after the flush) or it lies before the trusted end. Then what is damaged is
/// reported and the rest of it kept.
pub fn walk(bytes: &[u8], seed: u32, trusted_end: Option<u32>, sink: &mut dyn FnMut(Piece<'_>)) -> Walked {
    let mut walker = Walker { bytes, seed, sink };
    let mut at = DATA_START;
    loop {
        if let Some(end) = trusted_end
            && at >= end
        {
            return Walked { end, torn_bytes: 0, appendable: false };
        }
        if let Some((start, mark)) = walker.expected_mark(at) {
            let (from, end) = (start + super::record::OWN_RECORD_BYTES, start.saturating_add(mark.bytes));
            if walker.is_whole(from, end) || walker.was_flushed(from, end, trusted_end) {
                walker.keep(from, end.min(walker.len()));
                at = end;
                continue;
            }
            return Walked { end: at, torn_bytes: mark.bytes, appendable: false };
        }
        match (walker.later_mark(at), trusted_end) {
            // The start of a batch is damaged; the next one says where it ended.
            (Some((_, mark)), _) if mark.previous_end > at => {
                walker.keep(at, mark.previous_end);
                at = mark.previous_end;
            }
            (_, Some(end)) => {
                walker.keep(at, end.min(walker.len()));
                return Walked { end, torn_bytes: 0, appendable: false };
            }
            _ => {
                let torn_bytes = walker.leftovers(at);
                return Walked { end: at, torn_bytes, appendable: torn_bytes == 0 };
            }
        }
    }
}

struct Walker<'a, 's> {
    bytes: &'a [u8],
    seed: u32,
    sink: &'s mut dyn FnMut(Piece<'_>),
}

impl<'a> Walker<'a, '_> {
    fn len(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn record(&self, offset: u32) -> Option<View<'a>> {
        decode(Site { seed: self.seed, offset }, self.bytes.get(usize::try_from(offset).ok()?..)?)
    }

    fn mark(&self, offset: u32) -> Option<Mark> {
        let kind = self.bytes.get(usize::try_from(offset).ok()?.checked_add(6)?)?;
        if *kind == KIND_MARK { self.record(offset)?.mark() } else { None }
    }

    /// The mark of the batch that follows the one ending at `end`: there, or at the next page.
    fn expected_mark(&self, end: u32) -> Option<(u32, Mark)> {
        [end, page_up(end)].into_iter().find_map(|start| {
            let mark = self.mark(start)?;
            (mark.previous_end == end && start.saturating_add(mark.bytes) <= self.len()).then_some((start, mark))
        })
    }

    fn is_whole(&self, from: u32, end: u32) -> bool {
        let mut at = from;
        while at < end {
            let Some(view) = self.record(at) else { return false };
            at = at.saturating_add(view.bytes);
        }
        at == end
    }

    fn was_flushed(&self, from: u32, end: u32, trusted_end: Option<u32>) -> bool {
        match trusted_end {
            Some(trusted) => end <= trusted,
            None => self.later_mark(from).is_some_and(|(_, mark)| mark.previous_end >= end),
        }
    }

    fn later_mark(&self, from: u32) -> Option<(u32, Mark)> {
        let mut at = align_up(from);
        while at < self.len() {
            if let Some(mark) = self.mark(at) {
                return Some((at, mark));
            }
            at = at.saturating_add(ALIGN_BYTES);
        }
        None
    }

    /// Hands on every sound record in a range and reports the rest as lost.
    fn keep(&mut self, from: u32, end: u32) {
        let (mut at, mut lost) = (from, None);
        while at < end {
            let Some(view) = self.record(at).filter(|view| at.saturating_add(view.bytes) <= end) else {
                lost.get_or_insert(at);
                at = at.saturating_add(ALIGN_BYTES);
                continue;
            };
            if let Some(start) = lost.take() {
                self.report(start, at);
            }
            if view.head.kind != KIND_MARK {
                (self.sink)(Piece::Record { offset: at, view });
            }
            at = at.saturating_add(view.bytes);
        }
        if let Some(start) = lost {
            self.report(start, end);
        }
    }

    fn report(&mut self, offset: u32, end: u32) {
        let bytes = end.saturating_sub(offset);
        let hint = self.hint(offset, bytes);
        (self.sink)(Piece::Lost { offset, bytes, hint });
    }

    /// Kind and sequence of a damaged record, when its length is that of the hole, so that its header is likely sound.
    fn hint(&self, offset: u32, bytes: u32) -> Option<(u8, u64)> {
        let header = self.bytes.get(usize::try_from(offset).ok()?..)?.get(..HEADER_BYTES)?;
        let body = u32::from(u16_at(header, 4)?);
        let kind = *header.get(6)?;
        let fits = align_up(encoded_bytes(&[], &[]).saturating_add(body)) == bytes;
        (fits && kind != 0 && kind < FIRST_OWN_KIND).then_some((kind, u64_at(header, 8)? & MAX_SEQUENCE))
    }

    /// Length of what lies behind the end and would pass for records of this segment.
    fn leftovers(&self, end: u32) -> u32 {
        let (mut at, mut last) = (align_up(end), end);
        while at < self.len() {
            match self.record(at) {
                Some(view) => {
                    at = at.saturating_add(view.bytes);
                    last = at;
                }
                None => at = at.saturating_add(ALIGN_BYTES),
            }
        }
        last.saturating_sub(end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Class, Head, OWN_RECORD_BYTES, encode, encode_mark};
    use super::*;

    const SEED: u32 = 77;

    /// A segment of batches of records with 40-byte values; kind counts up from 1.
    fn segment(batches: &[usize]) -> (Vec<u8>, Vec<(u32, u32)>) {
        let mut bytes = vec![0; 8192];
        let (mut end, mut kind, mut places) = (DATA_START, 0, Vec::new());
        for &count in batches {
            let len = OWN_RECORD_BYTES + 56 * count as u32;
            let start = super::super::batch_start(end, len, 8192).unwrap();
            let site = Site { seed: SEED, offset: start };
            let mark = Mark { previous_end: end, bytes: len };
            encode_mark(site, 1, mark, &mut bytes[start as usize..]).unwrap();
            for n in 0..count as u32 {
                kind += 1;
                let offset = start + OWN_RECORD_BYTES + 56 * n;
                let head = Head { kind, version: 1, sequence: u64::from(kind), class: Class::Event };
                encode(Site { seed: SEED, offset }, &head, b"", &[kind; 40], &mut bytes[offset as usize..]).unwrap();
            }
            end = start + len;
            places.push((start, end));
        }
        (bytes, places)
    }

    /// Kinds of the records kept, hints of what was lost, how it ended.
    type Seen = (Vec<u8>, Vec<Option<(u8, u64)>>, Walked);

    fn kinds(bytes: &[u8], trusted_end: Option<u32>) -> Seen {
        let (mut kept, mut lost) = (Vec::new(), Vec::new());
        let walked = walk(bytes, SEED, trusted_end, &mut |piece| match piece {
            Piece::Record { view, .. } => kept.push(view.head.kind),
            Piece::Lost { hint, .. } => lost.push(hint),
        });
        (kept, lost, walked)
    }

    #[test]
    fn whole_batches_count_also_across_the_gap_before_a_page() {
        let (bytes, places) = segment(&[2, 60, 1]);
        assert_eq!(places[1].0, 4096, "the second batch skipped to the page");
        let (kept, lost, walked) = kinds(&bytes, None);
        assert_eq!((kept.len(), lost.len()), (63, 0));
        assert_eq!(walked, Walked { end: places[2].1, torn_bytes: 0, appendable: true });
    }

    #[test]
    fn a_torn_last_batch_is_dropped_whole() {
        let (mut bytes, places) = segment(&[2, 3]);
        bytes[places[1].1 as usize - 20] ^= 1;
        let (kept, lost, walked) = kinds(&bytes, None);
        assert_eq!((kept, lost), (vec![1, 2], vec![]));
        assert_eq!(walked, Walked { end: places[0].1, torn_bytes: 24 + 3 * 56, appendable: false });
    }

    #[test]
    fn a_last_batch_without_its_mark_is_dropped_and_not_written_over() {
        let (mut bytes, places) = segment(&[2, 3]);
        bytes[places[1].0 as usize] ^= 1;
        let (kept, _, walked) = kinds(&bytes, None);
        assert_eq!(kept, [1, 2]);
        assert_eq!(walked, Walked { end: places[0].1, torn_bytes: 24 + 3 * 56, appendable: false });
    }

    #[test]
    fn damage_before_a_later_batch_costs_only_what_is_damaged() {
        let (mut bytes, places) = segment(&[2, 3, 1]);
        bytes[places[1].0 as usize + 24 + 56 + 30] ^= 1;
        let (kept, lost, walked) = kinds(&bytes, None);
        assert_eq!((kept, lost), (vec![1, 2, 3, 5, 6], vec![Some((4, 4))]));
        assert_eq!(walked.end, places[2].1);
        // A damaged length, and a damaged mark: the records behind are found again.
        let (mut bytes, places) = segment(&[2, 3, 1]);
        bytes[places[1].0 as usize + 24 + 4] ^= 0x40;
        bytes[places[0].0 as usize + 9] ^= 0x40;
        let (kept, lost, _) = kinds(&bytes, None);
        assert_eq!((kept, lost.len()), (vec![1, 2, 4, 5, 6], 2));
    }

    #[test]
    fn what_lies_behind_the_trusted_end_never_counts() {
        let (bytes, places) = segment(&[2, 3]);
        let (kept, lost, walked) = kinds(&bytes, Some(places[0].1));
        assert_eq!((kept, lost), (vec![1, 2], vec![]));
        assert_eq!(walked, Walked { end: places[0].1, torn_bytes: 0, appendable: false });
        let (mut bytes, places) = segment(&[2, 3]);
        bytes[places[1].1 as usize - 20] ^= 1;
        let (kept, lost, _) = kinds(&bytes, Some(places[1].1));
        assert_eq!((kept, lost), (vec![1, 2, 3, 4], vec![Some((5, 5))]));
    }

    #[test]
    fn any_bytes_are_walked_to_an_end() {
        let mut state = 1u64;
        for _ in 0..200 {
            let (mut bytes, _) = segment(&[2, 50, 1, 4]);
            for _ in 0..20 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] = (state >> 20) as u8;
            }
            let cut = (state >> 40) as usize % bytes.len();
            for end in [None, Some(2048), Some(9999)] {
                assert!(kinds(&bytes[..cut], end).0.len() <= 57);
            }
        }
    }
}
