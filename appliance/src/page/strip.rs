//! Holds the strip of a device's last day as a picture: a quarter of an hour is one step, height and colour say how it was.
//! It never says anything by colour alone: what is there is tall, what is away is low, what nobody watched is empty.
//! Rows and the device page use it.

use maud::{Markup, html};
use vigie_core::lan::uptime::{Quarter, STRIP_QUARTERS};

use crate::http::language::Language;

use super::words::devices as words;

/// The quarters of the last day, oldest first.
pub(super) type Quarters = [Quarter; STRIP_QUARTERS];

/// The quarters as the device keeps them, newest first, turned round.
pub(super) fn gather(newest_first: impl Iterator<Item = Quarter>) -> Quarters {
    let mut quarters = [Quarter::Blind; STRIP_QUARTERS];
    for (place, quarter) in quarters.iter_mut().rev().zip(newest_first) {
        *place = quarter;
    }
    quarters
}

/// The strip. `share` is the share of the day the device was there, of the time somebody looked.
pub(super) fn draw(quarters: &Quarters, share: Option<f32>, language: Language) -> Markup {
    let label = words::day_share(language, share);
    html! {
        svg.strip viewBox="0 0 96 12" preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (from, length, quarter) in runs(quarters) {
                @let (class, y, height) = shape(quarter);
                @if let Some(class) = class {
                    rect class=(class) x=(from) y=(y) width=(length) height=(height) {}
                }
            }
        }
    }
}

/// Class, top and height of a step.
fn shape(quarter: Quarter) -> (Option<&'static str>, u8, u8) {
    match quarter {
        Quarter::Blind => (None, 0, 0),
        Quarter::Offline => (Some("off"), 10, 2),
        Quarter::Mixed => (Some("mix"), 5, 7),
        Quarter::Online => (Some("on"), 0, 12),
    }
}

/// Equal steps in a row as one: where it begins, how long it is, what it is.
fn runs(quarters: &Quarters) -> Vec<(usize, usize, Quarter)> {
    let mut runs: Vec<(usize, usize, Quarter)> = Vec::new();
    for (at, quarter) in quarters.iter().enumerate() {
        match runs.last_mut() {
            Some((_, length, last)) if last == quarter => *length += 1,
            _ => runs.push((at, 1, *quarter)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_quarter_is_on_the_right_and_equal_ones_are_one() {
        let quarters = gather([Quarter::Online, Quarter::Online, Quarter::Offline].into_iter());
        assert_eq!(runs(&quarters), [(0, 93, Quarter::Blind), (93, 1, Quarter::Offline), (94, 2, Quarter::Online)]);
        let drawn = draw(&quarters, Some(0.5), Language::En).into_string();
        assert!(drawn.contains("<rect class=\"on\" x=\"94\" y=\"0\" width=\"2\" height=\"12\">"), "{drawn}");
        assert!(drawn.contains("aria-label=\"There for 50") && drawn.matches("<rect").count() == 2, "{drawn}");
    }
}
