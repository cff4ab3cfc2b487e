//! Holds the look-up of a MAC address's vendor in the packed IEEE registry (MA-L, MA-M and MA-S assignments).
//! Never holds the table: it is a file of the service, mapped into the binary and read in place. Called by the shell.
//!
//! Layout, made by `appliance/profiles/pack-vendors`, numbers little-endian: `OUI3`; five `u16`: blocks of prefixes of 24, 28
//! and 36 bits, blocks of names, names in a block; for each block of prefixes its first prefix as `u64` and its bytes as
//! `u32`; for each block of names its bytes as `u32`; the blocks, each a deflate stream (RFC 1951). A block of names has
//! them one a line. A block of prefixes has their count as `u16`, the upper bytes of the numbers of their names, the lower
//! bytes, and the steps from each prefix to the next, the first of them 0, as LEB128.

use alloc::vec::Vec;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use vigie_wire::Mac;

use crate::Text;
use crate::limits::{MAX_VENDOR_BLOCK_BYTES, MAX_WORD_BYTES};

const MAGIC: &[u8] = b"OUI3";
/// Bits of the prefixes of each table.
const LENGTHS: [u32; 3] = [24, 28, 36];
/// Bytes of what is said of a block of prefixes, and of a block of names.
const PREFIX_ENTRY: usize = 12;
const NAME_ENTRY: usize = 4;

/// A packed registry.
#[derive(Clone, Copy, Debug)]
pub struct Vendors<'a> {
    prefixes: [Blocks<'a, PREFIX_ENTRY>; 3],
    names: Blocks<'a, NAME_ENTRY>,
    names_in_block: usize,
}

/// Blocks one after the other, and an entry of `SIZE` bytes for each, whose last four are the bytes of the block.
#[derive(Clone, Copy, Debug, Default)]
struct Blocks<'a, const SIZE: usize> {
    entries: &'a [u8],
    packed: &'a [u8],
}

impl<'a, const SIZE: usize> Blocks<'a, SIZE> {
    /// Takes the packed blocks these entries tell of from the front of `rest`.
    fn read(entries: &'a [u8], rest: &mut &'a [u8]) -> Option<Self> {
        let mut blocks = Self { entries, packed: &[] };
        let bytes = blocks.lengths().try_fold(0_usize, usize::checked_add)?;
        blocks.packed = take(rest, bytes)?;
        Some(blocks)
    }

    fn each(&self) -> impl Iterator<Item = &'a [u8; SIZE]> {
        self.entries.as_chunks::<SIZE>().0.iter()
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.each().filter_map(|entry| usize::try_from(u32::from_le_bytes(*entry.last_chunk::<4>()?)).ok())
    }

    /// What is in a block.
    fn unpack(&self, at: usize) -> Option<Vec<u8>> {
        let start = self.lengths().take(at).sum::<usize>();
        let packed = self.packed.get(start..)?.get(..self.lengths().nth(at)?)?;
        decompress_to_vec_with_limit(packed, MAX_VENDOR_BLOCK_BYTES).ok()
    }
}

impl Blocks<'_, PREFIX_ENTRY> {
    /// The number of the name of `prefix`.
    fn find(&self, prefix: u64) -> Option<usize> {
        let firsts = self.each().filter_map(|entry| entry.first_chunk::<8>()).map(|first| u64::from_le_bytes(*first));
        let (at, first) = firsts.enumerate().take_while(|(_, first)| *first <= prefix).last()?;
        let block = self.unpack(at)?;
        let (count, rest) = block.split_first_chunk::<2>()?;
        let (upper, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*count)))?;
        let (lower, mut steps) = rest.split_at_checked(upper.len())?;
        let mut now = first;
        for (upper, lower) in upper.iter().zip(lower) {
            now = now.checked_add(step(&mut steps)?)?;
            match now.cmp(&prefix) {
                core::cmp::Ordering::Less => {}
                core::cmp::Ordering::Equal => return Some(usize::from(u16::from_be_bytes([*upper, *lower]))),
                core::cmp::Ordering::Greater => return None,
            }
        }
        None
    }
}

/// A number of LEB128, of at most 42 bits: no prefix has more.
fn step(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..42).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (part, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(part)
}

impl<'a> Vendors<'a> {
    /// Reads a packed registry in place. `None` when it is not one, or is cut.
    #[must_use]
    pub fn new(packed: &'a [u8]) -> Option<Self> {
        let mut rest = packed.strip_prefix(MAGIC)?;
        let mut counts = [0_usize; 5];
        for count in &mut counts {
            let (bytes, after) = rest.split_first_chunk::<2>()?;
            (*count, rest) = (usize::from(u16::from_le_bytes(*bytes)), after);
        }
        let [long, medium, small, names, names_in_block] = counts;
        if names_in_block == 0 {
            return None;
        }
        let mut entries = [long * PREFIX_ENTRY, medium * PREFIX_ENTRY, small * PREFIX_ENTRY, names * NAME_ENTRY]
            .map(|bytes| take(&mut rest, bytes))
            .into_iter();
        let mut next = || entries.next().flatten();
        let mut prefixes = [Blocks::default(); 3];
        for table in &mut prefixes {
            *table = Blocks::read(next()?, &mut rest)?;
        }
        let names = Blocks::read(next()?, &mut rest)?;
        Some(Self { prefixes, names, names_in_block })
    }

    /// The vendor of `mac`, by the longest assigned prefix. `None` for a locally administered address, which nobody
    /// assigned, and for a prefix that is not in the registry. Not cheap: up to four blocks are unpacked, some 30 kB.
    #[must_use]
    pub fn of(&self, mac: Mac) -> Option<Text<MAX_WORD_BYTES>> {
        if mac.is_locally_administered() || mac.is_multicast() {
            return None;
        }
        let address = mac.0.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        let tables = self.prefixes.iter().zip(LENGTHS);
        let number = tables.rev().find_map(|(table, bits)| table.find(address >> (48 - bits)))?;
        let block = self.names.unpack(number / self.names_in_block)?;
        let name = block.split(|byte| *byte == b'\n').nth(number % self.names_in_block)?;
        core::str::from_utf8(name).ok().map(Text::cut)
    }

    /// Every name, one a line.
    #[cfg(test)]
    pub(super) fn all_names(&self) -> Vec<u8> {
        let count = self.names.each().count();
        (0..count).map(|at| self.names.unpack(at).unwrap()).collect::<Vec<_>>().join(&b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKED: &[u8] = include_bytes!("../../../profiles/vendors.bin");

    fn vendor(mac: &str) -> Option<Text<MAX_WORD_BYTES>> {
        Vendors::new(PACKED).unwrap().of(mac.parse().unwrap())
    }

    /// A registry of one prefix, 00:00:0c, whose name is the first line of `names`.
    fn tiny(prefixes: &[u8], names: &[u8]) -> Vec<u8> {
        let (prefixes, names) =
            (miniz_oxide::deflate::compress_to_vec(prefixes, 9), miniz_oxide::deflate::compress_to_vec(names, 9));
        let length = |block: &[u8]| u32::try_from(block.len()).unwrap().to_le_bytes();
        let head = [1_u16, 0, 0, 1, 1].map(u16::to_le_bytes).concat();
        let first = 0x0c_u64.to_le_bytes();
        [MAGIC, &head, &first, &length(&prefixes), &length(&names), &prefixes, &names].concat()
    }

    fn vendor_in(table: &[u8]) -> Option<Text<MAX_WORD_BYTES>> {
        Vendors::new(table).unwrap().of("00:00:0c:01:02:03".parse().unwrap())
    }

    #[test]
    fn every_block_is_read_within_its_bound() {
        let table = Vendors::new(PACKED).unwrap();
        let names = table.all_names();
        assert!(names.split(|byte| *byte == b'\n').count() > 30_000);
        assert!(core::str::from_utf8(&names).unwrap().lines().all(|name| (2..=56).contains(&name.len())));
        for (blocks, least) in table.prefixes.iter().zip([39_000, 6_000, 7_000]) {
            let counts = (0..blocks.each().count())
                .map(|at| usize::from(u16::from_le_bytes(*blocks.unpack(at).unwrap().first_chunk().unwrap())));
            assert!(counts.sum::<usize>() > least);
        }
    }

    #[test]
    fn a_broken_block_is_no_name_and_one_that_would_grow_without_end_is_left() {
        assert_eq!(vendor_in(&tiny(&[1, 0, 0, 0, 0], b"Cisco")), Some("Cisco".into()));
        let mut broken = tiny(&[1, 0, 0, 0, 0], b"Cisco");
        let start = Vendors::new(&broken).unwrap().names.packed.len();
        let end = broken.len();
        broken[end - start..].fill(0xff);
        assert_eq!(vendor_in(&broken), None);
        assert_eq!(vendor_in(&tiny(&[1, 0, 0, 0, 0], &[b'a'; MAX_VENDOR_BLOCK_BYTES + 1])), None);
        // A count beyond the block, a name that is not there, a step without end, one over the edge of all numbers.
        for bad in [
            &[9, 0, 0, 0, 0][..],
            &[1, 0, 0, 7, 0],
            &[1, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
            &[1, 0, 0, 0],
        ] {
            assert_eq!(vendor_in(&tiny(bad, b"Cisco")), None, "{bad:?}");
        }
    }

    #[test]
    fn knows_assignments_of_all_three_lengths() {
        assert_eq!(vendor("00:00:0c:01:02:03"), Some("Cisco Systems".into()));
        assert_eq!(vendor("b8:27:eb:01:02:03"), Some("Raspberry Pi Foundation".into()));
        assert_eq!(vendor("20:85:93:b0:00:00"), Some("IOG Products".into()));
        assert_eq!(vendor("8c:1f:64:ff:c0:00"), Some("Invendis Technologies India".into()));
    }

    #[test]
    fn says_nothing_of_random_and_unassigned_addresses() {
        assert_eq!(vendor("02:00:0c:01:02:03"), None);
        assert_eq!(vendor("01:00:5e:00:00:fb"), None);
        assert_eq!(vendor("fc:ff:ff:ff:ff:ff"), None);
    }

    #[test]
    fn refuses_a_cut_table_at_every_length() {
        assert!(Vendors::new(b"OUI2").is_none());
        for length in (0..PACKED.len()).step_by(997) {
            assert!(Vendors::new(&PACKED[..length]).is_none(), "{length}");
        }
        let lying = [MAGIC, &[0xff; 20]].concat();
        assert!(Vendors::new(&lying).is_none());
    }
}
