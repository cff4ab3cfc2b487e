//! Holds the proof that tampering shows: thousands of random changes to a log, each found, and found by name.
//! Never uses a clock or real randomness: a failure replays from its number.
//! `cargo test` runs it.

use alloc::vec::Vec;

use super::*;
use crate::Moment;

/// xorshift64*: enough to choose places.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

fn draft(dice: &mut Dice) -> Draft {
    let kind = Kind::ALL[dice.below(Kind::ALL.len())].code();
    let object = match dice.below(4) {
        0 => Object::Nothing,
        1 => Object::Account(dice.below(9) as u32),
        2 => Object::Device(dice.below(99) as u64),
        _ => Object::Named("network".into()),
    };
    Draft {
        at: Moment { boot: 1, ms: dice.below(1 << 30) as u64 },
        wall_ms: dice.below(1 << 30) as u64,
        kind,
        actor: Actor::Account(dice.below(5) as u32),
        count: 1,
        from: None,
        object,
        detail: "word".into(),
    }
}

/// A log of so many entries, with the oldest let go, and its seal.
fn log(dice: &mut Dice, entries: usize) -> (Vec<Vec<u8>>, Seal) {
    let mut chain = Chain::new(20_000);
    let mut log = Vec::new();
    for _ in 0..entries {
        let bytes = chain.compose(draft(dice));
        chain.advance(&bytes);
        log.push(bytes);
    }
    let seal = chain.seal();
    // The medium lets go some time after the chain.
    let gone = (seal.anchor.number as usize).saturating_sub(dice.below(20));
    (log.split_off(gone), seal)
}

fn verify(log: &[Vec<u8>], sealing: Sealing) -> Report {
    let mut verifier = Verifier::new(sealing);
    log.iter().for_each(|bytes| verifier.feed(bytes));
    verifier.finish()
}

#[test]
fn an_untouched_log_is_good_whatever_its_length() {
    for seed in 1..400 {
        let mut dice = Dice(seed);
        let entries = dice.below(500);
        let (log, seal) = log(&mut dice, entries);
        let report = verify(&log, Sealing::Good(seal));
        assert!(report.is_good(), "{seed}: {report:?}");
        assert_eq!((report.entries, report.head), (log.len() as u64, seal.head));
    }
}

#[test]
fn every_one_of_twelve_thousand_random_tamperings_is_found() {
    let mut named = 0;
    for seed in 1..=12_000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let entries = 2 + dice.below(60) + if seed % 10 == 0 { 300 } else { 0 };
        let (mut log, seal) = log(&mut dice, entries);
        let numbers: Vec<u64> = log.iter().filter_map(|bytes| Entry::from_bytes(bytes)).map(|e| e.number).collect();
        let (at, way) = (dice.below(log.len()), dice.below(8));
        // What lies before the anchor is let go: to lose it is no tampering.
        let is_counted = numbers[at] > seal.anchor.number;
        let expected = match way {
            0..=2 => {
                let (byte, bit) = (dice.below(log[at].len()), dice.below(8));
                log[at][byte] ^= 1 << bit;
                if (1..9).contains(&byte) { None } else { Some(numbers[at]) }
            }
            3 if is_counted => {
                log.remove(at);
                Some(numbers[at])
            }
            4 if is_counted => {
                log.truncate(at);
                Some(numbers[at])
            }
            5 if at + 1 < log.len() => {
                log.swap(at, at + 1);
                None
            }
            6 => {
                log.insert(at, log[at].clone());
                Some(numbers[at])
            }
            _ => {
                // Somebody who knows how the chain is made adds an entry with good links behind the end.
                let mut forged = Chain::restore(20_000, Some(seal), log.iter().map(Vec::as_slice));
                let bytes = forged.compose(draft(&mut dice));
                forged.advance(&bytes);
                log.push(bytes);
                Some(seal.head.number + 1)
            }
        };
        let report = verify(&log, Sealing::Good(seal));
        assert!(!report.is_good(), "{seed}: way {way} at {at} of {} went unseen", log.len());
        if let Some(number) = expected {
            let is_named = report.findings.iter().any(|finding| match *finding {
                Finding::Changed { number: n }
                | Finding::Unreadable { number: n }
                | Finding::OutOfOrder { number: n } => n == number,
                Finding::Missing { from, to } | Finding::CutTail { from, to } | Finding::Unsealed { from, to } => {
                    (from..=to).contains(&number)
                }
                _ => false,
            });
            assert!(is_named, "{seed}: way {way}, entry {number} is not named: {report:?}");
            named += 1;
        }
    }
    assert!(named > 8_000, "{named}");
}

#[test]
fn a_log_rewritten_from_the_middle_is_found_by_its_seal() {
    let mut dice = Dice(77);
    let (log, seal) = log(&mut dice, 40);
    let mut forged = Chain::restore(20_000, None, log[..20].iter().map(Vec::as_slice));
    let mut rewritten = log[..20].to_vec();
    for _ in 20..40 {
        let bytes = forged.compose(draft(&mut dice));
        forged.advance(&bytes);
        rewritten.push(bytes);
    }
    let report = verify(&rewritten, Sealing::Good(seal));
    assert_eq!(report.findings, [Finding::Changed { number: 40 }]);
    assert_eq!(verify(&log, Sealing::Forged).findings, [Finding::ForgedSeal]);
    assert_eq!(verify(&log, Sealing::Missing).findings, [Finding::NoSeal]);
    assert!(verify(&[], Sealing::Missing).is_good(), "nothing was ever written");
    assert_eq!(verify(&[], Sealing::Good(seal)).findings, [Finding::CutTail { from: 1, to: 40 }]);
}

#[test]
fn findings_are_bounded() {
    let mut dice = Dice(5);
    let (mut log, seal) = log(&mut dice, 100);
    log.iter_mut().for_each(|bytes| bytes[0] = 9);
    let report = verify(&log, Sealing::Good(seal));
    assert_eq!(report.findings.len(), MAX_FINDINGS);
    assert!(report.more >= 68, "{}", report.more);
}
