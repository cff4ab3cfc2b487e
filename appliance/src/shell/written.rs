//! Holds how much was written to the card on the present day of the site, for the page that shows it beside the promise.
//! Never writes anything itself: after a restart a day counts from the start. Looked at by `run` each ten seconds.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use super::zone::SiteZone;
use crate::accounts::clock::Clock;

/// The count of a day.
pub(crate) struct Today {
    zone: SiteZone,
    clock: Arc<dyn Clock>,
    /// The day, and the bytes written before it began.
    day: Mutex<Option<(Date, u64)>>,
}

impl Today {
    /// Counts days of the `zone` as it is then by `clock`.
    pub(crate) fn new(zone: SiteZone, clock: Arc<dyn Clock>) -> Self {
        Self { zone, clock, day: Mutex::default() }
    }

    /// The bytes of this day, of `total` since the start. Call it often: what was written between the last call of a day and
    /// its end counts for the next. None while nobody knows the date.
    pub(crate) fn of(&self, total: u64) -> Option<u64> {
        let today = self.zone.local(self.clock.wall()?)?.date();
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match *day {
            // Before the clock was set, it was today as well, as far as anybody knows.
            None => 0,
            Some((date, before)) if date == today => before,
            Some(_) => total,
        };
        *day = Some((today, before));
        Some(total.saturating_sub(before))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::accounts::clock::HandClock;

    #[test]
    fn a_day_ends_at_midnight_of_the_site() {
        let clock = Arc::new(HandClock::default());
        let today = Today::new(SiteZone::new("CET-1CEST,M3.5.0,M10.5.0/3", false), clock.clone());
        assert_eq!(today.of(100), None, "no date yet");
        let at = |text: &str| Some(Duration::from_secs(text.parse::<Timestamp>().unwrap().as_second() as u64));
        clock.set_wall(at("2026-07-01T21:59:50Z"));
        assert_eq!((today.of(100), today.of(150)), (Some(100), Some(150)));
        clock.set_wall(at("2026-07-01T22:00:00Z"));
        assert_eq!((today.of(150), today.of(170)), (Some(0), Some(20)), "midnight in Paris");
        clock.set_wall(at("2026-07-02T21:59:59Z"));
        assert_eq!(today.of(200), Some(50));
        clock.set_wall(at("2026-07-09T06:00:00Z"));
        assert_eq!(today.of(260), Some(0), "slept through days");
    }
}
