//! Holds `Text<MAX>`: a string whose bound is part of its type and whose memory is what it needs.
//! Never holds more than `MAX` bytes: longer input is cut at a character border, so a hostile name costs what `MAX` says.
//! Called by every table of this crate; names from the network arrive here already cleaned by `vigie_wire`.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

/// At most `MAX` bytes of UTF-8, on the heap, without spare capacity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(Box<str>);

impl<const MAX: usize> Text<MAX> {
    /// Copies `text`, cut to at most `MAX` bytes at a character border.
    #[must_use]
    pub fn cut(text: &str) -> Self {
        let mut end = text.len().min(MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text.get(..end).unwrap_or_default().into())
    }

    /// Formats into a text, cut as [`Text::cut`] does; the writer stops taking what cannot fit.
    #[must_use]
    pub fn format(arguments: fmt::Arguments<'_>) -> Self {
        let mut whole = Cut { text: alloc::string::String::new(), room: MAX };
        // `Cut` reports an error once full; what was written before is the wanted prefix.
        let _full = fmt::write(&mut whole, arguments);
        Self(whole.text.into_boxed_str())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

struct Cut {
    text: alloc::string::String,
    room: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for letter in more.chars() {
            if letter.len_utf8() > self.room {
                self.room = 0;
                return Err(fmt::Error);
            }
            self.room -= letter.len_utf8();
            self.text.push(letter);
        }
        Ok(())
    }
}

impl<const MAX: usize> Default for Text<MAX> {
    fn default() -> Self {
        Self("".into())
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> PartialEq<str> for Text<MAX> {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl<const MAX: usize> PartialEq<&str> for Text<MAX> {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl<const MAX: usize> From<&str> for Text<MAX> {
    fn from(text: &str) -> Self {
        Self::cut(text)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(feature = "defmt")]
impl<const MAX: usize> defmt::Format for Text<MAX> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", &*self.0);
    }
}

impl<const MAX: usize> serde::Serialize for Text<MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> serde::Deserialize<'de> for Text<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&str>::deserialize(deserializer).map(Self::cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_cut_at_a_character_border() {
        assert_eq!(Text::<5>::cut("abcdé"), "abcd");
        assert_eq!(Text::<6>::cut("abcdé"), "abcdé");
        assert_eq!(Text::<3>::cut(""), "");
    }

    #[test]
    fn formats_up_to_its_bound_and_no_further() {
        assert_eq!(Text::<8>::format(format_args!("{}-{}", 1234, 56789)), "1234-567");
        assert_eq!(Text::<4>::format(format_args!("abcé{}", "d")), "abc");
    }
}
