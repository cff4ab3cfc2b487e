//! Holds the fuzz target of the frame builders: what is written with any fields reads back as the same fields.
//! Never feeds a parser raw octets: that is what `frame` does.
//! Called by `run`.
#![no_main]

use std::net::{Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use vigie_wire::Mac;
use vigie_wire::link::icmp::Echo;
use vigie_wire::link::ndp::Ndp;
use vigie_wire::link::tcp::Syn;
use vigie_wire::link::udp::Udp;
use vigie_wire::link::{Ends, Malformed, Path, What, dissect, ndp};

fuzz_target!(|data: &[u8]| {
    let Some((fields, payload)) = data.split_first_chunk::<52>() else { return };
    let mac = |at: usize| Mac([fields[at], fields[at + 1], fields[at + 2], 4, 5, 6]);
    let port = |at: usize| u16::from_be_bytes([fields[at], fields[at + 1]]);
    let v4 = Ends::V4 { src: octets::<4>(fields, 10).into(), dst: octets::<4>(fields, 14).into() };
    let v6 = Ends::V6 { src: octets::<16>(fields, 18).into(), dst: octets::<16>(fields, 34).into() };
    let room = payload.len() + 128;
    for ends in [v4, v6] {
        let path = Path { src_mac: mac(0), dst_mac: mac(3), ends };
        let datagram = Udp { src_port: port(6), dst_port: port(8), payload };
        let mut out = vec![0; room];
        if let Ok(len) = datagram.write_frame(&path, &mut out) {
            expect(&path, &out[..len], |what| assert_eq!(what, What::Udp { ends, datagram }));
        }
        let syn = Syn { src_port: port(6), dst_port: port(8), seq: 77 };
        let len = syn.write_frame(&path, &mut out).expect("128 octets are enough");
        expect(&path, &out[..len], |what| {
            let What::Tcp { segment, .. } = what else { panic!("{what:?}") };
            assert_eq!((segment.src_port, segment.dst_port, segment.seq), (port(6), port(8), 77));
        });
        let echo = Echo { ident: port(6), sequence: port(8), payload };
        if let Ok(len) = echo.write_request_frame(&path, &mut out) {
            expect(&path, &out[..len], |what| assert_eq!(what, What::Other { ends: Some(ends) }));
        }
    }
    solicit(mac(0), octets::<16>(fields, 18).into(), octets::<16>(fields, 34).into());
});

fn octets<const N: usize>(fields: &[u8; 52], at: usize) -> [u8; N] {
    core::array::from_fn(|place| fields[at + place])
}

/// A frame of ours is refused only for a sender that cannot be; else it must read back.
fn expect(path: &Path, frame: &[u8], check: impl FnOnce(What<'_>)) {
    match dissect(frame, false) {
        Ok(heard) => {
            assert_eq!((heard.src, heard.dst, heard.vlan), (path.src_mac, path.dst_mac, None));
            check(heard.what);
        }
        Err(Malformed::FrameSource) => assert!(!path.src_mac.is_station()),
        Err(Malformed::IpSource) => match path.ends {
            Ends::V4 { src, .. } => assert!(src.is_multicast() || src.is_loopback() || src == Ipv4Addr::BROADCAST),
            Ends::V6 { src, .. } => assert!(src.is_multicast() || src == Ipv6Addr::LOCALHOST),
        },
        Err(reason) => panic!("{reason}"),
    }
}

fn solicit(src_mac: Mac, src: Ipv6Addr, target: Ipv6Addr) {
    let group = ndp::solicited_node(target);
    let path =
        Path { src_mac, dst_mac: vigie_wire::link::ethernet::multicast_v6(group), ends: Ends::V6 { src, dst: group } };
    if target.is_multicast() {
        return;
    }
    let mut out = [0; ndp::MAX_SOLICITATION_FRAME_LEN];
    let ask = ndp::Solicitation { src_mac, src, target, to: None };
    let len = ask.write_frame(&mut out).expect("the promised room is enough");
    expect(&path, &out[..len], |what| {
        let What::Ndp { message: Ndp::NeighborSolicit { target: read, .. }, .. } = what else { panic!("{what:?}") };
        assert_eq!(read, target);
    });
}
