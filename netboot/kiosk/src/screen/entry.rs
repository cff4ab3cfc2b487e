//! Holds a code while it is typed, in the spelling of its slip.
//! Never says whether it is right. Called by the worker and drawn by the locked screen.

use vigie_core::kiosk::Code;
use vigie_core::kiosk::code::SYMBOLS;

/// What was typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    symbols: String,
}

impl Entry {
    /// Takes a symbol; what no code has is passed over, like the dash that people type.
    pub fn push(&mut self, letter: char) {
        let symbol = match letter.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            'U' => return,
            other if other.is_ascii_alphanumeric() => other,
            _ => return,
        };
        if self.symbols.len() < SYMBOLS {
            self.symbols.push(symbol);
        }
    }

    /// Takes the last one back.
    pub fn pop(&mut self) {
        self.symbols.pop();
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.symbols.clear();
    }

    /// Whether nothing is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The code, when it is whole.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Code::parse(&self.symbols)
    }

    /// As it is drawn: `AB1_-____`.
    #[must_use]
    pub fn spell(&self) -> String {
        let mut text: String = self.symbols.chars().chain(std::iter::repeat('_')).take(SYMBOLS).collect();
        text.insert(SYMBOLS / 2, '-');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Entry {
        let mut entry = Entry::default();
        text.chars().for_each(|letter| entry.push(letter));
        entry
    }

    #[test]
    fn it_is_grouped_as_it_is_typed_and_forgives() {
        assert_eq!(Entry::default().spell(), "____-____");
        assert_eq!(typed("ab-i").spell(), "AB1_-____");
        assert_eq!(typed("lO-oi u*é ab cd").spell(), "1001-ABCD");
        assert_eq!(typed("lO-oi ab cd").code(), Code::parse("1001-ABCD"));
        assert_eq!(typed("ABCD-EFG").code(), None);
        assert_eq!(typed("ABCD-EFGH9999").spell(), "ABCD-EFGH");
        let mut entry = typed("AB");
        entry.pop();
        assert_eq!(entry.spell(), "A___-____");
        entry.clear();
        entry.pop();
        assert!(entry.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn every_code_can_be_typed_from_its_slip(bytes: [u8; 5]) {
            let code = Code::from_random(bytes);
            let slip = code.spell();
            proptest::prop_assert_eq!(typed(&slip).code(), Some(code));
            proptest::prop_assert_eq!(typed(&slip.to_lowercase()).spell(), slip.as_str());
        }
    }
}
