//! Holds the times when the scanner, the link or the gateway is to blame and nobody else may be.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use super::network::*;
use crate::Duration;
use crate::lan::ChangeKind::*;
use crate::lan::*;

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
