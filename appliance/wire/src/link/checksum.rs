//! Holds the Internet checksum (RFC 1071), with the pseudo headers of RFC 9293 3.1 and RFC 8200 8.1.
//! Never decides whether a wrong sum matters: the caller says so with `Mode`.
//! Called by every builder and parser above the link layer.

use super::Ends;

/// Whether a received transport checksum is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// The field must hold the right sum.
    Verify,
    /// The field is not read. For packets a kernel hands over before its network card would have filled the sum in:
    /// Linux marks those with `TP_STATUS_CSUMNOTREADY`, and everything that crosses a veth pair is of that kind.
    Trust,
}

/// A running one's complement sum. Wide enough for any slice, so the carries are folded once, at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// The sum over the pseudo header: both addresses, the protocol and the length of the transport in octets.
    #[must_use]
    pub fn pseudo(ends: &Ends, protocol: u8, transport_len: usize) -> Self {
        let sum = match ends {
            Ends::V4 { src, dst } => Self::default().plus(&src.octets()).plus(&dst.octets()),
            Ends::V6 { src, dst } => Self::default().plus(&src.octets()).plus(&dst.octets()),
        };
        Self(sum.0 + u64::from(protocol) + transport_len as u64)
    }

    /// Adds octets. All but the last slice must have an even length, as each starts on a 16-bit word.
    #[must_use]
    pub fn plus(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<2>();
        let sum = words.iter().fold(self.0, |sum, word| sum + u64::from(u16::from_be_bytes(*word)));
        Self(sum + rest.first().map_or(0, |last| u64::from(*last) << 8))
    }

    /// The checksum: the complement of the folded sum. Zero when the octets added already hold their checksum.
    #[must_use]
    pub fn finish(self) -> u16 {
        let mut sum = self.0;
        // Four folds bring any 64-bit number down to 16 bits; u16::try_from says when it is there.
        loop {
            match u16::try_from(sum) {
                Ok(folded) => return !folded,
                Err(_) => sum = (sum & 0xffff) + (sum >> 16),
            }
        }
    }
}

/// The checksum of `bytes` alone: an IPv4 header, an ICMPv4 message.
#[must_use]
pub fn internet(bytes: &[u8]) -> u16 {
    Sum::default().plus(bytes).finish()
}

/// The checksum of a transport segment between `ends`.
#[must_use]
pub fn transport(ends: &Ends, protocol: u8, segment: &[u8]) -> u16 {
    Sum::pseudo(ends, protocol, segment.len()).plus(segment).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn sums_the_example_of_rfc_1071() {
        // RFC 1071 section 3: 00 01 f2 03 f4 f5 f6 f7 add up to ddf2.
        assert_eq!(internet(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }

    #[test]
    fn pads_an_odd_end_with_zero_and_folds_all_carries() {
        assert_eq!(internet(&[0x12]), !0x1200);
        assert_eq!(internet(&[0xff; 65_535]), internet(&[0xff, 0x00]));
        assert_eq!(internet(&[]), 0xffff);
    }

    #[test]
    fn a_header_with_its_checksum_in_place_sums_to_zero() {
        // A much quoted header: 192.168.0.1 to 192.168.0.199, UDP, 115 octets.
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8,
            0x00, 0xc7,
        ];
        assert_eq!(internet(&header), 0);
        let mut changed = header;
        changed[8] -= 1;
        assert_ne!(internet(&changed), 0);
    }

    #[test]
    fn the_pseudo_header_holds_addresses_protocol_and_length() {
        let ends = Ends::V4 { src: Ipv4Addr::new(1, 2, 3, 4), dst: Ipv4Addr::new(5, 6, 7, 8) };
        let by_hand = internet(&[1, 2, 3, 4, 5, 6, 7, 8, 0, 17, 0, 2, 0xaa, 0xbb]);
        assert_eq!(transport(&ends, 17, &[0xaa, 0xbb]), by_hand);
    }
}
