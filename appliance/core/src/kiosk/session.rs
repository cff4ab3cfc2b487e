//! Holds one session: what is stored of it, and what only the running appliance knows.
//! Never decides a change of state: the desk does, in one place. The desk's table is made of them.

use embassy_time::Instant;

use super::code::CodeDigest;
use super::ledger::{Ledger, Run};
use super::warning::Warned;
use super::{GroupId, LocalDay, PersonId, SessionId, StationId};
use crate::Moment;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// There is a code, nobody has used it.
    Pending,
    /// Somebody sits there.
    Active,
    /// Staff stopped the time.
    Suspended,
    /// The workstation was restarted; the seat is held for whoever has the ticket.
    Interrupted,
    /// The time is used up; the workstation is being cleaned.
    Expired,
    /// Ended before its time; the workstation is being cleaned.
    Ended,
    /// Over, and the workstation is clean.
    Closed,
    /// The code was never used: taken back, or too old.
    Void,
}

impl State {
    /// Whether the session is somebody's place: at most one such at a workstation, and of a person.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Suspended | Self::Interrupted)
    }

    /// Whether it waits for the workstation to be cleaned.
    #[must_use]
    pub const fn is_leaving(self) -> bool {
        matches!(self, Self::Expired | Self::Ended)
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Void)
    }
}

/// Where a code is good; everywhere, if neither is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Binding {
    /// At one workstation.
    pub station: Option<StationId>,
    /// In one group.
    pub group: Option<GroupId>,
}

/// All of a session that outlives a restart, and what the store keeps of it. Nothing here says who the person is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionRecord {
    /// Its number.
    pub id: SessionId,
    /// Where it stands.
    pub state: State,
    /// What opens it: the code while it is pending, the ticket for going on after a restart from then on.
    pub opens_with: Option<CodeDigest>,
    /// Whose it is; `None` for a guest.
    pub person: Option<PersonId>,
    /// Where its code is good.
    pub binding: Binding,
    /// Whether it may outlast the opening hours.
    pub past_closing: bool,
    /// How long its code is good, in milliseconds. After a restart of the appliance that time begins anew: how long the
    /// appliance was away is not known.
    pub valid_ms: u64,
    /// Where it runs or ran.
    pub station: Option<StationId>,
    /// The question that opened it: asked again it gets the same answer.
    pub opened_by: Option<u64>,
    /// The day it began, for the quota.
    pub day: LocalDay,
    /// Its time.
    pub ledger: Ledger,
    /// Warnings that are done with in this epoch.
    pub warned: Warned,
    /// Of them: really shown.
    pub shown: Warned,
    /// When the code was made.
    pub created: Moment,
    /// When it began.
    pub started: Option<Moment>,
    /// When it was over.
    pub ended: Option<Moment>,
}

/// A session of the running appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) kept: SessionRecord,
    /// The running interval; `None` while nothing runs, and after a restart until the workstation was heard.
    pub(super) run: Option<Run>,
    /// When the state ends by itself: a code's life, a held seat, a session nobody has heard of since a restart.
    pub(super) until: Option<Instant>,
    /// What was last saved as proved, in milliseconds: a checkpoint is due when more is.
    pub(super) saved_ms: u64,
    /// A report that went backwards was told once.
    pub(super) odd: bool,
}

impl Session {
    pub(super) fn used_ms(&self, now: Instant) -> u64 {
        match self.kept.state {
            State::Expired => self.kept.ledger.granted_ms(),
            _ => self.kept.ledger.used_ms(self.run, now),
        }
    }

    pub(super) fn remaining_ms(&self, now: Instant) -> u64 {
        self.kept.ledger.granted_ms() - self.used_ms(now)
    }
}
