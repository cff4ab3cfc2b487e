//! Holds the power cuts of the flight recorder: every write cut at every byte and in every order of its sectors.
//! It never sleeps and needs no file. `cargo test` runs it.

use super::*;

/// A shelf in memory whose power goes in the middle of a write.
#[derive(Clone)]
struct RamShelf {
    bytes: Vec<u8>,
    /// Writes until the cut, and how much of that write gets through.
    cut: Option<(usize, Through)>,
    writes: usize,
}

/// How much of a write that is cut is there afterwards.
#[derive(Clone, Copy, Debug)]
enum Through {
    /// So many bytes from its start.
    First(usize),
    /// The sectors of 512 bytes whose bit is set; the sector before the lowest of them is half written.
    Sectors(u8),
}

impl RamShelf {
    fn new() -> Self {
        Self { bytes: vec![0; PLACES * PAGE_BYTES], cut: None, writes: 0 }
    }
}

impl Shelf for RamShelf {
    fn read(&self, place: usize) -> io::Result<Vec<u8>> {
        Ok(self.bytes[place * PAGE_BYTES..][..PAGE_BYTES].to_vec())
    }

    fn write(&mut self, place: usize, image: &[u8]) -> io::Result<()> {
        let there = &mut self.bytes[place * PAGE_BYTES..][..PAGE_BYTES];
        self.writes += 1;
        match self.cut {
            Some((at, through)) if at == self.writes - 1 => {
                match through {
                    Through::First(bytes) => there[..bytes].copy_from_slice(&image[..bytes]),
                    Through::Sectors(set) => {
                        for sector in (0..8).filter(|sector| set >> sector & 1 == 1) {
                            there[sector * 512..][..512].copy_from_slice(&image[sector * 512..][..512]);
                        }
                    }
                }
                Err(io::ErrorKind::BrokenPipe.into())
            }
            Some((at, _)) if at < self.writes - 1 => Err(io::ErrorKind::BrokenPipe.into()),
            _ => {
                there.copy_from_slice(image);
                Ok(())
            }
        }
    }
}

fn line(number: u64) -> Line {
    let length = 4 + usize::try_from(number * 7 % 40).unwrap();
    let mut bytes = u32::try_from(number).unwrap().to_le_bytes().to_vec();
    bytes.resize(length, 0x5a);
    Line { at_ms: number * 13, bytes }
}

fn numbers(shelf: &RamShelf) -> Vec<u64> {
    let (pages, _) = read_all(shelf).unwrap();
    let lines = pages.iter().flat_map(|(_, page)| page.lines());
    lines.map(|line| u32::from_le_bytes(*line.bytes.first_chunk().unwrap()).into()).collect()
}

/// Writes batches until the power goes; gives how many lines are acknowledged.
fn fill(shelf: RamShelf, first: u64, batches: u64) -> (RamShelf, u64) {
    let mut ring = Ring::open(shelf, Head::default()).unwrap();
    let mut acknowledged = first;
    for batch in 0..batches {
        let size = 1 + batch * 5 % 11;
        if ring.write(&mut (acknowledged..acknowledged + size).map(line).collect()).is_err() {
            break;
        }
        acknowledged += size;
    }
    (ring.shelf, acknowledged)
}

/// What must hold after a cut: the lines are those that were said, in order, without a hole, and every acknowledged one
/// that the ring has room for is there.
fn holds(shelf: &RamShelf, acknowledged: u64, about: &str) {
    let found = numbers(shelf);
    assert!(found.windows(2).all(|pair| pair[1] == pair[0] + 1), "{about}: a hole in {found:?}");
    let last = found.last().map_or(0, |last| last + 1);
    assert!(last >= acknowledged, "{about}: {last} of {acknowledged}");
    assert!(last <= acknowledged + 11, "{about}: {last} were never said");
}

#[test]
fn no_acknowledged_line_is_lost_wherever_the_power_goes() {
    const BATCHES: u64 = 20;
    let whole = fill(RamShelf::new(), 0, BATCHES).0;
    let mut cuts = 0;
    for at in 0..whole.writes {
        // One write at every seventh byte and every set of its sectors, the others at some of each.
        let (bytes, sectors) = if at == 6 { (7, 1) } else { (409, 11) };
        let bytes = (0..=PAGE_BYTES).step_by(bytes).map(Through::First);
        let sectors = (0..=255).step_by(sectors).map(Through::Sectors);
        for through in bytes.chain(sectors) {
            let mut shelf = RamShelf::new();
            shelf.cut = Some((at, through));
            let (mut shelf, acknowledged) = fill(shelf, 0, BATCHES);
            holds(&shelf, acknowledged, &format!("write {at}, {through:?}"));
            // The next start goes on, and what was there stays.
            (shelf.cut, shelf.writes) = (None, 0);
            let next = numbers(&shelf).last().map_or(0, |last| last + 1);
            let (shelf, acknowledged) = fill(shelf, next, 3);
            holds(&shelf, acknowledged, &format!("after the cut of write {at}, {through:?}"));
            cuts += 1;
        }
    }
    assert!(cuts > 1_400, "{cuts}");
}

#[test]
fn the_ring_keeps_the_newest_pages_and_goes_round() {
    let (mut shelf, mut next) = (RamShelf::new(), 0);
    for _start in 0..12 {
        (shelf, next) = fill(shelf, next, 200);
    }
    holds(&shelf, next, "round");
    let found = numbers(&shelf);
    assert!(found[0] > 0, "the oldest have gone");
    let (pages, damaged) = read_all(&shelf).unwrap();
    assert!(pages.len() >= PLACES - 3 && damaged == 0, "{} pages of {PLACES} places", pages.len());
}

#[test]
fn a_cut_is_survived_when_the_ring_goes_round_too() {
    let (mut full, mut next) = (RamShelf::new(), 0);
    for _start in 0..12 {
        (full, next) = fill(full, next, 1_500);
    }
    for at in 0..30 {
        for sectors in (0..=255u8).step_by(5) {
            let mut shelf = full.clone();
            (shelf.writes, shelf.cut) = (0, Some((at, Through::Sectors(sectors))));
            let (shelf, acknowledged) = fill(shelf, next, 60);
            holds(&shelf, acknowledged, &format!("write {at}, sectors {sectors:08b}"));
        }
    }
}

#[test]
fn the_file_is_made_once_and_a_cut_making_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    std::fs::write(&path, vec![0; 10_000]).unwrap();
    let (file, written) = make(&path).unwrap();
    assert_eq!(written, (PLACES * PAGE_BYTES) as u64 - 10_000);
    assert_eq!(file.metadata().unwrap().len(), (PLACES * PAGE_BYTES) as u64);
    let mut ring = Ring::open(file, Head::default()).unwrap();
    assert_eq!(ring.write(&mut VecDeque::from([line(0)])).unwrap(), PAGE_BYTES as u64);
    let (file, written) = make(&path).unwrap();
    assert_eq!(written, 0);
    assert_eq!(read_all(&file).unwrap().0.len(), 1);
}
