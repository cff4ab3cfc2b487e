//! Holds what is stored about an account, and its bytes on the medium.
//! It never holds a password, only what is needed to recognise one.
//! Accounts write it when something changes and read it back at start.

use serde::{Deserialize, Serialize};

use super::role::Role;

/// First byte of every record. A new layout takes the next number and reads the old ones.
const VERSION: u8 = 1;

/// Most bytes of a record: a name of 64, the fixed fields, and room.
pub const MAX_RECORD_BYTES: usize = 160;

/// What recognises a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// Argon2 memory in KiB.
    pub memory_kib: u32,
    /// Argon2 passes.
    pub passes: u32,
    /// Random, one per password.
    pub salt: [u8; 16],
    /// Argon2id output.
    pub hash: [u8; 32],
}

/// One account as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// Its number, never used again for somebody else.
    pub number: u32,
    /// Name as typed at creation; compared without case.
    pub username: String,
    /// `Role::byte`.
    pub role: u8,
    /// Two letters, `en` or `fr`.
    pub language: [u8; 2],
    /// May log in.
    pub enabled: bool,
    /// Seconds since 1970, when the wall clock was known.
    pub created_at: Option<u64>,
    /// What recognises the password.
    pub verifier: Verifier,
}

impl AccountRecord {
    /// The role, `None` for one this version does not know.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        Role::of_byte(self.role)
    }

    /// The record's bytes: a version byte, then postcard.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to a growing vector cannot fail for a type without maps or unsized parts.
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// Reads a record. `None` for a version or a layout this program does not know, trailing bytes included.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = bytes.split_first()? else { return None };
        match postcard::take_from_bytes(rest) {
            Ok((record, [])) => Some(record),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> AccountRecord {
        AccountRecord {
            number: 1,
            username: "ada".into(),
            role: 3,
            language: *b"fr",
            enabled: true,
            created_at: Some(300),
            verifier: Verifier { memory_kib: 9_216, passes: 4, salt: [7; 16], hash: [9; 32] },
        }
    }

    #[test]
    fn the_bytes_on_the_medium_do_not_change() {
        let mut expected = vec![1, 1, 3, b'a', b'd', b'a', 3, b'f', b'r', 1, 1, 0xac, 2, 0x80, 0x48, 4];
        expected.extend([7; 16]);
        expected.extend([9; 32]);
        assert_eq!(sample().to_bytes(), expected);
        assert_eq!(AccountRecord::from_bytes(&expected), Some(sample()));
    }

    #[test]
    fn damaged_or_foreign_records_are_refused() {
        let good = sample().to_bytes();
        for end in 0..good.len() {
            assert_eq!(AccountRecord::from_bytes(good.get(..end).unwrap_or_default()), None, "cut at {end}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(AccountRecord::from_bytes(&longer), None);
        let mut newer = good;
        newer[0] = 2;
        assert_eq!(AccountRecord::from_bytes(&newer), None);
    }

    #[test]
    fn the_longest_record_fits_its_bound() {
        let record =
            AccountRecord { username: "x".repeat(64), number: u32::MAX, created_at: Some(u64::MAX), ..sample() };
        assert!(record.to_bytes().len() <= MAX_RECORD_BYTES, "{}", record.to_bytes().len());
    }
}
