//! Holds the table and the JSON of a flood.
//! Never judges: what the product promises is in PROMISES.md.
//! The benchmark prints them.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::flood::Service;

use crate::Trial;

/// The table, in Markdown.
pub(crate) fn write_table(trials: &[Trial]) -> String {
    let mut text = String::from(
        "| server | from | before p50 / p99 / max ms | during p50 / p99 / max ms | good asks unanswered | after p50 / p99 / max ms | \
         RSS MB before / peak / after | hostile connections, refused, cut, failed | most open |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for trial in trials {
        let Trial { server, sources, before, during, after, resident, flood } = trial;
        let asked = during.took.len() + during.bad.len();
        let [opened, refused, cut, failed, most_open] = flood;
        let _ = writeln!(
            text,
            "| `{server}` | {sources} | {} | {} | {} of {asked} | {} | {:.1} / {:.1} / {:.1} | {opened}, {refused}, {cut}, {failed} | {most_open} |",
            write_times(before),
            write_times(during),
            during.bad.len(),
            write_times(after),
            megabytes(resident.before),
            megabytes(resident.peak),
            megabytes(resident.after),
        );
    }
    text
}

/// Everything, for programs.
pub(crate) fn write_json(trials: &[Trial]) -> String {
    let met = |service: &Service| {
        let bad: Vec<&String> = service.bad.iter().take(20).collect();
        json!({
            "asked": service.took.len() + service.bad.len(), "unanswered": service.bad.len(), "first_words": bad,
            "p50_ms": milliseconds(service.within(0.5)), "p99_ms": milliseconds(service.within(0.99)),
            "max_ms": milliseconds(service.within(1.0)),
        })
    };
    let rows: Vec<Value> = trials
        .iter()
        .map(|trial| {
            let [opened, refused, cut, failed, most_open] = trial.flood;
            json!({
                "server": trial.server, "sources": trial.sources,
                "before": met(&trial.before), "during": met(&trial.during), "after": met(&trial.after),
                "resident_bytes": { "before": trial.resident.before, "peak": trial.resident.peak, "after": trial.resident.after },
                "hostile": { "opened": opened, "refused": refused, "cut": cut, "failed": failed, "most_open": most_open },
            })
        })
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default()
}

fn write_times(service: &Service) -> String {
    if service.took.is_empty() {
        return "none".to_owned();
    }
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| milliseconds(service.within(share)));
    format!("{p50:.1} / {p99:.1} / {max:.1}")
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
