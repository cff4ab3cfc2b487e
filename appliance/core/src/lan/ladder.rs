//! Holds the confirmation of one device: a ladder of questions, gentle first, spread over seconds.
//! Never sends them back to back: losses on Wi-Fi come in bursts. Never touches a printing port.
//! Called by `Lan` for a device that missed, that said goodbye, or that a person asks about.

use core::net::IpAddr;

use embassy_time::{Duration, Instant};

use super::interface::Interface;
use super::probe::{Probe, Query, is_printing_port};
use super::record::PortRow;
use super::sighting::Transport;

/// Steps of one round: unicast three times, broadcast, echo, TCP, then the wait for the last answer.
pub(super) const STEPS: u8 = 6;
/// Before each step but the first, and before the verdict, in ms; a quarter is added or taken at random.
const PAUSES_MS: [u64; 7] = [0, 2_000, 4_000, 3_000, 2_000, 2_000, 3_000];

/// A round under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ladder {
    pub(super) step: u8,
    pub(super) began: Instant,
    pub(super) next: Instant,
}

impl Ladder {
    pub(super) const fn begin(now: Instant) -> Self {
        Self { step: 0, began: now, next: now }
    }

    /// Moves on to the next step; `dice` is random.
    pub(super) fn climb(&mut self, now: Instant, dice: u32) {
        self.step += 1;
        let pause_ms = PAUSES_MS.get(usize::from(self.step)).copied().unwrap_or(3_000);
        let spread_ms = u64::from(dice) % (pause_ms / 2).max(1);
        self.next = now + Duration::from_millis(pause_ms * 3 / 4 + spread_ms);
    }

    /// Whether all was asked and the wait for answers is over, once `next` is reached.
    pub(super) const fn is_over(&self) -> bool {
        self.step >= STEPS
    }
}

/// The questions of one step to one interface: for IPv4, and for IPv6 beside it when it has any.
pub(super) fn questions(step: u8, interface: &Interface, ports: &[PortRow]) -> heapless::Vec<Probe, 2> {
    let mut asked = heapless::Vec::new();
    let mut ask = |query| {
        // Two at most are ever asked here.
        let _full = asked.push(Probe { segment: interface.segment, query });
    };
    let mac = interface.mac;
    let v4 = interface.current;
    let v6 = interface.ipv6_to_ask();
    let ip = interface.ip();
    let open = || {
        let tcp = ports.iter().filter(|row| row.open && row.port.transport == Transport::Tcp);
        tcp.map(|row| row.port.number).find(|port| !is_printing_port(*port))
    };
    match step {
        0..=2 => {
            if let Some(ip) = v4 {
                ask(Query::Arp { ip, to: mac });
            }
            if let (Some(ip), true) = (v6, v4.is_none() || step == 1) {
                ask(Query::Nd { ip, to: mac });
            }
            if ip.is_none() && step == 0 {
                ask(Query::AllNodes);
            }
        }
        3 => {
            if let Some(ip) = v4 {
                ask(Query::Arp { ip, to: None });
            }
            if let Some(ip) = v6 {
                ask(Query::Nd { ip, to: None });
            }
            if ip.is_none() {
                ask(Query::AllNodes);
            }
        }
        4 => {
            if let Some(ip) = ip {
                ask(Query::Echo { ip, mac });
            }
        }
        5 => {
            if let (Some(ip), Some(port)) = (ip, open()) {
                ask(Query::Tcp { ip, mac, port });
            } else if let Some(ip) = v6.map(IpAddr::V6).or(v4.map(IpAddr::V4)) {
                ask(Query::Echo { ip, mac });
            }
        }
        _ => {}
    }
    asked
}
