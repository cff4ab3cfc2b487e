//! Holds the rtnetlink wire format (RFC 3549, rtnetlink(7)): requests, answers, attributes, over a socket of the kernel's.
//! Never interprets an attribute: that is `interface`, `neighbour`, `gateway`; never changes anything, it only asks.
//! Called by those modules and by `change`. All of it is safe code.
//!
//! Why no crate: `netlink-packet-route` adds 333 kB to the binary (a twentieth of what it may weigh) to decode kinds of
//! message nobody asks for here, and refuses a whole message over one attribute newer than itself; `neli` brings two
//! families of derive macros. What is needed is a header of sixteen bytes and a list of length-type-value.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use crate::error::{Error, Need};

/// The kernel fills at most 32 KiB per read of a dump (`NLMSG_GOODSIZE` and `max_recvmsg_len`), and one notification
/// is a few hundred bytes.
pub(crate) const BUFFER_BYTES: usize = 32 * 1024;
/// A dump is answered at once; this long a silence means that something is broken, not that it is slow.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A dump that the kernel marks as interrupted (the table changed meanwhile) is asked for again this often.
const ATTEMPTS: u32 = 4;

const HEADER_BYTES: usize = 16;
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// Flags in an attribute's type: nested, and network byte order.
const TYPE_MASK: u16 = 0x3fff;

/// A bounded copy of a kernel table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was there, in the kernel's order.
    pub items: Vec<T>,
    /// How many more were there than the bound allows; they are left out, the first ones stay.
    pub left_out: usize,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), left_out: 0 }
    }
}

impl<T> Listing<T> {
    /// Keeps `item` while there is room for it under `max`, else counts it.
    pub(crate) fn push(&mut self, item: T, max: usize) {
        if self.items.len() < max {
            self.items.push(item);
        } else {
            self.left_out += 1;
        }
    }
}

/// One message of the kernel, header taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    flags: u16,
    sequence: u32,
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// What an error or an end of dump says: 0, or a negated errno.
    fn errno(&self) -> i32 {
        i32_at(self.body, 0).unwrap_or(0)
    }
}

/// The messages in one datagram; stops at the first that does not hold together.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = Message {
            kind: u16_at(bytes, 4)?,
            flags: u16_at(bytes, 6)?,
            sequence: u32_at(bytes, 8)?,
            body: bytes.get(HEADER_BYTES..length)?,
        };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// The attributes that follow a fixed part: type without its flags, and value.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & TYPE_MASK;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// A number in the machine's byte order, as all of netlink is.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// As [`u16_at`], four bytes.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// As [`u32_at`], signed.
pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A socket to the kernel's routing tables; closing it is dropping it.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    sequence: u32,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Socket {
    /// A socket to ask with. It blocks, for at most two seconds.
    pub(crate) fn for_requests() -> Result<Self, Error> {
        let socket = Self::open(0, SocketFlags::CLOEXEC)?;
        sockopt::set_socket_timeout(&socket.fd, Timeout::Recv, Some(ANSWER_WITHIN))
            .map_err(|errno| Error::other("set the netlink timeout", errno))?;
        Ok(socket)
    }

    /// A socket that is told of changes in `groups` (`RTMGRP_*` bits) and never blocks.
    pub(crate) fn for_changes(groups: u32) -> Result<Self, Error> {
        Self::open(groups, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
    }

    fn open(groups: u32, flags: SocketFlags) -> Result<Self, Error> {
        let sort = |errno: Errno| Error::sort("open a netlink socket", Need::Root, errno);
        // Protocol 0 is NETLINK_ROUTE.
        let fd = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None).map_err(sort)?;
        rustix::net::bind(&fd, &SocketAddrNetlink::new(0, groups)).map_err(sort)?;
        Ok(Self { fd, sequence: 0 })
    }

    /// Reads one datagram of the kernel's. `None`: none is waiting. Datagrams of other processes are skipped.
    pub(crate) fn receive<'a>(&self, buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>, Errno> {
        loop {
            match rustix::net::recvfrom(&self.fd, &mut *buffer, RecvFlags::TRUNC) {
                Ok((length, whole, from)) => {
                    let kernel = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                    if kernel.is_none_or(|from| from.pid() != 0) {
                        continue;
                    }
                    if whole > length {
                        // A cut datagram has a message cut in two: treat it as lost, the caller lists again.
                        return Err(Errno::NOBUFS);
                    }
                    return Ok(buffer.get(..length));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Asks for a whole table (`RTM_GET*`, with the fixed part in `body`) and gives each entry to `decode`, which keeps
    /// what it knows. Bounded by `max`; asked again when the table changed while it was read.
    pub(crate) fn list<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        max: usize,
        mut decode: impl FnMut(&Message<'_>, &mut dyn FnMut(T)),
    ) -> Result<Listing<T>, Error> {
        let mut listing = Listing::default();
        for _ in 0..ATTEMPTS {
            listing = Listing::default();
            let whole = self.dump(kind, body, &mut |message| decode(message, &mut |item| listing.push(item, max)))?;
            if whole {
                break;
            }
        }
        // After the last attempt a table in motion is given as it is: an entry may be twice or missing in it, and the
        // change stream says so anyway.
        Ok(listing)
    }

    /// One dump. Tells whether the kernel vouches for it as a consistent whole.
    fn dump(&mut self, kind: u16, body: &[u8], each: &mut dyn FnMut(&Message<'_>)) -> Result<bool, Error> {
        let failed = |errno: Errno| Error::other("read a kernel table", errno);
        self.sequence = self.sequence.wrapping_add(1);
        let request = request(kind, self.sequence, body);
        rustix::net::sendto(&self.fd, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map_err(failed)?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut whole = true;
        loop {
            let bytes = self.receive(&mut buffer).map_err(failed)?.ok_or_else(|| failed(Errno::TIMEDOUT))?;
            for message in messages(bytes).filter(|message| message.sequence == self.sequence) {
                whole &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR if message.errno() != 0 => {
                        return Err(failed(Errno::from_raw_os_error(message.errno().wrapping_neg())));
                    }
                    NLMSG_DONE => return Ok(whole),
                    NLMSG_ERROR => {}
                    _ => each(&message),
                }
            }
        }
    }
}

/// The bytes of a dump request.
fn request(kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    // Port 0: the kernel fills in ours.
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(body);
    bytes
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_the_kernel_reads() {
        let expected = [20, 0, 0, 0, 18, 0, 0x01, 0x03, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        assert_eq!(request(18, 7, &[1, 2, 3, 4]), expected);
    }

    #[test]
    fn messages_are_split_at_four_bytes() {
        let mut bytes = vec![17, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0, 0, 0];
        bytes.extend([20, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
        let found: Vec<_> = messages(&bytes).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].kind, found[0].body), (16, &[0xaa][..]));
        assert_eq!((found[1].kind, found[1].errno()), (3, -2));
    }

    #[test]
    fn lengths_that_lie_end_the_reading() {
        // Too long for the datagram, shorter than its own header, zero: none may loop or read beyond.
        for length in [64u8, 15, 4, 0] {
            let bytes = [length, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
            assert_eq!(messages(&bytes).count(), 0, "{length}");
        }
        for length in [9u8, 3, 0] {
            assert_eq!(attributes(&[length, 0, 1, 0, 1, 2, 3, 4]).count(), 0, "{length}");
        }
        assert_eq!(attributes(&[8, 0, 1]).count(), 0);
    }

    #[test]
    fn attributes_lose_their_flags_and_padding() {
        let bytes = [5, 0, 18, 0x80, 0xbb, 0, 0, 0, 4, 0, 9, 0, 6, 0, 10, 0x40, 1, 2];
        let found: Vec<_> = attributes(&bytes).collect();
        assert_eq!(found, [(18, &[0xbb][..]), (9, &[][..]), (10, &[1, 2][..])]);
    }

    #[test]
    fn a_full_listing_keeps_the_first_and_counts_the_rest() {
        let mut listing = Listing::default();
        for item in 0..5 {
            listing.push(item, 3);
        }
        assert_eq!(listing, Listing { items: vec![0, 1, 2], left_out: 2 });
    }
}
