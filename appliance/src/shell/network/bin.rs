//! Holds the last devices a person forgot, so that a slip can be undone.
//! Never survives a restart and never holds more than a handful: forgetting is meant.
//! Filled and emptied by `hands`.

use std::collections::VecDeque;

use embassy_time::{Duration, Instant};
use vigie_core::lan::{DeviceId, DeviceRecord};

/// Devices kept, about 3 KiB each. The one forgotten first leaves.
const MAX_KEPT: usize = 16;
/// How long an undo is offered.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// Why a forgotten device does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotBack {
    /// It was forgotten too long ago, or never.
    TooLate,
    /// It was heard again since, and somebody has said something of the new entry.
    Replaced(DeviceId),
    /// The table is full, or its network is gone.
    NoRoom,
}

/// What was forgotten, the latest last.
#[derive(Debug, Default)]
pub(super) struct Bin(VecDeque<(Instant, DeviceRecord)>);

impl Bin {
    /// Keeps a record for a while.
    pub(super) fn put(&mut self, record: DeviceRecord, now: Instant) {
        self.take(record.id());
        if self.0.len() >= MAX_KEPT {
            self.0.pop_front();
        }
        self.0.push_back((now, record));
    }

    /// A copy of a record, and how long ago it was forgotten.
    pub(super) fn find(&self, id: DeviceId, now: Instant) -> Option<(DeviceRecord, Duration)> {
        let (at, record) = self.0.iter().find(|(_, record)| record.id() == id)?;
        let away = now.saturating_duration_since(*at);
        (away < KEPT_FOR).then(|| (record.clone(), away))
    }

    /// Drops a record.
    pub(super) fn take(&mut self, id: DeviceId) {
        self.0.retain(|(_, record)| record.id() != id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use vigie_core::lan::{Actions, Edit, Input, Lan, LanSettings, Leg, NoRules, SegmentId};

    use super::*;

    /// So many records of devices a person added.
    fn records(count: u8) -> Vec<DeviceRecord> {
        let mut lan = Lan::new(1, 7, LanSettings::default(), NoRules);
        let (now, segment) = (Instant::from_secs(1), SegmentId(0));
        let own = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 24)];
        let leg = Leg { segment, mac: None, addresses: &own, gateway: None, sees_macs: true };
        lan.on(now, Input::SegmentUp(leg), &mut Actions::new());
        for last in 2..2 + count {
            let ip = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
            lan.edit(now, Edit::Add { segment, mac: None, ip, label: "" }, &mut Actions::new()).unwrap();
        }
        lan.devices().map(|device| device.record().clone()).collect()
    }

    #[test]
    fn the_latest_are_kept_for_an_hour() {
        let (mut bin, start) = (Bin::default(), Instant::from_secs(10));
        let records = records(MAX_KEPT as u8 + 1);
        let (first, second) = (records[0].id(), records[1].clone());
        records.into_iter().for_each(|record| bin.put(record, start));
        assert!(bin.find(first, start).is_none(), "the first one made room");
        let almost = start + KEPT_FOR - Duration::from_secs(1);
        assert!(bin.find(second.id(), almost).is_some_and(|(_, away)| away.as_secs() == 3_599));
        assert!(bin.find(second.id(), start + KEPT_FOR).is_none());
        bin.put(second.clone(), almost);
        assert_eq!(bin.0.len(), MAX_KEPT, "a device is kept once");
        bin.take(second.id());
        assert!(bin.find(second.id(), almost).is_none());
    }
}
