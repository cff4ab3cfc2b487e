//! Holds the form of a person: its fields, how they are read, and the one about the consent.
//! It never checks a field itself: the kiosk does. The pages to add and to change a person draw it.

use maud::{Markup, html};

use super::{Beside, Line};
use crate::api::kiosk::fault;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::page::acts::field;
use crate::page::frame;
use crate::page::words::users as texts;
use crate::shell::kiosk::{
    MAX_ADDRESS_BYTES, MAX_CARD_BYTES, MAX_EMAIL_BYTES, MAX_NAME_BYTES, MAX_NOTES_BYTES, MAX_PHONE_BYTES,
    MAX_VERSION_BYTES, PersonDraft,
};

/// What a form says of a person.
pub(super) fn read(form: &[(String, String)]) -> PersonDraft {
    let line = |name: &str| field(form, name).to_owned();
    // Browsers send line breaks as CR LF.
    let lines = |name: &str| field(form, name).replace("\r\n", "\n");
    PersonDraft {
        card_number: line("card_number"),
        family_name: line("family_name"),
        given_name: line("given_name"),
        email: line("email"),
        phone: line("phone"),
        birth_date: line("birth_date"),
        address: lines("address"),
        notes: lines("notes"),
    }
}

/// The version of the text a person is said to agree to; `None` when nothing is said of it.
pub(super) fn agreed_to(form: &[(String, String)]) -> Result<Option<String>, Problem> {
    if field(form, "agreed") != "on" {
        return Ok(None);
    }
    let version = field(form, "text_version").trim();
    let fault = match version {
        "" => &faults::REQUIRED,
        long if long.len() > MAX_VERSION_BYTES || long.chars().any(char::is_control) => &fault::BAD_TEXT,
        good => return Ok(Some(good.to_owned())),
    };
    Err(Problem::from(&faults::INVALID).at("/text_version", fault))
}

/// A person as the form says it.
pub(super) fn fill_in(person: &PersonDraft) -> Vec<(String, String)> {
    let pairs = [
        ("card_number", &person.card_number),
        ("family_name", &person.family_name),
        ("given_name", &person.given_name),
        ("email", &person.email),
        ("phone", &person.phone),
        ("birth_date", &person.birth_date),
        ("address", &person.address),
        ("notes", &person.notes),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

/// The fields. Somebody else's name must not come from the browser's memory, so it fills in none.
pub(super) fn fields(form: &[(String, String)], beside: &Beside, language: Language) -> Markup {
    let line = |name, label, kind, most, needed| {
        Line { name, label, hint: None, kind, value: field(form, name), most, needed }.draw(beside, language)
    };
    let lines = |name: &'static str, label: crate::http::language::Text, most: usize| {
        let fault = beside.of_field(name);
        let input = html! {
            textarea id=(name) name=(name) rows="3" maxlength=(most) autocomplete="off"
                aria-describedby=[frame::described(name, false, fault.is_some())] aria-invalid=[fault.map(|_| "true")] { (field(form, name)) }
        };
        frame::field(name, label.speak(language), None, fault, &input)
    };
    html! {
        p.hint { (texts::ONLY_NAME.speak(language)) }
        div.trio {
            (line("family_name", texts::FAMILY_NAME, "text", MAX_NAME_BYTES, true))
            (line("given_name", texts::GIVEN_NAME, "text", MAX_NAME_BYTES, false))
            (line("card_number", texts::CARD_NUMBER, "text", MAX_CARD_BYTES, false))
            (line("birth_date", texts::BIRTH_DATE, "date", 10, false))
            (line("email", texts::EMAIL, "email", MAX_EMAIL_BYTES, false))
            (line("phone", texts::PHONE, "tel", MAX_PHONE_BYTES, false))
        }
        (lines("address", texts::ADDRESS, MAX_ADDRESS_BYTES))
        (lines("notes", texts::NOTES, MAX_NOTES_BYTES))
    }
}

/// The field of the version of the text a person agreed to.
pub(super) fn version(value: &str, beside: &Beside, language: Language) -> Markup {
    let (label, hint) = (texts::VERSION, Some(texts::VERSION_HINT));
    let line = Line { name: "text_version", label, hint, kind: "text", value, most: MAX_VERSION_BYTES, needed: false };
    line.draw(beside, language)
}
