//! Holds the service's side of the channel: it asks the broker for sockets and tells it how the tasks are.
//! Never asks twice at once, and never waits for a broker that does not answer. Called by the shell of the service.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::CHILD_DESCRIPTOR;
use super::channel;
use super::frame::{FromService, Greeting, MAX_FRAME_BYTES, Refusal, Request, TaskAge, Verdict};
use crate::error::{Error, Need};
use crate::interface::Index;
use crate::multicast::{Endpoint, Port, Service};

/// The broker does nothing but answer; after this it is stopped or gone, and the service must not hang with it.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// A hand on the broker.
#[derive(Debug)]
pub struct Client {
    channel: OwnedFd,
    /// Held from question to answer; the number of the last question.
    turn: Mutex<u16>,
}

impl Client {
    /// Takes the descriptor that a broker left for its child. Call it once, before any other descriptor is opened.
    ///
    /// # Errors
    /// [`Error::Other`] when no broker started this process.
    pub fn inherited() -> Result<Self, Error> {
        let action = "find the broker's channel";
        // SAFETY: the number is looked at by the kernel only; nothing is owned yet.
        let flags = unsafe { libc::fcntl(CHILD_DESCRIPTOR, libc::F_GETFD) };
        if flags < 0 {
            return Err(Error::other(action, io::Error::last_os_error()));
        }
        // SAFETY: the descriptor is open, as was just asked, and by contract of this function nobody else has it.
        let channel = unsafe { OwnedFd::from_raw_fd(CHILD_DESCRIPTOR) };
        let failed = |errno| Error::other(action, errno);
        let kind = rustix::net::sockopt::socket_type(&channel).map_err(failed)?;
        if kind != rustix::net::SocketType::SEQPACKET {
            return Err(failed(Errno::NOTSOCK));
        }
        rustix::io::fcntl_setfd(&channel, rustix::io::FdFlags::CLOEXEC).map_err(failed)?;
        Ok(Self { channel, turn: Mutex::new(0) })
    }

    /// The raw socket of an interface, as [`crate::link::open`] makes it.
    ///
    /// # Errors
    /// As there; [`Error::Refused`] for an interface the broker does not give.
    pub fn link(&self, interface: Index) -> Result<OwnedFd, Error> {
        self.ask(Request::Link(interface), "open a raw socket", Need::RawSockets)
    }

    /// A socket at a port of NetBIOS, as [`crate::multicast::listen`] makes it.
    ///
    /// # Errors
    /// As there; [`Error::Refused`] for an interface the broker does not give.
    pub fn netbios(&self, service: Service, interface: Index) -> Result<Endpoint, Error> {
        let action = "listen for announcements";
        let socket: UdpSocket = self.ask(Request::Netbios(service, interface), action, Need::LowPorts)?.into();
        let port = socket.local_addr().map_err(|source| Error::other(action, source))?.port();
        Ok(Endpoint { socket, port: if port == service.port() { Port::Known } else { Port::Any } })
    }

    /// A listening TCP socket, non-blocking.
    ///
    /// # Errors
    /// What the kernel said to the broker, and "permission denied" for an address the broker was not started with.
    pub fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        match self.exchange(Request::Listen(address)).map_err(io::Error::from)? {
            (Verdict::Granted, Some(socket)) => Ok(socket.into()),
            (Verdict::Refused(Refusal::Kernel(errno)), _) => Err(io::Error::from_raw_os_error(errno)),
            (Verdict::Refused(Refusal::TooMany), _) => Err(io::ErrorKind::WouldBlock.into()),
            (Verdict::Refused(_), _) => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The file that names the resolvers, open for reading: rules for files would hold for one file, and it is replaced.
    ///
    /// # Errors
    /// When there is none; [`Error::Refused`] when it is asked for too often.
    pub fn resolvers(&self) -> Result<File, Error> {
        self.ask(Request::Resolvers, "open the list of resolvers", Need::Root).map(File::from)
    }

    /// What the broker has, and how earlier services ended.
    ///
    /// # Errors
    /// [`Error::Other`] when the broker does not answer.
    pub fn greeting(&self) -> Result<Greeting, Error> {
        match self.exchange(Request::Greet)? {
            (Verdict::Greeting(greeting), _) => Ok(greeting),
            _ => Err(Error::unreadable("greet the broker")),
        }
    }

    /// Tells how the tasks are, at most [`super::MAX_TASKS`] of them. What cannot be told at once is not told.
    pub fn report(&self, tasks: &[TaskAge]) {
        // A full channel means a broker that is stopped: then nobody counts the age of reports either.
        let _stopped = channel::write(self.channel.as_fd(), &FromService::Report(tasks.to_vec()).write());
    }

    fn ask(&self, request: Request, action: &'static str, need: Need) -> Result<OwnedFd, Error> {
        match self.exchange(request)? {
            (Verdict::Granted, Some(descriptor)) => Ok(descriptor),
            (Verdict::Refused(Refusal::NoInterface), _) => Err(Error::InterfaceGone),
            (Verdict::Refused(Refusal::Kernel(errno)), _) => {
                Err(Error::sort(action, need, io::Error::from_raw_os_error(errno)))
            }
            (Verdict::Refused(Refusal::NotAllowed), _) => Err(Error::Refused("it is not on the broker's list")),
            (Verdict::Refused(Refusal::TooMany), _) => Err(Error::Refused("too many requests in a short time")),
            _ => Err(Error::unreadable(action)),
        }
    }

    fn exchange(&self, request: Request) -> Result<(Verdict, Option<OwnedFd>), Error> {
        let failed = |errno| Error::other("ask the broker", errno);
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn = turn.wrapping_add(1);
        let number = *turn;
        channel::write(self.channel.as_fd(), &FromService::Request(number, request).write()).map_err(failed)?;
        let until = Instant::now() + ANSWER_TIME;
        let mut buffer = [0; MAX_FRAME_BYTES + 1];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(failed(Errno::TIMEDOUT));
            }
            channel::wait([self.channel.as_fd()], left).map_err(failed)?;
            match channel::read_with(self.channel.as_fd(), &mut buffer) {
                Ok((0, _)) => return Err(failed(Errno::PIPE)),
                Ok((length, descriptor)) => {
                    let answer = buffer.get(..length).and_then(Verdict::read);
                    let (to, verdict) = answer.ok_or_else(|| Error::unreadable("ask the broker"))?;
                    // The answer to an earlier question that was given up on is closed and forgotten.
                    if to == number {
                        return Ok((verdict, descriptor));
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}
