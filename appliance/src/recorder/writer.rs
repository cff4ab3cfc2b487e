//! Holds the writer of the flight recorder: a thread that brings waiting lines to the card when it is worth a page.
//! It never writes while nothing happens, never more than its allowance of a day, and never waits for anybody: lines
//! wait in RAM, bounded. Started by `run`, urged by those who say lines.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vigie_sys::recorder::{Line, MAX_WAITING};
use vigie_sys::{clock, recorder as ear};

use super::page::Head;
use super::ring::{self, Ring};
use super::say::{self, Before};
use super::symbols::Table;

/// Name of the folder beside the log, and of the ring in it.
pub(super) const FOLDER: &str = "recorder";
pub(super) const FILE: &str = "ring";
/// What can wait is gathered for so long: one page then holds the whole burst.
const GATHER: Duration = Duration::from_secs(30);
/// What cannot wait is written at once, but not more often than this: a loop of failures must not wear out the card.
const BREATH: Duration = Duration::from_secs(1);
/// A card that takes nothing is tried again after this.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Pages of a day: 1 MiB of the ten the product allows itself, and the pages that may be used at once.
const PAGES_A_DAY: u32 = 256;
const PAGES_AT_ONCE: u32 = 64;
/// Of these, so many are kept for what cannot wait.
const RESERVED_PAGES: u32 = 16;
/// Urgings waiting; more are the same urging.
const MAX_URGED: usize = 64;
/// How long the last words of a failing process may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How soon a line must be on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Haste {
    /// Within half a minute.
    Soon,
    /// Now.
    Now,
}

enum Order {
    Hurry(Haste),
    /// Write, then tell.
    Words(SyncSender<()>),
    /// Write the last page of a run that ends in good order, then tell.
    Close(SyncSender<()>),
}

/// What was written since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes: AtomicU64,
    pub(super) pages: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) failures: AtomicU64,
}

/// One recorder a process, as there is one ear.
static ORDERS: Mutex<Option<SyncSender<Order>>> = Mutex::new(None);

fn order(order: Order) -> bool {
    let orders = ORDERS.lock().unwrap_or_else(PoisonError::into_inner);
    // A full queue holds the same urging already.
    orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
}

/// Asks that what was said is written.
pub(super) fn hurry(haste: Haste) {
    let _nobody_records = order(Order::Hurry(haste));
}

/// Writes what was said, on the way down.
pub(super) fn last_words() {
    let (done, written) = sync_channel(1);
    if order(Order::Words(done)) {
        let _in_time = written.recv_timeout(LAST_WORDS);
    }
}

/// Writes what was said and marks that the run ended in good order.
pub(super) fn close() {
    let (done, written) = sync_channel(1);
    if order(Order::Close(done)) {
        let _in_time = written.recv_timeout(2 * LAST_WORDS);
    }
    *ORDERS.lock().unwrap_or_else(PoisonError::into_inner) = None;
    ear::keep(false);
}

/// A bucket of pages, filled evenly over the day.
struct Allowance {
    pages: u32,
    filled: Instant,
}

impl Allowance {
    fn may(&mut self, haste: Haste, now: Instant) -> bool {
        let one = Duration::from_secs(86_400) / PAGES_A_DAY;
        while self.pages < PAGES_AT_ONCE && now.duration_since(self.filled) >= one {
            self.pages += 1;
            self.filled += one;
        }
        if self.pages >= PAGES_AT_ONCE {
            self.filled = now;
        }
        self.pages > if haste == Haste::Now { 0 } else { RESERVED_PAGES }
    }

    fn take(&mut self, pages: u64) {
        self.pages = self.pages.saturating_sub(u32::try_from(pages).unwrap_or(u32::MAX));
    }
}

/// Opens the ring of a data folder, finds out how the run before ended, and starts to record.
pub(super) fn start(data: &Path, boot: u32, counts: &Arc<Counts>) -> std::io::Result<Before> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let table = Table::own()?;
    counts.bytes.fetch_add(table.keep(&folder)?, Ordering::Relaxed);
    let (file, made) = ring::make(&folder.join(FILE))?;
    counts.bytes.fetch_add(made, Ordering::Relaxed);
    let (pages, _) = ring::read_all(&file)?;
    let last = pages.last().map(|(_, page)| &page.head);
    let before = match last {
        None => Before::FirstStart,
        Some(head) if head.closed => Before::Stopped,
        Some(head) if head.boot == boot => Before::Died,
        Some(_) => Before::PowerCut,
    };
    let mut version = [0; 12];
    for (to, from) in version.iter_mut().zip(env!("CARGO_PKG_VERSION").bytes()) {
        *to = from;
    }
    let run = last.map_or(0, |head| head.run).saturating_add(1);
    let head = Head { boot, run, table: table.id(), origin: ear::origin(), version, ..Head::default() };
    let ring = Ring::open(file, head)?;
    let (orders, inbox) = sync_channel(MAX_URGED);
    let writer = Writer {
        ring,
        inbox,
        counts: counts.clone(),
        waiting: VecDeque::new(),
        due: None,
        written: None,
        allowance: Allowance { pages: PAGES_AT_ONCE, filled: Instant::now() },
        folder,
        failing: false,
    };
    std::thread::Builder::new().name("recorder".into()).stack_size(128 * 1024).spawn(move || writer.run())?;
    ear::keep(true);
    *ORDERS.lock().unwrap_or_else(PoisonError::into_inner) = Some(orders);
    say::started(before);
    Ok(before)
}

struct Writer {
    ring: Ring<File>,
    inbox: Receiver<Order>,
    counts: Arc<Counts>,
    /// Lines that could not be written.
    waiting: VecDeque<Line>,
    due: Option<(Instant, Haste)>,
    written: Option<Instant>,
    allowance: Allowance,
    folder: PathBuf,
    failing: bool,
}

impl Writer {
    fn run(mut self) {
        loop {
            let order = match self.due {
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some((due, _)) => self.inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match order {
                Ok(Order::Hurry(haste)) => self.note(haste),
                Ok(Order::Words(done)) => {
                    self.write(Haste::Now);
                    let _gone = done.try_send(());
                }
                Ok(Order::Close(done)) => {
                    self.ring.head().closed = true;
                    self.write(Haste::Now);
                    let _gone = done.try_send(());
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let haste = self.due.take().map_or(Haste::Soon, |(_, haste)| haste);
                    self.write(haste);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Notes when to write next.
    fn note(&mut self, haste: Haste) {
        let now = Instant::now();
        let wait = if haste == Haste::Now { Duration::ZERO } else { GATHER };
        let pause = if self.failing { AFTER_FAILURE } else { BREATH };
        let earliest = self.written.map_or(now, |written| written + pause);
        let wanted = (now + wait).max(earliest);
        self.due = Some(match self.due {
            Some((due, before)) => (due.min(wanted), before.max(haste)),
            None => (wanted, haste),
        });
    }

    fn write(&mut self, haste: Haste) {
        let now = Instant::now();
        let taken = ear::take();
        self.waiting.extend(taken.lines);
        let over = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..over);
        let lost = taken.lost.saturating_add(u32::try_from(over).unwrap_or(u32::MAX));
        self.counts.lost.fetch_add(lost.into(), Ordering::Relaxed);
        let head = self.ring.head();
        head.lost = head.lost.saturating_add(u16::try_from(lost).unwrap_or(u16::MAX));
        let wall = clock::wall();
        let up = i64::try_from(clock::boot_us()).unwrap_or(i64::MAX);
        head.began_us = if wall.believable { wall.unix_us.saturating_sub(up) } else { 0 };
        if self.waiting.is_empty() && !head.closed || !self.allowance.may(haste, now) {
            return;
        }
        self.written = Some(now);
        match self.ring.write(&mut self.waiting) {
            Ok(bytes) => {
                let pages = bytes / super::page::PAGE_BYTES as u64;
                self.allowance.take(pages);
                self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
                self.counts.pages.fetch_add(pages, Ordering::Relaxed);
                self.failing = false;
            }
            Err(error) => {
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!("the flight recorder cannot write to {}: {error}", self.folder.display());
                }
                self.note(Haste::Soon);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_trouble_stays_within_its_allowance() {
        let start = Instant::now();
        let mut allowance = Allowance { pages: PAGES_AT_ONCE, filled: start };
        let mut written = [0u32; 2];
        for second in 0..86_400 {
            let now = start + Duration::from_secs(second);
            for (at, haste) in [(0, Haste::Soon), (1, Haste::Now)] {
                if allowance.may(haste, now) {
                    allowance.take(1);
                    written[at] += 1;
                }
            }
        }
        assert!(written[0] + written[1] <= PAGES_A_DAY + PAGES_AT_ONCE, "{written:?}");
        assert!(written[1] > written[0], "what cannot wait comes first: {written:?}");
    }
}
