//! Holds the tests of how the network is watched: settings, monitoring, segments, health, readiness, metrics, the terminal.
//! Never widens what may be scanned. `cargo test` runs it.

use serde_json::json;

use super::bench::{with_bench, with_legs};
use crate::accounts::role::Role;
use crate::api::network::{monitoring, view};
use crate::api::table::scan_table;
use crate::shell::keeper::{SETTINGS, Stored};

const CONFIG: &str = "/api/network/v2/config";

#[tokio::test]
async fn settings_are_replaced_by_one_at_a_time() {
    with_bench(async |bench| {
        let now = bench.get(CONFIG).await;
        let tag = now.field("etag").unwrap().to_owned();
        let mut settings = now.json();
        assert_eq!(settings["interval_minutes"], 5);
        assert_eq!(
            bench
                .ask(Some(Role::Viewer), &format!("GET {CONFIG}"), &format!("If-None-Match: {tag}\r\n"), b"")
                .await
                .status,
            304
        );
        settings["interval_minutes"] = json!(12);
        settings["sources"]["mdns"] = json!(false);
        let put = format!("PUT {CONFIG}");
        let fields = format!("If-Match: {tag}\r\n");
        assert_eq!(bench.send_as(Role::Operator, &put, &fields, &settings.to_string()).await.status, 403);
        let done = bench.send_as(Role::Admin, &put, &fields, &settings.to_string()).await;
        assert_eq!((done.status, &done.json()["interval_minutes"]), (200, &json!(12)), "{}", done.body);
        assert_ne!(done.field("etag"), Some(tag.as_str()));
        assert_eq!(
            bench.send_as(Role::Admin, &put, &fields, &settings.to_string()).await.no(),
            (412, "changed_since".into())
        );
        let rhythm = bench.network.call(|hands| hands.sweeps().rhythm.clone()).await.unwrap();
        assert_eq!(rhythm.every, std::time::Duration::from_secs(12 * 60), "it is obeyed");
        let refused = bench
            .send_as(
                Role::Admin,
                &put,
                "Accept-Language: fr\r\n",
                r#"{"interval_minutes":0,"segments":["192.168.1.5/24"]}"#,
            )
            .await;
        assert_eq!(refused.pointers(), ["/interval_minutes", "/segments/0"]);
        assert!(refused.body.contains("L'intervalle doit être de 1 à 60 minutes."), "{}", refused.body);
        let ports: Vec<u32> = (10_000..10_256).collect();
        let long = json!({ "ports": { "quick": ports, "full": ports } }).to_string();
        assert_eq!(bench.send_as(Role::Admin, &put, "", &long).await.no(), (422, "settings_too_long".into()));
        assert_eq!(bench.send_as(Role::Admin, &put, "", r#"{"interfaces":["eth1"]}"#).await.status, 422);
        assert_eq!(bench.get(CONFIG).await.json()["interval_minutes"], 12, "nothing of it was done");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_obeyed() {
    with_bench(async |bench| {
        bench.keeper.stop().await;
        let answer = bench.send_as(Role::Admin, &format!("PUT {CONFIG}"), "", r#"{"interval_minutes":9}"#).await;
        assert_eq!(answer.no(), (507, "not_saved".into()));
        assert_eq!(bench.get(CONFIG).await.json()["interval_minutes"], 5);
        assert_eq!(bench.send("POST /api/network/v2/monitoring/start", "").await.status, 507);
    })
    .await;
}

#[tokio::test]
async fn monitoring_starts_stops_and_tells() {
    with_bench(async |bench| {
        let started = bench.send("POST /api/network/v2/monitoring/start", "").await.json();
        assert_eq!((&started["running"], &started["interval_minutes"]), (&json!(true), &json!(5)));
        for name in ["total_scans", "last_duration_ms", "mean_duration_ms", "uptime_s", "changes_by_type", "next_in_s"]
        {
            assert!(started.get(name).is_some(), "{name}");
        }
        assert_eq!(bench.send("POST /api/network/v2/monitoring/stop", "{}").await.json()["running"], false);
        assert_eq!(bench.get("/api/network/v2/monitoring/stats").await.json()["running"], false);
        assert_eq!(bench.send_as(Role::Viewer, "POST /api/network/v2/monitoring/stop", "", "").await.status, 403);
    })
    .await;
    let stored =
        |value: &[u8]| Stored { kind: SETTINGS.id, version: 1, key: b"monitoring".to_vec(), value: value.to_vec() };
    assert!(monitoring::chosen(&[]) && monitoring::chosen(&[stored(b"nonsense")]));
    assert!(!monitoring::chosen(&[stored(br#"{"watching":false}"#)]));
}

#[tokio::test]
async fn segments_say_what_is_not_scanned_and_why() {
    let legs =
        [("eth0", [192, 168, 1, 2].into(), 24), ("eth1", [8, 8, 8, 9].into(), 24), ("eth2", [10, 0, 0, 2].into(), 16)];
    with_legs(&legs, async |bench| {
        let page =
            bench.ask(Some(Role::Viewer), "GET /api/network/v2/segments", "Accept-Language: fr\r\n", b"").await.json();
        assert_eq!((&page["count"], &page["next"]), (&json!(3), &json!(null)));
        let block = |index: usize| page["items"][index]["blocks"][0].clone();
        assert_eq!(block(0), json!({ "block": "192.168.1.0/24", "scanned": true, "code": null, "reason": null }));
        assert_eq!(block(1)["code"], "public");
        assert!(block(2)["reason"].as_str().unwrap().contains("/22"));
        assert!(block(1)["reason"].as_str().unwrap().starts_with("Ses adresses sont publiques"));
        let first = &page["items"][0];
        assert_eq!(
            (&first["segment"], &first["kind"], &first["means"]),
            (&json!("eth0"), &json!("wired"), &json!({ "raw": false, "icmp": false }))
        );
        assert_eq!(bench.ask(None, "GET /api/network/v2/segments", "", b"").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn health_readiness_and_metrics_speak_of_the_network() {
    with_bench(async |bench| {
        bench.add(9, "till").await;
        let full = bench.get("/api/network/v2/health").await.json();
        assert_eq!(
            (&full["success"], &full["status"], &full["devices"]),
            (&json!(true), &json!("starting"), &json!(2))
        );
        assert_eq!(full["unprivileged"], json!(["eth0"]));
        let stranger = bench.ask(None, "GET /api/network/v2/health", "", b"").await.json();
        assert_eq!(stranger, json!({ "success": true, "status": "starting" }), "no more than a word");
        let ready = bench.get("/readyz").await.json();
        let check = |name: &str| {
            ready["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).cloned().unwrap()
        };
        assert_eq!((&check("first_sweep")["ok"], &check("first_sweep")["needed"]), (&json!(false), &json!(false)));
        assert!(check("privileges")["detail"].as_str().unwrap().contains("CAP_NET_RAW"));
        assert_eq!((&check("scanner")["ok"], &check("device_table")["ok"]), (&json!(true), &json!(true)));
        let metrics = bench.get("/metrics").await.body;
        assert!(metrics.contains("vigie_devices{state=\"online\"} 2\n"), "{metrics}");
        assert!(metrics.contains("vigie_segments 1\n") && !metrics.contains("00:1b:21"), "no MAC in a label");
    })
    .await;
    with_legs(&[], async |bench| {
        let health = bench.get("/api/network/v2/health").await.json();
        assert_eq!((&health["success"], &health["status"]), (&json!(false), &json!("no_network")));
    })
    .await;
}

#[tokio::test]
async fn the_terminal_gets_a_table_that_fits() {
    with_bench(async |bench| {
        bench.add(9, "a-very-long-name-of-a-till-at-the-front-of-the-shop").await;
        bench.add(10, "\u{202e}evil").await;
        bench.add(11, "印刷機").await;
        let clocks = crate::shell::clocks::Clocks::open(&[], None);
        let rows = bench.network.call(move |hands| view::all_devices(hands, &clocks)).await.unwrap();
        assert_eq!(
            rows.iter().map(|row| row.ip.as_deref().unwrap()).collect::<Vec<_>>(),
            ["192.168.1.2", "192.168.1.9", "192.168.1.10", "192.168.1.11"]
        );
        let whole = scan_table(&rows, None);
        assert!(whole.contains("a-very-long-name-of-a-till-at-the-front-of-the-shop") && !whole.contains('\u{202e}'));
        let lines: Vec<&str> = whole.lines().collect();
        assert!(lines[0].starts_with("IP ") && lines[0].ends_with("CONFIDENCE"), "{}", lines[0]);
        assert!(whole.ends_with("\n4 devices, 4 online\n"), "{whole}");
        let narrow = scan_table(&rows, Some(80));
        for line in narrow.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
        }
        assert!(narrow.contains('…') && narrow.contains("192.168.1.10"));
        assert_eq!(scan_table(&[], Some(80)).lines().count(), 3);
    })
    .await;
}

#[tokio::test]
async fn every_route_admits_whom_it_says_and_nobody_else() {
    with_bench(async |bench| {
        let own = |path: &str| {
            ["/api/network/", "/api/accounts", "/api/logs", "/api/screen"].iter().any(|area| path.starts_with(area))
                || path == "/machines"
        };
        let mut walked = 0;
        for route in bench.table.routes().iter().filter(|route| own(route.path)) {
            let path = route.path.replace("{id}", "nobody").replace("{number}", "0");
            for role in std::iter::once(None).chain(Role::ALL.map(Some)) {
                let fields = if path.ends_with("/import") { "text/csv" } else { "application/json" };
                let fields = format!("Content-Type: {fields}\r\n");
                let answer = bench.ask(role, &format!("{} {path}", route.method), &fields, b"").await;
                let denied = matches!(answer.status, 401 | 403);
                assert_eq!(denied, !route.access.admits(role), "{} {path} {role:?}: {}", route.method, answer.body);
                assert!(answer.status < 500, "{} {path}: {}", route.method, answer.body);
                walked += 1;
            }
        }
        assert_eq!(walked, 6 * 66, "a new route: count it");
        let description = bench.ask(None, "GET /api/openapi.json", "", b"").await.json();
        for (path, method) in
            [("/api/network/v2/devices/{id}", "patch"), ("/api/network/v2/import", "post"), ("/machines", "get")]
        {
            assert!(description["paths"][path][method]["summary"].is_string(), "{method} {path}");
        }
    })
    .await;
}
