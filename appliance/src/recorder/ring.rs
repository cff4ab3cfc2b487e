//! Holds the ring of the flight recorder: a file of fixed size, made once, whose pages are written in turns.
//! It never overwrites the only copy of a page: the page being filled alternates between two places, so that a cut
//! while it is written leaves the copy before. Driven by the recorder's writer, read by `vigie recorder`.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use vigie_core::order::sort_by_key;

use vigie_sys::recorder::Line;

use super::page::{Head, PAGE_BYTES, Page};

/// Places in the file: 512 KiB, some 18,000 lines, weeks of a lively place.
/// Tests go round a smaller one, thousands of times.
pub(super) const PLACES: usize = if cfg!(test) { 16 } else { 128 };

/// Where pages lie.
pub(super) trait Shelf {
    /// Reads a place; fewer bytes than a page when the file is shorter.
    fn read(&self, place: usize) -> io::Result<Vec<u8>>;
    /// Writes a place and comes back when it is on the medium.
    fn write(&mut self, place: usize, image: &[u8]) -> io::Result<()>;
}

impl Shelf for File {
    fn read(&self, place: usize) -> io::Result<Vec<u8>> {
        let mut image = vec![0; PAGE_BYTES];
        let (mut filled, start) = (0, (place * PAGE_BYTES) as u64);
        while let Some(room) = image.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.read_at(room, start + filled as u64) {
                Ok(0) => break,
                Ok(some) => filled += some,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        image.truncate(filled);
        Ok(image)
    }

    fn write(&mut self, place: usize, image: &[u8]) -> io::Result<()> {
        self.write_all_at(image, (place * PAGE_BYTES) as u64)?;
        self.sync_data()
    }
}

/// Opens the file for writing, and makes it, zero-filled, when it is not there or too short: a file that grew by each
/// page would cost the card its journal every time. Gives the bytes that were written for that.
pub(super) fn make(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let (there, wanted) = (file.metadata()?.len(), (PLACES * PAGE_BYTES) as u64);
    let mut written = 0;
    if there < wanted {
        let mut at = there / PAGE_BYTES as u64 * PAGE_BYTES as u64;
        while at < wanted {
            // What is there already may be a page that was cut: the rest of it only.
            let from = at.max(there);
            let zeros = vec![0; usize::try_from(at + PAGE_BYTES as u64 - from).unwrap_or(PAGE_BYTES)];
            file.write_all_at(&zeros, from)?;
            written += zeros.len() as u64;
            at += PAGE_BYTES as u64;
        }
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
    }
    Ok((file, written))
}

/// A page and the place it lies in.
type Placed = (usize, Page);

/// Every readable page of a shelf, oldest first, of two copies the fuller one; and how many places hold something that
/// is no page: one of them may be the page that was being written when the power went.
pub(super) fn read_all(shelf: &impl Shelf) -> io::Result<(Vec<Placed>, usize)> {
    let (mut pages, mut damaged): (Vec<Placed>, usize) = (Vec::new(), 0);
    for place in 0..PLACES {
        let image = shelf.read(place)?;
        match Page::read(&image) {
            Some(page) => pages.push((place, page)),
            None => damaged += usize::from(image.iter().any(|byte| *byte != 0)),
        }
    }
    let rank = |page: &Page| (page.head.sequence, page.used(), page.head.closed);
    sort_by_key(&mut pages, |(_, page)| rank(page));
    pages.reverse();
    pages.dedup_by_key(|(_, page)| page.head.sequence);
    pages.reverse();
    Ok((pages, damaged))
}

/// The ring, open for writing.
pub(super) struct Ring<S> {
    shelf: S,
    /// Sequence of what lies in each place; 0 for what may be overwritten first.
    holds: [u64; PLACES],
    /// The page being filled.
    page: Page,
    /// Its two places; the first is written next.
    places: [usize; 2],
}

impl<S: Shelf> Ring<S> {
    /// Goes on after the newest page of the shelf with a page of its own.
    pub(super) fn open(shelf: S, mut head: Head) -> io::Result<Self> {
        let (pages, _) = read_all(&shelf)?;
        let mut holds = [0; PLACES];
        for (place, page) in &pages {
            if let Some(holds) = holds.get_mut(*place) {
                *holds = page.head.sequence;
            }
        }
        head.sequence = pages.last().map_or(0, |(_, page)| page.head.sequence) + 1;
        let places = two_oldest(&holds);
        Ok(Self { shelf, holds, page: Page::new(head), places })
    }

    /// What is true for the lines from now on.
    pub(super) fn head(&mut self) -> &mut Head {
        &mut self.page.head
    }

    /// Writes lines, as many pages as they need. Gives how many bytes went to the medium.
    ///
    /// # Errors
    /// What the medium says. Nothing is lost then: lines are in the page being filled, which goes with the next
    /// writing, or still in `lines`.
    pub(super) fn write(&mut self, lines: &mut VecDeque<Line>) -> io::Result<u64> {
        let mut written = 0;
        while let Some(line) = lines.front() {
            if self.page.add(line) {
                lines.pop_front();
            } else {
                written += self.put()?;
                self.turn();
            }
        }
        Ok(written + self.put()?)
    }

    fn put(&mut self) -> io::Result<u64> {
        let [place, other] = self.places;
        self.shelf.write(place, &self.page.image())?;
        if let Some(holds) = self.holds.get_mut(place) {
            *holds = self.page.head.sequence;
        }
        // The older copy is worth nothing once the page is full, but all while it is not.
        self.places = [other, place];
        Ok(PAGE_BYTES as u64)
    }

    /// Begins the next page. The place of the older copy is the first to be used again.
    fn turn(&mut self) {
        let [older, newer] = self.places;
        for (place, holds) in self.holds.iter_mut().enumerate() {
            if place == older && *holds == self.page.head.sequence && place != newer {
                *holds = 0;
            }
        }
        let head = Head { sequence: self.page.head.sequence + 1, lost: 0, ..self.page.head.clone() };
        self.page = Page::new(head);
        self.places = two_oldest(&self.holds);
    }
}

/// The two places that hold what is least worth keeping.
fn two_oldest(holds: &[u64; PLACES]) -> [usize; 2] {
    let mut order: Vec<usize> = (0..PLACES).collect();
    sort_by_key(&mut order, |place| (holds.get(*place).copied().unwrap_or_default(), *place));
    [order.first().copied().unwrap_or(0), order.get(1).copied().unwrap_or(1)]
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
