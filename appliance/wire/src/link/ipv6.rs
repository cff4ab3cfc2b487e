//! Holds the IPv6 header (RFC 8200) and the walk over its extension headers, bounded in count.
//! Never reassembles and never obeys an option: headers are only stepped over to find what they carry.
//! Called by `frame::dissect`, and by `Path` when it writes a frame.

use core::net::Ipv6Addr;

use super::Malformed;
use super::octets::{self, Writer};

/// Octets of the fixed header.
pub const HEADER_LEN: usize = 40;
/// Extension headers stepped over before a packet is refused. RFC 8200 4.1 names seven at most, each once
/// (destination options twice); a chain beyond that only serves to tire a parser.
pub const MAX_EXTENSIONS: usize = 8;

mod field {
    pub(super) const PAYLOAD_LEN: usize = 4;
    pub(super) const NEXT: usize = 6;
    pub(super) const HOPS: usize = 7;
    pub(super) const SRC: usize = 8;
    pub(super) const DST: usize = 24;
}

mod next {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const DESTINATION: u8 = 60;
}

/// Whether a packet came in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fragment {
    /// It did not.
    No,
    /// It has a fragment header and is whole all the same (RFC 6946).
    Atomic,
    /// It is only a part, the first part included.
    Part,
}

/// An IPv6 packet, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv6<'a> {
    /// Who sent it; may be unspecified (duplicate address detection), never multicast or loopback.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub src: Ipv6Addr,
    /// Whom it is for.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub dst: Ipv6Addr,
    /// Hop limit as it arrived.
    pub hops: u8,
    /// What the payload is, behind all extension headers.
    pub protocol: u8,
    /// Whether it came in parts.
    pub fragment: Fragment,
    /// The payload behind all extension headers, by the header's own length.
    pub payload: &'a [u8],
}

/// Reads a packet and steps over its extension headers.
///
/// # Errors
/// `Ipv6Short`, `Ipv6Version`, `Ipv6PayloadLength`, `IpSource`, `ExtensionShort`, `ExtensionOrder`, `ExtensionCount`.
/// Jumbograms (RFC 2675) claim a payload of zero octets and so are refused as `ExtensionShort`.
pub fn parse(packet: &[u8]) -> Result<Ipv6<'_>, Malformed> {
    let short = Malformed::Ipv6Short;
    if packet.first().ok_or(short)? >> 4 != 6 {
        return Err(Malformed::Ipv6Version);
    }
    let rest = packet.get(HEADER_LEN..).ok_or(short)?;
    let payload_len = usize::from(octets::be16(packet, field::PAYLOAD_LEN).ok_or(short)?);
    let src = octets::ipv6(packet, field::SRC).ok_or(short)?;
    if src.is_multicast() || src.is_loopback() {
        return Err(Malformed::IpSource);
    }
    let payload = rest.get(..payload_len).ok_or(Malformed::Ipv6PayloadLength)?;
    let first = *packet.get(field::NEXT).ok_or(short)?;
    let (protocol, fragment, payload) = skip_extensions(first, payload)?;
    Ok(Ipv6 {
        src,
        dst: octets::ipv6(packet, field::DST).ok_or(short)?,
        hops: *packet.get(field::HOPS).ok_or(short)?,
        protocol,
        fragment,
        payload,
    })
}

/// Steps over extension headers; answers what stands behind them. Ends at a fragment that is only a part: what
/// follows in it belongs to a packet nobody has seen whole.
fn skip_extensions(first: u8, mut rest: &[u8]) -> Result<(u8, Fragment, &[u8]), Malformed> {
    let mut next = first;
    let mut fragment = Fragment::No;
    for step in 0..=MAX_EXTENSIONS {
        let short = Malformed::ExtensionShort;
        let is_extension = matches!(
            next,
            next::HOP_BY_HOP | next::ROUTING | next::FRAGMENT | next::AUTHENTICATION | next::DESTINATION
        );
        if !is_extension {
            return Ok((next, fragment, rest));
        }
        if next == next::HOP_BY_HOP && step != 0 {
            return Err(Malformed::ExtensionOrder);
        }
        let [following, claimed, high, low] = octets::array::<4>(rest, 0).ok_or(short)?;
        let len = match next {
            next::FRAGMENT => 8,
            next::AUTHENTICATION => (usize::from(claimed) + 2) * 4,
            _ => (usize::from(claimed) + 1) * 8,
        };
        rest = rest.get(len..).ok_or(short)?;
        if next == next::FRAGMENT {
            // Offset in the upper 13 bits, "more" in the lowest; the two between are reserved.
            let part = u16::from_be_bytes([high, low]) & 0xfff9 != 0;
            if part {
                return Ok((following, Fragment::Part, rest));
            }
            fragment = Fragment::Atomic;
        }
        next = following;
    }
    Err(Malformed::ExtensionCount)
}

/// The beginning of a packet of ours, as an ICMPv6 error quotes it: addresses, protocol and what is left of the
/// payload. Only without extension headers, as we send none.
pub(super) fn parse_quoted(packet: &[u8]) -> Option<(Ipv6Addr, Ipv6Addr, u8, &[u8])> {
    if packet.first()? >> 4 != 6 {
        return None;
    }
    let protocol = *packet.get(field::NEXT)?;
    let (src, dst) = (octets::ipv6(packet, field::SRC)?, octets::ipv6(packet, field::DST)?);
    Some((src, dst, protocol, packet.get(HEADER_LEN..)?))
}

/// Writes a header whose length `seal` fills in.
pub(super) fn write_header(writer: &mut Writer<'_>, (src, dst): (Ipv6Addr, Ipv6Addr), protocol: u8, hops: u8) {
    writer.put(&[0x60, 0, 0, 0]).put16(0).put8(protocol).put8(hops);
    writer.put(&src.octets()).put(&dst.octets());
}

/// Fills in the payload length of a header that starts at `at`.
pub(super) fn seal(writer: &mut Writer<'_>, at: usize, payload_len: u16) {
    writer.patch16(at + field::PAYLOAD_LEN, payload_len);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet from fe80::1 to ff02::1 whose first next-header is `first`, with `payload`, into `out`.
    fn packet<'a>(first: u8, payload: &[u8], out: &'a mut [u8; 256]) -> &'a [u8] {
        let mut writer = Writer::new(out);
        write_header(&mut writer, ("fe80::1".parse().unwrap(), "ff02::1".parse().unwrap()), first, 255);
        writer.put(payload);
        seal(&mut writer, 0, u16::try_from(payload.len()).unwrap());
        let len = writer.finish().unwrap();
        &out[..len]
    }

    #[test]
    fn reads_a_header_octet_by_octet() {
        let bytes = [
            0x60, 0x0c, 0x1a, 0x5b, 0x00, 0x02, 0x11, 0x40, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0x00, 0xff, 0xfe,
            0x12, 0x34, 0x56, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb, 0xca, 0xfe, 0x00,
        ];
        let read = parse(&bytes).unwrap();
        assert_eq!(read.src, "fe80::5054:ff:fe12:3456".parse::<Ipv6Addr>().unwrap());
        assert_eq!(read.dst, "ff02::fb".parse::<Ipv6Addr>().unwrap());
        assert_eq!((read.hops, read.protocol, read.fragment), (64, 17, Fragment::No));
        assert_eq!(read.payload, [0xca, 0xfe], "padding left out");
        for len in 0..42 {
            let expected = if len < 40 { Malformed::Ipv6Short } else { Malformed::Ipv6PayloadLength };
            assert_eq!(parse(&bytes[..len]), Err(expected), "{len}");
        }
    }

    #[test]
    fn steps_over_extensions() {
        let mut out = [0u8; 256];
        // Hop-by-hop with a router alert, destination options, authentication (4 words), then UDP.
        let chain =
            [60, 0, 5, 2, 0, 0, 1, 0, 51, 0, 1, 4, 0, 0, 0, 0, 17, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa];
        let read = parse(packet(0, &chain, &mut out)).unwrap();
        assert_eq!((read.protocol, read.payload), (17, &[0xaa][..]));
    }

    #[test]
    fn refuses_a_chain_that_lies_or_does_not_end() {
        let mut out = [0u8; 256];
        let looping = [60u8, 0, 1, 4, 0, 0, 0, 0].repeat_to::<160>();
        assert_eq!(parse(packet(60, &looping, &mut out)), Err(Malformed::ExtensionCount));
        assert_eq!(parse(packet(60, &[17, 1, 1, 4, 0, 0, 0, 0], &mut out)), Err(Malformed::ExtensionShort));
        assert_eq!(parse(packet(60, &[17, 0, 1], &mut out)), Err(Malformed::ExtensionShort));
        let again = [0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0];
        assert_eq!(parse(packet(60, &again, &mut out)), Err(Malformed::ExtensionOrder));
        assert_eq!(parse(packet(0, &[], &mut out)), Err(Malformed::ExtensionShort), "jumbogram");
    }

    #[test]
    fn eight_extensions_pass_and_nine_do_not() {
        let mut out = [0u8; 256];
        let mut chain = [60u8, 0, 1, 4, 0, 0, 0, 0].repeat_to::<64>();
        chain[56] = 17;
        assert_eq!(parse(packet(60, &chain, &mut out)).unwrap().protocol, 17);
        let mut chain = [60u8, 0, 1, 4, 0, 0, 0, 0].repeat_to::<72>();
        chain[64] = 17;
        assert_eq!(parse(packet(60, &chain, &mut out)), Err(Malformed::ExtensionCount));
    }

    #[test]
    fn tells_parts_from_atomic_fragments() {
        let mut out = [0u8; 256];
        let atomic = [17, 0, 0, 0, 1, 2, 3, 4, 0xaa];
        let read = parse(packet(44, &atomic, &mut out)).unwrap();
        assert_eq!((read.fragment, read.protocol, read.payload), (Fragment::Atomic, 17, &[0xaa][..]));
        let first = [17, 0, 0, 1, 1, 2, 3, 4, 0xaa];
        assert_eq!(parse(packet(44, &first, &mut out)).unwrap().fragment, Fragment::Part);
        // A later part that claims to continue with an extension header: nothing behind it is walked.
        let later = [60, 0, 0, 8, 1, 2, 3, 4, 0xff, 0xff];
        let read = parse(packet(44, &later, &mut out)).unwrap();
        assert_eq!((read.fragment, read.protocol), (Fragment::Part, 60));
    }

    #[test]
    fn refuses_senders_that_cannot_be() {
        let mut out = [0u8; 256];
        let len = packet(17, &[], &mut out).len();
        out[8] = 0xff;
        assert_eq!(parse(&out[..len]), Err(Malformed::IpSource));
        out[8..24].fill(0);
        assert!(parse(&out[..len]).is_ok(), "unspecified: duplicate address detection");
        out[23] = 1;
        assert_eq!(parse(&out[..len]), Err(Malformed::IpSource), "loopback");
    }

    /// The eight octets over and over.
    trait RepeatTo {
        fn repeat_to<const N: usize>(&self) -> [u8; N];
    }

    impl RepeatTo for [u8; 8] {
        fn repeat_to<const N: usize>(&self) -> [u8; N] {
            core::array::from_fn(|at| self[at % 8])
        }
    }
}
