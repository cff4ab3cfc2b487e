//! Holds how fast the product may ask, as three words a person chooses from and the numbers behind them.
//! Never holds a count that changes: budgets do. Called by plans.

use core::fmt;
use core::str::FromStr;

use embassy_time::Duration;

/// How fast a sweep goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// For networks with fragile things on them.
    Gentle,
    /// What runs every few minutes, for years.
    #[default]
    Background,
    /// When a person waits for the answer.
    Fast,
}

/// The numbers of one pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// All frames a second. Background stays under the 1,000 that small devices were seen to bear; fast under 20,000.
    pub(super) frames_per_second: u32,
    /// Broadcasts a second among them: every station of the segment must look at each one.
    pub(super) broadcasts_per_second: u32,
    /// Unanswered TCP probes per host: far below the 200 entries of a small server's listen queue.
    pub(super) open_per_host: usize,
    /// Pause after a round of discovery before what stayed silent is asked again. Losses on Wi-Fi come in bursts,
    /// so the slower paces leave more time between the tries.
    pub(super) round_gap: Duration,
    /// How long to listen after the last question.
    pub(super) settle: Duration,
    /// How long an answer to a question for a name may take before it is asked again, at least; what answers take on this
    /// segment may make it longer.
    pub(super) patience: Duration,
    /// Whether a person waits: what may be repeated sooner is.
    pub(super) haste: bool,
}

/// An answer to a question for a name is not waited for longer.
pub(super) const LONGEST_PATIENCE: Duration = Duration::from_millis(900);

impl Pace {
    /// Every pace, slowest first.
    pub const ALL: &'static [Self] = &[Self::Gentle, Self::Background, Self::Fast];

    /// The word in JSON and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gentle => "gentle",
            Self::Background => "background",
            Self::Fast => "fast",
        }
    }

    pub(super) const fn rate(self) -> Rate {
        match self {
            Self::Gentle => Rate {
                frames_per_second: 50,
                broadcasts_per_second: 25,
                open_per_host: 1,
                round_gap: Duration::from_secs(2),
                settle: Duration::from_secs(2),
                patience: LONGEST_PATIENCE,
                haste: false,
            },
            Self::Background => Rate {
                frames_per_second: 400,
                broadcasts_per_second: 200,
                open_per_host: 2,
                round_gap: Duration::from_millis(700),
                settle: Duration::from_secs(1),
                patience: LONGEST_PATIENCE,
                haste: false,
            },
            Self::Fast => Rate {
                frames_per_second: 18_000,
                broadcasts_per_second: 5_000,
                open_per_host: 10,
                round_gap: Duration::from_millis(50),
                settle: Duration::from_millis(150),
                // Twice the longest an mDNS responder waits before it answers (120 ms, RFC 6762 section 6).
                patience: Duration::from_millis(250),
                haste: true,
            },
        }
    }
}

/// The text names no pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPace;

impl fmt::Display for UnknownPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pace is gentle, background or fast")
    }
}

impl core::error::Error for UnknownPace {}

impl FromStr for Pace {
    type Err = UnknownPace;

    fn from_str(text: &str) -> Result<Self, UnknownPace> {
        Self::ALL.iter().copied().find(|pace| pace.name() == text).ok_or(UnknownPace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_manners_of_the_product() {
        assert!(Pace::Gentle.rate().frames_per_second < Pace::Background.rate().frames_per_second);
        assert!(Pace::Background.rate().frames_per_second <= 1_000);
        assert!(Pace::Fast.rate().frames_per_second <= 20_000);
        for pace in Pace::ALL {
            assert!(pace.rate().open_per_host <= 20, "{pace:?}");
            assert_eq!(pace.name().parse(), Ok(*pace));
        }
    }
}
