//! Holds how what is kept of a person rests on the card: sealed with a key of that person alone.
//! Never prints a key; without its key what was sealed is noise, wherever a copy of it lies. Rows and photos use it.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::fault::Fault;
use crate::accounts::secret::draw;

/// First byte of what is sealed.
const VERSION: u8 = 1;
/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// What is sealed: the row, or the photo. One never opens as the other, nor as another person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Row,
    Photo,
}

/// The key of one person.
#[derive(Clone)]
pub(super) struct PersonKey(Zeroizing<[u8; KEY_BYTES]>);

impl PersonKey {
    pub(super) fn draw() -> Result<Self, Fault> {
        Ok(Self(Zeroizing::new(draw().map_err(|_| Fault::NoRandomness)?)))
    }

    pub(super) fn of_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    pub(super) fn seal(&self, person: u32, what: What, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce = draw::<NONCE_LEN>().map_err(|_| Fault::NoRandomness)?;
        let mut bytes = Zeroizing::new(plain.to_vec());
        let key = self.cipher().ok_or(Fault::NoRandomness)?;
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), bind(person, what), &mut bytes)
            .map_err(|_| Fault::NoRandomness)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + bytes.len() + tag.as_ref().len());
        sealed.push(VERSION);
        sealed.extend(nonce);
        sealed.extend_from_slice(&bytes);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// `None` for what another key sealed, for another person or use, or changed by a bit.
    pub(super) fn open(&self, person: u32, what: What, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.cipher()?.open_in_place(nonce, bind(person, what), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, self.0.as_slice()).ok().map(LessSafeKey::new)
    }
}

fn bind(person: u32, what: What) -> Aad<Vec<u8>> {
    let mut bytes = b"vigie person 1\0".to_vec();
    bytes.extend(person.to_be_bytes());
    bytes.push(match what {
        What::Row => 0,
        What::Photo => 1,
    });
    Aad::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_with_its_key_for_its_person_and_use_alone() {
        let (key, other) = (PersonKey::draw().unwrap(), PersonKey::draw().unwrap());
        let sealed = key.seal(7, What::Row, b"Durand, Camille").unwrap();
        assert_eq!(&**key.open(7, What::Row, &sealed).unwrap(), b"Durand, Camille");
        assert!(other.open(7, What::Row, &sealed).is_none());
        assert!(key.open(8, What::Row, &sealed).is_none() && key.open(7, What::Photo, &sealed).is_none());
        assert!(!sealed.windows(6).any(|part| part == b"Durand"));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(7, What::Row, &changed).is_none(), "byte {at}");
            assert!(key.open(7, What::Row, &sealed[..at]).is_none(), "cut at {at}");
        }
    }
}
