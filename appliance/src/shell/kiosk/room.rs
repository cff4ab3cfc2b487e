//! Holds the room: every table of the kiosk, and the one place where what the desk asks for is carried out.
//! Never waits: what is to be stored, written down and told is gathered, and the owner does it after the visit. The API,
//! the page and the agents' sockets visit it through the handle.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use embassy_time::Instant;
use serde_json::Value;
use vigie_core::Moment;
use vigie_core::kiosk::desk::{Action, Actions, Desk, Refusal, Row};
use vigie_core::kiosk::{Actor, GroupId, LocalDay, PersonId, SessionId, StationId};
use zeroize::Zeroizing;

use super::enrolment::Waiting;
use super::fault::{Fault, Table};
use super::groups::Group;
use super::journal::Flapping;
use super::live::Post;
use super::messages::Outbox;
use super::past::Past;
use super::people::People;
use super::record;
use super::register::Register;
use super::report::Days;
use super::sealing::{KEY_BYTES, What};
use super::sessions::SessionView;
use super::settings::KioskSettings;
use super::token::Tokens;
use crate::accounts::clock::Clock;
use crate::accounts::journal::{Act, Change};
use crate::accounts::token::DeviceKey;
use crate::shell::clocks::Clocks;
use crate::shell::zone::SiteZone;

/// Sessions whose wipe was proved already, remembered so that a repeated proof is one entry. 8 B each.
pub(super) const MAX_PROVED: usize = 256;

/// Who of the staff does something, for the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The number of the account.
    pub account: u32,
    /// Where from.
    pub from: Option<IpAddr>,
}

/// The job that ends what is to end by itself, at its own moment.
pub const CLOCK_JOB: &str = "session-clock";
/// The job of the warnings before an end: workstations show them, each once, and tell it.
pub const WARNINGS_JOB: &str = "warnings";

/// Takes a run: of which job, how long it took, what came of it.
pub type Noted = Box<dyn Fn(&'static str, Duration, String) + Send>;

/// A key on its way to its file.
pub(super) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// What a visit leaves to be done, in this order: keys, rows with entries of the journal, frames and events.
#[derive(Default)]
pub(super) struct Out {
    pub(super) keys: Vec<(u32, Option<KeyBytes>)>,
    pub(super) rows: Vec<Change>,
    pub(super) acts: Vec<Act>,
    /// How many of the rows and acts may wait for somebody else's batch.
    patient: usize,
    pub(super) photos_gone: Vec<u32>,
    pub(super) posts: Vec<Post>,
    pub(super) events: Vec<(&'static str, Value)>,
    /// What the clock did, by the job it is of, for the table of jobs.
    pub(super) runs: Vec<(&'static str, String)>,
    /// Workstations whose sockets are to end.
    pub(super) ended: Vec<StationId>,
}

impl Out {
    /// Whether anything of it must be on the card before the visit is answered.
    pub(super) fn is_urgent(&self) -> bool {
        let count = self.rows.len() + self.acts.len();
        !self.keys.is_empty() || !self.photos_gone.is_empty() || count > self.patient
    }
}

/// The kiosk's tables, in the hands of one visitor at a time.
pub struct Room {
    pub(super) now: Instant,
    pub(super) boot: u32,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) clocks: Arc<Clocks>,
    pub(super) zone: SiteZone,
    pub(super) key: Arc<DeviceKey>,
    pub(super) pepper: Zeroizing<[u8; 32]>,
    /// Whether the storage takes anything: what must not be forgotten is not begun without.
    pub(super) storing: bool,
    pub(super) desk: Desk,
    pub(super) settings: KioskSettings,
    /// The language is what somebody chose: in these settings, or when the site was set up.
    pub(super) language_known: bool,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) people: People,
    pub(super) register: Register,
    pub(super) tokens: Arc<Tokens>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) outbox: Outbox,
    pub(super) past: Past,
    pub(super) days: Days,
    pub(super) flapping: Flapping,
    pub(super) proved: VecDeque<SessionId>,
    /// Codes that were refused since the start, wrong ones and right ones.
    pub(super) refusals: u64,
    /// Who of the staff asked for what is being carried out, for the journal.
    pub(super) acting: Option<Staff>,
    /// Why staff does it, in the words of staff.
    pub(super) because: String,
    /// Where runs are noted, once there is a table of jobs.
    pub(super) noted: Option<Noted>,
    pub(super) out: Out,
}

impl Room {
    /// Tells every run of the jobs that have the sessions' own clock from now on: [`CLOCK_JOB`] and [`WARNINGS_JOB`].
    pub fn note_runs(&mut self, noted: Noted) {
        self.noted = Some(noted);
    }

    /// What the site chose.
    #[must_use]
    pub fn settings(&self) -> &KioskSettings {
        &self.settings
    }

    /// Whether the storage takes anything: without, no code is made.
    #[must_use]
    pub fn is_storing(&self) -> bool {
        self.storing
    }

    /// Chooses anew. Gives whether anything changed.
    ///
    /// # Errors
    /// A bad field, or storage that takes nothing.
    pub fn set_settings(&mut self, staff: Staff, settings: &KioskSettings) -> Result<bool, Fault> {
        let settings = settings.checked()?;
        if settings == self.settings {
            return Ok(false);
        }
        if !self.storing {
            return Err(Fault::NotStoring);
        }
        (self.settings, self.language_known) = (settings, true);
        self.desk.set_settings(self.settings.for_desk());
        self.out.rows.push(record::settings(&self.settings));
        self.note(
            staff,
            vigie_core::audit::Kind::SettingsChanged,
            vigie_core::audit::Object::Named("kiosk".into()),
            "",
        );
        Ok(true)
    }

    /// The groups, by number.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.groups
    }

    /// Makes a group, or changes one.
    ///
    /// # Errors
    /// A bad field, no such group, or as many as there may be.
    pub fn put_group(&mut self, staff: Staff, id: Option<GroupId>, group: &Group) -> Result<GroupId, Fault> {
        let group = group.checked()?;
        let id = match id {
            Some(id) if self.groups.contains_key(&id) => id,
            Some(_) => return Err(Fault::NoGroup),
            None if self.groups.len() >= vigie_core::limits::MAX_KIOSK_GROUPS => {
                return Err(Fault::Full(Table::Groups));
            }
            // One of 1 to 255 is free: there are sixteen.
            None => (1..=u8::MAX).map(GroupId).find(|id| !self.groups.contains_key(id)).ok_or(Fault::NoGroup)?,
        };
        if self.groups.get(&id) == Some(&group) {
            return Ok(id);
        }
        self.desk.set_quota(id, group.quota).map_err(|_| Fault::Full(Table::Groups))?;
        self.out.rows.push(record::group(id, &group));
        let name = group.name_en.as_str().into();
        self.groups.insert(id, group);
        self.note(staff, vigie_core::audit::Kind::GroupChanged, vigie_core::audit::Object::Named(name), "");
        Ok(id)
    }

    /// Removes a group without workstations. Codes for it are no longer good anywhere.
    ///
    /// # Errors
    /// When there is none, or a workstation is in it.
    pub fn remove_group(&mut self, staff: Staff, id: GroupId) -> Result<(), Fault> {
        if self.desk.stations().any(|(record, ..)| record.group == Some(id)) {
            return Err(Fault::GroupInUse);
        }
        let group = self.groups.remove(&id).ok_or(Fault::NoGroup)?;
        let _always_fits = self.desk.set_quota(id, None);
        self.out.rows.push(record::no_group(id));
        let name = group.name_en.as_str().into();
        self.note(staff, vigie_core::audit::Kind::GroupRemoved, vigie_core::audit::Object::Named(name), "");
        Ok(())
    }

    /// Milliseconds until a group's hours end, or the site's; 0 while closed, `None` without hours or without a date.
    #[must_use]
    pub fn open_ms(&self, group: Option<GroupId>) -> Option<u64> {
        let hours = group.and_then(|group| self.groups.get(&group)?.hours).or(self.settings.hours)?;
        Some(hours.open_ms(&self.zone.now(), self.wall_ms()?))
    }

    /// Today in the site's zone, in days since 1970; `None` while nobody has set the clock.
    #[must_use]
    pub fn today(&self) -> LocalDay {
        super::hours::day_of(&self.zone.now(), self.wall_ms()?)
    }

    /// The date at the site; `None` while the clock is not set.
    pub(super) fn date(&self) -> Option<jiff::civil::Date> {
        Some(self.zone.local(self.clock.wall()?)?.date())
    }

    pub(super) fn wall_ms(&self) -> Option<u64> {
        self.clock.wall().and_then(|wall| u64::try_from(wall.as_millis()).ok())
    }

    /// Now, as a moment.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment::new(self.boot, self.now)
    }

    pub(super) fn group_of(&self, station: StationId) -> Option<GroupId> {
        self.desk.station(station).and_then(|(record, ..)| record.group)
    }

    /// Asks the desk, and carries out what it wants, refused or not: a wrong code has to be saved too.
    pub(super) fn on_desk<T>(
        &mut self,
        ask: impl FnOnce(&mut Desk, Instant, &mut Actions) -> Result<T, Refusal>,
    ) -> Result<T, Fault> {
        let mut actions = Actions::new();
        let answer = ask(&mut self.desk, self.now, &mut actions);
        self.carry_out(actions);
        answer.map_err(Fault::from)
    }

    /// As [`Room::on_desk`], for somebody of the staff.
    pub(super) fn for_staff<T>(
        &mut self,
        staff: Staff,
        ask: impl FnOnce(&mut Desk, Actor, Instant, &mut Actions) -> Result<T, Refusal>,
    ) -> Result<T, Fault> {
        self.acting = Some(staff);
        let answer = self.on_desk(|desk, now, out| ask(desk, Actor::Staff(staff.account), now, out));
        self.acting = None;
        answer
    }

    /// Time went by.
    pub(super) fn pass_time(&mut self) {
        let mut actions = Actions::new();
        self.desk.on(self.now, &mut actions);
        self.carry_out(actions);
    }

    /// What is about to be saved takes along what running sessions have used.
    pub(super) fn ride(&mut self) {
        let mut actions = Actions::new();
        self.desk.ride(self.now, &mut actions);
        self.carry_out(actions);
    }

    /// Lets what `leave` leaves to be done wait for somebody else's batch.
    pub(super) fn patiently(&mut self, leave: impl FnOnce(&mut Self)) {
        let before = self.out.rows.len() + self.out.acts.len();
        leave(self);
        self.out.patient += (self.out.rows.len() + self.out.acts.len()).saturating_sub(before);
    }

    fn save(&mut self, row: &Row) {
        match row {
            Row::Session(kept) => {
                self.out.rows.push(record::session(kept));
                if kept.state.is_final() {
                    let view = SessionView::of_record(kept);
                    self.count_session(&view);
                    let gone = self.past.push(view);
                    self.out.rows.extend(gone.into_iter().map(record::no_session));
                    self.save_counters();
                }
            }
            Row::Station(kept) => self.out.rows.push(record::station(kept)),
            Row::Usage(person, usage) => self.out.rows.push(record::usage(*person, usage)),
            Row::Proved(all) => self.out.rows.push(record::proved(all)),
        }
    }

    fn carry_out(&mut self, actions: Actions) {
        for action in actions {
            match action {
                Action::Save(row) => self.save(&row),
                Action::SaveSoon(row) => self.patiently(|room| room.save(&row)),
                Action::TellSoon(told) => self.patiently(|room| room.tell(&told)),
                Action::ForgetStation(id) => self.out.rows.push(record::no_station(id)),
                Action::ForgetUsage(person) => self.out.rows.push(record::no_usage(person)),
                Action::Tell(told) => self.tell(&told),
                Action::Nudge(station) => self.nudge(station),
            }
        }
    }

    pub(super) fn save_station(&mut self, id: StationId) {
        let Some(entry) = self.register.entries.get(&id) else { return };
        self.out.rows.push(record::entry(id, entry));
        self.tokens.set(id, self.hashes(id));
    }

    pub(super) fn forget_station(&mut self, id: StationId) {
        self.out.rows.push(record::no_entry(id));
        self.out.ended.push(id);
        self.tokens.forget(id);
        self.save_counters();
    }

    pub(super) fn save_person(&mut self, id: PersonId) -> Result<(), Fault> {
        let Some(held) = self.people.rows.get(&id) else { return Ok(()) };
        let sealed = held.key.seal(id.0, What::Row, &record::person(&held.person))?;
        if held.person.revision == 1 {
            self.out.keys.push((id.0, Some(Zeroizing::new(*held.key.expose()))));
        }
        self.out.rows.push(record::sealed_person(id, sealed));
        Ok(())
    }

    pub(super) fn forget_person(&mut self, id: PersonId) {
        self.out.keys.push((id.0, None));
        self.out.rows.push(record::no_person(id));
        self.out.photos_gone.push(id.0);
        self.save_counters();
    }

    /// Which numbers are given away, for when the rows that show it are gone.
    pub(super) fn save_counters(&mut self) {
        let counters = record::Counters {
            session: self.desk.next_session(),
            station: self.register.next,
            person: self.people.next,
        };
        self.out.rows.push(record::counters(&counters));
    }
}
