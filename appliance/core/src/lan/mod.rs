//! Holds the first job: to know every device of the network. `sighting` is what comes in, `Lan` fuses it into devices and
//! says what changed, `Sweep` plans what to ask next and how fast, `rule` knows kinds.
//! Never sends or receives: probes go out as actions, answers come back as sightings. Called by the network shell.

mod absent;
mod allowance;
mod attend;
mod believe;
pub mod change;
pub mod conflict;
pub mod device;
mod dice;
mod dispute;
pub mod edit;
pub mod field;
mod fuse;
mod gaps;
pub mod input;
pub mod interface;
pub mod judge;
pub mod kind;
mod ladder;
mod learn;
mod leg;
pub mod machine;
mod merge;
mod observe;
mod outbox;
mod place;
mod port;
pub mod presence;
pub mod probe;
mod propose;
mod proxy;
pub mod record;
mod restore;
pub mod rows;
pub mod rule;
pub mod segment;
pub mod settings;
pub mod sighting;
#[cfg(test)]
mod sim;
pub mod sweep;
mod twin;
mod union;
mod unstored;
pub mod uptime;
pub mod vendor;
mod voice;

pub use change::{Change, ChangeKind};
pub use conflict::{Conflict, ConflictKind};
pub use device::{Device, DeviceId, Trust};
pub use edit::{Edit, Refusal};
pub use input::{Action, Actions, Checked, Input, Leg};
pub use judge::{Judge, NoRules};
pub use kind::Kind;
pub use machine::{Lan, Stats};
pub use presence::Presence;
pub use probe::{Probe, Query};
pub use record::DeviceRecord;
pub use segment::SegmentId;
pub use settings::LanSettings;
pub use sighting::{Clue, Fact, Port, Role, Sighting, Source, StableId, Transport};
