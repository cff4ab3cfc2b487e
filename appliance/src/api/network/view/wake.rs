//! Holds how a wake-up call looks in JSON. Never sends one. The route, the event and the page call it.

use schemars::JsonSchema;
use serde::Serialize;

/// A wake-up call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WakeView {
    /// Id of the device.
    pub(crate) device: String,
    /// `waiting`, `up`, or `silent` after a minute without a sign of life.
    pub(crate) state: &'static str,
    /// Calls sent, one for each interface.
    pub(crate) frames: usize,
    /// Whether the device was there already when it was called.
    pub(crate) was_online: bool,
    /// Seconds from the call to the first sign of life; `null` before that.
    pub(crate) came_up_after_s: Option<u64>,
    /// How long it is waited for, in seconds.
    pub(crate) waits_s: u64,
}
