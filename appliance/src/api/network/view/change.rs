//! Holds how a change of the network looks in JSON, the same when it is told and when history is read.
//! Never loses a time: without a date it says which boot and when in it. Called by events, history and the live stream.

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use vigie_core::lan::Change;

use super::{Lens, Point};

/// Something that changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeView {
    /// The same in the live stream and in history, so that nothing is shown twice.
    pub(crate) id: String,
    /// Its number in the stored history; `null` in the live stream, whose envelope has a number of its own.
    pub(crate) seq: Option<u64>,
    /// RFC 3339 in UTC; `null` where the clock was not set, with `boot` and `at_ms` beside it.
    pub(crate) ts: Option<String>,
    /// Only where `ts` is `null`.
    #[serde(flatten)]
    pub(crate) at: Option<Point>,
    /// Such as `NEW_DEVICE` or `OFFLINE`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Id of the device; `null` for the scanner and the table.
    pub(crate) device: Option<String>,
    /// What the device is called now; `null` when it has no name or is gone.
    pub(crate) device_name: Option<String>,
    /// Where, when it happened in one place.
    pub(crate) segment: Option<String>,
    /// What it was; `null` when there was nothing.
    pub(crate) old: Option<String>,
    /// What it is; `null` when there is nothing.
    pub(crate) new: Option<String>,
    /// Why we say so.
    pub(crate) evidence: String,
}

impl ChangeView {
    /// A change; `seq` when it comes from the store, `name` when the device has one.
    pub(crate) fn render(lens: &Lens<'_>, change: &Change, seq: Option<u64>, name: Option<String>) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            id: fingerprint(change),
            seq,
            ts: lens.text(change.at),
            at: lens.point(change.at),
            kind: change.kind.name(),
            device: change.device.map(|id| id.to_string()),
            device_name: name,
            segment: change.segment.map(|segment| lens.segment(segment)),
            old: some(&change.old),
            new: some(&change.new),
            evidence: change.evidence.to_string(),
        }
    }
}

/// 64 bits of a hash over the stored form.
fn fingerprint(change: &Change) -> String {
    let bytes = postcard::to_allocvec(change).unwrap_or_default();
    let digest = Sha256::digest(&bytes);
    HEXLOWER.encode(digest.get(..8).unwrap_or_default())
}
