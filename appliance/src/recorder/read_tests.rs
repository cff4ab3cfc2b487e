//! Holds the tests of reading: lines the running program said, through pages and back, copied and damaged rings.
//! It never starts the writer: the ear of the process is one, and the tests share it under a lock.

use std::sync::{Mutex, PoisonError};

use vigie_core::lan::{Change, ChangeKind, DeviceId, SegmentId};
use vigie_core::{Moment, Text};
use vigie_sys::recorder as ear;

use super::super::ring::{Ring, make};
use super::super::say::{self, Before};
use super::*;

static EAR: Mutex<()> = Mutex::new(());

fn change(kind: ChangeKind, device: Option<DeviceId>) -> Change {
    let none = Text::cut("");
    Change {
        at: Moment { boot: 1, ms: 1 },
        kind,
        device,
        segment: Some(SegmentId(2)),
        old: none,
        new: Text::cut("192.0.2.9"),
        evidence: Text::cut("x"),
    }
}

/// A folder whose ring holds what the closure says.
fn ring(began_us: i64, table: TableId, speak: impl FnOnce()) -> tempfile::TempDir {
    let _mine = EAR.lock().unwrap_or_else(PoisonError::into_inner);
    ear::keep(true);
    let _before = ear::take();
    speak();
    let mut lines = ear::take().lines;
    ear::keep(false);
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = make(&folder.path().join(FILE)).unwrap();
    let head = Head {
        boot: 7,
        run: 3,
        began_us,
        table,
        origin: ear::origin(),
        version: *b"9.8.7\0\0\0\0\0\0\0",
        ..Head::default()
    };
    Ring::open(file, head).unwrap().write(&mut lines).unwrap();
    folder
}

fn texts(record: &Record) -> Vec<String> {
    record.lines.iter().map(|line| line.text.clone().unwrap_or_else(|| line.why.clone().unwrap())).collect()
}

fn speak() {
    say::started(Before::PowerCut);
    say::changed(&change(ChangeKind::NewDevice, Some(DeviceId(0xfedc))));
    say::changed(&change(ChangeKind::ScannerDegraded, None));
    say::swept(SegmentId(2), 254, 4_000, 1_500);
    say::leg(SegmentId(2), true, false);
    say::leg(SegmentId(2), false, false);
    say::store(false);
    say::rejected(12, 3_600);
    say::memory(8_192);
    say::job("scan", true, 250);
    say::panicked("appliance/src/a/very/long/path/which/is/cut/at/its/start.rs", 42);
    say::stopping();
}

#[test]
fn what_is_said_is_read_again_in_the_same_words() {
    let folder = ring(1_700_000_000_000_000, Table::own().unwrap().id(), speak);
    let record = read(folder.path(), Position::default()).unwrap();
    assert_eq!(
        texts(&record),
        [
            concat!("started ", env!("CARGO_PKG_VERSION"), ", before: PowerCut"),
            "NewDevice 000000000000fedc on 2",
            "ScannerDegraded - on 2",
            "swept 2: 254 hosts, 4000 frames, 1500 ms",
            "leg 2 up, raw false",
            "leg 2 down",
            "store in memory only",
            "12 requests turned away in 3600 s",
            "memory peak 8192 KiB",
            "job scan good true, 250 ms",
            "panic at y/long/path/which/is/cut/at/its/start.rs:42",
            "stopping",
        ]
    );
    let first = &record.lines[0];
    assert_eq!((first.boot, first.run), (7, 3));
    let us = 1_700_000_000_000_000 + first.at_ms * 1_000;
    assert_eq!(first.ts, Some(format_utc(Duration::from_micros(us))));
    assert_eq!((record.damaged, record.missing, record.lost), (0, 0, 0));
    // Somebody who follows goes on after the last line.
    assert!(read(folder.path(), record.end).unwrap().lines.is_empty());
}

#[test]
fn a_line_costs_some_twenty_five_bytes() {
    let folder = ring(0, Table::own().unwrap().id(), || {
        for number in 0..400u64 {
            say::changed(&change(ChangeKind::Online, Some(DeviceId(number))));
            if number % 4 == 0 {
                say::swept(SegmentId(1), 50, 600, 1_200);
            }
        }
    });
    let (pages, _) = read_all(&File::open(folder.path().join(FILE)).unwrap()).unwrap();
    let lines: usize = pages.iter().map(|(_, page)| page.lines().len()).sum();
    let bytes: usize = pages.iter().map(|(_, page)| page.used()).sum();
    assert_eq!(lines, 500);
    assert!(bytes / lines <= 25, "{} bytes a line", bytes as f64 / lines as f64);
}

#[test]
fn another_version_is_refused_by_name_unless_its_words_are_there() {
    let folder = ring(0, *b"another!", speak);
    let record = read(folder.path(), Position::default()).unwrap();
    assert_eq!(record.unknown, ["9.8.7"]);
    assert!(record.lines.iter().all(|line| line.text.is_none() && line.ts.is_none()));
    assert!(texts(&record)[0].contains("version 9.8.7"));
    // Another build with other words in other places: its own table is taken, not ours.
    let mut other = Table::own().unwrap();
    for symbol in other.symbols.values_mut() {
        symbol.data = symbol.data.replace("stopping", "halting");
    }
    let folder = ring(0, other.id(), say::stopping);
    other.keep(folder.path()).unwrap();
    assert_eq!(texts(&read(folder.path(), Position::default()).unwrap()), ["halting"]);
}

#[test]
fn a_damaged_ring_is_read_as_far_as_it_goes() {
    let folder = ring(0, Table::own().unwrap().id(), || {
        for number in 0..500u64 {
            say::changed(&change(ChangeKind::Online, Some(DeviceId(number))));
        }
    });
    let path = folder.path().join(FILE);
    let whole = read(folder.path(), Position::default()).unwrap();
    assert_eq!(whole.lines.len(), 500);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 0x10;
    std::fs::write(&path, &bytes).unwrap();
    let damaged = read(folder.path(), Position::default()).unwrap();
    assert!(damaged.lines.len() < 500 && !damaged.lines.is_empty() && damaged.damaged == 1);
    // Cut short, as a copy may be: no error either.
    std::fs::write(&path, &bytes[..5_000]).unwrap();
    assert!(read(folder.path(), Position::default()).is_ok());
    std::fs::write(&path, b"").unwrap();
    assert_eq!(read(folder.path(), Position::default()).unwrap().lines.len(), 0);
    assert_eq!(read(&folder.path().join("none"), Position::default()).unwrap_err().kind(), io::ErrorKind::NotFound);
}
