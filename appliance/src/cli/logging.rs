//! Holds how log lines leave the program: to standard output for people, into the ring for the page.
//! It never writes a file.
//! `run` and `scan` install it once.

use std::sync::Arc;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogLevel;
use crate::http::logs::pace::PaceLayer;
use crate::http::logs::{LogRing, RingLayer};

/// Installs the log. A second call in one process changes nothing.
pub fn install(ring: &Arc<LogRing>, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // One filter for all: what is left out counts nowhere, and what one place writes too often reaches nobody.
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    let all = tracing_subscriber::registry().with(level).with(PaceLayer(ring.clone()));
    let _ = all.with(lines).with(RingLayer(ring.clone())).try_init();
}
