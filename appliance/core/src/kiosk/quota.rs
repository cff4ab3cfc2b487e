//! Holds how much a person may use workstations in a day, and how much was used.
//! Never knows who the person is, nor what day it is. The desk asks it before a code is made and before it is redeemed.

use super::LocalDay;

/// What a site allows a person in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quota {
    /// Sessions begun.
    pub sessions: u8,
    /// Milliseconds granted.
    pub time_ms: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { sessions: 3, time_ms: 180 * 60_000 }
    }
}

/// What a person had on one day. The day is that on which a session began, however long it runs past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    day: LocalDay,
    sessions: u8,
    time_ms: u64,
}

/// What is left of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Sessions that may still begin.
    pub sessions: u8,
    /// Milliseconds that may still be granted.
    pub time_ms: u64,
}

impl Usage {
    /// What is left on `day`.
    #[must_use]
    pub fn left(&self, quota: Quota, day: LocalDay) -> Left {
        let (sessions, time_ms) = if self.day == day { (self.sessions, self.time_ms) } else { (0, 0) };
        Left { sessions: quota.sessions.saturating_sub(sessions), time_ms: quota.time_ms.saturating_sub(time_ms) }
    }

    /// A session of `granted_ms` begins on `day`.
    pub fn begin(&mut self, day: LocalDay, granted_ms: u64) {
        if self.day != day {
            *self = Self { day, sessions: 0, time_ms: 0 };
        }
        self.sessions = self.sessions.saturating_add(1);
        self.time_ms = self.time_ms.saturating_add(granted_ms);
    }

    /// A grant of a session begun on `day` changed by `delta_ms`; time not used comes back this way.
    pub fn adjust(&mut self, day: LocalDay, delta_ms: i64) {
        if self.day == day {
            self.time_ms = self.time_ms.saturating_add_signed(delta_ms);
        }
    }

    /// Whether this says nothing about `day` any more, so that the row can make room.
    #[must_use]
    pub fn is_over(&self, day: LocalDay) -> bool {
        self.day != day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_the_day_of_the_start() {
        let quota = Quota::default();
        let mut usage = Usage::default();
        usage.begin(Some(20_000), 60 * 60_000);
        assert_eq!(usage.left(quota, Some(20_000)), Left { sessions: 2, time_ms: 120 * 60_000 });
        assert_eq!(usage.left(quota, Some(20_001)), Left { sessions: 3, time_ms: 180 * 60_000 });
        usage.adjust(Some(20_000), -30 * 60_000);
        assert_eq!(usage.left(quota, Some(20_000)).time_ms, 150 * 60_000);
        usage.begin(Some(20_001), 60_000);
        usage.adjust(Some(20_000), -30_000);
        assert_eq!(
            usage.left(quota, Some(20_001)),
            Left { sessions: 2, time_ms: 179 * 60_000 },
            "yesterday's rest stays there"
        );
    }

    #[test]
    fn a_time_without_a_date_is_one_day() {
        let mut usage = Usage::default();
        for _ in 0..3 {
            usage.begin(None, 1_000);
        }
        assert_eq!(usage.left(Quota::default(), None).sessions, 0);
        assert_eq!(usage.left(Quota::default(), Some(20_000)).sessions, 3);
    }
}
