//! Holds the bad days: full, read-only and failing media, rot at rest, newer software, a second instance.
//! It never expects more than the error says, and always checks that the log goes on afterwards.
//! `cargo test` runs it.

mod model;

use std::collections::BTreeMap;

use model::{KEYED, LARGE, Model, SEGMENT_BYTES, SMALL, options};
use vigie_store::medium::cut::{CutMedium, Dice, Disk, Operation, Tear};
use vigie_store::{Durability, Error, FileMedium, Health, Log, Medium, MediumError, Options};

fn fresh(max_slots: usize) -> Log<CutMedium> {
    Log::open(CutMedium::new(Disk::new(SEGMENT_BYTES as u32, max_slots)), options()).unwrap().0
}

fn reopen(log: Log<CutMedium>) -> Log<CutMedium> {
    let image = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    let (log, report) = Log::open(CutMedium::new(image), options()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    log
}

fn value_of(log: &mut Log<CutMedium>, key: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    log.get(KEYED, key, &mut value).unwrap().map(|_| value)
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut log = fresh(64);
    log.commit(0).unwrap();
    assert_eq!((log.medium().operations(), log.needs_flush_by()), (0, None), "an empty log does not even make a file");
    for n in 0..20u8 {
        log.put(0, KEYED, &[n], b"same", Durability::Now).unwrap();
    }
    log.commit(0).unwrap();
    while log.maintain(0).unwrap() {}
    let before = (log.medium().operations(), log.medium().written(), log.counters().flushes);
    for round in 0..100 {
        for n in 0..20u8 {
            log.put(round, KEYED, &[n], b"same", Durability::Now).unwrap();
        }
        log.delete(round, KEYED, b"never there", Durability::Now).unwrap();
        assert_eq!(log.needs_flush_by(), None);
        log.commit(round).unwrap();
        assert!(!log.maintain(round).unwrap());
    }
    assert_eq!((log.medium().operations(), log.medium().written(), log.counters().flushes), before);
    assert_eq!(log.counters().unchanged, 2000);
    let mut log = reopen(log);
    assert_eq!(Model::read(&mut log).keyed.len(), 20);
    assert_eq!(log.medium().operations(), 0, "opening and reading write nothing");
}

#[test]
fn the_medium_sees_exactly_what_the_counters_say() {
    let mut log = fresh(64);
    for n in 0..400u64 {
        log.put(0, KEYED, &[(n % 9) as u8], &n.to_be_bytes().repeat(12), Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    assert_eq!(log.medium().written(), log.counters().bytes_written);
    assert!(log.counters().page_bytes_written >= 400 * 4096);
    assert!(log.counters().segments_cleaned > 0);
}

#[test]
fn a_full_medium_does_not_stop_the_log_it_goes_round_in_what_it_has() {
    let wanting = Options { min_segments: 12, ..options() };
    let (mut log, _) = Log::open(CutMedium::new(Disk::new(SEGMENT_BYTES as u32, 6)), wanting).unwrap();
    for n in 0..3000u64 {
        let key = [(n % 20) as u8];
        log.put(n, KEYED, &key, &n.to_be_bytes().repeat(10), Durability::Now).unwrap();
        log.commit(n).unwrap();
    }
    assert_eq!(log.health(), Health::Good);
    assert_eq!(log.usage().segments_made, 6);
    let mut log = reopen(log);
    let found = Model::read(&mut log);
    for n in 2980..3000u64 {
        assert_eq!(found.keyed[&(KEYED.id, vec![(n % 20) as u8])], n.to_be_bytes().repeat(10));
    }
}

#[test]
fn without_room_for_what_counts_the_log_works_in_memory_and_catches_up_later() {
    let mut log = fresh(3);
    let (mut acknowledged, mut refused) = (0, 0);
    for n in 0..75u8 {
        log.put(0, KEYED, &[n], &[n; 180], Durability::Now).unwrap();
        match log.commit(u64::from(n)) {
            Ok(_) => acknowledged = n + 1,
            Err(error) => {
                assert_eq!(error, Error::Medium(MediumError::NoSpace));
                refused += 1;
            }
        }
    }
    assert!((50..73).contains(&acknowledged), "two of three segments hold {acknowledged} values, one is set aside");
    let Health::MemoryOnly { error, since_ms, attempts, .. } = log.health() else { panic!("{:?}", log.health()) };
    assert_eq!((error, since_ms), (Error::Medium(MediumError::NoSpace), u64::from(acknowledged)));
    assert!(attempts > 4 && attempts <= refused);
    let written = log.medium().written();
    assert!(log.commit(100).is_err());
    assert_eq!(log.medium().written(), written, "nothing is copied around when it cannot help");
    assert_eq!(value_of(&mut log, &[74]), Some(vec![74; 180]), "the service sees what waits");
    // The power goes: what was acknowledged is there.
    let image = log.medium().disk.cut(Tear::All, &mut Dice(1));
    let (mut after, _) = Log::open(CutMedium::new(image), options()).unwrap();
    assert_eq!(Model::read(&mut after).keyed.len(), usize::from(acknowledged));
    // Somebody makes room: everything is there.
    log.medium_mut().disk.set_max_slots(8);
    log.retry(101).unwrap();
    assert_eq!(log.health(), Health::Good);
    assert_eq!(Model::read(&mut reopen(log)).keyed.len(), 75);
}

#[test]
fn a_read_only_medium_is_opened_read_and_waited_for() {
    let mut log = fresh(8);
    log.put(0, KEYED, b"a", b"1", Durability::Now).unwrap();
    log.commit(0).unwrap();
    log.medium_mut().fail(Operation::Write, u32::MAX, MediumError::ReadOnly);
    log.medium_mut().fail(Operation::Create, u32::MAX, MediumError::ReadOnly);
    log.put(1000, KEYED, b"a", b"2", Durability::Now).unwrap();
    let mut now = 1000;
    let mut waits = Vec::new();
    for _ in 0..9 {
        assert_eq!(log.needs_flush_by(), Some(now));
        assert_eq!(log.commit(now), Err(Error::Medium(MediumError::ReadOnly)));
        let next = log.needs_flush_by().unwrap();
        waits.push(next - now);
        now = next;
    }
    assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    assert_eq!(value_of(&mut log, b"a"), Some(b"2".to_vec()));
    log.medium_mut().fail(Operation::Write, 0, MediumError::ReadOnly);
    log.medium_mut().fail(Operation::Create, 0, MediumError::ReadOnly);
    log.commit(now).unwrap();
    assert_eq!((log.health(), log.needs_flush_by()), (Health::Good, None));
    assert_eq!(value_of(&mut reopen(log), b"a"), Some(b"2".to_vec()));
}

/// The kernel calls pages clean after a failed flush and reading shows them: an engine that flushes again and believes
/// it loses them with the power.
#[test]
fn after_a_failed_flush_the_tail_is_written_again_elsewhere() {
    for seed in 0..50 {
        let mut log = fresh(8);
        *log.medium_mut() = CutMedium::new(Disk::new(SEGMENT_BYTES as u32, 8));
        log.put(0, KEYED, b"before", b"1", Durability::Now).unwrap();
        log.commit(0).unwrap();
        for _ in 0..seed {
            // Another roll of what the failing flush drops.
            log.put(0, KEYED, b"roll", &[seed; 300], Durability::Now).unwrap();
        }
        log.medium_mut().fail(Operation::Flush, 1, MediumError::Io(5));
        let wanted = log.put(0, KEYED, b"paid", &[seed; 900], Durability::Now).unwrap();
        assert_eq!(log.commit(0), Err(Error::Medium(MediumError::Io(5))));
        assert!(log.acknowledged() < wanted);
        assert!(log.commit(1000).unwrap() >= wanted);
        let mut log = reopen(log);
        assert_eq!(value_of(&mut log, b"paid"), Some(vec![seed; 900]));
        assert_eq!(value_of(&mut log, b"before"), Some(b"1".to_vec()));
    }
}

/// A failing write may take what was durable in the same page with it: that is copied away from memory's view of the
/// page, deletions included, before the power goes.
#[test]
fn what_shares_a_page_with_a_failed_write_is_copied_away() {
    let mut log = fresh(16);
    log.put(0, KEYED, b"deleted", b"old", Durability::Now).unwrap();
    log.commit(0).unwrap();
    for n in 0..48u8 {
        log.put(0, KEYED, &[n], &[n; 100], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    log.delete(0, KEYED, b"deleted", Durability::Now).unwrap();
    log.append(0, SMALL, b"seen", Durability::Now).unwrap();
    log.commit(0).unwrap();
    assert_eq!(log.usage().segments, 2, "the value and its deletion lie in two segments");
    let whole = Model::read(&mut log);
    log.medium_mut().ruins_pages = true;
    log.medium_mut().fail(Operation::Flush, 1, MediumError::Io(5));
    log.put(0, KEYED, b"paid", b"1", Durability::Now).unwrap();
    assert!(log.commit(0).is_err());
    log.retry(1).unwrap();
    assert_eq!(log.counters().records_moved, 2, "{:?}", log.counters());
    let image = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    let (mut log, report) = Log::open(CutMedium::new(image), options()).unwrap();
    let mut found = Model::read(&mut log);
    assert_eq!(found.keyed.remove(&(KEYED.id, b"paid".to_vec())), Some(b"1".to_vec()));
    assert_eq!(found.difference(&whole), Vec::<String>::new());
    assert_eq!(
        report.missing_segments, 1,
        "the ruined page, with the header in it, is reported, although every record of it is elsewhere"
    );
}

#[test]
fn a_process_that_died_before_its_flush_leaves_nothing_that_can_vanish_later() {
    let mut log = fresh(8);
    log.put(0, KEYED, b"a", b"1", Durability::Now).unwrap();
    log.commit(0).unwrap();
    // Write without flush, as when the process is killed between the two: seen by the next one, not durable.
    log.medium_mut().fail(Operation::Flush, 1, MediumError::Io(4));
    log.put(0, KEYED, b"a", b"2", Durability::Now).unwrap();
    let mut unflushed = None;
    let slots = log.medium_mut().slots().unwrap();
    let disk_before = log.medium().disk.clone();
    let _ = log.commit(0);
    for slot in slots {
        let (mut old, mut new) = (vec![0; SEGMENT_BYTES as usize], vec![0; SEGMENT_BYTES as usize]);
        CutMedium::new(disk_before.clone()).read_at(slot, 0, &mut old).unwrap();
        log.medium_mut().read_at(slot, 0, &mut new).unwrap();
        if old != new {
            unflushed = Some((slot, new));
        }
    }
    let (slot, bytes) = unflushed.unwrap();
    let mut medium = CutMedium::new(disk_before);
    medium.write_at(slot, 0, &bytes).unwrap();
    let (mut next, _) = Log::open(medium, options()).unwrap();
    assert_eq!(value_of(&mut next, b"a"), Some(b"2".to_vec()));
    assert_eq!(next.medium().disk.unflushed_sectors(), 0, "what is believed was made durable first");
}

/// One flipped bit anywhere: the rest is kept, and what is lost is said.
#[test]
fn rot_costs_one_record_and_is_reported() {
    let mut log = fresh(16);
    for n in 0..60u64 {
        log.put(0, KEYED, &n.to_be_bytes(), &[n as u8; 90], Durability::Now).unwrap();
        log.append(0, LARGE, &n.to_be_bytes().repeat(4), Durability::Now).unwrap();
        if n % 3 == 2 {
            log.commit(0).unwrap();
        }
    }
    let whole = Model::read(&mut log);
    let disk = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    let slots = CutMedium::new(disk.clone()).slots().unwrap();
    let (mut damages, mut reported, mut named) = (0, 0, 0);
    for slot in slots {
        for offset in (0..SEGMENT_BYTES as usize).step_by(3) {
            let mut rotten = disk.clone();
            rotten.flip(slot, offset, (offset % 8) as u8);
            let (mut log, report) = Log::open(CutMedium::new(rotten), options()).unwrap();
            let found = Model::read(&mut log);
            let count = |model: &Model| model.keyed.len() + model.events.values().map(Vec::len).sum::<usize>();
            let missing = count(&whole) - count(&found);
            assert!(found.keyed.iter().all(|(key, value)| whole.keyed.get(key) == Some(value)));
            if missing > 0 {
                damages += 1;
                // The last batch, six records, cannot be told from a torn one.
                assert!(missing == 1 || missing == 6, "slot {slot} offset {offset}: {missing} {report:?}");
                assert!(!report.is_clean() || missing == 6, "slot {slot} offset {offset}");
                reported += u32::from(report.lost_total == 1);
                named += u32::from(report.lost.first().is_some_and(|lost| lost.kind.is_some()));
            }
        }
    }
    println!("{damages} damages, {reported} reported as lost records, {named} with kind and sequence");
    assert!(damages > 1000 && reported > damages - 400 && named > damages / 2);
}

#[test]
fn an_unreadable_page_costs_its_records_only() {
    /// Fails to read one page.
    #[derive(Debug)]
    struct BadPage(CutMedium);
    impl Medium for BadPage {
        fn segment_bytes(&self) -> u32 {
            self.0.segment_bytes()
        }
        fn slots(&mut self) -> Result<Vec<u16>, MediumError> {
            self.0.slots()
        }
        fn create(&mut self, slot: u16) -> Result<(), MediumError> {
            self.0.create(slot)
        }
        fn write_at(&mut self, slot: u16, offset: u32, bytes: &[u8]) -> Result<(), MediumError> {
            self.0.write_at(slot, offset, bytes)
        }
        fn flush(&mut self, slot: u16) -> Result<(), MediumError> {
            self.0.flush(slot)
        }
        fn read_at(&mut self, slot: u16, offset: u32, out: &mut [u8]) -> Result<(), MediumError> {
            if slot == 0 && offset as usize + out.len() > 4096 {
                return Err(MediumError::Io(5));
            }
            self.0.read_at(slot, offset, out)
        }
        fn space_left(&mut self) -> Result<Option<u64>, MediumError> {
            self.0.space_left()
        }
    }
    let mut log = fresh(16);
    for n in 0..120u8 {
        log.put(0, KEYED, &[n % 60], &[n; 180], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    let disk = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    let (mut log, report) = Log::open(BadPage(CutMedium::new(disk)), options()).unwrap();
    assert_eq!(report.unreadable_pages, 1);
    assert!(!report.is_clean());
    let mut found = BTreeMap::new();
    log.replay(&mut |record| {
        found.insert(record.key.to_vec(), record.value.to_vec());
    })
    .unwrap();
    assert!(found.len() > 40, "{}", found.len());
    log.put(0, KEYED, b"on", b"we go", Durability::Now).unwrap();
    log.commit(0).unwrap();
}

#[test]
fn newer_data_is_refused_and_left_alone() {
    let mut log = fresh(8);
    log.put(0, KEYED, b"a", b"1", Durability::Now).unwrap();
    log.commit(0).unwrap();
    let mut disk = log.into_medium().disk;
    let mut bytes = disk.segment(0).unwrap().to_vec();
    bytes[8] = 2;
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    disk.place(0, bytes.clone());
    let medium = CutMedium::new(disk.clone()).watched(Box::new(|_, step| panic!("{step:?}")));
    assert_eq!(Log::open(medium, options()).unwrap_err(), Error::NewerFormat { found: 2, known: 1 });
    assert_eq!(disk.segment(0).unwrap(), bytes);
}

#[test]
fn segments_of_another_store_are_left_alone() {
    let mut log = fresh(8);
    for n in 0..200u8 {
        log.put(0, KEYED, &[n % 40], &[n; 100], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    let mine = Model::read(&mut log);
    let mut disk = log.into_medium().disk;
    let other = Disk::new(SEGMENT_BYTES as u32, 8);
    let (mut other, _) = Log::open(CutMedium::new(other), Options { entropy: 7, ..options() }).unwrap();
    other.put(0, KEYED, b"x", b"not mine", Durability::Now).unwrap();
    other.commit(0).unwrap();
    let foreign = other.into_medium().disk.segment(0).unwrap().to_vec();
    disk.place(40, foreign.clone());
    let (mut log, report) = Log::open(CutMedium::new(disk), options()).unwrap();
    assert_eq!(report.foreign_segments, 1);
    assert_eq!(Model::read(&mut log), mine);
    for n in 0..200u8 {
        log.put(0, KEYED, &[n % 40], &[n + 1; 100], Durability::Now).unwrap();
        log.commit(0).unwrap();
    }
    assert_eq!(log.medium().disk.segment(40).unwrap(), foreign);
}

#[test]
fn files_survive_a_restart_and_a_second_instance_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let (mut log, _) = Log::open(FileMedium::open(&path).unwrap(), options()).unwrap();
    for n in 0..3000u32 {
        log.append(0, SMALL, &n.to_be_bytes(), Durability::Batch).unwrap();
        log.put(0, KEYED, &[n as u8 % 50], &n.to_be_bytes(), Durability::Batch).unwrap();
        if n % 100 == 99 {
            log.commit(0).unwrap();
        }
    }
    let refused = FileMedium::open(&path).unwrap_err();
    assert_eq!(refused, Error::Locked { pid: Some(std::process::id()) });
    drop(log);
    let (mut log, report) = Log::open(FileMedium::open(&path).unwrap(), options()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(log.usage().keys, 50);
    let mut newest = Vec::new();
    log.newest_events(SMALL, u64::MAX, 2, &mut |record| newest.push(record.value.to_vec())).unwrap();
    assert_eq!(newest, [2999u32.to_be_bytes(), 2998u32.to_be_bytes()]);
}
