//! Holds which interfaces of the machine are legs of the appliance, and makes and drops legs as they come and go.
//! Never asks the network anything. One task, woken by the kernel. Started by `start`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use tokio::net::UdpSocket;
use vigie_core::lan::sweep::{Block, NotScanned, Sweep};
use vigie_core::lan::{self, Fact, Input, SegmentId, Sighting, Source};
use vigie_core::limits::MAX_SEGMENTS;
use vigie_sys::change::{Change, Changes};
use vigie_sys::icmp::{Echo, Family};
use vigie_sys::interface::{self, Index, Interface, Kind};
use vigie_sys::link::Link;
use vigie_sys::multicast::{self, Service};
use vigie_sys::neighbour::{self, Neighbour, State};
use vigie_sys::{Error, gateway};
use vigie_wire::Mac;

use super::engine::{Engine, Shared};
use super::ground::Ground;
use super::leg::{Footing, Leg};
use super::places::{BEYOND, Places};
use super::send::{Mouth, Mouths, Outbox};
use super::{ears, reactor};
use crate::shell::broker;
use crate::shell::keeper::Keeper;
use crate::shell::tasks::Beat;

/// Interfaces change in bursts (up, address, route): look once they have settled.
const SETTLE: Duration = Duration::from_millis(200);
/// Changes taken in a row before they are looked at.
const MAX_CHANGES: usize = 1_024;

/// What is asked of, and heard on, a link as a whole.
const LINK_SERVICES: [Service; 6] = [
    Service::Mdns,
    Service::Ssdp,
    Service::WsDiscovery,
    Service::Llmnr,
    Service::NetbiosNames,
    Service::NetbiosDatagrams,
];

/// Watches interfaces and neighbours for as long as the service runs.
pub(super) async fn watch(
    engine: Shared,
    places: Rc<Places>,
    keeper: Option<Keeper>,
    beat: &Beat,
) -> Result<(), Error> {
    let mut changes =
        reactor::watch(Changes::subscribe()?).map_err(|source| Error::Other { action: "watch", source })?;
    arrange(&engine, &places, keeper.as_ref());
    neighbours(&engine, neighbour::list().map(|listing| listing.items).unwrap_or_default().iter());
    let mut heard = Vec::new();
    loop {
        heard.clear();
        let chosen = places.chosen();
        let mut moved = false;
        let news = async {
            tokio::select! {
                ready = changes.readable_mut() => Some(ready),
                () = chosen.notified() => None,
            }
        };
        match beat.idle(news).await {
            Some(Ok(mut ready)) => {
                while heard.len() < MAX_CHANGES && ready.get_inner_mut().read(&mut heard)? > 0 {}
                if heard.len() < MAX_CHANGES {
                    ready.clear_ready();
                }
            }
            Some(Err(_)) => {}
            None => moved = true,
        }
        moved |= heard.iter().any(|change| !matches!(change, Change::Neighbour(_) | Change::NeighbourForgotten(_)));
        if moved {
            tokio::time::sleep(SETTLE).await;
            arrange(&engine, &places, keeper.as_ref());
        }
        let seen = heard.iter().filter_map(|change| match change {
            Change::Neighbour(neighbour) => Some(neighbour),
            _ => None,
        });
        neighbours(&engine, seen);
    }
}

/// Tells what the kernel knows of neighbours, on legs without a raw socket: there it is all that shows a MAC.
fn neighbours<'a>(engine: &Shared, seen: impl Iterator<Item = &'a Neighbour>) {
    let mut engine = engine.borrow_mut();
    for neighbour in seen.filter(|neighbour| neighbour.state == State::Reachable) {
        let leg = engine.legs.iter().find(|leg| leg.footing.index == neighbour.interface && leg.raw.is_none());
        let Some((segment, mac)) = leg.map(Leg::segment).zip(neighbour.mac.map(Mac)) else { continue };
        let sighting =
            Sighting { segment, source: Source::Neighbour, mac: Some(mac), ip: Some(neighbour.ip), fact: Fact::Claims };
        engine.see(Instant::now(), &sighting);
    }
    engine.settle();
}

/// Compares the machine's interfaces with the legs there are, and makes, replaces and drops legs.
fn arrange(engine: &Shared, places: &Places, keeper: Option<&Keeper>) {
    let known = places.numbers().len();
    let gateways = gateway::list().map(|listing| listing.items).unwrap_or_default();
    let interfaces = match interface::list() {
        Ok(listing) => listing.items,
        Err(error) => return tracing::warn!("cannot list the network interfaces: {error}"),
    };
    let mut wanted: BTreeMap<u32, Footing> = BTreeMap::new();
    let mut moved = Vec::new();
    for interface in interfaces.iter().filter(|interface| is_leg(interface, places)) {
        let gateway = gateways.iter().find(|gateway| gateway.interface == interface.link.index && !gateway.ipv6);
        if let Some(footing) = footing(interface, gateway.map(|gateway| gateway.ip), places) {
            wanted.insert(interface.link.index.0, footing);
        }
    }
    if places.allows_beyond()
        && let Some(footing) = beyond(&wanted, places)
    {
        wanted.insert(Index::ANY.0, footing);
    }
    for leg in &mut engine.borrow_mut().legs {
        // Only addresses moved: the sockets are those of the interface, and a running sweep goes on.
        if let Some(footing) = wanted.get(&leg.footing.index.0).filter(|footing| footing.is_same_place(&leg.footing)) {
            moved.extend((*footing != leg.footing).then(|| footing.clone()));
            leg.footing = footing.clone();
        }
    }
    for footing in moved {
        tell_segment(&mut engine.borrow_mut(), &footing);
    }
    let stale: Vec<SegmentId> = {
        let engine = engine.borrow();
        let is_stale = |leg: &&Leg| wanted.get(&leg.footing.index.0) != Some(&leg.footing);
        engine.legs.iter().filter(is_stale).map(Leg::segment).collect()
    };
    for segment in stale {
        let keeps = wanted.values().any(|footing| footing.ground.segment == segment && footing.running);
        drop_leg(engine, segment, keeps);
    }
    for (_, footing) in wanted {
        let there = engine.borrow().legs.iter().any(|leg| leg.footing == footing);
        if !there && footing.running && engine.borrow().legs.len() < MAX_SEGMENTS {
            make_leg(engine, &footing);
        }
    }
    engine.borrow_mut().settle();
    if let Some(keeper) = keeper.filter(|_| places.numbers().len() != known) {
        super::keep_segments(keeper, places);
    }
}

fn drop_leg(engine: &Shared, segment: SegmentId, comes_back: bool) {
    let mut engine = engine.borrow_mut();
    let now = Instant::now();
    engine.sweep_input(now, segment, lan::sweep::Input::Stop);
    if !comes_back {
        engine.input(now, Input::SegmentDown { segment });
    }
    if let Some(place) = engine.legs.iter().position(|leg| leg.segment() == segment) {
        let leg = engine.legs.remove(place);
        tracing::info!(interface = leg.footing.name, "leg closed");
    }
}

/// Whether devices of the place may be behind this interface.
fn is_leg(interface: &Interface, places: &Places) -> bool {
    let link = &interface.link;
    let usable = link.flags.is_up() && link.flags.is_broadcast() && !link.flags.is_loopback();
    let inside = link.is_container_bridge() || link.master.is_some() || matches!(link.kind, Kind::Tunnel | Kind::Dummy);
    usable && link.mac.is_some() && places.allows(&link.name) && (!inside || places.names(&link.name))
}

fn footing(interface: &Interface, gateway: Option<IpAddr>, places: &Places) -> Option<Footing> {
    let mut ipv4 = Vec::new();
    let mut ipv6 = Vec::new();
    for address in interface.addresses.iter().filter(|address| !address.tentative && !address.duplicate) {
        match address.ip {
            IpAddr::V4(ip) => ipv4.push((ip, address.prefix)),
            IpAddr::V6(ip) => ipv6.push((ip, address.prefix)),
        }
    }
    let segment = places.segment(&interface.link.name)?;
    let ground = Ground { segment, mac: Mac(interface.link.mac?), ipv4, ipv6, beyond: None };
    let scope = scope(&ground, places);
    Some(Footing {
        index: interface.link.index,
        name: interface.link.name.clone(),
        kind: interface.link.kind,
        gateway,
        running: interface.link.flags.is_running(),
        scope,
        ground,
    })
}

/// The leg that stands for everything behind routers, as long as there is a leg to leave by.
fn beyond(legs: &BTreeMap<u32, Footing>, places: &Places) -> Option<Footing> {
    let running: Vec<&Footing> = legs.values().filter(|leg| leg.running).collect();
    if running.is_empty() {
        return None;
    }
    let addresses = running.iter().flat_map(|leg| &leg.ground.ipv4);
    let own: Vec<Block> = addresses.filter_map(|(ip, prefix)| Block::around(*ip, *prefix)).collect();
    let segment = places.segment(BEYOND)?;
    let scope = places.blocks_beyond(&own).into_iter().map(|block| (block, Ok(()))).collect();
    let ground = Ground { segment, mac: Mac([0; 6]), ipv4: Vec::new(), ipv6: Vec::new(), beyond: Some(own) };
    Some(Footing {
        index: Index::ANY,
        name: BEYOND.to_owned(),
        kind: Kind::Other,
        gateway: None,
        running: true,
        scope,
        ground,
    })
}

/// The blocks of a leg, and whether each is swept: because it is small and private, or because a person named it.
fn scope(ground: &Ground, places: &Places) -> Vec<(Block, Result<(), NotScanned>)> {
    let mut scope: Vec<(Block, Result<(), NotScanned>)> = Vec::new();
    for (ip, prefix) in &ground.ipv4 {
        let Some(block) = Block::around(*ip, *prefix) else { continue };
        if scope.iter().any(|(there, _)| *there == block) {
            continue;
        }
        let named: Vec<Block> = places.blocks_within(block).collect();
        if named.is_empty() {
            scope.push((block, block.may_be_swept()));
        } else {
            scope.extend(named.into_iter().map(|block| (block, Ok(()))));
        }
    }
    scope
}

fn make_leg(engine: &Shared, footing: &Footing) {
    let segment = footing.ground.segment;
    let mut tasks = Vec::new();
    let is_beyond = footing.ground.is_beyond();
    let raw = match if is_beyond { None } else { Some(open_raw(footing)) } {
        None => None,
        Some(Ok((ear, mouth))) => {
            tasks.push(ears::frames(engine.clone(), segment, ear));
            Some(mouth)
        }
        Some(Err(error)) => {
            // Said once at start is what grants it, together with what else is missing; a second command would take that away.
            match error {
                Error::NoPermission(need) => {
                    tracing::info!(interface = footing.name, "no raw socket: needs {}", need.name());
                }
                error => tracing::info!(interface = footing.name, "no raw socket: {error}"),
            }
            None
        }
    };
    let mut echo = Vec::new();
    if raw.is_none() {
        for family in [Family::V4, Family::V6].into_iter().filter(|family| !is_beyond || *family == Family::V4) {
            if let Some(socket) = Echo::open(family, footing.index).ok().and_then(|echo| reactor::watch(echo).ok()) {
                let socket = Rc::new(socket);
                tasks.push(ears::echoes(engine.clone(), segment, socket.clone()));
                echo.push((family, socket));
            }
        }
    }
    let mut mouths = Mouths::default();
    // None of these gets through a router.
    for service in LINK_SERVICES.into_iter().filter(|_| !is_beyond) {
        for family in [Family::V4, Family::V6] {
            if let Some(socket) = open(multicast::ask(service, family, footing.index)) {
                tasks.push(ears::datagrams(engine.clone(), segment, service, socket.clone(), ears::Role::Ear));
                mouths.0.push(Mouth { service, family, socket });
            }
            if let Some(socket) = open(broker::hear(service, family, footing.index)) {
                let role = if raw.is_some() { ears::Role::Member } else { ears::Role::Ear };
                tasks.push(ears::datagrams(engine.clone(), segment, service, socket, role));
            }
        }
    }
    tracing::info!(interface = footing.name, raw = raw.is_some(), "leg open");
    let mut engine = engine.borrow_mut();
    let sweep = Sweep::new(engine.own().now_us);
    let outbox = Outbox::default();
    engine.legs.push(Leg { footing: footing.clone(), sweep, outbox, raw, echo, mouths, ears: tasks, unsent: 0 });
    tell_segment(&mut engine, footing);
}

/// Tells the machine where a leg stands.
fn tell_segment(engine: &mut Engine, footing: &Footing) {
    let ground = &footing.ground;
    let addresses: Vec<(IpAddr, u8)> = (ground.ipv4.iter().map(|(ip, prefix)| (IpAddr::V4(*ip), *prefix)))
        .chain(ground.ipv6.iter().map(|(ip, prefix)| (IpAddr::V6(*ip), *prefix)))
        .collect();
    let leg = lan::Leg {
        segment: ground.segment,
        mac: (!ground.is_beyond()).then_some(ground.mac),
        addresses: &addresses,
        gateway: footing.gateway,
        sees_macs: !ground.is_beyond(),
    };
    engine.input(Instant::now(), Input::SegmentUp(leg));
}

/// One socket, twice: the ear waits on its own copy of the descriptor.
fn open_raw(footing: &Footing) -> Result<(Link, Link), Error> {
    let fd = broker::open_link(footing.index)?;
    let copy = fd.try_clone().map_err(|source| Error::Other { action: "copy a descriptor", source })?;
    Ok((Link::adopt(copy)?, Link::adopt(fd)?))
}

fn open(endpoint: Result<multicast::Endpoint, Error>) -> Option<Rc<UdpSocket>> {
    let socket = endpoint.ok()?.socket;
    UdpSocket::from_std(socket).ok().map(Rc::new)
}
