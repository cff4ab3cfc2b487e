//! Holds the promise of memory: what a person said outlives restarts and kills; a card that takes nothing is no end.
//! Never says "done" for what is lost later. Needs the lab.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::api::Api;
use vigie_tests::appliance::Home;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;
use vigie_tests::patience::{check, eventually};
use vigie_tests::program::{Said, finish};

use crate::hasty_home;

/// Until a state of the storage is told.
const SOON: Duration = Duration::from_secs(180);
/// Kills in a row: the first might have come late by luck.
const KILLS: usize = 4;

fn label(api: &Api<'_>, mac: &str, text: &str) -> u16 {
    let path = format!("/api/network/v2/devices/{mac}");
    api.ask("PATCH", &path, Some(&json!({ "label": text }))).expect("the service answers").status
}

/// Id, label and first sighting of every device, in the order of the ids.
fn identities(api: &Api<'_>) -> Vec<Value> {
    let mut rows: Vec<Value> =
        api.devices().iter().map(|device| json!([device["id"], device["label"], device["mac"]])).collect();
    rows.sort_by_key(Value::to_string);
    rows
}

#[test]
#[ignore = "needs the lab"]
fn a_restart_changes_nothing_and_tells_nothing() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let before = Journal::from_calm(&appliance.api).all().len();
    assert_eq!(before, 0);
    let nas = lab.host("nas");
    assert_eq!(label(&appliance.api, &nas.mac, "The attic"), 200);
    let known = identities(&appliance.api);
    let told = Journal::whole(&appliance.api).all().len();
    assert!(told >= known.len(), "every device was new once");
    appliance.stop();

    let appliance = home.start(&lab);
    assert_eq!(identities(&appliance.api), known, "before anything is heard");
    appliance.await_first_sweep();
    appliance.api.sweep("full");
    appliance.api.sweep("quick");
    assert_eq!(identities(&appliance.api), known);
    assert_eq!(appliance.api.device(&nas.mac)["label"], "The attic");
    let all = Journal::whole(&appliance.api).all();
    assert_eq!(all.len(), told, "{}", vigie_tests::journal::lines(&all[told.min(all.len())..]));
    for device in appliance.api.devices() {
        assert_eq!(device["online"], true, "{device}");
    }
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn what_was_acknowledged_is_there_after_a_kill() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let nas = lab.host("linux");
    let mut last = String::new();
    for round in 0..KILLS {
        let appliance = home.start(&lab);
        if round == 0 {
            // After a kill so soon after a sweep the next one waits; the device is known by then.
            appliance.await_first_sweep();
        }
        assert_eq!(appliance.api.device(&nas.mac)["label"], last.as_str(), "kill {round}");
        last = format!("Label {round}");
        assert_eq!(label(&appliance.api, &nas.mac, &last), 200);
        appliance.kill();
    }
    let appliance = home.start(&lab);
    assert_eq!(appliance.api.device(&nas.mac)["label"], last.as_str());
    appliance.stop();
}

/// A home whose sweeps take long enough to be killed in the middle, and come once an hour.
const SLOW: &str = "\
[network]
interval_minutes = 60
pace = \"gentle\"
";

#[test]
#[ignore = "needs the lab"]
fn a_sweep_that_kills_is_not_repeated_at_once_and_who_is_known_is_asked_all_the_same() {
    let lab = Lab::up("small");
    let home = Home::new(vigie_tests::lab::Rights::Root, SLOW);
    home.set_up(&lab);
    let appliance = home.start(&lab);
    eventually("everybody is found", SOON, || {
        let there = appliance.api.devices().iter().filter(|device| device["online"] == true).count();
        check(there > lab.hosts().iter().filter(|host| host.online).count(), there)
    });
    let linux = lab.host("linux");
    assert_eq!(label(&appliance.api, &linux.mac, "Found before"), 200);
    assert_eq!(appliance.api.get("/api/network/v2/scan")["running"], true, "a gentle sweep takes long");
    appliance.kill();
    for _ in 0..KILLS {
        let appliance = home.start(&lab);
        eventually("the wait is told", SOON, || {
            let (ok, words) = appliance.api.readiness("first_sweep");
            check(!ok && words.contains("did not survive"), words)
        });
        let scan = appliance.api.get("/api/network/v2/scan");
        assert_eq!(scan["running"], false, "{scan}");
        assert!(scan["next_in_s"].as_u64().is_some_and(|wait| (30..=300).contains(&wait)), "{scan}");
        eventually("who is known is asked", SOON, || {
            let device = appliance.api.device(&linux.mac);
            check(device["online"] == true, &device["presence"])
        });
        assert!(appliance.api.get("/api/network/v2/scans")["items"].as_array().is_some_and(Vec::is_empty));
        appliance.kill();
    }
    let appliance = home.start(&lab);
    appliance.api.sweep("quick");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_scan_that_was_asked_for_is_kept_and_no_number_comes_twice() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    appliance.api.sweep("quick");
    let numbers = |api: &Api<'_>| -> Vec<u64> {
        let scans = api.list("/api/network/v2/scans", "");
        scans.iter().filter(|scan| scan["purpose"] == "asked").filter_map(|scan| scan["number"].as_u64()).collect()
    };
    let asked = numbers(&appliance.api);
    let [number] = asked.as_slice() else { panic!("one scan was asked for: {asked:?}") };
    let path = format!("/api/network/v2/scans/{number}");
    let before = appliance.api.get(&path);
    assert!(before["count"].as_u64().is_some_and(|count| count > 3), "{before}");
    // A scan is batched with what comes within a second; a label says when all before it is on the card.
    assert_eq!(label(&appliance.api, &lab.host("linux").mac, "Kept"), 200);
    appliance.kill();
    let appliance = home.start(&lab);
    let after = appliance.api.get(&path);
    assert_eq!((&after["scan"], &after["count"]), (&before["scan"], &before["count"]));
    appliance.api.sweep("quick");
    let now = numbers(&appliance.api);
    assert!(now.len() == 2 && now[0] > now[1] && now[1] == *number, "{now:?} after {number}");
    appliance.stop();
}

/// A file system of its own for the data of a home; gone with the value.
struct Card {
    at: PathBuf,
}

impl Card {
    fn insert(home: &Home, size: &str) -> Self {
        let card = Self { at: home.data() };
        let options = format!("size={size}");
        card.run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "vigie-test"]));
        card
    }

    fn run(&self, command: &mut Command) {
        let done = command.arg(&self.at).status().expect("mount can be run");
        assert!(done.success(), "{command:?}");
    }

    fn protect(&self) {
        self.run(Command::new("mount").args(["-o", "remount,ro"]));
    }

    /// Fills it to the last byte; removing the file given makes room again.
    fn fill(&self) -> PathBuf {
        let file = self.at.join("filler");
        // Ends with "no space left", which is the purpose.
        let said = finish({
            let mut command = Command::new("dd");
            command.arg("if=/dev/zero").arg(format!("of={}", file.display())).arg("bs=4096");
            command
        });
        assert!(said.err.contains("No space left"), "{}", said.err);
        file
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _best_effort = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// The storage is told to be unwell, in words; the network is watched all the same.
fn assert_unwell_but_watching(lab: &Lab, api: &Api<'_>) {
    eventually("readiness says that nothing is stored", SOON, || {
        let (ok, words) = api.readiness("store");
        check(!ok && words.contains("memory"), words)
    });
    assert_eq!(api.ask("GET", "/readyz", None).expect("an answer").status, 200, "it serves");
    api.sweep("quick");
    for host in lab.hosts().iter().filter(|host| host.online) {
        assert_eq!(api.device(&host.mac)["online"], true, "{}", host.name);
    }
}

#[test]
#[ignore = "needs the lab"]
fn a_full_card_refuses_what_must_be_kept_and_takes_it_again_when_there_is_room() {
    let lab = Lab::up("small");
    let home = hasty_home();
    let card = Card::insert(&home, "48m");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let linux = lab.host("linux");
    assert_eq!(label(&appliance.api, &linux.mac, "Kept"), 200);
    let filler = card.fill();
    // The room of the segment in use is taken already: it is filled by what is told of devices.
    let refused = (0..2_000).find(|round| label(&appliance.api, &linux.mac, &format!("Round {round}")) != 200);
    let refused = refused.expect("a full card is told at last, not hidden");
    let status = label(&appliance.api, &linux.mac, "Refused");
    assert_eq!(status, 507, "after {refused} labels");
    assert_unwell_but_watching(&lab, &appliance.api);
    fs::remove_file(filler).expect("the filler is there");
    eventually("the label is taken again", SOON, || {
        let status = label(&appliance.api, &linux.mac, "Kept again");
        check(status == 200, status)
    });
    eventually("the storage is well", SOON, || {
        let (ok, words) = appliance.api.readiness("store");
        check(ok, words)
    });
    appliance.kill();
    let appliance = home.start(&lab);
    assert_eq!(appliance.api.device(&linux.mac)["label"], "Kept again");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_read_only_card_is_told_and_the_watch_goes_on() {
    let lab = Lab::up("small");
    let home = hasty_home();
    let card = Card::insert(&home, "48m");
    home.set_up(&lab);
    card.protect();
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let linux = lab.host("linux");
    let status = label(&appliance.api, &linux.mac, "Lost");
    assert_eq!(status, 507, "what cannot be stored is not said to be done");
    assert_unwell_but_watching(&lab, &appliance.api);
    assert!(home.log().contains("nothing can be stored"), "{}", home.log());
    appliance.stop();
}

fn run_beside(lab: &Lab, home: &Home, name: &str, more: &[&str]) -> Said {
    let mut command = home.command(lab, name);
    command.args(more);
    finish(command)
}

#[test]
#[ignore = "needs the lab"]
fn a_second_instance_is_told_who_has_the_data_or_the_port() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    for said in [
        run_beside(&lab, &home, "run", &["--listen", "127.0.0.1:8081"]),
        run_beside(&lab, &home, "setup", &["--admin", "eve", "--password-stdin"]),
    ] {
        // Without a password on standard input `setup` may refuse that first.
        if said.code == Some(65) {
            continue;
        }
        assert_eq!(said.code, Some(75), "{}", said.err);
        assert!(said.err.contains("in use by") && said.err.contains("/data"), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "one clear line: {}", said.err);
    }
    let other = hasty_home();
    let said = run_beside(&lab, &other, "run", &[]);
    assert_eq!(said.code, Some(71), "{}", said.err);
    assert!(said.err.contains("0.0.0.0:8080") && said.err.contains("--listen"), "{}", said.err);
    appliance.assert_serves();
    appliance.stop();
}
