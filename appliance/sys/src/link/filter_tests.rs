//! Holds the tests of the kernel filter: literal frames through a small interpreter of classic BPF.
//! Never asks the kernel: `tests/namespace.rs` does that with the same program. Called by the test runner.

use super::*;

/// Runs `program` as the kernel does: a load beyond the frame ends it with "refuse".
fn run(program: &[Instruction], frame: &[u8], packet_type: u32, vlan_tag: u32) -> u32 {
    let load = |at: u32, bytes: usize| -> Option<u32> {
        match at {
            PACKET_TYPE => return Some(packet_type),
            VLAN_TAG => return Some(vlan_tag),
            _ => {}
        }
        let at = usize::try_from(at).ok()?;
        Some(frame.get(at..at.checked_add(bytes)?)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    };
    let (mut a, mut x, mut at) = (0u32, 0u32, 0usize);
    loop {
        let Instruction { code, yes, no, value } = program[at];
        at += 1;
        let loaded = match code {
            LOAD_WORD => load(value, 4),
            LOAD_HALF => load(value, 2),
            LOAD_BYTE => load(value, 1),
            LOAD_HALF_AT_X => load(value + x, 2),
            LOAD_BYTE_AT_X => load(value + x, 1),
            SET_X_TO_IPV4_HEADER => load(value, 1).map(|byte| {
                x = (byte & 0xf) * 4;
                a
            }),
            SET_X => {
                x = value;
                Some(a)
            }
            AND => Some(a & value),
            RETURN => return value,
            IF_EQUAL | IF_GREATER | IF_AT_LEAST | IF_ANY_BIT => {
                let holds = match code {
                    IF_EQUAL => a == value,
                    IF_GREATER => a > value,
                    IF_AT_LEAST => a >= value,
                    _ => a & value != 0,
                };
                at += usize::from(if holds { yes } else { no });
                Some(a)
            }
            _ => panic!("an instruction the interpreter does not know: {code:#x}"),
        };
        match loaded {
            Some(value) => a = value,
            None => return 0,
        }
    }
}

fn passes(frame: &[u8]) -> bool {
    run(&program(&PROBE_PORTS), frame, 0, 0) != 0
}

/// `hex` with spaces for the eye.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

const ETHER: &str = "5254 0000 0001 5254 0000 0002";
const ARP_REPLY: &str =
    "5254 0000 0001 5254 0000 0002 0806 0001 0800 0604 0002 5254 0000 0002 c0a8 0109 5254 0000 0001 c0a8 0101";

fn ipv4(protocol: u8, header_words: u8, fragment: u16, payload: &str) -> Vec<u8> {
    let mut frame = bytes(ETHER);
    frame.extend([0x08, 0x00, 0x40 | header_words, 0, 0, 60, 0, 1]);
    frame.extend(fragment.to_be_bytes());
    frame.extend([64, protocol, 0, 0, 192, 168, 1, 9, 192, 168, 1, 1]);
    frame.extend(std::iter::repeat_n(1, usize::from(header_words - 5) * 4));
    frame.extend(bytes(payload));
    frame
}

fn ipv6(next: u8, payload: &str) -> Vec<u8> {
    let mut frame = bytes(ETHER);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, next, 255]);
    frame.extend([0; 32]);
    frame.extend(bytes(payload));
    frame
}

/// From port 80 to port 61,000 (0xee48), header of five words, flags at the end of the given digits.
fn tcp(to: u16, flags: u8) -> String {
    format!("0050 {to:04x} 00000001 00000002 50{flags:02x} 1000 0000 0000")
}

#[test]
fn arp_passes_whoever_it_is_for() {
    let program = program(&PROBE_PORTS);
    for packet_type in 0..4 {
        assert_eq!(run(&program, &bytes(ARP_REPLY), packet_type, 0), 1_536);
    }
}

#[test]
fn our_own_frames_and_other_networks_frames_do_not() {
    let program = program(&PROBE_PORTS);
    let frame = bytes(ARP_REPLY);
    assert_eq!(run(&program, &frame, 4, 0), 0, "outgoing");
    assert_eq!(run(&program, &frame, 0, 0x000a), 0, "VLAN 10");
    assert_ne!(run(&program, &frame, 0, 0x6000), 0, "a priority is no network");
    let tagged = bytes(&format!("{ETHER} 8100 000a 0806 0001 0800 0604 0002"));
    assert!(!passes(&tagged), "a tag left in the frame");
}

#[test]
fn of_icmp_only_echo_replies() {
    assert!(passes(&ipv4(1, 5, 0, "0000 ffff 0001 0001")));
    assert!(passes(&ipv4(1, 15, 0, "0000 ffff 0001 0001")), "with sixty bytes of header");
    for kind in ["08", "03", "05", "0d"] {
        assert!(!passes(&ipv4(1, 5, 0, &format!("{kind}00 ffff 0001 0001"))), "type {kind}");
    }
    assert!(!passes(&ipv4(1, 15, 0, "0800 ffff 0001 0001")), "an echo request behind options that look like replies");
}

#[test]
fn of_icmpv6_everything_also_behind_a_router_alert() {
    assert!(passes(&ipv6(58, "8800 0000 6000 0000")), "neighbour advertisement");
    assert!(passes(&ipv6(0, "3a00 0502 0000 0100 8f00 0000 0000 0001")), "multicast listener report");
    assert!(!passes(&ipv6(0, "1100 0502 0000 0100 14e9 14e9 0008 0000")), "UDP behind hop-by-hop");
    assert!(!passes(&ipv6(44, "3a00 0000 0000 0001")), "fragments");
}

#[test]
fn of_tcp_only_answers_to_our_probes() {
    for over_ipv6 in [false, true] {
        let frame = |text: &str| if over_ipv6 { ipv6(6, text) } else { ipv4(6, 5, 0, text) };
        for flags in [0x12, 0x14, 0x04, 0x52, 0x92] {
            assert!(passes(&frame(&tcp(61_000, flags))), "flags {flags:#x}");
            assert!(passes(&frame(&tcp(61_999, flags))), "flags {flags:#x}");
        }
        for flags in [0x10, 0x18, 0x02, 0x11, 0x00] {
            assert!(!passes(&frame(&tcp(61_000, flags))), "flags {flags:#x}");
        }
        for port in [60_999, 62_000, 443] {
            assert!(!passes(&frame(&tcp(port, 0x12))), "port {port}");
        }
    }
}

#[test]
fn of_udp_what_devices_announce_themselves_by() {
    for port in UDP_PORTS {
        for ports in [format!("{port:04x} c000"), format!("c000 {port:04x}")] {
            assert!(passes(&ipv4(17, 5, 0, &format!("{ports} 0008 0000"))), "{ports}");
            assert!(passes(&ipv6(17, &format!("{ports} 0008 0000"))), "{ports}");
        }
    }
    for ports in ["01bb c000", "0035 c000", "c000 0035", "14e8 14ea"] {
        assert!(!passes(&ipv4(17, 5, 0, &format!("{ports} 0008 0000"))), "{ports}");
        assert!(!passes(&ipv6(17, &format!("{ports} 0008 0000"))), "{ports}");
    }
}

#[test]
fn later_fragments_have_no_ports() {
    let mdns = "14e9 14e9 0008 0000";
    assert!(passes(&ipv4(17, 5, 0x4000, mdns)), "do not fragment");
    assert!(passes(&ipv4(17, 5, 0x2000, mdns)), "the first of several");
    assert!(!passes(&ipv4(17, 5, 0x2001, mdns)));
    assert!(!passes(&ipv4(17, 5, 0x00b9, mdns)), "the last");
}

#[test]
fn every_cut_of_a_frame_ends_without_a_panic_and_short_ones_are_refused() {
    let frames = [
        bytes(ARP_REPLY),
        ipv4(1, 5, 0, "0000 ffff"),
        ipv4(6, 6, 0, &tcp(61_500, 0x12)),
        ipv4(17, 5, 0, "c000 14e9"),
        ipv6(58, "88"),
        ipv6(6, &tcp(61_500, 0x12)),
    ];
    for frame in frames {
        assert!(passes(&frame));
        for length in 0..14 {
            assert!(!passes(&frame[..length]), "{length} of {frame:02x?}");
        }
        for length in 14..frame.len() {
            // Must end; the interpreter panics on a jump out of the program.
            passes(&frame[..length]);
        }
    }
    assert!(!passes(&bytes("5254 0000 0001 5254 0000 0002 0800 45")));
}

#[test]
fn other_protocols_never_pass() {
    for ether_type in ["9000", "88cc", "8863", "0026"] {
        assert!(!passes(&bytes(&format!("{ETHER} {ether_type} 0000 0000 0000"))), "{ether_type}");
    }
    assert!(!passes(&ipv4(2, 5, 0, "1600 0000")), "IGMP");
    assert!(!passes(&ipv4(50, 5, 0, "0000 0001")), "ESP");
}

#[test]
fn a_range_of_one_port_and_of_all_ports_can_be_built() {
    let one = program(&(61_500..=61_500));
    let frame = |port| ipv4(6, 5, 0, &tcp(port, 0x12));
    assert_ne!(run(&one, &frame(61_500), 0, 0), 0);
    assert_eq!(run(&one, &frame(61_499), 0, 0), 0);
    assert_eq!(run(&one, &frame(61_501), 0, 0), 0);
    let all = program(&(0..=u16::MAX));
    assert_ne!(run(&all, &frame(0), 0, 0), 0);
    assert_ne!(run(&all, &frame(u16::MAX), 0, 0), 0);
}
