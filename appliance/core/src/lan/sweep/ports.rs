//! Holds the port probes of one host: which are out, which were lost, which come next.
//! Never has more of them unanswered than the pace allows, and never sees a printing port (`PortList` cannot hold one).
//! Called by the sweep.

use embassy_time::{Duration, Instant};

use super::plan::PortList;

/// Most probes of one host that may be out at once, whatever the pace says.
const MAX_FLIGHTS: usize = 16;
/// A probe that stays silent is sent once more: one lost frame is common, two are a filter.
const TRIES: u8 = 2;
/// Open ports of one host whose greeting is read.
const MAX_GREETED: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Flight {
    port: u16,
    sent: Instant,
    tries: u8,
}

/// The port probes of one host.
#[derive(Clone, Debug)]
pub(super) struct Flights {
    /// Where in the list this host begins: each elsewhere, so that no service of the network is asked by all at once.
    start: usize,
    begun: usize,
    out: heapless::Vec<Flight, MAX_FLIGHTS>,
    greeted: heapless::Vec<u16, MAX_GREETED>,
}

impl Flights {
    pub(super) const fn starting_at(start: usize) -> Self {
        Self { start, begun: 0, out: heapless::Vec::new(), greeted: heapless::Vec::new() }
    }

    /// The next port to probe at `now`, if one may go out.
    pub(super) fn next(&mut self, now: Instant, ports: &PortList, timeout: Duration, most: usize) -> Option<u16> {
        self.out.retain(|flight| flight.tries < TRIES || flight.sent + timeout > now);
        if let Some(lost) = self.out.iter_mut().find(|flight| flight.sent + timeout <= now) {
            lost.tries += 1;
            lost.sent = now;
            return Some(lost.port);
        }
        if self.out.len() >= most.min(MAX_FLIGHTS) || self.begun >= ports.len() {
            return None;
        }
        let port = ports.cyclic(self.start + self.begun)?;
        self.begun += 1;
        self.out.push(Flight { port, sent: now, tries: 1 }).ok()?;
        Some(port)
    }

    /// Notes an answer. Gives the round-trip time if the probe went out once, so that it is known which was answered.
    pub(super) fn answer(&mut self, now: Instant, port: u16) -> Option<Duration> {
        let place = self.out.iter().position(|flight| flight.port == port)?;
        let flight = self.out.swap_remove(place);
        (flight.tries == 1).then(|| now.checked_duration_since(flight.sent)).flatten()
    }

    /// Whether the greeting of this open port is still to be read; says so once.
    pub(super) fn greet(&mut self, port: u16) -> bool {
        !self.greeted.contains(&port) && self.greeted.push(port).is_ok()
    }

    /// Whether nothing is out and nothing is left.
    pub(super) fn is_done(&self, now: Instant, ports: &PortList, timeout: Duration) -> bool {
        self.begun >= ports.len() && self.out.iter().all(|flight| flight.tries >= TRIES && flight.sent + timeout <= now)
    }

    /// Ports begun, for the progress.
    pub(super) const fn begun(&self) -> usize {
        self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(100);

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn keeps_few_probes_out_and_asks_the_silent_once_more() {
        let ports = PortList::allowed([22, 80, 443]);
        let mut flights = Flights::starting_at(1);
        assert_eq!(flights.next(at(0), &ports, TIMEOUT, 2), Some(80));
        assert_eq!(flights.next(at(0), &ports, TIMEOUT, 2), Some(443));
        assert_eq!(flights.next(at(0), &ports, TIMEOUT, 2), None);
        assert_eq!(flights.answer(at(7), 80), Some(Duration::from_millis(7)));
        assert_eq!(flights.next(at(8), &ports, TIMEOUT, 2), Some(22));
        assert_eq!(flights.next(at(100), &ports, TIMEOUT, 2), Some(443));
        assert_eq!(flights.answer(at(110), 443), None, "which of the two tries was answered is not known");
        assert_eq!(flights.answer(at(111), 443), None);
        assert_eq!(flights.next(at(108), &ports, TIMEOUT, 2), Some(22));
        assert!(!flights.is_done(at(150), &ports, TIMEOUT));
        assert!(flights.is_done(at(208), &ports, TIMEOUT));
        assert_eq!(flights.next(at(300), &ports, TIMEOUT, 2), None);
    }

    #[test]
    fn a_greeting_is_read_once() {
        let mut flights = Flights::starting_at(0);
        assert!(flights.greet(22));
        assert!(!flights.greet(22));
        let greeted = (100..200).filter(|port| flights.greet(*port)).count();
        assert_eq!(greeted, MAX_GREETED - 1);
    }
}
