//! Holds how many devices were on the network over a day, a week or a month: which numbers, and what they say in words.
//! It never counts itself: the census does.
//! The overview uses it.

use std::time::Duration;

use maud::{Markup, html};

use crate::api::network::census::Range;
use crate::http::language::{Language, Text};
use crate::shell::network::{Count, Series};

use super::chart::{Chart, Curve, Shape};
use super::words::{chart as texts, overview};

const fn name(range: Range) -> Text {
    match range {
        Range::Day => texts::DAY,
        Range::Week => texts::WEEK,
        Range::Month => texts::MONTH,
    }
}

/// Length of a row of the table in steps: an hour, six hours, a day.
const fn row_steps(range: Range) -> usize {
    match range {
        Range::Day => 12,
        Range::Week => 72,
        Range::Month => 24,
    }
}

/// The range an address asks for.
pub(super) fn asked(word: Option<&str>) -> Range {
    Range::ALL.into_iter().find(|range| Some(range.word()) == word).unwrap_or_default()
}

/// The address of the overview with this range.
pub(super) fn path(range: Range) -> String {
    if range == Range::Day { "/".to_owned() } else { format!("/?range={}", range.word()) }
}

/// The chart with the links to the other ranges. `now` is how many are there now.
pub(super) fn draw(
    range: Range,
    series: &Series<Count>,
    now: usize,
    wall: Option<Duration>,
    language: Language,
) -> Markup {
    // A first day is drawn from its first hour on: an empty chart with a sliver at its end says nothing.
    let blind = series.steps.iter().take_while(|step| step.is_none()).count();
    let kept = series.steps.len().saturating_sub(blind).max(row_steps(Range::Day)).min(series.steps.len());
    let steps = series.steps.get(series.steps.len() - kept..).unwrap_or_default();
    let number = |pick: fn(&Count) -> u16| {
        steps.iter().map(|step| step.as_ref().map(|count| f64::from(pick(count)))).collect::<Vec<_>>()
    };
    let most = steps.iter().flatten().map(|count| usize::from(count.most)).max().unwrap_or(0);
    let least = steps.iter().flatten().map(|count| usize::from(count.least)).min().unwrap_or(0);
    let chart = Chart {
        id: "online",
        title: overview::CHART,
        unit: "",
        shape: Shape::Area,
        step_s: series.step_s,
        age_s: series.age_s,
        wall,
        curves: vec![
            Curve { name: overview::NUM_ONLINE, values: number(|count| count.most) },
            Curve { name: overview::NUM_KNOWN, values: number(|count| count.known) },
        ],
        row_steps: row_steps(range),
        names: Vec::new(),
        says: overview::chart(language, name(range), least, most, now),
    };
    html! {
        section.day #day hx-get=(path(range)) hx-trigger="every 300s" hx-select="#day" hx-swap="outerHTML" {
            nav.ranges aria-label=(texts::RANGE.speak(language)) {
                @for one in Range::ALL {
                    a href=(path(one)) hx-get=(path(one)) hx-target="#day" hx-select="#day" hx-swap="outerHTML" hx-push-url="true"
                        aria-current=[(one == range).then_some("true")] { (name(one).speak(language)) }
                }
            }
            (chart.draw(language))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_says_in_words_what_it_shows() {
        let count = |online| Some(Count { least: online, most: online + 1, known: 9 });
        let series = Series { step_s: 300, age_s: 0, steps: vec![count(3), None, count(5)] };
        let drawn = draw(Range::Day, &series, 6, None, Language::Fr).into_string();
        assert!(drawn.contains("Entre 3 et 6 appareils sur le réseau (24 heures), 6 maintenant"), "{drawn}");
        assert!(drawn.contains("data-values=\"4,,6;9,,9\"") && drawn.contains("href=\"/?range=week\""), "{drawn}");
        assert_eq!((asked(Some("month")), asked(Some("decade")), asked(None)), (Range::Month, Range::Day, Range::Day));
    }
}
