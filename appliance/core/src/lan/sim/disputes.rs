//! Holds addresses and MACs used twice, and all that only looks like it.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::{Duration, Mac};

#[test]
fn an_address_claimed_twice_is_a_conflict_until_it_is_not() {
    for seed in 0..10 {
        let mut net = Net::with_hosts(seed, 20);
        net.loss = 20;
        net.settle();
        net.hosts[4].ips.push(ip(10));
        net.minutes(20);
        assert_eq!(net.told(), [Conflict], "seed {seed}");
        let conflict = &net.lan.conflicts()[0];
        assert_eq!(conflict.ips, [ip(10), ip(10)]);
        let mut macs = conflict.macs;
        macs.sort();
        assert_eq!(macs, [net.hosts[4].mac, net.hosts[9].mac]);
        assert!(net.device(4).confidence() < net.device(5).confidence());
        net.hosts[4].ips.pop();
        net.minutes(7);
        assert_eq!(net.told(), [ConflictCleared], "within a sweep or two: seed {seed}");
        assert!(net.lan.conflicts()[0].closed.is_some());
    }
}

#[test]
fn a_conflict_whose_sides_both_sleep_is_not_over_before_they_had_time_to_wake() {
    let mut net = Net::with_hosts(3, 20);
    net.settle();
    net.hosts[4].ips.push(ip(10));
    net.minutes(20);
    assert_eq!(net.told(), [Conflict]);
    for host in [4, 9] {
        net.hosts[host].on = false;
    }
    net.minutes(8);
    for host in [4, 9] {
        net.hosts[host].on = true;
    }
    net.minutes(20);
    assert!(!net.told().contains(&ConflictCleared));
}

#[test]
fn open_conflicts_beyond_the_table_push_out_the_oldest_and_it_never_grows() {
    let mut net = Net::new(8, (1..=200).map(Host::new));
    net.settle();
    for other in 0..90 {
        // Each of ninety machines also takes the address of another.
        let taken = net.hosts[100 + other].ips[0];
        net.hosts[1 + other].ips.push(taken);
    }
    net.minutes(120);
    let open = net.lan.conflicts().iter().filter(|row| row.closed.is_none()).count();
    assert_eq!(net.lan.conflicts().len(), crate::limits::MAX_CONFLICTS);
    assert!(open > crate::limits::MAX_SUSPICIONS, "more than are verified at once get their turn: {open}");
    let told = net.told().iter().filter(|kind| **kind == Conflict).count();
    assert!(told >= 80, "suspicions that found no room come back with the next claim: {told}");
}

#[test]
fn somebody_who_takes_the_appliances_own_address_is_a_conflict() {
    let mut net = Net::with_hosts(5, 10);
    net.settle();
    net.hosts[4].ips = [ip(250)].into();
    net.minutes(10);
    let told = net.told();
    assert!(told.contains(&Conflict), "{told:?}");
}

#[test]
fn somebody_who_has_the_appliances_address_too_is_a_conflict_and_nothing_else() {
    for seed in 0..10 {
        let mut net = Net::with_hosts(seed, 10);
        net.loss = 20;
        net.settle();
        for _ in 0..2 {
            // What asks from an address of its own it takes for itself: at the address it had it answers no more.
            net.hosts[4].ips = [ip(250)].into();
            net.minutes(30);
            assert_eq!(net.told(), [Conflict], "seed {seed}");
            let me = net.lan.find_mac(mac(250)).unwrap();
            assert_eq!(
                (me.ip(), net.device(4).ip()),
                (Some(ip(250)), Some(ip(5))),
                "both have what they had: seed {seed}"
            );
            net.hosts[4].ips = [ip(5)].into();
            net.minutes(20);
            assert_eq!(net.told(), [ConflictCleared], "seed {seed}");
        }
    }
}

#[test]
fn proxy_arp_bonds_and_virtual_routers_are_silent() {
    let mut net = Net::with_hosts(6, 20);
    net.hosts[ROUTER].proxy = (5..40).map(ip).collect();
    net.minutes(60);
    let odd: alloc::vec::Vec<_> = net.changes.iter().filter(|change| change.kind != NewDevice).collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert_eq!(net.device(ROUTER).ip(), Some(ip(1)), "a proxy keeps its own address");
    assert_eq!(net.lan.find_ip(ip(10)).unwrap().mac(), Some(mac(10)), "and what it answers for stays with its owner");

    let mut net = Net::with_hosts(7, 20);
    net.settle();
    let virtual_router = Mac([0, 0, 0x5e, 0, 1, 7]);
    for _ in 0..20 {
        net.sight(Source::Arp, Some(virtual_router), Some(ip(1)), Fact::Claims);
        net.sight(Source::Arp, Some(Mac::BROADCAST), Some(ip(2)), Fact::Claims);
        net.sight(Source::Arp, Some(mac(3)), Some(ip(255)), Fact::Claims);
        net.minutes(1);
    }
    assert_eq!(net.told(), []);
    assert!(net.lan.find_mac(virtual_router).is_none());
    assert!(net.lan.find_ip(ip(255)).is_none());

    let mut net = Net::new(8, (1..=10).map(Host::new).chain([Host { mac: mac(77), ..Host::new(5).named("nas") }]));
    net.hosts[4].name = Some("nas".into());
    for host in net.hosts.clone() {
        // DHCP is heard before anything else.
        let name = host.name.unwrap_or_default();
        net.sight(Source::Dhcp, Some(host.mac), None, Fact::Name(&name));
        net.pass(Duration::from_millis(100));
        net.sight(Source::Dhcp, Some(host.mac), None, Fact::Name(&name));
    }
    net.minutes(60);
    assert!(!net.told().contains(&Conflict), "a bond answers with either MAC");
}

#[test]
fn a_repeater_that_answers_for_three_is_no_conflict() {
    for seed in 0..10 {
        let mut net = Net::with_hosts(seed, 20);
        net.loss = 20;
        net.settle();
        net.hosts[7].proxy = [10, 11, 12].map(ip).into();
        net.minutes(60);
        assert_eq!(net.told(), [], "seed {seed}");
        for last in [8, 10, 11, 12] {
            assert_eq!(net.lan.find_ip(ip(last)).unwrap().mac(), Some(mac(last)), "seed {seed}");
        }
    }
}

#[test]
fn one_mac_in_two_places_is_told_by_what_they_say() {
    for loss in [0, 20] {
        let mut net = Net::new(9, (1..=10).map(|last| Host::new(last).named(&alloc::format!("host{last}"))));
        net.loss = loss;
        net.settle();
        net.speak();
        net.hosts.push(Host { mac: mac(5), ..Host::new(60).named("clone") });
        // Where a fifth of the frames is lost the first look may be in vain; the next one comes an hour later.
        for _ in 0..18 {
            net.minutes(5);
            net.speak();
        }
        net.minutes(10);
        assert_eq!(net.told(), [Conflict], "at loss {loss}");
        let conflict = &net.lan.conflicts()[0];
        assert_eq!((conflict.kind, conflict.macs), (ConflictKind::SharedMac, [mac(5), mac(5)]));
        assert!(conflict.evidence.contains("host5") && conflict.evidence.contains("clone"), "{}", conflict.evidence);
        net.hosts.pop();
        net.minutes(30);
        assert_eq!(net.told(), [ConflictCleared]);
    }
}

#[test]
fn a_repeater_that_hides_others_behind_its_mac_is_no_conflict() {
    let mut net = Net::with_hosts(9, 10);
    net.hosts[4].ips = [5, 60, 61, 62].map(ip).into();
    net.settle();
    for _ in 0..10 {
        for last in [5, 60, 61, 62] {
            let name = alloc::format!("client{last}");
            net.sight(Source::Mdns, Some(mac(5)), Some(ip(last)), Fact::Name(&name));
        }
        net.minutes(5);
    }
    assert_eq!(net.told(), []);
}

#[test]
fn one_host_with_two_addresses_and_one_name_is_no_conflict() {
    let mut net = Net::new(9, (1..=10).map(|last| Host::new(last).named(&alloc::format!("host{last}"))));
    net.hosts[4].ips.push(ip(60));
    net.settle();
    for round in 0..10 {
        let name = if round > 5 { "renamed" } else { "host5" };
        net.hosts[4].name = Some(name.into());
        for last in [5, 60] {
            net.sight(Source::Mdns, Some(mac(5)), Some(ip(last)), Fact::Name(name));
            net.minutes(3);
        }
    }
    assert_eq!(net.told(), [HostnameChanged]);
}
