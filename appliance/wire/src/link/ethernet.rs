//! Holds the Ethernet header (IEEE 802.3) and at most one VLAN tag (IEEE 802.1Q), and multicast MAC addresses.
//! Never looks inside LLC frames: nothing Vigie listens to is carried that way.
//! Called by `frame::dissect` first of all, and by every builder of a complete frame.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::octets::{self, Writer};
use super::{Malformed, NoRoom};
use crate::Mac;

/// Octets of the header without a tag.
pub const HEADER_LEN: usize = 14;

/// EtherTypes (IANA "IEEE 802 Numbers") that mean something here.
pub mod kind {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// Wake-on-LAN without IP.
    pub const WAKE: u16 = 0x0842;
    /// A VLAN tag (802.1Q C-TAG).
    pub const VLAN: u16 = 0x8100;
    /// A provider's VLAN tag (802.1Q S-TAG, once 802.1ad).
    pub const PROVIDER_VLAN: u16 = 0x88a8;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
}

mod field {
    pub(super) const DST: usize = 0;
    pub(super) const SRC: usize = 6;
    pub(super) const KIND: usize = 12;
    pub(super) const TAG: usize = 14;
    pub(super) const TAGGED_KIND: usize = 16;
}

/// A frame's header, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ethernet<'a> {
    /// The station or group it is for.
    pub dst: Mac,
    /// The station that sent it; never a group address.
    pub src: Mac,
    /// The VLAN id of the tag, if there was one; 0 means "priority only, no VLAN".
    pub vlan: Option<u16>,
    /// The EtherType; below 1536 it is the length of an LLC frame instead.
    pub kind: u16,
    /// What follows, padding included.
    pub payload: &'a [u8],
}

/// Reads a frame, skipping one tag. A second tag stays as `kind`, and so ends the reading there.
///
/// # Errors
/// `FrameShort`, `FrameSource`.
pub fn parse(frame: &[u8]) -> Result<Ethernet<'_>, Malformed> {
    let short = Malformed::FrameShort;
    let dst = octets::mac(frame, field::DST).ok_or(short)?;
    let src = octets::mac(frame, field::SRC).ok_or(short)?;
    let outer = octets::be16(frame, field::KIND).ok_or(short)?;
    if !src.is_station() {
        return Err(Malformed::FrameSource);
    }
    let tagged = matches!(outer, kind::VLAN | kind::PROVIDER_VLAN);
    let (vlan, kind, start) = if tagged {
        let tag = octets::be16(frame, field::TAG).ok_or(short)?;
        // The upper four bits are priority and drop eligibility.
        (Some(tag & 0x0fff), octets::be16(frame, field::TAGGED_KIND).ok_or(short)?, field::TAGGED_KIND + 2)
    } else {
        (None, outer, HEADER_LEN)
    };
    Ok(Ethernet { dst, src, vlan, kind, payload: frame.get(start..).unwrap_or_default() })
}

/// Writes a complete untagged frame around `payload` and answers its length. The kernel or the card pads to 60 octets.
///
/// # Errors
/// `NoRoom` when `out` is too small.
pub fn write_frame(dst: Mac, src: Mac, kind: u16, payload: &[u8], out: &mut [u8]) -> Result<usize, NoRoom> {
    let mut writer = Writer::new(out);
    write_header(&mut writer, dst, src, kind);
    writer.put(payload).finish()
}

pub(super) fn write_header(writer: &mut Writer<'_>, dst: Mac, src: Mac, kind: u16) {
    writer.put(&dst.0).put(&src.0).put16(kind);
}

/// The group MAC of an IPv4 multicast address: its low 23 bits behind 01:00:5e (RFC 1112 6.4).
#[must_use]
pub const fn multicast_v4(group: Ipv4Addr) -> Mac {
    let [_, b, c, d] = group.octets();
    Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}

/// The group MAC of an IPv6 multicast address: its low 32 bits behind 33:33 (RFC 2464 7).
#[must_use]
pub const fn multicast_v6(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; 16] =
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x06, 0xaa, 0xbb];

    #[test]
    fn reads_a_plain_header() {
        let read = parse(&PLAIN).unwrap();
        assert_eq!(read.dst, Mac::BROADCAST);
        assert_eq!(read.src, Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]));
        assert_eq!((read.vlan, read.kind, read.payload), (None, kind::ARP, &[0xaa, 0xbb][..]));
    }

    #[test]
    fn skips_one_tag_and_no_more() {
        let mut tagged = [0u8; 22];
        tagged[..12].copy_from_slice(&PLAIN[..12]);
        tagged[12..].copy_from_slice(&[0x81, 0x00, 0xe0, 0x2a, 0x81, 0x00, 0x00, 0x07, 0x08, 0x00]);
        let read = parse(&tagged).unwrap();
        assert_eq!((read.vlan, read.kind), (Some(42), kind::VLAN));
        assert_eq!(read.payload, &tagged[18..]);
    }

    #[test]
    fn every_cut_is_refused_or_read_without_payload() {
        for len in 0..HEADER_LEN {
            assert_eq!(parse(&PLAIN[..len]), Err(Malformed::FrameShort), "{len}");
        }
        assert_eq!(parse(&PLAIN[..14]).unwrap().payload, &[]);
        let mut tagged = PLAIN;
        tagged[12..14].copy_from_slice(&[0x81, 0x00]);
        assert_eq!(parse(&tagged), Err(Malformed::FrameShort), "a tag without a type behind it");
    }

    #[test]
    fn a_group_or_nobody_cannot_be_the_sender() {
        let mut frame = PLAIN;
        frame[6] |= 1;
        assert_eq!(parse(&frame), Err(Malformed::FrameSource));
        frame[6..12].fill(0);
        assert_eq!(parse(&frame), Err(Malformed::FrameSource));
    }

    #[test]
    fn groups_map_to_their_mac() {
        assert_eq!(multicast_v4(Ipv4Addr::new(239, 255, 255, 250)), Mac([0x01, 0, 0x5e, 0x7f, 0xff, 0xfa]));
        assert_eq!(multicast_v6("ff02::1:ff12:3456".parse().unwrap()), Mac([0x33, 0x33, 0xff, 0x12, 0x34, 0x56]));
    }

    #[test]
    fn writes_what_it_reads() {
        let mut out = [0u8; 16];
        let read = parse(&PLAIN).unwrap();
        assert_eq!(write_frame(read.dst, read.src, read.kind, read.payload, &mut out), Ok(16));
        assert_eq!(out, PLAIN);
        assert_eq!(write_frame(read.dst, read.src, read.kind, read.payload, &mut out[..15]), Err(NoRoom));
    }
}
