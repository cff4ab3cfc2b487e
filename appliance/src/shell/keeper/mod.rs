//! Holds the one owner of the flash log: a thread, since a flush of a card may take longer than the page may wait.
//! Never interprets a value. Called by `run` for accounts and settings, and by the network shell for devices and changes.

mod accounts;
mod credentials;
mod journal;
mod kinds;
mod thread;

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::journal::Change;
use tokio::sync::oneshot;
use vigie_store::{Counters, Durability, Error, FileMedium, Health, Kind, Log, Report, Usage};

pub use accounts::KeptAccounts;
pub use credentials::KeptCredentials;
pub use journal::KeptJournal;
pub use kinds::{
    ACCOUNT, AUDIT, AUDIT_SEAL, BOOT, CHANGE, CREDENTIAL, DEVICE, KEPT_SCAN, KIOSK_DAY, KIOSK_GROUP, KIOSK_PERSON,
    KIOSK_PROVED, KIOSK_SESSION, KIOSK_SETTINGS, KIOSK_STATION, KIOSK_USAGE, KIOSK_WORKSTATION, SEGMENT, SETTINGS,
    WATCH,
};

/// Orders waiting for the thread. A burst of a few hundred devices is put at once; more than this means that the card
/// takes nothing, and whoever can wait is told so.
const MAX_ORDERS: usize = 4_096;

/// Something to do with the log.
enum Order {
    Put { kind: Kind, key: Vec<u8>, value: Vec<u8>, durability: Durability, done: Option<Answer> },
    Delete { kind: Kind, key: Vec<u8>, done: Option<Answer> },
    Append { kind: Kind, value: Vec<u8>, durability: Durability, done: Option<Answer> },
    Link { kind: Kind, linked: Box<dyn Linked>, durability: Durability, done: Answer },
    Together { rows: Vec<Change>, links: Vec<(Kind, Box<dyn Linked>)>, durability: Durability, done: Answer },
    After { kind: Kind, after: u64, limit: usize, done: oneshot::Sender<Vec<Event>> },
    Flush(Answer),
    Newest { kind: Kind, before: u64, limit: usize, keep: Keep, done: oneshot::Sender<Vec<Event>> },
    Stop(oneshot::Sender<()>),
}

type Answer = oneshot::Sender<Result<(), Error>>;
type Keep = Box<dyn FnMut(&Event) -> bool + Send>;

/// An event that links to the one before: it is composed when its turn to be written has come.
pub(super) trait Linked: Send {
    /// The value.
    fn compose(&mut self) -> Vec<u8>;
    /// The value was taken; what to put beside it, in the same batch.
    fn taken(&mut self, value: &[u8]) -> (Kind, Vec<u8>, Vec<u8>);
    /// The log did not take it.
    fn refused(&mut self);
}

/// One stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number in the log; the cursor of the next page.
    pub sequence: u64,
    /// Version of its encoding.
    pub version: u8,
    /// Its value.
    pub value: Vec<u8>,
}

impl Event {
    fn of(record: &vigie_store::Record<'_>) -> Self {
        Self { sequence: record.sequence, version: record.version, value: record.value.to_vec() }
    }
}

/// One stored value, as it comes back at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its kind.
    pub kind: u8,
    /// Version of its encoding.
    pub version: u8,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// How the log is, for the page and for metrics.
#[derive(Clone, Debug)]
pub struct Status {
    /// What was written.
    pub counters: Counters,
    /// How full it is.
    pub usage: Usage,
    /// Whether records reach the card.
    pub health: Health,
    /// What opening found.
    pub opened: Report,
    /// Orders dropped because the card took none.
    pub dropped: u64,
}

/// Why something was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The log refused it, or the card failed.
    Log(Error),
    /// Too many orders wait: the card takes nothing.
    Busy,
    /// The service stops.
    Stopping,
}

impl std::fmt::Display for NotKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Log(error) => write!(f, "{error}"),
            Self::Busy => f.write_str("the storage takes nothing; try again in a minute"),
            Self::Stopping => f.write_str("the service is stopping"),
        }
    }
}

/// A hand on the log; clones share it.
#[derive(Clone)]
pub struct Keeper {
    orders: SyncSender<Order>,
    status: Arc<Mutex<Status>>,
}

impl Keeper {
    /// Opens the log in `folder` and starts its thread. Gives what was stored: keyed values, and the entries of the
    /// journal.
    ///
    /// # Errors
    /// When another process has it open, newer software wrote it, or its folder cannot be made.
    pub fn open(folder: &Path, now_ms: fn() -> u64) -> Result<(Self, Vec<Stored>), Error> {
        let (mut log, report) = Log::open(FileMedium::open(folder)?, kinds::options())?;
        let mut stored = Vec::new();
        log.replay(&mut |record| {
            // The journal's chain goes on from its entries; other history is only read when somebody looks.
            if !kinds::is_event(record.kind) || record.kind == AUDIT.id {
                let (key, value) = (record.key.to_vec(), record.value.to_vec());
                stored.push(Stored { kind: record.kind, version: record.version, key, value });
            }
        })?;
        let (orders, inbox) = sync_channel(MAX_ORDERS);
        let status = Status {
            counters: log.counters().clone(),
            usage: log.usage(),
            health: log.health(),
            opened: report,
            dropped: 0,
        };
        let status = Arc::new(Mutex::new(status));
        thread::start(log, inbox, status.clone(), now_ms);
        Ok((Self { orders, status }, stored))
    }

    /// How the log is now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores the latest value of a key; it may be lost to a power cut until its turn comes.
    pub fn put(&self, kind: Kind, key: &[u8], value: Vec<u8>, durability: Durability) {
        self.order(Order::Put { kind, key: key.to_vec(), value, durability, done: None });
    }

    /// Deletes a key, in its turn.
    pub fn delete(&self, kind: Kind, key: &[u8]) {
        self.order(Order::Delete { kind, key: key.to_vec(), done: None });
    }

    /// Appends to history, in its turn.
    pub fn append(&self, kind: Kind, value: Vec<u8>, durability: Durability) {
        self.order(Order::Append { kind, value, durability, done: None });
    }

    /// Appends an event that links to the one before; `done` is told when it is on the card.
    pub(super) fn link(
        &self,
        kind: Kind,
        linked: Box<dyn Linked>,
        durability: Durability,
        done: Answer,
    ) -> Result<(), NotKept> {
        self.try_order(Order::Link { kind, linked, durability, done })
    }

    /// Stores rows and appends linked events, all in one flush or none of them; `done` is told when it is on the card.
    pub(super) fn together(
        &self,
        rows: Vec<Change>,
        links: Vec<(Kind, Box<dyn Linked>)>,
        durability: Durability,
        done: Answer,
    ) -> Result<(), NotKept> {
        self.try_order(Order::Together { rows, links, durability, done })
    }

    /// The events of a kind with a number above `after`, oldest first, at most `limit`.
    pub async fn after(&self, kind: Kind, after: u64, limit: usize) -> Vec<Event> {
        let (done, answer) = oneshot::channel();
        self.order(Order::After { kind, after, limit, done });
        answer.await.unwrap_or_default()
    }

    /// Stores the latest value of a key, and ends when it is on the card.
    ///
    /// # Errors
    /// When it is not on the card: the person must be told "not done".
    pub async fn put_now(&self, kind: Kind, key: &[u8], value: Vec<u8>) -> Result<(), NotKept> {
        let key = key.to_vec();
        self.and_wait(|done| Order::Put { kind, key, value, durability: Durability::Now, done: Some(done) }).await
    }

    /// Deletes a key, and ends when that is on the card.
    ///
    /// # Errors
    /// As [`Keeper::put_now`].
    pub async fn delete_now(&self, kind: Kind, key: &[u8]) -> Result<(), NotKept> {
        let key = key.to_vec();
        self.and_wait(|done| Order::Delete { kind, key, done: Some(done) }).await
    }

    /// Ends when everything ordered before is on the card.
    ///
    /// # Errors
    /// As [`Keeper::put_now`].
    pub async fn flush(&self) -> Result<(), NotKept> {
        self.and_wait(Order::Flush).await
    }

    /// The newest events of a kind with a number below `before` that `keep` wants, newest first, at most `limit`.
    pub async fn newest(
        &self,
        kind: Kind,
        before: u64,
        limit: usize,
        keep: impl FnMut(&Event) -> bool + Send + 'static,
    ) -> Vec<Event> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Newest { kind, before, limit, keep: Box::new(keep), done });
        answer.await.unwrap_or_default()
    }

    /// Writes what waits and ends the thread.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        self.order(Order::Stop(done));
        let _gone_already = stopped.await;
    }

    fn order(&self, order: Order) {
        if let Err(TrySendError::Full(_)) = self.orders.try_send(order) {
            self.status.lock().unwrap_or_else(PoisonError::into_inner).dropped += 1;
        }
    }

    async fn and_wait(&self, make: impl FnOnce(Answer) -> Order) -> Result<(), NotKept> {
        let (done, answer) = oneshot::channel();
        self.try_order(make(done))?;
        answer.await.map_err(|_| NotKept::Stopping)?.map_err(NotKept::Log)
    }

    fn try_order(&self, order: Order) -> Result<(), NotKept> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => NotKept::Busy,
            TrySendError::Disconnected(_) => NotKept::Stopping,
        })
    }
}

#[cfg(test)]
mod tests;
