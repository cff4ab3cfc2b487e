//! Holds the end of the chain: what the next entry links to, what the seal says, and what has been let go.
//! Never holds entries: those are on the card; it remembers one hash for each 64 of them.
//! Called by the shell that keeps the log, once for each entry.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::entry::{Draft, Entry, Hash, hash};

/// Entries let go together: one hash is remembered for each so many. 2,600 entries take 41 of them, 3 KiB.
const BLOCK_ENTRIES: u32 = 64;
/// What the medium needs around an entry at most, so that the chain lets go before the medium does.
const OVERHEAD_BYTES: usize = 48;
/// Bytes of a seal without its signature.
pub const SEAL_BYTES: usize = 1 + 2 * (8 + 32);
/// First byte of a seal.
const SEAL_VERSION: u8 = 1;

/// An entry, by number and hash. Number 0 with zeros is the beginning of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Anchor {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Where the log begins and where it ends. The shell signs it and keeps it beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Seal {
    /// The last entry that was let go; all after it must be there.
    pub anchor: Anchor,
    /// The last entry.
    pub head: Anchor,
}

impl Seal {
    /// The bytes to sign and keep.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEAL_BYTES);
        out.push(SEAL_VERSION);
        for place in [self.anchor, self.head] {
            out.extend(place.number.to_be_bytes());
            out.extend(place.hash);
        }
        out
    }

    /// Reads a seal whose signature has been checked.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&SEAL_VERSION, rest) = bytes.split_first()? else { return None };
        let (anchor, rest) = Anchor::read(rest)?;
        let (head, rest) = Anchor::read(rest)?;
        rest.is_empty().then_some(Self { anchor, head })
    }
}

impl Anchor {
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        Some((Self { number: u64::from_be_bytes(*number), hash: *hash }, rest))
    }
}

#[derive(Clone, Copy, Debug)]
struct Block {
    last: Anchor,
    bytes: usize,
    entries: u32,
}

/// The end of the chain.
#[derive(Clone, Debug)]
pub struct Chain {
    seal: Seal,
    blocks: VecDeque<Block>,
    bytes: usize,
    budget_bytes: usize,
}

impl Chain {
    /// An empty chain that lets the oldest go beyond `budget_bytes`, overhead of the medium included.
    #[must_use]
    pub fn new(budget_bytes: usize) -> Self {
        Self { seal: Seal::default(), blocks: VecDeque::new(), bytes: 0, budget_bytes }
    }

    /// Goes on where a log ended: its seal, if it has a good one, and its entries, oldest first. What cannot be read is
    /// left out; [`super::Verifier`] says what is wrong, this only sees to it that no number is given twice.
    #[must_use]
    pub fn restore<'a>(budget_bytes: usize, seal: Option<Seal>, entries: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut chain = Self::new(budget_bytes);
        chain.seal.anchor = seal.unwrap_or_default().anchor;
        let mut begun = seal.is_some();
        for bytes in entries {
            let Some(entry) = Entry::from_bytes(bytes) else { continue };
            if !begun {
                begun = true;
                chain.seal.anchor = Anchor { number: entry.number.saturating_sub(1), hash: entry.previous };
            }
            if entry.number > chain.seal.anchor.number.max(chain.seal.head.number) {
                chain.note(entry.number, bytes);
            }
        }
        // A tail that was cut stays a gap: the next entry takes the next number and links to what the seal knows.
        if let Some(seal) = seal.filter(|seal| seal.head.number > chain.seal.head.number) {
            chain.seal.head = seal.head;
        }
        chain
    }

    /// The bytes of the next entry. Nothing changes before [`Chain::advance`] says that they were taken.
    #[must_use]
    pub fn compose(&self, what: Draft) -> Vec<u8> {
        let head = self.seal.head;
        Entry { number: head.number.saturating_add(1), previous: head.hash, what }.to_bytes()
    }

    /// The bytes were taken by the medium. Gives their number.
    pub fn advance(&mut self, bytes: &[u8]) -> u64 {
        let number = self.seal.head.number.saturating_add(1);
        self.note(number, bytes);
        number
    }

    /// What to sign now.
    #[must_use]
    pub fn seal(&self) -> Seal {
        self.seal
    }

    fn note(&mut self, number: u64, bytes: &[u8]) {
        let last = Anchor { number, hash: hash(bytes) };
        let size = bytes.len() + OVERHEAD_BYTES;
        self.seal.head = last;
        self.bytes += size;
        match self.blocks.back_mut().filter(|block| block.entries < BLOCK_ENTRIES) {
            Some(block) => {
                *block = Block { last, bytes: block.bytes + size, entries: block.entries + 1 };
            }
            None => self.blocks.push_back(Block { last, bytes: size, entries: 1 }),
        }
        while self.bytes > self.budget_bytes && self.blocks.len() > 1 {
            let Some(oldest) = self.blocks.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.bytes);
            self.seal.anchor = oldest.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moment;
    use crate::audit::{Actor, Kind, Object};

    fn draft(ms: u64) -> Draft {
        Draft {
            at: Moment { boot: 1, ms },
            wall_ms: 0,
            kind: Kind::Login.code(),
            actor: Actor::Account(1),
            count: 1,
            from: None,
            object: Object::Nothing,
            detail: "".into(),
        }
    }

    #[test]
    fn the_bytes_of_a_seal_do_not_change() {
        let seal = Seal { anchor: Anchor { number: 2, hash: [1; 32] }, head: Anchor { number: 0x0300, hash: [4; 32] } };
        let mut expected = alloc::vec![1, 0, 0, 0, 0, 0, 0, 0, 2];
        expected.extend([1; 32]);
        expected.extend([0, 0, 0, 0, 0, 0, 3, 0]);
        expected.extend([4; 32]);
        assert_eq!(seal.to_bytes(), expected);
        assert_eq!(expected.len(), SEAL_BYTES);
        assert_eq!(Seal::from_bytes(&expected), Some(seal));
        for end in 0..expected.len() {
            assert_eq!(Seal::from_bytes(&expected[..end]), None);
        }
    }

    #[test]
    fn a_chain_that_was_read_back_goes_on_where_it_was() {
        let mut chain = Chain::new(20_000);
        let mut log = Vec::new();
        for ms in 0..700 {
            let bytes = chain.compose(draft(ms));
            assert_eq!(chain.advance(&bytes), ms + 1);
            log.push(bytes);
        }
        let seal = chain.seal();
        assert!(
            seal.anchor.number > 400 && seal.anchor.number.is_multiple_of(64),
            "the oldest blocks were let go: {seal:?}"
        );
        assert_eq!(seal.anchor.hash, hash(&log[seal.anchor.number as usize - 1]));
        let again = Chain::restore(20_000, Some(seal), log.iter().map(Vec::as_slice));
        assert_eq!(again.seal(), seal);
        assert_eq!(again.compose(draft(9)), chain.compose(draft(9)));
        let unsealed = Chain::restore(20_000, None, log[500..].iter().map(Vec::as_slice));
        assert_eq!(unsealed.seal().head, seal.head);
    }

    #[test]
    fn a_number_is_never_given_twice_after_the_tail_was_cut() {
        let mut chain = Chain::new(20_000);
        let mut log = Vec::new();
        for ms in 0..10 {
            let bytes = chain.compose(draft(ms));
            chain.advance(&bytes);
            log.push(bytes);
        }
        let cut = Chain::restore(20_000, Some(chain.seal()), log[..7].iter().map(Vec::as_slice));
        assert_eq!(cut.compose(draft(9)), chain.compose(draft(9)));
    }
}
