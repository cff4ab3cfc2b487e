//! Holds the tasks that listen on one leg: to frames, to datagrams, to echo answers.
//! Never decides and never sends: what is heard goes to the engine, batch by batch. Started by `legs`, ended with the leg.

use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use tokio::net::UdpSocket;
use tokio::task::spawn_local;
use vigie_core::lan::{Fact, SegmentId, Sighting, Source};
use vigie_sys::Error;
use vigie_sys::icmp::Echo;
use vigie_sys::link::{Batch, Link};
use vigie_sys::multicast::Service;
use vigie_wire::link::frame::dissect;

use super::engine::Shared;
use super::hear::{self, Speaker};
use super::reactor;

/// The longest datagram read: what fits an Ethernet jumbo frame; a WS-Discovery answer of several devices is the longest.
const DATAGRAM_BYTES: usize = 9_216;
/// Batches taken in a row before other tasks get their turn: a flood on the wire must not starve the page.
const BATCHES_IN_A_ROW: usize = 8;
/// After an error of a socket that is still there, such as "network is down", it is tried again after this.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Listens to frames until the interface is gone.
pub(super) fn frames(engine: Shared, segment: SegmentId, link: Link) -> tokio::task::JoinHandle<()> {
    spawn_local(async move {
        let Ok(mut link) = reactor::watch(link) else { return };
        let mut batch = Batch::default();
        loop {
            let Ok(mut ready) = link.readable_mut().await else { return };
            for _ in 0..BATCHES_IN_A_ROW {
                match ready.get_inner_mut().receive(&mut batch) {
                    Ok(0) => {
                        ready.clear_ready();
                        break;
                    }
                    Ok(_) => take_batch(&engine, segment, &batch),
                    Err(Error::InterfaceGone) => return,
                    Err(_) => {
                        ready.clear_ready();
                        tokio::time::sleep(AFTER_ERROR).await;
                        break;
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    })
}

fn take_batch(engine: &Shared, segment: SegmentId, batch: &Batch) {
    let mut engine = engine.borrow_mut();
    let own = engine.own();
    let Some(ground) = engine.leg(segment).map(|leg| leg.footing.ground.clone()) else { return };
    for frame in batch.frames() {
        let now = Instant::now();
        engine.counts.frames_heard += 1;
        match dissect(frame.bytes, !frame.checksum_ready) {
            Ok(heard) => hear::frame(&ground, &own, &heard, &mut |news| engine.take(now, segment, news)),
            Err(_) => engine.counts.malformed += 1,
        }
    }
    engine.settle();
}

/// Which part of what a socket hears counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// All of it.
    Ear,
    /// None: the raw socket hears the same, with the sender's MAC. The socket is there for its group membership, and is
    /// read so that the kernel keeps nothing for it.
    Member,
}

/// Listens to the datagrams of one socket until it fails for good.
pub(super) fn datagrams(
    engine: Shared,
    segment: SegmentId,
    service: Service,
    socket: Rc<UdpSocket>,
    role: Role,
) -> tokio::task::JoinHandle<()> {
    spawn_local(async move {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            let (length, from) = match socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                // An ICMP error for something we asked comes back here: the socket itself is well.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            };
            if role == Role::Member {
                continue;
            }
            let mut engine = engine.borrow_mut();
            let Some(leg) = engine.leg(segment) else { return };
            let ground = &leg.footing.ground;
            // These sockets ask from, and are members of, addresses of the link: in IPv6 nothing else comes in.
            let near = from.is_ipv6() || ground.is_neighbour(from.ip());
            if !near || ground.is_own(from.ip()) {
                continue;
            }
            let speaker = Speaker { segment, mac: None, ip: from.ip() };
            let payload = buffer.get(..length).unwrap_or_default();
            // The question left from any port, so its own port says what the answer is: that of the service.
            let ports = (service.port(), service.port());
            let now = Instant::now();
            hear::datagram(speaker, ports, payload, &mut |news| engine.take(now, segment, news));
            engine.settle();
        }
    })
}

/// Listens to echo answers on a socket of the kernel's.
pub(super) fn echoes(
    engine: Shared,
    segment: SegmentId,
    echo: Rc<tokio::io::unix::AsyncFd<Echo>>,
) -> tokio::task::JoinHandle<()> {
    spawn_local(async move {
        loop {
            let Ok(mut ready) = echo.readable().await else { return };
            match echo.get_ref().receive() {
                Ok(Some(reply)) => {
                    let mut engine = engine.borrow_mut();
                    let now_us = engine.own().now_us;
                    let sent = reply.payload.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
                    let fact = match sent.and_then(|sent| now_us.checked_sub(sent)).filter(|took| *took < 10_000_000) {
                        Some(took) => Fact::Answered(vigie_core::Duration::from_micros(took)),
                        None => Fact::Alive,
                    };
                    engine.see(
                        Instant::now(),
                        &Sighting { segment, source: Source::Icmp, mac: None, ip: Some(reply.from), fact },
                    );
                    engine.settle();
                }
                Ok(None) => ready.clear_ready(),
                Err(Error::InterfaceGone) => return,
                Err(_) => {
                    ready.clear_ready();
                    drop(ready);
                    tokio::time::sleep(AFTER_ERROR).await;
                }
            }
        }
    })
}
