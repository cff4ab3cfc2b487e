//! Holds the routes of scans: start one, watch it, stop it, see the last ones and what they found.
//! Never sweeps: the network shell does, one scan of a person's at a time. The route table holds them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::LOCATION;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use vigie_core::lan::probe::is_printing_port;
use vigie_core::lan::sweep::{Block, MAX_BLOCKS, Pace, TargetsError};

use vigie_core::audit::Kind as Act;

use super::BASE;
use super::desk::Desk;
use super::fault;
use super::live::State;
use super::target::{self, Reach};
use super::view::{DeviceView, ScanState, ScanView, SnapshotView};
use crate::accounts::role::Access;
use crate::config::NetworkSettings;
use crate::http::call::Call;
use crate::http::list::{Page, Window};
use crate::http::problem::{Fault, Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::network::{Hands, MAX_SNAPSHOTS, NotStarted, Request, Scan};

/// Ports one request may name; as many as a list of the settings.
const MAX_PORTS: usize = crate::config::MAX_PORTS;
/// What to scan for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Depth {
    /// Who is there and what they are called: seconds.
    #[default]
    Quick,
    /// Ports and what answers there as well.
    Full,
}

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum AskedPace {
    Gentle,
    Background,
    Fast,
}

/// A scan to start.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({ "kind": "full", "targets": ["192.168.1.0/24"], "ports": [22, 80, 443] }))]
struct ScanRequest {
    /// `quick` or `full`.
    kind: Depth,
    /// IPv4 addresses and segments on the appliance's own networks, with `allow_remote` also private ones behind a router;
    /// all of its segments when left out.
    targets: Vec<String>,
    /// TCP ports, with which `quick` asks for ports too; those of the settings when left out.
    ports: Vec<u32>,
    /// As fast as decent when left out, since somebody waits.
    pace: Option<AskedPace>,
}

/// A scan a person asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct JobView {
    /// Its name, unique since the start of the service.
    id: String,
    /// `quick` or `full`.
    kind: &'static str,
    /// `running`, `done` or `stopped`.
    state: &'static str,
    /// Numbers of the sweeps it came to, one a segment.
    scans: Vec<u32>,
}

/// The answer to a scan that was started.
#[derive(Serialize, JsonSchema)]
struct Started {
    job: JobView,
}

/// What runs, and the last scan a person asked for.
#[derive(Serialize, JsonSchema)]
struct Running {
    #[serde(flatten)]
    state: ScanState,
    /// The last scan a person asked for; `null` when nobody did since the start.
    job: Option<JobView>,
}

/// Whether something was stopped.
#[derive(Serialize, JsonSchema)]
struct Stopped {
    stopped: bool,
}

/// The scan a person asked for last.
#[derive(Clone, Debug)]
pub(super) struct Job {
    number: u32,
    depth: Depth,
    began: Instant,
    state: JobState,
    scans: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JobState {
    Running,
    Done,
    Stopped,
}

impl Job {
    fn view(&self) -> JobView {
        JobView {
            id: format!("scan-{}", self.number),
            kind: if self.depth == Depth::Full { "full" } else { "quick" },
            state: match self.state {
                JobState::Running => "running",
                JobState::Done => "done",
                JobState::Stopped => "stopped",
            },
            scans: self.scans.clone(),
        }
    }
}

impl State {
    fn with_job<T>(&self, change: impl FnOnce(&mut Option<Job>) -> T) -> T {
        change(&mut self.job.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How long the scan of a person's has been running.
    pub(super) fn running_for(&self) -> Option<Duration> {
        self.with_job(|job| job.as_ref().filter(|job| job.state == JobState::Running).map(|job| job.began.elapsed()))
    }

    /// Notes a sweep that is over; `goes_on` while another segment of the same scan is being swept.
    pub(super) fn note_scan(&self, scan: &Scan, goes_on: bool) {
        self.with_job(|job| {
            let Some(job) = job.as_mut().filter(|job| job.state == JobState::Running) else { return };
            if scan.purpose == "asked" {
                job.scans.push(scan.number);
                if !goes_on {
                    job.state = JobState::Done;
                }
            }
        });
    }

    fn begin_job(&self, depth: Depth) -> JobView {
        self.with_job(|job| {
            let number = job.as_ref().map_or(1, |job| job.number + 1);
            let fresh = Job { number, depth, began: Instant::now(), state: JobState::Running, scans: Vec::new() };
            job.insert(fresh).view()
        })
    }

    fn stop_job(&self) {
        self.with_job(|job| {
            if let Some(job) = job.as_mut().filter(|job| job.state == JobState::Running) {
                job.state = JobState::Stopped;
            }
        });
    }
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::post("/api/network/v2/scan", Access::Operator, "Start a scan; one at a time")
            .reads::<ScanRequest>()
            .answers::<Started>(202)
            .audits(Act::ScanStarted)
            .run_with(desk, start),
        Route::get("/api/network/v2/scan", Access::Viewer, "What is being swept, how far it is, and how long it takes")
            .answers::<Running>(200)
            .run_with(desk, tell),
        Route::delete("/api/network/v2/scan", Access::Operator, "Stop what is being swept")
            .audits(Act::ScanStopped)
            .run_with(desk, abort),
        Route::post("/api/network/v2/scan/stop", Access::Operator, "Stop what is being swept")
            .takes(BodyRule::Json)
            .answers::<Stopped>(200)
            .audits(Act::ScanStopped)
            .run_with(desk, stop),
        Route::get("/api/network/v2/scans", Access::Viewer, "The last sweeps, newest first")
            .lists()
            .answers::<Page<ScanView>>(200)
            .run_with(desk, list),
        Route::get(
            "/api/network/v2/scans/{number}",
            Access::Viewer,
            "What a whole sweep found; five are kept, and over a restart the last three that a person asked for",
        )
        .answers::<SnapshotView>(200)
        .run_with(desk, show),
    ]
}

impl ScanRequest {
    /// Checks the request against the settings.
    ///
    /// # Errors
    /// `invalid` with a pointer to each value that does not do.
    fn check(&self, settings: &NetworkSettings) -> Result<Request, Problem> {
        let mut problem = Problem::from(&faults::INVALID);
        let mut targets = Vec::new();
        let limit = |limit: usize| vec![("limit", limit.to_string())];
        if self.targets.len() > MAX_BLOCKS {
            problem = problem.at_with("/targets", &fault::TOO_MANY_ENTRIES, limit(MAX_BLOCKS));
        }
        for (index, text) in self.targets.iter().take(MAX_BLOCKS).enumerate() {
            match target::read_block(text, Reach::of(settings)) {
                Ok(block) => targets.push(block),
                Err(why) => problem = why.add_to(problem, format!("/targets/{index}"), text),
            }
        }
        let mut ports = Vec::new();
        if self.ports.len() > MAX_PORTS {
            problem = problem.at_with("/ports", &fault::TOO_MANY_ENTRIES, limit(MAX_PORTS));
        }
        for (index, port) in self.ports.iter().take(MAX_PORTS).enumerate() {
            match u16::try_from(*port).ok().filter(|port| *port != 0) {
                None => problem = problem.at(format!("/ports/{index}"), &fault::BAD_PORT),
                Some(port) if is_printing_port(port) => {
                    let values = vec![("port", port.to_string())];
                    problem = problem.at_with(format!("/ports/{index}"), &fault::PRINTER_PORT, values);
                }
                Some(port) => ports.push(port),
            }
        }
        if problem.has_fields() {
            return Err(problem);
        }
        let pace = self.pace.map(|pace| match pace {
            AskedPace::Gentle => Pace::Gentle,
            AskedPace::Background => Pace::Background,
            AskedPace::Fast => Pace::Fast,
        });
        Ok(Request { full: self.kind == Depth::Full || !ports.is_empty(), targets, ports, pace })
    }
}

async fn start(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: ScanRequest = if call.body.is_empty() { ScanRequest::default() } else { call.json()? };
    let settings = desk.settings.lock().await.clone();
    let request = asked.check(&settings)?;
    let (state, depth) = (desk.state.clone(), asked.kind);
    let started = desk.visit(move |hands, _| {
        let targets = request.targets.clone();
        hands.sweep(&request).map(|()| state.begin_job(depth)).map_err(|why| not_started(&why, &targets))
    });
    let job = started.await??;
    let reply = Reply::json(&Started { job })?.status(StatusCode::ACCEPTED);
    Ok(reply.header(LOCATION, &format!("{BASE}/scan")))
}

fn not_started(why: &NotStarted, targets: &[Block]) -> Problem {
    match why {
        NotStarted::Running => Problem::from(&fault::SCAN_RUNNING),
        NotStarted::NoLeg => Problem::from(&fault::NO_LEG),
        NotStarted::Remote(block) => refused(block, &fault::REMOTE, targets),
        NotStarted::RemotePublic(block) => refused(block, &fault::REMOTE_PUBLIC, targets),
        NotStarted::RemoteLarge(block) => refused(block, &fault::REMOTE_LARGE, targets),
        NotStarted::Excluded(block) => refused(block, &fault::EXCLUDED_TARGET, targets),
        NotStarted::Targets(TargetsError::TooLarge) => {
            fault::invalid("/targets", &fault::TARGETS_TOO_LARGE, Vec::new())
        }
        NotStarted::Targets(TargetsError::TooMany) => {
            fault::invalid("/targets", &fault::TOO_MANY_ENTRIES, vec![("limit", MAX_BLOCKS.to_string())])
        }
    }
}

fn refused(block: &Block, why: &'static Fault, targets: &[Block]) -> Problem {
    let index = targets.iter().position(|target| target == block).unwrap_or_default();
    fault::invalid(&format!("/targets/{index}"), why, vec![("target", block.to_string())])
}

async fn tell(desk: Arc<Desk>, _call: Call) -> Outcome {
    let state = desk.state.clone();
    let running = desk.visit(move |hands, lens| Running {
        state: ScanState::render(hands, lens, state.running_for()),
        job: state.with_job(|job| job.as_ref().map(Job::view)),
    });
    Reply::json(&running.await?)
}

async fn end(desk: &Desk) -> Result<bool, Problem> {
    let state = desk.state.clone();
    desk.visit(move |hands, _| {
        let ran = hands.sweeps().is_running();
        hands.stop_sweeps();
        state.stop_job();
        ran
    })
    .await
}

async fn abort(desk: Arc<Desk>, _call: Call) -> Outcome {
    let stopped = end(&desk).await?;
    Ok(if stopped { Reply::empty() } else { Reply::empty().unrecorded() })
}

async fn stop(desk: Arc<Desk>, _call: Call) -> Outcome {
    let stopped = end(&desk).await?;
    let reply = Reply::json(&Stopped { stopped })?;
    Ok(if stopped { reply } else { reply.unrecorded() })
}

fn is_kept(hands: &Hands<'_>, number: u32) -> bool {
    hands.snapshots().iter().any(|snapshot| snapshot.number == number)
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    // Newest first: the key counts down.
    let window = Window::<std::cmp::Reverse<u32>>::of(&call)?;
    let page = desk.visit(move |hands, lens| {
        let newest_first = hands.scans().iter().rev();
        let page = window.cut(newest_first, |scan| std::cmp::Reverse(scan.number));
        let items = page.items.iter().map(|scan| ScanView::render(lens, scan, is_kept(hands, scan.number))).collect();
        Page { items, count: page.count, next: page.next }
    });
    Reply::json(&page.await?)
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let number: u32 = call.parameter("number").parse().map_err(|_| Problem::from(&fault::NO_SCAN))?;
    let snapshot = desk.visit(move |hands, lens| {
        let scan = hands.scans().iter().find(|scan| scan.number == number);
        let Some(snapshot) = hands.snapshots().iter().find(|snapshot| snapshot.number == number) else {
            let why = if scan.is_some() { &fault::NO_SNAPSHOT } else { &fault::NO_SCAN };
            return Err(Problem::from(why).with("limit", MAX_SNAPSHOTS));
        };
        let scan = scan.map(|scan| ScanView::render(lens, scan, true));
        let device = |id| hands.lan().device(id).map(|device| DeviceView::render(lens, device));
        Ok(SnapshotView::render(lens, snapshot, scan, device))
    });
    Reply::json(&snapshot.await??)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(text: &str) -> Vec<String> {
        let asked: ScanRequest = serde_json::from_str(text).unwrap();
        match asked.check(&NetworkSettings::default()) {
            Ok(_) => Vec::new(),
            Err(problem) => {
                let details = problem.field_details(crate::http::language::Language::En);
                details.into_iter().map(|(pointer, _)| pointer.to_owned()).collect()
            }
        }
    }

    #[test]
    fn every_value_that_does_not_do_is_pointed_at() {
        assert_eq!(faults_of(r#"{"targets":["192.168.1.0/24","10.0.0.1"],"ports":[22]}"#), Vec::<String>::new());
        assert_eq!(
            faults_of(r#"{"targets":["10.0.0.0/8","192.168.1.5/24","x","8.8.8.8","fd00::/64","127.0.0.1"]}"#),
            ["/targets/0", "/targets/1", "/targets/2", "/targets/3", "/targets/4", "/targets/5"]
        );
        assert_eq!(faults_of(r#"{"ports":[0,9100,70000,80,515]}"#), ["/ports/0", "/ports/1", "/ports/2", "/ports/4"]);
        let many = format!(r#"{{"targets":[{}]}}"#, vec!["\"10.0.0.1\""; 17].join(","));
        assert_eq!(faults_of(&many), ["/targets"]);
    }

    #[test]
    fn ports_make_a_scan_full() {
        let asked: ScanRequest = serde_json::from_str(r#"{"ports":[22]}"#).unwrap();
        assert!(asked.check(&NetworkSettings::default()).unwrap().full);
        assert!(!ScanRequest::default().check(&NetworkSettings::default()).unwrap().full);
    }
}
