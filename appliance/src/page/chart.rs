//! Holds a chart over time: a picture made here, the same numbers as a table, and what the script needs to bring it to life.
//! It never fills a gap and never needs a script: `chart.js` only adds a scale, a pointer and keys to what is there.
//! The overview and the device page draw with it.

use std::fmt::Write as _;
use std::time::Duration;

use maud::{Markup, html};

use crate::http::assets;
use crate::http::language::{Language, Text};

use super::times::{self, When};
use super::words::{self, chart as texts};

/// Height of the picture in its own units.
const HEIGHT: f64 = 100.0;

/// Parts the scales are cut into.
const PARTS: usize = 4;

/// One line of a chart.
pub(super) struct Curve {
    pub(super) name: Text,
    /// A value for each step, oldest first; none where there is none.
    pub(super) values: Vec<Option<f64>>,
}

/// How a value is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A count that holds for its whole step: an area with edges.
    Area,
    /// A measurement: a dot, joined to the next one.
    Dots,
}

/// A chart.
pub(super) struct Chart {
    /// Names it on its page.
    pub(super) id: &'static str,
    pub(super) title: Text,
    /// Stands behind each number, such as `ms`; empty for counts.
    pub(super) unit: &'static str,
    pub(super) shape: Shape,
    /// Length of a step in seconds.
    pub(super) step_s: u64,
    /// Seconds since the newest step began.
    pub(super) age_s: u64,
    /// The wall clock, when it is known.
    pub(super) wall: Option<Duration>,
    /// The first one is drawn by the server, all by the script.
    pub(super) curves: Vec<Curve>,
    /// Length of a row of the table, in steps.
    pub(super) row_steps: usize,
    /// When each step began and the last one ends, in words; empty: how long ago that was.
    pub(super) names: Vec<String>,
    /// What the picture shows, in a sentence.
    pub(super) says: String,
}

impl Chart {
    /// The chart, or why there is none yet.
    pub(super) fn draw(&self, language: Language) -> Markup {
        let values = self.curves.first().map_or(&[][..], |curve| &curve.values);
        if values.iter().all(Option::is_none) {
            return html! { figure.chart id=(self.id) {
                figcaption { (self.title.speak(language)) }
                p.hint { (texts::TOO_LITTLE.speak(language)) }
            } };
        }
        let most = values.iter().flatten().copied().fold(0.0, f64::max);
        let top = ceiling(most);
        let span = Duration::from_secs(self.step_s * values.len() as u64);
        html! {
            figure.chart id=(self.id) data-chart=(if self.shape == Shape::Area { "area" } else { "dots" })
                data-step=(self.step_s) data-age=(self.age_s) data-unit=(self.unit)
                data-names=(self.curves.iter().map(|curve| curve.name.speak(language)).collect::<Vec<_>>().join("|"))
                data-values=(self.curves.iter().map(|curve| pack(&curve.values)).collect::<Vec<_>>().join(";"))
                data-script=(assets::address("chart.js")) data-library=(assets::address("vendor/uplot.min.js"))
                data-sheet=(assets::address("vendor/uplot.min.css"))
                data-keys=(texts::KEYS.speak(language)) data-none=(texts::NOT_WATCHED.speak(language)) {
                figcaption { (self.title.speak(language)) }
                div.plot role="img" aria-label=(self.says) tabindex="0" {
                    span.most aria-hidden="true" { (self.number(top, language)) }
                    svg viewBox={ "0 0 " (values.len()) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
                        @for part in 1..PARTS {
                            @let (x, y) = (values.len() * part / PARTS, HEIGHT * part as f64 / PARTS as f64);
                            path.grid d=(format!("M{x} 0V{HEIGHT}M0 {y}H{}", values.len())) {}
                        }
                        @match self.shape {
                            Shape::Area => path.area d=(area(values, top)) {},
                            Shape::Dots => path.line d=(line(values, top)) {},
                        }
                    }
                    span.least aria-hidden="true" { "0" }
                }
                p.scale aria-hidden="true" {
                    @if self.names.is_empty() {
                        @for part in (1..=PARTS).rev() { span { (words::times::ago(language, span * part as u32 / PARTS as u32)) } }
                        span { (words::device::NOW.speak(language)) }
                    } @else {
                        @for part in 0..=PARTS { span { (self.names.get(values.len() * part / PARTS).map_or("", String::as_str)) } }
                    }
                }
                (self.table(language))
            }
        }
    }

    /// The same in numbers, newest first.
    fn table(&self, language: Language) -> Markup {
        let steps = self.curves.first().map_or(0, |curve| curve.values.len());
        let rows = (0..steps).step_by(self.row_steps.max(1)).rev();
        html! {
            details {
                summary { (texts::AS_TABLE.speak(language)) }
                div.wide tabindex="0" role="group" aria-label=(self.title.speak(language)) {
                    table.plain {
                        caption.hush { (self.title.speak(language)) }
                        thead { tr {
                            th scope="col" { (texts::FROM.speak(language)) }
                            @for curve in &self.curves { th scope="col" { (curve.name.speak(language)) } }
                        } }
                        tbody { @for from in rows {
                            tr {
                                th scope="row" { (self.time(steps, from, language)) }
                                @for curve in &self.curves { td { (self.cell(curve, from, language)) } }
                            }
                        } }
                    }
                }
            }
        }
    }

    /// When a step began.
    fn time(&self, steps: usize, step: usize, language: Language) -> Markup {
        if let Some(name) = self.names.get(step) {
            return html! { (name) };
        }
        let ago = Duration::from_secs(self.age_s + self.step_s * steps.saturating_sub(step + 1) as u64);
        let when = When { unix: self.wall.and_then(|wall| wall.checked_sub(ago)), ago: Some(ago) };
        times::exact_time(when, language)
    }

    /// What was in some steps: one number, or the least and the most of them.
    fn cell(&self, curve: &Curve, from: usize, language: Language) -> String {
        let some = curve.values.iter().skip(from).take(self.row_steps.max(1)).flatten();
        let (least, most) =
            some.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (value.min(least), value.max(most)));
        if least > most {
            return texts::NOT_WATCHED.speak(language).to_owned();
        }
        if (most - least).abs() < f64::EPSILON {
            return self.number(most, language);
        }
        texts::BETWEEN
            .speak(language)
            .replace("{a}", &self.number(least, language))
            .replace("{b}", &self.number(most, language))
    }

    fn number(&self, value: f64, language: Language) -> String {
        let text = if value.fract() == 0.0 || value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
        let text = match language {
            Language::En => text,
            Language::Fr => text.replace('.', ","),
        };
        if self.unit.is_empty() { text } else { format!("{text}\u{a0}{}", self.unit) }
    }
}

/// A round number at or above the most: 1, 2, 3, 4, 5, 6 or 8 times a power of ten.
fn ceiling(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let found = steps.into_iter().map(|step| step * power).find(|top| *top >= most).unwrap_or(most);
    // Half a device is none.
    if most >= 1.0 && power <= 1.0 { found.ceil() } else { found }
}

/// Values for the script: `12*30,,13` is 12 thirty times, none, 13.
fn pack(values: &[Option<f64>]) -> String {
    let mut parts = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|value| *value == first).count();
        let value = first.map(|value| value.to_string()).unwrap_or_default();
        parts.push(if run == 1 { value } else { format!("{value}*{run}") });
        rest = rest.get(run..).unwrap_or_default();
    }
    parts.join(",")
}

fn height(value: f64, top: f64) -> f64 {
    ((HEIGHT - value * HEIGHT / top) * 10.0).round() / 10.0
}

/// Each watched stretch is one closed shape on the ground; equal steps are one edge.
fn area(values: &[Option<f64>], top: f64) -> String {
    let mut path = String::new();
    let mut last: Option<f64> = None;
    for (x, value) in values.iter().enumerate() {
        let _never_fails = match (last, value) {
            (None, Some(value)) => write!(path, "M{x} {HEIGHT}V{}", height(*value, top)),
            (Some(before), Some(value)) if before.total_cmp(value).is_eq() => Ok(()),
            (Some(_), Some(value)) => write!(path, "H{x}V{}", height(*value, top)),
            (Some(_), None) => write!(path, "H{x}V{HEIGHT}Z"),
            (None, None) => Ok(()),
        };
        last = *value;
    }
    if last.is_some() {
        let _never_fails = write!(path, "H{}V{HEIGHT}Z", values.len());
    }
    path
}

/// Measurements joined by lines, in the middle of their steps; one alone is a short dash.
fn line(values: &[Option<f64>], top: f64) -> String {
    let mut path = String::new();
    let mut joined = false;
    for (x, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let y = height(*value, top);
            let _never_fails = if joined { write!(path, "L{x}.5 {y}") } else { write!(path, "M{x} {y}H{x}.5") };
        }
        joined = value.is_some();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<Option<f64>>) -> Chart {
        Chart {
            id: "day",
            title: words::overview::CHART,
            unit: "",
            shape: Shape::Area,
            step_s: 300,
            age_s: 10,
            wall: Some(Duration::from_secs(1_709_210_096)),
            curves: vec![Curve { name: words::overview::CHART, values }],
            row_steps: 2,
            names: Vec::new(),
            says: "says".into(),
        }
    }

    #[test]
    fn stretches_nobody_watched_are_gaps() {
        let values = [Some(2.0), Some(2.0), Some(4.0), None, None, Some(1.0)];
        assert_eq!(area(&values, 4.0), "M0 100V50H2V0H3V100ZM5 100V75H6V100Z");
        assert_eq!(line(&values, 4.0), "M0 50H0.5L1.5 50L2.5 0M5 75H5.5");
        assert_eq!(pack(&values), "2*2,4,*2,1");
        assert_eq!((pack(&[None, Some(1.5)]), pack(&[Some(1.5), None])), (",1.5".into(), "1.5,".into()));
    }

    #[test]
    fn the_same_numbers_stand_in_a_table_newest_first() {
        let drawn = chart(vec![Some(3.0), Some(5.0), None, None, Some(4.0)]).draw(Language::Fr).into_string();
        let rows: Vec<&str> = drawn.split("<tr>").skip(2).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].contains("<td>4</td>") && rows[0].contains("2024-02-29T12:34:46"), "{}", rows[0]);
        assert!(rows[1].contains("<td>non observé</td>"), "{}", rows[1]);
        assert!(rows[2].contains("<td>de 3 à 5</td>"), "{}", rows[2]);
        assert!(drawn.contains("role=\"img\" aria-label=\"says\"") && !drawn.contains("style="));
    }

    #[test]
    fn steps_with_names_are_called_by_them() {
        let names = vec!["8:00".to_owned(), "9:00".to_owned(), "10:00".to_owned()];
        let drawn = Chart { names, row_steps: 1, ..chart(vec![Some(1.0), Some(2.0)]) }.draw(Language::En).into_string();
        assert!(drawn.contains("<th scope=\"row\">9:00</th><td>2</td>"), "{drawn}");
        assert!(drawn.contains("<span>8:00</span>") && drawn.contains("<span>10:00</span>"), "{drawn}");
    }

    #[test]
    fn nothing_to_see_is_said() {
        let drawn = chart(vec![None, None]).draw(Language::En).into_string();
        assert!(!drawn.contains("<svg") && drawn.contains(texts::TOO_LITTLE.en), "{drawn}");
    }

    #[test]
    fn the_top_is_a_round_number() {
        for (most, top) in [(0.0, 1.0), (1.0, 1.0), (1.2, 2.0), (7.0, 8.0), (12.0, 15.0), (250.0, 300.0), (0.23, 0.3)] {
            assert!((ceiling(most) - top).abs() < 1e-9, "{most}: {}", ceiling(most));
        }
    }
}
