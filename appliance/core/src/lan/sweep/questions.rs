//! Holds what is asked about names: of the whole link at the start of a sweep, and of each host found.
//! Never asks a third time, never asks again what was answered, and waits only for what may still come. Called by the sweep.

use core::net::IpAddr;

use embassy_time::{Duration, Instant};

use crate::lan::probe::Query;
use crate::lan::sighting::Source;

/// A question to the whole link: when after the start it is asked, and how long those who know may take to answer.
type Turn = (Duration, LinkQuestion, Duration);

/// All-nodes echo: stations answer at once, sleeping ones a beacon interval later.
const ECHO_SPREAD: Duration = Duration::from_millis(200);
/// A router waits up to half a second before it answers a solicitation (RFC 4861 section 6.2.6).
const ROUTER_SPREAD: Duration = Duration::from_millis(500);
/// Whoever shares a record waits 20 to 120 ms (RFC 6762 section 6), and the name it leads to takes another turn.
const MDNS_SPREAD: Duration = Duration::from_millis(250);
/// Answers to a UPnP search are spread over the second it gives them (UPnP Device Architecture 2.0 section 1.3.3).
const SSDP_SPREAD: Duration = Duration::from_millis(1_020);
/// WS-Discovery 1.1 section 3.1.3: APP_MAX_DELAY.
const WSD_SPREAD: Duration = Duration::from_millis(550);
/// A DHCP offer is welcome, and not waited for: a server may try an address for seconds before it offers it.
const DHCP_SPREAD: Duration = Duration::from_millis(0);

/// When the link is asked as a whole. Multicast is lost like any frame, and a sleeping Wi-Fi client gets it a beacon
/// interval late, so each question is repeated (RFC 6762 section 5.2 asks for a second at least).
const PATIENT: [Turn; 13] = [
    (Duration::from_millis(0), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Routers, ROUTER_SPREAD),
    (Duration::from_millis(0), LinkQuestion::MdnsServices, MDNS_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Ssdp, SSDP_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Wsd, WSD_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Dhcp, DHCP_SPREAD),
    (Duration::from_millis(150), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(400), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(1_000), LinkQuestion::MdnsServices, MDNS_SPREAD),
    (Duration::from_millis(1_000), LinkQuestion::Ssdp, SSDP_SPREAD),
    (Duration::from_millis(1_000), LinkQuestion::Wsd, WSD_SPREAD),
    (Duration::from_millis(1_000), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(1_500), LinkQuestion::Routers, ROUTER_SPREAD),
];

/// The same while a person waits: what may be repeated sooner is, so that all answers are in after a second and a quarter.
const HASTY: [Turn; 13] = [
    (Duration::from_millis(0), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Routers, ROUTER_SPREAD),
    (Duration::from_millis(0), LinkQuestion::MdnsServices, MDNS_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Ssdp, SSDP_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Wsd, WSD_SPREAD),
    (Duration::from_millis(0), LinkQuestion::Dhcp, DHCP_SPREAD),
    (Duration::from_millis(150), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(200), LinkQuestion::Ssdp, SSDP_SPREAD),
    (Duration::from_millis(300), LinkQuestion::Wsd, WSD_SPREAD),
    (Duration::from_millis(400), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(700), LinkQuestion::Routers, ROUTER_SPREAD),
    (Duration::from_millis(900), LinkQuestion::AllNodes, ECHO_SPREAD),
    (Duration::from_millis(1_000), LinkQuestion::MdnsServices, MDNS_SPREAD),
];

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
    turns: &'static [Turn],
    next: usize,
    /// When the last answer to what was asked so far may come.
    answered: Instant,
    names: bool,
    ipv6: bool,
    raw: bool,
}

impl LinkQuestions {
    /// Questions from `start` on, in `haste` when a person waits.
    pub(super) const fn new(start: Instant, haste: bool, names: bool, ipv6: bool, raw: bool) -> Self {
        let turns: &[Turn] = if haste { &HASTY } else { &PATIENT };
        Self { start, turns, next: 0, answered: start, names, ipv6, raw }
    }

    /// The next question due at `now`.
    pub(super) fn next(&mut self, now: Instant) -> Option<Query> {
        loop {
            let (after, question, spread) = self.turns.get(self.next)?;
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
                self.answered = self.answered.max(now + *spread);
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

    /// Whether all that is wanted has been asked, and no answer is to be expected any more. Discovery alone does not wait
    /// for the late repetitions of names.
    pub(super) fn is_done(&self, now: Instant) -> bool {
        let rest = self.turns.get(self.next..).unwrap_or_default();
        !self.names || rest.is_empty() && self.answered <= now
    }
}

/// What has been asked of one host.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    next: u8,
    times: u8,
    since: Instant,
    /// When the last question went out.
    last: Instant,
    asked: u8,
    answered: u8,
    greetings: heapless::Vec<u16, MAX_GREETINGS>,
}

/// Sources that answer a question of ours about one host, in the order they are asked; the last is about its other address.
const OF_A_HOST: [Source; 6] = [Source::Mdns, Source::Nbns, Source::Dns, Source::Llmnr, Source::Snmp, Source::Mdns];

/// The bit of the question that goes to the resolver.
const RESOLVER: u8 = 1 << 2;

impl Asked {
    pub(super) const fn new(now: Instant) -> Self {
        Self { next: 0, times: 1, since: now, last: now, asked: 0, answered: 0, greetings: heapless::Vec::new() }
    }

    /// Notes that `source` answered for this host. Gives how long that took when it is known which question it answers.
    pub(super) fn answer(&mut self, now: Instant, source: Source) -> Option<Duration> {
        let before = self.answered;
        for (bit, _) in OF_A_HOST.iter().enumerate().filter(|(_, asked)| **asked == source) {
            self.answered |= 1 << bit;
        }
        let is_first = self.times == 1 && self.asked & self.answered & !before != 0;
        is_first.then(|| now.checked_duration_since(self.since)).flatten()
    }

    /// The next question for the host at `ip`, due at `now`. What stays silent for `patience` is asked again.
    pub(super) fn next(
        &mut self,
        now: Instant,
        patience: Duration,
        ip: IpAddr,
        also: Option<IpAddr>,
        snmp: bool,
    ) -> Option<Query> {
        loop {
            let Some(source) = OF_A_HOST.get(usize::from(self.next)) else {
                if self.times >= TIMES || self.last + patience > now {
                    return None;
                }
                self.times += 1;
                self.next = 0;
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
                if self.asked == 0 {
                    self.since = now;
                }
                self.asked |= bit;
                self.last = now;
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

    /// Whether everything was answered, or has been asked as often as it is worth and stayed silent for `patience` since.
    pub(super) fn is_done(&self, now: Instant, patience: Duration) -> bool {
        let all = usize::from(self.next) >= OF_A_HOST.len();
        // The resolver is an errand's affair, which waits by itself.
        let open = self.asked & !self.answered & !RESOLVER;
        all && (open == 0 || self.times >= TIMES && self.last + patience <= now)
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

    const PATIENCE: Duration = Duration::from_millis(250);

    fn all(asked: &mut Asked, ms: u64) -> Vec<Query> {
        core::iter::from_fn(|| asked.next(at(ms), PATIENCE, HOST, None, false)).collect()
    }

    #[test]
    fn asks_each_host_twice_and_not_what_was_answered() {
        let mut asked = Asked::new(at(0));
        assert_eq!(all(&mut asked, 100).len(), 4);
        assert_eq!(asked.answer(at(130), Source::Mdns), Some(Duration::from_millis(30)));
        assert_eq!(asked.answer(at(130), Source::Arp), None);
        assert_eq!(asked.answer(at(140), Source::Mdns), None, "said again, unasked");
        assert_eq!(all(&mut asked, 349), []);
        assert!(!asked.is_done(at(349), PATIENCE));
        let second = all(&mut asked, 350);
        let (IpAddr::V4(ip), _) = (HOST, ()) else { unreachable!() };
        assert_eq!(second, [Query::NetbiosStatus { ip }, Query::LlmnrReverse { ip }]);
        assert_eq!(asked.answer(at(360), Source::Nbns), None, "to which of the two is not known");
        assert!(!asked.is_done(at(599), PATIENCE), "the last answer may be on its way");
        assert!(asked.is_done(at(600), PATIENCE));
        assert_eq!(asked.next(at(9_000), PATIENCE, HOST, None, true), None);
    }

    #[test]
    fn who_answered_everything_is_not_waited_for() {
        let mut asked = Asked::new(at(0));
        assert!(!asked.is_done(at(0), PATIENCE), "nothing was asked yet");
        all(&mut asked, 0);
        for source in [Source::Mdns, Source::Nbns, Source::Llmnr] {
            assert!(!asked.is_done(at(20), PATIENCE), "{source:?}");
            asked.answer(at(20), source);
        }
        assert!(asked.is_done(at(20), PATIENCE));
    }

    #[test]
    fn asks_the_link_in_time_and_only_what_is_wanted() {
        for (haste, over) in [(false, 2_020), (true, 1_250)] {
            let mut all = LinkQuestions::new(at(100), haste, true, true, true);
            assert_eq!(core::iter::from_fn(|| all.next(at(100))).count(), 6);
            assert!(!all.is_done(at(9_000)), "not everything was asked");
            let mut rest = 0;
            for ms in 100..=1_600 {
                rest += core::iter::from_fn(|| all.next(at(ms))).count();
            }
            assert_eq!(rest, 7);
            assert!(!all.is_done(at(100 + over - 1)) && all.is_done(at(100 + over)), "haste: {haste}");
        }
        let mut quiet = LinkQuestions::new(at(0), true, false, false, true);
        assert_eq!(quiet.next(at(9_000)), None);
        assert!(quiet.is_done(at(0)));
    }
}
