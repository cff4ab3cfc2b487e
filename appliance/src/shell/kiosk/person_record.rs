//! Holds one person who uses workstations: what a form asks for, and what is kept of it.
//! Never lies on the card in the clear: the row is sealed with a key of that person alone. The table of people is made of them.

use serde::{Deserialize, Serialize};
use vigie_core::Moment;

use super::fault::{BadField, Fault, line, lines, some_line};

/// Bytes of a card number.
pub const MAX_CARD_BYTES: usize = 32;
/// Bytes of each name.
pub const MAX_NAME_BYTES: usize = 64;
/// Bytes of an e-mail address (RFC 5321 section 4.5.3.1.3 allows a path of 256; none in use is near).
pub const MAX_EMAIL_BYTES: usize = 128;
/// Bytes of a phone number.
pub const MAX_PHONE_BYTES: usize = 32;
/// Bytes of a postal address.
pub const MAX_ADDRESS_BYTES: usize = 256;
/// Bytes of staff's notes.
pub const MAX_NOTES_BYTES: usize = 512;
/// Bytes of the name of a version of the text a person agreed to.
pub const MAX_VERSION_BYTES: usize = 64;

/// That a person agreed to what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Which version of the text: its name, or a hash of it.
    pub text_version: String,
    /// When.
    pub at: Moment,
    /// The account that wrote it down.
    pub operator: u32,
}

/// What a form says of a person.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonDraft {
    /// Of the library's card; nobody else's. Empty: none.
    pub card_number: String,
    /// Needed.
    pub family_name: String,
    /// May be empty, as everything from here on.
    pub given_name: String,
    /// With one `@`.
    pub email: String,
    /// Digits and signs between them.
    pub phone: String,
    /// `2008-02-29`.
    pub birth_date: String,
    /// Lines.
    pub address: String,
    /// Lines.
    pub notes: String,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The number; never given to somebody else.
    #[serde(skip)]
    pub id: u32,
    /// What the journal calls the person: random, so that it means nothing once the person is erased.
    pub subject: u64,
    /// What the form said.
    pub form: PersonDraft,
    /// Whether there is a photo.
    pub photo: bool,
    /// `None`: no session may begin.
    pub consent: Option<Consent>,
    /// The account that took the person in.
    pub created_by: u32,
    /// When.
    pub created_at: Moment,
    /// Counts the changes, for `ETag`.
    pub revision: u32,
}

impl Person {
    /// What the screen of a workstation calls the person.
    #[must_use]
    pub fn display_name(&self) -> String {
        let PersonDraft { given_name, family_name, .. } = &self.form;
        if given_name.is_empty() { family_name.clone() } else { format!("{given_name} {family_name}") }
    }

    /// The name for who may only look: initials.
    #[must_use]
    pub fn masked_name(&self) -> String {
        let initials = [&self.form.given_name, &self.form.family_name];
        let letters: Vec<String> =
            initials.iter().filter_map(|name| name.chars().next()).map(|letter| format!("{letter}.")).collect();
        letters.join(" ")
    }

    /// Whether a search finds the person: each word of it, in lower case, in a name or at the start of the card number.
    pub(super) fn is_found_by(&self, words: &[String]) -> bool {
        let names = format!("{} {}", self.form.given_name, self.form.family_name).to_lowercase();
        let card = self.form.card_number.to_lowercase();
        words.iter().all(|word| names.contains(word) || card.starts_with(word))
    }
}

impl PersonDraft {
    /// The form, trimmed and checked.
    ///
    /// # Errors
    /// The first field that is not good.
    pub fn checked(&self) -> Result<Self, Fault> {
        let [card_number, family_name, given_name, email, phone, birth_date, address, notes] = self.fields();
        Ok(Self {
            card_number: card_number?,
            family_name: family_name?,
            given_name: given_name?,
            email: email?,
            phone: phone?,
            birth_date: birth_date?,
            address: address?,
            notes: notes?,
        })
    }

    /// Every field that is not good, for whoever has to correct the form.
    #[must_use]
    pub fn faults(&self) -> Vec<BadField> {
        let bad = |field| if let Err(Fault::Field(bad)) = field { Some(bad) } else { None };
        self.fields().into_iter().filter_map(bad).collect()
    }

    /// The fields in the order of the form, each trimmed and checked by itself.
    fn fields(&self) -> [Result<String, Fault>; 8] {
        let formed = |field, text: &str, max_bytes, is_good: fn(&str) -> bool| {
            let text = line(field, text, max_bytes)?;
            if text.is_empty() || is_good(&text) { Ok(text) } else { Err(Fault::malformed(field)) }
        };
        [
            line("card_number", &self.card_number, MAX_CARD_BYTES),
            some_line("family_name", &self.family_name, MAX_NAME_BYTES),
            line("given_name", &self.given_name, MAX_NAME_BYTES),
            formed("email", &self.email, MAX_EMAIL_BYTES, is_email),
            formed("phone", &self.phone, MAX_PHONE_BYTES, is_phone),
            formed("birth_date", &self.birth_date, 10, |text| text.parse::<jiff::civil::Date>().is_ok()),
            lines("address", &self.address, MAX_ADDRESS_BYTES),
            lines("notes", &self.notes, MAX_NOTES_BYTES),
        ]
    }
}

fn is_email(text: &str) -> bool {
    let at = |(before, after): (&str, &str)| !before.is_empty() && after.contains('.') && !after.contains('@');
    text.split_once('@').is_some_and(at)
}

fn is_phone(text: &str) -> bool {
    text.chars().all(|sign| matches!(sign, '0'..='9' | '+' | ' ' | '.' | '-' | '/' | '(' | ')'))
}
