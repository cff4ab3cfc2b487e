//! Holds the one question about a heard frame: what does it mean for this product, and who sent it.
//! Never goes deeper than the transport: a datagram's payload is for the parser its ports name.
//! Called by the shell for every frame of its packet sockets.

use super::checksum::{self, Mode};
use super::icmp::{self, Echo, Icmp, Unreachable};
use super::ipv6::{Fragment, Ipv6};
use super::ndp::{self, Ndp};
use super::tcp::{self, Segment};
use super::udp::{self, Udp};
use super::{Ends, Malformed, arp, ethernet, ipv4, ipv6, protocol};
use crate::Mac;

/// A frame, read. The stations are always known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Heard<'a> {
    /// The station that sent it; never a group address.
    pub src: Mac,
    /// The station or group it is for.
    pub dst: Mac,
    /// The VLAN of its tag, if it had one.
    pub vlan: Option<u16>,
    /// What it means.
    pub what: What<'a>,
}

/// What a frame means for the product. Its IP source may be beyond a router: whether the station that sent the frame
/// holds that address is for the caller to judge, who knows the segment's prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum What<'a> {
    /// ARP, either way.
    Arp(arp::Arp),
    /// Neighbor Discovery, valid by the rules of RFC 4861.
    Ndp {
        /// Who says so, and to whom.
        ends: Ends,
        /// What is said.
        message: Ndp<'a>,
    },
    /// An answer to a ping.
    EchoReply {
        /// Who answers.
        ends: Ends,
        /// Time to live as it arrived: a weak hint of the system behind.
        hops: u8,
        /// What comes back.
        echo: Echo<'a>,
    },
    /// A packet of someone's did not arrive; `Cookie::judge_unreachable` knows whether it was ours.
    Unreachable {
        /// Who complains.
        ends: Ends,
        /// About what.
        error: Unreachable,
    },
    /// A TCP segment; `Cookie::judge` knows whether it answers a probe.
    Tcp {
        /// Who sent it.
        ends: Ends,
        /// Time to live as it arrived: a weak hint of the system behind.
        hops: u8,
        /// Its header.
        segment: Segment,
    },
    /// A whole datagram.
    Udp {
        /// Who sent it.
        ends: Ends,
        /// Ports and payload.
        datagram: Udp<'a>,
    },
    /// Group membership (IGMP, MLD): its content is ignored.
    Membership {
        /// Who sent it.
        ends: Ends,
    },
    /// A part of a packet, first or later. Nothing is reassembled, so nothing above IP is known.
    Fragment {
        /// Who sent it.
        ends: Ends,
    },
    /// Anything else. It still shows that its sender is there.
    Other {
        /// Who sent it, when it was IP. Packets inside packets are not opened.
        ends: Option<Ends>,
    },
}

impl What<'_> {
    /// The ends of the IP packet, when it was one.
    #[must_use]
    pub const fn ends(&self) -> Option<Ends> {
        match self {
            Self::Arp(_) => None,
            Self::Ndp { ends, .. }
            | Self::EchoReply { ends, .. }
            | Self::Unreachable { ends, .. }
            | Self::Tcp { ends, .. }
            | Self::Udp { ends, .. }
            | Self::Membership { ends }
            | Self::Fragment { ends } => Some(*ends),
            Self::Other { ends } => *ends,
        }
    }
}

/// Reads a frame that begins with its Ethernet header. `trust_checksum` says that ICMP, UDP and TCP checksums are not
/// to be looked at: the kernel marked the frame as one whose sums were still to be filled in (`TP_STATUS_CSUMNOTREADY`).
///
/// # Errors
/// The reason the frame, or what it carries, was refused. A frame captured only in part is refused as too short for
/// the length it claims.
pub fn dissect(frame: &[u8], trust_checksum: bool) -> Result<Heard<'_>, Malformed> {
    let mode = if trust_checksum { Mode::Trust } else { Mode::Verify };
    let read = ethernet::parse(frame)?;
    let what = match read.kind {
        ethernet::kind::ARP => What::Arp(arp::parse(read.payload)?),
        ethernet::kind::IPV4 => dissect_v4(read.payload, mode)?,
        ethernet::kind::IPV6 => dissect_v6(read.payload, mode)?,
        _ => What::Other { ends: None },
    };
    Ok(Heard { src: read.src, dst: read.dst, vlan: read.vlan, what })
}

fn dissect_v4(packet: &[u8], mode: Mode) -> Result<What<'_>, Malformed> {
    let read = ipv4::parse(packet)?;
    let ends = Ends::V4 { src: read.src, dst: read.dst };
    if read.fragment {
        return Ok(What::Fragment { ends });
    }
    match read.protocol {
        protocol::ICMP => Ok(from_icmp(ends, read.hops, icmp::parse_v4(read.payload, mode)?)),
        protocol::IGMP => Ok(What::Membership { ends }),
        other => from_transport(ends, read.hops, (other, read.payload), mode),
    }
}

fn dissect_v6(packet: &[u8], mode: Mode) -> Result<What<'_>, Malformed> {
    let read = ipv6::parse(packet)?;
    let ends = Ends::V6 { src: read.src, dst: read.dst };
    if read.fragment == Fragment::Part {
        return Ok(What::Fragment { ends });
    }
    if read.protocol == protocol::ICMPV6 {
        return dissect_icmpv6(&read, ends, mode);
    }
    from_transport(ends, read.hops, (read.protocol, read.payload), mode)
}

fn dissect_icmpv6<'a>(packet: &Ipv6<'a>, ends: Ends, mode: Mode) -> Result<What<'a>, Malformed> {
    let (kind, _) = icmp::head(packet.payload)?;
    if mode == Mode::Verify && checksum::transport(&ends, protocol::ICMPV6, packet.payload) != 0 {
        return Err(Malformed::IcmpChecksum);
    }
    if ndp::is_ndp(kind) {
        // Even whole in a fragment header it is to be ignored: that is how filters are fooled (RFC 6980 5).
        if packet.fragment != Fragment::No {
            return Err(Malformed::NdpRule);
        }
        let message = ndp::parse(packet.src, packet.dst, packet.hops, packet.payload)?;
        return Ok(What::Ndp { ends, message });
    }
    if matches!(kind, icmp::kind::MLD_QUERY..=icmp::kind::MLD_DONE | icmp::kind::MLD2_REPORT) {
        return Ok(What::Membership { ends });
    }
    Ok(from_icmp(ends, packet.hops, icmp::parse_v6(packet.payload)?))
}

fn from_icmp(ends: Ends, hops: u8, message: Icmp<'_>) -> What<'_> {
    match message {
        Icmp::EchoReply(echo) => What::EchoReply { ends, hops, echo },
        Icmp::Unreachable(error) => What::Unreachable { ends, error },
        Icmp::EchoRequest(_) | Icmp::Other { .. } => What::Other { ends: Some(ends) },
    }
}

fn from_transport<'a>(
    ends: Ends,
    hops: u8,
    (protocol, payload): (u8, &'a [u8]),
    mode: Mode,
) -> Result<What<'a>, Malformed> {
    Ok(match protocol {
        protocol::TCP => What::Tcp { ends, hops, segment: tcp::parse(&ends, payload, mode)? },
        protocol::UDP => What::Udp { ends, datagram: udp::parse(&ends, payload, mode)? },
        _ => What::Other { ends: Some(ends) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Path;
    use core::net::Ipv4Addr;

    const US: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const THEM: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const V4: Ends = Ends::V4 { src: Ipv4Addr::new(10, 0, 0, 1), dst: Ipv4Addr::new(10, 0, 0, 2) };

    fn v6() -> Ends {
        Ends::new("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap()).unwrap()
    }

    /// A UDP frame between the ends, into `out`; answers its length.
    fn udp_frame(ends: Ends, out: &mut [u8]) -> usize {
        let path = Path { src_mac: US, dst_mac: THEM, ends };
        Udp { src_port: 5353, dst_port: 5353, payload: b"hello" }.write_frame(&path, out).unwrap()
    }

    fn fix_header_sum(frame: &mut [u8]) {
        frame[24..26].fill(0);
        let sum = checksum::internet(&frame[14..34]);
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
    }

    #[test]
    fn every_cut_of_every_kind_of_frame_is_refused_for_a_reason() {
        let mut out = [0u8; 128];
        for ends in [V4, v6()] {
            let len = udp_frame(ends, &mut out);
            for cut in 0..len {
                assert!(dissect(&out[..cut], true).is_err(), "{cut} of {len}");
            }
            assert!(dissect(&out[..len], false).is_ok());
            assert!(dissect(&out[..len + 9], false).is_ok(), "padding");
        }
    }

    #[test]
    fn an_unfilled_sum_passes_only_when_trusted() {
        let mut out = [0u8; 128];
        for (ends, sum_at) in [(V4, 40), (v6(), 60)] {
            let len = udp_frame(ends, &mut out);
            // What Linux leaves there for the card: the sum over the pseudo header alone.
            out[sum_at..sum_at + 2].copy_from_slice(&[0x12, 0x34]);
            assert_eq!(dissect(&out[..len], false), Err(Malformed::UdpChecksum));
            assert!(matches!(dissect(&out[..len], true).unwrap().what, What::Udp { .. }));
        }
    }

    #[test]
    fn fragments_show_their_sender_and_nothing_else() {
        let mut out = [0u8; 128];
        let len = udp_frame(V4, &mut out);
        for (high, low) in [(0x20, 0), (0, 9), (0x20, 9)] {
            out[20..22].copy_from_slice(&[high, low]);
            fix_header_sum(&mut out);
            assert_eq!(dissect(&out[..len], false).unwrap().what, What::Fragment { ends: V4 });
        }
    }

    #[test]
    fn packets_in_packets_are_not_opened() {
        let mut out = [0u8; 128];
        let len = udp_frame(V4, &mut out);
        for protocol in [4, 41, 47, 50] {
            out[23] = protocol;
            fix_header_sum(&mut out);
            assert_eq!(dissect(&out[..len], false).unwrap().what, What::Other { ends: Some(V4) }, "{protocol}");
        }
        out[23] = protocol::IGMP;
        fix_header_sum(&mut out);
        assert_eq!(dissect(&out[..len], false).unwrap().what, What::Membership { ends: V4 });
    }

    #[test]
    fn neighbour_discovery_in_a_fragment_header_is_refused() {
        let mut out = [0u8; 128];
        let us = "fe80::1".parse().unwrap();
        let ask = ndp::Solicitation { src_mac: US, src: us, target: "fe80::2".parse().unwrap(), to: Some(THEM) };
        let len = ask.write_frame(&mut out).unwrap();
        assert!(matches!(dissect(&out[..len], false).unwrap().what, What::Ndp { .. }));
        let mut fragmented = [0u8; 128];
        fragmented[..54].copy_from_slice(&out[..54]);
        fragmented[54..62].copy_from_slice(&[58, 0, 0, 0, 0, 0, 0, 1]);
        fragmented[62..len + 8].copy_from_slice(&out[54..len]);
        fragmented[19] += 8;
        fragmented[20] = 44;
        assert_eq!(dissect(&fragmented[..len + 8], false), Err(Malformed::NdpRule));
    }

    #[test]
    fn unknown_types_and_llc_frames_still_name_their_sender() {
        let mut frame = [0u8; 60];
        frame[..6].copy_from_slice(&[0x01, 0x80, 0xc2, 0, 0, 0]);
        frame[6..12].copy_from_slice(&THEM.0);
        // A spanning tree frame: a length instead of a type.
        frame[12..17].copy_from_slice(&[0x00, 0x26, 0x42, 0x42, 0x03]);
        let heard = dissect(&frame, false).unwrap();
        assert_eq!((heard.src, heard.what), (THEM, What::Other { ends: None }));
    }
}
