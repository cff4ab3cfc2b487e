//! Holds the Neighbor Discovery messages Vigie writes, as complete frames.
//! Never advertises anything by itself: the advertisements are for tests and for an appliance that serves the segment.
//! Called by the IPv6 side of sweep and directed checks.

use core::net::Ipv6Addr;

use super::option::kind as option_kind;
use super::{HOPS, NeighborFlags, Prefix, RouterInfo, kind};
use crate::Mac;
use crate::link::octets::Writer;
use crate::link::{Ends, NoRoom, Path, ethernet, ipv6, protocol};

/// Octets of the longest solicitation as a complete frame.
pub const MAX_SOLICITATION_FRAME_LEN: usize = ethernet::HEADER_LEN + ipv6::HEADER_LEN + 32;

/// Where the checksum of every ICMPv6 message stands.
const CHECKSUM: usize = 2;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// The group in which every holder of an address like `target` listens: ff02::1:ff and its last three octets
/// (RFC 4291 2.7.1).
#[must_use]
pub const fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = target.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | (high & 0x00ff), low)
}

/// "Who has `target`?"
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Solicitation {
    /// The interface that asks.
    pub src_mac: Mac,
    /// Its address; unspecified makes it a probe for a duplicate.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub src: Ipv6Addr,
    /// The address asked for.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub target: Ipv6Addr,
    /// The station that had it, to ask it alone; `None` asks the target's group.
    pub to: Option<Mac>,
}

impl Solicitation {
    /// Writes the complete frame and answers its length, at most `MAX_SOLICITATION_FRAME_LEN`.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_frame(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let group = solicited_node(self.target);
        // A probe always goes to the group (RFC 4861 7.1.1), whoever is named.
        let (dst_mac, dst) = match self.to {
            Some(mac) if !self.src.is_unspecified() => (mac, self.target),
            _ => (ethernet::multicast_v6(group), group),
        };
        write(self.src_mac, dst_mac, (self.src, dst), out, |writer| {
            writer.put(&[kind::NEIGHBOR_SOLICIT, 0, 0, 0]).put32(0).put(&self.target.octets());
            if !self.src.is_unspecified() {
                put_link(writer, option_kind::SOURCE_LINK, self.src_mac);
            }
        })
    }
}

/// "`target` is mine", with the sender's MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Advertisement {
    /// The interface that answers.
    pub src_mac: Mac,
    /// Its address.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub src: Ipv6Addr,
    /// The station answered.
    pub dst_mac: Mac,
    /// Its address.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub dst: Ipv6Addr,
    /// The address claimed.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub target: Ipv6Addr,
    /// Router, solicited, override.
    pub flags: NeighborFlags,
}

impl Advertisement {
    /// Writes the complete frame and answers its length.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_frame(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let NeighborFlags { router, solicited, overriding } = self.flags;
        let flags = u8::from(router) << 7 | u8::from(solicited) << 6 | u8::from(overriding) << 5;
        write(self.src_mac, self.dst_mac, (self.src, self.dst), out, |writer| {
            writer.put(&[kind::NEIGHBOR_ADVERT, 0, 0, 0]).put(&[flags, 0, 0, 0]).put(&self.target.octets());
            put_link(writer, option_kind::TARGET_LINK, self.src_mac);
        })
    }
}

/// "Which routers are there?", to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RouterSolicitation {
    /// The interface that asks.
    pub src_mac: Mac,
    /// Its address, or unspecified.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub src: Ipv6Addr,
}

impl RouterSolicitation {
    /// Writes the complete frame and answers its length, at most `MAX_SOLICITATION_FRAME_LEN`.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_frame(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        write(self.src_mac, ethernet::multicast_v6(ALL_ROUTERS), (self.src, ALL_ROUTERS), out, |writer| {
            writer.put(&[kind::ROUTER_SOLICIT, 0, 0, 0]).put32(0);
            if !self.src.is_unspecified() {
                put_link(writer, option_kind::SOURCE_LINK, self.src_mac);
            }
        })
    }
}

/// "I am a router of this link", to all stations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterAdvertisement<'a> {
    /// The interface that speaks.
    pub src_mac: Mac,
    /// Its link-local address; receivers discard any other.
    pub src: Ipv6Addr,
    /// What it says about itself.
    pub info: RouterInfo,
    /// Prefixes of the link.
    pub prefixes: &'a [Prefix],
    /// Name servers, at most 127 (the option's length is one octet).
    pub servers: &'a [Ipv6Addr],
    /// How long the name servers may be used, in seconds.
    pub servers_lifetime_s: u32,
}

impl RouterAdvertisement<'_> {
    /// Writes the complete frame and answers its length.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small, or there are too many name servers for one option.
    pub fn write_frame(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let units = self.servers.len().checked_mul(2).and_then(|units| units.checked_add(1)).ok_or(NoRoom)?;
        let units = u8::try_from(units).map_err(|_| NoRoom)?;
        let info = &self.info;
        write(self.src_mac, ethernet::multicast_v6(ALL_NODES), (self.src, ALL_NODES), out, |writer| {
            let flags = u8::from(info.managed) << 7 | u8::from(info.other) << 6;
            writer.put(&[kind::ROUTER_ADVERT, 0, 0, 0]).put8(info.hop_limit).put8(flags);
            writer.put16(info.lifetime_s).put32(info.reachable_ms).put32(info.retrans_ms);
            put_link(writer, option_kind::SOURCE_LINK, self.src_mac);
            for prefix in self.prefixes {
                put_prefix(writer, prefix);
            }
            if !self.servers.is_empty() {
                writer.put(&[option_kind::RDNSS, units, 0, 0]).put32(self.servers_lifetime_s);
                for server in self.servers {
                    writer.put(&server.octets());
                }
            }
        })
    }
}

fn put_link(writer: &mut Writer<'_>, kind: u8, mac: Mac) {
    writer.put(&[kind, 1]).put(&mac.0);
}

fn put_prefix(writer: &mut Writer<'_>, prefix: &Prefix) {
    let flags = u8::from(prefix.on_link) << 7 | u8::from(prefix.autonomous) << 6;
    writer.put(&[option_kind::PREFIX, 4, prefix.len, flags]);
    writer.put32(prefix.valid_s).put32(prefix.preferred_s).put32(0).put(&prefix.prefix.octets());
}

fn write(
    src_mac: Mac,
    dst_mac: Mac,
    (src, dst): (Ipv6Addr, Ipv6Addr),
    out: &mut [u8],
    body: impl FnOnce(&mut Writer<'_>),
) -> Result<usize, NoRoom> {
    let path = Path { src_mac, dst_mac, ends: Ends::V6 { src, dst } };
    path.write(out, (protocol::ICMPV6, HOPS), CHECKSUM, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::ndp::{Ndp, NdpOption};
    use crate::link::{What, dissect};

    const US: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const THEM: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn heard(frame: &[u8]) -> (Mac, Ends, Ndp<'_>) {
        let heard = dissect(frame, false).unwrap();
        let What::Ndp { ends, message } = heard.what else { panic!("{heard:?}") };
        (heard.dst, ends, message)
    }

    #[test]
    fn a_solicitation_octet_by_octet() {
        let mut out = [0u8; MAX_SOLICITATION_FRAME_LEN];
        let ask = Solicitation { src_mac: US, src: ip("fe80::1"), target: ip("fe80::12:3456"), to: None };
        let len = ask.write_frame(&mut out).unwrap();
        let expected = [
            0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255, 0xfe,
            0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x12, 0x34,
            0x56, 135, 0, 0x11, 0xcb, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 1, 1,
            2, 0, 0, 0, 0, 1,
        ];
        assert_eq!(out[..len], expected);
    }

    #[test]
    fn solicitations_go_to_the_group_or_to_one_station() {
        let mut out = [0u8; MAX_SOLICITATION_FRAME_LEN];
        let ask = Solicitation { src_mac: US, src: ip("fe80::1"), target: ip("fd00::2"), to: Some(THEM) };
        let len = ask.write_frame(&mut out).unwrap();
        let (dst, ends, message) = heard(&out[..len]);
        assert_eq!((dst, ends), (THEM, Ends::V6 { src: ask.src, dst: ask.target }));
        assert_eq!(message.source_link(), Some(US));
        let probe = Solicitation { src: Ipv6Addr::UNSPECIFIED, ..ask };
        let len = probe.write_frame(&mut out).unwrap();
        let (dst, ends, message) = heard(&out[..len]);
        assert_eq!((dst, ends.dst()), (Mac([0x33, 0x33, 0xff, 0, 0, 2]), ip("ff02::1:ff00:2").into()));
        assert_eq!(message.source_link(), None);
        for room in 0..len {
            assert_eq!(probe.write_frame(&mut out[..room]), Err(NoRoom), "{room}");
        }
    }

    #[test]
    fn advertisements_read_back() {
        let flags = NeighborFlags { router: true, solicited: true, overriding: false };
        let answer = Advertisement {
            src_mac: US,
            src: ip("fe80::1"),
            dst_mac: THEM,
            dst: ip("fe80::2"),
            target: ip("fe80::1"),
            flags,
        };
        let mut out = [0u8; 128];
        let len = answer.write_frame(&mut out).unwrap();
        let (_, _, message) = heard(&out[..len]);
        let Ndp::NeighborAdvert { target, flags: read, .. } = message else { panic!("{message:?}") };
        assert_eq!((target, read, message.target_link()), (answer.target, flags, Some(US)));
    }

    #[test]
    fn router_messages_read_back() {
        let mut out = [0u8; 256];
        let len = RouterSolicitation { src_mac: US, src: ip("fe80::1") }.write_frame(&mut out).unwrap();
        let (dst, _, message) = heard(&out[..len]);
        assert_eq!((dst, message.source_link()), (Mac([0x33, 0x33, 0, 0, 0, 2]), Some(US)));

        let info = RouterInfo { hop_limit: 64, managed: true, lifetime_s: 1800, ..RouterInfo::default() };
        let prefix = Prefix {
            prefix: ip("fd00:1::"),
            len: 64,
            on_link: true,
            autonomous: false,
            valid_s: 3600,
            preferred_s: u32::MAX,
        };
        let servers = [ip("fd00:1::1"), ip("fd00:1::2")];
        let speak = RouterAdvertisement {
            src_mac: US,
            src: ip("fe80::1"),
            info,
            prefixes: &[prefix],
            servers: &servers,
            servers_lifetime_s: 600,
        };
        let len = speak.write_frame(&mut out).unwrap();
        let (_, _, message) = heard(&out[..len]);
        let Ndp::RouterAdvert { info: read, mut options } = message else { panic!("{message:?}") };
        assert_eq!(read, info);
        assert_eq!(options.next(), Some(NdpOption::SourceLink(US)));
        assert_eq!(options.next(), Some(NdpOption::Prefix(prefix)));
        let Some(NdpOption::Rdnss { lifetime_s: 600, servers: read }) = options.next() else { panic!("no servers") };
        assert!(read.eq(servers));
        let many = [Ipv6Addr::LOCALHOST; 128];
        assert_eq!(RouterAdvertisement { servers: &many, ..speak }.write_frame(&mut [0; 4096]), Err(NoRoom));
    }
}
