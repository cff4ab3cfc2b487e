//! Holds object identifiers in their encoded form, and those asked for, with what they mean (RFC 3418, RFC 2863, RFC 6933, RFC 4188).
//! Never knows a maker's private tree beyond its number. Called by the request writer and the answer reader.

use core::fmt;

use crate::names::Malformed;

/// An object identifier, borrowed from a message or a constant, checked: every arc ends and fits 32 bits (RFC 2578 section 3.5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// Checks encoded bytes. Errors: empty, an arc without end, above 32 bits or padded; more than 128 arcs.
    pub fn new(encoded: &'a [u8]) -> Result<Self, Malformed> {
        let mut arc = 0u32;
        let mut arcs = 0;
        let mut open = false;
        for byte in encoded {
            if arc > u32::MAX >> 7 || (!open && *byte == 0x80) {
                return Err(Malformed::Invalid);
            }
            arc = arc << 7 | u32::from(byte & 0x7f);
            open = byte & 0x80 != 0;
            if !open {
                arc = 0;
                arcs += 1;
            }
        }
        match (open, arcs) {
            (true, _) | (_, 0) => Err(Malformed::Invalid),
            (_, 128..) => Err(Malformed::OutOfBounds),
            _ => Ok(Self(encoded)),
        }
    }

    /// The encoded bytes.
    #[must_use]
    pub const fn encoded(self) -> &'a [u8] {
        self.0
    }

    /// The numbers; the first byte gives two.
    #[must_use]
    pub const fn arcs(self) -> Arcs<'a> {
        Arcs { left: self.0, second: None, first: true }
    }

    /// The numbers behind `prefix`, when it lies below.
    #[must_use]
    pub fn below(self, prefix: &[u8]) -> Option<Arcs<'a>> {
        // A prefix that is a checked OID ends with an arc, so what follows starts with one.
        Some(Arcs { left: self.0.strip_prefix(prefix)?, second: None, first: false })
    }

    /// The number of the maker (IANA Private Enterprise Numbers) of an identifier below 1.3.6.1.4.1.
    #[must_use]
    pub fn enterprise(self) -> Option<u32> {
        self.below(at::ENTERPRISES)?.next()
    }
}

/// Walks the numbers of an [`Oid`].
#[derive(Clone, Debug)]
pub struct Arcs<'a> {
    left: &'a [u8],
    second: Option<u32>,
    first: bool,
}

impl Iterator for Arcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if let Some(second) = self.second.take() {
            return Some(second);
        }
        let mut arc = 0u32;
        loop {
            let (byte, rest) = self.left.split_first()?;
            self.left = rest;
            arc = arc << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        if core::mem::take(&mut self.first) {
            // X.690 section 8.19.4: the first two numbers share one arc.
            let top = (arc / 40).min(2);
            self.second = Some(arc - top * 40);
            return Some(top);
        }
        Some(arc)
    }
}

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, arc) in self.arcs().enumerate() {
            write!(f, "{}{arc}", if place > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Encoded identifiers.
pub mod at {
    /// sysDescr.0, 1.3.6.1.2.1.1.1.0: hardware and software in words.
    pub const SYS_DESCR: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 1, 0];
    /// sysObjectID.0: maker and model as a number.
    pub const SYS_OBJECT_ID: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 2, 0];
    /// sysUpTime.0: hundredths of a second since the agent started.
    pub const SYS_UP_TIME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 3, 0];
    /// sysName.0.
    pub const SYS_NAME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 5, 0];
    /// sysLocation.0.
    pub const SYS_LOCATION: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 6, 0];
    /// sysServices.0: bit 1 bridge, bit 2 router, bit 6 host.
    pub const SYS_SERVICES: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 7, 0];
    /// ifPhysAddress, column: MAC address of each interface.
    pub const IF_PHYS_ADDRESS: &[u8] = &[0x2b, 6, 1, 2, 1, 2, 2, 1, 6];
    /// entPhysicalSerialNum, column 1.3.6.1.2.1.47.1.1.1.1.11.
    pub const ENT_SERIAL: &[u8] = &[0x2b, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11];
    /// entPhysicalModelName, column 1.3.6.1.2.1.47.1.1.1.1.13.
    pub const ENT_MODEL: &[u8] = &[0x2b, 6, 1, 2, 1, 47, 1, 1, 1, 1, 13];
    /// prtGeneralSerialNumber, column 1.3.6.1.2.1.43.5.1.1.17: printers.
    pub const PRINTER_SERIAL: &[u8] = &[0x2b, 6, 1, 2, 1, 43, 5, 1, 1, 17];
    /// dot1dTpFdbPort, column 1.3.6.1.2.1.17.4.3.1.2: which MAC a switch saw on which port.
    pub const FDB_PORT: &[u8] = &[0x2b, 6, 1, 2, 1, 17, 4, 3, 1, 2];
    /// usmStats, 1.3.6.1.6.3.15.1.1: why an agent refused (RFC 3414 section 5).
    pub const USM_STATS: &[u8] = &[0x2b, 6, 1, 6, 3, 15, 1, 1];
    /// Makers' trees, 1.3.6.1.4.1.
    pub const ENTERPRISES: &[u8] = &[0x2b, 6, 1, 4, 1];
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::ToString;

    #[test]
    fn shows_and_splits() {
        let net_snmp = Oid::new(b"\x2b\x06\x01\x04\x01\xbf\x08\x03\x02\x0a").unwrap();
        assert_eq!(net_snmp.to_string(), "1.3.6.1.4.1.8072.3.2.10");
        assert_eq!(net_snmp.enterprise(), Some(8072));
        assert_eq!(Oid::new(at::SYS_NAME).unwrap().enterprise(), None);
        assert_eq!(Oid::new(b"\x88\x37").unwrap().to_string(), "2.999");
        assert_eq!(Oid::new(b"\x2b\x8f\xff\xff\xff\x7f").unwrap().to_string(), "1.3.4294967295");
    }

    #[test]
    fn refuses_what_is_none() {
        for encoded in
            [&b""[..], b"\x2b\x86", b"\x2b\x80\x01", b"\x2b\x90\x80\x80\x80\x00", b"\x2b\xff\xff\xff\xff\xff\x7f"]
        {
            assert_eq!(Oid::new(encoded), Err(Malformed::Invalid), "{encoded:x?}");
        }
        assert_eq!(Oid::new(&[1; 200]), Err(Malformed::OutOfBounds));
    }

    #[test]
    fn every_constant_is_an_identifier() {
        use at::{ENT_MODEL, ENT_SERIAL, FDB_PORT, PRINTER_SERIAL};
        for (encoded, text) in [
            (at::IF_PHYS_ADDRESS, "1.3.6.1.2.1.2.2.1.6"),
            (ENT_SERIAL, "1.3.6.1.2.1.47.1.1.1.1.11"),
            (ENT_MODEL, "1.3.6.1.2.1.47.1.1.1.1.13"),
            (PRINTER_SERIAL, "1.3.6.1.2.1.43.5.1.1.17"),
            (FDB_PORT, "1.3.6.1.2.1.17.4.3.1.2"),
            (at::SYS_SERVICES, "1.3.6.1.2.1.1.7.0"),
        ] {
            assert_eq!(Oid::new(encoded).unwrap().to_string(), text);
        }
    }
}
