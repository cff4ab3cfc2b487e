//! Holds Neighbor Discovery (RFC 4861): solicitations and advertisements of neighbours and routers.
//! Never accepts what the RFC says to discard: each validity rule of 6.1 and 7.1 is checked, or named as left to the caller.
//! Called by `frame::dissect`, and by the IPv6 side of sweep and directed checks to build their frames.

use core::net::Ipv6Addr;

use super::Malformed;
use super::octets;
use crate::Mac;

mod build;
mod option;

pub use build::{
    Advertisement, MAX_SOLICITATION_FRAME_LEN, RouterAdvertisement, RouterSolicitation, Solicitation, solicited_node,
};
pub use option::{NdpOption, Options, Prefix, Servers};

/// Message types; all are ICMPv6 with code 0.
pub(super) mod kind {
    pub(crate) const ROUTER_SOLICIT: u8 = 133;
    pub(crate) const ROUTER_ADVERT: u8 = 134;
    pub(crate) const NEIGHBOR_SOLICIT: u8 = 135;
    pub(crate) const NEIGHBOR_ADVERT: u8 = 136;
}

/// The hop limit of every message: one that crossed a router cannot have it (RFC 4861 3.1).
pub const HOPS: u8 = 255;

mod field {
    pub(super) const CODE: usize = 1;
    pub(super) const FLAGS: usize = 4;
    pub(super) const TARGET: usize = 8;
    pub(super) const NEIGHBOR_OPTIONS: usize = 24;
    pub(super) const SOLICIT_OPTIONS: usize = 8;
    pub(super) const RA_HOPS: usize = 4;
    pub(super) const RA_FLAGS: usize = 5;
    pub(super) const RA_LIFETIME: usize = 6;
    pub(super) const RA_REACHABLE: usize = 8;
    pub(super) const RA_RETRANS: usize = 12;
    pub(super) const RA_OPTIONS: usize = 16;
}

/// The three flags of a neighbour advertisement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NeighborFlags {
    /// The sender forwards packets: it is a router.
    pub router: bool,
    /// It answers a solicitation, so it has been reached both ways.
    pub solicited: bool,
    /// It replaces what is known about the address.
    pub overriding: bool,
}

/// What a router says about itself and the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RouterInfo {
    /// The hop limit hosts should use; 0 says nothing.
    pub hop_limit: u8,
    /// Addresses come from DHCPv6.
    pub managed: bool,
    /// Other settings come from DHCPv6.
    pub other: bool,
    /// How long it may serve as default router, in seconds; 0 means it is none.
    pub lifetime_s: u16,
    /// How long a neighbour counts as reachable, in milliseconds; 0 says nothing.
    pub reachable_ms: u32,
    /// Pause between solicitations, in milliseconds; 0 says nothing.
    pub retrans_ms: u32,
}

/// A Neighbor Discovery message. Its options are checked: walking them cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ndp<'a> {
    /// "Who has the target?" With an unspecified source: "does anyone? I should like to take it."
    NeighborSolicit {
        /// The address asked for.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        target: Ipv6Addr,
        /// What else it says.
        options: Options<'a>,
    },
    /// "The target is mine."
    NeighborAdvert {
        /// The address claimed.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        target: Ipv6Addr,
        /// Router, solicited, override.
        flags: NeighborFlags,
        /// What else it says.
        options: Options<'a>,
    },
    /// "Which routers are there?"
    RouterSolicit {
        /// What else it says.
        options: Options<'a>,
    },
    /// "I am a router of this link."
    RouterAdvert {
        /// What it says about itself.
        info: RouterInfo,
        /// Prefixes, name servers and the rest.
        options: Options<'a>,
    },
}

/// Whether an ICMPv6 type is read here.
#[must_use]
pub const fn is_ndp(kind: u8) -> bool {
    matches!(kind, kind::ROUTER_SOLICIT..=kind::NEIGHBOR_ADVERT)
}

/// Reads a message between `src` and `dst` that arrived with `hops`. Its checksum is verified by the caller, who
/// also refuses it in fragments (RFC 6980). Redirects are not read: nothing is to be learnt from them.
///
/// # Errors
/// `NdpShort`, `NdpRule`, `NdpOption`.
pub fn parse(src: Ipv6Addr, dst: Ipv6Addr, hops: u8, message: &[u8]) -> Result<Ndp<'_>, Malformed> {
    let short = Malformed::NdpShort;
    let kind = *message.first().ok_or(short)?;
    let code = *message.get(field::CODE).ok_or(short)?;
    if hops != HOPS || code != 0 || !is_ndp(kind) {
        return Err(Malformed::NdpRule);
    }
    let body_len = match kind {
        kind::ROUTER_SOLICIT => field::SOLICIT_OPTIONS,
        kind::ROUTER_ADVERT => field::RA_OPTIONS,
        _ => field::NEIGHBOR_OPTIONS,
    };
    let options = Options::parse(message.get(body_len..).ok_or(short)?)?;
    let read = match kind {
        kind::ROUTER_SOLICIT => Ndp::RouterSolicit { options },
        kind::ROUTER_ADVERT => Ndp::RouterAdvert { info: router_info(message).ok_or(short)?, options },
        kind::NEIGHBOR_SOLICIT => {
            Ndp::NeighborSolicit { target: octets::ipv6(message, field::TARGET).ok_or(short)?, options }
        }
        _ => Ndp::NeighborAdvert {
            target: octets::ipv6(message, field::TARGET).ok_or(short)?,
            flags: neighbor_flags(*message.get(field::FLAGS).ok_or(short)?),
            options,
        },
    };
    if read.keeps_rules(src, dst) { Ok(read) } else { Err(Malformed::NdpRule) }
}

fn neighbor_flags(bits: u8) -> NeighborFlags {
    NeighborFlags { router: bits & 0x80 != 0, solicited: bits & 0x40 != 0, overriding: bits & 0x20 != 0 }
}

fn router_info(message: &[u8]) -> Option<RouterInfo> {
    let flags = *message.get(field::RA_FLAGS)?;
    Some(RouterInfo {
        hop_limit: *message.get(field::RA_HOPS)?,
        managed: flags & 0x80 != 0,
        other: flags & 0x40 != 0,
        lifetime_s: octets::be16(message, field::RA_LIFETIME)?,
        reachable_ms: octets::be32(message, field::RA_REACHABLE)?,
        retrans_ms: octets::be32(message, field::RA_RETRANS)?,
    })
}

impl<'a> Ndp<'a> {
    /// The rules of RFC 4861 about addresses and options: 6.1.1, 6.1.2, 7.1.1, 7.1.2.
    fn keeps_rules(&self, src: Ipv6Addr, dst: Ipv6Addr) -> bool {
        // One that has no address yet must not teach anyone its link-layer address.
        let quiet = !src.is_unspecified() || self.source_link().is_none();
        match self {
            Self::NeighborSolicit { target, .. } => {
                let probe_to_group = !src.is_unspecified() || is_solicited_node(dst);
                !target.is_multicast() && quiet && probe_to_group
            }
            Self::NeighborAdvert { target, flags, .. } => {
                let to_everyone = dst.is_multicast() && flags.solicited;
                !src.is_unspecified() && !target.is_multicast() && !to_everyone
            }
            Self::RouterSolicit { .. } => quiet,
            Self::RouterAdvert { .. } => src.is_unicast_link_local(),
        }
    }

    /// What else it says.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        match self {
            Self::NeighborSolicit { options, .. }
            | Self::NeighborAdvert { options, .. }
            | Self::RouterSolicit { options }
            | Self::RouterAdvert { options, .. } => *options,
        }
    }

    /// The sender's MAC as claimed, in solicitations and router advertisements.
    #[must_use]
    pub fn source_link(&self) -> Option<Mac> {
        self.options().find_map(|option| match option {
            NdpOption::SourceLink(mac) => Some(mac),
            _ => None,
        })
    }

    /// The target's MAC as claimed, in neighbour advertisements. Missing in many replies to a unicast question: the
    /// frame's own source stands in for it then.
    #[must_use]
    pub fn target_link(&self) -> Option<Mac> {
        self.options().find_map(|option| match option {
            NdpOption::TargetLink(mac) => Some(mac),
            _ => None,
        })
    }
}

fn is_solicited_node(group: Ipv6Addr) -> bool {
    matches!(group.segments(), [0xff02, 0, 0, 0, 0, 1, 0xff00..=0xffff, _])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    /// A router at fe80::1 advertises itself: a /64 on-link and autonomous, two name servers, MTU.
    const ADVERT: [u8; 104] = [
        0x86, 0x00, 0x00, 0x00, 0x40, 0x40, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xe8, 0x03, 0x04, 0x40, 0xc0, 0x00,
        0x01, 0x51, 0x80, 0x00, 0x00, 0x38, 0x40, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
        0x19, 0x05, 0, 0, 0, 0, 0x04, 0xb0, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0, 2, 0x05, 0x01, 0, 0, 0, 0, 0x05, 0xdc, 0x01, 0x01, 0x00, 0x1d, 0xaa, 0x81, 0x3b, 0x50,
    ];

    #[test]
    fn reads_a_router_advertisement() {
        let read = parse(ip("fe80::1"), ip("ff02::1"), 255, &ADVERT).unwrap();
        let Ndp::RouterAdvert { info, options } = read else { panic!("{read:?}") };
        assert_eq!((info.hop_limit, info.managed, info.other), (64, false, true));
        assert_eq!((info.lifetime_s, info.retrans_ms), (1800, 1000));
        assert_eq!(options.count(), 4);
        assert_eq!(read.source_link(), Some(Mac([0x00, 0x1d, 0xaa, 0x81, 0x3b, 0x50])));
        let mut options = options;
        let Some(NdpOption::Prefix(prefix)) = options.next() else { panic!("no prefix") };
        assert_eq!((prefix.prefix, prefix.len), (ip("fd00:0:0:1::"), 64));
        assert_eq!((prefix.on_link, prefix.autonomous), (true, true));
        assert_eq!((prefix.valid_s, prefix.preferred_s), (86_400, 14_400));
        let Some(NdpOption::Rdnss { lifetime_s: 1200, servers }) = options.next() else { panic!("no servers") };
        assert!(servers.eq([ip("fd00:0:0:1::1"), ip("fd00:0:0:1::2")]));
        assert_eq!(options.next(), Some(NdpOption::Mtu(1500)));
    }

    #[test]
    fn refuses_every_cut_inside_the_message_and_inside_an_option() {
        // A cut between two options leaves a shorter message that is whole.
        let whole = [16, 48, 88, 96, 104];
        for len in 0..=104 {
            let read = parse(ip("fe80::1"), ip("ff02::1"), 255, &ADVERT[..len]);
            assert_eq!(read.is_ok(), whole.contains(&len), "{len}: {read:?}");
        }
    }

    #[test]
    fn discards_what_the_rules_say() {
        let rule = Err(Malformed::NdpRule);
        let (router, all) = (ip("fe80::1"), ip("ff02::1"));
        assert_eq!(parse(router, all, 254, &ADVERT), rule, "came through a router");
        assert_eq!(parse(ip("fd00::1"), all, 255, &ADVERT), rule, "not link-local");
        let mut coded = ADVERT;
        coded[1] = 1;
        assert_eq!(parse(router, all, 255, &coded), rule, "code");

        let mut solicit = [0u8; 32];
        solicit[0] = 135;
        solicit[8..24].copy_from_slice(&ip("fe80::9").octets());
        solicit[24..].copy_from_slice(&[1, 1, 2, 0, 0, 0, 0, 9]);
        let group = ip("ff02::1:ff00:9");
        assert!(parse(ip("fe80::2"), group, 255, &solicit).is_ok());
        assert_eq!(parse(Ipv6Addr::UNSPECIFIED, group, 255, &solicit), rule, "no address, yet a MAC to learn");
        assert!(parse(Ipv6Addr::UNSPECIFIED, group, 255, &solicit[..24]).is_ok());
        assert_eq!(parse(Ipv6Addr::UNSPECIFIED, all, 255, &solicit[..24]), rule, "a probe to the wrong group");
        solicit[8] = 0xff;
        assert_eq!(parse(ip("fe80::2"), group, 255, &solicit), rule, "a group has no neighbour");

        let mut advert = solicit;
        advert[0] = 136;
        advert[4] = 0x60;
        advert[8] = 0xfe;
        advert[24] = 2;
        let read = parse(ip("fe80::9"), ip("fe80::2"), 255, &advert).unwrap();
        assert_eq!(read.target_link(), Some(Mac([2, 0, 0, 0, 0, 9])));
        assert_eq!(parse(ip("fe80::9"), all, 255, &advert), rule, "solicited, but to everyone");
    }
}
