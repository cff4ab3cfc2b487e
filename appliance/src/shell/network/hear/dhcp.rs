//! Holds what DHCP messages heard on the wire say: a client about itself, a server by answering at all.
//! Never believes an address a client merely asks for. Called by `frame`, which knows the station.

use std::fmt::Write;
use std::net::IpAddr;

use vigie_core::lan::{Clue, Fact, Role, SegmentId, Sighting, Source, StableId};
use vigie_wire::Mac;
use vigie_wire::link::Ends;
use vigie_wire::link::dhcp::{Dhcp, Fqdn, Kind, SERVER6_PORT, parse, parse6};
use vigie_wire::link::udp::Udp;
use vigie_wire::names::text::clean;

use super::{News, Tell, is_a_name, short};

/// Bytes of a host name (RFC 1035 section 2.3.4) and of a vendor class worth keeping.
const NAME_BYTES: usize = 63;
const CLASS_BYTES: usize = 96;

/// Tells what the datagram that `station` sent says.
pub(super) fn hear(segment: SegmentId, station: Mac, ends: Ends, datagram: &Udp<'_>, tell: &mut Tell<'_>) {
    if datagram.dst_port == SERVER6_PORT {
        return client6(segment, station, ends, datagram.payload, tell);
    }
    let Ok(message) = parse(datagram.payload) else { return tell(News::Malformed(Source::Dhcp)) };
    if message.from_server {
        let mut say = |fact| {
            let ip = Some(ends.src()).filter(|ip| !ip.is_unspecified());
            tell(News::Saw(Sighting { segment, source: Source::Dhcp, mac: Some(station), ip, fact }));
        };
        say(Fact::Alive);
        // A relay's answer comes from the relay: the server behind it is not on this link.
        if matches!(message.kind, Kind::Offer | Kind::Ack | Kind::Nak) && message.relay.is_unspecified() {
            say(Fact::Role(Role::DhcpServer));
        }
        return;
    }
    client(segment, station, &message, tell);
}

fn client(segment: SegmentId, station: Mac, message: &Dhcp<'_>, tell: &mut Tell<'_>) {
    // A bridge or relay in between carries the client's own address inside.
    let mac = if message.client_mac.is_station() { message.client_mac } else { station };
    let ip = Some(message.client_ip).filter(|ip| !ip.is_unspecified()).map(IpAddr::V4);
    let mut say =
        |fact: Fact<'_>| tell(News::Saw(Sighting { segment, source: Source::Dhcp, mac: Some(mac), ip, fact }));
    if message.kind == Kind::Release {
        return say(Fact::Goodbye);
    }
    say(Fact::Alive);
    let name = message.hostname.or(message.fqdn.as_ref().and_then(Fqdn::host));
    if let Some(name) = name.map(clean::<NAME_BYTES>).filter(|name| is_a_name(name)) {
        say(Fact::Name(short(&name)));
    }
    if let Some(class) = message.vendor_class.map(clean::<CLASS_BYTES>).filter(|class| !class.is_empty()) {
        say(Fact::Clue(Clue::DhcpVendor, &class));
    }
    if let Some(options) = message.parameters {
        say(Fact::Clue(Clue::DhcpOptions, &joined(options)));
    }
    if let Some(id) = message.client_id.filter(|id| names_more_than(id, mac)) {
        say(Fact::Stable(StableId::DhcpClient, &hex(id)));
    }
}

fn client6(segment: SegmentId, station: Mac, ends: Ends, payload: &[u8], tell: &mut Tell<'_>) {
    let Ok(message) = parse6(payload) else { return tell(News::Malformed(Source::Dhcp)) };
    if message.kind.is_from_server() {
        return;
    }
    let mut say = |fact: Fact<'_>| {
        tell(News::Saw(Sighting { segment, source: Source::Dhcp, mac: Some(station), ip: Some(ends.src()), fact }));
    };
    say(Fact::Alive);
    let name = message.fqdn.as_ref().and_then(Fqdn::host).map(clean::<NAME_BYTES>);
    if let Some(name) = name.filter(|name| is_a_name(name)) {
        say(Fact::Name(&name));
    }
    if let Some(duid) = message.client {
        say(Fact::Stable(StableId::DhcpClient, &hex(duid.octets())));
    }
}

/// Whether a client identifier says more than the MAC does (RFC 2132 section 9.14: type 1 is Ethernet). RFC 4361 has a
/// DUID behind 255 and four octets of interface, and the DUID is what also DHCPv6 shows.
pub(super) fn names_more_than(id: &[u8], mac: Mac) -> bool {
    id.len() >= 7 && id.get(1..) != Some(&mac.0[..])
}

/// Option numbers as rules write them: `1,3,6`.
fn joined(options: &[u8]) -> String {
    let mut text = String::new();
    for option in options.iter().take(32) {
        let separator = if text.is_empty() { "" } else { "," };
        let _never_fails = write!(text, "{separator}{option}");
    }
    text
}

/// At most 32 octets: enough to tell identifiers apart, and a bound.
pub(super) fn hex(octets: &[u8]) -> String {
    let duid = match octets {
        [255, _, _, _, _, duid @ ..] => duid,
        whole => whole,
    };
    duid.iter().take(32).fold(String::new(), |mut text, octet| {
        let _never_fails = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_identifier_that_is_the_mac_says_nothing() {
        let mac = Mac([2, 0, 0, 0, 0, 7]);
        assert!(!names_more_than(&[1, 2, 0, 0, 0, 0, 7], mac));
        assert!(names_more_than(&[255, 0, 0, 0, 1, 0, 3, 0, 1, 9, 9, 9, 9, 9, 9], mac));
    }

    #[test]
    fn both_versions_show_one_duid() {
        let duid = [0, 3, 0, 1, 9, 9, 9, 9, 9, 9];
        let four: Vec<u8> = [255, 1, 2, 3, 4].into_iter().chain(duid).collect();
        assert_eq!(hex(&four), hex(&duid));
        assert_eq!(joined(&[1, 3, 121]), "1,3,121");
    }
}
