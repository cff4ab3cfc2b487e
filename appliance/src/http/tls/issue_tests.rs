//! Holds the tests of the device's own authority: what it issues, for whom, for how long, and what it refuses.
//! It never reads a clock. `cargo test` runs it.

use super::*;

/// 2026-11-21 12:00:00 in UTC.
const NOW_S: i64 = 1_795_262_400;

fn at(unix_s: i64) -> Option<Duration> {
    Some(Duration::from_secs(unix_s as u64))
}

fn own() -> OwnNames {
    let addresses = ["192.168.1.5", "fd00::5", "fe80::1", "203.0.113.7"].map(|text| text.parse().unwrap());
    OwnNames { addresses: addresses.into(), host_name: "vigie-1a2b".into(), more: Vec::new() }
}

fn names(texts: &[&str]) -> Vec<ServerName<'static>> {
    texts.iter().map(|text| ServerName::try_from((*text).to_owned()).unwrap()).collect()
}

fn wanted() -> Vec<ServerName<'static>> {
    super::super::names::wanted(&own())
}

#[test]
fn a_certificate_is_for_every_own_name_and_for_no_other() {
    let issued = Authority::draw(&own()).unwrap().issue(&wanted(), at(NOW_S)).unwrap();
    assert!(issued.refused.is_empty(), "{:?}", issued.refused);
    for name in ["localhost", "vigie-1a2b", "vigie-1a2b.local", "vigie-1a2b.lan", "vigie-1a2b.home.arpa"] {
        assert!(issued.served.facts.names.contains(&name.to_owned()), "{name}: {:?}", issued.served.facts.names);
    }
    for name in names(&["127.0.0.1", "::1", "192.168.1.5", "fd00::5", "fe80::1"]) {
        assert!(issued.served.covers(&name), "{name:?}");
    }
    for name in names(&["192.168.1.6", "203.0.113.7", "vigie.local", "evil.example"]) {
        assert!(!issued.served.covers(&name), "{name:?}");
    }
}

#[test]
fn an_authority_vouches_for_no_public_name_even_when_told_to() {
    let authority = Authority::draw(&own()).unwrap();
    let asked = names(&["localhost", "bank.example", "8.8.8.8", "local.example", "other-box.local", "10.1.2.3"]);
    let issued = authority.issue(&asked, at(NOW_S)).unwrap();
    assert_eq!(issued.refused, ["bank.example", "8.8.8.8", "local.example"]);
    assert_eq!(issued.served.facts.names, ["localhost", "other-box.local"]);
}

#[test]
fn names_a_person_adds_are_permitted_to_an_authority_drawn_after_that() {
    let more = vec!["box.example.org".to_owned(), "203.0.113.9".to_owned()];
    let own = OwnNames { more, ..own() };
    let issued = Authority::draw(&own).unwrap().issue(&names(&["box.example.org", "203.0.113.9"]), None).unwrap();
    assert!(issued.refused.is_empty());
    let issued = Authority::draw(&own).unwrap().issue(&names(&["203.0.113.10", "example.org"]), None).unwrap();
    assert_eq!(issued.refused, ["203.0.113.10", "example.org"]);
}

#[test]
fn a_certificate_lives_397_days_of_which_30_lie_back() {
    let facts = Authority::draw(&own()).unwrap().issue(&wanted(), at(NOW_S)).unwrap().served.facts;
    assert_eq!(facts.until - facts.from, 397 * 86_400 - 1);
    assert_eq!(facts.from, 1_795_219_200 - 30 * 86_400, "midnight, thirty days back");
}

#[test]
fn without_a_clock_it_is_good_for_whatever_clients_call_today_until_the_clock_is_set() {
    let authority = Authority::draw(&own()).unwrap();
    let issued = authority.issue(&wanted(), None).unwrap().served;
    assert!(issued.facts.from <= NOW_S && issued.facts.until > NOW_S + 20 * 365 * 86_400);
    assert_eq!(judge(&issued, &wanted(), &[], None), None);
    assert_eq!(judge(&issued, &wanted(), &[], at(NOW_S)), Some(Reason::Dates));
    let better = authority.issue(&wanted(), at(NOW_S)).unwrap().served;
    assert_eq!(judge(&better, &wanted(), &[], at(NOW_S)), None);
    assert_eq!(judge(&better, &wanted(), &[], None), None, "a clock that is lost later changes nothing");
}

#[test]
fn it_is_replaced_sixty_days_before_its_end_and_when_the_clock_was_wrong() {
    let authority = Authority::draw(&own()).unwrap();
    let served = authority.issue(&wanted(), at(NOW_S)).unwrap().served;
    let last = served.facts.until - 60 * 86_400;
    assert_eq!(judge(&served, &wanted(), &[], at(last)), None);
    assert_eq!(judge(&served, &wanted(), &[], at(last + 1)), Some(Reason::Dates));
    assert_eq!(judge(&served, &wanted(), &[], at(served.facts.from)), None);
    for wrong in [served.facts.from - 1, NOW_S + 3_000 * 86_400] {
        assert_eq!(judge(&served, &wanted(), &[], at(wrong)), Some(Reason::Dates), "the clock was wrong at first");
        let anew = authority.issue(&wanted(), at(wrong)).unwrap().served;
        assert_eq!(judge(&anew, &wanted(), &[], at(wrong)), None, "and one is enough");
    }
    // A clock that shows 2060 is not believed.
    let late = authority.issue(&wanted(), at(2_840_000_000)).unwrap().served;
    assert_eq!(judge(&late, &wanted(), &[], at(2_840_000_000)), None);
    assert_eq!(judge(&late, &wanted(), &[], at(NOW_S)), Some(Reason::Dates));
    // Just after the beginning of all dates, where there is no room to reach back.
    let early = authority.issue(&wanted(), at(EPOCH_S + 60)).unwrap().served;
    assert_eq!(judge(&early, &wanted(), &[], at(EPOCH_S + 60)), None);
}

#[test]
fn a_new_name_asks_for_a_new_certificate_and_one_less_does_not() {
    let served = Authority::draw(&own()).unwrap().issue(&wanted(), at(NOW_S)).unwrap().served;
    let more = OwnNames { addresses: vec!["192.168.7.7".parse().unwrap()], ..own() };
    let more = super::super::names::wanted(&more);
    assert_eq!(judge(&served, &more, &[], at(NOW_S)), Some(Reason::Names));
    assert_eq!(judge(&served, &more, &["192.168.7.7".to_owned()], at(NOW_S)), None, "what is refused is not asked for");
    assert_eq!(judge(&served, &names(&["localhost"]), &[], at(NOW_S)), None);
}

#[test]
fn what_was_stored_is_read_back_and_a_mixture_is_not() {
    let (one, other) = (Authority::draw(&own()).unwrap(), Authority::draw(&own()).unwrap());
    let issued = one.issue(&wanted(), at(NOW_S)).unwrap();
    let again = Authority::read(one.text().as_bytes()).unwrap();
    assert_eq!(again.certificate(), one.certificate());
    assert_eq!(again.restore(issued.text.as_bytes()).unwrap().facts, issued.served.facts);
    assert_eq!(other.restore(issued.text.as_bytes()).unwrap_err(), "it was issued by another authority");
    let (one_text, other_text) = (one.text(), other.text());
    let (key, _) = one_text.split_once("-----BEGIN CERT").unwrap();
    let (_, certificate) = other_text.split_once("-----BEGIN CERT").unwrap();
    let mixed = format!("{key}-----BEGIN CERT{certificate}");
    assert_eq!(Authority::read(mixed.as_bytes()).err(), Some("its key does not belong to its certificate"));
    for broken in ["", "nonsense", key, &one_text[..one_text.len() - 30], issued.text.as_str()] {
        assert!(Authority::read(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn no_two_certificates_have_one_number_or_key() {
    let authority = Authority::draw(&own()).unwrap();
    let issued: Vec<_> = (0..8).map(|_| authority.issue(&wanted(), at(NOW_S)).unwrap().served).collect();
    let mut numbers: Vec<Vec<u8>> = Vec::new();
    for one in &issued {
        // The number follows the version in the signed part.
        let der = one.key.cert[0].as_ref();
        let at = der.windows(5).position(|five| five == [0xa0, 3, 2, 1, 2]).unwrap();
        assert_eq!(der[at + 5..at + 7], [2, 16]);
        numbers.push(der[at + 7..at + 23].to_vec());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 8);
    assert_ne!(issued[0].facts.sha256, issued[1].facts.sha256);
}
