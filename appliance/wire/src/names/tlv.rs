//! Holds the reader of BER and DER (ITU-T X.690): tag, length, body, one after the other.
//! Never recurses, and takes neither indefinite lengths nor tags above 30: nothing read here uses them.
//! Called by `snmp` and `banner::cert`.

use super::Malformed;

/// SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;
/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub(super) const OID: u8 = 0x06;

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
}

/// Walks elements that follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tlvs<'a> {
    left: &'a [u8],
}

impl<'a> Tlvs<'a> {
    pub(super) const fn new(left: &'a [u8]) -> Self {
        Self { left }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// All that has not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The next element. Lengths may be written longer than needed, as BER allows and net-snmp does.
    pub(super) fn read(&mut self) -> Result<Tlv<'a>, Malformed> {
        let [tag, first, rest @ ..] = self.left else { return Err(Malformed::Truncated) };
        if tag & 0x1f == 0x1f {
            return Err(Malformed::Invalid);
        }
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(Malformed::Truncated)?;
                let length = digits.iter().fold(0u32, |length, digit| length << 8 | u32::from(*digit));
                (usize::try_from(length).map_err(|_| Malformed::OutOfBounds)?, rest)
            }
            _ => return Err(Malformed::Invalid),
        };
        let (body, rest) = rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.left = rest;
        Ok(Tlv { tag: *tag, body })
    }

    /// The next element when it has this tag; its body. Errors: `OtherKind` for another tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let found = self.read()?;
        if found.tag == tag { Ok(found.body) } else { Err(Malformed::OtherKind) }
    }

    /// The next element when it has this tag; otherwise nothing is read.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.left.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }
}

/// A signed number of at most eight bytes.
pub(super) fn integer(body: &[u8]) -> Result<i64, Malformed> {
    let first = *body.first().ok_or(Malformed::Invalid)?;
    if body.len() > 8 {
        return Err(Malformed::OutOfBounds);
    }
    let sign = if first & 0x80 == 0 { 0i64 } else { -1 };
    Ok(body.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)))
}

/// An unsigned number: at most eight bytes after a leading zero. Agents that forget the zero are read as meant.
pub(super) fn unsigned(body: &[u8]) -> Result<u64, Malformed> {
    if body.is_empty() {
        return Err(Malformed::Invalid);
    }
    let digits = body.strip_prefix(&[0]).unwrap_or(body);
    if digits.len() > 8 {
        return Err(Malformed::OutOfBounds);
    }
    Ok(digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_short_long_and_wasteful_lengths() {
        for bytes in [&b"\x04\x02hi"[..], b"\x04\x81\x02hi", b"\x04\x82\x00\x02hi", b"\x04\x84\x00\x00\x00\x02hi"] {
            assert_eq!(Tlvs::new(bytes).read(), Ok(Tlv { tag: 4, body: b"hi" }));
        }
    }

    #[test]
    fn refuses_lengths_that_lie_and_forms_not_used() {
        for (bytes, why) in [
            (&b"\x04\x03hi"[..], Malformed::Truncated),
            (b"\x04\x84\xff\xff\xff\xffhi", Malformed::Truncated),
            (b"\x04\x82\x01", Malformed::Truncated),
            (b"\x30\x80\x00\x00", Malformed::Invalid),
            (b"\x04\x85\x00\x00\x00\x00\x02hi", Malformed::Invalid),
            (b"\x1f\x81\x01\x00", Malformed::Invalid),
            (b"\x04", Malformed::Truncated),
            (b"", Malformed::Truncated),
        ] {
            assert_eq!(Tlvs::new(bytes).read(), Err(why), "{bytes:x?}");
        }
    }

    #[test]
    fn reads_numbers() {
        assert_eq!(integer(b"\x00\xff"), Ok(255));
        assert_eq!(integer(b"\xff"), Ok(-1));
        assert_eq!(integer(b"\x80\0\0\0\0\0\0\0"), Ok(i64::MIN));
        assert_eq!(integer(b""), Err(Malformed::Invalid));
        assert_eq!(integer(&[0; 9]), Err(Malformed::OutOfBounds));
        assert_eq!(unsigned(b"\x00\xff\xff\xff\xff\xff\xff\xff\xff"), Ok(u64::MAX));
        assert_eq!(unsigned(b"\xff\xff\xff\xff"), Ok(u64::from(u32::MAX)));
        assert_eq!(unsigned(b"\0\xff\xff\xff\xff\xff\xff\xff\xff\0"), Err(Malformed::OutOfBounds));
    }
}
