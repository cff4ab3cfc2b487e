//! Holds the mDNS questions Vigie sends: which services, which hosts, which names belong to these addresses.
//! Never repeats a question by itself and never asks for more than a packet can hold. Called by the mDNS source.

use core::net::IpAddr;

use super::services;
use crate::names::dns::{Name, Packet, kind, packets, reverse};

/// Asks for the list of all service types on the link.
///
/// `unicast` sets the QU bit (RFC 6762 section 5.4): right for the first question after start, so that answers do not
/// fill the group; wrong for repeats.
pub fn service_types(unicast: bool) -> impl Iterator<Item = Packet> {
    packets(Name::from_dotted(services::ENUMERATION).map(|name| (name, kind::PTR)), unicast)
}

/// Asks for the instances of service types such as `_http._tcp` (or `_http._tcp.local`), several to a packet.
/// A type that is no name is left out.
pub fn browse<'a>(types: impl IntoIterator<Item = &'a str>, unicast: bool) -> impl Iterator<Item = Packet> {
    packets(types.into_iter().filter_map(in_local).map(|name| (name, kind::PTR)), unicast)
}

/// Asks for everything about service instances: SRV and TXT of each.
pub fn resolve(instances: impl IntoIterator<Item = Name>, unicast: bool) -> impl Iterator<Item = Packet> {
    packets(instances.into_iter().flat_map(|name| [(name.clone(), kind::SRV), (name, kind::TXT)]), unicast)
}

/// Asks for the model a host publishes under its own name (`<host>._device-info._tcp.local`, TXT). Apple devices answer
/// this only when asked by name.
pub fn device_info<'a>(hosts: impl IntoIterator<Item = &'a str>, unicast: bool) -> impl Iterator<Item = Packet> {
    let service = in_local("_device-info._tcp").unwrap_or_default();
    let names = hosts.into_iter().filter_map(move |host| service.child(host.trim_end_matches(".local").as_bytes()));
    packets(names.map(|name| (name, kind::TXT)), unicast)
}

/// Asks for the addresses of hosts such as `nas` or `nas.local`, IPv4 and IPv6.
pub fn addresses<'a>(hosts: impl IntoIterator<Item = &'a str>, unicast: bool) -> impl Iterator<Item = Packet> {
    let names = hosts.into_iter().filter_map(in_local);
    packets(names.flat_map(|name| [(name.clone(), kind::A), (name, kind::AAAA)]), unicast)
}

/// Asks which names belong to these addresses, about 40 IPv4 or 17 IPv6 addresses to a packet.
pub fn names_of(ips: impl IntoIterator<Item = IpAddr>, unicast: bool) -> impl Iterator<Item = Packet> {
    packets(reverse(ips), unicast)
}

fn in_local(name: &str) -> Option<Name> {
    let inside = name.trim_end_matches('.');
    let inside = inside.strip_suffix(".local").unwrap_or(inside);
    let mut labels = inside.rsplit('.');
    labels.try_fold(Name::from_dotted("local")?, |name, label| name.child(label.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::dns::Message;
    extern crate std;
    use std::string::String;
    use std::vec::Vec;

    fn asked(packets: impl Iterator<Item = Packet>) -> Vec<(String, u16, bool)> {
        packets
            .flat_map(|packet| Message::parse(&packet).unwrap().questions().collect::<Vec<_>>())
            .map(|question| question.unwrap())
            .map(|question| (question.name.to_text::<255>().as_str().into(), question.kind, question.unicast))
            .collect()
    }

    #[test]
    fn the_enumeration_is_the_bytes_every_browser_sends() {
        assert_eq!(
            service_types(false).next().unwrap(),
            b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09_services\x07_dns-sd\x04_udp\x05local\x00\x00\x0c\x00\x01"[..]
        );
        assert_eq!(service_types(true).count(), 1);
    }

    #[test]
    fn all_common_services_fit_two_packets() {
        assert!(browse(services::COMMON, true).count() <= 2);
        let asked = asked(browse(services::COMMON, true));
        assert_eq!(asked.len(), services::COMMON.len());
        assert_eq!(asked[2], ("_http._tcp.local".into(), kind::PTR, true));
    }

    #[test]
    fn hosts_are_asked_for_with_and_without_the_domain() {
        let expected = [("nas.local".into(), kind::A, false), ("nas.local".into(), kind::AAAA, false)];
        assert_eq!(asked(addresses(["nas"], false)), expected);
        assert_eq!(asked(addresses(["nas.local."], false)), expected);
        assert_eq!(asked(addresses(["", "a..b"], false)), []);
        assert_eq!(asked(device_info(["Bob’s Mac"], false))[0].0, "Bob’s Mac._device-info._tcp.local");
    }

    #[test]
    fn instances_are_resolved_whole() {
        let instance = in_local("_ipp._tcp").unwrap().child(b"HP 2.0").unwrap();
        let kinds: Vec<u16> = asked(resolve([instance], false)).iter().map(|question| question.1).collect();
        assert_eq!(kinds, [kind::SRV, kind::TXT]);
    }
}
