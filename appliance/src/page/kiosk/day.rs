//! Holds the page of one day: what it came to, by the hour and in numbers, and who sat where in bars.
//! It never names a person, and prints as it stands. The route table holds its route.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use maud::{Markup, html};

use super::plan::{self, Bar};
use super::reports::{fullest, share};
use super::{back, look, page, visit};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::chart::{Chart, Curve, Shape};
use crate::page::frame::{self, Section};
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::words::{number, reports as texts, seats};
use crate::shell::kiosk::{DayReport, HOURS, Room};

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let one = look("/reports/{day}", "The page of what one day came to; the day as 2026-12-01");
    vec![guard(one, Access::Viewer, house, show)]
}

/// The number of a date, in days since 1970.
fn number_of(date: Date) -> Option<u32> {
    let days = date.since(Date::new(1970, 1, 1).ok()?).ok()?.get_days();
    u32::try_from(days).ok()
}

/// A day, as far as it has gone.
pub(super) struct Day {
    pub(super) report: DayReport,
    /// Hours that have begun.
    pub(super) hours: usize,
    /// Since 1970, when the last of them began.
    pub(super) last_began: Duration,
}

impl Day {
    /// A day there is something of.
    pub(super) fn of(room: &Room, date: Date) -> Option<Self> {
        let report = room.report(number_of(date)?)?.clone();
        let now = room.local_in(0)?;
        let hours = if now.date() == date { usize::try_from(now.hour()).ok()? + 1 } else { HOURS };
        let last = i8::try_from(hours.checked_sub(1)?).ok()?;
        let last_began = Duration::from_millis(room.wall_of_hour(date, last)?);
        Some(Self { report, hours, last_began })
    }

    fn chart(&self, id: &'static str, wall: Duration, curve: Curve, language: Language) -> Chart {
        let clock = |hour: usize| match language {
            Language::En => format!("{hour}:00"),
            Language::Fr => format!("{hour}\u{a0}h"),
        };
        Chart {
            id,
            title: curve.name,
            unit: "",
            shape: Shape::Area,
            step_s: 3_600,
            age_s: wall.saturating_sub(self.last_began).as_secs(),
            wall: Some(wall),
            curves: vec![curve],
            row_steps: 1,
            names: (0..=self.hours).map(clock).collect(),
            says: String::new(),
        }
    }

    /// Sessions begun in each hour.
    pub(super) fn sessions(&self, wall: Duration, language: Language) -> Chart {
        let counts = self.report.started_by_hour.iter().take(self.hours);
        let values = counts.clone().map(|count| Some(f64::from(*count))).collect();
        let busiest = counts.enumerate().filter(|(_, count)| **count > 0);
        let busiest = busiest.max_by_key(|(hour, count)| (**count, HOURS - hour)).map(|(hour, _)| hour);
        let curve = Curve { name: texts::CHART_SESSIONS, values };
        Chart {
            says: texts::says(language, self.report.started, busiest),
            ..self.chart("by-hour", wall, curve, language)
        }
    }

    /// How full each hour was.
    fn fullness(&self, wall: Duration, language: Language) -> Chart {
        let values = (0..self.hours).map(|hour| share(&self.report, hour).map(f64::from)).collect();
        let curve = Curve { name: texts::CHART_FULL, values };
        Chart {
            unit: "%",
            says: texts::says_full(language, fullest(&self.report)),
            ..self.chart("fullness", wall, curve, language)
        }
    }
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (language, path) = (desk.language, call.parameter("day").to_owned());
    let Ok(date) = path.parse::<Date>() else {
        return Ok(missing(&call, &desk));
    };
    let seen = visit(&house, move |room| {
        let day = Day::of(room, date)?;
        let is_today = room.local_in(0).is_some_and(|now| now.date() == date);
        Some((day, plan::gather(room, date), is_today))
    });
    let Some((day, bars, is_today)) = seen.await? else {
        return Ok(missing(&call, &desk));
    };
    let wall = call.platform.clock.wall().unwrap_or(day.last_began);
    let content = view(date, &day, &bars, wall, is_today, language);
    Ok(frame::reply(&call, page(&desk, &texts::date(language, date), &content)))
}

fn missing(call: &Call, desk: &Desk) -> crate::http::reply::Reply {
    let (title, help) = (texts::NO_DAY.speak(desk.language), texts::NO_DAY_HELP.speak(desk.language));
    frame::missing(call, desk, Section::Workstations, title, help)
}

fn view(
    date: Date,
    day: &Day,
    bars: &[(String, Vec<Bar>)],
    wall: Duration,
    is_today: bool,
    language: Language,
) -> Markup {
    let report = &day.report;
    let figures = [
        (number(language, report.started.into()), texts::STARTED),
        (seats::minutes(language, report.used_ms / 60_000), texts::USED_SHORT),
        (number(language, report.issued.into()), texts::ISSUED),
        (number(language, (report.refused + report.wrong_codes).into()), texts::REFUSALS),
    ];
    html! {
        (back("/reports", seats::PART_REPORTS.speak(language)))
        div.head {
            h1 { (texts::date(language, date)) }
            div.pair.handing {
                button type="button" data-print { (icon("printer")) (texts::PRINT.speak(language)) }
                a.button href={ "/api/reports/" (date) "?format=csv" } { (icon("download")) (texts::CSV.speak(language)) }
            }
        }
        ul.numbers.four { @for (figure, name) in figures { li { div { b { (figure) } span { (name.speak(language)) } } } } }
        @if is_today { p.hint { (texts::RUNNING.speak(language)) } }
        div.columns.even {
            section { (day.sessions(wall, language).draw(language)) }
            section { (day.fullness(wall, language).draw(language)) }
        }
        section { (plan::draw(bars, language)) }
        section {
            h2 { (texts::DETAIL.speak(language)) }
            (numbers(report, language))
        }
    }
}

fn numbers(report: &DayReport, language: Language) -> Markup {
    let count = |value: u32| number(language, value.into());
    let time = |ms: u64| seats::minutes(language, ms / 60_000);
    let values = [
        count(report.issued),
        count(report.void),
        count(report.started),
        count(report.expired),
        count(report.ended),
        count(report.interrupted),
        time(report.granted_ms),
        time(report.used_ms),
        count(report.wrong_codes),
    ];
    let rest = [(texts::LINE_REFUSED, count(report.refused)), (texts::LINE_STATIONS, count(report.stations.into()))];
    html! {
        dl.facts { @for (name, value) in texts::LINES.into_iter().zip(values).chain(rest) {
            div { dt { (name.speak(language)) } dd { (value) } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_both_ways() {
        let date = Date::new(2026, 12, 1).unwrap();
        assert_eq!(number_of(date), Some(20_788));
        assert_eq!(Room::date_of(20_788), Some(date));
        assert_eq!(number_of(Date::new(1969, 12, 31).unwrap()), None);
    }
}
