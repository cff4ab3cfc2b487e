//! Holds conflicts: one address claimed by two machines, and one MAC in two places, with evidence.
//! Never believes a single frame: both sides must answer twice. Called by `Lan`.

use core::net::IpAddr;

use embassy_time::Instant;
use vigie_wire::Mac;

use super::SegmentId;
use super::device::DeviceId;
use crate::limits::MAX_REASON_BYTES;
use crate::{Moment, Text};

/// What two machines share that they should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// Two MACs claim one address.
    SharedAddress,
    /// Two machines use one MAC, each with an address of its own.
    SharedMac,
}

/// A conflict, open or remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What is shared.
    pub kind: ConflictKind,
    /// Where.
    pub segment: SegmentId,
    /// The address shared; of a shared MAC, the address of one machine and of the other.
    pub ips: [IpAddr; 2],
    /// The MACs that claim it; of a shared MAC, twice the same.
    pub macs: [Mac; 2],
    /// The devices concerned; of a shared MAC, twice the same.
    pub devices: [DeviceId; 2],
    /// When it was confirmed.
    pub opened: Moment,
    /// When it was over; none while it is open.
    pub closed: Option<Moment>,
    /// What proves it.
    pub evidence: Text<MAX_REASON_BYTES>,
    /// When it is asked about next, when it was last, and when each side was last heard claiming.
    pub(super) recheck: Instant,
    pub(super) checked: Instant,
    pub(super) heard: [Instant; 2],
    /// Checks in a row in which one side was silent.
    pub(super) silent: u8,
}
