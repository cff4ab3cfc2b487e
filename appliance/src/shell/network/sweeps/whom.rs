//! Holds whom a sweep asks: where a target lies, what of a segment is walked, who is known there and who is new.
//! Never starts a sweep. The sweeps ask it before each.

use std::collections::BTreeSet;
use std::net::IpAddr;

use vigie_core::lan::interface::Interface;
use vigie_core::lan::sweep::{self, Block, Known};
use vigie_core::lan::{Device, Role, SegmentId};
use vigie_core::limits::MAX_DEVICES;
use vigie_core::order::sort_by_key;

use super::NotStarted;
use crate::shell::network::engine::Engine;

/// Newcomers whose ports are asked in one small sweep between two large ones.
const NEWCOMERS_AT_ONCE: usize = 16;

/// On which segments a target lies, and which part of it on each: on the leg that holds it, else behind a router, and
/// then on the legs it holds as well.
pub(super) fn place(engine: &Engine, target: Block) -> Result<Vec<(SegmentId, Block)>, NotStarted> {
    let inside = |inner: Block, outer: Block| outer.prefix() <= inner.prefix() && outer.contains(inner.network());
    let own = engine.legs.iter().flat_map(|leg| {
        let blocks = leg.footing.ground.ipv4.iter().filter_map(|(ip, prefix)| Block::around(*ip, *prefix));
        blocks.map(|block| (leg.segment(), block))
    });
    if let Some((segment, _)) = own.clone().find(|(_, block)| inside(target, *block)) {
        return Ok(vec![(segment, target)]);
    }
    let remote = engine.legs.iter().find(|leg| leg.footing.ground.is_beyond());
    let remote = remote.ok_or(NotStarted::Remote(target))?;
    if !target.is_private() {
        return Err(NotStarted::RemotePublic(target));
    }
    let is_named = remote.footing.scope.iter().any(|(block, _)| inside(target, *block));
    if target.prefix() < sweep::LARGEST_OWN_PREFIX && !is_named {
        return Err(NotStarted::RemoteLarge(target));
    }
    let held = own.filter(|(_, block)| inside(*block, target));
    Ok(held.chain([(remote.segment(), target)]).collect())
}

/// The blocks of a segment that are swept.
pub(super) fn scope(engine: &mut Engine, segment: SegmentId) -> Vec<Block> {
    let leg = engine.leg(segment);
    leg.map(|leg| leg.footing.scope.iter().filter(|(_, may)| may.is_ok()).map(|(block, _)| *block).collect())
        .unwrap_or_default()
}

/// Devices of a segment with the address each is asked at.
fn on_segment(engine: &Engine, segment: SegmentId) -> impl Iterator<Item = (&Device, &Interface)> {
    engine.lan.devices().filter_map(move |device| {
        let interface = device.interfaces().iter().find(|interface| interface.segment == segment)?;
        Some((device, interface))
    })
}

/// Known devices, those that are missing first: they are the ones a word is waited for.
pub(super) fn known(engine: &Engine, segment: SegmentId) -> Vec<Known> {
    let mut known: Vec<(bool, Known)> = on_segment(engine, segment)
        .filter_map(|(device, interface)| Some((device.online(), Known { ip: interface.ip()?, mac: interface.mac })))
        .collect();
    sort_by_key(&mut known, |(online, _)| *online);
    known.into_iter().take(MAX_DEVICES).map(|(_, known)| known).collect()
}

/// Devices that are here and whose ports were never asked.
pub(super) fn newcomers(engine: &Engine, segment: SegmentId, met: &BTreeSet<IpAddr>) -> Vec<IpAddr> {
    on_segment(engine, segment)
        .filter(|(device, _)| {
            device.online() && !device.ports_known() && device.roles().all(|role| role != Role::Myself)
        })
        .filter_map(|(_, interface)| interface.ip())
        .filter(|ip| ip.is_ipv4() && !met.contains(ip) && !engine.lan.is_spared(segment, *ip))
        .take(NEWCOMERS_AT_ONCE)
        .collect()
}

pub(super) fn host_block(ip: IpAddr) -> Option<Block> {
    match ip {
        IpAddr::V4(ip) => Block::around(ip, 32),
        IpAddr::V6(_) => None,
    }
}
