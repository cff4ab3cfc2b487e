//! Holds ICMP echo without privileges: datagram sockets that the kernel lets any permitted group have.
//! Never sends anything but echo requests, and never waits. Called by the shell where raw sockets are not to be had.
//!
//! The kernel writes the identifier and the checksum, and hands each socket the replies to its own requests only.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::{Error, Need};
use crate::interface::Index;
use crate::socket_option::tie_to_interface;

/// Longest payload of a request: what fits a frame under IPv6's smallest link (1,280 bytes) with room to spare.
pub const MAX_PAYLOAD_BYTES: usize = 1_024;

const HEADER_BYTES: usize = 8;
const ECHO_REQUEST_V4: u8 = 8;
const ECHO_REPLY_V4: u8 = 0;
const ECHO_REQUEST_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

/// Which of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// An answer to one of our requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoReply {
    /// Who answered.
    pub from: IpAddr,
    /// The number the request had.
    pub sequence: u16,
    /// What the request carried, as it came back: compare it, anybody can answer.
    pub payload: Vec<u8>,
}

/// An ICMP echo socket on one interface. Closing it is dropping it.
#[derive(Debug)]
pub struct Echo {
    fd: OwnedFd,
    family: Family,
    interface: Index,
}

impl AsFd for Echo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Echo {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<Echo> for OwnedFd {
    fn from(echo: Echo) -> Self {
        echo.fd
    }
}

impl Echo {
    /// Opens a socket, non-blocking, tied to `interface`; with [`Index::ANY`] the kernel's routes choose where it leaves.
    ///
    /// # Errors
    /// [`Error::NoPermission`] with [`Need::Ping`] when no group of this process is in `ping_group_range` (root is not
    /// excepted); [`Error::InterfaceGone`].
    pub fn open(family: Family, interface: Index) -> Result<Self, Error> {
        let sort = |source: io::Error| Error::sort("open an ICMP socket", Need::Ping, source);
        let (domain, protocol) = match family {
            Family::V4 => (Domain::IPV4, Protocol::ICMPV4),
            Family::V6 => (Domain::IPV6, Protocol::ICMPV6),
        };
        let socket = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(protocol)).map_err(sort)?;
        if interface != Index::ANY {
            tie_to_interface(&socket, interface.0).map_err(sort)?;
        }
        Ok(Self { fd: socket.into(), family, interface })
    }

    /// Sends one request. `false`: the queue is full, try again later. The kernel asks for the neighbour by itself, so a
    /// silent address costs it three ARP requests.
    ///
    /// # Errors
    /// [`Error::InterfaceGone`], [`Error::Down`]; [`Error::Other`] for an address of the other family, a payload over
    /// [`MAX_PAYLOAD_BYTES`], or no route.
    pub fn send(&self, to: IpAddr, sequence: u16, payload: &[u8]) -> Result<bool, Error> {
        let refused = || Error::other("send an ICMP echo", io::Error::from(io::ErrorKind::InvalidInput));
        let (kind, to) = match (self.family, to) {
            (Family::V4, IpAddr::V4(to)) => (ECHO_REQUEST_V4, SocketAddr::V4(SocketAddrV4::new(to, 0))),
            // A link-local address means nothing without its link; on others the number is ignored.
            (Family::V6, IpAddr::V6(to)) => {
                (ECHO_REQUEST_V6, SocketAddr::V6(SocketAddrV6::new(to, 0, 0, self.interface.0)))
            }
            _ => return Err(refused()),
        };
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(refused());
        }
        let mut packet = Vec::with_capacity(HEADER_BYTES + payload.len());
        packet.extend([kind, 0, 0, 0, 0, 0]);
        packet.extend(sequence.to_be_bytes());
        packet.extend(payload);
        match rustix::net::sendto(&self.fd, &packet, SendFlags::DONTWAIT, &to) {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN | Errno::NOBUFS) => Ok(false),
            Err(errno) => Err(Error::sort("send an ICMP echo", Need::Ping, errno)),
        }
    }

    /// The next answer; `None` when none is waiting. What is no answer is skipped. Never blocks.
    ///
    /// # Errors
    /// [`Error::InterfaceGone`], [`Error::Down`], [`Error::Other`].
    pub fn receive(&self) -> Result<Option<EchoReply>, Error> {
        let mut buffer = [0; HEADER_BYTES + MAX_PAYLOAD_BYTES];
        loop {
            match rustix::net::recvfrom(&self.fd, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((length, _, from)) => {
                    let from = from.and_then(|from| SocketAddr::try_from(from).ok());
                    let reply = from.zip(buffer.get(..length)).and_then(|(from, bytes)| self.read(from.ip(), bytes));
                    if reply.is_some() {
                        return Ok(reply);
                    }
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::sort("receive ICMP", Need::Ping, errno)),
            }
        }
    }

    fn read(&self, from: IpAddr, bytes: &[u8]) -> Option<EchoReply> {
        read_reply(self.family, from, bytes)
    }
}

fn read_reply(family: Family, from: IpAddr, bytes: &[u8]) -> Option<EchoReply> {
    let (header, payload) = bytes.split_at_checked(HEADER_BYTES)?;
    let expected = match family {
        Family::V4 => ECHO_REPLY_V4,
        Family::V6 => ECHO_REPLY_V6,
    };
    let [kind, 0, _, _, _, _, high, low] = *header else { return None };
    (kind == expected).then(|| EchoReply { from, sequence: u16::from_be_bytes([high, low]), payload: payload.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_replies_of_the_family_are_read() {
        let from = IpAddr::from([192, 168, 1, 9]);
        let bytes = [0, 0, 0xff, 0xff, 0x12, 0x34, 0x00, 0x07, b'h', b'i'];
        let reply = read_reply(Family::V4, from, &bytes).unwrap();
        assert_eq!((reply.sequence, &reply.payload[..]), (7, &b"hi"[..]));
        assert_eq!(read_reply(Family::V6, from, &bytes), None);
        assert_eq!(read_reply(Family::V4, from, &bytes[..7]), None);
        for (at, value) in [(0, 3), (0, 8), (1, 1)] {
            let mut other = bytes;
            other[at] = value;
            assert_eq!(read_reply(Family::V4, from, &other), None, "byte {at} = {value}");
        }
        assert!(read_reply(Family::V6, from, &[129, 0, 0, 0, 0, 0, 0, 1]).is_some());
    }
}
