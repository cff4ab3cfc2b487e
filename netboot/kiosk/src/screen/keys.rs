//! Holds how the bytes of a keyboard become keys.
//! Never keeps a key: what is not meant for the agent is handed on as it came. Called by the worker.

/// Bytes of an unfinished key; the longest of the Linux console has six.
const MAX_PENDING: usize = 12;

/// A key, as far as the agent cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, digit or sign.
    Letter(char),
    /// Return or Enter.
    Enter,
    /// Takes the last symbol back.
    Backspace,
    /// Escape, by itself.
    Escape,
    /// F2.
    Language,
    /// F12.
    Menu,
    /// Anything else.
    Other,
}

/// A key and the bytes it came as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// What it means.
    pub key: Key,
    /// What the program would get.
    pub bytes: Vec<u8>,
}

/// The decoder.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pending: Vec<u8>,
}

impl Keys {
    /// Takes bytes and gives the keys they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Stroke> {
        let mut strokes = Vec::new();
        for byte in bytes {
            self.pending.push(*byte);
            if let Some(key) = decode(&self.pending) {
                strokes.push(Stroke { key, bytes: std::mem::take(&mut self.pending) });
            } else if self.pending.len() >= MAX_PENDING {
                strokes.push(Stroke { key: Key::Other, bytes: std::mem::take(&mut self.pending) });
            }
        }
        strokes
    }

    /// Whether a key is unfinished: an Escape that may be one by itself.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Nothing more came for a moment: what is there is all.
    pub fn settle(&mut self) -> Option<Stroke> {
        let bytes = std::mem::take(&mut self.pending);
        let key = if bytes == [0x1b] { Key::Escape } else { Key::Other };
        (!bytes.is_empty()).then_some(Stroke { key, bytes })
    }
}

/// The key of these bytes; `None` while more may come.
fn decode(bytes: &[u8]) -> Option<Key> {
    match bytes {
        [b'\r' | b'\n'] => Some(Key::Enter),
        [0x08 | 0x7f] => Some(Key::Backspace),
        [0x1b] => None,
        // The Linux console, and xterm with its kin.
        b"\x1b[[B" | b"\x1bOQ" | b"\x1b[12~" => Some(Key::Language),
        b"\x1b[24~" => Some(Key::Menu),
        [0x1b, b'['] | [0x1b, b'O'] | [0x1b, b'[', b'['] => None,
        [0x1b, b'[', rest @ ..] if rest.iter().all(|byte| matches!(byte, b'0'..=b'?')) => None,
        [0x1b, ..] => Some(Key::Other),
        [0x00..=0x1f] => Some(Key::Other),
        [first, rest @ ..] => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => 1,
            };
            if rest.len() + 1 < length {
                return None;
            }
            let letter = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next());
            Some(letter.map_or(Key::Other, Key::Letter))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Keys::default().feed(bytes).into_iter().map(|stroke| stroke.key).collect()
    }

    #[test]
    fn keys_of_both_kinds_of_terminal_are_known() {
        assert_eq!(
            keys(b"aZ\r\x7f\x08"),
            [Key::Letter('a'), Key::Letter('Z'), Key::Enter, Key::Backspace, Key::Backspace]
        );
        assert_eq!(keys("é€".as_bytes()), [Key::Letter('é'), Key::Letter('€')]);
        assert_eq!(keys(b"\x1b[[B\x1bOQ\x1b[12~\x1b[24~"), [Key::Language, Key::Language, Key::Language, Key::Menu]);
        assert_eq!(keys(b"\x1b[A\x1bOA\x1b[15~\x1b[1;5C\x1b[[E\x1bx"), [Key::Other; 6]);
    }

    #[test]
    fn an_escape_by_itself_is_one_after_a_moment() {
        let mut keys = Keys::default();
        assert!(keys.feed(b"\x1b").is_empty() && keys.is_waiting());
        assert_eq!(keys.settle(), Some(Stroke { key: Key::Escape, bytes: vec![0x1b] }));
        assert_eq!(keys.settle(), None);
    }

    proptest::proptest! {
        /// The program gets every byte, in order, in whatever pieces they came.
        #[test]
        fn no_byte_is_lost(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), cut in 0_usize..200) {
            let mut keys = Keys::default();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut strokes = keys.feed(first);
            strokes.extend(keys.feed(second));
            strokes.extend(keys.settle());
            let handed: Vec<u8> = strokes.into_iter().flat_map(|stroke| stroke.bytes).collect();
            proptest::prop_assert_eq!(handed, bytes);
        }
    }
}
