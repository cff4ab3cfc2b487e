//! Holds how bytes of a program become letters and orders (ECMA-48, UTF-8).
//! Never keeps more than a bounded piece of an unfinished order: the rest of it is passed over. Called by the terminal.

/// Numbers in one order; the longest that is used has five.
const MAX_NUMBERS: usize = 16;
/// Number of a colour and its three parts (`console_codes(4)`).
const PALETTE_DIGITS: u8 = 7;

/// One order of the form `ESC [ … letter`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    /// `?`, `>` and the like; 0 without.
    pub(super) mark: u8,
    numbers: [Option<u16>; MAX_NUMBERS],
    count: usize,
    /// What stands before the letter; 0 without.
    pub(super) middle: u8,
    /// The letter.
    pub(super) last: u8,
}

impl Sequence {
    /// The number at a place, or what it is when none is given; 0 means the same as none.
    pub(super) fn number(&self, place: usize, otherwise: u16) -> usize {
        let number = self.numbers.get(place).copied().flatten().filter(|number| *number != 0);
        usize::from(number.unwrap_or(otherwise))
    }

    /// Every number, at least one.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u16> {
        self.numbers.iter().take(self.count.max(1)).map(|number| number.unwrap_or(0))
    }
}

/// What a byte completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Letter(char),
    Control(u8),
    /// `ESC`, perhaps one byte between, and a last one.
    Escape(u8, u8),
    Sequence(Box<Sequence>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Ground,
    Escape(u8),
    Sequence(Box<Sequence>),
    /// A text for the terminal (a title, a palette) until its end; nothing of it is kept.
    Text,
    /// An escape inside such a text: perhaps its end.
    TextEscape,
    /// The first letter of an operating system command, which says what follows.
    Command,
    /// A palette entry of the Linux console: so many hexadecimal digits, without an end mark.
    Palette(u8),
}

/// The parser.
#[derive(Clone, Debug, Default)]
pub(super) struct Parser {
    place: Place,
    /// A letter that is coming in several bytes: what is there, and how many are missing.
    letter: u32,
    missing: u8,
    least: u32,
}

impl Parser {
    pub(super) fn step(&mut self, byte: u8) -> Step {
        match std::mem::take(&mut self.place) {
            Place::Ground => self.ground(byte),
            Place::Escape(middle) => self.escape(middle, byte),
            Place::Sequence(sequence) => self.sequence(sequence, byte),
            Place::Text => self.text(byte),
            Place::TextEscape => {
                // `ESC \` ends it; any other escape begins something new.
                if byte == b'\\' { Step::Nothing } else { self.escape(0, byte) }
            }
            Place::Command => match byte {
                b'P' => {
                    self.place = Place::Palette(PALETTE_DIGITS);
                    Step::Nothing
                }
                b'R' => Step::Nothing,
                _ => self.text(byte),
            },
            Place::Palette(digits) => {
                if digits > 1 && byte.is_ascii_hexdigit() {
                    self.place = Place::Palette(digits - 1);
                }
                Step::Nothing
            }
        }
    }

    fn ground(&mut self, byte: u8) -> Step {
        if self.missing > 0 {
            if byte & 0xc0 == 0x80 {
                self.letter = self.letter << 6 | u32::from(byte & 0x3f);
                self.missing -= 1;
                if self.missing > 0 {
                    return Step::Nothing;
                }
                let letter = char::from_u32(self.letter).filter(|_| self.letter >= self.least);
                return letter.filter(|letter| !letter.is_control()).map_or(Step::Letter('\u{fffd}'), Step::Letter);
            }
            // Cut off: what comes now begins anew.
            self.missing = 0;
        }
        match byte {
            0x1b => {
                self.place = Place::Escape(0);
                Step::Nothing
            }
            0x00..=0x1f | 0x7f => Step::Control(byte),
            0x20..=0x7e => Step::Letter(char::from(byte)),
            0xc2..=0xdf => self.begin(byte & 0x1f, 1, 0x80),
            0xe0..=0xef => self.begin(byte & 0x0f, 2, 0x800),
            0xf0..=0xf4 => self.begin(byte & 0x07, 3, 0x1_0000),
            _ => Step::Letter('\u{fffd}'),
        }
    }

    fn begin(&mut self, bits: u8, missing: u8, least: u32) -> Step {
        (self.letter, self.missing, self.least) = (bits.into(), missing, least);
        Step::Nothing
    }

    fn escape(&mut self, middle: u8, byte: u8) -> Step {
        match byte {
            b'[' if middle == 0 => self.place = Place::Sequence(Box::default()),
            b']' if middle == 0 => self.place = Place::Command,
            b'P' | b'X' | b'^' | b'_' if middle == 0 => self.place = Place::Text,
            0x20..=0x2f => self.place = Place::Escape(byte),
            0x30..=0x7e => return Step::Escape(middle, byte),
            0x1b => self.place = Place::Escape(0),
            0x18 | 0x1a => {}
            0x00..=0x1f => {
                self.place = Place::Escape(middle);
                return Step::Control(byte);
            }
            _ => {}
        }
        Step::Nothing
    }

    fn sequence(&mut self, mut sequence: Box<Sequence>, byte: u8) -> Step {
        match byte {
            b'0'..=b'9' => {
                sequence.count = sequence.count.max(1);
                let place = sequence.count - 1;
                if let Some(number) = sequence.numbers.get_mut(place) {
                    let before = number.unwrap_or(0);
                    *number = Some(before.saturating_mul(10).saturating_add(u16::from(byte - b'0')));
                }
            }
            b';' | b':' => sequence.count = sequence.count.max(1).saturating_add(1).min(MAX_NUMBERS + 1),
            b'<'..=b'?' => sequence.mark = byte,
            0x20..=0x2f => sequence.middle = byte,
            0x40..=0x7e => {
                sequence.last = byte;
                sequence.count = sequence.count.min(MAX_NUMBERS);
                return Step::Sequence(sequence);
            }
            0x1b => {
                self.place = Place::Escape(0);
                return Step::Nothing;
            }
            0x18 | 0x1a => return Step::Nothing,
            0x00..=0x1f => {
                self.place = Place::Sequence(sequence);
                return Step::Control(byte);
            }
            _ => {}
        }
        self.place = Place::Sequence(sequence);
        Step::Nothing
    }

    fn text(&mut self, byte: u8) -> Step {
        match byte {
            0x07 | 0x18 | 0x1a => {}
            0x1b => self.place = Place::TextEscape,
            _ => self.place = Place::Text,
        }
        Step::Nothing
    }
}

/// The line drawing set of the VT100, behind the letters that stand for it.
pub(super) const fn line(letter: char) -> char {
    match letter {
        '`' => '◆',
        'a' => '▒',
        'f' => '°',
        'g' => '±',
        'j' => '┘',
        'k' => '┐',
        'l' => '┌',
        'm' => '└',
        'n' => '┼',
        'q' => '─',
        't' => '├',
        'u' => '┤',
        'v' => '┴',
        'w' => '┬',
        'x' => '│',
        'y' => '≤',
        'z' => '≥',
        '~' => '·',
        other => other,
    }
}
