//! Holds how users, workstations, sessions and the rest look in JSON: the same in the API and in what the page shows.
//! Never looks anything up beyond the room, and never shows a person to who may only look. The handlers call it.

pub(crate) mod group;
pub(crate) mod hours;
pub(crate) mod person;
pub(crate) mod report;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod station;

use std::sync::Arc;

use vigie_core::Moment;

use crate::api::logs::view::Names;
use crate::shell::clocks::Clocks;

/// What it takes to render for somebody.
pub(crate) struct Lens {
    /// The dates of moments.
    pub(crate) clocks: Arc<Clocks>,
    /// What accounts are called.
    pub(crate) names: Names,
    /// Whether people are shown by their initials only.
    pub(crate) masked: bool,
}

impl Lens {
    /// The moment in RFC 3339 and UTC; nothing while its date is not known.
    pub(crate) fn text(&self, moment: Moment) -> Option<String> {
        self.clocks.text(moment)
    }

    /// What an account is called, for who may know.
    pub(crate) fn account(&self, number: u32) -> Option<String> {
        self.names.of_number(number).filter(|_| !self.masked).map(str::to_owned)
    }
}
