//! Holds how the time of a session is shown: big figures and a ring, which the script keeps counting.
//! It never counts by a wall clock: the server says how much is left, and the script counts from there. The tiles draw it.

use maud::{Markup, html};
use vigie_core::kiosk::session::State;

use crate::http::language::Language;
use crate::page::words::seats as texts;
use crate::shell::kiosk::SessionView;

/// Radius of the ring in its own units; the box is 44 wide, the line 4.
const RADIUS: u8 = 20;

/// The time left as digits: `59:07`, from an hour on `1:00:00`. Part of a second counts as a whole one.
pub(super) fn digits(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How much of the time is left, of a thousand.
fn share(view: &SessionView) -> u64 {
    (view.remaining_ms * 1_000).checked_div(view.granted_ms).unwrap_or(0).min(1_000)
}

/// The ring with the time left beside it. `name` is what is said aloud at the thresholds.
pub(super) fn draw(view: &SessionView, name: &str, language: Language) -> Markup {
    let runs = view.state == State::Active;
    let granted = texts::OF_MINUTES.speak(language).replace("{n}", &(view.granted_ms / 60_000).to_string());
    html! {
        div.time data-left=(view.remaining_ms) data-granted=(view.granted_ms) data-runs[runs] data-name=(name) {
            svg.ring viewBox="0 0 44 44" aria-hidden="true" {
                circle.whole cx="22" cy="22" r=(RADIUS) {}
                circle.rest cx="22" cy="22" r=(RADIUS) pathLength="1000" stroke-dasharray={ (share(view)) " 1000" } transform="rotate(-90 22 22)" {}
            }
            p {
                span.hush { (texts::TIME_LEFT.speak(language)) " " }
                @if view.at_least { span.hint { (texts::AT_LEAST.speak(language)) " " } }
                b.digits role="timer" { (digits(view.remaining_ms)) }
                " " span.hint { (granted) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_written_as_a_clock_counts_down() {
        let said: Vec<String> = [0, 1, 1_000, 59_001, 3_599_000, 3_600_000, 5_025_000].map(digits).into();
        assert_eq!(said, ["0:00", "0:01", "0:01", "1:00", "59:59", "1:00:00", "1:23:45"]);
    }
}
