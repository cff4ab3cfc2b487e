//! Holds how much of one device is remembered, by how many there are: all of it in a home, the essential in a crowd.
//! Never takes away what is known already. Called by `Lan` for each name, clue and port.

use crate::limits::{MAX_CLUES, MAX_DEVICES, MAX_NAMES, MAX_PORTS};

/// With more devices than this each may take half as much: a table of 2,048 that all say as much as they can, for whatever
/// reason, would otherwise take 26 MiB.
const CROWD: usize = MAX_DEVICES / 2;

/// Rows of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Names it tells.
    pub(super) names: usize,
    /// What it says about itself.
    pub(super) clues: usize,
    /// Open ports.
    pub(super) ports: usize,
}

impl Allowance {
    /// For each of so many devices.
    pub(super) const fn among(devices: usize) -> Self {
        let part = if devices > CROWD { 2 } else { 1 };
        Self { names: MAX_NAMES / part, clues: MAX_CLUES / part, ports: MAX_PORTS / part }
    }
}
