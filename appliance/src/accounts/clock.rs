//! Holds the two clocks the service reads: time since boot, which decides, and wall time, which is only shown.
//! It never lets a change of the wall clock (NTP, a person) move a deadline.
//! `run` makes the real one, tests make a hand-driven one, accounts and events read it.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment of this boot. Never goes back, ignores changes of the wall clock.
    fn now(&self) -> Duration;
    /// Time since 1970-01-01 UTC, or `None` while nobody has set the wall clock.
    fn wall(&self) -> Option<Duration>;
}

/// The clock of the operating system, through the standard library.
pub struct SystemClock {
    start: Instant,
}

/// A wall clock before this moment (2025-01-01 UTC) has not been set: boards without a battery start in 1970.
const PLAUSIBLE_SINCE_UNIX_SECONDS: u64 = 1_735_689_600;

impl SystemClock {
    /// A clock whose zero is now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Option<Duration> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().filter(|wall| wall.as_secs() >= PLAUSIBLE_SINCE_UNIX_SECONDS)
    }
}

/// A clock that moves only when told to, for simulations and tests.
#[derive(Default)]
pub struct HandClock {
    state: Mutex<(Duration, Option<Duration>)>,
}

impl HandClock {
    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 += by;
        if let Some(wall) = state.1.as_mut() {
            *wall += by;
        }
    }

    /// Sets the wall clock alone, as an NTP step does.
    pub fn set_wall(&self, wall: Option<Duration>) {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1 = wall;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Duration {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn wall(&self) -> Option<Duration> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1
    }
}

/// Writes a moment of the wall clock as RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.000Z`.
#[must_use]
pub fn format_utc(wall: Duration) -> String {
    let (days, in_day) = (wall.as_secs() / 86_400, wall.as_secs() % 86_400);
    // Days to civil date, by Howard Hinnant's algorithm; eras are 400 years, the year starts in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        in_day / 3_600,
        in_day / 60 % 60,
        in_day % 60,
        wall.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_rfc_3339() {
        assert_eq!(format_utc(Duration::ZERO), "1970-01-01T00:00:00.000Z");
        assert_eq!(format_utc(Duration::from_millis(1_709_210_096_789)), "2024-02-29T12:34:56.789Z");
        assert_eq!(format_utc(Duration::from_secs(4_102_444_799)), "2099-12-31T23:59:59.000Z");
    }

    #[test]
    fn a_step_of_the_wall_clock_does_not_move_the_time_since_boot() {
        let clock = HandClock::default();
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.wall(), None);
        clock.set_wall(Some(Duration::from_secs(2_000_000_000)));
        assert_eq!(clock.now(), Duration::from_secs(5));
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.wall(), Some(Duration::from_secs(2_000_000_001)));
    }
}
