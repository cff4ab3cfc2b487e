//! Holds tests of the engine: who is never asked, and who may speak of the appliance's own addresses.
//! Never opens a socket: its leg has none, so what would need a connection waits as an errand. Run by `cargo test`.

use std::net::Ipv4Addr;

use super::super::settings;
use super::super::testing::add_leg;
use super::*;
use crate::config::NetworkSettings;

const LAN: SegmentId = SegmentId(0);
const THEM: Mac = Mac([0, 0x11, 0x32, 0, 0, 9]);
const OWN: &str = "10.0.0.2";

fn engine(exclude: &[&str]) -> Engine {
    let exclude = exclude.iter().map(|text| (*text).to_owned()).collect();
    let chosen = NetworkSettings { exclude, ..NetworkSettings::default() };
    let (rules, _) = super::super::load_rules(None);
    let mut engine = Engine::new(1, [7; 16], rules, settings::lan(&chosen));
    engine.heard = settings::heard(&chosen);
    add_leg(&mut engine, LAN, "eth0", (OWN.parse().unwrap(), 24));
    engine
}

fn claim(mac: Mac, ip: &str, source: Source) -> Sighting<'static> {
    Sighting { segment: LAN, source, mac: Some(mac), ip: Some(ip.parse().unwrap()), fact: Fact::Claims }
}

fn ports(engine: &mut Engine) -> Vec<u16> {
    let errands = std::iter::from_fn(|| engine.next_errand());
    let port = |errand| match errand {
        Errand::Probe(Probe { query: Query::Tcp { port, .. } | Query::Greeting { port, .. }, .. }) => Some(port),
        Errand::Describe(_, location) => Some(location.port),
        Errand::Probe(_) => None,
    };
    errands.filter_map(port).collect()
}

#[test]
fn what_is_excluded_is_asked_by_none_of_its_addresses_and_none_of_its_words_is_followed() {
    let (v4, v6) = ("10.0.0.9", "fe80::211:32ff:fe00:9");
    let asked = |exclude: &[&str]| {
        let mut engine = engine(exclude);
        let now = Instant::now();
        engine.see(now, &claim(THEM, v4, Source::Arp));
        engine.see(now, &claim(THEM, v6, Source::Nd));
        for (port, ip) in [(1, v4), (2, v6)] {
            let ip = ip.parse().unwrap();
            engine.probe(Probe { segment: LAN, query: Query::Tcp { ip, mac: Some(THEM), port } });
            engine.probe(Probe { segment: LAN, query: Query::Greeting { ip, port: port + 2 } });
        }
        let location = vigie_wire::names::location::Location::parse(b"http://10.0.0.9:5/description.xml").unwrap();
        engine.follow(LAN, Lead::Describe(Box::new(location)));
        engine.follow(LAN, Lead::Knock(v4.parse().unwrap(), Some(THEM), 6));
        let mut ports = ports(&mut engine);
        ports.sort_unstable();
        ports
    };
    assert_eq!(asked(&[]), [1, 2, 3, 4, 5, 6]);
    assert_eq!(asked(&["10.0.0.8"]), [1, 2, 3, 4, 5, 6]);
    for exclude in ["10.0.0.9", "10.0.0.8/29"] {
        assert_eq!(asked(&[exclude]), Vec::<u16>::new(), "{exclude}");
    }
}

#[test]
fn a_machine_that_takes_the_appliances_address_is_a_conflict_and_our_own_echo_is_none() {
    let mut now = Instant::now();
    let mut engine = engine(&[]);
    let own: Ipv4Addr = OWN.parse().unwrap();
    let mine = engine.leg(LAN).unwrap().footing.ground.mac;
    let hear = |engine: &mut Engine, now: &mut Instant, sighting: &Sighting<'_>| {
        for _ in 0..20 {
            engine.see(*now, sighting);
            engine.tick(*now);
            *now += embassy_time::Duration::from_millis(600);
        }
    };
    hear(&mut engine, &mut now, &claim(mine, OWN, Source::Arp));
    let word = Sighting { fact: Fact::Alive, mac: None, ..claim(THEM, OWN, Source::Mdns) };
    hear(&mut engine, &mut now, &word);
    assert!(engine.lan.conflicts().is_empty() && engine.lan.devices().count() == 1);
    hear(&mut engine, &mut now, &claim(THEM, OWN, Source::Arp));
    let [conflict] = engine.lan.conflicts() else { panic!("{:?}", engine.lan.conflicts()) };
    assert_eq!(conflict.ips, [IpAddr::V4(own); 2]);
    assert!(conflict.macs.contains(&THEM) && conflict.macs.contains(&mine));
}
