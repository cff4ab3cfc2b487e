//! Holds what a log should contain, kept in plain maps, and a random workload that keeps both in step.
//! It never reads the log to decide what it should contain.
//! The tests of cuts and faults call it.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use vigie_store::format::record::encoded_bytes;
use vigie_store::medium::cut::{CutMedium, Dice};
use vigie_store::{Durability, Error, EventBudget, Kind, Log, Options};

/// Small segments, so that a short workload fills, cleans and reuses them many times.
pub(crate) const SEGMENT_BYTES: u64 = 8192;
pub(crate) const MAX_SEGMENTS: u64 = 16;

pub(crate) const KEYED: Kind = Kind { id: 1, version: 1 };
pub(crate) const OTHER: Kind = Kind { id: 9, version: 2 };
pub(crate) const SMALL: Kind = Kind { id: 2, version: 1 };
pub(crate) const LARGE: Kind = Kind { id: 3, version: 1 };
const BUDGETS: [(u8, u32); 2] = [(2, 1500), (3, 6000)];

pub(crate) fn options() -> Options {
    Options {
        events: BUDGETS.iter().map(|&(kind, max_bytes)| EventBudget { kind, max_bytes }).collect(),
        max_keys: 80,
        max_keyed_bytes: 16 * 1024,
        max_segments: MAX_SEGMENTS as u16,
        min_segments: 3,
        entropy: 42,
        ..Options::default()
    }
}

/// Content of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) keyed: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
    pub(crate) events: BTreeMap<u8, Vec<Vec<u8>>>,
}

impl Model {
    pub(crate) fn read(log: &mut Log<CutMedium>) -> Model {
        let mut model = Model::default();
        let mut last = 0;
        log.replay(&mut |record| {
            if record.key.is_empty() {
                let events = model.events.entry(record.kind).or_default();
                assert!(events.is_empty() || record.sequence > last, "events out of order");
                last = record.sequence;
                events.push(record.value.to_vec());
            } else {
                let old = model.keyed.insert((record.kind, record.key.to_vec()), record.value.to_vec());
                assert!(old.is_none(), "a key came back twice");
            }
        })
        .unwrap();
        assert_eq!(log.counters().lost, 0);
        model
    }

    /// What is different, in a few words for the message of a failed test.
    pub(crate) fn difference(&self, expected: &Model) -> Vec<String> {
        let mut words = Vec::new();
        for key in self.keyed.keys().chain(expected.keyed.keys()) {
            let (found, wanted) = (self.keyed.get(key), expected.keyed.get(key));
            if found != wanted {
                words.push(format!("key {key:?}: {:?} instead of {:?}", found.map(Vec::len), wanted.map(Vec::len)));
            }
        }
        for kind in self.events.keys().chain(expected.events.keys()) {
            let lengths = |model: &Model| model.events.get(kind).map(|list| list.iter().map(Vec::len).collect());
            let (found, wanted): (Option<Vec<_>>, Option<Vec<_>>) = (lengths(self), lengths(expected));
            if found != wanted {
                words.push(format!("events {kind}: {found:?} instead of {wanted:?}"));
            }
        }
        words
    }

    pub(crate) fn append(&mut self, kind: u8, value: &[u8]) {
        let budget = BUDGETS.iter().find(|budget| budget.0 == kind).unwrap().1;
        let events = self.events.entry(kind).or_default();
        events.push(value.to_vec());
        let charge = |value: &Vec<u8>| encoded_bytes(b"", value).max(64);
        while events.iter().map(charge).sum::<u32>() > budget {
            events.remove(0);
        }
    }
}

/// What is acknowledged, and what each attempt since then would make of it: one that is under way, and failed ones,
/// whose records still wait and may or may not be on the medium.
pub(crate) struct World {
    pub(crate) acknowledged: Model,
    pub(crate) attempted: Vec<Model>,
}

impl World {
    pub(crate) fn new(acknowledged: Model) -> World {
        World { acknowledged, attempted: Vec::new() }
    }
}

/// Runs a random workload of so many commits, on a medium that works.
pub(crate) fn work(log: &mut Log<CutMedium>, world: &Mutex<World>, seed: u64, commits: usize) {
    work_with_faults(log, world, seed, commits, None);
    assert!(world.lock().unwrap().attempted.is_empty(), "a commit failed on a medium that works");
}

/// Makes the medium fail, or work again.
pub(crate) type Faults<'a> = &'a mut dyn FnMut(&mut CutMedium, &mut Dice);

/// Runs a random workload of so many commits; `faults` is called after each.
pub(crate) fn work_with_faults(
    log: &mut Log<CutMedium>,
    world: &Mutex<World>,
    seed: u64,
    commits: usize,
    mut faults: Option<Faults<'_>>,
) {
    let mut dice = Dice(seed);
    let mut model = world.lock().unwrap().acknowledged.clone();
    for _ in 0..commits {
        for _ in 0..=dice.below(5) {
            one_change(log, &mut model, &mut dice);
        }
        world.lock().unwrap().attempted.push(model.clone());
        if log.commit(0).is_ok() {
            let mut world = world.lock().unwrap();
            world.acknowledged = model.clone();
            world.attempted.clear();
        }
        // Half of the seeds leave all cleaning to the commits.
        if seed.is_multiple_of(2) && dice.below(4) == 0 && log.needs_maintenance() {
            let _ = log.maintain(0);
        }
        if let Some(faults) = faults.as_mut() {
            faults(log.medium_mut(), &mut dice);
        }
    }
}

fn one_change(log: &mut Log<CutMedium>, model: &mut Model, dice: &mut Dice) {
    let length = match dice.below(20) {
        0 => 0,
        1 => dice.below(1200),
        _ => 20 + dice.below(160),
    };
    let value: Vec<u8> = (0..length).map(|_| dice.roll() as u8).collect();
    let kind = if dice.below(4) == 0 { OTHER } else { KEYED };
    let key = [b'k', dice.below(14) as u8];
    // A medium that fails for long fills the batch: then nothing is taken, in the log and in the model.
    let taken = |outcome: Result<u64, Error>| match outcome {
        Ok(_) => true,
        Err(Error::BatchFull { .. }) => false,
        Err(error) => panic!("{error}"),
    };
    match dice.below(10) {
        0 => {
            if taken(log.delete(0, kind, &key, Durability::Batch)) {
                model.keyed.remove(&(kind.id, key.to_vec()));
            }
        }
        1 | 2 => {
            if taken(log.append(0, SMALL, &value, Durability::Batch)) {
                model.append(SMALL.id, &value);
            }
        }
        3 | 4 => {
            if taken(log.append(0, LARGE, &value, Durability::Lazy)) {
                model.append(LARGE.id, &value);
            }
        }
        _ => {
            if taken(log.put(0, kind, &key, &value, Durability::Now)) {
                model.keyed.insert((kind.id, key.to_vec()), value);
            }
        }
    }
}
