//! Holds the small network that scenarios run in: a cable between two interfaces, frames to put on it, waiting.
//! Never runs outside a namespace of its own: [`assert_own_namespace`] is asked first. Called by the scenarios.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::process::Command;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vigie_sys::change::{Change, Changes};
use vigie_sys::interface::{self, Index, Interface};
use vigie_sys::link::{Batch, Counts, Link};

/// Much longer than anything here takes; it is there to fail instead of hanging.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// A fresh namespace has a loopback and nothing else (tunnel fallbacks of the kernel aside): anything more would be the
/// machine's own.
pub(crate) fn assert_own_namespace() {
    let interfaces = interface::list().expect("a list of interfaces").items;
    let cards: Vec<_> = interfaces
        .iter()
        .filter(|interface| !interface.link.flags.is_loopback() && interface.link.flags.is_up())
        .collect();
    assert!(cards.is_empty(), "not a namespace of its own: {cards:?}");
    ip("link set lo up");
    // A cable's kernel talk (router solicitations, listener reports) would mix with what the tests send.
    for place in ["all", "default"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{place}/disable_ipv6"), "1").expect("IPv6 switched off");
    }
}

/// Switches IPv6 on, for scenarios about it.
pub(crate) fn with_ipv6() {
    for place in ["all", "default", "lo"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{place}/disable_ipv6"), "0").expect("IPv6 switched on");
    }
}

/// `ip` with these words.
pub(crate) fn ip(words: &str) {
    shell("ip", words);
}

/// A program with these words; it must succeed.
pub(crate) fn shell(program: &str, words: &str) {
    let output = Command::new(program).args(words.split_whitespace()).output().expect(program);
    assert!(output.status.success(), "{program} {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A cable whose ends are `near` (10.0.0.1/24) and `far` (no address), both up.
pub(crate) fn cable() -> (Interface, Interface) {
    ip("link add near type veth peer name far");
    ip("addr add 10.0.0.1/24 dev near");
    join_ends();
    (interface::find("near").expect("near"), interface::find("far").expect("far"))
}

/// Switches both ends on and waits until the kernel has noticed the carrier: until then it throws away what is sent.
pub(crate) fn join_ends() {
    let mut changes = Changes::subscribe().expect("changes");
    ip("link set near up");
    ip("link set far up");
    let mut running = BTreeSet::new();
    let mut heard = Vec::new();
    while running.len() < 2 {
        wait_readable(&changes);
        changes.read(&mut heard).expect("changes");
        running.extend(heard.drain(..).filter_map(|change| match change {
            Change::Link(link) if link.flags.is_running() && ["near", "far"].contains(&&*link.name) => Some(link.name),
            _ => None,
        }));
    }
}

/// Waits until the kernel has brought `frames` through the filter of `link` (to its buffer or past it); what a cable
/// carries is delivered a little later, on a busy machine much later.
pub(crate) fn wait_counted(link: &Link, frames: u32) -> Counts {
    let mut sum = Counts::default();
    let start = vigie_sys::clock::boot_us();
    while sum.passed < frames {
        let counts = link.counts().expect("counts");
        sum = Counts { passed: sum.passed + counts.passed, dropped: sum.dropped + counts.dropped };
        assert!(vigie_sys::clock::boot_us() - start < 10_000_000, "not delivered in time: {sum:?}");
        std::thread::yield_now();
    }
    sum
}

/// A cable and a raw socket at each end.
pub(crate) fn linked_cable() -> (Link, Link) {
    let (near, far) = cable();
    (Link::open(near.link.index).expect("near's socket"), Link::open(far.link.index).expect("far's socket"))
}

/// Waits until there is something to read (or an error to fetch).
pub(crate) fn wait_readable(fd: impl AsFd) {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    assert_eq!(poll(&mut fds, Some(&PATIENCE)), Ok(1), "nothing to read in time");
}

/// Whether there is something to read right now.
pub(crate) fn is_readable(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
}

/// A received frame, kept.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    pub(crate) wire_bytes: usize,
    pub(crate) packet_type: vigie_sys::link::PacketType,
    pub(crate) checksum_ready: bool,
}

/// The next `count` frames.
pub(crate) fn hear(link: &mut Link, count: usize) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut batch = Batch::default();
    while heard.len() < count {
        wait_readable(&*link);
        link.receive(&mut batch).expect("frames");
        heard.extend(batch.frames().map(|frame| Heard {
            bytes: frame.bytes.to_vec(),
            wire_bytes: frame.wire_bytes,
            packet_type: frame.packet_type,
            checksum_ready: frame.checksum_ready,
        }));
    }
    heard
}

/// Sends all of `frames`.
pub(crate) fn say(link: &mut Link, frames: &[&[u8]]) {
    assert_eq!(link.send(frames).expect("sent").frames, frames.len());
}

/// An ARP request from 10.0.0.9 whose sender is `02:00:00:00` and `number`, to everyone.
pub(crate) fn arp(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, high, low, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend([2, 0, 0, 0, high, low, 10, 0, 0, 9]);
    frame.extend([0, 0, 0, 0, 0, 0, 10, 0, 0, 77]);
    frame
}

/// Who sent an [`arp`].
pub(crate) fn number_of(frame: &Heard) -> u16 {
    u16::from_be_bytes([frame.bytes[10], frame.bytes[11]])
}

/// A UDP datagram from 10.0.0.9 over IPv4, without a UDP checksum, to the station or group `mac`.
pub(crate) fn udp(mac: [u8; 6], to: [u8; 4], ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(28 + payload.len()).expect("a small datagram").to_be_bytes();
    let mut header = vec![0x45, 0, total[0], total[1], 0, 1, 0, 0, 255, 17, 0, 0, 10, 0, 0, 9];
    header.extend(to);
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from((folded & 0xffff) + (folded >> 16)).expect("sixteen bits");
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    let mut frame = mac.to_vec();
    frame.extend([2, 0, 0, 0, 0, 9, 8, 0]);
    frame.extend(header);
    frame.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    frame.extend((u16::from_be_bytes(total) - 20).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

/// A SYN-ACK from 10.0.0.9 port 80 to `to`.
pub(crate) fn syn_ack(to: u16) -> Vec<u8> {
    let mut frame = udp([0xff; 6], [10, 0, 0, 1], [80, to], &[0; 12]);
    frame[23] = 6;
    frame[47] = 0x12;
    frame
}

/// An index that no interface has.
pub(crate) const NOWHERE: Index = Index(0x7fff_fff0);
