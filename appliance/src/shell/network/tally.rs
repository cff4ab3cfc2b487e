//! Holds how each source does: what it was asked, what came, what was malformed, what went wrong last.
//! Never grows: one row a source. Counted by the engine and by errands, read by the API, the page and the metrics.

use std::io;
use std::net::IpAddr;

use embassy_time::Instant;
use vigie_core::lan::Source;
use vigie_wire::names::snmp::Refusal;

/// Something that went wrong, or is missing, of which a person should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An SNMP agent does not take the user of version 3.
    Refused(IpAddr, Refusal),
    /// An SNMP answer whose signature is wrong: somebody else wrote it, or the agent has another password.
    Forged(IpAddr),
    /// A file or a socket of this machine cannot be read.
    Unreadable(io::ErrorKind),
    /// There is no such thing on this machine, and nobody said there is: no error.
    Absent,
    /// What was read is longer than is taken.
    TooLong,
    /// What was read is not understood.
    NotUnderstood,
}

/// How one source does, since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Questions asked.
    pub(crate) asked: u64,
    /// Questions that could not be sent, or were dropped because too many waited.
    pub(crate) unsent: u64,
    /// Messages heard.
    pub(crate) heard: u64,
    /// Messages dropped because they were malformed.
    pub(crate) malformed: u64,
    /// Troubles.
    pub(crate) errors: u64,
    /// When it was asked last.
    pub(crate) last_asked: Option<Instant>,
    /// When something was heard last.
    pub(crate) last_heard: Option<Instant>,
    /// What went wrong last, and when; gone once all is well again.
    pub(crate) trouble: Option<(Instant, Trouble)>,
}

impl Tally {
    /// Two sources that are one to people.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            unsent: self.unsent + other.unsent,
            heard: self.heard + other.heard,
            malformed: self.malformed + other.malformed,
            errors: self.errors + other.errors,
            last_asked: self.last_asked.max(other.last_asked),
            last_heard: self.last_heard.max(other.last_heard),
            trouble: self.trouble.or(other.trouble),
        }
    }
}

/// How all of them do.
#[derive(Clone, Debug)]
pub(super) struct Tallies([Tally; Source::ALL.len()]);

impl Default for Tallies {
    fn default() -> Self {
        Self([Tally::default(); Source::ALL.len()])
    }
}

impl Tallies {
    /// One of them.
    pub(super) fn of(&self, source: Source) -> Tally {
        self.0.get(source as usize).copied().unwrap_or_default()
    }

    fn row(&mut self, source: Source) -> &mut Tally {
        // A source is one of `Source::ALL`, in that order; a test holds it.
        let last = self.0.len() - 1;
        &mut self.0[(source as usize).min(last)]
    }

    /// A question is asked.
    pub(super) fn asked(&mut self, source: Source, now: Instant) {
        let row = self.row(source);
        row.asked += 1;
        row.last_asked = Some(now);
    }

    /// A question could not be sent.
    pub(super) fn unsent(&mut self, source: Source) {
        self.row(source).unsent += 1;
    }

    /// Something was heard. All of one message come at the same time, and count once.
    pub(super) fn heard(&mut self, source: Source, now: Instant) {
        let row = self.row(source);
        if row.last_heard != Some(now) {
            row.heard += 1;
            row.last_heard = Some(now);
        }
    }

    /// A message was malformed.
    pub(super) fn malformed(&mut self, source: Source) {
        self.row(source).malformed += 1;
    }

    /// Something went wrong.
    pub(super) fn failed(&mut self, source: Source, now: Instant, trouble: Trouble) {
        let row = self.row(source);
        row.errors += 1;
        row.trouble = Some((now, trouble));
    }

    /// There is nothing to read from, which is no error.
    pub(super) fn absent(&mut self, source: Source, now: Instant) {
        self.row(source).trouble = Some((now, Trouble::Absent));
    }

    /// All is well with this source.
    pub(super) fn well(&mut self, source: Source) {
        self.row(source).trouble = None;
    }

    /// All is well with one agent; what another one refused stays.
    pub(super) fn well_at(&mut self, source: Source, ip: IpAddr) {
        let row = self.row(source);
        if matches!(row.trouble, Some((_, Trouble::Refused(at, _) | Trouble::Forged(at))) if at == ip) {
            row.trouble = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_row_of_its_own() {
        let mut tallies = Tallies::default();
        for (place, source) in Source::ALL.iter().enumerate() {
            assert_eq!(*source as usize, place);
            for _ in 0..=place {
                tallies.asked(*source, Instant::from_millis(1));
            }
        }
        for (place, source) in Source::ALL.iter().enumerate() {
            assert_eq!(tallies.of(*source).asked, place as u64 + 1);
        }
    }

    #[test]
    fn one_message_counts_once_and_a_trouble_passes() {
        let mut tallies = Tallies::default();
        for ms in [5, 5, 5, 6] {
            tallies.heard(Source::Mdns, Instant::from_millis(ms));
        }
        assert_eq!(tallies.of(Source::Mdns).heard, 2);
        tallies.failed(Source::Lease, Instant::from_millis(7), Trouble::TooLong);
        assert_eq!(tallies.of(Source::Lease).trouble, Some((Instant::from_millis(7), Trouble::TooLong)));
        tallies.well(Source::Lease);
        let row = tallies.of(Source::Lease);
        assert_eq!((row.errors, row.trouble), (1, None));
        let [one, other] = [7, 8].map(|last| IpAddr::from([10, 0, 0, last]));
        tallies.failed(Source::Snmp, Instant::from_millis(8), Trouble::Forged(one));
        tallies.well_at(Source::Snmp, other);
        assert!(tallies.of(Source::Snmp).trouble.is_some(), "what one agent refused is not mended by another");
        tallies.well_at(Source::Snmp, one);
        assert_eq!(tallies.of(Source::Snmp).trouble, None);
    }
}
