//! Holds the DHCPDISCOVER that makes every DHCP server of a segment show itself.
//! Never leads to a lease: nothing requests what is offered, and servers forget an offer within seconds.
//! Called by the watch for rogue servers.

use core::net::Ipv4Addr;

use super::v4::{MAGIC, option};
use super::{CLIENT_PORT, SERVER_PORT};
use crate::Mac;
use crate::link::octets::Writer;
use crate::link::udp::Udp;
use crate::link::{Ends, NoRoom, Path};

/// A question to all DHCP servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Discover {
    /// The interface that asks.
    pub mac: Mac,
    /// A random number, by which offers are told from those to others.
    pub xid: u32,
}

/// Options asked for, in their order: mask, router, name server, domain, lease, server. What a person wants to know
/// about a server that should not be there.
const PARAMETERS: [u8; 6] =
    [option::SUBNET_MASK, option::ROUTER, option::DNS, option::DOMAIN, option::LEASE, option::SERVER_ID];

impl Discover {
    /// Octets of the message: the least a BOOTP message may have (RFC 1542 2.1), padded where DHCP needs less.
    pub const PAYLOAD_LEN: usize = 300;
    /// Octets of the complete frame.
    pub const FRAME_LEN: usize = Self::PAYLOAD_LEN + 14 + 20 + 8;

    /// The message alone, for a UDP socket bound to the client port. It asks for broadcast answers, as nothing here
    /// holds the address that is offered.
    #[must_use]
    pub fn payload(&self) -> [u8; Self::PAYLOAD_LEN] {
        let mut out = [0; Self::PAYLOAD_LEN];
        let mut writer = Writer::new(&mut out);
        writer.put(&[1, 1, 6, 0]).put32(self.xid).put16(0).put16(0x8000);
        // Four addresses, none known; then the MAC in its field of 16 octets, server name and boot file empty.
        writer.put(&[0; 16]).put(&self.mac.0).put(&[0; 10]).put(&[0; 64]).put(&[0; 128]).put32(MAGIC);
        writer.put(&[option::KIND, 1, 1]);
        // 1500 octets are welcome: the widest message that needs no fragments.
        writer.put(&[option::MAX_MESSAGE, 2]).put16(1500);
        writer.put(&[option::PARAMETERS, 6]).put(&PARAMETERS).put8(option::END);
        out
    }

    /// Writes the complete frame, from no address to everyone, and answers its length, `FRAME_LEN`.
    ///
    /// # Errors
    /// `NoRoom` when `out` is too small.
    pub fn write_frame(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let ends = Ends::V4 { src: Ipv4Addr::UNSPECIFIED, dst: Ipv4Addr::BROADCAST };
        let path = Path { src_mac: self.mac, dst_mac: Mac::BROADCAST, ends };
        Udp { src_port: CLIENT_PORT, dst_port: SERVER_PORT, payload: &self.payload() }.write_frame(&path, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::dhcp::{Kind, parse};
    use crate::link::{What, dissect};

    #[test]
    fn the_question_reads_back() {
        let ask = Discover { mac: Mac([2, 0, 0, 0, 0, 1]), xid: 0x0102_0304 };
        let mut out = [0u8; Discover::FRAME_LEN];
        assert_eq!(ask.write_frame(&mut out), Ok(Discover::FRAME_LEN));
        let heard = dissect(&out, false).unwrap();
        let What::Udp { datagram, .. } = heard.what else { panic!("{heard:?}") };
        assert_eq!((datagram.src_port, datagram.dst_port), (68, 67));
        let read = parse(datagram.payload).unwrap();
        assert_eq!((read.kind, read.xid, read.client_mac), (Kind::Discover, ask.xid, ask.mac));
        assert!(read.broadcast && !read.from_server);
        assert_eq!(read.parameters, Some(&[1, 3, 6, 15, 51, 54][..]));
        assert_eq!(ask.write_frame(&mut out[..Discover::FRAME_LEN - 1]), Err(NoRoom));
    }

    #[test]
    fn the_fields_stand_where_rfc_2131_puts_them() {
        let payload = Discover { mac: Mac([2, 0, 0, 0, 0, 1]), xid: 0x0102_0304 }.payload();
        assert_eq!(payload[..12], [1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0x80, 0]);
        assert_eq!(payload[28..34], [2, 0, 0, 0, 0, 1]);
        assert_eq!(payload[236..247], [0x63, 0x82, 0x53, 0x63, 53, 1, 1, 57, 2, 0x05, 0xdc]);
        assert_eq!(payload[247..256], [55, 6, 1, 3, 6, 15, 51, 54, 255]);
        assert!(payload[256..].iter().all(|octet| *octet == 0));
    }
}
