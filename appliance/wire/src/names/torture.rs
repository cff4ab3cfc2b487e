//! Holds the two tortures every parser of this folder goes through: cut at every byte, and a hundred thousand mutations.
//! Never judges the result: a parser passes when it returns. Called by the tests of each parser.

extern crate std;
use std::vec::Vec;

/// Mutations per parser: enough to reach every branch of parsers this small, and still seconds in a debug build.
const ROUNDS: u32 = 100_000;

/// SplitMix64 (public domain, Steele et al. 2014): small, and a failure replays from its seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Feeds every prefix of every sample.
pub(super) fn cut_everywhere(samples: &[&[u8]], mut parse: impl FnMut(&[u8])) {
    for sample in samples {
        for end in 0..=sample.len() {
            parse(&sample[..end]);
        }
    }
}

/// Feeds mutated samples: bits flipped, bytes set to telling values, pieces doubled, dropped and swapped in from elsewhere.
pub(super) fn mutate(samples: &[&[u8]], mut parse: impl FnMut(&[u8])) {
    const TELLING: [u8; 10] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff, b'<', b'\n'];
    let mut dice = Dice(0x5669_6769_6500_0001);
    let mut bytes = Vec::new();
    for _ in 0..ROUNDS {
        bytes.clear();
        bytes.extend_from_slice(samples[dice.below(samples.len())]);
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len());
            let end = (at + dice.below(24)).min(bytes.len());
            match dice.below(6) {
                _ if bytes.is_empty() => bytes.push(0xc0),
                0 => bytes[at] ^= 1 << dice.below(8),
                1 => bytes[at] = TELLING[dice.below(TELLING.len())],
                2 => drop(bytes.drain(at..end)),
                3 => bytes.extend_from_within(at..end),
                4 => bytes.truncate(at),
                _ => {
                    let other = samples[dice.below(samples.len())];
                    let from = dice.below(other.len());
                    let piece = &other[from..(from + 16).min(other.len())];
                    drop(bytes.splice(at..at, piece.iter().copied()));
                }
            }
        }
        parse(&bytes);
    }
}

/// Both tortures.
pub(super) fn torture(samples: &[&[u8]], mut parse: impl FnMut(&[u8])) {
    cut_everywhere(samples, &mut parse);
    mutate(samples, &mut parse);
}
