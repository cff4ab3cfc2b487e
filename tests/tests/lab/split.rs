//! Holds the promise of two processes: the one that hears the network has no rights, the one with rights never hears it.
//! Either may die at any moment, and the appliance goes on or ends whole. Needs the lab.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use vigie_tests::appliance::{Appliance, Home};
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

use crate::{HASTY, hasty_home};

/// The number that the service runs as where nobody made a user for it.
const SERVICE_USER: &str = "84443";
/// From a freeze to another service: 10 s without a report, a pause, a start; twice that on a busy machine.
const AFTER_FREEZE: Duration = Duration::from_secs(60);
/// What the broker keeps: CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
/// CAP_NET_ADMIN and CAP_NET_RAW (bits 2, 5, 6, 7, 8, 10, 12, 13).
const BROKER_RIGHTS: &str = "00000000000035e4";

fn assert_every_host_is_found(lab: &Lab, appliance: &Appliance<'_>) {
    appliance.api.sweep("quick");
    for host in lab.hosts().iter().filter(|host| host.online) {
        assert_eq!(appliance.api.device(&host.mac)["online"], true, "{}", host.name);
    }
}

fn supervision(appliance: &Appliance<'_>) -> Value {
    appliance.api.get("/api/system")["supervision"].clone()
}

fn last_ending(appliance: &Appliance<'_>) -> Value {
    supervision(appliance)["endings"].as_array().and_then(|all| all.last().cloned()).unwrap_or_default()
}

#[test]
#[ignore = "needs the lab"]
fn the_process_that_hears_the_network_has_no_rights_and_finds_everybody() {
    let lab = Lab::up("fifty");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let service = appliance.service().expect("root starts two processes");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(appliance.status(service, set), "0000000000000000", "{set}");
    }
    assert_eq!(appliance.status(service, "Uid"), [SERVICE_USER; 4].join(" "));
    assert_eq!(
        (appliance.status(service, "NoNewPrivs"), appliance.status(service, "Seccomp")),
        ("1".into(), "2".into())
    );
    assert_eq!(appliance.status(appliance.broker(), "CapEff"), BROKER_RIGHTS);
    assert_eq!(appliance.status(appliance.broker(), "CapBnd"), BROKER_RIGHTS);
    assert_eq!(appliance.status(appliance.broker(), "Threads"), "1");
    let fences = supervision(&appliance)["fences"].clone();
    for (name, expected) in [
        ("broker", true),
        ("no_capabilities", true),
        ("bounding_empty", true),
        ("no_new_privileges", true),
        ("seccomp", true),
    ] {
        assert_eq!(fences[name], expected, "{fences}");
    }
    assert!(fences["landlock"].as_u64().is_some_and(|version| version >= 1), "{fences}");

    appliance.await_first_sweep();
    assert_every_host_is_found(&lab, &appliance);
    // The interface goes and comes back under another number: the broker opens it again.
    lab.change(&["cable", "remove", "appliance"]);
    eventually("the leg is closed", Duration::from_secs(20), || {
        let closed = home.log().matches("leg closed").count();
        check(closed > 0, closed)
    });
    lab.change(&["cable", "plug", "appliance"]);
    eventually("the leg is open again, with a raw socket", Duration::from_secs(40), || {
        let opened = home.log().matches("raw=true").count();
        check(opened > 1, opened)
    });
    appliance.await_first_sweep();
    assert_every_host_is_found(&lab, &appliance);
    assert_eq!(appliance.service(), Some(service), "nothing was started anew");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_service_that_dies_or_freezes_is_started_again_and_the_next_one_says_so() {
    let lab = Lab::up("small");
    let home = hasty_home();
    home.set_up(&lab);
    let mut appliance = home.start(&lab);
    let broker = appliance.broker();
    let first = appliance.service().expect("it runs");
    assert_eq!(supervision(&appliance)["endings"].as_array().map(Vec::len), Some(0));

    appliance.signal_service(Signal::KILL);
    appliance.await_service_after(first);
    let ending = last_ending(&appliance);
    assert_eq!((&ending["cause"], &ending["code"]), (&"signal".into(), &9.into()), "{ending}");

    let second = appliance.service().expect("it runs");
    appliance.signal_service(Signal::STOP);
    eventually("the frozen service is ended", AFTER_FREEZE, || {
        let now = appliance.service();
        check(now != Some(second), format!("{now:?}"))
    });
    appliance.await_service_after(second);
    let ending = last_ending(&appliance);
    assert_eq!(ending["cause"], "frozen", "{ending}");
    assert!(home.log().contains("does not report any more"), "{}", home.log());

    let tasks = appliance.api.get("/api/system/tasks")["items"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = tasks.iter().filter_map(|task| task["name"].as_str()).collect();
    for name in ["storage", "http", "https", "network", "legs", "errands", "sweeps", "news", "visits", "clocks"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(tasks.iter().all(|task| task["stuck"] == false), "{tasks:?}");
    // After an end amid its first sweep the service waits for minutes with the next of its own: `lasting` tries that. Who
    // asks gets one.
    appliance.api.sweep("full");
    assert_every_host_is_found(&lab, &appliance);
    assert_eq!(appliance.broker(), broker, "the broker was never started anew");
    // A power cut of the broker takes the service with it: `kill` checks that.
    appliance.kill();
    home.start(&lab).stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_watchdog_is_fed_disarmed_by_an_orderly_end_and_left_armed_by_a_death() {
    let lab = Lab::up("small");
    let folder = tempfile::tempdir().expect("a folder");
    let dog = folder.path().join("watchdog");
    fs::write(&dog, "").expect("a file");
    let home = Home::new(Rights::Root, &format!("{HASTY}[system]\nwatchdog = \"{}\"\n", dog.display()));
    home.set_up(&lab);
    let eaten = || fs::read(&dog).expect("the watchdog's file");
    let fed = || {
        eventually("the watchdog is fed twice", Duration::from_secs(30), || {
            let meals = eaten();
            check(meals.len() >= 2 && meals.iter().all(|byte| *byte == 0), format!("{meals:?}"))
        });
    };
    let appliance = home.start(&lab);
    assert_eq!(supervision(&appliance)["watchdog"], true);
    fed();
    appliance.stop();
    assert_eq!(eaten().last(), Some(&b'V'), "an orderly end disarms it");
    fs::write(&dog, "").expect("a file");
    let appliance = home.start(&lab);
    fed();
    appliance.kill();
    assert!(!eaten().contains(&b'V'), "a death leaves it armed");
}

/// A card of its own for the data, which can be made to hang: everything written to it waits, and cannot be interrupted.
struct Hanging {
    at: PathBuf,
}

impl Hanging {
    fn insert(home: &Home) -> Self {
        let image = home.path().join("card.img");
        File::create(&image).and_then(|file| file.set_len(48 << 20)).expect("an image");
        run(Command::new("mkfs.ext4").arg("-q").arg(&image));
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(home.data()));
        Self { at: home.data() }
    }

    fn hang(&self, how: &str) {
        run(Command::new("fsfreeze").arg(how).arg(&self.at));
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        for mut command in [Command::new("fsfreeze"), Command::new("umount")] {
            let option = if command.get_program() == "umount" { "--lazy" } else { "--unfreeze" };
            let _over_already = command.arg(option).arg(&self.at).stderr(Stdio::null()).status();
        }
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

#[test]
#[ignore = "needs the lab, and a minute and a half"]
fn long_a_card_that_hangs_is_named_and_the_watchdog_goes_hungry_when_nothing_else_helps() {
    let lab = Lab::up("small");
    let folder = tempfile::tempdir().expect("a folder");
    let dog = folder.path().join("watchdog");
    fs::write(&dog, "").expect("a file");
    let home = Home::new(Rights::Root, &format!("{HASTY}[system]\nwatchdog = \"{}\"\n", dog.display()));
    let card = Hanging::insert(&home);
    home.set_up(&lab);
    let mut appliance = home.start(&lab);
    let service = appliance.service().expect("it runs");
    card.hang("--freeze");
    let began = Instant::now();
    // Something that must be kept: whoever asks waits, and is not told that it is done.
    let asked = appliance.api.ask("PUT", "/api/network/v2/config", Some(&json!({ "interval_minutes": 7 })));
    assert!(asked.is_err() || asked.is_ok_and(|answer| answer.status >= 500));
    eventually("the broker names the task and ends the service", Duration::from_secs(60), || {
        check(home.log().contains("the task “storage” of the service hangs"), "nothing said")
    });
    // Even SIGKILL waits for the card. Between two meals are 5 s: twice that without one is hunger.
    let mut last = (fs::metadata(&dog).expect("a file").len(), Instant::now());
    eventually("the watchdog gets no more food", Duration::from_secs(60), || {
        let meals = fs::metadata(&dog).expect("a file").len();
        if meals != last.0 {
            last = (meals, Instant::now());
        }
        check(last.1.elapsed() > Duration::from_secs(11), meals)
    });
    assert!(last.1 - began < Duration::from_secs(75), "the last meal came {:?} after the card hung", last.1 - began);
    card.hang("--unfreeze");
    appliance.await_service_after(service);
    let ending = last_ending(&appliance);
    assert_eq!((&ending["cause"], &ending["task"]), (&"stuck".into(), &"storage".into()), "{ending}");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn the_data_stays_with_whoever_owned_it() {
    let lab = Lab::up("small");
    // Somebody's own folder, as in a home: root starts the service, which runs as that person.
    let home = hasty_home();
    std::os::unix::fs::chown(home.data(), Some(4_321), Some(4_321)).expect("root may give away");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let service = appliance.service().expect("it runs");
    assert_eq!(appliance.status(service, "Uid"), ["4321"; 4].join(" "));
    appliance.stop();
    let mut folders = vec![home.data()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let metadata = entry.metadata().expect("its facts");
            let owner = std::os::unix::fs::MetadataExt::uid(&metadata);
            assert_eq!(owner, 4_321, "{}", entry.path().display());
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
}
