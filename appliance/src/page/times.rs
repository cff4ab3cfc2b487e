//! Holds moments as people read them: how long ago, with the exact time behind it.
//! It never invents a time: what the clock did not know is said to be unknown.
//! Every view that shows a time uses it.

use std::time::Duration;

use maud::{Markup, html};
use vigie_core::Moment;

use crate::accounts::clock::format_utc;
use crate::http::language::Language;
use crate::shell::clocks::Clocks;

use super::words::times as words;

/// A moment, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct When {
    /// Since 1970, when the wall clock of that boot is known.
    pub(super) unix: Option<Duration>,
    /// How long ago, when that can be told.
    pub(super) ago: Option<Duration>,
}

impl When {
    /// What is known of `moment` at `now`. Within one boot the time since is exact; between two the wall clocks decide.
    pub(super) fn of(moment: Moment, now: Moment, clocks: &Clocks) -> Self {
        let unix = clocks.unix(moment);
        let same_boot = moment.age(now).map(|age| Duration::from_millis(age.as_millis()));
        let by_wall = || clocks.unix(now)?.checked_sub(unix?);
        Self { unix, ago: same_boot.or_else(by_wall) }
    }

    /// Whether it was less than `span` ago.
    pub(super) fn within(&self, span: Duration) -> bool {
        self.ago.is_some_and(|ago| ago < span)
    }
}

/// How long ago in words, with the exact time in the title.
pub(super) fn ago(when: When, language: Language) -> Markup {
    let text =
        when.ago.map_or_else(|| words::BEFORE_RESTART.speak(language).to_owned(), |ago| words::ago(language, ago));
    stamp(when, &text, true, language)
}

/// Some words with the exact time in the title. `counts` lets the page keep the words up to date.
pub(super) fn stamp(when: When, text: &str, counts: bool, language: Language) -> Markup {
    html! {
        @match when.unix {
            Some(unix) => time datetime=(format_utc(unix)) title=(exact(unix, language)) data-ago[counts] { (text) },
            None => span title=(words::CLOCK_UNKNOWN.speak(language)) { (text) },
        }
    }
}

/// The exact time; without a wall clock, words that say so. The page turns it into local time.
pub(super) fn exact_time(when: When, language: Language) -> Markup {
    html! {
        @match when.unix {
            Some(unix) => time datetime=(format_utc(unix)) data-exact { (exact(unix, language)) },
            None => span { (ago(when, language)) },
        }
    }
}

/// The exact time in UTC.
pub(super) fn exact(unix: Duration, language: Language) -> String {
    let text = format_utc(unix);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    let (year, month, day, clock) = (part(0..4), part(5..7), part(8..10), part(11..16));
    let month = month.parse::<usize>().unwrap_or(1).clamp(1, 12) - 1;
    let month = words::MONTHS.get(month).map_or("", |month| month.speak(language));
    format!("{} {month} {year}, {clock} UTC", day.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_this_boot_needs_no_wall_clock() {
        let clocks = Clocks::open(&[], None);
        let when = When::of(Moment { boot: 9, ms: 1_000 }, Moment { boot: 9, ms: 61_000 }, &clocks);
        assert_eq!(when, When { unix: None, ago: Some(Duration::from_secs(60)) });
        let other = When::of(Moment { boot: 8, ms: 1_000 }, Moment { boot: 9, ms: 61_000 }, &clocks);
        assert_eq!(other, When::default());
    }

    #[test]
    fn the_exact_time_stands_in_the_title() {
        let when = When { unix: Some(Duration::from_secs(1_709_210_096)), ago: Some(Duration::from_secs(180)) };
        let shown = ago(when, Language::Fr).into_string();
        assert!(shown.contains("datetime=\"2024-02-29T12:34:56.000Z\""), "{shown}");
        assert!(
            shown.contains("title=\"29 février 2024, 12:34 UTC\"") && shown.contains("il y a 3\u{a0}min"),
            "{shown}"
        );
        assert!(ago(When::default(), Language::En).into_string().contains("before the restart"));
    }
}
