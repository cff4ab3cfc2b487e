//! Holds the power cuts: random and exhaustive workloads, cut at every write, flush, rename and creation.
//! It never looks inside the log; it only compares what comes back with what was acknowledged.
//! `cargo test` runs it; every failure names the seed and the step that replay it.

mod model;

use std::sync::{Arc, Mutex};

use model::{Model, World, options, work, work_with_faults};
use vigie_store::medium::cut::{CutMedium, Dice, Disk, Landed, Operation, Step, Tear};
use vigie_store::{Durability, Health, Log, MediumError};

/// Seeds of the random workloads. The bar is 20.
const WORKLOADS: u64 = 24;

/// Commits of one workload: enough to go round in the segments several times.
const COMMITS: usize = 180;

/// Cuts that all tests here must reach together; the bar for a run of the suite.
const MIN_RANDOM_CUTS: u64 = 100_000;

/// Opens what a cut left and compares; returns what is there.
fn check(image: Disk, world: &Mutex<World>, context: &str) -> (Log<CutMedium>, Model) {
    let (mut log, report) = Log::open(CutMedium::new(image), options()).unwrap();
    // Time to open, counted in bytes: the headers, and each segment at most once.
    assert!(report.bytes_read <= model::MAX_SEGMENTS * (model::SEGMENT_BYTES + 1024), "{context}: {report:?}");
    assert_eq!((report.lost_total, report.missing_segments), (0, 0), "{context}: {report:?}");
    let found = Model::read(&mut log);
    let world = world.lock().unwrap();
    assert!(
        found == world.acknowledged || world.attempted.contains(&found),
        "{context}: {report:?}\nagainst what is acknowledged: {:?}\nagainst what was attempted: {:?}",
        found.difference(&world.acknowledged),
        world.attempted.iter().map(|attempted| found.difference(attempted)).collect::<Vec<_>>()
    );
    (log, found)
}

/// After a cut: go on working on what was found, and cut again at every step of that.
fn work_on_and_cut_again(image: &Disk, world: &Mutex<World>, seed: u64) -> u64 {
    let (_, found) = check(image.clone(), world, "first cut");
    let second = Arc::new(Mutex::new(World::new(found)));
    let cuts = Arc::new(Mutex::new(0));
    let (seen, counted) = (second.clone(), cuts.clone());
    let mut dice = Dice(seed);
    let medium = CutMedium::new(image.clone()).watched(Box::new(move |disk, step| {
        for _ in 0..2 {
            let tear = Tear::EVERY[dice.below(5)];
            check(disk.cut(tear, &mut dice), &seen, &format!("second cut, seed {seed}, {step:?}, {tear:?}"));
            *counted.lock().unwrap() += 1;
        }
    }));
    let (mut log, _) = Log::open(medium, options()).unwrap();
    work(&mut log, &second, seed, 6);
    *cuts.lock().unwrap()
}

fn run_workload(seed: u64) -> (u64, u64) {
    let world = Arc::new(Mutex::new(World::new(Model::default())));
    let counts = Arc::new(Mutex::new((0, 0)));
    let (seen, counted) = (world.clone(), counts.clone());
    let mut dice = Dice(seed ^ 0xD1CE);
    let medium = CutMedium::new(Disk::new(model::SEGMENT_BYTES as u32, 64)).watched(Box::new(move |disk, step| {
        let mut counts = counted.lock().unwrap();
        let tears: &[Tear] =
            if matches!(step, Step::Flushed(_) | Step::Created(_)) { &[Tear::All] } else { &Tear::EVERY };
        for &tear in tears.iter().chain(tears.get(2..).unwrap_or_default()) {
            let image = disk.cut(tear, &mut dice);
            counts.0 += 1;
            if dice.below(80) == 0 {
                counts.1 += work_on_and_cut_again(&image, &seen, dice.roll());
            } else {
                check(image, &seen, &format!("seed {seed}, {step:?}, {tear:?}"));
            }
        }
    }));
    let (mut log, _) = Log::open(medium, options()).unwrap();
    work(&mut log, &world, seed, COMMITS);
    assert!(log.counters().segments_cleaned >= 5, "the workload must go round: {:?}", log.counters());
    *counts.lock().unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_else_appears_at_a_hundred_thousand_cuts() {
    let halves: Vec<_> = (0..2)
        .map(|half| {
            std::thread::spawn(move || {
                (0..WORKLOADS).filter(|seed| seed % 2 == half).map(run_workload).collect::<Vec<_>>()
            })
        })
        .collect();
    let counts: Vec<_> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
    let (single, double) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!("{WORKLOADS} workloads: {single} single cuts, {double} cuts after a cut");
    assert!(single + double >= MIN_RANDOM_CUTS, "{single} + {double}");
    assert!(double > 1000, "{double}");
}

/// A medium whose writes and flushes fail now and then, whose flushes drop pages while readers still see them, that is
/// full for a while, and whose power goes at every step of that.
#[test]
fn failing_flushes_and_cuts_together_lose_nothing_acknowledged() {
    let (mut cuts, mut failures) = (0, 0);
    for seed in 0..12 {
        let world = Arc::new(Mutex::new(World::new(Model::default())));
        let counted = Arc::new(Mutex::new(0));
        let (seen, counts) = (world.clone(), counted.clone());
        let mut dice = Dice(seed);
        let medium = CutMedium::new(Disk::new(model::SEGMENT_BYTES as u32, 64)).watched(Box::new(move |disk, step| {
            for tear in [Tear::All, Tear::EVERY[1 + dice.below(4)]] {
                check(disk.cut(tear, &mut dice), &seen, &format!("seed {seed}, {step:?}, {tear:?}"));
                *counts.lock().unwrap() += 1;
            }
        }));
        let (mut log, _) = Log::open(medium, options()).unwrap();
        let mut faults = |medium: &mut CutMedium, dice: &mut Dice| match dice.below(12) {
            0 => medium.fail(Operation::Flush, 1, MediumError::Io(5)),
            1 => medium.fail(Operation::Write, 1 + dice.below(3) as u32, MediumError::Io(5)),
            2 => medium.fail(Operation::Flush, 4, MediumError::Io(5)),
            3 => medium.fail(Operation::Create, 3, MediumError::NoSpace),
            4 => medium.fail(Operation::Write, 6, MediumError::ReadOnly),
            _ => {}
        };
        work_with_faults(&mut log, &world, seed, 120, Some(&mut faults));
        for operation in [Operation::Create, Operation::Write, Operation::Flush] {
            log.medium_mut().fail(operation, 0, MediumError::Io(5));
        }
        log.put(0, model::KEYED, b"last", b"word", Durability::Now).unwrap();
        {
            let mut world = world.lock().unwrap();
            let mut expected = world.attempted.last().unwrap_or(&world.acknowledged).clone();
            expected.keyed.insert((model::KEYED.id, b"last".to_vec()), b"word".to_vec());
            world.attempted.push(expected);
        }
        log.commit(0).unwrap();
        {
            let mut world = world.lock().unwrap();
            world.acknowledged = world.attempted.pop().unwrap();
            world.attempted.clear();
        }
        log.retry(0).unwrap();
        assert_eq!(log.health(), Health::Good);
        failures += log.counters().failures;
        cuts += *counted.lock().unwrap();
        // What the process believes and what the medium holds is the same after all that.
        let believed = Model::read(&mut log);
        let image = log.into_medium().disk.cut(Tear::All, &mut Dice(seed));
        let (mut log, _) = Log::open(CutMedium::new(image), options()).unwrap();
        assert_eq!(Model::read(&mut log).difference(&believed), Vec::<String>::new(), "seed {seed}");
    }
    println!("failing medium: {failures} failed writes, {cuts} cuts");
    assert!(failures > 100 && cuts > 5_000, "{failures}, {cuts}");
}

/// A small workload, cut at every step with every subset of the unflushed sectors, and with every byte of every sector
/// as the last one written.
#[test]
fn every_way_to_cut_a_small_workload_is_survived() {
    let world = Arc::new(Mutex::new(World::new(Model::default())));
    let cuts = Arc::new(Mutex::new(0u64));
    let (seen, counted) = (world.clone(), cuts.clone());
    let medium = CutMedium::new(Disk::new(model::SEGMENT_BYTES as u32, 64)).watched(Box::new(move |disk, step| {
        let sectors = disk.unflushed_sectors();
        let mut cuts = counted.lock().unwrap();
        let mut cut = |keeps_names, context: &str, choose: &mut dyn FnMut(usize) -> Landed| {
            let mut at = 0;
            let image = disk.cut_by(keeps_names, &mut |_, _| {
                at += 1;
                choose(at - 1)
            });
            check(image, &seen, &format!("{step:?} {context}"));
            *cuts += 1;
        };
        for keeps_names in [true, false] {
            cut(keeps_names, "nothing landed", &mut |_| Landed::Old);
        }
        for subset in 0..1u64 << sectors.min(9) {
            cut(true, &format!("subset {subset:b}"), &mut |at| {
                if subset >> (at % 9) & 1 == 1 { Landed::New } else { Landed::Old }
            });
        }
        for byte in 0..sectors * 512 {
            cut(true, &format!("prefix {byte}"), &mut |at| match byte / 512 {
                torn if at < torn => Landed::New,
                torn if at == torn => Landed::Prefix(byte % 512),
                _ => Landed::Old,
            });
        }
    }));
    let (mut log, _) = Log::open(medium, options()).unwrap();
    work(&mut log, &world, 7, 5);
    drop(log);
    let cuts = *cuts.lock().unwrap();
    println!("small workload: {cuts} cuts");
    assert!(cuts > 5_000, "{cuts}");
}

/// A dropped batch must not come back: cut, open, write something that ends exactly where a leftover record starts.
#[test]
fn a_dropped_record_never_comes_back_behind_a_new_one() {
    let kind = model::KEYED;
    let cut = Arc::new(Mutex::new(None));
    let keep = cut.clone();
    let mut writes = 0;
    let medium = CutMedium::new(Disk::new(8192, 8)).watched(Box::new(move |disk, step| {
        if let Step::Written(_) = step {
            writes += 1;
            if writes == 2 {
                // The first sector of the batch is lost, the second one with a whole record in it lands.
                let mut at = 0;
                let image = disk.cut_by(true, &mut |_, _| {
                    at += 1;
                    if at == 1 { Landed::Old } else { Landed::New }
                });
                *keep.lock().unwrap() = Some(image);
            }
        }
    }));
    let (mut log, _) = Log::open(medium, options()).unwrap();
    log.put(0, kind, b"base", b"1", Durability::Now).unwrap();
    log.commit(0).unwrap();
    log.put(0, kind, b"lost", &[1; 450], Durability::Now).unwrap();
    log.put(0, kind, b"ghost", b"boo", Durability::Now).unwrap();
    log.commit(0).unwrap();
    let image = cut.lock().unwrap().take().unwrap();
    let (mut log, report) = Log::open(CutMedium::new(image), options()).unwrap();
    assert!(report.torn_bytes > 0, "{report:?}");
    log.put(0, kind, b"lost", &[2; 450], Durability::Now).unwrap();
    log.commit(0).unwrap();
    let image = log.into_medium().disk.cut(Tear::All, &mut Dice(1));
    let (mut log, report) = Log::open(CutMedium::new(image), options()).unwrap();
    assert_eq!(log.get(kind, b"ghost", &mut Vec::new()), Ok(None), "{report:?}");
    let mut value = Vec::new();
    log.get(kind, b"lost", &mut value).unwrap();
    assert_eq!(value, [2; 450]);
}
