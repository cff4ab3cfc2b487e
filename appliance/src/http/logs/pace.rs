//! Holds the pace of log lines: each place of the program that logs has its own allowance.
//! It never silences a place for good, and counts every line it leaves out by level.
//! The log asks it before a line reaches anybody: standard output, the ring, the syslog host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;

use super::LogRing;
use crate::accounts::clock::Clock;

/// Lines a place may write at once: what happens in one start or one storm of changes is worth reading whole.
const BURST: u32 = 20;
/// After that, one line of a place in this time: whatever the network sends, the log stays readable.
const REFILL: Duration = Duration::from_secs(1);
/// Places told apart, about 60 bytes each. The program has fewer; whatever comes beyond shares one allowance.
const MAX_PLACES: usize = 512;

/// Levels, the worst first; their order is that of the counters.
pub(super) const LEVELS: [Level; 5] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];

/// What one place may still write.
struct Allowance {
    tokens: u32,
    /// When the last token was added.
    filled: Duration,
    /// Lines left out since the last one that passed.
    left_out: u64,
}

impl Allowance {
    const fn full(now: Duration) -> Self {
        Self { tokens: BURST, filled: now, left_out: 0 }
    }

    /// Whether a line may pass now; if so, how many were left out before it.
    fn take(&mut self, now: Duration) -> Option<u64> {
        let gained = now.saturating_sub(self.filled).as_secs() / REFILL.as_secs();
        if gained > 0 {
            self.filled = now;
            self.tokens = BURST.min(self.tokens.saturating_add(u32::try_from(gained).unwrap_or(BURST)));
        }
        if self.tokens == 0 {
            self.left_out += 1;
            return None;
        }
        self.tokens -= 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[derive(Default)]
struct Places {
    known: HashMap<Identifier, Allowance>,
    others: Option<Allowance>,
    /// Lines left out since the start, by level.
    left_out: [u64; LEVELS.len()],
}

/// The allowances of all places.
pub struct Pace {
    places: Mutex<Places>,
    clock: Arc<dyn Clock>,
}

impl Pace {
    /// Everybody has a full allowance.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { places: Mutex::default(), clock })
    }

    /// Lines left out since the start, by level, the worst level first.
    #[must_use]
    pub fn left_out(&self) -> [(&'static str, u64); LEVELS.len()] {
        let counts = self.places().left_out;
        std::array::from_fn(|at| (LEVELS[at].as_str(), counts[at]))
    }

    /// Whether a line of this place may pass, and how many of the same place were left out before it.
    fn admit(&self, place: Identifier, level: Level) -> Option<u64> {
        let now = self.clock.now();
        let mut places = self.places();
        let room = places.known.len() < MAX_PLACES || places.known.contains_key(&place);
        let allowance = match room {
            true => places.known.entry(place).or_insert_with(|| Allowance::full(now)),
            false => places.others.get_or_insert_with(|| Allowance::full(now)),
        };
        let admitted = allowance.take(now);
        if admitted.is_none() {
            let at = LEVELS.iter().position(|known| *known == level).unwrap_or_default();
            places.left_out[at] += 1;
        }
        admitted
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds back what is too much, for every layer alike. What was held back is told in the ring when the place speaks again.
pub struct PaceLayer(pub Arc<LogRing>);

impl<S: Subscriber> tracing_subscriber::Layer<S> for PaceLayer {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        match self.0.pace.admit(metadata.callsite(), *metadata.level()) {
            None => false,
            Some(0) => true,
            Some(left_out) => {
                let words = format!("{left_out} more lines of the same kind were left out before the next one");
                self.0.push(*metadata.level(), metadata.target(), words);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::http::logs::RingLayer;

    fn log(ring: &Arc<LogRing>, lines: impl FnOnce()) {
        let layers = tracing_subscriber::registry().with(LevelFilter::INFO).with(PaceLayer(ring.clone()));
        tracing::subscriber::with_default(layers.with(RingLayer(ring.clone())), lines);
    }

    #[test]
    fn a_place_that_is_driven_from_outside_writes_a_line_a_second_and_the_rest_is_counted() {
        let clock = Arc::new(HandClock::default());
        let ring = LogRing::new(clock.clone());
        const SECONDS: u64 = 60;
        log(&ring, || {
            for second in 0..SECONDS {
                for packet in 0..1_000 {
                    tracing::warn!(second, packet, "a hostile packet");
                    tracing::debug!("not even counted: the level is off");
                }
                clock.advance(Duration::from_secs(1));
            }
            tracing::warn!("another place is not held back");
        });
        let (lines, _) = ring.since(0, usize::MAX, Level::TRACE);
        let hostile = lines.iter().filter(|line| line.message.starts_with("a hostile packet")).count() as u64;
        assert_eq!(hostile, u64::from(BURST) + SECONDS - 1, "a burst, then one a second");
        assert_eq!(lines.last().unwrap().message, "another place is not held back");
        let told: u64 =
            lines.iter().filter_map(|line| line.message.split_once(" more lines")?.0.parse::<u64>().ok()).sum();
        let counted = ring.pace.left_out();
        assert_eq!(counted[1], ("WARN", SECONDS * 1_000 - hostile));
        assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), counted[1].1);
        assert_eq!(told, counted[1].1 - 999, "all but those of the last second are told in the ring too");
    }

    #[test]
    fn a_quiet_place_gets_its_burst_back() {
        let mut allowance = Allowance::full(Duration::ZERO);
        assert_eq!((0..50).filter(|_| allowance.take(Duration::ZERO).is_some()).count() as u32, BURST);
        assert_eq!(allowance.take(Duration::from_secs(5)), Some(30));
        let later = (0..50).filter(|_| allowance.take(Duration::from_secs(500)).is_some()).count();
        assert_eq!(later as u32, BURST, "never more than a burst is saved up");
    }
}
