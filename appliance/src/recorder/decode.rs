//! Holds how a recorded line becomes text: the encoding of `defmt` (wire format 4) read with a table of words.
//! It never believes a line: what its words do not fit is told as damaged, in bounded time and memory.
//! Called by `vigie recorder`.

use std::fmt::Write;

use defmt_parser::{DisplayHint, Fragment, ParserMode, Type};

use super::symbols::{Symbol, Table};

/// Values within values; the deepest type of `core` has five.
const MAX_DEPTH: u32 = 16;
/// Longest text of a line; a line of 200 bytes makes far less.
const MAX_TEXT_BYTES: usize = 4_096;

/// A line that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The text of a line. `origin` is where the program had its words when it said it.
pub(super) fn decode(table: &Table, origin: u16, line: &[u8]) -> Result<String, Unreadable> {
    let mut reader = Reader { table, origin, rest: line, text: String::new() };
    let symbol = reader.symbol()?;
    if symbol.tag != "defmt_println" {
        return Err(Unreadable);
    }
    reader.render(&symbol.data, 0)?;
    // Anything left over means that the words do not belong to the bytes.
    if reader.rest.is_empty() { Ok(reader.text) } else { Err(Unreadable) }
}

struct Reader<'t> {
    table: &'t Table,
    origin: u16,
    rest: &'t [u8],
    text: String,
}

impl<'t> Reader<'t> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Unreadable)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<&'t [u8], Unreadable> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Unreadable)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn length(&mut self) -> Result<usize, Unreadable> {
        usize::try_from(u32::from_le_bytes(self.take()?)).map_err(|_| Unreadable)
    }

    fn symbol(&mut self) -> Result<&'t Symbol, Unreadable> {
        let index = u16::from_le_bytes(self.take()?);
        self.table.symbols.get(&index.wrapping_sub(self.origin)).ok_or(Unreadable)
    }

    /// Reads the values a text needs, in their order, and writes the text with them.
    fn render(&mut self, text: &str, depth: u32) -> Result<(), Unreadable> {
        if depth > MAX_DEPTH || self.text.len() > MAX_TEXT_BYTES {
            return Err(Unreadable);
        }
        let fragments = defmt_parser::parse(text, ParserMode::ForwardsCompatible).map_err(|_| Unreadable)?;
        let mut next = 0;
        for fragment in fragments {
            match fragment {
                Fragment::Literal(words) => self.text.push_str(&words),
                // Values come in the order of their numbers; a text that uses one twice or out of order is not ours.
                Fragment::Parameter(parameter) if parameter.index == next => {
                    next += 1;
                    self.value(&parameter.ty, parameter.hint.as_ref(), depth)?;
                }
                Fragment::Parameter(_) => return Err(Unreadable),
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: &Type, hint: Option<&DisplayHint>, depth: u32) -> Result<(), Unreadable> {
        match kind {
            Type::U8 => self.unsigned::<1>(hint),
            Type::U16 => self.unsigned::<2>(hint),
            Type::U32 | Type::Usize => self.unsigned::<4>(hint),
            Type::U64 => self.unsigned::<8>(hint),
            Type::I8 => self.take().map(i8::from_le_bytes).and_then(|number| self.put(&number)),
            Type::I16 => self.take().map(i16::from_le_bytes).and_then(|number| self.put(&number)),
            Type::I32 | Type::Isize => self.take().map(i32::from_le_bytes).and_then(|number| self.put(&number)),
            Type::I64 => self.take().map(i64::from_le_bytes).and_then(|number| self.put(&number)),
            Type::F32 => self.take().map(f32::from_le_bytes).and_then(|number| self.put(&number)),
            Type::Bool => match self.take()? {
                [0] => self.put(&false),
                [1] => self.put(&true),
                _ => Err(Unreadable),
            },
            Type::Str => {
                let length = self.length()?;
                let words = std::str::from_utf8(self.bytes(length)?).map_err(|_| Unreadable)?;
                self.put(&clean(words))
            }
            Type::IStr => {
                let symbol = self.symbol()?;
                self.put(&symbol.data)
            }
            Type::U8Slice => {
                let length = self.length()?;
                let bytes = self.bytes(length)?;
                self.put(&data_encoding::HEXLOWER.encode(bytes))
            }
            Type::U8Array(length) => {
                let bytes = self.bytes(*length)?;
                self.put(&data_encoding::HEXLOWER.encode(bytes))
            }
            Type::Display | Type::Debug => {
                let length = self.rest.iter().position(|byte| *byte == 0xff).ok_or(Unreadable)?;
                let words = std::str::from_utf8(self.bytes(length)?).map_err(|_| Unreadable)?;
                self.put(&clean(words))?;
                self.take::<1>().map(drop)
            }
            Type::Format => {
                let symbol = self.symbol()?;
                self.data(symbol, depth + 1)
            }
            Type::FormatSequence => self.sequence(depth + 1),
            Type::FormatSlice => {
                let length = self.length()?;
                self.list(length, depth)
            }
            Type::FormatArray(length) => self.list(*length, depth),
            _ => Err(Unreadable),
        }
    }

    /// What a type of ours wrote: `A|B {{ x: {=u8} }}` for several shapes, told apart by a number before them.
    fn data(&mut self, symbol: &'t Symbol, depth: u32) -> Result<(), Unreadable> {
        let shapes: Vec<&str> = symbol.data.split('|').collect();
        if symbol.tag != "defmt_derived" || shapes.len() < 2 {
            return self.render(&symbol.data, depth);
        }
        let which = match shapes.len() {
            0..=0xff => usize::from(u8::from_le_bytes(self.take()?)),
            _ => usize::from(u16::from_le_bytes(self.take()?)),
        };
        self.render(shapes.get(which).ok_or(Unreadable)?, depth)
    }

    /// What a type wrote by hand: texts with their values, until 0.
    fn sequence(&mut self, depth: u32) -> Result<(), Unreadable> {
        loop {
            if self.rest.first_chunk::<2>() == Some(&[0, 0]) {
                return self.take::<2>().map(drop);
            }
            let symbol = self.symbol()?;
            self.render(&symbol.data, depth)?;
        }
    }

    fn list(&mut self, length: usize, depth: u32) -> Result<(), Unreadable> {
        let symbol = self.symbol()?;
        self.text.push('[');
        for number in 0..length {
            if number > 0 {
                self.text.push_str(", ");
            }
            let before = (self.rest.len(), self.text.len());
            self.data(symbol, depth + 1)?;
            // A type without a value could be told four thousand million times.
            if (self.rest.len(), self.text.len()) == before {
                return Err(Unreadable);
            }
        }
        self.text.push(']');
        Ok(())
    }

    fn unsigned<const N: usize>(&mut self, hint: Option<&DisplayHint>) -> Result<(), Unreadable> {
        let number = self.take::<N>()?.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        match hint {
            Some(DisplayHint::Hexadecimal { zero_pad, .. }) => {
                let width = (*zero_pad).min(16);
                self.put(&format_args!("{number:0width$x}"))
            }
            _ => self.put(&number),
        }
    }

    fn put(&mut self, value: &dyn std::fmt::Display) -> Result<(), Unreadable> {
        write!(self.text, "{value}").map_err(|_| Unreadable)
    }
}

/// Words from outside without what would move a cursor.
fn clean(words: &str) -> String {
    words.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ORIGIN: u16 = 0xfffe;

    fn table() -> Table {
        let texts = [
            (0, "defmt_println", "plain {{}}"),
            (1, "defmt_println", "{=u8} {=u16:04x} {=u32} {=i32} {=bool} {=str} {=istr}"),
            (2, "defmt_str", "kept words"),
            (3, "defmt_println", "it is {} and {=?}"),
            (4, "defmt_derived", "A|B({=u32})|C {{ x: {=u8:?} }}"),
            (5, "defmt_prim", "{=__internal_FormatSequence}"),
            (6, "defmt_write", "<{=u8}>"),
            (7, "defmt_println", "list {=[?]}"),
            (8, "defmt_prim", "{=u8}"),
            (9, "defmt_derived", "Nothing"),
            (10, "defmt_println", "{=__internal_Display}!"),
            (11, "defmt_derived", "Deep({=?})"),
        ];
        let symbol = |tag: &str, data: &str| Symbol { tag: tag.to_owned(), data: data.to_owned() };
        let symbols: BTreeMap<u16, Symbol> =
            texts.into_iter().map(|(number, tag, data)| (number, symbol(tag, data))).collect();
        Table { version: "1".to_owned(), symbols }
    }

    /// Bytes in which `@n` stands for the index of text n.
    fn read(parts: &[&[u8]]) -> Result<String, Unreadable> {
        decode(&table(), ORIGIN, &parts.concat())
    }

    fn at(number: u16) -> [u8; 2] {
        number.wrapping_add(ORIGIN).to_le_bytes()
    }

    #[test]
    fn every_kind_of_value_is_read() {
        assert_eq!(read(&[&at(0)]).unwrap(), "plain {}");
        let values: &[u8] = &[7, 0xcd, 0xab, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 3, 0, 0, 0, b'a', 0x1b, b'c'];
        assert_eq!(read(&[&at(1), values, &at(2)]).unwrap(), "7 abcd 1 -1 true a\u{fffd}c kept words");
        assert_eq!(read(&[&at(3), &at(4), &[1, 9, 0, 0, 0], &at(4), &[2, 5]]).unwrap(), "it is B(9) and C { x: 5 }");
        let sequence = [&at(5)[..], &at(6), &[1], &at(6), &[2], &[0, 0]].concat();
        assert_eq!(read(&[&at(3), &sequence, &at(4), &[0]]).unwrap(), "it is <1><2> and A");
        assert_eq!(read(&[&at(7), &[3, 0, 0, 0], &at(8), &[1, 2, 3]]).unwrap(), "list [1, 2, 3]");
        assert_eq!(read(&[&at(10), b"hi", &[0xff]]).unwrap(), "hi!");
    }

    #[test]
    fn what_does_not_fit_is_damaged_and_takes_neither_time_nor_memory() {
        for parts in [
            &[&[][..]][..],
            &[&[1]],
            &[&at(99)],
            &[&at(2)],
            &[&at(0), &[0]],
            &[&at(1), &[7]],
            &[&at(3), &at(4), &[3]],
            &[&at(7), &[0xff; 4], &at(9)],
            &[&at(7), &[0xff; 4], &at(8), &[1, 2]],
            &[&at(10), b"no end"],
            &[&at(3), &at(11).repeat(100)],
        ] {
            assert_eq!(read(parts), Err(Unreadable), "{parts:?}");
        }
        // Any bytes at all: an answer, never a panic.
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = state.to_le_bytes();
            let first = at(u16::from(noise[7] % 12));
            let second = at(u16::from(noise[6] % 12));
            let _any = read(&[&first, &second, &noise[..5]]);
        }
    }
}
