//! Holds the people who use workstations, and what staff may do with what is kept of them.
//! Never lets a name out to the journal or the log: there a person is a random number. The API and the page reach it
//! through the room.

use std::collections::BTreeMap;

use vigie_core::audit::{Kind, Object};
use vigie_core::kiosk::{GroupId, PersonId};
use vigie_core::order::sort_by_key;

use super::fault::{Fault, Table, some_line};
use super::person_record::{Consent, MAX_VERSION_BYTES, Person, PersonDraft};
use super::room::{Room, Staff};
use crate::accounts::secret::draw;

/// People in the list: a town library. All of each is in memory for lists and searches, about 400 B, at most 1.4 KiB:
/// 1.6 MiB in all as forms are filled in. One more is refused.
pub const MAX_PEOPLE: usize = 4_096;
/// Words of a search that are looked at.
const MAX_WORDS: usize = 8;

/// A person with the key of what is kept.
pub(super) struct Held {
    pub(super) person: Person,
    pub(super) key: super::sealing::PersonKey,
}

/// Everybody.
#[derive(Default)]
pub(super) struct People {
    pub(super) rows: BTreeMap<PersonId, Held>,
    pub(super) next: u32,
}

/// Whether a person may begin a session now, and what is left of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Why not; `None`: yes.
    pub refused: Option<Fault>,
    /// Sessions that may still begin today.
    pub sessions_left: u8,
    /// Milliseconds that may still be granted today.
    pub left_ms: u64,
}

impl Room {
    /// Everybody, by number.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.rows.values().map(|held| &held.person)
    }

    /// Whom a search finds: each word in a name, or at the start of the card number. By name.
    #[must_use]
    pub fn find_people(&self, query: &str) -> Vec<&Person> {
        let words: Vec<String> = query.split_whitespace().take(MAX_WORDS).map(str::to_lowercase).collect();
        let mut found: Vec<&Person> = self.people().filter(|person| person.is_found_by(&words)).collect();
        sort_by_key(&mut found, |person| {
            (person.form.family_name.to_lowercase(), person.form.given_name.to_lowercase(), person.id)
        });
        found
    }

    /// One person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.rows.get(&id).map(|held| &held.person)
    }

    /// The person the journal calls `subject`; nobody, once erased.
    #[must_use]
    pub fn person_of_subject(&self, subject: u64) -> Option<&Person> {
        self.people().find(|person| person.subject == subject)
    }

    /// The person with this card.
    #[must_use]
    pub fn person_of_card(&self, card_number: &str) -> Option<&Person> {
        let card_number = card_number.trim();
        self.people().find(|person| !card_number.is_empty() && person.form.card_number == card_number)
    }

    /// Takes a person in.
    ///
    /// # Errors
    /// A bad field, a card somebody else has, a full table, or storage that takes nothing.
    pub fn add_person(&mut self, staff: Staff, draft: &PersonDraft) -> Result<PersonId, Fault> {
        let form = self.checked_person(None, draft)?;
        if !self.storing {
            return Err(Fault::NotStoring);
        }
        if self.people.rows.len() >= MAX_PEOPLE {
            return Err(Fault::Full(Table::People));
        }
        let id = PersonId(self.people.next.max(1));
        let key = super::sealing::PersonKey::draw()?;
        let subject = self.draw_subject()?;
        self.people.next = id.0.saturating_add(1);
        let person = Person {
            id: id.0,
            subject,
            form,
            photo: false,
            consent: None,
            created_by: staff.account,
            created_at: self.moment(),
            revision: 1,
        };
        self.people.rows.insert(id, Held { person, key });
        self.save_person(id)?;
        self.note(staff, Kind::PersonCreated, Object::Person(subject), "");
        Ok(id)
    }

    /// Changes what the form says of a person. Gives whether anything changed.
    ///
    /// # Errors
    /// As [`Room::add_person`], and when there is no such person.
    pub fn edit_person(&mut self, staff: Staff, id: PersonId, draft: &PersonDraft) -> Result<bool, Fault> {
        let form = self.checked_person(Some(id), draft)?;
        let before = self.person(id).ok_or(Fault::NoPerson)?;
        if before.form == form {
            return Ok(false);
        }
        self.change_person(staff, id, Kind::PersonUpdated, "", |person| person.form = form)?;
        Ok(true)
    }

    /// Writes down that a person agreed to a version of the text.
    ///
    /// # Errors
    /// When there is no such person, or the version has no name.
    pub fn give_consent(&mut self, staff: Staff, id: PersonId, text_version: &str) -> Result<(), Fault> {
        let text_version = some_line("text_version", text_version, MAX_VERSION_BYTES)?;
        let before = self.person(id).ok_or(Fault::NoPerson)?;
        if before.consent.as_ref().is_some_and(|consent| consent.text_version == text_version) {
            return Ok(());
        }
        let consent = Some(Consent { text_version, at: self.moment(), operator: staff.account });
        self.change_person(staff, id, Kind::ConsentGiven, "", |person| person.consent = consent)
    }

    /// Writes down that a person takes the consent back: sessions end, and everything kept is erased with its key.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn revoke_consent(&mut self, staff: Staff, id: PersonId) -> Result<(), Fault> {
        self.destroy(staff, id, Kind::ConsentRevoked)
    }

    /// Erases a person: sessions end, the key is destroyed, row and photo are removed.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn erase_person(&mut self, staff: Staff, id: PersonId) -> Result<(), Fault> {
        self.destroy(staff, id, Kind::PersonErased)
    }

    /// Writes down that what is kept of a person was handed out, and gives it.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn export_person(&mut self, staff: Staff, id: PersonId) -> Result<Person, Fault> {
        let person = self.person(id).ok_or(Fault::NoPerson)?.clone();
        self.note(staff, Kind::PersonExported, Object::Person(person.subject), "");
        Ok(person)
    }

    /// Whether a person may begin a session now, in a group if one is named.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn allowance(&self, id: PersonId, group: Option<GroupId>) -> Result<Allowance, Fault> {
        use vigie_core::kiosk::desk::Refusal;
        let person = self.person(id).ok_or(Fault::NoPerson)?;
        let left = self.desk.left_of_day(id, group, self.today());
        let elsewhere = self.desk.session_of(id).and_then(|session| self.session(session)?.station);
        let refused = if person.consent.is_none() {
            Some(Fault::NoConsent)
        } else if let Some(station) = elsewhere {
            Some(Fault::Desk(Refusal::Elsewhere(station)))
        } else if left.sessions == 0 || left.time_ms == 0 {
            Some(Fault::Desk(Refusal::QuotaUsed))
        } else {
            (self.open_ms(group) == Some(0)).then_some(Fault::Desk(Refusal::Closed))
        };
        Ok(Allowance { refused, sessions_left: left.sessions, left_ms: left.time_ms })
    }

    pub(super) fn change_person(
        &mut self,
        staff: Staff,
        id: PersonId,
        kind: Kind,
        detail: &str,
        change: impl FnOnce(&mut Person),
    ) -> Result<(), Fault> {
        if !self.storing {
            return Err(Fault::NotStoring);
        }
        let held = self.people.rows.get_mut(&id).ok_or(Fault::NoPerson)?;
        change(&mut held.person);
        held.person.revision += 1;
        let subject = held.person.subject;
        self.save_person(id)?;
        self.note(staff, kind, Object::Person(subject), detail);
        Ok(())
    }

    fn destroy(&mut self, staff: Staff, id: PersonId, kind: Kind) -> Result<(), Fault> {
        let subject = self.person(id).ok_or(Fault::NoPerson)?.subject;
        let theirs: Vec<_> = self.desk.sessions(self.now).filter(|view| view.kept.person == Some(id)).collect();
        let theirs: Vec<_> = theirs.iter().map(|view| view.kept.id).collect();
        for session in theirs {
            self.for_staff(staff, |desk, actor, now, out| desk.end(now, actor, session, out))?;
        }
        self.people.rows.remove(&id);
        self.forget_person(id);
        self.note(staff, kind, Object::Person(subject), "");
        Ok(())
    }

    fn checked_person(&self, own: Option<PersonId>, draft: &PersonDraft) -> Result<PersonDraft, Fault> {
        let form = draft.checked()?;
        // A clock nobody has set yet judges no date.
        let born = form.birth_date.parse::<jiff::civil::Date>().ok();
        if born.zip(self.date()).is_some_and(|(born, today)| born > today) {
            return Err(Fault::out_of_range("birth_date"));
        }
        let other = self.person_of_card(&form.card_number);
        if other.is_some_and(|other| Some(PersonId(other.id)) != own) {
            return Err(Fault::CardTaken);
        }
        Ok(form)
    }

    fn draw_subject(&self) -> Result<u64, Fault> {
        draw::<8>().map(u64::from_be_bytes).map_err(|_| Fault::NoRandomness)
    }
}
