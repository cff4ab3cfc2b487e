//! Holds the battering of `dissect` and the DHCP parsers with frames gone wrong, from a seed.
//! Never stands in for the fuzz targets, which search; this one runs with every test and says what broke from one number.
//! Called by the test runner.

use core::net::Ipv6Addr;

use super::ndp::{NeighborFlags, Prefix, RouterInfo};
use super::*;
use crate::Mac;

const US: Mac = Mac([2, 0, 0, 0, 0, 1]);
const THEM: Mac = Mac([2, 0, 0, 0, 0, 2]);
/// Frames made from each seed frame. With sixteen of them it makes 320,000 in all.
const ROUNDS: u32 = 20_000;
const ROOM: usize = 640;

/// Marsaglia's xorshift: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }

    fn octet(&mut self) -> u8 {
        // The numbers that parsers stumble over come up as often as all others together.
        const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 4, 8];
        if self.roll(2) == 0 { EDGES[self.roll(EDGES.len())] } else { u8::try_from(self.roll(256)).unwrap() }
    }
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

/// One frame of every kind Vigie writes, and of each kind it only hears.
fn seed_frame(which: usize, out: &mut [u8; ROOM]) -> Option<usize> {
    let v4 = Ends::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into())?;
    let v6_ends = Ends::V6 { src: v6("fe80::1"), dst: v6("fe80::2") };
    let path = Path { src_mac: US, dst_mac: THEM, ends: v4 };
    let path6 = Path { ends: v6_ends, ..path };
    let echo = icmp::Echo { ident: 1, sequence: 2, payload: b"payload!" };
    let syn = tcp::Syn { src_port: 50_000, dst_port: 80, seq: 3 };
    let options = b"\x35\x01\x01\x0c\x05hello\x34\x01\x03\x37\x03\x01\x03\x06\x51\x08\x04\0\0\x04name\xff";
    let mut dhcp = [0u8; 300];
    dhcp[..240].copy_from_slice(&dhcp::Discover { mac: US, xid: 1 }.payload()[..240]);
    dhcp[240..240 + options.len()].copy_from_slice(options);
    let dhcp6 = b"\x01\0\0\x01\0\x01\0\x0a\0\x03\0\x01\x02\0\0\0\0\x09\0\x27\0\x05\x01\x03box";
    match which {
        0 => {
            let frame = arp::broadcast_request(US, [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
            out[..frame.len()].copy_from_slice(&frame);
            Ok(frame.len())
        }
        1 => echo.write_request_frame(&path, out),
        2 => echo.write_request_frame(&path6, out),
        3 => syn.write_frame(&path, out),
        4 => syn.write_frame(&path6, out),
        5 => udp::Udp { src_port: 68, dst_port: 67, payload: &dhcp }.write_frame(&path, out),
        6 => udp::Udp { src_port: 546, dst_port: 547, payload: dhcp6 }.write_frame(&path6, out),
        7 => dhcp::Discover { mac: US, xid: 7 }.write_frame(out),
        8 => ndp::Solicitation { src_mac: US, src: v6("fe80::1"), target: v6("fe80::2"), to: None }.write_frame(out),
        9 => ndp::RouterSolicitation { src_mac: US, src: v6("fe80::1") }.write_frame(out),
        10 => ndp::Advertisement {
            src_mac: US,
            src: v6("fe80::1"),
            dst_mac: THEM,
            dst: v6("fe80::2"),
            target: v6("fe80::1"),
            flags: NeighborFlags { solicited: true, ..NeighborFlags::default() },
        }
        .write_frame(out),
        11 => ndp::RouterAdvertisement {
            src_mac: US,
            src: v6("fe80::1"),
            info: RouterInfo::default(),
            prefixes: &[Prefix {
                prefix: v6("fd00::"),
                len: 64,
                on_link: true,
                autonomous: true,
                valid_s: 1,
                preferred_s: 1,
            }],
            servers: &[v6("fd00::1")],
            servers_lifetime_s: 9,
        }
        .write_frame(out),
        12 => wol::write_frame(US, THEM, wol::Password::None, out),
        // Echo replies, which Vigie never writes: a request with its type turned.
        13 => echo.write_request_frame(&path, out).inspect(|_| out[34] = 0),
        14 => echo.write_request_frame(&path6, out).inspect(|_| out[54] = 129),
        15 => extended(&echo, &path6, out),
        _ => return None,
    }
    .ok()
}

/// An echo request behind seven destination options: one more damage away from too many.
fn extended(echo: &icmp::Echo<'_>, path: &Path, out: &mut [u8; ROOM]) -> Result<usize, NoRoom> {
    let len = echo.write_request_frame(path, out)?;
    out.copy_within(54..len, 54 + 64);
    for at in (54..54 + 64).step_by(8) {
        out[at..at + 8].copy_from_slice(&[60, 0, 1, 4, 0, 0, 0, 0]);
    }
    out[54 + 56] = protocol::ICMPV6;
    out[19] += 64;
    out[20] = 60;
    Ok(len + 64)
}

/// Damages a frame of `len` octets in up to four ways; answers its new length.
fn damage(dice: &mut Dice, frame: &mut [u8; ROOM], mut len: usize) -> usize {
    for _ in 0..=dice.roll(4) {
        match dice.roll(6) {
            0 => len = dice.roll(len + 1),
            1 => len = (len + dice.roll(24)).min(ROOM),
            2 if len > 0 => frame[dice.roll(len)] = dice.octet(),
            3 if len > 0 => frame[dice.roll(len)] ^= 1 << dice.roll(8),
            // A length or an offset is most often found in the headers.
            4 if len > 14 => frame[14 + dice.roll((len - 14).min(60))] = dice.octet(),
            5 if len > 14 => {
                let (from, to) = (dice.roll(len), dice.roll(len));
                let count = dice.roll(len - from.max(to));
                frame.copy_within(from..from + count, to);
            }
            _ => {}
        }
    }
    len
}

/// Reads everything there is to read in a frame, as the service would.
fn read_out(frame: &[u8], trust: bool) -> Result<(), Malformed> {
    let heard = dissect(frame, trust)?;
    assert!(heard.src.is_station());
    match heard.what {
        What::Arp(arp) => assert!(arp.claim().is_none_or(|(mac, _)| mac.is_station())),
        What::Ndp { message, .. } => {
            assert!(message.options().count() <= frame.len() / 8);
            for option in message.options() {
                if let ndp::NdpOption::Rdnss { servers, .. } = option {
                    assert!((1..=127).contains(&servers.count()));
                }
            }
        }
        What::EchoReply { echo, .. } => assert!(echo.payload.len() + 42 <= frame.len()),
        What::Tcp { ends, segment, .. } => {
            assert!(segment.payload_len + 54 <= frame.len());
            let _ = cookie::Cookie::new(1).judge(&ends, &segment);
        }
        What::Udp { datagram, .. } => {
            assert!(datagram.payload.len() + 42 <= frame.len());
            read_dhcp(datagram.payload)?;
        }
        What::Unreachable { error, .. } => assert_eq!(cookie::Cookie::new(1).judge_unreachable(&error), None),
        What::Membership { .. } | What::Fragment { .. } | What::Other { .. } => {}
    }
    Ok(())
}

fn read_dhcp(payload: &[u8]) -> Result<(), Malformed> {
    if let Ok(read) = dhcp::parse6(payload) {
        assert!(read.client.is_none_or(|duid| duid.octets().len() <= dhcp::Duid::MAX_LEN));
        assert!(read.fqdn.and_then(|fqdn| fqdn.host()).is_none_or(|host| !host.is_empty() && host.len() <= 63));
    }
    let read = dhcp::parse(payload)?;
    assert!(read.hostname.is_none_or(|name| name.last() != Some(&0)));
    assert!(read.fqdn.and_then(|fqdn| fqdn.host()).is_none_or(|host| !host.is_empty() && host.len() <= 63));
    Ok(())
}

#[test]
fn damaged_frames_are_read_or_refused_and_nothing_worse() {
    let mut counts = [0u32; Malformed::COUNT];
    let mut read = 0u32;
    let mut which = 0;
    let mut seed = [0u8; ROOM];
    while let Some(len) = seed_frame(which, &mut seed) {
        for round in 0..ROUNDS {
            // The seed is in the message of any failure, and with it the frame.
            let number = (u64::from(round) << 8 | u64::try_from(which).unwrap()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut dice = Dice(number | 1);
            let mut frame = seed;
            let len = damage(&mut dice, &mut frame, len);
            for trust in [false, true] {
                match read_out(&frame[..len], trust) {
                    Ok(()) => read += 1,
                    Err(reason) => counts[reason.index()] += 1,
                }
            }
        }
        which += 1;
    }
    assert_eq!(which, 16);
    assert!(read > 100_000, "the damage must leave enough whole to get past the first checks: {read}");
    for reason in Malformed::ALL {
        // The battering must reach every rule, or it proves nothing about it. DHCPv6 is read only on the side.
        let aside = matches!(reason, Malformed::Dhcp6Header | Malformed::Dhcp6Option);
        assert!(counts[reason.index()] > 0 || aside, "{reason} never came up");
    }
}
