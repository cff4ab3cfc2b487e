//! Holds what each order does to the terminal.
//! Never answers more than where the cursor is and what kind of terminal this is. Called by the terminal.

use super::parse::Sequence;
use super::{Cursor, Terminal};
use crate::screen::grid::{Colour, DEFAULT, Grid, Style};

impl Terminal {
    pub(super) fn control(&mut self, byte: u8) {
        match byte {
            0x07 => self.rang = true,
            0x08 => {
                self.cursor.column = self.cursor.column.saturating_sub(1);
                self.cursor.full = false;
            }
            0x09 => {
                let stop = self.tabs.iter().enumerate().skip(self.cursor.column + 1).find(|(_, stop)| **stop);
                self.cursor.column = stop.map_or(self.grid.columns() - 1, |(column, _)| column);
                self.cursor.full = false;
            }
            0x0a..=0x0c => {
                self.cursor.full = false;
                self.down();
            }
            0x0d => (self.cursor.column, self.cursor.full) = (0, false),
            0x0e => self.cursor.set = 1,
            0x0f => self.cursor.set = 0,
            _ => {}
        }
    }

    pub(super) fn escape(&mut self, middle: u8, last: u8) {
        match (middle, last) {
            (0, b'7') => self.saved = self.cursor,
            (0, b'8') => self.cursor = self.saved,
            (0, b'D') => self.down(),
            (0, b'E') => {
                self.cursor.column = 0;
                self.down();
            }
            (0, b'M') => self.up(),
            (0, b'H') => self.set_tab(true),
            (0, b'Z') => self.answer("\x1b[?6c"),
            (0, b'c') => *self = Self::new(self.grid.rows(), self.grid.columns()),
            (b'(', set) => self.cursor.drawing = [set == b'0', self.cursor.drawing[1]],
            (b')', set) => self.cursor.drawing = [self.cursor.drawing[0], set == b'0'],
            (b'#', b'8') => {
                for row in 0..self.grid.rows() {
                    for column in 0..self.grid.columns() {
                        self.grid.put(row, column, 'E', Style::default());
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn sequence(&mut self, sequence: &Sequence) {
        if sequence.middle != 0 {
            return;
        }
        match (sequence.mark, sequence.last) {
            (0, b'm') => self.look(sequence),
            (0 | b'?', b'h' | b'l') => self.modes(sequence, sequence.last == b'h'),
            (0, b'c') => self.answer("\x1b[?6c"),
            (0, b'n') => match sequence.number(0, 0) {
                5 => self.answer("\x1b[0n"),
                6 => {
                    let top = if self.cursor.origin { self.region.0 } else { 0 };
                    let at = (self.cursor.row - top.min(self.cursor.row) + 1, self.cursor.column + 1);
                    self.answer(&format!("\x1b[{};{}R", at.0, at.1));
                }
                _ => {}
            },
            (0, last) => {
                self.cursor.full = false;
                self.moves(sequence, last);
            }
            _ => {}
        }
    }

    fn moves(&mut self, sequence: &Sequence, last: u8) {
        let count = sequence.number(0, 1);
        let (rows, columns) = (self.grid.rows(), self.grid.columns());
        let Cursor { row, column, .. } = self.cursor;
        let top = if row >= self.region.0 { self.region.0 } else { 0 };
        let bottom = if row < self.region.1 { self.region.1 } else { rows };
        match last {
            b'A' => self.cursor.row = row.saturating_sub(count).max(top),
            b'B' | b'e' => self.cursor.row = (row + count).min(bottom - 1),
            b'C' | b'a' => self.cursor.column = (column + count).min(columns - 1),
            b'D' => self.cursor.column = column.saturating_sub(count),
            b'E' => (self.cursor.row, self.cursor.column) = ((row + count).min(bottom - 1), 0),
            b'F' => (self.cursor.row, self.cursor.column) = (row.saturating_sub(count).max(top), 0),
            b'G' | b'`' => self.cursor.column = (count - 1).min(columns - 1),
            b'd' => self.go(count - 1, column),
            b'H' | b'f' => self.go(count - 1, sequence.number(1, 1) - 1),
            b'J' => self.erase_screen(sequence.number(0, 0)),
            b'K' => self.erase_row(sequence.number(0, 0)),
            b'L' | b'M' if (self.region.0..self.region.1).contains(&row) => {
                let blank = self.blank();
                for _ in 0..count.min(self.region.1 - row) {
                    if last == b'L' {
                        self.grid.scroll_down(row..self.region.1, blank);
                    } else {
                        self.grid.scroll_up(row..self.region.1, blank);
                    }
                }
                self.cursor.column = 0;
            }
            b'S' | b'T' => {
                let blank = self.blank();
                for _ in 0..count.min(rows) {
                    if last == b'S' {
                        self.grid.scroll_up(self.region.0..self.region.1, blank);
                    } else {
                        self.grid.scroll_down(self.region.0..self.region.1, blank);
                    }
                }
            }
            b'@' => self.insert(count),
            b'P' => self.delete(count),
            b'X' => {
                let blank = self.blank();
                let end = (column + count).min(columns);
                self.grid.row_mut(row).get_mut(column..end).unwrap_or_default().fill(blank);
            }
            b'b' => {
                for _ in 0..count.min(columns) {
                    self.letter(self.last);
                }
            }
            b'g' => match sequence.number(0, 0) {
                0 => self.set_tab(false),
                3 => self.tabs.fill(false),
                _ => {}
            },
            b'r' => {
                let (top, end) = (sequence.number(0, 1) - 1, sequence.number(1, u16::MAX).min(rows));
                if top + 1 < end {
                    self.region = (top, end);
                    self.go(0, 0);
                }
            }
            b's' => self.saved = self.cursor,
            b'u' => self.cursor = self.saved,
            _ => {}
        }
    }

    fn go(&mut self, row: usize, column: usize) {
        let (top, end) = if self.cursor.origin { self.region } else { (0, self.grid.rows()) };
        self.cursor.row = (top + row).min(end - 1);
        self.cursor.column = column.min(self.grid.columns() - 1);
    }

    fn set_tab(&mut self, stop: bool) {
        if let Some(tab) = self.tabs.get_mut(self.cursor.column) {
            *tab = stop;
        }
    }

    fn erase_row(&mut self, what: usize) {
        let (blank, column) = (self.blank(), self.cursor.column);
        let cells = self.grid.row_mut(self.cursor.row);
        let part = match what {
            0 => cells.get_mut(column..),
            1 => cells.get_mut(..=column),
            2 => Some(cells),
            _ => None,
        };
        part.unwrap_or_default().fill(blank);
    }

    fn erase_screen(&mut self, what: usize) {
        let blank = self.blank();
        let (before, after) = match what {
            0 => (0, self.grid.rows()),
            1 => (self.cursor.row, 0),
            2 | 3 => (self.grid.rows(), 0),
            _ => return,
        };
        for row in 0..before.min(self.grid.rows()) {
            if what != 0 {
                self.grid.row_mut(row).fill(blank);
            }
        }
        for row in self.cursor.row + 1..after {
            self.grid.row_mut(row).fill(blank);
        }
        if what < 2 {
            self.erase_row(what);
        }
    }

    fn modes(&mut self, sequence: &Sequence, on: bool) {
        for number in sequence.numbers() {
            match (sequence.mark, number) {
                (0, 4) => self.inserting = on,
                (b'?', 6) => {
                    self.cursor.origin = on;
                    self.go(0, 0);
                }
                (b'?', 7) => self.wrapping = on,
                (b'?', 25) => self.visible = on,
                (b'?', 47 | 1047 | 1049) => self.other_screen(number, on),
                _ => {}
            }
        }
    }

    fn other_screen(&mut self, number: u16, on: bool) {
        if on && self.behind.is_none() {
            if number == 1049 {
                self.saved = self.cursor;
            }
            let empty = Grid::new(self.grid.rows(), self.grid.columns());
            self.behind = Some(std::mem::replace(&mut self.grid, empty));
        } else if let Some(main) = self.behind.take_if(|_| !on) {
            self.grid = main;
            if number == 1049 {
                self.cursor = self.saved;
            }
        }
    }

    fn look(&mut self, sequence: &Sequence) {
        let mut numbers = sequence.numbers();
        while let Some(number) = numbers.next() {
            let style = &mut self.cursor.style;
            match number {
                0 => *style = Style::default(),
                1 => style.bold = true,
                4 => style.underline = true,
                7 => style.reverse = true,
                21 | 22 => style.bold = false,
                24 => style.underline = false,
                27 => style.reverse = false,
                30..=37 => style.front = (number - 30) as Colour,
                39 => style.front = DEFAULT,
                40..=47 => style.back = (number - 40) as Colour,
                49 => style.back = DEFAULT,
                90..=97 => style.front = (number - 90 + 8) as Colour,
                100..=107 => style.back = (number - 100 + 8) as Colour,
                38 | 48 => {
                    let colour = match numbers.next() {
                        Some(5) => numbers.next().map(of_256),
                        Some(2) => {
                            let parts = [(); 3].map(|()| numbers.next().unwrap_or(0));
                            Some(nearest(parts))
                        }
                        _ => None,
                    };
                    let Some(colour) = colour else { return };
                    *(if number == 38 { &mut style.front } else { &mut style.back }) = colour;
                }
                _ => {}
            }
        }
    }
}

/// The nearest of sixteen colours to one of 256: sixteen, a cube of six a side, and greys.
fn of_256(number: u16) -> Colour {
    match number {
        0..=15 => number as Colour,
        16..=231 => {
            let cube = number - 16;
            nearest([cube / 36, cube / 6 % 6, cube % 6].map(|step| step * 51))
        }
        _ => nearest([(number.min(255) - 232) * 10 + 8; 3]),
    }
}

/// The nearest of sixteen to a colour of red, green and blue, 0 to 255 each.
fn nearest(parts: [u16; 3]) -> Colour {
    let [red, green, blue] = parts.map(|part| part.min(255));
    let strongest = red.max(green).max(blue);
    if red.abs_diff(green) < 32 && green.abs_diff(blue) < 32 {
        return match strongest {
            0..=42 => 0,
            43..=149 => 8,
            150..=212 => 7,
            _ => 15,
        };
    }
    let is = |part: u16, bit: Colour| if part > strongest / 2 { bit } else { 0 };
    let colour = is(red, 1) | is(green, 2) | is(blue, 4);
    if strongest > 190 { colour + 8 } else { colour }
}
