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

/// One conflict is listed: this MAC is in two places.
fn the_only_conflict_shares(api: &Api<'_>, mac: &str) {
    let open = api.list("/api/network/v2/conflicts", "");
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["kind"], &open[0]["macs"]), (&"shared-mac".into(), &serde_json::json!([mac])));
}

fn id_of(api: &Api<'_>, mac: &str) -> String {
    api.device(mac)["id"].as_str().expect("a device has a number").to_owned()
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
#[ignore = "needs the lab"]
fn a_machine_that_quietly_takes_the_appliances_own_address_is_told() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let is_mine =
        |device: &serde_json::Value| device["roles"].as_array().is_some_and(|roles| roles.contains(&"myself".into()));
    let mine = appliance.api.devices().into_iter().find(is_mine).expect("the appliance knows itself");
    let own = mine["ip"].as_str().expect("it has an address");
    let thief = lab.host("linux");
    // It announces nothing and asks for nobody: only who asks for the address hears of it.
    lab.run(&["exec", "linux", "--", "ip", "address", "add", &format!("{own}/24"), "dev", "eth0"]);
    let told = journal.sweep_until("CONFLICT", VERDICT_TIME);
    for part in [own, &thief.mac, mine["mac"].as_str().expect("it has a MAC")] {
        assert!(told.to_string().contains(part), "{part} is part of the evidence: {told}");
    }
    journal.expect_exactly(&[("CONFLICT", &told.device)]);
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
    let (thief, victim) = (lab.host("windows"), lab.host("nas"));
    let gone = id_of(&appliance.api, &thief.mac);
    // Both speak NetBIOS, each with a name of its own: that is what tells two machines behind one MAC.
    lab.change(&["clonemac", "windows", "nas"]);
    let told = journal.sweep_until("CONFLICT", VERDICT_TIME);
    assert!(told.evidence.contains(&victim.ipv4[0]), "where it is told: {told}");
    the_only_conflict_shares(&appliance.api, &victim.mac);
    // The two have other ports open and are other things: neither opens, closes or becomes anything by it.
    journal.sweep_until("OFFLINE", VERDICT_TIME);
    journal.expect_exactly(&[("CONFLICT", &told.device), ("OFFLINE", &gone)]);
    appliance.stop();
}

/// One machine takes the MAC of another; neither ever says a name.
fn a_nameless_clone(thief: &str, victim: &str) {
    let lab = Lab::of("standard", Some(22));
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let (before, victim) = (lab.host(thief), lab.host(victim));
    let gone = id_of(&appliance.api, &before.mac);
    lab.change(&["clonemac", thief, &victim.name]);
    appliance.api.sweep("quick");
    let told = journal.wait_for("CONFLICT", VERDICT_TIME);
    for ip in [&victim.ipv4[0], &before.ipv4[0]] {
        assert!(told.evidence.contains(ip), "{ip} is part of the evidence: {told}");
    }
    the_only_conflict_shares(&appliance.api, &victim.mac);
    // The MAC the thief had is gone, and that is all that is said beside.
    let over = journal.sweep_until("OFFLINE", VERDICT_TIME);
    assert_eq!(over.device, gone, "who is gone: {over}");
    journal.expect_exactly(&[("CONFLICT", &told.device), ("OFFLINE", &gone)]);
    let known = appliance.api.device(&victim.mac);
    assert_eq!((&known["presence"], &known["ip"]), (&"online".into(), &victim.ipv4[0].as_str().into()));
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn one_mac_in_two_nameless_places_is_a_conflict() {
    a_nameless_clone("f002", "f001");
}

#[test]
#[ignore = "needs the lab"]
fn a_clone_that_answers_nothing_but_arp_is_a_conflict() {
    a_nameless_clone("arponly", "f002");
}

#[test]
#[ignore = "needs the lab"]
fn two_addresses_of_one_card_are_no_conflict() {
    let lab = Lab::of("standard", Some(22));
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    for (host, ip) in [("f001", "10.77.0.201/24"), ("linux", "10.77.0.202/24"), ("arponly", "10.77.0.203/24")] {
        lab.run(&["exec", host, "--", "/sbin/ip", "address", "add", ip, "dev", "eth0"]);
    }
    appliance.api.sweep("quick");
    for host in ["f001", "linux", "arponly"] {
        let mac = lab.host(host).mac;
        eventually("both addresses are seen", VERDICT_TIME, || {
            let known = appliance.api.device(&mac);
            let four = known["ips"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let four: Vec<&str> = four.filter(|ip| !ip.contains(':')).collect();
            check(four.len() == 2, format!("{four:?}"))
        });
    }
    // The looks at them are over within half a minute.
    let began = Instant::now();
    while began.elapsed() < MUTE {
        assert_eq!(assert_nobody_is_blamed(&lab, &appliance, &journal), 0);
        appliance.api.sweep("quick");
    }
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
