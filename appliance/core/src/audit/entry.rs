//! Holds one entry of the log and its bytes, which are the same for the same entry for ever.
//! Never holds a name of a person, a password, or a text as a stranger typed it.
//! Called by the chain, the verifier and every view of the log.

use alloc::vec::Vec;
use core::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::{Moment, Text};

/// First byte of every entry.
const VERSION: u8 = 1;
/// What is hashed begins with this, so that no other signed or hashed bytes of ours can pass for an entry.
const PREFIX: &[u8] = b"vigie audit entry 1\0";
/// Longest name of an object that has no number, in bytes.
pub const MAX_NAMED_BYTES: usize = 48;
/// Longest particulars, in bytes.
pub const MAX_DETAIL_BYTES: usize = 64;
/// Most bytes of an entry: 71 fixed, an address of 17, an object of 50, particulars of 65, and room.
pub const MAX_ENTRY_BYTES: usize = 208;

/// SHA-256 of an entry.
pub type Hash = [u8; 32];

/// Who did it. People are numbers of accounts; names are looked up when the log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The appliance by itself.
    System,
    /// Somebody with an account.
    Account(u32),
    /// Somebody who has not logged in.
    Stranger,
    /// Somebody with a shell on the appliance.
    Console,
    /// The program of a workstation, or the person who sits there.
    Workstation(u32),
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The appliance as a whole, or nothing in particular.
    Nothing,
    /// An account, by number.
    Account(u32),
    /// A device, by id.
    Device(u64),
    /// A timed session, by number.
    Session(u64),
    /// A workstation, by number.
    Workstation(u32),
    /// A person who uses workstations, by a random number that means nothing once the person is erased.
    Person(u64),
    /// Something with a name of ours: a group of settings, a credential.
    Named(Text<MAX_NAMED_BYTES>),
}

/// What happened, before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When, on the clock of this boot.
    pub at: Moment,
    /// When, in milliseconds since 1970; 0 while nobody had set the wall clock.
    pub wall_ms: u64,
    /// [`super::Kind::code`]; may be of a newer version.
    pub kind: u8,
    /// Who.
    pub actor: Actor,
    /// How many alike it stands for, from 1: see [`super::Restraint`].
    pub count: u32,
    /// From where, for what came over the network.
    pub from: Option<IpAddr>,
    /// To what.
    pub object: Object,
    /// Particulars in words of ours, such as `role viewer to operator`.
    pub detail: Text<MAX_DETAIL_BYTES>,
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// Hash of the entry before; zeros before the first.
    pub previous: Hash,
    /// What happened.
    pub what: Draft,
}

/// The hash of an entry's bytes. They hold the hash of the one before, so it covers everything up to here.
#[must_use]
pub fn hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update(PREFIX).chain_update(bytes).finalize().into()
}

impl Entry {
    /// The bytes. All numbers are big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let what = &self.what;
        let mut out = Vec::with_capacity(MAX_ENTRY_BYTES);
        out.push(VERSION);
        out.extend(self.number.to_be_bytes());
        out.extend(self.previous);
        out.extend(what.at.boot.to_be_bytes());
        out.extend(what.at.ms.to_be_bytes());
        out.extend(what.wall_ms.to_be_bytes());
        out.push(what.kind);
        let (tag, number) = match what.actor {
            Actor::System => (0, 0),
            Actor::Account(number) => (1, number),
            Actor::Stranger => (2, 0),
            Actor::Console => (3, 0),
            Actor::Workstation(number) => (4, number),
        };
        out.push(tag);
        out.extend(u32::to_be_bytes(number));
        out.extend(what.count.to_be_bytes());
        match what.from {
            None => out.push(0),
            Some(IpAddr::V4(ip)) => {
                out.push(4);
                out.extend(ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                out.push(6);
                out.extend(ip.octets());
            }
        }
        match &what.object {
            Object::Nothing => out.push(0),
            Object::Account(number) => {
                out.push(1);
                out.extend(number.to_be_bytes());
            }
            Object::Device(id) => {
                out.push(2);
                out.extend(id.to_be_bytes());
            }
            Object::Named(name) => {
                out.push(3);
                put_text(&mut out, name);
            }
            Object::Session(number) => {
                out.push(4);
                out.extend(number.to_be_bytes());
            }
            Object::Workstation(number) => {
                out.push(5);
                out.extend(number.to_be_bytes());
            }
            Object::Person(subject) => {
                out.push(6);
                out.extend(subject.to_be_bytes());
            }
        }
        put_text(&mut out, &what.detail);
        out
    }

    /// Reads an entry. `None` for a layout this version does not know, and for bytes that are not exactly what
    /// [`Entry::to_bytes`] writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return None;
        }
        let mut rest = Reader(bytes);
        let [VERSION] = rest.take()? else { return None };
        let number = u64::from_be_bytes(rest.take()?);
        let previous = rest.take()?;
        let at = Moment { boot: u32::from_be_bytes(rest.take()?), ms: u64::from_be_bytes(rest.take()?) };
        let wall_ms = u64::from_be_bytes(rest.take()?);
        let [kind, tag] = rest.take()?;
        let account = u32::from_be_bytes(rest.take()?);
        let actor = match (tag, account) {
            (0, 0) => Actor::System,
            (1, number) => Actor::Account(number),
            (2, 0) => Actor::Stranger,
            (3, 0) => Actor::Console,
            (4, number) => Actor::Workstation(number),
            _ => return None,
        };
        let count = u32::from_be_bytes(rest.take()?);
        let from = match rest.take()? {
            [0] => None,
            [4] => Some(IpAddr::from(rest.take::<4>()?)),
            [6] => Some(IpAddr::from(rest.take::<16>()?)),
            _ => return None,
        };
        let object = match rest.take()? {
            [0] => Object::Nothing,
            [1] => Object::Account(u32::from_be_bytes(rest.take()?)),
            [2] => Object::Device(u64::from_be_bytes(rest.take()?)),
            [3] => Object::Named(rest.text()?),
            [4] => Object::Session(u64::from_be_bytes(rest.take()?)),
            [5] => Object::Workstation(u32::from_be_bytes(rest.take()?)),
            [6] => Object::Person(u64::from_be_bytes(rest.take()?)),
            _ => return None,
        };
        let detail = rest.text()?;
        let what = Draft { at, wall_ms, kind, actor, count, from, object, detail };
        (rest.0.is_empty()).then_some(Self { number, previous, what })
    }
}

fn put_text<const MAX: usize>(out: &mut Vec<u8>, text: &Text<MAX>) {
    const { assert!(MAX < 256, "the length is one byte") };
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn text<const MAX: usize>(&mut self) -> Option<Text<MAX>> {
        let [length] = self.take()?;
        let (text, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        (text.len() <= MAX).then(|| core::str::from_utf8(text).ok().map(Text::cut)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Kind;

    pub(super) fn sample() -> Entry {
        let what = Draft {
            at: Moment { boot: 3, ms: 0x0102 },
            wall_ms: 0x0193_0000_0000,
            kind: Kind::LoginFailed.code(),
            actor: Actor::Account(7),
            count: 2,
            from: Some(IpAddr::from([10, 0, 0, 9])),
            object: Object::Named("network".into()),
            detail: "role".into(),
        };
        Entry { number: 5, previous: [0xaa; 32], what }
    }

    #[test]
    fn the_bytes_on_the_card_do_not_change() {
        let mut expected = alloc::vec![1, 0, 0, 0, 0, 0, 0, 0, 5];
        expected.extend([0xaa; 32]);
        expected.extend([0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 1, 0x93, 0, 0, 0, 0]);
        expected.extend([9, 1, 0, 0, 0, 7, 0, 0, 0, 2, 4, 10, 0, 0, 9]);
        expected.extend(b"\x03\x07network\x04role");
        assert_eq!(sample().to_bytes(), expected);
        assert_eq!(Entry::from_bytes(&expected), Some(sample()));
    }

    #[test]
    fn sessions_workstations_and_persons_have_their_bytes() {
        let cases: [(Object, &[u8]); 3] = [
            (Object::Session(0x0102_0304), &[4, 0, 0, 0, 0, 1, 2, 3, 4]),
            (Object::Workstation(12), &[5, 0, 0, 0, 12]),
            (Object::Person(0xfedc_ba98_7654_3210), &[6, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10]),
        ];
        for (object, bytes) in cases {
            let what = Draft { actor: Actor::Workstation(12), object, ..sample().what };
            let entry = Entry { what, ..sample() };
            let written = entry.to_bytes();
            // 76 bytes come before the object, a text of four after it.
            assert_eq!(written[62..67], [4, 0, 0, 0, 12]);
            assert_eq!(&written[76..written.len() - 5], bytes);
            assert_eq!(Entry::from_bytes(&written), Some(entry));
        }
    }

    #[test]
    fn what_is_not_exactly_an_entry_is_none() {
        let good = sample().to_bytes();
        for end in 0..good.len() {
            assert_eq!(Entry::from_bytes(&good[..end]), None, "cut at {end}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(Entry::from_bytes(&longer), None);
        for (at, byte) in [(0, 2), (62, 5), (62, 0), (71, 5), (76, 9), (77, 49)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(Entry::from_bytes(&bad), None, "byte {at} = {byte}");
        }
    }

    #[test]
    fn the_longest_entry_fits_its_bound() {
        let what = Draft {
            from: Some(IpAddr::from([0xff; 16])),
            object: Object::Named(Text::cut(&"n".repeat(99))),
            detail: Text::cut(&"d".repeat(99)),
            ..sample().what
        };
        let longest = Entry { what, ..sample() }.to_bytes();
        assert!(longest.len() <= MAX_ENTRY_BYTES, "{}", longest.len());
        assert_eq!(Entry::from_bytes(&longest).map(|entry| entry.to_bytes()), Some(longest));
    }
}
