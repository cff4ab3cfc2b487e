//! Holds what a person may do to a network, and exactly what must be told of it, once. Run by `cargo test`.

use core::net::IpAddr;

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::{Duration, Mac};

#[test]
fn off_and_on_are_told_once_with_evidence() {
    let mut net = Net::with_hosts(1, 20);
    net.loss = 20;
    net.settle();
    net.hosts[4].on = false;
    net.minutes(30);
    assert_eq!(net.changes.len(), 1, "{:?}", net.changes);
    let offline = net.changes.pop().unwrap();
    assert_eq!((offline.kind, offline.device), (Offline, Some(net.id(4))));
    assert!(offline.evidence.contains(" rounds unanswered"), "{}", offline.evidence);
    assert!(offline.evidence.contains("last heard by arp"), "{}", offline.evidence);
    net.hosts[4].on = true;
    net.minutes(30);
    assert_eq!(net.told(), [Online]);
}

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
fn half_the_network_gone_blames_the_scanner_first() {
    let mut net = Net::with_hosts(11, 20);
    net.loss = 20;
    net.settle();
    for host in net.hosts.iter_mut().skip(1) {
        host.on = false;
    }
    net.minutes(8);
    assert_eq!(net.told(), [ScannerDegraded]);
    assert!(net.lan.degraded(LAN));
    for host in &mut net.hosts {
        host.on = true;
    }
    net.minutes(60);
    assert_eq!(net.told(), [ScannerRecovered], "they are back: nobody was ever called gone");

    for host in net.hosts.iter_mut().skip(1).take(14) {
        host.on = false;
    }
    net.minutes(120);
    let told = net.told();
    assert_eq!(told[..2], [ScannerDegraded, ScannerRecovered], "the gateway and the rest go on answering");
    assert_eq!(told[2..], [Offline; 14], "so the others are really gone, each asked by itself");
}

#[test]
fn a_dead_link_calls_nobody_gone() {
    let mut net = Net::with_hosts(12, 9);
    net.are_servers();
    net.settle();
    for host in net.hosts.iter_mut().skip(1).take(4) {
        host.on = false;
    }
    // A sweep misses four of ten. Their confirmation begins, and then the link dies.
    let sweeps = net.sweeps;
    while net.sweeps == sweeps {
        net.pass(Duration::from_secs(1));
    }
    net.pass(Duration::from_secs(4));
    assert_eq!(net.device(1).presence(), Presence::Suspect);
    for host in &mut net.hosts {
        host.on = false;
    }
    net.minutes(600);
    assert_eq!(net.told(), [ScannerDegraded]);
    net.tell(Input::SegmentDown { segment: LAN });
    net.minutes(600);
    assert_eq!(net.told(), []);
}

#[test]
fn a_silent_gateway_holds_the_verdicts_on_others_until_it_is_judged() {
    let mut net = Net::with_hosts(13, 20);
    net.are_servers();
    net.settle();
    net.hosts[ROUTER].on = false;
    net.minutes(30);
    let router = net.id(ROUTER);
    let told: alloc::vec::Vec<_> = net.changes.drain(..).map(|change| (change.kind, change.device)).collect();
    assert_eq!(told, [(Offline, Some(router))], "nineteen others answer: it is the gateway itself");
    net.hosts[5].on = false;
    net.minutes(30);
    assert_eq!(net.told(), [Offline]);
}

#[test]
fn the_gateway_is_judged_before_those_it_might_have_taken_along() {
    for seed in 0..8 {
        let mut net = Net::with_hosts(seed, 20);
        net.are_servers();
        net.settle();
        for host in [ROUTER, 5, 6, 7, 8] {
            net.hosts[host].on = false;
        }
        net.minutes(40);
        assert_eq!(net.changes.len(), 5, "seed {seed}: {:?}", net.changes);
        assert!(net.changes.iter().all(|change| change.kind == Offline));
        assert_eq!(net.changes[0].device, Some(net.id(ROUTER)), "seed {seed}");
    }
}

#[test]
fn comings_and_goings_are_told_as_flapping() {
    let mut net = Net::with_hosts(13, 20);
    net.hosts[3].name = Some("server".into());
    net.settle();
    let port = Clue::Model;
    net.sight(Source::Mdns, Some(mac(4)), Some(ip(4)), Fact::Clue(port, "server"));
    for _ in 0..8 {
        net.hosts[3].on = false;
        net.minutes(12);
        net.hosts[3].on = true;
        net.minutes(6);
    }
    let told = net.told();
    assert_eq!(told, [Offline, Online, Flapping]);
    net.minutes(90);
    assert_eq!(net.told(), [], "it settled as it was told last");
    net.hosts[3].on = false;
    net.minutes(60);
    assert_eq!(net.told(), [Offline]);
}

#[test]
fn a_goodbye_is_only_a_reason_to_ask() {
    let mut net = Net::with_hosts(14, 10);
    net.settle();
    let before = net.probes.len();
    net.sight(Source::Mdns, Some(mac(4)), Some(ip(4)), Fact::Goodbye);
    net.minutes(2);
    assert!(net.probes.len() > before, "it is asked");
    assert_eq!(net.device(3).presence(), Presence::Online);
    assert_eq!(net.told(), []);
}

#[test]
fn a_check_answers_the_person_who_waits() {
    let mut net = Net::with_hosts(15, 10);
    net.settle();
    let id = net.id(3);
    net.edit(Edit::Check(id)).unwrap();
    net.minutes(1);
    assert_eq!(net.checks.len(), 1);
    assert!(net.checks[0].heard);
    net.hosts[3].on = false;
    net.edit(Edit::Check(id)).unwrap();
    net.minutes(1);
    assert_eq!(net.checks.len(), 2);
    assert!(!net.checks[1].heard && net.checks[1].evidence.contains("without an answer"));
    assert_eq!(net.device(3).presence(), Presence::Suspect);
}

#[test]
fn ports_are_an_inventory_first_and_news_later() {
    let mut net = Net::with_hosts(16, 10);
    net.settle();
    let (mac, at) = (Some(mac(4)), ip(4));
    let see = |net: &mut Net, number, open| {
        let port = Port { transport: Transport::Tcp, number };
        net.sight(Source::Tcp, mac, Some(at), Fact::Port { port, open });
    };
    let pass = |net: &mut Net, open: &[u16], ports: &[u16]| {
        let began = net.now;
        open.iter().for_each(|number| see(net, *number, true));
        net.sight(Source::Arp, mac, Some(at), Fact::Claims);
        net.tell(Input::PortsAsked { segment: LAN, host: Some(at), began, ports });
        net.minutes(5);
    };
    pass(&mut net, &[22, 80], &[22, 80, 443]);
    pass(&mut net, &[22, 80], &[22, 80, 443]);
    assert_eq!(net.told(), [], "the first inventory is silent");
    pass(&mut net, &[22, 80, 8080], &[22, 80, 443, 8080]);
    assert_eq!(net.told(), [], "a port never asked for before did not open");
    pass(&mut net, &[22, 80, 443], &[22, 80, 443]);
    assert_eq!(net.told(), [PortOpened]);
    for _ in 0..2 {
        pass(&mut net, &[22, 443], &[22, 80, 443]);
        assert_eq!(net.told(), []);
    }
    pass(&mut net, &[22, 443], &[22, 80, 443]);
    assert_eq!(net.told(), [PortClosed]);
    see(&mut net, 443, false);
    see(&mut net, 443, false);
    assert_eq!(net.told(), [], "one probe refused twice is one refusal");
    net.minutes(1);
    see(&mut net, 443, false);
    assert_eq!(net.told(), [PortClosed]);
    let open: alloc::vec::Vec<u16> = net.device(3).open_ports().map(|row| row.port.number).collect();
    assert_eq!(open, [22, 8080]);
}

#[test]
fn a_dhcp_server_nobody_named_is_told_once() {
    let mut net = Net::with_hosts(17, 10);
    net.settle();
    for last in [1, 250, 4, 4, 4] {
        net.sight(Source::Dhcp, Some(mac(last)), Some(ip(last)), Fact::Role(Role::DhcpServer));
        net.minutes(5);
    }
    assert_eq!(net.changes.len(), 1);
    assert_eq!((net.changes[0].kind, net.changes[0].device), (RogueDhcp, Some(net.id(3))));
    net.changes.clear();
    let id = net.id(5);
    net.edit(Edit::Trust(id, Trust::Trusted)).unwrap();
    net.sight(Source::Dhcp, Some(mac(6)), Some(ip(6)), Fact::Role(Role::DhcpServer));
    assert_eq!(net.told(), []);
}

#[test]
fn ipv6_hosts_are_watched_like_others() {
    let v6: IpAddr = "fe80::21b:63ff:fe00:9".parse().unwrap();
    let mut net = Net::with_hosts(18, 10);
    net.loss = 20;
    net.hosts.push(Host { ips: [v6].into(), ..Host::new(90) });
    net.settle();
    assert_eq!(net.device(11).ip(), Some(v6));
    net.minutes(600);
    assert_eq!(net.told(), []);
    net.hosts[11].on = false;
    net.minutes(60);
    assert_eq!(net.told(), [Offline]);
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
