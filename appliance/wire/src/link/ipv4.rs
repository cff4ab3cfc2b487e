//! Holds the IPv4 header (RFC 791): options skipped, fragments told apart, lengths checked.
//! Never reassembles: a fragment shows that its sender is there, and nothing else.
//! Called by `frame::dissect`, and by `Path` when it writes a frame.

use core::net::Ipv4Addr;

use super::octets::{self, Writer};
use super::{Malformed, NoRoom, checksum};

/// Octets of a header without options.
pub const MIN_HEADER_LEN: usize = 20;

mod field {
    pub(super) const TOTAL_LEN: usize = 2;
    pub(super) const FRAGMENT: usize = 6;
    pub(super) const HOPS: usize = 8;
    pub(super) const PROTOCOL: usize = 9;
    pub(super) const CHECKSUM: usize = 10;
    pub(super) const SRC: usize = 12;
    pub(super) const DST: usize = 16;
}

/// "More fragments" and the 13 bits of the offset: any of them set makes the packet a fragment.
const FRAGMENT_BITS: u16 = 0x3fff;
/// "Don't fragment", set in all we send: probes are far below any MTU.
const DONT_FRAGMENT: u16 = 0x4000;

/// An IPv4 packet, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv4<'a> {
    /// Who sent it; may be unspecified (a DHCP client), never multicast, broadcast or loopback.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub src: Ipv4Addr,
    /// Whom it is for.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub dst: Ipv4Addr,
    /// Time to live as it arrived.
    pub hops: u8,
    /// What the payload is.
    pub protocol: u8,
    /// Whether this is only a part of a packet, the first part included.
    pub fragment: bool,
    /// The payload by the header's own length: padding of the frame is left out.
    pub payload: &'a [u8],
}

/// Reads a packet.
///
/// # Errors
/// `Ipv4Short`, `Ipv4Version`, `Ipv4HeaderLength`, `Ipv4TotalLength`, `Ipv4Checksum`, `IpSource`.
pub fn parse(packet: &[u8]) -> Result<Ipv4<'_>, Malformed> {
    let (header_len, total_len) = lengths(packet)?;
    let header = packet.get(..header_len).ok_or(Malformed::Ipv4HeaderLength)?;
    let payload = packet.get(header_len..total_len).ok_or(Malformed::Ipv4TotalLength)?;
    // Never left to the network card on the way out, so it is checked even where transport sums are trusted.
    if checksum::internet(header) != 0 {
        return Err(Malformed::Ipv4Checksum);
    }
    let short = Malformed::Ipv4Short;
    let src = octets::ipv4(header, field::SRC).ok_or(short)?;
    if src.is_multicast() || src.is_broadcast() || src.is_loopback() {
        return Err(Malformed::IpSource);
    }
    Ok(Ipv4 {
        src,
        dst: octets::ipv4(header, field::DST).ok_or(short)?,
        hops: *header.get(field::HOPS).ok_or(short)?,
        protocol: *header.get(field::PROTOCOL).ok_or(short)?,
        fragment: octets::be16(header, field::FRAGMENT).ok_or(short)? & FRAGMENT_BITS != 0,
        payload,
    })
}

/// Header and total length in octets, as the header claims them; only the header length is checked against the bytes.
fn lengths(packet: &[u8]) -> Result<(usize, usize), Malformed> {
    let first = *packet.first().ok_or(Malformed::Ipv4Short)?;
    if first >> 4 != 4 {
        return Err(Malformed::Ipv4Version);
    }
    if packet.len() < MIN_HEADER_LEN {
        return Err(Malformed::Ipv4Short);
    }
    let header_len = usize::from(first & 0x0f) * 4;
    if header_len < MIN_HEADER_LEN || header_len > packet.len() {
        return Err(Malformed::Ipv4HeaderLength);
    }
    let total_len = octets::be16(packet, field::TOTAL_LEN).ok_or(Malformed::Ipv4Short)?;
    Ok((header_len, usize::from(total_len)))
}

/// The beginning of a packet of ours, as an ICMP error quotes it: addresses, protocol and what is left of the payload.
/// Length and checksum are not checked, since routers change the one and cut the other.
pub(super) fn parse_quoted(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr, u8, &[u8])> {
    let (header_len, _) = lengths(packet).ok()?;
    let protocol = *packet.get(field::PROTOCOL)?;
    Some((octets::ipv4(packet, field::SRC)?, octets::ipv4(packet, field::DST)?, protocol, packet.get(header_len..)?))
}

/// Writes a header whose length and checksum `seal` fills in.
pub(super) fn write_header(writer: &mut Writer<'_>, (src, dst): (Ipv4Addr, Ipv4Addr), protocol: u8, hops: u8) {
    // Version 4 and five words of header; no special service. The id may stay zero, as DF is set (RFC 6864 4.1).
    writer.put(&[0x45, 0]).put16(0).put16(0).put16(DONT_FRAGMENT);
    writer.put8(hops).put8(protocol).put16(0);
    writer.put(&src.octets()).put(&dst.octets());
}

/// Fills in total length and header checksum of a header that starts at `at`.
pub(super) fn seal(writer: &mut Writer<'_>, at: usize, payload_len: u16) -> Result<(), NoRoom> {
    // MIN_HEADER_LEN is 20 and fits.
    let total = payload_len.checked_add(MIN_HEADER_LEN as u16).ok_or(NoRoom)?;
    writer.patch16(at + field::TOTAL_LEN, total);
    let header = writer.since(at).get(..MIN_HEADER_LEN).ok_or(NoRoom)?;
    let sum = checksum::internet(header);
    writer.patch16(at + field::CHECKSUM, sum);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An echo request, 10.0.0.1 to 10.0.0.2, with four octets of payload and two of frame padding.
    const PACKET: [u8; 26] = [
        0x45, 0x00, 0x00, 0x18, 0x12, 0x34, 0x40, 0x00, 0x40, 0x01, 0x14, 0xaf, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00,
        0x00, 0x02, 0xde, 0xad, 0xbe, 0xef, 0x00, 0x00,
    ];

    /// The packet with some octets changed and its header checksum made right again.
    fn changed(changes: &[(usize, u8)]) -> [u8; 26] {
        let mut packet = PACKET;
        for (at, value) in changes {
            packet[*at] = *value;
        }
        packet[10..12].fill(0);
        let header_len = usize::from(packet[0] & 0x0f) * 4;
        let sum = checksum::internet(&packet[..header_len.min(26)]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet
    }

    #[test]
    fn reads_a_packet_and_leaves_the_padding() {
        let read = parse(&PACKET).unwrap();
        assert_eq!((read.src, read.dst), (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!((read.hops, read.protocol, read.fragment), (64, 1, false));
        assert_eq!(read.payload, [0xde, 0xad, 0xbe, 0xef]);
    }

    #[test]
    fn refuses_every_cut() {
        for len in 0..24 {
            let expected = match len {
                0..20 => Malformed::Ipv4Short,
                _ => Malformed::Ipv4TotalLength,
            };
            assert_eq!(parse(&PACKET[..len]), Err(expected), "{len}");
        }
        assert!(parse(&PACKET[..24]).is_ok());
    }

    #[test]
    fn refuses_lying_lengths_versions_and_sums() {
        assert_eq!(parse(&changed(&[(0, 0x65)])), Err(Malformed::Ipv4Version));
        assert_eq!(parse(&changed(&[(0, 0x44)])), Err(Malformed::Ipv4HeaderLength));
        assert_eq!(parse(&changed(&[(0, 0x4f)])), Err(Malformed::Ipv4HeaderLength));
        assert_eq!(parse(&changed(&[(3, 27)])), Err(Malformed::Ipv4TotalLength), "longer than the frame");
        assert_eq!(parse(&changed(&[(3, 19)])), Err(Malformed::Ipv4TotalLength), "shorter than its header");
        assert_eq!(parse(&changed(&[(0, 0x46), (3, 23)])), Err(Malformed::Ipv4TotalLength));
        let mut wrong = PACKET;
        wrong[8] -= 1;
        assert_eq!(parse(&wrong), Err(Malformed::Ipv4Checksum));
    }

    #[test]
    fn skips_options() {
        let read = changed(&[(0, 0x46)]);
        assert_eq!(parse(&read).unwrap().payload, &[] as &[u8]);
    }

    #[test]
    fn refuses_senders_that_cannot_be() {
        for first in [0x7f, 0xe0, 0xef] {
            assert_eq!(parse(&changed(&[(12, first)])), Err(Malformed::IpSource), "{first}");
        }
        assert_eq!(
            parse(&changed(&[(12, 255), (13, 255), (14, 255), (15, 255)])),
            Err(Malformed::IpSource),
            "limited broadcast"
        );
        assert!(parse(&changed(&[(12, 0), (15, 0)])).is_ok(), "0.0.0.0 is a DHCP client");
    }

    #[test]
    fn tells_fragments_first_and_later() {
        assert!(!parse(&changed(&[(6, 0x40)])).unwrap().fragment, "DF alone");
        assert!(parse(&changed(&[(6, 0x20)])).unwrap().fragment, "first of several");
        assert!(parse(&changed(&[(6, 0x00), (7, 0x01)])).unwrap().fragment, "a later one");
    }
}
