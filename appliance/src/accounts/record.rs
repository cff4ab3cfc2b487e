//! Holds what is stored about an account, and its bytes on the medium.
//! It never holds a password, only what is needed to recognise one.
//! Accounts write it when something changes and read it back at start.

use serde::{Deserialize, Serialize};

use super::role::Role;

/// First byte of every record. A new layout takes the next number and reads the old ones.
const VERSION: u8 = 2;

/// The layout of the first release: people with a password, and nothing else.
const FIRST_VERSION: u8 = 1;

/// First byte of the record that says which numbers were given; it lies under number 0, which no account has.
const NUMBERING: u8 = 0xff;

/// Longest display name, in bytes.
pub const MAX_DISPLAY_BYTES: usize = 64;

/// Longest name of a workstation, in bytes; as long as a name on the network.
pub const MAX_STATION_BYTES: usize = 63;

/// Most bytes of a record: three names, three digests, the fixed fields, and room.
pub const MAX_RECORD_BYTES: usize = 352;

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
    /// What recognises the password; screens have none.
    pub verifier: Option<Verifier>,
    /// How the person wants to be called; may be empty.
    pub display_name: String,
    /// The password was given by an administrator and must be changed first.
    pub must_change: bool,
    /// When the password was set, in seconds since 1970, when the wall clock was known.
    pub password_at: Option<u64>,
    /// SHA-256 of the lasting token of a screen.
    pub token: Option<[u8; 32]>,
    /// The one workstation of an agent, in accounts of earlier versions; empty in all others.
    pub station: String,
    /// Counts changes, for `ETag`.
    pub revision: u32,
}

/// The layout of the first release.
#[derive(Deserialize)]
struct First {
    number: u32,
    username: String,
    role: u8,
    language: [u8; 2],
    enabled: bool,
    created_at: Option<u64>,
    verifier: Verifier,
}

impl From<First> for AccountRecord {
    fn from(first: First) -> Self {
        let First { number, username, role, language, enabled, created_at, verifier } = first;
        let verifier = Some(verifier);
        Self { enabled, created_at, password_at: created_at, verifier, role, ..Self::new(number, &username, language) }
    }
}

impl AccountRecord {
    /// A viewer without a password.
    #[must_use]
    pub fn new(number: u32, username: &str, language: [u8; 2]) -> Self {
        Self {
            number,
            username: username.to_owned(),
            role: Role::Viewer.byte(),
            language,
            enabled: true,
            created_at: None,
            verifier: None,
            display_name: String::new(),
            must_change: false,
            password_at: None,
            token: None,
            station: String::new(),
            revision: 0,
        }
    }

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
        let (version, rest) = bytes.split_first()?;
        match *version {
            VERSION => read(rest),
            FIRST_VERSION => read::<First>(rest).map(Self::from),
            _ => None,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

/// The bytes that keep the highest number ever given, so that the journal never means two people by one number.
#[must_use]
pub fn numbering_to_bytes(highest: u32) -> Vec<u8> {
    [&[NUMBERING][..], &highest.to_be_bytes()].concat()
}

/// Reads the highest number ever given; `None` when the bytes are something else.
#[must_use]
pub fn numbering_of_bytes(bytes: &[u8]) -> Option<u32> {
    let (&NUMBERING, rest) = bytes.split_first()? else { return None };
    rest.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> AccountRecord {
        AccountRecord {
            role: 3,
            created_at: Some(300),
            verifier: Some(Verifier { memory_kib: 9_216, passes: 4, salt: [7; 16], hash: [9; 32] }),
            display_name: "Ada".into(),
            must_change: true,
            password_at: Some(2),
            token: Some([5; 32]),
            station: "pc".into(),
            revision: 4,
            ..AccountRecord::new(1, "ada", *b"fr")
        }
    }

    #[test]
    fn the_bytes_on_the_medium_do_not_change() {
        let mut expected = vec![2, 1, 3, b'a', b'd', b'a', 3, b'f', b'r', 1, 1, 0xac, 2, 1, 0x80, 0x48, 4];
        expected.extend([7; 16]);
        expected.extend([9; 32]);
        expected.extend([3, b'A', b'd', b'a', 1, 1, 2, 1]);
        expected.extend([5; 32]);
        expected.extend([2, b'p', b'c', 4]);
        assert_eq!(sample().to_bytes(), expected);
        assert_eq!(AccountRecord::from_bytes(&expected), Some(sample()));
    }

    #[test]
    fn a_record_of_the_first_release_is_read() {
        let mut first = vec![1, 1, 3, b'a', b'd', b'a', 3, b'f', b'r', 1, 1, 0xac, 2, 0x80, 0x48, 4];
        first.extend([7; 16]);
        first.extend([9; 32]);
        let expected = AccountRecord {
            display_name: String::new(),
            must_change: false,
            password_at: Some(300),
            token: None,
            station: String::new(),
            revision: 0,
            ..sample()
        };
        assert_eq!(AccountRecord::from_bytes(&first), Some(expected));
        first.push(0);
        assert_eq!(AccountRecord::from_bytes(&first), None);
    }

    #[test]
    fn the_numbering_is_no_account_and_no_account_is_the_numbering() {
        assert_eq!(numbering_to_bytes(0x0102), [0xff, 0, 0, 1, 2]);
        assert_eq!(numbering_of_bytes(&[0xff, 0, 0, 1, 2]), Some(0x0102));
        assert_eq!(AccountRecord::from_bytes(&numbering_to_bytes(7)), None);
        assert_eq!(numbering_of_bytes(&sample().to_bytes()), None);
        assert_eq!(numbering_of_bytes(&[0xff, 0, 0, 1]), None);
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
        newer[0] = 3;
        assert_eq!(AccountRecord::from_bytes(&newer), None);
    }

    #[test]
    fn the_longest_record_fits_its_bound() {
        let record = AccountRecord {
            username: "x".repeat(64),
            number: u32::MAX,
            created_at: Some(u64::MAX),
            display_name: "d".repeat(MAX_DISPLAY_BYTES),
            password_at: Some(u64::MAX),
            station: "s".repeat(MAX_STATION_BYTES),
            revision: u32::MAX,
            ..sample()
        };
        assert!(record.to_bytes().len() <= MAX_RECORD_BYTES, "{}", record.to_bytes().len());
    }
}
