//! Holds reading: single values, pages of history, and the replay at start.
//! It never returns bytes whose CRC does not hold.
//! The service replays once at start and pages through history when somebody looks at it.

use alloc::vec::Vec;

use super::index::{Entry, Place};
use super::{Kind, Log};
use crate::Error;
use crate::format::record::{Class, Site, View, decode};
use crate::medium::{Medium, Slot};

/// Read at once while going through many records: they lie close together, and a medium likes long reads.
const WINDOW_BYTES: u32 = 16 * 1024;

/// A record as it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its kind.
    pub kind: u8,
    /// Version of the value's encoding, as given when it was written.
    pub version: u8,
    /// Key; empty for events.
    pub key: &'a [u8],
    /// Value.
    pub value: &'a [u8],
    /// Its number in the log.
    pub sequence: u64,
}

impl<'a> From<View<'a>> for Record<'a> {
    fn from(view: View<'a>) -> Record<'a> {
        let head = view.head;
        Record { kind: head.kind, version: head.version, key: view.key, value: view.value, sequence: head.sequence }
    }
}

/// Reads one record of at most `bytes` bytes.
pub(super) fn fetch<'a, M: Medium>(
    medium: &mut M,
    seed: u32,
    place: Place,
    bytes: u32,
    scratch: &'a mut Vec<u8>,
) -> Result<View<'a>, Error> {
    scratch.resize(usize::try_from(bytes).unwrap_or(0), 0);
    medium.read_at(place.slot, place.offset(), scratch)?;
    decode(Site { seed, offset: place.offset() }, scratch).ok_or(Error::Damaged)
}

/// Bytes of one segment, read ahead.
#[derive(Default)]
struct Window {
    slot: Slot,
    start: u32,
    bytes: Vec<u8>,
}

impl Window {
    fn view<M: Medium>(&mut self, log: &mut Log<M>, entry: Entry) -> Result<View<'_>, Error> {
        let seed = log.seed_of(entry.place.slot).ok_or(Error::Damaged)?;
        let (slot, offset) = (entry.place.slot, entry.place.offset());
        let end = self.start + u32::try_from(self.bytes.len()).unwrap_or(0);
        if slot != self.slot || offset < self.start || offset + entry.bytes() > end {
            let bytes = WINDOW_BYTES.max(entry.bytes()).min(log.segment_bytes.saturating_sub(offset));
            self.bytes.resize(usize::try_from(bytes).unwrap_or(0), 0);
            (self.slot, self.start) = (slot, offset);
            if let Err(error) = log.medium.read_at(slot, offset, &mut self.bytes) {
                self.bytes.clear();
                return Err(error.into());
            }
        }
        let at = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        decode(Site { seed, offset }, self.bytes.get(at..).unwrap_or_default()).ok_or(Error::Damaged)
    }
}

impl<M: Medium> Log<M> {
    /// Hands every durable record that counts to `visit`: latest values in the order they lie on the medium, then the
    /// events of each kind, oldest first. A record that went bad since the opening is left out and counted.
    ///
    /// # Errors
    /// When the medium cannot be read.
    pub fn replay(&mut self, visit: &mut dyn FnMut(Record<'_>)) -> Result<(), Error> {
        let mut window = Window::default();
        for (_, entry) in self.index.keyed_entries() {
            self.show(&mut window, entry, visit)?;
        }
        for kind in self.index.event_kinds() {
            for entry in self.index.events_after(kind, 0, usize::MAX) {
                self.show(&mut window, entry, visit)?;
            }
        }
        Ok(())
    }

    /// Latest value of a key, waiting ones included, appended to `out`; returns the version of its encoding, `None`
    /// when there is no value.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it went bad since the opening, [`Error::Medium`] when it cannot be read.
    pub fn get(&mut self, kind: Kind, key: &[u8], out: &mut Vec<u8>) -> Result<Option<u8>, Error> {
        let hash = self.hash(kind.id, key);
        if let Some(waiting) = self.batch.find(hash).filter(|waiting| waiting.key() == key) {
            if waiting.head.class == Class::Tombstone {
                return Ok(None);
            }
            out.extend_from_slice(waiting.value());
            return Ok(Some(waiting.head.version));
        }
        let Some(known) = self.index.get(hash).filter(|known| !known.is_tombstone) else { return Ok(None) };
        let seed = self.seed_of(known.entry.place.slot).ok_or(Error::Damaged)?;
        let view = fetch(&mut self.medium, seed, known.entry.place, known.entry.bytes(), &mut self.scratch)?;
        if view.key != key {
            return Ok(None);
        }
        out.extend_from_slice(view.value);
        Ok(Some(view.head.version))
    }

    /// Events of a kind with a sequence above `after`, oldest first, at most `limit`, those still waiting included.
    /// The last sequence shown is the cursor of the next page.
    ///
    /// # Errors
    /// When the medium cannot be read.
    pub fn events(
        &mut self,
        kind: Kind,
        after: u64,
        limit: usize,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<(), Error> {
        let mut window = Window::default();
        let entries = self.index.events_after(kind.id, after, limit);
        let left = limit - entries.len();
        for entry in entries {
            self.show(&mut window, entry, visit)?;
        }
        let waiting = self.batch.records.iter().filter(|record| record.hash.is_none() && record.head.kind == kind.id);
        for record in waiting.filter(|record| record.head.sequence > after).take(left) {
            visit(as_event(record));
        }
        Ok(())
    }

    /// Events of a kind with a sequence below `before` (`u64::MAX` for all), newest first, at most `limit`, those
    /// still waiting included. The last sequence shown is the cursor of the next page.
    ///
    /// # Errors
    /// When the medium cannot be read.
    pub fn newest_events(
        &mut self,
        kind: Kind,
        before: u64,
        limit: usize,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<(), Error> {
        let mut left = limit;
        let waiting = self.batch.records.iter().filter(|record| record.hash.is_none() && record.head.kind == kind.id);
        for record in waiting.rev().filter(|record| record.head.sequence < before).take(limit) {
            visit(as_event(record));
            left -= 1;
        }
        let mut window = Window::default();
        for entry in self.index.events_before(kind.id, before, left) {
            self.show(&mut window, entry, visit)?;
        }
        Ok(())
    }

    /// Whether a record on the medium is this key (else it is a collision) with this value. What cannot be read is
    /// not the same, so that a put replaces it.
    pub(super) fn compare(
        &mut self,
        entry: Entry,
        kind: Kind,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<bool, Error> {
        let Some(seed) = self.seed_of(entry.place.slot) else { return Ok(false) };
        match fetch(&mut self.medium, seed, entry.place, entry.bytes(), &mut self.scratch) {
            Ok(view) if view.head.kind != kind.id || view.key != key => Err(Error::Collision),
            Ok(view) => Ok(view.head.version == kind.version && value == Some(view.value)),
            Err(_) => Ok(false),
        }
    }

    pub(super) fn seed_of(&self, slot: Slot) -> Option<u32> {
        self.chain.iter().find(|segment| segment.slot == slot).map(|segment| segment.seed)
    }

    fn show(&mut self, window: &mut Window, entry: Entry, visit: &mut dyn FnMut(Record<'_>)) -> Result<(), Error> {
        match window.view(self, entry) {
            Ok(view) => visit(view.into()),
            Err(Error::Damaged) => self.counters.lost += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn as_event(record: &super::batch::Waiting) -> Record<'_> {
    let head = record.head;
    let (key, value) = (record.key(), record.value());
    Record { kind: head.kind, version: head.version, key, value, sequence: head.sequence }
}
