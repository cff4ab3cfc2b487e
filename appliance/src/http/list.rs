//! Holds how long lists are given out: a page at a time, with an opaque cursor.
//! It never counts positions: a cursor names the last item given, so that lists may change between two pages.
//! Handlers of lists use it.

use data_encoding::BASE64URL_NOPAD as BASE64;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::problem::{Problem, faults};

/// Items on a page when the client does not say.
pub const DEFAULT_LIMIT: usize = 100;

/// Items on a page at most: about 0.5 MB of the largest items.
pub const MAX_LIMIT: usize = 1_000;

/// Longest cursor read, in bytes.
const MAX_CURSOR_BYTES: usize = 256;

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Items in the whole list, over all pages.
    pub count: usize,
    /// Cursor of the next page; `null` on the last.
    pub next: Option<String>,
}

/// What the client asks for: how many, and after what.
#[derive(Debug)]
pub struct Window<K> {
    /// At most this many items.
    pub limit: usize,
    /// Key of the last item the client has; the page starts after it.
    pub after: Option<K>,
}

impl<K: DeserializeOwned + Serialize> Window<K> {
    /// Reads `limit` and `cursor`.
    ///
    /// # Errors
    /// `bad_parameter` for a limit that is not 1 to `MAX_LIMIT`, `bad_cursor` for a cursor not of this list.
    pub fn of(call: &Call) -> Result<Self, Problem> {
        let limit = call.query_as("limit")?.unwrap_or(DEFAULT_LIMIT);
        Self::read(limit, call.query("cursor"))
    }

    /// The window of a limit and a cursor, as [`Self::of`] takes them from a call.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn read(limit: usize, cursor: Option<&str>) -> Result<Self, Problem> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "limit"));
        }
        let open = |cursor: &str| {
            let short = cursor.len() <= MAX_CURSOR_BYTES;
            let bytes = short.then(|| BASE64.decode(cursor.as_bytes()).ok()).flatten()?;
            serde_json::from_slice(&bytes).ok()
        };
        let after = cursor.map(|cursor| open(cursor).ok_or_else(|| Problem::from(&faults::BAD_CURSOR))).transpose()?;
        Ok(Self { limit, after })
    }

    /// Cuts a page out of items that are in the order of their keys.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Page<T>
    where
        K: Ord,
    {
        let (mut page, mut count, mut more) = (Vec::new(), 0, false);
        for item in items {
            count += 1;
            if self.after.as_ref().is_some_and(|after| key(&item) <= *after) {
                continue;
            }
            if page.len() < self.limit {
                page.push(item);
            } else {
                more = true;
            }
        }
        let next = page.last().filter(|_| more).map(|last| close(&key(last)));
        Page { items: page, count, next }
    }
}

/// The cursor that names a key.
#[must_use]
pub fn close<K: Serialize>(key: &K) -> String {
    BASE64.encode(&serde_json::to_vec(key).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_the_pages_gives_every_item_once_even_when_some_go_away() {
        let mut items: Vec<u32> = (0..250).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let window = Window::<u32>::read(100, cursor.as_deref()).unwrap();
            let page = window.cut(items.iter().copied(), |item| *item);
            assert_eq!(page.count, items.len());
            seen.extend(page.items);
            items.retain(|item| *item != 50 && *item != 99);
            let Some(next) = page.next else { break };
            cursor = Some(next);
        }
        assert_eq!(seen, (0..250).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_full_page_has_no_next() {
        let page = Window::<u32>::read(3, None).unwrap().cut([1, 2, 3], |item| *item);
        assert_eq!((page.items.len(), page.next), (3, None));
    }

    #[test]
    fn foreign_cursors_and_limits_are_refused() {
        for cursor in ["x", "!!!!", &BASE64.encode(b"\"text\""), &"A".repeat(1_000)] {
            assert_eq!(Window::<u32>::read(1, Some(cursor)).unwrap_err().code(), "bad_cursor", "{cursor}");
        }
        for limit in [0, MAX_LIMIT + 1] {
            let refused = Window::<u32>::read(limit, None).unwrap_err();
            assert_eq!(refused.code(), "bad_parameter");
            let words = refused.detail(crate::http::language::Language::Fr);
            assert!(words.contains("« limit »") && words.contains("/api/docs"), "{words}");
        }
    }
}
