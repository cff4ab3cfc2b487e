//! Holds what an mDNS answer says, and about whom: the sender, unless the answer itself gives another address to the host.
//! Never asks back: that is a lead. Called for datagrams from port 5353.

use std::net::IpAddr;

use vigie_core::lan::{Clue, Fact, Port, Source, StableId, Transport};
use vigie_wire::names::mdns::{HostText, MdnsFact, TxtKey, digest};

use super::{Lead, Speaker, Tell, Voice, short};

/// Hosts whose addresses one packet gives; a reflector may list many, a device lists itself.
const MAX_HOSTS: usize = 16;

pub(super) fn hear(speaker: Speaker, payload: &[u8], tell: &mut Tell<'_>) {
    let mut facts = Vec::new();
    // What stood before the damage is kept: it was said.
    let read = digest(payload, |fact| facts.push(fact));
    if let Err(why) = read {
        Voice { speaker, source: Source::Mdns, tell }.refuse(why);
    }
    let hosts = Hosts::of(&facts, speaker.ip);
    for fact in &facts {
        let about = hosts.about(fact, speaker);
        let mut voice = Voice { speaker: about, source: Source::Mdns, tell };
        say(fact, &mut voice);
    }
}

/// The addresses a packet gives to hosts.
struct Hosts<'a> {
    /// Host, one of its addresses, and whether one of them is the sender's.
    rows: Vec<(&'a HostText, IpAddr, bool)>,
}

impl<'a> Hosts<'a> {
    fn of(facts: &'a [MdnsFact], sender: IpAddr) -> Self {
        let mut rows: Vec<(&HostText, IpAddr, bool)> = Vec::new();
        for fact in facts {
            let MdnsFact::HostAddress { host, ip } = fact else { continue };
            let is_sender = *ip == sender;
            if let Some(row) = rows.iter_mut().find(|row| row.0 == host) {
                row.2 |= is_sender;
                if ip.is_ipv4() {
                    row.1 = *ip;
                }
            } else if rows.len() < MAX_HOSTS {
                rows.push((host, *ip, is_sender));
            }
        }
        Self { rows }
    }

    /// Whom a fact is about. A sleep proxy or a reflector speaks for others, and says so by their addresses.
    fn about(&self, fact: &MdnsFact, sender: Speaker) -> Speaker {
        let other = match fact {
            MdnsFact::HostAddress { ip, host } => {
                let senders = self.rows.iter().any(|row| row.0 == host && row.2);
                (!senders && *ip != sender.ip).then_some(*ip)
            }
            MdnsFact::ReverseName { ip, .. } | MdnsFact::GoodbyeHost { ip, .. } => (*ip != sender.ip).then_some(*ip),
            MdnsFact::ServiceInstance { host: Some(host), .. } | MdnsFact::HostInfo { host, .. } => {
                self.rows.iter().find(|row| row.0 == host && !row.2).map(|row| row.1)
            }
            _ => None,
        };
        other.map_or(sender, |ip| Speaker { mac: None, ip, ..sender })
    }
}

fn say(fact: &MdnsFact, voice: &mut Voice<'_, '_>) {
    match fact {
        MdnsFact::HostAddress { host, .. } | MdnsFact::ReverseName { host, .. } => {
            voice.name(short(host));
            voice.lead(Lead::DeviceInfo(Box::new(host.clone())));
        }
        MdnsFact::ServiceType { service } => voice.lead(Lead::Browse(service.clone())),
        MdnsFact::ServiceInstance { service, instance, host, port } => {
            voice.clue(Clue::Service, service);
            voice.clue(Clue::FriendlyName, friendly(service, instance));
            if let Some(host) = host {
                voice.name(short(host));
                // Port 0 announces without serving; a port said is not a port seen, and printing ports are not asked.
                // Avahi announces workstations at port 9, discard (RFC 863), where nothing listens.
                if ![0, 9].contains(port) && service.ends_with("._tcp") {
                    let port = Port { transport: Transport::Tcp, number: *port };
                    voice.fact(Fact::Port { port, open: true });
                }
            }
        }
        MdnsFact::Txt { key, value, service, .. } => say_txt(*key, value, service, voice),
        MdnsFact::DeviceInfo { name, model } => {
            voice.clue(Clue::Model, model);
            voice.clue(Clue::FriendlyName, name);
        }
        MdnsFact::HostInfo { os, .. } => voice.clue(Clue::Os, os),
        MdnsFact::GoodbyeHost { .. } => voice.fact(Fact::Goodbye),
        // One service ended; the device did not.
        MdnsFact::GoodbyeService { .. } => voice.fact(Fact::Alive),
    }
}

fn say_txt(key: TxtKey, value: &str, service: &str, voice: &mut Voice<'_, '_>) {
    match key {
        TxtKey::Model => voice.clue(Clue::Model, value),
        TxtKey::Maker => voice.clue(Clue::Manufacturer, value),
        TxtKey::FriendlyName => voice.clue(Clue::FriendlyName, value),
        // Stable for the service, so the service is part of the identifier: two services number independently.
        TxtKey::StableId | TxtKey::Mac => {
            let id = format!("{}:{}", service.split('.').next().unwrap_or_default(), value.to_ascii_lowercase());
            if super::is_unique(value) {
                voice.stable(StableId::Mdns, &id);
            }
        }
        TxtKey::Category => voice.clue(Clue::HomekitCategory, value.trim()),
        // The key means this where Matter devices wait to be set up, elsewhere anything.
        TxtKey::VendorProduct if service.starts_with("_matterc.") => voice.clue(Clue::MatterProduct, value.trim()),
        // A firmware's number is no operating system.
        TxtKey::Version | TxtKey::Serial | TxtKey::AdminUrl | TxtKey::Place | TxtKey::VendorProduct => {}
    }
}

/// The part of an instance name that a person chose: `a1b2@Kitchen` (AirPlay audio) is Kitchen.
fn friendly<'a>(service: &str, instance: &'a str) -> &'a str {
    match instance.split_once('@') {
        Some((_, name)) if service.starts_with("_raop.") => name,
        _ => instance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_core::lan::{SegmentId, Sighting};
    use vigie_wire::Mac;

    fn speaker(ip: &str) -> Speaker {
        Speaker { segment: SegmentId(0), mac: Some(Mac([2, 0, 0, 0, 0, 7])), ip: ip.parse().unwrap() }
    }

    fn told(facts: &[MdnsFact], from: Speaker) -> Vec<String> {
        let hosts = Hosts::of(facts, from.ip);
        let mut said = Vec::new();
        for fact in facts {
            let mut tell = |news: super::super::News<'_>| {
                if let super::super::News::Saw(Sighting { mac, ip, fact, .. }) = news {
                    said.push(format!("{} {} {fact:?}", ip.unwrap(), mac.is_some()));
                }
            };
            say(fact, &mut Voice { speaker: hosts.about(fact, from), source: Source::Mdns, tell: &mut tell });
        }
        said
    }

    fn address(host: &str, ip: &str) -> MdnsFact {
        MdnsFact::HostAddress { host: host.try_into().unwrap(), ip: ip.parse().unwrap() }
    }

    #[test]
    fn a_device_speaks_for_itself_with_all_its_addresses() {
        let said = told(&[address("nas.local", "10.0.0.7"), address("nas.local", "fe80::7")], speaker("10.0.0.7"));
        assert_eq!(said, ["10.0.0.7 true Name(\"nas\")", "10.0.0.7 true Name(\"nas\")"]);
    }

    #[test]
    fn a_sleep_proxy_speaks_for_another() {
        let service = MdnsFact::ServiceInstance {
            service: "_ssh._tcp".try_into().unwrap(),
            instance: "iMac".try_into().unwrap(),
            host: Some("imac.local".try_into().unwrap()),
            port: 22,
        };
        let said = told(&[address("imac.local", "10.0.0.9"), service], speaker("10.0.0.7"));
        assert!(said.iter().all(|line| line.starts_with("10.0.0.9 false ")), "{said:?}");
        assert!(said.iter().any(|line| line.contains("_ssh._tcp")));
    }

    #[test]
    fn homekit_and_matter_say_what_they_are() {
        let txt = |service: &str, key, value: &str| MdnsFact::Txt {
            service: service.try_into().unwrap(),
            instance: "x".try_into().unwrap(),
            key,
            value: value.try_into().unwrap(),
        };
        let facts = [
            txt("_hap._tcp", TxtKey::Category, "17"),
            txt("_matterc._udp", TxtKey::VendorProduct, "4447+8194"),
            txt("_other._udp", TxtKey::VendorProduct, "4447+8194"),
        ];
        assert_eq!(
            told(&facts, speaker("10.0.0.7")),
            ["10.0.0.7 true Clue(HomekitCategory, \"17\")", "10.0.0.7 true Clue(MatterProduct, \"4447+8194\")"]
        );
    }

    #[test]
    fn the_room_of_an_airplay_speaker_is_its_name() {
        assert_eq!(friendly("_raop._tcp", "A1B2C3D4E5F6@Kitchen"), "Kitchen");
        assert_eq!(friendly("_http._tcp", "me@home"), "me@home");
    }
}
