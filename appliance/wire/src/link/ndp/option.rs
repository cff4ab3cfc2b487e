//! Holds the options of Neighbor Discovery messages: link-layer addresses, prefixes, MTU, name servers (RFC 8106).
//! Never fails while walking: all lengths are checked once, when the message is read.
//! Called by `ndp::parse`, and by whoever reads the options of a message.

use core::net::Ipv6Addr;

use crate::Mac;
use crate::link::Malformed;
use crate::link::octets;

pub(super) mod kind {
    pub(crate) const SOURCE_LINK: u8 = 1;
    pub(crate) const TARGET_LINK: u8 = 2;
    pub(crate) const PREFIX: u8 = 3;
    pub(crate) const MTU: u8 = 5;
    pub(crate) const RDNSS: u8 = 25;
}

/// A prefix of the link (RFC 4861 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prefix {
    /// The prefix; bits beyond `len` are as sent and mean nothing.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub prefix: Ipv6Addr,
    /// How many bits of it count, 0 to 128.
    pub len: u8,
    /// Addresses in it are neighbours.
    pub on_link: bool,
    /// Hosts may make themselves addresses in it.
    pub autonomous: bool,
    /// How long it is valid, in seconds; all ones is for ever.
    pub valid_s: u32,
    /// How long addresses in it are preferred, in seconds; all ones is for ever.
    pub preferred_s: u32,
}

/// One option. An option with a length its type does not allow reads as `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NdpOption<'a> {
    /// The sender's MAC.
    SourceLink(Mac),
    /// The target's MAC.
    TargetLink(Mac),
    /// A prefix of the link.
    Prefix(Prefix),
    /// The link's MTU in octets.
    Mtu(u32),
    /// Name servers.
    Rdnss {
        /// How long they may be used, in seconds; 0 means no longer.
        lifetime_s: u32,
        /// Their addresses.
        servers: Servers<'a>,
    },
    /// Any other type.
    Other(u8),
}

/// The addresses of a name server option, in the sender's order of preference. Bounded by the option's own length:
/// at most 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Servers<'a>(&'a [u8]);

impl Iterator for Servers<'_> {
    type Item = Ipv6Addr;

    fn next(&mut self) -> Option<Ipv6Addr> {
        let (server, rest) = self.0.split_first_chunk::<16>()?;
        self.0 = rest;
        Some(Ipv6Addr::from(*server))
    }
}

/// The options of a message, in order. Walking ends: each takes at least eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    /// Checks all lengths: one option of length zero discards the message (RFC 4861 4.6).
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (_, after) = split(rest).ok_or(Malformed::NdpOption)?;
            rest = after;
        }
        Ok(Self(bytes))
    }
}

/// The first option, and what follows. The length counts units of eight octets.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(*bytes.get(1)?) * 8;
    if len == 0 { None } else { bytes.split_at_checked(len) }
}

impl<'a> Iterator for Options<'a> {
    type Item = NdpOption<'a>;

    fn next(&mut self) -> Option<NdpOption<'a>> {
        let (option, rest) = split(self.0)?;
        self.0 = rest;
        let kind = *option.first()?;
        Some(read(kind, option).unwrap_or(NdpOption::Other(kind)))
    }
}

fn read(kind: u8, option: &[u8]) -> Option<NdpOption<'_>> {
    match (kind, option.len()) {
        (kind::SOURCE_LINK, 8) => octets::mac(option, 2).map(NdpOption::SourceLink),
        (kind::TARGET_LINK, 8) => octets::mac(option, 2).map(NdpOption::TargetLink),
        (kind::MTU, 8) => octets::be32(option, 4).map(NdpOption::Mtu),
        (kind::PREFIX, 32) => prefix(option).map(NdpOption::Prefix),
        // Eight octets of head, then whole addresses, at least one (RFC 8106 5.1).
        (kind::RDNSS, 24..) if option.len() % 16 == 8 => {
            Some(NdpOption::Rdnss { lifetime_s: octets::be32(option, 4)?, servers: Servers(option.get(8..)?) })
        }
        _ => None,
    }
}

fn prefix(option: &[u8]) -> Option<Prefix> {
    let [len, flags] = octets::array::<2>(option, 2)?;
    if len > 128 {
        return None;
    }
    Some(Prefix {
        prefix: octets::ipv6(option, 16)?,
        len,
        on_link: flags & 0x80 != 0,
        autonomous: flags & 0x40 != 0,
        valid_s: octets::be32(option, 4)?,
        preferred_s: octets::be32(option, 8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_zero_or_beyond_the_message_discards_it() {
        assert_eq!(Options::parse(&[1, 0, 2, 0, 0, 0, 0, 1]), Err(Malformed::NdpOption));
        assert_eq!(Options::parse(&[1, 2, 2, 0, 0, 0, 0, 1]), Err(Malformed::NdpOption));
        assert_eq!(Options::parse(&[1]), Err(Malformed::NdpOption));
        assert_eq!(Options::parse(&[]).unwrap().count(), 0);
    }

    #[test]
    fn an_option_of_a_length_its_type_has_not_is_other() {
        let mut bytes = [0u8; 32];
        for (kind, units) in [(1, 2), (2, 3), (3, 3), (5, 2), (25, 1), (25, 2), (25, 4)] {
            bytes[..2].copy_from_slice(&[kind, units]);
            let mut options = Options::parse(&bytes[..usize::from(units) * 8]).unwrap();
            assert_eq!(options.next(), Some(NdpOption::Other(kind)), "type {kind} of {units} units");
        }
        bytes[..3].copy_from_slice(&[3, 4, 129]);
        assert_eq!(Options::parse(&bytes).unwrap().next(), Some(NdpOption::Other(3)), "129 bits of prefix");
    }
}
