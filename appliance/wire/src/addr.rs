//! Holds the link-layer address and what its bits say (IEEE 802-2014 clause 8, RFC 9542).
//! Never looks a vendor up: that is a table of the service. Called by every parser and by all of `vigie-core`.

use core::fmt;
use core::str::FromStr;

/// A 48-bit MAC address (EUI-48), in transmission order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// `ff:ff:ff:ff:ff:ff`, every station of the segment.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// All zero: "not known", as an ARP request writes the address it asks for.
    pub const UNSPECIFIED: Self = Self([0; 6]);

    /// The group bit: broadcast and multicast addresses have it, a station never does.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// The locally administered bit. A *hint* that the address is random (RFC 9724), never a proof:
    /// virtual machines and repeaters set it for good.
    #[must_use]
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Virtual router addresses (VRRP and CARP RFC 9568, HSRP v1 and v2), which move between machines by design.
    #[must_use]
    pub const fn is_virtual_router(self) -> bool {
        matches!(
            self.0,
            [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
                | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
                | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
        )
    }

    /// Whether the address can name one station: not a group address, not all zero.
    #[must_use]
    pub fn is_station(self) -> bool {
        !self.is_multicast() && self != Self::UNSPECIFIED
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no MAC address: six pairs of hex digits, joined by `:`, `-` or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMac;

impl fmt::Display for NotAMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a MAC address is six pairs of hex digits, such as 00:11:22:33:44:55")
    }
}

impl core::error::Error for NotAMac {}

impl FromStr for Mac {
    type Err = NotAMac;

    /// Reads `00:11:22:33:44:55`, `00-11-22-33-44-55` and `001122334455`, either case.
    fn from_str(text: &str) -> Result<Self, NotAMac> {
        let mut octets = [0u8; 6];
        let mut digits = 0usize;
        for (place, byte) in text.bytes().enumerate() {
            let separated = text.len() == 17;
            if separated && place % 3 == 2 {
                if byte != b':' && byte != b'-' {
                    return Err(NotAMac);
                }
                continue;
            }
            let value = char::from(byte).to_digit(16).ok_or(NotAMac)?;
            let octet = octets.get_mut(digits / 2).ok_or(NotAMac)?;
            *octet = (*octet << 4) | u8::try_from(value).map_err(|_| NotAMac)?;
            digits += 1;
        }
        if digits == 12 { Ok(Self(octets)) } else { Err(NotAMac) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::ToString;

    #[test]
    fn reads_what_it_writes_and_the_other_spellings() {
        let mac = Mac([0x52, 0x54, 0, 0xab, 0xcd, 0xef]);
        assert_eq!(mac.to_string(), "52:54:00:ab:cd:ef");
        for text in ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "525400abcdef"] {
            assert_eq!(text.parse(), Ok(mac), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in
            ["", "52:54:00:ab:cd", "52:54:00:ab:cd:eg", "52:54:00:ab:cd:ef:01", "5254.00ab.cdef", "é2:54:00:ab:cd:e"]
        {
            assert_eq!(text.parse::<Mac>(), Err(NotAMac), "{text}");
        }
    }

    #[test]
    fn knows_group_local_and_virtual_router_addresses() {
        assert!(Mac([0x01, 0, 0x5e, 0, 0, 0xfb]).is_multicast());
        assert!(Mac([0x02, 0x42, 0, 0, 0, 1]).is_locally_administered());
        assert!(Mac([0, 0, 0x5e, 0, 1, 7]).is_virtual_router());
        assert!(!Mac([0, 0, 0x5e, 0, 0x53, 7]).is_virtual_router());
        assert!(!Mac::UNSPECIFIED.is_station() && !Mac::BROADCAST.is_station());
    }
}
