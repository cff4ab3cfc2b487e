//! Holds the words of states on the wire: the API, the sockets and the page's events use the same.
//! Never speaks to a person. Called by whoever renders.

use vigie_core::kiosk::session::State;
use vigie_core::kiosk::station::{Reach, StationState};

/// The word of a session's state.
#[must_use]
pub const fn status(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Active => "active",
        State::Suspended => "suspended",
        State::Interrupted => "interrupted",
        State::Expired => "expired",
        State::Ended => "ended",
        State::Closed => "closed",
        State::Void => "void",
    }
}

/// The state of a word.
#[must_use]
pub fn status_of(word: &str) -> Option<State> {
    use State::{Active, Closed, Ended, Expired, Interrupted, Pending, Suspended, Void};
    let all = [Pending, Active, Suspended, Interrupted, Expired, Ended, Closed, Void];
    all.into_iter().find(|state| status(*state) == word)
}

/// The word of a workstation's state.
#[must_use]
pub const fn state(state: StationState) -> &'static str {
    match state {
        StationState::Available => "available",
        StationState::Reserved => "reserved",
        StationState::Busy => "busy",
        StationState::Wiping => "wiping",
        StationState::Maintenance => "maintenance",
        StationState::Offline => "offline",
    }
}

/// The word of whether a workstation is heard.
#[must_use]
pub const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Online => "online",
        Reach::Unreachable => "unreachable",
        Reach::Offline => "offline",
    }
}
