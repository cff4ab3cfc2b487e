//! Holds the look-up of a MAC address's vendor in the packed IEEE registry (MA-L, MA-M and MA-S assignments).
//! Never holds the table: it is a file of the service, mapped into the binary and read in place. Called by the shell.
//!
//! Layout, made by `appliance/profiles/pack-vendors`: `OUI2`; five little-endian `u32`: prefixes of 24, 28 and 36 bits, names,
//! names in a block; the prefixes of each length in ascending order, big-endian in 3, 4 and 5 bytes; for each prefix in the
//! same order the `u16` number of its name; the bytes of each block as `u32`; the blocks, each a deflate stream (RFC 1951) of
//! names, one a line.

use alloc::vec::Vec;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use vigie_wire::Mac;

use crate::Text;
use crate::limits::{MAX_VENDOR_BLOCK_BYTES, MAX_WORD_BYTES};

const MAGIC: &[u8] = b"OUI2";
/// Bits of the prefixes and bytes each is stored in.
const LENGTHS: [(u32, usize); 3] = [(24, 3), (28, 4), (36, 5)];

/// A packed registry.
#[derive(Clone, Copy, Debug)]
pub struct Vendors<'a> {
    prefixes: [&'a [u8]; 3],
    numbers: &'a [u8],
    names_in_block: usize,
    lengths: &'a [u8],
    blocks: &'a [u8],
}

impl<'a> Vendors<'a> {
    /// Reads a packed registry in place. `None` when it is not one, or is cut.
    #[must_use]
    pub fn new(packed: &'a [u8]) -> Option<Self> {
        let mut rest = packed.strip_prefix(MAGIC)?;
        let mut counts = [0usize; 5];
        for count in &mut counts {
            let (bytes, after) = rest.split_first_chunk::<4>()?;
            *count = usize::try_from(u32::from_le_bytes(*bytes)).ok()?;
            rest = after;
        }
        let [long, medium, small, names, names_in_block] = counts;
        let mut take = |length: usize| {
            let (part, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(part)
        };
        let prefixes = [take(long.checked_mul(3)?)?, take(medium.checked_mul(4)?)?, take(small.checked_mul(5)?)?];
        let numbers = take(long.checked_add(medium)?.checked_add(small)?.checked_mul(2)?)?;
        if names_in_block == 0 {
            return None;
        }
        let lengths = take(names.div_ceil(names_in_block).checked_mul(4)?)?;
        let bytes = each_length(lengths).try_fold(0_usize, usize::checked_add)?;
        let blocks = take(bytes)?;
        Some(Self { prefixes, numbers, names_in_block, lengths, blocks })
    }

    /// The vendor of `mac`, by the longest assigned prefix. `None` for a locally administered address, which nobody
    /// assigned, and for a prefix that is not in the registry. Not cheap: a block of names is unpacked, some 20 kB.
    #[must_use]
    pub fn of(&self, mac: Mac) -> Option<Text<MAX_WORD_BYTES>> {
        if mac.is_locally_administered() || mac.is_multicast() {
            return None;
        }
        let address = mac.0.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        let mut before =
            self.prefixes.iter().map(|table| table.len()).zip(LENGTHS).map(|(bytes, (_, width))| bytes / width);
        let starts = [0, before.next()?, before.next()?];
        let starts = [starts[0], starts[1], starts[1] + starts[2]];
        let tables = self.prefixes.iter().zip(LENGTHS).zip(starts);
        tables.rev().find_map(|((table, (bits, width)), start)| {
            let place = start + find(table, width, address >> (48 - bits))?;
            let number = self.numbers.get(place * 2..)?.first_chunk::<2>()?;
            self.name(usize::from(u16::from_le_bytes(*number)))
        })
    }

    fn name(&self, number: usize) -> Option<Text<MAX_WORD_BYTES>> {
        let block = self.block(number / self.names_in_block)?;
        let name = block.split(|byte| *byte == b'\n').nth(number % self.names_in_block)?;
        core::str::from_utf8(name).ok().map(Text::cut)
    }

    /// The names of a block, one a line.
    fn block(&self, at: usize) -> Option<Vec<u8>> {
        let start = each_length(self.lengths).take(at).sum::<usize>();
        let packed = self.blocks.get(start..)?.get(..each_length(self.lengths).nth(at)?)?;
        decompress_to_vec_with_limit(packed, MAX_VENDOR_BLOCK_BYTES).ok()
    }

    /// Every name, one a line.
    #[cfg(test)]
    pub(super) fn all_names(&self) -> Vec<u8> {
        let blocks: Vec<Vec<u8>> = (0..each_length(self.lengths).count()).map(|at| self.block(at).unwrap()).collect();
        blocks.join(&b'\n')
    }
}

fn each_length(lengths: &[u8]) -> impl Iterator<Item = usize> + '_ {
    lengths.chunks_exact(4).filter_map(|bytes| usize::try_from(u32::from_le_bytes(*bytes.first_chunk::<4>()?)).ok())
}

/// The place of `prefix` in a table of ascending big-endian numbers of `width` bytes.
fn find(table: &[u8], width: usize, prefix: u64) -> Option<usize> {
    let read = |at: usize| {
        let bytes = table.get(at * width..(at + 1) * width)?;
        Some(bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    let (mut low, mut high) = (0, table.len() / width);
    while low < high {
        let middle = low + (high - low) / 2;
        match read(middle)?.cmp(&prefix) {
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Equal => return Some(middle),
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKED: &[u8] = include_bytes!("../../../profiles/vendors.bin");

    fn vendor(mac: &str) -> Option<Text<MAX_WORD_BYTES>> {
        Vendors::new(PACKED).unwrap().of(mac.parse().unwrap())
    }

    #[test]
    fn every_block_is_read_within_its_bound() {
        let names = Vendors::new(PACKED).unwrap().all_names();
        assert!(names.split(|byte| *byte == b'\n').count() > 30_000);
        assert!(core::str::from_utf8(&names).unwrap().lines().all(|name| (2..=56).contains(&name.len())));
    }

    #[test]
    fn a_broken_block_is_no_name_and_one_that_would_grow_without_end_is_left() {
        let mut broken = PACKED.to_vec();
        let table = Vendors::new(PACKED).unwrap();
        let start = PACKED.len() - table.blocks.len();
        broken[start..].fill(0xff);
        assert_eq!(Vendors::new(&broken).unwrap().of("00:00:0c:01:02:03".parse().unwrap()), None);
        let bomb = miniz_oxide::deflate::compress_to_vec(&[b'a'; MAX_VENDOR_BLOCK_BYTES + 1], 9);
        let head = [1_u32, 0, 0, 1, 1].map(u32::to_le_bytes).concat();
        let length = u32::try_from(bomb.len()).unwrap().to_le_bytes();
        let table = [MAGIC, &head, &[0, 0, 0x0c], &[0, 0], &length, &bomb].concat();
        assert_eq!(Vendors::new(&table).unwrap().of("00:00:0c:01:02:03".parse().unwrap()), None);
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
        assert!(Vendors::new(b"OUI1").is_none());
        for length in (0..PACKED.len()).step_by(997) {
            assert!(Vendors::new(&PACKED[..length]).is_none(), "{length}");
        }
        let lying = [MAGIC, &[0xff; 20]].concat();
        assert!(Vendors::new(&lying).is_none());
    }
}
