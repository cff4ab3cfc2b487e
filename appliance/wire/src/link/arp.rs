//! Holds ARP for Ethernet and IPv4 (RFC 826), with the probes and announcements of RFC 5227.
//! Never judges who is right when two stations claim an address: it says what was claimed, and by whom.
//! Called by `frame::dissect`, and by the sweep and the directed checks to build their requests.

use core::net::Ipv4Addr;

use super::octets::{self, Writer};
use super::{Malformed, ethernet};
use crate::Mac;

/// Octets of an ARP packet for Ethernet and IPv4.
pub const PACKET_LEN: usize = 28;
/// Octets of a complete frame, before the kernel pads it.
pub const FRAME_LEN: usize = ethernet::HEADER_LEN + PACKET_LEN;

mod field {
    pub(super) const HARDWARE: usize = 0;
    pub(super) const OPERATION: usize = 6;
    pub(super) const SENDER_MAC: usize = 8;
    pub(super) const SENDER_IP: usize = 14;
    pub(super) const TARGET_MAC: usize = 18;
    pub(super) const TARGET_IP: usize = 24;
}

/// Hardware type 1 (Ethernet), protocol IPv4, address lengths 6 and 4.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// Request or reply; other operations (RARP, InARP) are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Operation {
    /// "Who has the target address?"
    Request,
    /// "The sender address is mine."
    Reply,
}

/// What an ARP packet says about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Meaning {
    /// The sender looks for the target, and by asking shows its own pair of addresses.
    Question,
    /// The sender answers for its own pair of addresses.
    Answer,
    /// The sender wants the target address and asks whether anyone has it (RFC 5227 2.1.1). It holds nothing yet.
    Probe,
    /// The sender tells everyone that the address is its own: an announcement or gratuitous ARP, request or reply.
    Announcement,
}

/// An ARP packet. The addresses are claims: `sender_mac` may differ from the frame's source, which a bridge or a
/// load balancer does in good faith and an impostor does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Arp {
    /// Request or reply.
    pub operation: Operation,
    /// The sender's MAC as claimed.
    pub sender_mac: Mac,
    /// The sender's IPv4 address as claimed; unspecified in a probe.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub sender_ip: Ipv4Addr,
    /// The target's MAC; in a request usually unspecified and without meaning.
    pub target_mac: Mac,
    /// The target's IPv4 address.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub target_ip: Ipv4Addr,
}

/// Reads an ARP packet; what follows it is padding and is not looked at.
///
/// # Errors
/// `ArpShort`, `ArpKind`.
pub fn parse(packet: &[u8]) -> Result<Arp, Malformed> {
    let packet = packet.get(..PACKET_LEN).ok_or(Malformed::ArpShort)?;
    if octets::array(packet, field::HARDWARE) != Some(ETHERNET_IPV4) {
        return Err(Malformed::ArpKind);
    }
    let operation = match octets::be16(packet, field::OPERATION) {
        Some(1) => Operation::Request,
        Some(2) => Operation::Reply,
        _ => return Err(Malformed::ArpKind),
    };
    Ok(Arp {
        operation,
        sender_mac: octets::mac(packet, field::SENDER_MAC).ok_or(Malformed::ArpShort)?,
        sender_ip: octets::ipv4(packet, field::SENDER_IP).ok_or(Malformed::ArpShort)?,
        target_mac: octets::mac(packet, field::TARGET_MAC).ok_or(Malformed::ArpShort)?,
        target_ip: octets::ipv4(packet, field::TARGET_IP).ok_or(Malformed::ArpShort)?,
    })
}

impl Arp {
    /// What the packet says about its sender.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self.operation {
            Operation::Request if self.sender_ip.is_unspecified() => Meaning::Probe,
            _ if self.sender_ip == self.target_ip => Meaning::Announcement,
            Operation::Request => Meaning::Question,
            Operation::Reply => Meaning::Answer,
        }
    }

    /// The pair the sender claims to hold. `None` for a probe, and where the pair cannot be a station's.
    #[must_use]
    pub fn claim(&self) -> Option<(Mac, Ipv4Addr)> {
        let ip = self.sender_ip;
        let possible = !ip.is_unspecified() && !ip.is_broadcast() && !ip.is_multicast() && !ip.is_loopback();
        (possible && self.sender_mac.is_station()).then_some((self.sender_mac, ip))
    }

    /// The complete frame, to `dst`.
    #[must_use]
    pub fn frame(&self, dst: Mac) -> [u8; FRAME_LEN] {
        let mut out = [0; FRAME_LEN];
        let mut writer = Writer::new(&mut out);
        ethernet::write_header(&mut writer, dst, self.sender_mac, ethernet::kind::ARP);
        let operation: u16 = match self.operation {
            Operation::Request => 1,
            Operation::Reply => 2,
        };
        writer.put(&ETHERNET_IPV4).put16(operation);
        writer.put(&self.sender_mac.0).put(&self.sender_ip.octets());
        writer.put(&self.target_mac.0).put(&self.target_ip.octets());
        out
    }
}

/// "Who has `target`?", to everyone. With `sender_ip` unspecified it is a probe: it makes no neighbour learn us.
#[must_use]
pub fn broadcast_request(sender_mac: Mac, sender_ip: Ipv4Addr, target: Ipv4Addr) -> [u8; FRAME_LEN] {
    request(sender_mac, sender_ip, target).frame(Mac::BROADCAST)
}

/// "Do you still have `target`?", to the station that had it. Wakes nobody else, and passes where an access point
/// filters broadcasts for sleeping stations.
#[must_use]
pub fn unicast_request(sender_mac: Mac, sender_ip: Ipv4Addr, to: Mac, target: Ipv4Addr) -> [u8; FRAME_LEN] {
    request(sender_mac, sender_ip, target).frame(to)
}

const fn request(sender_mac: Mac, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Arp {
    Arp { operation: Operation::Request, sender_mac, sender_ip, target_mac: Mac::UNSPECIFIED, target_ip }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

    /// 192.168.1.1 answers 192.168.1.10, with the padding of a frame of 60 octets.
    const REPLY: [u8; 46] = [
        0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x00, 0x1d, 0xaa, 0x81, 0x3b, 0x50, 0xc0, 0xa8, 0x01, 0x01,
        0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0xc0, 0xa8, 0x01, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0,
    ];

    #[test]
    fn reads_a_reply_with_padding() {
        let read = parse(&REPLY).unwrap();
        assert_eq!(read.meaning(), Meaning::Answer);
        let router = (Mac([0x00, 0x1d, 0xaa, 0x81, 0x3b, 0x50]), Ipv4Addr::new(192, 168, 1, 1));
        assert_eq!(read.claim(), Some(router));
        assert_eq!((read.target_mac, read.target_ip), (US, Ipv4Addr::new(192, 168, 1, 10)));
    }

    #[test]
    fn refuses_every_cut_and_every_other_kind() {
        for len in 0..PACKET_LEN {
            assert_eq!(parse(&REPLY[..len]), Err(Malformed::ArpShort), "{len}");
        }
        for at in 0..8 {
            let mut other = REPLY;
            other[at] ^= 0x40;
            assert_eq!(parse(&other), Err(Malformed::ArpKind), "octet {at}");
        }
    }

    #[test]
    fn builds_a_request_octet_by_octet() {
        let frame = broadcast_request(US, Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 99));
        let expected: [u8; FRAME_LEN] = [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x06, 0x00, 0x01, 0x08, 0x00,
            0x06, 0x04, 0x00, 0x01, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x0a, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x0a, 0x00, 0x00, 0x63,
        ];
        assert_eq!(frame, expected);
        let to = Mac([0, 1, 2, 3, 4, 5]);
        let directed = unicast_request(US, Ipv4Addr::new(10, 0, 0, 2), to, Ipv4Addr::new(10, 0, 0, 99));
        assert_eq!(directed[..6], to.0);
        assert_eq!(directed[6..], expected[6..]);
    }

    #[test]
    fn tells_probe_announcement_question_and_answer_apart() {
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let with = |operation, sender_ip, target_ip| {
            let arp = Arp { operation, sender_mac: US, sender_ip, target_mac: Mac::UNSPECIFIED, target_ip };
            // Through the wire and back, so that the builder is held to the parser.
            let read = parse(&arp.frame(Mac::BROADCAST)[ethernet::HEADER_LEN..]).unwrap();
            assert_eq!(read, arp);
            (read.meaning(), read.claim().is_some())
        };
        assert_eq!(with(Operation::Request, a, b), (Meaning::Question, true));
        assert_eq!(with(Operation::Reply, a, b), (Meaning::Answer, true));
        assert_eq!(with(Operation::Request, Ipv4Addr::UNSPECIFIED, b), (Meaning::Probe, false));
        assert_eq!(with(Operation::Request, a, a), (Meaning::Announcement, true));
        assert_eq!(with(Operation::Reply, a, a), (Meaning::Announcement, true));
        assert_eq!(with(Operation::Reply, Ipv4Addr::BROADCAST, a), (Meaning::Answer, false));
    }
}
