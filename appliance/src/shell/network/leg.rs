//! Holds one leg of the appliance in a network: where it stands, its sockets, its sweep, the frames that wait for its card.
//! Never decides what to ask and never reads from its sockets: the engine asks, the ears read. Made and dropped by `legs`.

use std::net::IpAddr;
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

    /// Writes a wake-up frame for `mac`; tells whether it will go.
    pub(super) fn wake(&mut self, mac: Mac, password: Password) -> bool {
        let src = self.footing.ground.mac;
        self.raw.is_some() && self.outbox.write(|out| wol::write_frame(src, mac, password, out))
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
