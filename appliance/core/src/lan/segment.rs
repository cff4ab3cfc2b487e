//! Holds which L2 network something was heard on.
//! Never holds addresses or interface names: the shell maps them. Called by sightings, devices and the sweep.

/// One L2 network the appliance has a leg in: an index below `limits::MAX_SEGMENTS`, stable while the service knows the
/// network (the shell keeps the map from interface and prefix to index, and stores it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SegmentId(pub u8);
