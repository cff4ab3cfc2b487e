//! Holds which warnings a person is shown before the end, and that each is shown exactly once.
//! Never draws and never asks a server: the seat's own countdown decides. The seat and the ledger's epochs use it.

/// Remaining time at which a person is warned, in milliseconds, longest first.
pub const THRESHOLDS_MS: [u64; 5] = [300_000, 120_000, 60_000, 30_000, 10_000];

/// Added time gives a threshold back only when it lifts the rest above it by more than this many milliseconds;
/// otherwise the same warning would come twice within seconds.
const LIFT_MS: u64 = 5_000;

/// Which thresholds are done with, a bit each, in the order of [`THRESHOLDS_MS`]. Sets only grow within an epoch, so
/// that joining two in any order, twice or late, gives the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Warned(pub u8);

impl Warned {
    /// What need not be said to somebody who begins with `remaining_ms`: thresholds that are not below it.
    #[must_use]
    pub fn not_applicable(remaining_ms: u64) -> Self {
        Self(Self::bits(|threshold| threshold >= remaining_ms))
    }

    /// What is done with after an extension to `remaining_ms`: thresholds clearly below it may warn again.
    #[must_use]
    pub fn renewed(self, remaining_ms: u64) -> Self {
        let above = Self::bits(|threshold| threshold >= remaining_ms);
        let hardly_below = Self::bits(|threshold| threshold.saturating_add(LIFT_MS) >= remaining_ms);
        Self(above | self.0 & hardly_below)
    }

    /// Both together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the warning at the place `index` of [`THRESHOLDS_MS`] is done with.
    #[must_use]
    pub const fn has(self, index: usize) -> bool {
        index < THRESHOLDS_MS.len() && self.0 >> index & 1 == 1
    }

    /// The places that are set here and not in `before`, longest threshold first.
    pub fn since(self, before: Self) -> impl Iterator<Item = usize> {
        let new = self.0 & !before.0;
        (0..THRESHOLDS_MS.len()).filter(move |index| new >> index & 1 == 1)
    }

    /// The countdown went from `before_ms` to `now_ms`: which warning to show, and what is done with afterwards. Of
    /// several that were crossed at once (the machine slept) only the most urgent is shown.
    #[must_use]
    pub fn cross(self, before_ms: u64, now_ms: u64) -> (Self, Option<usize>) {
        let crossed = Self::bits(|threshold| before_ms > threshold && threshold >= now_ms) & !self.0;
        let smallest = (0..THRESHOLDS_MS.len()).rev().find(|index| crossed >> index & 1 == 1);
        (Self(self.0 | crossed), smallest)
    }

    /// The threshold above which nothing happens next, in milliseconds of remaining time; `None` when all are done.
    #[must_use]
    pub fn next_below(self, remaining_ms: u64) -> Option<u64> {
        THRESHOLDS_MS
            .iter()
            .enumerate()
            .find_map(|(index, threshold)| (*threshold < remaining_ms && !self.has(index)).then_some(*threshold))
    }

    fn bits(is: impl Fn(u64) -> bool) -> u8 {
        THRESHOLDS_MS.iter().enumerate().fold(0, |bits, (index, threshold)| bits | u8::from(is(*threshold)) << index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_session_has_no_long_warning() {
        let mut warned = Warned::not_applicable(240_000);
        let mut shown = alloc::vec::Vec::new();
        let mut before = 240_000;
        for now in (0..240_000).rev().step_by(250) {
            let (next, show) = warned.cross(before, now);
            shown.extend(show.map(|index| THRESHOLDS_MS[index]));
            (warned, before) = (next, now);
        }
        assert_eq!(shown, [120_000, 60_000, 30_000, 10_000]);
    }

    #[test]
    fn sleeping_over_several_shows_the_most_urgent_only() {
        let (warned, show) = Warned::default().cross(400_000, 25_000);
        assert_eq!(show.map(|index| THRESHOLDS_MS[index]), Some(30_000));
        assert_eq!(warned.cross(400_000, 25_000).1, None, "and never again");
        assert_eq!(warned.cross(25_000, 9_000).1.map(|index| THRESHOLDS_MS[index]), Some(10_000));
    }

    #[test]
    fn added_time_gives_back_only_what_is_clearly_below() {
        let all = Warned(0b1_1111);
        assert_eq!(all.renewed(310_000), Warned(0));
        assert_eq!(all.renewed(303_000), Warned(0b0_0001), "3 s above five minutes is not enough to warn again");
        assert_eq!(Warned(0).renewed(303_000), Warned(0), "what was not shown yet is not lost");
        assert_eq!(all.renewed(200_000), Warned(0b0_0001));
        assert_eq!(Warned(0).renewed(4_000), Warned(0b1_1111), "what lies above the rest has nothing to say");
    }

    #[test]
    fn what_is_exactly_reached_warns() {
        assert_eq!(Warned::default().cross(300_001, 300_000).1, Some(0));
        assert_eq!(Warned::default().cross(300_000, 299_999).1, None);
        assert_eq!(Warned::default().next_below(300_000), Some(120_000));
    }
}
