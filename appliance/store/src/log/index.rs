//! Holds where every record that counts lies: 16 bytes and a hash per key, 12 bytes per event, no values.
//! It never touches the medium, and never grows past the budgets of the options.
//! The log keeps one; opening fills it, commits and cleaning move its entries.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::options::EventBudget;
use crate::format::ALIGN_BYTES;
use crate::medium::Slot;

/// Smallest charge for an event, so that a budget in bytes also bounds the entries in memory.
const MIN_EVENT_CHARGE_BYTES: u64 = 64;

/// A place on the medium: segment and eight-byte unit in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) slot: Slot,
    unit: u16,
}

impl Place {
    pub(super) fn new(slot: Slot, offset: u32) -> Place {
        Place { slot, unit: u16::try_from(offset / ALIGN_BYTES).unwrap_or(u16::MAX) }
    }

    pub(super) fn offset(self) -> u32 {
        u32::from(self.unit) * ALIGN_BYTES
    }
}

/// A record on the medium.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    sequence_low: u32,
    sequence_high: u16,
    bytes: u16,
}

impl Entry {
    pub(super) fn new(place: Place, sequence: u64, bytes: u32) -> Entry {
        Entry {
            place,
            sequence_low: sequence as u32,
            sequence_high: (sequence >> 32) as u16,
            bytes: u16::try_from(bytes).unwrap_or(u16::MAX),
        }
    }

    pub(super) fn sequence(&self) -> u64 {
        u64::from(self.sequence_high) << 32 | u64::from(self.sequence_low)
    }

    pub(super) fn bytes(&self) -> u32 {
        u32::from(self.bytes)
    }

    fn charge(&self) -> u64 {
        u64::from(self.bytes).max(MIN_EVENT_CHARGE_BYTES)
    }
}

/// Latest record of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    pub(super) entry: Entry,
    pub(super) kind: u8,
    pub(super) is_tombstone: bool,
}

/// Retained events of one kind, in order of sequence.
#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Entry>,
    bytes: u64,
    max_bytes: u64,
    /// Sequences below this were dropped for the budget and stay dropped.
    floor: u64,
}

impl Queue {
    /// Drops the oldest until the budget holds.
    fn trim(&mut self) -> u64 {
        let before = self.entries.len();
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.charge());
            self.floor = self.floor.max(oldest.sequence() + 1);
        }
        (before - self.entries.len()) as u64
    }

    fn find(&self, sequence: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&sequence, Entry::sequence).ok()
    }
}

/// Everything that counts.
#[derive(Debug, Default)]
pub(super) struct Index {
    keyed: BTreeMap<u64, Keyed>,
    events: BTreeMap<u8, Queue>,
    tombstones: u32,
    keyed_bytes: u64,
    event_bytes: u64,
}

impl Index {
    pub(super) fn new(budgets: &[EventBudget]) -> Index {
        let queue = |budget: &EventBudget| Queue { max_bytes: u64::from(budget.max_bytes), ..Queue::default() };
        Index { events: budgets.iter().map(|budget| (budget.kind, queue(budget))).collect(), ..Index::default() }
    }

    pub(super) fn keys(&self) -> u32 {
        u32::try_from(self.keyed.len()).unwrap_or(u32::MAX).saturating_sub(self.tombstones)
    }

    pub(super) fn tombstones(&self) -> u32 {
        self.tombstones
    }

    pub(super) fn keyed_bytes(&self) -> u64 {
        self.keyed_bytes
    }

    pub(super) fn event_bytes(&self) -> u64 {
        self.event_bytes
    }

    pub(super) fn events(&self) -> u64 {
        self.events.values().map(|queue| queue.entries.len() as u64).sum()
    }

    pub(super) fn get(&self, hash: u64) -> Option<Keyed> {
        self.keyed.get(&hash).copied()
    }

    pub(super) fn insert(&mut self, hash: u64, keyed: Keyed) {
        self.remove(hash);
        self.tombstones += u32::from(keyed.is_tombstone);
        self.keyed_bytes += u64::from(keyed.entry.bytes());
        self.keyed.insert(hash, keyed);
    }

    pub(super) fn remove(&mut self, hash: u64) {
        if let Some(old) = self.keyed.remove(&hash) {
            self.tombstones -= u32::from(old.is_tombstone);
            self.keyed_bytes -= u64::from(old.entry.bytes());
        }
    }

    /// Takes a keyed record found at open: the highest sequence counts, of equal ones (copies) the later found.
    pub(super) fn load(&mut self, hash: u64, keyed: Keyed) {
        if self.get(hash).is_none_or(|known| known.entry.sequence() <= keyed.entry.sequence()) {
            self.insert(hash, keyed);
        }
    }

    /// Takes an event found at open, in any order. [`Index::settle`] sorts and bounds. A kind nobody declared is kept
    /// as it is: newer software wrote it and may come back.
    pub(super) fn load_event(&mut self, kind: u8, entry: Entry) {
        self.queue(kind).entries.push_back(entry);
    }

    /// Takes a floor found at open.
    pub(super) fn load_floor(&mut self, kind: u8, floor: u64) {
        let queue = self.queue(kind);
        queue.floor = queue.floor.max(floor);
    }

    fn queue(&mut self, kind: u8) -> &mut Queue {
        self.events.entry(kind).or_insert_with(|| Queue { max_bytes: u64::MAX, ..Queue::default() })
    }

    /// Kinds that lost events to their budget, with the lowest sequence that still counts.
    pub(super) fn floors(&self) -> Vec<(u8, u64)> {
        let floors = self.events.iter().map(|(&kind, queue)| (kind, queue.floor));
        floors.filter(|&(_, floor)| floor > 0).collect()
    }

    /// Ends the loading: forgets what lies in segments that do not count, orders events, drops second copies.
    pub(super) fn settle(&mut self, counts: &dyn Fn(Slot) -> bool) {
        let gone = |keyed: &Keyed| !counts(keyed.entry.place.slot);
        let hashes: Vec<u64> = self.keyed.iter().filter(|(_, keyed)| gone(keyed)).map(|(&hash, _)| hash).collect();
        for hash in hashes {
            self.remove(hash);
        }
        for queue in self.events.values_mut() {
            let entries = queue.entries.make_contiguous();
            // Stable, so that of two copies the one found later stays behind the other and is the one kept.
            entries.sort_by_key(Entry::sequence);
            let mut kept: VecDeque<Entry> = VecDeque::new();
            let floor = queue.floor;
            let counting = |entry: &Entry| entry.sequence() >= floor && counts(entry.place.slot);
            for entry in queue.entries.drain(..).filter(counting) {
                if kept.back().is_some_and(|last| last.sequence() == entry.sequence()) {
                    kept.pop_back();
                }
                kept.push_back(entry);
            }
            queue.bytes = kept.iter().map(Entry::charge).sum();
            queue.entries = kept;
            queue.trim();
        }
        self.event_bytes = self.events.values().map(|queue| queue.bytes).sum();
    }

    /// Adds the newest event of a kind and returns how many old ones had to go.
    pub(super) fn push_event(&mut self, kind: u8, entry: Entry) -> u64 {
        let queue = self.queue(kind);
        let before = queue.bytes;
        queue.bytes += entry.charge();
        queue.entries.push_back(entry);
        let dropped = queue.trim();
        let after = queue.bytes;
        self.event_bytes = self.event_bytes - before + after;
        dropped
    }

    pub(super) fn event(&self, kind: u8, sequence: u64) -> Option<Entry> {
        let queue = self.events.get(&kind)?;
        queue.entries.get(queue.find(sequence)?).copied()
    }

    pub(super) fn move_event(&mut self, kind: u8, sequence: u64, place: Place) {
        let Some(queue) = self.events.get_mut(&kind) else { return };
        if let Some(entry) = queue.find(sequence).and_then(|at| queue.entries.get_mut(at)) {
            entry.place = place;
        }
    }

    /// Forgets whatever lies at a place, because it cannot be read any more; says whether something did.
    pub(super) fn forget(&mut self, place: Place) -> bool {
        let hash = self.keyed.iter().find(|(_, keyed)| keyed.entry.place == place).map(|(&hash, _)| hash);
        if let Some(hash) = hash {
            self.remove(hash);
            return true;
        }
        for queue in self.events.values_mut() {
            if let Some(at) = queue.entries.iter().position(|entry| entry.place == place) {
                let charge = queue.entries.remove(at).map_or(0, |entry| entry.charge());
                queue.bytes -= charge;
                self.event_bytes -= charge;
                return true;
            }
        }
        false
    }

    /// Places in a segment whose bytes reach past `from`, in order.
    pub(super) fn places_in(&self, slot: Slot, from: u32) -> Vec<Place> {
        let keyed = self.keyed.values().map(|keyed| &keyed.entry);
        let entries = keyed.chain(self.events.values().flat_map(|queue| queue.entries.iter()));
        let inside = entries.filter(|entry| entry.place.slot == slot && entry.place.offset() + entry.bytes() > from);
        let mut places: Vec<Place> = inside.map(|entry| entry.place).collect();
        places.sort_unstable_by_key(|place| place.unit);
        places
    }

    /// Entries of keys with a value, in the order they lie on the medium.
    pub(super) fn keyed_entries(&self) -> Vec<(u8, Entry)> {
        let live = self.keyed.values().filter(|keyed| !keyed.is_tombstone);
        let mut entries: Vec<(u8, Entry)> = live.map(|keyed| (keyed.kind, keyed.entry)).collect();
        entries.sort_unstable_by_key(|(_, entry)| (entry.place.slot, entry.place.unit));
        entries
    }

    /// Kinds that have events.
    pub(super) fn event_kinds(&self) -> Vec<u8> {
        self.events.iter().filter(|(_, queue)| !queue.entries.is_empty()).map(|(&kind, _)| kind).collect()
    }

    /// Entries of one kind with a sequence above `after`, oldest first, at most `limit`.
    pub(super) fn events_after(&self, kind: u8, after: u64, limit: usize) -> Vec<Entry> {
        let Some(queue) = self.events.get(&kind) else { return Vec::new() };
        let from = queue.entries.partition_point(|entry| entry.sequence() <= after);
        queue.entries.iter().skip(from).take(limit).copied().collect()
    }

    /// Entries of one kind with a sequence below `before`, newest first, at most `limit`.
    pub(super) fn events_before(&self, kind: u8, before: u64, limit: usize) -> Vec<Entry> {
        let Some(queue) = self.events.get(&kind) else { return Vec::new() };
        let end = queue.entries.partition_point(|entry| entry.sequence() < before);
        queue.entries.iter().take(end).rev().take(limit).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_small_as_promised_and_keeps_its_numbers() {
        assert_eq!(size_of::<Entry>(), 12);
        assert_eq!(size_of::<Keyed>(), 16);
        let entry = Entry::new(Place::new(1023, 262_136), (1 << 48) - 2, 3136);
        assert_eq!((entry.place.slot, entry.place.offset()), (1023, 262_136));
        assert_eq!((entry.sequence(), entry.bytes()), ((1 << 48) - 2, 3136));
    }

    #[test]
    fn the_oldest_events_go_first_and_small_ones_are_charged_too() {
        let mut index = Index::new(&[EventBudget { kind: 3, max_bytes: 256 }]);
        for sequence in 1..=4 {
            assert_eq!(index.push_event(3, Entry::new(Place::new(0, 1024), sequence, 24)), 0);
        }
        assert_eq!(index.push_event(3, Entry::new(Place::new(0, 1024), 5, 24)), 1);
        assert_eq!(index.push_event(3, Entry::new(Place::new(0, 1024), 6, 200)), 4);
        assert_eq!(index.events_after(3, 0, 9).iter().map(Entry::sequence).collect::<Vec<_>>(), [6]);
        assert_eq!(index.event_bytes(), 200);
    }

    #[test]
    fn settling_keeps_the_later_copy_and_forgets_what_does_not_count() {
        let mut index = Index::new(&[EventBudget { kind: 3, max_bytes: 1000 }]);
        for (slot, sequence) in [(0, 1), (0, 2), (1, 3), (2, 2)] {
            index.load_event(3, Entry::new(Place::new(slot, 1024), sequence, 100));
        }
        let keyed = |slot, sequence| Keyed {
            entry: Entry::new(Place::new(slot, 2048), sequence, 40),
            kind: 1,
            is_tombstone: false,
        };
        index.load(7, keyed(0, 9));
        index.load(7, keyed(1, 8));
        index.load(8, keyed(1, 5));
        index.settle(&|slot| slot != 0);
        let events: Vec<_> = index.events_after(3, 0, 9).iter().map(|e| (e.place.slot, e.sequence())).collect();
        assert_eq!(events, [(2, 2), (1, 3)]);
        assert!(index.get(7).is_none(), "the newest of key 7 lies where nothing counts any more");
        assert_eq!((index.keys(), index.keyed_bytes(), index.event_bytes()), (1, 40, 200));
    }
}
