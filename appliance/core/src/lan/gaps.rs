//! Holds how long a device is usually silent between two signs of life: a small sketch of quantiles.
//! Never learns an absence, nor the pauses between our own questions: only silences in spite of being asked are told to it.
//! Called by presence, to be patient with the devices that sleep.

use embassy_time::Duration;

/// Shorter silences say nothing about sleep, and by their number would hide the long ones.
const SHORTEST_S: u64 = 30;
/// Borders grow by the factor 1.25 (written as 5/4): 24 of them reach from 30 s to 1.8 h, well past the longest patience.
const BUCKETS: usize = 24;

/// Counts of silences by length. 24 B.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Gaps {
    counts: [u8; BUCKETS],
}

impl Gaps {
    /// Takes note of a silence that ended.
    pub(super) fn learn(&mut self, silence: Duration) {
        if silence.as_secs() < SHORTEST_S {
            return;
        }
        let at = borders().iter().position(|border_s| silence.as_secs() < *border_s).unwrap_or(BUCKETS - 1);
        if self.counts.get(at).is_some_and(|count| *count == u8::MAX) {
            // Halving keeps the shape and lets old habits fade.
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
    }

    /// The silence that 99 of 100 do not exceed; the longest one while fewer than 100 are known. Never too short: it is
    /// the upper border of its bucket. `None` before any silence was learnt.
    #[must_use]
    pub(super) fn p99(&self) -> Option<Duration> {
        let all: u32 = self.counts.iter().map(|count| u32::from(*count)).sum();
        if all == 0 {
            return None;
        }
        let longer_allowed = all / 100;
        let mut longer = 0;
        let mut p99_s = SHORTEST_S;
        for (count, border_s) in self.counts.iter().zip(borders()).rev() {
            longer += u32::from(*count);
            if longer > longer_allowed {
                p99_s = border_s;
                break;
            }
        }
        Some(Duration::from_secs(p99_s))
    }
}

/// Upper borders of the buckets, in seconds.
fn borders() -> [u64; BUCKETS] {
    let mut border_s = SHORTEST_S;
    core::array::from_fn(|_| {
        border_s = border_s * 5 / 4;
        border_s
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_the_ninety_ninth_percentile_from_above() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.p99(), None);
        for second in 1..=1_000 {
            gaps.learn(Duration::from_secs(second));
        }
        let p99_s = gaps.p99().unwrap().as_secs();
        assert!((990..=1_300).contains(&p99_s), "{p99_s}");
    }

    #[test]
    fn short_silences_do_not_hide_long_ones() {
        let mut gaps = Gaps::default();
        for _ in 0..100_000 {
            gaps.learn(Duration::from_secs(2));
        }
        assert_eq!(gaps.p99(), None);
        gaps.learn(Duration::from_secs(700));
        assert!(gaps.p99().unwrap() >= Duration::from_secs(700));
    }

    #[test]
    fn old_habits_fade() {
        let mut gaps = Gaps::default();
        for _ in 0..50 {
            gaps.learn(Duration::from_secs(3_000));
        }
        for _ in 0..3_000 {
            gaps.learn(Duration::from_secs(300));
        }
        assert!(gaps.p99().unwrap() < Duration::from_secs(600), "{:?}", gaps.p99());
    }
}
