//! Holds what the tests of the kiosk stand on: the whole shell over a real log in a folder, with clocks driven by hand.
//! Never reaches a network. The other test files use it.

mod day;
mod durable;
mod lives;
mod people;
mod scenes;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;
use vigie_core::Mac;
use vigie_core::audit::{Entry, Kind};
use vigie_core::kiosk::desk::Beat;
use vigie_core::kiosk::lease::{Lease, Opened};
use vigie_core::kiosk::{BootId, StationId};

use super::{Kiosk, Order, PersonDraft, Room, Said, Seat, Staff, Start, StationDraft, start};
use crate::accounts::clock::HandClock;
use crate::accounts::journal::Journal;
use crate::accounts::token::DeviceKey;
use crate::accounts::vault::Vault;
use crate::http::events::Hub;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{Keeper, KeptCredentials, KeptJournal};

pub(super) const STAFF: Staff = Staff { account: 3, from: None };
/// 2027-01-15 08:00 UTC, a Friday.
pub(super) const MORNING: Duration = Duration::from_secs(1_800_000_000);

pub(super) struct Bench {
    pub(super) kiosk: Kiosk,
    pub(super) clock: Arc<HandClock>,
    pub(super) journal: Arc<Journal>,
    pub(super) keeper: Keeper,
    pub(super) folder: std::path::PathBuf,
}

fn now_ms() -> u64 {
    vigie_sys::clock::boot_us() / 1_000
}

impl Bench {
    /// Opens a folder, a used one or a new one.
    pub(super) async fn open(folder: &Path, clock: Arc<HandClock>) -> Self {
        Self::open_by(folder, clock, now_ms).await
    }

    /// The same, with the log's own clock: it decides when what may wait is written.
    pub(super) async fn open_by(folder: &Path, clock: Arc<HandClock>, now_ms: fn() -> u64) -> Self {
        let (keeper, mut stored) = Keeper::open(&folder.join("log"), now_ms).unwrap();
        let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
        let key = Arc::new(DeviceKey::from_seed(&[7; 32]));
        let store = Arc::new(KeptJournal::open(keeper.clone(), &mut stored, key.clone()));
        let journal = Arc::new(Journal::new(store, clock.clone(), clocks.this_boot()));
        let credentials = Arc::new(KeptCredentials::new(keeper.clone(), &stored));
        let vault = Arc::new(Vault::open(credentials, clock.clone(), &key));
        let status = keeper.clone();
        let kiosk = start(Start {
            clock: clock.clone(),
            clocks,
            zone: crate::shell::zone::SiteZone::default(),
            key,
            vault,
            journal: journal.clone(),
            hub: Arc::new(Hub::new(clock.clone(), 1)),
            stored: &stored,
            folder: Some(folder.to_owned()),
            french: Box::new(|| Some(false)),
            is_storing: Box::new(move || matches!(status.status().health, vigie_store::Health::Good)),
        })
        .await;
        Self { kiosk, clock, journal, keeper, folder: folder.to_owned() }
    }

    pub(super) async fn call<T: Send + 'static>(&self, visit: impl FnOnce(&mut Room) -> T + Send + 'static) -> T {
        self.kiosk.call(visit).await.expect("the visit is kept")
    }

    /// The kinds of the entries above a number, oldest first.
    pub(super) async fn kinds_after(&self, number: u64) -> Vec<Kind> {
        let kinds = self.entries().await.into_iter().filter(|entry| entry.number > number);
        kinds.filter_map(|entry| Kind::of_code(entry.what.kind)).collect()
    }

    pub(super) async fn entries(&self) -> Vec<Entry> {
        self.journal.after(0, 100_000).await.into_iter().map(|kept| kept.entry).collect()
    }

    pub(super) async fn last_number(&self) -> u64 {
        self.entries().await.last().map_or(0, |entry| entry.number)
    }

    /// A workstation that is heard.
    pub(super) async fn station(&self, number: u8) -> StationId {
        let draft = StationDraft {
            name: format!("Seat {number}"),
            mac: Mac([0, 0x16, 0x3e, 0, 0, number]),
            ip: None,
            group: None,
        };
        let id = self.call(move |room| room.add_station(STAFF, &draft)).await.unwrap();
        self.beat(id, 1, None).await;
        id
    }

    /// A beat of boot `boot` of a workstation, and its lease.
    pub(super) async fn beat(&self, id: StationId, boot: u8, report: Option<vigie_core::kiosk::desk::Report>) -> Lease {
        let beat = Beat { boot: BootId([boot; 16]), nonce: [9; 16], lease_seq: 0, report };
        let said = Said { screen: "locked".into(), version: "1".into(), from: None };
        let answer = self.call(move |room| room.beat(Seat::by_staff(id), &beat, &said)).await.unwrap();
        *Opened::open(&answer.sealed, self.kiosk.lease_key()).unwrap().lease()
    }

    /// A person with consent.
    pub(super) async fn person(&self, card: &str) -> vigie_core::kiosk::PersonId {
        let draft = PersonDraft {
            card_number: card.into(),
            family_name: "Zwetschgenbaum".into(),
            given_name: "Quirin".into(),
            ..PersonDraft::default()
        };
        let id = self.call(move |room| room.add_person(STAFF, &draft)).await.unwrap();
        self.call(move |room| room.give_consent(STAFF, id, "2027-1")).await.unwrap();
        id
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        // Any visit lets the owner look at the clock.
        self.call(|_| ()).await;
        self.call(|_| ()).await;
        // What the clock did was answered to nobody: it is on the card when the log has written it.
        self.keeper.flush().await.unwrap();
    }
}

pub(super) fn clock() -> Arc<HandClock> {
    let clock = Arc::new(HandClock::default());
    clock.advance(Duration::from_secs(60));
    clock.set_wall(Some(MORNING));
    clock
}

/// Runs a test over a new folder.
pub(super) async fn with_bench<F: AsyncFnOnce(Bench)>(test: F) {
    let folder = tempfile::tempdir().unwrap();
    LocalSet::new().run_until(async { test(Bench::open(folder.path(), clock()).await).await }).await;
}

/// A guest's code of an hour.
pub(super) const fn hour() -> Order {
    Order {
        person: None,
        station: None,
        group: None,
        minutes: Some(60),
        valid_minutes: Some(60),
        digits: false,
        past_closing: false,
    }
}

/// What a power cut would leave now, in a folder of its own.
pub(super) fn cut(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_all(folder, copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else if entry.file_name() != "lock" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
