//! Holds the accounts' place in the log.
//! Never reads an account: to the log it is bytes under a number. Called by `accounts` through its trait.

use std::sync::{Mutex, PoisonError};

use vigie_store::Durability;

use super::{ACCOUNT, Keeper, Stored};
use crate::accounts::store::{AccountStore, NotSaved, Saving};

/// Accounts kept in the log.
pub struct KeptAccounts {
    keeper: Keeper,
    loaded: Mutex<Vec<Vec<u8>>>,
}

impl KeptAccounts {
    /// Takes the accounts out of what the log held at start.
    #[must_use]
    pub fn new(keeper: Keeper, stored: &[Stored]) -> Self {
        let accounts = stored.iter().filter(|stored| stored.kind == ACCOUNT.id).map(|stored| stored.value.clone());
        Self { keeper, loaded: Mutex::new(accounts.collect()) }
    }
}

impl AccountStore for KeptAccounts {
    fn load(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.loaded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn save(&self, number: u32, record: Vec<u8>) -> Saving<'_> {
        Box::pin(async move {
            let saved = self.keeper.put_now(ACCOUNT, &number.to_be_bytes(), record).await;
            saved.map_err(|error| NotSaved(error.to_string()))
        })
    }

    fn remove(&self, number: u32) -> Saving<'_> {
        Box::pin(async move {
            let removed = self.keeper.delete_now(ACCOUNT, &number.to_be_bytes()).await;
            removed.map_err(|error| NotSaved(error.to_string()))
        })
    }

    fn put_back(&self, number: u32, record: Option<Vec<u8>>) {
        // A record that failed to be written still waits in the log's memory; the newer one takes its place there.
        match record {
            Some(record) => self.keeper.put(ACCOUNT, &number.to_be_bytes(), record, Durability::Batch),
            None => self.keeper.delete(ACCOUNT, &number.to_be_bytes()),
        }
    }
}
