//! Holds the reading of DHCPv4 messages (RFC 2131, options of RFC 2132), clients' and servers'.
//! Never joins an option that was split (RFC 3396): the first part holds all that is asked of it here.
//! Called by the shell with the payload of datagrams to or from ports 67 and 68.

use core::net::Ipv4Addr;

use super::Fqdn;
use crate::Mac;
use crate::link::Malformed;
use crate::link::octets;

mod field {
    use core::ops::Range;

    pub(super) const OPERATION: usize = 0;
    pub(super) const XID: usize = 4;
    pub(super) const SECONDS: usize = 8;
    pub(super) const FLAGS: usize = 10;
    pub(super) const CLIENT_IP: usize = 12;
    pub(super) const YOUR_IP: usize = 16;
    pub(super) const NEXT_SERVER: usize = 20;
    pub(super) const RELAY: usize = 24;
    pub(super) const CLIENT_MAC: usize = 28;
    pub(super) const SERVER_NAME: Range<usize> = 44..108;
    pub(super) const BOOT_FILE: Range<usize> = 108..236;
    pub(super) const MAGIC: usize = 236;
    pub(super) const OPTIONS: usize = 240;
}

pub(super) mod option {
    pub(crate) const PAD: u8 = 0;
    pub(crate) const SUBNET_MASK: u8 = 1;
    pub(crate) const ROUTER: u8 = 3;
    pub(crate) const DNS: u8 = 6;
    pub(crate) const HOSTNAME: u8 = 12;
    pub(crate) const DOMAIN: u8 = 15;
    pub(crate) const REQUESTED_IP: u8 = 50;
    pub(crate) const LEASE: u8 = 51;
    pub(crate) const OVERLOAD: u8 = 52;
    pub(crate) const KIND: u8 = 53;
    pub(crate) const SERVER_ID: u8 = 54;
    pub(crate) const PARAMETERS: u8 = 55;
    pub(crate) const MAX_MESSAGE: u8 = 57;
    pub(crate) const VENDOR_CLASS: u8 = 60;
    pub(crate) const CLIENT_ID: u8 = 61;
    pub(crate) const FQDN: u8 = 81;
    pub(crate) const ARCHITECTURE: u8 = 93;
    pub(crate) const MACHINE_ID: u8 = 97;
    pub(crate) const END: u8 = 255;
}

/// The four octets in front of the options.
pub(super) const MAGIC: u32 = 0x6382_5363;

/// What a message is for (option 53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// No option 53: a BOOTP message, as some old controllers still send.
    #[default]
    Bootp,
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client wants an address, or wants to keep it.
    Request,
    /// A client found the address in use.
    Decline,
    /// A server confirms.
    Ack,
    /// A server refuses.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client has an address and wants the rest.
    Inform,
    /// A type of a later RFC.
    Other(u8),
}

impl Kind {
    const fn from_octet(octet: u8) -> Self {
        match octet {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            other => Self::Other(other),
        }
    }
}

/// A DHCPv4 message. Byte strings are hostile text as sent, at most 255 octets each, without trailing zeros where
/// they are names. Of an option that comes twice the first counts. An option of the wrong size is as if it were missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Dhcp<'a> {
    /// Whether a server sent it.
    pub from_server: bool,
    /// What it is for.
    pub kind: Kind,
    /// The client's number for this exchange.
    pub xid: u32,
    /// How long the client has been trying, in seconds.
    pub seconds: u16,
    /// Whether the client asks for broadcast answers.
    pub broadcast: bool,
    /// The client's MAC as claimed.
    pub client_mac: Mac,
    /// The address the client has already; unspecified if none.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub client_ip: Ipv4Addr,
    /// The address a server gives; unspecified if none.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub your_ip: Ipv4Addr,
    /// Where a client that boots finds its file; unspecified if nowhere.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub next_server: Ipv4Addr,
    /// The relay it came through; unspecified if none.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub relay: Ipv4Addr,
    /// Option 12: the client's name.
    pub hostname: Option<&'a [u8]>,
    /// Option 81: the client's full name.
    pub fqdn: Option<Fqdn<'a>>,
    /// Option 60: what the client is, such as `MSFT 5.0` or `android-dhcp-14`.
    pub vendor_class: Option<&'a [u8]>,
    /// Option 61: the client's id, its type in the first octet.
    pub client_id: Option<&'a [u8]>,
    /// Option 55: the options the client asks for. Their order tells systems apart.
    pub parameters: Option<&'a [u8]>,
    /// Option 50: the address the client would like.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub requested_ip: Option<Ipv4Addr>,
    /// Option 54: the server that speaks, or that is chosen.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub server_id: Option<Ipv4Addr>,
    /// Option 1.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub subnet_mask: Option<Ipv4Addr>,
    /// Option 3: the first router.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub router: Option<Ipv4Addr>,
    /// Option 6: the first name server.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub dns: Option<Ipv4Addr>,
    /// Option 15: the domain handed out.
    pub domain: Option<&'a [u8]>,
    /// Option 51: how long the address is lent, in seconds; all ones is for ever.
    pub lease_s: Option<u32>,
    /// Option 93 (RFC 4578): the firmware's architecture, of a machine that boots from the network.
    pub architecture: Option<u16>,
    /// Option 97 (RFC 4578): the machine's UUID, in the order of its octets on the wire.
    pub machine_id: Option<[u8; 16]>,
}

/// Reads a message. A missing end option is forgiven, as small clients leave it out.
///
/// # Errors
/// `DhcpShort`, `DhcpHeader`, `DhcpOption`.
pub fn parse(payload: &[u8]) -> Result<Dhcp<'_>, Malformed> {
    let mut message = header(payload)?;
    let options = payload.get(field::OPTIONS..).ok_or(Malformed::DhcpShort)?;
    let overload = message.take_all(options)?;
    // RFC 2131 4.1: boot file first, then server name. An overload option inside those is ignored: no loop.
    if overload & 1 != 0 {
        message.take_all(payload.get(field::BOOT_FILE).ok_or(Malformed::DhcpShort)?)?;
    }
    if overload & 2 != 0 {
        message.take_all(payload.get(field::SERVER_NAME).ok_or(Malformed::DhcpShort)?)?;
    }
    Ok(message)
}

fn header(payload: &[u8]) -> Result<Dhcp<'_>, Malformed> {
    let short = Malformed::DhcpShort;
    if payload.len() < field::OPTIONS {
        return Err(short);
    }
    let from_server = match octets::array::<3>(payload, field::OPERATION) {
        // Request or reply, hardware Ethernet, address of six octets.
        Some([1, 1, 6]) => false,
        Some([2, 1, 6]) => true,
        _ => return Err(Malformed::DhcpHeader),
    };
    if octets::be32(payload, field::MAGIC) != Some(MAGIC) {
        return Err(Malformed::DhcpHeader);
    }
    let ip = |at| octets::ipv4(payload, at).ok_or(short);
    Ok(Dhcp {
        from_server,
        kind: Kind::default(),
        xid: octets::be32(payload, field::XID).ok_or(short)?,
        seconds: octets::be16(payload, field::SECONDS).ok_or(short)?,
        broadcast: octets::be16(payload, field::FLAGS).ok_or(short)? & 0x8000 != 0,
        client_mac: octets::mac(payload, field::CLIENT_MAC).ok_or(short)?,
        client_ip: ip(field::CLIENT_IP)?,
        your_ip: ip(field::YOUR_IP)?,
        next_server: ip(field::NEXT_SERVER)?,
        relay: ip(field::RELAY)?,
        hostname: None,
        fqdn: None,
        vendor_class: None,
        client_id: None,
        parameters: None,
        requested_ip: None,
        server_id: None,
        subnet_mask: None,
        router: None,
        dns: None,
        domain: None,
        lease_s: None,
        architecture: None,
        machine_id: None,
    })
}

impl<'a> Dhcp<'a> {
    /// Takes every option of one field; answers the value of the overload option, 0 if there is none.
    /// Ends: each step consumes an octet at least.
    fn take_all(&mut self, mut rest: &'a [u8]) -> Result<u8, Malformed> {
        let mut overload = 0;
        while let Some((&code, after)) = rest.split_first() {
            match code {
                option::PAD => rest = after,
                option::END => break,
                _ => {
                    let (&len, after) = after.split_first().ok_or(Malformed::DhcpOption)?;
                    let (value, after) = after.split_at_checked(usize::from(len)).ok_or(Malformed::DhcpOption)?;
                    match (code, value) {
                        (option::OVERLOAD, [bits]) => overload = *bits,
                        _ => self.take(code, value),
                    }
                    rest = after;
                }
            }
        }
        Ok(overload)
    }

    fn take(&mut self, code: u8, value: &'a [u8]) {
        match code {
            option::KIND if self.kind == Kind::Bootp => {
                if let [kind] = value {
                    self.kind = Kind::from_octet(*kind);
                }
            }
            option::HOSTNAME => first(&mut self.hostname, text(value)),
            option::FQDN => first(&mut self.fqdn, Fqdn::parse(value)),
            option::VENDOR_CLASS => first(&mut self.vendor_class, text(value)),
            option::CLIENT_ID => first(&mut self.client_id, filled(value)),
            option::PARAMETERS => first(&mut self.parameters, filled(value)),
            option::REQUESTED_IP => first(&mut self.requested_ip, one_ip(value)),
            option::SERVER_ID => first(&mut self.server_id, one_ip(value)),
            option::SUBNET_MASK => first(&mut self.subnet_mask, one_ip(value)),
            option::ROUTER => first(&mut self.router, octets::ipv4(value, 0)),
            option::DNS => first(&mut self.dns, octets::ipv4(value, 0)),
            option::DOMAIN => first(&mut self.domain, text(value)),
            option::LEASE => first(&mut self.lease_s, value.try_into().ok().map(u32::from_be_bytes)),
            option::ARCHITECTURE => first(&mut self.architecture, octets::be16(value, 0)),
            // Type 0 is the only one there is.
            option::MACHINE_ID => {
                if let Some((0, uuid)) = value.split_first() {
                    first(&mut self.machine_id, uuid.try_into().ok());
                }
            }
            _ => {}
        }
    }
}

fn first<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

fn filled(value: &[u8]) -> Option<&[u8]> {
    (!value.is_empty()).then_some(value)
}

/// A name without the zeros that C programs leave behind it (RFC 2132 2 says to drop them).
fn text(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().rposition(|octet| *octet != 0)?;
    value.get(..=end)
}

fn one_ip(value: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of `operation` with these octets as options, into `out`.
    fn message<'a>(operation: u8, options: &[u8], out: &'a mut [u8; 600]) -> &'a [u8] {
        out[..4].copy_from_slice(&[operation, 1, 6, 0]);
        out[4..8].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        out[28..34].copy_from_slice(&[0x3c, 0x52, 0x82, 0x11, 0x22, 0x33]);
        out[236..240].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        out[240..240 + options.len()].copy_from_slice(options);
        &out[..240 + options.len()]
    }

    /// What a Windows 10 client asks for, in its order of options.
    const WINDOWS: &[u8] = b"\x35\x01\x03\x3d\x07\x01\x3c\x52\x82\x11\x22\x33\x32\x04\xc0\xa8\x01\x34\x0c\x09DESKTOP-7\
        \x51\x0c\x00\x00\x00DESKTOP-7\x3c\x08MSFT 5.0\
        \x37\x0e\x01\x03\x06\x0f\x1f\x21\x2b\x2c\x2e\x2f\x77\x79\xf9\xfc\xff";

    #[test]
    fn reads_a_windows_request() {
        let mut out = [0; 600];
        let read = parse(message(1, WINDOWS, &mut out)).unwrap();
        assert_eq!((read.from_server, read.kind, read.xid), (false, Kind::Request, 0xdead_beef));
        assert_eq!(read.client_mac, Mac([0x3c, 0x52, 0x82, 0x11, 0x22, 0x33]));
        assert_eq!(read.hostname, Some(&b"DESKTOP-7"[..]));
        assert_eq!(read.fqdn.and_then(|fqdn| fqdn.host()), Some(&b"DESKTOP-7"[..]));
        assert_eq!(read.vendor_class, Some(&b"MSFT 5.0"[..]));
        assert_eq!(read.client_id, Some(&[1, 0x3c, 0x52, 0x82, 0x11, 0x22, 0x33][..]));
        assert_eq!(read.requested_ip, Some(Ipv4Addr::new(192, 168, 1, 52)));
        assert_eq!(read.parameters, Some(&[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252][..]));
    }

    #[test]
    fn reads_an_offer() {
        let options = b"\x35\x01\x02\x36\x04\x0a\x00\x00\x01\x33\x04\x00\x01\x51\x80\x01\x04\xff\xff\xff\x00\
            \x03\x08\x0a\x00\x00\x01\x0a\x00\x00\x02\x06\x04\x0a\x00\x00\x05\x0f\x05lan\x00\x00\xff";
        let mut out = [0; 600];
        out[16..20].copy_from_slice(&[10, 0, 0, 77]);
        let read = parse(message(2, options, &mut out)).unwrap();
        assert_eq!((read.from_server, read.kind), (true, Kind::Offer));
        assert_eq!((read.your_ip, read.server_id), (Ipv4Addr::new(10, 0, 0, 77), Some(Ipv4Addr::new(10, 0, 0, 1))));
        assert_eq!((read.router, read.dns), (Some(Ipv4Addr::new(10, 0, 0, 1)), Some(Ipv4Addr::new(10, 0, 0, 5))));
        assert_eq!((read.domain, read.lease_s), (Some(&b"lan"[..]), Some(86_400)));
        assert_eq!(read.subnet_mask, Some(Ipv4Addr::new(255, 255, 255, 0)));
    }

    #[test]
    fn reads_a_machine_that_boots() {
        let options = b"\x35\x01\x01\x3c\x20PXEClient:Arch:00007:UNDI:003016\x5d\x02\x00\x07\
            \x61\x11\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\xff";
        let mut out = [0; 600];
        let read = parse(message(1, options, &mut out)).unwrap();
        assert_eq!(read.architecture, Some(7));
        assert_eq!(read.machine_id, Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]));
    }

    #[test]
    fn refuses_every_cut_but_those_between_options() {
        let mut out = [0; 600];
        let whole = message(1, WINDOWS, &mut out);
        let mut between = 0;
        for len in 0..whole.len() {
            match parse(&whole[..len]) {
                Ok(_) => between += 1,
                Err(reason) if len < 240 => assert_eq!(reason, Malformed::DhcpShort, "{len}"),
                Err(reason) => assert_eq!(reason, Malformed::DhcpOption, "{len}"),
            }
        }
        assert_eq!(between, 8, "before each of the seven options, and before the end");
    }

    #[test]
    fn refuses_other_hardware_operations_and_cookies() {
        let mut out = [0; 600];
        let len = message(1, WINDOWS, &mut out).len();
        for at in [0, 1, 2, 236, 239] {
            let mut other = out;
            other[at] ^= 0x10;
            assert_eq!(parse(&other[..len]), Err(Malformed::DhcpHeader), "octet {at}");
        }
    }

    #[test]
    fn the_first_of_two_counts_and_nothing_behind_the_end() {
        let mut out = [0; 600];
        let options = b"\x35\x01\x01\x35\x01\x03\x0c\x03one\x0c\x03two\xff\x3c\x04late";
        let read = parse(message(1, options, &mut out)).unwrap();
        assert_eq!((read.kind, read.hostname, read.vendor_class), (Kind::Discover, Some(&b"one"[..]), None));
        assert!(parse(message(1, b"\xff\x0c\xc8", &mut out)).is_ok(), "an overrun there is no matter");
    }

    #[test]
    fn overload_is_read_once_and_never_loops() {
        let mut out = [0; 600];
        // Both fields hold options; each claims overload again.
        out[108..117].copy_from_slice(b"\x34\x01\x03\x0c\x04tele\xff"[..9].try_into().unwrap());
        out[117] = 0xff;
        out[44..53].copy_from_slice(b"\x34\x01\x03\x3c\x03xyz\xff");
        let read = parse(message(1, b"\x35\x01\x01\x34\x01\x03\xff", &mut out)).unwrap();
        assert_eq!((read.hostname, read.vendor_class), (Some(&b"tele"[..]), Some(&b"xyz"[..])));
        let read = parse(message(1, b"\x35\x01\x01\x34\x01\x01\xff", &mut out)).unwrap();
        assert_eq!((read.hostname, read.vendor_class), (Some(&b"tele"[..]), None), "only the boot file");
        let read = parse(message(1, b"\x35\x01\x01\xff\xff\xff\xff", &mut out)).unwrap();
        assert_eq!((read.hostname, read.vendor_class), (None, None), "neither");
        out[108..112].copy_from_slice(&[12, 200, 0, 0]);
        assert_eq!(
            parse(message(1, b"\x34\x01\x01\xff", &mut out)),
            Err(Malformed::DhcpOption),
            "an option must not run from the boot file into what follows"
        );
    }

    #[test]
    fn options_of_the_wrong_size_are_missing_and_empty_ones_harmless() {
        let mut out = [0; 600];
        let options =
            b"\x35\x00\x32\x03\x01\x02\x03\x0c\x00\x33\x05\x00\x00\x00\x00\x00\x37\x00\x0c\x02\x00\x00\x51\x01\x00\
            \x61\x02\x00\x01\x34\x02\x03\x03\x36\x08\x01\x01\x01\x01\x02\x02\x02\x02\x0c\x02ok";
        let read = parse(message(1, options, &mut out)).unwrap();
        assert_eq!((read.kind, read.requested_ip, read.lease_s), (Kind::Bootp, None, None));
        assert_eq!((read.parameters, read.fqdn, read.machine_id, read.server_id), (None, None, None, None));
        assert_eq!(read.hostname, Some(&b"ok"[..]), "the first that says something, and no end option");
    }
}
