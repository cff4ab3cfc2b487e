//! Holds ICMP for both families (RFC 792, RFC 4443): echo requests and replies, and the errors that quote a probe.
//! Never answers anything: the kernel does. Neighbor Discovery, which also is ICMPv6, has a file of its own.
//! Called by `frame::dissect`, by the echo probes to send, and by the unprivileged ping sockets to read.

use super::checksum::{self, Mode};
use super::octets::{self, Writer};
use super::{Ends, Malformed, NoRoom, Path, ipv4, ipv6, protocol};

/// Octets of an echo message in front of its payload.
pub const ECHO_HEADER_LEN: usize = 8;

/// Message types, apart from those of Neighbor Discovery.
pub(super) mod kind {
    pub(crate) const V4_ECHO_REPLY: u8 = 0;
    pub(crate) const V4_UNREACHABLE: u8 = 3;
    pub(crate) const V4_ECHO_REQUEST: u8 = 8;
    pub(crate) const V6_UNREACHABLE: u8 = 1;
    pub(crate) const V6_ECHO_REQUEST: u8 = 128;
    pub(crate) const V6_ECHO_REPLY: u8 = 129;
    pub(crate) const MLD_QUERY: u8 = 130;
    pub(crate) const MLD_DONE: u8 = 132;
    pub(crate) const MLD2_REPORT: u8 = 143;
}

mod field {
    pub(super) const KIND: usize = 0;
    pub(super) const CHECKSUM: usize = 2;
    pub(super) const IDENT: usize = 4;
    pub(super) const SEQUENCE: usize = 6;
    pub(super) const BODY: usize = 8;
}

/// An echo request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Echo<'a> {
    /// Names the asker. On an unprivileged ping socket the kernel puts its own in.
    pub ident: u16,
    /// Counts the questions.
    pub sequence: u16,
    /// Comes back as it was sent.
    pub payload: &'a [u8],
}

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reason {
    /// A router knows no way to the network.
    Network,
    /// The last router finds no such host.
    Host,
    /// The host does not speak the protocol.
    Protocol,
    /// The host has nothing on the port: it is there.
    Port,
    /// A filter forbids it.
    Prohibited,
    /// Any other code.
    Other(u8),
}

/// An ICMP error about a packet, with what it quotes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unreachable {
    /// Why.
    pub reason: Reason,
    /// The ends of the packet complained about: `dst` is whom it was meant for.
    pub ends: Ends,
    /// Its transport protocol.
    pub protocol: u8,
    /// The port it was sent from; 0 where the protocol has none.
    pub src_port: u16,
    /// The port it was sent to; 0 where the protocol has none.
    pub dst_port: u16,
    /// Its sequence number, when it was TCP: proof that the error's sender saw the packet.
    pub seq: Option<u32>,
}

/// An ICMP message, either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Icmp<'a> {
    /// Someone asks for an echo.
    EchoRequest(Echo<'a>),
    /// Someone answers.
    EchoReply(Echo<'a>),
    /// A packet did not arrive.
    Unreachable(Unreachable),
    /// Another type, or an error that quotes too little to be of use.
    Other {
        /// Message type.
        kind: u8,
        /// Message code.
        code: u8,
    },
}

/// Reads an ICMPv4 message, as found in an IPv4 packet or as an unprivileged ping socket hands it over.
///
/// # Errors
/// `IcmpShort`, `IcmpChecksum`.
pub fn parse_v4(message: &[u8], mode: Mode) -> Result<Icmp<'_>, Malformed> {
    let (kind, code) = head(message)?;
    if mode == Mode::Verify && checksum::internet(message) != 0 {
        return Err(Malformed::IcmpChecksum);
    }
    match kind {
        kind::V4_ECHO_REQUEST => Ok(Icmp::EchoRequest(echo(message)?)),
        kind::V4_ECHO_REPLY => Ok(Icmp::EchoReply(echo(message)?)),
        kind::V4_UNREACHABLE => Ok(unreachable_v4(message, code).unwrap_or(Icmp::Other { kind, code })),
        _ => Ok(Icmp::Other { kind, code }),
    }
}

/// Reads an ICMPv6 message whose checksum is already verified: by `frame::dissect`, or by the kernel, which does so
/// on every ICMPv6 socket (RFC 3542 3.1). Neighbor Discovery comes out as `Other`.
///
/// # Errors
/// `IcmpShort`.
pub fn parse_v6(message: &[u8]) -> Result<Icmp<'_>, Malformed> {
    let (kind, code) = head(message)?;
    match kind {
        kind::V6_ECHO_REQUEST => Ok(Icmp::EchoRequest(echo(message)?)),
        kind::V6_ECHO_REPLY => Ok(Icmp::EchoReply(echo(message)?)),
        kind::V6_UNREACHABLE => Ok(unreachable_v6(message, code).unwrap_or(Icmp::Other { kind, code })),
        _ => Ok(Icmp::Other { kind, code }),
    }
}

/// Type and code. Four octets must be there, the checksum included.
pub(super) fn head(message: &[u8]) -> Result<(u8, u8), Malformed> {
    octets::array::<4>(message, field::KIND).map(|[kind, code, ..]| (kind, code)).ok_or(Malformed::IcmpShort)
}

fn echo(message: &[u8]) -> Result<Echo<'_>, Malformed> {
    Ok(Echo {
        ident: octets::be16(message, field::IDENT).ok_or(Malformed::IcmpShort)?,
        sequence: octets::be16(message, field::SEQUENCE).ok_or(Malformed::IcmpShort)?,
        payload: message.get(field::BODY..).ok_or(Malformed::IcmpShort)?,
    })
}

fn unreachable_v4<'a>(message: &[u8], code: u8) -> Option<Icmp<'a>> {
    // RFC 792 and RFC 1812 5.2.7.1.
    let reason = match code {
        0 | 6 | 11 => Reason::Network,
        1 | 7 | 12 => Reason::Host,
        2 => Reason::Protocol,
        3 => Reason::Port,
        9 | 10 | 13 => Reason::Prohibited,
        other => Reason::Other(other),
    };
    let (src, dst, protocol, transport) = ipv4::parse_quoted(message.get(field::BODY..)?)?;
    quoted(reason, Ends::V4 { src, dst }, protocol, transport)
}

fn unreachable_v6<'a>(message: &[u8], code: u8) -> Option<Icmp<'a>> {
    // RFC 4443 3.1.
    let reason = match code {
        0 => Reason::Network,
        3 => Reason::Host,
        4 => Reason::Port,
        1 | 5 | 6 => Reason::Prohibited,
        other => Reason::Other(other),
    };
    let (src, dst, protocol, transport) = ipv6::parse_quoted(message.get(field::BODY..)?)?;
    quoted(reason, Ends::V6 { src, dst }, protocol, transport)
}

fn quoted<'a>(reason: Reason, ends: Ends, protocol: u8, transport: &[u8]) -> Option<Icmp<'a>> {
    let (src_port, dst_port) = match protocol {
        protocol::TCP | protocol::UDP => (octets::be16(transport, 0)?, octets::be16(transport, 2)?),
        _ => (0, 0),
    };
    let seq = if protocol == protocol::TCP { octets::be32(transport, 4) } else { None };
    Some(Icmp::Unreachable(Unreachable { reason, ends, protocol, src_port, dst_port, seq }))
}

impl Echo<'_> {
    /// Writes a request as a complete frame, of the family of the path, and answers its length. With a path to
    /// ff02::1 and 33:33:00:00:00:01 every IPv6 station of the segment is asked at once.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_request_frame(&self, path: &Path, out: &mut [u8]) -> Result<usize, NoRoom> {
        let (protocol, kind) = match path.ends {
            Ends::V4 { .. } => (protocol::ICMP, kind::V4_ECHO_REQUEST),
            Ends::V6 { .. } => (protocol::ICMPV6, kind::V6_ECHO_REQUEST),
        };
        path.write(out, (protocol, 64), field::CHECKSUM, |writer| self.put(writer, kind))
    }

    /// Writes a bare ICMPv4 request, checksum included, for a raw or an unprivileged ping socket.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_request_v4(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        self.put(&mut writer, kind::V4_ECHO_REQUEST);
        let sum = checksum::internet(writer.since(0));
        writer.patch16(field::CHECKSUM, sum);
        writer.finish()
    }

    /// Writes a bare ICMPv6 request. The checksum stays zero: on an ICMPv6 socket the kernel fills it in, as only
    /// the kernel knows the source address it picks (RFC 3542 3.1).
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_request_v6(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        self.put(&mut writer, kind::V6_ECHO_REQUEST);
        writer.finish()
    }

    fn put(&self, writer: &mut Writer<'_>, kind: u8) {
        writer.put8(kind).put8(0).put16(0).put16(self.ident).put16(self.sequence).put(self.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;
    use core::net::Ipv4Addr;

    /// An IPv4 reply with four octets of payload.
    const REPLY: [u8; 12] = [0x00, 0x00, 0x24, 0x1d, 0x1a, 0x2b, 0x00, 0x01, 0x61, 0x62, 0x60, 0x54];

    #[test]
    fn reads_an_echo_reply_and_refuses_every_cut() {
        let Ok(Icmp::EchoReply(read)) = parse_v4(&REPLY, Mode::Verify) else { panic!("no echo reply") };
        assert_eq!(read, Echo { ident: 0x1a2b, sequence: 1, payload: &[0x61, 0x62, 0x60, 0x54] });
        for len in 0..8 {
            assert_eq!(parse_v4(&REPLY[..len], Mode::Trust), Err(Malformed::IcmpShort), "{len}");
        }
        assert_eq!(parse_v4(&REPLY[..10], Mode::Verify), Err(Malformed::IcmpChecksum));
    }

    #[test]
    fn writes_requests_that_read_back() {
        let asked = Echo { ident: 7, sequence: 9, payload: b"vigie" };
        let mut out = [0u8; 128];
        let len = asked.write_request_v4(&mut out).unwrap();
        assert_eq!(parse_v4(&out[..len], Mode::Verify), Ok(Icmp::EchoRequest(asked)));
        let bare = asked.write_request_v6(&mut out).unwrap();
        assert_eq!(out[..8], [128, 0, 0, 0, 0, 7, 0, 9]);
        assert_eq!(parse_v6(&out[..bare]), Ok(Icmp::EchoRequest(asked)));
        let ends = Ends::new("fe80::1".parse().unwrap(), "ff02::1".parse().unwrap()).unwrap();
        let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([0x33, 0x33, 0, 0, 0, 1]), ends };
        let len = asked.write_request_frame(&path, &mut out).unwrap();
        assert_eq!(len, 14 + 40 + 13);
        assert_eq!(checksum::transport(&ends, protocol::ICMPV6, &out[54..len]), 0);
        for room in 0..len {
            assert_eq!(asked.write_request_frame(&path, &mut out[..room]), Err(NoRoom), "{room}");
        }
    }

    #[test]
    fn reads_what_an_error_quotes() {
        // Port unreachable about a TCP SYN from 10.0.0.1:50000 to 10.0.0.2:80; the quote ends after 8 octets.
        let error = [
            0x03, 0x03, 0x00, 0x00, 0, 0, 0, 0, 0x45, 0, 0, 44, 0, 0, 0x40, 0, 63, 6, 0x12, 0x34, 10, 0, 0, 1, 10, 0,
            0, 2, 0xc3, 0x50, 0x00, 0x50, 0xde, 0xad, 0xbe, 0xef,
        ];
        let expected = Unreachable {
            reason: Reason::Port,
            ends: Ends::V4 { src: Ipv4Addr::new(10, 0, 0, 1), dst: Ipv4Addr::new(10, 0, 0, 2) },
            protocol: protocol::TCP,
            src_port: 50_000,
            dst_port: 80,
            seq: Some(0xdead_beef),
        };
        assert_eq!(parse_v4(&error, Mode::Trust), Ok(Icmp::Unreachable(expected)));
        let cut = Unreachable { seq: None, ..expected };
        assert_eq!(parse_v4(&error[..34], Mode::Trust), Ok(Icmp::Unreachable(cut)), "ports, but no sequence number");
        for len in 4..32 {
            assert_eq!(parse_v4(&error[..len], Mode::Trust), Ok(Icmp::Other { kind: 3, code: 3 }), "{len}");
        }
    }

    #[test]
    fn every_code_has_its_reason() {
        let quote = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 47, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        let quote6: [u8; 40] = core::array::from_fn(|at| if at == 0 { 0x60 } else { 47 });
        let reason = |kind: u8, code: u8, quote: &[u8]| {
            let mut message = [0u8; 48];
            message[..2].copy_from_slice(&[kind, code]);
            message[8..8 + quote.len()].copy_from_slice(quote);
            let message = &message[..8 + quote.len()];
            let read = if kind == 3 { parse_v4(message, Mode::Trust) } else { parse_v6(message) };
            let Ok(Icmp::Unreachable(error)) = read else { panic!("{read:?}") };
            assert_eq!((error.src_port, error.dst_port, error.seq), (0, 0, None), "no ports in GRE");
            error.reason
        };
        use Reason::{Host, Network, Other, Port, Prohibited, Protocol};
        let v4 = [Network, Host, Protocol, Port, Other(4), Other(5), Network, Host, Other(8), Prohibited, Prohibited];
        for (code, expected) in (0..).zip(v4.into_iter().chain([Network, Host, Prohibited, Other(14)])) {
            assert_eq!(reason(3, code, &quote), expected, "IPv4 code {code}");
        }
        for (code, expected) in (0..).zip([Network, Prohibited, Other(2), Host, Port, Prohibited, Prohibited, Other(7)])
        {
            assert_eq!(reason(1, code, &quote6), expected, "IPv6 code {code}");
        }
    }

    #[test]
    fn reads_what_a_v6_error_quotes() {
        let ends = Ends::new("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap()).unwrap();
        let path = Path { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), ends };
        let mut error = [0u8; 128];
        let syn = super::super::tcp::Syn { src_port: 5, dst_port: 6, seq: 7 };
        let mut frame = [0u8; 128];
        let len = syn.write_frame(&path, &mut frame).unwrap();
        error[..2].copy_from_slice(&[1, 1]);
        error[8..8 + len - 14].copy_from_slice(&frame[14..len]);
        let Ok(Icmp::Unreachable(read)) = parse_v6(&error[..len - 6]) else { panic!("no error") };
        assert_eq!((read.reason, read.ends, read.seq), (Reason::Prohibited, ends, Some(7)));
        assert_eq!((read.src_port, read.dst_port), (5, 6));
    }
}
