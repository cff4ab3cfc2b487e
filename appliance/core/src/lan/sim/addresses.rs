//! Holds devices that move, swap or share addresses, and those known by an address alone.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use core::net::IpAddr;

use super::network::*;
use crate::Duration;
use crate::lan::ChangeKind::*;
use crate::lan::*;

#[test]
fn a_new_address_is_told_once() {
    let mut net = Net::with_hosts(2, 20);
    net.loss = 20;
    net.settle();
    net.hosts[4].ips = [ip(77)].into();
    net.minutes(60);
    assert_eq!(net.changes.len(), 1, "{:?}", net.changes);
    let change = net.changes.pop().unwrap();
    assert_eq!((change.kind, &*change.old, &*change.new), (IpChanged, "10.0.0.5", "10.0.0.77"));
    assert_eq!(net.device(4).ip(), Some(ip(77)));
}

#[test]
fn an_address_more_is_no_change() {
    let mut net = Net::with_hosts(3, 20);
    net.loss = 20;
    net.settle();
    net.hosts[4].ips.push(ip(77));
    net.minutes(60);
    assert_eq!(net.told(), []);
    assert_eq!(net.device(4).interfaces()[0].addresses.len(), 2);
    net.hosts[4].ips.remove(0);
    net.minutes(60);
    assert_eq!(net.told(), [IpChanged], "the address it was known by is gone, the other one stays");
}

#[test]
fn two_hosts_that_swap_addresses_stay_two() {
    for seed in 0..20 {
        let mut net = Net::with_hosts(seed, 20);
        net.loss = 20;
        net.settle();
        let ids = (net.id(4), net.id(5));
        net.hosts[4].ips = [ip(6)].into();
        net.hosts[5].ips = [ip(5)].into();
        net.minutes(60);
        assert_eq!(net.told(), [IpChanged, IpChanged], "seed {seed}");
        assert_eq!((net.id(4), net.id(5)), ids);
        assert_eq!(net.device(4).ip(), Some(ip(6)));
        assert!(net.lan.conflicts().is_empty());
    }
}

#[test]
fn a_device_known_by_its_address_gets_its_mac_later() {
    let mut net = Net::with_hosts(19, 3);
    net.settle();
    let remote = SegmentId(3);
    net.tell(Input::SegmentUp(Leg { segment: remote, mac: None, addresses: &[], gateway: None, sees_macs: false }));
    let at: IpAddr = "172.16.0.9".parse().unwrap();
    let answered = Fact::Answered(Duration::from_millis(2));
    let seen = Sighting { segment: remote, source: Source::Icmp, mac: None, ip: Some(at), fact: answered };
    net.tell(Input::Sighting(&seen));
    assert_eq!(net.told(), [NewDevice]);
    let id = net.lan.find_ip(at).unwrap().id();
    net.minutes(1);
    let seen = Sighting { source: Source::Neighbour, mac: Some(mac(99)), ..seen };
    net.tell(Input::Sighting(&seen));
    assert_eq!(net.told(), []);
    assert_eq!(net.lan.find_mac(mac(99)).unwrap().id(), id);
}

#[test]
fn behind_a_router_a_device_is_its_address_and_never_one_of_the_link() {
    let mut net = Net::with_hosts(29, 3);
    net.settle();
    let remote = SegmentId(3);
    net.tell(Input::SegmentUp(Leg { segment: remote, mac: None, addresses: &[], gateway: None, sees_macs: false }));
    // The same address as a host of the link: another network, another device.
    let answered = Fact::Answered(Duration::from_millis(2));
    let seen = Sighting { segment: remote, source: Source::Icmp, mac: None, ip: Some(ip(2)), fact: answered };
    net.tell(Input::Sighting(&seen));
    assert_eq!(net.told(), [NewDevice]);
    let far = net.lan.devices().find(|device| device.mac().is_none()).unwrap();
    assert_eq!((far.interfaces().len(), far.interfaces()[0].segment, far.ip()), (1, remote, Some(ip(2))));
    assert_ne!(far.id(), net.id(1));
    let near = net.lan.find_mac(mac(2)).unwrap();
    assert!(near.interfaces().iter().all(|interface| interface.segment == SegmentId(0)));
    // A lease gives it no MAC.
    let lease = Sighting { source: Source::Lease, mac: Some(mac(77)), fact: Fact::Name("leased"), ..seen };
    net.tell(Input::Sighting(&lease));
    assert!(net.lan.find_mac(mac(77)).is_none());
    assert_eq!(net.told(), []);
}
