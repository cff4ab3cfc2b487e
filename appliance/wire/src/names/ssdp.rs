//! Holds SSDP, the discovery of UPnP (UPnP Device Architecture 2.0, section 1): search, notifications, answers.
//! Never fetches a description and never answers a search. Called by the SSDP source of the service.

use core::fmt::Write;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::Malformed;
use super::head::{Head, Start};
use super::location::Location;
use super::text::{Text, clean};
use crate::Mac;

/// IPv4 group.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// IPv6 group, link scope.
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc);
/// UDP port.
pub const PORT: u16 = 1900;

/// Target of a search that every root device answers once.
pub const ROOT_DEVICES: &str = "upnp:rootdevice";
/// Target of a search that every device and service answers: many packets, for a thorough scan only.
pub const ALL: &str = "ssdp:all";
/// Target of DIAL devices (televisions, sticks), some of which are silent to all others.
pub const DIAL: &str = "urn:dial-multiscreen-org:service:dial:1";
/// Target of home routers.
pub const GATEWAYS: &str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

/// Bytes of a message read. A datagram of SSDP fits one Ethernet frame.
const MAX_HEAD_BYTES: usize = 1_536;

/// Writes a search for `target` (one of the constants or an URN), answers spread over `wait_s` seconds (clamped to 1-5,
/// section 1.3.2). `None` when the target is empty, longer than 128 bytes or not visible ASCII.
#[must_use]
pub fn search(v6: bool, target: &str, wait_s: u8) -> Option<heapless::String<256>> {
    if target.is_empty() || target.len() > 128 || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let host = if v6 { "[ff02::c]" } else { "239.255.255.250" };
    let wait_s = wait_s.clamp(1, 5);
    let mut message = heapless::String::new();
    write!(
        message,
        "M-SEARCH * HTTP/1.1\r\nHOST: {host}:{PORT}\r\nMAN: \"ssdp:discover\"\r\nMX: {wait_s}\r\nST: {target}\r\n\r\n"
    )
    .ok()?;
    Some(message)
}

/// What kind of message was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// It is there (NOTIFY `ssdp:alive`).
    Alive,
    /// It leaves (NOTIFY `ssdp:byebye`).
    ByeBye,
    /// It changed its boot id (NOTIFY `ssdp:update`).
    Update,
    /// It answers a search.
    Answer,
    /// It searches, so it is a control point: a phone, a PC, a TV.
    Search,
}

/// A message, in the sender's words, bounded and clean. Empty where nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Heard {
    /// Kind of message.
    pub kind: Kind,
    /// What it is about (NT or ST).
    pub target: Text<128>,
    /// The device's UUID out of USN, without `uuid:`. A stable id.
    pub uuid: Text<64>,
    /// Operating system, UPnP version and product (SERVER; USER-AGENT of a search).
    pub server: Text<128>,
    /// Where its description lies; absent when none was given or it may not be fetched, see [`Location`].
    pub location: Option<Location>,
    /// Seconds until it should be forgotten (CACHE-CONTROL).
    pub max_age_s: Option<u32>,
    /// Grows with each boot (BOOTID.UPNP.ORG).
    pub boot_id: Option<u32>,
    /// The MAC address in a DIAL `WAKEUP` header.
    pub wakeup: Option<Mac>,
    /// Id of a Hue bridge (`hue-bridgeid`).
    pub bridge_id: Text<16>,
}

/// Reads a datagram. Errors: no HTTP head, a request other than NOTIFY and M-SEARCH, an answer other than 200, a NOTIFY
/// without NTS.
pub fn read(message: &[u8]) -> Result<Heard, Malformed> {
    Head::<MAX_HEAD_BYTES>::of(message)?.read(|start, headers| {
        let value_of = |name: &str| {
            let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| header.value.trim_ascii()).unwrap_or_default()
        };
        let kind = kind_of(start, value_of("NTS"))?;
        let target = if matches!(kind, Kind::Answer | Kind::Search) { value_of("ST") } else { value_of("NT") };
        let server = if kind == Kind::Search { value_of("USER-AGENT") } else { value_of("SERVER") };
        Ok(Heard {
            kind,
            target: clean(target),
            uuid: uuid_of(value_of("USN")),
            server: clean(server),
            location: Location::parse(value_of("LOCATION")).ok(),
            max_age_s: max_age(value_of("CACHE-CONTROL")),
            boot_id: number(value_of("BOOTID.UPNP.ORG")),
            wakeup: wakeup_mac(value_of("WAKEUP")),
            bridge_id: clean(value_of("hue-bridgeid")),
        })
    })
}

fn kind_of(start: Start<'_>, nts: &[u8]) -> Result<Kind, Malformed> {
    match (start, nts) {
        (Start::Response(200), _) => Ok(Kind::Answer),
        (Start::Request("M-SEARCH"), _) => Ok(Kind::Search),
        (Start::Request("NOTIFY"), b"ssdp:alive") => Ok(Kind::Alive),
        (Start::Request("NOTIFY"), b"ssdp:byebye") => Ok(Kind::ByeBye),
        (Start::Request("NOTIFY"), b"ssdp:update") => Ok(Kind::Update),
        _ => Err(Malformed::OtherKind),
    }
}

/// `uuid:<this>::urn:...`.
fn uuid_of(usn: &[u8]) -> Text<64> {
    let bare = match usn.split_at_checked(5) {
        Some((head, rest)) if head.eq_ignore_ascii_case(b"uuid:") => rest,
        _ => return Text::new(),
    };
    let end = bare.windows(2).position(|window| window == b"::").unwrap_or(bare.len());
    clean(bare.get(..end).unwrap_or_default())
}

/// `max-age=1800`, spaces around the sign allowed, other directives ignored.
fn max_age(value: &[u8]) -> Option<u32> {
    value.split(|byte| *byte == b',').find_map(|directive| {
        let at = directive.iter().position(|byte| *byte == b'=')?;
        let (name, rest) = directive.split_at_checked(at)?;
        name.trim_ascii().eq_ignore_ascii_case(b"max-age").then(|| number(rest.get(1..)?))?
    })
}

fn number(value: &[u8]) -> Option<u32> {
    let digits = value.trim_ascii();
    core::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?.parse().ok()
}

/// `MAC=10:dd:b1:c9:00:e4;Timeout=10` (DIAL 2.1 section 5.1).
fn wakeup_mac(value: &[u8]) -> Option<Mac> {
    value.split(|byte| *byte == b';').find_map(|part| {
        let (name, mac) = part.trim_ascii().split_at_checked(4)?;
        let mac = name.eq_ignore_ascii_case(b"MAC=").then_some(mac)?;
        core::str::from_utf8(mac.trim_ascii()).ok()?.parse().ok().filter(|mac: &Mac| mac.is_station())
    })
}

#[cfg(test)]
#[path = "ssdp_tests.rs"]
mod tests;
