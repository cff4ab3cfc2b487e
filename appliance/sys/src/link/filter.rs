//! Holds the program that decides, inside the kernel, which frames of a segment reach this process at all.
//! Never looks beyond the first headers and never keeps state: classic BPF cannot. Called by `link` before a socket is
//! bound, so that not even the first frame goes round it.
//!
//! A raw socket hears everything; a storm, a backup or a film must cost nothing here, and code that parses hostile bytes
//! should be given few kinds of them. What passes: ARP; ICMPv6 (neighbour discovery, also behind the hop-by-hop header
//! of multicast listener reports); ICMP echo replies; TCP answers (SYN-ACK or RST) to our own range of probe ports; UDP
//! to or from the ports by which devices announce themselves. Nothing else: no other VLAN's frames, no frame of our own,
//! no fragment but the first.

use std::ops::RangeInclusive;

/// One instruction of classic BPF, as `struct sock_filter` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip when a comparison holds.
    pub yes: u8,
    /// How many to skip when it does not.
    pub no: u8,
    /// The number it works with.
    pub value: u32,
}

/// UDP ports by which devices make themselves known: DHCP, NetBIOS, DHCPv6, SSDP, WS-Discovery, mDNS, LLMNR.
pub const UDP_PORTS: [u16; 10] = [67, 68, 137, 138, 546, 547, 1900, 3702, 5353, 5355];

/// Ports to send TCP probes from: above what the kernel gives to connections by default (32,768 to 60,999), so that an
/// answer to a probe is never mistaken for one of theirs. A thousand tell probes apart as a part of their cookie.
pub const PROBE_PORTS: RangeInclusive<u16> = 61_000..=61_999;

/// How much of a frame is kept, in bytes: Ethernet's 1,514, a VLAN tag, and a round number above.
pub const FRAME_BYTES: usize = 1_536;

// <linux/bpf_common.h>, <linux/filter.h>
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_BYTE_AT_X: u16 = 0x50;
const SET_X: u16 = 0x01;
const SET_X_TO_IPV4_HEADER: u16 = 0xb1;
const AND: u16 = 0x54;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// `SKF_AD_OFF + SKF_AD_PKTTYPE`: who a frame is for, as the kernel sorted it.
const PACKET_TYPE: u32 = (-0x1000_i32 + 4).cast_unsigned();
/// `SKF_AD_OFF + SKF_AD_VLAN_TAG`: the tag the card took off; 0 when there was none.
const VLAN_TAG: u32 = (-0x1000_i32 + 44).cast_unsigned();
/// The network's number within a tag; 0 is "no network, only a priority" (IEEE 802.1Q).
const VLAN_ID_MASK: u32 = 0x0fff;

const ETHERNET: u32 = 14;
const ETHER_TYPE_AT: u32 = 12;
const IPV4_FRAGMENT_AT: u32 = ETHERNET + 6;
const IPV4_PROTOCOL_AT: u32 = ETHERNET + 9;
const IPV6_NEXT_AT: u32 = ETHERNET + 6;
const IPV6_HEADER: u32 = 40;

/// A place in the program that jumps lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Next,
    Untagged,
    Ipv4,
    IcmpV4,
    Ipv6,
    HopByHop,
    Tcp,
    Udp,
    Accept,
    Refuse,
}

#[derive(Clone, Copy)]
enum Step {
    Do(u16, u32),
    If(u16, u32, Place, Place),
    Mark(Place),
}

/// The program that lets through what the module says, TCP answers for `tcp_ports` only.
///
/// # Panics
/// Never: the program's length depends on nothing, and the tests build it.
#[must_use]
pub fn program(tcp_ports: &RangeInclusive<u16>) -> Vec<Instruction> {
    assemble(&steps(tcp_ports))
}

fn steps(tcp_ports: &RangeInclusive<u16>) -> Vec<Step> {
    use Place::{Accept, HopByHop, IcmpV4, Ipv4, Ipv6, Next, Refuse, Tcp, Udp, Untagged};
    use Step::{Do, If, Mark};
    let mut steps = vec![
        Do(LOAD_WORD, PACKET_TYPE),
        If(IF_EQUAL, u32::from(libc::PACKET_OUTGOING), Refuse, Next),
        Do(LOAD_WORD, VLAN_TAG),
        Do(AND, VLAN_ID_MASK),
        If(IF_EQUAL, 0, Untagged, Refuse),
        Mark(Untagged),
        Do(LOAD_HALF, ETHER_TYPE_AT),
        If(IF_EQUAL, 0x0806, Accept, Next),
        If(IF_EQUAL, 0x0800, Ipv4, Next),
        If(IF_EQUAL, 0x86dd, Ipv6, Refuse),
        Mark(Ipv4),
        Do(LOAD_HALF, IPV4_FRAGMENT_AT),
        If(IF_ANY_BIT, 0x1fff, Refuse, Next),
        Do(SET_X_TO_IPV4_HEADER, ETHERNET),
        Do(LOAD_BYTE, IPV4_PROTOCOL_AT),
        If(IF_EQUAL, 1, IcmpV4, Next),
        If(IF_EQUAL, 6, Tcp, Next),
        If(IF_EQUAL, 17, Udp, Refuse),
        Mark(IcmpV4),
        Do(LOAD_BYTE_AT_X, ETHERNET),
        If(IF_EQUAL, 0, Accept, Refuse),
        Mark(Ipv6),
        Do(SET_X, IPV6_HEADER),
        Do(LOAD_BYTE, IPV6_NEXT_AT),
        If(IF_EQUAL, 58, Accept, Next),
        If(IF_EQUAL, 6, Tcp, Next),
        If(IF_EQUAL, 17, Udp, Next),
        If(IF_EQUAL, 0, HopByHop, Refuse),
        Mark(HopByHop),
        Do(LOAD_BYTE, ETHERNET + IPV6_HEADER),
        If(IF_EQUAL, 58, Accept, Refuse),
        Mark(Tcp),
        Do(LOAD_HALF_AT_X, ETHERNET + 2),
        If(IF_AT_LEAST, u32::from(*tcp_ports.start()), Next, Refuse),
        If(IF_GREATER, u32::from(*tcp_ports.end()), Refuse, Next),
        Do(LOAD_BYTE_AT_X, ETHERNET + 13),
        If(IF_ANY_BIT, 0x04, Accept, Next),
        Do(AND, 0x12),
        If(IF_EQUAL, 0x12, Accept, Refuse),
        Mark(Udp),
    ];
    for port_at in [ETHERNET, ETHERNET + 2] {
        steps.push(Do(LOAD_HALF_AT_X, port_at));
        steps.extend(UDP_PORTS.iter().map(|port| If(IF_EQUAL, u32::from(*port), Accept, Next)));
    }
    let keep = u32::try_from(FRAME_BYTES).unwrap_or(u32::MAX);
    steps.extend([Mark(Refuse), Do(RETURN, 0), Mark(Accept), Do(RETURN, keep)]);
    steps
}

/// Turns places into distances. Jumps only lead forward, as the kernel demands.
fn assemble(steps: &[Step]) -> Vec<Instruction> {
    let address = |wanted: Place| {
        let before = steps.iter().take_while(|step| !matches!(step, Step::Mark(place) if *place == wanted));
        before.filter(|step| !matches!(step, Step::Mark(_))).count()
    };
    let mut program = Vec::with_capacity(steps.len());
    for step in steps {
        let after = program.len() + 1;
        let distance = |place: Place| match place {
            Place::Next => 0,
            place => u8::try_from(address(place) - after).expect("the program is shorter than a jump reaches"),
        };
        match *step {
            Step::Mark(_) => {}
            Step::Do(code, value) => program.push(Instruction { code, yes: 0, no: 0, value }),
            Step::If(code, value, yes, no) => {
                program.push(Instruction { code, yes: distance(yes), no: distance(no), value });
            }
        }
    }
    program
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
