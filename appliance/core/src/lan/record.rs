//! Holds `DeviceRecord`: all of a device that outlives a restart, and exactly what the store keeps of it.
//! Never holds timers, questions under way or anything else of the running machine. Called by `Lan`, stored by the shell.

use alloc::boxed::Box;

use vigie_wire::Mac;

use super::Kind;
use super::device::{DeviceId, Trust};
use super::field::Field;
use super::gaps::Gaps;
use super::interface::Interface;
use super::presence::Told;
use super::rows::Rows;
use super::sighting::{Clue, Port, Role, Source, StableId};
use super::uptime::Uptime;
use crate::limits::{
    MAX_CLUES, MAX_INTERFACES, MAX_MERGES, MAX_NAME_BYTES, MAX_NAMES, MAX_NOTES_BYTES, MAX_PORT_LISTS, MAX_PORTS,
    MAX_RELATIONS, MAX_ROLES, MAX_STABLE_IDS, MAX_TAGS, MAX_WORD_BYTES,
};
use crate::{Moment, Text};

/// The form of the record. Written as one byte before everything else; another byte is refused when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Version;

/// The byte of [`Version`].
const VERSION: u8 = 1;

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(VERSION)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            VERSION => Ok(Self),
            _ => Err(serde::de::Error::custom("a device record of another version")),
        }
    }
}

/// A name, by one source. Several names of one source stand side by side.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NameRow {
    /// Who said so.
    pub source: Source,
    /// The name, without domain.
    pub name: Text<MAX_NAME_BYTES>,
    /// When it was first said.
    pub first_seen: Moment,
    /// When it was last said.
    pub last_seen: Moment,
    /// When it was first said after a pause.
    pub(super) since: Moment,
}

/// A word the device said about itself, by one source.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClueRow {
    /// Who heard it.
    pub source: Source,
    /// What it is about.
    pub clue: Clue,
    /// The word.
    pub text: Text<MAX_WORD_BYTES>,
    /// When it was first said.
    pub first_seen: Moment,
    /// When it was last said.
    pub last_seen: Moment,
}

/// A port seen open, now or once.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PortRow {
    /// Which.
    pub port: Port,
    /// Whether it is open, as far as is known.
    pub open: bool,
    /// Who found it: a probe, or an announcement.
    pub source: Source,
    /// When it was first seen open.
    pub first_seen: Moment,
    /// When it was last seen open.
    pub last_seen: Moment,
    /// Passes in a row that asked and got no answer.
    pub(super) misses: u8,
    /// The first refusal since it was last open; apart, because there are 131,072 ports in a full table and few refuse.
    pub(super) refused: Option<Box<Moment>>,
    /// Whether the world was told that it is open, or it is part of the first inventory.
    pub(super) told: bool,
}

/// An identifier that survives a change of address.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StableRow {
    /// Of which sort.
    pub id: StableId,
    /// The identifier.
    pub text: Text<MAX_WORD_BYTES>,
    /// Who heard it.
    pub source: Source,
    /// When it was first said.
    pub first_seen: Moment,
    /// When it was last said.
    pub last_seen: Moment,
}

/// What the device does for the network.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RoleRow {
    /// What.
    pub role: Role,
    /// When it was last seen doing so.
    pub last_seen: Moment,
}

/// What is known between two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Relation {
    /// They may be one; told once.
    Proposed,
    /// A person said they are two.
    Apart,
}

/// A merge that can be undone: both devices as they were.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Merge {
    pub(super) at: Moment,
    pub(super) before: Box<DeviceRecord>,
    pub(super) absorbed: Box<DeviceRecord>,
}

/// All of a device that outlives a restart. Its serde form is what is stored: 0.3 to 3 KiB in postcard, which writes the
/// number of a variant: kinds, sources, clues, roles and identifiers may only be added at the end of their lists.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DeviceRecord {
    pub(super) version: Version,
    pub(super) id: DeviceId,
    pub(super) by_hand: bool,
    pub(super) told: Told,
    pub(super) first_seen: Moment,
    pub(super) last_seen: Moment,
    pub(super) last_source: Source,
    /// Bit n is set when the source with number n spoke of it.
    pub(super) sources: u32,
    pub(super) interfaces: Rows<Interface, MAX_INTERFACES>,
    pub(super) names: Rows<NameRow, MAX_NAMES>,
    pub(super) clues: Rows<ClueRow, MAX_CLUES>,
    pub(super) ports: Rows<PortRow, MAX_PORTS>,
    /// Lists of ports of which a whole pass was made.
    pub(super) passes: Rows<u32, MAX_PORT_LISTS>,
    pub(super) stable: Rows<StableRow, MAX_STABLE_IDS>,
    pub(super) roles: Rows<RoleRow, MAX_ROLES>,
    pub(super) hostname: Option<Field<Text<MAX_NAME_BYTES>>>,
    pub(super) vendor: Option<Field<Text<MAX_WORD_BYTES>>>,
    pub(super) kind: Option<Field<Kind>>,
    pub(super) os: Option<Field<Text<MAX_WORD_BYTES>>>,
    pub(super) label: Text<MAX_NAME_BYTES>,
    pub(super) owner: Text<MAX_NAME_BYTES>,
    pub(super) notes: Text<MAX_NOTES_BYTES>,
    pub(super) tags: Rows<Text<MAX_NAME_BYTES>, MAX_TAGS>,
    pub(super) trust: Trust,
    pub(super) watch: bool,
    pub(super) rogue_told: bool,
    pub(super) relations: Rows<(DeviceId, Relation), MAX_RELATIONS>,
    pub(super) uptime: Uptime,
    pub(super) gaps: Gaps,
    pub(super) merges: Rows<Merge, MAX_MERGES>,
}

impl DeviceRecord {
    pub(super) fn new(id: DeviceId, source: Source, at: Moment) -> Self {
        Self {
            version: Version,
            id,
            by_hand: false,
            told: Told::Nothing,
            first_seen: at,
            last_seen: at,
            last_source: source,
            sources: 0,
            interfaces: Rows::new(),
            names: Rows::new(),
            clues: Rows::new(),
            ports: Rows::new(),
            passes: Rows::new(),
            stable: Rows::new(),
            roles: Rows::new(),
            hostname: None,
            vendor: None,
            kind: None,
            os: None,
            label: Text::default(),
            owner: Text::default(),
            notes: Text::default(),
            tags: Rows::new(),
            trust: Trust::default(),
            watch: false,
            rogue_told: false,
            relations: Rows::new(),
            uptime: Uptime::default(),
            gaps: Gaps::default(),
            merges: Rows::new(),
        }
    }

    /// The stable name, the key under which the record is stored.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.id
    }

    /// When it was last heard, as it was stored.
    #[must_use]
    pub const fn last_seen(&self) -> Moment {
        self.last_seen
    }

    /// The MACs of its interfaces.
    pub fn macs(&self) -> impl Iterator<Item = Mac> + '_ {
        self.interfaces.iter().filter_map(|interface| interface.mac)
    }

    /// Whether a person said anything about it: such a device never makes room for another.
    #[must_use]
    pub fn is_dear(&self) -> bool {
        self.by_hand
            || self.watch
            || self.trust != Trust::Unknown
            || !(self.label.is_empty() && self.owner.is_empty() && self.notes.is_empty() && self.tags.is_empty())
            || self.hostname.as_ref().is_some_and(|name| name.source == Source::Person)
            || self.kind.as_ref().is_some_and(|kind| kind.source == Source::Person)
    }

    pub(super) fn relation(&self, other: DeviceId) -> Option<Relation> {
        self.relations.iter().find(|(id, _)| *id == other).map(|(_, relation)| *relation)
    }

    pub(super) fn relate(&mut self, other: DeviceId, relation: Relation) {
        if let Some(known) = self.relations.iter_mut().find(|(id, _)| *id == other) {
            known.1 = relation;
            return;
        }
        if self.relations.len() >= MAX_RELATIONS {
            // The oldest proposal leaves; a person's word only when there is nothing else.
            let oldest = self.relations.iter().position(|(_, known)| *known == Relation::Proposed);
            self.relations.take(oldest.unwrap_or_default());
        }
        let _never_full = self.relations.try_push((other, relation));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;
    use crate::lan::{SegmentId, Transport};

    fn sample() -> DeviceRecord {
        let at = |ms| Moment { boot: 3, ms };
        let mut record = DeviceRecord::new(DeviceId(0x1122_3344_5566_7788), Source::Arp, at(1_000));
        let mut interface = Interface::new(SegmentId(1), Some(Mac([2, 0, 0, 0, 0, 9])), at(1_000));
        interface.random = true;
        interface.hold("10.0.0.9".parse().unwrap(), at(2_000));
        interface.current = Some("10.0.0.9".parse().unwrap());
        record.interfaces.try_push(interface).unwrap();
        let port = Port { transport: Transport::Tcp, number: 22 };
        let row = PortRow {
            port,
            open: true,
            source: Source::Tcp,
            first_seen: at(1),
            last_seen: at(2),
            misses: 0,
            refused: None,
            told: true,
        };
        record.ports.try_push(row).unwrap();
        record.told = Told::Online;
        record.label = "Salon".into();
        record.trust = Trust::Trusted;
        let value = Kind::Nas;
        record.kind = Some(Field { value, source: Source::Mdns, confidence: 0.5, first_seen: at(5), last_seen: at(6) });
        record.relate(DeviceId(7), Relation::Apart);
        record
    }

    /// The bytes of version 1, up to the empty uptime, habits and merges. They must never change: a card written by this
    /// version is read by every later one.
    #[rustfmt::skip]
    const VERSION_1: &[u8] = &[
        1, // version
        136, 239, 153, 171, 197, 232, 140, 145, 17, // id
        0, 1, // added by hand, told
        3, 232, 7, 3, 232, 7, 0, 0, // first seen, last seen, by whom, all sources
        1, 1, 1, 2, 0, 0, 0, 0, 9, // one interface: segment, MAC
        1, 0, 10, 0, 0, 9, 3, 208, 15, 3, 208, 15, // one address: ip, first seen, last seen
        1, 10, 0, 0, 9, 3, 232, 7, 3, 232, 7, 1, // current, first seen, last seen, random
        0, 0, // names, clues
        1, 0, 22, 1, 4, 3, 1, 3, 2, 0, 0, 1, // one port
        0, 0, 0, // passes, identifiers, roles
        0, 0, 1, 12, 5, 0, 0, 0, 63, 3, 5, 3, 6, 0, // hostname, vendor, kind, system
        5, 83, 97, 108, 111, 110, 0, 0, 0, // label, owner, notes, tags
        1, 0, 0, // trust, watch, rogue
        1, 7, 1, // one relation
    ];
    /// Uptime (4 counters, 23 hours and 30 days of two numbers, 3 words of the strip), 24 habits, no merges.
    const EMPTY_TAIL: usize = 4 + 2 * 23 + 2 * 30 + 3 + 24 + 1;

    #[test]
    fn version_1_is_these_bytes() {
        let bytes = postcard::to_allocvec(&sample()).unwrap();
        let (head, tail) = bytes.split_at(VERSION_1.len());
        assert_eq!(head, VERSION_1);
        assert_eq!(tail, [0; EMPTY_TAIL]);
        assert_eq!(postcard::from_bytes::<DeviceRecord>(&bytes).unwrap(), sample());
    }

    #[test]
    fn another_version_and_torn_bytes_are_refused() {
        let mut bytes = postcard::to_allocvec(&sample()).unwrap();
        for end in 0..bytes.len() {
            assert!(postcard::from_bytes::<DeviceRecord>(&bytes[..end]).is_err(), "{end}");
        }
        bytes[0] = 2;
        assert!(postcard::from_bytes::<DeviceRecord>(&bytes).is_err());
    }

    #[test]
    fn a_persons_word_outlasts_proposals() {
        let mut record = sample();
        for id in 100..100 + MAX_RELATIONS as u64 + 5 {
            record.relate(DeviceId(id), Relation::Proposed);
        }
        assert_eq!(record.relations.len(), MAX_RELATIONS);
        assert_eq!(record.relation(DeviceId(7)), Some(Relation::Apart));
        assert_eq!(record.relation(DeviceId(100)), None, "the oldest proposal left");
    }
}
