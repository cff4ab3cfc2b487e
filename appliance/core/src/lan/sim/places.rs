//! Holds who is where by what the wire alone shows: one MAC at two places, and addresses answered for by others.
//! Never has a machine say its name: what names show is in `events`. Run by `cargo test`.

use core::net::IpAddr;

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::{Duration, Mac};

fn on_a_switch(seed: u64, count: u8, loss: u64) -> Net {
    let mut net = Net::with_hosts(seed, count);
    net.switch = Some(Default::default());
    net.loss = loss;
    net.settle();
    net
}

fn addresses(net: &Net, host: usize) -> alloc::vec::Vec<IpAddr> {
    let mut all: alloc::vec::Vec<IpAddr> =
        net.device(host).interfaces().iter().flat_map(|leg| leg.addresses.iter().map(|row| row.ip)).collect();
    all.sort();
    all
}

#[test]
fn a_nameless_clone_is_found_by_who_is_reached() {
    for loss in [0, 10, 20] {
        let mut found = 0;
        for seed in 0..20 {
            let mut net = on_a_switch(seed, 10, loss);
            net.hosts.push(Host { mac: mac(5), ..Host::new(60) });
            net.minutes(10);
            let told = net.told();
            if told == [Conflict] {
                let conflict = &net.lan.conflicts()[0];
                assert_eq!((conflict.kind, conflict.macs), (ConflictKind::SharedMac, [mac(5), mac(5)]));
                assert!(conflict.evidence.contains("only the one that spoke last is reached"), "{}", conflict.evidence);
                let mut ips = conflict.ips;
                ips.sort();
                assert_eq!(ips, [ip(5), ip(60)]);
                found += 1;
            } else {
                assert_eq!(told, [], "seed {seed}, loss {loss}: nothing else is told");
                net.minutes(180);
                assert_eq!(net.told(), [Conflict], "seed {seed}, loss {loss}: the next looks find it");
            }
            net.hosts.pop();
            net.minutes(30);
            assert_eq!(net.told(), [ConflictCleared], "seed {seed}, loss {loss}");
        }
        assert!(found >= 14, "at loss {loss} the first look finds most: {found} of 20");
    }
}

#[test]
fn one_machine_with_two_addresses_is_at_one_place() {
    for seed in 0..60 {
        let mut net = on_a_switch(seed, 10, 20);
        net.hosts[4].ips.push(ip(60));
        net.pass(Duration::from_secs(86_400));
        assert_eq!(net.told(), [], "seed {seed}");
    }
}

#[test]
fn what_a_router_carries_is_not_its_own() {
    for seed in 0..20 {
        let mut net = on_a_switch(seed, 20, 20);
        let seven = net.id(6);
        net.hosts[ROUTER].far = [50, 51].map(ip).into();
        net.hosts[6].far = [ip(52)].into();
        net.minutes(60);
        assert_eq!(net.told(), [], "seed {seed}");
        assert_eq!((addresses(&net, ROUTER), addresses(&net, 6)), ([ip(1)].into(), [ip(7)].into()), "seed {seed}");
        let answered = |net: &Net, host| {
            let mut all: alloc::vec::Vec<_> = net.device(host).interfaces()[0].answered_for().map(IpAddr::V4).collect();
            all.sort();
            all
        };
        assert_eq!((answered(&net, ROUTER), answered(&net, 6)), ([ip(50), ip(51)].into(), [ip(52)].into()));
        // What is said from there is not the router's word, with its MAC or without.
        let ports = |net: &Net| net.device(6).open_ports().count();
        let port = Port { transport: Transport::Tcp, number: 22 };
        net.sight(Source::Tcp, Some(mac(7)), Some(ip(52)), Fact::Carried);
        net.sight(Source::Tcp, Some(mac(7)), Some(ip(52)), Fact::Port { port, open: true });
        net.sight(Source::Mdns, Some(mac(7)), Some(ip(52)), Fact::Name("far-away"));
        net.sight(Source::Ssh, None, Some(ip(52)), Fact::Stable(StableId::SshHostKey, "SHA256:far"));
        assert_eq!((ports(&net), net.device(6).names().len(), net.device(6).stable_ids().len()), (0, 0, 0));
        assert_eq!(net.id(6), seven);
        assert!(net.lan.find_ip(ip(52)).is_none());
    }
}

#[test]
fn an_address_that_moves_in_behind_its_router_becomes_its_own() {
    let mut net = on_a_switch(3, 10, 0);
    net.hosts[6].far = [ip(52)].into();
    net.minutes(20);
    net.hosts[6].far.clear();
    net.hosts[6].ips.push(ip(52));
    net.minutes(6);
    net.sight(Source::Icmp, Some(mac(7)), Some(ip(52)), Fact::Answered(Duration::from_millis(1)));
    net.minutes(6);
    assert_eq!((addresses(&net, 6), net.told()), ([ip(7), ip(52)].into(), [].into()));
}

#[test]
fn a_proxy_for_many_unused_addresses_keeps_its_own() {
    for seed in 0..10 {
        let mut net = on_a_switch(seed, 10, 20);
        net.hosts[6].proxy = (100..164).map(ip).collect();
        net.minutes(60);
        assert_eq!(net.told(), [], "seed {seed}");
        assert_eq!((addresses(&net, 6), net.device(6).ip()), ([ip(7)].into(), Some(ip(7))), "seed {seed}");
        assert!(net.device(6).interfaces()[0].answered_for().count() > 32);
    }
}

#[test]
fn a_server_with_eight_addresses_has_them() {
    for seed in 0..10 {
        let mut net = on_a_switch(seed, 10, 20);
        net.hosts[6].ips.extend((100..107).map(ip));
        net.minutes(60);
        assert_eq!(net.told(), [], "seed {seed}");
        assert_eq!(addresses(&net, 6).len(), 8, "seed {seed}");
    }
}

#[test]
fn a_device_whose_hop_limit_is_odd_keeps_its_addresses() {
    let mut net = on_a_switch(5, 10, 0);
    let odd = Mac([0x00, 0x1b, 0x63, 0, 0, 77]);
    for last in [77, 78] {
        for _ in 0..3 {
            net.minutes(1);
            net.sight(Source::Arp, Some(odd), Some(ip(last)), Fact::Claims);
            net.sight(Source::Icmp, Some(odd), Some(ip(last)), Fact::Carried);
            net.sight(Source::Icmp, Some(odd), Some(ip(last)), Fact::Answered(Duration::from_millis(1)));
        }
    }
    let device = net.lan.find_mac(odd).unwrap();
    assert_eq!(device.interfaces()[0].addresses.len(), 2);
    assert_eq!(device.interfaces()[0].answered_for().count(), 0);
}
