//! Holds cleaning: records that still count are copied out of the oldest segment, then the segment is used again.
//! It never frees a segment before the copies and the checkpoint that says so are durable.
//! Commits carry copies along in the slack of their pages; `maintain` does the rest in bounded steps.

use alloc::vec::Vec;

use super::Log;
use super::batch::Waiting;
use super::index::{Entry, Keyed, Place};
use super::read::fetch;
use crate::Error;
use crate::format::record::{Class, MAX_RECORD_BYTES, OWN_RECORD_BYTES, checkpoint_bytes};
use crate::format::{DATA_START, PAGE_BYTES};
use crate::medium::{Medium, Slot};

/// Bytes copied by one step: one flush of eight pages, some ten milliseconds on a slow card.
const STEP_BYTES: u32 = 32 * 1024;

/// Times a record may fail to be read before it is given up. A card that was pulled fails its writes too, and then
/// nothing is given up at all.
const MAX_READ_FAILURES: u8 = 3;

/// Segments over the target at which commits start to pay for cleaning themselves.
const BEHIND_SEGMENTS: usize = 2;

/// Records to be copied out of one segment.
///
/// The oldest segment is the only one ever freed, and segments are freed in order. So a tombstone in it may go with
/// it: every older record of its key was written before it and lies in the same segment or in one already freed.
#[derive(Debug)]
pub(super) struct Evacuation {
    slot: Slot,
    places: Vec<Place>,
    next: usize,
    failures: u8,
    /// The generation that becomes the oldest when all is copied; `None` when the segment stays.
    first_generation: Option<u64>,
}

impl Evacuation {
    /// Out of part of a segment that is not trusted any more.
    pub(super) fn partial(slot: Slot, places: Vec<Place>) -> Evacuation {
        Evacuation { slot, places, next: 0, failures: 0, first_generation: None }
    }

    pub(super) fn has_more(&self) -> bool {
        self.next < self.places.len()
    }
}

/// Copies that go into one batch, and what is true once it is durable.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// Where each was, and the copy.
    pub(super) records: Vec<(Place, Waiting)>,
    /// Checkpoint to write after them.
    pub(super) first_generation: Option<u64>,
    /// Tombstones that nothing needs any more.
    expired: Vec<u64>,
    /// Places that cannot be read.
    gone: Vec<Place>,
    /// Records dealt with, copied or not.
    taken: usize,
    /// The evacuation is done with this batch.
    is_done: bool,
}

impl Staged {
    pub(super) fn is_empty(&self) -> bool {
        self.taken == 0 && !self.is_done
    }
}

/// What became of one record to be copied.
enum Copied {
    /// Newer, dropped or copied meanwhile.
    NotNeeded,
    Expired(u64),
    Record(Waiting),
    Unreadable,
}

impl<M: Medium> Log<M> {
    /// Whether [`Log::maintain`] has something to do.
    #[must_use]
    pub fn needs_maintenance(&self) -> bool {
        self.trouble.is_none() && (!self.evacuations.is_empty() || self.is_over_target() || self.is_spare_due())
    }

    /// Does one bounded step of cleaning, or makes the next segment before it is needed, and says whether there is
    /// more to do. Call it when idle while [`Log::needs_maintenance`]. While the medium is in trouble it does nothing.
    ///
    /// # Errors
    /// As [`Log::commit`]; nothing is lost and the step is done again later.
    pub fn maintain(&mut self, now_ms: u64) -> Result<bool, Error> {
        if !self.needs_maintenance() {
            return Ok(false);
        }
        if self.is_over_target() {
            self.begin_cleaning();
        }
        if self.evacuations.is_empty() {
            // A medium without room for a spare is not in trouble: the log goes round in what it has.
            self.spare_refused = self.create_slot().is_err();
        } else {
            let outcome = self.clean_step();
            self.note(now_ms, outcome)?;
        }
        Ok(self.needs_maintenance())
    }

    /// Segments the log may grow to before it is cleaned: twice what counts, so that most of what the oldest segment
    /// holds has died by the time it is cleaned, and events over budget are dropped without ever being copied.
    pub(super) fn target_segments(&self) -> usize {
        let live = self.index.keyed_bytes() + self.index.event_bytes();
        let data = u64::from(self.segment_bytes - DATA_START);
        let wanted = usize::try_from(2 * live / data + 2).unwrap_or(usize::MAX);
        let max = usize::from(self.options.max_segments.clamp(4, 1024)) - 2;
        wanted.max(usize::from(self.options.min_segments)).clamp(2, max)
    }

    fn is_over_target(&self) -> bool {
        let tombstones = self.index.tombstones() > self.max_tombstones() / 2;
        tombstones && self.chain.len() > 1 || self.chain.len() > self.target_segments()
    }

    /// Deletions that may wait for cleaning. Above half of them the oldest segment is cleaned; then there are more than
    /// the head alone can hold together with the values they delete, so there is an older one to clean.
    pub(super) fn max_tombstones(&self) -> u32 {
        self.options.max_keys.saturating_add(self.segment_bytes / 24)
    }

    /// The head is three quarters full and the next batch that does not fit would have to make a segment first.
    fn is_spare_due(&self) -> bool {
        let nearly = self.chain.back().is_some_and(|head| head.end > self.segment_bytes / 4 * 3);
        let may_grow = self.slots.len() < usize::from(self.options.max_segments.clamp(4, 1024));
        nearly && may_grow && !self.spare_refused && self.free.len() < 2 && self.chain.len() < self.target_segments()
    }

    pub(super) fn begin_cleaning(&mut self) {
        if self.evacuations.iter().any(|evacuation| evacuation.first_generation.is_some()) {
            return;
        }
        if let (Some(oldest), Some(next)) = (self.chain.front(), self.chain.get(1)) {
            let places = self.index.places_in(oldest.slot, 0);
            let first_generation = Some(next.generation);
            let evacuation = Evacuation { slot: oldest.slot, places, next: 0, failures: 0, first_generation };
            self.evacuations.push_back(evacuation);
        }
    }

    /// Without anybody calling `maintain`, commits do the cleaning, a step each.
    pub(super) fn clean_when_behind(&mut self) -> Result<(), Error> {
        if self.chain.len() > self.target_segments() + BEHIND_SEGMENTS {
            self.begin_cleaning();
            // Without room to clean the batch may still have some.
            return self.clean_step().or_else(|error| if error == Error::Full { Ok(()) } else { Err(error) });
        }
        Ok(())
    }

    /// Cleans until the oldest segment is free; `false` when there is nothing to clean.
    pub(super) fn clean_oldest(&mut self) -> Result<bool, Error> {
        self.begin_cleaning();
        let oldest = self.chain.front().map(|segment| segment.generation);
        while !self.evacuations.is_empty() && self.chain.front().map(|segment| segment.generation) == oldest {
            self.clean_step()?;
        }
        Ok(self.chain.front().map(|segment| segment.generation) != oldest)
    }

    pub(super) fn checkpoint_bytes(&self) -> u32 {
        checkpoint_bytes(self.index.floors().len())
    }

    fn clean_step(&mut self) -> Result<(), Error> {
        // In small test segments a step must leave room for the waiting batch beside it.
        let quota = STEP_BYTES.min((self.segment_bytes - DATA_START) / 4).max(PAGE_BYTES);
        self.write_batch(false, quota)
    }

    /// Collects copies for a batch, at most `limit` bytes.
    pub(super) fn stage(&mut self, limit: u32, with_waiting: bool) -> Staged {
        let mut staged = Staged::default();
        if limit < OWN_RECORD_BYTES {
            return staged;
        }
        let Some(mut evacuation) = self.evacuations.pop_front() else { return staged };
        let mut left = limit;
        let mut is_stopped = false;
        while let Some(&place) = evacuation.places.get(evacuation.next + staged.taken) {
            match self.copy(place, evacuation.first_generation.is_some(), with_waiting) {
                Copied::NotNeeded => {}
                Copied::Expired(hash) => staged.expired.push(hash),
                Copied::Record(record) if record.bytes() <= left => {
                    left -= record.bytes();
                    staged.records.push((place, record));
                }
                Copied::Record(_) => {
                    is_stopped = true;
                    break;
                }
                Copied::Unreadable if evacuation.failures < MAX_READ_FAILURES => {
                    evacuation.failures += 1;
                    is_stopped = true;
                    break;
                }
                Copied::Unreadable => staged.gone.push(place),
            }
            staged.taken += 1;
        }
        if !is_stopped {
            match evacuation.first_generation {
                Some(first) if left >= self.checkpoint_bytes() => {
                    staged.first_generation = Some(first);
                    staged.is_done = true;
                }
                Some(_) => {}
                None => staged.is_done = true,
            }
        }
        self.evacuations.push_front(evacuation);
        staged
    }

    fn copy(&mut self, place: Place, is_oldest: bool, with_waiting: bool) -> Copied {
        let Some(seed) = self.seed_of(place.slot) else { return Copied::NotNeeded };
        let mut scratch = core::mem::take(&mut self.scratch);
        let copied = self.judge(place, seed, &mut scratch, is_oldest, with_waiting);
        self.scratch = scratch;
        copied
    }

    fn judge(&mut self, place: Place, seed: u32, scratch: &mut Vec<u8>, is_oldest: bool, with_waiting: bool) -> Copied {
        let bytes = MAX_RECORD_BYTES.min(self.segment_bytes.saturating_sub(place.offset()));
        let Ok(record) = fetch(&mut self.medium, seed, place, bytes, scratch) else { return Copied::Unreadable };
        let (head, key) = (record.head, record.key);
        let hash = (head.class != Class::Event).then(|| self.hash(head.kind, key));
        let known = match hash {
            Some(hash) => self.index.get(hash).map(|keyed| keyed.entry),
            None => self.index.event(head.kind, head.sequence),
        };
        if known.is_none_or(|entry| entry.place != place) {
            return Copied::NotNeeded;
        }
        match hash {
            // The same batch brings something newer; a copy behind it would be older than what it follows.
            Some(hash) if with_waiting && self.batch.find(hash).is_some() => Copied::NotNeeded,
            Some(hash) if is_oldest && head.class == Class::Tombstone => Copied::Expired(hash),
            _ => Copied::Record(Waiting::new(head, hash, key, record.value)),
        }
    }

    /// The batch with the copies is durable.
    pub(super) fn apply_staged(&mut self, staged: Staged, places: impl Iterator<Item = Place>) {
        for ((from, record), place) in staged.records.iter().zip(places) {
            self.counters.records_moved += 1;
            self.counters.bytes_moved += u64::from(record.bytes());
            let head = record.head;
            match record.hash.map(|hash| (hash, self.index.get(hash))) {
                None => self.index.move_event(head.kind, head.sequence, place),
                Some((hash, Some(known))) if known.entry.place == *from => {
                    let entry = Entry::new(place, head.sequence, record.bytes());
                    self.index.insert(hash, Keyed { entry, ..known });
                }
                Some(_) => {}
            }
        }
        for hash in staged.expired {
            if self.index.get(hash).is_some_and(|known| known.is_tombstone) {
                self.index.remove(hash);
            }
        }
        for place in staged.gone {
            self.counters.lost += u64::from(self.index.forget(place));
        }
        if let Some(evacuation) = self.evacuations.front_mut() {
            evacuation.next += staged.taken;
        }
        if staged.is_done
            && let Some(evacuation) = self.evacuations.pop_front()
            && evacuation.first_generation.is_some()
            && self.chain.front().is_some_and(|oldest| oldest.slot == evacuation.slot)
        {
            self.chain.pop_front();
            self.free.push_back(evacuation.slot);
            self.counters.segments_cleaned += 1;
        }
    }
}
