//! Holds how often those who have not logged in can make us write: a few entries, then counts.
//! Never loses a count: what is not written by itself is added to the next entry.
//! Called before an entry about a failed log-in, and before one about a program that logs in again and again.

use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

/// The same account from the same address is written down once in this time.
const QUIET: Duration = Duration::from_secs(15 * 60);
/// Entries that may come at once.
const BURST: u32 = 20;
/// One more may come each so long: 144 a day, 15 KiB, so that a guesser needs a month to push out what people did.
const REFILL: Duration = Duration::from_secs(10 * 60);
/// Pairs of account and address remembered, 24 bytes each. The one quiet for longest makes room.
pub const MAX_PAIRS: usize = 64;

/// Whether to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Write an entry that stands for `count` alike, and one without an address for `others` if there are any.
    Write {
        /// Of this pair, this one included.
        count: u32,
        /// Of pairs that were forgotten to make room.
        others: u32,
    },
    /// Only count it.
    Hold,
}

#[derive(Debug)]
struct Pair {
    key: u64,
    quiet_until: Instant,
    held: u32,
}

/// The memory of who was written down lately.
#[derive(Debug)]
pub struct Restraint {
    pairs: Vec<Pair>,
    others: u32,
    left: u32,
    refilled: Option<Instant>,
}

impl Default for Restraint {
    fn default() -> Self {
        Self { pairs: Vec::new(), others: 0, left: BURST, refilled: None }
    }
}

impl Restraint {
    /// Asks whether to write an entry about a pair of account and address, named by a hash.
    pub fn ask(&mut self, now: Instant, key: u64) -> Verdict {
        self.refill(now);
        let at = self.pairs.iter().position(|pair| pair.key == key).unwrap_or_else(|| self.admit(now, key));
        let Some(pair) = self.pairs.get_mut(at) else { return Verdict::Hold };
        pair.held = pair.held.saturating_add(1);
        if now < pair.quiet_until || self.left == 0 {
            return Verdict::Hold;
        }
        self.left -= 1;
        pair.quiet_until = now + QUIET;
        let others = core::mem::take(&mut self.others);
        Verdict::Write { count: core::mem::take(&mut pair.held), others }
    }

    /// Asks whether what was only counted of a pair may be written now; gives how many alike it stands for, 0 for not yet
    /// or nothing.
    pub fn release(&mut self, now: Instant, key: u64) -> u32 {
        self.refill(now);
        let pair = self.pairs.iter_mut().find(|pair| pair.key == key && pair.held > 0 && now >= pair.quiet_until);
        let Some(pair) = pair.filter(|_| self.left > 0) else { return 0 };
        self.left -= 1;
        pair.quiet_until = now + QUIET;
        core::mem::take(&mut pair.held)
    }

    fn admit(&mut self, now: Instant, key: u64) -> usize {
        if self.pairs.len() >= MAX_PAIRS {
            let oldest = self.pairs.iter().enumerate().min_by_key(|(_, pair)| pair.quiet_until).map(|(at, _)| at);
            let gone = self.pairs.swap_remove(oldest.unwrap_or(0));
            self.others = self.others.saturating_add(gone.held);
        }
        self.pairs.push(Pair { key, quiet_until: now, held: 0 });
        self.pairs.len() - 1
    }

    fn refill(&mut self, now: Instant) {
        let since = *self.refilled.get_or_insert(now);
        let steps = now.saturating_duration_since(since).as_ticks() / REFILL.as_ticks();
        if steps > 0 {
            self.left = BURST.min(self.left.saturating_add(u32::try_from(steps).unwrap_or(BURST)));
            self.refilled = Some(since + REFILL * u32::try_from(steps).unwrap_or(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Write { count, others } => count + others,
            Verdict::Hold => 0,
        }
    }

    #[test]
    fn one_guesser_is_written_down_once_and_then_counted() {
        let mut restraint = Restraint::default();
        assert_eq!(restraint.ask(Instant::from_secs(5), 1), Verdict::Write { count: 1, others: 0 });
        for second in 6..100 {
            assert_eq!(restraint.ask(Instant::from_secs(second), 1), Verdict::Hold);
        }
        assert_eq!(restraint.ask(Instant::from_secs(5 + 15 * 60), 1), Verdict::Write { count: 95, others: 0 });
        assert_eq!(restraint.release(Instant::from_secs(3_600), 1), 0, "nothing is held");
        restraint.ask(Instant::from_secs(1_000), 1);
        assert_eq!(
            (restraint.release(Instant::from_secs(1_001), 1), restraint.release(Instant::from_secs(3_600), 1)),
            (0, 1)
        );
    }

    #[test]
    fn a_flood_from_a_thousand_addresses_for_a_day_writes_164_entries_and_loses_no_count() {
        let mut restraint = Restraint::default();
        let (mut entries, mut told, mut tries) = (0_u32, 0, 0);
        for second in 0..86_400_u64 {
            let verdict = restraint.ask(Instant::from_secs(second), second % 1_000);
            tries += 1;
            told += written(verdict);
            entries += u32::from(verdict != Verdict::Hold);
        }
        assert!(entries <= 20 + 144, "{entries}");
        assert!(restraint.pairs.len() <= MAX_PAIRS);
        let held: u32 = restraint.pairs.iter().map(|pair| pair.held).sum();
        assert_eq!(told + held + restraint.others, tries);
    }
}
