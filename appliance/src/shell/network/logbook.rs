//! Holds what of the sweeps outlives the service: that the first of a segment began and was survived, and which numbers are
//! given away. Never written sweep by sweep: while nothing changes, nothing is. Opened by `start`, kept by `sweeps`.
//!
//! A sweep may kill what sweeps: the process by a packet that lies, the board by a supply that is too weak for its radio.
//! Whoever starts again after that must not do the same at once, or it does so for ever. So before the first whole sweep
//! of a segment after each start a mark is on the card, and a while after it a second one. A start that finds the first
//! alone waits until the next sweep was due, five minutes at most, and twice as long each time in a row; what is known of
//! the segment is asked meanwhile. A later sweep that kills costs one start more, whose first sweep has a mark again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_core::Moment;
use vigie_core::lan::SegmentId;
use vigie_core::table::table_of;
use vigie_store::Durability;

use crate::shell::clocks::Clocks;
use crate::shell::keeper::{Keeper, Stored, WATCH};

/// Numbers set aside at once: three days of sweeps every five minutes cost one record. What is left of them at a restart
/// is skipped.
const NUMBERS_AT_ONCE: u32 = 1_000;
/// The wait after the first sweep that was not survived, unless the next was due sooner: most deaths are a plug that was
/// pulled, and whoever plugs it in again is waiting.
const FIRST_HOLD: Duration = Duration::from_secs(5 * 60);
/// The longest wait, after several in a row.
const LONGEST_HOLD: Duration = Duration::from_secs(60 * 60);
/// Doublings after which the wait is the longest in any case.
const MAX_DOUBLINGS: u8 = 6;
/// The key of the numbers; those of segments are one byte.
const NUMBERS: &[u8] = b"numbers";

/// The first whole sweep of a segment in one run of the service, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// When it began.
    began: Moment,
    /// Whether the service was still there a while after it.
    survived: bool,
    /// Starts in a row, before this one, whose first sweep was not survived.
    deaths: u8,
}

/// What is known of earlier sweeps, and where it is stored.
pub(super) struct Logbook {
    keeper: Option<Keeper>,
    marks: BTreeMap<SegmentId, Mark>,
    /// Segments that have their mark of this run.
    begun: Vec<SegmentId>,
    next: u32,
    reserved: u32,
}

impl Logbook {
    /// Reads what was stored. Without a keeper it is empty, and stays so.
    pub(super) fn open(stored: &[Stored], keeper: Option<Keeper>) -> Self {
        let rows = || stored.iter().filter(|row| row.kind == WATCH.id);
        let mark = |row: &Stored| match row.key.as_slice() {
            [segment] => Some((SegmentId(*segment), postcard::from_bytes(&row.value).ok()?)),
            _ => None,
        };
        let numbers = rows().find(|row| row.key == NUMBERS);
        let reserved = numbers.and_then(|row| postcard::from_bytes::<u32>(&row.value).ok()).unwrap_or(0);
        Self { keeper, marks: table_of(rows().filter_map(mark)), begun: Vec::new(), next: reserved, reserved }
    }

    /// How long the first whole sweep of a segment waits, because the last one was not survived; `every` is the interval.
    pub(super) fn hold(&self, segment: SegmentId, now: Moment, clocks: &Clocks, every: Duration) -> Option<Duration> {
        if self.begun.contains(&segment) {
            return None;
        }
        let mark = self.marks.get(&segment).filter(|mark| !mark.survived)?;
        let whole = every.min(FIRST_HOLD).saturating_mul(1 << mark.deaths.min(MAX_DOUBLINGS)).min(LONGEST_HOLD);
        // Across boots only the wall clock tells how long ago that was; without it, all of the time is waited.
        let since = match mark.began.age(now) {
            Some(age) => Some(Duration::from_millis(age.as_millis())),
            None => clocks.unix(mark.began).zip(clocks.unix(now)).and_then(|(then, now)| now.checked_sub(then)),
        };
        Some(whole.saturating_sub(since.unwrap_or_default())).filter(|left| !left.is_zero())
    }

    /// Whether the first whole sweep of a segment still needs its mark.
    pub(super) fn needs_mark(&self, segment: SegmentId) -> bool {
        self.keeper.is_some() && !self.begun.contains(&segment)
    }

    /// Notes that the first whole sweep of a segment is about to begin. Gives what to wait for before it does.
    pub(super) fn begin(&mut self, segment: SegmentId, now: Moment) -> Option<impl Future<Output = ()> + use<>> {
        let before = self.marks.get(&segment);
        let deaths = before.filter(|mark| !mark.survived).map_or(0, |mark| mark.deaths.saturating_add(1));
        let mark = Mark { began: now, survived: false, deaths };
        self.begun.push(segment);
        self.marks.insert(segment, mark);
        self.reserve();
        let (keeper, value) = self.keeper.clone().zip(postcard::to_allocvec(&mark).ok())?;
        Some(async move {
            // A card that takes nothing is told by `readyz`; the network is watched all the same.
            if let Err(error) = keeper.put_now(WATCH, &[segment.0], value).await {
                tracing::warn!("that a sweep begins is not stored: {error}");
            }
        })
    }

    /// Notes that a segment was swept and the service is still there.
    pub(super) fn survive(&mut self, segment: SegmentId) {
        let Some(mark) = self.marks.get_mut(&segment).filter(|mark| !mark.survived) else { return };
        if !self.begun.contains(&segment) {
            return;
        }
        (mark.survived, mark.deaths) = (true, 0);
        if let (Some(keeper), Ok(value)) = (&self.keeper, postcard::to_allocvec(mark)) {
            keeper.put(WATCH, &[segment.0], value, Durability::Batch);
        }
    }

    /// The service ends as it should: no sweep killed it.
    pub(super) fn close(&mut self) {
        for segment in self.begun.clone() {
            self.survive(segment);
        }
    }

    /// A number no scan had before, restarts included.
    pub(super) fn number(&mut self) -> u32 {
        self.next = self.next.saturating_add(1);
        self.reserve();
        self.next
    }

    fn reserve(&mut self) {
        if self.next < self.reserved {
            return;
        }
        self.reserved = self.next.saturating_add(NUMBERS_AT_ONCE);
        if let (Some(keeper), Ok(value)) = (&self.keeper, postcard::to_allocvec(&self.reserved)) {
            keeper.put(WATCH, NUMBERS, value, Durability::Batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_time::Instant;

    const HERE: SegmentId = SegmentId(3);
    const EVERY: Duration = Duration::from_secs(300);

    fn at(boot: u32, seconds: u64) -> Moment {
        Moment::new(boot, Instant::from_secs(seconds))
    }

    fn now_ms() -> u64 {
        vigie_sys::clock::boot_us() / 1_000
    }

    /// One run of the service over the same card: opened, looked at, and killed.
    struct Card(tempfile::TempDir);

    impl Card {
        fn open(&self) -> (Keeper, Logbook) {
            let (keeper, stored) = Keeper::open(self.0.path(), now_ms).unwrap();
            let book = Logbook::open(&stored, Some(keeper.clone()));
            (keeper, book)
        }

        async fn killed_in_its_first_sweep(&self, now: Moment) -> (Option<Duration>, u64) {
            let (keeper, mut book) = self.open();
            let hold = book.hold(HERE, now, &Clocks::open(&[], None), EVERY);
            if hold.is_none() {
                book.begin(HERE, now).unwrap().await;
            }
            // All that is on the card before the sweep begins, and nothing after: as if killed now.
            let written = keeper.status().counters.bytes_written;
            keeper.stop().await;
            (hold, written)
        }
    }

    #[tokio::test]
    async fn a_sweep_that_kills_is_not_repeated_at_once() {
        let card = Card(tempfile::tempdir().unwrap());
        assert_eq!(card.killed_in_its_first_sweep(at(1, 10)).await.0, None);
        // Started again and again by its supervisor: one sweep, not one a start.
        for second in [12, 14, 18, 26, 100, 309] {
            let hold = card.killed_in_its_first_sweep(at(1, second)).await.0;
            assert_eq!(hold, Some(Duration::from_secs(310 - second)));
        }
        assert_eq!(card.killed_in_its_first_sweep(at(1, 310)).await.0, None, "it was due");
        let hold = card.killed_in_its_first_sweep(at(1, 310)).await.0;
        assert_eq!(hold, Some(EVERY * 2), "a second time in a row waits twice as long");
        // The board itself died: without a wall clock nobody knows when, so all of it is waited.
        let hold = card.killed_in_its_first_sweep(at(2, 1)).await.0;
        assert_eq!(hold, Some(EVERY * 2));
    }

    #[tokio::test]
    async fn what_was_survived_holds_nothing_back_and_is_written_once() {
        let card = Card(tempfile::tempdir().unwrap());
        let (keeper, mut book) = card.open();
        assert!(book.needs_mark(HERE));
        book.begin(HERE, at(1, 10)).unwrap().await;
        assert!(!book.needs_mark(HERE));
        book.survive(HERE);
        keeper.flush().await.unwrap();
        let written = keeper.status().counters.bytes_written;
        for _ in 0..300 {
            book.survive(HERE);
            book.number();
        }
        keeper.flush().await.unwrap();
        assert_eq!(keeper.status().counters.bytes_written, written, "later sweeps write nothing");
        keeper.stop().await;
        assert_eq!(card.killed_in_its_first_sweep(at(1, 20)).await.0, None);
    }

    #[tokio::test]
    async fn a_stop_as_it_should_be_is_no_death() {
        let card = Card(tempfile::tempdir().unwrap());
        let (keeper, mut book) = card.open();
        book.begin(HERE, at(1, 10)).unwrap().await;
        book.close();
        keeper.stop().await;
        let (_keeper, book) = card.open();
        assert_eq!(book.hold(HERE, at(1, 11), &Clocks::open(&[], None), EVERY), None);
    }

    #[tokio::test]
    async fn no_number_is_given_twice_whatever_ends_the_service() {
        let card = Card(tempfile::tempdir().unwrap());
        let mut last = 0;
        for _ in 0..4 {
            let (keeper, mut book) = card.open();
            for _ in 0..NUMBERS_AT_ONCE + 10 {
                let number = book.number();
                assert!(number > last);
                last = number;
            }
            keeper.stop().await;
        }
        assert!(last <= 8 * (NUMBERS_AT_ONCE + 10), "few are skipped: {last}");
        let mut unkept = Logbook::open(&[], None);
        assert_eq!((unkept.number(), unkept.number()), (1, 2));
        assert!(!unkept.needs_mark(HERE));
    }

    #[test]
    fn hold_grows_to_an_hour_and_no_further() {
        let mark = Mark { began: at(1, 0), survived: false, deaths: 200 };
        let row =
            Stored { kind: WATCH.id, version: 1, key: vec![HERE.0], value: postcard::to_allocvec(&mark).unwrap() };
        let book = Logbook::open(&[row], None);
        let clocks = Clocks::open(&[], None);
        assert_eq!(book.hold(HERE, at(1, 0), &clocks, EVERY), Some(LONGEST_HOLD));
        assert_eq!(book.hold(HERE, at(1, 0), &clocks, LONGEST_HOLD), Some(LONGEST_HOLD));
        assert_eq!(book.hold(SegmentId(4), at(1, 0), &clocks, EVERY), None, "of that segment only");
    }

    #[test]
    fn the_form_on_the_card_stays() {
        let mark = Mark { began: Moment { boot: 2, ms: 300 }, survived: false, deaths: 1 };
        assert_eq!(postcard::to_allocvec(&mark).unwrap(), [2, 0xac, 2, 0, 1]);
    }
}
