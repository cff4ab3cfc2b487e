//! Holds the ear of the flight recorder: the one `defmt` logger of the program, and the lines that wait to be written.
//! Never writes a file, never waits, never grows: lines are short, few are kept, and whatever does not fit is counted.
//! Fed by every `defmt` statement of the service and of the crates below it; emptied by the service's recorder.
//!
//! `defmt` asks a logger for `unsafe`, which is why it stands here. A line is put together in a buffer of its thread and
//! handed over whole, so two threads never meet inside a line and nothing here needs a lock while a line is built.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::boot_us;

/// Longest line in bytes of its encoding. The usual one has 10 to 30; a longer one is left out and counted.
pub const MAX_LINE_BYTES: usize = 200;
/// Lines that wait; a burst of changes of a whole network fits. About 64 KiB at the very most.
pub const MAX_WAITING: usize = 512;

/// One line, as `defmt` encodes it: the index of its words, then its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds of the boot clock when it was said.
    pub at_ms: u64,
    /// Index and values.
    pub bytes: Vec<u8>,
}

/// The lines taken at once.
#[derive(Debug, Default)]
pub struct Taken {
    /// Oldest first.
    pub lines: VecDeque<Line>,
    /// Lines that were left out since the last time, because they were too long or too many waited.
    pub lost: u32,
}

struct Waiting {
    on: bool,
    taken: Taken,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { on: false, taken: Taken { lines: VecDeque::new(), lost: 0 } });

struct Draft {
    bytes: [u8; MAX_LINE_BYTES],
    length: usize,
    too_long: bool,
}

thread_local! {
    static DRAFT: RefCell<Draft> =
        const { RefCell::new(Draft { bytes: [0; MAX_LINE_BYTES], length: 0, too_long: false }) };
}

/// Keeps lines from now on, or no more. Without it they go nowhere: `vigie scan` has no recorder.
pub fn keep(on: bool) {
    waiting().on = on;
}

/// Takes what waits.
#[must_use]
pub fn take() -> Taken {
    std::mem::take(&mut waiting().taken)
}

/// Where this run of the program has the words that all others are counted from; the same words are found again in the
/// program's file. A program that is loaded at another address every time has another number every time.
#[must_use]
pub fn origin() -> u16 {
    let mut number = [0; 2];
    let marker = defmt::intern!("origin of the flight recorder");
    defmt::export::istr(&marker);
    DRAFT.with_borrow_mut(|draft| {
        number.copy_from_slice(draft.bytes.first_chunk::<2>().unwrap_or(&[0; 2]));
        draft.length = 0;
    });
    u16::from_le_bytes(number)
}

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hand_over(draft: &Draft) {
    let mut waiting = waiting();
    if !waiting.on {
        return;
    }
    if draft.too_long || waiting.taken.lines.len() >= MAX_WAITING {
        waiting.taken.lost = waiting.taken.lost.saturating_add(1);
        return;
    }
    let bytes = draft.bytes.get(..draft.length).unwrap_or_default().to_vec();
    waiting.taken.lines.push_back(Line { at_ms: boot_us() / 1_000, bytes });
}

#[defmt::global_logger]
struct Ear;

// SAFETY: a line belongs to the thread that says it, from `acquire` to `release`; no state is shared until the line is
// whole, and then only under a lock. No method calls back into `defmt`, so no thread acquires twice.
unsafe impl defmt::Logger for Ear {
    fn acquire() {
        DRAFT.with_borrow_mut(|draft| (draft.length, draft.too_long) = (0, false));
    }

    unsafe fn flush() {}

    unsafe fn release() {
        DRAFT.with_borrow_mut(|draft| {
            hand_over(draft);
            draft.length = 0;
        });
    }

    unsafe fn write(bytes: &[u8]) {
        DRAFT.with_borrow_mut(|draft| {
            let end = draft.length + bytes.len();
            match draft.bytes.get_mut(draft.length..end) {
                Some(room) => {
                    room.copy_from_slice(bytes);
                    draft.length = end;
                }
                None => draft.too_long = true,
            }
        });
    }
}

// The time of a line is noted beside it.
defmt::timestamp!("");

#[defmt::panic_handler]
fn stop() -> ! {
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_when_wanted_bounded_and_counted() {
        defmt::println!("nobody listens {=u8}", 1);
        keep(true);
        assert_eq!(take().lines.len(), 0);
        let origin = origin();
        defmt::println!("numbers {=u8} {=u32}", 7, 0x0102_0304);
        defmt::println!("too long {=[u8]}", [0; 300]);
        let taken = take();
        assert_eq!((taken.lines.len(), taken.lost), (1, 1));
        assert_eq!(taken.lines[0].bytes[2..], [7, 4, 3, 2, 1]);
        let index = u16::from_le_bytes([taken.lines[0].bytes[0], taken.lines[0].bytes[1]]);
        assert!(index.wrapping_sub(origin).cast_signed().unsigned_abs() < 1_000, "{index} {origin}");
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                scope.spawn(move || {
                    for number in 0..1_000u32 {
                        defmt::println!("thread {=u32} {=u32} {=u32}", thread, number, thread ^ number);
                    }
                });
            }
        });
        let taken = take();
        assert_eq!(taken.lines.len() + taken.lost as usize, 4_000);
        assert_eq!(taken.lines.len(), MAX_WAITING);
        for line in &taken.lines {
            let word = |at: usize| u32::from_le_bytes(line.bytes[at..at + 4].try_into().unwrap());
            assert_eq!((line.bytes.len(), word(10)), (14, word(2) ^ word(6)), "no two threads in one line");
        }
        keep(false);
    }
}
