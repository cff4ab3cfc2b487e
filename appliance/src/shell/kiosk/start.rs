//! Holds how the kiosk starts: rows come back, the pepper is found or drawn, the owner begins to work.
//! Never lets a person back in whose key is gone. Called by `run`, after the accounts and before the doors.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use embassy_time::Instant;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_local;
use vigie_core::kiosk::desk::{Desk, Row};
use vigie_core::kiosk::quota::Usage;
use vigie_core::kiosk::session::SessionRecord;
use vigie_core::kiosk::station::StationRecord;
use vigie_core::kiosk::{GroupId, PersonId, StationId};
use vigie_core::table::table_of;
use zeroize::Zeroizing;

use super::groups::{self, Group};
use super::keys::{KeyFile, Keys};
use super::live::Exchange;
use super::owner::{Line, Owner};
use super::past::Past;
use super::people::{Held, People};
use super::person_record::Person;
use super::photos::Folder;
use super::register::{Entry, Register};
use super::report::{DayReport, Days};
use super::room::{Out, Room};
use super::sealing::What;
use super::token::{Hashes, Tokens};
use super::{Kiosk, record};
use crate::accounts::clock::Clock;
use crate::accounts::journal::Journal;
use crate::accounts::sealed::{Credential, Place};
use crate::accounts::secret::{Secret, draw};
use crate::accounts::token::DeviceKey;
use crate::accounts::vault::Vault;
use crate::http::events::Hub;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{
    KIOSK_DAY, KIOSK_GROUP, KIOSK_PERSON, KIOSK_SESSION, KIOSK_STATION, KIOSK_USAGE, KIOSK_WORKSTATION, Stored,
};
use crate::shell::zone::SiteZone;

/// Visits waiting for the owner; each takes microseconds. Two thousand sockets may speak at once.
const MAX_VISITS: usize = 2_048;
/// Where the vault keeps what codes are hashed with.
const PEPPER: Place<'_> = Place { kind: "kiosk", id: "pepper" };

/// What the kiosk is started with.
pub struct Start<'s> {
    /// Time since boot, and the date.
    pub clock: Arc<dyn Clock>,
    /// The dates of moments.
    pub clocks: Arc<Clocks>,
    /// The site's zone.
    pub zone: SiteZone,
    /// The key that signs leases.
    pub key: Arc<DeviceKey>,
    /// Keeps the pepper.
    pub vault: Arc<Vault>,
    /// Keeps rows, and what was done.
    pub journal: Arc<Journal>,
    /// Hears what happens.
    pub hub: Arc<Hub>,
    /// What the log held.
    pub stored: &'s [Stored],
    /// The data folder; `None`: nothing outlives the process.
    pub folder: Option<PathBuf>,
    /// Whether the site was set up in French; `None` until it was set up. Counts until the settings say otherwise.
    pub french: Box<dyn Fn() -> Option<bool>>,
    /// Whether the storage takes anything now.
    pub is_storing: Box<dyn Fn() -> bool>,
}

/// Starts the kiosk on the local task set of the caller. It runs until the set is dropped.
pub async fn start(start: Start<'_>) -> Kiosk {
    let pepper = pepper(&start.vault).await;
    let (mut file, keys) = match start.folder.as_deref().map(KeyFile::open) {
        Some(Ok(opened)) => opened,
        Some(Err(error)) => {
            tracing::error!(%error, "the keys of people cannot be read; nobody in the list is known until they can");
            (KeyFile::in_memory(), Vec::new())
        }
        None => (KeyFile::in_memory(), Vec::new()),
    };
    let tokens = Arc::new(Tokens::default());
    let (room, orphans) = restore(&start, pepper, keys, &tokens);
    for person in orphans {
        // Of somebody whose row never came to be, or is gone: a power cut interrupted the one or the other.
        if let Err(error) = file.set(person, None) {
            tracing::error!(%error, "the key of an erased person is not destroyed");
        }
    }
    let photos = Arc::new(Folder::new(start.folder.as_ref().map(|folder| folder.join("photos"))));
    photos.tidy(|person| room.people.rows.get(&PersonId(person)).is_some_and(|held| held.person.photo));
    let live = Arc::new(Exchange::default());
    let (visits, inbox) = mpsc::channel(MAX_VISITS);
    let owner = Owner {
        room: Rc::new(std::cell::RefCell::new(room)),
        keys: Arc::new(Mutex::new(file)),
        photos: photos.clone(),
        journal: start.journal,
        live: live.clone(),
        hub: start.hub,
        french: start.french,
        is_storing: start.is_storing,
        line: Line::default(),
    };
    spawn_local(owner.run(inbox));
    let decoding = Arc::new(Semaphore::new(1));
    Kiosk { visits, live, tokens, photos, decoding, key: start.key.public() }
}

/// What codes are hashed with: kept sealed, so that a stolen card opens no session.
async fn pepper(vault: &Vault) -> Zeroizing<[u8; 32]> {
    let kept = vault.take_out(PEPPER).and_then(|kept| BASE64.decode(kept.expose()).ok());
    if let Some(pepper) = kept.and_then(|kept| <[u8; 32]>::try_from(kept.as_slice()).ok()) {
        return Zeroizing::new(pepper);
    }
    let pepper = Zeroizing::new(draw::<32>().unwrap_or_default());
    let sealed = Credential::of(&Secret::new(BASE64.encode(&*pepper)));
    let put = match &sealed {
        Some(sealed) => vault.put(PEPPER, sealed).await,
        None => Ok(()),
    };
    if put.is_err() {
        tracing::warn!("what codes are hashed with is not kept: codes end with the service");
    }
    pepper
}

fn restore(start: &Start<'_>, pepper: Zeroizing<[u8; 32]>, keys: Keys, tokens: &Arc<Tokens>) -> (Room, Vec<u32>) {
    let stored = start.stored;
    let now = Instant::from_micros(u64::try_from(start.clock.now().as_micros()).unwrap_or(u64::MAX));
    let boot = start.clocks.this_boot();
    let chosen = record::read_settings(stored);
    let language_known = chosen.is_some();
    let settings = chosen.unwrap_or_default();
    let counters = record::read_counters(stored);
    let sessions: Vec<SessionRecord> =
        record::read::<8, SessionRecord>(stored, KIOSK_SESSION).map(|(_, kept)| kept).collect();
    let past = Past::restore(sessions.iter());
    let stations = record::read::<4, StationRecord>(stored, KIOSK_STATION).map(|(_, kept)| Row::Station(kept));
    let usages = record::read::<4, Usage>(stored, KIOSK_USAGE)
        .map(|(person, usage)| Row::Usage(PersonId(u32::from_be_bytes(person)), usage));
    let rows = sessions.into_iter().map(Row::Session).chain(stations).chain(usages);
    let rows = rows.chain([Row::Proved(record::read_proved(stored))]);
    let mut desk = Desk::restore(boot, settings.for_desk(), rows, now);
    desk.skip_sessions_to(counters.session);
    let usual = groups::usual().into_iter().map(|(id, group)| (id, Some(group)));
    let changed =
        record::read::<1, Option<Group>>(stored, KIOSK_GROUP).map(|([number], group)| (GroupId(number), group));
    // A group that is gone was one of the usual.
    let there = table_of(usual.chain(changed)).into_iter().filter_map(|(id, group)| Some((id, group?)));
    let groups = table_of(there.take(vigie_core::limits::MAX_KIOSK_GROUPS));
    for (id, group) in &groups {
        // There are no more groups than quotas.
        let _fits = desk.set_quota(*id, group.quota);
    }
    let entries = record::read::<4, Entry>(stored, KIOSK_WORKSTATION);
    let entries = table_of(entries.map(|(id, entry)| (StationId(u32::from_be_bytes(id)), entry)));
    for (id, entry) in &entries {
        tokens.set(*id, Hashes { now: entry.token, next: entry.next });
    }
    let next_station = entries.last_key_value().map_or(1, |(id, _)| id.0 + 1).max(counters.station);
    let days = record::read::<4, DayReport>(stored, KIOSK_DAY);
    let rows = table_of(days.map(|(day, report)| (u32::from_be_bytes(day), report)));
    let (people, orphans) = people(stored, keys, counters.person);
    let room = Room {
        now,
        boot,
        clock: start.clock.clone(),
        clocks: start.clocks.clone(),
        zone: start.zone.clone(),
        key: start.key.clone(),
        pepper,
        storing: (start.is_storing)(),
        desk,
        settings,
        language_known,
        groups,
        people,
        register: Register { entries, presence: BTreeMap::new(), next: next_station },
        tokens: tokens.clone(),
        waiting: Vec::new(),
        outbox: Default::default(),
        past,
        days: Days { rows },
        flapping: Default::default(),
        proved: Default::default(),
        refusals: 0,
        acting: None,
        because: String::new(),
        noted: None,
        out: Out::default(),
    };
    (room, orphans)
}

/// Everybody whose row opens with the key that is there, and whose keys are left over.
fn people(stored: &[Stored], keys: Keys, next: u32) -> (People, Vec<u32>) {
    let mut keys = table_of(keys);
    let mut people = People { rows: BTreeMap::new(), next };
    for row in stored.iter().filter(|row| row.kind == KIOSK_PERSON.id) {
        let Some(id) = row.key.as_slice().try_into().ok().map(u32::from_be_bytes) else { continue };
        people.next = people.next.max(id.saturating_add(1));
        // A row without its key is one whose erasing a power cut interrupted: nobody can read it any more.
        let Some(key) = keys.remove(&id) else { continue };
        let opened = key.open(id, What::Row, &row.value);
        match opened.and_then(|plain| postcard::from_bytes::<Person>(&plain).ok()) {
            Some(person) => drop(people.rows.insert(PersonId(id), Held { person: Person { id, ..person }, key })),
            None => tracing::warn!("a stored person cannot be read and is left out"),
        }
    }
    (people, keys.into_keys().collect())
}
