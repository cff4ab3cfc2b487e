//! Holds how conflicts and proposals to merge look in JSON.
//! Never says who is right. Called by their routes and the page.

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::{Conflict, ConflictKind, DeviceId};

use super::{Lens, Point};

/// Two machines share what they should not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ConflictView {
    /// `shared-address`: two MACs claim one address. `shared-mac`: two machines use one MAC.
    pub(crate) kind: &'static str,
    /// Where.
    pub(crate) segment: String,
    /// The address shared; of a shared MAC, the address of each machine.
    pub(crate) ips: Vec<String>,
    /// The MACs that claim it; of a shared MAC, the one.
    pub(crate) macs: Vec<String>,
    /// Ids of the devices concerned.
    pub(crate) devices: Vec<String>,
    /// Whether it goes on.
    pub(crate) open: bool,
    /// When it was confirmed; `null` where the clock was not set.
    pub(crate) opened: Option<String>,
    /// When it was over; `null` while it goes on.
    pub(crate) closed: Option<String>,
    /// When it was confirmed, where `opened` is `null`.
    #[serde(flatten)]
    pub(crate) at: Option<Point>,
    /// What proves it.
    pub(crate) evidence: String,
}

impl ConflictView {
    /// A conflict, open or past.
    pub(crate) fn render(lens: &Lens<'_>, conflict: &Conflict) -> Self {
        let kind = match conflict.kind {
            ConflictKind::SharedAddress => "shared-address",
            ConflictKind::SharedMac => "shared-mac",
        };
        Self {
            kind,
            segment: lens.segment(conflict.segment),
            ips: once_each(&conflict.ips),
            macs: once_each(&conflict.macs),
            devices: once_each(&conflict.devices),
            open: conflict.closed.is_none(),
            opened: lens.text(conflict.opened),
            closed: conflict.closed.and_then(|closed| lens.text(closed)),
            at: lens.point(conflict.opened),
            evidence: conflict.evidence.to_string(),
        }
    }
}

fn once_each<T: ToString + PartialEq>(two: &[T; 2]) -> Vec<String> {
    let [one, other] = two;
    if one == other { vec![one.to_string()] } else { vec![one.to_string(), other.to_string()] }
}

/// Two devices that may be one; a person decides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProposalView {
    /// Id of the younger one.
    pub(crate) device: String,
    /// What it is called.
    pub(crate) device_name: Option<String>,
    /// Id of the one it may be.
    pub(crate) may_be: String,
    /// What that one is called.
    pub(crate) may_be_name: Option<String>,
}

impl ProposalView {
    /// A proposal with the names the two have.
    pub(crate) fn render(pair: (DeviceId, DeviceId), name: impl Fn(DeviceId) -> Option<String>) -> Self {
        Self {
            device: pair.0.to_string(),
            device_name: name(pair.0),
            may_be: pair.1.to_string(),
            may_be_name: name(pair.1),
        }
    }
}
