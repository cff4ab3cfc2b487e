//! Holds what the desk asks for and says: rows to save, what happened, and why it does not do something.
//! Never does any of it: those are words for the shell, which carries them out. The desk fills them in.

use alloc::vec::Vec;

use embassy_time::Duration;

use crate::kiosk::quota::Usage;
use crate::kiosk::session::{SessionRecord, State};
use crate::kiosk::station::{StationRecord, StationState};
use crate::kiosk::{Actor, PersonId, SessionId, StationId};

/// One row of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A session. A final one is never asked for again and may be archived.
    Session(SessionRecord),
    /// A workstation.
    Station(StationRecord),
    /// What a person had today.
    Usage(PersonId, Usage),
    /// What sessions that are not over have used as far as is proved, in milliseconds, all of them: there is one such row.
    Proved(Vec<(SessionId, u64)>),
}

/// What the shell is to do. All saves of one call are one batch, on the medium before the call is answered; unless all of
/// them may wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Save a row.
    Save(Row),
    /// Save a row with the next batch, or within a minute: nobody is answered for it, and what a power cut takes of it
    /// comes back by itself, told by the workstation or the clock again.
    SaveSoon(Row),
    /// Forget a workstation's row.
    ForgetStation(StationId),
    /// Forget what a person had on a day that is over.
    ForgetUsage(PersonId),
    /// Say what happened: to the audit, and to whoever is listening.
    Tell(Told),
    /// Say it now; in the audit it may wait as the row beside it does.
    TellSoon(Told),
    /// The workstation should ask for its lease now instead of at its next turn.
    Nudge(StationId),
}

/// What one call asks for: bounded by the tables, at most two actions for each session and three for each workstation.
pub type Actions = Vec<Action>;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub event: Event,
    /// To which session.
    pub session: Option<SessionId>,
    /// At which workstation.
    pub station: Option<StationId>,
    /// Whose session.
    pub person: Option<PersonId>,
    /// Who wanted it.
    pub actor: Actor,
}

/// What can happen. Every change of a session's state is exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// A code was made.
    CodeIssued,
    /// A code was refused.
    CodeRefused(Reason),
    /// A code was taken back or grew too old.
    CodeVoid,
    /// A session began.
    Started,
    /// Staff stopped its time.
    Suspended,
    /// It goes on.
    Resumed,
    /// Its workstation was restarted.
    Interrupted,
    /// Its time was changed by so many milliseconds.
    Extended(i64),
    /// It was ended before its time.
    Ended,
    /// Its time is used up.
    Expired,
    /// The workstation is clean again; so many milliseconds were not used.
    Closed(u64),
    /// A warning was shown, by its place among the thresholds.
    WarningShown(u8),
    /// A workstation reported less use than it had before: so many milliseconds.
    WentBackwards(u64),
    /// A workstation is heard.
    StationOnline,
    /// A workstation is silent, and counts on by itself.
    StationUnreachable,
    /// A workstation is gone.
    StationOffline,
    /// A workstation was taken out of service, or put back.
    StationMaintenance(bool),
}

/// Why a code was refused. Only for the audit: whoever typed it learns [`Refusal::WrongCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reason {
    /// No code is like it, or it was used already.
    Unknown,
    /// It is for another workstation or group.
    WrongSeat,
}

/// Why the desk does not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// There is no such session.
    NoSession,
    /// There is no such workstation.
    NoStation,
    /// The code is unknown, used, too old, or for another seat: the same answer for all.
    WrongCode,
    /// Too many wrong codes; wait so long.
    TooSoon(Duration),
    /// The workstation is not free.
    NotFree(StationState),
    /// The person has a session elsewhere.
    Elsewhere(StationId),
    /// The person has had what a day allows.
    QuotaUsed,
    /// The session's state does not allow it.
    NotNow(State),
    /// The new number is taken; draw another.
    Taken,
    /// A code of digits needs a workstation and may be good for a quarter of an hour at most.
    DigitsNeedSeat,
    /// Nothing to grant, or more than a day.
    BadLength,
    /// The place is closed, or closes now.
    Closed,
    /// The table is full: as many sessions, or workstations, as this appliance can hold.
    Full,
}
