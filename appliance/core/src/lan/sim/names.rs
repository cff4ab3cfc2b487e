//! Holds names that change or only seem to, and what a name makes of two devices.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use core::net::IpAddr;

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::{Duration, Mac};

#[test]
fn a_new_name_is_told_once_and_a_better_source_is_none() {
    let mut net = Net::with_hosts(4, 10);
    net.settle();
    let host = net.hosts[3].clone();
    let (mac, at) = (Some(host.mac), host.ips.first().copied());
    net.sight(Source::Dns, None, at, Fact::Name("host-4"));
    net.minutes(5);
    net.sight(Source::Dhcp, mac, at, Fact::Name("laptop"));
    net.minutes(5);
    net.sight(Source::Mdns, mac, at, Fact::Name("Laptop-2"));
    net.minutes(5);
    assert_eq!(net.told(), []);
    assert_eq!(net.device(3).hostname().unwrap().value, "Laptop-2");
    net.sight(Source::Mdns, mac, at, Fact::Name("studio"));
    net.minutes(60);
    let change = net.changes.pop().unwrap();
    assert_eq!((change.kind, &*change.old, &*change.new), (HostnameChanged, "Laptop-2", "studio"));
    assert_eq!(net.told(), []);
    let id = net.id(3);
    net.edit(Edit::Hostname(id, "Atelier")).unwrap();
    assert_eq!(net.told(), [HostnameChanged]);
    net.sight(Source::Mdns, mac, at, Fact::Name("other"));
    net.minutes(5);
    assert_eq!(net.told(), [], "a person is not overruled");
    assert_eq!(net.device(3).hostname().unwrap().value, "Atelier");
}

#[test]
fn a_device_with_two_names_does_not_change_them_in_turn() {
    let mut net = Net::with_hosts(4, 10);
    net.settle();
    let host = net.hosts[3].clone();
    for _ in 0..50 {
        for name in ["front", "back"] {
            net.sight(Source::Mdns, Some(host.mac), host.ips.first().copied(), Fact::Name(name));
            net.pass(Duration::from_secs(20));
        }
    }
    assert_eq!(net.told(), []);
    assert_eq!(net.device(3).hostname().unwrap().value, "front");
}

#[test]
fn a_phone_with_another_random_mac_is_proposed_not_merged() {
    let mut net = Net::with_hosts(10, 10);
    let phone =
        |last: u8, end: u8| Host { mac: Mac([0xda, 1, 2, 3, 4, end]), ..Host::new(last).named("Pixel-de-Marie") };
    net.hosts.push(phone(90, 1));
    net.settle();
    net.speak();
    net.minutes(5);
    assert_eq!(net.told(), []);
    let old = net.id(11);
    net.hosts[11].on = false;
    net.minutes(2);
    net.hosts.push(phone(91, 2));
    net.minutes(4);
    net.speak();
    net.minutes(120);
    net.speak();
    net.minutes(120);
    let mut told = net.told();
    told.sort();
    assert_eq!(told, [NewDevice, Offline, MergeProposed]);
    let new = net.id(12);
    assert_ne!(old, new);
    assert_eq!(net.lan.proposals().collect::<alloc::vec::Vec<_>>(), [(new, old)]);
    net.edit(Edit::KeepApart(old, new)).unwrap();
    assert_eq!(net.lan.proposals().count(), 0);
}

#[test]
fn a_lease_gives_a_name_but_neither_a_device_nor_presence() {
    let mut net = Net::with_hosts(23, 5);
    net.settle();
    let lease = |mac: Mac, ip: IpAddr, name: &'static str| {
        let fact = Fact::Name(name);
        Sighting { segment: SegmentId(0), source: Source::Lease, mac: Some(mac), ip: Some(ip), fact }
    };
    // Of one that is here: its name, unless a better one is known.
    net.tell(Input::Sighting(&lease(mac(3), ip(3), "leased")));
    let here = net.lan.find_mac(mac(3)).unwrap();
    assert!(here.names().iter().any(|row| row.name == "leased" && row.source == Source::Lease));
    // Of one that is not: nothing, however often it is told, but its address is asked for.
    for _ in 0..3 {
        net.tell(Input::Sighting(&lease(mac(99), ip(99), "absent")));
        net.minutes(20);
    }
    assert!(net.lan.find_mac(mac(99)).is_none() && net.lan.find_ip(ip(99)).is_none());
    assert_eq!(net.lan.stats().tentative, 0);
    assert_eq!(net.told(), []);
    // Of one that has gone: it stays gone.
    net.hosts[2].on = false;
    net.minutes(60);
    assert_eq!(net.told(), [Offline]);
    net.tell(Input::Sighting(&lease(mac(3), ip(3), "leased")));
    net.minutes(5);
    assert_eq!(net.told(), []);
    assert!(!net.lan.find_mac(mac(3)).unwrap().online());
}
