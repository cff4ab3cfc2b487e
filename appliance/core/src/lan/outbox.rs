//! Holds what `Lan` wants to say and could not yet: changes, probes, and which rows to save and to show anew.
//! Never grows past `MAX_BACKLOG`: probes leave first, then the oldest change, counted. Called by every part of `Lan`.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use super::device::{Device, DeviceId};
use super::input::{Action, Actions};
use crate::limits::MAX_BACKLOG;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    backlog: VecDeque<Action>,
    /// Devices with something queued, each at most once.
    rows: VecDeque<DeviceId>,
    pub(super) changes_lost: u64,
    /// Whether a row was handed over to be saved for a reason of its own since this was last taken.
    pub(super) saves: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, action: Action) {
        if self.backlog.len() >= MAX_BACKLOG {
            if matches!(action, Action::Probe(_)) {
                return;
            }
            match self.backlog.iter().position(|waiting| matches!(waiting, Action::Probe(_))) {
                Some(probe) => drop(self.backlog.remove(probe)),
                None => {
                    // A Forget must not be lost: the store would bring the device back. It takes a change's place.
                    let change = self.backlog.iter().position(|waiting| !matches!(waiting, Action::Forget(_)));
                    self.backlog.remove(change.unwrap_or_default());
                    self.changes_lost += 1;
                }
            }
        }
        self.backlog.push_back(action);
    }

    /// Asks for a row to be saved or shown anew, once until it is taken. Devices not yet confirmed are neither.
    pub(super) fn mark(&mut self, device: &mut Device, save: bool, dirty: bool) {
        if device.live.tentative.is_some() {
            return;
        }
        let queued = &mut device.live.queued;
        queued.save |= save;
        queued.dirty |= dirty;
        if !queued.any {
            queued.any = true;
            self.rows.push_back(device.kept.id);
        }
    }

    /// Asks for a row to be saved beside others, for its times alone.
    pub(super) fn refresh(&mut self, device: &mut Device) {
        self.mark(device, false, false);
        device.live.queued.refresh |= device.live.queued.any;
    }

    /// A device is gone: nothing more is said of its row.
    pub(super) fn unmark(&mut self, id: DeviceId) {
        self.rows.retain(|row| *row != id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.backlog.is_empty() && self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.backlog.len()
    }

    /// Moves into `out` what fits.
    pub(super) fn drain(&mut self, out: &mut Actions, devices: &mut BTreeMap<DeviceId, Box<Device>>) {
        while !out.is_full() {
            let Some(action) = self.backlog.pop_front() else { break };
            // There is room: asked above.
            let _full = out.push_back(action);
        }
        while out.capacity() - out.len() >= 2 {
            let Some(id) = self.rows.pop_front() else { break };
            let Some(device) = devices.get_mut(&id) else { continue };
            let queued = core::mem::take(&mut device.live.queued);
            self.saves |= queued.save;
            if queued.save || queued.refresh {
                let _full = out.push_back(Action::Save(id));
            }
            if queued.dirty {
                let _full = out.push_back(Action::Dirty(id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moment;
    use crate::lan::change::{Change, ChangeKind};
    use crate::lan::probe::{Probe, Query};
    use crate::lan::{DeviceId, SegmentId};

    const PROBE: Action = Action::Probe(Probe { segment: SegmentId(0), query: Query::AllNodes });

    fn change(ms: u64) -> Action {
        Action::Change(Change {
            at: Moment { boot: 1, ms },
            kind: ChangeKind::Online,
            device: None,
            segment: None,
            old: crate::Text::default(),
            new: crate::Text::default(),
            evidence: crate::Text::default(),
        })
    }

    #[test]
    fn a_full_backlog_drops_probes_first_then_the_oldest_change_and_never_a_forget() {
        let mut outbox = Outbox::default();
        outbox.push(Action::Forget(DeviceId(9)));
        outbox.push(change(0));
        outbox.push(PROBE);
        for ms in 1..=u64::try_from(MAX_BACKLOG).unwrap() - 3 {
            outbox.push(change(ms));
        }
        assert_eq!((outbox.len(), outbox.changes_lost), (MAX_BACKLOG, 0));
        outbox.push(PROBE);
        assert_eq!(outbox.len(), MAX_BACKLOG, "a probe more is dropped: it is asked again");
        outbox.push(change(9_001));
        assert!(!outbox.backlog.contains(&PROBE), "a change takes the place of a probe");
        assert_eq!((outbox.len(), outbox.changes_lost), (MAX_BACKLOG, 0));
        outbox.push(change(9_002));
        assert_eq!((outbox.len(), outbox.changes_lost), (MAX_BACKLOG, 1));
        assert!(!outbox.backlog.contains(&change(0)), "the oldest change");
        outbox.push(Action::Forget(DeviceId(10)));
        assert!(outbox.backlog.contains(&Action::Forget(DeviceId(9))), "the store would bring it back");
        assert!(outbox.backlog.contains(&Action::Forget(DeviceId(10))));
        assert_eq!(outbox.len(), MAX_BACKLOG);
    }
}
