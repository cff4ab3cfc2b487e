//! Holds the tests of lists of devices going out and coming in.
//! Never trusts a cell. `cargo test` runs it.

use serde_json::json;

use super::bench::{Answer, Bench, with_bench};
use crate::accounts::role::Role;

const CSV: &str = "Content-Type: text/csv\r\n";

async fn import(bench: &Bench, query: &str, list: &str) -> Answer {
    bench.ask(Some(Role::Admin), &format!("POST /api/network/v2/import{query}"), CSV, list.as_bytes()).await
}

#[tokio::test]
async fn a_spreadsheet_holds_no_formula_and_comes_back_whole() {
    let mut list = String::new();
    with_bench(async |bench| {
        let id = bench.add(9, "=cmd|' /C calc'!A0").await;
        let said = json!({
            "label": "+33 1 \"till\", front", "owner": "@shop", "notes": "=1+1\nsecond; line", "tags": ["-a", "b,c"],
            "trust": "trusted", "watch": true, "kind": "nas",
        });
        let patched = bench.send(&format!("PATCH /api/network/v2/devices/{id}"), &said.to_string()).await;
        assert_eq!(patched.status, 200, "{}", patched.body);
        let export = bench.get("/api/network/v2/export.csv?bom=true").await;
        assert_eq!((export.status, export.field("content-type")), (200, Some("text/csv; charset=utf-8")));
        assert!(export.field("content-disposition").unwrap().contains("devices.csv"));
        assert!(export.body.starts_with("\u{feff}\"id\",\"mac\",\"ip\""));
        for formula in ["\"=", "\"+", "\"@", "\"-"] {
            assert!(!export.body.contains(formula), "{formula} in {}", export.body);
        }
        assert!(export.body.contains("\"'+33 1 \"\"till\"\", front\""), "{}", export.body);
        list = export.body;
        let same = import(bench, "", &list).await.json();
        assert_eq!(
            (&same["format"], &same["unchanged"], &same["updated"]),
            (&json!("vigie"), &json!(2), &json!(0)),
            "{same}"
        );
        for (query, part) in [("?separator=semicolon", "\";\""), ("?kind=nas", "\"nas\"")] {
            assert!(bench.get(&format!("/api/network/v2/export.csv{query}")).await.body.contains(part), "{query}");
        }
        assert_eq!(bench.get("/api/network/v2/export.csv?kind=camera").await.body.lines().count(), 1);
        assert_eq!(bench.get("/api/network/v2/export.csv?separator=x").await.status, 422);
        assert_eq!(bench.ask(None, "GET /api/network/v2/export.csv", "", b"").await.status, 401);
    })
    .await;
    with_bench(async |bench| {
        let dry = import(bench, "?dry_run=true", &list).await.json();
        assert_eq!((&dry["added"], &dry["dry_run"]), (&json!(1), &json!(true)), "{dry}");
        assert_eq!(bench.get("/api/network/v2/devices").await.json()["count"], 1, "a dry run adds nothing");
        let done = import(bench, "", &list).await.json();
        assert_eq!((&done["added"], &done["count"]), (&json!(1), &json!(2)), "{done}");
        let device = bench.get("/api/network/v2/devices/00:1b:21:00:00:09").await.json();
        assert_eq!(device["label"], "+33 1 \"till\", front");
        assert_eq!((&device["owner"], &device["notes"]), (&json!("@shop"), &json!("=1+1\nsecond; line")));
        assert_eq!(
            (&device["tags"], &device["trust"], &device["watch"]),
            (&json!(["-a", "b,c"]), &json!("trusted"), &json!(true))
        );
        assert_eq!((&device["kind"], &device["ip"]), (&json!("nas"), &json!("192.168.1.9")));
        let again = import(bench, "", &list).await.json();
        assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)), "{again}");
    })
    .await;
}

#[tokio::test]
async fn a_list_of_netalertx_is_taken_in_line_by_line() {
    with_bench(async |bench| {
        bench.add(9, "till").await;
        let list = "devMac,devName,devOwner,devType,devVendor,devFavorite,devGroup,devComments,devLastIP\n\
            00:1b:21:00:00:09,Till,shop,PC,,1,tills,,192.168.1.9\n\
            00:1b:21:00:00:60,Old printer,,Printer,,0,,,10.9.9.9\n\
            Internet,Internet,House,Router,,0,,,203.0.113.1\n\
            01:00:5e:00:00:01,Group,,,,0,,,\n";
        let answer = bench
            .ask(
                Some(Role::Admin),
                "POST /api/network/v2/import",
                &format!("{CSV}Accept-Language: fr\r\n"),
                list.as_bytes(),
            )
            .await;
        let done = answer.json();
        assert_eq!(
            (&done["format"], &done["updated"], &done["added"], &done["refused"]),
            (&json!("netalertx"), &json!(1), &json!(1), &json!(2)),
            "{done}"
        );
        let items = done["items"].as_array().unwrap();
        assert_eq!(
            (&items[0]["line"], &items[0]["changed"]),
            (&json!(2), &json!(["label", "owner", "tags", "watch", "kind"]))
        );
        assert_eq!(items[2]["reason"], "Ce n'est pas une adresse MAC comme 00:11:22:33:44:55.");
        assert_eq!(items[3]["reason"], "Aucun appareil de ce segment ne peut avoir cette adresse.");
        let printer = bench.get("/api/network/v2/devices/00:1b:21:00:00:60").await.json();
        assert_eq!(
            (&printer["label"], &printer["kind"], &printer["ip"]),
            (&json!("Old printer"), &json!("printer"), &json!(null))
        );
        assert_eq!(import(bench, "", "colour\nred\n").await.no(), (422, "not_a_device_list".into()));
        assert_eq!(import(bench, "?dry_run=x", list).await.no(), (422, "bad_parameter".into()));
        let operator = bench.ask(Some(Role::Operator), "POST /api/network/v2/import", CSV, list.as_bytes()).await;
        assert_eq!(operator.status, 403);
        let large = vec![b'x'; 1024 * 1024 + 1];
        assert_eq!(bench.ask(Some(Role::Admin), "POST /api/network/v2/import", CSV, &large).await.status, 413);
    })
    .await;
}

#[tokio::test]
async fn json_goes_out_whole_over_many_visits() {
    with_bench(async |bench| {
        for last in 3..=254 {
            bench.add(last, "host").await;
        }
        let export = bench.get("/api/network/v2/export.json").await.json();
        assert_eq!((&export["version"], export["items"].as_array().unwrap().len()), (&json!(1), 253));
        let none = bench.get("/api/network/v2/export.json?kind=camera").await.json();
        assert_eq!(none["items"], json!([]));
        let machines = bench.get("/machines").await.json();
        assert_eq!(machines.as_array().unwrap().len(), 253);
        assert!(machines[0]["ip"].is_string() && machines[0].get("model").is_some());
        assert_eq!(bench.ask(None, "GET /machines", "", b"").await.status, 401);
        assert_eq!(bench.get("/api/network/v2/export.json?trust=x").await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn a_backup_goes_out_and_comes_back_into_another_appliance_and_holds_no_secret() {
    let mut backup = String::new();
    let said = json!({
        "label": "Till \"2\"", "owner": "shop", "notes": "line\nline", "tags": ["a", "b"], "trust": "blocked", "watch": true,
        "kind": "nas", "hostname": "till2",
    });
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        bench.add(10, "").await;
        assert_eq!(bench.send(&format!("PATCH /api/network/v2/devices/{id}"), &said.to_string()).await.status, 200);
        let settings = r#"{"interval_minutes":7}"#;
        let put = bench.send_as(Role::Admin, "PUT /api/network/v2/config", "", settings).await;
        assert_eq!(put.status, 200, "{}", put.body);
        assert_eq!(bench.get("/api/system/backup").await.status, 403, "names of accounts are not for everybody");
        let answer = bench.ask(Some(Role::Admin), "GET /api/system/backup", "", b"").await;
        assert!(answer.field("content-disposition").unwrap().contains("vigie-"), "{}", answer.head);
        let document = answer.json();
        assert_eq!(
            (&document["version"], &document["settings"]["interval_minutes"]),
            (&json!(1), &json!(7)),
            "{document}"
        );
        assert!(document["accounts"].as_array().unwrap().iter().all(|account| account.as_object().unwrap().len() == 3));
        backup = answer.body;
    })
    .await;
    with_bench(async |bench| {
        let restore = async |query: &str, body: &str| {
            let fields = "Content-Type: application/json\r\n";
            bench.ask(Some(Role::Admin), &format!("POST /api/system/restore{query}"), fields, body.as_bytes()).await
        };
        let dry = restore("?dry_run=true", &backup).await.json();
        assert_eq!((&dry["devices"]["added"], &dry["settings"]), (&json!(2), &json!("changed")), "{dry}");
        assert_eq!(dry["not_in_a_backup"][0], "passwords");
        assert_eq!(bench.get("/api/network/v2/devices").await.json()["count"], 1, "a dry run adds nothing");
        let done = restore("", &backup).await.json();
        assert_eq!((&done["devices"]["added"], &done["devices"]["refused"]), (&json!(2), &json!(0)), "{done}");
        assert_eq!(done["accounts_missing"], json!([]));
        let device = bench.get("/api/network/v2/devices/00:1b:21:00:00:09").await.json();
        for (name, value) in said.as_object().unwrap() {
            assert_eq!(&device[name], value, "{name}");
        }
        assert_eq!(bench.get("/api/network/v2/config").await.json()["interval_minutes"], 7);
        let again = restore("", &backup).await.json();
        assert_eq!((&again["devices"]["unchanged"], &again["settings"]), (&json!(2), &json!("same")), "{again}");
        // Settings that do not do here are left, with the reason; the rest is restored.
        let odd =
            backup.replace("\"interval_minutes\":7", "\"interval_minutes\":0").replace("Till \\\"2\\\"", "Till 3");
        let done = restore("", &odd).await.json();
        assert_eq!((&done["settings"], &done["devices"]["updated"]), (&json!("refused"), &json!(1)), "{done}");
        assert!(done["settings_reason"].as_str().unwrap().starts_with("/interval_minutes: "), "{done}");
        assert_eq!(restore("", "{}").await.no(), (422, "not_a_backup".into()));
        assert_eq!(restore("", r#"{"version":7,"items":[]}"#).await.no(), (422, "other_backup_form".into()));
        let operator =
            bench.ask(Some(Role::Operator), "POST /api/system/restore", "Content-Type: application/json\r\n", b"{}");
        assert_eq!(operator.await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_another_appliance_gave_to_somebody_else_changes_nobody_here() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let list = format!("id,mac,label\n{id},00:1b:21:00:00:77,Somebody else\n{id},,The till\n");
        let done = import(bench, "", &list).await.json();
        assert_eq!((&done["added"], &done["updated"]), (&json!(1), &json!(1)), "{done}");
        let label = async |path: String| bench.get(&path).await.json()["label"].as_str().unwrap_or_default().to_owned();
        assert_eq!(label(format!("/api/network/v2/devices/{id}")).await, "The till");
        assert_eq!(label("/api/network/v2/devices/00:1b:21:00:00:77".into()).await, "Somebody else");
    })
    .await;
}
