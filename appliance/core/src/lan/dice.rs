//! Holds the randomness of `Lan`: one seed in, the same numbers out, so that every failure replays.
//! Never used for secrets. Called for device ids and for the spread of probes.

use embassy_time::Duration;

/// SplitMix64 (Steele, Lea, Flood 2014): one multiplication chain, full period.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// 32 random bits.
    pub(super) const fn short(&mut self) -> u32 {
        (self.roll() >> 32) as u32
    }

    /// Somewhere in the first `span`.
    pub(super) fn within(&mut self, span: Duration) -> Duration {
        Duration::from_millis(self.roll() % span.as_millis().max(1))
    }
}
