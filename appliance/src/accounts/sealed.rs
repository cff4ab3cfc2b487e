//! Holds how credentials rest on the card: sealed with a key of this device, each bound to its place.
//! It never prints, copies out or serialises what it opens, and wipes it when it is dropped.
//! The vault seals and opens with it.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use zeroize::Zeroizing;

use super::secret::{Secret, draw};
use super::token::DeviceKey;

/// First byte of every sealed record.
const VERSION: u8 = 1;

/// Binds the derived key to this use; the same seed signs tokens and seals.
const SALT: &[u8] = b"vigie credentials";

/// Binds every record to this layout.
const PREFIX: &[u8] = b"vigie sealed 1\0";

/// Longest credential, in bytes: an SSH key of 4,096 bits has 3,400 in PEM, one of Ed25519 has 400. The value of a record
/// of the log ends at 3,072.
pub const MAX_CREDENTIAL_BYTES: usize = 2_560;

/// Bytes before the sealed ones: version, time, nonce.
const HEAD_BYTES: usize = 1 + 8 + NONCE_LEN;

/// A credential in the clear. It has no `Debug`, `Display`, `Serialize` or `Clone`, so that it can neither be printed nor
/// leave through an answer by accident.
pub struct Credential(Zeroizing<Vec<u8>>);

impl Credential {
    /// Takes a secret into custody. `None` when it is longer than [`MAX_CREDENTIAL_BYTES`].
    #[must_use]
    pub fn of(secret: &Secret) -> Option<Self> {
        let bytes = secret.expose().as_bytes();
        (bytes.len() <= MAX_CREDENTIAL_BYTES).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The bytes. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, for a credential that is one.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

/// Where a credential belongs: what for, and whose. It cannot be opened anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Such as `snmp` or `camera`.
    pub kind: &'a str,
    /// Which one, such as a device's id; may be empty.
    pub id: &'a str,
}

impl Place<'_> {
    /// Bytes that no other place has: the lengths keep `ab`+`c` and `a`+`bc` apart.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut out = PREFIX.to_vec();
        for part in [self.kind, self.id] {
            out.extend((part.len() as u64).to_be_bytes());
            out.extend(part.as_bytes());
        }
        out
    }
}

/// Seals and opens.
pub struct Sealer(LessSafeKey);

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        CHACHA20_POLY1305.key_len()
    }
}

impl Sealer {
    /// The sealer of this device. `None` never happens with the lengths above; it is not worth ending the service.
    #[must_use]
    pub fn of(key: &DeviceKey) -> Option<Self> {
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&*key.seed());
        let mut bytes = Zeroizing::new([0; 32]);
        derived.expand(&[PREFIX], KeyLength).ok()?.fill(&mut *bytes).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*bytes).ok()?)))
    }

    /// Seals a credential for its place. `at` is when, in seconds since 1970, 0 while the clock is not set.
    #[must_use]
    pub fn seal(&self, place: Place<'_>, at: u64, credential: &Credential) -> Option<Vec<u8>> {
        // 96 random bits: at one write a minute two nonces meet in some hundred million years.
        let nonce = draw::<NONCE_LEN>().ok()?;
        let mut sealed = Zeroizing::new(credential.0.to_vec());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce_used, bind(place, at), &mut sealed).ok()?;
        let mut out = Vec::with_capacity(HEAD_BYTES + sealed.len() + tag.as_ref().len());
        out.push(VERSION);
        out.extend(at.to_be_bytes());
        out.extend(nonce);
        out.extend(&*sealed);
        out.extend(tag.as_ref());
        Some(out)
    }

    /// Opens a sealed record at its place. `None` for one of another place, of another device, or changed by a bit.
    #[must_use]
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Credential> {
        let (head, rest) = sealed.split_at_checked(HEAD_BYTES)?;
        let nonce = head.get(9..)?.try_into().ok()?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let aad = bind(place, sealed_at(sealed)?);
        let length = self.0.open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(Credential(bytes))
    }
}

/// When a record was sealed, in seconds since 1970; `None` for a record of another version.
#[must_use]
pub fn sealed_at(sealed: &[u8]) -> Option<u64> {
    let (&VERSION, rest) = sealed.split_first()? else { return None };
    rest.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

fn bind(place: Place<'_>, at: u64) -> Aad<Vec<u8>> {
    let mut bytes = place.to_bytes();
    bytes.extend(at.to_be_bytes());
    Aad::from(bytes)
}

/// Does not compile once a credential can be printed, copied or serialised: the call would be ambiguous.
const _: fn() = || {
    trait NotPrinted<Which> {
        fn holds() {}
    }
    impl<T: ?Sized> NotPrinted<()> for T {}
    struct Printed<const WHICH: u8>;
    impl<T: ?Sized + std::fmt::Debug> NotPrinted<Printed<0>> for T {}
    impl<T: ?Sized + std::fmt::Display> NotPrinted<Printed<1>> for T {}
    impl<T: ?Sized + serde::Serialize> NotPrinted<Printed<2>> for T {}
    impl<T: Clone> NotPrinted<Printed<3>> for T {}
    <Credential as NotPrinted<_>>::holds();
};

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { kind: "snmp", id: "" };

    fn sealer(byte: u8) -> Sealer {
        Sealer::of(&DeviceKey::from_seed(&[byte; 32])).unwrap()
    }

    fn credential(text: &str) -> Credential {
        Credential::of(&Secret::new(text.into())).unwrap()
    }

    #[test]
    fn it_opens_at_its_place_on_its_device_and_nowhere_else() {
        let sealed = sealer(1).seal(HERE, 300, &credential("s3cret-community")).unwrap();
        assert_eq!(sealer(1).open(HERE, &sealed).unwrap().expose_text(), Some("s3cret-community"));
        assert_eq!(sealed_at(&sealed), Some(300));
        assert!(sealer(2).open(HERE, &sealed).is_none());
        for other in [Place { kind: "snmp", id: "x" }, Place { kind: "snm", id: "p" }, Place { kind: "", id: "snmp" }] {
            assert!(sealer(1).open(other, &sealed).is_none(), "{other:?}");
        }
        assert!(!sealed.windows(6).any(|part| part == b"s3cret"));
        assert_ne!(sealer(1).seal(HERE, 300, &credential("s3cret-community")).unwrap(), sealed, "nonces differ");
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_refused() {
        let sealed = sealer(1).seal(HERE, 300, &credential("community")).unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(sealer(1).open(HERE, &changed).is_none(), "bit {bit} of byte {at}");
            }
            assert!(sealer(1).open(HERE, &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_record_of_the_first_release_opens_for_ever() {
        let sealed = data_encoding::HEXLOWER.decode(RECORDED.as_bytes()).unwrap();
        assert_eq!(sealer(7).open(HERE, &sealed).unwrap().expose_text(), Some("public-but-not"));
    }

    /// A record of 600 seconds past 1970 for the key of 32 sevens, made by another implementation of HKDF and the cipher.
    const RECORDED: &str =
        "010000000000000258404142434445464748494a4b1f57c4687d0242cfb83c799696d258f8b03dc20015af778005ecb86b3dd8";

    #[test]
    fn longer_than_a_record_takes_is_refused() {
        assert!(Credential::of(&Secret::new("k".repeat(MAX_CREDENTIAL_BYTES + 1))).is_none());
        let sealed = sealer(1).seal(HERE, 0, &credential(&"k".repeat(MAX_CREDENTIAL_BYTES))).unwrap();
        assert!(sealed.len() <= 3_072);
    }
}
