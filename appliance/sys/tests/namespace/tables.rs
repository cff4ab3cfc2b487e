//! Holds the scenarios of the kernel's tables: what is listed, what is announced, what happens when it is too much.
//! Never changes a table outside the namespace. Called by `main`.

use std::net::IpAddr;

use vigie_sys::change::{Change, Changes};
use vigie_sys::interface::{self, Address, Index, Kind};
use vigie_sys::neighbour::State;
use vigie_sys::{Error, gateway, neighbour};

use crate::lab::{cable, ip, shell, wait_readable, with_ipv6};

/// Reads changes until one is what is waited for; gives all until then.
fn until(changes: &mut Changes, wanted: impl Fn(&Change) -> bool) -> Vec<Change> {
    let mut heard = Vec::new();
    while !heard.iter().any(&wanted) {
        wait_readable(&*changes);
        changes.read(&mut heard).unwrap();
    }
    heard
}

fn index(name: &str) -> Index {
    interface::find(name).unwrap().link.index
}

pub(crate) fn interfaces_are_listed_as_they_are() {
    with_ipv6();
    ip("link add near address 52:54:00:aa:bb:cc type veth peer name far");
    ip("link add docker0 type bridge");
    ip("link add br-lan type bridge");
    ip("link set far master br-lan");
    ip("link add over link near type macvlan");
    ip("addr add 192.168.7.1/22 dev near");
    ip("addr add 192.168.7.2/22 dev near");
    ip("addr add fd00::1/64 dev near nodad");
    ip("link set near up mtu 1400");
    let near = interface::find("near").unwrap();
    assert_eq!(near.link.mac, Some([0x52, 0x54, 0, 0xaa, 0xbb, 0xcc]));
    assert_eq!((near.link.mtu, near.link.kind, near.link.master), (1400, Kind::Veth, None));
    assert_eq!(near.ipv4(), Some(([192, 168, 7, 1].into(), 22)));
    assert!(near.link.flags.is_up() && near.link.flags.is_broadcast() && near.link.flags.is_multicast());
    assert!(!near.link.flags.is_running(), "the other end is down");
    let by_ip = |text: &str| {
        let ip: IpAddr = text.parse().unwrap();
        near.addresses.iter().copied().find(|address| address.ip == ip)
    };
    assert!(by_ip("192.168.7.2").is_some_and(|address| address.secondary));
    assert!(by_ip("fd00::1").is_some_and(|address| address.prefix == 64 && !address.tentative));
    let kinds = |name: &str| interface::find(name).unwrap().link;
    assert_eq!(kinds("far").master, Some(kinds("br-lan").index));
    assert_eq!(kinds("br-lan").kind, Kind::Bridge);
    assert!(!kinds("br-lan").is_container_bridge());
    assert!(kinds("docker0").is_container_bridge());
    assert_eq!(kinds("over").kind, Kind::Macvlan);
    let lo = kinds("lo");
    assert_eq!((lo.kind, lo.mac, lo.flags.is_loopback()), (Kind::Loopback, None, true));
    let all = interface::list().unwrap();
    assert_eq!(all.left_out, 0);
    assert!(all.items.is_sorted_by_key(|interface| interface.link.index));
    assert!(matches!(interface::find("no-such"), Err(Error::InterfaceGone)));
}

pub(crate) fn addresses_and_links_announce_their_changes() {
    let mut changes = Changes::subscribe().unwrap();
    assert_eq!(changes.read(&mut Vec::new()).unwrap(), 0, "silence is no change, and no wait");
    ip("link add near type veth peer name far");
    let near = index("near");
    until(&mut changes, |change| matches!(change, Change::Link(link) if link.index == near));
    ip("link set near up");
    until(&mut changes, |change| matches!(change, Change::Link(link) if link.index == near && link.flags.is_up()));
    ip("addr add 10.9.8.7/20 dev near");
    let plain = Address { ip: [10, 9, 8, 7].into(), prefix: 20, tentative: false, secondary: false, duplicate: false };
    until(&mut changes, |change| *change == Change::Address(near, plain));
    ip("addr del 10.9.8.7/20 dev near");
    until(&mut changes, |change| *change == Change::AddressGone(near, plain));
    ip("link set near down");
    ip("link set near name other");
    until(&mut changes, |change| matches!(change, Change::Link(link) if link.index == near && link.name == "other"));
    ip("link del other");
    until(&mut changes, |change| *change == Change::LinkGone(near));
}

pub(crate) fn leaving_a_bridge_is_no_end() {
    let (near, _) = cable();
    let near = near.link.index;
    ip("link add br0 type bridge");
    ip("link set near master br0");
    let mut changes = Changes::subscribe().unwrap();
    ip("link set near nomaster");
    ip("link set near mtu 1300");
    let heard =
        until(&mut changes, |change| matches!(change, Change::Link(link) if link.index == near && link.mtu == 1300));
    assert!(!heard.contains(&Change::LinkGone(near)), "{heard:?}");
}

pub(crate) fn neighbours_are_listed_and_announced() {
    with_ipv6();
    let (near, _) = cable();
    let near = near.link.index;
    ip("addr add fd00::1/64 dev near nodad");
    let mut changes = Changes::subscribe().unwrap();
    ip("neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud reachable dev near");
    ip("neigh add fd00::9 lladdr 02:00:00:00:00:0a nud stale router dev near");
    let four: IpAddr = [10, 0, 0, 9].into();
    let six: IpAddr = "fd00::9".parse().unwrap();
    let is =
        |change: &Change, ip: IpAddr| matches!(change, Change::Neighbour(new) if new.ip == ip && new.interface == near);
    until(&mut changes, |change| is(change, six));
    let table = neighbour::list().unwrap();
    let entry = |ip: IpAddr| table.items.iter().find(|entry| entry.ip == ip).copied().unwrap();
    assert_eq!(entry(four).mac, Some([2, 0, 0, 0, 0, 9]));
    assert_eq!((entry(four).state, entry(four).interface, entry(four).router), (State::Reachable, near, false));
    assert_eq!((entry(six).state, entry(six).mac, entry(six).router), (State::Stale, Some([2, 0, 0, 0, 0, 0xa]), true));
    assert!(entry(four).confirmed_ago.is_some_and(|ago| ago.as_secs() < 60));
    assert!(table.items.iter().all(|entry| !entry.ip.is_multicast()));
    ip("neigh del 10.0.0.9 dev near");
    until(&mut changes, |change| matches!(change, Change::NeighbourForgotten(old) if old.ip == four));
}

pub(crate) fn gateways_are_listed_and_announced() {
    with_ipv6();
    let (near, _) = cable();
    let near = near.link.index;
    ip("addr add fd00::1/64 dev near nodad");
    assert_eq!(gateway::list().unwrap().items, []);
    let mut changes = Changes::subscribe().unwrap();
    ip("route add 172.16.0.0/12 via 10.0.0.3");
    ip("route add default via 10.0.0.2 metric 50");
    until(&mut changes, |change| *change == Change::Gateways);
    ip("route add default via 10.0.0.3 metric 10");
    ip("route add default via 10.0.0.4 table 77");
    ip("route add blackhole default metric 99");
    ip("-6 route add default via fd00::2 metric 30");
    let found: Vec<_> = gateway::list().unwrap().items.into_iter().map(|one| (one.ip, one.metric, one.ipv6)).collect();
    let six: IpAddr = "fd00::2".parse().unwrap();
    assert_eq!(found, [([10, 0, 0, 3].into(), 10, false), (six, 30, true), ([10, 0, 0, 2].into(), 50, false)]);
    assert!(gateway::list().unwrap().items.iter().all(|one| one.interface == near));
}

pub(crate) fn an_overrun_is_told_as_lost() {
    let (near, _) = cable();
    let mut changes = Changes::subscribe().unwrap();
    socket2::SockRef::from(&changes).set_recv_buffer_size(1).unwrap();
    let batch = std::env::temp_dir().join(format!("vigie-sys-overrun-{}", std::process::id()));
    let lines: String = (1..200).map(|host| format!("addr add 10.0.1.{host}/32 dev near\n")).collect();
    std::fs::write(&batch, lines).unwrap();
    shell("ip", &format!("-batch {}", batch.display()));
    std::fs::remove_file(&batch).unwrap();
    let mut heard = Vec::new();
    while changes.read(&mut heard).unwrap() > 0 {}
    assert_eq!(heard.iter().filter(|change| **change == Change::Lost).count(), 1, "{heard:?}");
    assert!(heard.len() < 200);
    // Afterwards it goes on.
    ip("addr del 10.0.1.7/32 dev near");
    let near = near.link.index;
    until(&mut changes, |change| matches!(change, Change::AddressGone(index, _) if *index == near));
}

pub(crate) fn a_large_table_is_listed_whole() {
    cable();
    let batch = std::env::temp_dir().join(format!("vigie-sys-large-{}", std::process::id()));
    let lines: String = (0..900)
        .map(|host| {
            let (high, low) = (host / 250, host % 250 + 1);
            format!("neigh add 10.1.{high}.{low} lladdr 02:00:00:01:{high:02x}:{low:02x} nud permanent dev near\n")
        })
        .collect();
    std::fs::write(&batch, lines).unwrap();
    shell("ip", &format!("-batch {}", batch.display()));
    std::fs::remove_file(&batch).unwrap();
    let table = neighbour::list().unwrap();
    let mut found: Vec<IpAddr> = table.items.iter().map(|entry| entry.ip).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!((found.len(), table.left_out), (900, 0));
}
