//! Holds how much of the last day, week and month a device was present, in fixed memory, and the strip of its last day.
//! Never counts time in which nobody looked: a ratio is over the time watched. Called by presence, read by the page.

use embassy_time::Duration;

const QUARTER_MS: u32 = 15 * 60 * 1_000;
const HOUR_MS: u32 = 60 * 60 * 1_000;
/// Days are kept in steps of 2 s, so that a whole one (43,200 steps) fits in 16 bits.
const DAY_STEP_S: u16 = 2;
/// Quarters of an hour in the strip: one day.
pub const STRIP_QUARTERS: usize = 96;

/// What was known of a device during some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Watched {
    /// It was there.
    Online,
    /// It was not.
    Offline,
    /// Nobody looked: the service or its link was down.
    Blind,
}

/// What a quarter of an hour looked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Quarter {
    /// Nobody looked.
    Blind,
    /// Offline throughout.
    Offline,
    /// Online throughout.
    Online,
    /// Both.
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
struct Share {
    online: u16,
    watched: u16,
}

/// Hours of a day, days of a month, quarters of a day; the running one first. About 260 B.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Uptime {
    into_hour_ms: u32,
    online_ms: u32,
    watched_ms: u32,
    hour_of_day: u8,
    /// The 23 whole hours before the running one, in seconds.
    hours: [Share; 23],
    /// The running day without its running hour, then the 29 days before it, in steps of 2 s.
    days: [Share; 30],
    /// Two bits a quarter, the running one lowest: 1 is "some offline", 2 is "some online".
    strip: [u64; 3],
}

impl Uptime {
    /// Counts the next `elapsed` as `state`. Past 31 days only the last 31 are counted.
    pub fn advance(&mut self, elapsed: Duration, state: Watched) {
        let mut left_ms = elapsed.as_millis().min(31 * 24 * u64::from(HOUR_MS));
        while left_ms > 0 {
            let into_quarter_ms = self.into_hour_ms % QUARTER_MS;
            let room_ms = QUARTER_MS - into_quarter_ms;
            let step_ms = u32::try_from(left_ms).unwrap_or(u32::MAX).min(room_ms);
            let (online_ms, watched_ms, bits) = match state {
                Watched::Online => (step_ms, step_ms, 2),
                Watched::Offline => (0, step_ms, 1),
                Watched::Blind => (0, 0, 0),
            };
            self.online_ms += online_ms;
            self.watched_ms += watched_ms;
            if let Some(lowest) = self.strip.first_mut() {
                *lowest |= bits;
            }
            self.into_hour_ms += step_ms;
            left_ms -= u64::from(step_ms);
            if step_ms == room_ms {
                self.begin_quarter();
            }
        }
    }

    fn begin_quarter(&mut self) {
        let mut carry = 0;
        for word in &mut self.strip {
            let out = *word >> 62;
            *word = *word << 2 | carry;
            carry = out;
        }
        if self.into_hour_ms >= HOUR_MS {
            self.begin_hour();
        }
    }

    fn begin_hour(&mut self) {
        let hour = Share { online: seconds(self.online_ms), watched: seconds(self.watched_ms) };
        self.hours.rotate_right(1);
        if let Some(last) = self.hours.first_mut() {
            *last = hour;
        }
        if let Some(today) = self.days.first_mut() {
            today.online = today.online.saturating_add(hour.online / DAY_STEP_S);
            today.watched = today.watched.saturating_add(hour.watched / DAY_STEP_S);
        }
        (self.into_hour_ms, self.online_ms, self.watched_ms) = (0, 0, 0);
        self.hour_of_day = (self.hour_of_day + 1) % 24;
        if self.hour_of_day == 0 {
            self.days.rotate_right(1);
            if let Some(today) = self.days.first_mut() {
                *today = Share::default();
            }
        }
    }

    /// The share of the last 24 hours, 0 to 1, of the time watched; `None` when nobody looked.
    #[must_use]
    pub fn day(&self) -> Option<f32> {
        self.ratio(self.hours.iter(), 1)
    }

    /// The share of this day and the 6 before it.
    #[must_use]
    pub fn week(&self) -> Option<f32> {
        self.ratio(self.days.iter().take(7), DAY_STEP_S)
    }

    /// The share of this day and the 29 before it.
    #[must_use]
    pub fn month(&self) -> Option<f32> {
        self.ratio(self.days.iter(), DAY_STEP_S)
    }

    fn ratio<'a>(&self, shares: impl Iterator<Item = &'a Share>, step_s: u16) -> Option<f32> {
        let running = (u64::from(self.online_ms), u64::from(self.watched_ms));
        let step_ms = u64::from(step_s) * 1_000;
        let (online_ms, watched_ms) = shares.fold(running, |(online_ms, watched_ms), share| {
            (online_ms + u64::from(share.online) * step_ms, watched_ms + u64::from(share.watched) * step_ms)
        });
        #[allow(clippy::cast_precision_loss)] // A month in ms to 24 bits: 1 part in 16 million.
        (watched_ms > 0).then(|| online_ms as f32 / watched_ms as f32)
    }

    /// This day and the 29 before it, the running one first: the share of each, 0 to 1, of the time watched; `None` where
    /// nobody looked. Days begin when the device was first seen, not at midnight: no clock is needed.
    pub fn days(&self) -> impl Iterator<Item = Option<f32>> + '_ {
        let running = (self.online_ms / 1_000, self.watched_ms / 1_000);
        self.days.iter().enumerate().map(move |(place, share)| {
            let (online_s, watched_s) = if place == 0 { running } else { (0, 0) };
            let online_s = online_s + u32::from(share.online) * u32::from(DAY_STEP_S);
            let watched_s = watched_s + u32::from(share.watched) * u32::from(DAY_STEP_S);
            #[allow(clippy::cast_precision_loss)] // A day in seconds has 17 bits.
            (watched_s > 0).then(|| online_s as f32 / watched_s as f32)
        })
    }

    /// The last day in quarters of an hour, the running one first.
    pub fn strip(&self) -> impl Iterator<Item = Quarter> {
        let words = self.strip;
        (0..STRIP_QUARTERS).map(move |quarter| {
            let word = words.get(quarter / 32).copied().unwrap_or_default();
            match word >> (quarter % 32 * 2) & 3 {
                0 => Quarter::Blind,
                1 => Quarter::Offline,
                2 => Quarter::Online,
                _ => Quarter::Mixed,
            }
        })
    }
}

fn seconds(ms: u32) -> u16 {
    // Rounded, so that an hour of many short spells does not lose half a second each.
    u16::try_from((ms + 500) / 1_000).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn ratios_are_over_the_time_watched() {
        let mut uptime = Uptime::default();
        assert_eq!(uptime.day(), None);
        uptime.advance(HOUR * 3, Watched::Online);
        uptime.advance(HOUR * 10, Watched::Blind);
        uptime.advance(HOUR, Watched::Offline);
        assert_eq!(uptime.day(), Some(0.75));
        assert_eq!(uptime.week(), Some(0.75));
        assert_eq!(uptime.month(), Some(0.75));
    }

    #[test]
    fn the_past_falls_out_of_each_window_in_turn() {
        let mut uptime = Uptime::default();
        uptime.advance(HOUR * 24, Watched::Online);
        uptime.advance(HOUR * 24, Watched::Offline);
        assert_eq!(uptime.day(), Some(0.0));
        assert_eq!(uptime.week(), Some(0.5));
        uptime.advance(HOUR * 24 * 6, Watched::Offline);
        assert_eq!(uptime.week(), Some(0.0));
        assert_eq!(uptime.month(), Some(0.125));
        uptime.advance(HOUR * 24 * 400, Watched::Offline);
        assert_eq!(uptime.month(), Some(0.0));
    }

    #[test]
    fn days_are_told_one_by_one_newest_first() {
        let mut uptime = Uptime::default();
        uptime.advance(HOUR * 24, Watched::Online);
        uptime.advance(HOUR * 24, Watched::Blind);
        uptime.advance(HOUR * 18, Watched::Offline);
        uptime.advance(HOUR * 6, Watched::Online);
        uptime.advance(HOUR / 2, Watched::Online);
        let days: Vec<Option<f32>> = uptime.days().collect();
        assert_eq!(days.len(), 30);
        assert_eq!(days[..5], [Some(1.0), Some(0.25), None, Some(1.0), None]);
    }

    #[test]
    fn many_short_spells_count_as_one_long_one() {
        let mut uptime = Uptime::default();
        for _ in 0..86_400 * 2 {
            uptime.advance(Duration::from_millis(500), Watched::Online);
        }
        for _ in 0..86_400 {
            uptime.advance(Duration::from_millis(1_000), Watched::Offline);
        }
        assert_eq!(uptime.week(), Some(0.5));
    }

    #[test]
    fn the_strip_shows_the_last_day_newest_first() {
        let mut uptime = Uptime::default();
        uptime.advance(HOUR * 23, Watched::Online);
        uptime.advance(HOUR / 2, Watched::Blind);
        uptime.advance(HOUR / 4, Watched::Offline);
        uptime.advance(HOUR / 8, Watched::Online);
        uptime.advance(HOUR / 16, Watched::Offline);
        let strip: Vec<Quarter> = uptime.strip().collect();
        assert_eq!(strip[..4], [Quarter::Mixed, Quarter::Offline, Quarter::Blind, Quarter::Blind]);
        assert!(strip[4..].iter().all(|quarter| *quarter == Quarter::Online), "{strip:?}");
    }
}
