//! Holds the fuzz target of the flash log: lists of puts, deletions, commits, faults, and power cuts in the middle of them.
//! Never accepts an acknowledged value that is gone, or one nobody wrote.
//! Called by `run`.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use vigie_store::medium::MediumError;
use vigie_store::medium::cut::{CutMedium, Dice, Disk, Operation, Tear};
use vigie_store::{Durability, Kind, Log, Options};

const SEGMENT_BYTES: u32 = 8 * 1024;
const SEGMENTS: u16 = 12;
const KIND: Kind = Kind { id: 1, version: 1 };
const MAX_STEPS: usize = 120;

type Content = BTreeMap<u8, Vec<u8>>;

struct Play {
    log: Option<Log<CutMedium>>,
    /// What was acknowledged.
    sure: Content,
    /// What it would be after each commit that was begun and not acknowledged.
    maybe: Vec<Content>,
    /// With what waits for a commit.
    waiting: Content,
    now_ms: u64,
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Unstructured::new(data);
    let mut play = Play::new();
    for _ in 0..MAX_STEPS {
        if choices.is_empty() || play.step(&mut choices).is_err() {
            break;
        }
    }
});

fn options() -> Options {
    Options {
        max_keys: 64,
        max_keyed_bytes: 16 * 1024,
        max_segments: SEGMENTS,
        min_segments: 3,
        entropy: 42,
        ..Options::default()
    }
}

fn open(disk: Disk) -> Log<CutMedium> {
    Log::open(CutMedium::new(disk), options()).expect("what it wrote itself it can open").0
}

impl Play {
    fn new() -> Self {
        let log = open(Disk::new(SEGMENT_BYTES, SEGMENTS.into()));
        Self { log: Some(log), sure: Content::new(), maybe: Vec::new(), waiting: Content::new(), now_ms: 0 }
    }

    fn step(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        self.now_ms += u64::from(choices.arbitrary::<u8>()?) * 20;
        let now = self.now_ms;
        let Some(log) = self.log.as_mut() else { return Ok(()) };
        match choices.int_in_range(0..=9)? {
            0..=4 => {
                let key = choices.int_in_range(0..=40)?;
                let value = vec![choices.arbitrary::<u8>()?; choices.int_in_range(0..=300)?];
                if log.put(now, KIND, &[key], &value, Durability::Batch).is_ok() {
                    self.waiting.insert(key, value);
                }
            }
            5 => {
                let key = choices.int_in_range(0..=40)?;
                if log.delete(now, KIND, &[key], Durability::Batch).is_ok() {
                    self.waiting.remove(&key);
                }
            }
            6 => self.commit(),
            7 => {
                let operation = *choices.choose(&[Operation::Write, Operation::Flush, Operation::Create])?;
                let error = *choices.choose(&[MediumError::NoSpace, MediumError::Io(5), MediumError::ReadOnly])?;
                let times = choices.int_in_range(1..=3)?;
                log.medium_mut().fail(operation, times, error);
                self.commit();
            }
            8 => {
                let tear = *choices.choose(&[Tear::All, Tear::None, Tear::InOrder, Tear::Reordered, Tear::Noisy])?;
                let (step, seed) = (choices.int_in_range(0..=12)?, choices.arbitrary()?);
                self.cut_during_commit(step, tear, seed);
            }
            _ => {
                let disk = self.take().into_medium().disk.after_restart();
                self.reopen(disk);
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Log<CutMedium> {
        self.log.take().expect("it is put back by every step")
    }

    fn commit(&mut self) {
        let now = self.now_ms;
        self.maybe.push(self.waiting.clone());
        if let Some(log) = self.log.as_mut()
            && log.commit(now).is_ok()
        {
            self.sure = self.waiting.clone();
            self.maybe.clear();
        }
    }

    /// Commits, and cuts the power at one of its steps, or after it when it has fewer.
    fn cut_during_commit(&mut self, at: usize, tear: Tear, seed: u64) {
        let found: Arc<Mutex<(usize, Option<Disk>)>> = Arc::default();
        let (watching, mut dice) = (found.clone(), Dice(seed));
        let medium = self.take().into_medium();
        // Waiting records are gone with the process; what follows is a commit of a process that starts now.
        self.reopen(medium.disk.after_restart());
        let log = self.take();
        let mut log = Log::open(
            CutMedium::new(log.into_medium().disk).watched(Box::new(move |disk, _| {
                let mut found = watching.lock().expect("nobody panics holding it");
                if found.0 == at {
                    found.1 = Some(disk.cut(tear, &mut dice));
                }
                found.0 += 1;
            })),
            options(),
        )
        .expect("it opened a moment ago")
        .0;
        let value = seed.to_le_bytes().repeat(20);
        for key in 50..54 {
            if log.put(self.now_ms, KIND, &[key], &value, Durability::Now).is_ok() {
                self.waiting.insert(key, value.clone());
            }
        }
        self.maybe.push(self.waiting.clone());
        let done = log.commit(self.now_ms).is_ok();
        let cut = found.lock().expect("nobody panics holding it").1.take();
        match cut {
            Some(disk) => self.reopen(disk),
            None => {
                if done {
                    self.sure = self.waiting.clone();
                    self.maybe.clear();
                }
                self.reopen(log.into_medium().disk.after_restart());
            }
        }
    }

    /// Opens what is there, which must be what was acknowledged or what a commit begun since would make of it.
    fn reopen(&mut self, disk: Disk) {
        let mut log = open(disk);
        let mut content = Content::new();
        log.replay(&mut |record| {
            let key = record.key.first().copied().expect("keys have one byte");
            assert!(content.insert(key, record.value.to_vec()).is_none(), "a key came back twice");
        })
        .expect("nothing fails here");
        assert!(
            content == self.sure || self.maybe.contains(&content),
            "neither what was acknowledged nor what was tried"
        );
        // What is there now is there for good: reading it again must give the same.
        self.sure = content.clone();
        self.waiting = content;
        self.maybe.clear();
        self.log = Some(log);
    }
}
