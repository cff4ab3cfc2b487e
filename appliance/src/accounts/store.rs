//! Holds the border between accounts and the medium they are kept on.
//! It never interprets a record: to the medium it is bytes under a number.
//! The shell implements the trait over the flash log; tests and the first start use the one in RAM.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

/// A save under way. It ends when the record is on the medium, not before.
pub type Saving<'a> = Pin<Box<dyn Future<Output = Result<(), NotSaved>> + Send + 'a>>;

/// The record could not be made durable. The caller must tell the person "not done".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSaved(pub String);

impl fmt::Display for NotSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record was not saved: {}", self.0)
    }
}

impl std::error::Error for NotSaved {}

/// Keeps the records of accounts.
pub trait AccountStore: Send + Sync {
    /// Every record kept, each the newest under its number, in any order. Called once, at start.
    fn load(&self) -> Vec<Vec<u8>>;
    /// Keeps a record under a number in place of the one before. Ends when it is durable.
    fn save(&self, number: u32, record: Vec<u8>) -> Saving<'_>;
    /// Removes the record under a number. Ends when that is durable.
    fn remove(&self, number: u32) -> Saving<'_>;
    /// After a save or a removal that failed: sees to it that what was there before (`None` for nothing) is what comes
    /// back, should the medium take records again. Nobody waits for it.
    fn put_back(&self, number: u32, record: Option<Vec<u8>>);
}

/// A store that forgets at the end of the process.
#[derive(Default)]
pub struct RamStore {
    records: Mutex<BTreeMap<u32, Vec<u8>>>,
    broken: std::sync::atomic::AtomicBool,
}

impl RamStore {
    /// From now on every save fails, as a worn-out card does.
    pub fn break_down(&self) {
        self.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

impl AccountStore for RamStore {
    fn load(&self) -> Vec<Vec<u8>> {
        self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }

    fn save(&self, number: u32, record: Vec<u8>) -> Saving<'_> {
        Box::pin(async move {
            if self.broken.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(NotSaved("the medium does not answer".into()));
            }
            self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(number, record);
            Ok(())
        })
    }

    fn remove(&self, number: u32) -> Saving<'_> {
        Box::pin(async move {
            if self.broken.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(NotSaved("the medium does not answer".into()));
            }
            self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&number);
            Ok(())
        })
    }

    fn put_back(&self, number: u32, record: Option<Vec<u8>>) {
        let mut records = self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match record {
            Some(record) => records.insert(number, record),
            None => records.remove(&number),
        };
    }
}
