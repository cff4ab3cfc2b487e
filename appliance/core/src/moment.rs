//! Holds `Moment`: a time that outlives a restart although the machine may not know the date.
//! Never reads a clock and never holds wall time: the service keeps, per boot, what the wall clock was, and may learn it late.
//! Called by every table whose rows are stored.

use embassy_time::{Duration, Instant};

/// Milliseconds since boot number `boot` began. Ordered first by boot, then by time.
///
/// Boots are counted by the service, from 1. A time of an earlier boot can be compared, but not subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
// A full table holds some 300,000 of them: without the four bytes that would align `ms` they are a quarter smaller.
#[repr(Rust, packed(4))]
pub struct Moment {
    /// Which boot of the machine, from 1; 0 is "before anything is known".
    pub boot: u32,
    /// Milliseconds since that boot, on the boot-time clock.
    pub ms: u64,
}

impl Moment {
    /// The moment `now` of boot number `boot`.
    #[must_use]
    pub const fn new(boot: u32, now: Instant) -> Self {
        Self { boot, ms: now.as_millis() }
    }

    /// How long ago this was at `now`; `None` when it lies in another boot or in the future.
    #[must_use]
    pub fn age(self, now: Self) -> Option<Duration> {
        if self.boot != now.boot {
            return None;
        }
        now.ms.checked_sub(self.ms).map(Duration::from_millis)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Moment {
    fn format(&self, formatter: defmt::Formatter<'_>) {
        // Copies: what is packed cannot be borrowed.
        let (boot, ms) = (self.boot, self.ms);
        defmt::write!(formatter, "boot {=u32} +{=u64} ms", boot, ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_within_a_boot_only() {
        let then = Moment { boot: 2, ms: 1_000 };
        assert_eq!(then.age(Moment { boot: 2, ms: 4_000 }), Some(Duration::from_secs(3)));
        assert_eq!(then.age(Moment { boot: 3, ms: 4_000 }), None);
        assert_eq!(then.age(Moment { boot: 2, ms: 999 }), None);
        assert!(then < Moment { boot: 3, ms: 0 });
    }
}
