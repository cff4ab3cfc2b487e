//! Holds what is wrong with a log, entry by entry: changed, missing, out of order, cut, added.
//! Never mends anything and never guesses: what cannot be told apart is named as what was seen.
//! Called at start, by the route and the command that verify, and by the page.

use alloc::vec::Vec;

use super::chain::{Anchor, Seal};
use super::entry::{Entry, Hash, hash};

/// Findings named; a log with more is bad enough.
pub const MAX_FINDINGS: usize = 32;

/// What became of the seal's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// There is none.
    Missing,
    /// There is one that this device did not sign.
    Forged,
    /// It is good.
    Good(Seal),
}

/// Something wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Entries without a seal.
    NoSeal,
    /// The seal is not signed by this device.
    ForgedSeal,
    /// Entry `number` is not what it was.
    Changed {
        /// Its number.
        number: u64,
    },
    /// Something stands at the place of entry `number` that is no entry.
    Unreadable {
        /// The number expected there.
        number: u64,
    },
    /// Entries are not there, both ends included.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The newest entries are not there, both ends included.
    CutTail {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Entry `number` stands where it does not belong, or a second time.
    OutOfOrder {
        /// Its number.
        number: u64,
    },
    /// Entries behind the sealed end: added by somebody, or a power cut came between an entry and its seal.
    Unsealed {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
}

/// What verifying came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Number of the first entry that was read; 0 without one.
    pub first: u64,
    /// The last entry that was read. Its hash, kept elsewhere, proves later that everything up to it is unchanged.
    pub head: Anchor,
    /// What is wrong, in the order of the log, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Reads a log from its oldest entry to its newest.
#[derive(Debug)]
pub struct Verifier {
    sealing: Sealing,
    report: Report,
    /// The number that comes next, once it is known.
    expected: Option<u64>,
    /// Hash of the entry before, if that could be read.
    before: Option<Hash>,
    /// This entry does not link to the one before it: the next link tells which of the two was changed.
    suspect: Option<u64>,
}

impl Verifier {
    /// A verifier for a log with this seal.
    #[must_use]
    pub fn new(sealing: Sealing) -> Self {
        let mut verifier = Self { sealing, report: Report::default(), expected: None, before: None, suspect: None };
        if sealing == Sealing::Forged {
            verifier.report.find(Finding::ForgedSeal);
        }
        verifier
    }

    /// The next entry of the log.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.report.entries += 1;
        let Some(entry) = Entry::from_bytes(bytes) else { return self.skip() };
        let number = entry.number;
        if let Some(last) = self.expected.map(|expected| expected - 1)
            && number <= last
        {
            return self.report.find(Finding::OutOfOrder { number });
        }
        if self.expected.is_none() {
            self.begin(number, &entry);
        }
        let expected = self.expected.unwrap_or(number);
        if number > expected {
            self.settle(false);
            self.report.find(Finding::Missing { from: expected, to: number - 1 });
            self.before = None;
        }
        let broken = self.before.is_some_and(|before| before != entry.previous);
        match (self.suspect, broken) {
            // Both links of the suspect are broken: it was changed, and this one is judged by the next link.
            (Some(_), true) => self.settle(true),
            (Some(_), false) => self.settle(false),
            (None, true) => self.suspect = Some(number),
            (None, false) => {}
        }
        let own = hash(bytes);
        self.check_places(number, own);
        self.before = Some(own);
        self.expected = Some(number.saturating_add(1));
        self.report.head = Anchor { number, hash: own };
    }

    /// The end of the log.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let head = self.report.head;
        if let Sealing::Good(seal) = self.sealing {
            let whole = head == seal.head;
            self.settle(!whole && head.number <= seal.head.number);
            let reached = self.expected.map_or(seal.anchor.number, |expected| expected - 1);
            if reached < seal.head.number {
                self.report.find(Finding::CutTail { from: reached + 1, to: seal.head.number });
            }
            if head.number > seal.head.number {
                let from = self.report.first.max(seal.head.number + 1);
                self.report.find(Finding::Unsealed { from, to: head.number });
            }
        } else {
            self.settle(true);
            if self.sealing == Sealing::Missing && self.report.entries > 0 {
                self.report.find(Finding::NoSeal);
            }
        }
        self.report
    }

    /// The first readable entry: it must not be younger than the seal says.
    fn begin(&mut self, number: u64, entry: &Entry) {
        self.report.first = number;
        self.expected = Some(number);
        if let Sealing::Good(seal) = self.sealing {
            if number > seal.anchor.number {
                self.expected = Some(seal.anchor.number + 1);
            }
            if number == seal.anchor.number + 1 && entry.previous != seal.anchor.hash {
                self.report.find(Finding::Changed { number });
            }
        }
    }

    /// Something unreadable: it stands for the entry expected there.
    fn skip(&mut self) {
        self.settle(false);
        let first = match self.sealing {
            Sealing::Good(seal) => seal.anchor.number + 1,
            _ => 1,
        };
        let number = self.expected.unwrap_or(first);
        self.report.find(Finding::Unreadable { number });
        // Before the anchor nobody knows the number; the count goes on with the first entry that can be read.
        if self.expected.is_some() {
            self.expected = Some(number + 1);
        }
        self.before = None;
    }

    /// Names the changed one of two that do not link.
    fn settle(&mut self, suspect_itself: bool) {
        if let Some(number) = self.suspect.take() {
            let number = if suspect_itself { number } else { number - 1 };
            self.report.find(Finding::Changed { number });
        }
    }

    /// What the seal knows of this entry.
    fn check_places(&mut self, number: u64, own: Hash) {
        let Sealing::Good(seal) = self.sealing else { return };
        for place in [seal.anchor, seal.head] {
            if place.number == number && number > 0 && place.hash != own && self.suspect != Some(number) {
                self.report.find(Finding::Changed { number });
            }
        }
    }
}
