//! Holds the vault: every credential the appliance was given, sealed, under the place it belongs to.
//! It never gives one to a person again; only the part that uses it opens it.
//! Settings routes put credentials in; network and cameras take them out where they are used.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::clock::Clock;
use super::sealed::{Credential, Place, Sealer, sealed_at};
use super::store::NotSaved;
use super::token::DeviceKey;

/// Credentials kept: one for each of 32 cameras, each device that is looked into over SSH, and some more.
pub const MAX_CREDENTIALS: usize = 256;

/// A place as the medium knows it: a hash, so that the medium tells nobody what is kept.
pub type PlaceKey = [u8; 32];

/// Something under way.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), NotSaved>> + Send + 'a>>;

/// Keeps sealed records.
pub trait CredentialStore: Send + Sync {
    /// Every record kept. Called once, at start.
    fn load(&self) -> Vec<(PlaceKey, Vec<u8>)>;
    /// Keeps a record in place of the one before, or removes it. Ends when that is durable.
    fn save(&self, place: PlaceKey, record: Option<Vec<u8>>) -> Doing<'_>;
}

/// A store that forgets at the end of the process.
#[derive(Default)]
pub struct RamCredentials;

impl CredentialStore for RamCredentials {
    fn load(&self) -> Vec<(PlaceKey, Vec<u8>)> {
        Vec::new()
    }

    fn save(&self, _place: PlaceKey, _record: Option<Vec<u8>>) -> Doing<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Why a credential was not put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPut {
    /// There are as many as there may be.
    Full,
    /// It could not be stored; what was there before still is.
    NotSaved,
    /// No randomness.
    Machine,
}

/// What may be told of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// When it was set, in seconds since 1970; `None` when the clock was not set then.
    pub at: Option<u64>,
    /// Whether this device can open it; not after its key was replaced.
    pub opens: bool,
}

/// The vault.
pub struct Vault {
    sealer: Option<Sealer>,
    store: Arc<dyn CredentialStore>,
    clock: Arc<dyn Clock>,
    rows: Mutex<BTreeMap<PlaceKey, Vec<u8>>>,
}

impl Vault {
    /// Opens the vault of this device.
    #[must_use]
    pub fn open(store: Arc<dyn CredentialStore>, clock: Arc<dyn Clock>, key: &DeviceKey) -> Self {
        let rows = store.load().into_iter().take(MAX_CREDENTIALS).collect();
        Self { sealer: Sealer::of(key), store, clock, rows: Mutex::new(rows) }
    }

    /// Puts a credential at its place, over the one before. Ends when it is durable.
    ///
    /// # Errors
    /// See [`NotPut`]; nothing has changed then.
    pub async fn put(&self, place: Place<'_>, credential: &Credential) -> Result<(), NotPut> {
        let key = key_of(place);
        {
            let rows = self.rows();
            if rows.len() >= MAX_CREDENTIALS && !rows.contains_key(&key) {
                return Err(NotPut::Full);
            }
        }
        let now = self.clock.wall().map_or(0, |wall| wall.as_secs());
        let sealer = self.sealer.as_ref().ok_or(NotPut::Machine)?;
        let sealed = sealer.seal(place, now, credential).ok_or(NotPut::Machine)?;
        self.store.save(key, Some(sealed.clone())).await.map_err(|error| refuse(&error))?;
        self.rows().insert(key, sealed);
        Ok(())
    }

    /// Takes the credential of a place away. Ends when that is durable. `false` when there was none.
    ///
    /// # Errors
    /// `NotSaved`; it is still there then.
    pub async fn remove(&self, place: Place<'_>) -> Result<bool, NotPut> {
        let key = key_of(place);
        if !self.rows().contains_key(&key) {
            return Ok(false);
        }
        self.store.save(key, None).await.map_err(|error| refuse(&error))?;
        self.rows().remove(&key);
        Ok(true)
    }

    /// The credential of a place, for whoever uses it.
    #[must_use]
    pub fn take_out(&self, place: Place<'_>) -> Option<Credential> {
        let sealed = self.rows().get(&key_of(place)).cloned()?;
        let opened = self.sealer.as_ref()?.open(place, &sealed);
        if opened.is_none() {
            tracing::warn!(
                kind = place.kind,
                "a credential cannot be opened: it was sealed by another device key; set it again"
            );
        }
        opened
    }

    /// What may be told of the credential of a place; `None` without one.
    #[must_use]
    pub fn known(&self, place: Place<'_>) -> Option<Known> {
        let sealed = self.rows().get(&key_of(place)).cloned()?;
        let at = sealed_at(&sealed).filter(|at| *at > 0);
        let opens = self.sealer.as_ref().is_some_and(|sealer| sealer.open(place, &sealed).is_some());
        Some(Known { at, opens })
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<PlaceKey, Vec<u8>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse(error: &NotSaved) -> NotPut {
    tracing::error!(%error, "a credential was not saved");
    NotPut::NotSaved
}

fn key_of(place: Place<'_>) -> PlaceKey {
    Sha256::digest(place.to_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::accounts::secret::Secret;

    fn credential(text: &str) -> Credential {
        Credential::of(&Secret::new(text.into())).unwrap()
    }

    #[tokio::test]
    async fn the_vault_has_an_end_and_says_so_but_always_takes_a_newer_value() {
        let clock = Arc::new(HandClock::default());
        let vault = Vault::open(Arc::new(RamCredentials), clock.clone(), &DeviceKey::from_seed(&[7; 32]));
        for number in 0..MAX_CREDENTIALS {
            let id = number.to_string();
            vault.put(Place { kind: "camera", id: &id }, &credential("one")).await.unwrap();
        }
        let more = vault.put(Place { kind: "camera", id: "more" }, &credential("x")).await;
        assert_eq!(more, Err(NotPut::Full));
        let place = Place { kind: "camera", id: "9" };
        clock.set_wall(Some(std::time::Duration::from_secs(1_800_000_000)));
        vault.put(place, &credential("two")).await.unwrap();
        assert_eq!(vault.take_out(place).unwrap().expose_text(), Some("two"));
        assert_eq!(vault.known(place), Some(Known { at: Some(1_800_000_000), opens: true }));
        assert_eq!((vault.remove(place).await, vault.remove(place).await), (Ok(true), Ok(false)));
        assert!(vault.take_out(place).is_none() && vault.known(place).is_none());
    }
}
