//! Holds the two ends of an IP packet, always of one family, and the path of a frame that is to be sent.
//! Never resolves or routes anything: the caller knows the next hop's MAC.
//! Called by the parsers (who sent this) and by the builders (where does this go).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::octets::Writer;
use super::{NoRoom, checksum, ethernet, protocol};
use crate::Mac;

/// Source and destination address of one IP packet. One enum, so that the families cannot be mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ends {
    /// An IPv4 packet.
    V4 {
        /// Who sent it.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        src: Ipv4Addr,
        /// Whom it is for.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        dst: Ipv4Addr,
    },
    /// An IPv6 packet.
    V6 {
        /// Who sent it.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        src: Ipv6Addr,
        /// Whom it is for.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        dst: Ipv6Addr,
    },
}

impl Ends {
    /// Both ends, or `None` when they are of different families.
    #[must_use]
    pub const fn new(src: IpAddr, dst: IpAddr) -> Option<Self> {
        match (src, dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => Some(Self::V4 { src, dst }),
            (IpAddr::V6(src), IpAddr::V6(dst)) => Some(Self::V6 { src, dst }),
            _ => None,
        }
    }

    /// Who sent it.
    #[must_use]
    pub const fn src(&self) -> IpAddr {
        match self {
            Self::V4 { src, .. } => IpAddr::V4(*src),
            Self::V6 { src, .. } => IpAddr::V6(*src),
        }
    }

    /// Whom it is for.
    #[must_use]
    pub const fn dst(&self) -> IpAddr {
        match self {
            Self::V4 { dst, .. } => IpAddr::V4(*dst),
            Self::V6 { dst, .. } => IpAddr::V6(*dst),
        }
    }

    /// The same two, the other way round: where an answer goes.
    #[must_use]
    pub const fn reversed(&self) -> Self {
        match *self {
            Self::V4 { src, dst } => Self::V4 { src: dst, dst: src },
            Self::V6 { src, dst } => Self::V6 { src: dst, dst: src },
        }
    }
}

/// Where a frame of ours goes, on the link and on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Path {
    /// The interface that sends.
    pub src_mac: Mac,
    /// The station it is for: the target itself on its own segment, else the router.
    pub dst_mac: Mac,
    /// Our address and the target's.
    pub ends: Ends,
}

/// Octets of Ethernet and IP header in front of the transport, by family.
const fn headers_len(ends: &Ends) -> usize {
    match ends {
        Ends::V4 { .. } => ethernet::HEADER_LEN + super::ipv4::MIN_HEADER_LEN,
        Ends::V6 { .. } => ethernet::HEADER_LEN + super::ipv6::HEADER_LEN,
    }
}

impl Path {
    /// Writes a complete frame: Ethernet and IP header, then what `body` writes, with lengths and checksums filled in.
    /// The transport's checksum goes to `checksum_at`, counted from the start of the transport.
    pub(super) fn write(
        &self,
        out: &mut [u8],
        (protocol, hops): (u8, u8),
        checksum_at: usize,
        body: impl FnOnce(&mut Writer<'_>),
    ) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        let start = headers_len(&self.ends);
        match self.ends {
            Ends::V4 { src, dst } => {
                ethernet::write_header(&mut writer, self.dst_mac, self.src_mac, ethernet::kind::IPV4);
                super::ipv4::write_header(&mut writer, (src, dst), protocol, hops);
            }
            Ends::V6 { src, dst } => {
                ethernet::write_header(&mut writer, self.dst_mac, self.src_mac, ethernet::kind::IPV6);
                super::ipv6::write_header(&mut writer, (src, dst), protocol, hops);
            }
        }
        body(&mut writer);
        let transport_len = u16::try_from(writer.len().saturating_sub(start)).map_err(|_| NoRoom)?;
        match self.ends {
            Ends::V4 { .. } => super::ipv4::seal(&mut writer, ethernet::HEADER_LEN, transport_len)?,
            Ends::V6 { .. } => super::ipv6::seal(&mut writer, ethernet::HEADER_LEN, transport_len),
        }
        let sum = if protocol == protocol::ICMP {
            checksum::internet(writer.since(start))
        } else {
            checksum::transport(&self.ends, protocol, writer.since(start))
        };
        // Zero would mean "no checksum" in UDP; ffff is the same number (RFC 768).
        let sum = if protocol == protocol::UDP && sum == 0 { 0xffff } else { sum };
        writer.patch16(start + checksum_at, sum);
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_of_one_family_and_turn_round() {
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let ends = Ends::new(a, b).unwrap();
        assert_eq!((ends.src(), ends.dst()), (a, b));
        assert_eq!(ends.reversed(), Ends::new(b, a).unwrap());
        assert_eq!(Ends::new(a, IpAddr::V6(Ipv6Addr::LOCALHOST)), None);
    }
}
