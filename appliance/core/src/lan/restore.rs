//! Holds how a stored device comes back: with its id and all that was said of it, its presence to be found out.
//! Never tells anything: a restart is no news. Called by `Lan` for each record at start.

use alloc::boxed::Box;

use embassy_time::{Duration, Instant};

use super::device::Device;
use super::judge::Judge;
use super::machine::Lan;
use super::presence::{Presence, Told};
use super::record::DeviceRecord;
use super::uptime::Watched;
use crate::limits::MAX_DEVICES;

impl<J: Judge> Lan<J> {
    pub(super) fn restore(&mut self, record: &DeviceRecord, away: Option<Duration>, now: Instant) {
        let id = record.id;
        if self.devices.contains_key(&id) || self.devices.len() - self.newcomers.len() >= MAX_DEVICES {
            self.counts.turned_away += 1;
            return;
        }
        let mut device = Device::new(record.clone());
        // A key has one owner: of two records that claim it, the first one has it.
        let keys = &self.keys;
        device.kept.interfaces.retain(|interface| {
            let known = usize::from(interface.segment.0) < self.legs.len();
            known && interface.mac.is_none_or(|mac| mac.is_station() && !keys.contains_key(&(interface.segment, mac)))
        });
        if device.kept.interfaces.is_empty() && !device.kept.is_dear() {
            return;
        }
        if let Some(away) = away {
            device.kept.uptime.advance(away, Watched::Blind);
        }
        let vigil = &mut device.live.vigil;
        vigil.since = Some(now);
        vigil.counted = Some(now);
        vigil.state = if record.told == Told::Offline { Presence::Offline } else { Presence::Unknown };
        device.live.saved = Some(now);
        device.live.confidence = device.identity_confidence(self.moment(now));
        device.live.judge = Some(now + self.dice.within(Duration::from_secs(5)));
        self.devices.insert(id, Box::new(device));
        self.index(id, now);
        self.reschedule(id);
    }
}
