//! Holds the reading of DHCPv6 messages (RFC 8415): who the client is, and which server speaks.
//! Never opens relayed messages: on its own segment a client is heard first hand.
//! Called by the shell with the payload of datagrams to or from ports 546 and 547.

use super::Fqdn;
use crate::Mac;
use crate::link::Malformed;
use crate::link::octets;

mod option {
    pub(super) const CLIENT_ID: u16 = 1;
    pub(super) const SERVER_ID: u16 = 2;
    pub(super) const REQUESTED: u16 = 6;
    pub(super) const VENDOR_CLASS: u16 = 16;
    pub(super) const FQDN: u16 = 39;
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind6 {
    /// A client looks for servers.
    Solicit,
    /// A server offers.
    Advertise,
    /// A client wants what was offered.
    Request,
    /// A client asks whether its addresses still fit.
    Confirm,
    /// A client wants to keep its addresses, from its server.
    Renew,
    /// A client wants to keep its addresses, from any server.
    Rebind,
    /// A server answers.
    Reply,
    /// A client gives its addresses back.
    Release,
    /// A client found an address in use.
    Decline,
    /// A server wants its clients to ask again.
    Reconfigure,
    /// A client wants settings without addresses.
    InformationRequest,
    /// A relay passes a message on; it is not opened.
    Relay,
}

impl Kind6 {
    const fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            1 => Self::Solicit,
            2 => Self::Advertise,
            3 => Self::Request,
            4 => Self::Confirm,
            5 => Self::Renew,
            6 => Self::Rebind,
            7 => Self::Reply,
            8 => Self::Release,
            9 => Self::Decline,
            10 => Self::Reconfigure,
            11 => Self::InformationRequest,
            12 | 13 => Self::Relay,
            _ => return None,
        })
    }

    /// Whether a server sends it.
    #[must_use]
    pub const fn is_from_server(self) -> bool {
        matches!(self, Self::Advertise | Self::Reply | Self::Reconfigure)
    }
}

/// A DHCP unique identifier: it names the machine, not the interface, and survives a change of network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Duid<'a>(&'a [u8]);

impl<'a> Duid<'a> {
    /// The longest in octets (RFC 8415 11.1: two of type and 128).
    pub const MAX_LEN: usize = 130;

    fn parse(value: &'a [u8]) -> Option<Self> {
        // Two octets of type and one that says something.
        (3..=Self::MAX_LEN).contains(&value.len()).then_some(Self(value))
    }

    /// All of it, type included; 3 to `MAX_LEN` octets. To be compared, never interpreted.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// The MAC it was made from, when it was made from one (types 1 and 3 over Ethernet). A hint only: of *an*
    /// interface of the machine at the time.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        let at = match octets::array::<4>(self.0, 0)? {
            [0, 1, 0, 1] => 8,
            [0, 3, 0, 1] => 4,
            _ => return None,
        };
        (self.0.len() == at + 6).then(|| octets::mac(self.0, at)).flatten()
    }
}

/// A DHCPv6 message. Byte strings are hostile text as sent. Of an option that comes twice the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Dhcp6<'a> {
    /// What it is for.
    pub kind: Kind6,
    /// The client's number for this exchange, 24 bits; 0 in a relayed message.
    pub xid: u32,
    /// Option 1: the client.
    pub client: Option<Duid<'a>>,
    /// Option 2: the server.
    pub server: Option<Duid<'a>>,
    /// Option 39: the client's full name.
    pub fqdn: Option<Fqdn<'a>>,
    /// Option 16: an enterprise number (IANA), and what the vendor put behind it.
    pub vendor_class: Option<(u32, &'a [u8])>,
    /// Option 6: the options the client asks for, two octets each. Their order tells systems apart.
    pub requested: Option<&'a [u8]>,
}

/// Reads a message.
///
/// # Errors
/// `Dhcp6Header`, `Dhcp6Option`.
pub fn parse6(payload: &[u8]) -> Result<Dhcp6<'_>, Malformed> {
    let ([octet, xid @ ..], mut rest) = payload.split_first_chunk::<4>().ok_or(Malformed::Dhcp6Header)?;
    let kind = Kind6::from_octet(*octet).ok_or(Malformed::Dhcp6Header)?;
    let [a, b, c] = *xid;
    let mut message = Dhcp6 {
        kind,
        xid: u32::from_be_bytes([0, a, b, c]),
        client: None,
        server: None,
        fqdn: None,
        vendor_class: None,
        requested: None,
    };
    if kind == Kind6::Relay {
        return Ok(Dhcp6 { xid: 0, ..message });
    }
    // Ends: each option takes four octets at least.
    while !rest.is_empty() {
        let (&[a, b, c, d], after) = rest.split_first_chunk::<4>().ok_or(Malformed::Dhcp6Option)?;
        let len = usize::from(u16::from_be_bytes([c, d]));
        let (value, after) = after.split_at_checked(len).ok_or(Malformed::Dhcp6Option)?;
        message.take(u16::from_be_bytes([a, b]), value);
        rest = after;
    }
    Ok(message)
}

impl<'a> Dhcp6<'a> {
    fn take(&mut self, code: u16, value: &'a [u8]) {
        match code {
            option::CLIENT_ID => self.client = self.client.or_else(|| Duid::parse(value)),
            option::SERVER_ID => self.server = self.server.or_else(|| Duid::parse(value)),
            option::FQDN => self.fqdn = self.fqdn.or_else(|| Fqdn::parse6(value)),
            option::REQUESTED => {
                let even = !value.is_empty() && value.len().is_multiple_of(2);
                self.requested = self.requested.or(even.then_some(value));
            }
            option::VENDOR_CLASS => {
                let read = value.split_first_chunk::<4>().map(|(id, data)| (u32::from_be_bytes(*id), data));
                self.vendor_class = self.vendor_class.or(read);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the shape of a Windows client: elapsed time, DUID-LLT, an IA_NA, its name, vendor class 311, requested options.
    const SOLICIT: &[u8] = b"\x01\x12\x34\x56\x00\x08\x00\x02\x00\x00\
        \x00\x01\x00\x0e\x00\x01\x00\x01\x2a\x11\x22\x33\x3c\x52\x82\x11\x22\x33\
        \x00\x03\x00\x0c\x06\x3c\x52\x82\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x27\x00\x0b\x00\x09DESKTOP-7\
        \x00\x10\x00\x0e\x00\x00\x01\x37\x00\x08MSFT 5.0\
        \x00\x06\x00\x08\x00\x11\x00\x17\x00\x18\x00\x27";

    #[test]
    fn reads_a_windows_solicit() {
        let read = parse6(SOLICIT).unwrap();
        assert_eq!((read.kind, read.xid), (Kind6::Solicit, 0x12_3456));
        let client = read.client.unwrap();
        assert_eq!(client.octets().len(), 14);
        assert_eq!(client.mac(), Some(Mac([0x3c, 0x52, 0x82, 0x11, 0x22, 0x33])));
        assert_eq!(read.fqdn.and_then(|fqdn| fqdn.host()), Some(&b"DESKTOP-7"[..]));
        assert_eq!(read.vendor_class, Some((311, &b"\x00\x08MSFT 5.0"[..])));
        assert_eq!(read.requested, Some(&[0, 17, 0, 23, 0, 24, 0, 39][..]));
        assert_eq!(read.server, None);
        assert!(!read.kind.is_from_server());
    }

    #[test]
    fn refuses_every_cut_but_those_between_options() {
        let mut between = 0;
        for len in 0..SOLICIT.len() {
            match parse6(&SOLICIT[..len]) {
                Ok(_) => between += 1,
                Err(reason) if len < 4 => assert_eq!(reason, Malformed::Dhcp6Header, "{len}"),
                Err(reason) => assert_eq!(reason, Malformed::Dhcp6Option, "{len}"),
            }
        }
        assert_eq!(between, 6, "before each of the six options");
    }

    #[test]
    fn knows_its_message_types() {
        for octet in [0, 14, 255] {
            assert_eq!(parse6(&[octet, 0, 0, 0]), Err(Malformed::Dhcp6Header), "{octet}");
        }
        let relayed = parse6(&[12, 1, 2, 3, 0xff, 0xff]).unwrap();
        assert_eq!((relayed.kind, relayed.xid, relayed.client), (Kind6::Relay, 0, None));
        assert!(parse6(&[2, 0, 0, 0]).unwrap().kind.is_from_server());
    }

    #[test]
    fn a_duid_names_a_mac_only_where_it_holds_one() {
        assert_eq!(
            Duid::parse(b"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x09").unwrap().mac(),
            Some(Mac([2, 0, 0, 0, 0, 9]))
        );
        assert_eq!(Duid::parse(b"\x00\x03\x00\x01\x02\x00\x00\x00\x00").unwrap().mac(), None, "five octets");
        assert_eq!(Duid::parse(b"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x09\x00").unwrap().mac(), None, "seven octets");
        assert_eq!(Duid::parse(b"\x00\x03\x00\x06\x02\x00\x00\x00\x00\x09").unwrap().mac(), None, "not Ethernet");
        assert_eq!(Duid::parse(b"\x00\x04abcdefghijklmnop").unwrap().mac(), None, "a UUID");
        assert_eq!(Duid::parse(&[0; 131]), None);
        assert_eq!(Duid::parse(&[0, 1]), None);
    }
}
