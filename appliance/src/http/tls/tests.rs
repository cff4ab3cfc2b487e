//! Holds the tests of the keeper of TLS: first start, restart, damage, a full card, another address, a clock that is set.
//! It never listens on a port. `cargo test` runs it.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::accounts::clock::HandClock;

/// 2026-11-21 12:00:00 in UTC.
const NOW: Duration = Duration::from_secs(1_795_262_400);

struct Home {
    folder: TempDir,
    clock: Arc<HandClock>,
}

impl Home {
    fn new() -> Self {
        let clock = Arc::new(HandClock::default());
        clock.set_wall(Some(NOW));
        Self { folder: tempfile::tempdir().unwrap(), clock }
    }

    fn open(&self) -> (Tls, Vec<String>) {
        Tls::open(&self.vault(), &own(), self.clock.clone()).unwrap()
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("tls")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.vault())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn own() -> OwnNames {
    OwnNames { addresses: vec!["192.168.1.5".parse().unwrap()], host_name: "vigie".into(), more: Vec::new() }
}

fn with_address(address: &str) -> OwnNames {
    OwnNames { addresses: vec![address.parse().unwrap()], ..own() }
}

fn prints(tls: &Tls) -> ([u8; 32], String) {
    (tls.shown().current().facts.sha256, tls.shown().authority_sha256())
}

#[test]
fn the_first_start_makes_everything_and_the_next_makes_nothing() {
    let home = Home::new();
    let (first, complaints) = home.open();
    assert_eq!((complaints, home.names()), (Vec::new(), vec![AUTHORITY.to_owned(), ISSUED.to_owned()]));
    let (again, complaints) = home.open();
    assert_eq!((prints(&again), complaints), (prints(&first), Vec::new()));
    assert!(again.shown().stored && again.look_after(&own()).unwrap().is_none());
}

#[test]
fn a_damaged_file_is_named_kept_and_replaced() {
    let home = Home::new();
    let before = prints(&home.open().0);
    fs::write(home.vault().join(ISSUED), b"-----BEGIN CERT").unwrap();
    let (tls, complaints) = home.open();
    assert!(complaints.len() == 1 && complaints[0].contains("certificate.pem") && complaints[0].contains("damaged-1"));
    assert_eq!(prints(&tls).1, before.1, "people need not install the authority again");
    assert_ne!(prints(&tls).0, before.0);

    fs::write(home.vault().join(AUTHORITY), b"garbage").unwrap();
    let (tls, complaints) = home.open();
    // The certificate of the authority that is gone holds no longer, either.
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].contains("authority.pem") && complaints[1].contains("another authority"), "{complaints:?}");
    assert_ne!(prints(&tls).1, before.1);
    assert_eq!(fs::read(home.vault().join("authority.pem.damaged-1")).unwrap(), b"garbage");
    assert_eq!(home.open().1, Vec::<String>::new());

    fs::write(home.vault().join(UPLOADED), b"garbage").unwrap();
    let (tls, complaints) = home.open();
    assert!(tls.shown().uploaded.is_none() && complaints[0].contains("uploaded.pem"), "{complaints:?}");
}

#[test]
fn a_card_that_takes_nothing_is_said_and_tls_works_in_memory() {
    let home = Home::new();
    // A file where the folder should be: nothing can be stored, for root neither.
    fs::write(home.vault(), b"in the way").unwrap();
    let (tls, complaints) = home.open();
    assert!(!tls.shown().stored);
    assert!(complaints.iter().any(|line| line.contains("not stored")), "{complaints:?}");
    let Renewal { reason, complaints } = tls.look_after(&with_address("10.0.0.1")).unwrap().unwrap();
    assert!(reason == Reason::Names && complaints[0].contains("not stored"), "{complaints:?}");
    assert!(tls.replace(None).is_err(), "what a person changes is refused instead");
    assert_eq!(fs::read(home.vault()).unwrap(), b"in the way");
    // Nothing is tried again where something of unknown worth lies.
    assert!(!tls.is_due(&with_address("10.0.0.1")));
}

#[test]
fn what_a_card_did_not_take_at_first_is_stored_when_it_does() {
    let home = Home::new();
    let blocks = [AUTHORITY, ISSUED].map(|name| home.vault().join(name).with_extension("new"));
    for block in &blocks {
        fs::create_dir_all(block.join("x")).unwrap();
    }
    let (tls, complaints) = home.open();
    assert_eq!((complaints.len(), tls.shown().stored), (2, false));
    assert!(tls.look_after(&with_address("10.0.0.1")).unwrap().is_some());
    let before = prints(&tls);
    assert!(tls.is_due(&with_address("10.0.0.1")) && tls.look_after(&with_address("10.0.0.1")).unwrap().is_none());
    for block in &blocks {
        fs::remove_dir_all(block).unwrap();
    }
    let stored = tls.look_after(&with_address("10.0.0.1")).unwrap();
    assert_eq!(stored, Some(Renewal { reason: Reason::Stored, complaints: Vec::new() }));
    assert!(tls.shown().stored && !tls.is_due(&with_address("10.0.0.1")) && prints(&tls) == before);
    let again = Tls::open(&home.vault(), &with_address("10.0.0.1"), home.clock.clone()).unwrap().0;
    assert_eq!(prints(&again), before, "nobody has to install the authority again");
}

#[test]
fn a_name_the_authority_may_not_vouch_for_is_said_at_each_start_and_writes_nothing() {
    let home = Home::new();
    let before = prints(&home.open().0);
    let own = OwnNames { more: vec!["box.example.org".into()], ..own() };
    for _ in 0..2 {
        let (tls, complaints) = Tls::open(&home.vault(), &own, home.clock.clone()).unwrap();
        assert!(complaints.len() == 1 && complaints[0].contains("box.example.org"), "{complaints:?}");
        assert_eq!((prints(&tls), tls.is_due(&own)), (before.clone(), false));
    }
}

#[test]
fn another_address_brings_another_certificate_and_a_lost_one_does_not() {
    let home = Home::new();
    let (tls, _) = home.open();
    let before = prints(&tls);
    assert!(!tls.is_due(&OwnNames { addresses: Vec::new(), ..own() }), "a pulled cable");
    assert!(tls.is_due(&with_address("192.168.1.6")));
    assert_eq!(
        tls.look_after(&with_address("192.168.1.6")).unwrap(),
        Some(Renewal { reason: Reason::Names, complaints: Vec::new() })
    );
    assert!(tls.shown().own.covers(&ServerName::try_from("192.168.1.6").unwrap()));
    assert_ne!(prints(&tls).0, before.0);
    assert_eq!(prints(&tls).1, before.1);
    let (again, _) = Tls::open(&home.vault(), &with_address("192.168.1.6"), home.clock.clone()).unwrap();
    assert_eq!(prints(&again), prints(&tls), "and it was stored");
    assert!(!tls.is_due(&with_address("203.0.113.1")), "a public address is none of its business");
}

#[test]
fn a_clock_that_is_set_after_the_start_brings_a_certificate_with_dates_clients_accept() {
    let home = Home::new();
    home.clock.set_wall(None);
    let (tls, _) = home.open();
    assert!(!tls.is_due(&own()));
    home.clock.set_wall(Some(NOW));
    assert_eq!(tls.look_after(&own()).unwrap().map(|renewal| renewal.reason), Some(Reason::Dates));
    let facts = tls.shown().own.facts.clone();
    assert!(facts.until - facts.from < 398 * 86_400 && facts.from < NOW.as_secs() as i64);
    // A year in the drawer, and a battery that is empty.
    home.clock.set_wall(None);
    assert!(!tls.is_due(&own()));
    home.clock.set_wall(Some(NOW + Duration::from_secs(400 * 86_400)));
    assert!(tls.is_due(&own()));
}

#[test]
fn somebody_who_announces_addresses_all_day_does_not_wear_out_the_card() {
    let home = Home::new();
    let (tls, _) = home.open();
    let mut made = 0;
    for minute in 0..24 * 60_u32 {
        home.clock.advance(Duration::from_secs(60));
        let own = with_address(&format!("fd00::{:x}", minute + 1));
        made += u32::from(tls.look_after(&own).unwrap().is_some());
    }
    assert!((90..=BURST + 96).contains(&made), "{made}: six at once, then four an hour");
    home.clock.advance(ONE_IN);
    assert!(tls.look_after(&own()).unwrap().is_some(), "and the true address is not forgotten");
}

#[test]
fn a_person_s_certificate_goes_before_and_comes_back_after_a_restart() {
    let home = Home::new();
    let (tls, _) = home.open();
    let device = prints(&tls);
    let authority = Authority::draw(&own()).unwrap();
    let issued = authority.issue(&names::wanted(&own()), Some(NOW)).unwrap();
    tls.replace(Some((issued.served.clone(), issued.text.as_bytes()))).unwrap();
    assert_eq!(prints(&tls), (issued.served.facts.sha256, device.1.clone()));
    let (again, complaints) = home.open();
    assert_eq!((prints(&again).0, complaints), (issued.served.facts.sha256, Vec::new()));
    // The device's own is kept good meanwhile.
    assert!(again.look_after(&with_address("192.168.1.77")).unwrap().is_some());
    assert_eq!(prints(&again).0, issued.served.facts.sha256);
    again.replace(None).unwrap();
    assert!(again.shown().current().covers(&ServerName::try_from("192.168.1.77").unwrap()));
    assert!(home.open().0.shown().uploaded.is_none());
}
