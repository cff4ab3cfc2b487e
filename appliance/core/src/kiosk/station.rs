//! Holds one workstation as the desk sees it: whether it is there, what it is busy with, how often codes were wrong.
//! Never holds its name or address: those are in the register of workstations. The desk's table is made of them.

use embassy_time::Instant;

use super::throttle::Throttle;
use super::{BootId, GroupId, SessionId, StationId};

/// What the store keeps of a workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StationRecord {
    /// Its number.
    pub id: StationId,
    /// Its group.
    pub group: Option<GroupId>,
    /// Taken out of service by staff.
    pub maintenance: bool,
    /// The boot it was last heard in.
    pub boot: Option<BootId>,
    /// Wrong codes in a row.
    pub failures: u8,
}

/// Whether the workstation is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reach {
    /// Its last word is fresh.
    Online,
    /// Silent for a while; it counts on by itself.
    Unreachable,
    /// Silent for long, or not heard since the appliance started.
    #[default]
    Offline,
}

/// What a workstation is at, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StationState {
    /// Free.
    Available,
    /// Free, and a code for it is out.
    Reserved,
    /// Somebody has a session there.
    Busy,
    /// Being cleaned of the last person.
    Wiping,
    /// Out of service.
    Maintenance,
    /// Not heard.
    Offline,
}

/// A workstation of the running appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Station {
    pub(super) kept: StationRecord,
    pub(super) heard: Option<Instant>,
    pub(super) reach: Reach,
    pub(super) session: Option<SessionId>,
    /// Number of the last lease, for the boot it is in.
    pub(super) lease_seq: u32,
    pub(super) throttle: Throttle,
}

impl Station {
    pub(super) fn new(kept: StationRecord, now: Instant) -> Self {
        let throttle = Throttle::restored(kept.failures, now);
        Self { kept, heard: None, reach: Reach::Offline, session: None, lease_seq: 0, throttle }
    }

    pub(super) fn record(&self) -> StationRecord {
        StationRecord { failures: self.throttle.failures(), ..self.kept }
    }
}
