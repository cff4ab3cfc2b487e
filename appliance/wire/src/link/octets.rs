//! Holds checked reads at an offset and a bounded writer, in network byte order.
//! Never panics and never reads or writes past the end: a read answers `None`, a writer remembers that it was full.
//! Called by every parser and builder of this folder, and by nothing else.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::NoRoom;
use crate::Mac;

/// `N` octets at `at`, or `None` when the bytes end before.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// A 16-bit number at `at`.
pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// A 32-bit number at `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// A MAC address at `at`.
pub(super) fn mac(bytes: &[u8], at: usize) -> Option<Mac> {
    array(bytes, at).map(Mac)
}

/// An IPv4 address at `at`.
pub(super) fn ipv4(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    array::<4>(bytes, at).map(Ipv4Addr::from)
}

/// An IPv6 address at `at`.
pub(super) fn ipv6(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    array::<16>(bytes, at).map(Ipv6Addr::from)
}

/// Writes front to back into a buffer of the caller's.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
    full: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0, full: false }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> &mut Self {
        match self.len.checked_add(bytes.len()).and_then(|end| self.out.get_mut(self.len..end)) {
            Some(slot) if !self.full => {
                slot.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            _ => self.full = true,
        }
        self
    }

    pub(super) fn put8(&mut self, value: u8) -> &mut Self {
        self.put(&[value])
    }

    pub(super) fn put16(&mut self, value: u16) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    pub(super) fn put32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Overwrites two octets already written, such as a length or a checksum known only at the end.
    pub(super) fn patch16(&mut self, at: usize, value: u16) {
        match at.checked_add(2).filter(|end| *end <= self.len).and_then(|end| self.out.get_mut(at..end)) {
            Some(slot) => slot.copy_from_slice(&value.to_be_bytes()),
            None => self.full = true,
        }
    }

    /// How many octets stand so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What stands from `at` on; empty when nothing does.
    pub(super) fn since(&self, at: usize) -> &[u8] {
        self.out.get(at..self.len).unwrap_or_default()
    }

    /// The length written, or `NoRoom` when any of it did not fit.
    pub(super) fn finish(&self) -> Result<usize, NoRoom> {
        if self.full { Err(NoRoom) } else { Ok(self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nothing_past_the_end() {
        let bytes = [1, 2, 3];
        assert_eq!(be16(&bytes, 1), Some(0x0203));
        assert_eq!(be16(&bytes, 2), None);
        assert_eq!(be32(&bytes, 0), None);
        assert_eq!(be16(&bytes, usize::MAX), None);
    }

    #[test]
    fn a_full_writer_stays_full_and_writes_nothing_more() {
        let mut out = [0u8; 4];
        let mut writer = Writer::new(&mut out);
        writer.put(&[1, 2, 3]).put16(0x0405).put8(6);
        assert_eq!(writer.since(0), [1, 2, 3]);
        assert_eq!(writer.finish(), Err(NoRoom));
        assert_eq!(out, [1, 2, 3, 0]);
    }

    #[test]
    fn patches_only_what_was_written() {
        let mut out = [0u8; 8];
        let mut writer = Writer::new(&mut out);
        writer.put32(0);
        writer.patch16(1, 0xabcd);
        assert_eq!(writer.finish(), Ok(4));
        assert_eq!(writer.since(0), [0, 0xab, 0xcd, 0]);
        writer.patch16(3, 1);
        assert_eq!(writer.finish(), Err(NoRoom));
    }
}
