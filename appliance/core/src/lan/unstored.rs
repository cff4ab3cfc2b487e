//! Holds `Unstored<T>`: what only the running machine knows of a row that is kept on the card.
//! Never is written, and never makes two rows differ: equal rows are equal in all that is stored.
//! Called by the rows of `DeviceRecord`, whose serde form leaves it out.

use core::ops::{Deref, DerefMut};

/// A part of a stored row that is not stored with it. It comes back empty after a restart, and is learnt again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unstored<T>(pub(super) T);

impl<T> PartialEq for Unstored<T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<T> Deref for Unstored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Unstored<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
