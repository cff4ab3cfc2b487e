//! Holds whether a device is there: ONLINE, SUSPECT, OFFLINE, and how patient to be with it.
//! Never calls a device absent because one source does not list it: only misses, time and a failed confirmation together do.
//! Called by `Lan` for every sign of life, every sweep and every confirmation.

use embassy_time::{Duration, Instant};

use super::Kind;
use super::gaps::Gaps;
use super::ladder::Ladder;
use super::settings::LanSettings;
use super::uptime::Watched;

/// Whether a device is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Not seen since the service started, and nothing proves it gone.
    #[default]
    Unknown,
    /// There.
    Online,
    /// Silent for longer than expected; being asked.
    Suspect,
    /// Gone, as far as asking can tell.
    Offline,
}

impl Presence {
    /// The lower-case name used in JSON and filters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Online => "online",
            Self::Suspect => "suspect",
            Self::Offline => "offline",
        }
    }
}

/// What the world was last told of a device. Changes are told against this, so that each ONLINE follows an OFFLINE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(super) enum Told {
    #[default]
    Nothing,
    Online,
    Offline,
}

/// Changes within [`FLAPPING_WINDOW`] that make a device flap: the third one is told as FLAPPING.
pub(super) const FLAPPING_CHANGES: usize = 3;
/// The window of [`FLAPPING_CHANGES`], and the quiet after which a flapping device has settled.
pub(super) const FLAPPING_WINDOW: Duration = Duration::from_secs(3_600);

/// The running state of presence. Not stored: after a restart it starts from what was told.
#[derive(Clone, Debug)]
pub(super) struct Vigil {
    pub(super) state: Presence,
    pub(super) misses: u8,
    /// Confirmations that failed in this suspicion, and the probes they sent.
    pub(super) rounds_failed: u8,
    pub(super) probes_sent: u16,
    pub(super) ladder: Option<Ladder>,
    /// When the next confirmation may begin.
    pub(super) retry: Option<Instant>,
    /// A person waits for the result of the running confirmation.
    pub(super) asked_by_person: bool,
    /// Confirmations in a row in which nothing else of the segment was heard either.
    pub(super) voids: u8,
    /// Changes of presence, newest first.
    pub(super) flips: [Option<Instant>; FLAPPING_CHANGES],
    pub(super) flapping: bool,
    /// When it was last heard in this boot.
    pub(super) heard: Option<Instant>,
    /// Up to when uptime is counted.
    pub(super) counted: Option<Instant>,
    /// From when on silence counts: its birth, its restoration, or the return of a leg or scanner that saw nothing.
    pub(super) since: Option<Instant>,
    /// How long it was silent before it was last heard.
    pub(super) last_silence: Duration,
}

/// How many misses and how much silence it takes, before the final confirmation, to call a device gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    pub(super) misses: u8,
    pub(super) silence: Duration,
}

impl Patience {
    /// Patience with a device of this kind and these habits.
    pub(super) fn with(kind: Kind, random_mac: bool, gaps: &Gaps, settings: &LanSettings) -> Self {
        let (misses, base) = match kind {
            Kind::Router | Kind::Switch | Kind::AccessPoint | Kind::Server | Kind::Nas | Kind::Voip => {
                (settings.wired_misses, settings.wired_silence)
            }
            Kind::Phone | Kind::Tablet | Kind::Wearable => (settings.other_misses, settings.phone_silence),
            // Random addresses are a habit of phones and tablets, which sleep.
            _ if random_mac => (settings.other_misses, settings.phone_silence),
            _ => (settings.other_misses, settings.other_silence),
        };
        let learnt = gaps.p99().map_or(Duration::MIN, |p99| p99 * 3 / 2);
        Self { misses: misses.max(1), silence: base.max(learnt.min(settings.longest_silence)) }
    }
}

impl Default for Vigil {
    fn default() -> Self {
        Self {
            state: Presence::Unknown,
            misses: 0,
            rounds_failed: 0,
            probes_sent: 0,
            ladder: None,
            retry: None,
            asked_by_person: false,
            voids: 0,
            flips: [None; FLAPPING_CHANGES],
            flapping: false,
            heard: None,
            counted: None,
            since: None,
            last_silence: Duration::MIN,
        }
    }
}

impl Vigil {
    /// How long nothing was heard although somebody listened.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        self.heard.max(self.since).map_or(Duration::MIN, |last| now.saturating_duration_since(last))
    }

    /// Takes note of a change of presence; says whether the device now flaps.
    pub(super) fn flip(&mut self, now: Instant) -> bool {
        self.flips.rotate_right(1);
        if let Some(newest) = self.flips.first_mut() {
            *newest = Some(now);
        }
        let oldest = self.flips.last().copied().flatten();
        oldest.is_some_and(|oldest| now.saturating_duration_since(oldest) <= FLAPPING_WINDOW)
    }

    /// When a flapping device has settled, unless it changes again.
    pub(super) fn settles(&self) -> Option<Instant> {
        let newest = self.flips.first().copied().flatten()?;
        self.flapping.then(|| newest + FLAPPING_WINDOW)
    }

    /// The time not yet counted as uptime, and what it is to be counted as for now.
    pub(super) fn uncounted(&self, now: Instant) -> Option<(Duration, Watched)> {
        let elapsed = now.saturating_duration_since(self.counted?);
        let state = match self.state {
            Presence::Online | Presence::Suspect => Watched::Online,
            Presence::Offline => Watched::Offline,
            Presence::Unknown => Watched::Blind,
        };
        Some((elapsed, state))
    }

    /// Ends a suspicion.
    pub(super) fn clear(&mut self) {
        self.misses = 0;
        self.rounds_failed = 0;
        self.probes_sent = 0;
        self.ladder = None;
        self.retry = None;
        self.voids = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Instant {
        Instant::from_secs(s)
    }

    #[test]
    fn the_third_change_within_an_hour_is_flapping() {
        let mut vigil = Vigil::default();
        assert!(!vigil.flip(seconds(0)));
        assert!(!vigil.flip(seconds(1_000)));
        assert!(vigil.flip(seconds(3_600)));
        assert!(!vigil.flip(seconds(9_000)));
    }

    #[test]
    fn patience_grows_with_kind_and_habit_up_to_its_bound() {
        let settings = LanSettings::default();
        let mut gaps = Gaps::default();
        let server = Patience::with(Kind::Server, false, &gaps, &settings);
        assert_eq!((server.misses, server.silence), (2, settings.wired_silence));
        let phone = Patience::with(Kind::Phone, false, &gaps, &settings);
        assert_eq!((phone.misses, phone.silence), (3, Duration::from_secs(900)));
        assert_eq!(Patience::with(Kind::Unknown, true, &gaps, &settings), phone);
        for _ in 0..20 {
            gaps.learn(Duration::from_secs(1_200));
        }
        assert!(Patience::with(Kind::Server, false, &gaps, &settings).silence >= Duration::from_secs(1_800));
        for _ in 0..200 {
            gaps.learn(Duration::from_secs(80_000));
        }
        assert_eq!(Patience::with(Kind::Server, false, &gaps, &settings).silence, settings.longest_silence);
    }
}
