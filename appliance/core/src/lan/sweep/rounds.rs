//! Holds the rounds of discovery: each address is asked, and those that stay silent again, until it is unlikely that anybody
//! was missed. Never counts more tries than the network needs: a network without loss is done after three.
//! Called by the sweep.
//!
//! How many tries are enough is learned from the sweep itself. If each try fails with probability `p`, the share of hosts
//! found only after the first round tends to `p`, and after `r` rounds `n * p^r` of `n` hosts are still missing. Rounds go on
//! until that expectation is below [`ACCEPTED_MISSING`].

use alloc::vec;
use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

/// Every address is asked at least this often: one lost frame must never decide.
const FEWEST_ROUNDS: u32 = 3;
/// A network this bad (half of all tries fail) is not found whole by asking once more.
const MOST_ROUNDS: u32 = 14;
/// Answers that trickle in prolong the pause after a round up to this many pauses: a network that slow is asked again.
const LONGEST_WAIT_GAPS: u32 = 10;
/// Expected number of hosts missed at which the sweep is content: one in five hundred sweeps.
const ACCEPTED_MISSING: f32 = 0.002;

/// The state of the rounds over `count` addresses, by index.
#[derive(Clone, Debug)]
pub(super) struct Rounds {
    count: u32,
    /// Odd step with no common divisor with `count`: neighbours in address are not neighbours in time.
    step: u32,
    cursor: u32,
    round: u32,
    heard: Vec<u64>,
    heard_first: u32,
    heard_later: u32,
    gap: Duration,
    resume: Instant,
    latest: Instant,
    closing: bool,
    over: bool,
}

impl Rounds {
    pub(super) fn new(now: Instant, count: u32, gap: Duration, seed: u64) -> Self {
        let words = usize::try_from(count.div_ceil(64)).unwrap_or(0);
        Self {
            count,
            step: coprime_step(count, seed),
            cursor: 0,
            round: 1,
            heard: vec![0; words],
            heard_first: 0,
            heard_later: 0,
            gap,
            resume: now,
            latest: now,
            closing: false,
            over: count == 0,
        }
    }

    /// Whether every round is done.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Rounds begun.
    pub(super) const fn round(&self) -> u32 {
        self.round
    }

    /// Share of the work done, 0 to 1, as far as can be told.
    pub(super) fn share(&self) -> f32 {
        if self.over || self.count == 0 {
            return 1.0;
        }
        #[allow(clippy::cast_precision_loss, reason = "a progress bar")]
        let within = self.cursor as f32 / self.count as f32;
        #[allow(clippy::cast_precision_loss, reason = "at most MOST_ROUNDS")]
        let rounds = (self.round.max(FEWEST_ROUNDS) as f32, (self.round - 1) as f32);
        ((rounds.1 + within) / rounds.0).min(1.0)
    }

    /// Notes that the address at `index` answered.
    pub(super) fn hear(&mut self, now: Instant, index: u32) {
        let Some(word) = usize::try_from(index / 64).ok().and_then(|word| self.heard.get_mut(word)) else { return };
        let bit = 1 << (index % 64);
        if index >= self.count || *word & bit != 0 {
            return;
        }
        *word |= bit;
        // While answers still come in, asking again would take late ones for lost ones.
        if self.closing {
            self.resume = (now + self.gap).min(self.latest).max(self.resume);
        }
        if self.round == 1 { self.heard_first += 1 } else { self.heard_later += 1 }
    }

    /// Whether the address at `index` answered.
    pub(super) fn has_heard(&self, index: u32) -> bool {
        usize::try_from(index / 64)
            .ok()
            .and_then(|word| self.heard.get(word))
            .is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// The next address to ask at `now`; `None` while between rounds and when all are done.
    pub(super) fn next(&mut self, now: Instant) -> Option<u32> {
        while !self.over && now >= self.resume {
            if self.closing {
                self.over = self.is_enough();
                self.round += u32::from(!self.over);
                self.cursor = 0;
                self.closing = false;
                continue;
            }
            while self.cursor < self.count {
                let index = u64::from(self.cursor) * u64::from(self.step) % u64::from(self.count);
                let index = u32::try_from(index).unwrap_or(0);
                self.cursor += 1;
                // The first round asks everybody, heard or not: only a broadcast shows two owners of one address.
                if self.round == 1 || !self.has_heard(index) {
                    return Some(index);
                }
            }
            // The answers to the last frames are still on their way: whether this was enough is decided after the gap.
            self.closing = true;
            self.resume = now + self.gap;
            self.latest = now + self.gap * LONGEST_WAIT_GAPS;
        }
        None
    }

    fn is_enough(&self) -> bool {
        match self.round {
            ..FEWEST_ROUNDS => false,
            MOST_ROUNDS.. => true,
            rounds => expected_missing(self.heard_first, self.heard_later, rounds) < ACCEPTED_MISSING,
        }
    }
}

/// Hosts still missing after `rounds`, from how many answered in the first round and later.
fn expected_missing(first: u32, later: u32, rounds: u32) -> f32 {
    #[allow(clippy::cast_precision_loss, reason = "at most 65,536 addresses")]
    let (found, late) = ((first + later) as f32, later as f32);
    // Half a host is added to what was late and to what was not: three hosts that all answered at once prove little.
    let lost_try = (late + 0.5) / (found + 1.0);
    let silent = (0..rounds).fold(1.0_f32, |share, _| share * lost_try);
    found * silent
}

/// An odd step near the golden section of `count`, without common divisor, so that a round visits each address once.
fn coprime_step(count: u32, seed: u64) -> u32 {
    if count < 3 {
        return 1;
    }
    let near = u64::from(count) * 618 / 1_000 + seed % u64::from(count / 4 + 1);
    let mut step = u32::try_from(near).unwrap_or(1) | 1;
    while greatest_common_divisor(step, count) != 1 {
        step = step.wrapping_add(2);
    }
    step
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    fn drain(rounds: &mut Rounds, now: Instant) -> Vec<u32> {
        core::iter::from_fn(|| rounds.next(now)).collect()
    }

    #[test]
    fn a_round_asks_each_address_once_in_scattered_order() {
        for count in [1, 2, 3, 254, 1_022, 65_534] {
            let mut rounds = Rounds::new(at(0), count, Duration::from_millis(50), 7);
            let mut asked = drain(&mut rounds, at(0));
            assert_eq!(asked.len(), count as usize, "{count}");
            let neighbours = asked.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
            assert!(count < 4 || neighbours * 4 < asked.len(), "{neighbours} neighbours of {count}");
            asked.sort_unstable();
            asked.dedup();
            assert_eq!(asked.len(), count as usize, "{count}");
        }
    }

    #[test]
    fn a_network_without_loss_takes_three_rounds_of_what_is_silent() {
        let mut rounds = Rounds::new(at(0), 254, Duration::from_millis(50), 1);
        let mut frames = 0;
        for now in (0..1_000).map(at) {
            for index in drain(&mut rounds, now) {
                frames += 1;
                if index < 50 {
                    rounds.hear(now, index);
                }
            }
        }
        assert!(rounds.is_over());
        assert_eq!(frames, 254 + 204 + 204);
        assert_eq!(rounds.round(), 3);
    }

    #[test]
    fn a_lossy_network_is_asked_until_nobody_is_likely_missing() {
        let mut missed = 0;
        let mut most = 0;
        for seed in 1..=200_u64 {
            let mut random = seed;
            let mut rounds = Rounds::new(at(0), 254, Duration::from_millis(50), seed);
            for now in (0..5_000).map(at) {
                for index in drain(&mut rounds, now) {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    // 20 % lost each way: a try fails with probability 0.36.
                    if index < 50 && (random >> 33) % 100 >= 36 {
                        rounds.hear(now, index);
                    }
                }
            }
            assert!(rounds.is_over());
            most = most.max(rounds.round());
            missed += (0..50).filter(|index| !rounds.has_heard(*index)).count();
        }
        assert!(missed <= 2, "{missed} of 10,000 hosts missed");
        assert!(most <= MOST_ROUNDS);
    }

    #[test]
    fn an_empty_range_is_over_at_once_and_strangers_are_ignored() {
        let mut rounds = Rounds::new(at(0), 0, Duration::from_millis(50), 1);
        assert_eq!(rounds.next(at(0)), None);
        assert!(rounds.is_over());
        let mut one = Rounds::new(at(0), 1, Duration::from_millis(50), 1);
        one.hear(at(0), 900);
        assert_eq!(one.next(at(0)), Some(0));
    }
}
