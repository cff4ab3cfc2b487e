//! Holds the last thing that came of asking a device, for a bounded number of devices.
//! Never waits and never asks. The desk has one for checks and one for wake-up calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use vigie_core::lan::DeviceId;

/// What came of it, and when it began. Of at most `MOST` devices: the one asked longest ago leaves.
pub(super) struct Latest<V, const MOST: usize>(Mutex<BTreeMap<DeviceId, (Instant, V)>>);

impl<V, const MOST: usize> Default for Latest<V, MOST> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone, const MOST: usize> Latest<V, MOST> {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<DeviceId, (Instant, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest of a device.
    pub(super) fn of(&self, id: DeviceId) -> Option<(Instant, V)> {
        self.rows().get(&id).cloned()
    }

    /// Keeps this in place of what was there.
    pub(super) fn keep(&self, id: DeviceId, began: Instant, view: V) {
        let mut rows = self.rows();
        if rows.len() >= MOST && !rows.contains_key(&id) {
            let oldest = rows.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
            oldest.and_then(|oldest| rows.remove(&oldest));
        }
        rows.insert(id, (began, view));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_one_asked_longest_ago_makes_room_and_a_newer_answer_takes_its_own_place() {
        let (latest, began) = (Latest::<u64, 3>::default(), Instant::now());
        let at = |id: u64| began + Duration::from_secs(id);
        for id in 0..3 {
            latest.keep(DeviceId(id), at(id), id);
        }
        latest.keep(DeviceId(1), at(7), 70);
        assert_eq!(latest.of(DeviceId(0)), Some((at(0), 0)), "nobody had to leave");
        latest.keep(DeviceId(9), at(9), 9);
        assert_eq!(latest.of(DeviceId(0)), None);
        assert_eq!((latest.of(DeviceId(1)), latest.of(DeviceId(9))), (Some((at(7), 70)), Some((at(9), 9))));
    }
}
