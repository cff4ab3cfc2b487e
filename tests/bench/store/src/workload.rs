//! Holds the workload: what is written in which step, the same in every run.
//! It never depends on the engine.
//! The writer and the verifier call it.

use std::fmt;
use std::str::FromStr;

/// Steps of one event and one update.
pub const STEPS: u64 = 10_000;

const DEVICES: u64 = 1_000;

/// How much is made durable at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One commit per ten steps: at ten steps a second, a second may be lost.
    TenSteps,
    /// Every step durable before the next one.
    Step,
    /// Every record durable before the next one.
    Record,
}

impl Pace {
    pub fn words(self) -> &'static str {
        match self {
            Pace::TenSteps => "1,000 (b10)",
            Pace::Step => "10,000 (b1)",
            Pace::Record => "20,000 (each record)",
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(word: &str) -> Result<Pace, String> {
        [Pace::TenSteps, Pace::Step, Pace::Record]
            .into_iter()
            .find(|pace| pace.to_string() == word)
            .ok_or_else(|| format!("no pace {word}"))
    }
}

/// Makes the records; each is a function of its step.
pub struct Workload;

impl Workload {
    pub fn logical_bytes(&self) -> u64 {
        (0..STEPS).map(|step| (self.event(step).len() + self.update(step).1.len()) as u64).sum()
    }

    pub fn event(&self, step: u64) -> Vec<u8> {
        noise(step * 2, 64, 200)
    }

    pub fn update(&self, step: u64) -> ([u8; 8], Vec<u8>) {
        let device = step.wrapping_mul(7919) % DEVICES;
        ((device + 1).to_be_bytes(), noise(step * 2 + 1, 100, 150))
    }
}

/// Bytes that do not compress and never repeat, of a length between two bounds.
fn noise(seed: u64, min: u64, max: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 11
    };
    let len = min + next() % (max - min + 1);
    (0..len).map(|_| next() as u8).collect()
}
