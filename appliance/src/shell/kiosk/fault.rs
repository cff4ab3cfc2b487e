//! Holds why something about workstations, sessions or people is not done.
//! Never speaks to a person: words in two languages belong to whoever answers. Every call of the room gives one.

use vigie_core::kiosk::desk::Refusal;

/// A table of the kiosk that has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// People.
    People,
    /// Workstations.
    Stations,
    /// Groups.
    Groups,
    /// Machines that wait to be let in.
    Enrolment,
    /// Those of them that ask from one address.
    EnrolmentFromOne,
    /// Sessions and codes.
    Sessions,
    /// Messages and commands that a workstation has not taken yet.
    Messages,
}

/// A field that holds what it must not. The names are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadField {
    /// Which: such as `card_number`.
    pub field: &'static str,
    /// Why.
    pub why: Why,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There must be something.
    Empty,
    /// At most so many bytes.
    TooLong(usize),
    /// At most, or at least, what is allowed.
    OutOfRange,
    /// It does not have the form.
    Malformed,
}

/// Why something is not done. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such person.
    NoPerson,
    /// There is no such workstation.
    NoStation,
    /// There is no such session, or it is over for so long that it is forgotten.
    NoSession,
    /// There is no such group.
    NoGroup,
    /// No machine that shows this number waits.
    NoEnrolment,
    /// No such message or command waits.
    NoMessage,
    /// Somebody else has this card number.
    CardTaken,
    /// Another workstation has this MAC.
    MacTaken,
    /// Another workstation has this address.
    IpTaken,
    /// The group still has workstations.
    GroupInUse,
    /// The person has not agreed to what is kept.
    NoConsent,
    /// As many as there may be.
    Full(Table),
    /// A field.
    Field(BadField),
    /// The storage takes nothing: what must not be forgotten is not begun.
    NotStoring,
    /// The kernel gives no random numbers.
    NoRandomness,
    /// The machine that waits asked with another MAC than the workstation it is to be.
    OtherMac,
    /// The agent of the workstation was never heard.
    NotHeard,
    /// The agent of the workstation is silent at the moment.
    NotReached,
    /// What the desk says.
    Desk(Refusal),
}

impl Fault {
    /// A field that does not have its form.
    #[must_use]
    pub const fn malformed(field: &'static str) -> Self {
        Self::Field(BadField { field, why: Why::Malformed })
    }

    /// A field that is out of its range.
    #[must_use]
    pub const fn out_of_range(field: &'static str) -> Self {
        Self::Field(BadField { field, why: Why::OutOfRange })
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSession => Self::NoSession,
            Refusal::NoStation => Self::NoStation,
            Refusal::Full => Self::Full(Table::Sessions),
            other => Self::Desk(other),
        }
    }
}

/// Checks one line of text: trimmed, without control characters, within a bound.
pub(super) fn line(field: &'static str, text: &str, max_bytes: usize) -> Result<String, Fault> {
    let text = text.trim();
    if text.len() > max_bytes {
        return Err(Fault::Field(BadField { field, why: Why::TooLong(max_bytes) }));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::malformed(field));
    }
    Ok(text.to_owned())
}

/// As [`line`], and not empty.
pub(super) fn some_line(field: &'static str, text: &str, max_bytes: usize) -> Result<String, Fault> {
    let line = line(field, text, max_bytes)?;
    if line.is_empty() {
        return Err(Fault::Field(BadField { field, why: Why::Empty }));
    }
    Ok(line)
}

/// As [`line`], with line breaks and tabs allowed.
pub(super) fn lines(field: &'static str, text: &str, max_bytes: usize) -> Result<String, Fault> {
    let text = text.trim();
    if text.len() > max_bytes {
        return Err(Fault::Field(BadField { field, why: Why::TooLong(max_bytes) }));
    }
    if text.chars().any(|sign| sign.is_control() && sign != '\n' && sign != '\t') {
        return Err(Fault::malformed(field));
    }
    Ok(text.to_owned())
}
