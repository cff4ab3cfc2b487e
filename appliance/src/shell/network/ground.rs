//! Holds where one leg of the appliance stands: its own addresses, and which addresses are neighbours on the same link.
//! Never asks the kernel: `legs` fills it in. Called by everything that hears or sends on a leg.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vigie_core::lan::SegmentId;
use vigie_core::lan::sweep::Block;
use vigie_wire::Mac;

/// The leg's place on its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    /// The segment's number.
    pub(super) segment: SegmentId,
    /// Own Ethernet address.
    pub(super) mac: Mac,
    /// Own IPv4 addresses with their prefix lengths, primary first.
    pub(super) ipv4: Vec<(Ipv4Addr, u8)>,
    /// Own usable IPv6 addresses with their prefix lengths.
    pub(super) ipv6: Vec<(Ipv6Addr, u8)>,
    /// For the leg that stands for everything behind routers: the blocks of the other legs, which are not behind one.
    pub(super) beyond: Option<Vec<Block>>,
}

impl Ground {
    /// Whether this is no link but everything behind routers: devices there have no MAC, and are asked by the kernel's routes.
    pub(super) const fn is_beyond(&self) -> bool {
        self.beyond.is_some()
    }

    /// Whether `ip` belongs on this link: what sends from it is a neighbour, not something behind a router.
    pub(super) fn is_neighbour(&self, ip: IpAddr) -> bool {
        if let Some(own) = &self.beyond {
            return matches!(ip, IpAddr::V4(ip) if ip.is_private() && !own.iter().any(|block| block.contains(ip)));
        }
        match ip {
            IpAddr::V4(ip) => {
                ip.is_link_local()
                    || self.ipv4.iter().any(|(own, prefix)| {
                        Block::around(*own, *prefix).is_some_and(|block| {
                            let ends = *prefix < 31 && (ip == block.network() || ip == block.broadcast());
                            block.contains(ip) && !ends
                        })
                    })
            }
            IpAddr::V6(ip) => {
                ip.is_unicast_link_local() || self.ipv6.iter().any(|(own, prefix)| same_prefix(*own, ip, *prefix))
            }
        }
    }

    /// Whether the sender of a packet from `src` to `dst` is on this link. No router forwards what is for a link-local
    /// address or group (RFC 4291 section 2.5.6), so its sender is, whatever address it uses.
    pub(super) fn is_from_link(&self, src: IpAddr, dst: IpAddr) -> bool {
        let stays = match dst {
            IpAddr::V6(dst) => dst.is_unicast_link_local() || dst.segments()[0] & 0xff0f == 0xff02,
            IpAddr::V4(_) => false,
        };
        self.is_neighbour(src) || (stays && is_station_address(src))
    }

    /// Whether `ip` is the appliance's own.
    pub(super) fn is_own(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.ipv4.iter().any(|(own, _)| *own == ip),
            IpAddr::V6(ip) => self.ipv6.iter().any(|(own, _)| *own == ip),
        }
    }

    /// The own address to speak to `to` from: one of the same prefix if there is one.
    pub(super) fn source_for(&self, to: IpAddr) -> Option<IpAddr> {
        match to {
            IpAddr::V4(to) => {
                let near = |(own, prefix): &&(Ipv4Addr, u8)| {
                    Block::around(*own, *prefix).is_some_and(|block| block.contains(to))
                };
                self.ipv4.iter().find(near).or(self.ipv4.first()).map(|(own, _)| IpAddr::V4(*own))
            }
            IpAddr::V6(to) if to.is_unicast_link_local() => self.link_local().map(IpAddr::V6),
            IpAddr::V6(to) => {
                let near = self.ipv6.iter().find(|(own, prefix)| same_prefix(*own, to, *prefix));
                near.map(|(own, _)| IpAddr::V6(*own)).or(self.link_local().map(IpAddr::V6))
            }
        }
    }

    /// The own link-local IPv6 address.
    pub(super) fn link_local(&self) -> Option<Ipv6Addr> {
        self.ipv6.iter().map(|(own, _)| *own).find(Ipv6Addr::is_unicast_link_local)
    }
}

/// Whether one machine can have this address: not unspecified, loopback or a group.
pub(super) fn is_station_address(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast()
}

fn same_prefix(one: Ipv6Addr, other: Ipv6Addr, prefix: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
    u128::from(one) & mask == u128::from(other) & mask
}

#[cfg(test)]
pub(super) fn sample() -> Ground {
    Ground {
        segment: SegmentId(1),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        ipv4: vec![(Ipv4Addr::new(10, 0, 0, 1), 24)],
        ipv6: vec![("fe80::1".parse().unwrap(), 64), ("fd00:1::1".parse().unwrap(), 64)],
        beyond: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_neighbours() {
        let ground = sample();
        for near in ["10.0.0.7", "169.254.3.4", "fe80::7", "fd00:1::7"] {
            assert!(ground.is_neighbour(near.parse().unwrap()), "{near}");
        }
        for far in ["10.0.1.7", "10.0.0.0", "10.0.0.255", "0.0.0.0", "8.8.8.8", "fd00:2::7", "::", "ff02::1"] {
            assert!(!ground.is_neighbour(far.parse().unwrap()), "{far}");
        }
    }

    #[test]
    fn behind_routers_is_what_is_private_and_on_no_leg() {
        let own = vec!["10.0.0.0/24".parse().unwrap()];
        let ground = Ground { ipv4: Vec::new(), ipv6: Vec::new(), beyond: Some(own), ..sample() };
        for (ip, is) in [
            ("10.0.1.7", true),
            ("192.168.9.9", true),
            ("10.0.0.7", false),
            ("8.8.8.8", false),
            ("169.254.1.1", false),
            ("127.0.0.1", false),
            ("fd00:2::7", false),
        ] {
            assert_eq!(ground.is_neighbour(ip.parse().unwrap()), is, "{ip}");
        }
    }

    #[test]
    fn what_is_for_the_link_comes_from_the_link() {
        let ground = sample();
        let from = |src: &str, dst: &str| ground.is_from_link(src.parse().unwrap(), dst.parse().unwrap());
        assert!(from("fd00:2::7", "fe80::1") && from("2001:db8::7", "ff02::fb"));
        assert!(!from("fd00:2::7", "fd00:1::1") && !from("::", "ff02::1") && !from("8.8.8.8", "10.0.0.1"));
    }

    #[test]
    fn speaks_from_the_nearest_address() {
        let ground = sample();
        let from = |to: &str| ground.source_for(to.parse().unwrap()).map(|ip| ip.to_string());
        assert_eq!(from("10.0.0.9").as_deref(), Some("10.0.0.1"));
        assert_eq!(from("fe80::9").as_deref(), Some("fe80::1"));
        assert_eq!(from("fd00:1::9").as_deref(), Some("fd00:1::1"));
        assert_eq!(from("2001:db8::9").as_deref(), Some("fe80::1"));
    }
}
