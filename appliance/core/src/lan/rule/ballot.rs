//! Holds the count of evidence: `1 - prod(1 - p)` over independent witnesses for each choice, then each choice against the
//! others. Never counts one witness twice and never lets rounding or the order of hearing decide. Called by `trial`.

use core::cmp::Ordering;

use super::witness::Witness;
use crate::lan::sighting::{Port, Source};

/// Votes kept, one for each choice and witness: a device that says everything about itself reaches some thirty. The
/// lightest leaves. 32 B each, three ballots on the stack of one judgement: 6 KiB.
const MAX_VOTES: usize = 64;
/// A belief below this is none: it would be wrong every second time.
const BAR: f32 = 0.5;
/// The best choice must be this many times as likely as the second.
const LEAD: f32 = 3.0;
/// No confidence above this: whatever is heard on a network can be said by anybody.
const CEILING: f32 = 0.99;

/// What a rule's witness saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen<'a> {
    Text(&'a str),
    Port(Port),
    /// The rule's own words say it.
    Nothing,
}

/// One rule's word for one choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote<'a> {
    /// For what: a kind or a system, by its number.
    pub(super) choice: u8,
    pub(super) witness: Witness,
    /// In hundredths, up to 99.
    pub(super) weight: u8,
    pub(super) rule: u16,
    pub(super) source: Source,
    pub(super) seen: Seen<'a>,
}

impl Vote<'_> {
    /// Heavier is less; of equal ones always the same is, whichever was heard first.
    fn rank(&self, other: &Self) -> Ordering {
        let key = |vote: &Self| (vote.rule, vote.choice, vote.witness, vote.source);
        other.weight.cmp(&self.weight).then(key(self).cmp(&key(other))).then(self.seen.cmp(&other.seen))
    }
}

/// All votes on one question.
#[derive(Clone, Debug)]
pub(super) struct Ballot<'a> {
    votes: heapless::Vec<Vote<'a>, MAX_VOTES>,
}

/// How a ballot ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// The best choice and its confidence, when it is clear.
    pub(super) winner: Option<(u8, f32)>,
    /// The two most likely choices, clear or not.
    pub(super) leaders: [Option<u8>; 2],
}

impl<'a> Ballot<'a> {
    pub(super) const fn new() -> Self {
        Self { votes: heapless::Vec::new() }
    }

    /// Hears a vote; of one witness only the heaviest for each choice counts.
    pub(super) fn cast(&mut self, vote: Vote<'a>) {
        if vote.weight == 0 {
            return;
        }
        let same = self.votes.iter_mut().find(|old| (old.choice, old.witness) == (vote.choice, vote.witness));
        if let Some(old) = same {
            if vote.rank(old).is_lt() {
                *old = vote;
            }
            return;
        }
        if let Err(vote) = self.votes.push(vote) {
            let lightest = self.votes.iter_mut().max_by(|a, b| a.rank(b));
            if let Some(lightest) = lightest.filter(|lightest| vote.rank(lightest).is_lt()) {
                *lightest = vote;
            }
        }
    }

    /// The votes for one choice.
    pub(super) fn of(&self, choice: u8) -> impl Iterator<Item = &Vote<'a>> {
        self.votes.iter().filter(move |vote| vote.choice == choice)
    }

    /// Counts the votes for the choices that `may` be chosen.
    ///
    /// A choice's odds are `(1 - d) / d` with `d` the product of its witnesses' doubts; its confidence is its odds among all
    /// odds and the one chance that it is something nobody thought of. Alone, that is `1 - d`; against others it is less,
    /// and no two can both be above one half.
    pub(super) fn count(&self, may: impl Fn(u8) -> bool) -> Outcome {
        let mut all: heapless::Vec<(u8, f32), MAX_VOTES> = heapless::Vec::new();
        for vote in self.votes.iter().filter(|vote| may(vote.choice)) {
            if !all.iter().any(|(choice, _)| *choice == vote.choice) {
                // As many choices as votes, at most.
                let _room = all.push((vote.choice, self.odds(vote.choice)));
            }
        }
        // Sums of floats depend on their order, so it is always the same one.
        all.sort_unstable_by_key(|(choice, _)| *choice);
        let likelier = |a: &&(u8, f32), b: &&(u8, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
        let Some((best, odds)) = all.iter().max_by(likelier).copied() else { return Outcome::default() };
        let others = || all.iter().filter(|(choice, _)| *choice != best);
        let second = others().max_by(likelier);
        let leaders = [Some(best), second.map(|second| second.0)];
        let against: f32 = others().map(|(_, odds)| odds).sum();
        let second = second.map_or(0.0, |second| second.1);
        let confidence = (1.0 / (1.0 + (1.0 + against) / odds)).min(CEILING);
        let clear = confidence >= BAR && odds >= LEAD * second;
        Outcome { winner: clear.then_some((best, confidence)), leaders }
    }

    fn odds(&self, choice: u8) -> f32 {
        let doubt = Witness::ALL.iter().fold(1.0_f32, |doubt, witness| {
            let said = self.of(choice).find(|vote| vote.witness == *witness);
            doubt * said.map_or(1.0, |vote| f32::from(100 - vote.weight.min(99)) / 100.0)
        });
        (1.0 - doubt) / doubt
    }
}

#[cfg(test)]
#[path = "ballot_tests.rs"]
mod tests;
