//! Holds the promise under loss: a fifth of the ARP frames dropped each way, and still everybody found, nobody called gone.
//! Never a simulation: those run a whole day, beside the code. Needs the lab.

use serde_json::Value;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;

use crate::hasty_home;

/// Cold scans in a row: one lucky run would prove little.
const SCANS: usize = 5;
/// Sweeps in a row of a service that knows the network.
const SWEEPS: usize = 12;

#[test]
#[ignore = "needs the lab"]
fn a_cold_scan_finds_everybody_although_a_fifth_is_lost() {
    let lab = Lab::up("fifty");
    lab.lose("20", "arp");
    let hosts = lab.hosts();
    assert_eq!(hosts.len(), 50);
    for run in 1..=SCANS {
        let said = lab.vigie(&["scan", "--json"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let devices: Vec<Value> = serde_json::from_str(&said.out).expect("JSON");
        let missing: Vec<&str> = hosts
            .iter()
            .filter(|host| !devices.iter().any(|device| device["mac"] == host.mac.as_str()))
            .map(|host| host.name.as_str())
            .collect();
        assert!(missing.is_empty(), "scan {run} missed {missing:?}");
    }
}

#[test]
#[ignore = "needs the lab"]
fn nobody_is_called_gone_because_frames_are_lost() {
    let lab = Lab::up("fifty");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.lose("20", "arp");
    for _ in 0..SWEEPS {
        appliance.api.sweep("quick");
    }
    let blamed: Vec<_> = journal
        .all()
        .into_iter()
        .filter(|change| ["OFFLINE", "FLAPPING", "SCANNER_DEGRADED", "CONFLICT"].contains(&change.kind.as_str()))
        .collect();
    assert!(blamed.is_empty(), "{}", vigie_tests::journal::lines(&blamed));
    let is_lost = lab.counts()["sent"]["packets"].as_u64() > Some(1_000);
    assert!(is_lost, "the sweeps were sent");
    appliance.stop();
}
