//! Holds a token bucket: how many frames may go out now.
//! Never sleeps: it is told the time and says when the next token comes. Called by the sweep.

use embassy_time::{Duration, Instant};

/// Tokens are counted in millionths, so that a rate of one a second and a wake each millisecond lose nothing.
const WHOLE: u64 = 1_000_000;

/// The link says "full" once per frame that did not fit; all of one moment are one word.
const ONE_WORD: Duration = Duration::from_millis(10);
/// The rate never falls below this share of what was granted: a sweep that creeps helps nobody.
const LEAST_SHARE: u64 = 32;
/// After this long without a word the rate grows by an eighth of what was granted, again and again.
const RECOVER_EVERY: Duration = Duration::from_millis(20);

/// A token bucket of `rate` frames a second that holds at most a burst.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    granted: u64,
    rate: u64,
    changed: Option<Instant>,
    most: u64,
    held: u64,
    at: Instant,
}

impl Budget {
    /// A bucket of `rate` frames a second, full with `burst` frames at `now`. Both are at least 1.
    pub(super) fn new(now: Instant, rate: u32, burst: u32) -> Self {
        let most = u64::from(burst.max(1)) * WHOLE;
        let rate = u64::from(rate.max(1));
        Self { granted: rate, rate, changed: None, most, held: most, at: now }
    }

    /// Takes one token, if there is one at `now`.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        if self.held < WHOLE {
            return false;
        }
        self.held -= WHOLE;
        true
    }

    /// Halves the rate, down to a share of what was granted: the link said it is full.
    pub(super) fn ease(&mut self, now: Instant) {
        self.held = 0;
        self.at = self.at.max(now);
        if self.changed.is_some_and(|changed| now < changed + ONE_WORD) {
            return;
        }
        self.rate = (self.rate / 2).max(self.granted / LEAST_SHARE).max(1);
        self.changed = Some(now);
    }

    /// When a token will be there: `now` or later.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        let held = (self.held + self.earned(now)).min(self.most);
        now + Duration::from_micros((WHOLE.saturating_sub(held)).div_ceil(self.rate))
    }

    fn earned(&self, now: Instant) -> u64 {
        now.as_micros().saturating_sub(self.at.as_micros()).saturating_mul(self.rate)
    }

    fn fill(&mut self, now: Instant) {
        self.held = (self.held + self.earned(now)).min(self.most);
        self.at = self.at.max(now);
        if self.changed.is_some_and(|changed| now >= changed + RECOVER_EVERY) {
            self.rate = (self.rate + self.granted.div_ceil(8)).min(self.granted);
            self.changed = (self.rate < self.granted).then_some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_gives_more_than_rate_and_burst() {
        let mut budget = Budget::new(Instant::from_millis(0), 500, 10);
        let given = (0..=1_000)
            .map(Instant::from_millis)
            .map(|now| (0..20).filter(|_| budget.take(now)).count())
            .sum::<usize>();
        assert_eq!(given, 510);
    }

    #[test]
    fn says_when_the_next_token_comes() {
        let mut budget = Budget::new(Instant::from_millis(0), 100, 1);
        let now = Instant::from_millis(5);
        assert!(budget.take(now));
        assert!(!budget.take(now));
        assert_eq!(budget.ready_at(now), Instant::from_millis(15));
        assert!(!budget.take(Instant::from_micros(14_999)));
        assert!(budget.take(Instant::from_millis(15)));
    }

    #[test]
    fn one_moment_of_trouble_halves_the_rate_once_and_it_recovers() {
        let at = Instant::from_millis;
        let mut budget = Budget::new(at(0), 1_000, 1);
        for _ in 0..20 {
            budget.ease(at(0));
        }
        let given = |budget: &mut Budget, from: u64| (from..from + 20).filter(|ms| budget.take(at(*ms))).count();
        assert!((8..=11).contains(&given(&mut budget, 0)), "half of the rate");
        let _recovering = (20..200).filter(|ms| budget.take(at(*ms))).count();
        assert!(given(&mut budget, 200) >= 19, "all of it again");
    }

    #[test]
    fn eases_and_survives_a_clock_that_stands_still_or_steps_back() {
        let mut budget = Budget::new(Instant::from_millis(1_000), 1_000, 5);
        budget.ease(Instant::from_millis(1_000));
        assert!(!budget.take(Instant::from_millis(900)));
        assert!(!budget.take(Instant::from_millis(1_001)));
        assert!(budget.take(Instant::from_millis(1_002)));
    }
}
