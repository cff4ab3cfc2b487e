//! Holds a domain name in its wire form, at most 255 bytes (RFC 1035 section 3.1), labels of any bytes (RFC 2181 section 11).
//! Never shows a name unfiltered: text goes through `text::clean`. Called by the DNS message reader and the question writers.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::names::Malformed;
use crate::names::octets::Octets;
use crate::names::text::{Cleaner, Text};

/// Bytes of labels with their lengths; RFC 1035 allows 255 with the final zero, which is not kept.
const MAX_LABEL_BYTES: usize = 254;
/// Longest label (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;
/// Compression pointers followed in one name. A writer needs about one per label it shares; 32 is beyond any real one and
/// keeps a packet made of pointers cheap.
const MAX_JUMPS: usize = 32;

/// A domain name. Comparison ignores ASCII case, as DNS does.
///
/// An instance label may hold dots, spaces and UTF-8 (RFC 6763 section 4.3): take [`Name::labels`] apart, not its text.
#[derive(Clone, Default)]
pub struct Name {
    octets: heapless::Vec<u8, MAX_LABEL_BYTES>,
}

impl Name {
    /// The root, `.`.
    pub const ROOT: Self = Self { octets: heapless::Vec::new() };

    /// Reads dotted text, such as `_http._tcp.local` (a final dot may be there). `None` when a label is empty or longer
    /// than 63 bytes or the whole is too long. There is no escaping: a label with a dot goes through [`Name::child`].
    #[must_use]
    pub fn from_dotted(text: &str) -> Option<Self> {
        let mut name = Self::ROOT;
        for label in text.strip_suffix('.').unwrap_or(text).split('.') {
            name.append(label.as_bytes()).ok()?;
        }
        Some(name)
    }

    /// The name that asks for the name of an address: `4.3.2.1.in-addr.arpa` (RFC 1035 3.5), `….ip6.arpa` (RFC 3596 2.5).
    #[must_use]
    pub fn reverse(ip: IpAddr) -> Self {
        let mut name = Self::ROOT;
        // At most 32 labels of one byte and two of four: always fits, so a failed append cannot happen.
        let mut add = |label: &[u8]| name.append(label).unwrap_or_default();
        match ip {
            IpAddr::V4(ip) => {
                for octet in ip.octets().into_iter().rev() {
                    let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
                    let zeros = if octet >= 100 { 0 } else { 1 + usize::from(octet < 10) };
                    add(digits.get(zeros..).unwrap_or_default());
                }
                add(b"in-addr");
            }
            IpAddr::V6(ip) => {
                for octet in ip.octets().into_iter().rev() {
                    for nibble in [octet & 0xf, octet >> 4] {
                        add(&[if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }]);
                    }
                }
                add(b"ip6");
            }
        }
        add(b"arpa");
        name
    }

    /// This name with one more label in front. `None` when it does not fit.
    #[must_use]
    pub fn child(&self, label: &[u8]) -> Option<Self> {
        let mut name = Self::ROOT;
        name.append(label).ok()?;
        name.octets.extend_from_slice(&self.octets).ok()?;
        Some(name)
    }

    fn append(&mut self, label: &[u8]) -> Result<(), Malformed> {
        let length = u8::try_from(label.len()).map_err(|_| Malformed::OutOfBounds)?;
        if label.is_empty() || label.len() > MAX_LABEL || self.octets.len() + 1 + label.len() > MAX_LABEL_BYTES {
            return Err(Malformed::OutOfBounds);
        }
        self.octets.push(length).map_err(|_| Malformed::OutOfBounds)?;
        self.octets.extend_from_slice(label).map_err(|_| Malformed::OutOfBounds)
    }

    /// Reads a name that may be compressed (RFC 1035 section 4.1.4) and leaves `at` behind its bytes in place.
    /// A pointer must lead before the piece it ends, so that no chain can loop.
    pub(in crate::names) fn read(at: &mut Octets<'_>) -> Result<Self, Malformed> {
        let mut name = Self::ROOT;
        let mut here = *at;
        let mut piece = here.position();
        let mut jumps = 0;
        loop {
            let length = here.u8()?;
            match length >> 6 {
                0 if length == 0 => break,
                0 => name.append(here.take(usize::from(length))?)?,
                3 => {
                    let target = usize::from(length & 0x3f) << 8 | usize::from(here.u8()?);
                    if jumps == 0 {
                        *at = here;
                    }
                    jumps += 1;
                    if target >= piece || jumps > MAX_JUMPS {
                        return Err(Malformed::OutOfBounds);
                    }
                    piece = target;
                    here = here.moved_to(target);
                }
                _ => return Err(Malformed::Invalid), // 01 and 10 were never put to use (RFC 6891 section 5)
            }
        }
        if jumps == 0 {
            *at = here;
        }
        Ok(name)
    }

    /// The labels, leftmost first, as bytes.
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { left: &self.octets }
    }

    /// The wire form without the final zero.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.octets.is_empty()
    }

    /// The name without its leftmost label; the root for the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        let mut labels = self.labels();
        labels.next();
        // A suffix of what fits, fits.
        Self { octets: heapless::Vec::from_slice(labels.left).unwrap_or_default() }
    }

    /// Whether the labels of this name are exactly `labels`, ASCII case ignored.
    #[must_use]
    pub fn is(&self, labels: &[&[u8]]) -> bool {
        self.labels().count() == labels.len()
            && self.labels().zip(labels).all(|(mine, theirs)| mine.eq_ignore_ascii_case(theirs))
    }

    /// The name as clean text, dots between labels, cut at `N` bytes. For people and for host names; not reversible.
    #[must_use]
    pub fn to_text<const N: usize>(&self) -> Text<N> {
        let mut cleaner = Cleaner::new();
        for (place, label) in self.labels().enumerate() {
            if place > 0 {
                cleaner.push('.');
            }
            cleaner.push_bytes(label);
        }
        cleaner.finish()
    }

    /// The address a reverse name asks about; `None` for any other name.
    #[must_use]
    pub fn to_ip(&self) -> Option<IpAddr> {
        let mut v4 = [0u8; 4];
        let mut v6 = [0u8; 16];
        let count = self.labels().count();
        let of_v4 = count == 6 && self.ends_with(&[b"in-addr", b"arpa"]);
        let of_v6 = count == 34 && self.ends_with(&[b"ip6", b"arpa"]);
        if of_v4 {
            for (octet, label) in v4.iter_mut().rev().zip(self.labels()) {
                *octet = core::str::from_utf8(label).ok()?.parse().ok()?;
            }
            return Some(IpAddr::V4(Ipv4Addr::from(v4)));
        }
        if !of_v6 {
            return None;
        }
        let mut labels = self.labels();
        for octet in v6.iter_mut().rev() {
            let (low, high) = (nibble(labels.next()?)?, nibble(labels.next()?)?);
            *octet = high << 4 | low;
        }
        Some(IpAddr::V6(Ipv6Addr::from(v6)))
    }

    fn ends_with(&self, tail: &[&[u8]]) -> bool {
        let skip = self.labels().count().saturating_sub(tail.len());
        self.labels().skip(skip).zip(tail).filter(|(mine, theirs)| mine.eq_ignore_ascii_case(theirs)).count()
            == tail.len()
    }
}

fn nibble(label: &[u8]) -> Option<u8> {
    match label {
        [digit] => char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok()),
        _ => None,
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        // Length bytes are at most 63, below the ASCII letters, so one comparison serves both.
        self.octets.eq_ignore_ascii_case(&other.octets)
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.to_text::<255>())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Name {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Name({=str})", self.to_text::<255>().as_str());
    }
}

/// Walks the labels of a [`Name`].
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    left: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.left.split_first()?;
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        self.left = rest;
        Some(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], from: usize) -> Result<(Name, usize), Malformed> {
        let mut at = Octets::new(bytes).moved_to(from);
        Name::read(&mut at).map(|name| (name, at.position()))
    }

    #[test]
    fn follows_a_pointer_and_stops_behind_it() {
        let bytes = b"\x05local\x00\x04host\xc0\x00rest";
        let (name, end) = read(bytes, 7).unwrap();
        assert_eq!(name.to_text::<64>(), "host.local");
        assert_eq!(end, 14);
    }

    #[test]
    fn refuses_loops_forward_pointers_and_reserved_bits() {
        for (bytes, why) in [
            (&b"\xc0\x00"[..], Malformed::OutOfBounds),
            (b"\x01a\xc0\x00", Malformed::OutOfBounds),
            (b"\xc0\x02\x01a\x00", Malformed::OutOfBounds),
            (b"\x41a\x00", Malformed::Invalid),
            (b"\x05loc", Malformed::Truncated),
            (b"\xc0", Malformed::Truncated),
            (b"", Malformed::Truncated),
        ] {
            assert_eq!(read(bytes, 0).unwrap_err(), why, "{bytes:x?}");
        }
    }

    #[test]
    fn refuses_a_long_chain_of_pointers() {
        let mut bytes = [0u8; 200];
        bytes[0] = 0;
        for place in 1..100usize {
            let target = if place == 1 { 0 } else { place * 2 - 2 };
            bytes[place * 2] = 0xc0;
            bytes[place * 2 + 1] = u8::try_from(target).unwrap();
        }
        assert!(read(&bytes, 2 * MAX_JUMPS).is_ok());
        assert_eq!(read(&bytes, 2 * MAX_JUMPS + 2).unwrap_err(), Malformed::OutOfBounds);
    }

    #[test]
    fn allows_255_bytes_and_not_256() {
        let mut bytes = [b'a'; 256];
        for start in [0, 64, 128] {
            bytes[start] = 63;
        }
        bytes[192] = 61;
        bytes[254] = 0;
        assert_eq!(read(&bytes, 0).unwrap().1, 255);
        bytes[192] = 62;
        bytes[255] = 0;
        assert_eq!(read(&bytes, 0).unwrap_err(), Malformed::OutOfBounds);
    }

    #[test]
    fn keeps_dots_inside_a_label() {
        let name = Name::from_dotted("_ipp._tcp.local").unwrap().child("HP. Büro 2".as_bytes()).unwrap();
        assert_eq!(name.labels().next().unwrap(), "HP. Büro 2".as_bytes());
        assert_eq!(name.parent(), Name::from_dotted("_IPP._tcp.LOCAL.").unwrap());
        assert_eq!(name.labels().count(), 4);
    }

    #[test]
    fn writes_and_reads_reverse_names() {
        for (ip, text) in [
            ("192.168.1.20", "20.1.168.192.in-addr.arpa"),
            ("10.0.100.9", "9.100.0.10.in-addr.arpa"),
            ("fe80::1:2ff", "f.f.2.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa"),
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(Name::reverse(ip).to_text::<128>(), text);
            assert_eq!(Name::from_dotted(text).unwrap().to_ip(), Some(ip));
        }
        for text in ["1.168.192.in-addr.arpa", "x.1.168.192.in-addr.arpa", "256.1.168.192.in-addr.arpa", "a.b.c.d.e.f"]
        {
            assert_eq!(Name::from_dotted(text).unwrap().to_ip(), None, "{text}");
        }
    }

    #[test]
    fn refuses_text_that_is_no_name() {
        assert_eq!(Name::from_dotted("a..b"), None);
        assert_eq!(Name::from_dotted(""), None);
        assert_eq!(Name::ROOT.child(&[b'x'; 64]), None);
    }
}
