//! Holds a screen as cells, and the fewest bytes that turn what is shown into what should be.
//! Never reads a terminal and never lets a control character through. Called by the screens and the emulator.

/// A colour of the terminal's sixteen; [`DEFAULT`] is its own.
pub type Colour = u8;
/// The terminal's own colour.
pub const DEFAULT: Colour = 0xff;
/// Red, as a warning.
pub const RED: Colour = 1;
/// Green.
pub const GREEN: Colour = 2;
/// Yellow.
pub const YELLOW: Colour = 3;
/// Blue.
pub const BLUE: Colour = 4;
/// White.
pub const WHITE: Colour = 7;

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Of the letter.
    pub front: Colour,
    /// Behind it.
    pub back: Colour,
    /// Strong.
    pub bold: bool,
    /// Underlined.
    pub underline: bool,
    /// Front and back changed round.
    pub reverse: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { front: DEFAULT, back: DEFAULT, bold: false, underline: false, reverse: false }
    }
}

impl Style {
    /// Strong letters.
    pub const BOLD: Self = Self { front: DEFAULT, back: DEFAULT, bold: true, underline: false, reverse: false };

    /// These colours.
    #[must_use]
    pub const fn of(front: Colour, back: Colour) -> Self {
        Self { front, back, bold: true, underline: false, reverse: false }
    }
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its letter.
    pub letter: char,
    /// Its look.
    pub style: Style,
}

impl Default for Cell {
    fn default() -> Self {
        Self { letter: ' ', style: Style::default() }
    }
}

/// Largest screen, in rows and in columns; a 4K screen with a tiny font has 270 by 480. 12 B a cell, 1.6 MB at most.
pub const MAX_ROWS: usize = 270;
/// See [`MAX_ROWS`].
pub const MAX_COLUMNS: usize = 480;

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    cells: Vec<Cell>,
    /// Where the cursor is seen; `None`: nowhere.
    pub cursor: Option<(usize, usize)>,
}

impl Grid {
    /// An empty screen of at least one cell and at most the largest.
    #[must_use]
    pub fn new(rows: usize, columns: usize) -> Self {
        let (rows, columns) = (rows.clamp(1, MAX_ROWS), columns.clamp(1, MAX_COLUMNS));
        Self { rows, columns, cells: vec![Cell::default(); rows * columns], cursor: None }
    }

    /// Rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// A cell; a blank outside.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        self.row(row).get(column).copied().unwrap_or_default()
    }

    /// The cells of a row; none outside.
    #[must_use]
    pub fn row(&self, row: usize) -> &[Cell] {
        self.cells.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    /// The cells of a row, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [Cell] {
        self.cells.get_mut(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    /// Puts a letter; outside nothing happens, and what is no letter becomes a blank.
    pub fn put(&mut self, row: usize, column: usize, letter: char, style: Style) {
        let letter = if letter.is_control() { ' ' } else { letter };
        if let Some(cell) = self.row_mut(row).get_mut(column) {
            *cell = Cell { letter, style };
        }
    }

    /// Writes from a column on; what does not fit is cut.
    pub fn write(&mut self, row: usize, column: usize, text: &str, style: Style) {
        for (place, letter) in text.chars().enumerate() {
            self.put(row, column + place, letter, style);
        }
    }

    /// Writes in the middle of a row.
    pub fn centre(&mut self, row: usize, text: &str, style: Style) {
        let left = self.columns.saturating_sub(text.chars().count()) / 2;
        self.write(row, left, text, style);
    }

    /// Writes at the right end of a row.
    pub fn right(&mut self, row: usize, text: &str, style: Style) {
        self.write(row, self.columns.saturating_sub(text.chars().count()), text, style);
    }

    /// Fills a rectangle with blanks of this look.
    pub fn fill(&mut self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, style: Style) {
        for row in rows {
            for column in columns.clone() {
                self.put(row, column, ' ', style);
            }
        }
    }

    /// Moves the rows of `range` up by one; the last becomes `blank`.
    pub fn scroll_up(&mut self, range: std::ops::Range<usize>, blank: Cell) {
        let columns = self.columns;
        if let Some(cells) = self.cells.get_mut(range.start * columns..range.end * columns) {
            cells.rotate_left(columns.min(cells.len()));
        }
        self.row_mut(range.end.saturating_sub(1)).fill(blank);
    }

    /// Moves the rows of `range` down by one; the first becomes `blank`.
    pub fn scroll_down(&mut self, range: std::ops::Range<usize>, blank: Cell) {
        let columns = self.columns;
        if let Some(cells) = self.cells.get_mut(range.start * columns..range.end * columns) {
            cells.rotate_right(columns.min(cells.len()));
        }
        self.row_mut(range.start).fill(blank);
    }

    /// The bytes that make a terminal which shows `before` show this. `None`: nobody knows what it shows.
    #[must_use]
    pub fn paint(&self, before: Option<&Self>) -> Vec<u8> {
        let before = before.filter(|before| (before.rows, before.columns) == (self.rows, self.columns));
        let mut out = String::new();
        if before.is_none() {
            // UTF-8, the usual letters, the whole screen as scroll region, no inserting, wrap, look, and an empty screen.
            out.push_str("\x1b%G\x1b(B\x0f\x1b[r\x1b[4l\x1b[?7h\x1b[0m\x1b[2J\x1b[H");
        }
        let mut pen = None;
        let mut at = None;
        for row in 0..self.rows {
            for (column, cell) in self.row(row).iter().enumerate() {
                let old = before.map_or_else(Cell::default, |before| before.cell(row, column));
                // The last cell of all scrolls some terminals.
                if *cell == old || (row + 1 == self.rows && column + 1 == self.columns) {
                    continue;
                }
                if at != Some((row, column)) {
                    out.push_str(&format!("\x1b[{};{}H", row + 1, column + 1));
                }
                if pen != Some(cell.style) {
                    select(&mut out, cell.style);
                    pen = Some(cell.style);
                }
                out.push(cell.letter);
                at = Some((row, column + 1)).filter(|(_, column)| *column < self.columns);
            }
        }
        if pen.is_some() {
            out.push_str("\x1b[0m");
        }
        let shown_before = before.map(|before| before.cursor);
        if !out.is_empty() || shown_before != Some(self.cursor) {
            match self.cursor {
                Some((row, column)) => out.push_str(&format!("\x1b[{};{}H\x1b[?25h", row + 1, column + 1)),
                None => out.push_str("\x1b[?25l"),
            }
        }
        out.into_bytes()
    }

    /// What is read on it, a line a row, without blanks at the ends.
    #[must_use]
    pub fn text(&self) -> String {
        let row = |row| self.row(row).iter().map(|cell| cell.letter).collect::<String>().trim_end().to_owned();
        (0..self.rows).map(row).collect::<Vec<_>>().join("\n")
    }

    /// Where cells are reversed, a `#` each: big letters, for tests.
    #[must_use]
    pub fn reversed(&self) -> String {
        let mark = |cell: &Cell| if cell.style.reverse { '#' } else { ' ' };
        (0..self.rows).map(|row| self.row(row).iter().map(mark).collect::<String>()).collect::<Vec<_>>().join("\n")
    }
}

/// Says how the next letters look.
fn select(out: &mut String, style: Style) {
    out.push_str("\x1b[0");
    for (is, code) in [(style.bold, ";1"), (style.underline, ";4"), (style.reverse, ";7")] {
        if is {
            out.push_str(code);
        }
    }
    for (colour, plain, bright) in [(style.front, 30, 90), (style.back, 40, 100)] {
        match colour {
            0..=7 => out.push_str(&format!(";{}", plain + u32::from(colour))),
            8..=15 => out.push_str(&format!(";{}", bright + u32::from(colour) - 8)),
            _ => {}
        }
    }
    out.push('m');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::terminal::Terminal;

    #[test]
    fn only_what_changed_is_painted() {
        let mut before = Grid::new(3, 10);
        before.write(1, 2, "hello", Style::default());
        let mut after = before.clone();
        assert_eq!(after.paint(Some(&before)), b"");
        after.write(1, 2, "jello", Style::default());
        assert_eq!(after.paint(Some(&before)), b"\x1b[2;3H\x1b[0mj\x1b[0m\x1b[?25l");
        after.cursor = Some((0, 0));
        assert!(after.paint(Some(&before)).ends_with(b"\x1b[1;1H\x1b[?25h"));
    }

    #[test]
    fn nothing_is_written_outside_and_no_control_character_anywhere() {
        let mut grid = Grid::new(2, 4);
        grid.write(0, 2, "abcdef", Style::default());
        grid.write(9, 9, "x", Style::default());
        grid.centre(1, "\x1b[2Jlong", Style::default());
        assert_eq!(grid.text(), "  ab\n [2J");
        assert_eq!(Grid::new(0, 100_000).columns(), MAX_COLUMNS);
    }

    proptest::proptest! {
        /// Whatever is shown, the bytes lead from it to what should be shown: the emulator is the judge.
        #[test]
        fn what_is_painted_is_what_is_seen(
            first in proptest::collection::vec((0_usize..6, 0_usize..12, 0_u8..26, 0_u8..17, 0_u8..17, 0_u8..8), 0..60),
            second in proptest::collection::vec((0_usize..6, 0_usize..12, 0_u8..26, 0_u8..17, 0_u8..17, 0_u8..8), 0..60),
        ) {
            let mut grid = Grid::new(6, 12);
            let mut shown = Terminal::new(6, 12);
            let mut before: Option<Grid> = None;
            for cells in [first, second] {
                for (row, column, letter, front, back, bits) in cells {
                    let colour = |number: u8| if number == 16 { DEFAULT } else { number };
                    let style = Style { front: colour(front), back: colour(back), bold: bits & 1 == 1, underline: bits & 2 == 2, reverse: bits & 4 == 4 };
                    grid.put(row, column, char::from(b'a' + letter), style);
                }
                grid.put(5, 11, ' ', Style::default());
                shown.process(&grid.paint(before.as_ref()));
                for row in 0..6 {
                    proptest::prop_assert_eq!(shown.grid().row(row), grid.row(row));
                }
                before = Some(grid.clone());
            }
        }
    }
}
