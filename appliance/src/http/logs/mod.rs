//! Holds the latest log lines in RAM, for the page and for people without a console.
//! It never writes to the card and never holds more than its bytes; lines pushed out are counted.
//! `run` installs it as a layer of `tracing`, `/api/system/logs` reads it.

pub mod bell;
pub mod pace;

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;

use self::pace::Pace;
use crate::accounts::clock::{Clock, format_utc};

/// Bytes of text and bookkeeping kept.
pub const MAX_RING_BYTES: usize = 256 * 1024;

/// Longest line; the rest is cut.
const MAX_LINE_BYTES: usize = 1_024;

/// What a line costs beside its text.
const LINE_COST_BYTES: usize = size_of::<Line>() + 16;

/// One line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Counts up from 1 at each start.
    pub seq: u64,
    /// When, RFC 3339 in UTC; `null` while the clock is not set.
    pub ts: Option<String>,
    /// Milliseconds since start.
    pub at_ms: u64,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: &'static str,
    /// Where in the program.
    pub target: &'static str,
    /// What.
    pub message: String,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    next: u64,
    dropped: u64,
}

/// The latest lines.
pub struct LogRing {
    ring: Mutex<Ring>,
    clock: Arc<dyn Clock>,
    /// How much each place may write; counts what was left out.
    pub pace: Arc<Pace>,
    arrived: Notify,
}

impl LogRing {
    /// An empty ring.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let pace = Pace::new(clock.clone());
        Arc::new(Self { ring: Mutex::default(), clock, pace, arrived: Notify::new() })
    }

    /// Adds a line; the oldest make room.
    pub fn push(&self, level: Level, target: &'static str, mut message: String) {
        if message.len() > MAX_LINE_BYTES {
            let end = (0..=MAX_LINE_BYTES).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
            message.truncate(end);
            message.push('…');
        }
        message.shrink_to_fit();
        let (wall, now) = (self.clock.wall(), self.clock.now());
        let mut ring = self.ring();
        ring.next += 1;
        let line = Line {
            seq: ring.next,
            ts: wall.map(format_utc),
            at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            level: level.as_str(),
            target,
            message,
        };
        ring.bytes += cost(&line);
        ring.lines.push_back(line);
        while ring.bytes > MAX_RING_BYTES {
            let Some(old) = ring.lines.pop_front() else { break };
            ring.bytes -= cost(&old);
            ring.dropped += 1;
        }
        drop(ring);
        self.arrived.notify_waiters();
    }

    /// The lines after a number that are at least as grave as `level`, oldest first, and how many have been pushed out
    /// since the start.
    #[must_use]
    pub fn since(&self, seq: u64, limit: usize, level: Level) -> (Vec<Line>, u64) {
        let ring = self.ring();
        let wanted = |line: &&Line| line.seq > seq && line.level.parse::<Level>().is_ok_and(|own| own <= level);
        (ring.lines.iter().filter(wanted).take(limit).cloned().collect(), ring.dropped)
    }

    /// Lines pushed out by newer ones since the start.
    #[must_use]
    pub fn pushed_out(&self) -> u64 {
        self.ring().dropped
    }

    /// The number of the newest line; 0 when there was none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.ring().next
    }

    /// Ends when there is a line after this number.
    pub async fn beyond(&self, seq: u64) {
        loop {
            let arrived = self.arrived.notified();
            if self.last() > seq {
                return;
            }
            arrived.await;
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(line: &Line) -> usize {
    line.message.len() + line.ts.as_ref().map_or(0, String::len) + LINE_COST_BYTES
}

/// Carries `tracing` events into a ring.
pub struct RingLayer(pub Arc<LogRing>);

impl<S: Subscriber> tracing_subscriber::Layer<S> for RingLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let metadata = event.metadata();
        self.0.push(*metadata.level(), metadata.target(), words.message + &words.rest);
    }
}

#[derive(Default)]
struct Words {
    message: String,
    rest: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.rest, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::accounts::clock::HandClock;

    #[test]
    fn the_ring_keeps_the_newest_within_its_bytes_and_counts_the_rest() {
        let ring = LogRing::new(Arc::new(HandClock::default()));
        for n in 0..10_000 {
            ring.push(Level::INFO, "test", format!("line {n} {}", "x".repeat(100)));
        }
        let (lines, dropped) = ring.since(0, usize::MAX, Level::TRACE);
        assert_eq!(lines.len() as u64 + dropped, 10_000);
        assert_eq!(lines.last().unwrap().seq, 10_000);
        assert!(ring.ring().bytes <= MAX_RING_BYTES && ring.ring().bytes > MAX_RING_BYTES - 1_024);
        assert_eq!(ring.since(9_998, 10, Level::TRACE).0.len(), 2);
        assert_eq!(ring.since(0, 3, Level::TRACE).0.len(), 3);
    }

    #[test]
    fn only_what_is_grave_enough_is_read_when_asked_so() {
        let ring = LogRing::new(Arc::new(HandClock::default()));
        for (level, words) in [(Level::DEBUG, "d"), (Level::ERROR, "e"), (Level::INFO, "i"), (Level::WARN, "w")] {
            ring.push(level, "test", words.to_owned());
        }
        let read = |level| -> String { ring.since(0, 10, level).0.into_iter().map(|line| line.message).collect() };
        assert_eq!([Level::ERROR, Level::WARN, Level::INFO, Level::TRACE].map(read), ["e", "ew", "eiw", "deiw"]);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_next_line_is_woken_by_it() {
        let ring = LogRing::new(Arc::new(HandClock::default()));
        ring.push(Level::INFO, "test", "first".to_owned());
        ring.beyond(0).await;
        let (waiting, ring) = (ring.clone(), ring);
        let waits = tokio::spawn(async move { waiting.beyond(1).await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        ring.push(Level::INFO, "test", "second".to_owned());
        waits.await.unwrap();
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let ring = LogRing::new(Arc::new(HandClock::default()));
        ring.push(Level::WARN, "test", "é".repeat(5_000));
        let message = ring.since(0, 1, Level::TRACE).0.remove(0).message;
        assert!(message.len() <= MAX_LINE_BYTES + '…'.len_utf8() && message.ends_with("é…"));
    }

    #[test]
    fn events_of_the_program_come_in_with_their_fields() {
        let clock = Arc::new(HandClock::default());
        clock.advance(Duration::from_millis(1_500));
        let ring = LogRing::new(clock);
        let subscriber = tracing_subscriber::registry().with(RingLayer(ring.clone()));
        tracing::subscriber::with_default(subscriber, || tracing::warn!(count = 3, "camera {}", "gone"));
        let line = ring.since(0, 1, Level::TRACE).0.remove(0);
        assert_eq!(
            (line.level, line.message.as_str(), line.at_ms, line.ts),
            ("WARN", "camera gone count=3", 1_500, None)
        );
    }
}
