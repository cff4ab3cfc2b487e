//! Holds network segments as people write them (`192.168.1.0/24`), and what is wrong with one.
//! It never sweeps anything.
//! The configuration and the scan request read segments with it.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Shortest IPv4 prefix that is ever swept: 65,536 addresses take minutes even at the quick pace.
const MIN_PREFIX_V4: u8 = 16;

/// Shortest IPv6 prefix taken: IPv6 is not swept but listened to, and one segment is a /64 (RFC 4291, 2.5.4).
const MIN_PREFIX_V6: u8 = 64;

/// A segment or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segment(pub IpNet);

/// What is wrong with a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSegment {
    /// Not an address or segment at all.
    Unreadable,
    /// Bits are set behind the prefix; most often an address was meant, or the other segment named here.
    HostBits(IpNet),
    /// Above /16, or /64 for IPv6.
    TooLarge(u8),
    /// Not RFC 1918, link-local or ULA.
    Public,
    /// Loopback, multicast, broadcast or unspecified: nothing lives there.
    Special,
}

impl fmt::Display for BadSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("is not an address or a segment such as 192.168.1.0/24"),
            Self::HostBits(meant) => write!(f, "has bits set behind its prefix; the segment is {meant}"),
            Self::TooLarge(limit) => write!(f, "is too large to be swept; /{limit} is the largest"),
            Self::Public => f.write_str("holds public addresses; set network.allow_public = true if they are yours"),
            Self::Special => f.write_str("holds loopback, multicast or broadcast addresses, where no device lives"),
        }
    }
}

impl Segment {
    /// Reads a segment to sweep.
    ///
    /// # Errors
    /// See [`BadSegment`].
    pub fn parse(text: &str, allow_public: bool) -> Result<Self, BadSegment> {
        let segment = Self::parse_any(text)?;
        let net = segment.0;
        let limit = if net.addr().is_ipv4() { MIN_PREFIX_V4 } else { MIN_PREFIX_V6 };
        if net.prefix_len() < limit {
            return Err(BadSegment::TooLarge(limit));
        }
        if is_special(&net) {
            return Err(BadSegment::Special);
        }
        if !allow_public && !is_private(&net) {
            return Err(BadSegment::Public);
        }
        Ok(segment)
    }

    /// Reads a segment not to touch: any will do.
    ///
    /// # Errors
    /// `Unreadable` or `HostBits`.
    pub fn parse_any(text: &str) -> Result<Self, BadSegment> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => IpNet::from(text.parse::<IpAddr>().map_err(|_| BadSegment::Unreadable)?),
        };
        if net.trunc() != net {
            return Err(BadSegment::HostBits(net.trunc()));
        }
        Ok(Self(net))
    }
}

/// Whether every address of a segment is private: RFC 1918, RFC 3927, RFC 4193, RFC 4291 link-local.
fn is_private(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (net.network(), net.broadcast());
            let both = |test: fn(&std::net::Ipv4Addr) -> bool| test(&first) && test(&last);
            both(std::net::Ipv4Addr::is_private) || both(std::net::Ipv4Addr::is_link_local)
        }
        IpNet::V6(net) => net.addr().is_unique_local() || net.addr().is_unicast_link_local(),
    }
}

fn is_special(net: &IpNet) -> bool {
    match net.addr() {
        IpAddr::V4(first) => {
            // 0/8 (this host), 127/8 (loopback), 224/3 (multicast, reserved, broadcast).
            let [first, ..] = first.octets();
            matches!(first, 0 | 127) || first >= 224
        }
        IpAddr::V6(first) => first.is_loopback() || first.is_multicast() || first.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_judged() {
        use BadSegment::{HostBits, Public, Special, TooLarge, Unreadable};
        let meant = |text: &str| HostBits(text.parse().unwrap());
        for (text, expected) in [
            ("192.168.1.0/24", Ok(())),
            ("10.0.0.0/16", Ok(())),
            ("172.31.0.0/16", Ok(())),
            ("169.254.0.0/16", Ok(())),
            ("192.168.1.7", Ok(())),
            ("fd00::/64", Ok(())),
            ("fe80::/64", Ok(())),
            ("192.168.1.5/24", Err(meant("192.168.1.0/24"))),
            ("10.0.0.0/15", Err(TooLarge(16))),
            ("0.0.0.0/0", Err(TooLarge(16))),
            ("fd00::/48", Err(TooLarge(64))),
            ("172.32.0.0/16", Err(Public)),
            ("8.8.8.8", Err(Public)),
            ("2001:db8::/64", Err(Public)),
            ("127.0.0.0/24", Err(Special)),
            ("224.0.0.0/24", Err(Special)),
            ("255.255.255.255", Err(Special)),
            ("192.168.1.0/33", Err(Unreadable)),
            ("192.168.1", Err(Unreadable)),
            ("", Err(Unreadable)),
            ("192.168.1.0/24 ", Err(Unreadable)),
        ] {
            assert_eq!(Segment::parse(text, false).map(|_| ()), expected, "{text}");
        }
        assert!(Segment::parse("8.8.8.0/24", true).is_ok());
        assert!(Segment::parse("127.0.0.1", true).is_err());
    }
}
