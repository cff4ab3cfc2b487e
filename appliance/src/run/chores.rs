//! Holds the jobs there are today: the sweep, the checkpoint, the summary of the day.
//! Never runs them: the table of jobs does. Called at start.

use std::sync::Arc;
use std::time::Duration;

use crate::http::context::Platform;
use crate::http::metrics::Metrics;
use crate::jobs::calendar::Daily;
use crate::jobs::{Jobs, Rhythm, Worker};
use crate::recorder;
use crate::shell::keeper::Keeper;
use crate::shell::network::{Listener, Network, News, Request};

/// When a site sleeps.
const NIGHT: Daily = Daily { hour: 3, minute: 0 };
/// What asks to be saved is gathered for this long, twice the time tidings are gathered.
const GATHER: Duration = Duration::from_millis(300);
/// Bounds of the histogram of sweeps: a quick one of a home, up to the long list of ports of a /22.
static SWEEP_SECONDS: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];
/// Name of the job that sweeps.
const SCAN: &str = "scan";

/// An empty table in the site's zone.
pub(super) fn table(platform: &Platform) -> (Arc<Jobs>, Worker) {
    Jobs::new(platform.clock.clone(), platform.zone.clone())
}

/// Has the table note every sweep that ends, whoever began it.
pub(super) fn also_note(jobs: &Arc<Jobs>, metrics: &Arc<Metrics>, mut tell: Listener) -> Listener {
    let (jobs, metrics) = (jobs.clone(), metrics.clone());
    Box::new(move |hands, news| {
        if let News::Swept(scan) = news {
            let report = &scan.report;
            let seconds = report.took.as_millis() as f64 / 1_000.0;
            metrics.observe("scan_duration_seconds", "How long sweeps took.", &SWEEP_SECONDS, seconds);
            let words = format!("{} hosts of {} addresses, {}", report.hosts, report.addresses, scan.purpose);
            let ended = if report.whole { Ok(words) } else { Err(format!("cut short: {words}")) };
            jobs.note(SCAN, Duration::from_millis(report.took.as_millis()), ended);
        }
        tell(hands, news);
    })
}

/// Fills the table and starts to work. On the local task set of the caller.
pub(super) fn start(mut worker: Worker, platform: &Arc<Platform>, network: &Network, keeper: &Keeper) {
    let hand = network.clone();
    worker.add((SCAN, "Looks who is on the network."), Rhythm::Own, true, move || {
        let hand = hand.clone();
        async move {
            let asked = hand.call(|hands| hands.sweep(&Request::default())).await;
            match asked {
                Ok(Ok(())) => Ok("begun; its end is the next run in this list".to_owned()),
                Ok(Err(why)) => Err(format!("not begun: {why:?}")),
                Err(why) => Err(format!("not begun: {why:?}")),
            }
        }
    });
    let (hand, kept) = (network.clone(), keeper.clone());
    let about = "Writes to the card what is kept in memory, so that the plug may be pulled.";
    worker.add(("checkpoint", about), Rhythm::Asked, true, move || {
        let (hand, kept) = (hand.clone(), kept.clone());
        async move {
            let before = kept.status().counters.bytes_written;
            hand.call(|hands| {
                hands.stopping();
            })
            .await
            .map_err(|why| format!("{why:?}"))?;
            tokio::time::sleep(GATHER).await;
            kept.flush().await.map_err(|why| why.to_string())?;
            recorder::write_now();
            Ok(format!("{} bytes written", kept.status().counters.bytes_written - before))
        }
    });
    let (platform, kept) = (platform.clone(), keeper.clone());
    let about = "Writes one line into the log: what the past day cost the card, the memory and the door.";
    worker.add(("summary", about), Rhythm::Daily(NIGHT), true, move || {
        let (facts, turned_away) = (platform.facts(), platform.metrics.sum("http_rejected_total"));
        let (written, resident) = (facts.written_bytes.unwrap_or(0), facts.resident_bytes.unwrap_or(0));
        let (up, records) = (platform.clock.now().saturating_sub(platform.started), kept.status().usage.events);
        async move {
            Ok(format!(
                "up {} h, {written} bytes written, {resident} bytes of memory, {records} events kept, {turned_away} requests turned away",
                up.as_secs() / 3_600
            ))
        }
    });
    tokio::task::spawn_local(worker.run());
}
