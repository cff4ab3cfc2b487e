//! Holds what NetBIOS, LLMNR, SSDP, WS-Discovery and SNMP datagrams say about their sender, chosen by port.
//! Never follows an address in a message. Called for datagrams heard on the wire and for answers to our own sockets.

use vigie_core::lan::{Clue, Fact, Source, StableId};
use vigie_wire::names::location::Location;
use vigie_wire::names::mdns::{self, llmnr};
use vigie_wire::names::{nbns, ssdp, wsd};

use super::{Lead, Speaker, Tell, Voice, mdns as mdns_words, short};

/// What reads the datagrams of one protocol.
type Reader = fn(&[u8], &mut Voice<'_, '_>);

/// Tells what a datagram between `(from, to)` ports says.
pub(in super::super) fn datagram(speaker: Speaker, (from, to): (u16, u16), payload: &[u8], tell: &mut Tell<'_>) {
    let (source, read): (Source, Reader) = match (from, to) {
        (mdns::PORT, _) => return mdns_words::hear(speaker, payload, tell),
        (llmnr::PORT, _) => (Source::Llmnr, llmnr_answer),
        (nbns::NAME_PORT, _) | (_, nbns::NAME_PORT) => (Source::Nbns, netbios),
        (_, nbns::DATAGRAM_PORT) => (Source::Nbns, announcement),
        (ssdp::PORT, _) | (_, ssdp::PORT) => (Source::Ssdp, upnp),
        (wsd::PORT, _) | (_, wsd::PORT) => (Source::Wsd, discovery),
        _ => return,
    };
    read(payload, &mut Voice { speaker, source, tell });
}

fn llmnr_answer(payload: &[u8], voice: &mut Voice<'_, '_>) {
    // An answer about itself, from itself: a stranger cannot name another.
    let about_itself = voice.speaker.ip;
    match llmnr::read_name(payload, |_, ip| ip == about_itself) {
        Ok((_, host)) => voice.name(short(&host)),
        Err(why) => voice.refuse(why),
    }
}

fn netbios(payload: &[u8], voice: &mut Voice<'_, '_>) {
    if let Ok(status) = nbns::read_status(payload) {
        if let Some(name) = status.computer() {
            voice.name(name);
        }
        voice.clue(Clue::Workgroup, status.workgroup().unwrap_or_default());
        for (is, role) in [
            (status.is_file_server(), "file-server"),
            (status.is_domain_controller(), "domain-controller"),
            (status.is_master_browser(), "master-browser"),
        ] {
            if is {
                voice.clue(Clue::NetbiosRole, role);
            }
        }
        return voice.fact(Fact::Alive);
    }
    let claim = match nbns::read_claim(payload) {
        Ok(claim) => claim,
        Err(why) => return voice.refuse(why),
    };
    if std::net::IpAddr::V4(claim.ip) != voice.speaker.ip || claim.group {
        return;
    }
    match claim.kind {
        nbns::ClaimKind::Releases => voice.fact(Fact::Goodbye),
        nbns::ClaimKind::Claims if claim.name.suffix == 0 => voice.name(&claim.name.text),
        _ => {}
    }
}

fn announcement(payload: &[u8], voice: &mut Voice<'_, '_>) {
    let said = match nbns::read_announcement(payload) {
        Ok(said) => said,
        Err(why) => return voice.refuse(why),
    };
    if said.kind != nbns::AnnouncementKind::Host {
        return;
    }
    voice.name(&said.name);
    for (is, role) in [
        (said.server_type.is_server(), "file-server"),
        (said.server_type.is_print_server(), "print-server"),
        (said.server_type.is_domain_controller(), "domain-controller"),
        (said.server_type.is_unix(), "unix"),
        (said.server_type.is_windows_nt() && !said.server_type.is_unix(), "windows"),
    ] {
        if is {
            voice.clue(Clue::NetbiosRole, role);
        }
    }
}

fn upnp(payload: &[u8], voice: &mut Voice<'_, '_>) {
    let said = match ssdp::read(payload) {
        Ok(said) => said,
        Err(why) => return voice.refuse(why),
    };
    match said.kind {
        ssdp::Kind::ByeBye => return voice.fact(Fact::Goodbye),
        // A control point is there, but what it looks for says nothing of what it is.
        ssdp::Kind::Search => return voice.fact(Fact::Alive),
        ssdp::Kind::Alive | ssdp::Kind::Update | ssdp::Kind::Answer => {}
    }
    voice.clue(Clue::UpnpServer, &said.server);
    if said.target.starts_with("urn:") {
        voice.clue(Clue::UpnpType, &said.target);
    }
    voice.stable(StableId::Upnp, &said.uuid);
    if let Some(location) = said.location.filter(|location| location.ip == voice.speaker.ip) {
        voice.lead(Lead::Describe(Box::new(location)));
    }
}

/// Scopes of one device that are kept; cameras have about six, an attacker as many as fit.
const MAX_SCOPES: usize = 8;

/// Ports of one device that are asked because it named them.
const MAX_PORTS: usize = 4;

/// Whether a scope says what the device is. Its name and place are a person's words, and the name is told as such.
fn tells_of_the_device(scope: &str) -> bool {
    let of = |category: &str| scope.get(..category.len()).is_some_and(|head| head.eq_ignore_ascii_case(category));
    ["onvif://www.onvif.org/type/", "onvif://www.onvif.org/hardware/", "onvif://www.onvif.org/Profile/"]
        .into_iter()
        .any(of)
}

fn discovery(payload: &[u8], voice: &mut Voice<'_, '_>) {
    let read = wsd::read(payload, |kind, endpoint| {
        // A discovery proxy speaks for others; their transport addresses say for whom.
        let addresses: Vec<Location> =
            endpoint.xaddrs.iter().filter_map(|url| Location::parse(url.as_bytes()).ok()).collect();
        if !addresses.is_empty() && !addresses.iter().any(|location| location.ip == voice.speaker.ip) {
            return;
        }
        voice.stable(StableId::Endpoint, endpoint.id());
        if kind == wsd::Kind::Bye {
            return voice.fact(Fact::Goodbye);
        }
        for word in endpoint.types.iter() {
            voice.clue(Clue::WsdType, word.rsplit(':').next().unwrap_or(word));
        }
        for scope in endpoint.scopes.iter().filter(|scope| tells_of_the_device(scope)).take(MAX_SCOPES) {
            voice.clue(Clue::WsdScope, scope);
        }
        // Where its service is: a port that is said is no port that is seen, so it is asked.
        let Speaker { ip, mac, .. } = voice.speaker;
        for location in addresses.iter().filter(|location| location.ip == ip).take(MAX_PORTS) {
            voice.lead(Lead::Knock(ip, mac, location.port));
        }
        for (category, clue) in [("name", Clue::FriendlyName), ("hardware", Clue::Model)] {
            if let Some(value) = endpoint.onvif_scope(category) {
                voice.clue(clue, &value);
            }
        }
        voice.fact(Fact::Alive);
    });
    if let Err(why) = read {
        voice.refuse(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::network::hear::News;
    use vigie_core::lan::{SegmentId, Sighting};
    use vigie_wire::Mac;

    fn told(payload: &[u8], ports: (u16, u16)) -> Vec<String> {
        let mac = Some(Mac([2, 0, 0, 0, 0, 7]));
        let speaker = Speaker { segment: SegmentId(0), mac, ip: "10.0.0.7".parse().unwrap() };
        let mut said = Vec::new();
        datagram(speaker, ports, payload, &mut |news| match news {
            News::Saw(Sighting { fact, .. }) => said.push(format!("{fact:?}")),
            News::Malformed(source) => said.push(format!("malformed {source:?}")),
            News::Lead(lead) => said.push(format!("{lead:?}")),
        });
        said
    }

    /// A camera's answer to a probe, as ONVIF devices write it.
    const MATCH: &str = "<?xml version=\"1.0\"?><env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
        xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
        xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">\
        <env:Header><w:RelatesTo>uuid:1</w:RelatesTo></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch>\
        <w:EndpointReference><w:Address>urn:uuid:4419b6aa-0102-0304-0506-070809101112</w:Address></w:EndpointReference>\
        <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/type/video_encoder \
        onvif://www.onvif.org/location/office onvif://www.onvif.org/hardware/DS-2CD2143G2-I \
        onvif://www.onvif.org/name/HIKVISION%20CAM</d:Scopes>\
        <d:XAddrs>http://10.0.0.7:8899/onvif/device_service http://192.168.1.64/onvif</d:XAddrs></d:ProbeMatch>\
        </d:ProbeMatches></env:Body></env:Envelope>";

    #[test]
    fn a_camera_tells_its_scopes_and_where_its_service_is() {
        let said = told(MATCH.as_bytes(), (wsd::PORT, wsd::PORT));
        for expected in [
            "Clue(WsdType, \"NetworkVideoTransmitter\")",
            "Clue(WsdScope, \"onvif://www.onvif.org/type/video_encoder\")",
            "Clue(WsdScope, \"onvif://www.onvif.org/hardware/DS-2CD2143G2-I\")",
            "Clue(FriendlyName, \"HIKVISION CAM\")",
            "Clue(Model, \"DS-2CD2143G2-I\")",
            "Knock(10.0.0.7, Some(02:00:00:00:00:07), 8899)",
        ] {
            assert!(said.iter().any(|line| line == expected), "{expected} in {said:#?}");
        }
        assert!(!said.iter().any(|line| line.contains("location") || line.contains("192.168")), "{said:#?}");
        let elsewhere = MATCH.replace("10.0.0.7", "10.0.0.9");
        assert!(told(elsewhere.as_bytes(), (wsd::PORT, wsd::PORT)).is_empty(), "a proxy speaks for another");
    }

    #[test]
    fn damage_is_counted_for_its_source_and_another_kind_of_message_is_none() {
        assert_eq!(told(&MATCH.as_bytes()[..200], (wsd::PORT, wsd::PORT)), ["malformed Wsd"]);
        assert_eq!(told(&[0x11, 2, 0], (nbns::DATAGRAM_PORT, nbns::DATAGRAM_PORT)), ["malformed Nbns"]);
        assert_eq!(told(&[0x20; 40], (nbns::DATAGRAM_PORT, nbns::DATAGRAM_PORT)), Vec::<String>::new());
    }
}
