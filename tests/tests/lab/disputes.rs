//! Holds the promise of conflicts: an address or MAC used twice is told once with evidence, and what only looks so is not.
//! Never blames proxies, virtual routers or machines with two cards. Needs the lab.

use std::time::{Duration, Instant};

use vigie_tests::api::Api;
use vigie_tests::appliance::Appliance;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;
use vigie_tests::patience::{check, eventually};

use crate::hasty_home;

/// Until a conflict is confirmed or found to be over: both sides are asked several times.
const VERDICT_TIME: Duration = Duration::from_secs(240);
/// Sweeps in which what is no conflict must not become one.
const SWEEPS: usize = 6;
/// Until an address that is claimed and never speaks is known as such, and a little more.
const MUTE: Duration = Duration::from_secs(40);

fn conflicts(api: &Api<'_>, open: bool) -> usize {
    api.list("/api/network/v2/conflicts", "").iter().filter(|conflict| conflict["open"] == open).count()
}

#[test]
#[ignore = "needs the lab"]
fn an_address_used_twice_is_told_once_with_evidence() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let (thief, victim) = (lab.host("linux"), lab.host("nas"));
    lab.change(&["dupip", "linux", "nas"]);
    let told = journal.sweep_until("CONFLICT", VERDICT_TIME);
    for part in [&victim.ipv4[0], &thief.mac, &victim.mac] {
        assert!(told.to_string().contains(part), "{part} is part of the evidence: {told}");
    }
    journal.expect_exactly(&[("CONFLICT", &told.device)]);
    assert_eq!(conflicts(&appliance.api, true), 1);
    for host in [thief, victim] {
        assert_eq!(appliance.api.device(&host.mac)["ip"], host.ipv4[0].as_str(), "{} is where it was", host.name);
    }
    appliance.stop();
}

#[test]
#[ignore = "needs the lab, and a quarter of an hour"]
fn long_the_end_of_a_conflict_is_told_once() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.change(&["dupip", "linux", "windows"]);
    let told = journal.sweep_until("CONFLICT", VERDICT_TIME);
    lab.change(&["undupip", "linux"]);
    // A side that sleeps is no side that gave in: it is asked for ten minutes.
    let over = journal.wait_for("CONFLICT_CLEARED", Duration::from_secs(10 * 60));
    journal.expect_exactly(&[("CONFLICT", &told.device), ("CONFLICT_CLEARED", &over.device)]);
    assert_eq!((conflicts(&appliance.api, true), conflicts(&appliance.api, false)), (0, 1));
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn one_mac_in_two_places_is_a_conflict() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let victim = lab.host("nas");
    // Both speak NetBIOS, each with a name of its own: that is what tells two machines behind one MAC.
    lab.change(&["clonemac", "windows", "nas"]);
    let told = journal.sweep_until("CONFLICT", VERDICT_TIME);
    assert!(told.evidence.contains(&victim.ipv4[0]), "where it is told: {told}");
    let open = appliance.api.list("/api/network/v2/conflicts", "");
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["kind"], &open[0]["macs"]), (&"shared-mac".into(), &serde_json::json!([victim.mac])));
    let all = journal.all();
    assert_eq!(all.iter().filter(|change| change.kind == "CONFLICT").count(), 1);
    appliance.stop();
}

/// Sweeps while something stands there that looks like a conflict; gives the number of new devices.
fn assert_nobody_is_blamed(lab: &Lab, appliance: &Appliance<'_>, journal: &Journal<'_>) -> usize {
    let all = journal.all();
    let new = all.iter().filter(|change| change.kind == "NEW_DEVICE").count();
    let blamed: Vec<_> =
        all.into_iter().filter(|change| ["CONFLICT", "MERGED", "OFFLINE"].contains(&change.kind.as_str())).collect();
    assert!(blamed.is_empty(), "{}", vigie_tests::journal::lines(&blamed));
    assert!(appliance.api.list("/api/network/v2/conflicts", "").is_empty());
    // One MAC that answers for 64 addresses is one device, the virtual router another at most, and no crowd.
    let (hosts, devices) = (lab.hosts().len(), appliance.api.devices().len());
    assert!(devices <= hosts + 2, "{devices} devices for {hosts} hosts");
    new
}

#[test]
#[ignore = "needs the lab"]
fn a_proxy_and_a_virtual_router_are_no_conflicts() {
    let lab = Lab::up("standard");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.change(&["proxyarp", "on"]);
    lab.change(&["vrrp", "on"]);
    for sweep in 0..SWEEPS {
        appliance.api.sweep("full");
        if sweep == SWEEPS / 2 {
            lab.change(&["vrrp", "move"]);
        }
    }
    assert!(assert_nobody_is_blamed(&lab, &appliance, &journal) >= 1, "the proxy is new");
    let proxy = lab.host("proxy");
    // An address is mute when half a minute went by between two sweeps without a word from it, as it does at any usual pace.
    let mut swept = Instant::now();
    eventually("what it answers for is told apart", VERDICT_TIME, || {
        if swept.elapsed() > MUTE {
            appliance.api.sweep("full");
            swept = Instant::now();
        }
        let known = appliance.api.device(&proxy.mac);
        let ips = known["ips"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        let own: Vec<&str> = ips.filter(|ip| !ip.contains(':')).collect();
        let answers_for = known["interfaces"][0]["answers_for"].as_array().map_or(0, Vec::len);
        // The address it used last stays until another one of it is heard to speak.
        let so = own.len() <= 2 && own.contains(&proxy.ipv4[0].as_str()) && answers_for > 32;
        check(so, format!("own {own:?}, for {answers_for} of 64"))
    });
    assert_nobody_is_blamed(&lab, &appliance, &journal);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn two_cards_that_answer_for_each_other_are_no_conflict() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.change(&["dual", "on", "flux"]);
    for _ in 0..SWEEPS {
        appliance.api.sweep("full");
    }
    assert!(assert_nobody_is_blamed(&lab, &appliance, &journal) >= 1, "the laptop is new");
    appliance.stop();
}
