//! Holds the scenarios of the sockets that need no right: questions, announcements, echo.
//! Never relies on a second machine: the far end of the cable speaks and listens with raw frames. Called by `main`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use vigie_sys::Error;
use vigie_sys::icmp::{Echo, MAX_PAYLOAD_BYTES};
use vigie_sys::interface;
use vigie_sys::link::Link;
use vigie_sys::multicast::{self, Endpoint, Family, Port, Service};

use crate::lab::{cable, hear, ip, is_readable, say, udp, wait_readable, with_ipv6};

const MDNS_MAC: [u8; 6] = [1, 0, 0x5e, 0, 0, 0xfb];
const MDNS: [u8; 4] = [224, 0, 0, 251];

fn next(endpoint: &Endpoint) -> (Vec<u8>, IpAddr) {
    wait_readable(&endpoint.socket);
    let mut buffer = [0; 512];
    let (length, from) = endpoint.socket.recv_from(&mut buffer).unwrap();
    (buffer[..length].to_vec(), from.ip())
}

pub(crate) fn questions_leave_with_the_right_hops() {
    with_ipv6();
    let (near, far) = cable();
    ip("addr add fd00::1/64 dev near nodad");
    let near = near.link.index;
    let mut far = Link::open(far.link.index).unwrap();
    for service in [Service::Mdns, Service::Ssdp, Service::WsDiscovery, Service::Llmnr, Service::NetbiosNames] {
        for family in [Family::V4, Family::V6] {
            let Some(to) = multicast::destination(service, family, near) else {
                assert!(matches!(multicast::ask(service, family, near), Err(Error::Other { .. })));
                continue;
            };
            let ask = multicast::ask(service, family, near).unwrap();
            ask.socket.send_to(b"who?", to).unwrap();
            // Over the kernel's own talk on the cable (listener reports) to the datagram in question.
            let frame = loop {
                // Several may come at once: look at each.
                let heard = hear(&mut far, 1);
                if let Some(question) = heard.into_iter().find(|frame| frame.bytes.ends_with(b"who?")) {
                    break question.bytes;
                }
            };
            let hops = if family == Family::V4 { frame[22] } else { frame[21] };
            assert_eq!(hops, service.hops(), "{service:?} {family:?}");
            let port_at = if family == Family::V4 { 36 } else { 56 };
            assert_eq!(frame[port_at..port_at + 2], service.port().to_be_bytes());
        }
    }
}

pub(crate) fn announcements_are_heard_on_their_own_interface_only() {
    let (near, far) = cable();
    ip("link add other type veth peer name beyond");
    ip("link set other up");
    ip("link set beyond up");
    let other = interface::find("other").unwrap().link.index;
    let here = multicast::listen(Service::Mdns, Family::V4, near.link.index).unwrap();
    let there = multicast::listen(Service::Mdns, Family::V4, other).unwrap();
    assert_eq!((here.port, there.port), (Port::Known, Port::Known));
    let mut far = Link::open(far.link.index).unwrap();
    say(&mut far, &[&udp(MDNS_MAC, MDNS, [5353, 5353], b"printer here")]);
    assert_eq!(next(&here), (b"printer here".to_vec(), IpAddr::from([10, 0, 0, 9])));
    assert!(!is_readable(&there.socket), "it came in on another interface");
    // What we say ourselves does not come back to us.
    let to = multicast::destination(Service::Mdns, Family::V4, near.link.index).unwrap();
    here.socket.send_to(b"our own", to).unwrap();
    assert!(hear(&mut far, 1)[0].bytes.ends_with(b"our own"));
    say(&mut far, &[&udp(MDNS_MAC, MDNS, [5353, 5353], b"the next")]);
    assert_eq!(next(&here).0, b"the next");
}

pub(crate) fn a_port_is_shared_with_a_responder() {
    let (near, far) = cable();
    let first = multicast::listen(Service::Mdns, Family::V4, near.link.index).unwrap();
    let second = multicast::listen(Service::Mdns, Family::V4, near.link.index).unwrap();
    assert_eq!((first.port, second.port), (Port::Known, Port::Known));
    let mut far = Link::open(far.link.index).unwrap();
    say(&mut far, &[&udp(MDNS_MAC, MDNS, [5353, 5353], b"both")]);
    assert_eq!((next(&first).0, next(&second).0), (b"both".to_vec(), b"both".to_vec()));
    // The well-known ports above 1,024 do not fall back: who asked to hear must hear, or be told.
    let alone = UdpSocket::bind("0.0.0.0:3702").unwrap();
    let refused = multicast::listen(Service::WsDiscovery, Family::V4, near.link.index);
    assert!(matches!(refused, Err(Error::InUse)), "{refused:?}");
    drop(alone);
    assert!(multicast::listen(Service::WsDiscovery, Family::V4, near.link.index).is_ok());
}

pub(crate) fn a_low_port_taken_falls_back() {
    let (near, _far) = cable();
    let free = multicast::listen(Service::NetbiosNames, Family::V4, near.link.index).unwrap();
    assert_eq!(free.port, Port::Known);
    assert_eq!(free.socket.local_addr().unwrap().port(), 137);
    drop(free);
    let _alone = UdpSocket::bind("0.0.0.0:137").unwrap();
    let other = multicast::listen(Service::NetbiosNames, Family::V4, near.link.index).unwrap();
    assert_eq!(other.port, Port::Any);
    assert!(other.socket.local_addr().unwrap().port() >= 1_024);
}

pub(crate) fn netbios_reaches_everyone() {
    let (near, far) = cable();
    let mut far = Link::open(far.link.index).unwrap();
    let ask = multicast::ask(Service::NetbiosNames, Family::V4, near.link.index).unwrap();
    let to = multicast::destination(Service::NetbiosNames, Family::V4, near.link.index).unwrap();
    ask.socket.send_to(b"names?", to).unwrap();
    let heard = hear(&mut far, 1).remove(0);
    assert_eq!(heard.bytes[..6], [0xff; 6]);
    let mac = near.link.mac.unwrap();
    let port = ask.socket.local_addr().unwrap().port();
    say(&mut far, &[&udp(mac, [10, 0, 0, 1], [137, port], b"PC-7")]);
    assert_eq!(next(&ask), (b"PC-7".to_vec(), IpAddr::from([10, 0, 0, 9])));
}

pub(crate) fn echo_comes_back_in_both_families() {
    with_ipv6();
    let lo = interface::find("lo").unwrap().link.index;
    std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").unwrap();
    for (family, to) in [(Family::V4, IpAddr::V4(Ipv4Addr::LOCALHOST)), (Family::V6, IpAddr::V6(Ipv6Addr::LOCALHOST))] {
        let echo = Echo::open(family, lo).unwrap();
        assert_eq!(echo.receive().unwrap(), None);
        for sequence in [1, 0xfffe] {
            assert!(echo.send(to, sequence, b"cookie").unwrap());
            wait_readable(&echo);
            let reply = echo.receive().unwrap().expect("an answer");
            assert_eq!((reply.from, reply.sequence, &reply.payload[..]), (to, sequence, &b"cookie"[..]));
        }
        let other = if to.is_ipv4() { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        assert!(matches!(echo.send(other, 1, b""), Err(Error::Other { .. })));
        assert!(matches!(echo.send(to, 1, &[0; MAX_PAYLOAD_BYTES + 1]), Err(Error::Other { .. })));
        assert!(echo.send(to, 2, &[7; MAX_PAYLOAD_BYTES]).unwrap());
        wait_readable(&echo);
        assert_eq!(echo.receive().unwrap().map(|reply| reply.payload.len()), Some(MAX_PAYLOAD_BYTES));
    }
    assert!(matches!(Echo::open(Family::V4, crate::lab::NOWHERE), Err(Error::InterfaceGone)));
}
