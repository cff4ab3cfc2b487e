//! Holds when a job of a certain time of day is due, in the site's zone, summer time included.
//! It never trusts a clock nobody has set, never runs a job twice for one day, and never loses count when the clock is
//! set: it plans anew at every look. Called by the table of jobs.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Daily {
    /// 0 to 23.
    pub(crate) hour: i8,
    /// 0 to 59.
    pub(crate) minute: i8,
}

/// On which days a job runs.
#[derive(Clone, Copy, Debug)]
enum Days {
    All,
    FirstOfMonth,
}

impl Days {
    fn at_or_before(self, day: Date) -> Date {
        match self {
            Self::All => day,
            Self::FirstOfMonth => day.first_of_month(),
        }
    }

    fn after(self, day: Date) -> Option<Date> {
        match self {
            Self::All => day.tomorrow().ok(),
            Self::FirstOfMonth => day.last_of_month().tomorrow().ok(),
        }
    }
}

/// The plan of one daily job.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    next: Option<Timestamp>,
    /// The day it last ran for.
    done: Option<Date>,
}

impl Plan {
    /// Whether the job is due now; plans the next time. Call it now and then, at least every minute.
    pub(crate) fn look(&mut self, zone: &TimeZone, daily: Daily, wall: Option<Duration>) -> bool {
        self.look_on(zone, daily, Days::All, wall)
    }

    /// The same for a job that runs on the first of each month alone.
    pub(crate) fn look_monthly(&mut self, zone: &TimeZone, daily: Daily, wall: Option<Duration>) -> bool {
        self.look_on(zone, daily, Days::FirstOfMonth, wall)
    }

    fn look_on(&mut self, zone: &TimeZone, daily: Daily, days: Days, wall: Option<Duration>) -> bool {
        let now = wall.and_then(|wall| Timestamp::from_second(i64::try_from(wall.as_secs()).ok()?).ok());
        let Some(now) = now else {
            self.next = None;
            return false;
        };
        // A clock that jumped over the time makes the job late, not lost.
        let due = self.next.is_some_and(|at| at <= now);
        if due {
            self.done = last(zone, daily, days, now);
        }
        self.next = next(zone, daily, days, now, self.done);
        due
    }

    /// When it is due next; unknown while nobody has set the clock.
    pub(crate) fn next(&self) -> Option<Duration> {
        u64::try_from(self.next?.as_second()).ok().map(Duration::from_secs)
    }
}

/// The first time after `now` on a day that is not done. A time that summer time leaves out is taken as much later, one
/// that comes twice is taken the first time.
fn next(zone: &TimeZone, daily: Daily, days: Days, now: Timestamp, done: Option<Date>) -> Option<Timestamp> {
    let mut day = days.at_or_before(now.to_zoned(zone.clone()).date());
    // Today, tomorrow, and the day after if tomorrow is done already: no zone leaves out more.
    for _ in 0..4 {
        let at = on(zone, daily, day)?;
        if at > now && done != Some(day) {
            return Some(at);
        }
        day = days.after(day)?;
    }
    None
}

/// The day whose time has come last.
fn last(zone: &TimeZone, daily: Daily, days: Days, now: Timestamp) -> Option<Date> {
    let day = days.at_or_before(now.to_zoned(zone.clone()).date());
    if on(zone, daily, day)? <= now { Some(day) } else { day.yesterday().ok().map(|day| days.at_or_before(day)) }
}

fn on(zone: &TimeZone, daily: Daily, day: Date) -> Option<Timestamp> {
    let local = day.at(daily.hour, daily.minute, 0, 0);
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::zone::read as zone;

    const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn at(text: &str) -> Option<Duration> {
        let moment: Timestamp = text.parse().unwrap();
        Some(Duration::from_secs(moment.as_second().try_into().unwrap()))
    }

    /// Looks every minute from one moment to another; gives when the job ran.
    fn runs(plan: &mut Plan, daily: Daily, from: &str, to: &str) -> Vec<String> {
        let zone = zone(PARIS).unwrap();
        let (mut now, end) = (at(from).unwrap(), at(to).unwrap());
        let mut ran = Vec::new();
        while now <= end {
            if plan.look(&zone, daily, Some(now)) {
                ran.push(Timestamp::from_second(now.as_secs() as i64).unwrap().to_string());
            }
            now += Duration::from_secs(60);
        }
        ran
    }

    #[test]
    fn three_in_the_morning_is_so_in_summer_and_in_winter() {
        let daily = Daily { hour: 3, minute: 0 };
        let spring = runs(&mut Plan::default(), daily, "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(spring, ["2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]);
        let autumn = runs(&mut Plan::default(), daily, "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(autumn, ["2026-10-24T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"]);
    }

    #[test]
    fn a_time_that_does_not_exist_or_comes_twice_is_run_once() {
        let half_past_two = Daily { hour: 2, minute: 30 };
        let spring = runs(&mut Plan::default(), half_past_two, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
        assert_eq!(spring, ["2026-03-29T01:30:00Z"], "as 3:30 by the new clock");
        let autumn = runs(&mut Plan::default(), half_past_two, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(autumn, ["2026-10-25T00:30:00Z"], "the first of two");
    }

    #[test]
    fn a_clock_that_is_set_neither_loses_a_day_nor_doubles_it() {
        let (daily, mut plan) = (Daily { hour: 3, minute: 0 }, Plan::default());
        let zone = zone(PARIS).unwrap();
        assert!(!plan.look(&zone, daily, None) && plan.next().is_none());
        assert_eq!(runs(&mut plan, daily, "2026-07-01T00:00:00Z", "2026-07-01T00:50:00Z"), [""; 0]);
        assert_eq!(plan.next(), at("2026-07-01T01:00:00Z"));
        // Over the time: late, once.
        assert_eq!(runs(&mut plan, daily, "2026-07-01T01:20:00Z", "2026-07-01T02:00:00Z"), ["2026-07-01T01:20:00Z"]);
        // Back before it: that day is done.
        assert_eq!(runs(&mut plan, daily, "2026-07-01T00:30:00Z", "2026-07-01T02:00:00Z"), [""; 0]);
        // Ten years on and back again: each once, and the days go on.
        assert_eq!(runs(&mut plan, daily, "2036-01-01T12:00:00Z", "2036-01-01T13:00:00Z").len(), 1);
        assert!(!plan.look(&zone, daily, at("2026-07-01T12:00:00Z")));
        assert_eq!(
            runs(&mut plan, daily, "2026-07-01T12:00:00Z", "2026-07-03T12:00:00Z"),
            ["2026-07-02T01:00:00Z", "2026-07-03T01:00:00Z"]
        );
    }
}
