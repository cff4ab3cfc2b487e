//! Holds one connection to the appliance: a TCP stream that notices a pulled cable, with TLS over it or not.
//! Never waits for ever: every step has a time. Called by the link.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::address::Address;

/// For the connection itself. On a LAN it takes a millisecond; an appliance that just started may take longer.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// For each read and write of the handshakes and of a call.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(8);
/// What was sent and is not acknowledged for so long, in milliseconds, went into a pulled cable.
const UNHEARD_MS: u32 = 5_000;
/// A silent connection is asked after so long, again after as long, and given up after three unanswered questions.
const ALIVE: Duration = Duration::from_secs(2);
/// Unanswered questions.
const ALIVE_PROBES: u32 = 3;

/// A connection.
#[derive(Debug)]
pub(super) enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Under TLS.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects; with `tls` the appliance must show that it is the one.
    pub(super) fn open(address: &Address, tls: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        // A name has an address or two; more are not tried.
        for place in (address.host.as_str(), address.port).to_socket_addrs()?.take(4) {
            match TcpStream::connect_timeout(&place, CONNECT_TIME) {
                Ok(tcp) => return Self::prepare(tcp, address, tls),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn prepare(tcp: TcpStream, address: &Address, tls: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(ANSWER_TIME))?;
        tcp.set_write_timeout(Some(ANSWER_TIME))?;
        sockopt::set_tcp_user_timeout(&tcp, UNHEARD_MS)?;
        sockopt::set_socket_keepalive(&tcp, true)?;
        sockopt::set_tcp_keepidle(&tcp, ALIVE)?;
        sockopt::set_tcp_keepintvl(&tcp, ALIVE)?;
        sockopt::set_tcp_keepcnt(&tcp, ALIVE_PROBES)?;
        let Some(config) = tls else { return Ok(Self::Plain(tcp)) };
        let host = address.host.split('%').next().unwrap_or_default().to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let mut session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut tcp = tcp;
        while session.is_handshaking() {
            session.complete_io(&mut tcp)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(session, tcp))))
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// From now on reads and writes that would wait say so instead.
    pub(super) fn never_block(&self) -> io::Result<()> {
        self.tcp().set_nonblocking(true)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp().as_fd()
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(bytes),
            Self::Tls(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
