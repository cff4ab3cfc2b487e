//! Holds the routes of what every day came to, as JSON and as a spreadsheet.
//! Never knows a person: these are numbers alone. The route table holds them; the room counts.

use std::sync::Arc;

use hyper::header::{ACCEPT, CONTENT_DISPOSITION};
use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use super::fault;
use super::view::report::ReportView;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Holds, Outcome, Route};

/// From where days are counted.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// The days there is something of.
#[derive(Serialize, JsonSchema)]
struct DaysView {
    /// Such as `2026-03-01`, newest first.
    items: Vec<String>,
    count: usize,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/reports", Access::Viewer, "The days there is a report of, newest first")
            .answers::<DaysView>(200)
            .run_with(desk, list),
        Route::get("/api/reports/{day}", Access::Viewer, "What a day came to; `today`, or such as 2026-03-01")
            .query_of(
                "format",
                Holds::Word(&["json", "csv"]),
                "`csv` for a spreadsheet; the same by `Accept: text/csv`.",
            )
            .answers::<ReportView>(200)
            .or_speaks("text/csv")
            .run_with(desk, show),
    ]
}

/// The date of a day counted from 1970.
pub(super) fn date_of(day: u32) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(i64::from(day)).ok()?).ok()
}

fn days_of(date: Date) -> Option<u32> {
    let since: SignedDuration = date.duration_since(EPOCH);
    u32::try_from(since.as_hours() / 24).ok()
}

async fn list(desk: Arc<Desk>, _call: Call) -> Outcome {
    let days: Vec<u32> = desk.visit(|room| Ok(room.report_days().collect())).await?;
    let items: Vec<String> = days.into_iter().filter_map(date_of).map(|date| date.to_string()).collect();
    Reply::json(&DaysView { count: items.len(), items })
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let wants_csv = || {
        let fields = call.headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
        fields.flat_map(|field| field.split(',')).any(|one| one.trim().to_ascii_lowercase().starts_with("text/csv"))
    };
    let csv = match call.query("format") {
        None => wants_csv(),
        Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "format")),
    };
    let asked = match call.parameter("day") {
        "today" => None,
        text => Some(text.parse::<Date>().ok().and_then(days_of).ok_or_else(|| Problem::from(&fault::BAD_DAY))?),
    };
    let view = desk.visit(move |room| {
        let none = || Problem::from(&fault::NO_REPORT);
        let day = asked.or_else(|| room.today()).ok_or_else(none)?;
        let date = date_of(day).ok_or_else(none)?;
        room.report(day).map(|kept| ReportView::of(date, kept)).ok_or_else(none)
    });
    let view = view.await?;
    if !csv {
        return Reply::json(&view);
    }
    let name = format!("attachment; filename=\"report-{}.csv\"", view.day);
    Ok(Reply::bytes_of("text/csv; charset=utf-8", view.csv()).header(CONTENT_DISPOSITION, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_both_ways() {
        for (day, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (20_513, "2026-03-01")] {
            assert_eq!(date_of(day).unwrap().to_string(), text);
            assert_eq!(days_of(text.parse().unwrap()), Some(day));
        }
        assert_eq!(days_of("1969-12-31".parse().unwrap()), None);
        assert_eq!(date_of(u32::MAX), None);
    }
}
