//! Holds frames as they come and what they must be taken for.

use super::*;
use crate::shell::network::ground::sample;
use vigie_wire::link::cookie::Cookie;
use vigie_wire::link::frame::dissect;
use vigie_wire::link::ndp::{Advertisement, NeighborFlags};
use vigie_wire::link::udp::Udp;
use vigie_wire::link::{Path, arp};

const OWN: Own = Own { cookie: Cookie::new(1), echo_ident: 7, now_us: 5_000_000 };
const THEM: Mac = Mac([2, 0, 0, 0, 0, 9]);

fn told(frame: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    let mut tell = |news: News<'_>| {
        if let News::Saw(seen) = news {
            let ip = seen.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
            said.push(format!("{} {} {ip} {:?}", seen.source.name(), seen.mac.unwrap(), seen.fact));
        }
    };
    hear(&sample(), &OWN, &dissect(frame, false).unwrap(), &mut tell);
    said
}

fn udp(ends: Ends) -> Vec<u8> {
    let mut out = [0; 256];
    let path = Path { src_mac: THEM, dst_mac: sample().mac, ends };
    let length = Udp { src_port: 9_999, dst_port: 9_999, payload: b"x" }.write_frame(&path, &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn an_arp_answer_claims_and_a_question_only_shows() {
    let ask = arp::broadcast_request(THEM, [10, 0, 0, 9].into(), [10, 0, 0, 1].into());
    assert_eq!(told(&ask), ["arp 02:00:00:00:00:09 10.0.0.9 Alive"]);
    let mut answer = arp::unicast_request(THEM, [10, 0, 0, 9].into(), sample().mac, [10, 0, 0, 1].into());
    answer[21] = 2;
    assert_eq!(told(&answer), ["arp 02:00:00:00:00:09 10.0.0.9 Claims"]);
}

#[test]
fn an_arp_packet_about_another_network_is_nobody_here() {
    assert!(told(&arp::broadcast_request(THEM, [192, 168, 7, 9].into(), [192, 168, 7, 1].into())).is_empty());
    assert!(told(&arp::broadcast_request(THEM, [10, 0, 0, 255].into(), [10, 0, 0, 1].into())).is_empty());
    assert!(told(&arp::broadcast_request(sample().mac, [10, 0, 0, 1].into(), [10, 0, 0, 9].into())).is_empty());
}

#[test]
fn what_a_router_carries_shows_the_router_alone() {
    let far = udp(Ends::V4 { src: [8, 8, 8, 8].into(), dst: [10, 0, 0, 1].into() });
    assert_eq!(told(&far), ["arp 02:00:00:00:00:09 - Alive"]);
    let near = udp(Ends::V4 { src: [10, 0, 0, 9].into(), dst: [10, 0, 0, 1].into() });
    assert_eq!(told(&near), ["arp 02:00:00:00:00:09 10.0.0.9 Alive"]);
}

#[test]
fn a_neighbour_with_a_prefix_of_its_own_is_still_a_neighbour() {
    let mut out = [0; 128];
    let flags = NeighborFlags { router: false, solicited: true, overriding: true };
    let said = Advertisement {
        src_mac: THEM,
        src: "fe80::9".parse().unwrap(),
        dst_mac: sample().mac,
        dst: "fe80::1".parse().unwrap(),
        target: "fd77::9".parse().unwrap(),
        flags,
    };
    let length = said.write_frame(&mut out).unwrap();
    assert_eq!(told(&out[..length]), ["nd 02:00:00:00:00:09 fd77::9 Claims"]);
}

#[test]
fn a_hop_limit_that_was_counted_down_shows_a_router_between() {
    for (hops, carried) in [(64, false), (63, true), (56, true), (55, false), (255, false), (254, true), (127, true)] {
        assert_eq!(was_carried(hops), carried, "{hops}");
    }
    for (hops, carried) in [(0, false), (1, false), (24, true), (32, false), (33, false), (128, false), (129, false)] {
        assert_eq!(was_carried(hops), carried, "{hops}");
    }
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0];
    frame.extend([0x45, 0, 0, 28, 0, 0, 0, 0, 63, 1, 0x67, 0xd8, 10, 0, 0, 9, 10, 0, 0, 1]);
    frame.extend([0, 0, 0xff, 0xf8, 0, 7, 0, 0]);
    assert_eq!(told(&frame), ["icmp 02:00:00:00:00:09 10.0.0.9 Carried", "icmp 02:00:00:00:00:09 10.0.0.9 Alive"]);
    frame[22] = 64;
    frame[24] -= 1;
    assert_eq!(told(&frame), ["icmp 02:00:00:00:00:09 10.0.0.9 Alive"]);
}
