//! Holds the promise of a cold start: every host with its MAC, its names, its ports and its kind, and no harm done.
//! Never checks how long it takes; the benchmarks do. Needs the lab.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;
use vigie_tests::appliance::Home;
use vigie_tests::lab::{Host, Lab, Rights};
use vigie_tests::patience::eventually;

/// From the start of the service to a whole picture: a sweep with all ports, then names and greetings.
const PICTURE_TIME: Duration = Duration::from_secs(120);
/// The share of the lab's typed hosts whose kind must be told; the rest must be `unknown`, never wrong.
const KINDS_TOLD: f64 = 0.8;
/// Ports at which a printer prints what it is sent.
const PRINTING: [u16; 10] = [515, 631, 9_100, 9_101, 9_102, 9_103, 9_104, 9_105, 9_106, 9_107];

/// The ports the program asks for, as it says itself.
fn asked_ports() -> BTreeSet<u16> {
    let nothing = Home::new(Rights::Root, "");
    let said = vigie_tests::program::vigie(&["check".as_ref(), nothing.config_file().as_os_str()]);
    let line = said.out.lines().find_map(|line| line.strip_prefix("network.ports.full = ")).expect("the port list");
    serde_json::from_str(line).expect("a list of numbers")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// What is missing or wrong in what was found, in words; empty when it is whole.
fn compare(hosts: &[Host], devices: &[Value], asked: &BTreeSet<u16>) -> Vec<String> {
    let mut faults = Vec::new();
    for host in hosts.iter().filter(|host| host.online) {
        let with_mac: Vec<&Value> = devices.iter().filter(|device| text(device, "mac") == host.mac).collect();
        let [device] = with_mac[..] else {
            faults.push(format!("{}: {} devices with its MAC {}", host.name, with_mac.len(), host.mac));
            continue;
        };
        compare_addresses(host, device, &mut faults);
        compare_names(host, device, &mut faults);
        compare_ports(host, device, asked, &mut faults);
        if device["online"] != true {
            faults.push(format!("{} is {}", host.name, device["presence"]));
        }
    }
    let known: BTreeSet<&str> = hosts.iter().map(|host| host.mac.as_str()).collect();
    for device in devices {
        let is_own = device["roles"].as_array().is_some_and(|roles| roles.contains(&"myself".into()));
        if !is_own && !known.contains(text(device, "mac")) {
            faults.push(format!("a device that is not there: {} {}", device["mac"], device["ips"]));
        }
    }
    faults
}

fn compare_addresses(host: &Host, device: &Value, faults: &mut Vec<String>) {
    let told = device["ips"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told: BTreeSet<IpAddr> = told.iter().filter_map(|ip| ip.as_str()?.parse().ok()).collect();
    let missing: Vec<_> = host.ips.difference(&told).collect();
    let invented: Vec<_> = told.difference(&host.ips).collect();
    if !missing.is_empty() || !invented.is_empty() {
        faults.push(format!("{}: addresses missing {missing:?}, invented {invented:?}", host.name));
    }
}

fn compare_names(host: &Host, device: &Value, faults: &mut Vec<String>) {
    let told = device["hostnames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |name: &str| told.iter().any(|row| text(row, "name").eq_ignore_ascii_case(name));
    for (by, name) in &host.names {
        // A DNS or mDNS name is told without its domain.
        let bare = name.split('.').next().unwrap_or_default();
        if !has(bare) {
            faults.push(format!("{}: {by} knows it as {name}; told: {}", host.name, device["hostnames"]));
        }
    }
}

fn compare_ports(host: &Host, device: &Value, asked: &BTreeSet<u16>, faults: &mut Vec<String>) {
    let rows = device["open_ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told: BTreeSet<u16> = rows
        .iter()
        .filter(|row| row["proto"] == "tcp")
        .filter_map(|row| u16::try_from(row["port"].as_u64()?).ok())
        .collect();
    let missing: Vec<_> = host.open_tcp.intersection(asked).filter(|port| !told.contains(port)).collect();
    let invented: Vec<_> = told.difference(&host.open_tcp).collect();
    if !missing.is_empty() || !invented.is_empty() {
        faults.push(format!("{}: ports missing {missing:?}, invented {invented:?}", host.name));
    }
}

/// Kinds: enough of them told, none of them wrong.
fn check_kinds(hosts: &[Host], devices: &[Value]) {
    // What has nothing to be known by is no measure; a desk telephone is a telephone too.
    let typed: Vec<&Host> = hosts.iter().filter(|host| host.typed && host.online && host.kind != "unknown").collect();
    let (mut told, mut wrong) = (0, Vec::new());
    for host in &typed {
        let device = devices.iter().find(|device| text(device, "mac") == host.mac).expect("it was found");
        let kind = text(device, "kind");
        if kind == host.kind || (kind == "voip" && host.kind == "phone") {
            told += 1;
        } else if kind != "unknown" {
            wrong.push(format!("{} is a {}, told: {kind}; {}", host.name, host.kind, device["reasons"]));
        }
    }
    assert!(wrong.is_empty(), "kinds that are wrong:\n{}", wrong.join("\n"));
    let share = f64::from(told) / typed.len() as f64;
    assert!(share >= KINDS_TOLD, "{told} of {} kinds told", typed.len());
    let nameless = hosts.iter().find(|host| host.name == "arponly").expect("a host that says nothing");
    let device = devices.iter().find(|device| text(device, "mac") == nameless.mac).expect("it was found");
    assert_eq!(device["kind"], "unknown", "nothing is known of it, so nothing may be claimed: {}", device["reasons"]);
}

/// No byte to a port that prints, none outside the segment.
fn check_manners(lab: &Lab) {
    let counts = lab.counts();
    assert!(counts["sent"]["packets"].as_u64() > Some(250), "the counters count: {}", counts["sent"]);
    assert_eq!(counts["printer_ports"]["packets"], 0, "{}", counts["printer_ports"]);
    assert_eq!(counts["leaving_segment"]["packets"], 0, "{}", counts["leaving_segment"]);
    let listeners = counts["printer_listeners"]["printer"].as_object().expect("the printer counts by itself");
    assert!(listeners.keys().all(|port| port.parse().is_ok_and(|port| PRINTING.contains(&port))));
    for (port, taken) in listeners {
        assert_eq!((taken["connections"].as_u64(), taken["bytes"].as_u64()), (Some(0), Some(0)), "port {port}");
    }
}

#[test]
#[ignore = "needs the lab"]
fn the_service_knows_every_host_seconds_after_its_first_start() {
    let lab = Lab::up("standard");
    let home = Home::new(Rights::Root, "[network]\nsnmp_community = \"public\"\n");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let (hosts, asked) = (lab.hosts(), asked_ports());
    let devices = eventually("the whole picture", PICTURE_TIME, || {
        let devices = appliance.api.devices();
        let faults = compare(&hosts, &devices, &asked);
        if faults.is_empty() { Ok(devices) } else { Err(faults.join("\n")) }
    });
    check_kinds(&hosts, &devices);
    check_manners(&lab);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn one_scan_from_the_terminal_finds_the_same() {
    let lab = Lab::up("standard");
    let home = Home::new(Rights::Root, "[network]\nsnmp_community = \"public\"\n");
    let config = home.config_file();
    let said = lab.vigie(&["scan", "--full", "--json", "--config", config.to_str().expect("a plain path")]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let devices: Vec<Value> = serde_json::from_str(&said.out).expect("JSON");
    let (hosts, faults) = (lab.hosts(), compare(&lab.hosts(), &devices, &asked_ports()));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    check_kinds(&hosts, &devices);
    check_manners(&lab);
    let table = lab.vigie(&["scan"]);
    assert_eq!(table.code, Some(0), "{}", table.err);
    for host in hosts.iter().filter(|host| host.online) {
        let is_row = |line: &&str| line.contains(&host.mac);
        assert_eq!(table.out.lines().filter(is_row).count(), 1, "{} in\n{}", host.mac, table.out);
    }
}

#[test]
#[ignore = "needs the lab"]
fn without_privileges_it_finds_less_and_says_what_would_help() {
    let lab = Lab::up("ten");
    let home = Home::new(Rights::User, "");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let hosts = lab.hosts();
    // Whoever answers a connection, refusing it included, is found; the kernel's neighbour table tells the MAC.
    eventually("every host with an IPv4 address", Duration::from_secs(180), || {
        let devices = appliance.api.devices();
        let is_there =
            |host: &&Host| devices.iter().any(|device| text(device, "mac") == host.mac && device["online"] == true);
        let missing: Vec<&str> =
            hosts.iter().filter(|host| host.online && !is_there(host)).map(|host| host.name.as_str()).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing.join(", ")) }
    });
    let (ok, words) = appliance.api.readiness("privileges");
    assert!(!ok && words.contains("CAP_NET_RAW"), "{words}");
    let log = home.log();
    let advice: Vec<&str> = log.lines().filter(|line| line.contains("setcap")).collect();
    assert_eq!(advice.len(), 1, "one command grants all: {log}");
    assert!(advice[0].contains("cap_net_raw") && advice[0].contains("vigie"), "{}", advice[0]);
    check_manners(&lab);
    appliance.stop();
}
