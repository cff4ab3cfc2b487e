//! Holds UDP datagrams (RFC 768): read, and written as complete frames for senders without an address of their own.
//! Never looks into the payload: ports say which parser comes next, and the caller knows those.
//! Called by `frame::dissect`, and by the DHCP and Wake-on-LAN senders.

use super::checksum::{self, Mode};
use super::octets;
use super::{Ends, Malformed, NoRoom, Path, protocol};

/// Octets of the header.
pub const HEADER_LEN: usize = 8;

mod field {
    pub(super) const SRC_PORT: usize = 0;
    pub(super) const DST_PORT: usize = 2;
    pub(super) const LEN: usize = 4;
    pub(super) const CHECKSUM: usize = 6;
}

/// A datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Udp<'a> {
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's port.
    pub dst_port: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Reads the transport part of an IP packet between `ends`. Over IPv4 a checksum of zero means "none" and passes;
/// over IPv6 it is refused (RFC 8200 8.1).
///
/// # Errors
/// `UdpShort`, `UdpLength`, `UdpChecksum`.
pub fn parse<'a>(ends: &Ends, segment: &'a [u8], mode: Mode) -> Result<Udp<'a>, Malformed> {
    let short = Malformed::UdpShort;
    if segment.len() < HEADER_LEN {
        return Err(short);
    }
    let len = usize::from(octets::be16(segment, field::LEN).ok_or(short)?);
    let datagram = segment.get(..len).ok_or(Malformed::UdpLength)?;
    let payload = datagram.get(HEADER_LEN..).ok_or(Malformed::UdpLength)?;
    if mode == Mode::Verify {
        let filled = octets::be16(datagram, field::CHECKSUM).ok_or(short)? != 0;
        let right = match (filled, ends) {
            (true, _) => checksum::transport(ends, protocol::UDP, datagram) == 0,
            (false, Ends::V4 { .. }) => true,
            (false, Ends::V6 { .. }) => false,
        };
        if !right {
            return Err(Malformed::UdpChecksum);
        }
    }
    Ok(Udp {
        src_port: octets::be16(datagram, field::SRC_PORT).ok_or(short)?,
        dst_port: octets::be16(datagram, field::DST_PORT).ok_or(short)?,
        payload,
    })
}

impl Udp<'_> {
    /// Writes the complete frame, checksum included, and answers its length.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small, or the payload too long for one packet.
    pub fn write_frame(&self, path: &Path, out: &mut [u8]) -> Result<usize, NoRoom> {
        let len = u16::try_from(HEADER_LEN + self.payload.len()).map_err(|_| NoRoom)?;
        // 64 hops: what every system starts with.
        path.write(out, (protocol::UDP, 64), field::CHECKSUM, |writer| {
            writer.put16(self.src_port).put16(self.dst_port).put16(len).put16(0).put(self.payload);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;
    use core::net::{IpAddr, Ipv4Addr};

    const V4: Ends = Ends::V4 { src: Ipv4Addr::new(10, 0, 0, 1), dst: Ipv4Addr::new(10, 0, 0, 2) };

    fn v6() -> Ends {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        Ends::new(parse("fe80::1"), parse("ff02::fb")).unwrap()
    }

    /// Port 53 to 1024, "hi!", checksum from another implementation for `V4`.
    const DATAGRAM: [u8; 11] = [0x00, 0x35, 0x04, 0x00, 0x00, 0x0b, 0x5e, 0x37, 0x68, 0x69, 0x21];

    #[test]
    fn reads_a_datagram() {
        let read = parse(&V4, &DATAGRAM, Mode::Verify).unwrap();
        assert_eq!(read, Udp { src_port: 53, dst_port: 1024, payload: b"hi!" });
    }

    #[test]
    fn refuses_every_cut_and_lying_lengths() {
        for len in 0..11 {
            let expected = if len < 8 { Malformed::UdpShort } else { Malformed::UdpLength };
            assert_eq!(parse(&V4, &DATAGRAM[..len], Mode::Trust), Err(expected), "{len}");
        }
        for (claimed, expected) in [(0, Malformed::UdpLength), (7, Malformed::UdpLength), (12, Malformed::UdpLength)] {
            let mut lying = DATAGRAM;
            lying[5] = claimed;
            assert_eq!(parse(&V4, &lying, Mode::Trust), Err(expected), "{claimed}");
        }
    }

    #[test]
    fn checks_the_sum_unless_told_to_trust() {
        let mut wrong = DATAGRAM;
        wrong[8] ^= 1;
        assert_eq!(parse(&V4, &wrong, Mode::Verify), Err(Malformed::UdpChecksum));
        assert!(parse(&V4, &wrong, Mode::Trust).is_ok());
        let mut without = DATAGRAM;
        without[6..8].fill(0);
        assert!(parse(&V4, &without, Mode::Verify).is_ok(), "none is allowed over IPv4");
        assert_eq!(parse(&v6(), &without, Mode::Verify), Err(Malformed::UdpChecksum), "and not over IPv6");
    }

    #[test]
    fn writes_frames_that_read_back() {
        for ends in [V4, v6()] {
            let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), ends };
            let datagram = Udp { src_port: 68, dst_port: 67, payload: b"odd" };
            let mut out = [0u8; 128];
            let len = datagram.write_frame(&path, &mut out).unwrap();
            let transport = len - HEADER_LEN - 3;
            assert_eq!(parse(&ends, &out[transport..len], Mode::Verify), Ok(datagram));
            for room in 0..len {
                assert_eq!(datagram.write_frame(&path, &mut out[..room]), Err(NoRoom), "{room}");
            }
        }
    }

    #[test]
    fn a_sum_of_zero_is_written_as_all_ones() {
        // Two octets chosen so that the sum folds to ffff, whose complement is zero.
        let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), ends: V4 };
        let mut out = [0u8; 64];
        let empty = Udp { src_port: 1, dst_port: 2, payload: &[0, 0] };
        let len = empty.write_frame(&path, &mut out).unwrap();
        let sum = [out[len - 4], out[len - 3]];
        let len = Udp { payload: &sum, ..empty }.write_frame(&path, &mut out).unwrap();
        assert_eq!(out[len - 4..len - 2], [0xff, 0xff]);
        assert!(parse(&V4, &out[len - 10..len], Mode::Verify).is_ok());
    }
}
