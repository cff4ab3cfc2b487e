//! Holds the one-time code that proves a person can read the appliance's console.
//! It never keeps the code, only a salted hash of it, and never survives a restart or its first use.
//! Accounts make it at start while no account exists, and check it at set-up.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::secret::{Secret, draw};

/// 32 signs that cannot be taken for each other: no 0/O, no 1/I.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Signs of a code; 8 of 32 make 40 bits.
const CODE_SIGNS: usize = 8;

/// Recognises the set-up code.
pub struct SetupCode {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl SetupCode {
    /// Draws a code. The text (`XXXX-XXXX`) is for the console and is not kept.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn draw() -> Result<(Self, Secret), getrandom::Error> {
        let (salt, bytes) = (draw()?, draw::<CODE_SIGNS>()?);
        // 256 is a multiple of 32, so the low five bits are uniform.
        let signs: String = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)))
            .map(|&sign| char::from(sign))
            .collect();
        let (first, second) = signs.split_at(CODE_SIGNS / 2);
        Ok((Self { salt, hash: hash(&salt, &signs) }, Secret::new(format!("{first}-{second}"))))
    }

    /// Whether a person typed the code. Case, spaces and dashes do not matter.
    #[must_use]
    pub fn matches(&self, typed: &Secret) -> bool {
        let plain: zeroize::Zeroizing<String> = zeroize::Zeroizing::new(
            typed.expose().chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect(),
        );
        hash(&self.salt, &plain).ct_eq(&self.hash).into()
    }
}

fn hash(salt: &[u8; 16], signs: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(signs.as_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_has_its_shape_and_is_recognised_however_it_is_typed() {
        let (code, text) = SetupCode::draw().unwrap();
        let text = text.expose();
        assert_eq!(text.len(), 9);
        assert_eq!(text.as_bytes()[4], b'-');
        assert!(text.bytes().filter(|b| *b != b'-').all(|b| ALPHABET.contains(&b)), "{text}");
        for typed in
            [text.to_owned(), text.to_lowercase(), text.replace('-', ""), format!(" {} ", text.replace('-', " "))]
        {
            assert!(code.matches(&Secret::new(typed.clone())), "{typed}");
        }
        assert!(!code.matches(&Secret::new("AAAA-AAA1".into())));
        assert!(!code.matches(&Secret::new(String::new())));
    }

    #[test]
    fn two_codes_differ() {
        let (_, first) = SetupCode::draw().unwrap();
        let (second_code, second) = SetupCode::draw().unwrap();
        assert_ne!(first.expose(), second.expose());
        assert!(!second_code.matches(&first));
    }
}
