//! Holds the promise of changes: names, ports and DHCP servers that come and go are told once each, with old and new.
//! Never tells what did not change. Needs the lab.

use std::collections::BTreeSet;
use std::time::Duration;

use vigie_tests::api::Api;
use vigie_tests::journal::{Change, Journal};
use vigie_tests::lab::Lab;
use vigie_tests::patience::eventually;

use crate::hasty_home;

/// Until a change is told that a sweep can see.
const SOON: Duration = Duration::from_secs(180);
/// A closed port is asked again before it is called closed.
const CLOSED_TIME: Duration = Duration::from_secs(300);

fn id(api: &Api<'_>, mac: &str) -> String {
    api.device(mac)["id"].as_str().expect("a device has an id").to_owned()
}

#[test]
#[ignore = "needs the lab"]
fn a_new_name_is_told_once_with_the_old_one() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let host = lab.host("mac");
    let device = id(&appliance.api, &host.mac);
    let old = appliance.api.device(&host.mac)["hostname"].as_str().expect("it has a name").to_owned();
    lab.change(&["rename", "mac", "Berts-MacBook"]);
    let told = journal.sweep_until("HOSTNAME_CHANGED", SOON);
    assert_eq!((told.old.as_str(), told.new.as_str()), (old.as_str(), "Berts-MacBook"));
    journal.expect_exactly(&[("HOSTNAME_CHANGED", &device)]);
    assert_eq!(appliance.api.device(&host.mac)["hostname"], "Berts-MacBook");
    appliance.stop();
}

/// The ports of all changes of a kind, in words such as `tcp 22` cut to the number.
fn ports_of(changes: &[Change], kind: &str) -> Vec<u16> {
    let number = |change: &Change| {
        let words = if kind == "PORT_OPENED" { &change.new } else { &change.old };
        let digits: String = words.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("no port in {change}"))
    };
    let mut ports: Vec<u16> = changes.iter().filter(|change| change.kind == kind).map(number).collect();
    ports.sort_unstable();
    ports
}

#[test]
#[ignore = "needs the lab"]
fn ports_that_close_and_open_are_told_once_each() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let host = lab.host("nas");
    let device = id(&appliance.api, &host.mac);
    let open = |api: &Api<'_>| -> BTreeSet<u16> {
        let device = api.device(&host.mac);
        let rows = device["open_ports"].as_array().expect("ports").iter();
        rows.filter(|row| row["proto"] == "tcp").filter_map(|row| u16::try_from(row["port"].as_u64()?).ok()).collect()
    };
    let before = open(&appliance.api);
    assert_eq!(before, host.open_tcp);
    let wanted: Vec<u16> = before.iter().copied().collect();
    for (word, kind, now) in [("close", "PORT_CLOSED", BTreeSet::new()), ("open", "PORT_OPENED", before.clone())] {
        lab.change(&["ports", "nas", word]);
        eventually(kind, CLOSED_TIME, || {
            appliance.api.sweep("full");
            let told = ports_of(&journal.all(), kind);
            if told == wanted { Ok(()) } else { Err(format!("told: {told:?}")) }
        });
        assert_eq!(open(&appliance.api), now, "after {word}");
    }
    let both = [("PORT_CLOSED", device.as_str()), ("PORT_OPENED", device.as_str())];
    let expected: Vec<_> = both.into_iter().flat_map(|one| std::iter::repeat_n(one, wanted.len())).collect();
    journal.expect_exactly(&expected);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_dhcp_server_nobody_ordered_is_told_once() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    lab.change(&["roguedhcp", "on"]);
    let told = journal.sweep_until("ROGUE_DHCP", SOON);
    let rogue = lab.host("rogue");
    let device = id(&appliance.api, &rogue.mac);
    assert_eq!(told.device, device, "{told}");
    journal.expect_exactly(&[("NEW_DEVICE", &device), ("ROGUE_DHCP", &device)]);
    appliance.stop();
}
