//! Holds the promise of presence: gone is told once and after asking, back is told once, and a deaf scanner blames itself.
//! Never takes one missed sweep for an absence. Needs the lab.

use std::time::Duration;

use serde_json::json;
use vigie_tests::api::Api;
use vigie_tests::appliance::Home;
use vigie_tests::journal::Journal;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

use crate::{HASTY, hasty_home};

/// Until a device is called gone: the patience of the tests, two confirmations, and a loaded machine.
const GONE_TIME: Duration = Duration::from_secs(300);
/// Until something that needs no patience is told.
const SOON: Duration = Duration::from_secs(180);
/// A machine that is woken is waited for a minute.
const WAKE_TIME: Duration = Duration::from_secs(90);
/// Sweeps of each sort on a network in which nothing happens.
const CALM_SWEEPS: usize = 20;

fn id(api: &Api<'_>, mac: &str) -> String {
    api.device(mac)["id"].as_str().expect("a device has an id").to_owned()
}

#[test]
#[ignore = "needs the lab"]
fn a_device_that_is_switched_off_is_told_once_with_evidence_and_so_is_its_return() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let nas = lab.host("nas");
    let device = id(&appliance.api, &nas.mac);
    lab.change(&["off", "nas"]);

    let gone = journal.sweep_until("OFFLINE", GONE_TIME);
    assert_eq!(gone.device, device);
    assert!(gone.evidence.contains("probes"), "what was tried is told: {}", gone.evidence);
    assert_eq!(appliance.api.device(&nas.mac)["presence"], "offline");
    journal.expect_exactly(&[("OFFLINE", &device)]);

    lab.change(&["on", "nas"]);
    let back = journal.sweep_until("ONLINE", SOON);
    assert_eq!(back.device, device);
    journal.expect_exactly(&[("OFFLINE", &device), ("ONLINE", &device)]);
    assert_eq!(appliance.api.device(&nas.mac)["presence"], "online");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn where_nothing_happens_nothing_is_told() {
    let lab = Lab::up("standard");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    for _ in 0..CALM_SWEEPS {
        appliance.api.sweep("quick");
        appliance.api.sweep("full");
    }
    journal.expect_exactly(&[]);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn when_half_the_network_vanishes_the_scanner_is_blamed_and_nobody_called_gone() {
    let lab = Lab::up("standard");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.change(&["half", "off", "70"]);
    journal.sweep_until("SCANNER_DEGRADED", SOON);
    eventually("readiness says so", SOON, || {
        let (ok, words) = appliance.api.readiness("scanner");
        check(!ok && words.contains("degraded"), words)
    });
    // A second look as deaf as the first changes nothing.
    appliance.api.sweep("quick");
    journal.expect_now(&[("SCANNER_DEGRADED", "")]);
    lab.change(&["half", "on"]);
    journal.sweep_until("SCANNER_RECOVERED", SOON);
    journal.expect_exactly(&[("SCANNER_DEGRADED", ""), ("SCANNER_RECOVERED", "")]);
    assert!(appliance.api.readiness("scanner").0);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_pulled_cable_is_the_appliances_own_trouble() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    for how in ["pull", "remove"] {
        lab.change(&["cable", how, "appliance"]);
        eventually("readiness says that no segment is connected", SOON, || {
            let (ok, words) = appliance.api.readiness("scanner");
            check(!ok && words.contains("no segment"), words)
        });
        let refused = appliance.api.ask("POST", "/api/network/v2/scan", Some(&serde_json::json!({ "kind": "quick" })));
        assert_eq!(refused.expect("an answer").status, 503, "without a network there is nothing to scan");
        appliance.assert_serves();
        lab.change(&["cable", "plug", "appliance"]);
        eventually("the scanner is well again", SOON, || {
            let (ok, words) = appliance.api.readiness("scanner");
            check(ok, words)
        });
        appliance.api.sweep("quick");
        let away: Vec<_> = journal.all().into_iter().filter(|change| change.kind == "OFFLINE").collect();
        assert!(away.is_empty(), "{how}: {}", vigie_tests::journal::lines(&away));
    }
    let hosts = lab.hosts();
    for host in hosts.iter().filter(|host| host.online) {
        let device = appliance.api.device(&host.mac);
        assert_eq!(device["online"], true, "{}: {}", host.name, device["presence"]);
    }
    journal.expect_exactly(&[]);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn an_interface_that_vanishes_in_the_middle_of_a_scan_ends_the_scan_and_nothing_else() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    appliance.api.send("POST", "/api/network/v2/scan", &serde_json::json!({ "kind": "full", "pace": "gentle" }));
    lab.change(&["cable", "remove", "appliance"]);
    eventually("nothing is swept any more", SOON, || {
        let now = appliance.api.get("/api/network/v2/scan");
        check(now["job"]["state"] != "running", now)
    });
    appliance.assert_serves();
    lab.change(&["cable", "plug", "appliance"]);
    eventually("a scan can be started again", SOON, || {
        let answer = appliance.api.ask("POST", "/api/network/v2/scan", Some(&serde_json::json!({ "kind": "quick" })));
        let answer = answer.map_err(|error| error.to_string())?;
        check(answer.status == 202, answer.body)
    });
    eventually("it ends", SOON, || {
        let now = appliance.api.get("/api/network/v2/scan");
        check(now["job"]["state"] == "done", now)
    });
    journal.expect_exactly(&[]);
    appliance.stop();
}

/// A machine sleeps, is called with its password, and is said to have come up, by an appliance with these rights.
fn a_sleeper_is_woken(rights: Rights) {
    let lab = Lab::up("small");
    let home = Home::new(rights, HASTY);
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let path = format!("/api/network/v2/devices/{}/wake", id(&appliance.api, &lab.host("linux").mac));
    lab.change(&["sleep", "linux", "00:11:22:33:44:55"]);
    for (password, end) in [("00:11:22:33:44:66", "silent"), ("00:11:22:33:44:55", "up")] {
        appliance.api.send("POST", &path, &json!({ "password": password }));
        eventually(end, WAKE_TIME, || {
            let now = appliance.api.get(&path);
            check(now["state"] == end, now)
        });
    }
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_sleeping_machine_is_woken_by_its_password_and_said_to_be_up() {
    a_sleeper_is_woken(Rights::Root);
}

#[test]
#[ignore = "needs the lab"]
fn a_sleeping_machine_is_woken_without_privileges_too() {
    a_sleeper_is_woken(Rights::User);
}
