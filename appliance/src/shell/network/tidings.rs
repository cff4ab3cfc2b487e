//! Holds what the engine has to tell the rest of the service, until somebody takes it: each device once, each change once.
//! Never grows with a crowd: rows and saves are sets of devices, changes are bounded. Filled by the engine, taken by `news`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use tokio::sync::Notify;
use vigie_core::lan::sweep::{Progress, Report};
use vigie_core::lan::{Action, Change, Checked, DeviceId, SegmentId};

/// Changes waiting to be taken. They are taken within milliseconds; more than this is a storm whose first part matters
/// least, as the table itself stays right.
const MAX_CHANGES: usize = 4_096;
/// Results of checks waiting to be taken.
const MAX_CHECKS: usize = 64;

/// What there is to tell.
#[derive(Debug, Default)]
pub(super) struct Tidings {
    /// Changes, oldest first.
    pub(super) changes: VecDeque<Change>,
    /// Records to store.
    pub(super) saves: BTreeSet<DeviceId>,
    /// Records to delete.
    pub(super) forgotten: BTreeSet<DeviceId>,
    /// Rows that look different.
    pub(super) rows: BTreeSet<DeviceId>,
    /// Checks that are over.
    pub(super) checks: VecDeque<Checked>,
    /// How far the sweeps are.
    pub(super) progress: BTreeMap<SegmentId, Progress>,
    /// Sweeps that are over.
    pub(super) swept: Vec<(SegmentId, Report)>,
    /// Changes that were dropped because nobody took them.
    pub(super) lost: u64,
    arrived: Rc<Notify>,
}

impl Tidings {
    /// Wakes whoever takes tidings.
    pub(super) fn arrived(&self) -> Rc<Notify> {
        self.arrived.clone()
    }

    /// Notes what the machine of the network says, probes excepted: those are for a leg.
    pub(super) fn note(&mut self, action: Action) {
        match action {
            Action::Change(change) => {
                if self.changes.len() >= MAX_CHANGES {
                    self.changes.pop_front();
                    self.lost += 1;
                }
                self.changes.push_back(change);
            }
            Action::Save(id) => {
                self.forgotten.remove(&id);
                self.saves.insert(id);
            }
            Action::Forget(id) => {
                self.saves.remove(&id);
                self.forgotten.insert(id);
            }
            Action::Dirty(id) => {
                self.rows.insert(id);
            }
            Action::Checked(checked) => {
                if self.checks.len() >= MAX_CHECKS {
                    self.checks.pop_front();
                }
                self.checks.push_back(checked);
            }
            Action::Probe(_) => return,
        }
        self.arrived.notify_one();
    }

    /// Notes how far a sweep is.
    pub(super) fn progress(&mut self, segment: SegmentId, progress: Progress) {
        self.progress.insert(segment, progress);
        self.arrived.notify_one();
    }

    /// Notes that a sweep is over.
    pub(super) fn swept(&mut self, segment: SegmentId, report: Report) {
        self.progress.remove(&segment);
        self.swept.push((segment, report));
        self.arrived.notify_one();
    }

    /// Takes all there is; the counter stays.
    pub(super) fn take(&mut self) -> Self {
        let empty = Self { arrived: self.arrived.clone(), lost: self.lost, ..Self::default() };
        std::mem::replace(self, empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_once_and_the_last_word_counts() {
        let mut tidings = Tidings::default();
        for action in [
            Action::Dirty(DeviceId(1)),
            Action::Dirty(DeviceId(1)),
            Action::Save(DeviceId(1)),
            Action::Forget(DeviceId(1)),
            Action::Forget(DeviceId(2)),
            Action::Save(DeviceId(2)),
        ] {
            tidings.note(action);
        }
        let taken = tidings.take();
        assert_eq!((taken.rows.len(), taken.saves.len(), taken.forgotten.len()), (1, 1, 1));
        assert!(taken.saves.contains(&DeviceId(2)) && taken.forgotten.contains(&DeviceId(1)));
        assert!(tidings.take().rows.is_empty());
    }
}
