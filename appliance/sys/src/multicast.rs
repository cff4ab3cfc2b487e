//! Holds the UDP sockets by which devices are asked who they are, and heard when they say so: one per interface.
//! Never reads or writes a datagram's content. Called by the shell, which makes them its runtime's (`from_std`).
//!
//! Each socket is tied to one interface: what it hears came in there, what it says goes out there, whatever the routes.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use crate::error::{Error, Need};
pub use crate::icmp::Family;
use crate::interface::Index;
use crate::socket_option::tie_to_interface;

/// A burst of answers from a /22 within one scheduling of ours, at some 500 bytes each and their kernel overhead.
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// A protocol of self-description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Multicast DNS (RFC 6762).
    Mdns,
    /// UPnP's discovery (UPnP Device Architecture 2.0, section 1).
    Ssdp,
    /// WS-Discovery 1.1: Windows, printers, ONVIF cameras.
    WsDiscovery,
    /// Link-local multicast name resolution (RFC 4795).
    Llmnr,
    /// NetBIOS name service (RFC 1002). Broadcast, IPv4 only.
    NetbiosNames,
    /// NetBIOS datagrams: announcements of Windows machines. Broadcast, IPv4 only.
    NetbiosDatagrams,
}

impl Service {
    /// The port it is known by.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Mdns => 5353,
            Self::Ssdp => 1900,
            Self::WsDiscovery => 3702,
            Self::Llmnr => 5355,
            Self::NetbiosNames => 137,
            Self::NetbiosDatagrams => 138,
        }
    }

    /// The group it is spoken to under IPv4; none for what is broadcast.
    #[must_use]
    pub const fn group_v4(self) -> Option<Ipv4Addr> {
        match self {
            Self::Mdns => Some(Ipv4Addr::new(224, 0, 0, 251)),
            Self::Ssdp | Self::WsDiscovery => Some(Ipv4Addr::new(239, 255, 255, 250)),
            Self::Llmnr => Some(Ipv4Addr::new(224, 0, 0, 252)),
            Self::NetbiosNames | Self::NetbiosDatagrams => None,
        }
    }

    /// The group it is spoken to under IPv6, on the link.
    #[must_use]
    pub const fn group_v6(self) -> Option<Ipv6Addr> {
        let last = match self {
            Self::Mdns => [0, 0xfb],
            Self::Ssdp | Self::WsDiscovery => [0, 0xc],
            Self::Llmnr => [1, 3],
            Self::NetbiosNames | Self::NetbiosDatagrams => return None,
        };
        Some(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, last[0], last[1]))
    }

    /// The time to live (hop limit) of what we send, as the protocols ask: 255 proves to a receiver that the sender is on
    /// its link (RFC 6762 section 11; RFC 4795 section 2.5 recommends it); UPnP says 2; WS-Discovery (SOAP-over-UDP) 1.
    /// NetBIOS is broadcast, which no router passes, and keeps the system's 64.
    #[must_use]
    pub const fn hops(self) -> u8 {
        match self {
            Self::Mdns | Self::Llmnr => 255,
            Self::Ssdp => 2,
            Self::WsDiscovery => 1,
            Self::NetbiosNames | Self::NetbiosDatagrams => 64,
        }
    }
}

/// Which port a socket got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The protocol's own: announcements are heard.
    Known,
    /// Any: answers to our own questions are heard, and no more.
    Any,
}

/// A socket for one protocol on one interface, non-blocking.
#[derive(Debug)]
pub struct Endpoint {
    /// The socket itself; `OwnedFd::from` passes it to another process.
    pub socket: UdpSocket,
    /// Which port it got.
    pub port: Port,
}

/// A socket at the protocol's own port, in its group: hears what devices announce, shares the port with a responder that
/// may run on this machine, and does not hear itself.
///
/// A port below 1,024 may be refused, or taken by a program that does not share: then the socket gets any port and says
/// so in [`Endpoint::port`].
///
/// # Errors
/// [`Error::InterfaceGone`]; [`Error::Down`] for an interface that takes no group while down; [`Error::Other`], among
/// others for a family the protocol is not spoken in.
pub fn listen(service: Service, family: Family, interface: Index) -> Result<Endpoint, Error> {
    let socket = make(service, family, interface)?;
    let sort = |source| Error::sort("listen for announcements", Need::LowPorts, source);
    // Both: the group's datagrams go to all that share, and each of the two ways of sharing is some responder's.
    socket.set_reuse_address(true).map_err(sort)?;
    socket.set_reuse_port(true).map_err(sort)?;
    let port = match (socket.bind(&any(family, service.port()).into()).map_err(sort), service.port() < 1024) {
        (Ok(()), _) => Port::Known,
        (Err(Error::NoPermission(_) | Error::InUse), true) => {
            // Sharing a port that the kernel picks would invite others to it.
            socket.set_reuse_port(false).map_err(sort)?;
            socket.set_reuse_address(false).map_err(sort)?;
            socket.bind(&any(family, 0).into()).map_err(sort)?;
            Port::Any
        }
        (Err(error), _) => return Err(error),
    };
    if port == Port::Known {
        join(&socket, service, family, interface).map_err(sort)?;
    }
    Ok(Endpoint { socket: socket.into(), port })
}

/// A socket at any port, to ask from: answers come back to it alone, and no responder on this machine is in the way
/// (for mDNS this is the one-shot query of RFC 6762 section 5.1).
///
/// # Errors
/// As [`listen`].
pub fn ask(service: Service, family: Family, interface: Index) -> Result<Endpoint, Error> {
    let socket = make(service, family, interface)?;
    let sort = |source| Error::sort("open a socket for questions", Need::LowPorts, source);
    socket.bind(&any(family, 0).into()).map_err(sort)?;
    Ok(Endpoint { socket: socket.into(), port: Port::Any })
}

/// Where a question of this kind goes: the group on the interface's link, or everyone.
///
/// `None`: the protocol is not spoken in this family.
#[must_use]
pub fn destination(service: Service, family: Family, interface: Index) -> Option<SocketAddr> {
    match (family, service.group_v4(), service.group_v6()) {
        (Family::V4, group, _) => Some((group.unwrap_or(Ipv4Addr::BROADCAST), service.port()).into()),
        (Family::V6, _, Some(group)) => Some(std::net::SocketAddrV6::new(group, service.port(), 0, interface.0).into()),
        (Family::V6, _, None) => None,
    }
}

/// What both kinds have in common: tied to the interface, hops as the protocol asks, no echo of our own.
fn make(service: Service, family: Family, interface: Index) -> Result<Socket, Error> {
    let action = "open a socket for announcements";
    let sort = |source: io::Error| Error::sort(action, Need::LowPorts, source);
    let domain = match family {
        Family::V4 => Domain::IPV4,
        Family::V6 if service.group_v6().is_none() => {
            return Err(Error::other(action, io::Error::from(io::ErrorKind::Unsupported)));
        }
        Family::V6 => Domain::IPV6,
    };
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket = Socket::new(domain, kind, Some(Protocol::UDP)).map_err(sort)?;
    tie_to_interface(&socket, interface.0).map_err(sort)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).map_err(sort)?;
    let hops = u32::from(service.hops());
    match family {
        Family::V4 => {
            // By index: an interface need not have an IPv4 address for it.
            let none = Ipv4Addr::UNSPECIFIED;
            rustix::net::sockopt::set_ip_multicast_if_with_ifindex(&socket, &none, &none, interface.0)
                .map_err(|errno| sort(errno.into()))?;
            socket.set_multicast_ttl_v4(hops).map_err(sort)?;
            // Answers go straight to the one who asked, and must prove the link as well (RFC 6762 section 11).
            socket.set_ttl_v4(hops).map_err(sort)?;
            socket.set_multicast_loop_v4(false).map_err(sort)?;
            socket.set_broadcast(service.group_v4().is_none()).map_err(sort)?;
        }
        Family::V6 => {
            socket.set_only_v6(true).map_err(sort)?;
            socket.set_multicast_if_v6(interface.0).map_err(sort)?;
            socket.set_multicast_hops_v6(hops).map_err(sort)?;
            socket.set_unicast_hops_v6(hops).map_err(sort)?;
            socket.set_multicast_loop_v6(false).map_err(sort)?;
        }
    }
    Ok(socket)
}

fn join(socket: &Socket, service: Service, family: Family, interface: Index) -> io::Result<()> {
    match (family, service.group_v4(), service.group_v6()) {
        (Family::V4, Some(group), _) => {
            socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(interface.0))
        }
        (Family::V6, _, Some(group)) => socket.join_multicast_v6(&group, interface.0),
        _ => Ok(()),
    }
}

fn any(family: Family, port: u16) -> SocketAddr {
    match family {
        Family::V4 => (Ipv4Addr::UNSPECIFIED, port).into(),
        Family::V6 => (Ipv6Addr::UNSPECIFIED, port).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_go_where_the_protocols_say() {
        let to = |service, family| destination(service, family, Index(3)).map(|to| to.to_string());
        assert_eq!(to(Service::Mdns, Family::V4).as_deref(), Some("224.0.0.251:5353"));
        assert_eq!(to(Service::Mdns, Family::V6).as_deref(), Some("[ff02::fb%3]:5353"));
        assert_eq!(to(Service::Ssdp, Family::V4).as_deref(), Some("239.255.255.250:1900"));
        assert_eq!(to(Service::WsDiscovery, Family::V6).as_deref(), Some("[ff02::c%3]:3702"));
        assert_eq!(to(Service::Llmnr, Family::V6).as_deref(), Some("[ff02::1:3%3]:5355"));
        assert_eq!(to(Service::NetbiosNames, Family::V4).as_deref(), Some("255.255.255.255:137"));
        assert_eq!(to(Service::NetbiosNames, Family::V6), None);
    }

    #[test]
    fn an_interface_that_is_not_there_is_gone() {
        let none = Index(0x7fff_fff0);
        assert!(matches!(listen(Service::Mdns, Family::V4, none), Err(Error::InterfaceGone)));
        assert!(matches!(ask(Service::Ssdp, Family::V6, none), Err(Error::InterfaceGone)));
    }
}
