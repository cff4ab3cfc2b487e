//! Holds the tokens of workstations: 256 random bits each, of which only SHA-256 is kept, replaced at every boot.
//! Never decides what a workstation may do, and never keeps a token. The room draws them; the door opens them.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vigie_core::kiosk::StationId;

use super::fault::Fault;
use crate::accounts::secret::{Secret, draw};

/// What a workstation's token begins with, so that people and programs that search for leaked secrets recognise one.
pub const STATION_MARK: &str = "vigie-station";
/// Longest text looked at, in bytes; ours have at most 68.
const MAX_TOKEN_BYTES: usize = 96;

/// SHA-256 of a token: for so many random bits as good as a password hash.
pub(super) type TokenHash = [u8; 32];

/// The hashes of one workstation: the token in use, and the one it was given to use from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Hashes {
    pub(super) now: Option<TokenHash>,
    pub(super) next: Option<TokenHash>,
}

/// Who an agent is, as its token proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its workstation.
    pub station: StationId,
    /// It came with the token it was given last: from its first use on, the one before is no longer good.
    pub(super) renewed: bool,
}

impl Seat {
    /// A seat for which staff acts.
    #[must_use]
    pub const fn by_staff(station: StationId) -> Self {
        Self { station, renewed: false }
    }
}

/// The tokens that are good, for the door.
#[derive(Default)]
pub(super) struct Tokens(RwLock<BTreeMap<StationId, Hashes>>);

impl Tokens {
    pub(super) fn set(&self, station: StationId, hashes: Hashes) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(station, hashes);
    }

    pub(super) fn forget(&self, station: StationId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&station);
    }

    /// Whose a token is.
    pub(super) fn open(&self, text: &str) -> Option<Seat> {
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let number = text.strip_prefix(STATION_MARK)?.strip_prefix('.')?.split('.').next()?;
        let station = StationId(number.parse().ok()?);
        let hashes = *self.0.read().unwrap_or_else(PoisonError::into_inner).get(&station)?;
        let hash = hash(text);
        let is = |kept: Option<TokenHash>| kept.is_some_and(|kept| bool::from(kept.ct_eq(&hash)));
        match (is(hashes.now), is(hashes.next)) {
            (_, true) => Some(Seat { station, renewed: true }),
            (true, false) => Some(Seat { station, renewed: false }),
            (false, false) => None,
        }
    }
}

/// Draws a token for a workstation.
pub(super) fn draw_for(station: StationId) -> Result<(Secret, TokenHash), Fault> {
    let bits = zeroize::Zeroizing::new(draw::<32>().map_err(|_| Fault::NoRandomness)?);
    let text = format!("{STATION_MARK}.{}.{}", station.0, BASE64.encode(&*bits));
    let hash = hash(&text);
    Ok((Secret::new(text), hash))
}

fn hash(text: &str) -> TokenHash {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_seat_and_nothing_else() {
        let tokens = Tokens::default();
        let (first, one) = draw_for(StationId(7)).unwrap();
        let (second, two) = draw_for(StationId(7)).unwrap();
        tokens.set(StationId(7), Hashes { now: Some(one), next: None });
        assert_eq!(tokens.open(first.expose()), Some(Seat { station: StationId(7), renewed: false }));
        assert_eq!(tokens.open(second.expose()), None);
        tokens.set(StationId(7), Hashes { now: Some(one), next: Some(two) });
        assert!(tokens.open(first.expose()).is_some());
        assert_eq!(tokens.open(second.expose()), Some(Seat { station: StationId(7), renewed: true }));
        let foreign = first.expose().replace("station.7.", "station.8.");
        tokens.set(StationId(8), Hashes::default());
        for bad in [foreign.as_str(), "vigie-station.7.", "vigie-station.7", "", &"x".repeat(4_096)] {
            assert_eq!(tokens.open(bad), None, "{bad}");
        }
        tokens.forget(StationId(7));
        assert_eq!(tokens.open(first.expose()), None);
    }
}
