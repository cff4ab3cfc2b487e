//! Holds the ledger of one session: how much time was granted, how much of it is proved to be used.
//! Never looks at a wall clock; it counts between two times of one clock and never subtracts across boots. Sessions own one.

use embassy_time::{Duration, Instant};

/// Longest session, in milliseconds: a day. Keeps every sum far from its limits.
pub const MAX_GRANT_MS: u64 = 24 * 3_600_000;

/// What outlives a restart of the appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ledger {
    granted_ms: u64,
    proved_ms: u64,
    epoch: u16,
}

/// The running interval: where it began, and what had been used by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    since: Instant,
    used_ms: u64,
}

impl Ledger {
    /// A ledger with its first grant.
    #[must_use]
    pub fn new(granted_ms: u64) -> Self {
        Self { granted_ms: granted_ms.min(MAX_GRANT_MS), proved_ms: 0, epoch: 0 }
    }

    /// Milliseconds granted in all.
    #[must_use]
    pub const fn granted_ms(&self) -> u64 {
        self.granted_ms
    }

    /// Milliseconds that are certainly used: what the workstation reported, or what ran until it was last heard.
    #[must_use]
    pub const fn proved_ms(&self) -> u64 {
        self.proved_ms
    }

    /// Counts the grants after the first: a warning is given once in each epoch.
    #[must_use]
    pub const fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Milliseconds used by `now`, never more than granted. Without a running interval: what is proved.
    #[must_use]
    pub fn used_ms(&self, run: Option<Run>, now: Instant) -> u64 {
        let used = run.map_or(self.proved_ms, |run| {
            run.used_ms.saturating_add(now.saturating_duration_since(run.since).as_millis())
        });
        used.clamp(self.proved_ms.min(self.granted_ms), self.granted_ms)
    }

    /// Milliseconds left at `now`.
    #[must_use]
    pub fn remaining_ms(&self, run: Option<Run>, now: Instant) -> u64 {
        self.granted_ms - self.used_ms(run, now)
    }

    /// When the running interval uses up the grant.
    #[must_use]
    pub fn ends_at(&self, run: Run) -> Instant {
        run.since.saturating_add(Duration::from_millis(self.granted_ms.saturating_sub(run.used_ms)))
    }

    /// Begins an interval.
    #[must_use]
    pub const fn run_from(&self, now: Instant) -> Run {
        Run { since: now, used_ms: self.proved_ms }
    }

    /// Settles that at least `used_ms` are used. Less than is proved already changes nothing.
    pub fn prove(&mut self, used_ms: u64) {
        self.proved_ms = self.proved_ms.max(used_ms.min(self.granted_ms));
    }

    /// Adds or takes away time, with `used_ms` used by now: at most down to nothing left, at most up to a day. Gives what
    /// really changed, in milliseconds. More time begins a new epoch.
    pub fn grant(&mut self, delta_ms: i64, used_ms: u64) -> i64 {
        let before = self.granted_ms;
        let wanted = before.saturating_add_signed(delta_ms).min(MAX_GRANT_MS);
        self.granted_ms = wanted.max(used_ms.max(self.proved_ms).min(before));
        if self.granted_ms > before {
            self.epoch = self.epoch.saturating_add(1);
        }
        // Both are at most a day: the difference fits.
        self.granted_ms.cast_signed() - before.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn counts_between_two_times_and_stops_at_the_grant() {
        let ledger = Ledger::new(60_000);
        let run = ledger.run_from(at(1_000));
        assert_eq!(ledger.remaining_ms(Some(run), at(31_000)), 30_000);
        assert_eq!(ledger.ends_at(run), at(61_000));
        assert_eq!(ledger.remaining_ms(Some(run), at(99_000)), 0);
        assert_eq!(ledger.remaining_ms(None, at(99_000)), 60_000);
    }

    #[test]
    fn what_is_proved_never_shrinks() {
        let mut ledger = Ledger::new(60_000);
        ledger.prove(20_000);
        ledger.prove(10_000);
        assert_eq!(ledger.proved_ms(), 20_000);
        ledger.prove(99_000);
        assert_eq!(ledger.proved_ms(), 60_000);
    }

    #[test]
    fn taking_away_stops_at_what_is_used() {
        let mut ledger = Ledger::new(60_000);
        assert_eq!(ledger.grant(-50_000, 20_000), -40_000);
        assert_eq!((ledger.granted_ms(), ledger.epoch()), (20_000, 0));
        assert_eq!(ledger.grant(i64::MIN, 20_000), 0);
        assert_eq!(ledger.grant(5_000, 20_000), 5_000);
        assert_eq!((ledger.granted_ms(), ledger.epoch()), (25_000, 1));
        assert_eq!(ledger.grant(i64::MAX, 0), MAX_GRANT_MS as i64 - 25_000);
    }
}
