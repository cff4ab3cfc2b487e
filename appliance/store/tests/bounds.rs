//! Holds the bounds and what happens at each: refused with an error that says what to do, or the oldest dropped.
//! It never relies on timing.
//! `cargo test` runs it.

mod model;

use model::{KEYED, LARGE, Model, SEGMENT_BYTES, SMALL, options};
use serde::{Deserialize, Serialize};
use vigie_store::medium::cut::{CutMedium, Dice, Disk, Tear};
use vigie_store::{Durability, Error, EventBudget, Kind, Log, Options};

fn open_with(options: Options) -> Log<CutMedium> {
    Log::open(CutMedium::new(Disk::new(SEGMENT_BYTES as u32, 64)), options).unwrap().0
}

fn reopen(log: Log<CutMedium>) -> Log<CutMedium> {
    let image = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    Log::open(CutMedium::new(image), options()).unwrap().0
}

/// The store task may hand the log to a thread that is allowed to block.
#[test]
fn the_log_can_be_sent_to_another_thread() {
    let mut log = open_with(options());
    let log = std::thread::spawn(move || {
        log.put(0, KEYED, b"k", b"v", Durability::Now).unwrap();
        log.commit(0).unwrap();
        log
    });
    assert_eq!(log.join().unwrap().usage().keys, 1);
}

#[test]
fn keys_are_bounded_and_a_deleted_one_makes_room() {
    let mut log = open_with(options());
    for n in 0..80u8 {
        log.put(0, KEYED, &[n], b"v", Durability::Now).unwrap();
        if n % 10 == 0 {
            log.commit(0).unwrap();
        }
    }
    assert_eq!(log.put(0, KEYED, b"more", b"v", Durability::Now), Err(Error::TooManyKeys { max: 80 }));
    log.put(0, KEYED, &[3], b"known keys may change", Durability::Now).unwrap();
    log.commit(0).unwrap();
    assert_eq!(log.put(0, KEYED, b"more", b"v", Durability::Now), Err(Error::TooManyKeys { max: 80 }));
    log.delete(0, KEYED, &[7], Durability::Now).unwrap();
    log.commit(0).unwrap();
    log.put(0, KEYED, b"more", b"v", Durability::Now).unwrap();
    log.commit(0).unwrap();
    assert_eq!((log.usage().keys, reopen(log).usage().keys), (80, 80));
}

#[test]
fn deletions_are_bounded_too_and_cleaning_forgets_them() {
    let mut log = open_with(options());
    let mut most = 0;
    for n in 0..2000u64 {
        log.put(0, KEYED, &n.to_be_bytes(), b"code", Durability::Now).unwrap();
        log.commit(0).unwrap();
        log.delete(0, KEYED, &n.to_be_bytes(), Durability::Now).unwrap();
        log.commit(0).unwrap();
        while log.needs_maintenance() && log.maintain(0).unwrap() {}
        most = most.max(log.usage().tombstones);
        assert_eq!(log.usage().keys, 0);
    }
    assert!((100..=80 + 8192 / 24).contains(&most), "{most}");
    assert_eq!(Model::read(&mut reopen(log)), Model::default());
}

#[test]
fn without_maintenance_deletions_end_with_an_error_that_asks_for_it() {
    let mut log = open_with(Options { max_keys: 8, min_segments: 14, ..options() });
    let max = 8 + 8192 / 24;
    for n in 0..=u64::from(max) {
        log.put(0, KEYED, &n.to_be_bytes(), b"code", Durability::Now).unwrap();
        log.commit(0).unwrap();
        let outcome = log.delete(0, KEYED, &n.to_be_bytes(), Durability::Now);
        assert_eq!(outcome.is_ok(), n < u64::from(max), "{n} {outcome:?}");
        assert!(n < u64::from(max) || outcome == Err(Error::TooManyKeys { max }));
        log.commit(0).unwrap();
    }
    while log.maintain(0).unwrap() {}
    log.delete(0, KEYED, &u64::from(max).to_be_bytes(), Durability::Now).unwrap();
}

#[test]
fn bytes_of_keyed_records_are_bounded() {
    let mut log = open_with(Options { max_keyed_bytes: 4096, ..options() });
    for n in 0..3u8 {
        log.put(0, KEYED, &[n], &[n; 1000], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    assert_eq!(log.put(0, KEYED, b"x", &[0; 1100], Durability::Now), Err(Error::KeyedFull { max_bytes: 4096 }));
    log.put(0, KEYED, &[1], &[9; 1500], Durability::Now).unwrap();
    log.put(0, KEYED, b"x", &[0; 10], Durability::Now).unwrap();
}

#[test]
fn the_batch_is_bounded_and_newer_values_take_the_place_of_waiting_ones() {
    let mut log = open_with(options());
    for n in 0..1000u32 {
        log.put(0, KEYED, b"counter", &n.to_be_bytes().repeat(100), Durability::Now).unwrap();
    }
    assert_eq!((log.usage().waiting, log.counters().coalesced), (1, 999));
    let mut refused = 0;
    for n in 0..20u8 {
        match log.append(0, LARGE, &[n; 300], Durability::Now) {
            Err(Error::BatchFull { max_bytes: 3584 }) => refused += 1,
            outcome => {
                outcome.unwrap();
            }
        }
    }
    assert_eq!(refused, 20 - 3136 / 320);
    log.commit(0).unwrap();
    assert_eq!(Model::read(&mut reopen(log)).keyed[&(1, b"counter".to_vec())], 999u32.to_be_bytes().repeat(100));
}

#[test]
fn the_oldest_events_of_a_kind_go_and_are_counted_and_other_kinds_stay() {
    let mut log = open_with(options());
    log.append(0, SMALL, b"the only one", Durability::Now).unwrap();
    for n in 0..500u32 {
        log.append(0, LARGE, &n.to_be_bytes().repeat(20), Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    // 80 bytes with their header are 96: 62 of them fit 6,000.
    assert_eq!(log.counters().kinds[&LARGE.id].dropped, 500 - 62);
    let found = Model::read(&mut reopen(log));
    assert_eq!(found.events[&SMALL.id], [b"the only one".to_vec()]);
    let kept: Vec<_> = (438..500u32).map(|n| n.to_be_bytes().repeat(20)).collect();
    assert_eq!(found.events[&LARGE.id], kept);
}

#[test]
fn events_are_paged_in_both_directions_with_the_waiting_ones() {
    let mut log = open_with(options());
    let sequences: Vec<u64> = (0..10u8)
        .map(|n| {
            let sequence = log.append(0, LARGE, &[n], Durability::Now).unwrap();
            if n == 6 {
                log.commit(0).unwrap();
            }
            sequence
        })
        .collect();
    let mut page = |after, limit| {
        let mut seen = Vec::new();
        log.events(LARGE, after, limit, &mut |record| seen.push((record.sequence, record.value[0]))).unwrap();
        seen
    };
    assert_eq!(page(0, 3), [(sequences[0], 0), (sequences[1], 1), (sequences[2], 2)]);
    assert_eq!(page(sequences[5], 3), [(sequences[6], 6), (sequences[7], 7), (sequences[8], 8)]);
    assert_eq!(page(sequences[9], 3), []);
    let mut newest = |before, limit| {
        let mut seen = Vec::new();
        log.newest_events(LARGE, before, limit, &mut |record| seen.push(record.value[0])).unwrap();
        seen
    };
    assert_eq!(newest(u64::MAX, 4), [9, 8, 7, 6]);
    assert_eq!(newest(sequences[6], 100), [5, 4, 3, 2, 1, 0]);
}

#[test]
fn lengths_kinds_and_budgets_are_checked() {
    let mut log = open_with(options());
    assert_eq!(log.put(0, KEYED, &[0; 33], b"", Durability::Now), Err(Error::KeyTooLong { bytes: 33 }));
    assert_eq!(log.put(0, KEYED, b"k", &[0; 3073], Durability::Now), Err(Error::ValueTooLong { bytes: 3073 }));
    log.put(0, KEYED, &[0; 32], &[7; 3072], Durability::Now).unwrap();
    log.commit(0).unwrap();
    for id in [0, 0xF0, 0xFF, LARGE.id] {
        let kind = Kind { id, version: 1 };
        assert_eq!(log.put(0, kind, b"k", b"v", Durability::Now), Err(Error::WrongKind { kind: id }));
    }
    assert_eq!(log.append(0, KEYED, b"v", Durability::Now), Err(Error::WrongKind { kind: KEYED.id }));
    let medium = || CutMedium::new(Disk::new(SEGMENT_BYTES as u32, 64));
    let greedy = Options { max_keyed_bytes: 80_000, ..options() };
    assert!(matches!(Log::open(medium(), greedy), Err(Error::Budgets { needed_bytes: 87_500, .. })));
    for bytes in [4096, 10_000, 1 << 20] {
        let outcome = Log::open(CutMedium::new(Disk::new(bytes, 64)), options());
        assert_eq!(outcome.unwrap_err(), Error::SegmentSize { bytes });
    }
    let own = Options { events: vec![EventBudget { kind: 0xFE, max_bytes: 1 }], ..options() };
    assert_eq!(Log::open(medium(), own).unwrap_err(), Error::WrongKind { kind: 0xFE });
}

#[test]
fn kinds_nobody_declares_any_more_are_kept() {
    let mut log = open_with(options());
    for n in 0..30u8 {
        log.append(0, LARGE, &[n; 100], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    let disk = log.into_medium().disk;
    let (mut log, _) = Log::open(CutMedium::new(disk), Options { events: Vec::new(), ..options() }).unwrap();
    for n in 0..400u64 {
        log.put(0, KEYED, b"k", &n.to_be_bytes().repeat(20), Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    assert!(log.counters().segments_cleaned > 0);
    assert_eq!(Model::read(&mut reopen(log)).events[&LARGE.id].len(), 30);
}

#[test]
fn deadlines_are_those_of_the_most_urgent_record() {
    let mut log = open_with(options());
    log.put(10_000, KEYED, b"seen", b"1", Durability::Lazy).unwrap();
    assert_eq!(log.needs_flush_by(), Some(910_000));
    log.put(20_000, KEYED, b"found", b"1", Durability::Batch).unwrap();
    assert_eq!(log.needs_flush_by(), Some(21_000));
    log.put(20_500, KEYED, b"paid", b"1", Durability::Now).unwrap();
    assert_eq!(log.needs_flush_by(), Some(20_500));
    log.commit(20_500).unwrap();
    assert_eq!(log.needs_flush_by(), None);
    assert_eq!(log.counters().flushes - log.counters().segments_created, 1, "one flush for all of them");
}

#[test]
fn structs_go_in_and_come_out_with_their_version() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Device {
        name: String,
        ports: Vec<u16>,
    }
    let mut log = open_with(options());
    let device = Device { name: "printer".into(), ports: vec![80, 631] };
    let kind = Kind { id: 1, version: 4 };
    log.put_typed(0, kind, b"mac", &device, Durability::Now).unwrap();
    log.append_typed(0, LARGE, &device, Durability::Now).unwrap();
    log.commit(0).unwrap();
    let mut found = Vec::new();
    let mut log = reopen(log);
    log.replay(&mut |record| {
        assert!(record.decode::<u8>().is_err(), "bytes left over are not a value");
        found.push((record.version, record.decode::<Device>().unwrap()));
    })
    .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], (4, device));
    let long = Device { name: "x".repeat(4000), ports: Vec::new() };
    assert_eq!(log.put_typed(0, kind, b"mac", &long, Durability::Now), Err(Error::Encoding));
}
