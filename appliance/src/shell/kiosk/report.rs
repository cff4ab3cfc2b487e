//! Holds what every day came to: sessions, minutes, how full it was by the hour, what was refused. Thirteen months of it.
//! Never knows a person or a workstation: these are numbers alone. The room counts, the API and the page show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigie_core::kiosk::desk::{Event, Told};
use vigie_core::kiosk::session::State;

use super::fault::Fault;
use super::record;
use super::room::Room;
use super::sessions::SessionView;

/// Days kept: thirteen months. 270 B each, 105 KiB in all; the oldest leaves.
pub(super) const MAX_DAYS: usize = 400;
/// Hours of a day by the wall clock.
pub const HOURS: usize = 24;

/// What one day came to, by the site's clock. What happens before anybody set the clock counts for no day.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayReport {
    /// Codes made.
    pub issued: u32,
    /// Codes that were never used.
    pub void: u32,
    /// Sessions begun.
    pub started: u32,
    /// Sessions whose time was used up.
    pub expired: u32,
    /// Sessions ended before their time.
    pub ended: u32,
    /// Sessions whose workstation was restarted.
    pub interrupted: u32,
    /// Sessions that are over; the milliseconds below are theirs.
    pub closed: u32,
    /// Milliseconds granted.
    pub granted_ms: u64,
    /// Milliseconds used.
    pub used_ms: u64,
    /// Wrong codes.
    pub wrong_codes: u32,
    /// Right codes that were refused: no quota left, closed, the seat not free.
    pub refused: u32,
    /// Sessions begun in each hour.
    pub started_by_hour: [u16; HOURS],
    /// Minutes used in each hour, at all workstations together.
    pub minutes_by_hour: [u16; HOURS],
    /// Most workstations there were.
    pub stations: u16,
}

/// The days.
#[derive(Default)]
pub(super) struct Days {
    pub(super) rows: BTreeMap<u32, DayReport>,
}

impl Room {
    /// What a day came to, in days since 1970 by the site's clock.
    #[must_use]
    pub fn report(&self, day: u32) -> Option<&DayReport> {
        self.days.rows.get(&day)
    }

    /// The days there is something of, newest first.
    pub fn report_days(&self) -> impl Iterator<Item = u32> {
        self.days.rows.keys().rev().copied()
    }

    pub(super) fn count_event(&mut self, told: &Told) {
        if matches!(told.event, Event::CodeRefused(_)) {
            self.refusals += 1;
        }
        let hour = self.wall_ms().map_or(0, |wall_ms| self.hour_of(wall_ms));
        self.count(|day| match told.event {
            Event::CodeIssued => day.issued += 1,
            Event::CodeRefused(_) => day.wrong_codes += 1,
            Event::CodeVoid => day.void += 1,
            Event::Started => {
                day.started += 1;
                if let Some(count) = day.started_by_hour.get_mut(hour) {
                    *count = count.saturating_add(1);
                }
            }
            Event::Expired => day.expired += 1,
            Event::Ended => day.ended += 1,
            Event::Interrupted => day.interrupted += 1,
            _ => {}
        });
    }

    /// A right code was refused.
    pub(super) fn count_refusal(&mut self, fault: Fault) -> Fault {
        use vigie_core::kiosk::desk::Refusal;
        if let Fault::Desk(Refusal::QuotaUsed | Refusal::Closed | Refusal::NotFree(_) | Refusal::Elsewhere(_)) = fault {
            self.refusals += 1;
            self.count(|day| day.refused += 1);
        }
        fault
    }

    /// A session is over: its time is spread over the hours in which it ran.
    pub(super) fn count_session(&mut self, view: &SessionView) {
        if view.state != State::Closed || view.started.is_none() {
            return;
        }
        let ends = [view.started, view.ended].map(|moment| {
            moment.and_then(|moment| self.clocks.unix(moment)).and_then(|wall| u64::try_from(wall.as_millis()).ok())
        });
        let mut shares = [0_u64; HOURS];
        if let [Some(began_ms), Some(ended_ms)] = ends
            && let Some(length_ms) = ended_ms.checked_sub(began_ms).filter(|ms| (1..=7 * 86_400_000).contains(ms))
        {
            // In minutes of the wall clock: whoever was suspended in between used less than the clock went on.
            let (mut at_ms, step_ms) = (began_ms, 60_000);
            while at_ms < ended_ms {
                let part_ms = step_ms.min(ended_ms - at_ms);
                if let Some(share) = shares.get_mut(self.hour_of(at_ms)) {
                    *share += view.used_ms * part_ms / length_ms;
                }
                at_ms += step_ms;
            }
        }
        self.count(|day| {
            day.closed += 1;
            day.granted_ms += view.granted_ms;
            day.used_ms += view.used_ms;
            for (minutes, share_ms) in day.minutes_by_hour.iter_mut().zip(shares) {
                *minutes = minutes.saturating_add(u16::try_from((share_ms + 30_000) / 60_000).unwrap_or(u16::MAX));
            }
        });
    }

    fn hour_of(&self, wall_ms: u64) -> usize {
        let at = i64::try_from(wall_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        at.and_then(|at| usize::try_from(at.to_zoned(self.zone.now()).hour()).ok()).unwrap_or(0)
    }

    /// Counts something today, and saves the day in the same batch.
    fn count(&mut self, change: impl FnOnce(&mut DayReport)) {
        let Some(today) = self.today() else { return };
        let stations = u16::try_from(self.register.entries.len()).unwrap_or(u16::MAX);
        let before = self.days.rows.get(&today).cloned().unwrap_or_default();
        let mut day = before.clone();
        change(&mut day);
        if day == before {
            return;
        }
        day.stations = day.stations.max(stations);
        // Rows of a batch replace each other: however many are counted in one call, one is written.
        self.out.rows.push(record::day(today, &day));
        self.days.rows.insert(today, day);
        while self.days.rows.len() > MAX_DAYS {
            let Some((oldest, _)) = self.days.rows.pop_first() else { break };
            self.out.rows.push(record::no_day(oldest));
        }
    }
}
