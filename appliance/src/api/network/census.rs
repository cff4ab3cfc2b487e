//! Holds the routes that tell series over time: how many devices there were, and how fast one answered.
//! Never fills a gap: a step in which nobody looked is `null`. The route table holds them.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::network::{Count, FINE_STEPS, HOURS, Hands, STEP_S, Series};

/// Which stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Range {
    /// 24 hours in steps of five minutes.
    #[default]
    Day,
    /// Seven days in steps of five minutes.
    Week,
    /// Thirty days in hours.
    Month,
}

impl Range {
    /// Every one.
    pub(crate) const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its word in an address.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// How many devices there were in it.
    pub(crate) fn read(self, hands: &Hands<'_>) -> Series<Count> {
        match self {
            Self::Day => hands.census(usize::try_from(24 * 60 * 60 / STEP_S).unwrap_or(FINE_STEPS)),
            Self::Week => hands.census(FINE_STEPS),
            Self::Month => hands.census_by_hour(HOURS),
        }
    }
}

/// How many devices there were in one step.
#[derive(Debug, Serialize, JsonSchema)]
struct StepView {
    /// When the step began, RFC 3339 in UTC; `null` while the clock is not set.
    at: Option<String>,
    /// Fewest there at one time; `null` where nobody looked.
    least: Option<u16>,
    /// Most there at one time; `null` where nobody looked.
    most: Option<u16>,
    /// Most in the table; `null` where nobody looked.
    known: Option<u16>,
}

/// How many devices there were.
#[derive(Debug, Serialize, JsonSchema)]
struct CensusView {
    /// `day`, `week` or `month`.
    range: &'static str,
    /// Length of a step.
    step_seconds: u64,
    /// How long ago the newest step began.
    age_seconds: u64,
    /// The steps, oldest first.
    items: Vec<StepView>,
    /// How many.
    count: usize,
}

/// How fast a device answered in one step.
#[derive(Debug, Serialize, JsonSchema)]
struct AnswerView {
    /// When the step began, RFC 3339 in UTC; `null` while the clock is not set.
    at: Option<String>,
    /// The latest answer in it, in milliseconds; `null` when there was none.
    ms: Option<f64>,
}

/// How fast a device answered over the last day.
#[derive(Debug, Serialize, JsonSchema)]
struct AnswersView {
    /// Length of a step.
    step_seconds: u64,
    /// How long ago the newest step began.
    age_seconds: u64,
    /// The steps, oldest first; none before its first answer in this run.
    items: Vec<AnswerView>,
    /// How many.
    count: usize,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/stats/history", Access::Viewer, "How many devices there were over time")
            .query("range", "`day` (default) or `week` in steps of five minutes, `month` in hours.")
            .answers::<CensusView>(200)
            .run_with(desk, tell),
        Route::get(
            "/api/network/v2/devices/{id}/answers",
            Access::Viewer,
            "How fast a device answered in the last day",
        )
        .answers::<AnswersView>(200)
        .run_with(desk, tell_answers),
    ]
}

/// When each step began, oldest first, as far as the wall clock is known.
fn times<T>(series: &Series<T>, wall: Option<Duration>) -> impl Iterator<Item = Option<String>> {
    let (step_s, age_s, last) = (series.step_s, series.age_s, series.steps.len().saturating_sub(1));
    (0..series.steps.len()).map(move |place| {
        let ago = Duration::from_secs(age_s + step_s * (last - place) as u64);
        // Whole seconds: the series knows no finer.
        wall.and_then(|wall| Duration::from_secs(wall.as_secs()).checked_sub(ago)).map(format_utc)
    })
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    let word = call.query("range").unwrap_or_default();
    let range = if word.is_empty() { Some(Range::Day) } else { Range::ALL.into_iter().find(|one| one.word() == word) };
    let range = range.ok_or_else(|| Problem::from(&faults::BAD_PARAMETER).with("name", "range"))?;
    let series = desk.visit(move |hands, _| range.read(hands)).await?;
    let view = |(at, step): (Option<String>, &Option<Count>)| StepView {
        at,
        least: step.map(|step| step.least),
        most: step.map(|step| step.most),
        known: step.map(|step| step.known),
    };
    let items: Vec<_> = times(&series, call.platform.clock.wall()).zip(&series.steps).map(view).collect();
    let (step_seconds, age_seconds) = (series.step_s, series.age_s);
    Reply::json(&CensusView { range: range.word(), step_seconds, age_seconds, count: items.len(), items })
}

async fn tell_answers(desk: Arc<Desk>, call: Call) -> Outcome {
    let series = desk.visit_device(call.parameter("id"), |hands, _, id| Ok(hands.pulse(id))).await?;
    let view = |(at, micros): (Option<String>, &Option<u32>)| AnswerView {
        at,
        ms: micros.map(|micros| f64::from(micros) / 1_000.0),
    };
    let items: Vec<_> = times(&series, call.platform.clock.wall()).zip(&series.steps).map(view).collect();
    let (step_seconds, age_seconds) = (series.step_s, series.age_s);
    Reply::json(&AnswersView { step_seconds, age_seconds, count: items.len(), items })
}
