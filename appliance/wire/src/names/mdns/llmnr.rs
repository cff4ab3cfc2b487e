//! Holds LLMNR (RFC 4795), which Windows speaks where mDNS is silent: the question for an address's name and its answer.
//! Never sends to anyone but the link and never accepts an answer to a question not asked. Called by the LLMNR source.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::names::Malformed;
use crate::names::dns::{Message, Name, Packet, Query, RData, kind};
use crate::names::mdns::HostText;

/// IPv4 group (RFC 4795 section 2).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 252);
/// IPv6 group, link scope.
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 3);
/// UDP port.
pub const PORT: u16 = 5355;

/// Asks for the name of one address. LLMNR allows one question per packet (section 2.1.1). Send it to the address itself
/// (section 2.4 allows unicast for reverse questions) or to the group. `id` should be random.
#[must_use]
pub fn ask_name_of(id: u16, ip: IpAddr) -> Packet {
    let mut query = Query::new(id, 0);
    // A reverse name is at most 74 bytes: it always fits an empty packet.
    let _fits = query.ask(&Name::reverse(ip), kind::PTR, false);
    query.finish().unwrap_or_default()
}

/// The name in an answer to [`ask_name_of`]. `asked` tells whether an id and address were asked for, against forged
/// answers. Errors: no answer, answer in conflict (section 2.1.1, C bit) or not asked for, or malformed.
pub fn read_name(bytes: &[u8], asked: impl Fn(u16, IpAddr) -> bool) -> Result<(IpAddr, HostText), Malformed> {
    let message = Message::parse(bytes)?;
    let conflict = message.header.flags & 0x0400 != 0;
    if !message.header.is_response() || message.header.opcode() != 0 || message.header.rcode() != 0 || conflict {
        return Err(Malformed::OtherKind);
    }
    for record in message.records() {
        let record = record?;
        if let (Some(ip), RData::Ptr(name)) = (record.name.to_ip(), &record.data) {
            let host: HostText = name.to_text();
            if asked(message.header.id, ip) && !host.is_empty() {
                return Ok((ip, host));
            }
        }
    }
    Err(Malformed::OtherKind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    /// Windows 10 answers `DESKTOP-7K2M1QA` for 192.168.1.57.
    const ANSWER: &[u8] =
        b"\x5a\x01\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x0257\x011\x03168\x03192\x07in-addr\x04arpa\
        \x00\x00\x0c\x00\x01\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x1e\x00\x11\x0fDESKTOP-7K2M1QA\x00";

    #[test]
    fn asks_one_question_and_reads_its_answer() {
        let ip: IpAddr = "192.168.1.57".parse().unwrap();
        let packet = ask_name_of(0x5a01, ip);
        assert_eq!(packet[..12], *b"\x5a\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00");
        assert_eq!(packet[12..], ANSWER[12..43]);
        let (of, name) = read_name(ANSWER, |id, of| id == 0x5a01 && of == ip).unwrap();
        assert_eq!((of, name.as_str()), (ip, "DESKTOP-7K2M1QA"));
    }

    #[test]
    fn refuses_what_was_not_asked() {
        assert_eq!(read_name(ANSWER, |id, _| id == 1), Err(Malformed::OtherKind));
        let question = ask_name_of(0x5a01, "192.168.1.57".parse().unwrap());
        assert_eq!(read_name(&question, |_, _| true), Err(Malformed::OtherKind));
    }

    #[test]
    fn never_panics() {
        torture(&[ANSWER], |bytes| {
            if let Ok((_, name)) = read_name(bytes, |_, _| true) {
                assert!(!name.is_empty());
            }
        });
    }
}
