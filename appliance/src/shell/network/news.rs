//! Holds what the rest of the service hears of the network: changes stored and told, rows, progress, finished sweeps.
//! Never renders: the listener it was started with does. One task, woken by the engine's tidings.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use vigie_core::lan::sweep::Progress;
use vigie_core::lan::{Change, DeviceId};

use super::engine::Shared;
use super::errand::Communities;
use super::hands::{Hands, Memory};
use super::kept::Snapshot;
use super::places::Places;
use super::record;
use super::sweeps::{Scan, Sweeps};
use crate::shell::keeper::Keeper;
use crate::shell::tasks;

/// Tidings are taken this long after the first of them, so that a device heard ten times in a row is told once.
const GATHER: Duration = Duration::from_millis(150);

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// Something changed on the network; it is stored already.
    Changed(Change),
    /// The row of a device looks different, or the device is there for the first time.
    Row(DeviceId),
    /// A device is gone from the table.
    Gone(DeviceId),
    /// A sweep is this far.
    Progress(Progress),
    /// A sweep is over.
    Swept(Scan),
}

/// Whoever renders and sends what happened.
pub(crate) type Listener = Box<dyn FnMut(&mut Hands<'_>, &News)>;

/// All that a visit needs.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) engine: Shared,
    pub(super) sweeps: Rc<RefCell<Sweeps>>,
    pub(super) places: Rc<Places>,
    pub(super) memory: Rc<RefCell<Memory>>,
    pub(super) keeper: Option<Keeper>,
    pub(super) communities: Rc<Communities>,
}

impl Room {
    /// One visit to the engine.
    pub(super) fn visit<T>(&self, visit: impl FnOnce(&mut Hands<'_>) -> T) -> T {
        visit(&mut Hands {
            engine: &mut self.engine.borrow_mut(),
            sweeps: &mut self.sweeps.borrow_mut(),
            places: &self.places,
            memory: &mut self.memory.borrow_mut(),
            keeper: self.keeper.as_ref(),
            edited: false,
            communities: &self.communities,
        })
    }
}

/// Takes tidings for as long as the service runs.
pub(super) async fn take(room: Room, mut tell: Listener) {
    let arrived = room.engine.borrow().tidings.arrived();
    let beat = tasks::watch("news", tasks::LIMIT);
    loop {
        beat.idle(arrived.notified()).await;
        tokio::time::sleep(GATHER).await;
        room.visit(|hands| {
            for news in gather(hands) {
                tell(hands, &news);
            }
        });
    }
}

fn gather(hands: &mut Hands<'_>) -> Vec<News> {
    let keeper = hands.keeper;
    hands.write_pending();
    let tidings = hands.engine.tidings.take();
    let mut news = Vec::new();
    for change in tidings.changes {
        *hands.memory.changes.entry(change.kind.name()).or_default() += 1;
        if let Some(keeper) = keeper {
            record::write_change(keeper, &change);
        }
        news.push(News::Changed(change));
    }
    news.extend(tidings.forgotten.into_iter().map(News::Gone));
    news.extend(tidings.rows.into_iter().map(News::Row));
    for checked in tidings.checks {
        for waiting in hands.memory.checks.remove(&checked.device).unwrap_or_default() {
            let _left = waiting.send(checked.clone());
        }
    }
    for (segment, progress) in tidings.progress {
        hands.memory.progress.insert(segment, progress);
        news.push(News::Progress(progress));
    }
    for (segment, report) in tidings.swept {
        hands.memory.progress.remove(&segment);
        let Some(scan) = hands.sweeps.swept(hands.engine, Instant::now(), segment, &report) else { continue };
        if scan.purpose != "newcomers" {
            keep_snapshot(hands, &scan);
        }
        hands.memory.note_scan(scan.clone());
        news.push(News::Swept(scan));
    }
    news
}

fn keep_snapshot(hands: &mut Hands<'_>, scan: &Scan) {
    let at = hands.moment();
    let there = hands.engine.lan.devices().filter(|device| device.online());
    let devices = there.map(|device| (device.id(), device.ip(), device.mac())).collect();
    let snapshot = Snapshot { number: scan.number, at, devices, scan: scan.clone() };
    hands.memory.kept.keep(snapshot, hands.keeper);
}
