//! Holds the promise that secrets lie nowhere in clear, and that every answer carries what protects a browser.
//! Never prints a secret it finds: only where. Needs root and VIGIE_BIN.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vigie_tests::api::{ADMIN, PASSWORD};
use vigie_tests::appliance::Home;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::program::binary;

use crate::wire::{ask, token, with_service};

/// Fields without which no answer leaves the house.
const FIELDS: [&str; 8] = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "x-dns-prefetch-control",
    "cache-control",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of ours").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Other spellings in which a secret could lie about.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let spaced: Vec<u8> = secret.iter().flat_map(|byte| [*byte, 0]).collect();
    vec![secret.to_vec(), hex.clone().into_bytes(), hex.to_uppercase().into_bytes(), spaced]
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
#[ignore = "needs root"]
fn no_secret_lies_in_clear_on_the_card_in_the_log_or_in_the_program() {
    let lab = Lab::bare();
    let home = Home::new(Rights::User, "[http]\nmetrics_token = \"a-token-for-a-metrics-collector-32\"\n");
    // Without an administrator the code stands on the console, where it belongs, and nowhere else.
    let unset = Home::new(Rights::User, "");
    let code = {
        let mut command = unset.command(&lab, "run");
        let log = std::fs::File::create(unset.path().join("log")).expect("a log");
        let child = command.stdin(std::process::Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = child.spawn().expect("the service starts");
        let code = vigie_tests::patience::eventually("the code is told", std::time::Duration::from_secs(30), || {
            let log = unset.log();
            let line = log.lines().find_map(|line| line.split_once("setup code: "));
            line.map(|(_, code)| code.trim().to_owned()).ok_or(log)
        });
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        code
    };
    assert_eq!(code.len(), 9, "XXXX-XXXX");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    let pair = appliance.api.send("POST", "/api/token", &json!({ "username": ADMIN, "password": PASSWORD }));
    let wrong = json!({ "username": ADMIN, "password": "a wrong password, typed" });
    assert_eq!(appliance.api.ask("POST", "/api/token", Some(&wrong)).expect("an answer").status, 401);
    let page = lab.inside(|| {
        let login = json!({ "username": ADMIN, "password": PASSWORD }).to_string();
        ask("POST /api/session", "Content-Type: application/json\r\n", login.as_bytes())
    });
    let cookie =
        page.field("set-cookie").and_then(|field| field.split(['=', ';']).nth(1)).expect("a cookie").to_owned();
    let logs = appliance.api.text("/api/system/logs");
    appliance.stop();

    let seed = std::fs::read(home.data().join("device.key")).expect("the key is made");
    assert_eq!(seed.len(), 32);
    let text = |value: &Value| value.as_str().expect("a token").as_bytes().to_vec();
    let secrets: BTreeMap<&str, Vec<u8>> = BTreeMap::from([
        ("the password", PASSWORD.as_bytes().to_vec()),
        ("a password typed wrong", b"a wrong password, typed".to_vec()),
        ("an access token", text(&pair["access"])),
        ("a refresh token", text(&pair["refresh"])),
        ("a cookie", cookie.into_bytes()),
        ("the set-up code", code.replace('-', "").into_bytes()),
        ("the set-up code as it is told", code.clone().into_bytes()),
        ("the metrics token", b"a-token-for-a-metrics-collector-32".to_vec()),
        ("the seed of the device's key", seed),
    ]);
    let mut places: Vec<(String, Vec<u8>)> = vec![
        ("the log".to_owned(), home.log().into_bytes()),
        ("the log in memory".to_owned(), logs.into_bytes()),
        ("the program".to_owned(), std::fs::read(binary()).expect("the program")),
    ];
    for data in [home.data(), unset.data()] {
        for file in files(&data) {
            if file.file_name().is_some_and(|name| name == "device.key") {
                use std::os::unix::fs::PermissionsExt;
                let mode = file.metadata().expect("the key").permissions().mode();
                assert_eq!(mode & 0o077, 0, "only its owner may read the key: {mode:o}");
                continue;
            }
            places.push((file.display().to_string(), std::fs::read(&file).expect("a file of ours")));
        }
    }
    assert!(places.len() > 4, "there is a store: {:?}", places.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (what, secret) in &secrets {
        for (place, bytes) in &places {
            for spelling in spellings(secret) {
                assert!(!holds(bytes, &spelling), "{what} lies in {place}");
            }
        }
    }
}

#[test]
#[ignore = "needs root"]
fn every_answer_of_every_route_protects_the_browser_and_tells_a_stranger_no_version() {
    with_service(|lab, _, appliance| {
        let description = appliance.api.get("/api/openapi.json");
        let version = appliance.api.get("/api/system")["version"].as_str().expect("a version").to_owned();
        let good = token(appliance);
        let mut walked = 0;
        lab.inside(|| {
            for (path, operations) in description["paths"].as_object().expect("paths") {
                let place = path.replace("{path}", "page.css").replace("{id}", "0011223344556677").replace("{n}", "1");
                let methods = operations.as_object().expect("operations").keys().map(|method| method.to_uppercase());
                for method in
                    methods.chain(["OPTIONS".to_owned(), "HEAD".to_owned(), "DELETE".to_owned(), "PATCH".to_owned()])
                {
                    for bearer in [String::new(), format!("Authorization: Bearer {good}\r\n")] {
                        // Streams do not end, and some ends would end the session the rest of the walk needs.
                        let endless = !bearer.is_empty() && ["/api/events", "/ws"].contains(&path.as_str());
                        if endless || (path == "/api/session" && method == "DELETE") {
                            continue;
                        }
                        let answer = ask(&format!("{method} {place}"), &bearer, b"");
                        walked += 1;
                        for name in FIELDS {
                            assert!(answer.field(name).is_some(), "{method} {place}: no {name}\n{}", answer.head);
                        }
                        let policy = answer.field("content-security-policy").expect("a policy");
                        for part in
                            ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
                        {
                            assert!(policy.contains(part), "{method} {place}: {policy}");
                        }
                        assert!(!policy.contains("unsafe") && !policy.contains("http:"), "{method} {place}: {policy}");
                        assert!(
                            answer.field("server").is_none() && answer.field("x-powered-by").is_none(),
                            "{}",
                            answer.head
                        );
                        assert!(!answer.head.to_ascii_lowercase().contains("access-control-allow"), "{}", answer.head);
                        if bearer.is_empty() {
                            let body = String::from_utf8_lossy(&answer.body);
                            assert!(!body.contains(&version), "{method} {place} tells a stranger the version");
                            assert!(!body.contains("panicked") && !body.contains(".rs:"), "{method} {place}: {body}");
                        }
                    }
                }
            }
        });
        assert!(walked > 300, "{walked}");
    });
}
