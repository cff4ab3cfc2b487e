//! Holds the tests of `digest` over captured and rebuilt datagrams.
//! Never sends anything. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;
use std::vec::Vec;

/// avahi 0.8 on Debian, captured: workstation, addresses, service type.
const AVAHI: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x06\x00\x00\x00\x00\x17nas\x20[76:4d:d4:c3:54:8b]\x0c_workstation\x04_tc\
        p\x05local\x00\x00\x10\x80\x01\x00\x00\x11\x94\x00\x01\x00\xc0$\x00\x0c\x00\x01\x00\x00\x11\x94\x00\x02\
        \xc0\x0c\xc0\x0c\x00!\x80\x01\x00\x00\x00x\x00\x0c\x00\x00\x00\x00\x00\x09\x03nas\xc06\xc0h\x00\x1c\x80\
        \x01\x00\x00\x00x\x00\x10\xfe\x80\x00\x00\x00\x00\x00\x00tM\xd4\xff\xfe\xc3T\x8b\xc0h\x00\x01\x80\x01\
        \x00\x00\x00x\x00\x04\xc0\xa8M\n\x09_services\x07_dns-sd\x04_udp\xc06\x00\x0c\x00\x01\x00\x00\x11\x94\
        \x00\x02\xc0$";

/// avahi answers a reverse question, captured; names inside data are compressed.
const AVAHI_REVERSE: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x07\x00\x00\x00\x00\x0210\x0277\x03168\x03192\x07in-addr\x04arpa\x00\x00\
        \x0c\x80\x01\x00\x00\x00x\x00\x0b\x03nas\x05local\x00\x0c_workstation\x04_tcp\xc06\x00\x0c\x00\x01\x00\
        \x00\x11\x94\x00\x1a\x17nas\x20[76:4d:d4:c3:54:8b]\xc0=\xc0[\x00\x10\x80\x01\x00\x00\x11\x94\x00\x01\x00\
        \xc0[\x00!\x80\x01\x00\x00\x00x\x00\x08\x00\x00\x00\x00\x00\x09\xc02\xc02\x00\x1c\x80\x01\x00\x00\x00\
        x\x00\x10\xfe\x80\x00\x00\x00\x00\x00\x00tM\xd4\xff\xfe\xc3T\x8b\xc02\x00\x01\x80\x01\x00\x00\x00x\x00\
        \x04\xc0\xa8M\n\x09_services\x07_dns-sd\x04_udp\xc06\x00\x0c\x00\x01\x00\x00\x11\x94\x00\x02\xc0=";

/// avahi probes for its own name, captured: a query, with its claims in the authority section.
const AVAHI_PROBE: &[u8] =
    b"\x00\x00\x00\x00\x00\x03\x00\x00\x00\x05\x00\x00\x01b\x018\x014\x015\x013\x01c\x01e\x01f\x01f\x01f\x01\
        4\x01d\x01d\x014\x014\x017\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x018\x01e\
        \x01f\x03ip6\x04arpa\x00\x00\xff\x00\x01\x03nas\x05local\x00\x00\xff\x00\x01\x0210\x0277\x03168\x0319\
        2\x07in-addr\xc0P\x00\xff\x00\x01\xc0Z\x00\r\x00\x01\x00\x00\x00x\x00\r\x06X86_64\x05LINUX\xc0Z\x00\x01\
        \x00\x01\x00\x00\x00x\x00\x04\xc0\xa8M\n\xc0i\x00\x0c\x00\x01\x00\x00\x00x\x00\x02\xc0Z\xc0Z\x00\x1c\x00\
        \x01\x00\x00\x00x\x00\x10\xfe\x80\x00\x00\x00\x00\x00\x00tM\xd4\xff\xfe\xc3T\x8b\xc0\x0c\x00\x0c\x00\x01\
        \x00\x00\x00x\x00\x02\xc0Z";

/// A Chromecast Ultra announces itself.
const CHROMECAST: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x04\x00\x00\x00\x00\x0b_googlecast\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\
        \x00\x00x\x00D+Chromecast-b380c5847b3182e4fb2eb0d0e270bf16\x0b_googlecast\x04_tcp\x05local\x00+Chrome\
        cast-b380c5847b3182e4fb2eb0d0e270bf16\x0b_googlecast\x04_tcp\x05local\x00\x00\x10\x80\x01\x00\x00\x11\
        \x94\x00\x95#id=b380c5847b3182e4fb2eb0d0e270bf16\x07cd=0B5C\x03rm=\x05ve=05\x13md=Chromecast\x20Ultra\
        \x12ic=/setup/icon.png\x0ffn=T\xc3\xa9l\xc3\xa9\x20salon\x09ca=201221\x04st=0\x0fbs=FA8FCA7B1A2C\x04n\
        f=1\x03rs=+Chromecast-b380c5847b3182e4fb2eb0d0e270bf16\x0b_googlecast\x04_tcp\x05local\x00\x00!\x80\x01\
        \x00\x00\x00x\x002\x00\x00\x00\x00\x1fI$b380c584-7b31-82e4-fb2e-b0d0e270bf16\x05local\x00$b380c584-7b\
        31-82e4-fb2e-b0d0e270bf16\x05local\x00\x00\x01\x80\x01\x00\x00\x00x\x00\x04\xc0\xa8\x01\x1f";

/// An HP multifunction printer.
const HP: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x04\x00\x00\x00\x00\x04_ipp\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\x00\
        \x11\x94\x00.\x1cHP\x20LaserJet\x20MFP\x20M28w\x20(B2.1F)\x04_ipp\x04_tcp\x05local\x00\n_universal\x04\
        _sub\x04_ipp\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\x00\x11\x94\x00.\x1cHP\x20LaserJet\x20MFP\x20M2\
        8w\x20(B2.1F)\x04_ipp\x04_tcp\x05local\x00\x1cHP\x20LaserJet\x20MFP\x20M28w\x20(B2.1F)\x04_ipp\x04_tc\
        p\x05local\x00\x00\x10\x80\x01\x00\x00\x11\x94\x01\x00\x09txtvers=1\x1fadminurl=http://NPI2B21F.local\
        .\x0crp=ipp/print\x17ty=HP\x20LaserJet\x20MFP\x20M28w!product=(HP\x20LaserJet\x20MFP\x20M28-M31)\x05n\
        ote=)UUID=434e4b4b-5333-3333-3333-f80dac2b21ff\x17usb_MFG=Hewlett-Packard\x1fusb_MDL=HP\x20LaserJet\x20\
        MFP\x20M28-M31&pdl=image/urf,application/octet-stream\x1cHP\x20LaserJet\x20MFP\x20M28w\x20(B2.1F)\x04\
        _ipp\x04_tcp\x05local\x00\x00!\x80\x01\x00\x00\x00x\x00\x16\x00\x00\x00\x00\x02w\x08NPI2B21F\x05local\
        \x00";

/// A Mac and an Apple TV.
const BONJOUR: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x03\x00\x00\x00\x00\x10Mac\x20mini\x20de\x20L\xc3\xa9a\x0c_device-info\x04\
        _tcp\x05local\x00\x00\x10\x80\x01\x00\x00\x11\x94\x00/\x10model=Macmini9,1\nosxvers=24\x12ecolor=225,\
        225,223\x12F81A67AABBCC@Salon\x05_raop\x04_tcp\x05local\x00\x00\x10\x80\x01\x00\x00\x11\x94\x00!\ram=\
        AppleTV6,2\x08md=0,1,2\x09vs=550.10\x05Salon\x08_airplay\x04_tcp\x05local\x00\x00\x10\x80\x01\x00\x00\
        \x11\x94\x00c\x1adeviceid=F8:1A:67:AA:BB:CC\x10model=AppleTV6,2\x0esrcvers=550.10'pi=b08f5a79-db29-43\
        84-b456-a4784d9e6055";

/// A Chromecast and a host say goodbye.
const GOODBYE: &[u8] =
    b"\x00\x00\x84\x00\x00\x00\x00\x02\x00\x00\x00\x00\x0b_googlecast\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\
        \x00\x00\x00\x00D+Chromecast-b380c5847b3182e4fb2eb0d0e270bf16\x0b_googlecast\x04_tcp\x05local\x00\x03\
        nas\x05local\x00\x00\x01\x80\x01\x00\x00\x00\x00\x00\x04\xc0\xa8\x01\x14";

const ALL: [&[u8]; 7] = [AVAHI, AVAHI_REVERSE, AVAHI_PROBE, CHROMECAST, HP, BONJOUR, GOODBYE];

fn facts(message: &[u8]) -> Vec<MdnsFact> {
    let mut found = Vec::new();
    assert_eq!(digest(message, |fact| found.push(fact)), Ok(found.len()));
    found
}

fn text<const N: usize>(words: &str) -> Text<N> {
    words.try_into().unwrap()
}

fn txt(service: &str, instance: &str, key: TxtKey, value: &str) -> MdnsFact {
    MdnsFact::Txt { service: text(service), instance: text(instance), key, value: text(value) }
}

#[test]
fn reads_avahi() {
    let instance: InstanceText = text("nas [76:4d:d4:c3:54:8b]");
    let service: ServiceText = text("_workstation._tcp");
    assert_eq!(
        facts(AVAHI),
        [
            txt("_workstation._tcp", &instance, TxtKey::Mac, "76:4d:d4:c3:54:8b"),
            MdnsFact::ServiceInstance { service: service.clone(), instance: instance.clone(), host: None, port: 0 },
            MdnsFact::ServiceInstance { service: service.clone(), instance, host: Some(text("nas.local")), port: 9 },
            MdnsFact::HostAddress { host: text("nas.local"), ip: "fe80::744d:d4ff:fec3:548b".parse().unwrap() },
            MdnsFact::HostAddress { host: text("nas.local"), ip: "192.168.77.10".parse().unwrap() },
            MdnsFact::ServiceType { service },
        ]
    );
}

#[test]
fn reads_a_reverse_name() {
    let expected = MdnsFact::ReverseName { ip: "192.168.77.10".parse().unwrap(), host: text("nas.local") };
    assert_eq!(facts(AVAHI_REVERSE)[0], expected);
}

#[test]
fn believes_no_query() {
    assert_eq!(facts(AVAHI_PROBE), []);
    let mut asked = CHROMECAST.to_vec();
    asked[2] = 0; // the same records as known answers of a query
    assert_eq!(facts(&asked), []);
    let mut failed = CHROMECAST.to_vec();
    failed[3] = 3;
    assert_eq!(facts(&failed), []);
}

#[test]
fn reads_a_chromecast() {
    let found = facts(CHROMECAST);
    let instance = "Chromecast-b380c5847b3182e4fb2eb0d0e270bf16";
    for (key, value) in [
        (TxtKey::StableId, "b380c5847b3182e4fb2eb0d0e270bf16"),
        (TxtKey::Model, "Chromecast Ultra"),
        (TxtKey::FriendlyName, "Télé salon"),
    ] {
        assert!(found.contains(&txt("_googlecast._tcp", instance, key, value)), "{key:?}");
    }
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(matches!(&found[4], MdnsFact::ServiceInstance { port: 8009, host: Some(_), .. }));
}

#[test]
fn reads_a_printer_whose_name_has_dots_and_brackets() {
    let found = facts(HP);
    let instance = "HP LaserJet MFP M28w (B2.1F)";
    for (key, value) in [
        (TxtKey::AdminUrl, "http://NPI2B21F.local."),
        (TxtKey::Model, "HP LaserJet MFP M28w"),
        (TxtKey::Model, "HP LaserJet MFP M28-M31"),
        (TxtKey::StableId, "434e4b4b-5333-3333-3333-f80dac2b21ff"),
        (TxtKey::Maker, "Hewlett-Packard"),
    ] {
        assert!(found.contains(&txt("_ipp._tcp", instance, key, value)), "{value}");
    }
    let announced = |fact: &&MdnsFact| matches!(fact, MdnsFact::ServiceInstance { host: None, .. });
    assert_eq!(found.iter().filter(announced).count(), 2, "by its type and by a subtype");
}

#[test]
fn reads_apple_models() {
    let found = facts(BONJOUR);
    assert_eq!(found[0], MdnsFact::DeviceInfo { name: text("Mac mini de Léa"), model: text("Macmini9,1") });
    assert!(found.contains(&txt("_raop._tcp", "F81A67AABBCC@Salon", TxtKey::Model, "AppleTV6,2")));
    assert!(found.contains(&txt("_raop._tcp", "F81A67AABBCC@Salon", TxtKey::Mac, "f8:1a:67:aa:bb:cc")));
    assert!(found.contains(&txt("_airplay._tcp", "Salon", TxtKey::StableId, "F8:1A:67:AA:BB:CC")));
    assert!(found.contains(&txt("_airplay._tcp", "Salon", TxtKey::Version, "550.10")));
}

#[test]
fn reads_goodbyes() {
    let found = facts(GOODBYE);
    assert!(matches!(&found[0], MdnsFact::GoodbyeService { service, .. } if service == "_googlecast._tcp"));
    assert_eq!(found[1], MdnsFact::GoodbyeHost { host: text("nas.local"), ip: "192.168.1.20".parse().unwrap() });
}

#[test]
fn never_panics_and_only_clean_text_comes_out() {
    torture(&ALL, |bytes| {
        let mut seen = 0;
        let read = digest(bytes, |fact| {
            seen += 1;
            if let MdnsFact::Txt { value, .. } = fact {
                assert!(!value.is_empty() && !value.chars().any(char::is_control));
            }
        });
        assert!(read.is_err() || read == Ok(seen));
    });
}
