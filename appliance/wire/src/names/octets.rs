//! Holds a cursor over received bytes: every read is checked, none can run past the end.
//! Never copies and never panics. Called by the binary parsers of this folder.

use super::Malformed;

/// A position in a received message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Octets<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Octets<'a> {
    pub(super) const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// The same bytes, read from another place (which may lie past the end: then nothing is left).
    pub(super) const fn moved_to(self, at: usize) -> Self {
        Self { all: self.all, at }
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(count).ok_or(Malformed::OutOfBounds)?;
        let taken = self.all.get(self.at..end).ok_or(Malformed::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed::Truncated)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// Little endian, as SMB writes.
    pub(super) fn u16_le(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    /// Little endian, as SMB writes.
    pub(super) fn u32_le(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_byte_orders_and_stops_at_the_end() {
        let mut at = Octets::new(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(at.u16(), Ok(0x0102));
        assert_eq!(at.u16_le(), Ok(0x0403));
        assert_eq!(at.u32(), Err(Malformed::Truncated));
        assert_eq!(at.rest(), [5, 6, 7], "a failed read moves nothing");
        assert_eq!(at.take(usize::MAX), Err(Malformed::OutOfBounds));
        assert_eq!(at.moved_to(99).u8(), Err(Malformed::Truncated));
    }
}
