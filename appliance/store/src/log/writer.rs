//! Holds the way of a batch to the medium: where it goes, one write, one flush, then the index.
//! It never trusts a segment again after a write or flush to it failed.
//! `commit` and cleaning call it.

use alloc::vec::Vec;

use super::batch::Waiting;
use super::clean::{Evacuation, Staged};
use super::index::{Entry, Keyed, Place};
use super::{Log, Segment};
use crate::Error;
use crate::format::record::{
    Class, MAX_RECORD_BYTES, Mark, OWN_RECORD_BYTES, Site, checkpoint_bytes, encode, encode_checkpoint, encode_mark,
};
use crate::format::segment::Header;
use crate::format::{DATA_START, PAGE_BYTES, batch_start, page_down, page_up, pages_touched};
use crate::medium::{Medium, MediumError, Slot};

/// Free segments that ordinary batches leave alone: cleaning needs one to copy into before it can free another.
const RESERVED_SEGMENTS: usize = 1;

/// Where a batch goes.
struct Spot {
    slot: Slot,
    seed: u32,
    generation: u64,
    start: u32,
    previous_end: u32,
    /// Header to write in front, when the batch opens a segment.
    front: Option<[u8; DATA_START as usize]>,
}

/// What goes into one batch.
struct Load {
    with_waiting: bool,
    staged: Staged,
}

impl<M: Medium> Log<M> {
    /// Writes all that waits, and as much of a running evacuation as fits the page for free.
    pub(super) fn write_waiting(&mut self) -> Result<(), Error> {
        self.clean_when_behind()?;
        let bytes = OWN_RECORD_BYTES + self.batch.bytes();
        if self.open_start(bytes, true).is_none() {
            self.secure_slot()?;
        }
        self.write_batch(true, 0)?;
        if self.chain.len() > self.target_segments() {
            self.begin_cleaning();
        }
        Ok(())
    }

    /// One batch: what waits (or not), then copies of up to `quota` bytes; quota 0 means the slack of the last page.
    pub(super) fn write_batch(&mut self, with_waiting: bool, quota: u32) -> Result<(), Error> {
        let own = OWN_RECORD_BYTES + if with_waiting { self.batch.bytes() } else { 0 };
        let room = if with_waiting { own } else { own + self.checkpoint_bytes() + self.next_copy_bytes() };
        let spot = self.spot(room, own, with_waiting)?;
        let end = spot.start + own;
        let limit = page_up(end + quota).min(self.segment_bytes) - end;
        let staged = self.stage(limit, with_waiting);
        let load = Load { with_waiting, staged };
        if !with_waiting && load.staged.is_empty() {
            self.give_back(&spot);
            return Ok(());
        }
        let Some(places) = self.encode_batch(&spot, &load) else {
            // Lengths were checked when the records were taken, so this means sequences are used up.
            self.give_back(&spot);
            return Err(Error::Full);
        };
        if let Err(error) = self.write_and_flush(&spot) {
            self.distrust(&spot);
            return Err(error.into());
        }
        self.apply(&spot, load, &places);
        Ok(())
    }

    /// Start of a batch of `bytes` in the head, when the head takes one of that size.
    fn open_start(&self, bytes: u32, aligned: bool) -> Option<u32> {
        let head = self.chain.back().filter(|_| self.head_open)?;
        if aligned {
            return batch_start(head.end, bytes, self.segment_bytes);
        }
        (head.end + bytes <= self.segment_bytes).then_some(head.end)
    }

    /// Sees to it that a batch that needs a fresh segment gets one and cleaning still has its own: makes one, or, when
    /// the medium is full, cleans until one is free. This is why a full disk stops nothing: the log goes round in what
    /// it has.
    fn secure_slot(&mut self) -> Result<(), Error> {
        let mut rounds = self.chain.len() + 1;
        while self.free.len() <= RESERVED_SEGMENTS {
            let Err(error) = self.create_slot() else { continue };
            let is_full = matches!(error, Error::Full | Error::Medium(MediumError::NoSpace));
            if !is_full || rounds == 0 || !self.can_gain_by_cleaning() {
                return Err(error);
            }
            rounds -= 1;
            if !self.clean_oldest()? {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether what counts would leave room in the segments there are. If not, copying it around would only wear the
    /// medium, at every attempt again.
    fn can_gain_by_cleaning(&self) -> bool {
        let live = self.index.keyed_bytes() + self.index.event_bytes() + u64::from(self.batch.bytes());
        let segments = self.slots.len().saturating_sub(RESERVED_SEGMENTS) as u64;
        live < segments * u64::from(self.segment_bytes - DATA_START) / 16 * 15
    }

    /// Makes one more segment, if bounds and medium allow.
    pub(super) fn create_slot(&mut self) -> Result<(), Error> {
        let max = self.options.max_segments.clamp(4, 1024);
        let unused = (0..max).find(|slot| !self.slots.contains(slot));
        let full = || if self.slots.len() >= usize::from(max) { Error::Full } else { MediumError::NoSpace.into() };
        let made = match unused {
            Some(slot) if self.medium.space_left()?.is_none_or(|left| left >= u64::from(self.segment_bytes)) => {
                self.counters.flushes += 1;
                self.medium.create(slot).map(|()| slot).map_err(Error::from)
            }
            _ => Err(full()),
        };
        match made {
            Ok(slot) => {
                self.slots.insert(slot);
                self.free.push_back(slot);
                self.counters.segments_created += 1;
                self.counters.bytes_written += u64::from(self.segment_bytes);
                self.counters.page_bytes_written += u64::from(self.segment_bytes);
                Ok(())
            }
            Err(error) => {
                let slot = self.suspect.pop().ok_or(error)?;
                self.free.push_back(slot);
                Ok(())
            }
        }
    }

    fn spot(&mut self, room: u32, own: u32, aligned: bool) -> Result<Spot, Error> {
        if self.open_start(room, aligned).is_some()
            && let (Some(start), Some(head)) = (self.open_start(own, aligned), self.chain.back())
        {
            let (slot, seed, generation) = (head.slot, head.seed, head.generation);
            return Ok(Spot { slot, seed, generation, start, previous_end: head.end, front: None });
        }
        if self.free.is_empty() {
            self.create_slot()?;
        }
        let slot = self.free.pop_front().ok_or(Error::Full)?;
        let generation = self.next_generation;
        // Never the same number twice, also when this attempt fails: what it leaves must not pass for the next one's.
        self.next_generation += 1;
        self.salt = scramble(self.salt);
        let last = self.chain.back();
        let header = Header {
            segment_bytes: self.segment_bytes,
            store: self.store,
            generation,
            first_generation: self.chain.front().map_or(generation, |first| first.generation),
            previous_generation: last.map_or(0, |last| last.generation),
            previous_end: last.map_or(0, |last| last.end),
            next_sequence: self.next_sequence,
            salt: self.salt as u32,
        };
        let (front, seed) = header.encode_front().ok_or(Error::Full)?;
        Ok(Spot { slot, seed, generation, start: DATA_START, previous_end: DATA_START, front: Some(front) })
    }

    fn give_back(&mut self, spot: &Spot) {
        if spot.front.is_some() {
            self.free.push_back(spot.slot);
        }
    }

    /// Fills `self.buffer` with the bytes from the spot on; returns the place of each record, waiting ones first.
    fn encode_batch(&mut self, spot: &Spot, load: &Load) -> Option<Vec<Place>> {
        self.buffer.clear();
        self.buffer.extend_from_slice(spot.front.as_ref().map_or(&[][..], |front| front));
        let waiting = if load.with_waiting { self.batch.records.as_slice() } else { &[] };
        let records: Vec<&Waiting> = waiting.iter().chain(load.staged.records.iter().map(|(_, r)| r)).collect();
        let copies: u32 = records.iter().map(|record| record.bytes()).sum();
        let checkpoint = load.staged.first_generation.map(|first| (first, self.index.floors()));
        let own = OWN_RECORD_BYTES + checkpoint.as_ref().map_or(0, |(_, floors)| checkpoint_bytes(floors.len()));
        let mark = Mark { previous_end: spot.previous_end, bytes: copies + own };
        let mut at = self.buffer.len();
        self.buffer.resize(at + usize::try_from(mark.bytes).ok()?, 0);
        let mut site = Site { seed: spot.seed, offset: spot.start };
        let mut places = Vec::with_capacity(records.len());
        let step = |written: usize, at: &mut usize, site: &mut Site| {
            *at += written;
            site.offset += u32::try_from(written).unwrap_or(u32::MAX);
        };
        let written = encode_mark(site, self.next_sequence, mark, self.buffer.get_mut(at..)?)?;
        step(written, &mut at, &mut site);
        for record in records {
            places.push(Place::new(spot.slot, site.offset));
            let written = encode(site, &record.head, record.key(), record.value(), self.buffer.get_mut(at..)?)?;
            step(written, &mut at, &mut site);
        }
        if let Some((first, floors)) = checkpoint {
            encode_checkpoint(site, self.next_sequence, first, &floors, self.buffer.get_mut(at..)?)?;
        }
        Some(places)
    }

    fn write_and_flush(&mut self, spot: &Spot) -> Result<(), MediumError> {
        // A fresh segment gets its header with the same write and flush as its first batch: whichever of them a cut
        // spares, nothing in it was acknowledged.
        let offset = if spot.front.is_some() { 0 } else { spot.start };
        let bytes = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        self.counters.bytes_written += u64::from(bytes);
        self.counters.page_bytes_written += u64::from(pages_touched(offset, bytes)) * u64::from(PAGE_BYTES);
        self.counters.flushes += 1;
        self.medium.write_at(spot.slot, offset, &self.buffer)?;
        self.medium.flush(spot.slot)
    }

    /// After a failure nobody knows what the segment holds, and the kernel may call pages clean that never reached the
    /// medium. So nothing more is written there; what was acknowledged in the page that the failed write shared is
    /// copied away with the next batches.
    fn distrust(&mut self, spot: &Spot) {
        if spot.front.is_some() {
            self.free.push_back(spot.slot);
            return;
        }
        self.head_open = false;
        let places = self.index.places_in(spot.slot, page_down(spot.previous_end));
        self.evacuations.push_front(Evacuation::partial(spot.slot, places));
    }

    /// The batch is durable: only now the index, the acknowledged sequence and the chain learn of it.
    fn apply(&mut self, spot: &Spot, load: Load, places: &[Place]) {
        let end = spot.start + self.batch_bytes(spot);
        if spot.front.is_some() {
            let (generation, slot, seed) = (spot.generation, spot.slot, spot.seed);
            self.chain.push_back(Segment { generation, slot, seed, end });
            self.head_open = true;
            self.spare_refused = false;
        } else if let Some(head) = self.chain.back_mut() {
            head.end = end;
        }
        self.counters.commits += 1;
        let mut places = places.iter().copied();
        if load.with_waiting {
            let records = core::mem::take(&mut self.batch.records);
            for (record, place) in records.iter().zip(places.by_ref()) {
                self.index_record(record, place);
            }
            // Everything numbered so far was in this batch, or was replaced by something that was.
            self.acknowledged = self.next_sequence - 1;
            self.batch.records = records;
            self.batch.clear();
        }
        self.apply_staged(load.staged, places);
    }

    fn batch_bytes(&self, spot: &Spot) -> u32 {
        let front = if spot.front.is_some() { DATA_START } else { 0 };
        u32::try_from(self.buffer.len()).unwrap_or(u32::MAX) - front
    }

    fn index_record(&mut self, record: &Waiting, place: Place) {
        let head = record.head;
        let entry = Entry::new(place, head.sequence, record.bytes());
        let dropped = match record.hash {
            Some(hash) => {
                let is_tombstone = head.class == Class::Tombstone;
                self.index.insert(hash, Keyed { entry, kind: head.kind, is_tombstone });
                0
            }
            None => self.index.push_event(head.kind, entry),
        };
        let counters = self.counters.kinds.entry(head.kind).or_default();
        counters.written += 1;
        counters.dropped += dropped;
    }

    fn next_copy_bytes(&self) -> u32 {
        if self.evacuations.front().is_some_and(Evacuation::has_more) { MAX_RECORD_BYTES } else { 0 }
    }
}

/// One step of SplitMix64's output function: neighbouring seeds give unrelated salts.
pub(super) fn scramble(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
