//! Holds the promise of sources: what each tells reaches the device, and what it cannot tell is said.
//! Never asks a source the lab does not have. Needs the lab.

use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::api::Api;
use vigie_tests::appliance::Home;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

use crate::HASTY;

/// Until a source that is asked in each sweep has told what it knows.
const SOON: Duration = Duration::from_secs(60);

/// The user the lab's switch takes for SNMP version 3, and nothing of version 2c.
const VERSION_3: &str = "\
[network]
snmp_user = \"lab\"
snmp_auth = \"sha1\"
snmp_privacy_password = \"lab-privacy\"
";

/// One source as the appliance says it does.
fn source(api: &Api<'_>, name: &str) -> Value {
    let sources = api.get("/api/network/v2/sources");
    let found = sources["items"].as_array().expect("sources").iter().find(|source| source["name"] == name);
    found.unwrap_or_else(|| panic!("no source {name}: {sources}")).clone()
}

/// Whether a device has this name from this source.
fn is_named(device: &Value, name: &str, by: &str) -> bool {
    let names = device["hostnames"].as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().any(|row| row["name"] == name && row["source"] == by)
}

#[test]
#[ignore = "needs the lab"]
fn an_agent_of_snmp_version_3_tells_its_name() {
    let lab = Lab::up("ten");
    let home = Home::new(Rights::Root, &format!("{VERSION_3}snmp_auth_password = \"lab-authentication\"\n"));
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let switch = lab.host("switch");
    eventually("the name of the switch", SOON, || {
        let told = appliance.api.ask("GET", &format!("/api/network/v2/devices/{}", switch.mac), None);
        let device = told.map_err(|error| error.to_string())?.body;
        check(is_named(&device, &switch.names["snmp"], "snmp"), device["hostnames"].clone())
    });
    let snmp = source(&appliance.api, "snmp");
    assert_eq!((&snmp["state"], &snmp["errors"], &snmp["devices"]), (&json!("good"), &json!(0), &json!(1)), "{snmp}");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_wrong_password_is_tried_once_and_said() {
    let lab = Lab::up("ten");
    let home = Home::new(Rights::Root, &format!("{VERSION_3}snmp_auth_password = \"not this one\"\n"));
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let switch = lab.host("switch");
    let snmp = eventually("the refusal", SOON, || {
        let snmp = source(&appliance.api, "snmp");
        if snmp["state"] == "trouble" { Ok(snmp) } else { Err(snmp.to_string()) }
    });
    assert_eq!(snmp["last_error"]["code"], "wrong_password", "{snmp}");
    let words = snmp["last_error"]["message"].as_str().expect("words");
    assert!(words.contains(&switch.ipv4[0]) && words.contains("network.snmp_auth_password"), "{words}");
    appliance.await_first_sweep();
    appliance.api.sweep("quick");
    appliance.api.sweep("full");
    assert_eq!(source(&appliance.api, "snmp")["errors"], 1, "it is not tried again");
    // usmStatsWrongDigests, as the agent itself counted.
    let oid = "1.3.6.1.6.3.15.1.1.5.0";
    let ask = ["exec", "switch", "--", "snmpget", "-m", "", "-v2c", "-c", "public", "-Oqv", "127.0.0.1", oid];
    assert_eq!(lab.run(&ask).trim(), "1");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_lease_tells_a_name_and_never_that_somebody_is_there() {
    let lab = Lab::up("ten");
    let leases = lab.folder("router").join("leases");
    let file = format!("{HASTY}\n[network.sources]\ndns = false\ndhcp = false\n[network.intervals]\nleases = 1\n",);
    let file = file.replacen("[network]\n", &format!("[network]\ndhcp_leases = {leases:?}\n"), 1);
    let home = Home::new(Rights::Root, &file);
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let phone = lab.host("phone");
    // The file is looked at once a minute.
    eventually("the name in the lease", Duration::from_secs(90), || {
        let device = appliance.api.device(&phone.mac);
        check(is_named(&device, "Galaxy-S23", "lease"), device["hostnames"].clone())
    });
    let told = source(&appliance.api, "leases");
    assert_eq!((&told["state"], &told["malformed"]), (&json!("good"), &json!(0)), "{told}");
    let count = appliance.api.devices().len();
    lab.change(&["off", "phone"]);
    let text = std::fs::read_to_string(&leases).expect("the lease file");
    assert!(text.contains(&phone.mac), "its lease goes on: {text}");
    eventually("the phone is called gone", Duration::from_secs(150), || {
        appliance.api.sweep("quick");
        let device = appliance.api.device(&phone.mac);
        check(device["online"] == false, device["presence"].clone())
    });
    assert_eq!(appliance.api.devices().len(), count, "a lease makes no device");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_source_that_is_switched_off_falls_silent_and_says_so() {
    let lab = Lab::up("ten");
    let home = Home::new(Rights::Root, "");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    for name in ["arp", "mdns", "nbns", "ssdp", "tcp"] {
        eventually(name, SOON, || {
            let told = source(&appliance.api, name);
            let counts = ["asked", "heard"].map(|count| told[count].as_u64().unwrap_or_default());
            check(told["state"] == "good" && counts.iter().all(|count| *count > 0), told)
        });
    }
    assert_eq!(source(&appliance.api, "snmp")["state"], "no_credentials");
    let mut settings = appliance.api.get("/api/network/v2/config");
    settings["sources"]["mdns"] = json!(false);
    settings["intervals"]["nbns"] = json!(240);
    appliance.api.send("PUT", "/api/network/v2/config", &settings);
    let off = source(&appliance.api, "mdns");
    assert_eq!((&off["state"], &off["on"]), (&json!("off"), &json!(false)), "{off}");
    assert_eq!(source(&appliance.api, "nbns")["interval_s"], 240 * 60);
    appliance.api.sweep("quick");
    let after = source(&appliance.api, "mdns");
    assert_eq!((&after["asked"], &after["heard"]), (&off["asked"], &off["heard"]), "neither asked nor heard");
    let metrics = appliance.api.text("/metrics");
    assert!(!metrics.contains("probes"), "questions are counted by source, and in no second way");
    for line in ["vigie_source_up{source=\"mdns\"} 0", "vigie_source_questions_total{source=\"arp\"}"] {
        eventually(line, Duration::from_secs(15), || check(appliance.api.text("/metrics").contains(line), &metrics));
    }
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn what_windows_machines_announce_is_heard_without_a_question() {
    let lab = Lab::up("ten");
    let home = Home::new(Rights::Root, "[network]\ninterval_minutes = 60\n[network.sources]\nnbns = false\n");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let windows = lab.host("windows");
    let mut settings = appliance.api.get("/api/network/v2/config");
    settings["sources"]["nbns"] = json!(true);
    appliance.api.send("PUT", "/api/network/v2/config", &settings);
    // No sweep is due for an hour. At its start nmbd claims its name (UDP 137), then announces what it is (UDP 138).
    lab.change(&["off", "windows"]);
    lab.change(&["on", "windows"]);
    eventually("the announcement", Duration::from_secs(150), || {
        let device = appliance.api.device(&windows.mac);
        let clues = device["clues"].as_array().map(Vec::as_slice).unwrap_or_default();
        let role = |name: &str| clues.iter().any(|row| row["clue"] == "netbios-role" && row["text"] == name);
        // Only the announcement says this; a status does not.
        let whole = is_named(&device, &windows.names["nbns"], "nbns") && (role("windows") || role("unix"));
        check(whole, device)
    });
    assert_eq!(source(&appliance.api, "nbns")["asked"], 0);
    appliance.stop();
}

/// Connections a host refused and took since it came up, over IPv4 and IPv6.
fn touched(lab: &Lab, host: &str) -> (u64, u64) {
    let text = lab.run(&["exec", host, "--", "cat", "/proc/net/snmp"]);
    let mut rows = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (names, values) = (rows.next().expect("names"), rows.next().expect("values"));
    let count = |wanted: &str| {
        let mut pairs = names.split(' ').zip(values.split(' '));
        pairs.find(|(name, _)| *name == wanted).and_then(|(_, value)| value.parse().ok()).expect("a counter")
    };
    (count("OutRsts"), count("PassiveOpens"))
}

#[test]
#[ignore = "needs the lab"]
fn what_is_excluded_is_left_alone_over_ipv6_and_by_its_own_word_too() {
    let lab = Lab::up("ten");
    let spared = lab.host("nas");
    let exclude = format!("[network]\nexclude = [\"{}\"]\n", spared.ipv4[0]);
    let home = Home::new(Rights::Root, &HASTY.replacen("[network]\n", &exclude, 1));
    home.set_up(&lab);
    let before = touched(&lab, "nas");
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    // It announces a description, and answers the echo to all nodes: both are heard, neither is followed.
    for _ in 0..3 {
        appliance.api.sweep("full");
    }
    assert_eq!(touched(&lab, "nas"), before, "connections refused and taken");
    let device = appliance.api.device(&spared.mac);
    let id = device["id"].as_str().expect("it is heard all the same");
    let path = format!("/api/network/v2/devices/{id}/check");
    let answer = appliance.api.ask("POST", &path, Some(&json!({}))).expect("the service answers");
    assert_eq!((answer.status, &answer.body["code"]), (409, &"excluded_device".into()));
    appliance.stop();
}
