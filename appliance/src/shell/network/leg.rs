//! Holds one leg of the appliance in a network: where it stands, its sockets, its sweep, the frames that wait for its card.
//! Never decides what to ask and never reads from its sockets: the engine asks, the ears read. Made and dropped by `legs`.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::rc::Rc;

use tokio::io::unix::AsyncFd;
use vigie_core::lan::sweep::{Block, Means, NotScanned, Sweep};
use vigie_core::lan::{Query, SegmentId};
use vigie_sys::icmp::{Echo, Family};
use vigie_sys::interface::{Index, Kind};
use vigie_sys::link::{Link, Rest};
use vigie_wire::Mac;
use vigie_wire::link::wol::{self, Password};

use super::ground::Ground;
use super::hear::Own;
use super::send::{self, Mouths, NotWritten, Outbox};

/// What the machine's interface looks like, as far as a leg depends on it: when it changes, the leg is made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footing {
    /// The kernel's number of the interface.
    pub(super) index: Index,
    /// Its name, for people.
    pub(super) name: String,
    /// What is behind it.
    pub(super) kind: Kind,
    /// Addresses.
    pub(super) ground: Ground,
    /// The default gateway on this link.
    pub(super) gateway: Option<IpAddr>,
    /// Cable in, switched on.
    pub(super) running: bool,
    /// Blocks that are swept, and those that are not, with the reason.
    pub(super) scope: Vec<(Block, Result<(), NotScanned>)>,
}

impl Footing {
    /// Whether this is the same interface in the same state, whatever its addresses: what is open on it stays open.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        let place =
            |footing: &Self| (footing.index, footing.kind, footing.running, footing.ground.mac, footing.ground.segment);
        place(self) == place(other) && self.name == other.name
    }
}

/// A leg in use.
pub(super) struct Leg {
    /// Where it stands.
    pub(super) footing: Footing,
    /// The sweep of its segment.
    pub(super) sweep: Sweep,
    /// Frames that wait for the card.
    pub(super) outbox: Outbox,
    /// The raw socket's sending side, where there is one.
    pub(super) raw: Option<Link>,
    /// Echo sockets of the kernel's, for a service without raw sockets.
    pub(super) echo: Vec<(Family, Rc<AsyncFd<Echo>>)>,
    /// Sockets questions leave by.
    pub(super) mouths: Mouths,
    /// Ends the tasks that read from this leg when the leg is dropped.
    pub(super) ears: Vec<tokio::task::JoinHandle<()>>,
    /// Probes that could not be sent since the start, for the page.
    pub(super) unsent: u64,
}

impl Drop for Leg {
    fn drop(&mut self) {
        for ear in &self.ears {
            ear.abort();
        }
    }
}

/// What became of a probe handed to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It went, or waits for the card.
    Gone,
    /// It needs a connection, which a task makes.
    ByTask,
    /// The card is full: go slower.
    Full,
    /// It cannot be sent here.
    Not,
}

impl Leg {
    /// The segment's number.
    pub(super) fn segment(&self) -> SegmentId {
        self.footing.ground.segment
    }

    /// What can be used on this leg.
    pub(super) fn means(&self) -> Means {
        Means { raw: self.raw.is_some(), icmp: !self.echo.is_empty() }
    }

    /// Takes a probe.
    pub(super) fn take(&mut self, own: &Own, query: Query) -> Taken {
        if self.raw.is_some() {
            match send::frame(&self.footing.ground, own, query, &mut self.outbox) {
                Ok(()) => return Taken::Gone,
                Err(NotWritten::Full) => return Taken::Full,
                Err(NotWritten::Forbidden | NotWritten::NoAddress) => return Taken::Not,
                Err(NotWritten::NotAFrame) => {}
            }
        }
        match query {
            Query::Tcp { .. } | Query::Greeting { .. } | Query::ReverseDns { .. } | Query::Snmp { .. } => Taken::ByTask,
            Query::Echo { ip, .. } => self.echo(own, ip),
            Query::AllNodes => self.echo(own, IpAddr::V6(send::ALL_NODES)),
            // Without raw frames the kernel does ARP and ND, when an echo goes to the address.
            Query::Arp { ip, .. } => self.echo(own, IpAddr::V4(ip)),
            Query::Nd { ip, .. } => self.echo(own, IpAddr::V6(ip)),
            query => {
                if self.mouths.ask(&self.footing, own, query) {
                    Taken::Gone
                } else {
                    Taken::Not
                }
            }
        }
    }

    fn echo(&self, own: &Own, ip: IpAddr) -> Taken {
        let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
        let Some((_, echo)) = self.echo.iter().find(|(of, _)| *of == family) else { return Taken::Not };
        match echo.get_ref().send(ip, 1, &own.now_us.to_be_bytes()) {
            Ok(true) => Taken::Gone,
            Ok(false) => Taken::Full,
            Err(_) => Taken::Not,
        }
    }

    /// Calls the machine with this MAC: as a frame, where frames may be sent, and as a datagram to everybody, which needs no
    /// right and is what some cards and those who wake for others listen to. Tells whether any will go.
    pub(super) fn wake(&mut self, mac: Mac, password: Password) -> bool {
        let ground = &self.footing.ground;
        let src = ground.mac;
        let framed = self.raw.is_some() && self.outbox.write(|out| wol::write_frame(src, mac, password, out));
        let nets = ground.ipv4.iter().filter_map(|(own, prefix)| Some((*own, everybody(*own, *prefix)?)));
        let told = nets.filter(|(own, to)| call(*own, SocketAddrV4::new(*to, wol::UDP_PORT), mac, password).is_ok());
        told.count() > 0 || framed
    }

    /// Sends what waits for the card. `false`: the card is full, try again in some milliseconds.
    pub(super) fn flush(&mut self) -> bool {
        let Some(raw) = self.raw.as_mut() else { return true };
        if self.outbox.is_empty() {
            return true;
        }
        let frames = self.outbox.frames();
        match raw.send(&frames) {
            Ok(sent) => {
                self.outbox.sent(sent.frames);
                sent.rest == Rest::None
            }
            // Down or gone: `legs` hears of it from the kernel. What waited is worth nothing by then.
            Err(_) => {
                self.unsent += frames.len() as u64;
                let count = frames.len();
                self.outbox.sent(count);
                true
            }
        }
    }
}

/// Where a datagram reaches every station of a network; `None` where there is no such address.
fn everybody(own: Ipv4Addr, prefix: u8) -> Option<Ipv4Addr> {
    Block::around(own, prefix).filter(|_| prefix < 31).map(Block::broadcast)
}

/// Sends a wake-up call from `own` to `to`.
fn call(own: Ipv4Addr, to: SocketAddrV4, mac: Mac, password: Password) -> std::io::Result<()> {
    let mut magic = [0; wol::MAX_LEN];
    let length = wol::write_magic(mac, password, &mut magic).unwrap_or_default();
    let socket = std::net::UdpSocket::bind((own, 0))?;
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    socket.send_to(magic.get(..length).unwrap_or_default(), to).map(|_sent| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_the_last_address_of_a_network_that_has_one() {
        let of = |own: &str, prefix| everybody(own.parse().unwrap(), prefix).map(|ip| ip.to_string());
        assert_eq!(of("10.0.0.2", 24).as_deref(), Some("10.0.0.255"));
        assert_eq!(of("10.0.0.2", 23).as_deref(), Some("10.0.1.255"));
        assert_eq!((of("10.0.0.2", 31), of("10.0.0.2", 32)), (None, None));
    }

    #[test]
    fn a_call_is_the_magic_packet_with_its_password() {
        let ear = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(to) = ear.local_addr().unwrap() else { panic!("IPv4") };
        let mac = Mac([0, 0x11, 0x32, 0, 0, 9]);
        call(*to.ip(), to, mac, Password::Six([6; 6])).unwrap();
        let mut heard = [0; 200];
        let length = ear.recv(&mut heard).unwrap();
        assert_eq!(heard[..length], [vec![0xff; 6], mac.0.repeat(16), vec![6; 6]].concat());
    }
}
