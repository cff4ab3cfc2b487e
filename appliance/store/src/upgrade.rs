//! Holds the list of formats this code can open and how the next one joins it.
//! It never rewrites a segment: old ones are read as they are and vanish by ordinary cleaning.
//! Opening asks it about every segment's format before anything is written.
//!
//! # How a format 2 is added
//!
//! The format number is in the header of each segment, so one log may hold segments of several formats:
//!
//! 1. Add a variant to [`Reader`] and its number to [`reader_of`]; keep the reader of the old format and its test with
//!    literal bytes for ever.
//! 2. Raise [`crate::format::FORMAT`]: new segments are written in the new format only.
//! 3. At open, a head segment of an old format is sealed and a fresh one is opened by the first commit, so formats never
//!    mix inside a segment. Cleaning moves live records, oldest segment first, and so rewrites everything in time,
//!    without an upgrade step that a power cut could interrupt.
//! 4. Give `Report` the oldest format seen, for the journal.
//!
//! Going back: code that meets a newer format refuses to open and leaves every byte alone, so the other boot slot, which
//! knows the format, still finds its data. A release that raises the format must therefore not be the one that is on
//! trial; the one before it learns to read the format first.

use crate::format::FORMAT;

/// The code that reads a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reader {
    /// The layout described in [`mod@crate::format`].
    V1,
}

/// A format newer than this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooNew {
    /// What the segment says.
    pub found: u16,
    /// The newest this code reads.
    pub known: u16,
}

/// The reader for a format. Format 0 never existed: a header with it is damage and is found as such before.
///
/// # Errors
///
/// [`TooNew`] for a format this code does not know.
pub const fn reader_of(format: u16) -> Result<Reader, TooNew> {
    match format {
        0 | 1 => Ok(Reader::V1),
        found => Err(TooNew { found, known: FORMAT }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_up_to_ours_has_a_reader_and_the_next_has_none() {
        assert_eq!(reader_of(FORMAT), Ok(Reader::V1));
        assert_eq!(reader_of(FORMAT + 1), Err(TooNew { found: FORMAT + 1, known: FORMAT }));
    }
}
