//! Holds WS-Discovery (OASIS 1.1 and its April 2005 draft, which Windows, printers and ONVIF cameras speak): probe and answers.
//! Never follows an address it reads and never trusts a message to be short or well formed. Called by the WS-Discovery source.

use core::fmt::Write;

use super::Malformed;
use super::text::{Cleaner, Text};
use super::xml::{Scanner, Token};

/// IPv4 group (WS-Discovery section 2.4).
pub const GROUP_V4: core::net::Ipv4Addr = core::net::Ipv4Addr::new(239, 255, 255, 250);
/// IPv6 group, link scope.
pub const GROUP_V6: core::net::Ipv6Addr = core::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc);
/// UDP port.
pub const PORT: u16 = 3702;

/// A probe, at most this many bytes: the template takes about 800.
pub type Probe = heapless::String<1_024>;

/// Whom a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Wanted {
    /// Everything that speaks the protocol.
    Any,
    /// Devices of the Devices Profile: Windows computers, printers, scanners.
    Devices,
    /// ONVIF video transmitters: cameras, encoders. Some answer only when asked for by this type.
    Cameras,
}

/// Writes a probe. `uuid` is the message's own id and should be random; answers name it in [`Answer::relates_to`].
#[must_use]
pub fn probe(wanted: Wanted, uuid: [u8; 16]) -> Probe {
    let types = match wanted {
        Wanted::Any => "",
        Wanted::Devices => "<d:Types xmlns:p=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\">p:Device</d:Types>",
        Wanted::Cameras => {
            "<d:Types xmlns:n=\"http://www.onvif.org/ver10/network/wsdl\">n:NetworkVideoTransmitter</d:Types>"
        }
    };
    let [a, b, c, d, e, f, g, h, rest @ ..] = uuid;
    let mut probe = Probe::new();
    // The longest form is below the capacity (held by a test), so writing cannot fail.
    let _fits = write!(
        probe,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><s:Header>\
         <a:MessageID>urn:uuid:{a:02x}{b:02x}{c:02x}{d:02x}-{e:02x}{f:02x}-{g:02x}{h:02x}-"
    );
    for (place, byte) in rest.into_iter().enumerate() {
        let _fits = write!(probe, "{}{byte:02x}", if place == 2 { "-" } else { "" });
    }
    let _fits = write!(
        probe,
        "</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
         <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>\
         <s:Body><d:Probe>{types}</d:Probe></s:Body></s:Envelope>"
    );
    probe
}

/// A list of words, separated by one space, of at most `N` bytes. A word that does not fit whole is left out, and all after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words<const N: usize>(Text<N>);

impl<const N: usize> Words<N> {
    fn of(read: Cleaner<N>) -> Self {
        let cut = read.is_cut();
        let mut text = read.finish();
        if cut {
            // What was cut may be half a word: a half URL or scope would be a lie.
            text.truncate(text.rfind(' ').unwrap_or(0));
        }
        Self(text)
    }

    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for Words<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.0.as_str());
    }
}

/// What kind of message an endpoint was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// It answers a probe or resolve.
    Match,
    /// It just came up.
    Hello,
    /// It goes away.
    Bye,
}

/// One endpoint, a device or a service host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Endpoint {
    /// Stable address, mostly `urn:uuid:...`. Never empty in what [`read`] hands out.
    pub address: Text<128>,
    /// Types with their prefixes, such as `wsdp:Device pub:Computer`, `dn:NetworkVideoTransmitter`.
    pub types: Words<256>,
    /// Scopes, URIs.
    pub scopes: Words<1_024>,
    /// Transport addresses, URLs; give them to [`super::location::Location`].
    pub xaddrs: Words<512>,
    /// Changes when the description does.
    pub metadata_version: Option<u32>,
}

impl Endpoint {
    /// The address without its `urn:uuid:` or `uuid:`.
    #[must_use]
    pub fn id(&self) -> &str {
        let bare = self.address.strip_prefix("urn:").unwrap_or(&self.address);
        bare.strip_prefix("uuid:").unwrap_or(bare)
    }

    /// Whether one of the types has this local name, such as `Computer`, `NetworkVideoTransmitter`, `PrintDeviceType`.
    #[must_use]
    pub fn has_type(&self, local: &str) -> bool {
        self.types.iter().any(|word| word.rsplit(':').next() == Some(local))
    }

    /// The first value of an ONVIF scope category (`name`, `hardware`, `location`, `MAC`; ONVIF Core section 7.3.2.2),
    /// percent-decoded: `onvif://www.onvif.org/hardware/DS-2CD2043G2` gives `DS-2CD2043G2`.
    #[must_use]
    pub fn onvif_scope(&self, category: &str) -> Option<Text<64>> {
        let value = self.scopes.iter().find_map(|scope| {
            let path = scope.get(..22).filter(|head| head.eq_ignore_ascii_case("onvif://www.onvif.org/"))?.len();
            let (found, value) = scope.get(path..)?.split_once('/')?;
            (found.eq_ignore_ascii_case(category) && !value.is_empty()).then_some(value)
        })?;
        Some(percent_decoded(value.as_bytes()))
    }
}

fn percent_decoded(value: &[u8]) -> Text<64> {
    // A scope is at most 1,024 bytes; 192 hold 64 bytes of text even when each is escaped.
    let mut bytes: heapless::Vec<u8, 192> = heapless::Vec::new();
    let mut left = value;
    while let Some((byte, rest)) = left.split_first() {
        let digits = rest.split_first_chunk::<2>().filter(|_| *byte == b'%');
        let decoded = digits.and_then(|(pair, after)| {
            let hex = core::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
            Some((u8::from_str_radix(hex, 16).ok()?, after))
        });
        let (byte, rest) = decoded.unwrap_or((*byte, rest));
        if bytes.push(byte).is_err() {
            break;
        }
        left = rest;
    }
    super::text::clean(&bytes)
}

/// What a message says besides its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer {
    /// Kind of message.
    pub kind: Kind,
    /// The probe it answers, as `urn:uuid:...`; empty for Hello and Bye.
    pub relates_to: Text<64>,
    /// How many endpoints were visited.
    pub endpoints: u16,
}

/// Endpoints read from one message: an answer has one; a discovery proxy may list many.
const MAX_ENDPOINTS: u16 = 32;

/// Reads ProbeMatches, ResolveMatches, Hello or Bye and calls `visit` for each endpoint with an address, at most 32.
///
/// Errors: `OtherKind` for a probe of somebody else and other SOAP; else what is not well formed, and then endpoints
/// that stood before the damage have been visited.
pub fn read(message: &[u8], mut visit: impl FnMut(Kind, Endpoint)) -> Result<Answer, Malformed> {
    let mut scanner = Scanner::new(message);
    let mut answer: Option<Answer> = None;
    let mut relates_to = Text::new();
    while let Some(token) = scanner.advance()? {
        let Token::Start(name) = token else { continue };
        if scanner.is_at(&[b"Envelope", b"Header", b"RelatesTo"]) {
            relates_to = scanner.text()?.finish();
            continue;
        }
        if scanner.depth() < 3 || scanner.open_at(1) != Some(b"Envelope") || scanner.open_at(2) != Some(b"Body") {
            continue;
        }
        let Some(kind) = scanner.open_at(3).and_then(kind_of) else { return Err(Malformed::OtherKind) };
        let answer = answer.get_or_insert_with(|| Answer { kind, relates_to: Text::new(), endpoints: 0 });
        let whole = matches!((scanner.depth(), name), (3, b"Hello" | b"Bye") | (4, b"ProbeMatch" | b"ResolveMatch"));
        if whole && answer.endpoints < MAX_ENDPOINTS {
            let endpoint = read_endpoint(&mut scanner)?;
            if !endpoint.address.is_empty() {
                answer.endpoints += 1;
                visit(kind, endpoint);
            }
        }
    }
    let mut answer = answer.ok_or(Malformed::OtherKind)?;
    answer.relates_to = relates_to;
    Ok(answer)
}

fn kind_of(name: &[u8]) -> Option<Kind> {
    match name {
        b"Hello" => Some(Kind::Hello),
        b"Bye" => Some(Kind::Bye),
        b"ProbeMatches" | b"ResolveMatches" => Some(Kind::Match),
        _ => None,
    }
}

/// Reads the element just started to its end. Of a field that stands twice the first counts.
fn read_endpoint(scanner: &mut Scanner<'_>) -> Result<Endpoint, Malformed> {
    let base = scanner.depth();
    let mut endpoint = Endpoint::default();
    while let Some(token) = scanner.advance()? {
        if scanner.depth() < base {
            break;
        }
        let Token::Start(name) = token else { continue };
        match (scanner.depth() - base, name) {
            (1, b"Types") if endpoint.types.0.is_empty() => endpoint.types = Words::of(scanner.text()?),
            (1, b"Scopes") if endpoint.scopes.0.is_empty() => endpoint.scopes = Words::of(scanner.text()?),
            (1, b"XAddrs") if endpoint.xaddrs.0.is_empty() => endpoint.xaddrs = Words::of(scanner.text()?),
            (1, b"MetadataVersion") if endpoint.metadata_version.is_none() => {
                endpoint.metadata_version = scanner.text::<16>()?.finish().parse().ok();
            }
            (2, b"Address")
                if endpoint.address.is_empty() && scanner.open_at(base + 1) == Some(b"EndpointReference") =>
            {
                endpoint.address = scanner.text()?.finish();
            }
            _ => {}
        }
    }
    Ok(endpoint)
}

#[cfg(test)]
#[path = "wsd_tests.rs"]
mod tests;
