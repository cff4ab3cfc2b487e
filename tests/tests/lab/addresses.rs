//! Holds the promise of identity: devices that move stay themselves, and what looks like one device is not made one.
//! Never merges on an address, nor without a person. Needs the lab.

use std::time::Duration;

use vigie_tests::api::Api;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;
use vigie_tests::patience::eventually;

use crate::hasty_home;

/// Until a move is told: a quiet one is noticed by a sweep, and doubted for some seconds.
const SOON: Duration = Duration::from_secs(180);

fn id(api: &Api<'_>, mac: &str) -> String {
    api.device(mac)["id"].as_str().expect("a device has an id").to_owned()
}

#[test]
#[ignore = "needs the lab"]
fn a_device_with_a_new_address_is_the_same_device() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let before = lab.host("linux");
    let device = id(&appliance.api, &before.mac);
    lab.change(&["ip", "linux", "10.77.0.99"]);
    let told = journal.sweep_until("IP_CHANGED", SOON);
    assert_eq!((told.old.as_str(), told.new.as_str()), (before.ipv4[0].as_str(), "10.77.0.99"));
    journal.expect_exactly(&[("IP_CHANGED", &device)]);
    let now = appliance.api.device(&before.mac);
    assert_eq!((now["id"].as_str(), now["ip"].as_str()), (Some(device.as_str()), Some("10.77.0.99")));
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn two_devices_that_swap_addresses_are_told_twice_and_never_mixed_up() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let (one, two) = (lab.host("linux"), lab.host("switch"));
    let ids = (id(&appliance.api, &one.mac), id(&appliance.api, &two.mac));
    lab.change(&["swap", "linux", "switch"]);
    eventually("both moved", SOON, || {
        appliance.api.sweep("quick");
        let moved = journal.all().iter().filter(|change| change.kind == "IP_CHANGED").count();
        if moved == 2 { Ok(()) } else { Err(vigie_tests::journal::lines(&journal.all())) }
    });
    journal.expect_exactly(&[("IP_CHANGED", &ids.0), ("IP_CHANGED", &ids.1)]);
    assert_eq!(appliance.api.device(&one.mac)["ip"], two.ipv4[0].as_str());
    assert_eq!(appliance.api.device(&two.mac)["ip"], one.ipv4[0].as_str());
    assert_eq!((id(&appliance.api, &one.mac), id(&appliance.api, &two.mac)), ids);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_phone_with_another_random_mac_is_proposed_and_not_merged() {
    let lab = Lab::up("standard");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    // A name in reverse DNS is somebody else's word; its own is in what it asks the DHCP server.
    lab.change(&["dhcprenew", "phone"]);
    let old = lab.host("phone");
    eventually("the phone is known at its new lease", SOON, || {
        appliance.api.sweep("quick");
        let now = appliance.api.device(&old.mac);
        if now["ip"] == old.ipv4[0].as_str() { Ok(()) } else { Err(now["ip"].to_string()) }
    });
    let journal = Journal::from_calm(&appliance.api);
    let old_id = id(&appliance.api, &old.mac);
    let before = appliance.api.devices().len();
    lab.change(&["newphone", "phone"]);
    let proposal = journal.sweep_until("MERGE_PROPOSED", Duration::from_secs(120));
    let new = lab.hosts().into_iter().find(|host| host.name == "phone2").expect("the lab has it");
    let new_id = id(&appliance.api, &new.mac);
    assert_eq!(proposal.device, new_id, "{proposal}");
    assert_ne!(new_id, old_id);
    journal.sweep_until("OFFLINE", SOON);
    journal.expect_exactly(&[("NEW_DEVICE", &new_id), ("OFFLINE", &old_id), ("MERGE_PROPOSED", &new_id)]);
    assert_eq!(appliance.api.devices().len(), before + 1);
    let pairs = appliance.api.list("/api/network/v2/proposals", "");
    assert_eq!((pairs.len(), &pairs[0]["device"], &pairs[0]["may_be"]), (1, &new_id.into(), &old_id.into()));
    appliance.stop();
}
