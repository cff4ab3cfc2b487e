//! Holds opening hours by weekday, how long a place stays open from a time on, and which day it is there.
//! Never reads a clock: the time is an argument, and without a date the place counts as open. Groups and settings hold them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::LocalDay;

use super::fault::Fault;

/// One stretch of a day, in minutes since midnight by the site's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// When it opens: 0 to 1,439.
    pub opens: u16,
    /// When it closes: after that, at most 1,440.
    pub closes: u16,
}

/// Opening hours: up to two stretches for each weekday, Monday first, the earlier one first. A day without any is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hours(pub [[Option<Stretch>; 2]; 7]);

impl Hours {
    /// Whether the stretches are in order.
    ///
    /// # Errors
    /// When one ends before it begins, or two overlap.
    pub fn check(&self) -> Result<(), Fault> {
        for day in &self.0 {
            let stretches = day.iter().flatten();
            let mut since = 0;
            for stretch in stretches {
                if stretch.opens < since || stretch.closes <= stretch.opens || stretch.closes > 24 * 60 {
                    return Err(Fault::malformed("hours"));
                }
                since = stretch.closes;
            }
        }
        Ok(())
    }

    /// Milliseconds from `wall_ms` (since 1970) until the place closes, by the clocks of `zone`; 0 while it is closed.
    /// Hours that meet at midnight are one.
    #[must_use]
    pub fn open_ms(&self, zone: &TimeZone, wall_ms: u64) -> u64 {
        let Some(now) = i64::try_from(wall_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()) else {
            return 0;
        };
        let mut day = now.to_zoned(zone.clone()).date();
        let mut until = now;
        // A week and a day: a place that never closes is open for that long, which no session outlasts.
        for _ in 0..8 {
            let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
            for stretch in self.0.get(weekday).into_iter().flatten().flatten() {
                let at = |minutes: u16| {
                    let start = zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()?;
                    // By the wall clock, so that a day of 23 or 25 hours closes at the hour on the door.
                    let clock = day.at(0, 0, 0, 0).checked_add(i64::from(minutes).minutes()).ok()?;
                    zone.to_ambiguous_timestamp(clock).compatible().ok().or(Some(start))
                };
                let (Some(opens), Some(closes)) = (at(stretch.opens), at(stretch.closes)) else { continue };
                if opens <= until && until < closes {
                    until = closes;
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            let midnight = zone.to_ambiguous_timestamp(next.at(0, 0, 0, 0)).compatible().ok();
            if midnight.is_none_or(|midnight| until < midnight) {
                break;
            }
            day = next;
        }
        u64::try_from(until.as_millisecond() - now.as_millisecond()).unwrap_or(0)
    }
}

/// The day of a moment (milliseconds since 1970) by the clocks of `zone`, counted from 1970: what quotas and reports go by.
/// `None` beyond the years that calendars know.
pub(super) fn day_of(zone: &TimeZone, wall_ms: u64) -> LocalDay {
    let now = Timestamp::from_millisecond(i64::try_from(wall_ms).ok()?).ok()?;
    let date = now.to_zoned(zone.clone()).date();
    let epoch = jiff::civil::Date::new(1970, 1, 1).ok()?;
    u32::try_from(date.since(epoch).ok()?.get_days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::zone::read as zone;

    const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn ms(text: &str) -> u64 {
        text.parse::<Timestamp>().unwrap().as_millisecond().try_into().unwrap()
    }

    fn daily(stretches: [Option<Stretch>; 2]) -> Hours {
        Hours([stretches; 7])
    }

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_lunch_break_closes_and_a_day_without_hours_does_not_open() {
        let zone = zone(PARIS).unwrap();
        let mut hours = daily([
            Some(Stretch { opens: 9 * 60, closes: 12 * 60 }),
            Some(Stretch { opens: 14 * 60, closes: 18 * 60 + 30 }),
        ]);
        hours.0[6] = [None; 2];
        hours.check().unwrap();
        // A Wednesday in winter: Paris is an hour ahead.
        assert_eq!(hours.open_ms(&zone, ms("2026-12-02T08:00:00Z")), 180 * MINUTE);
        assert_eq!(hours.open_ms(&zone, ms("2026-12-02T07:59:59Z")), 0);
        assert_eq!(hours.open_ms(&zone, ms("2026-12-02T11:00:00Z")), 0);
        assert_eq!(hours.open_ms(&zone, ms("2026-12-02T17:29:59Z")), 1_000);
        assert_eq!(hours.open_ms(&zone, ms("2026-12-06T10:00:00Z")), 0, "Sunday");
    }

    #[test]
    fn hours_that_meet_at_midnight_are_one_and_a_place_that_never_closes_is_open_for_days() {
        let zone = zone("UTC").unwrap();
        let mut night = Hours::default();
        night.0[4][0] = Some(Stretch { opens: 20 * 60, closes: 24 * 60 });
        night.0[5][0] = Some(Stretch { opens: 0, closes: 2 * 60 });
        assert_eq!(night.open_ms(&zone, ms("2026-12-04T23:00:00Z")), 180 * MINUTE);
        let always = daily([Some(Stretch { opens: 0, closes: 24 * 60 }), None]);
        assert!(always.open_ms(&zone, ms("2026-12-04T23:00:00Z")) >= 7 * 24 * 60 * MINUTE);
    }

    #[test]
    fn a_day_of_23_hours_closes_at_the_hour_on_the_door() {
        let zone = zone(PARIS).unwrap();
        let hours = daily([Some(Stretch { opens: 60, closes: 10 * 60 }), None]);
        // 2026-03-29, 01:30 in Paris; at 02:00 it becomes 03:00.
        assert_eq!(hours.open_ms(&zone, ms("2026-03-29T00:30:00Z")), 450 * MINUTE);
    }

    #[test]
    fn a_day_is_that_of_the_place_whatever_its_length() {
        let zone = zone(PARIS).unwrap();
        // Of 23 hours, of 24 and of 25: from the first millisecond to the last, and the first of the next.
        for (day, begins, next) in [
            (20_541, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            (20_542, "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"),
            (20_751, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ] {
            let (begins, next) = (ms(begins), ms(next));
            let days = [begins - 1, begins, next - 1, next].map(|at| day_of(&zone, at));
            assert_eq!(days, [Some(day - 1), Some(day), Some(day), Some(day + 1)]);
        }
    }

    #[test]
    fn what_overlaps_or_ends_before_it_begins_is_refused() {
        let stretch = |opens, closes| Some(Stretch { opens, closes });
        for bad in [[stretch(60, 60), None], [stretch(0, 1_441), None], [stretch(60, 120), stretch(119, 130)]] {
            assert_eq!(daily(bad).check(), Err(Fault::malformed("hours")));
        }
    }
}
