//! Holds the seam between the log and whatever keeps its bytes: numbered segments of one size.
//! It never knows about records.
//! The log calls a [`Medium`]; `file` implements it on a directory, `cut` in memory with power cuts and faults.

pub mod cut;
#[cfg(feature = "std")]
pub mod file;

use alloc::vec::Vec;

/// Number of a segment on the medium. It says nothing about the order of the log.
pub type Slot = u16;

/// Why a medium could not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum MediumError {
    /// No room for another segment, or for a copied block. What exists stays usable.
    NoSpace,
    /// Mounted or switched read-only.
    ReadOnly,
    /// The segment is not there.
    Missing,
    /// Input or output failed; the operating system's error number, 0 when there is none.
    Io(i32),
}

impl core::fmt::Display for MediumError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            MediumError::NoSpace => f.write_str("no space left on the medium"),
            MediumError::ReadOnly => f.write_str("the medium is read-only"),
            MediumError::Missing => f.write_str("a segment is missing on the medium"),
            MediumError::Io(code) => write!(f, "input/output error {code} on the medium"),
        }
    }
}

impl core::error::Error for MediumError {}

/// Where segments live.
///
/// A created segment is zero-filled and durable at its full size, so writing into it later changes no file length and
/// a flush costs no journal commit of the file system. Nothing is renamed or removed once it exists: segments are used
/// again.
pub trait Medium {
    /// Bytes of every segment: a multiple of 4 KiB from 8 KiB to 512 KiB.
    fn segment_bytes(&self) -> u32;

    /// Numbers of the complete segments, in any order.
    ///
    /// # Errors
    /// When the medium cannot be listed.
    fn slots(&mut self) -> Result<Vec<Slot>, MediumError>;

    /// Makes a segment of zeros. When this returns `Ok` it is durable, when it fails there is none.
    ///
    /// # Errors
    /// [`MediumError::NoSpace`] and whatever else writing can bring.
    fn create(&mut self, slot: Slot) -> Result<(), MediumError>;

    /// Writes inside a segment. Durable only after [`Medium::flush`]; after a failed flush the content of what was
    /// written since the last good one is unknown, whatever reading it back says.
    ///
    /// # Errors
    /// When writing fails; any part may have been written.
    fn write_at(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), MediumError>;

    /// Makes everything written to the segment durable.
    ///
    /// # Errors
    /// When it cannot be known that it is.
    fn flush(&mut self, slot: Slot) -> Result<(), MediumError>;

    /// Fills `out` from a segment.
    ///
    /// # Errors
    /// When the segment is not there or cannot be read.
    fn read_at(&mut self, slot: Slot, offset: u32, out: &mut [u8]) -> Result<(), MediumError>;

    /// Bytes that new segments may still take, `None` when unknown.
    ///
    /// # Errors
    /// When the medium cannot be asked.
    fn space_left(&mut self) -> Result<Option<u64>, MediumError>;
}
