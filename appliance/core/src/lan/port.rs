//! Holds the open ports of a device and what counts as one opening or closing.
//! Never tells the first inventory, nor a port that was merely never asked for before, nor what may be said of a device by
//! another machine that uses its MAC or address. Called by `Lan`.

use alloc::boxed::Box;
use core::net::IpAddr;

use embassy_time::{Duration, Instant};

use super::SegmentId;
use super::allowance::Allowance;
use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::judge::Judge;
use super::machine::{About, Lan};
use super::record::PortRow;
use super::sighting::{Port, Source, Transport};
use crate::{Moment, Text};

/// Passes in a row without an answer before a port is called closed: as many as for a device's presence on Wi-Fi.
const CLOSED_AFTER_PASSES: u8 = 3;
/// Two refusals closer together are one: a repeated probe is refused twice.
const REFUSED_APART: Duration = Duration::from_secs(30);

/// A list of ports that is asked for in passes. 8 KiB.
#[derive(Clone, Debug)]
pub(super) struct PortSet {
    hash: u32,
    bits: Box<[u64; 1024]>,
    used: Instant,
}

impl PortSet {
    fn of(ports: &[u16], now: Instant) -> Self {
        let mut bits = Box::new([0u64; 1024]);
        for port in ports {
            if let Some(word) = bits.get_mut(usize::from(port / 64)) {
                *word |= 1 << (port % 64);
            }
        }
        let hash = bits.iter().fold(0x811c_9dc5_u32, |hash, word| {
            word.to_le_bytes().iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
        });
        Self { hash, bits, used: now }
    }

    fn contains(&self, port: u16) -> bool {
        self.bits.get(usize::from(port / 64)).is_some_and(|word| word >> (port % 64) & 1 == 1)
    }
}

impl<J: Judge> Lan<J> {
    /// One port of a device was seen open or closed.
    pub(super) fn learn_port(&mut self, id: DeviceId, port: Port, open: bool, source: Source, now: Instant) {
        let at = self.moment(now);
        let allowed = Allowance::among(self.devices.len());
        let may_be_another = self.may_be_another(id);
        let Some(device) = self.devices.get_mut(&id) else { return };
        if open {
            if device.learn_open(port, source, allowed.ports, at) {
                device.live.unsaved = true;
                device.live.judge.get_or_insert(now + Duration::from_millis(300));
                self.outbox.mark(device, false, true);
            }
            return;
        }
        if may_be_another {
            return;
        }
        let Some(row) = device.kept.ports.iter_mut().find(|row| row.port == port && row.open) else { return };
        match &row.refused {
            None => row.refused = Some(Box::new(at)),
            Some(first) if first.age(at).is_some_and(|age| age < REFUSED_APART) => {}
            Some(_) => self.close(id, port, "refused twice", at),
        }
    }

    fn close(&mut self, id: DeviceId, port: Port, why: &str, at: Moment) {
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(row) = device.kept.ports.iter_mut().find(|row| row.port == port) else { return };
        row.open = false;
        row.misses = 0;
        row.refused = None;
        let told = core::mem::take(&mut row.told);
        self.outbox.mark(device, true, true);
        device.live.judge.get_or_insert(Instant::from_millis(at.ms));
        if told {
            self.tell(at, ChangeKind::PortClosed, About::device(id).from(named(port)), Text::cut(why));
        }
    }

    /// A pass over the ports of one host, or of all of a segment, is over.
    pub(super) fn ports_asked(
        &mut self,
        segment: SegmentId,
        host: Option<IpAddr>,
        began: Instant,
        ports: &[u16],
        now: Instant,
    ) {
        let list = PortSet::of(ports, now);
        let hash = list.hash;
        match self.lists.iter_mut().find(|known| known.hash == hash) {
            Some(known) => known.used = now,
            None => drop(self.lists.push_or_evict(list, |known| known.used)),
        }
        let of_host = |device: &Device| {
            let mut legs = device.kept.interfaces.iter().filter(|interface| interface.segment == segment);
            legs.any(|interface| host.is_none_or(|host| interface.address(host).is_some()))
        };
        let ids: alloc::vec::Vec<DeviceId> = self
            .devices
            .values()
            .filter(|device| of_host(device) && device.live.tentative.is_none())
            // Who was not heard during the pass was not there to answer.
            .filter(|device| device.live.vigil.heard.is_some_and(|heard| heard >= began))
            // Nor was who is excluded: it was heard, and nobody asked it.
            .filter(|device| device.may_be_asked(&self.settings))
            // Whose ports they are is not known while two answer: what still stands when that is over is told then.
            .filter(|device| !self.may_be_another(device.kept.id))
            .map(|device| device.kept.id)
            .collect();
        for id in ids {
            self.compare_pass(id, hash, began, now);
            self.reschedule(id);
        }
    }

    fn compare_pass(&mut self, id: DeviceId, hash: u32, began: Instant, now: Instant) {
        let at = self.moment(now);
        let since = self.moment(began);
        let Some(device) = self.devices.get_mut(&id) else { return };
        let Some(list) = self.lists.iter().find(|list| list.hash == hash) else { return };
        let asked_before = |port: u16, passes: &[u32]| {
            passes.contains(&hash) || self.lists.iter().any(|old| passes.contains(&old.hash) && old.contains(port))
        };
        let passes = device.kept.passes.clone();
        let mut opened: heapless::Vec<Port, { crate::limits::MAX_PORTS }> = heapless::Vec::new();
        let mut closed: heapless::Vec<Port, { crate::limits::MAX_PORTS }> = heapless::Vec::new();
        let asked = |row: &PortRow| row.port.transport == Transport::Tcp && list.contains(row.port.number);
        // Both lists have room for every row.
        for row in device.kept.ports.iter_mut().filter(|row| asked(row)) {
            if row.open && row.last_seen >= since {
                row.misses = 0;
                if !core::mem::replace(&mut row.told, true) && asked_before(row.port.number, &passes) {
                    let _room = opened.push(row.port);
                }
            } else if row.open && row.source == Source::Tcp {
                row.misses = row.misses.saturating_add(1);
                if row.misses >= CLOSED_AFTER_PASSES {
                    let _room = closed.push(row.port);
                }
            }
        }
        if !passes.contains(&hash) {
            let known: heapless::Vec<u32, { crate::limits::MAX_PORT_LISTS }> =
                self.lists.iter().map(|list| list.hash).collect();
            device.kept.passes.push_or_evict(hash, |pass| known.contains(pass));
            device.live.unsaved = true;
        }
        for port in opened {
            let why = Text::cut("answered; it did not in the pass before");
            self.tell(at, ChangeKind::PortOpened, About::device(id).to(named(port)), why);
            if let Some(device) = self.devices.get_mut(&id) {
                self.outbox.mark(device, true, true);
            }
        }
        for port in closed {
            self.close(id, port, "no answer in three passes", at);
        }
    }
}

/// `22/tcp`.
fn named(port: Port) -> Text<16> {
    let transport = match port.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    Text::format(format_args!("{}/{transport}", port.number))
}

impl Device {
    /// Takes note of an open port, of at most `room`; true when that is news.
    fn learn_open(&mut self, port: Port, source: Source, room: usize, at: Moment) -> bool {
        if let Some(row) = self.kept.ports.iter_mut().find(|row| row.port == port) {
            row.last_seen = at;
            // An announcement does not open what refuses: only an answer of the port itself does.
            if source == Source::Tcp {
                row.refused = None;
                row.misses = 0;
                row.source = source;
            } else if !row.open {
                return false;
            }
            return !core::mem::replace(&mut row.open, true);
        }
        // Until its first inventory is over, what is found is the inventory.
        let told = self.kept.passes.is_empty() || source != Source::Tcp;
        let row = PortRow { port, open: true, source, first_seen: at, last_seen: at, misses: 0, refused: None, told };
        let worth = |row: &PortRow| (row.open, core::cmp::Reverse(row.port));
        self.kept.ports.push_within(room, row, worth).is_none_or(|left| left.port != port)
    }
}
