//! Holds how wrong codes slow a workstation down, and the whole site a little, without ever locking the site.
//! Never decides whether a code is right. The desk asks before it looks a code up.

use embassy_time::{Duration, Instant};

/// Wrong codes a workstation may send before it waits.
const FREE_TRIES: u8 = 5;
/// First wait, in seconds; it doubles with every further wrong code.
const FIRST_WAIT_S: u64 = 30;
/// Longest wait, in seconds.
const LONGEST_WAIT_S: u64 = 15 * 60;
/// Wrong codes in a minute from the whole site before each further one costs everybody's next try a second.
const SITE_PER_MINUTE: u16 = 60;
/// The minute that is meant.
const SITE_WINDOW: Duration = Duration::from_secs(60);
/// That second. Never more: locking the site would hand a prankster the off switch.
const SITE_WAIT: Duration = Duration::from_secs(1);

/// What a workstation has done wrong. The count is stored with the workstation, the wait is not: after a restart of the
/// appliance the wait begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Throttle {
    failures: u8,
    until: Option<Instant>,
}

impl Throttle {
    /// What is known after a restart.
    #[must_use]
    pub fn restored(failures: u8, now: Instant) -> Self {
        Self { failures, until: Self::wait(failures).map(|wait| now.saturating_add(wait)) }
    }

    /// The count to store.
    #[must_use]
    pub const fn failures(&self) -> u8 {
        self.failures
    }

    /// How long to wait still; `None` when a code may be tried.
    #[must_use]
    pub fn blocked(&self, now: Instant) -> Option<Duration> {
        self.until.filter(|until| *until > now).map(|until| until - now)
    }

    /// A wrong code.
    pub fn fail(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.until = Self::wait(self.failures).map(|wait| now.saturating_add(wait));
    }

    /// A right one.
    pub const fn succeed(&mut self) {
        self.failures = 0;
        self.until = None;
    }

    fn wait(failures: u8) -> Option<Duration> {
        let doublings = failures.checked_sub(FREE_TRIES)?.min(16);
        Some(Duration::from_secs((FIRST_WAIT_S << doublings).min(LONGEST_WAIT_S)))
    }
}

/// Wrong codes of all workstations together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SiteThrottle {
    began: Option<Instant>,
    failures: u16,
    until: Option<Instant>,
}

impl SiteThrottle {
    /// Nobody was wrong yet.
    pub const NEW: Self = Self { began: None, failures: 0, until: None };

    /// How long to wait still.
    #[must_use]
    pub fn blocked(&self, now: Instant) -> Option<Duration> {
        self.until.filter(|until| *until > now).map(|until| until - now)
    }

    /// A wrong code somewhere.
    pub fn fail(&mut self, now: Instant) {
        if self.began.is_none_or(|began| now.saturating_duration_since(began) >= SITE_WINDOW) {
            *self = Self { began: Some(now), failures: 0, until: None };
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures > SITE_PER_MINUTE {
            self.until = Some(now.saturating_add(SITE_WAIT));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_are_free_then_it_doubles_up_to_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        let mut now = Instant::from_secs(100);
        let mut waits = alloc::vec::Vec::new();
        for _ in 0..13 {
            throttle.fail(now);
            let wait = throttle.blocked(now).map_or(0, |wait| wait.as_secs());
            waits.push(wait);
            now += Duration::from_secs(wait);
            assert_eq!(throttle.blocked(now), None);
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]);
        throttle.succeed();
        throttle.fail(now);
        assert_eq!(throttle.blocked(now), None);
    }

    #[test]
    fn a_restart_does_not_wipe_the_slate() {
        let now = Instant::from_secs(5);
        let throttle = Throttle::restored(6, now);
        assert_eq!(throttle.blocked(now), Some(Duration::from_secs(60)));
        assert_eq!(Throttle::restored(4, now).blocked(now), None);
    }

    #[test]
    fn the_site_is_slowed_down_but_never_locked() {
        let mut site = SiteThrottle::default();
        let now = Instant::from_secs(10);
        for _ in 0..60 {
            site.fail(now);
        }
        assert_eq!(site.blocked(now), None);
        for _ in 0..10_000 {
            site.fail(now);
        }
        assert_eq!(site.blocked(now), Some(Duration::from_secs(1)));
        site.fail(now + Duration::from_secs(61));
        assert_eq!(site.blocked(now + Duration::from_secs(61)), None);
    }
}
