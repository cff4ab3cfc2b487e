//! Holds devices as lines of text for a terminal, in columns that fit its width.
//! Never lets a name draw on the screen: control characters and marks that turn the writing round are left out.
//! Called by `vigie scan`.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::network::view::DeviceView;

/// Blanks between two columns.
const GAP: usize = 2;
/// Titles.
const TITLES: [&str; 7] = ["IP", "MAC", "NAME", "VENDOR", "KIND", "PORTS", "CONFIDENCE"];
/// Columns that may be narrowed, the first to give way first, and how narrow each may become.
const SHRINKS: [(usize, usize); 3] = [(5, 8), (3, 8), (2, 10)];

/// Devices as a table. With a width the longest columns are shortened to fit; without one nothing is.
pub(crate) fn scan_table(devices: &[DeviceView], width: Option<usize>) -> String {
    let mut rows: Vec<[String; 7]> = vec![TITLES.map(str::to_owned)];
    rows.extend(devices.iter().map(row));
    let mut widths: [usize; 7] = std::array::from_fn(|column| {
        rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.width())).max().unwrap_or_default()
    });
    if let Some(width) = width {
        shrink(&mut widths, width);
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let cell = fit(cell, width);
            let blanks = width.saturating_sub(cell.width()) + GAP;
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let online = devices.iter().filter(|device| device.online).count();
    text.push_str(&format!("\n{} devices, {online} online\n", devices.len()));
    text
}

fn row(device: &DeviceView) -> [String; 7] {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), clean);
    let ports: Vec<_> = device.open_ports.iter().map(|row| row.port.to_string()).collect();
    let ports = if ports.is_empty() { "-".to_owned() } else { ports.join(",") };
    [
        text(&device.ip),
        text(&device.mac),
        text(&device.name),
        text(&device.vendor),
        device.kind.to_owned(),
        ports,
        format!("{:.0} %", device.confidence * 100.0),
    ]
}

/// Takes from the columns that may give, one after the other, until the table fits or nothing more can be taken.
fn shrink(widths: &mut [usize; 7], most: usize) {
    for (column, least) in SHRINKS {
        let whole: usize = widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
        let over = whole.saturating_sub(most);
        if let Some(width) = widths.get_mut(column) {
            *width = width.saturating_sub(over).max(least.min(*width));
        }
    }
}

/// Cuts a cell to a width, with a sign that something is missing.
fn fit(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let (mut cut, mut used) = (String::new(), 0);
    for letter in cell.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        cut.push(letter);
    }
    cut.push('…');
    cut
}

/// Leaves out what would move the cursor, change colours or turn the writing round (Unicode TR 36).
fn clean(text: &str) -> String {
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|letter| !letter.is_control() && !turns(*letter)).collect()
}
