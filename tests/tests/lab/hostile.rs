//! Holds the promise of calm under fire: malformed, looping and flooding packets are counted and dropped, the watch goes on.
//! Never a crash, never a table or memory without bound. Needs the lab.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vigie_tests::api::Api;
use vigie_tests::journal::Journal;
use vigie_tests::lab::Lab;
use vigie_tests::patience::{check, eventually};

use crate::hasty_home;

/// Two full /22 segments: the table of the product.
const MAX_DEVICES: usize = 2_048;
/// The whole service runs under a 64 MiB limit.
const MAX_RESIDENT_BYTES: u64 = 64 * 1024 * 1024;
/// The packets are sent in one go; the kernel and the service may take this long to get through them.
const SOON: Duration = Duration::from_secs(180);

/// Sends frames that lie, by every trick of length and loop; prints how many.
const MALFORMED: &str = include_str!("malformed.py");
/// Sends real frames with octets changed, this many.
const MUTATED: &str = include_str!("mutated.py");
/// Announces machines with these names.
const NAMED: &str = include_str!("named.py");
/// Sends an ARP storm of this many invented machines, this often.
const STORM: &str = include_str!("storm.py");

fn metric(api: &Api<'_>, name: &str) -> f64 {
    let text = api.text("/metrics");
    assert!(text.contains("uptime_seconds"), "these are the numbers: {text}");
    let line = text.lines().find(|line| line.contains(name) && !line.starts_with('#'));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

#[test]
#[ignore = "needs the lab"]
fn packets_that_lie_are_counted_and_change_nothing() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let before = appliance.api.devices().len();
    let heard = metric(&appliance.api, "scan_frames_heard_total");
    let sent: f64 = lab.python("linux", MALFORMED, &[]).trim().parse().expect("a number");
    assert!(sent > 5_000.0);
    // What is of no protocol of ours the kernel's filter drops unseen.
    eventually("most of them are heard", SOON, || {
        let now = metric(&appliance.api, "scan_frames_heard_total") + metric(&appliance.api, "why=\"overrun\"");
        check(now - heard >= sent * 0.6, now - heard)
    });
    assert!(metric(&appliance.api, "why=\"malformed\"") > 1_000.0, "{}", appliance.api.text("/metrics"));
    appliance.assert_serves();
    assert!(appliance.resident_bytes() < MAX_RESIDENT_BYTES, "{} bytes", appliance.resident_bytes());
    assert_eq!(appliance.api.devices().len(), before, "nobody was invented");
    journal.expect_exactly(&[]);
    let panics: Vec<String> = home.log().lines().filter(|line| line.contains("panick")).map(str::to_owned).collect();
    assert!(panics.is_empty(), "{panics:?}");
    assert!(home.log().lines().count() < 200, "a line a packet would fill the log");
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn an_arp_storm_of_ten_thousand_machines_is_survived() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let journal = Journal::from_calm(&appliance.api);
    let hosts = lab.hosts();
    let ids =
        |api: &Api<'_>| -> Vec<String> { hosts.iter().map(|host| api.device(&host.mac)["id"].to_string()).collect() };
    let known = ids(&appliance.api);
    // The second pass repeats the machines of the first, as a loop in a switched network would.
    lab.python("linux", STORM, &["10000", "2"]);
    appliance.assert_serves();
    appliance.api.sweep("quick");
    let devices = appliance.api.devices().len();
    assert!(devices <= MAX_DEVICES, "{devices} devices");
    assert!(appliance.resident_bytes() < MAX_RESIDENT_BYTES, "{} bytes", appliance.resident_bytes());
    assert_eq!(ids(&appliance.api), known, "who was known stays known");
    for host in &hosts {
        let device = appliance.api.device(&host.mac);
        assert_eq!(device["online"], true, "{}: {device}", host.name);
    }
    let blamed: Vec<_> = journal
        .all()
        .into_iter()
        .filter(|change| ["OFFLINE", "MERGED", "CONFLICT"].contains(&change.kind.as_str()))
        .collect();
    assert!(blamed.is_empty(), "{}", vigie_tests::journal::lines(&blamed));
    appliance.stop();
}

/// The seeds of the fuzzer, by protocol, in hexadecimal: what real machines said.
fn messages() -> Value {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../appliance/fuzz/corpus"));
    let read = |name: &str| -> Vec<String> {
        let files = std::fs::read_dir(corpus.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut files: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
        files.sort();
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        files.iter().map(|file| hex(std::fs::read(file).expect("a seed"))).collect()
    };
    ["frame", "dhcp", "mdns", "dns", "nbns", "ssdp", "wsd"].map(|name| (name, read(name))).into_iter().collect()
}

/// Sends so many mutated frames and holds what the promise says of them.
fn mutated_frames_are_borne(count: u32) {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let mut appliance = home.start(&lab);
    appliance.await_first_sweep();
    let (lines, began) = (home.log().lines().count(), Instant::now());
    let heard = metric(&appliance.api, "scan_frames_heard_total");
    let messages = messages().to_string();
    // A command has a minute, in which a busy machine sends some 300,000 frames.
    const AT_ONCE: u32 = 100_000;
    let mut sent = 0;
    while sent < count {
        // Each lot begins elsewhere, so that the frames of one are not those of the one before.
        let (now, seed) = (AT_ONCE.min(count - sent).to_string(), sent.to_string());
        let out = lab.python("linux", MUTATED, &[&now, &messages, &seed]);
        sent += out.trim().parse::<u32>().expect("a number").max(1);
    }
    appliance.assert_serves();
    // Ten million take longer than a token lives.
    appliance.api.log_in();
    let seconds = began.elapsed().as_secs().max(1);
    let overrun = metric(&appliance.api, "why=\"overrun\"");
    let told = home.log().lines().count() - lines;
    assert!(told as u64 <= seconds, "{told} lines in {seconds} s");
    let log = home.log();
    assert!(!log.contains("panick"), "{log}");
    let heard = metric(&appliance.api, "scan_frames_heard_total") - heard;
    assert!(heard > f64::from(count) / 20.0, "they were heard: {heard} of {count}");
    let (malformed, resident) = (metric(&appliance.api, "why=\"malformed\""), appliance.resident_bytes());
    println!(
        "{sent} frames sent in {seconds} s: {heard} heard, {malformed} malformed, {overrun} lost in a full queue, {told} \
         lines of log, {resident} bytes resident"
    );
    assert!(appliance.resident_bytes() < MAX_RESIDENT_BYTES, "{} bytes", appliance.resident_bytes());
    let devices = appliance.api.devices().len();
    assert!(devices <= MAX_DEVICES, "{devices} devices");
    for host in lab.hosts().iter().filter(|host| host.online) {
        let _known: Value = appliance.api.device(&host.mac);
    }
    appliance.stop();
}

#[test]
#[ignore = "needs the lab"]
fn mutated_frames_cost_no_panic_and_no_log() {
    mutated_frames_are_borne(200_000);
}

#[test]
#[ignore = "needs the lab"]
fn long_ten_million_mutated_frames_cost_no_panic_and_no_log() {
    mutated_frames_are_borne(10_000_000);
}

/// Names that hope to be run, obeyed or believed by whoever shows them.
const NAMES: [&str; 8] = [
    "<script>alert(1)</script>",
    "\" onmouseover=\"alert(2)",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd",
    "\u{202e}gnp.exe",
    "\u{1b}[2J\u{1b}[31mred",
    "nul\0l",
    "two\r\nlines: yes",
];

/// Whatever of them must not stand anywhere as it was sent.
fn assert_tame(place: &str, text: &str, is_html: bool) {
    let turned = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some(at) = text.find(|c| turned(c) || control(c)) {
        let around: String = text.chars().skip(text[..at].chars().count().saturating_sub(40)).take(80).collect();
        panic!("{place}: {around:?}");
    }
    assert!(!text.contains("lines: yes\n") || !text.contains("two\n"), "{place}: a line of its own");
    if is_html {
        assert!(!text.contains("<script>alert") && !text.contains("\" onmouseover=\""), "{place}");
    }
}

#[test]
#[ignore = "needs the lab"]
fn names_that_hope_to_be_run_are_only_ever_text() {
    let lab = Lab::up("ten");
    let home = hasty_home();
    home.set_up(&lab);
    let appliance = home.start(&lab);
    appliance.await_first_sweep();
    let long = "A".repeat(10_000);
    let names: Vec<&str> = NAMES.iter().copied().chain([long.as_str()]).collect();
    let sent = serde_json::to_string(&names).expect("names are text");
    lab.python("linux", NAMED, &[&sent]);
    // Somebody types them too: into every field there is.
    for (number, name) in NAMES.iter().enumerate() {
        let ip = format!("10.77.0.{}", 230 + number);
        let body = json!({ "ip": ip, "label": name, "owner": name, "notes": name, "tags": [name] });
        let answer = appliance.api.ask("POST", "/api/network/v2/devices", Some(&body)).expect("an answer");
        assert!([201, 422].contains(&answer.status), "{name:?}: {} {}", answer.status, answer.body);
    }
    let shown = eventually("the names are heard", SOON, || {
        lab.python("linux", NAMED, &[&sent]);
        let devices = appliance.api.devices();
        let heard = devices.iter().filter(|device| {
            device["mac"].as_str().is_some_and(|mac| mac.to_lowercase().starts_with("00:1b:63:00:01"))
        });
        let named =
            heard.filter(|device| device["hostnames"].as_array().is_some_and(|names| !names.is_empty())).count();
        if named >= 4 { Ok(devices) } else { Err(format!("{named} named of {}", devices.len())) }
    });
    for device in &shown {
        for name in device["hostnames"].as_array().expect("hostnames") {
            let name = name["name"].as_str().expect("a name");
            assert!(name.len() <= 63, "{} bytes", name.len());
            assert_tame("a host name", name, false);
        }
        let id = device["id"].as_str().expect("an id");
        assert_tame("the page of a device", &appliance.api.text(&format!("/devices/{id}")), true);
    }
    for (path, is_html) in [
        ("/", true),
        ("/devices", true),
        ("/devices?q=script", true),
        ("/changes", true),
        ("/system", true),
        ("/metrics", false),
        ("/api/network/v2/export.csv", false),
        ("/api/network/v2/export.json", false),
        ("/api/network/v2/events", false),
        ("/api/network/v2/conflicts", false),
        ("/api/system/logs", false),
    ] {
        assert_tame(path, &appliance.api.text(path), is_html);
    }
    // No cell begins with a sign by which an office program knows a formula.
    let sheet = appliance.api.text("/api/network/v2/export.csv");
    for cell in sheet.split("\r\n").flat_map(|line| line.split("\",\"")) {
        let begins = cell.trim_start_matches('"').chars().next();
        assert!(!matches!(begins, Some('=' | '+' | '-' | '@' | '\t' | '\r')), "{cell}");
    }
    assert_tame("the log", &home.log(), false);
    let table = lab.vigie(&["scan"]);
    assert_tame("the table on the terminal", &table.out, false);
    assert_tame("what is said beside it", &table.err, false);
    appliance.stop();
}
