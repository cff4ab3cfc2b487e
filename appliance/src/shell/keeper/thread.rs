//! Holds the thread of the log: it takes orders, gathers them, and flushes when the first of them is due.
//! Never answers "done" before the flush. Started by the keeper.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vigie_core::audit::{MAX_ENTRY_BYTES, SEAL_BYTES};
use vigie_store::{Durability, Error, FileMedium, Health, Kind, Log};

use crate::accounts::journal::Change;
use crate::shell::tasks::{self, Beat};

use super::{Answer, Event, Order, Status};

/// With nothing due, the thread sleeps this long at most, and then says that it is well; orders wake it at once.
const IDLE: Duration = tasks::BEAT;
/// Orders taken together before a flush that is due: those who come at once share it.
const GATHER: usize = 256;
/// Events read from the log at once while looking for those that are wanted.
const PAGE: usize = 256;

pub(super) fn start(log: Log<FileMedium>, inbox: Receiver<Order>, status: Arc<Mutex<Status>>, now_ms: fn() -> u64) {
    let beat = tasks::watch("storage", tasks::STORAGE_LIMIT);
    let keeper = KeeperThread { beat, log, inbox, status, now_ms, waiting: VecDeque::new() };
    // Without a thread nothing can be stored, and a service that stores nothing must not say that it does.
    let started = std::thread::Builder::new().name("keeper".into()).stack_size(256 * 1024).spawn(move || keeper.run());
    if let Err(error) = started {
        tracing::error!("the storage thread does not start: {error}");
    }
}

struct KeeperThread {
    beat: Beat,
    log: Log<FileMedium>,
    inbox: Receiver<Order>,
    status: Arc<Mutex<Status>>,
    now_ms: fn() -> u64,
    /// Who waits for which number to be on the card.
    waiting: VecDeque<(u64, Answer)>,
}

impl KeeperThread {
    fn run(mut self) {
        loop {
            self.beat.tap();
            let now = (self.now_ms)();
            let due = self.log.needs_flush_by().map(|due| Duration::from_millis(due.saturating_sub(now)));
            let sleep = if self.log.needs_maintenance() { Duration::ZERO } else { due.unwrap_or(IDLE).min(IDLE) };
            match self.inbox.recv_timeout(sleep) {
                Ok(order) => {
                    if let Some(done) = self.take(order) {
                        return self.stop(done);
                    }
                    for _ in 0..GATHER {
                        let Ok(order) = self.inbox.try_recv() else { break };
                        if let Some(done) = self.take(order) {
                            return self.stop(done);
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
            let now = (self.now_ms)();
            if self.log.needs_flush_by().is_some_and(|due| due <= now) {
                self.flush();
            } else if self.log.needs_maintenance() {
                // In small steps, between orders: somebody may be waiting.
                let _told_by_health = self.log.maintain(now);
            }
            self.publish();
        }
    }

    fn stop(mut self, done: tokio::sync::oneshot::Sender<()>) {
        self.flush();
        self.publish();
        // Whoever waits may open the folder at once: its lock is given up first.
        drop(self);
        let _nobody_waits = done.send(());
    }

    /// Takes one order. Gives whom to tell when it was to stop.
    fn take(&mut self, order: Order) -> Option<tokio::sync::oneshot::Sender<()>> {
        match order {
            Order::Put { kind, key, value, durability, done } => {
                self.write(done, |log, now| log.put(now, kind, &key, &value, durability));
            }
            Order::Delete { kind, key, done } => {
                let durability = if done.is_some() { Durability::Now } else { Durability::Batch };
                self.write(done, |log, now| log.delete(now, kind, &key, durability));
            }
            Order::Append { kind, value, durability, done } => {
                self.write(done, |log, now| log.append(now, kind, &value, durability));
            }
            Order::Link { kind, linked, durability, done } => self.link(kind, linked, durability, done),
            Order::Together { rows, links, durability, done } => self.write_together(&rows, links, durability, done),
            Order::After { kind, after, limit, done } => {
                let mut found = Vec::new();
                // What cannot be read is left out here; whoever counts finds the gap.
                let _unreadable = self.log.events(kind, after, limit, &mut |record| found.push(Event::of(&record)));
                let _nobody_waits = done.send(found);
            }
            Order::Newest { kind, before, limit, keep, done } => {
                let _nobody_waits = done.send(self.newest(kind, before, limit, keep));
            }
            Order::Flush(done) => {
                self.flush();
                // Who waits for it looks at the counters next.
                self.publish();
                let _nobody_waits = done.send(match self.log.health() {
                    Health::Good => Ok(()),
                    Health::MemoryOnly { error, .. } => Err(error),
                });
            }
            Order::Stop(done) => return Some(done),
        }
        None
    }

    /// Writes an event that links to the one before, and what belongs beside it.
    fn link(&mut self, kind: Kind, mut linked: Box<dyn super::Linked>, durability: Durability, done: Answer) {
        let value = linked.compose();
        if !self.write(Some(done), |log, now| log.append(now, kind, &value, durability)) {
            return linked.refused();
        }
        let (kind, key, beside) = linked.taken(&value);
        self.write(None, |log, now| log.put(now, kind, &key, &beside, durability));
    }

    /// Whether the log took it.
    fn write(&mut self, done: Option<Answer>, write: impl Fn(&mut Log<FileMedium>, u64) -> Result<u64, Error>) -> bool {
        let written = self.try_write(write);
        let taken = written.is_ok();
        match (written, done) {
            // A value that is there already writes nothing, and is as durable as it was.
            (Ok(number), Some(done)) if number <= self.log.acknowledged() => {
                let _nobody_waits = done.send(Ok(()));
            }
            (Ok(number), Some(done)) => self.waiting.push_back((number, done)),
            (Err(error), Some(done)) => {
                let _nobody_waits = done.send(Err(error));
            }
            (Err(error), None) => {
                tracing::debug!("not stored: {error}");
                self.status.lock().unwrap_or_else(PoisonError::into_inner).dropped += 1;
            }
            (Ok(_), None) => {}
        }
        taken
    }

    fn try_write(&mut self, write: impl Fn(&mut Log<FileMedium>, u64) -> Result<u64, Error>) -> Result<u64, Error> {
        let now = (self.now_ms)();
        let written = write(&mut self.log, now);
        if matches!(written, Err(Error::BatchFull { .. })) {
            self.flush();
            return write(&mut self.log, now);
        }
        written
    }

    /// Writes rows, and events that link to the one before, in one batch. More than a batch holds is several, in order:
    /// only a start after days without a clock asks for so much at once.
    fn write_together(
        &mut self,
        rows: &[Change],
        links: Vec<(Kind, Box<dyn super::Linked>)>,
        durability: Durability,
        done: Answer,
    ) {
        let bytes = rows.iter().map(|row| row.key.len() + row.value.as_ref().map_or(0, Vec::len)).sum::<usize>()
            + links.len() * MAX_ENTRY_BYTES
            + SEAL_BYTES;
        let records = rows.len() + links.len() + 1;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        if !self.log.has_room_for(count(bytes), count(records)) {
            self.flush();
        }
        let mut outcome = Ok(0);
        for Change { kind, key, value } in rows {
            let written = match value {
                Some(value) => self.try_write(|log, now| log.put(now, *kind, key, value, durability)),
                None => self.try_write(|log, now| log.delete(now, *kind, key, durability)),
            };
            outcome = later(outcome, written);
        }
        for (kind, mut linked) in links {
            let value = linked.compose();
            let written = self.try_write(|log, now| log.append(now, kind, &value, durability));
            if written.is_ok() {
                let (kind, key, beside) = linked.taken(&value);
                let sealed = self.try_write(|log, now| log.put(now, kind, &key, &beside, durability));
                outcome = later(outcome, sealed);
            } else {
                linked.refused();
            }
            outcome = later(outcome, written);
        }
        match outcome {
            Ok(number) if number > self.log.acknowledged() => self.waiting.push_back((number, done)),
            outcome => drop(done.send(outcome.map(|_| ()))),
        }
    }

    fn flush(&mut self) {
        let outcome = self.log.commit((self.now_ms)());
        let acknowledged = self.log.acknowledged();
        let mut left = VecDeque::new();
        for (number, done) in self.waiting.drain(..) {
            let answer = match outcome {
                _ if number <= acknowledged => Ok(()),
                Err(error) => Err(error),
                Ok(_) => {
                    left.push_back((number, done));
                    continue;
                }
            };
            let _nobody_waits = done.send(answer);
        }
        self.waiting = left;
    }

    fn newest(&mut self, kind: Kind, before: u64, limit: usize, mut keep: super::Keep) -> Vec<Event> {
        let mut found = Vec::new();
        let mut before = before;
        loop {
            let mut page = Vec::new();
            let read = self.log.newest_events(kind, before, PAGE, &mut |record| {
                page.push(Event::of(&record));
            });
            let Some(last) = page.last().map(|event| event.sequence).filter(|_| read.is_ok()) else { return found };
            before = last;
            for event in page {
                if keep(&event) {
                    found.push(event);
                    if found.len() >= limit {
                        return found;
                    }
                }
            }
        }
    }

    fn publish(&self) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.counters = self.log.counters().clone();
        status.usage = self.log.usage();
        let health = self.log.health();
        match (status.health, health) {
            (Health::Good, Health::MemoryOnly { error, .. }) => {
                tracing::warn!("nothing can be stored, the service goes on in memory: {error}");
            }
            (Health::MemoryOnly { .. }, Health::Good) => tracing::info!("records reach the card again"),
            _ => {}
        }
        status.health = health;
    }
}

/// The first failure, or the highest number.
fn later(before: Result<u64, Error>, now: Result<u64, Error>) -> Result<u64, Error> {
    Ok(before?.max(now?))
}
