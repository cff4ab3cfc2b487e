//! Holds how long an answer may take on this segment, learned from those that came (RFC 6298, as TCP does it).
//! Never waits. Called by port probing, which takes a probe as lost after this long, and by the questions for names.

use embassy_time::Duration;

/// Before anything was measured: a LAN answers in milliseconds, a sleeping Wi-Fi client in a beacon interval or two.
const FIRST_TIMEOUT: Duration = Duration::from_millis(250);
/// A loaded small device may take this long between two answers that both count.
const SHORTEST_TIMEOUT_US: u64 = 60_000;
/// Longer than this is lost, whatever was learned.
const LONGEST_TIMEOUT_US: u64 = 1_000_000;

/// A smoothed round-trip time and its variation, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rtt {
    smoothed_us: u64,
    variation_us: u64,
    samples: u32,
}

impl Rtt {
    /// Learns from one answer to a probe that was sent once.
    pub(super) fn learn(&mut self, took: Duration) {
        let took = took.as_micros().min(LONGEST_TIMEOUT_US);
        if self.samples == 0 {
            self.smoothed_us = took;
            self.variation_us = took / 2;
        } else {
            let off = self.smoothed_us.abs_diff(took);
            self.variation_us = (3 * self.variation_us + off) / 4;
            self.smoothed_us = (7 * self.smoothed_us + took) / 8;
        }
        self.samples = self.samples.saturating_add(1);
    }

    /// How long an answer may take, between `least` and `most`; `least` before anything was measured.
    pub(super) fn patience(&self, least: Duration, most: Duration) -> Duration {
        if self.samples == 0 {
            return least;
        }
        Duration::from_micros(self.smoothed_us + 4 * self.variation_us).max(least).min(most)
    }

    /// After how long a probe counts as lost.
    pub(super) fn timeout(&self) -> Duration {
        if self.samples < 4 {
            return FIRST_TIMEOUT;
        }
        let us = self.smoothed_us + 4 * self.variation_us;
        Duration::from_micros(us.clamp(SHORTEST_TIMEOUT_US, LONGEST_TIMEOUT_US))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_within_its_bounds() {
        let mut rtt = Rtt::default();
        assert_eq!(rtt.timeout(), FIRST_TIMEOUT);
        for _ in 0..100 {
            rtt.learn(Duration::from_micros(300));
        }
        assert_eq!(rtt.timeout(), Duration::from_millis(60));
        for _ in 0..100 {
            rtt.learn(Duration::from_millis(200));
        }
        assert!(rtt.timeout() >= Duration::from_millis(200));
        for _ in 0..100 {
            rtt.learn(Duration::from_secs(90));
        }
        assert_eq!(rtt.timeout(), Duration::from_secs(1));
    }

    #[test]
    fn patience_grows_where_answers_are_slow() {
        let (least, most) = (Duration::from_millis(250), Duration::from_millis(900));
        let mut rtt = Rtt::default();
        assert_eq!(rtt.patience(least, most), least);
        rtt.learn(Duration::from_millis(3));
        assert_eq!(rtt.patience(least, most), least);
        for _ in 0..50 {
            rtt.learn(Duration::from_millis(400));
        }
        assert!(rtt.patience(least, most) >= Duration::from_millis(400));
        rtt.learn(Duration::from_secs(9));
        assert_eq!(rtt.patience(least, most), most);
    }
}
