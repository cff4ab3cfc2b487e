//! Holds the records that wait for a commit.
//! It never grows past its limit; a newer value of a key takes the place of a waiting one.
//! The log fills it, the writer empties it once everything in it is durable.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::format::record::{Class, Head, encoded_bytes};

/// A record on its way to the medium.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) head: Head,
    /// Hash of kind and key; `None` for events.
    pub(super) hash: Option<u64>,
    body: Box<[u8]>,
    key_bytes: usize,
}

impl Waiting {
    pub(super) fn new(head: Head, hash: Option<u64>, key: &[u8], value: &[u8]) -> Waiting {
        let mut body = Vec::with_capacity(key.len() + value.len());
        body.extend_from_slice(key);
        body.extend_from_slice(value);
        Waiting { head, hash, body: body.into_boxed_slice(), key_bytes: key.len() }
    }

    pub(super) fn key(&self) -> &[u8] {
        self.body.get(..self.key_bytes).unwrap_or_default()
    }

    pub(super) fn value(&self) -> &[u8] {
        self.body.get(self.key_bytes..).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> u32 {
        encoded_bytes(self.key(), self.value())
    }
}

/// What waits, in order of sequence.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Waiting>,
    bytes: u32,
    keyed_bytes: u32,
    replaced_bytes: u32,
    new_keys: u32,
    due_ms: Option<u64>,
}

impl Batch {
    pub(super) fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Bytes of keyed records among them.
    pub(super) fn keyed_bytes(&self) -> u32 {
        self.keyed_bytes
    }

    /// Bytes on the medium that they replace.
    pub(super) fn replaced_bytes(&self) -> u32 {
        self.replaced_bytes
    }

    /// Keys among them that the medium has no value of.
    pub(super) fn new_keys(&self) -> u32 {
        self.new_keys
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        self.due_ms
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The waiting record of a key.
    pub(super) fn find(&self, hash: u64) -> Option<&Waiting> {
        self.records.iter().rev().find(|record| record.hash == Some(hash))
    }

    /// Adds a record that replaces so many bytes on the medium, in place of a waiting one with the same key; says
    /// whether there was one.
    pub(super) fn push(&mut self, record: Waiting, is_new_key: bool, replaced_bytes: u32, due_ms: u64) -> bool {
        let hash = record.hash;
        let at = hash.and_then(|hash| self.records.iter().position(|waiting| waiting.hash == Some(hash)));
        if let Some(at) = at {
            // Batches are atomic, so that moving a value to the end of its batch can never be seen.
            let old = self.records.remove(at);
            self.bytes -= old.bytes();
            self.keyed_bytes -= old.bytes();
        } else {
            self.new_keys += u32::from(is_new_key);
            self.replaced_bytes += replaced_bytes;
        }
        self.bytes += record.bytes();
        if record.head.class != Class::Event {
            self.keyed_bytes += record.bytes();
        }
        self.records.push(record);
        self.due_ms = Some(self.due_ms.map_or(due_ms, |due| due.min(due_ms)));
        at.is_some()
    }

    pub(super) fn clear(&mut self) {
        // A batch that was once big gives its memory back, one of everyday size keeps it.
        self.records.clear();
        self.records.shrink_to(32);
        *self = Batch { records: core::mem::take(&mut self.records), ..Batch::default() };
    }
}
