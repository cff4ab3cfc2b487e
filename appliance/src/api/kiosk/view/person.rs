//! Holds how a person who uses workstations looks in JSON; to who may only look, by initials.
//! Never shows the number under which the journal knows somebody, but in what is exported. The users' routes call it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lens;
use crate::shell::kiosk::{Person, PersonDraft};

/// That somebody agreed to what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ConsentView {
    /// Which version of the text.
    text_version: String,
    /// When; `null` while the date is not known.
    at: Option<String>,
    /// Who wrote it down; `null` when the account is gone.
    operator: Option<String>,
}

/// A user. Viewers see initials in place of names, and of the rest nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct UserView {
    /// The number; never given to somebody else.
    pub(crate) id: u32,
    /// Of the library's card; empty without one.
    card_number: String,
    family_name: String,
    given_name: String,
    email: String,
    phone: String,
    /// `2008-02-29`, or empty.
    birth_date: String,
    address: String,
    notes: String,
    /// Where the photo is; `null` without one.
    photo: Option<String>,
    /// `null`: no session may begin.
    consent: Option<ConsentView>,
    /// The account that took the person in; `null` when it is gone.
    created_by: Option<String>,
    /// When; `null` while the date is not known.
    created_at: Option<String>,
    /// Whether it is shown by initials only.
    masked: bool,
}

impl UserView {
    pub(crate) fn of(person: &Person, lens: &Lens) -> Self {
        let form = if lens.masked { initials(&person.form) } else { person.form.clone() };
        let PersonDraft { card_number, family_name, given_name, email, phone, birth_date, address, notes } = form;
        Self {
            id: person.id,
            card_number,
            family_name,
            given_name,
            email,
            phone,
            birth_date,
            address,
            notes,
            photo: (person.photo && !lens.masked).then(|| format!("/api/utilisateurs/{}/photo", person.id)),
            consent: person.consent.as_ref().map(|consent| ConsentView {
                text_version: consent.text_version.clone(),
                at: lens.text(consent.at),
                operator: lens.account(consent.operator),
            }),
            created_by: lens.account(person.created_by),
            created_at: lens.text(person.created_at),
            masked: lens.masked,
        }
    }
}

/// What is left of somebody for who may only look.
fn initials(form: &PersonDraft) -> PersonDraft {
    let initial = |name: &str| name.chars().next().map(|letter| format!("{letter}.")).unwrap_or_default();
    PersonDraft {
        family_name: initial(&form.family_name),
        given_name: initial(&form.given_name),
        ..PersonDraft::default()
    }
}

/// A user to take in, or all of one anew.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "card_number": "20012345", "family_name": "Martin", "given_name": "Ada", "birth_date": "2008-02-29", "consent_version": "2026-1" }))]
pub(crate) struct AskedUser {
    /// Nobody else's; at most 32 bytes. Empty without one.
    card_number: String,
    /// Needed; at most 64 bytes.
    family_name: String,
    given_name: String,
    email: String,
    phone: String,
    /// `2008-02-29`.
    birth_date: String,
    address: String,
    notes: String,
    /// The version of the text the person agrees to now; left out, no consent is written down.
    pub(crate) consent_version: Option<String>,
}

impl AskedUser {
    pub(crate) fn draft(self) -> PersonDraft {
        let Self { card_number, family_name, given_name, email, phone, birth_date, address, notes, .. } = self;
        PersonDraft { card_number, family_name, given_name, email, phone, birth_date, address, notes }
    }
}

/// What is to be another. What is left out stays; an empty text clears.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "phone": "+33 1 23 45 67 89" }))]
pub(crate) struct AskedUserChange {
    card_number: Option<String>,
    family_name: Option<String>,
    given_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    birth_date: Option<String>,
    address: Option<String>,
    notes: Option<String>,
}

impl AskedUserChange {
    /// Writes over a form what was asked.
    pub(crate) fn apply(self, form: &PersonDraft) -> PersonDraft {
        let mut form = form.clone();
        for (asked, field) in [
            (self.card_number, &mut form.card_number),
            (self.family_name, &mut form.family_name),
            (self.given_name, &mut form.given_name),
            (self.email, &mut form.email),
            (self.phone, &mut form.phone),
            (self.birth_date, &mut form.birth_date),
            (self.address, &mut form.address),
            (self.notes, &mut form.notes),
        ] {
            if let Some(text) = asked {
                *field = text;
            }
        }
        form
    }
}
