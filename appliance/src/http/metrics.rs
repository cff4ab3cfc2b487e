//! Holds the numbers given to Prometheus: counters and gauges with few, known labels.
//! It never grows with what the network sends: a family has at most 64 series, the rest is counted as `other`.
//! Every part counts in it, `/metrics` renders it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Series of one family.
pub const MAX_SERIES: usize = 64;

/// Families; the product has about 60.
const MAX_FAMILIES: usize = 128;

/// What a family means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// How often something was at most so large (Prometheus' histogram).
struct Histogram {
    help: &'static str,
    bounds: &'static [f64],
    /// Values up to each bound and above the one before; one more for what is above the last.
    counts: Vec<u64>,
    sum: f64,
}

struct Family {
    kind: MetricKind,
    help: &'static str,
    label: &'static str,
    series: BTreeMap<String, f64>,
}

/// Writes numbers that are cheaper to read at scrape time than to keep up.
pub type Collector = Box<dyn Fn(&Metrics) + Send + Sync>;

/// Every number of the appliance. All names get the prefix `vigie_` except those of the `process_` family.
#[derive(Default)]
pub struct Metrics {
    families: Mutex<BTreeMap<&'static str, Family>>,
    histograms: Mutex<BTreeMap<&'static str, Histogram>>,
    collectors: Mutex<Vec<Collector>>,
}

impl Metrics {
    /// Adds to a counter. `label` is the label's name, `""` for none; `value` its value.
    pub fn count(&self, name: &'static str, help: &'static str, label: &'static str, value: &str, by: u64) {
        let family = (name, MetricKind::Counter, help, label);
        self.change(family, value, |number| *number += by as f64);
    }

    /// Sets a counter that is kept somewhere else.
    pub fn count_to(&self, name: &'static str, help: &'static str, label: &'static str, value: &str, total: u64) {
        let family = (name, MetricKind::Counter, help, label);
        self.change(family, value, |number| *number = total as f64);
    }

    /// Sets a gauge.
    pub fn gauge(&self, name: &'static str, help: &'static str, label: &'static str, value: &str, now: f64) {
        self.change((name, MetricKind::Gauge, help, label), value, |number| *number = now);
    }

    /// Counts one value of something that takes time or room. `bounds` go up, and never change for a name.
    pub fn observe(&self, name: &'static str, help: &'static str, bounds: &'static [f64], value: f64) {
        let mut histograms = self.histograms.lock().unwrap_or_else(PoisonError::into_inner);
        if histograms.len() >= MAX_FAMILIES && !histograms.contains_key(name) {
            return;
        }
        let fresh = || Histogram { help, bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 };
        let histogram = histograms.entry(name).or_insert_with(fresh);
        let place = histogram.bounds.iter().position(|bound| value <= *bound).unwrap_or(histogram.bounds.len());
        if let Some(count) = histogram.counts.get_mut(place) {
            *count += 1;
        }
        histogram.sum += value;
    }

    /// Runs this before every rendering.
    pub fn collect(&self, collector: impl Fn(&Self) + Send + Sync + 'static) {
        self.collectors.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(collector));
    }

    /// The present value of a series, for tests and the System tab.
    #[must_use]
    pub fn value(&self, name: &str, value: &str) -> Option<f64> {
        self.families().get(name)?.series.get(value).copied()
    }

    /// The sum of all series of a family; 0 when there is none.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        self.families().get(name).map_or(0.0, |family| family.series.values().sum())
    }

    /// The text of the Prometheus exposition format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        for collector in self.collectors.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            collector(self);
        }
        let mut text = String::with_capacity(4 * 1024);
        for (name, family) in self.families().iter() {
            let prefix = if name.starts_with("process_") { "" } else { "vigie_" };
            let kind = if family.kind == MetricKind::Counter { "counter" } else { "gauge" };
            let _ = writeln!(text, "# HELP {prefix}{name} {}\n# TYPE {prefix}{name} {kind}", family.help);
            for (value, number) in &family.series {
                let _ = if family.label.is_empty() {
                    writeln!(text, "{prefix}{name} {number}")
                } else {
                    writeln!(text, "{prefix}{name}{{{}=\"{}\"}} {number}", family.label, escape(value))
                };
            }
        }
        self.render_histograms(&mut text);
        text
    }

    fn render_histograms(&self, text: &mut String) {
        for (name, histogram) in self.histograms.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "# HELP vigie_{name} {}\n# TYPE vigie_{name} histogram", histogram.help);
            let mut so_far = 0;
            for (count, bound) in histogram.counts.iter().zip(histogram.bounds) {
                so_far += count;
                let _ = writeln!(text, "vigie_{name}_bucket{{le=\"{bound}\"}} {so_far}");
            }
            let all: u64 = histogram.counts.iter().sum();
            let _ = writeln!(text, "vigie_{name}_bucket{{le=\"+Inf\"}} {all}");
            let _ = writeln!(text, "vigie_{name}_sum {}\nvigie_{name}_count {all}", histogram.sum);
        }
    }

    fn change(
        &self,
        (name, kind, help, label): (&'static str, MetricKind, &'static str, &'static str),
        value: &str,
        change: impl FnOnce(&mut f64),
    ) {
        let mut families = self.families();
        if families.len() >= MAX_FAMILIES && !families.contains_key(name) {
            return;
        }
        let family = families.entry(name).or_insert_with(|| Family { kind, help, label, series: BTreeMap::new() });
        let known = family.series.contains_key(value);
        let value = if known || family.series.len() < MAX_SERIES - 1 { value } else { "other" };
        change(family.series.entry(value.to_owned()).or_default());
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.count("http_rejected_total", "Turned away.", "why", "host", 2);
        metrics.count("http_rejected_total", "Turned away.", "why", "a\"b\\c\nd", 1);
        metrics.collect(|metrics| metrics.gauge("uptime_seconds", "Time since start.", "", "", 1.5));
        let expected = "# HELP vigie_http_rejected_total Turned away.\n\
                        # TYPE vigie_http_rejected_total counter\n\
                        vigie_http_rejected_total{why=\"a\\\"b\\\\c\\nd\"} 1\n\
                        vigie_http_rejected_total{why=\"host\"} 2\n\
                        # HELP vigie_uptime_seconds Time since start.\n\
                        # TYPE vigie_uptime_seconds gauge\n\
                        vigie_uptime_seconds 1.5\n";
        assert_eq!(metrics.render(), expected);
    }

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let metrics = Metrics::default();
        for value in [0.5, 1.0, 7.0, 100.0] {
            metrics.observe("x_seconds", "X.", &[1.0, 10.0], value);
        }
        let expected = "# HELP vigie_x_seconds X.\n\
                        # TYPE vigie_x_seconds histogram\n\
                        vigie_x_seconds_bucket{le=\"1\"} 2\n\
                        vigie_x_seconds_bucket{le=\"10\"} 3\n\
                        vigie_x_seconds_bucket{le=\"+Inf\"} 4\n\
                        vigie_x_seconds_sum 108.5\n\
                        vigie_x_seconds_count 4\n";
        assert_eq!(metrics.render(), expected);
    }

    #[test]
    fn a_family_does_not_grow_with_what_comes() {
        let metrics = Metrics::default();
        for n in 0..1_000 {
            metrics.count("x_total", "X.", "n", &n.to_string(), 1);
        }
        let series = metrics.families().get("x_total").map_or(0, |family| family.series.len());
        assert_eq!(series, MAX_SERIES);
        assert_eq!(metrics.value("x_total", "other"), Some(1_000.0 - (MAX_SERIES - 1) as f64));
    }
}
