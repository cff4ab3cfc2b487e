//! Holds the one filter between names on the network and everything that shows or stores them.
//! Never lets through a control, an invisible or a direction-changing character, broken UTF-8 or more bytes than asked for.
//! Called by every parser of this folder that hands text out, and by anyone else who reads text from a device.

/// Clean text of at most `N` bytes: what [`clean`] hands out.
pub type Text<const N: usize> = heapless::String<N>;

/// Combining marks kept after one character. Vietnamese needs two; more only serves to paint over the lines above.
const MAX_MARKS: u8 = 3;

/// Turns hostile bytes into text that may be shown, stored and compared.
///
/// Bytes that are no UTF-8 are dropped, so are control and format characters, bidirectional overrides, zero-width and
/// other invisible characters, private-use characters and noncharacters. Every run of white space (line ends included)
/// becomes one space, none at either end. What does not fit in `N` bytes is cut at a character. Applying it twice
/// changes nothing more. The result is *not* escaped: HTML, CSV and shells each need their own.
///
/// ```
/// # use vigie_wire::names::text::clean;
/// assert_eq!(clean::<12>(b"  Caf\xc3\xa9\r\n\x1b[31m\xe2\x80\xaeTV\xff ").as_str(), "Café [31mTV");
/// ```
#[must_use]
pub fn clean<const N: usize>(raw: &[u8]) -> Text<N> {
    let mut cleaner = Cleaner::new();
    cleaner.push_bytes(raw);
    cleaner.finish()
}

/// The same filter for text that arrives in pieces (XML text between entities, several labels of a name).
///
/// A UTF-8 sequence must not be split between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Cleaner<const N: usize> {
    text: Text<N>,
    gap: bool,
    marks: u8,
    full: bool,
}

impl<const N: usize> Cleaner<N> {
    /// Nothing read yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: Text::new(), gap: false, marks: 0, full: false }
    }

    /// Adds bytes; those that are no UTF-8 are dropped.
    pub fn push_bytes(&mut self, raw: &[u8]) {
        for chunk in raw.utf8_chunks() {
            if self.full {
                return;
            }
            chunk.valid().chars().for_each(|c| self.push(c));
        }
    }

    /// Adds one character. Once one did not fit, all that follow are dropped, so that the result is a true prefix.
    pub fn push(&mut self, c: char) {
        if self.full {
            return;
        }
        if c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}') {
            self.gap = true;
            return;
        }
        if is_unwanted(c) {
            return;
        }
        self.marks = if is_combining(c) { self.marks.saturating_add(1) } else { 0 };
        if self.marks > MAX_MARKS {
            return;
        }
        let gap = self.gap && !self.text.is_empty();
        if self.text.len() + usize::from(gap) + c.len_utf8() > N {
            self.full = true;
            return;
        }
        self.gap = false;
        if gap {
            self.full |= self.text.push(' ').is_err();
        }
        self.full |= self.text.push(c).is_err();
    }

    /// Whether something did not fit.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.full
    }

    /// The clean text.
    #[must_use]
    pub fn finish(self) -> Text<N> {
        self.text
    }
}

/// Characters that are never part of a name: they hide, reorder or mean nothing outside one program.
const fn is_unwanted(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'   // controls
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{600}'..='\u{605}' | '\u{8e2}' // invisible format characters
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' // zero width, bidi
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffd}'
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' // private use
        | '\u{110bd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' // tags and variation selectors
        | '\u{fdd0}'..='\u{fdef}'
    ) || (c as u32) & 0xfffe == 0xfffe
}

/// The blocks of marks that stack on the character before (Unicode blocks "Combining ...").
const fn is_combining(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::super::torture::{Dice, torture};
    use super::*;
    extern crate std;
    use std::vec::Vec;

    #[test]
    fn keeps_names_people_give() {
        for name in ["Salon – télé", "Küche", "客厅电视", "مكتب", "Bob’s iPhone 🎧", "a.b c/d"] {
            assert_eq!(clean::<64>(name.as_bytes()), name);
        }
    }

    #[test]
    fn drops_what_hides_or_reorders() {
        for (raw, expected) in [
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e", "abcde"),
            ("\x1b]0;owned\x07x", "]0;ownedx"),
            ("one\r\n\ttwo\u{a0}\u{2028}three  ", "one two three"),
            ("\u{e0041}\u{fe0f}\u{fffe}\u{e000}ok", "ok"),
            ("z\u{300}\u{301}\u{302}\u{303}\u{304}!", "z\u{300}\u{301}\u{302}!"),
            ("\u{3164}\u{115f} \u{2800}", ""),
        ] {
            assert_eq!(clean::<64>(raw.as_bytes()), expected, "{raw:?}");
        }
        assert_eq!(clean::<64>(b"ab\xff\xc3(\xe2\x82c"), "ab(c");
    }

    #[test]
    fn cuts_at_a_character_and_lets_nothing_shorter_slip_in_after() {
        assert_eq!(clean::<4>("abcéd".as_bytes()), "abc");
        assert_eq!(clean::<4>("abc d".as_bytes()), "abc");
        assert_eq!(clean::<0>(b"abc"), "");
        let mut cleaner = Cleaner::<4>::new();
        cleaner.push_bytes("abcéd".as_bytes());
        assert!(cleaner.is_cut());
    }

    fn holds_for(raw: &[u8]) {
        let once = clean::<20>(raw);
        assert!(once.len() <= 20);
        assert_eq!(once.trim(), once.as_str());
        assert!(!once.chars().any(|c| c.is_control() || is_unwanted(c)), "{once:?}");
        assert!(!once.contains("  "));
        assert_eq!(clean::<20>(once.as_bytes()), once, "twice is once");
        assert!(clean::<200>(raw).starts_with(once.as_str()), "a cut is a prefix");
    }

    #[test]
    fn holds_for_any_bytes() {
        torture(&["Bob’s \u{202e}iPhone\u{300}\u{301}\u{302}\u{303} 🎧\r\n\t x".as_bytes(), &[0xff; 40]], holds_for);
    }

    #[test]
    fn holds_for_any_characters() {
        let mut dice = Dice(7);
        for _ in 0..20_000 {
            let text: Vec<u8> = (0..dice.below(30))
                .filter_map(|_| char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap() >> dice.below(16)))
                .flat_map(|c| std::string::String::from(c).into_bytes())
                .collect();
            holds_for(&text);
        }
    }
}
