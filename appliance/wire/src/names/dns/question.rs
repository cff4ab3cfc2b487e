//! Holds the writer of DNS questions, several to a packet.
//! Never compresses: small devices read plain names most reliably, and a /24 of reverse names still fits seven packets.
//! Called by `mdns` and by the reverse-DNS source of the service.

use super::Name;
use super::message::kind;

/// Largest question packet. With IPv6 and UDP headers, a VLAN tag and a little tunnel it stays below the 1,500 bytes of
/// Ethernet, so that it is never fragmented.
pub const MAX_QUERY_BYTES: usize = 1_400;

/// Bytes ready to send.
pub type Packet = heapless::Vec<u8, MAX_QUERY_BYTES>;

/// A query being written.
#[derive(Clone, Debug)]
pub struct Query {
    packet: Packet,
    questions: u16,
}

impl Query {
    /// A query with this id and these flag bits: mDNS 0 and 0; a resolver a random id and 0x0100 (recursion desired).
    #[must_use]
    pub fn new(id: u16, flags: u16) -> Self {
        let [a, b] = id.to_be_bytes();
        let [c, d] = flags.to_be_bytes();
        let mut packet = Packet::new();
        // Twelve bytes into an empty packet: cannot fail.
        packet.extend([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0]);
        Self { packet, questions: 0 }
    }

    /// Adds a question of class IN. `unicast` asks for a direct answer (QU bit, mDNS only). Returns whether it fitted;
    /// when not, nothing was written.
    #[must_use]
    pub fn ask(&mut self, name: &Name, record_kind: u16, unicast: bool) -> bool {
        let [a, b] = record_kind.to_be_bytes();
        let tail = [0, a, b, if unicast { 0x80 } else { 0 }, 1];
        if self.packet.len() + name.octets().len() + tail.len() > MAX_QUERY_BYTES {
            return false;
        }
        self.questions += 1;
        let written = self.packet.extend_from_slice(name.octets()).and_then(|()| self.packet.extend_from_slice(&tail));
        if let Some(count) = self.packet.get_mut(4..6) {
            count.copy_from_slice(&self.questions.to_be_bytes());
        }
        written.is_ok()
    }

    /// The packet; `None` when nothing was asked.
    #[must_use]
    pub fn finish(self) -> Option<Packet> {
        (self.questions > 0).then_some(self.packet)
    }
}

/// Packs mDNS questions into as few packets as they need, in order. A question is `(name, kind)`, see [`kind`].
pub fn packets(questions: impl IntoIterator<Item = (Name, u16)>, unicast: bool) -> impl Iterator<Item = Packet> {
    let mut questions = questions.into_iter().peekable();
    core::iter::from_fn(move || {
        let mut query = Query::new(0, 0);
        // The longest name fits an empty packet, so every round takes at least one question.
        while let Some((name, record_kind)) = questions.peek() {
            if !query.ask(name, *record_kind, unicast) {
                break;
            }
            questions.next();
        }
        query.finish()
    })
}

/// The PTR questions for the names of addresses.
pub fn reverse(ips: impl IntoIterator<Item = core::net::IpAddr>) -> impl Iterator<Item = (Name, u16)> {
    ips.into_iter().map(|ip| (Name::reverse(ip), kind::PTR))
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;
    extern crate std;
    use core::net::{IpAddr, Ipv4Addr};
    use std::vec::Vec;

    #[test]
    fn writes_the_bytes_of_a_question() {
        let mut query = Query::new(0x1234, 0x0100);
        assert!(query.ask(&Name::from_dotted("a.local").unwrap(), kind::AAAA, true));
        assert_eq!(
            query.finish().unwrap(),
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x05local\x00\x00\x1c\x80\x01"[..]
        );
        assert_eq!(Query::new(0, 0).finish(), None);
    }

    #[test]
    fn packs_a_whole_24_into_few_packets_and_loses_none() {
        let ips: Vec<IpAddr> = (1..=254).map(|last| Ipv4Addr::new(192, 168, 100, last).into()).collect();
        let sent: Vec<Packet> = packets(reverse(ips.clone()), false).collect();
        assert!(sent.len() <= 7, "{}", sent.len());
        let asked: Vec<IpAddr> = sent
            .iter()
            .flat_map(|packet| Message::parse(packet).unwrap().questions().collect::<Vec<_>>())
            .map(|question| question.unwrap().name.to_ip().unwrap())
            .collect();
        assert_eq!(asked, ips);
    }

    #[test]
    fn the_longest_names_go_one_by_one_without_end() {
        let long = (0..3).try_fold(Name::ROOT, |name, _| name.child(&[b'x'; 63])).unwrap().child(&[b'y'; 61]).unwrap();
        let sent: Vec<usize> = packets((0..12).map(|_| (long.clone(), kind::ANY)), true)
            .map(|packet| Message::parse(&packet).unwrap().questions().count())
            .collect();
        assert_eq!(sent, [5, 5, 2]);
    }
}
