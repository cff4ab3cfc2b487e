//! Holds what the machine's network interfaces are: index, name, address, kind, and the list of them.
//! Never chooses which to use or scan and never changes one. Called by the shell at start, and whenever
//! [`crate::change`] says that something moved.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;
use crate::netlink::{self, Listing, Message, attributes, u16_at, u32_at};

mod kind;

pub use kind::Kind;

/// A machine full of containers has hundreds of interfaces; beyond this the rest is counted, not listed.
pub const MAX_INTERFACES: usize = 1_024;
/// IPv6 privacy addresses and a few aliases stay far below; further ones are counted, not listed.
pub const MAX_ADDRESSES: usize = 4_096;

pub(crate) const RTM_NEWLINK: u16 = 16;
pub(crate) const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
pub(crate) const RTM_NEWADDR: u16 = 20;
pub(crate) const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;

const IFINFOMSG_BYTES: usize = 16;
const IFADDRMSG_BYTES: usize = 8;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;

/// An interface's number in the kernel. Stays the same when it is renamed, is never used again soon after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(pub u32);

impl Index {
    /// No interface in particular: the kernel's routes choose.
    pub const ANY: Self = Self(0);
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What the kernel says about an interface's state (`IFF_*`).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u32);

impl Flags {
    /// Switched on by an administrator.
    #[must_use]
    pub const fn is_up(self) -> bool {
        self.has(libc::IFF_UP)
    }

    /// Has a carrier and works: the cable is in, the Wi-Fi is associated.
    #[must_use]
    pub const fn is_running(self) -> bool {
        self.has(libc::IFF_RUNNING)
    }

    /// The machine talking to itself.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        self.has(libc::IFF_LOOPBACK)
    }

    /// Can reach all stations at once, so ARP makes sense on it.
    #[must_use]
    pub const fn is_broadcast(self) -> bool {
        self.has(libc::IFF_BROADCAST) && !self.has(libc::IFF_NOARP)
    }

    /// Can reach groups of stations.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.has(libc::IFF_MULTICAST)
    }

    const fn has(self, flag: libc::c_int) -> bool {
        self.0 & flag.unsigned_abs() != 0
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.is_up(), "up"),
            (self.is_running(), "running"),
            (self.is_loopback(), "loopback"),
            (self.is_broadcast(), "broadcast"),
            (self.is_multicast(), "multicast"),
        ];
        f.debug_set().entries(names.iter().filter(|(set, _)| *set).map(|(_, name)| *name)).finish()
    }
}

/// One address of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The interface's own address, never that of the other end of a tunnel.
    pub ip: IpAddr,
    /// Length of the network's prefix in bits: at most 32 for IPv4, 128 for IPv6.
    pub prefix: u8,
    /// IPv6: still looking for a duplicate, must not be sent from (RFC 4862).
    pub tentative: bool,
    /// IPv6: an address for privacy, gone in a day (RFC 8981). IPv4: a second address of the same network.
    pub secondary: bool,
    /// IPv6: another station has it too.
    pub duplicate: bool,
}

/// A link without its addresses, as one message of the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number for it.
    pub index: Index,
    /// Such as `eth0`; at most 15 bytes. For people: everything here goes by index.
    pub name: String,
    /// The Ethernet address; none on tunnels and such.
    pub mac: Option<[u8; 6]>,
    /// Largest packet in bytes, Ethernet header not counted; 0 if unknown.
    pub mtu: u32,
    /// Up, running and so on.
    pub flags: Flags,
    /// What is behind it.
    pub kind: Kind,
    /// The bridge or bond this is a port of: the traffic (and the addresses) are over there.
    pub master: Option<Index>,
}

impl Link {
    /// A hint, by the names container and virtual-machine managers give: this bridge leads to guests inside this
    /// machine, not to the place around it.
    #[must_use]
    pub fn is_container_bridge(&self) -> bool {
        self.kind == Kind::Bridge && kind::is_container_bridge_name(&self.name)
    }
}

/// An interface and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// All but the addresses.
    pub link: Link,
    /// In the kernel's order, primary first.
    pub addresses: Vec<Address>,
}

impl Interface {
    /// The first usable IPv4 address and its prefix length.
    #[must_use]
    pub fn ipv4(&self) -> Option<(Ipv4Addr, u8)> {
        self.addresses.iter().find_map(|address| match address.ip {
            IpAddr::V4(ip) => Some((ip, address.prefix)),
            IpAddr::V6(_) => None,
        })
    }

    /// The address that neighbour discovery is done from (RFC 4861): link-local, not tentative, not a duplicate.
    #[must_use]
    pub fn ipv6_link_local(&self) -> Option<Ipv6Addr> {
        self.addresses.iter().find_map(|address| match address.ip {
            IpAddr::V6(ip) if ip.is_unicast_link_local() && !address.tentative && !address.duplicate => Some(ip),
            _ => None,
        })
    }
}

/// All interfaces of this network namespace with their addresses, by index. Needs no right.
///
/// At most [`MAX_INTERFACES`] and in all [`MAX_ADDRESSES`]; what is beyond is counted in `left_out`.
///
/// # Errors
/// [`Error::Other`] when the kernel does not answer.
pub fn list() -> Result<Listing<Interface>, Error> {
    let mut socket = netlink::Socket::for_requests()?;
    let links = socket.list(RTM_GETLINK, &[0; IFINFOMSG_BYTES], MAX_INTERFACES, |message, keep| {
        if let Some(link) = read_link(message) {
            keep(link);
        }
    })?;
    let addresses = socket.list(RTM_GETADDR, &[0; IFADDRMSG_BYTES], MAX_ADDRESSES, |message, keep| {
        if let Some(address) = read_address(message) {
            keep(address);
        }
    })?;
    let mut items: Vec<Interface> =
        links.items.into_iter().map(|link| Interface { link, addresses: Vec::new() }).collect();
    items.sort_by_key(|interface| interface.link.index);
    // A link can come twice out of a table that moved while it was read.
    items.dedup_by_key(|interface| interface.link.index);
    for (index, address) in addresses.items {
        // An address of an interface born between the two questions: the change stream tells of it.
        if let Ok(at) = items.binary_search_by_key(&index, |interface| interface.link.index)
            && let Some(interface) = items.get_mut(at)
            && !interface.addresses.contains(&address)
        {
            interface.addresses.push(address);
        }
    }
    Ok(Listing { items, left_out: links.left_out + addresses.left_out })
}

/// One interface by its name, as a person writes it in a configuration.
///
/// # Errors
/// [`Error::InterfaceGone`] when there is none of that name.
pub fn find(name: &str) -> Result<Interface, Error> {
    list()?.items.into_iter().find(|interface| interface.link.name == name).ok_or(Error::InterfaceGone)
}

/// Reads `RTM_NEWLINK` and `RTM_DELLINK`.
///
/// Those of family `AF_BRIDGE` are about a port's place in a bridge, and their `DELLINK` does not end the link: only
/// the family `AF_UNSPEC` speaks of links.
pub(crate) fn read_link(message: &Message<'_>) -> Option<Link> {
    let fixed = message.body.get(..IFINFOMSG_BYTES)?;
    if fixed.first().copied() != Some(libc::AF_UNSPEC as u8) {
        return None;
    }
    let hardware = u16_at(fixed, 2)?;
    let mut link = Link {
        index: Index(u32_at(fixed, 4)?),
        name: String::new(),
        mac: None,
        mtu: 0,
        flags: Flags(u32_at(fixed, 8)?),
        kind: Kind::Other,
        master: None,
    };
    let mut driver: &[u8] = &[];
    for (kind, value) in attributes(message.body.get(IFINFOMSG_BYTES..)?) {
        match kind {
            IFLA_IFNAME => link.name = String::from_utf8_lossy(text(value)).into_owned(),
            IFLA_ADDRESS if hardware == libc::ARPHRD_ETHER => link.mac = value.try_into().ok(),
            IFLA_MTU => link.mtu = u32_at(value, 0).unwrap_or(0),
            IFLA_MASTER => link.master = u32_at(value, 0).filter(|index| *index != 0).map(Index),
            IFLA_LINKINFO => {
                driver = attributes(value).find(|(kind, _)| *kind == IFLA_INFO_KIND).map_or(driver, |(_, kind)| kind);
            }
            _ => {}
        }
    }
    link.kind = Kind::of(&link.name, link.flags, hardware, text(driver));
    Some(link)
}

/// Reads `RTM_NEWADDR` and `RTM_DELADDR`.
pub(crate) fn read_address(message: &Message<'_>) -> Option<(Index, Address)> {
    let fixed = message.body.get(..IFADDRMSG_BYTES)?;
    let family = i32::from(*fixed.first()?);
    let prefix = *fixed.get(1)?;
    let mut flags = u32::from(*fixed.get(2)?);
    let index = Index(u32_at(fixed, 4)?);
    let (mut address, mut local) = (None, None);
    for (kind, value) in attributes(message.body.get(IFADDRMSG_BYTES..)?) {
        match kind {
            IFA_ADDRESS => address = ip(family, value),
            IFA_LOCAL => local = ip(family, value),
            IFA_FLAGS => flags = u32_at(value, 0).unwrap_or(flags),
            _ => {}
        }
    }
    // On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL ours.
    let ip = local.or(address)?;
    if prefix > if ip.is_ipv4() { 32 } else { 128 } {
        return None;
    }
    Some((
        index,
        Address {
            ip,
            prefix,
            tentative: flags & libc::IFA_F_TENTATIVE != 0,
            secondary: flags & libc::IFA_F_SECONDARY != 0,
            duplicate: flags & libc::IFA_F_DADFAILED != 0,
        },
    ))
}

/// An address as netlink carries it: the bytes alone, the family stands elsewhere.
pub(crate) fn ip(family: i32, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        libc::AF_INET => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        libc::AF_INET6 => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => None,
    }
}

/// A string up to its NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;
    use crate::netlink::messages;

    /// A header around a body, as the kernel sends it.
    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(16 + body.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    const VETH: &[u8] = &[
        0, 0, 1, 0, 7, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0, // Ethernet, index 7, up running broadcast multicast
        9, 0, 3, 0, b'l', b'a', b'n', b'0', 0, 0, 0, 0, // name
        8, 0, 4, 0, 0xdc, 5, 0, 0, // MTU 1500
        8, 0, 10, 0, 3, 0, 0, 0, // port of interface 3
        10, 0, 1, 0, 0x52, 0x54, 0, 0xab, 0xcd, 0xef, 0, 0, // MAC
        16, 0, 18, 0x80, 9, 0, 1, 0, b'v', b'e', b't', b'h', 0, 0, 0, 0, // nested: kind
        6, 0, 0xff, 0x3f, 1, 2, 0, 0, // an attribute from the future
    ];

    #[test]
    fn a_link_is_read_from_its_bytes() {
        let bytes = message(RTM_NEWLINK, VETH);
        let link = read_link(&messages(&bytes).next().unwrap()).unwrap();
        assert_eq!(link.index, Index(7));
        assert_eq!(link.name, "lan0");
        assert_eq!(link.mac, Some([0x52, 0x54, 0, 0xab, 0xcd, 0xef]));
        assert_eq!((link.mtu, link.master, link.kind), (1500, Some(Index(3)), Kind::Veth));
        assert!(link.flags.is_up() && link.flags.is_running() && link.flags.is_broadcast());
        assert!(!link.flags.is_loopback());
    }

    #[test]
    fn leaving_a_bridge_does_not_end_a_link() {
        let mut body = VETH.to_vec();
        body[0] = 7; // AF_BRIDGE
        let bytes = message(RTM_DELLINK, &body);
        assert_eq!(read_link(&messages(&bytes).next().unwrap()), None);
    }

    #[test]
    fn addresses_are_ours_and_not_the_other_ends() {
        let body = [2, 32, 0x80, 0, 4, 0, 0, 0, 8, 0, 1, 0, 10, 0, 0, 2, 8, 0, 2, 0, 10, 0, 0, 1];
        let bytes = message(RTM_NEWADDR, &body);
        let (index, address) = read_address(&messages(&bytes).next().unwrap()).unwrap();
        assert_eq!(index, Index(4));
        assert_eq!((address.ip, address.prefix), (IpAddr::from([10, 0, 0, 1]), 32));
    }

    #[test]
    fn an_ipv6_address_carries_its_wide_flags() {
        let mut body = vec![10, 64, 0, 253, 2, 0, 0, 0, 20, 0, 1, 0];
        body.extend("fe80::1".parse::<Ipv6Addr>().unwrap().octets());
        body.extend([8, 0, 8, 0, 0x40, 2, 0, 0]); // IFA_FLAGS: tentative, no prefix route
        let bytes = message(RTM_NEWADDR, &body);
        let (_, address) = read_address(&messages(&bytes).next().unwrap()).unwrap();
        assert!(address.tentative && !address.secondary && !address.duplicate);
        assert_eq!(address.ip, "fe80::1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn what_does_not_hold_together_is_no_address() {
        for body in [
            &[2u8, 33, 0, 0, 4, 0, 0, 0, 8, 0, 2, 0, 10, 0, 0, 1][..], // prefix too long
            &[2, 24, 0, 0, 4, 0, 0, 0, 7, 0, 2, 0, 10, 0, 0][..],      // three bytes of address
            &[2, 24, 0, 0, 4, 0][..],                                  // cut
            &[2, 24, 0, 0, 4, 0, 0, 0][..],                            // none
        ] {
            let bytes = message(RTM_NEWADDR, body);
            assert_eq!(read_address(&messages(&bytes).next().unwrap()), None, "{body:?}");
        }
    }
}
