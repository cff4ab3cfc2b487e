//! Holds a terminal in memory: what a session's program writes becomes a screen of cells that can be covered and shown again.
//! Never passes a byte of the program's on to the real terminal, so nothing it writes can change fonts, keys or consoles.
//! Called by the worker. It understands what the terminal description `linux` uses, and passes over the rest.

mod control;
mod parse;

use super::grid::{Cell, Grid, Style};

use self::parse::{Parser, Step};

/// Bytes of answers to a program's questions that wait to be sent; a flood of questions gets no more.
const MAX_ANSWERS: usize = 256;

/// A terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    grid: Grid,
    /// The main screen while a program uses the other one.
    behind: Option<Grid>,
    cursor: Cursor,
    saved: Cursor,
    /// First row of the part that scrolls, and the one after its last.
    region: (usize, usize),
    visible: bool,
    inserting: bool,
    wrapping: bool,
    tabs: Vec<bool>,
    last: char,
    parser: Parser,
    answers: Vec<u8>,
    rang: bool,
}

/// The cursor and what it carries.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    row: usize,
    column: usize,
    style: Style,
    /// The last column was written; the next letter goes to the next row.
    full: bool,
    /// Rows count from the top of the region.
    origin: bool,
    /// Which of the two letter sets is line drawing, and which is in use.
    drawing: [bool; 2],
    set: usize,
}

impl Terminal {
    /// An empty one.
    #[must_use]
    pub fn new(rows: usize, columns: usize) -> Self {
        let grid = Grid::new(rows, columns);
        let (rows, columns) = (grid.rows(), grid.columns());
        Self {
            grid,
            behind: None,
            cursor: Cursor::default(),
            saved: Cursor::default(),
            region: (0, rows),
            visible: true,
            inserting: false,
            wrapping: true,
            tabs: (0..columns).map(|column| column % 8 == 0 && column > 0).collect(),
            last: ' ',
            parser: Parser::default(),
            answers: Vec::new(),
            rang: false,
        }
    }

    /// What it shows, the cursor not included.
    #[must_use]
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Where its cursor is seen.
    #[must_use]
    pub fn cursor(&self) -> Option<(usize, usize)> {
        self.visible.then_some((self.cursor.row, self.cursor.column))
    }

    /// Its size, changed: the program is told by the kernel and draws anew.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        if (rows, columns) == (self.grid.rows(), self.grid.columns()) {
            return;
        }
        let mut next = Self::new(rows, columns);
        // The end of what was written stays in view.
        let from = (self.cursor.row + 1).saturating_sub(next.grid.rows());
        for row in 0..next.grid.rows() {
            for (cell, old) in next.grid.row_mut(row).iter_mut().zip(self.grid.row(from + row)) {
                *cell = *old;
            }
        }
        next.cursor = Cursor {
            row: (self.cursor.row - from).min(next.grid.rows() - 1),
            column: self.cursor.column.min(next.grid.columns() - 1),
            ..self.cursor
        };
        next.visible = self.visible;
        *self = next;
    }

    /// Takes what the program wrote.
    pub fn process(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.parser.step(*byte) {
                Step::Nothing => {}
                Step::Letter(letter) => self.letter(letter),
                Step::Control(byte) => self.control(byte),
                Step::Escape(middle, last) => self.escape(middle, last),
                Step::Sequence(sequence) => self.sequence(&sequence),
            }
        }
    }

    /// Answers to what the program asked, to be written to it.
    pub fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// Whether the program rang the bell since the last question.
    pub fn take_bell(&mut self) -> bool {
        std::mem::take(&mut self.rang)
    }

    fn answer(&mut self, text: &str) {
        if self.answers.len() + text.len() <= MAX_ANSWERS {
            self.answers.extend_from_slice(text.as_bytes());
        }
    }

    fn blank(&self) -> Cell {
        Cell { letter: ' ', style: Style { back: self.cursor.style.back, ..Style::default() } }
    }

    fn letter(&mut self, letter: char) {
        let drawing = self.cursor.drawing.get(self.cursor.set).copied().unwrap_or_default();
        let letter = if drawing { parse::line(letter) } else { letter };
        if self.cursor.full && self.wrapping {
            self.cursor.column = 0;
            self.down();
        }
        self.cursor.full = false;
        let Cursor { row, column, style, .. } = self.cursor;
        if self.inserting {
            self.insert(1);
        }
        self.grid.put(row, column, letter, style);
        self.last = letter;
        if column + 1 < self.grid.columns() {
            self.cursor.column += 1;
        } else {
            self.cursor.full = true;
        }
    }

    /// To the next row; at the end of the region it scrolls.
    fn down(&mut self) {
        if self.cursor.row + 1 == self.region.1 {
            let blank = self.blank();
            self.grid.scroll_up(self.region.0..self.region.1, blank);
        } else if self.cursor.row + 1 < self.grid.rows() {
            self.cursor.row += 1;
        }
    }

    fn up(&mut self) {
        if self.cursor.row == self.region.0 {
            let blank = self.blank();
            self.grid.scroll_down(self.region.0..self.region.1, blank);
        } else {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        }
    }

    fn insert(&mut self, count: usize) {
        let blank = self.blank();
        let cells = self.grid.row_mut(self.cursor.row).get_mut(self.cursor.column..).unwrap_or_default();
        let count = count.min(cells.len());
        cells.rotate_right(count);
        cells.get_mut(..count).unwrap_or_default().fill(blank);
    }

    fn delete(&mut self, count: usize) {
        let blank = self.blank();
        let cells = self.grid.row_mut(self.cursor.row).get_mut(self.cursor.column..).unwrap_or_default();
        let count = count.min(cells.len());
        cells.rotate_left(count);
        let kept = cells.len() - count;
        cells.get_mut(kept..).unwrap_or_default().fill(blank);
    }
}

#[cfg(test)]
mod tests;
