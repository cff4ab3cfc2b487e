//! Holds the page of the flight recorder: 4 KiB that stand for themselves, with their lines, their clock and their check.
//! It never trusts a page whose check does not fit, and reads nothing of one. The ring writes pages, the reader reads them.

use vigie_sys::recorder::Line;

/// One page of flash; a card writes no less.
pub(super) const PAGE_BYTES: usize = 4_096;
/// Bytes before the lines.
const HEAD_BYTES: usize = 68;
const MAGIC: [u8; 4] = *b"VgFR";
/// Version of this layout; another one is not read.
const LAYOUT: u8 = 1;
/// The service ended in good order after the last line.
const CLOSED: u8 = 1;

/// Which table of words the lines of a page need.
pub(super) type TableId = [u8; 8];

/// What is true for all lines of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Counts pages, from 1.
    pub(super) sequence: u64,
    /// Boot of the machine, as the store counts them; 0 when it was not known.
    pub(super) boot: u32,
    /// Start of the service, from 1.
    pub(super) run: u32,
    /// Microseconds from 1970 to the start of the boot; 0 while nobody had set the clock.
    pub(super) began_us: i64,
    /// Boot-clock milliseconds of the first line.
    pub(super) base_ms: u64,
    /// The table.
    pub(super) table: TableId,
    /// Where the program had its words in that run.
    pub(super) origin: u16,
    /// Lines lost before or among those of this page.
    pub(super) lost: u16,
    /// The service ended in good order after this page.
    pub(super) closed: bool,
    /// Version of the program, cut to twelve bytes.
    pub(super) version: [u8; 12],
}

/// A page that is being filled, or was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) head: Head,
    /// Lines as they lie in the page: length, milliseconds since the line before, encoding.
    bytes: Vec<u8>,
    last_ms: u64,
}

impl Page {
    /// An empty page.
    pub(super) fn new(head: Head) -> Self {
        Self { last_ms: head.base_ms, head, bytes: Vec::new() }
    }

    /// Bytes of lines in it.
    pub(super) fn used(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a line; false, and nothing, when there is no room left.
    pub(super) fn add(&mut self, line: &Line) -> bool {
        if self.bytes.is_empty() {
            (self.head.base_ms, self.last_ms) = (line.at_ms, line.at_ms);
        }
        let Ok(length) = u8::try_from(line.bytes.len()) else { return true };
        let mut entry = vec![length];
        // Threads may hand lines over a moment out of order; the page counts forward only.
        let mut gap = line.at_ms.saturating_sub(self.last_ms);
        while gap > 0x7f {
            entry.push((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        entry.push(gap as u8);
        entry.extend_from_slice(&line.bytes);
        if HEAD_BYTES + self.bytes.len() + entry.len() > PAGE_BYTES {
            return false;
        }
        self.last_ms = self.last_ms.max(line.at_ms);
        self.bytes.extend_from_slice(&entry);
        true
    }

    /// The page as it is written, padded with zeros.
    pub(super) fn image(&self) -> Vec<u8> {
        let head = &self.head;
        let mut image = Vec::with_capacity(PAGE_BYTES);
        image.extend_from_slice(&MAGIC);
        image.extend_from_slice(&[LAYOUT, if head.closed { CLOSED } else { 0 }]);
        image.extend_from_slice(&u16::try_from(self.bytes.len()).unwrap_or_default().to_le_bytes());
        image.extend_from_slice(&head.sequence.to_le_bytes());
        image.extend_from_slice(&head.base_ms.to_le_bytes());
        image.extend_from_slice(&head.began_us.to_le_bytes());
        image.extend_from_slice(&head.table);
        image.extend_from_slice(&head.boot.to_le_bytes());
        image.extend_from_slice(&head.run.to_le_bytes());
        image.extend_from_slice(&head.origin.to_le_bytes());
        image.extend_from_slice(&head.lost.to_le_bytes());
        image.extend_from_slice(&head.version);
        let check = check(&image, &self.bytes);
        image.extend_from_slice(&check.to_le_bytes());
        debug_assert_eq!(image.len(), HEAD_BYTES);
        image.extend_from_slice(&self.bytes);
        image.resize(PAGE_BYTES, 0);
        image
    }

    /// Reads a page; `None` when it is empty, torn, damaged, or of another layout.
    pub(super) fn read(image: &[u8]) -> Option<Self> {
        let (head, rest) = image.get(..PAGE_BYTES)?.split_at_checked(HEAD_BYTES)?;
        let mut fields = Fields(head);
        if fields.take::<4>()? != MAGIC || fields.take::<1>()? != [LAYOUT] {
            return None;
        }
        let [flags] = fields.take()?;
        let bytes = rest.get(..usize::from(u16::from_le_bytes(fields.take()?)))?;
        let sequence = u64::from_le_bytes(fields.take()?);
        let base_ms = u64::from_le_bytes(fields.take()?);
        let head_read = Head {
            sequence,
            base_ms,
            began_us: i64::from_le_bytes(fields.take()?),
            table: fields.take()?,
            boot: u32::from_le_bytes(fields.take()?),
            run: u32::from_le_bytes(fields.take()?),
            origin: u16::from_le_bytes(fields.take()?),
            lost: u16::from_le_bytes(fields.take()?),
            version: fields.take()?,
            closed: flags & CLOSED != 0,
        };
        let checked = check(head.get(..HEAD_BYTES - 4)?, bytes);
        (u32::from_le_bytes(fields.take()?) == checked && sequence > 0).then(|| Self {
            head: head_read,
            bytes: bytes.to_vec(),
            last_ms: base_ms,
        })
    }

    /// The lines, oldest first; ends early at bytes that are no line, which the check makes next to impossible.
    pub(super) fn lines(&self) -> Vec<Line> {
        let (mut lines, mut at_ms, mut rest) = (Vec::new(), self.head.base_ms, self.bytes.as_slice());
        while let Some((line, after)) = next_line(at_ms, rest) {
            at_ms = line.at_ms;
            rest = after;
            lines.push(line);
        }
        lines
    }
}

fn next_line(before_ms: u64, bytes: &[u8]) -> Option<(Line, &[u8])> {
    let (length, mut rest) = bytes.split_first()?;
    let (mut gap, mut shift) = (0u64, 0u32);
    loop {
        let (part, after) = rest.split_first()?;
        rest = after;
        gap |= u64::from(part & 0x7f).checked_shl(shift)?;
        shift += 7;
        if part & 0x80 == 0 {
            break;
        }
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((Line { at_ms: before_ms.saturating_add(gap), bytes: bytes.to_vec() }, rest))
}

fn check(head: &[u8], lines: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(head);
    crc.update(lines);
    crc.finalize()
}

struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            sequence: 0x0102,
            boot: 3,
            run: 4,
            began_us: 5,
            base_ms: 0,
            table: *b"tableid!",
            origin: 0xda5a,
            lost: 6,
            closed: true,
            version: *b"0.1.0\0\0\0\0\0\0\0",
        }
    }

    fn line(at_ms: u64, bytes: &[u8]) -> Line {
        Line { at_ms, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_page_is_these_bytes() {
        let mut page = Page::new(head());
        assert!(page.add(&line(1_000, &[1, 2])) && page.add(&line(1_300, &[9])));
        let image = page.image();
        assert_eq!(image.len(), PAGE_BYTES);
        let expected = "VgFR\u{1}\u{1}\u{8}\0\u{2}\u{1}\0\0\0\0\0\0";
        assert_eq!(&image[..16], expected.as_bytes());
        assert_eq!(image[16..24], 1_000u64.to_le_bytes());
        assert_eq!(&image[32..40], b"tableid!");
        assert_eq!(image[40..52], [3, 0, 0, 0, 4, 0, 0, 0, 0x5a, 0xda, 6, 0]);
        // 300 ms is two bytes of seven bits, the low ones first.
        assert_eq!(image[HEAD_BYTES..HEAD_BYTES + 9], [2, 0, 1, 2, 1, 0xac, 0x02, 9, 0]);
        let read = Page::read(&image).unwrap();
        assert_eq!(read.head, page.head);
        assert_eq!(read.lines(), [line(1_000, &[1, 2]), line(1_300, &[9])]);
    }

    #[test]
    fn any_damaged_bit_that_counts_spoils_the_page_and_only_it() {
        let mut page = Page::new(head());
        assert!(page.add(&line(1, &[1, 2, 3])));
        let image = page.image();
        for bit in 0..(HEAD_BYTES + page.used()) * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Page::read(&damaged), None, "bit {bit}");
        }
        for length in 0..PAGE_BYTES {
            assert_eq!(Page::read(&image[..length]), None, "{length}");
        }
        assert_eq!(Page::read(&[0; PAGE_BYTES]), None);
        assert_eq!(Page::read(&[0xff; PAGE_BYTES]), None);
    }

    #[test]
    fn a_full_page_refuses_and_time_never_runs_backwards() {
        let mut page = Page::new(head());
        let mut count = 0;
        while page.add(&line(1_000 - count, &[0; 20])) {
            count += 1;
        }
        assert_eq!(count, ((PAGE_BYTES - HEAD_BYTES) / 22) as u64);
        let lines = Page::read(&page.image()).unwrap().lines();
        assert!(lines.len() as u64 == count && lines.iter().all(|line| line.at_ms == 1_000));
    }
}
