//! Holds the look-up of a MAC address's vendor in the packed IEEE registry (MA-L, MA-M and MA-S assignments).
//! Never holds the table: it is a file of the service, mapped into the binary and read in place. Called by the shell.
//!
//! Layout, made by `appliance/profiles/pack-vendors`: `OUI1`; five little-endian `u32`: prefixes of 24, 28 and 36 bits, names,
//! bytes of names; the prefixes of each length in ascending order, big-endian in 3, 4 and 5 bytes; for each prefix in the
//! same order the `u16` number of its name; for each name and one past the last a 3-byte offset; the names.

use vigie_wire::Mac;

const MAGIC: &[u8] = b"OUI1";
/// Bits of the prefixes and bytes each is stored in.
const LENGTHS: [(u32, usize); 3] = [(24, 3), (28, 4), (36, 5)];

/// A packed registry.
#[derive(Clone, Copy, Debug)]
pub struct Vendors<'a> {
    prefixes: [&'a [u8]; 3],
    numbers: &'a [u8],
    offsets: &'a [u8],
    names: &'a [u8],
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
        let [long, medium, small, names, bytes] = counts;
        let mut take = |length: usize| {
            let (part, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(part)
        };
        let prefixes = [take(long.checked_mul(3)?)?, take(medium.checked_mul(4)?)?, take(small.checked_mul(5)?)?];
        let numbers = take(long.checked_add(medium)?.checked_add(small)?.checked_mul(2)?)?;
        let offsets = take(names.checked_add(1)?.checked_mul(3)?)?;
        let names = take(bytes)?;
        Some(Self { prefixes, numbers, offsets, names })
    }

    /// The vendor of `mac`, by the longest assigned prefix. `None` for a locally administered address, which nobody
    /// assigned, and for a prefix that is not in the registry.
    #[must_use]
    pub fn of(&self, mac: Mac) -> Option<&'a str> {
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

    fn name(&self, number: usize) -> Option<&'a str> {
        let offset = |at: usize| {
            let [a, b, c] = *self.offsets.get(at * 3..)?.first_chunk::<3>()?;
            usize::try_from(u32::from_le_bytes([a, b, c, 0])).ok()
        };
        core::str::from_utf8(self.names.get(offset(number)?..offset(number + 1)?)?).ok()
    }
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

    fn vendor(mac: &str) -> Option<&'static str> {
        Vendors::new(PACKED).unwrap().of(mac.parse().unwrap())
    }

    #[test]
    fn knows_assignments_of_all_three_lengths() {
        assert_eq!(vendor("00:00:0c:01:02:03"), Some("Cisco Systems"));
        assert_eq!(vendor("b8:27:eb:01:02:03"), Some("Raspberry Pi Foundation"));
        assert_eq!(vendor("20:85:93:b0:00:00"), Some("IOG Products"));
        assert_eq!(vendor("8c:1f:64:ff:c0:00"), Some("Invendis Technologies India"));
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
