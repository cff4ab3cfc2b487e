//! Holds the opening of a log: which segments count, what is in them, what a cut or a dying card left.
//! It never writes; opening twice, or being cut while opening, changes nothing.
//! [`Log::open`] is called once at start.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::batch::Batch;
use super::clean::Evacuation;
use super::index::{Entry, Index, Keyed, Place};
use super::writer::scramble;
use super::{Counters, Log, Lost, Options, Report, Segment, Trouble};
use crate::Error;
use crate::format::record::Class;
use crate::format::segment::{Found, Header, read_front};
use crate::format::walk::{Piece, Walked, walk};
use crate::format::{DATA_START, PAGE_BYTES};
use crate::medium::{Medium, Slot};
use crate::upgrade::reader_of;

/// Header, mark, and the longest record twice: a waiting one beside one that cleaning copies.
const MIN_SEGMENT_BYTES: u32 = 2 * PAGE_BYTES;

/// A place in the index counts units of eight bytes in 16 bits.
const MAX_SEGMENT_BYTES: u32 = 8 << 16;

/// A segment with a sound header.
#[derive(Clone, Copy)]
struct Candidate {
    slot: Slot,
    header: Header,
    seed: u32,
}

/// What the headers say, before any record is read.
#[derive(Default)]
struct Survey {
    candidates: Vec<Candidate>,
    free: VecDeque<Slot>,
    suspect: Vec<Slot>,
    slots: BTreeSet<Slot>,
}

/// A segment of the chain with the end its successor gives it.
struct Link {
    segment: Segment,
    trusted_end: Option<u32>,
}

impl<M: Medium> Log<M> {
    /// Opens what is on the medium, or an empty log on an empty one. Nothing is written; the first segment is made by
    /// the first commit.
    ///
    /// # Errors
    /// [`Error::NewerFormat`] with everything left as it is, [`Error::Budgets`] or [`Error::WrongKind`] for options
    /// that cannot be kept, [`Error::SegmentSize`] for a strange medium, [`Error::Medium`] when the medium cannot be listed.
    pub fn open(mut medium: M, options: Options) -> Result<(Log<M>, Report), Error> {
        let segment_bytes = medium.segment_bytes();
        if !(MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES).contains(&segment_bytes)
            || !segment_bytes.is_multiple_of(PAGE_BYTES)
        {
            return Err(Error::SegmentSize { bytes: segment_bytes });
        }
        options.check(segment_bytes)?;
        let mut report = Report::default();
        let mut survey = read_headers(&mut medium, segment_bytes, &mut report)?;
        let store = choose_store(&mut survey, &mut report).unwrap_or_else(|| scramble(options.entropy));
        let next_generation = survey.candidates.iter().map(|c| c.header.generation).max().map_or(1, |last| last + 1);
        let next_sequence = survey.candidates.iter().map(|c| c.header.next_sequence).max().unwrap_or(1);
        let (links, missing) = link(&mut survey);
        let index = Index::new(&options.events);
        let salt = scramble(options.entropy ^ next_generation);
        let mut log = Log {
            medium,
            options,
            segment_bytes,
            store,
            salt,
            chain: VecDeque::new(),
            head_open: false,
            free: survey.free,
            suspect: survey.suspect,
            slots: survey.slots,
            spare_refused: false,
            next_generation,
            next_sequence,
            acknowledged: 0,
            index,
            batch: Batch::default(),
            evacuations: VecDeque::new(),
            trouble: None,
            counters: Counters::default(),
            buffer: Vec::new(),
            scratch: Vec::new(),
        };
        log.secure_head(&links, &mut report);
        log.load(links, &missing, &mut report);
        log.acknowledged = log.next_sequence - 1;
        report.segments = u32::try_from(log.chain.len()).unwrap_or(u32::MAX);
        report.records = u64::from(log.index.keys()) + log.index.events();
        Ok((log, report))
    }

    /// An earlier process may have died between write and flush. What it wrote is read below and then taken for
    /// durable, so it has to be made so first.
    fn secure_head(&mut self, links: &[Link], report: &mut Report) {
        let Some(head) = links.last() else { return };
        self.head_open = true;
        if let Err(error) = self.medium.flush(head.segment.slot) {
            let error = Error::from(error);
            self.head_open = false;
            self.trouble = Some(Trouble { error, since_ms: 0, retry_at_ms: 0, wait_ms: 1, attempts: 1 });
            report.trouble = Some(error);
        }
    }

    /// Reads all segments of the chain, oldest first, into the index.
    fn load(&mut self, links: Vec<Link>, missing: &[u64], report: &mut Report) {
        let mut first_generation = links.first().map_or(0, |link| link.segment.generation);
        let mut lost = Vec::new();
        let mut bytes = Vec::new();
        for mut link in links {
            let is_head = link.segment.generation + 1 == self.next_generation;
            let wanted = link.trusted_end.unwrap_or(self.segment_bytes).min(self.segment_bytes);
            read_segment(&mut self.medium, link.segment.slot, wanted, &mut bytes, report);
            let walked = self.load_segment(&link, &bytes, &mut first_generation, &mut lost);
            report.torn_bytes += u64::from(walked.torn_bytes);
            link.segment.end = walked.end;
            if is_head {
                self.head_open &= walked.appendable;
            }
            self.chain.push_back(link.segment);
        }
        // Segments before the last durable checkpoint were cleaned: their slots may already hold anything.
        while let Some(old) = self.chain.front().filter(|oldest| oldest.generation < first_generation) {
            self.free.push_back(old.slot);
            self.chain.pop_front();
        }
        let counting: BTreeSet<Slot> = self.chain.iter().map(|segment| segment.slot).collect();
        self.index.settle(&|slot| counting.contains(&slot));
        let missing = missing.iter().filter(|&&generation| generation >= first_generation).count();
        report.missing_segments = u32::try_from(missing).unwrap_or(u32::MAX);
        for lost in lost.into_iter().filter(|lost| lost.generation >= first_generation) {
            report.add_lost(lost);
        }
        if self.trouble.is_some()
            && let Some(head) = self.chain.back()
        {
            let places = self.index.places_in(head.slot, 0);
            self.evacuations.push_front(Evacuation::partial(head.slot, places));
        }
    }

    fn load_segment(&mut self, link: &Link, bytes: &[u8], first: &mut u64, lost: &mut Vec<Lost>) -> Walked {
        let Segment { generation, slot, seed, .. } = link.segment;
        let (index, store, next_sequence) = (&mut self.index, self.store, &mut self.next_sequence);
        walk(bytes, seed, link.trusted_end, &mut |piece| match piece {
            Piece::Lost { offset, bytes, hint } => {
                let (kind, sequence) = (hint.map(|(kind, _)| kind), hint.map(|(_, sequence)| sequence));
                // A card full of holes must not fill the memory; what the report cannot list is merged.
                if lost.len() < 1024 {
                    lost.push(Lost { generation, offset, bytes, kind, sequence });
                }
            }
            Piece::Record { offset, view } => {
                let head = view.head;
                *next_sequence = (*next_sequence).max(head.sequence + u64::from(head.class != Class::Own));
                let entry = Entry::new(Place::new(slot, offset), head.sequence, view.bytes);
                match head.class {
                    Class::Own => {
                        *first = view.checkpoint().map_or(*first, |generation| generation.max(*first));
                        view.floors().for_each(|(kind, floor)| index.load_floor(kind, floor));
                    }
                    Class::Event => index.load_event(head.kind, entry),
                    Class::Keyed | Class::Tombstone => {
                        let mut hasher = SipHasher13::new_with_keys(store, !store);
                        hasher.write_u8(head.kind);
                        hasher.write(view.key);
                        let is_tombstone = head.class == Class::Tombstone;
                        index.load(hasher.finish(), Keyed { entry, kind: head.kind, is_tombstone });
                    }
                }
            }
        })
    }
}

/// Reads every header. A newer format anywhere ends the opening before anything else is looked at.
fn read_headers<M: Medium>(medium: &mut M, segment_bytes: u32, report: &mut Report) -> Result<Survey, Error> {
    let mut survey = Survey::default();
    let mut slots = medium.slots()?;
    slots.sort_unstable();
    for slot in slots {
        survey.slots.insert(slot);
        let mut front = [0; DATA_START as usize];
        report.bytes_read += u64::from(DATA_START);
        if medium.read_at(slot, 0, &mut front).is_err() {
            report.unreadable_segments += 1;
            continue;
        }
        match read_front(&front) {
            Found::Newer(format) => {
                let known = reader_of(format).err().map_or(crate::format::FORMAT, |new| new.known);
                return Err(Error::NewerFormat { found: format, known });
            }
            Found::Blank => survey.free.push_back(slot),
            Found::Damaged => {
                report.unreadable_segments += 1;
                survey.suspect.push(slot);
            }
            Found::Header(header, _) if header.segment_bytes != segment_bytes => report.foreign_segments += 1,
            Found::Header(header, seed) => survey.candidates.push(Candidate { slot, header, seed }),
        }
    }
    Ok(survey)
}

/// The store with most segments is ours; segments that somebody copied in from another one are left alone.
fn choose_store(survey: &mut Survey, report: &mut Report) -> Option<u64> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    for candidate in &survey.candidates {
        *counts.entry(candidate.header.store).or_default() += 1;
    }
    let store = counts.into_iter().max_by_key(|&(_, count)| count).map(|(store, _)| store)?;
    let before = survey.candidates.len();
    survey.candidates.retain(|candidate| candidate.header.store == store);
    report.foreign_segments += u32::try_from(before - survey.candidates.len()).unwrap_or(u32::MAX);
    Some(store)
}

/// Follows the chain from the newest segment back to the oldest that counted when it was opened. A segment that is
/// not on it is free: it was cleaned, or it is left from an attempt that failed. Also returns the generations missing.
fn link(survey: &mut Survey) -> (Vec<Link>, Vec<u64>) {
    let by_generation: BTreeMap<u64, Candidate> = survey.candidates.iter().map(|c| (c.header.generation, *c)).collect();
    let (mut links, mut missing, mut used) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut next = by_generation.last_key_value().map(|(_, head)| (*head, None));
    let first = next.map_or(0, |(head, _)| head.header.first_generation);
    while let Some((candidate, trusted_end)) = next {
        let Candidate { slot, header, seed } = candidate;
        used.insert(slot);
        links.push(Link { segment: Segment { generation: header.generation, slot, seed, end: 0 }, trusted_end });
        let wanted = header.previous_generation;
        if header.generation <= first || wanted < first || wanted == 0 || wanted >= header.generation {
            break;
        }
        next = match by_generation.get(&wanted) {
            Some(previous) => Some((*previous, Some(header.previous_end))),
            None => {
                missing.push(wanted);
                let older = by_generation.range(first..wanted).next_back();
                older.map(|(_, older)| (*older, None))
            }
        };
    }
    links.reverse();
    // In the order of their last use, so that cells of the card are used in turn.
    let mut free: Vec<&Candidate> = survey.candidates.iter().filter(|c| !used.contains(&c.slot)).collect();
    free.sort_unstable_by_key(|candidate| candidate.header.generation);
    survey.free.extend(free.iter().map(|candidate| candidate.slot));
    (links, missing)
}

/// Reads a segment; a page that cannot be read counts as zeros, so that it costs its own records only.
fn read_segment<M: Medium>(medium: &mut M, slot: Slot, wanted: u32, bytes: &mut Vec<u8>, report: &mut Report) {
    bytes.clear();
    bytes.resize(usize::try_from(wanted).unwrap_or(0), 0);
    report.bytes_read += u64::from(wanted);
    if medium.read_at(slot, 0, bytes).is_ok() {
        return;
    }
    let page_bytes = usize::try_from(PAGE_BYTES).unwrap_or(1);
    let mut offset = 0;
    for page in bytes.chunks_mut(page_bytes) {
        if medium.read_at(slot, offset, page).is_err() {
            page.fill(0);
            report.unreadable_pages += 1;
        }
        offset += PAGE_BYTES;
    }
}
