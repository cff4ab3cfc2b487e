//! Holds moments by the clock on the wall of the site: for slips, plans of a day, pages.
//! Never decides anything by them: how long a session runs is no matter of the date. The page asks through the room.

use jiff::civil::{Date, DateTime};
use vigie_core::Moment;

use super::room::Room;

impl Room {
    /// The date and time in the site's zone, so many milliseconds from now; `None` while nobody has set the clock.
    #[must_use]
    pub fn local_in(&self, ms: u64) -> Option<DateTime> {
        self.local_at(self.wall_ms()?.checked_add(ms)?)
    }

    /// The date and time of a moment in the site's zone, when that is known.
    #[must_use]
    pub fn local_of(&self, moment: Moment) -> Option<DateTime> {
        let wall_ms = u64::try_from(self.clocks.unix(moment)?.as_millis()).ok()?;
        self.local_at(wall_ms)
    }

    /// The date of a day counted since 1970.
    #[must_use]
    pub fn date_of(day: u32) -> Option<Date> {
        Date::new(1970, 1, 1).ok()?.checked_add(jiff::Span::new().days(i64::from(day))).ok()
    }

    /// Milliseconds since 1970 at which an hour of a date begins in the site's zone.
    #[must_use]
    pub fn wall_of_hour(&self, date: Date, hour: i8) -> Option<u64> {
        let begins = date.at(hour, 0, 0, 0).to_zoned(self.zone.now()).ok()?;
        u64::try_from(begins.timestamp().as_millisecond()).ok()
    }

    fn local_at(&self, wall_ms: u64) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(wall_ms).ok()?).ok()?;
        Some(at.to_zoned(self.zone.now()).datetime())
    }
}
