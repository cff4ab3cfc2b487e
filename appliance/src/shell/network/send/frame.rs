//! Holds the raw form of each probe that has one: ARP, neighbour discovery, echo, SYN, the question for DHCP servers.
//! Never sends: frames are collected, and go out in one system call. Called by the engine on legs with a raw socket.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vigie_core::lan::Query;
use vigie_core::lan::probe::is_printing_port;
use vigie_wire::Mac;
use vigie_wire::link::dhcp::Discover;
use vigie_wire::link::icmp::Echo;
use vigie_wire::link::ndp::{RouterSolicitation, Solicitation};
use vigie_wire::link::tcp::Syn;
use vigie_wire::link::{Ends, NoRoom, Path, arp, ethernet};

use super::super::ground::Ground;
use super::super::hear::Own;

/// The longest frame written here is the DHCP question of 342 bytes.
const FRAME_BYTES: usize = 384;
/// Frames waiting to go out. More than this means that the card takes none: the oldest probes are worth the least, and
/// the sweep asks again.
const MAX_WAITING: usize = 512;
/// SYN probes leave from here: above the kernel's own ports, so that it resets what opens.
const FIRST_PORT: u16 = *vigie_sys::link::PROBE_PORTS.start();
/// Every IPv6 node of a link (RFC 4291 section 2.7.1).
pub(in super::super) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Frames that wait for the card.
#[derive(Debug, Default)]
pub(in super::super) struct Outbox {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Outbox {
    /// Writes one frame behind the others; tells whether there was room.
    pub(in super::super) fn write(&mut self, build: impl FnOnce(&mut [u8]) -> Result<usize, NoRoom>) -> bool {
        if self.ends.len() >= MAX_WAITING {
            return false;
        }
        let start = self.bytes.len();
        self.bytes.resize(start + FRAME_BYTES, 0);
        let length = self.bytes.get_mut(start..).and_then(|room| build(room).ok()).unwrap_or(0);
        self.bytes.truncate(start + length);
        if length > 0 {
            self.ends.push(start + length);
        }
        length > 0
    }

    /// The frames, in order.
    pub(in super::super) fn frames(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.bytes.get(start..*end)).collect()
    }

    /// Forgets the first `count` frames: they went.
    pub(in super::super) fn sent(&mut self, count: usize) {
        let Some(end) = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied() else { return };
        self.bytes.drain(..end);
        self.ends.drain(..count);
        for later in &mut self.ends {
            *later -= end;
        }
    }

    /// Whether more waits than the card will take soon, so that the sweep has to go slower before anything is lost.
    pub(in super::super) fn is_crowded(&self) -> bool {
        self.ends.len() >= MAX_WAITING / 4
    }

    /// Whether nothing waits.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Why a probe did not become a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum NotWritten {
    /// It goes through a socket.
    NotAFrame,
    /// It lacks an address, ours or theirs.
    NoAddress,
    /// It must never be sent.
    Forbidden,
    /// Too many frames wait already.
    Full,
}

/// Writes `query` into `outbox`.
pub(in super::super) fn write(ground: &Ground, own: &Own, query: Query, outbox: &mut Outbox) -> Result<(), NotWritten> {
    let written = match query {
        Query::Arp { ip, to } => {
            let Some(IpAddr::V4(from)) = ground.source_for(IpAddr::V4(ip)) else { return Err(NotWritten::NoAddress) };
            // Whoever else has our own address answers a probe (RFC 5227 section 2.1.1), and nothing that is sent from it.
            let from = if ground.is_own(IpAddr::V4(ip)) { Ipv4Addr::UNSPECIFIED } else { from };
            let frame = match to {
                Some(to) => arp::unicast_request(ground.mac, from, to, ip),
                None => arp::broadcast_request(ground.mac, from, ip),
            };
            outbox.write(|out| copy(&frame, out))
        }
        Query::Nd { ip, to } => {
            let Some(IpAddr::V6(src)) = ground.source_for(IpAddr::V6(ip)) else { return Err(NotWritten::NoAddress) };
            outbox.write(|out| Solicitation { src_mac: ground.mac, src, target: ip, to }.write_frame(out))
        }
        Query::AllNodes => {
            // From the link-local address and from one of each other prefix: a host answers with the address that
            // fits, so this is how its other addresses show.
            let sources: Vec<Ipv6Addr> = ground.ipv6.iter().map(|(own, _)| *own).collect();
            let mut any = false;
            for src in sources {
                let path = Path {
                    src_mac: ground.mac,
                    dst_mac: ethernet::multicast_v6(ALL_NODES),
                    ends: Ends::V6 { src, dst: ALL_NODES },
                };
                any |= echo(own, &path, outbox);
            }
            any || return Err(NotWritten::NoAddress)
        }
        Query::Routers => {
            let Some(src) = ground.link_local() else { return Err(NotWritten::NoAddress) };
            outbox.write(|out| RouterSolicitation { src_mac: ground.mac, src }.write_frame(out))
        }
        Query::Echo { ip, mac: Some(mac) } => {
            let path = path(ground, ip, mac).ok_or(NotWritten::NoAddress)?;
            echo(own, &path, outbox)
        }
        Query::Tcp { port, .. } if is_printing_port(port) => return Err(NotWritten::Forbidden),
        Query::Tcp { ip, mac: Some(mac), port } => {
            let path = path(ground, ip, mac).ok_or(NotWritten::NoAddress)?;
            let syn = Syn { src_port: FIRST_PORT, dst_port: port, seq: own.cookie.seq(ip, port) };
            outbox.write(|out| syn.write_frame(&path, out))
        }
        Query::DhcpDiscover => {
            // The number is made from the time: nobody needs to guess it, and each question has another.
            let xid = (own.now_us & 0xffff_ffff) as u32;
            outbox.write(|out| Discover { mac: ground.mac, xid }.write_frame(out))
        }
        _ => return Err(NotWritten::NotAFrame),
    };
    if written { Ok(()) } else { Err(NotWritten::Full) }
}

fn path(ground: &Ground, ip: IpAddr, mac: Mac) -> Option<Path> {
    let ends = Ends::new(ground.source_for(ip)?, ip)?;
    Some(Path { src_mac: ground.mac, dst_mac: mac, ends })
}

fn echo(own: &Own, path: &Path, outbox: &mut Outbox) -> bool {
    let sent = own.now_us.to_be_bytes();
    let sequence = (own.now_us >> 10 & 0xffff) as u16;
    outbox.write(|out| Echo { ident: own.echo_ident, sequence, payload: &sent }.write_request_frame(path, out))
}

fn copy(frame: &[u8], out: &mut [u8]) -> Result<usize, NoRoom> {
    out.get_mut(..frame.len()).map(|room| room.copy_from_slice(frame)).ok_or(NoRoom)?;
    Ok(frame.len())
}

#[cfg(test)]
mod tests {
    use super::super::super::ground::sample;
    use super::*;
    use vigie_wire::link::cookie::{Cookie, Verdict};
    use vigie_wire::link::frame::{What, dissect};

    const OWN: Own = Own { cookie: Cookie::new(7), echo_ident: 0x5647, now_us: 1_000_000 };
    const THEM: Mac = Mac([2, 0, 0, 0, 0, 9]);

    fn written(query: Query) -> Result<Vec<u8>, NotWritten> {
        let mut outbox = Outbox::default();
        write(&sample(), &OWN, query, &mut outbox)?;
        Ok(outbox.frames().concat())
    }

    #[test]
    fn a_syn_carries_the_cookie_its_answer_is_known_by() {
        let ip = "10.0.0.9".parse().unwrap();
        let frame = written(Query::Tcp { ip, mac: Some(THEM), port: 80 }).unwrap();
        let What::Tcp { ends, segment, .. } = dissect(&frame, false).unwrap().what else { panic!("a TCP segment") };
        assert_eq!(ends.dst(), ip);
        let answer = vigie_wire::link::tcp::Segment {
            src_port: 80,
            dst_port: segment.src_port,
            seq: 1,
            ack: segment.seq.wrapping_add(1),
            flags: vigie_wire::link::tcp::Flags(0x12),
            ..segment
        };
        assert_eq!(OWN.cookie.judge(&ends.reversed(), &answer), Some(Verdict::Open));
    }

    #[test]
    fn our_own_address_is_asked_for_without_saying_that_it_is_ours() {
        for (ip, from) in [("10.0.0.1", "0.0.0.0"), ("10.0.0.9", "10.0.0.1")] {
            let frame = written(Query::Arp { ip: ip.parse().unwrap(), to: None }).unwrap();
            let What::Arp(arp) = dissect(&frame, false).unwrap().what else { panic!("ARP") };
            assert_eq!((arp.sender_ip.to_string().as_str(), arp.target_ip.to_string().as_str()), (from, ip));
        }
    }

    #[test]
    fn a_printing_port_is_refused_even_when_asked() {
        for port in [515, 631, 9_100, 9_107] {
            let query = Query::Tcp { ip: "10.0.0.9".parse().unwrap(), mac: Some(THEM), port };
            assert_eq!(written(query), Err(NotWritten::Forbidden));
        }
    }

    #[test]
    fn all_nodes_are_asked_from_each_prefix() {
        let mut outbox = Outbox::default();
        write(&sample(), &OWN, Query::AllNodes, &mut outbox).unwrap();
        let sources: Vec<IpAddr> =
            outbox.frames().iter().map(|frame| dissect(frame, false).unwrap().what.ends().unwrap().src()).collect();
        assert_eq!(sources, ["fe80::1".parse::<IpAddr>().unwrap(), "fd00:1::1".parse().unwrap()]);
    }

    #[test]
    fn frames_leave_in_order_and_a_full_box_says_so() {
        let mut outbox = Outbox::default();
        let query = |last: u8| Query::Arp { ip: Ipv4Addr::new(10, 0, 0, last), to: None };
        for last in 0..4 {
            write(&sample(), &OWN, query(last), &mut outbox).unwrap();
        }
        outbox.sent(3);
        assert_eq!(outbox.frames(), [&written(query(3)).unwrap()[..]]);
        for _ in 1..MAX_WAITING {
            write(&sample(), &OWN, query(1), &mut outbox).unwrap();
        }
        assert_eq!(write(&sample(), &OWN, query(1), &mut outbox), Err(NotWritten::Full));
        outbox.sent(MAX_WAITING);
        assert!(outbox.is_empty());
    }
}
