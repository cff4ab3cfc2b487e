//! Holds the promise that a good client is answered while thousands of others mean no good.
//! Never asserts a stopwatch: `bench/flood` records times. Needs root and VIGIE_BIN.

use std::sync::atomic::Ordering;
use std::time::Duration;

use vigie_tests::flood::{Flood, Plan, ask_once};
use vigie_tests::patience::{check, eventually};

use crate::wire::{TARGET, with_service};

/// What the promise allows.
const MAX_GROWTH_BYTES: u64 = 6 * 1024 * 1024;

fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.contains(name) && !line.starts_with('#'));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

#[test]
#[ignore = "needs root"]
fn a_good_client_is_answered_each_time_while_thousands_mean_no_good() {
    for sources in [4, 200] {
        with_service(|lab, _, appliance| {
            let before = appliance.resident_bytes();
            let plan = Plan { target: TARGET, drips: 2_000, stalls: 500, silent: 500, sources };
            let flood = lab.inside(|| Flood::start(&plan));
            eventually("the flood is there", Duration::from_secs(30), || {
                let opened = flood.tally.opened.load(Ordering::Relaxed);
                check(opened >= 3_000, opened)
            });
            let bad: Vec<String> = lab.inside(|| {
                let ask = |_| match ask_once(TARGET, "/login") {
                    Ok(200) => None,
                    other => Some(format!("{other:?}")),
                };
                (0..300).filter_map(ask).collect()
            });
            assert!(bad.is_empty(), "from {sources} addresses, {} of 300 were not answered: {bad:?}", bad.len());
            let grown = appliance.resident_bytes().saturating_sub(before);
            assert!(grown < MAX_GROWTH_BYTES, "from {sources} addresses it grew by {grown} bytes");
            // Who is logged in is not touched by any of it, and reads what happened to the others.
            let text = appliance.api.text("/metrics");
            let rejected = metric(&text, "http_rejected_total{why=\"address_full\"}");
            let displaced = metric(&text, "http_displaced_total");
            assert!(rejected + displaced > 100.0, "{text}");
            assert!(sources > 4 || rejected > 100.0, "4 addresses have 48 seats and want 3,000: {text}");
            assert!(metric(&text, "http_connections{kind=\"stranger\"}") <= 96.0, "{text}");
            flood.stop();
            eventually("the hostile ones are gone", Duration::from_secs(30), || {
                let left = metric(&appliance.api.text("/metrics"), "http_connections{kind=\"stranger\"}");
                check(left <= 1.0, left)
            });
        });
    }
}
