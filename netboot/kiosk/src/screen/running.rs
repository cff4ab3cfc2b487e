//! Holds the screen of a session: the program's own, one line with the time that is left, and what covers it for a while.
//! Never lets the program reach that line: it has a terminal that is one row shorter. Called by the worker.

use super::grid::{BLUE, Grid, RED, Style, WHITE, YELLOW};
use super::terminal::Terminal;
use crate::words::{self, Language};

/// Rows at the bottom that are not the program's.
pub const STATUS_ROWS: usize = 1;

/// Something over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    title: String,
    lines: Vec<String>,
    style: Style,
}

impl Cover {
    /// Something to read.
    #[must_use]
    pub fn calm(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, style: Style::of(WHITE, BLUE) }
    }

    /// Something that presses.
    #[must_use]
    pub fn urgent(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, style: Style::of(WHITE, RED) }
    }

    /// Draws it in the middle.
    pub fn draw(&self, grid: &mut Grid) {
        let widest = grid.columns().saturating_sub(6).clamp(1, 64);
        let mut lines: Vec<String> = wrap(&self.title, widest);
        let title_rows = lines.len();
        if !self.lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(self.lines.iter().flat_map(|line| wrap(line, widest)));
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 4;
        let height = lines.len() + 2;
        let top = grid.rows().saturating_sub(height) / 2;
        let left = grid.columns().saturating_sub(width) / 2;
        grid.fill(top..top + height, left..left + width, self.style);
        for (row, line) in lines.iter().enumerate() {
            let style = Style { underline: row < title_rows && !self.lines.is_empty(), ..self.style };
            grid.write(top + 1 + row, left + 2, line, style);
        }
    }
}

/// What the screen of a session shows.
#[derive(Clone, Copy, Debug)]
pub struct Running<'a> {
    /// The program's terminal.
    pub terminal: &'a Terminal,
    /// Name of the workstation.
    pub name: &'a str,
    /// Language of the person.
    pub language: Language,
    /// What is left, in milliseconds.
    pub left_ms: u64,
    /// It is the last minute.
    pub grace: bool,
    /// The appliance is not heard.
    pub offline: bool,
    /// Something over it all.
    pub cover: Option<&'a Cover>,
}

impl Running<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self, rows: usize, columns: usize) -> Grid {
        let mut grid = Grid::new(rows, columns);
        let last = grid.rows() - 1;
        for row in 0..last {
            for (cell, own) in grid.row_mut(row).iter_mut().zip(self.terminal.grid().row(row)) {
                *cell = *own;
            }
        }
        grid.cursor = self.terminal.cursor().filter(|(row, _)| self.cover.is_none() && *row < last);
        if let Some(cover) = self.cover {
            cover.draw(&mut grid);
        }
        // Last of all, so that nothing whatever lies over it.
        self.status(&mut grid, last);
        grid
    }

    fn status(&self, grid: &mut Grid, row: usize) {
        let style = if self.grace { Style::of(WHITE, RED) } else { Style::of(WHITE, BLUE) };
        grid.fill(row..row + 1, 0..grid.columns(), style);
        let left = words::LEFT.with(self.language, words::clock(self.left_ms));
        let middle = if self.grace {
            format!("{left}   {}", words::GRACE.in_language(self.language))
        } else if self.offline {
            format!("{left}   {}", words::OFFLINE.in_language(self.language))
        } else {
            left.clone()
        };
        let (name, key) = (format!(" {}", self.name), format!("{} ", words::MENU_KEY.in_language(self.language)));
        let needed = |parts: &[&str]| parts.iter().map(|part| part.chars().count() + 2).sum::<usize>();
        // The time comes first when the row is short.
        if needed(&[&middle]) + 2 * name.chars().count().max(key.chars().count()) <= grid.columns() {
            grid.write(row, 0, &name, style);
            grid.right(row, &key, style);
            grid.centre(row, &middle, style);
        } else if needed(&[&middle, &key]) <= grid.columns() {
            grid.write(row, 1, &middle, style);
            grid.right(row, &key, style);
        } else if needed(&[&middle]) <= grid.columns() {
            grid.write(row, 1, &middle, style);
        } else {
            grid.write(row, 0, &left, style);
        }
        if self.offline && !self.grace {
            let from = grid.row(row).iter().position(|cell| cell.letter.is_ascii_digit()).unwrap_or(0);
            for cell in grid.row_mut(row).iter_mut().skip(from) {
                cell.style.front = if cell.style == style { YELLOW } else { cell.style.front };
            }
        }
    }
}

/// Breaks a text into lines of at most `widest` characters, between words where it can.
#[must_use]
pub fn wrap(text: &str, widest: usize) -> Vec<String> {
    let widest = widest.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + letters.len() <= widest {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
                line.extend(&letters);
            }
            used += 1 + letters.len();
            continue;
        }
        if used > 0 {
            lines.push(String::new());
        }
        while letters.len() > widest {
            let rest = letters.split_off(widest);
            if let Some(line) = lines.last_mut() {
                line.extend(&letters);
            }
            lines.push(String::new());
            letters = rest;
        }
        if let Some(line) = lines.last_mut() {
            line.extend(&letters);
        }
        used = letters.len();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(terminal: &Terminal) -> Running<'_> {
        Running {
            terminal,
            name: "Desk 3",
            language: Language::En,
            left_ms: 65_000,
            grace: false,
            offline: false,
            cover: None,
        }
    }

    #[test]
    fn the_time_left_stands_under_whatever_the_program_does() {
        let mut terminal = Terminal::new(3, 60);
        terminal.process(b"hello\x1b[r\x1b[4;1Hover\x1b[99;1Hthere\x1b[2J\x1b[Hx");
        let grid = session(&terminal).draw(4, 60);
        let bottom = " Desk 3                  1:05 left         F12: lock or end";
        assert_eq!(grid.text(), format!("x\n\n\n{bottom}"));
        assert_eq!(grid.cursor, Some((0, 1)));
        let french = Running { language: Language::Fr, grace: true, ..session(&terminal) };
        assert!(
            french.draw(4, 60).text().ends_with("reste 1:05   Enregistrez votre travail maintenant."),
            "{}",
            french.draw(4, 60).text()
        );
        assert_eq!(session(&terminal).draw(4, 12).text(), "x\n\n\n 1:05 left");
        assert_eq!(session(&terminal).draw(4, 9).text(), "x\n\n\n1:05 left");
        assert!(Running { offline: true, ..session(&terminal) }.draw(4, 60).text().contains("appliance not reachable"));
    }

    #[test]
    fn a_cover_lies_over_the_program_and_goes_without_a_trace() {
        let mut terminal = Terminal::new(9, 40);
        terminal.process(b"abc");
        let plain = session(&terminal).draw(10, 40);
        let cover = Cover::urgent("Your session ends in 1 minute.", vec!["Save your work now.".to_owned()]);
        let covered = Running { cover: Some(&cover), ..session(&terminal) }.draw(10, 40);
        assert!(covered.text().contains("  Your session ends in 1 minute."), "{}", covered.text());
        assert!(covered.text().starts_with("abc") && covered.text().ends_with("end"));
        assert_eq!(covered.cursor, None);
        assert_eq!(session(&terminal).draw(10, 40), plain);
    }

    proptest::proptest! {
        #[test]
        fn wrapping_loses_no_letter_and_no_line_is_too_long(text in "[a-z ]{0,120}", widest in 1_usize..40) {
            let lines = wrap(&text, widest);
            proptest::prop_assert!(lines.iter().all(|line| line.chars().count() <= widest));
            let letters = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
