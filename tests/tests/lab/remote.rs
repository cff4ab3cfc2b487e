//! Holds the promise of networks behind a router: looked at when a person allows it, by what a router carries, with manners.
//! Never without the switch. Needs the lab.

use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::api::Api;
use vigie_tests::appliance::Home;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

use crate::HASTY;

/// The network behind the lab's router, and who is there: a web server, one that answers no ping, a printer.
const FAR: &str = "10.78.0.0/24";
const WEB: &str = "10.78.0.10";
const SILENT: &str = "10.78.0.11";
const PRINTER: &str = "10.78.0.12";

/// A /24 of silence at background pace, several rounds, and connections that wait.
const SWEEP_TIME: Duration = Duration::from_secs(90);

fn scan(api: &Api<'_>, targets: &Value) -> (u16, Value) {
    let body = json!({ "kind": "full", "targets": targets, "ports": [80, 443] });
    let answer = api.ask("POST", "/api/network/v2/scan", Some(&body)).expect("the service answers");
    (answer.status, answer.body)
}

/// The devices behind the router, by address.
fn far(api: &Api<'_>) -> Vec<Value> {
    let is_far = |device: &Value| device["ip"].as_str().is_some_and(|ip| ip.starts_with("10.78.0."));
    api.devices().into_iter().filter(is_far).collect()
}

#[test]
#[ignore = "needs the lab"]
fn without_the_switch_it_is_refused_with_the_switch_named() {
    let lab = Lab::up("ten");
    lab.change(&["far", "on"]);
    let home = Home::new(Rights::Root, "");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let (status, body) = scan(&appliance.api, &json!([FAR]));
    assert_eq!(status, 422, "{body}");
    assert!(body.to_string().contains("allow_remote"), "{body}");
    assert_eq!(lab.counts()["leaving_segment"]["packets"], 0);
    let said = lab.vigie(&["scan", "--config", home.config_file().to_str().expect("a plain path"), FAR]);
    assert!(said.code != Some(0) && said.err.contains("network.allow_remote"), "{}", said.err);
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn a_network_behind_the_router_is_known_and_its_devices_watched() {
    let lab = Lab::up("ten");
    lab.change(&["far", "on"]);
    let home = Home::new(Rights::Root, &HASTY.replacen("[network]\n", "[network]\nallow_remote = true\n", 1));
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    for (targets, code) in [
        (json!(["8.8.8.0/24"]), "public_target"),
        (json!(["10.64.0.0/15"]), "segment_too_large"),
        (json!(["10.79.0.0/20"]), "remote_target_too_large"),
    ] {
        let (status, body) = scan(&appliance.api, &targets);
        assert!(status == 422 && body.to_string().contains(code), "{status} {body}");
    }
    let (status, body) = scan(&appliance.api, &json!([FAR]));
    assert_eq!(status, 202, "{body}");
    eventually("the end of the sweep", SWEEP_TIME, || {
        let now = appliance.api.get("/api/network/v2/scan");
        check(now["job"]["state"] == "done", now)
    });
    let found = eventually("the far hosts with their ports", SWEEP_TIME, || {
        // On a busy machine a connection may take longer than it is waited for: then it is asked again, as a person would.
        let _one_at_a_time = scan(&appliance.api, &json!([FAR]));
        let found = far(&appliance.api);
        let ports = |ip: &str| {
            let device = found.iter().find(|device| device["ip"] == ip)?;
            Some(device["open_ports"].as_array()?.iter().filter_map(|row| row["port"].as_u64()).collect::<Vec<_>>())
        };
        let whole = ports(WEB) == Some(vec![80]) && ports(SILENT) == Some(vec![443]) && ports(PRINTER) == Some(vec![]);
        // The router is known by its own address there as well, beside its MAC here: two devices, never merged by address.
        if whole { Ok(found.clone()) } else { Err(json!(found).to_string()) }
    });
    for device in &found {
        assert_eq!((&device["mac"], &device["interfaces"][0]["segment"]), (&Value::Null, &json!("remote")), "{device}");
    }
    // No byte to what prints, and nothing but what routers carry.
    let counts = std::fs::read_to_string(lab.state().join("far_printer.json")).expect("the printer counts");
    let counts: Value = serde_json::from_str(&counts).expect("JSON");
    assert!(counts.as_object().is_some_and(|ports| ports.len() == 3), "{counts}");
    for (port, taken) in counts.as_object().expect("ports") {
        assert_eq!((&taken["connections"], &taken["bytes"]), (&json!(0), &json!(0)), "port {port}");
    }
    // The last of the repeated scans may still run.
    eventually("the end of the sweep", SWEEP_TIME, || {
        let now = appliance.api.get("/api/network/v2/scan");
        check(now["job"]["state"] == "done", now)
    });
    // A later sweep by itself asks them too; when the network is gone the line is to blame, not the devices.
    appliance.api.sweep("quick");
    assert_eq!(far(&appliance.api).len(), found.len());
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn what_is_named_is_watched_and_what_is_excluded_is_not_touched() {
    let lab = Lab::up("ten");
    lab.change(&["far", "on"]);
    let settings = format!("allow_remote = true\nsegments = [\"{FAR}\"]\nexclude = [\"{SILENT}\", \"{PRINTER}\"]");
    let home = Home::new(Rights::Root, &HASTY.replacen("[network]\n", &format!("[network]\n{settings}\n"), 1));
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let web = eventually("the named network is swept by itself", SWEEP_TIME, || {
        let found = far(&appliance.api);
        found.iter().find(|device| device["ip"] == WEB).cloned().ok_or_else(|| json!(found).to_string())
    });
    appliance.await_first_sweep();
    for excluded in [SILENT, PRINTER] {
        let counted = lab.run(&["exec", "router", "--", "ip", "-s", "neigh", "show", excluded]);
        assert_eq!(counted.trim(), "", "the router was never asked to find {excluded}");
    }
    let segments = appliance.api.get("/api/network/v2/segments");
    let remote = segments["items"].as_array().expect("segments").iter().find(|row| row["segment"] == "remote");
    assert_eq!(remote.expect("the far side is listed")["blocks"][0]["block"], FAR);
    // One host of several goes: it is asked by itself, and called gone.
    let id = web["id"].as_str().expect("an id").to_owned();
    lab.change(&["far", "lose", WEB]);
    eventually("the web server is called gone", Duration::from_secs(180), || {
        appliance.api.sweep("quick");
        let device = appliance.api.get(&format!("/api/network/v2/devices/{id}"));
        check(device["online"] == false, device["presence"].clone())
    });
    appliance.stop();
}
