//! Holds what guard and worker say to each other: one kind and three numbers, and beside it a descriptor.
//! Never carries a text: what comes from the network stays on the worker's side. Called by both.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use vigie_core::kiosk::SessionId;

use crate::session::proof::Left;

/// Bytes of a message: a kind, and three numbers of eight.
const BYTES: usize = 25;
/// Room for one descriptor; more are closed by the kernel.
const DESCRIPTOR_ROOM: usize = rustix::cmsg_space!(ScmRights(1));

/// What the worker wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Nothing; it is there. At least every second.
    Alive,
    /// The session runs: start its program, or let it go on.
    Unlock(SessionId),
    /// Nobody is to use the machine.
    Lock,
    /// Nothing of the session is to be left.
    Wipe(SessionId),
    /// Its program, once more.
    Again,
    /// The terminal has so many rows and columns.
    Size(u16, u16),
    /// Restart the machine.
    Reboot,
    /// Switch it off.
    PowerOff,
}

/// What the guard tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// A session from before this worker is here, frozen; `None`: nothing is here. The first word to a worker.
    Here(Option<SessionId>),
    /// The session runs. Beside it: its terminal.
    Runs(SessionId),
    /// Its program ended, with this code.
    Ended(SessionId, u8),
    /// It cannot be started.
    CannotStart(SessionId),
    /// Nothing of the session is left.
    Wiped(SessionId),
    /// Something is, and it is tried again.
    WipeFailed(SessionId, Left),
}

impl Want {
    fn encode(self) -> [u64; 4] {
        match self {
            Self::Alive => [0, 0, 0, 0],
            Self::Unlock(session) => [1, session.0, 0, 0],
            Self::Lock => [2, 0, 0, 0],
            Self::Wipe(session) => [3, session.0, 0, 0],
            Self::Again => [4, 0, 0, 0],
            Self::Size(rows, columns) => [5, rows.into(), columns.into(), 0],
            Self::Reboot => [6, 0, 0, 0],
            Self::PowerOff => [7, 0, 0, 0],
        }
    }

    fn decode([kind, first, second, _]: [u64; 4]) -> Option<Self> {
        Some(match kind {
            0 => Self::Alive,
            1 => Self::Unlock(SessionId(first)),
            2 => Self::Lock,
            3 => Self::Wipe(SessionId(first)),
            4 => Self::Again,
            5 => Self::Size(u16::try_from(first).ok()?, u16::try_from(second).ok()?),
            6 => Self::Reboot,
            7 => Self::PowerOff,
            _ => return None,
        })
    }
}

impl Tell {
    fn encode(self) -> [u64; 4] {
        match self {
            Self::Here(session) => [0, session.map_or(0, |session| session.0), session.is_some().into(), 0],
            Self::Runs(session) => [1, session.0, 0, 0],
            Self::Ended(session, code) => [2, session.0, code.into(), 0],
            Self::CannotStart(session) => [3, session.0, 0, 0],
            Self::Wiped(session) => [4, session.0, 0, 0],
            Self::WipeFailed(session, left) => [5, session.0, left.packed(), 0],
        }
    }

    fn decode([kind, first, second, _]: [u64; 4]) -> Option<Self> {
        let session = SessionId(first);
        Some(match kind {
            0 => Self::Here((second == 1).then_some(session)),
            1 => Self::Runs(session),
            2 => Self::Ended(session, u8::try_from(second).ok()?),
            3 => Self::CannotStart(session),
            4 => Self::Wiped(session),
            5 => Self::WipeFailed(session, Left::unpacked(second)),
            _ => return None,
        })
    }
}

/// A kind, three numbers, and what came beside them.
type Message = ([u64; 4], Option<OwnedFd>);

/// One end of the channel.
#[derive(Debug)]
pub struct Channel(OwnedFd);

/// The two ends, the guard's first.
///
/// # Errors
/// When the kernel has no descriptor left.
pub fn pair() -> io::Result<(Channel, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (near, far) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    Ok((Channel(near), far))
}

impl Channel {
    /// An end that was handed over.
    #[must_use]
    pub const fn new(end: OwnedFd) -> Self {
        Self(end)
    }

    /// Says what the worker wants.
    ///
    /// # Errors
    /// When the other end is gone, or so far behind that it will not come back.
    pub fn want(&self, want: Want) -> io::Result<()> {
        self.send(want.encode(), None)
    }

    /// Tells the worker; a terminal goes with `Runs`.
    ///
    /// # Errors
    /// As [`Channel::want`].
    pub fn tell(&self, tell: Tell, terminal: Option<BorrowedFd<'_>>) -> io::Result<()> {
        self.send(tell.encode(), terminal)
    }

    /// The next thing the worker wants; `None`: nothing at the moment.
    ///
    /// # Errors
    /// When the worker is gone, or says what nobody says.
    pub fn wanted(&self) -> io::Result<Option<Want>> {
        let Some((numbers, _)) = self.receive()? else { return Ok(None) };
        Want::decode(numbers).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The next thing the guard tells; `None`: nothing at the moment.
    ///
    /// # Errors
    /// When the guard is gone.
    pub fn told(&self) -> io::Result<Option<(Tell, Option<OwnedFd>)>> {
        let Some((numbers, descriptor)) = self.receive()? else { return Ok(None) };
        let tell = Tell::decode(numbers).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Some((tell, descriptor)))
    }

    fn send(&self, [kind, first, second, third]: [u64; 4], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let mut bytes = vec![u8::try_from(kind).unwrap_or(u8::MAX)];
        for number in [first, second, third] {
            bytes.extend(number.to_le_bytes());
        }
        let mut space = [MaybeUninit::uninit(); DESCRIPTOR_ROOM];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let descriptors = descriptor.as_slice();
        if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        sendmsg(&self.0, &[IoSlice::new(&bytes)], &mut beside, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    fn receive(&self) -> io::Result<Option<Message>> {
        let mut bytes = [0; BYTES + 1];
        let mut space = [MaybeUninit::uninit(); DESCRIPTOR_ROOM];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            match recvmsg(&self.0, &mut [IoSliceMut::new(&mut bytes)], &mut beside, RecvFlags::CMSG_CLOEXEC) {
                Ok(received) => break received,
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        };
        let descriptor = beside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        match received.bytes {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            BYTES => {
                let (kind, rest) = bytes.split_first().map_or((0, &[][..]), |(kind, rest)| (*kind, rest));
                let mut numbers = [kind.into(), 0, 0, 0];
                for (number, bytes) in numbers.iter_mut().skip(1).zip(rest.chunks_exact(8)) {
                    *number = bytes.try_into().map_or(0, u64::from_le_bytes);
                }
                Ok(Some((numbers, descriptor)))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_as_it_was_said() {
        let (guard, worker) = pair().unwrap();
        let worker = Channel::new(worker);
        let session = SessionId(u64::MAX);
        for want in [
            Want::Alive,
            Want::Unlock(session),
            Want::Lock,
            Want::Wipe(session),
            Want::Again,
            Want::Size(u16::MAX, 80),
            Want::Reboot,
            Want::PowerOff,
        ] {
            worker.want(want).unwrap();
            assert_eq!(guard.wanted().unwrap(), Some(want));
        }
        let left = Left { processes: 1, mounts: 0, files: 70_000, ipc: 3 };
        for tell in [
            Tell::Here(None),
            Tell::Here(Some(SessionId(0))),
            Tell::Ended(session, 255),
            Tell::CannotStart(session),
            Tell::Wiped(session),
        ] {
            guard.tell(tell, None).unwrap();
            assert_eq!(worker.told().unwrap().unwrap().0, tell);
        }
        guard.tell(Tell::WipeFailed(session, left), None).unwrap();
        // A count is told up to what it has room for.
        let told = Tell::WipeFailed(session, Left { files: u16::MAX.into(), ..left });
        assert_eq!(worker.told().unwrap().unwrap().0, told);
        assert!(worker.told().unwrap().is_none() && guard.wanted().unwrap().is_none());
    }

    #[test]
    fn a_terminal_is_handed_over() {
        let (guard, worker) = pair().unwrap();
        let worker = Channel::new(worker);
        let null = std::fs::File::open("/dev/null").unwrap();
        guard.tell(Tell::Runs(SessionId(1)), Some(null.as_fd())).unwrap();
        let (tell, descriptor) = worker.told().unwrap().unwrap();
        assert_eq!(tell, Tell::Runs(SessionId(1)));
        let metadata = std::fs::File::from(descriptor.unwrap()).metadata().unwrap();
        assert!(std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type()));
    }

    #[test]
    fn an_end_that_is_gone_or_talks_nonsense_is_an_error() {
        let (guard, worker) = pair().unwrap();
        rustix::net::send(&worker, b"nonsense", SendFlags::empty()).unwrap();
        assert!(guard.wanted().is_err());
        rustix::net::send(&worker, &[9; BYTES], SendFlags::empty()).unwrap();
        assert!(guard.wanted().is_err());
        drop(worker);
        assert!(guard.wanted().is_err());
    }
}
