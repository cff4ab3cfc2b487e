//! Holds what a frame says about the station that sent it.
//! Never reads what a datagram carries: `names` and `dhcp` do. Called for every frame of a raw socket.

use std::net::IpAddr;
use std::time::Duration;

use vigie_core::lan::{Fact, Port, Role, Sighting, Source, Transport};
use vigie_wire::Mac;
use vigie_wire::link::arp::Meaning;
use vigie_wire::link::cookie::{Cookie, Verdict};
use vigie_wire::link::frame::{Heard, What};
use vigie_wire::link::icmp::Echo;
use vigie_wire::link::ndp::Ndp;
use vigie_wire::link::{Ends, arp, dhcp as dhcp_wire};

use super::super::ground::{Ground, is_station_address};
use super::{News, Speaker, Tell, dhcp, names};

/// What is needed to know an answer to ourselves.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Own {
    /// The secret of the SYN probes.
    pub(in super::super) cookie: Cookie,
    /// The identifier of our echo requests.
    pub(in super::super) echo_ident: u16,
    /// Microseconds since boot, now: echo requests carry when they were sent.
    pub(in super::super) now_us: u64,
}

/// Tells what `heard` says, on the leg that stands on `ground`.
pub(in super::super) fn hear(ground: &Ground, own: &Own, heard: &Heard<'_>, tell: &mut Tell<'_>) {
    if heard.src == ground.mac || !heard.src.is_station() {
        return;
    }
    let mut station = Station { ground, mac: heard.src, tell };
    match &heard.what {
        What::Arp(arp) => station.arp(arp),
        What::Ndp { ends, message } => station.neighbour_discovery(*ends, message),
        What::EchoReply { ends, hops, echo } => {
            station.way(Source::Icmp, *ends, *hops);
            station.echo(*ends, echo, own);
        }
        What::Tcp { ends, hops, segment } => {
            station.way(Source::Tcp, *ends, *hops);
            let port = Port { transport: Transport::Tcp, number: segment.src_port };
            match own.cookie.judge(ends, segment) {
                Some(verdict) => {
                    let open = verdict == Verdict::Open;
                    station.sees(Source::Tcp, *ends, Fact::Port { port, open });
                }
                None => station.alive(Source::Tcp, Some(*ends)),
            }
        }
        What::Udp { ends, datagram } => {
            let ports = (datagram.src_port, datagram.dst_port);
            if matches!(ports.1, dhcp_wire::SERVER_PORT | dhcp_wire::CLIENT_PORT | dhcp_wire::SERVER6_PORT) {
                dhcp::hear(ground.segment, heard.src, *ends, datagram, station.tell);
            } else if ground.is_from_link(ends.src(), ends.dst()) {
                let speaker = Speaker { segment: ground.segment, mac: Some(heard.src), ip: ends.src() };
                station.alive(Source::Arp, Some(*ends));
                names::datagram(speaker, ports, datagram.payload, station.tell);
            } else {
                station.alive(Source::Arp, None);
            }
        }
        What::Unreachable { ends, .. } => station.alive(Source::Icmp, Some(*ends)),
        What::Membership { ends } | What::Fragment { ends } => station.alive(Source::Arp, Some(*ends)),
        What::Other { ends } => station.alive(Source::Arp, *ends),
    }
}

/// The station that sent a frame.
struct Station<'a, 'b> {
    ground: &'a Ground,
    mac: Mac,
    tell: &'a mut Tell<'b>,
}

impl Station<'_, '_> {
    fn tell(&mut self, source: Source, mac: Mac, ip: Option<IpAddr>, fact: Fact<'_>) {
        (self.tell)(News::Saw(Sighting { segment: self.ground.segment, source, mac: Some(mac), ip, fact }));
    }

    /// The fact belongs to the sender if it is on this link; else a router carried it, and only the router was seen.
    fn sees(&mut self, source: Source, ends: Ends, fact: Fact<'_>) {
        if self.ground.is_from_link(ends.src(), ends.dst()) {
            self.tell(source, self.mac, Some(ends.src()), fact);
        } else {
            self.tell(source, self.mac, None, Fact::Alive);
        }
    }

    /// Tells of an IPv4 packet that a router carried before what it says: the station that sent the frame did not make it.
    fn way(&mut self, source: Source, ends: Ends, hops: u8) {
        if matches!(ends, Ends::V4 { .. }) && was_carried(hops) {
            self.sees(source, ends, Fact::Carried);
        }
    }

    fn alive(&mut self, source: Source, ends: Option<Ends>) {
        // IPv6 traffic is told as neighbour discovery: it is the same evidence, one layer up.
        let source = match ends {
            Some(Ends::V6 { .. }) if source == Source::Arp => Source::Nd,
            _ => source,
        };
        match ends {
            Some(ends) => self.sees(source, ends, Fact::Alive),
            None => self.tell(source, self.mac, None, Fact::Alive),
        }
    }

    fn arp(&mut self, arp: &arp::Arp) {
        let Some((mac, ip)) = arp.claim() else {
            // A probe (RFC 5227) holds no address yet, but shows its station.
            return self.tell(Source::Arp, self.mac, None, Fact::Alive);
        };
        let ip = IpAddr::V4(ip);
        if mac == self.ground.mac || !self.ground.is_neighbour(ip) {
            return;
        }
        let fact = match arp.meaning() {
            Meaning::Answer | Meaning::Announcement => Fact::Claims,
            Meaning::Question | Meaning::Probe => Fact::Alive,
        };
        self.tell(Source::Arp, mac, Some(ip), fact);
    }

    fn neighbour_discovery(&mut self, ends: Ends, message: &Ndp<'_>) {
        match message {
            Ndp::NeighborAdvert { target, flags, .. } => {
                let mac = message.target_link().filter(|mac| mac.is_station()).unwrap_or(self.mac);
                let ip = IpAddr::V6(*target);
                // Its hop limit of 255 proved that it was sent on this link, whatever the prefix of the address.
                if mac != self.ground.mac && is_station_address(ip) {
                    self.tell(Source::Nd, mac, Some(ip), Fact::Claims);
                    if flags.router {
                        self.tell(Source::Nd, mac, Some(ip), Fact::Role(Role::Ipv6Router));
                    }
                }
            }
            Ndp::RouterAdvert { info, .. } => {
                self.sees(Source::Nd, ends, Fact::Alive);
                // A lifetime of 0 says: not a default router any more, or never was (RFC 4861 section 4.2).
                if info.lifetime_s > 0 {
                    self.sees(Source::Nd, ends, Fact::Role(Role::Ipv6Router));
                }
            }
            Ndp::NeighborSolicit { .. } | Ndp::RouterSolicit { .. } => self.alive(Source::Nd, Some(ends)),
        }
    }

    fn echo(&mut self, ends: Ends, echo: &Echo<'_>, own: &Own) {
        let sent_us = echo.payload.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let took = sent_us.and_then(|sent| own.now_us.checked_sub(sent)).map(Duration::from_micros);
        let fact = match took {
            Some(took) if echo.ident == own.echo_ident && took < Duration::from_secs(10) => {
                Fact::Answered(vigie_core::Duration::from_micros(took.as_micros().try_into().unwrap_or(u64::MAX)))
            }
            _ => Fact::Alive,
        };
        self.sees(Source::Icmp, ends, fact);
    }
}

/// Whether a time to live shows that a packet came over a router: systems begin with 32, 64, 128 or 255, and a path inside
/// one site is at most this long.
fn was_carried(hops: u8) -> bool {
    const LONGEST_PATH: u8 = 8;
    const BEGINNINGS: [u8; 4] = [32, 64, 128, 255];
    BEGINNINGS.iter().any(|begun| (1..=LONGEST_PATH).contains(&begun.wrapping_sub(hops)))
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
