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
