//! Holds `sort_by` and `sort_by_key`: stable sorts for tables of some thousand rows.
//! Never for what runs with every packet: they allocate a number for each row. Called where something is read or shown.
//!
//! The sorts of the standard library are made anew for each kind of row, three kilobytes of program each; here one sorts the
//! numbers of the rows, and what is made for each kind of row only brings them to their places.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts rows by comparing them; equal ones stay in their order.
pub fn sort_by<T>(rows: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = numbers(rows.len(), &mut |one, other| match (rows.get(one), rows.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    arrange(rows, order);
}

/// Sorts rows by their keys, each of which is made once; rows with equal keys stay in their order.
pub fn sort_by_key<T, K: Ord>(rows: &mut [T], key: impl FnMut(&T) -> K) {
    let keys: Vec<K> = rows.iter().map(key).collect();
    arrange(rows, numbers(keys.len(), &mut |one, other| keys.get(one).cmp(&keys.get(other))));
}

/// The numbers 0 to `count` in the order of what they stand for.
#[inline(never)]
fn numbers(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// Brings each row to its place: `order` names the rows that are to stand first, second, and so on.
fn arrange<T>(rows: &mut [T], mut order: Vec<usize>) {
    for start in 0..order.len() {
        // Round the circle of rows that take each other's places. A place that is done names itself.
        let mut at = start;
        while let Some(from) = order.get_mut(at).map(|place| core::mem::replace(place, at)) {
            if from == start || from == at {
                break;
            }
            rows.swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn nothing_and_one_are_in_order() {
        let mut rows: [u8; 0] = [];
        sort_by(&mut rows, Ord::cmp);
        let mut rows = vec!["one"];
        sort_by_key(&mut rows, |row| row.len());
        assert_eq!(rows, ["one"]);
    }

    #[test]
    fn as_the_standard_library_sorts() {
        // Numbers of a linear congruential generator (Knuth's MMIX), so that a failure replays.
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        for count in 0..300 {
            // By a part of the row, so that it shows whether equal ones stay in their order.
            let rows: Vec<(usize, usize)> = (0..count).map(|number| (draw() % 20, number)).collect();
            let (mut expected, mut compared, mut keyed) = (rows.clone(), rows.clone(), rows);
            expected.sort_by_key(|row| row.0);
            sort_by(&mut compared, |one, other| one.0.cmp(&other.0));
            sort_by_key(&mut keyed, |row| row.0);
            assert_eq!(compared, expected);
            assert_eq!(keyed, expected);
        }
    }
}
