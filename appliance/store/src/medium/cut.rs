//! Holds a medium in memory whose power can be cut at any moment and which can be made to fail or rot.
//! It never touches a real device, and everything random in it comes from a seed.
//! Tests of the log and of the service call it in place of the file medium.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::{Medium, MediumError, Slot};
use crate::format::{PAGE_BYTES, SECTOR_BYTES};

/// Randomness that replays from its seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        usize::try_from(self.roll() % bound).unwrap_or(0)
    }
}

/// What became of one unflushed sector when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// Still what it was.
    Old,
    /// Written.
    New,
    /// The first bytes written, the rest still what it was.
    Prefix(usize),
    /// What was being written is noise; bytes of the sector outside the write are what they were.
    Noise(u8),
}

/// How unflushed writes are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// All of them.
    All,
    /// None of them.
    None,
    /// In order up to a torn sector, nothing after it.
    InOrder,
    /// Each sector by itself, some of them torn: the order of writes means nothing.
    Reordered,
    /// As `Reordered`, torn sectors hold noise.
    Noisy,
}

impl Tear {
    /// All ways, for loops.
    pub const EVERY: [Tear; 5] = [Tear::All, Tear::None, Tear::InOrder, Tear::Reordered, Tear::Noisy];
}

/// What the medium was doing when the observer is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A segment is being filled with zeros under a name that does not count.
    Creating(Slot),
    /// It was renamed; the directory is not synced.
    Renamed(Slot),
    /// It is there.
    Created(Slot),
    /// Bytes were written and not flushed.
    Written(Slot),
    /// A flush is under way.
    Flushing(Slot),
    /// The flush is done.
    Flushed(Slot),
}

/// Operation that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Making a segment.
    Create,
    /// Writing into one; the first half of the bytes is written.
    Write,
    /// Flushing: some sectors reach the medium, the others never will, and reading shows them nevertheless.
    Flush,
    /// Reading.
    Read,
}

/// One segment: what is durable, what a reader sees, what was written since the last flush.
#[derive(Clone, Debug)]
struct Cell {
    durable: Vec<u8>,
    seen: Option<Vec<u8>>,
    dirty: Vec<(usize, Vec<u8>)>,
    is_named: bool,
}

impl Cell {
    fn apply(bytes: &mut [u8], offset: usize, data: &[u8]) {
        if let Some(target) = bytes.get_mut(offset..).and_then(|rest| rest.get_mut(..data.len())) {
            target.copy_from_slice(data);
        }
    }

    /// Lands unflushed writes sector by sector as `choose` says.
    fn land(&mut self, slot: Slot, choose: &mut dyn FnMut(Slot, usize) -> Landed) {
        let sector_bytes = SECTOR_BYTES as usize;
        for (offset, data) in core::mem::take(&mut self.dirty) {
            let mut done = 0;
            while done < data.len() {
                let at = offset + done;
                let len = (sector_bytes - at % sector_bytes).min(data.len() - done);
                let piece = data.get(done..done + len).unwrap_or_default();
                match choose(slot, at / sector_bytes) {
                    Landed::Old => {}
                    Landed::New => Cell::apply(&mut self.durable, at, piece),
                    Landed::Prefix(bytes) => {
                        Cell::apply(&mut self.durable, at, piece.get(..bytes.min(len)).unwrap_or_default());
                    }
                    Landed::Noise(noise) => {
                        let noisy: Vec<u8> = piece.iter().map(|byte| byte.wrapping_mul(7) ^ noise).collect();
                        Cell::apply(&mut self.durable, at, &noisy);
                    }
                }
                done += len;
            }
        }
    }
}

/// What is on the medium.
#[derive(Clone, Debug)]
pub struct Disk {
    segment_bytes: u32,
    max_slots: usize,
    cells: BTreeMap<Slot, Cell>,
}

impl Disk {
    /// An empty medium with room for `max_slots` segments.
    #[must_use]
    pub fn new(segment_bytes: u32, max_slots: usize) -> Disk {
        Disk { segment_bytes, max_slots, cells: BTreeMap::new() }
    }

    /// What is found after the power went now. `choose` decides for every unflushed sector; a segment whose name is
    /// not synced is there when `keeps_names`.
    #[must_use]
    pub fn cut_by(&self, keeps_names: bool, choose: &mut dyn FnMut(Slot, usize) -> Landed) -> Disk {
        let mut after = self.clone();
        after.cells.retain(|_, cell| cell.is_named || keeps_names);
        for (&slot, cell) in &mut after.cells {
            cell.is_named = true;
            cell.seen = None;
            cell.land(slot, choose);
        }
        after
    }

    /// What is found after the power went now, with random losses.
    #[must_use]
    pub fn cut(&self, tear: Tear, dice: &mut Dice) -> Disk {
        let keeps_names = match tear {
            Tear::All => false,
            Tear::None => true,
            _ => dice.below(2) == 0,
        };
        let sectors: usize = self.unflushed_sectors();
        let mut left = dice.below(sectors + 1);
        self.cut_by(keeps_names, &mut |_, _| match (tear, dice.below(6)) {
            (Tear::All, _) => Landed::Old,
            (Tear::None, _) => Landed::New,
            (Tear::InOrder, shape) => {
                let before = left;
                left = left.saturating_sub(1);
                match (before, shape) {
                    (0, _) | (1, 0) => Landed::Old,
                    (1, 1) => Landed::Prefix(SECTOR_BYTES as usize / 2),
                    (1, _) => Landed::Prefix(dice.below(SECTOR_BYTES as usize)),
                    _ => Landed::New,
                }
            }
            (Tear::Reordered, 0) => Landed::Prefix(dice.below(SECTOR_BYTES as usize)),
            (Tear::Noisy, 0 | 1) => Landed::Noise(dice.roll() as u8),
            (_, shape) => [Landed::Old, Landed::New].get(shape % 2).copied().unwrap_or(Landed::Old),
        })
    }

    /// Sectors written and not flushed.
    #[must_use]
    pub fn unflushed_sectors(&self) -> usize {
        let sector_bytes = SECTOR_BYTES as usize;
        let sectors =
            |(offset, data): &(usize, Vec<u8>)| (offset + data.len()).div_ceil(sector_bytes) - offset / sector_bytes;
        self.cells.values().flat_map(|cell| cell.dirty.iter()).map(sectors).sum()
    }

    /// Bytes of a segment as they are on the medium.
    #[must_use]
    pub fn segment(&self, slot: Slot) -> Option<&[u8]> {
        self.cells.get(&slot).map(|cell| cell.durable.as_slice())
    }

    /// Puts a segment there, for tests with literal bytes.
    pub fn place(&mut self, slot: Slot, bytes: Vec<u8>) {
        self.cells.insert(slot, Cell { durable: bytes, seen: None, dirty: Vec::new(), is_named: true });
    }

    /// Rots one bit at rest.
    pub fn flip(&mut self, slot: Slot, offset: usize, bit: u8) {
        let Some(cell) = self.cells.get_mut(&slot) else { return };
        let seen = cell.seen.iter_mut().flat_map(|bytes| bytes.get_mut(offset));
        for byte in cell.durable.get_mut(offset).into_iter().chain(seen) {
            *byte ^= 1 << (bit % 8);
        }
    }

    /// Turns the pages that unflushed writes touch into noise on the medium, durable bytes included; readers do not
    /// notice.
    fn ruin_pages(&mut self, slot: Slot) {
        let Some(cell) = self.cells.get_mut(&slot) else { return };
        let page_bytes = PAGE_BYTES as usize;
        for (offset, data) in core::mem::take(&mut cell.dirty) {
            let from = offset / page_bytes * page_bytes;
            let end = (offset + data.len()).next_multiple_of(page_bytes);
            for byte in cell.durable.iter_mut().take(end).skip(from) {
                *byte = byte.wrapping_mul(7) ^ 0x5A;
            }
        }
    }

    /// Changes how many segments fit.
    pub fn set_max_slots(&mut self, max_slots: usize) {
        self.max_slots = max_slots;
    }

    /// The process ends and starts again while the power stays: unflushed writes are still on their way, but clean
    /// pages are read again from the medium.
    #[must_use]
    pub fn after_restart(&self) -> Disk {
        let mut after = self.clone();
        for cell in after.cells.values_mut() {
            let mut seen = cell.durable.clone();
            for (offset, data) in &cell.dirty {
                Cell::apply(&mut seen, *offset, data);
            }
            cell.seen = Some(seen);
        }
        after
    }
}

/// Called at every step, to cut there.
pub type Observer = Box<dyn FnMut(&Disk, Step) + Send>;

/// The medium in memory.
pub struct CutMedium {
    /// What is on it, for looking at and for spoiling.
    pub disk: Disk,
    /// A failing flush ruins the pages it was to write, with what was durable in them, as a failing card may.
    pub ruins_pages: bool,
    observer: Option<Observer>,
    faults: BTreeMap<Operation, (u32, MediumError)>,
    operations: u64,
    written: u64,
    dice: Dice,
}

impl fmt::Debug for CutMedium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CutMedium").field("segments", &self.disk.cells.len()).finish_non_exhaustive()
    }
}

impl CutMedium {
    /// A medium with this on it.
    #[must_use]
    pub fn new(disk: Disk) -> CutMedium {
        CutMedium {
            disk,
            ruins_pages: false,
            observer: None,
            faults: BTreeMap::new(),
            operations: 0,
            written: 0,
            dice: Dice(1),
        }
    }

    /// Calls `observer` at every step.
    #[must_use]
    pub fn watched(mut self, observer: Observer) -> CutMedium {
        self.observer = Some(observer);
        self
    }

    /// Makes the next `times` operations of a sort fail; `u32::MAX` for all, 0 for none.
    pub fn fail(&mut self, operation: Operation, times: u32, error: MediumError) {
        self.faults.insert(operation, (times, error));
    }

    /// Operations that change the medium, so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Bytes written, so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    fn observe(&mut self, step: Step) {
        if let Some(observer) = self.observer.as_mut() {
            observer(&self.disk, step);
        }
    }

    fn fault(&mut self, operation: Operation) -> Result<(), MediumError> {
        match self.faults.get_mut(&operation) {
            Some((times, error)) if *times > 0 => {
                *times -= u32::from(*times != u32::MAX);
                Err(*error)
            }
            _ => Ok(()),
        }
    }

    fn cell(&mut self, slot: Slot) -> Result<&mut Cell, MediumError> {
        self.disk.cells.get_mut(&slot).ok_or(MediumError::Missing)
    }
}

impl Medium for CutMedium {
    fn segment_bytes(&self) -> u32 {
        self.disk.segment_bytes
    }

    fn slots(&mut self) -> Result<Vec<Slot>, MediumError> {
        Ok(self.disk.cells.keys().copied().collect())
    }

    fn create(&mut self, slot: Slot) -> Result<(), MediumError> {
        self.operations += 1;
        self.fault(Operation::Create)?;
        self.observe(Step::Creating(slot));
        if self.disk.cells.len() >= self.disk.max_slots {
            return Err(MediumError::NoSpace);
        }
        let durable = vec![0; usize::try_from(self.disk.segment_bytes).unwrap_or(0)];
        self.disk.cells.insert(slot, Cell { durable, seen: None, dirty: Vec::new(), is_named: false });
        self.written += u64::from(self.disk.segment_bytes);
        self.observe(Step::Renamed(slot));
        self.cell(slot)?.is_named = true;
        self.observe(Step::Created(slot));
        Ok(())
    }

    fn write_at(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), MediumError> {
        self.operations += 1;
        let fault = self.fault(Operation::Write);
        let bytes = if fault.is_err() { bytes.get(..bytes.len() / 2).unwrap_or_default() } else { bytes };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let cell = self.cell(slot)?;
        if cell.durable.get(offset..).is_none_or(|room| room.len() < bytes.len()) {
            return Err(MediumError::NoSpace);
        }
        let seen = cell.seen.get_or_insert_with(|| cell.durable.clone());
        Cell::apply(seen, offset, bytes);
        cell.dirty.push((offset, bytes.to_vec()));
        self.written += bytes.len() as u64;
        self.observe(Step::Written(slot));
        fault
    }

    fn flush(&mut self, slot: Slot) -> Result<(), MediumError> {
        if self.cell(slot)?.dirty.is_empty() {
            return self.fault(Operation::Flush);
        }
        self.operations += 1;
        self.observe(Step::Flushing(slot));
        if let Err(error) = self.fault(Operation::Flush) {
            if self.ruins_pages {
                self.disk.ruin_pages(slot);
                return Err(error);
            }
            let mut dice = self.dice.clone();
            let half = |_: Slot, _: usize| if dice.below(2) == 0 { Landed::Old } else { Landed::New };
            self.cell(slot)?.land(slot, &mut { half });
            self.dice.roll();
            self.observe(Step::Flushed(slot));
            return Err(error);
        }
        let cell = self.cell(slot)?;
        for (offset, data) in core::mem::take(&mut cell.dirty) {
            Cell::apply(&mut cell.durable, offset, &data);
        }
        // After a failed flush readers go on seeing what never became durable; nothing but a restart changes that.
        if cell.seen.as_ref() == Some(&cell.durable) {
            cell.seen = None;
        }
        self.observe(Step::Flushed(slot));
        Ok(())
    }

    fn read_at(&mut self, slot: Slot, offset: u32, out: &mut [u8]) -> Result<(), MediumError> {
        self.fault(Operation::Read)?;
        let cell = self.cell(slot)?;
        let bytes = cell.seen.as_ref().unwrap_or(&cell.durable);
        let from = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).ok_or(MediumError::Io(0))?;
        out.copy_from_slice(from.get(..out.len()).ok_or(MediumError::Io(0))?);
        Ok(())
    }

    fn space_left(&mut self) -> Result<Option<u64>, MediumError> {
        let left = self.disk.max_slots.saturating_sub(self.disk.cells.len()) as u64;
        Ok(Some(left * u64::from(self.disk.segment_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> CutMedium {
        let mut medium = CutMedium::new(Disk::new(8192, 2));
        medium.create(0).unwrap();
        medium.write_at(0, 0, &[1; 1024]).unwrap();
        medium.flush(0).unwrap();
        medium.write_at(0, 256, &[2; 1024]).unwrap();
        medium
    }

    #[test]
    fn a_cut_loses_what_was_not_flushed_and_nothing_else() {
        let medium = written();
        let mut dice = Dice(3);
        let lost = medium.disk.cut(Tear::All, &mut dice);
        assert_eq!(lost.segment(0).unwrap()[..1024], [1; 1024]);
        assert_eq!(lost.segment(0).unwrap()[1024..], [0; 7168]);
        let kept = medium.disk.cut(Tear::None, &mut dice);
        assert_eq!(kept.segment(0).unwrap()[256..1280], [2; 1024]);
        assert_eq!(medium.disk.unflushed_sectors(), 3);
        let torn = medium.disk.cut_by(true, &mut |_, sector| match sector {
            0 => Landed::New,
            1 => Landed::Prefix(10),
            _ => Landed::Old,
        });
        let bytes = torn.segment(0).unwrap();
        assert_eq!((bytes[255], bytes[256], bytes[511], bytes[521], bytes[522], bytes[1030]), (1, 2, 2, 2, 1, 0));
    }

    #[test]
    fn a_failed_flush_shows_readers_what_is_not_there() {
        let mut medium = written();
        medium.fail(Operation::Flush, 1, MediumError::Io(5));
        assert_eq!(medium.flush(0), Err(MediumError::Io(5)));
        let mut seen = [0; 1024];
        medium.read_at(0, 256, &mut seen).unwrap();
        assert_eq!(seen, [2; 1024]);
        assert_eq!(medium.flush(0), Ok(()), "the kernel calls the pages clean");
        assert_ne!(medium.disk.segment(0).unwrap()[256..1280], [2; 1024]);
        medium.disk = medium.disk.after_restart();
        medium.read_at(0, 256, &mut seen).unwrap();
        assert_eq!(seen, medium.disk.segment(0).unwrap()[256..1280]);
    }

    #[test]
    fn a_full_medium_takes_no_more_segments() {
        let mut medium = written();
        medium.create(1).unwrap();
        assert_eq!(medium.create(2), Err(MediumError::NoSpace));
        assert_eq!(medium.space_left(), Ok(Some(0)));
    }
}
