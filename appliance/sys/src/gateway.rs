//! Holds where this machine sends what is not for its own networks: the default routes.
//! Never adds or removes one. Called by the shell, which treats a silent gateway as a fault of ours, not of the devices.

use std::net::IpAddr;

use crate::error::Error;
use crate::interface::{Index, ip};
use crate::netlink::{self, Listing, Message, attributes, i32_at, u16_at, u32_at};

/// Default routes of two families over a handful of uplinks; the rest is counted.
pub const MAX_GATEWAYS: usize = 64;

pub(crate) const RTM_NEWROUTE: u16 = 24;
pub(crate) const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;

const RTMSG_BYTES: usize = 12;
const RTNEXTHOP_BYTES: usize = 8;
const RTN_UNICAST: u8 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
/// `RT_TABLE_MAIN`: the others belong to VPNs and policy routing.
const TABLE_MAIN: u32 = 254;

/// One default route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The interface it leads through.
    pub interface: Index,
    /// The router; an IPv6 one may serve IPv4 (RFC 5549).
    pub ip: IpAddr,
    /// Whether it is the default for IPv6, else for IPv4.
    pub ipv6: bool,
    /// The lower is taken first.
    pub metric: u32,
}

/// The default routes of the main table, best first. Needs no right.
///
/// # Errors
/// [`Error::Other`] when the kernel does not answer.
pub fn list() -> Result<Listing<Gateway>, Error> {
    let mut socket = netlink::Socket::for_requests()?;
    let mut gateways = socket.list(RTM_GETROUTE, &[0; RTMSG_BYTES], MAX_GATEWAYS, |message, keep| {
        read(message, keep);
    })?;
    gateways.items.sort_by_key(|gateway| (gateway.metric, gateway.ipv6));
    Ok(gateways)
}

/// Reads `RTM_NEWROUTE`: nothing, one gateway, or several of equal cost.
pub(crate) fn read(message: &Message<'_>, keep: &mut dyn FnMut(Gateway)) -> Option<()> {
    let fixed = message.body.get(..RTMSG_BYTES)?;
    let family = i32::from(*fixed.first()?);
    let is_default = *fixed.get(1)? == 0;
    if !is_default || *fixed.get(7)? != RTN_UNICAST || ![libc::AF_INET, libc::AF_INET6].contains(&family) {
        return None;
    }
    let mut table = u32::from(*fixed.get(4)?);
    let mut metric = 0;
    let mut hops: &[u8] = &[];
    let attributes_bytes = message.body.get(RTMSG_BYTES..)?;
    for (kind, value) in attributes(attributes_bytes) {
        match kind {
            RTA_TABLE => table = u32_at(value, 0)?,
            RTA_PRIORITY => metric = u32_at(value, 0)?,
            RTA_MULTIPATH => hops = value,
            _ => {}
        }
    }
    if table != TABLE_MAIN {
        return None;
    }
    let mut give = |interface: Option<u32>, bytes: &[u8]| {
        let (interface, ip) = next_hop(family, interface, bytes)?;
        keep(Gateway { interface, ip, ipv6: family == libc::AF_INET6, metric });
        Some(())
    };
    give(None, attributes_bytes);
    while let Some(length) = u16_at(hops, 0).map(usize::from) {
        let hop = hops.get(..length)?;
        give(u32::try_from(i32_at(hop, 4)?).ok(), hop.get(RTNEXTHOP_BYTES..)?);
        hops = hops.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(())
}

/// The router named by a list of attributes, and the interface unless `interface` says it already.
fn next_hop(family: i32, mut interface: Option<u32>, bytes: &[u8]) -> Option<(Index, IpAddr)> {
    let mut router = None;
    for (kind, value) in attributes(bytes) {
        match kind {
            RTA_OIF => interface = u32_at(value, 0),
            RTA_GATEWAY => router = ip(family, value),
            RTA_VIA => router = ip(i32::from(u16_at(value, 0)?), value.get(2..)?),
            _ => {}
        }
    }
    Some((Index(interface?), router?))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;
    use crate::netlink::messages;

    fn read_bytes(body: &[u8]) -> Vec<Gateway> {
        let mut bytes = u32::try_from(16 + body.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend([24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(body);
        let mut found = Vec::new();
        read(&messages(&bytes).next().unwrap(), &mut |gateway| found.push(gateway));
        found
    }

    const DEFAULT: [u8; 12] = [2, 0, 0, 0, 254, 16, 0, 1, 0, 0, 0, 0];

    #[test]
    fn a_default_route_is_read_from_its_bytes() {
        let mut body = DEFAULT.to_vec();
        body.extend([
            8, 0, 15, 0, 254, 0, 0, 0, 8, 0, 6, 0, 100, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 1, 8, 0, 4, 0, 3, 0, 0, 0,
        ]);
        let expected = Gateway { interface: Index(3), ip: IpAddr::from([10, 0, 0, 1]), ipv6: false, metric: 100 };
        assert_eq!(read_bytes(&body), [expected]);
        // The same for 10/8, in another table, or unreachable: not a default gateway.
        for (at, value) in [(1, 8), (7, 7)] {
            let mut other = body.clone();
            other[at] = value;
            assert_eq!(read_bytes(&other), []);
        }
        body[16] = 52;
        assert_eq!(read_bytes(&body), []);
    }

    #[test]
    fn equal_routes_give_each_router() {
        let mut body = DEFAULT.to_vec();
        body.extend([36, 0, 9, 0]);
        body.extend([16, 0, 0, 0, 3, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 1]);
        body.extend([16, 0, 0, 0, 4, 0, 0, 0, 8, 0, 5, 0, 10, 1, 0, 1]);
        let found: Vec<_> = read_bytes(&body).iter().map(|gateway| (gateway.interface.0, gateway.ip)).collect();
        assert_eq!(found, [(3, IpAddr::from([10, 0, 0, 1])), (4, IpAddr::from([10, 1, 0, 1]))]);
    }

    #[test]
    fn a_hop_of_no_length_ends_the_reading() {
        let mut body = DEFAULT.to_vec();
        body.extend([12, 0, 9, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(read_bytes(&body), []);
    }

    #[test]
    fn an_ipv6_router_may_serve_ipv4() {
        let mut body = DEFAULT.to_vec();
        body.extend([22, 0, 18, 0, 10, 0]);
        body.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        body.extend([0, 0, 8, 0, 4, 0, 3, 0, 0, 0]);
        let found = read_bytes(&body);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].ip, found[0].ipv6), ("fe80::1".parse().unwrap(), false));
    }
}
