//! Holds the end of the chain together with the key that seals it.
//! It never writes: whoever keeps the journal asks it for the bytes, in the order they are written.
//! The stores of the journal hold one each, behind a lock.

use std::sync::Arc;

use vigie_core::audit::{Chain, Draft, SEAL_BYTES, Seal, Sealing, Verifier};

use crate::accounts::token::DeviceKey;

/// What is signed begins with this, so that a seal can never pass for a token or a lease.
const PREFIX: &[u8] = b"vigie audit seal 1\0";

/// Bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// The end of the chain, and who seals it.
#[derive(Clone)]
pub struct Ledger {
    chain: Chain,
    sealing: Sealing,
    key: Arc<DeviceKey>,
}

impl Ledger {
    /// Goes on where a log ended: the bytes of its seal, and of its entries, oldest first.
    #[must_use]
    pub fn open<'a>(
        budget_bytes: usize,
        key: Arc<DeviceKey>,
        seal: Option<&[u8]>,
        entries: impl Iterator<Item = &'a [u8]>,
    ) -> Self {
        let sealing = seal.map_or(Sealing::Missing, |seal| check(&key, seal));
        let known = match sealing {
            Sealing::Good(seal) => Some(seal),
            Sealing::Missing | Sealing::Forged => None,
        };
        Self { chain: Chain::restore(budget_bytes, known, entries), sealing, key }
    }

    /// The bytes of the next entry.
    #[must_use]
    pub fn compose(&self, what: Draft) -> Vec<u8> {
        self.chain.compose(what)
    }

    /// The entry was taken; gives the bytes of the new seal.
    pub fn advance(&mut self, entry: &[u8]) -> Vec<u8> {
        self.chain.advance(entry);
        let seal = self.chain.seal();
        self.sealing = Sealing::Good(seal);
        let mut bytes = seal.to_bytes();
        let signature = self.key.sign(&[PREFIX, &bytes].concat());
        bytes.extend(signature);
        bytes
    }

    /// A verifier for the log as it is now.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.sealing)
    }

    /// Whether an entry was written after this ledger was looked at: it has the place behind the end, or a later one.
    /// A log that was just read back has no such entries, so nothing is passed over then.
    #[must_use]
    pub fn is_newer(&self, entry: &[u8]) -> bool {
        let head = self.chain.seal().head.number;
        let number = entry.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        matches!(self.sealing, Sealing::Good(seal) if seal.head.number == head) && number.is_some_and(|n| n > head)
    }
}

fn check(key: &DeviceKey, bytes: &[u8]) -> Sealing {
    let opened = bytes.split_at_checked(SEAL_BYTES).filter(|(_, signature)| signature.len() == SIGNATURE_BYTES);
    let Some((seal, signature)) = opened else { return Sealing::Forged };
    match Seal::from_bytes(seal) {
        Some(seal_read) if key.verifies(&[PREFIX, seal].concat(), signature) => Sealing::Good(seal_read),
        _ => Sealing::Forged,
    }
}
