//! Holds what people had of their day, and what is left of it.
//! Never knows the date: whoever asks says which day it is. The other parts of the desk call it, and the room.

use alloc::vec::Vec;

use super::{Action, Actions, Desk, Row};
use crate::kiosk::quota::{Left, Usage};
use crate::kiosk::{GroupId, LocalDay, PersonId};

impl Desk {
    /// Changes what a person had, and gives the row to save.
    pub(super) fn use_quota(&mut self, person: PersonId, change: impl FnOnce(&mut Usage)) -> Row {
        let usage = self.usages.entry(person).or_default();
        change(usage);
        Row::Usage(person, *usage)
    }

    /// What is left of a person's day, by the quota of a group, or by the site's where it has none. What was used
    /// counts wherever it was.
    #[must_use]
    pub fn left_of_day(&self, person: PersonId, group: Option<GroupId>, day: LocalDay) -> Left {
        let quota = group.and_then(|group| self.quotas.get(&group)).copied().unwrap_or(self.settings.quota);
        self.usages.get(&person).copied().unwrap_or_default().left(quota, day)
    }

    /// Forgets what people had on days that are over.
    pub fn forget_usages(&mut self, day: LocalDay, out: &mut Actions) {
        let over = self.usages.iter().filter(|(_, usage)| usage.is_over(day)).map(|(person, _)| *person);
        let over: Vec<PersonId> = over.collect();
        for person in over {
            self.usages.remove(&person);
            out.push(Action::ForgetUsage(person));
        }
    }
}
