//! Holds every text of the page, English and French side by side, one file a view.
//! It never holds markup: a sentence names its blanks as `{name}`, [`fill`] puts escaped pieces in.
//! The views speak through it.

pub(super) mod audit;
mod audit_kiosk;
pub(super) mod changes;
pub(super) mod chart;
pub(super) mod codes;
pub(super) mod device;
pub(super) mod devices;
pub(super) mod door;
pub(super) mod evidence;
pub(super) mod frame;
pub(super) mod import;
pub(super) mod logs;
pub(super) mod overview;
pub(super) mod people;
mod reasons;
pub(super) mod reports;
pub(super) mod restore;
pub(super) mod rules;
pub(super) mod screen;
pub(super) mod seats;
pub(super) mod settings;
pub(super) mod station;
pub(super) mod system;
pub(super) mod times;
pub(super) mod trust;
pub(super) mod upload;
pub(super) mod users;
pub(super) mod zone;

use maud::{Markup, html};

use crate::http::language::{Language, Text};

/// A text in both languages.
pub(super) const fn both(en: &'static str, fr: &'static str) -> Text {
    Text { en, fr }
}

/// `one` for one thing, `many` for more; French counts zero as one.
pub(super) fn plural(language: Language, count: usize, one: Text, many: Text) -> String {
    let single = match language {
        Language::En => count == 1,
        Language::Fr => count <= 1,
    };
    if single { one } else { many }.speak(language).replace("{n}", &number(language, count as u64))
}

/// A whole number with its thousands apart.
pub(super) fn number(language: Language, value: u64) -> String {
    let digits = value.to_string();
    let gap = match language {
        Language::En => ',',
        Language::Fr => '\u{202f}',
    };
    let mut out = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(gap);
        }
        out.push(digit);
    }
    out
}

/// A share, 0 to 1, in whole percent. What is not all is never called 100, what is not nothing never 0.
pub(super) fn percent(share: f32) -> String {
    let whole = match (share * 100.0).round() {
        whole if whole >= 100.0 && share < 1.0 => 99.0,
        whole if whole <= 0.0 && share > 0.0 => 1.0,
        whole => whole,
    };
    format!("{whole:.0}\u{a0}%")
}

/// Bytes with a unit people know.
pub(super) fn bytes(language: Language, value: u64) -> String {
    const UNITS: [Text; 4] = [both("bytes", "octets"), both("kB", "ko"), both("MB", "Mo"), both("GB", "Go")];
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled >= 1_000.0 && unit + 1 < UNITS.len() {
        scaled /= 1_000.0;
        unit += 1;
    }
    let figure = if unit == 0 || scaled >= 100.0 { format!("{scaled:.0}") } else { format!("{scaled:.1}") };
    let figure = match language {
        Language::En => figure,
        Language::Fr => figure.replace('.', ","),
    };
    format!("{figure}\u{a0}{}", UNITS[unit].speak(language))
}

/// A sentence with pieces of markup in its blanks. A blank nobody fills stays empty.
pub(super) fn fill(sentence: &str, pieces: &[(&str, Markup)]) -> Markup {
    html! {
        @for (at, part) in sentence.split('{').enumerate() {
            @match part.split_once('}') {
                Some((name, rest)) if at > 0 => {
                    @for (_, piece) in pieces.iter().filter(|(known, _)| *known == name) { (piece) }
                    (rest)
                }
                _ => (part),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fill_the_blanks_and_everything_else_is_escaped() {
        let filled = fill("a < {name} > {none}b", &[("name", html! { b { "<x>" } })]);
        assert_eq!(filled.into_string(), "a &lt; <b>&lt;x&gt;</b> &gt; b");
    }

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        assert_eq!(number(Language::En, 1_234_567), "1,234,567");
        assert_eq!(number(Language::Fr, 1_000), "1\u{202f}000");
        assert_eq!(bytes(Language::Fr, 1_250_000), "1,2\u{a0}Mo");
        assert_eq!(bytes(Language::En, 999), "999\u{a0}bytes");
        assert_eq!((percent(0.999).as_str(), percent(0.001).as_str()), ("99\u{a0}%", "1\u{a0}%"));
        assert_eq!((percent(1.0).as_str(), percent(0.0).as_str()), ("100\u{a0}%", "0\u{a0}%"));
    }

    #[test]
    fn french_counts_zero_as_one() {
        let count =
            |language, n| plural(language, n, both("{n} device", "{n} appareil"), both("{n} devices", "{n} appareils"));
        assert_eq!((count(Language::En, 0), count(Language::Fr, 0)), ("0 devices".into(), "0 appareil".into()));
        assert_eq!((count(Language::En, 1), count(Language::Fr, 2)), ("1 device".into(), "2 appareils".into()));
    }
}
