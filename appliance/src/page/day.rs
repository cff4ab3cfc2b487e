//! Holds how many devices were on the network over the last day, as a picture and in words.
//! It never fills a gap: quarters of an hour nobody watched stay empty.
//! The overview uses it.

use std::fmt::Write as _;

use maud::{Markup, html};
use vigie_core::lan::uptime::{Quarter, STRIP_QUARTERS};

use crate::http::language::Language;

use super::row::Row;
use super::words::{device, overview as texts};

/// Quarters of an hour that must have been watched before there is anything to see.
const ENOUGH_QUARTERS: usize = 4;

/// Height of the picture in its own units.
const HEIGHT: usize = 100;

/// Devices in each quarter, oldest first; none where nobody looked.
pub(super) fn count(rows: &[Row]) -> [Option<usize>; STRIP_QUARTERS] {
    let mut counts = [None; STRIP_QUARTERS];
    for row in rows {
        for (count, quarter) in counts.iter_mut().zip(&row.quarters) {
            match quarter {
                Quarter::Blind => {}
                Quarter::Offline => *count = Some(count.unwrap_or(0)),
                Quarter::Online | Quarter::Mixed => *count = Some(count.unwrap_or(0) + 1),
            }
        }
    }
    counts
}

/// The picture, or nothing while there is too little to see.
pub(super) fn draw(counts: &[Option<usize>; STRIP_QUARTERS], now: usize, language: Language) -> Markup {
    let watched: Vec<usize> = counts.iter().flatten().copied().collect();
    let (least, most) = (watched.iter().min().copied().unwrap_or(0), watched.iter().max().copied().unwrap_or(0));
    if watched.len() < ENOUGH_QUARTERS || most == 0 {
        return html! {};
    }
    let label = texts::chart(language, least, most, now);
    html! {
        figure.chart {
            figcaption { (texts::CHART.speak(language)) }
            div.plot {
                span.most { (most) }
                svg viewBox={ "0 0 " (STRIP_QUARTERS) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
                    path.area d=(area(counts, most)) {}
                }
                span.least { "0" }
            }
            p.scale aria-hidden="true" { span { (device::DAY_AGO.speak(language)) } span { (device::NOW.speak(language)) } }
        }
    }
}

/// Steps, since a count is a count: each watched stretch is one closed shape on the ground.
fn area(counts: &[Option<usize>; STRIP_QUARTERS], most: usize) -> String {
    let mut path = String::new();
    let mut open = false;
    for (x, count) in counts.iter().enumerate() {
        match count {
            Some(count) => {
                let y = HEIGHT - count * HEIGHT / most.max(1);
                let _never_fails = match open {
                    false => write!(path, "M{x} {HEIGHT}V{y}H{}", x + 1),
                    true => write!(path, "V{y}H{}", x + 1),
                };
                open = true;
            }
            None => {
                if std::mem::take(&mut open) {
                    let _never_fails = write!(path, "V{HEIGHT}Z");
                }
            }
        }
    }
    if open {
        let _never_fails = write!(path, "V{HEIGHT}Z");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_nobody_watched_are_gaps() {
        let mut counts = [None; STRIP_QUARTERS];
        counts[0] = Some(2);
        counts[1] = Some(4);
        counts[95] = Some(1);
        assert_eq!(area(&counts, 4), "M0 100V50H1V0H2V100ZM95 100V75H96V100Z");
        assert_eq!(draw(&counts, 1, Language::En).into_string(), "", "too little to see");
        counts[2] = Some(0);
        let drawn = draw(&counts, 1, Language::Fr).into_string();
        assert!(drawn.contains("Entre 0 et 4 appareils"), "{drawn}");
    }
}
