//! Holds the scenarios of privileges: what is told, what is dropped, and what works without.
//! Never runs with a second thread, which is what dropping asks for. Called by `main`.

use std::net::UdpSocket;
use std::path::Path;

use vigie_sys::change::Changes;
use vigie_sys::icmp::Echo;
use vigie_sys::link::{self, Batch, Link, PROBE_PORTS};
use vigie_sys::multicast::{self, Family, Port, Service};
use vigie_sys::privilege::{Privileges, drop_all};
use vigie_sys::{Error, Need, gateway, interface, neighbour};

use crate::lab::{arp, cable, hear, ip, say};

pub(crate) fn without_rights_the_rest_still_works() {
    let (near, _far) = cable();
    let near = near.link.index;
    ip("neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud reachable dev near");
    ip("route add default via 10.0.0.9");
    // A new namespace lets nobody ping.
    drop_all().unwrap();
    let refused = Link::open(near);
    assert!(matches!(refused, Err(Error::NoPermission(Need::RawSockets))), "{refused:?}");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("needs CAP_NET_RAW") && text.contains("sudo setcap cap_net_raw+ep /"), "{text}");
    let refused = Echo::open(Family::V4, near);
    assert!(matches!(refused, Err(Error::NoPermission(Need::Ping))), "{refused:?}");
    // A low port cannot be had (uid 0 does not help without the capability): asked from, not listened on.
    assert!(UdpSocket::bind("0.0.0.0:137").is_err());
    let names = multicast::listen(Service::NetbiosNames, Family::V4, near).unwrap();
    assert_eq!(names.port, Port::Any);
    // All the rest needs nothing.
    for service in [Service::Mdns, Service::Ssdp, Service::WsDiscovery, Service::Llmnr] {
        assert_eq!(multicast::listen(service, Family::V4, near).unwrap().port, Port::Known);
        multicast::ask(service, Family::V4, near).unwrap();
    }
    assert!(interface::find("near").is_ok());
    assert_eq!(neighbour::list().unwrap().items.len(), 1);
    assert_eq!(gateway::list().unwrap().items.len(), 1);
    Changes::subscribe().unwrap();
}

pub(crate) fn a_socket_opened_before_the_drop_works_after_it() {
    let (near, far) = cable();
    let near = link::open(near.link.index, &PROBE_PORTS).unwrap();
    let far = link::open(far.link.index, &PROBE_PORTS).unwrap();
    std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").unwrap();
    drop_all().unwrap();
    let (mut near, mut far) = (Link::adopt(near).unwrap(), Link::adopt(far).unwrap());
    say(&mut near, &[&arp(5)]);
    assert_eq!(hear(&mut far, 1)[0].bytes, arp(5));
    assert_eq!(near.receive(&mut Batch::default()).unwrap(), 0);
    // Echo asks for a group and not for a capability.
    Echo::open(Family::V4, near.interface()).unwrap();
}

pub(crate) fn rights_are_told_as_they_are() {
    // A new namespace lets nobody ping.
    let before = Privileges::read().unwrap();
    assert!(before.raw_sockets && before.bind_service && !before.ping && !before.no_new_privileges, "{before:?}");
    assert_eq!(before.explain(Path::new("/v")), Vec::<String>::new());
    std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").unwrap();
    std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "81").unwrap();
    assert!(Privileges::read().unwrap().ping);
    drop_all().unwrap();
    let after = Privileges::read().unwrap();
    assert!(!after.raw_sockets && !after.bind_service && after.ping && after.no_new_privileges, "{after:?}");
    assert_eq!(after.first_free_port, 81);
    assert!(after.may_bind(81) && !after.may_bind(80));
    assert_eq!(after.missing(), [Need::RawSockets, Need::LowPorts]);
    drop_all().unwrap();
}
