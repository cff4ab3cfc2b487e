//! Holds the little of TCP (RFC 9293) that a SYN probe needs: the SYN, and the header of what comes back.
//! Never opens a connection: the kernel, which knows of none, answers a SYN+ACK with a reset by itself.
//! Called by the port probes to send, and by `frame::dissect` for what is heard.

use core::ops::BitOr;

use super::checksum::{self, Mode};
use super::octets::{self, Writer};
use super::{Ends, Malformed, NoRoom, Path, protocol};

/// Octets of a header without options.
pub const MIN_HEADER_LEN: usize = 20;
/// Octets of the SYN we send: a header and one option.
pub const SYN_LEN: usize = 24;
/// Octets of a SYN as a complete frame over IPv6, the longer of the two.
pub const MAX_SYN_FRAME_LEN: usize = super::ethernet::HEADER_LEN + super::ipv6::HEADER_LEN + SYN_LEN;

mod field {
    pub(super) const SRC_PORT: usize = 0;
    pub(super) const DST_PORT: usize = 2;
    pub(super) const SEQ: usize = 4;
    pub(super) const ACK: usize = 8;
    pub(super) const OFFSET: usize = 12;
    pub(super) const FLAGS: usize = 13;
    pub(super) const WINDOW: usize = 14;
    pub(super) const CHECKSUM: usize = 16;
}

/// The control bits of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// The acknowledgement field counts.
    pub const ACK: Self = Self(0x10);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The header of a segment heard. Its payload is nobody's business here; only its length is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Segment {
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's port.
    pub dst_port: u16,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number; counts only with `Flags::ACK`.
    pub ack: u32,
    /// Control bits.
    pub flags: Flags,
    /// Window as sent, unscaled: a weak hint of the system behind.
    pub window: u16,
    /// Octets of payload.
    pub payload_len: usize,
}

/// Reads the transport part of an IP packet between `ends`.
///
/// # Errors
/// `TcpShort`, `TcpOffset`, `TcpChecksum`.
pub fn parse(ends: &Ends, segment: &[u8], mode: Mode) -> Result<Segment, Malformed> {
    let short = Malformed::TcpShort;
    if segment.len() < MIN_HEADER_LEN {
        return Err(short);
    }
    let header_len = usize::from(segment.get(field::OFFSET).ok_or(short)? >> 4) * 4;
    let payload_len = segment.len().checked_sub(header_len).ok_or(Malformed::TcpOffset)?;
    if header_len < MIN_HEADER_LEN {
        return Err(Malformed::TcpOffset);
    }
    if mode == Mode::Verify && checksum::transport(ends, protocol::TCP, segment) != 0 {
        return Err(Malformed::TcpChecksum);
    }
    Ok(Segment {
        src_port: octets::be16(segment, field::SRC_PORT).ok_or(short)?,
        dst_port: octets::be16(segment, field::DST_PORT).ok_or(short)?,
        seq: octets::be32(segment, field::SEQ).ok_or(short)?,
        ack: octets::be32(segment, field::ACK).ok_or(short)?,
        flags: Flags(*segment.get(field::FLAGS).ok_or(short)?),
        window: octets::be16(segment, field::WINDOW).ok_or(short)?,
        payload_len,
    })
}

/// A SYN probe. `seq` comes from `Cookie::seq`, so that nothing need be remembered about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Syn {
    /// The port replies come to. Must be one no program of this machine uses, so that the kernel resets what opens.
    pub src_port: u16,
    /// The port asked about.
    pub dst_port: u16,
    /// Initial sequence number.
    pub seq: u32,
}

impl Syn {
    /// Writes the complete frame and answers its length, at most `MAX_SYN_FRAME_LEN`.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_frame(&self, path: &Path, out: &mut [u8]) -> Result<usize, NoRoom> {
        path.write(out, (protocol::TCP, 64), field::CHECKSUM, |writer| self.put(writer))
    }

    /// Writes the bare segment, checksum included, for a raw IP socket, and answers its length, `SYN_LEN`.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_segment(&self, ends: &Ends, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        self.put(&mut writer);
        let sum = checksum::transport(ends, protocol::TCP, writer.since(0));
        writer.patch16(field::CHECKSUM, sum);
        writer.finish()
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.put16(self.src_port).put16(self.dst_port).put32(self.seq).put32(0);
        // Six words of header; a small window, as nothing will ever be sent into it.
        writer.put8(0x60).put8(Flags::SYN.0).put16(1024).put16(0).put16(0);
        // Maximum segment size 1460. Every real client sends it, and some filters drop a SYN without.
        writer.put(&[2, 4, 0x05, 0xb4]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;
    use crate::link::{ethernet, ipv4};
    use core::net::{IpAddr, Ipv4Addr};

    const V4: Ends = Ends::V4 { src: Ipv4Addr::new(10, 0, 0, 1), dst: Ipv4Addr::new(10, 0, 0, 2) };

    /// A SYN+ACK with MSS, 22 to 50000, checksum from another implementation for `V4`.
    const SYN_ACK: [u8; 24] = [
        0x00, 0x16, 0xc3, 0x50, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x60, 0x12, 0xfa, 0xf0, 0xb4, 0x67,
        0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
    ];

    #[test]
    fn reads_a_syn_ack() {
        let read = parse(&V4, &SYN_ACK, Mode::Verify).unwrap();
        assert_eq!((read.src_port, read.dst_port), (22, 50_000));
        assert_eq!((read.seq, read.ack), (0x1122_3344, 0x5566_7788));
        assert_eq!((read.flags, read.window, read.payload_len), (Flags::SYN | Flags::ACK, 64_240, 0));
    }

    #[test]
    fn refuses_every_cut_lying_offsets_and_wrong_sums() {
        for len in 0..24 {
            let expected = if len < 20 { Malformed::TcpShort } else { Malformed::TcpOffset };
            assert_eq!(parse(&V4, &SYN_ACK[..len], Mode::Trust), Err(expected), "{len}");
        }
        for offset in [0x00, 0x40, 0x70, 0xf0] {
            let mut lying = SYN_ACK;
            lying[12] = offset;
            assert_eq!(parse(&V4, &lying, Mode::Trust), Err(Malformed::TcpOffset), "{offset:x}");
        }
        let mut wrong = SYN_ACK;
        wrong[7] ^= 1;
        assert_eq!(parse(&V4, &wrong, Mode::Verify), Err(Malformed::TcpChecksum));
        assert!(parse(&V4, &wrong, Mode::Trust).is_ok());
    }

    #[test]
    fn writes_syns_that_read_back() {
        let syn = Syn { src_port: 50_000, dst_port: 80, seq: 0xdead_beef };
        let ends6 = Ends::new("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap()).unwrap();
        for (ends, expected) in [(V4, 58), (ends6, MAX_SYN_FRAME_LEN)] {
            let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), ends };
            let mut out = [0u8; MAX_SYN_FRAME_LEN];
            assert_eq!(syn.write_frame(&path, &mut out), Ok(expected));
            let read = parse(&ends, &out[expected - SYN_LEN..expected], Mode::Verify).unwrap();
            assert_eq!((read.src_port, read.dst_port, read.seq, read.flags), (50_000, 80, 0xdead_beef, Flags::SYN));
            let mut bare = [0u8; SYN_LEN];
            assert_eq!(syn.write_segment(&ends, &mut bare), Ok(SYN_LEN));
            assert_eq!(bare, out[expected - SYN_LEN..expected]);
            for room in 0..expected {
                assert_eq!(syn.write_frame(&path, &mut out[..room]), Err(NoRoom), "{room}");
            }
        }
    }

    #[test]
    fn the_frame_around_a_syn_is_right_octet_by_octet() {
        let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), ends: V4 };
        let mut out = [0u8; MAX_SYN_FRAME_LEN];
        Syn { src_port: 1, dst_port: 2, seq: 3 }.write_frame(&path, &mut out).unwrap();
        assert_eq!(out[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00]);
        assert_eq!(out[14..24], [0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 6]);
        assert_eq!(out[26..34], [10, 0, 0, 1, 10, 0, 0, 2]);
        let read = ipv4::parse(&out[ethernet::HEADER_LEN..]).unwrap();
        assert_eq!((IpAddr::V4(read.src), read.payload.len()), (V4.src(), SYN_LEN));
    }
}
