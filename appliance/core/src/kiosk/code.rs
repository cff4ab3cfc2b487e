//! Holds the code a person types to open a session: eight symbols of Crockford's base 32, 40 bits.
//! Never draws by itself and never keeps a code: only its digest is kept, and that needs the appliance's pepper.
//! The desk looks sessions up by digest; shells draw codes and print them on slips.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Crockford's alphabet (2002): digits and letters without I, L, O and U, which people misread.
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols of a code. At 40 bits and 50 tries a second against 100 live codes, a guess succeeds on one day in 2,500.
pub const SYMBOLS: usize = 8;

/// A code as it was typed or drawn, in one spelling. It cannot be printed by accident: see [`Code::spell`].
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; SYMBOLS]);

impl Code {
    /// The code of 40 random bits; five bytes of the kernel's randomness.
    #[must_use]
    pub fn from_random(bytes: [u8; 5]) -> Self {
        let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let symbol = |place: usize| ALPHABET.get((bits >> (5 * place)) as usize & 31).copied().unwrap_or(b'0');
        Self(core::array::from_fn(symbol))
    }

    /// A code of eight digits, for keypads; 27 bits. Only for one workstation and at most [`DIGITS_VALID_MS`].
    #[must_use]
    pub fn from_random_digits(number: u64) -> Self {
        // 2^64 is no multiple of 10^8; the first digits are likelier by 5e-12, which helps nobody.
        let digit = |place: u32| b'0' + (number / 10_u64.pow(place) % 10) as u8;
        Self(core::array::from_fn(|place| digit(place as u32)))
    }

    /// Reads what was typed: upper or lower case, I and L for 1, O for 0, with blanks and dashes anywhere. `None` when
    /// it cannot be a code.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut symbols = [0; SYMBOLS];
        let mut places = symbols.iter_mut();
        for letter in typed.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2015}')) {
            let symbol = match letter.to_ascii_uppercase() {
                'I' | 'L' => b'1',
                'O' => b'0',
                other => u8::try_from(other).ok().filter(|byte| ALPHABET.contains(byte))?,
            };
            *places.next()? = symbol;
        }
        places.next().is_none().then_some(Self(symbols))
    }

    /// The code for a slip: `XXXX-XXXX`.
    #[must_use]
    pub fn spell(&self) -> heapless::String<9> {
        let mut text = heapless::String::new();
        for (place, symbol) in self.0.iter().enumerate() {
            // Nine places for eight symbols and a dash: nothing is turned away.
            if place == SYMBOLS / 2 {
                let _room = text.push('-');
            }
            let _room = text.push(char::from(*symbol));
        }
        text
    }

    /// What is kept of it: HMAC-SHA-256 (RFC 2104) under the appliance's pepper, so that a stolen card opens nothing.
    #[must_use]
    pub fn digest(&self, pepper: &[u8; 32]) -> CodeDigest {
        // A key shorter than a block is one filled up with zeros (RFC 2104 section 2).
        let key: [u8; 64] = core::array::from_fn(|place| pepper.get(place).copied().unwrap_or(0));
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(&self.0);
        CodeDigest(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

/// Longest life of a code of digits, in milliseconds: 27 bits are few.
pub const DIGITS_VALID_MS: u64 = 15 * 60_000;

/// What recognises a code. Compared as it is: who can choose digests has the pepper already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct CodeDigest([u8; 32]);

impl CodeDigest {
    /// A digest from stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeDigest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        let code = Code::parse("A1B0-C9XZ").unwrap();
        for typed in ["a1b0c9xz", "AIBO-c9XZ", " a l b o c 9 x z ", "A1B0\u{2013}C9XZ"] {
            assert_eq!(Code::parse(typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(code.spell(), "A1B0-C9XZ");
        for typed in ["", "A1B0-C9X", "A1B0-C9XZZ", "A1B0-C9XU", "A1B0_C9XZ", "é1B0C9XZ"] {
            assert_eq!(Code::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn every_bit_of_the_randomness_counts() {
        let mut seen = alloc::collections::BTreeSet::new();
        for bit in 0..40 {
            let mut bytes = [0; 5];
            bytes[bit / 8] = 1 << (bit % 8);
            let code = Code::from_random(bytes);
            assert_eq!(Code::parse(&code.spell()), Some(code.clone()));
            assert!(seen.insert(code.spell()));
        }
        assert_eq!(Code::from_random([0xff; 5]).spell(), "ZZZZ-ZZZZ");
    }

    #[test]
    fn digits_are_digits() {
        let code = Code::from_random_digits(9_912_345_678);
        assert_eq!(code.spell(), "8765-4321");
        assert!(Code::from_random_digits(u64::MAX).0.iter().all(u8::is_ascii_digit));
    }

    #[test]
    fn a_digest_hides_the_code_and_needs_the_pepper() {
        let code = Code::parse("A1B0-C9XZ").unwrap();
        assert_eq!(code.digest(&[7; 32]), Code::parse("alb0 c9xz").unwrap().digest(&[7; 32]));
        assert_ne!(code.digest(&[7; 32]), code.digest(&[8; 32]));
        assert_eq!(alloc::format!("{code:?}"), "Code(hidden)");
        // RFC 2104 with SHA-256, worked out with another program: the stored form must never change.
        let known = Code::parse("0000-0000").unwrap().digest(&[0; 32]);
        assert_eq!(known, CodeDigest::from_bytes(KNOWN));
    }

    /// `printf 00000000 | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00` (64 digits).
    const KNOWN: [u8; 32] = [
        0xc2, 0x7d, 0x40, 0x42, 0xc6, 0xb2, 0x94, 0x22, 0x9e, 0x5c, 0xbe, 0x16, 0xa6, 0x57, 0x7a, 0xa4, 0xcb, 0x75,
        0xf7, 0xdd, 0x4b, 0xbb, 0x90, 0x76, 0xe0, 0x15, 0x5f, 0x87, 0x17, 0x21, 0x54, 0xfd,
    ];
}
