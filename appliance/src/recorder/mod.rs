//! Holds the flight recorder: the last events before a power cut, in a small ring on the data partition.
//! It never writes while nothing happens, never names anybody, and never stands in anybody's way: a card that fails
//! costs its lines and nothing else. `run` starts it, whoever has something to tell says so, `vigie recorder` reads it.
//!
//! | file | duty |
//! | --- | --- |
//! | `say`, `watch` | what is told, and what is looked at to tell it |
//! | `writer` | when it is worth a page |
//! | `ring`, `page` | where it lies, and why a cut does not harm it |
//! | `symbols`, `decode`, `read` | how it becomes text again |
//!
//! Lines are those of `defmt`: an index of two bytes for the words, then the values. On microcontrollers the indices
//! come from a linker script; here they are the lower half of the address of a section that `defmt` names after the
//! words. Section names survive stripping, so the program itself is the key, and the running program writes it beside
//! the ring once a version: a ring is read long after its program is gone.

mod decode;
mod page;
mod read;
mod ring;
pub(crate) mod say;
mod symbols;
mod watch;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) use read::{Position, Record, Told, read};
pub use say::Before;
pub(crate) use watch::{also_record, watch};

use crate::http::metrics::Metrics;

/// Writes what was said so far, without waiting for more.
pub(crate) fn write_now() {
    writer::hurry(writer::Haste::Now);
}

/// A recorder that runs.
pub(crate) struct Recorder {
    counts: Arc<writer::Counts>,
    /// How the run before ended; nothing when nobody can know.
    pub(crate) before: Option<Before>,
}

impl Recorder {
    /// Starts to record into a data folder. Without a place to write it the service goes on, and says so.
    pub(crate) fn start(data: &Path, boot: u32) -> Arc<Self> {
        let counts = Arc::new(writer::Counts::default());
        let before = match writer::start(data, boot, &counts) {
            Ok(before) => Some(before),
            Err(error) => {
                tracing::warn!("there is no flight recorder in this run: {error}");
                None
            }
        };
        std::panic::set_hook(Box::new(|panic| {
            tracing::error!("{panic}");
            if let Some(place) = panic.location() {
                say::panicked(place.file(), place.line());
            }
            writer::last_words();
        }));
        Arc::new(Self { counts, before })
    }

    /// Bytes written since the start, for the sum of all that is written to the card.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    /// Adds the recorder's numbers.
    pub(crate) fn count(self: &Arc<Self>, metrics: &Metrics) {
        let recorder = self.clone();
        metrics.collect(move |metrics| {
            let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
            let counts = &recorder.counts;
            let help = "Pages the flight recorder wrote.";
            metrics.count_to("recorder_pages_total", help, "", "", count(&counts.pages));
            let help = "Lines the flight recorder could not keep.";
            metrics.count_to("recorder_lost_total", help, "", "", count(&counts.lost));
            let help = "Times the flight recorder could not write.";
            metrics.count_to("recorder_failures_total", help, "", "", count(&counts.failures));
            let reason = recorder.before.map_or("unknown", Before::word);
            let help = "How the run before this one ended: first, stopped, died, power or unknown.";
            metrics.gauge("boot_reason_info", help, "reason", reason, 1.0);
        });
    }

    /// Writes the last page of a run that ends in good order.
    pub(crate) fn close(&self) {
        say::stopping();
        writer::close();
    }
}
