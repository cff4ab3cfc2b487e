//! Holds the shell of the workstations: it gives `core::kiosk::Desk` a clock, a card, a journal and sockets.
//! Never renders, and never decides what the desk decides. Started by `run`; the API, the page and the agents' sockets
//! visit it through [`Kiosk`].
//!
//! | file | duty |
//! | --- | --- |
//! | `room` | every table, and the one place where what the desk asks for is carried out |
//! | `sessions`, `past` | codes, time, pauses, ends; sessions that are over |
//! | `seat`, `token` | what an agent may ask for its own workstation, and how it proves which one it is |
//! | `register`, `groups`, `hours`, `enrolment` | workstations, their groups, opening hours, how a machine becomes one |
//! | `people`, `person_record`, `sealing`, `keys`, `photos` | who uses them, sealed one by one |
//! | `messages`, `live` | what is told to agents and to whoever listens |
//! | `settings`, `report`, `journal`, `words` | what a site chooses, what a day came to, how it is all told |
//! | `local` | moments by the clock on the site's wall |
//! | `record`, `start`, `owner`, `chores` | how rows lie in the log, how they come back, who writes them, what is old |

mod chores;
mod enrolment;
mod fault;
mod groups;
mod hours;
mod journal;
mod keys;
mod live;
mod local;
mod messages;
mod owner;
mod past;
mod people;
mod person_record;
mod photos;
mod record;
mod register;
mod report;
mod room;
mod sealing;
mod seat;
mod sessions;
mod settings;
mod start;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod token;
pub mod words;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use vigie_core::kiosk::PersonId;

pub use chores::Counts;
pub use enrolment::{Approval, Knock, Knocked, Knocking, MAX_KNOCKING, MAX_KNOCKING_FROM_ONE};
pub use fault::{BadField, Fault, Table, Why};
pub use groups::{Group, MAX_GROUP_NAME_BYTES, MAX_IMAGE_BYTES, MAX_MINUTES};
pub use hours::{Hours, Stretch};
pub use live::{Deaf, Exchange, Frame, MAX_SOCKETS, Subscription, Whom};
pub use messages::{Command, MAX_MESSAGE_BYTES, Told, What as Left};
pub use past::Wish;
pub use people::{Allowance, MAX_PEOPLE};
pub use person_record::{
    Consent, MAX_ADDRESS_BYTES, MAX_CARD_BYTES, MAX_EMAIL_BYTES, MAX_NAME_BYTES, MAX_NOTES_BYTES, MAX_PHONE_BYTES,
    MAX_VERSION_BYTES, Person, PersonDraft,
};
pub use photos::{BadPhoto, MAX_KEPT_BYTES, MAX_PHOTO_BYTES, shrink};
pub use register::{MAX_STATION_NAME_BYTES, StationDraft, StationView};
pub use report::{DayReport, HOURS};
pub use room::{CLOCK_JOB, Noted, Room, Staff, WARNINGS_JOB};
pub use seat::{Answered, Happening, Redeemed, Said};
pub use sessions::{Issued, MAX_BATCH, Order, SessionView};
pub use settings::{KioskSettings, MAX_RULES_BYTES, MAX_VALID_MINUTES};
pub use start::{Start, start};
pub use token::{STATION_MARK, Seat};

use owner::{Kept, Visit};
use sealing::{PersonKey, What};
use token::Tokens;
use vigie_core::audit::Kind;

/// A hand on the workstations; clones share it.
#[derive(Clone)]
pub struct Kiosk {
    visits: mpsc::Sender<Visit>,
    live: Arc<Exchange>,
    tokens: Arc<Tokens>,
    photos: Arc<photos::Folder>,
    /// One photo at a time: decoding takes memory.
    decoding: Arc<tokio::sync::Semaphore>,
    key: [u8; 32],
}

/// Why a visit did not come to a good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The service is stopping.
    Stopping,
    /// It was done, but is not on the card.
    NotKept,
}

/// Why a photo is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPhoto {
    /// It is none that is taken.
    Bad(BadPhoto),
    /// The person is unknown, or the storage takes nothing.
    Fault(Fault),
    /// The service stops, or the card takes nothing.
    Ended(Ended),
}

impl Kiosk {
    /// Visits the room and gives what `visit` gave. Everything it changed, and that it was written down, is on the card
    /// before the answer is given; sockets hear of it then.
    ///
    /// # Errors
    /// When the service is stopping, or the card takes nothing.
    pub async fn call<T: Send + 'static>(
        &self,
        visit: impl FnOnce(&mut Room) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (done, answer) = oneshot::channel();
        let visit: Visit = Box::new(move |room| {
            let outcome = visit(room);
            Box::new(move |kept| drop(done.send((outcome, kept))))
        });
        self.visits.send(visit).await.map_err(|_| Ended::Stopping)?;
        match answer.await.map_err(|_| Ended::Stopping)? {
            (outcome, Kept::Yes) => Ok(outcome),
            (_, Kept::No) => Err(Ended::NotKept),
        }
    }

    /// Whose a station token is: answers at once, for the door.
    #[must_use]
    pub fn open_token(&self, text: &str) -> Option<Seat> {
        self.tokens.open(text)
    }

    /// The frames of workstations and sessions.
    #[must_use]
    pub fn live(&self) -> &Arc<Exchange> {
        &self.live
    }

    /// The public half of the key that signs leases.
    #[must_use]
    pub const fn lease_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Takes a photo of a person, in place of the one before.
    ///
    /// # Errors
    /// See [`NoPhoto`].
    pub async fn put_photo(&self, staff: Staff, person: PersonId, bytes: Vec<u8>) -> Result<(), NoPhoto> {
        if bytes.len() > MAX_PHOTO_BYTES {
            return Err(NoPhoto::Bad(BadPhoto::TooLarge));
        }
        let key = self.key_of(person).await.map_err(NoPhoto::Ended)?.ok_or(NoPhoto::Fault(Fault::NoPerson))?;
        let turn = self.decoding.acquire().await.map_err(|_| NoPhoto::Ended(Ended::Stopping))?;
        let folder = self.photos.clone();
        let written = tokio::task::spawn_blocking(move || {
            let small = shrink(&bytes).map_err(NoPhoto::Bad)?;
            let sealed = key.seal(person.0, What::Photo, &small).map_err(NoPhoto::Fault)?;
            folder.write(person.0, &sealed).map_err(|error| {
                tracing::error!(%error, "a photo is not kept");
                NoPhoto::Ended(Ended::NotKept)
            })
        });
        written.await.map_err(|_| NoPhoto::Ended(Ended::Stopping))??;
        drop(turn);
        let noted = self
            .call(move |room| room.change_person(staff, person, Kind::PersonUpdated, "photo", |row| row.photo = true))
            .await
            .map_err(NoPhoto::Ended)?;
        if noted.is_err() {
            // Erased meanwhile: the photo must not outlive the person.
            self.remove_file(person).await;
        }
        noted.map_err(NoPhoto::Fault)
    }

    /// The photo of a person, a JPEG; `None` without one.
    ///
    /// # Errors
    /// When the service is stopping.
    pub async fn photo(&self, person: PersonId) -> Result<Option<Vec<u8>>, Ended> {
        let Some(key) = self.key_of(person).await? else { return Ok(None) };
        let folder = self.photos.clone();
        let read = tokio::task::spawn_blocking(move || {
            let sealed = folder.read(person.0)?;
            key.open(person.0, What::Photo, &sealed).map(|plain| plain.to_vec())
        });
        read.await.map_err(|_| Ended::Stopping)
    }

    /// Removes the photo of a person. Gives whether there was one.
    ///
    /// # Errors
    /// See [`NoPhoto`].
    pub async fn remove_photo(&self, staff: Staff, person: PersonId) -> Result<bool, NoPhoto> {
        let removed = self.call(move |room| {
            let had = room.person(person).ok_or(Fault::NoPerson)?.photo;
            if had {
                room.change_person(staff, person, Kind::PersonUpdated, "photo removed", |row| row.photo = false)?;
            }
            Ok(had)
        });
        let had = removed.await.map_err(NoPhoto::Ended)?.map_err(NoPhoto::Fault)?;
        self.remove_file(person).await;
        Ok(had)
    }

    async fn remove_file(&self, person: PersonId) {
        let folder = self.photos.clone();
        let removed = tokio::task::spawn_blocking(move || folder.remove(person.0)).await;
        if let Ok(Err(error)) = removed {
            tracing::error!(%error, "a photo is not removed");
        }
    }

    async fn key_of(&self, person: PersonId) -> Result<Option<PersonKey>, Ended> {
        self.call(move |room| room.people.rows.get(&person).map(|held| held.key.clone())).await
    }

    /// Ends every socket; visits are answered until the service is gone.
    pub fn stop(&self) {
        self.live.stop();
    }
}
