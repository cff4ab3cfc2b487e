//! Holds who comes, goes, wavers or is only not heard, and what must be told of it, once.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use core::net::{IpAddr, Ipv4Addr};

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::{Duration, Instant};

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
    assert_eq!(net.checks[0].evidence, "heard by arp after 1 probe");
    net.hosts[3].on = false;
    net.edit(Edit::Check(id)).unwrap();
    net.minutes(1);
    assert_eq!(net.checks.len(), 2);
    assert!(!net.checks[1].heard && net.checks[1].evidence.contains("without an answer"));
    assert_eq!(net.device(3).presence(), Presence::Suspect);
    net.tell(Input::SegmentDown { segment: LAN });
    assert_eq!(net.edit(Edit::Check(id)), Err(Refusal::NotConnected), "silence would say nothing");
}

#[test]
fn what_is_excluded_is_never_asked_and_gone_only_after_a_long_silence() {
    let v6: IpAddr = "fe80::21b:63ff:fe00:4".parse().unwrap();
    let mut net = Net::with_hosts(24, 10);
    net.hosts[3].ips.push(v6);
    net.are_servers();
    net.settle();
    let block = sweep::Block::around(Ipv4Addr::new(10, 0, 0, 4), 32).unwrap();
    net.lan.set_settings(LanSettings { excluded: [block].into_iter().collect(), ..LanSettings::default() });
    assert!(net.lan.is_spared(LAN, ip(4)) && net.lan.is_spared(LAN, v6), "by any of its addresses");
    assert!(!net.lan.is_spared(LAN, ip(5)));
    let id = net.id(3);
    assert_eq!(net.edit(Edit::Check(id)), Err(Refusal::Excluded));
    net.hosts[3].on = false;
    net.probes.clear();
    net.minutes(40);
    assert_eq!(net.told(), [], "a server that may be asked would have been called gone by now");
    assert_eq!(net.device(3).presence(), Presence::Suspect);
    net.minutes(60);
    assert_eq!(net.told(), [Offline]);
    let asked = |query| match query {
        Query::Arp { ip: asked, .. } => ip(4) == asked,
        Query::Nd { ip: asked, .. } => v6 == asked,
        Query::Echo { ip: asked, .. } | Query::Tcp { ip: asked, .. } => asked == ip(4) || asked == v6,
        _ => false,
    };
    assert!(!net.probes.iter().any(|(_, probe)| asked(probe.query)), "{:?}", net.probes);
}

#[test]
fn the_appliance_is_surely_there_and_surely_itself() {
    let mut net = Net::with_hosts(25, 3);
    net.minutes(300);
    let me = net.lan.find_mac(mac(250)).unwrap();
    assert!(me.online() && me.confidence() > 0.95, "{}", me.confidence());
    assert!(me.presence_confidence(net.now) > 0.99);
    let seen = Instant::from_millis(me.last_seen().ms);
    assert!(net.now.saturating_duration_since(seen) <= Duration::from_secs(300), "each sweep shows it");
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
