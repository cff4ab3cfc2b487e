//! Holds how a session looks in JSON, with the names of whose it is and where it runs.
//! Never shows a code but in the answer that makes it. The sessions' routes call it.

use schemars::JsonSchema;
use serde::Serialize;

use super::Lens;
use crate::accounts::secret::Secret;
use crate::shell::kiosk::{Redeemed, Room, SessionView as Kept, words};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// Its number; never used twice.
    pub(crate) id: u64,
    /// `pending`, `active`, `suspended`, `interrupted`, `expired`, `ended`, `closed` or `void`.
    pub(crate) status: &'static str,
    /// What opens it, `XXXX-XXXX`; only in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Number of the user; `null` for a guest.
    user: Option<u32>,
    /// What the user is called; initials for viewers, `null` for a guest and for who was erased.
    user_name: Option<String>,
    /// Number of the workstation where it runs or ran, or where alone its code is good.
    workstation: Option<u32>,
    /// What that is called.
    workstation_name: Option<String>,
    /// Number of the group in which alone its code is good.
    group: Option<u8>,
    /// Milliseconds granted in all.
    granted_ms: u64,
    /// Milliseconds used.
    used_ms: u64,
    /// Milliseconds left.
    remaining_ms: u64,
    /// How much is used, in whole percent.
    percent: u8,
    /// More may have been used than is known: its workstation was not heard since the appliance started.
    at_least: bool,
    /// It may outlast the opening hours.
    past_closing: bool,
    /// When its code was made, RFC 3339 in UTC.
    created_at: Option<String>,
    /// When it began.
    started_at: Option<String>,
    /// When it was over.
    ended_at: Option<String>,
    /// Milliseconds until its state ends by itself: a code's life, the time, a held seat.
    ends_in_ms: Option<u64>,
    /// Counts the grants after the first.
    grant_epoch: u16,
}

impl SessionView {
    pub(crate) fn of(kept: &Kept, room: &Room, lens: &Lens) -> Self {
        let person = kept.person.and_then(|id| room.person(id));
        let user_name = person.map(|person| if lens.masked { person.masked_name() } else { person.display_name() });
        Self {
            id: kept.id.0,
            status: words::status(kept.state),
            code: None,
            user: kept.person.map(|person| person.0),
            user_name,
            workstation: kept.station.map(|station| station.0),
            workstation_name: kept.station.and_then(|station| room.station(station)).map(|station| station.name),
            group: kept.group.map(|group| group.0),
            granted_ms: kept.granted_ms,
            used_ms: kept.used_ms,
            remaining_ms: kept.remaining_ms,
            percent: kept.percent(),
            at_least: kept.at_least,
            past_closing: kept.past_closing,
            created_at: lens.text(kept.created),
            started_at: kept.started.and_then(|moment| lens.text(moment)),
            ended_at: kept.ended.and_then(|moment| lens.text(moment)),
            ends_in_ms: kept.ends_in_ms,
            grant_epoch: kept.grant_epoch,
        }
    }

    pub(crate) fn with_code(self, code: &Secret) -> Self {
        Self { code: Some(code.expose().to_owned()), ..self }
    }
}

/// The tag of what staff may change of a session.
pub(crate) fn tag_of(kept: &Kept) -> String {
    format!("\"{}-{}-{}\"", words::status(kept.state), kept.granted_ms, kept.grant_epoch)
}

/// How much time is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct TimeView {
    /// Number of the session.
    session: u64,
    /// Milliseconds granted in all.
    granted_ms: u64,
    /// Milliseconds used.
    used_ms: u64,
    /// Milliseconds left.
    remaining_ms: u64,
    /// How much is used, in whole percent.
    percent: u8,
}

impl TimeView {
    pub(crate) fn of(kept: &Kept) -> Self {
        Self {
            session: kept.id.0,
            granted_ms: kept.granted_ms,
            used_ms: kept.used_ms,
            remaining_ms: kept.remaining_ms,
            percent: kept.percent(),
        }
    }
}

/// A session that a code opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct OpenedView {
    /// Its number.
    session: u64,
    /// Milliseconds granted in all.
    granted_ms: u64,
    /// Milliseconds left.
    remaining_ms: u64,
    /// `XXXX-XXXX`: opens it again after a restart of the workstation.
    ticket: String,
    /// What the screen calls the person; `null` for a guest.
    person: Option<String>,
}

impl OpenedView {
    pub(crate) fn of(opened: Redeemed) -> Self {
        Self {
            session: opened.session.0,
            granted_ms: opened.granted_ms,
            remaining_ms: opened.remaining_ms,
            ticket: opened.ticket.expose().to_owned(),
            person: opened.person,
        }
    }
}
