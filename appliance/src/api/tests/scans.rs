//! Holds the tests of scans: starting, refusing, watching, stopping, and what is kept of them.
//! Never lets a probe out: the legs have no sockets. `cargo test` runs it.

use serde_json::json;

use super::bench::{with_bench, with_legs};
use crate::accounts::role::Role;
use crate::shell::network::testing;

const SCAN: &str = "/api/network/v2/scan";

#[tokio::test]
async fn one_scan_at_a_time_from_start_to_snapshot() {
    with_bench(async |bench| {
        bench.add(9, "till").await;
        let started = bench.send(&format!("POST {SCAN}"), r#"{"kind":"quick"}"#).await;
        assert_eq!((started.status, started.field("location")), (202, Some(SCAN)), "{}", started.body);
        let job = started.json()["job"].clone();
        assert_eq!((&job["state"], &job["kind"]), (&json!("running"), &json!("quick")));
        let running = bench.get(SCAN).await.json();
        assert_eq!(
            (&running["running"], &running["asked"], &running["job"]["id"]),
            (&json!(true), &json!(true), &job["id"])
        );
        assert!(running.get("eta_s").is_some() && running.get("progress").is_some());
        assert_eq!(bench.send(&format!("POST {SCAN}"), "").await.no(), (409, "scan_running".into()));
        bench.network.call(|hands| testing::end_sweeps(hands, 1)).await.unwrap();
        let over = bench.get_until(SCAN, |answer| answer.json()["job"]["state"] == "done").await.json();
        assert_eq!((&over["running"], &over["progress"]), (&json!(false), &json!(null)));
        let scans = bench.get("/api/network/v2/scans").await.json();
        let scan = &scans["items"][0];
        assert_eq!(
            (&scans["count"], &scan["purpose"], &scan["kept"], &scan["segment"]),
            (&json!(1), &json!("asked"), &json!(true), &json!("eth0"))
        );
        assert_eq!(over["job"]["scans"], json!([scan["number"]]));
        let snapshot = bench.get(&format!("/api/network/v2/scans/{}", scan["number"])).await.json();
        assert_eq!((&snapshot["count"], &snapshot["scan"]["number"]), (&json!(2), &scan["number"]));
        assert!(snapshot["items"].as_array().unwrap().iter().any(|row| row["name"] == "till"));
        let machines = bench.get("/machines").await.json();
        let till = machines.as_array().unwrap().iter().find(|row| row["name"] == "till").unwrap();
        assert_eq!(till["scans"], json!([scan["number"]]));
        for missing in ["99", "x"] {
            assert_eq!(bench.get(&format!("/api/network/v2/scans/{missing}")).await.no(), (404, "no_such_scan".into()));
        }
    })
    .await;
}

#[tokio::test]
async fn snapshots_that_are_gone_say_so() {
    with_bench(async |bench| {
        for number in 1..=6_u32 {
            assert_eq!(bench.send(&format!("POST {SCAN}"), "{}").await.status, 202);
            bench.network.call(|hands| testing::end_sweeps(hands, 0)).await.unwrap();
            bench.get_until(SCAN, |answer| answer.json()["job"]["scans"] == json!([number])).await;
        }
        assert_eq!(bench.get("/api/network/v2/scans/1").await.no(), (410, "no_snapshot".into()));
        assert_eq!(bench.get("/api/network/v2/scans/2").await.status, 200);
        let page = bench.get("/api/network/v2/scans?limit=4").await.json();
        assert_eq!((&page["items"][0]["number"], &page["count"]), (&json!(6), &json!(6)));
        let next = page["next"].as_str().unwrap();
        let rest = bench.get(&format!("/api/network/v2/scans?limit=4&cursor={next}")).await.json();
        assert_eq!((&rest["items"][0]["number"], &rest["next"]), (&json!(2), &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn scans_are_stopped() {
    with_bench(async |bench| {
        assert_eq!(bench.send(&format!("POST {SCAN}/stop"), "").await.json(), json!({ "stopped": false }));
        bench
            .send(
                &format!("POST {SCAN}"),
                r#"{"kind":"full","targets":["192.168.1.0/28"],"ports":[22],"pace":"gentle"}"#,
            )
            .await;
        assert_eq!(bench.send(&format!("POST {SCAN}/stop"), "{}").await.json(), json!({ "stopped": true }));
        let state = bench.get(SCAN).await.json();
        assert_eq!((&state["running"], &state["job"]["state"]), (&json!(false), &json!("stopped")));
        assert_eq!(bench.send(&format!("POST {SCAN}"), "").await.status, 202);
        assert_eq!(bench.ask(Some(Role::Operator), &format!("DELETE {SCAN}"), "", b"").await.status, 204);
        assert_eq!(bench.get(SCAN).await.json()["running"], false);
        assert_eq!(bench.send_as(Role::Viewer, &format!("POST {SCAN}"), "", "").await.status, 403);
        assert_eq!(bench.ask(Some(Role::Viewer), &format!("DELETE {SCAN}"), "", b"").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn targets_that_do_not_do_are_pointed_at_in_both_languages() {
    with_bench(async |bench| {
        for (body, pointer, part) in [
            (r#"{"targets":["192.168.1.7","10.0.0.0/24"]}"#, "/targets/1", "« 10.0.0.0/24 » n'est sur aucun segment"),
            (r#"{"targets":["192.168.1.5/24"]}"#, "/targets/0", "le segment est 192.168.1.0/24"),
            (r#"{"targets":["10.0.0.0/12"]}"#, "/targets/0", "trop grand"),
            (r#"{"targets":["8.8.8.0/24"]}"#, "/targets/0", "adresses publiques"),
            (r#"{"targets":["fd00::/64"]}"#, "/targets/0", "IPv6"),
            (r#"{"ports":[9100]}"#, "/ports/0", "imprimantes"),
            (r#"{"kind":"deep"}"#, "/kind", "doit être parmi"),
            (r#"{"pace":"warp"}"#, "/pace", "doit être parmi"),
        ] {
            let refused = bench.send_as(Role::Operator, &format!("POST {SCAN}"), "Accept-Language: fr\r\n", body).await;
            assert_eq!((refused.status, refused.pointers()), (422, vec![pointer.to_owned()]), "{body}");
            let words = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(words.contains(part), "{words}");
        }
        let config =
            bench.send_as(Role::Admin, "PUT /api/network/v2/config", "", r#"{"exclude":["192.168.1.64/26"]}"#).await;
        assert_eq!(config.status, 200, "{}", config.body);
        for (targets, status) in [
            (r#"["192.168.1.70"]"#, 422),
            (r#"["192.168.1.64/27","192.168.1.96/27"]"#, 422),
            (r#"["192.168.1.70","192.168.1.7"]"#, 202),
        ] {
            let answer = bench.send(&format!("POST {SCAN}"), &format!(r#"{{"targets":{targets}}}"#)).await;
            assert_eq!(answer.status, status, "{targets}: {}", answer.body);
            if status == 422 {
                assert_eq!(answer.pointers(), ["/targets/0"]);
                assert!(answer.body.contains("exclusions"), "{}", answer.body);
                assert_eq!(bench.get(SCAN).await.json()["running"], false, "nothing was started");
            }
        }
    })
    .await;
    with_legs(&[], async |bench| {
        assert_eq!(bench.send(&format!("POST {SCAN}"), "").await.no(), (503, "no_network".into()));
    })
    .await;
}
