//! Holds how times are said.
//! It never rounds up: two hours ago is at least two hours.
//! `times` speaks through it, and the page's script takes the same words from the frame.

use std::time::Duration;

use crate::http::language::{Language, Text};

use super::both;

/// Words for the months.
pub(in crate::page) const MONTHS: [Text; 12] = [
    both("January", "janvier"),
    both("February", "février"),
    both("March", "mars"),
    both("April", "avril"),
    both("May", "mai"),
    both("June", "juin"),
    both("July", "juillet"),
    both("August", "août"),
    both("September", "septembre"),
    both("October", "octobre"),
    both("November", "novembre"),
    both("December", "décembre"),
];

pub(in crate::page) const BEFORE_RESTART: Text = both("before the restart", "avant le redémarrage");
pub(in crate::page) const CLOCK_UNKNOWN: Text = both(
    "The exact time is not known: the clock was not set yet",
    "L'heure exacte n'est pas connue\u{a0}: l'horloge n'était pas encore à l'heure",
);
pub(in crate::page) const NOW: Text = both("now", "maintenant");

/// Moments, minutes, hours, days ago; the script reads them joined by `|`.
const STEPS: [Text; 4] = [
    both("just now", "à l'instant"),
    both("{n}\u{a0}min ago", "il y a {n}\u{a0}min"),
    both("{n}\u{a0}h ago", "il y a {n}\u{a0}h"),
    both("{n}\u{a0}d ago", "il y a {n}\u{a0}j"),
];

/// How long ago.
pub(in crate::page) fn ago(language: Language, ago: Duration) -> String {
    let (step, count) = match ago.as_secs() {
        seconds @ 0..60 => (0, seconds),
        seconds @ 60..3_600 => (1, seconds / 60),
        seconds @ 3_600..172_800 => (2, seconds / 3_600),
        seconds => (3, seconds / 86_400),
    };
    STEPS[step].speak(language).replace("{n}", &count.to_string())
}

/// The same words for the script.
pub(in crate::page) fn steps(language: Language) -> String {
    STEPS.map(|step| step.speak(language)).join("|")
}

/// A span of time in words.
pub(in crate::page) fn span(language: Language, span: Duration) -> String {
    let day = match language {
        Language::En => "d",
        Language::Fr => "j",
    };
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds}\u{a0}s"),
        seconds @ 60..3_600 => format!("{}\u{a0}min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}\u{a0}h {:02}", seconds / 3_600, seconds / 60 % 60),
        seconds => format!("{}\u{a0}{day} {}\u{a0}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down() {
        for (seconds, en, fr) in [
            (0, "just now", "à l'instant"),
            (119, "1\u{a0}min ago", "il y a 1\u{a0}min"),
            (7_199, "1\u{a0}h ago", "il y a 1\u{a0}h"),
            (172_800, "2\u{a0}d ago", "il y a 2\u{a0}j"),
        ] {
            let long = Duration::from_secs(seconds);
            assert_eq!((ago(Language::En, long).as_str(), ago(Language::Fr, long).as_str()), (en, fr));
        }
        assert_eq!(span(Language::En, Duration::from_secs(3_660)), "1\u{a0}h 01");
    }
}
