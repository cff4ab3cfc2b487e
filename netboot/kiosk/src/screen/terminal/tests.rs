//! Holds what the terminal in memory must show for what a program writes.
//! Never compares with another emulator: each screen was worked out by hand. Called by the test runner.

use proptest::prelude::*;

use super::*;
use crate::screen::grid::{DEFAULT, RED};

fn shown(bytes: &[u8]) -> Terminal {
    let mut terminal = Terminal::new(4, 10);
    terminal.process(bytes);
    terminal
}

fn text(bytes: &[u8]) -> String {
    shown(bytes).grid().text()
}

#[test]
fn letters_wrap_and_scroll() {
    assert_eq!(text(b"0123456789ab\r\nx"), "0123456789\nab\nx\n");
    assert_eq!(text(b"1\r\n2\r\n3\r\n4\r\n5"), "2\n3\n4\n5");
    // The last column does not wrap before the next letter comes.
    assert_eq!(shown(b"0123456789").cursor(), Some((0, 9)));
    assert_eq!(text(b"\x1b[?7l0123456789ab"), "012345678b\n\n\n");
    assert_eq!(text("é\u{20ac}\u{1f600}!".as_bytes()), "é€\u{1f600}!\n\n\n");
}

#[test]
fn the_cursor_goes_where_it_is_told() {
    assert_eq!(text(b"\x1b[2;3Hab\x1b[1Ac\x1b[4;10Hz\x1b[99;99Hy"), "    c\n  ab\n\n         y");
    assert_eq!(text(b"abc\x1b[2D\x1b[Kx\ty"), "ax      y\n\n\n");
    assert_eq!(text(b"abc\x1b7\x1b[4;1Hd\x1b8e"), "abce\n\n\nd");
    assert_eq!(text(b"abcdef\x1b[3G\x1b[2P\x1b[1@"), "ab ef\n\n\n");
    assert_eq!(text(b"a\x1b[4b"), "aaaaa\n\n\n");
}

#[test]
fn a_region_scrolls_alone() {
    assert_eq!(text(b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n\nx"), "1\n\nx\n4");
    assert_eq!(text(b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2;1H\x1bMx"), "1\nx\n2\n4");
    assert_eq!(text(b"1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[L"), "1\n\n2\n3");
    assert_eq!(text(b"1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[M"), "1\n3\n4\n");
}

#[test]
fn erasing_keeps_the_colour_behind() {
    let terminal = shown(b"abc\x1b[41m\x1b[2J");
    assert_eq!(terminal.grid().cell(0, 0), Cell { letter: ' ', style: Style { back: RED, ..Style::default() } });
    assert_eq!(text(b"abc\r\ndef\x1b[1;2H\x1b[J"), "a\n\n\n");
    assert_eq!(text(b"abc\r\ndef\x1b[1J"), "\n\n\n");
}

#[test]
fn looks_are_read() {
    let style = |bytes: &[u8]| shown(bytes).grid().cell(0, 0).style;
    assert_eq!(style(b"\x1b[1;4;31;42mx"), Style { front: 1, back: 2, bold: true, underline: true, reverse: false });
    assert_eq!(style(b"\x1b[7;95mx"), Style { front: 13, reverse: true, ..Style::default() });
    assert_eq!(style(b"\x1b[31m\x1b[mx"), Style::default());
    assert_eq!(style(b"\x1b[38;5;196;1mx"), Style { front: 9, bold: true, ..Style::default() });
    assert_eq!(style(b"\x1b[48;2;0;0;100mx"), Style { back: 4, ..Style::default() });
    assert_eq!(style(b"\x1b[38;5mx").front, DEFAULT);
}

#[test]
fn the_other_screen_gives_the_first_back() {
    assert_eq!(text(b"main\x1b[?1049h\x1b[Hother"), "other\n\n\n");
    assert_eq!(text(b"main\x1b[?1049h\x1b[Hother\x1b[?1049l!"), "main!\n\n\n");
}

#[test]
fn lines_are_drawn_as_lines() {
    assert_eq!(text(b"\x1b)0\x0elqk\x0fq"), "┌─┐q\n\n\n");
    assert_eq!(text(b"\x1b(0x\x1b(Bx"), "│x\n\n\n");
}

#[test]
fn what_would_change_the_console_does_nothing() {
    // Another console to the front, a palette, a title, a report of a key, a font: `console_codes(4)` and `xterm`.
    let hostile = b"\x1b[12;2]\x1b]P1ff0000\x1b]R\x1b]0;title\x07\x1bPq#0\x1b\\\x1b%@a\x1b[10;440]b\x1b[?5hc";
    assert_eq!(text(hostile), "abc\n\n\n");
}

#[test]
fn questions_get_short_answers_and_a_flood_of_them_no_more() {
    let mut terminal = shown(b"\x1b[2;5H\x1b[6n\x1b[c\x1b[5n");
    assert_eq!(terminal.take_answers(), b"\x1b[2;5R\x1b[?6c\x1b[0n");
    terminal.process(&b"\x1b[6n".repeat(10_000));
    assert!(terminal.take_answers().len() <= MAX_ANSWERS);
}

#[test]
fn another_size_keeps_the_end_in_view() {
    let mut terminal = shown(b"1\r\n2\r\n3\r\n4$");
    terminal.resize(2, 5);
    assert_eq!(terminal.grid().text(), "3\n4$");
    terminal.process(b"x");
    assert_eq!(terminal.grid().text(), "3\n4$x");
}

proptest! {
    /// No bytes whatever break it, in whatever pieces they come, and the pieces make no difference.
    #[test]
    fn any_bytes_in_any_pieces(bytes in prop::collection::vec(any::<u8>(), 0..600), cut in 0_usize..600) {
        let whole = shown(&bytes);
        let mut pieces = Terminal::new(4, 10);
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        pieces.process(first);
        pieces.process(second);
        prop_assert_eq!(whole.grid(), pieces.grid());
    }

    /// Orders with any numbers do not break it either.
    #[test]
    fn any_orders(orders in prop::collection::vec(("[?]?[0-9]{0,6}(;[0-9]{0,6}){0,20}", prop::char::range('@', '~')), 0..60)) {
        let mut terminal = Terminal::new(4, 10);
        for (numbers, last) in orders {
            terminal.process(format!("x\x1b[{numbers}{last}\n").as_bytes());
            let (row, column) = (terminal.cursor.row, terminal.cursor.column);
            prop_assert!(row < 4 && column < 10);
            prop_assert!(terminal.region.0 < terminal.region.1 && terminal.region.1 <= 4);
        }
    }
}
