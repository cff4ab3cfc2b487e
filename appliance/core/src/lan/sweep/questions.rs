//! Holds what is asked about names: of the whole link at the start of a sweep, and of each host found.
//! Never asks a third time, and never asks again what was answered. Called by the sweep.

use core::net::IpAddr;

use embassy_time::{Duration, Instant};

use crate::lan::probe::Query;
use crate::lan::sighting::Source;

/// When, after the start, the link is asked as a whole. Multicast is lost like any frame, and a sleeping Wi-Fi client
/// gets it a beacon interval late, so each question is repeated (RFC 6762 section 5.2 asks for a second at least).
const TO_THE_LINK: [(Duration, LinkQuestion); 13] = [
    (Duration::from_millis(0), LinkQuestion::AllNodes),
    (Duration::from_millis(0), LinkQuestion::Routers),
    (Duration::from_millis(0), LinkQuestion::MdnsServices),
    (Duration::from_millis(0), LinkQuestion::Ssdp),
    (Duration::from_millis(0), LinkQuestion::Wsd),
    (Duration::from_millis(0), LinkQuestion::Dhcp),
    (Duration::from_millis(150), LinkQuestion::AllNodes),
    (Duration::from_millis(400), LinkQuestion::AllNodes),
    (Duration::from_millis(1_000), LinkQuestion::MdnsServices),
    (Duration::from_millis(1_000), LinkQuestion::Ssdp),
    (Duration::from_millis(1_000), LinkQuestion::Wsd),
    (Duration::from_millis(1_000), LinkQuestion::AllNodes),
    (Duration::from_millis(1_500), LinkQuestion::Routers),
];

/// How long after the first time a host that has not answered is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(900);
/// Greetings of one host waiting to be read; one more is read in the next sweep.
const MAX_GREETINGS: usize = 32;
/// Times each host is asked for its name.
const TIMES: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkQuestion {
    AllNodes,
    Routers,
    MdnsServices,
    Ssdp,
    Wsd,
    Dhcp,
}

/// The questions to the whole link.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkQuestions {
    start: Instant,
    next: usize,
    names: bool,
    ipv6: bool,
    raw: bool,
}

impl LinkQuestions {
    pub(super) const fn new(start: Instant, names: bool, ipv6: bool, raw: bool) -> Self {
        Self { start, next: 0, names, ipv6, raw }
    }

    /// The next question due at `now`.
    pub(super) fn next(&mut self, now: Instant) -> Option<Query> {
        loop {
            let (after, question) = TO_THE_LINK.get(self.next)?;
            if self.start + *after > now {
                return None;
            }
            self.next += 1;
            let wanted = match question {
                LinkQuestion::AllNodes | LinkQuestion::Routers => self.ipv6,
                LinkQuestion::MdnsServices | LinkQuestion::Ssdp | LinkQuestion::Wsd => self.names,
                // The answer to a made-up client comes as a broadcast that only a raw socket hears.
                LinkQuestion::Dhcp => self.names && self.raw,
            };
            if wanted {
                return Some(match question {
                    LinkQuestion::AllNodes => Query::AllNodes,
                    LinkQuestion::Routers => Query::Routers,
                    LinkQuestion::MdnsServices => Query::MdnsServices,
                    LinkQuestion::Ssdp => Query::SsdpSearch,
                    LinkQuestion::Wsd => Query::WsdProbe,
                    LinkQuestion::Dhcp => Query::DhcpDiscover,
                });
            }
        }
    }

    /// Whether all that is wanted has been asked. Discovery alone does not wait for the late repetitions of names.
    pub(super) fn is_done(&self) -> bool {
        let rest = TO_THE_LINK.get(self.next..).unwrap_or_default();
        !self.names || rest.is_empty()
    }
}

/// What has been asked of one host.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    next: u8,
    times: u8,
    since: Instant,
    answered: u8,
    greetings: heapless::Vec<u16, MAX_GREETINGS>,
}

/// Sources that answer a question of ours about one host, in the order they are asked; the last is about its other address.
const OF_A_HOST: [Source; 6] = [Source::Mdns, Source::Nbns, Source::Dns, Source::Llmnr, Source::Snmp, Source::Mdns];

impl Asked {
    pub(super) const fn new(now: Instant) -> Self {
        Self { next: 0, times: 1, since: now, answered: 0, greetings: heapless::Vec::new() }
    }

    /// Notes that `source` answered for this host.
    pub(super) fn answer(&mut self, source: Source) {
        for (bit, _) in OF_A_HOST.iter().enumerate().filter(|(_, asked)| **asked == source) {
            self.answered |= 1 << bit;
        }
    }

    /// The next question for the host at `ip`, due at `now`.
    pub(super) fn next(&mut self, now: Instant, ip: IpAddr, also: Option<IpAddr>, snmp: bool) -> Option<Query> {
        loop {
            let Some(source) = OF_A_HOST.get(usize::from(self.next)) else {
                if self.times >= TIMES || self.since + AGAIN_AFTER > now {
                    return None;
                }
                self.times += 1;
                self.next = 0;
                self.since = now;
                continue;
            };
            let bit = 1 << self.next;
            self.next += 1;
            if self.answered & bit != 0 {
                continue;
            }
            let query = match (source, ip) {
                (Source::Mdns, _) if bit == 1 => Some(Query::MdnsReverse { ip }),
                (Source::Mdns, _) => also.map(|ip| Query::MdnsReverse { ip }),
                (Source::Nbns, IpAddr::V4(ip)) => Some(Query::NetbiosStatus { ip }),
                (Source::Llmnr, IpAddr::V4(ip)) => Some(Query::LlmnrReverse { ip }),
                // The resolver is asked over a socket that repeats by itself.
                (Source::Dns, _) if self.times == 1 => Some(Query::ReverseDns { ip }),
                (Source::Snmp, _) if snmp => Some(Query::Snmp { ip }),
                _ => None,
            };
            if query.is_some() {
                return query;
            }
        }
    }

    /// Notes that what this open port says of itself is worth reading.
    pub(super) fn want_greeting(&mut self, port: u16) {
        let _next_sweep = self.greetings.push(port);
    }

    /// Takes the next open port to read from.
    pub(super) fn next_greeting(&mut self) -> Option<u16> {
        self.greetings.pop()
    }

    /// Whether a greeting waits.
    pub(super) fn wants_greeting(&self) -> bool {
        !self.greetings.is_empty()
    }

    /// Whether everything has been asked as often as it is worth.
    pub(super) const fn is_done(&self) -> bool {
        self.times >= TIMES && self.next as usize >= OF_A_HOST.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::net::Ipv4Addr;

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn asks_each_host_twice_and_not_what_was_answered() {
        let mut asked = Asked::new(at(0));
        let first: Vec<_> = core::iter::from_fn(|| asked.next(at(0), HOST, None, false)).collect();
        assert_eq!(first.len(), 4);
        asked.answer(Source::Mdns);
        asked.answer(Source::Arp);
        assert_eq!(asked.next(at(899), HOST, None, false), None);
        let second: Vec<_> = core::iter::from_fn(|| asked.next(at(900), HOST, None, false)).collect();
        let (IpAddr::V4(ip), _) = (HOST, ()) else { unreachable!() };
        assert_eq!(second, [Query::NetbiosStatus { ip }, Query::LlmnrReverse { ip }]);
        assert!(asked.is_done());
        assert_eq!(asked.next(at(9_000), HOST, None, true), None);
    }

    #[test]
    fn asks_the_link_in_time_and_only_what_is_wanted() {
        let mut all = LinkQuestions::new(at(100), true, true, true);
        assert_eq!(core::iter::from_fn(|| all.next(at(100))).count(), 6);
        assert!(!all.is_done());
        assert_eq!(core::iter::from_fn(|| all.next(at(5_000))).count(), 7);
        assert!(all.is_done());
        let mut quiet = LinkQuestions::new(at(0), false, false, true);
        assert_eq!(quiet.next(at(9_000)), None);
    }
}
