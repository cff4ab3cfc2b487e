//! Holds how every row of the kiosk lies in the log: its kind, its key, its bytes.
//! Never decides what is saved, and never reads another part's rows. The room writes through it, the start reads through it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::quota::Usage;
use vigie_core::kiosk::session::SessionRecord;
use vigie_core::kiosk::station::StationRecord;
use vigie_core::kiosk::{GroupId, PersonId, SessionId, StationId};
use vigie_store::Kind;

use super::groups::Group;
use super::person_record::Person;
use super::register::Entry;
use super::report::DayReport;
use super::settings::KioskSettings;
use crate::accounts::journal::Change;
use crate::shell::keeper::{
    KIOSK_DAY, KIOSK_GROUP, KIOSK_PERSON, KIOSK_PROVED, KIOSK_SESSION, KIOSK_SETTINGS, KIOSK_STATION, KIOSK_USAGE,
    KIOSK_WORKSTATION, Stored,
};

/// Which numbers are given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Counters {
    pub(super) session: u64,
    pub(super) station: u32,
    pub(super) person: u32,
}

const SETTINGS_KEY: &[u8] = b"settings";
const COUNTERS_KEY: &[u8] = b"counters";
const PROVED_KEY: &[u8] = b"proved";

fn put(kind: Kind, key: &[u8], value: &impl Serialize) -> Change {
    // Structs of numbers and bounded texts always serialise.
    let value = postcard::to_allocvec(value).unwrap_or_default();
    Change { kind, key: key.to_vec(), value: Some(value) }
}

fn delete(kind: Kind, key: &[u8]) -> Change {
    Change { kind, key: key.to_vec(), value: None }
}

pub(super) fn settings(settings: &KioskSettings) -> Change {
    put(KIOSK_SETTINGS, SETTINGS_KEY, settings)
}

pub(super) fn counters(counters: &Counters) -> Change {
    put(KIOSK_SETTINGS, COUNTERS_KEY, counters)
}

pub(super) fn group(id: GroupId, group: &Group) -> Change {
    put(KIOSK_GROUP, &[id.0], &Some(group))
}

/// A group that was removed stays as an empty row, so that those of a new appliance do not come back.
pub(super) fn no_group(id: GroupId) -> Change {
    put(KIOSK_GROUP, &[id.0], &None::<Group>)
}

pub(super) fn session(kept: &SessionRecord) -> Change {
    put(KIOSK_SESSION, &kept.id.0.to_be_bytes(), kept)
}

pub(super) fn no_session(id: SessionId) -> Change {
    delete(KIOSK_SESSION, &id.0.to_be_bytes())
}

pub(super) fn station(kept: &StationRecord) -> Change {
    put(KIOSK_STATION, &kept.id.0.to_be_bytes(), kept)
}

pub(super) fn no_station(id: StationId) -> Change {
    delete(KIOSK_STATION, &id.0.to_be_bytes())
}

pub(super) fn entry(id: StationId, entry: &Entry) -> Change {
    put(KIOSK_WORKSTATION, &id.0.to_be_bytes(), entry)
}

pub(super) fn no_entry(id: StationId) -> Change {
    delete(KIOSK_WORKSTATION, &id.0.to_be_bytes())
}

pub(super) fn usage(id: PersonId, usage: &Usage) -> Change {
    put(KIOSK_USAGE, &id.0.to_be_bytes(), usage)
}

pub(super) fn no_usage(id: PersonId) -> Change {
    delete(KIOSK_USAGE, &id.0.to_be_bytes())
}

/// The bytes of a person before they are sealed.
pub(super) fn person(person: &Person) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(postcard::to_allocvec(person).unwrap_or_default())
}

pub(super) fn sealed_person(id: PersonId, sealed: Vec<u8>) -> Change {
    Change { kind: KIOSK_PERSON, key: id.0.to_be_bytes().to_vec(), value: Some(sealed) }
}

pub(super) fn no_person(id: PersonId) -> Change {
    delete(KIOSK_PERSON, &id.0.to_be_bytes())
}

pub(super) fn day(day: u32, report: &DayReport) -> Change {
    put(KIOSK_DAY, &day.to_be_bytes(), report)
}

/// What sessions that are not over have used as far as is proved: `(session, milliseconds)`.
pub(super) fn proved(all: &[(SessionId, u64)]) -> Change {
    put(KIOSK_PROVED, PROVED_KEY, &all)
}

pub(super) fn read_proved(stored: &[Stored]) -> Vec<(SessionId, u64)> {
    let row = stored.iter().find(|row| row.kind == KIOSK_PROVED.id && row.key == PROVED_KEY);
    row.and_then(|row| postcard::from_bytes(&row.value).ok()).unwrap_or_default()
}

pub(super) fn no_day(day: u32) -> Change {
    delete(KIOSK_DAY, &day.to_be_bytes())
}

/// Everything that was stored of a kind whose key is a number of `N` bytes.
pub(super) fn read<'s, const N: usize, T: DeserializeOwned>(
    stored: &'s [Stored],
    kind: Kind,
) -> impl Iterator<Item = ([u8; N], T)> + 's {
    stored.iter().filter(move |row| row.kind == kind.id).filter_map(move |row| {
        let read = row.key.as_slice().try_into().ok().zip(postcard::from_bytes(&row.value).ok());
        if read.is_none() && row.key != SETTINGS_KEY && row.key != COUNTERS_KEY {
            tracing::warn!(kind = kind.id, "a stored row of the workstations cannot be read and is left out");
        }
        read
    })
}

fn read_named<T: DeserializeOwned>(stored: &[Stored], key: &[u8]) -> Option<T> {
    let row = stored.iter().find(|row| row.kind == KIOSK_SETTINGS.id && row.key == key)?;
    let read = postcard::from_bytes(&row.value).ok();
    if read.is_none() {
        tracing::warn!("stored settings of the workstations cannot be read; the usual ones count");
    }
    read
}

pub(super) fn read_settings(stored: &[Stored]) -> Option<KioskSettings> {
    read_named(stored, SETTINGS_KEY)
}

pub(super) fn read_counters(stored: &[Stored]) -> Counters {
    read_named(stored, COUNTERS_KEY).unwrap_or_default()
}
