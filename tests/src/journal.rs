//! Holds the changes an appliance told since a point in time, in a form that reads like what was expected.
//! Never forgives one too many: a test names all there should be. Tests call it.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::api::Api;
use crate::patience::eventually;

/// Sweeps after which a network in which nothing happens must have nothing new to tell.
const MOST_SWEEPS: usize = 8;

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number in the history.
    pub seq: u64,
    /// Such as `OFFLINE`.
    pub kind: String,
    /// Id of the device; empty for the scanner.
    pub device: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
    /// Why.
    pub evidence: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {} {:?} -> {:?} ({})", self.seq, self.kind, self.device, self.old, self.new, self.evidence)
    }
}

impl Change {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Self {
            seq: value["seq"].as_u64().expect("a stored change has a number"),
            kind: text("type"),
            device: text("device"),
            old: text("old"),
            new: text("new"),
            evidence: text("evidence"),
        }
    }
}

/// The journal of an appliance from a point on.
#[derive(Debug)]
pub struct Journal<'a> {
    api: &'a Api<'a>,
    after: u64,
}

impl<'a> Journal<'a> {
    /// From the beginning.
    #[must_use]
    pub const fn whole(api: &'a Api<'a>) -> Self {
        Self { api, after: 0 }
    }

    /// From when the network is known and nothing more is told of it.
    ///
    /// # Panics
    /// When a network in which nothing happens brings changes sweep after sweep.
    #[must_use]
    pub fn from_calm(api: &'a Api<'a>) -> Self {
        let mut last = Vec::new();
        let mut calm = 0;
        for _ in 0..MOST_SWEEPS {
            let before = Self::newest(api);
            api.sweep("full");
            last = Self { api, after: before }.all();
            calm = if last.is_empty() { calm + 1 } else { 0 };
            if calm == 2 {
                return Self { api, after: Self::newest(api) };
            }
        }
        panic!("nothing happens, and yet:\n{}", lines(&last));
    }

    fn newest(api: &'a Api<'a>) -> u64 {
        Self { api, after: 0 }.all().last().map_or(0, |change| change.seq)
    }

    /// All changes, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Change> {
        let rows = self.api.list("/api/network/v2/events", "");
        let mut changes: Vec<Change> = rows.iter().map(Change::read).filter(|change| change.seq > self.after).collect();
        changes.sort_by_key(|change| change.seq);
        changes
    }

    /// Sweeps until there is a change of a kind, and gives the first.
    ///
    /// # Panics
    /// When there is none in time.
    pub fn sweep_until(&self, kind: &str, within: Duration) -> Change {
        eventually(kind, within, || {
            self.api.sweep("quick");
            self.first(kind)
        })
    }

    /// Waits for a change of a kind, and gives the first.
    ///
    /// # Panics
    /// When there is none in time.
    pub fn wait_for(&self, kind: &str, within: Duration) -> Change {
        eventually(kind, within, || self.first(kind))
    }

    fn first(&self, kind: &str) -> Result<Change, String> {
        let all = self.all();
        all.iter().find(|change| change.kind == kind).cloned().ok_or_else(|| lines(&all))
    }

    /// Sweeps twice more and compares: these changes, in any order, and no other.
    ///
    /// # Panics
    /// When the journal says anything else.
    pub fn expect_exactly(&self, expected: &[(&str, &str)]) {
        self.api.sweep("full");
        self.api.sweep("full");
        self.expect_now(expected);
    }

    /// Compares at once: these kinds and devices, in any order, and no other.
    ///
    /// # Panics
    /// When the journal says anything else.
    pub fn expect_now(&self, expected: &[(&str, &str)]) {
        let all = self.all();
        let mut told: Vec<(&str, &str)> =
            all.iter().map(|change| (change.kind.as_str(), change.device.as_str())).collect();
        let mut expected = expected.to_vec();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "the journal:\n{}", lines(&all));
    }
}

/// Changes as lines of text.
#[must_use]
pub fn lines(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("  {change}\n")).collect()
}
