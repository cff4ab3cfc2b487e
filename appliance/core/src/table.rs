//! Holds `table_of`: an ordered table, filled row by row.
//! Never sorts. Called where the service reads back what was stored, and where a page gathers what it shows.

use alloc::collections::BTreeMap;

/// A table of these rows; of several with one key the last stays.
///
/// What `collect` gives, smaller: `collect` sorts beforehand, by a sort that is made anew for each kind of row, three
/// kilobytes of program each, and no gain for tables of some hundred rows.
#[must_use]
pub fn table_of<K: Ord, V>(rows: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut table = BTreeMap::new();
    for (key, row) in rows {
        table.insert(key, row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_the_last_of_a_key_stays() {
        let table = table_of([(3, 'c'), (1, 'a'), (3, 'd')]);
        assert_eq!(alloc::vec::Vec::from_iter(table), [(1, 'a'), (3, 'd')]);
    }
}
