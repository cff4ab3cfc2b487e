//! Holds the kernel's neighbour table (ARP and IPv6 neighbour discovery): who it has talked to, and how sure it is.
//! Never sends a packet and never changes an entry. Called by the shell as a source of sightings that needs no right.

use std::net::IpAddr;
use std::time::Duration;

use crate::error::Error;
use crate::interface::{Index, ip};
use crate::netlink::{self, Listing, Message, attributes, u16_at, u32_at};

/// Twice what the kernel keeps by default and more (`gc_thresh3` is 1,024 per family); the rest is counted.
pub const MAX_NEIGHBOURS: usize = 8_192;

pub(crate) const RTM_NEWNEIGH: u16 = 28;
pub(crate) const RTM_DELNEIGH: u16 = 29;
const RTM_GETNEIGH: u16 = 30;

const NDMSG_BYTES: usize = 12;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_CACHEINFO: u16 = 3;
/// The kernel tells ages to user space in hundredths of a second on every architecture we build for (`USER_HZ`).
const TICK_MS: u64 = 10;

/// How sure the kernel is of an entry (RFC 4861 section 7.3.2, `NUD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Asked, no answer yet.
    Incomplete,
    /// Answered within the last half minute or so: the station is there.
    Reachable,
    /// Was there; nobody has asked since.
    Stale,
    /// In use, about to be asked.
    Delay,
    /// Being asked.
    Probe,
    /// Asked and silent.
    Failed,
    /// Needs no asking (multicast, loopback, tunnels).
    NoArp,
    /// Written by an administrator.
    Permanent,
    /// No state yet.
    None,
}

impl State {
    fn of(bits: u16) -> Self {
        match bits {
            0x01 => Self::Incomplete,
            0x02 => Self::Reachable,
            0x04 => Self::Stale,
            0x08 => Self::Delay,
            0x10 => Self::Probe,
            0x20 => Self::Failed,
            0x40 => Self::NoArp,
            0x80 => Self::Permanent,
            _ => Self::None,
        }
    }
}

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The interface it is behind.
    pub interface: Index,
    /// Its address.
    pub ip: IpAddr,
    /// Its Ethernet address, if one is known.
    pub mac: Option<[u8; 6]>,
    /// How sure the kernel is.
    pub state: State,
    /// It said that it is a router (IPv6 only).
    pub router: bool,
    /// How long ago it last proved that it is there, to 10 ms. Absent when the kernel does not say.
    pub confirmed_ago: Option<Duration>,
}

/// The whole table, IPv4 and IPv6, multicast entries left out. Needs no right.
///
/// At most [`MAX_NEIGHBOURS`], the rest is counted in `left_out`.
///
/// # Errors
/// [`Error::Other`] when the kernel does not answer.
pub fn list() -> Result<Listing<Neighbour>, Error> {
    netlink::Socket::for_requests()?.list(RTM_GETNEIGH, &[0; NDMSG_BYTES], MAX_NEIGHBOURS, |message, keep| {
        if let Some(neighbour) = read(message) {
            keep(neighbour);
        }
    })
}

/// Reads `RTM_NEWNEIGH` and `RTM_DELNEIGH` of the two address families; a bridge's forwarding table (`AF_BRIDGE`) is
/// something else.
pub(crate) fn read(message: &Message<'_>) -> Option<Neighbour> {
    let fixed = message.body.get(..NDMSG_BYTES)?;
    let family = i32::from(*fixed.first()?);
    let mut address = None;
    let mut mac = None;
    let mut confirmed_ago = None;
    for (kind, value) in attributes(message.body.get(NDMSG_BYTES..)?) {
        match kind {
            NDA_DST => address = ip(family, value),
            NDA_LLADDR => mac = value.try_into().ok(),
            NDA_CACHEINFO => {
                confirmed_ago = u32_at(value, 0).map(|ticks| Duration::from_millis(u64::from(ticks) * TICK_MS));
            }
            _ => {}
        }
    }
    let ip = address.filter(|ip| !ip.is_multicast())?;
    Some(Neighbour {
        interface: Index(u32_at(fixed, 4)?),
        ip,
        mac,
        state: State::of(u16_at(fixed, 8)?),
        router: fixed.get(10)? & libc::NTF_ROUTER != 0,
        confirmed_ago,
    })
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;
    use crate::netlink::messages;

    fn read_bytes(body: &[u8]) -> Option<Neighbour> {
        let mut bytes = u32::try_from(16 + body.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend([28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(body);
        read(&messages(&bytes).next().unwrap())
    }

    #[test]
    fn an_entry_is_read_from_its_bytes() {
        let body = [
            2, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 1, // IPv4, interface 5, stale
            8, 0, 1, 0, 192, 168, 1, 9, // address
            10, 0, 2, 0, 2, 0x42, 0, 0, 0, 9, 0, 0, // MAC
            20, 0, 3, 0, 0x2c, 1, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, // confirmed 300 ticks ago
        ];
        assert_eq!(
            read_bytes(&body),
            Some(Neighbour {
                interface: Index(5),
                ip: IpAddr::from([192, 168, 1, 9]),
                mac: Some([2, 0x42, 0, 0, 0, 9]),
                state: State::Stale,
                router: false,
                confirmed_ago: Some(Duration::from_secs(3)),
            })
        );
    }

    #[test]
    fn bridge_tables_and_groups_are_no_neighbours() {
        let bridge = [7, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 10, 0, 2, 0, 2, 0x42, 0, 0, 0, 9, 0, 0];
        assert_eq!(read_bytes(&bridge), None);
        let group = [2, 0, 0, 0, 5, 0, 0, 0, 0x40, 0, 0, 5, 8, 0, 1, 0, 224, 0, 0, 251];
        assert_eq!(read_bytes(&group), None);
    }

    #[test]
    fn a_failed_entry_has_no_mac_and_a_router_says_so() {
        let mut body = vec![10, 0, 0, 0, 5, 0, 0, 0, 0x20, 0, 0x80, 1, 20, 0, 1, 0];
        body.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let neighbour = read_bytes(&body).unwrap();
        assert_eq!((neighbour.state, neighbour.mac, neighbour.router), (State::Failed, None, true));
    }
}
