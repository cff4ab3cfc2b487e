//! Holds the tests of stored changes and of what the event stream tells.
//! Never compares times with a clock. `cargo test` runs it.

use serde_json::{Value, json};

use vigie_core::lan::{Fact, Port, Source, Transport};

use super::bench::{ip, mac, with_bench};
use crate::accounts::role::Role;
use crate::http::events::Topic;
use crate::shell::network::testing;

const EVENTS: &str = "/api/network/v2/events";

fn types(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn changes_are_stored_filtered_and_paged() {
    with_bench(async |bench| {
        let till = bench.add(9, "till").await;
        bench.add(10, "door").await;
        let patch = format!("PATCH /api/network/v2/devices/{till}");
        for name in ["one", "two", "three"] {
            bench.send(&patch, &format!(r#"{{"hostname":"{name}"}}"#)).await;
        }
        let renamed = |page: &Value| types(page).iter().filter(|kind| *kind == "HOSTNAME_CHANGED").count();
        let page = bench.get_until(EVENTS, |answer| renamed(&answer.json()) >= 3).await.json();
        assert_eq!(renamed(&page), 3, "{page}");
        let types_told = types(&page);
        let newest = &page["items"][0];
        for name in ["seq", "ts", "type", "device", "old", "new", "evidence"] {
            assert!(newest.get(name).is_some(), "no {name} in {newest}");
        }
        assert_eq!((&newest["old"], &newest["new"], &newest["device"]), (&json!("two"), &json!("three"), &json!(till)));
        assert_eq!(newest["device_name"], "three");
        let only = bench.get(&format!("{EVENTS}?type=new_device&device=192.168.1.9")).await.json();
        assert_eq!((types(&only), &only["count"]), (vec!["NEW_DEVICE".to_owned()], &json!(1)));
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = bench.get(&format!("{EVENTS}?limit=2{cursor}")).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), types_told.len());
        assert!(seen.windows(2).all(|two| two[0] > two[1]), "newest first, none twice: {seen:?}");
        assert_eq!(bench.get(&format!("{EVENTS}?since=24h")).await.json()["count"], json!(types_told.len()));
        assert_eq!(bench.get(&format!("{EVENTS}?until=2020-01-01T00:00:00Z")).await.json()["count"], 0);
        for bad in ["type=PARTY", "since=yesterday", "device=nobody", "cursor=%21"] {
            assert!(matches!(bench.get(&format!("{EVENTS}?{bad}")).await.status, 404 | 422), "{bad}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_device_has_a_history_that_survives_a_merge() {
    with_bench(async |bench| {
        let (one, two) = (bench.add(9, "laptop").await, bench.add(10, "dock").await);
        bench.send(&format!("PATCH /api/network/v2/devices/{two}"), r#"{"hostname":"station"}"#).await;
        bench.send(&format!("POST /api/network/v2/devices/{one}/merge"), &format!(r#"{{"with":"{two}"}}"#)).await;
        let path = format!("/api/network/v2/devices/{one}/history");
        // Its own and that of its part; the merge may be stored between the two looks that one answer takes.
        let whole = |told: &[String]| told.iter().filter(|kind| *kind == "NEW_DEVICE").count() == 2;
        let all = bench.get_until(&path, |answer| whole(&types(&answer.json()))).await.json();
        assert!(types(&all).contains(&"MERGED".to_owned()));
        assert_eq!(all["addresses"].as_array().unwrap().len(), 2);
        assert!(all["uptime"].get("24h").is_some() && all["strip"].as_array().unwrap().len() == 96);
        let presence = types(&bench.get(&format!("{path}?kind=presence&period=24h")).await.json());
        assert!(!presence.is_empty() && presence.iter().all(|kind| ["NEW_DEVICE", "ONLINE"].contains(&kind.as_str())));
        assert_eq!(types(&bench.get(&format!("{path}?kind=ports")).await.json()), Vec::<String>::new());
        assert_eq!(bench.get(&format!("{path}?kind=weather")).await.no(), (422, "bad_parameter".into()));
        assert_eq!(bench.get("/api/network/v2/devices/nobody/history").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_stream_tells_rows_and_changes_as_the_lists_do() {
    with_bench(async |bench| {
        let mut listener = bench.platform.events.listen(None, vec![Topic::Network], None).unwrap();
        let id = bench.add(9, "till").await;
        let (mut change, mut row) = (None, None);
        while change.is_none() || row.is_none() {
            let told: Value = serde_json::from_str(&listener.hear().await.unwrap().text).unwrap();
            match told["type"].as_str().unwrap() {
                "NEW_DEVICE" if told["data"]["device"] == json!(id) => change = Some(told["data"].clone()),
                "device" if told["data"]["id"] == json!(id) => row = Some(told["data"].clone()),
                _ => {}
            }
        }
        let (change, row) = (change.unwrap(), row.unwrap());
        let path = format!("{EVENTS}?type=NEW_DEVICE&device={id}");
        let stored = bench.get_until(&path, |answer| answer.json()["count"] == 1);
        let stored = stored.await.json()["items"][0].clone();
        assert_eq!((&stored["id"], &stored["ts"], &stored["new"]), (&change["id"], &change["ts"], &change["new"]));
        let listed = bench.get("/api/network/v2/devices?q=till").await.json()["items"][0].clone();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&row), names(&listed), "the same members");
        let gone = bench.ask(Some(Role::Operator), &format!("DELETE /api/network/v2/devices/{id}"), "", b"").await;
        assert_eq!(gone.status, 204);
        loop {
            let told: Value = serde_json::from_str(&listener.hear().await.unwrap().text).unwrap();
            if told["type"] == "device_gone" {
                assert_eq!(told["data"], json!({ "id": id }));
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_crowd_does_not_drop_listeners_but_makes_them_read_again() {
    with_bench(async |bench| {
        let mut listener = bench.platform.events.listen(None, vec![Topic::Network], None).unwrap();
        for last in 10..210 {
            bench.add(last, &format!("host-{last}")).await;
        }
        let mut one_by_one = 0;
        loop {
            let told: Value = serde_json::from_str(&listener.hear().await.expect("not dropped").text).unwrap();
            if told["type"] == "reload" {
                assert_eq!(told["data"], json!({ "devices": true, "events": true }));
                break;
            }
            one_by_one += 1;
        }
        assert!(one_by_one <= 24, "{one_by_one} told one by one");
    })
    .await;
}

#[tokio::test]
async fn a_row_too_long_for_an_event_comes_without_its_longest_parts() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let mut listener = bench.platform.events.listen(None, vec![Topic::Network], None).unwrap();
        bench
            .network
            .call(|hands| {
                for number in 20_000..20_064 {
                    let port = Port { transport: Transport::Tcp, number };
                    testing::hear(hands, Source::Tcp, mac(9), ip(9), Fact::Port { port, open: true });
                }
            })
            .await
            .unwrap();
        loop {
            let told: Value = serde_json::from_str(&listener.hear().await.unwrap().text).unwrap();
            if told["type"] == "device" && told["data"].get("partial").is_some() {
                assert_eq!((&told["data"]["id"], &told["data"]["name"]), (&json!(id), &json!("till")));
                assert!(told["data"].get("open_ports").is_none() && told["data"].get("too_long").is_none());
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn series_over_time_have_equal_steps_and_gaps() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        for (range, step) in [("", 300), ("?range=week", 300), ("?range=month", 3_600)] {
            let path = format!("/api/network/v2/stats/history{range}");
            let series = bench.get_until(&path, |answer| answer.json()["count"].as_u64() > Some(0)).await.json();
            assert_eq!(series["step_seconds"], step, "{series}");
            let items = series["items"].as_array().unwrap();
            assert_eq!(items.len() as u64, series["count"].as_u64().unwrap());
            assert!(items.last().unwrap()["most"].is_u64(), "the running step is counted: {series}");
        }
        let bad = bench.get("/api/network/v2/stats/history?range=decade").await;
        assert_eq!((bad.status, &bad.json()["code"]), (422, &json!("bad_parameter")));
        let answers = bench.get(&format!("/api/network/v2/devices/{id}/answers")).await;
        assert_eq!((answers.status, &answers.json()["step_seconds"]), (200, &json!(300)));
    })
    .await;
}
