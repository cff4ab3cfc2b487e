//! Holds a network for tests: the real engine with legs that have no sockets, so that nothing is sent and all is told.
//! Never asks the kernel for anything but the time. Called by the tests of the API and of the page.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use embassy_time::Instant;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use vigie_core::lan::sweep::{Block, Sweep};
use vigie_core::lan::{self, Fact, Input, LanSettings, SegmentId, Sighting, Source};
use vigie_sys::interface::{Index, Kind};
use vigie_wire::Mac;

use super::engine::Engine;
use super::ground::Ground;
use super::hands::{Hands, Memory};
use super::leg::{Footing, Leg};
use super::logbook::Logbook;
use super::news::{self, News, Room};
use super::places::{Choice, Places};
use super::send::{Mouths, Outbox};
use super::sweeps::Sweeps;
use super::{MAX_VISITS, Network};
use crate::config::NetworkSettings;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;

type Tell = Box<dyn FnMut(&mut Hands<'_>, &News)>;

/// Starts a network on the local task set of the caller, with a leg for each name: own address and prefix length.
pub(crate) fn network(boot: u32, legs: &[(&str, Ipv4Addr, u8)], keeper: Option<Keeper>, tell: Tell) -> Network {
    let (rules, _) = super::load_rules(None);
    let mut engine = Engine::new(boot, [7; 16], rules, LanSettings::default());
    let places = Rc::new(Places::new(Choice::default(), std::collections::BTreeMap::new()));
    for (name, ip, prefix) in legs {
        if let Some(segment) = places.segment(name) {
            add_leg(&mut engine, segment, name, (*ip, *prefix));
        }
    }
    let engine = Rc::new(RefCell::new(engine));
    let mut sweeps = Sweeps::new(
        super::settings::rhythm(&NetworkSettings::default(), false),
        Logbook::open(&[], keeper.clone()),
        std::sync::Arc::new(Clocks::open(&[], None)),
    );
    sweeps.watching = false;
    let memory = Rc::new(RefCell::new(Memory::default()));
    let room = Room {
        engine: engine.clone(),
        sweeps: Rc::new(RefCell::new(sweeps)),
        places,
        memory,
        keeper: keeper.clone(),
        communities: Rc::default(),
    };
    let (visits, inbox) = mpsc::channel(MAX_VISITS);
    spawn_local(super::keep_time(engine));
    spawn_local(news::take(room.clone(), tell));
    spawn_local(super::census::keep(room.clone()));
    spawn_local(super::receive(room, inbox));
    Network { visits, keeper }
}

/// A leg without sockets: own address and prefix length.
pub(super) fn add_leg(engine: &mut Engine, segment: SegmentId, name: &str, (ip, prefix): (Ipv4Addr, u8)) {
    let mac = Mac([0x02, 0, 0, 0, 0xff, segment.0]);
    let ground = Ground { segment, mac, ipv4: vec![(ip, prefix)], ipv6: Vec::new(), beyond: None };
    let block = Block::around(ip, prefix);
    let footing = Footing {
        index: Index(u32::from(segment.0) + 2),
        name: name.to_owned(),
        kind: Kind::Wired,
        ground,
        gateway: None,
        running: true,
        scope: block.into_iter().map(|block| (block, block.may_be_swept())).collect(),
    };
    let sweep = Sweep::new(u64::from(segment.0));
    let (outbox, mouths) = (Outbox::default(), Mouths::default());
    engine.legs.push(Leg { footing, sweep, outbox, raw: None, echo: Vec::new(), mouths, ears: Vec::new(), unsent: 0 });
    let addresses = [(IpAddr::V4(ip), prefix)];
    let leg = lan::Leg { segment, mac: Some(mac), addresses: &addresses, gateway: None, sees_macs: true };
    engine.input(Instant::now(), Input::SegmentUp(leg));
}

/// Lets the engine hear something of a device on the first leg. An answer confirms a newcomer.
pub(crate) fn hear(hands: &mut Hands<'_>, source: Source, mac: Mac, ip: IpAddr, fact: Fact<'_>) {
    let segment = SegmentId(0);
    hands.engine.see(Instant::now(), &Sighting { segment, source, mac: Some(mac), ip: Some(ip), fact });
    hands.engine.settle();
}

/// Ends every sweep that runs as if all of it had been asked and nobody had answered more.
pub(crate) fn end_sweeps(hands: &mut Hands<'_>, hosts: u32) {
    for segment in hands.engine.legs.iter().map(Leg::segment).collect::<Vec<_>>() {
        let report = lan::sweep::Report { hosts, addresses: 254, rounds: 1, whole: true, ..Default::default() };
        hands.engine.tidings.swept(segment, report);
    }
}
