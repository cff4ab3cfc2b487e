//! Holds how the result of a directed check looks in JSON.
//! Never asks a device itself. Called by the check route.

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::Checked;

use super::device::milliseconds;

/// What a check found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CheckView {
    /// Id of the device.
    pub(crate) device: String,
    /// `online`, `suspect`, `offline` or `unknown`.
    pub(crate) state: &'static str,
    /// Whether it was heard during the check.
    pub(crate) online: bool,
    /// How long it took to answer, in milliseconds; `null` when nothing we asked was answered.
    pub(crate) response_ms: Option<f64>,
    /// What was tried, in words.
    pub(crate) evidence: String,
    /// When the check was over, RFC 3339 in UTC; `null` while the clock is not set.
    pub(crate) ts: Option<String>,
    /// Whether this is the result of a check less than a minute ago.
    pub(crate) cached: bool,
}

impl CheckView {
    /// A fresh result.
    pub(crate) fn render(checked: &Checked, ts: Option<String>) -> Self {
        Self {
            device: checked.device.to_string(),
            state: checked.presence.name(),
            online: checked.heard,
            response_ms: checked.answer.map(milliseconds),
            evidence: checked.evidence.to_string(),
            ts,
            cached: false,
        }
    }
}
