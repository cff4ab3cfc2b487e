//! Holds the routes of the table of jobs: what runs when, what came of it, and "run it now".
//! Never runs anything itself. The route table holds it.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::problem::{ErrorKind, Fault, Problem};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::jobs::{Jobs, NotAsked, Rhythm, Row, Run};

/// No job of that name.
static NO_JOB: Fault = Fault {
    code: "no_such_job",
    kind: ErrorKind::Missing,
    text: Text { en: "There is no job called “{job}”.", fr: "Aucune tâche ne s'appelle « {job} »." },
};
/// It cannot be asked for.
static BY_CLOCK_ONLY: Fault = Fault {
    code: "job_not_on_demand",
    kind: ErrorKind::Conflict,
    text: Text {
        en: "This job runs by its own clock and cannot be asked for.",
        fr: "Cette tâche suit sa propre horloge et ne peut pas être demandée.",
    },
};
/// It runs.
static RUNNING: Fault = Fault {
    code: "job_running",
    kind: ErrorKind::Conflict,
    text: Text {
        en: "This job runs already; wait until it has ended.",
        fr: "Cette tâche est déjà en cours ; attendez qu'elle se termine.",
    },
};

/// The table.
#[derive(Serialize, JsonSchema)]
struct JobsView {
    /// The site's zone: `machine`, a name or a rule.
    zone: String,
    /// Every job.
    items: Vec<JobView>,
}

/// A job.
#[derive(Serialize, JsonSchema)]
struct JobView {
    /// Its name, for `POST /api/system/jobs/{name}/run`.
    name: &'static str,
    /// What it does, English.
    about: &'static str,
    /// `daily`, `own` (by a clock of its own) or `asked`.
    rhythm: &'static str,
    /// Time of day in the site's zone, for a daily one.
    at: Option<String>,
    /// Whether it can be asked for.
    on_demand: bool,
    /// Whether it runs, or is about to.
    running: bool,
    /// When it runs next, RFC 3339 in UTC; `null` when that is not known.
    next: Option<String>,
    /// The latest runs, newest first.
    runs: Vec<RunView>,
}

/// A run.
#[derive(Serialize, JsonSchema)]
struct RunView {
    /// Counts the runs of its job since the start of the service.
    number: u64,
    /// When it began, RFC 3339 in UTC; `null` when the clock was not set.
    began_at: Option<String>,
    /// The same on the clock of events and logs, in milliseconds.
    at_ms: u64,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// Whether it did what it should.
    good: bool,
    /// What came of it, English.
    result: String,
}

/// A run that was asked for.
#[derive(Serialize, JsonSchema)]
struct Asked {
    /// The job.
    job: String,
    /// Number of the run that will be in its list.
    run: u64,
}

/// The routes.
pub(crate) fn routes(jobs: &Arc<Jobs>) -> Vec<Route> {
    vec![
        Route::get("/api/system/jobs", Access::Viewer, "What runs by the clock or when asked, and what came of it")
            .answers::<JobsView>(200)
            .run_with(jobs, list),
        Route::post("/api/system/jobs/{name}/run", Access::Admin, "Runs a job now")
            .takes(BodyRule::None)
            .answers::<Asked>(202)
            .run_with(jobs, ask),
    ]
}

async fn list(jobs: Arc<Jobs>, _call: Call) -> Outcome {
    Reply::json(&JobsView { zone: jobs.zone.text(), items: jobs.rows().into_iter().map(view).collect() })
}

fn view(row: Row) -> JobView {
    let (rhythm, at) = match row.rhythm {
        Rhythm::Daily(daily) => ("daily", Some(format!("{:02}:{:02}", daily.hour, daily.minute))),
        Rhythm::Monthly(daily) => ("monthly", Some(format!("{:02}:{:02}", daily.hour, daily.minute))),
        Rhythm::Every(every) => ("every", Some(format!("{} min", every.as_secs() / 60))),
        Rhythm::Own => ("own", None),
        Rhythm::Asked => ("asked", None),
    };
    JobView {
        name: row.name,
        about: row.about,
        rhythm,
        at,
        on_demand: row.on_demand,
        running: row.running,
        next: row.next.map(format_utc),
        runs: row.runs.into_iter().rev().map(view_run).collect(),
    }
}

fn view_run(run: Run) -> RunView {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let good = run.ended.is_ok();
    let (Ok(result) | Err(result)) = run.ended;
    RunView {
        number: run.number,
        began_at: run.wall.map(format_utc),
        at_ms: ms(run.began),
        took_ms: ms(run.took),
        good,
        result,
    }
}

async fn ask(jobs: Arc<Jobs>, call: Call) -> Outcome {
    let name = call.parameter("name").to_owned();
    match jobs.ask(&name) {
        Ok(run) => Ok(Reply::json(&Asked { job: name, run })?.status(StatusCode::ACCEPTED)),
        Err(NotAsked::Unknown) => Err(Problem::from(&NO_JOB).with("job", name)),
        Err(NotAsked::ByClockOnly) => Err((&BY_CLOCK_ONLY).into()),
        Err(NotAsked::Running) => Err((&RUNNING).into()),
    }
}
