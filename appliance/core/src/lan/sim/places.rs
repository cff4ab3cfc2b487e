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
fn a_known_machine_that_takes_anothers_mac_is_told_once() {
    for loss in [0, 10, 20] {
        for seed in 0..20 {
            let mut net = on_a_switch(seed, 10, loss);
            // Its address is disputed with the MAC it had, which is asked for meanwhile and is gone in the end.
            let before = net.id(5);
            net.hosts[5].mac = mac(5);
            net.minutes(60);
            let told: alloc::vec::Vec<_> = net.changes.drain(..).map(|change| (change.kind, change.device)).collect();
            let conflicts = told.iter().filter(|(kind, _)| *kind == Conflict).count();
            assert_eq!(conflicts, 1, "seed {seed}, loss {loss}: {told:?}");
            let others: alloc::vec::Vec<_> = told.iter().filter(|(kind, _)| *kind != Conflict).collect();
            assert_eq!(others, [&(Offline, Some(before))], "seed {seed}, loss {loss}");
        }
    }
}

#[test]
fn a_clone_is_found_while_sweep_follows_sweep() {
    let mut found = 0;
    for seed in 0..20 {
        let mut net = on_a_switch(seed, 10, 0);
        net.sweep_s = Some(2);
        net.hosts[5].mac = mac(5);
        net.minutes(2);
        found += net.told().iter().filter(|kind| **kind == Conflict).count();
        net.minutes(60);
        assert_eq!(net.told().iter().filter(|kind| **kind == Conflict).count(), 0, "seed {seed}: told once");
    }
    assert!(found >= 18, "{found} of 20");
}

#[test]
fn ports_of_two_machines_behind_one_mac_neither_open_nor_close() {
    let mut net = on_a_switch(7, 10, 0);
    let host = ip(6);
    let pass = |net: &mut Net, open: &[u16]| {
        let began = net.now;
        for number in [80, 443] {
            let port = Port { transport: Transport::Tcp, number };
            net.sight(Source::Tcp, Some(mac(6)), Some(host), Fact::Port { port, open: open.contains(&number) });
        }
        net.tell(Input::PortsAsked { segment: LAN, host: Some(host), began, ports: &[80, 443] });
        net.minutes(2);
    };
    pass(&mut net, &[443]);
    pass(&mut net, &[443]);
    net.hosts.push(Host { mac: mac(6), ..Host::new(60) });
    net.minutes(10);
    assert_eq!(net.told(), [Conflict]);
    for _ in 0..4 {
        pass(&mut net, &[80]);
        assert_eq!(net.told(), [], "now the one answers, now the other one");
    }
    net.hosts.pop();
    net.minutes(30);
    assert_eq!(net.told(), [ConflictCleared]);
    pass(&mut net, &[443]);
    pass(&mut net, &[443]);
    assert_eq!(net.told(), [], "what the other one answered is forgotten in silence");
    pass(&mut net, &[80, 443]);
    assert_eq!(net.told(), [PortOpened], "its own ports are told again");
}

#[test]
fn an_identifier_said_with_anothers_mac_merges_nobody() {
    for seed in 0..20 {
        let names = (1..=10).map(|last| Host::new(last).named(&alloc::format!("host{last}")));
        let mut net = Net::new(seed, names);
        net.switch = Some(Default::default());
        net.settle();
        net.speak();
        let says = |net: &mut Net, of: Mac| {
            net.sight(Source::Wsd, Some(of), Some(ip(6)), Fact::Stable(StableId::Endpoint, "urn:uuid:six"));
        };
        says(&mut net, mac(6));
        let (victim, thief) = (net.id(4), net.id(5));
        net.hosts[5].mac = mac(5);
        for _ in 0..60 {
            net.minutes(1);
            net.speak();
            says(&mut net, mac(5));
        }
        let told: alloc::vec::Vec<_> = net.changes.drain(..).map(|change| (change.kind, change.device)).collect();
        assert_eq!(told, [(Conflict, Some(victim)), (Offline, Some(thief))], "seed {seed}");
        // The administrator gives it a MAC of its own: by its word it is the one it was.
        net.hosts[5].mac = mac(66);
        net.minutes(30);
        net.speak();
        says(&mut net, mac(66));
        net.minutes(30);
        let told: alloc::vec::Vec<_> = net.changes.drain(..).map(|change| (change.kind, change.device)).collect();
        let new = told.first().and_then(|(_, device)| *device);
        let back = [(Merged, Some(thief)), (Online, Some(thief))];
        let whole = [&[(NewDevice, new), (ConflictCleared, Some(victim))], &back[..]].concat();
        assert_eq!(told, whole, "seed {seed}");
        assert!(net.lan.device(victim).unwrap().names().iter().all(|row| *row.name != *"host6"), "seed {seed}");
        assert_eq!(net.lan.device(victim).unwrap().mac(), Some(mac(5)), "seed {seed}");
    }
}

#[test]
fn one_machine_with_two_addresses_is_at_one_place() {
    for seed in 0..60 {
        let mut net = on_a_switch(seed, 10, 20);
        net.hosts[4].ips.push(ip(60));
        net.pass(Duration::from_secs(86_400));
        // With so much loss the scanner doubts itself once in a while.
        let told = net.told().into_iter().filter(|kind| !matches!(kind, ScannerDegraded | ScannerRecovered));
        assert_eq!(told.collect::<alloc::vec::Vec<_>>(), [], "seed {seed}");
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
