//! Holds the stream of what changes in the kernel's tables: interfaces, addresses, neighbours, default routes.
//! Never asks for a table: whoever hears [`Change::Lost`] lists again. Called by the shell, which waits on its descriptor.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::io::Errno;

use crate::error::Error;
use crate::gateway;
use crate::interface::{self, Address, Index, Link};
use crate::neighbour::{self, Neighbour};
use crate::netlink::{BUFFER_BYTES, Message, Socket, messages};

/// `RTMGRP_LINK`, `_NEIGH`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV6_IFADDR`, `_IPV6_ROUTE`.
const GROUPS: u32 = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400;
/// A busy /22 refreshes a few hundred neighbours a second; this holds some thousand messages while the shell is busy.
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// Something that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// An interface appeared, or its flags, name or address changed.
    Link(Link),
    /// An interface is gone; its index means nothing any more.
    LinkGone(Index),
    /// An address was added, or what is known of it changed (no longer tentative).
    Address(Index, Address),
    /// An address was removed.
    AddressGone(Index, Address),
    /// An entry of the neighbour table is new or changed.
    Neighbour(Neighbour),
    /// An entry left the neighbour table: the kernel forgot it, which does not say that the station left.
    NeighbourForgotten(Neighbour),
    /// A default route came or went: list the gateways again.
    Gateways,
    /// The kernel had more to say than the buffer holds, and dropped some: list everything again.
    Lost,
}

/// A subscription to changes. Readable when there are some; usable with a reactor through [`AsRawFd`].
#[derive(Debug)]
pub struct Changes {
    socket: Socket,
    buffer: Box<[u8]>,
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Changes {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_fd().as_raw_fd()
    }
}

impl Changes {
    /// Subscribes. Subscribe first and list after, so that nothing falls in between. Needs no right.
    ///
    /// # Errors
    /// [`Error::Other`] when the kernel has no netlink or no descriptor is left.
    pub fn subscribe() -> Result<Self, Error> {
        let socket = Socket::for_changes(GROUPS)?;
        // Refused above the system's limit only in part: the kernel cuts the number, it does not fail.
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES)
            .map_err(|errno| Error::other("size the netlink buffer", errno))?;
        Ok(Self { socket, buffer: vec![0; BUFFER_BYTES].into_boxed_slice() })
    }

    /// Appends what changed to `into`, from at most one datagram of the kernel's (a handful of changes, never more than
    /// a few hundred). Tells how many; 0 means that there is nothing to read now and a reactor may sleep.
    ///
    /// Never blocks. An overrun is told as [`Change::Lost`], once, in its place in the order.
    ///
    /// # Errors
    /// [`Error::Other`] when the socket itself fails; subscribe anew.
    pub fn read(&mut self, into: &mut Vec<Change>) -> Result<usize, Error> {
        let before = into.len();
        loop {
            match self.socket.receive(&mut self.buffer) {
                Ok(None) => return Ok(0),
                Ok(Some(bytes)) => into.extend(messages(bytes).filter_map(|message| read(&message))),
                Err(Errno::NOBUFS) => into.push(Change::Lost),
                Err(errno) => return Err(Error::other("read the kernel's changes", errno)),
            }
            // A datagram may hold nothing of interest; "0" would put the caller to sleep over an unread one.
            if into.len() > before {
                return Ok(into.len() - before);
            }
        }
    }
}

fn read(message: &Message<'_>) -> Option<Change> {
    match message.kind {
        interface::RTM_NEWLINK => interface::read_link(message).map(Change::Link),
        interface::RTM_DELLINK => interface::read_link(message).map(|link| Change::LinkGone(link.index)),
        interface::RTM_NEWADDR => {
            interface::read_address(message).map(|(index, address)| Change::Address(index, address))
        }
        interface::RTM_DELADDR => {
            interface::read_address(message).map(|(index, address)| Change::AddressGone(index, address))
        }
        neighbour::RTM_NEWNEIGH => neighbour::read(message).map(Change::Neighbour),
        neighbour::RTM_DELNEIGH => neighbour::read(message).map(Change::NeighbourForgotten),
        gateway::RTM_NEWROUTE | gateway::RTM_DELROUTE => {
            let mut is_default = false;
            gateway::read(message, &mut |_| is_default = true);
            is_default.then_some(Change::Gateways)
        }
        _ => None,
    }
}
