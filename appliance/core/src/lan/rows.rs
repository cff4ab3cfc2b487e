//! Holds `Rows<T, MAX>`: a list whose bound is part of its type and whose memory is what it needs.
//! Never holds more than `MAX` rows nor keeps more than a third of its capacity spare: a device of which little is known
//! stays small.
//! Called by every part of a device; what leaves a full list is said where the list is filled.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use serde::de::{SeqAccess, Visitor};

/// At most `MAX` rows, on the heap. Reads as a slice.
#[derive(Clone, PartialEq)]
pub struct Rows<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Rows<T, MAX> {
    /// No rows.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a row, or gives it back when there is no room.
    ///
    /// # Errors
    /// The row itself, when `MAX` rows are there already.
    pub fn try_push(&mut self, row: T) -> Result<(), T> {
        if self.0.len() >= MAX {
            return Err(row);
        }
        if self.0.len() == self.0.capacity() {
            // By a half more: a list that grew row by row would leave a hole in the heap of each of its sizes.
            self.0.reserve_exact((self.0.len() / 2).clamp(1, MAX - self.0.len()));
        }
        self.0.push(row);
        Ok(())
    }

    /// Adds a row; when there is no room, the row with the smallest `worth` leaves, the new one included.
    /// Gives back what left.
    pub fn push_or_evict<W: PartialOrd>(&mut self, row: T, worth: impl Fn(&T) -> W) -> Option<T> {
        self.push_within(MAX, row, worth)
    }

    /// The same with room for so many rows only. Where there are more already, none of them but one has to leave.
    pub fn push_within<W: PartialOrd>(&mut self, room: usize, row: T, worth: impl Fn(&T) -> W) -> Option<T> {
        let full = self.0.len() >= room;
        let Err(row) = (if full { Err(row) } else { self.try_push(row) }) else { return None };
        let mut least: Option<(usize, W)> = None;
        for (at, old) in self.0.iter().enumerate() {
            let own = worth(old);
            if least.as_ref().is_none_or(|(_, smallest)| own < *smallest) {
                least = Some((at, own));
            }
        }
        match least {
            Some((at, smallest)) if smallest <= worth(&row) => {
                self.0.get_mut(at).map(|place| core::mem::replace(place, row))
            }
            _ => Some(row),
        }
    }

    /// Keeps the rows for which `keep` holds, in order.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.0.retain(keep);
    }

    /// Takes out the row at `at`, if there is one; later rows move up.
    pub fn take(&mut self, at: usize) -> Option<T> {
        (at < self.0.len()).then(|| self.0.remove(at))
    }

    /// Takes out every row.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T, const MAX: usize> Default for Rows<T, MAX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const MAX: usize> Deref for Rows<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> DerefMut for Rows<T, MAX> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: fmt::Debug, const MAX: usize> fmt::Debug for Rows<T, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// Takes rows until the bound; the rest is left out.
impl<T, const MAX: usize> FromIterator<T> for Rows<T, MAX> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let mut list = Self::new();
        for row in rows.into_iter().take(MAX) {
            // Cannot be full: at most `MAX` are taken.
            let _full = list.try_push(row);
        }
        list
    }
}

impl<T: serde::Serialize, const MAX: usize> serde::Serialize for Rows<T, MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de, T: serde::Deserialize<'de>, const MAX: usize> serde::Deserialize<'de> for Rows<T, MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take<T, const MAX: usize>(PhantomData<T>);

        impl<'de, T: serde::Deserialize<'de>, const MAX: usize> Visitor<'de> for Take<T, MAX> {
            type Value = Rows<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list; rows past {MAX} are left out")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                let mut list = Rows::new();
                while let Some(row) = from.next_element()? {
                    // A list written when the bound was larger is read to its end, and cut.
                    let _full = list.try_push(row);
                }
                Ok(list)
            }
        }

        deserializer.deserialize_seq(Take(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn the_row_of_least_worth_leaves_a_full_list() {
        let mut rows: Rows<u8, 3> = [5, 2, 9].into_iter().collect();
        assert_eq!(rows.push_or_evict(7, |row| *row), Some(2));
        assert_eq!(*rows, [5, 7, 9]);
        assert_eq!(rows.push_or_evict(1, |row| *row), Some(1), "the newcomer is worth less than all");
        assert_eq!(rows.try_push(8), Err(8));
        assert_eq!(*rows, [5, 7, 9]);
    }

    #[test]
    fn less_room_than_there_is_takes_nothing_away() {
        let mut rows: Rows<u8, 3> = [5, 2].into_iter().collect();
        assert_eq!(rows.push_within(1, 7, |row| *row), Some(2));
        assert_eq!(*rows, [5, 7]);
        assert_eq!(rows.push_within(3, 1, |row| *row), None);
        assert_eq!(rows.push_within(9, 8, |row| *row), Some(1), "never more than the type says");
    }

    #[test]
    fn a_stored_list_that_is_too_long_is_cut() {
        let bytes = postcard::to_allocvec(&[1u8, 2, 3, 4, 5][..]).unwrap();
        let (rows, rest) = postcard::take_from_bytes::<Rows<u8, 3>>(&bytes).unwrap();
        assert_eq!(*rows, [1, 2, 3]);
        assert!(rest.is_empty(), "what follows the list in a record must still be found");
    }
}
