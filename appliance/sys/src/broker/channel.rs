//! Holds the socket pair between broker and service: whole messages one way and the other, descriptors beside them.
//! Never waits longer than it is told, and never reads a message's meaning. Called by both ends.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg, socketpair,
};

use super::frame::MAX_FRAME_BYTES;
use crate::error::Error;

/// Room for a message, and for one byte more, by which a longer one shows.
pub(super) type Buffer = [u8; MAX_FRAME_BYTES + 1];

/// The two ends: the broker's, the service's.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd), Error> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
        .map_err(|errno| Error::other("make the broker's channel", errno))
}

/// What came without a descriptor; those that came are closed by the kernel, there being no room for them.
///
/// `Ok(0)`: the other end is closed. [`Errno::AGAIN`]: nothing is waiting.
pub(super) fn read(channel: BorrowedFd<'_>, buffer: &mut Buffer) -> Result<usize, Errno> {
    let (length, _) = recv(channel, &mut buffer[..], RecvFlags::DONTWAIT)?;
    Ok(length)
}

/// What came, and the descriptor beside it.
pub(super) fn read_with(channel: BorrowedFd<'_>, buffer: &mut Buffer) -> Result<(usize, Option<OwnedFd>), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let message = recvmsg(channel, &mut [IoSliceMut::new(buffer)], &mut beside, flags)?;
    let mut descriptor = None;
    for part in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(mut descriptors) = part {
            descriptor = descriptors.next();
        }
    }
    Ok((message.bytes, descriptor))
}

/// Sends a message, whole or not at all.
pub(super) fn write(channel: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), Errno> {
    send(channel, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map(|_| ())
}

/// Sends a message with a descriptor beside it.
pub(super) fn write_with(channel: BorrowedFd<'_>, bytes: &[u8], descriptor: &OwnedFd) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    if !beside.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::NOBUFS);
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    sendmsg(channel, &[IoSlice::new(bytes)], &mut beside, flags).map(|_| ())
}

/// Waits until one of these can be read (or has failed), at most this long. Tells which.
pub(super) fn wait<const N: usize>(of: [BorrowedFd<'_>; N], at_most: Duration) -> Result<[bool; N], Errno> {
    let mut all = of.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
    let time = Timespec { tv_sec: at_most.as_secs().cast_signed(), tv_nsec: at_most.subsec_nanos().into() };
    match poll(&mut all, Some(&time)) {
        Ok(_) | Err(Errno::INTR) => Ok(all.map(|fd| !fd.revents().is_empty())),
        Err(errno) => Err(errno),
    }
}
