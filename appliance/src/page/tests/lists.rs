//! Holds the tests of views over devices that were never on a network: lists of every length, what needs a look.
//! It never has a server. `cargo test` runs it.

use std::net::{IpAddr, Ipv4Addr};

use vigie_core::lan::{Actions, Fact, Input, Lan, LanSettings, Leg, NoRules, SegmentId, Sighting, Source};
use vigie_core::{Instant, Mac, Moment};

use crate::http::language::Language;
use crate::page::attention;
use crate::page::devices::{self, PAGE_ROWS};
use crate::page::filter::Filter;
use crate::page::gate::Desk;
use crate::page::row::Row;
use crate::page::scan::Looking;
use crate::shell::clocks::Clocks;
use crate::shell::network::LegView;

use super::bench::strip_markup;

/// So many devices as rows, some with hostile names.
fn rows(count: u32) -> Vec<Row> {
    let mut lan = Lan::new(1, 7, LanSettings::default(), NoRules);
    let mut out = Actions::new();
    let start = Instant::from_secs(100);
    let segment = SegmentId(0);
    let own = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 16)];
    let leg = Leg { segment, mac: None, addresses: &own, gateway: None, sees_macs: true };
    lan.on(start, Input::SegmentUp(leg), &mut out);
    for number in 0..count {
        let [.., high, low] = number.to_be_bytes();
        let (mac, ip) = (Some(Mac([0, 0x1b, 0x21, 0, high, low])), Some(IpAddr::V4(Ipv4Addr::new(10, 0, high, low))));
        let name = if number % 3 == 0 { "<script>alert(1)</script>".to_owned() } else { format!("host{number}") };
        for (source, fact) in [
            (Source::Arp, Fact::Claims),
            (Source::Icmp, Fact::Answered(vigie_core::Duration::from_millis(1))),
            (Source::Mdns, Fact::Name(&name)),
        ] {
            lan.on(start, Input::Sighting(&Sighting { segment, source, mac, ip, fact }), &mut out);
            out.clear();
        }
    }
    let clocks = Clocks::open(&[], None);
    lan.devices().map(|device| Row::of(device, start, Moment::new(1, start), &clocks)).collect()
}

#[test]
fn lists_of_every_length_are_drawn_in_both_languages_and_bounded() {
    for count in [0, 12, 1_000] {
        let rows = rows(count);
        assert_eq!(rows.len(), count as usize, "the table holds them");
        for (language, empty) in [(Language::En, "No device found yet"), (Language::Fr, "Aucun appareil trouvé")] {
            let desk =
                Desk { username: "ada".into(), language, may_work: true, may_rule: true, path: "/devices".into() };
            let filter = Filter::read(|_| None);
            let page = devices::list(rows.clone(), filter, &Looking::default(), &maud::html! {}, &desk).into_string();
            assert_eq!(page.matches("<tr id=\"d-").count(), rows.len().min(PAGE_ROWS));
            assert_eq!(page.contains(empty), count == 0);
            assert_eq!(page.contains("rel=\"next\""), count > 100);
            assert!(!page.contains("<script>") && page.contains("&lt;script&gt;") == (count > 0));
            assert!(page.len() < 200 * 1024, "{count} devices are {} bytes", page.len());
        }
    }
}

/// What the overview says of some devices, each as a sentence without markup.
fn attention(rows: &[Row], health: vigie_store::Health, language: Language) -> Vec<(attention::Tone, String)> {
    let leg = LegView {
        segment: SegmentId(0),
        interface: "eth0".into(),
        kind: vigie_sys::interface::Kind::Wired,
        mac: Some(Mac([2, 0, 0, 0, 0, 1])),
        addresses: Vec::new(),
        gateway: None,
        raw: true,
        icmp: true,
        scope: Vec::new(),
        degraded: false,
    };
    let facts = attention::Facts {
        rows,
        legs: &[leg],
        conflicts: &[],
        proposals: &[],
        rogues: &[],
        health,
        lost: false,
        missing: None,
        clock: true,
        turned_away: 0,
        paused: false,
        kiosk: &crate::page::kiosk::news::News::default(),
    };
    let items = attention::find(&facts, language, true);
    items.iter().map(|item| (item.tone, strip_markup(&item.sentence.0))).collect()
}

#[test]
fn attention_goes_from_bad_to_worth_knowing_and_ends_when_a_person_has_answered() {
    use attention::Tone;
    use vigie_core::lan::{Presence, Trust};
    let good = vigie_store::Health::Good;
    let mut rows = rows(6);
    let few = attention(&rows[..2], good, Language::En);
    assert_eq!(few.len(), 2, "a few strangers are named: {few:?}");
    assert!(few[0].1.ends_with("a device of unknown kind, joined the network just now."), "{few:?}");
    let many = attention(&rows, good, Language::Fr);
    assert_eq!(many.len(), 1, "many are one sentence: {many:?}");
    assert!(many[0].1.starts_with("6 appareils sont nouveaux"), "{many:?}");
    for row in &mut rows {
        (row.trust, row.new) = (Trust::Trusted, false);
    }
    assert_eq!(attention(&rows, good, Language::En), [], "who is known is not mentioned");
    (rows[1].watch, rows[1].online, rows[1].presence) = (true, false, Presence::Offline);
    rows[2].trust = Trust::Blocked;
    (rows[3].watch, rows[3].flapping) = (true, true);
    let told = attention(&rows, good, Language::En);
    let tones: Vec<Tone> = told.iter().map(|(tone, _)| *tone).collect();
    assert_eq!(tones, [Tone::Bad, Tone::Bad, Tone::Warn], "{told:?}");
    assert!(told.iter().any(|(_, text)| text.ends_with("went away just now.")), "{told:?}");
    assert!(told.iter().any(|(_, text)| text.contains("which you do not want here")), "{told:?}");
}
