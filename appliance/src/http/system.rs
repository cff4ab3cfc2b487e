//! Holds the routes that say how the appliance itself is: alive, ready, numbers, versions, logs.
//! It never tells a stranger a version or a name: `/healthz` and `/readyz` say only what a watchdog needs.
//! The route table holds them.

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;

use super::call::Call;
use super::context::{Check, Platform};
use super::logs::Line;
use super::metrics::Metrics;
use super::problem::{Problem, faults};
use super::reply::Reply;
use super::route::{Holds, Outcome, Route};
use super::supervision::Supervision;
use super::tls::fingerprint;

/// Log lines in one answer.
const MAX_LINES: usize = 1_000;

#[derive(Serialize, JsonSchema)]
struct Alive {
    status: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Ready {
    /// Whether the appliance can serve.
    ready: bool,
    /// Names of the needed parts that are not as they should be.
    reasons: Vec<&'static str>,
    /// Every part.
    checks: Vec<Check>,
}

#[derive(Serialize, JsonSchema)]
struct System {
    /// Version of the service.
    version: &'static str,
    /// Seconds since start.
    uptime_s: u64,
    /// The appliance's wall clock, RFC 3339 in UTC; `null` while nobody has set it.
    time: Option<String>,
    /// Memory of the process that is in RAM.
    resident_bytes: Option<u64>,
    /// Bytes written to the data partition since start.
    written_bytes: Option<u64>,
    /// Bytes the card was made to write on the site's present day, in whole pages; `null` while the clock is not set.
    card_bytes_today: Option<u64>,
    /// SHA-256 of the certificate clients are shown, as browsers write it; `null` without TLS.
    certificate_sha256: Option<String>,
    /// SHA-256 of the device's own certificate authority; `null` without TLS.
    authority_sha256: Option<String>,
    /// Open connections of strangers.
    strangers: usize,
    /// Open connections of those who have logged in.
    guests: usize,
    /// Open event streams.
    listeners: usize,
    /// Live and recent sessions.
    sessions: usize,
    /// Number of the latest event.
    last_event: u64,
    /// How the service is fenced in and watched over; `null` where nothing is known of it.
    supervision: Option<Supervision>,
}

#[derive(Serialize, JsonSchema)]
struct Lines {
    /// Oldest first.
    items: Vec<Line>,
    /// Lines in this answer.
    count: usize,
    /// `since` of the next question; `null` when these were all.
    next: Option<u64>,
    /// Lines pushed out of the ring since start.
    dropped: u64,
}

/// The routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", Access::Public, "Whether the service is alive")
            .answers::<Alive>(200)
            .run(async |_| Reply::json(&Alive { status: "ok" })),
        Route::get("/readyz", Access::Public, "Whether the service can serve; 503 and the reasons if not")
            .answers::<Ready>(200)
            .run(tell_ready),
        Route::get("/metrics", Access::Viewer, "Numbers for Prometheus; also with the token http.metrics_token")
            .speaks(200, "text/plain")
            .run(async |call: Call| {
                let text = call.platform.metrics.render();
                Ok(Reply::bytes_of("text/plain; version=0.0.4; charset=utf-8", text))
            }),
        Route::get("/api/system", Access::Viewer, "Version, uptime, memory, bytes written, connections")
            .answers::<System>(200)
            .run(tell_system),
        Route::get("/api/system/logs", Access::Admin, "The latest log lines")
            .query_of("since", Holds::Number(0, u64::MAX), "Only lines after this number.")
            .query_of(
                "level",
                Holds::Word(&["error", "warn", "info", "debug", "trace"]),
                "The least grave level wanted.",
            )
            .query_of("limit", Holds::Number(1, MAX_LINES as u64), "Lines in the answer, 1 to 1000.")
            .answers::<Lines>(200)
            .run(tell_logs),
    ]
}

async fn tell_ready(call: Call) -> Outcome {
    let mut checks = call.platform.checks();
    let reasons: Vec<_> = checks.iter().filter(|check| check.needed && !check.ok).map(|check| check.name).collect();
    if call.who.is_none() {
        // Words may name interfaces and paths; a stranger gets names and verdicts.
        for check in &mut checks {
            check.detail.clear();
        }
    }
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(Reply::json(&Ready { ready, reasons, checks })?.status(status))
}

async fn tell_system(call: Call) -> Outcome {
    let platform = &call.platform;
    let (facts, (strangers, guests)) = (platform.facts(), platform.budget.taken());
    let shown = platform.tls.as_ref().map(|tls| tls.shown());
    Reply::json(&System {
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: platform.clock.now().saturating_sub(platform.started).as_secs(),
        time: platform.clock.wall().map(format_utc),
        resident_bytes: facts.resident_bytes,
        written_bytes: facts.written_bytes,
        card_bytes_today: facts.card_bytes_today,
        certificate_sha256: shown.as_ref().map(|shown| fingerprint(&shown.current().facts.sha256)),
        authority_sha256: shown.as_ref().map(|shown| shown.authority_sha256()),
        strangers,
        guests,
        listeners: platform.events.listener_count(),
        sessions: platform.accounts.session_count(),
        last_event: platform.events.last(),
        supervision: platform.supervision.get().map(|sources| (sources.supervision)()),
    })
}

async fn tell_logs(call: Call) -> Outcome {
    let since = call.query_as("since")?.unwrap_or(0);
    let limit = call.query_as("limit")?.unwrap_or(MAX_LINES);
    if !(1..=MAX_LINES).contains(&limit) {
        return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "limit"));
    }
    let level = call.query_as("level")?.unwrap_or(tracing::Level::TRACE);
    let (items, dropped) = call.platform.logs.since(since, limit, level);
    let next = items.last().filter(|_| items.len() == limit).map(|line| line.seq);
    Reply::json(&Lines { count: items.len(), items, next, dropped })
}

/// Writes the platform's own numbers before each scrape.
pub fn collect(platform: &std::sync::Arc<Platform>) {
    let weak = std::sync::Arc::downgrade(platform);
    platform.metrics.collect(move |metrics: &Metrics| {
        let Some(platform) = weak.upgrade() else { return };
        let (facts, (strangers, guests)) = (platform.facts(), platform.budget.taken());
        metrics.gauge("build_info", "Version of the service.", "version", env!("CARGO_PKG_VERSION"), 1.0);
        metrics.gauge(
            "uptime_seconds",
            "Time since start.",
            "",
            "",
            platform.clock.now().saturating_sub(platform.started).as_secs_f64(),
        );
        if let Some(bytes) = facts.resident_bytes {
            metrics.gauge("process_resident_memory_bytes", "Memory in RAM.", "", "", bytes as f64);
        }
        if let Some(bytes) = facts.written_bytes {
            metrics.count_to("flash_written_bytes_total", "Bytes written to the data partition.", "", "", bytes);
        }
        let help = "Open connections.";
        metrics.gauge("http_connections", help, "kind", "stranger", strangers as f64);
        metrics.gauge("http_connections", help, "kind", "guest", guests as f64);
        let displaced = platform.budget.displaced();
        metrics.count_to("http_displaced_total", "Silent strangers cut for newcomers.", "", "", displaced);
        if let Some(tls) = &platform.tls {
            let (help, until) = ("Last second of the certificate, from 1970.", tls.shown().current().facts.until);
            metrics.gauge("tls_certificate_ends_unix_seconds", help, "", "", until as f64);
        }
        metrics.gauge("events_listeners", "Open event streams.", "", "", platform.events.listener_count() as f64);
        metrics.gauge("sessions", "Live and recent sessions.", "", "", platform.accounts.session_count() as f64);
        for (level, lines) in platform.logs.pace.left_out() {
            let help = "Log lines left out because one place wrote too many.";
            metrics.count_to("log_dropped_total", help, "level", &level.to_lowercase(), lines);
        }
        let pushed_out = platform.logs.pushed_out();
        metrics.count_to("log_pushed_out_total", "Log lines that gave way to newer ones.", "", "", pushed_out);
    });
}
