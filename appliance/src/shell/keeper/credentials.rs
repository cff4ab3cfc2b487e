//! Holds the vault's place in the log.
//! Never sees a credential: to the log it is sealed bytes under a hash. Called by `accounts::vault` through its trait.

use std::sync::{Mutex, PoisonError};

use super::{CREDENTIAL, Keeper, Stored};
use crate::accounts::store::NotSaved;
use crate::accounts::vault::{CredentialStore, Doing, PlaceKey};

/// Sealed credentials kept in the log.
pub struct KeptCredentials {
    keeper: Keeper,
    loaded: Mutex<Vec<(PlaceKey, Vec<u8>)>>,
}

impl KeptCredentials {
    /// Takes the credentials out of what the log held at start.
    #[must_use]
    pub fn new(keeper: Keeper, stored: &[Stored]) -> Self {
        let rows = stored.iter().filter(|row| row.kind == CREDENTIAL.id);
        let loaded = rows.filter_map(|row| Some((row.key.as_slice().try_into().ok()?, row.value.clone()))).collect();
        Self { keeper, loaded: Mutex::new(loaded) }
    }
}

impl CredentialStore for KeptCredentials {
    fn load(&self) -> Vec<(PlaceKey, Vec<u8>)> {
        std::mem::take(&mut self.loaded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn save(&self, place: PlaceKey, record: Option<Vec<u8>>) -> Doing<'_> {
        Box::pin(async move {
            let kept = match record {
                Some(record) => self.keeper.put_now(CREDENTIAL, &place, record).await,
                None => self.keeper.delete_now(CREDENTIAL, &place).await,
            };
            kept.map_err(|error| NotSaved(error.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::accounts::sealed::{Credential, Place};
    use crate::accounts::secret::Secret;
    use crate::accounts::token::DeviceKey;
    use crate::accounts::vault::Vault;

    const SECRET: &str = "kolibri-7-community";

    fn open(folder: &std::path::Path, seed: u8) -> (Keeper, Vault) {
        let (keeper, stored) = Keeper::open(folder, || vigie_sys::clock::boot_us() / 1_000).unwrap();
        let store = Arc::new(KeptCredentials::new(keeper.clone(), &stored));
        let key = DeviceKey::from_seed(&[seed; 32]);
        (keeper, Vault::open(store, Arc::new(HandClock::default()), &key))
    }

    #[tokio::test]
    async fn what_is_on_the_card_is_not_the_secret_and_comes_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { kind: "snmp", id: "" };
        let (keeper, vault) = open(folder.path(), 7);
        vault.put(place, &Credential::of(&Secret::new(SECRET.into())).unwrap()).await.unwrap();
        keeper.stop().await;
        let mut bytes = 0;
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let content = std::fs::read(file.unwrap().path()).unwrap();
            bytes += content.len();
            for part in [SECRET, &SECRET[..7], "community"] {
                assert!(!content.windows(part.len()).any(|window| window == part.as_bytes()), "{part} is on the card");
            }
        }
        assert!(bytes > 1_000, "something was looked at");
        let (keeper, vault) = open(folder.path(), 7);
        assert_eq!(vault.take_out(place).unwrap().expose_text(), Some(SECRET));
        keeper.stop().await;
        let (keeper, vault) = open(folder.path(), 8);
        assert!(vault.take_out(place).is_none(), "the key of another device");
        assert!(vault.known(place).is_some_and(|known| !known.opens));
        keeper.stop().await;
    }
}
