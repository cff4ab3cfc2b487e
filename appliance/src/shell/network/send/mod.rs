//! Holds the ways a probe leaves: as a raw frame, or through a socket of the kernel's.
//! Never decides what is asked, how often or how fast. Called by the engine with each probe of the machines.

mod frame;
mod socket;

pub(super) use frame::{ALL_NODES, NotWritten, Outbox, write as frame};
pub(super) use socket::{Mouth, Mouths};
