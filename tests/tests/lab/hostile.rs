//! Holds the promise of calm under fire: malformed, looping and flooding packets are counted and dropped, the watch goes on.
//! Never a crash, never a table or memory without bound. Needs the lab.

use std::time::Duration;

use vigie_tests::api::Api;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;
use vigie_tests::patience::{check, eventually};

use crate::hasty_home;

/// Two full /22 segments: the table of the product.
const MAX_DEVICES: usize = 2_048;
/// The whole service runs under a 64 MiB limit.
const MAX_RESIDENT_BYTES: u64 = 64 * 1024 * 1024;
/// The packets are sent in one go; the kernel and the service may take this long to get through them.
const SOON: Duration = Duration::from_secs(180);

/// Sends frames that lie, by every trick of length and loop; prints how many.
const MALFORMED: &str = include_str!("malformed.py");
/// Sends an ARP storm of this many invented machines, this often.
const STORM: &str = include_str!("storm.py");

fn metric(api: &Api<'_>, name: &str) -> f64 {
    let text = api.text("/metrics");
    let line = text.lines().find(|line| line.contains(name) && !line.starts_with('#'));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

#[test]
#[ignore = "needs the lab"]
fn packets_that_lie_are_counted_and_change_nothing() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let before = appliance.api.devices().len();
    let heard = metric(&appliance.api, "scan_frames_heard_total");
    let sent: f64 = lab.python("linux", MALFORMED, &[]).trim().parse().expect("a number");
    assert!(sent > 5_000.0);
    // What is of no protocol of ours the kernel's filter drops unseen.
    eventually("most of them are heard", SOON, || {
        let now = metric(&appliance.api, "scan_frames_heard_total") + metric(&appliance.api, "why=\"overrun\"");
        check(now - heard >= sent * 0.6, now - heard)
    });
    assert!(metric(&appliance.api, "why=\"malformed\"") > 1_000.0, "{}", appliance.api.text("/metrics"));
    appliance.assert_serves();
    assert!(appliance.resident_bytes() < MAX_RESIDENT_BYTES, "{} bytes", appliance.resident_bytes());
    assert_eq!(appliance.api.devices().len(), before, "nobody was invented");
    journal.expect_exactly(&[]);
    let panics: Vec<String> = home.log().lines().filter(|line| line.contains("panick")).map(str::to_owned).collect();
    assert!(panics.is_empty(), "{panics:?}");
    assert!(home.log().lines().count() < 200, "a line a packet would fill the log");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn an_arp_storm_of_ten_thousand_machines_is_survived() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let hosts = lab.hosts();
    let ids =
        |api: &Api<'_>| -> Vec<String> { hosts.iter().map(|host| api.device(&host.mac)["id"].to_string()).collect() };
    let known = ids(&appliance.api);
    // The second pass repeats the machines of the first, as a loop in a switched network would.
    lab.python("linux", STORM, &["10000", "2"]);
    appliance.assert_serves();
    appliance.api.sweep("quick");
    let devices = appliance.api.devices().len();
    assert!(devices <= MAX_DEVICES, "{devices} devices");
    assert!(appliance.resident_bytes() < MAX_RESIDENT_BYTES, "{} bytes", appliance.resident_bytes());
    assert_eq!(ids(&appliance.api), known, "who was known stays known");
    for host in &hosts {
        let device = appliance.api.device(&host.mac);
        assert_eq!(device["online"], true, "{}: {device}", host.name);
    }
    let blamed: Vec<_> = journal
        .all()
        .into_iter()
        .filter(|change| ["OFFLINE", "MERGED", "CONFLICT"].contains(&change.kind.as_str()))
        .collect();
    assert!(blamed.is_empty(), "{}", vigie_tests::journal::lines(&blamed));
    appliance.stop();
}
