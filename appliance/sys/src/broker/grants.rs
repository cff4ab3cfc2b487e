//! Holds what the broker gives and to whom not: each request is compared with what it was told at its start, then opened.
//! Never widens its lists, and never opens faster than its allowance. Called by `serve`.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::frame::{Refusal, Request};
use crate::error::Error;
use crate::interface::{self, Index, Interface};
use crate::link::{self, PROBE_PORTS};
use crate::multicast::{self, Family};

/// Openings at once: eight legs, three sockets each, and the listeners; twice that for interfaces that come up together.
const BURST: u32 = 64;
/// One more is allowed every this long: interfaces that come and go all day stay below it.
const REFILL: Duration = Duration::from_millis(250);
/// Clients that wait to be accepted while the service is busy: more than a flood brings in the second for which a busy machine
/// may keep us from the processor. Who finds the queue full asks again after a whole second, good client or not. The kernel
/// cuts it to its own `somaxconn`, 4,096 by default.
const BACKLOG: i32 = 4_096;
/// Written anew by whoever gets an address for this machine, so a rule for the file would end with the next lease.
const RESOLVERS: &str = "/etc/resolv.conf";

/// The lists, and the allowance.
#[derive(Debug)]
pub(super) struct Grants {
    interfaces: Vec<String>,
    listens: Vec<SocketAddr>,
    left: u32,
    refilled: Duration,
}

impl Grants {
    /// Interfaces that may be opened (empty: every Ethernet-like one), addresses that may be listened on.
    pub(super) fn new(interfaces: Vec<String>, listens: Vec<SocketAddr>) -> Self {
        Self { interfaces, listens, left: BURST, refilled: Duration::ZERO }
    }

    /// Opens what is asked for, if it may be.
    pub(super) fn open(&mut self, now: Duration, request: &Request) -> Result<OwnedFd, Refusal> {
        if !self.spend(now) {
            return Err(Refusal::TooMany);
        }
        match request {
            Request::Link(index) => {
                self.check(*index)?;
                link::open(*index, &PROBE_PORTS).map_err(|error| refusal(&error))
            }
            Request::Netbios(service, index) => {
                self.check(*index)?;
                let endpoint = multicast::listen(*service, Family::V4, *index).map_err(|error| refusal(&error))?;
                Ok(endpoint.socket.into())
            }
            Request::Listen(address) => {
                if !self.listens.contains(address) {
                    return Err(Refusal::NotAllowed);
                }
                listen(*address).map_err(|error| Refusal::Kernel(error.raw_os_error().unwrap_or(libc::EIO)))
            }
            Request::Resolvers => {
                resolvers().map_err(|error| Refusal::Kernel(error.raw_os_error().unwrap_or(libc::EIO)))
            }
            Request::Greet => Err(Refusal::NotAllowed),
        }
    }

    /// Takes one from the allowance; `false`: none is left.
    fn spend(&mut self, now: Duration) -> bool {
        let steps = now.saturating_sub(self.refilled).as_millis() / REFILL.as_millis();
        if steps > 0 {
            self.left = self.left.saturating_add(u32::try_from(steps).unwrap_or(BURST)).min(BURST);
            self.refilled = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    fn check(&self, index: Index) -> Result<(), Refusal> {
        let all = interface::list().map_err(|error| refusal(&error))?.items;
        let found = all.iter().find(|interface| interface.link.index == index).ok_or(Refusal::NoInterface)?;
        if self.allows(found) { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    fn allows(&self, interface: &Interface) -> bool {
        let link = &interface.link;
        let like_ethernet = link.flags.is_broadcast() && !link.flags.is_loopback() && link.mac.is_some();
        like_ethernet && (self.interfaces.is_empty() || self.interfaces.contains(&link.name))
    }
}

fn listen(address: SocketAddr) -> std::io::Result<OwnedFd> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
    // Connections of the service that ended a second ago are still being closed.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Opened and not read: what is in it came from the network.
fn resolvers() -> std::io::Result<OwnedFd> {
    // Never waits, should somebody have put a pipe there.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(rustix::fs::open(RESOLVERS, flags, Mode::empty())?)
}

fn refusal(error: &Error) -> Refusal {
    match error {
        Error::InterfaceGone => Refusal::NoInterface,
        Error::NoPermission(_) => Refusal::Kernel(libc::EPERM),
        Error::Down => Refusal::Kernel(libc::ENETDOWN),
        Error::InUse => Refusal::Kernel(libc::EADDRINUSE),
        Error::Other { source, .. } => Refusal::Kernel(source.raw_os_error().unwrap_or(libc::EIO)),
        Error::SeveralThreads | Error::Refused(_) => Refusal::Kernel(libc::EIO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(listens: &[&str]) -> Grants {
        Grants::new(Vec::new(), listens.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn only_addresses_of_the_list_are_listened_on() {
        let mut grants = grants(&["127.0.0.1:0"]);
        assert!(grants.open(Duration::ZERO, &Request::Listen("127.0.0.1:0".parse().unwrap())).is_ok());
        for other in ["0.0.0.0:0", "127.0.0.1:22", "[::1]:0"] {
            let refused = grants.open(Duration::ZERO, &Request::Listen(other.parse().unwrap()));
            assert_eq!(refused.err(), Some(Refusal::NotAllowed), "{other}");
        }
    }

    #[test]
    fn neither_the_loopback_nor_what_is_not_there_is_opened() {
        let mut grants = grants(&[]);
        let loopback = interface::find("lo").unwrap().link.index;
        assert_eq!(grants.open(Duration::ZERO, &Request::Link(loopback)).err(), Some(Refusal::NotAllowed));
        let none = Index(0x7fff_fff0);
        assert_eq!(grants.open(Duration::ZERO, &Request::Link(none)).err(), Some(Refusal::NoInterface));
        assert_eq!(grants.open(Duration::ZERO, &Request::Greet).err(), Some(Refusal::NotAllowed));
    }

    #[test]
    fn a_taken_port_is_told_as_the_kernel_tells_it() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let mut grants = Grants::new(Vec::new(), vec![address]);
        let refused = grants.open(Duration::ZERO, &Request::Listen(address)).err();
        assert_eq!(refused, Some(Refusal::Kernel(libc::EADDRINUSE)));
    }

    #[test]
    fn requests_without_end_run_out_and_come_back_with_time() {
        let mut grants = grants(&[]);
        let address = Request::Listen("127.0.0.1:0".parse().unwrap());
        let start = Duration::from_secs(5);
        let mut ask = |at| grants.open(at, &address).err();
        // The first look fills up; from then on nothing comes in the same moment.
        let refused = (0..200).map(|_| ask(start)).filter(|refused| *refused == Some(Refusal::TooMany)).count();
        assert_eq!(refused, 200 - BURST as usize);
        assert_eq!(ask(start + REFILL), Some(Refusal::NotAllowed));
        assert_eq!(ask(start + REFILL), Some(Refusal::TooMany));
    }
}
