//! Holds how long to wait before the next attempt to connect.
//! Never sleeps and never draws randomness: both are the caller's. Called by the link.

use std::time::Duration;

/// First wait, in milliseconds.
const FIRST_MS: u64 = 1_000;
/// Longest wait, in milliseconds: after a power cut two hundred agents are back within a minute.
const LONGEST_MS: u64 = 30_000;

/// Waits that double, each somewhere between half and all of its length, so that agents which lost the appliance together
/// do not come back together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure; `random` is any number.
    pub fn next(&mut self, random: u64) -> Duration {
        let whole_ms = (FIRST_MS << self.failures.min(16)).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        Duration::from_millis(whole_ms / 2 + random % (whole_ms / 2 + 1))
    }

    /// It went well: the next wait is the first again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_begin_anew() {
        let mut backoff = Backoff::default();
        let longest: Vec<u64> = (0..8).map(|_| backoff.next(500 * 30).as_millis() as u64).collect();
        assert!(longest.iter().zip([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]).all(|(a, b)| *a <= b));
        backoff.reset();
        assert!(backoff.next(u64::MAX).as_millis() <= 1_000);
    }

    proptest::proptest! {
        #[test]
        fn every_wait_lies_between_half_and_all(failures in 0_usize..100, random: u64) {
            let mut backoff = Backoff::default();
            for _ in 0..failures {
                backoff.next(0);
            }
            let whole = (1_000_u64 << failures.min(16)).min(30_000);
            let wait = backoff.next(random).as_millis() as u64;
            proptest::prop_assert!(wait >= whole / 2 && wait <= whole);
        }
    }
}
