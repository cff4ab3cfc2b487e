//! Holds random schedules: whatever happens to the network, some things must never be told. Run by `cargo test`.

use alloc::collections::{BTreeMap, BTreeSet};

use super::network::*;
use crate::lan::*;
use crate::limits::*;
use crate::{Duration, Mac};

const SCHEDULES: u64 = 1_000;

fn disturb(net: &mut Net) {
    let count = net.hosts.len() as u64;
    let at = net.roll(count) as usize;
    let last = 2 + net.roll(60) as u8;
    match net.roll(16) {
        0..=3 => net.hosts[at].on ^= true,
        4 => net.hosts[at].ips = [ip(last)].into(),
        5 => net.hosts[at].ips.push(ip(last)),
        6 => net.hosts.push(Host { mac: Mac([0xda, 0, 0, 0, 1, last]), ..Host::new(last).named("phone") }),
        7 => net.hosts[at].name = Some(alloc::format!("name{}", last % 5)),
        8 => net.loss = net.roll(40),
        9 => net.tell(Input::SegmentDown { segment: LAN }),
        10 => net.leg_up(),
        11 => {
            let key = alloc::format!("key{}", last % 4);
            let host = net.hosts[at].clone();
            net.sight(Source::Ssh, Some(host.mac), host.ips.first().copied(), Fact::Stable(StableId::SshHostKey, &key));
        }
        12 => {
            let ids: alloc::vec::Vec<_> = net.lan.devices().map(Device::id).collect();
            let (a, b) = (ids[at % ids.len()], ids[last as usize % ids.len()]);
            // Refused for the appliance itself and for one device twice; either is fine here.
            let _ = net.edit(Edit::Merge(a, b));
        }
        13 => {
            let ids: alloc::vec::Vec<_> =
                net.lan.devices().filter(|device| device.can_split()).map(Device::id).collect();
            if let Some(id) = ids.first() {
                net.edit(Edit::Split(*id)).unwrap();
            }
        }
        14 => net.hosts[at].proxy = (last..last + 10).map(ip).collect(),
        _ => net.speak(),
    }
}

fn check(net: &Net, seed: u64) {
    let mut keys = BTreeSet::new();
    for device in net.lan.devices() {
        let record = device.record();
        assert!(record.interfaces.len() <= MAX_INTERFACES && record.names.len() <= MAX_NAMES);
        assert!(record.merges.len() <= MAX_MERGES && record.stable.len() <= MAX_STABLE_IDS);
        for interface in device.interfaces() {
            assert!(interface.addresses.len() <= MAX_ADDRESSES);
            if let Some(mac) = interface.mac {
                assert!(keys.insert((interface.segment, mac)), "seed {seed}: one key, two devices");
                assert_eq!(net.lan.find_mac(mac).map(Device::id), Some(device.id()), "seed {seed}");
            }
        }
        let confidence = [device.confidence(), device.presence_confidence(net.now)];
        assert!(confidence.iter().all(|value| (0.0..=1.0).contains(value)), "seed {seed}: {confidence:?}");
    }
    assert!(net.lan.conflicts().len() <= MAX_CONFLICTS);
    assert_eq!(net.lan.stats().changes_lost, 0);
}

#[test]
fn no_schedule_breaks_the_rules() {
    for seed in 1..=SCHEDULES {
        let mut net = Net::new(seed * 7_919, (1..=12).map(|last| Host::new(last).named(&alloc::format!("host{last}"))));
        net.minutes(6);
        let steps = 6 + net.roll(10);
        for _ in 0..steps {
            disturb(&mut net);
            let seconds = 20 + net.roll(1_500);
            net.pass(Duration::from_secs(seconds));
            check(&net, seed);
        }
        let mut there: BTreeMap<DeviceId, bool> = BTreeMap::new();
        for change in &net.changes {
            let Some(id) = change.device else { continue };
            match change.kind {
                ChangeKind::NewDevice => assert_eq!(there.insert(id, true), None, "seed {seed}: new twice"),
                ChangeKind::Offline => {
                    assert_eq!(there.insert(id, false), Some(true), "seed {seed}: gone, and was not there");
                    assert!(change.evidence.contains("unanswered"), "seed {seed}: {}", change.evidence);
                    assert!(!change.evidence.contains("; 0 probes"), "seed {seed}: {}", change.evidence);
                }
                ChangeKind::Online => {
                    assert_eq!(there.insert(id, true), Some(false), "seed {seed}: back, and was not gone");
                }
                ChangeKind::Split => {
                    // Whoever comes back is as it was told when it went.
                    let other: DeviceId = change.new.parse().unwrap();
                    assert!(there.contains_key(&other), "seed {seed}");
                }
                _ => {}
            }
        }
    }
}
