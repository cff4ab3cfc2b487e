//! Holds the tests of devices: lists, one device, what people say of them, merging, checking, waking.
//! Never waits for a clock. `cargo test` runs it.

use std::collections::BTreeSet;

use serde_json::json;
use vigie_core::lan::{Clue, Device, Fact, Port, Source, Transport};

use super::bench::{ip, mac, with_bench, with_legs};
use crate::accounts::role::Role;
use crate::shell::network::testing;

const DEVICES: &str = "/api/network/v2/devices";

#[tokio::test]
async fn a_device_has_every_promised_name() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        bench
            .network
            .call(|hands| {
                let port = Port { transport: Transport::Tcp, number: 554 };
                testing::hear(hands, Source::Tcp, mac(9), ip(9), Fact::Port { port, open: true });
                testing::hear(hands, Source::Http, mac(9), ip(9), Fact::Clue(Clue::HttpTitle, "Till"));
            })
            .await
            .unwrap();
        let device = bench.get(&format!("{DEVICES}/{id}")).await.json();
        for name in [
            "id",
            "mac",
            "interfaces",
            "ip",
            "ips",
            "hostname",
            "hostnames",
            "vendor",
            "kind",
            "os",
            "online",
            "presence",
            "confidence",
            "presence_confidence",
            "reasons",
            "sources",
            "open_ports",
            "random_mac",
            "first_seen",
            "last_seen",
            "label",
            "owner",
            "notes",
            "tags",
            "trust",
            "watch",
        ] {
            assert!(device.get(name).is_some(), "no {name} in {device}");
        }
        assert_eq!((&device["id"], &device["mac"]), (&json!(id), &json!("00:1b:21:00:00:09")));
        assert_eq!((&device["ip"], &device["hostname"]), (&json!("192.168.1.9"), &json!("till")));
        assert_eq!((&device["online"], &device["presence"]), (&json!(true), &json!("online")));
        assert_eq!(device["hostnames"][0]["source"], "mdns");
        assert_eq!(device["response_ms"], 3.0);
        let port = &device["open_ports"][0];
        assert_eq!((&port["port"], &port["proto"], &port["service"]), (&json!(554), &json!("tcp"), &json!("rtsp")));
        let leg = &device["interfaces"][0];
        assert_eq!((&leg["segment"], &leg["mac"]), (&json!("eth0"), &json!("00:1b:21:00:00:09")));
        assert!(leg["ips"][0]["first_seen"].is_string() && leg["ips"][0]["last_seen"].is_string(), "{leg}");
        assert_eq!(device["clues"].as_array().unwrap().iter().filter(|clue| clue["clue"] == "http-title").count(), 1);
        for name in ["00:1b:21:00:00:09", "00-1B-21-00-00-09", "192.168.1.9"] {
            assert_eq!(bench.get(&format!("{DEVICES}/{name}")).await.json()["id"], json!(id), "{name}");
        }
        let none = bench.get(&format!("{DEVICES}/192.168.1.77")).await;
        assert_eq!(none.no(), (404, "no_such_device".into()));
        let french = bench.ask(Some(Role::Viewer), &format!("GET {DEVICES}/ff"), "Accept-Language: fr\r\n", b"").await;
        assert_eq!(french.json()["detail"], "Aucun appareil n'est connu sous « ff ».");
        assert_eq!(bench.ask(None, &format!("GET {DEVICES}"), "", b"").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn the_list_is_filtered() {
    with_bench(async |bench| {
        let till = bench.add(9, "till").await;
        bench.add(10, "camera-door").await;
        bench
            .send(&format!("PATCH {DEVICES}/{till}"), r#"{"tags":["Caisse"],"trust":"trusted","kind":"computer"}"#)
            .await;
        bench.send(&format!("POST {DEVICES}"), r#"{"mac":"00:1b:21:00:00:50","label":"spare"}"#).await;
        let count =
            async |query: &str| bench.get(&format!("{DEVICES}?{query}")).await.json()["count"].as_u64().unwrap();
        // The appliance itself is a device too.
        assert_eq!(count("").await, 4);
        for (query, expected) in [
            ("online_only=true", 3),
            ("sources=mdns", 2),
            ("sources=mdns,person", 3),
            ("kind=computer", 1),
            ("trust=trusted", 1),
            ("tag=caisse", 1),
            ("q=CAMERA", 1),
            ("q=001b2100000a", 1),
            ("q=192.168.1.9", 1),
            ("segment=eth0", 4),
            ("segment=0", 4),
            ("segment=eth7", 0),
            ("q=till&kind=camera", 0),
        ] {
            assert_eq!(count(query).await, expected, "{query}");
        }
        let page = bench.get(&format!("{DEVICES}?sort=-name&q=e")).await.json();
        assert_eq!(page["items"], page["devices"], "both names");
        for bad in ["kind=toaster", "sources=morse", "sort=colour", "limit=0", "trust=x", "cursor=zzz"] {
            assert_eq!(bench.get(&format!("{DEVICES}?{bad}")).await.status, 422, "{bad}");
        }
    })
    .await;
}

fn all_have_a_maker(hands: &mut crate::shell::network::Hands<'_>) -> bool {
    let found = hands.lan().devices().filter(|device| device.vendor().is_some()).count();
    found >= 30
}

#[tokio::test]
async fn pages_give_every_device_once_although_the_list_changes() {
    with_bench(async |bench| {
        for last in 10..40 {
            bench.add(last, &format!("host-{:02}", last % 7)).await;
        }
        // The maker is found a moment after a device is heard, and moves it in a list that is sorted by makers.
        bench.until(all_have_a_maker).await;
        for sort in ["ip", "-ip", "name", "-name", "vendor", "first_seen", "-mac"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = bench.get(&format!("{DEVICES}?sort={sort}&limit=7&q=host-{cursor}")).await.json();
                for item in page["items"].as_array().unwrap() {
                    seen.push(item["ip"].as_str().unwrap().to_owned());
                }
                if seen.len() == 7 {
                    // One that was given goes away, and one that was given changes: neither moves the cursor.
                    let gone = format!("DELETE {DEVICES}/{}", seen[6]);
                    assert_eq!(bench.ask(Some(Role::Admin), &gone, "", b"").await.status, 204);
                }
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let once: BTreeSet<_> = seen.iter().collect();
            assert_eq!((seen.len(), once.len()), (30, 30), "{sort}");
            let back: u8 = seen[6].rsplit('.').next().unwrap().parse().unwrap();
            bench.add(back, &format!("host-{:02}", back % 7)).await;
            bench.until(all_have_a_maker).await;
        }
        let next = bench.get(&format!("{DEVICES}?sort=ip&limit=7")).await.json()["next"].as_str().unwrap().to_owned();
        let other = bench.get(&format!("{DEVICES}?sort=name&cursor={next}")).await;
        assert_eq!(other.no(), (422, "bad_cursor".into()), "a cursor of another order");
    })
    .await;
}

#[tokio::test]
async fn what_people_say_is_kept_and_two_do_not_overwrite_each_other() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let path = format!("{DEVICES}/{id}");
        let tag = bench.get(&path).await.field("etag").unwrap().to_owned();
        // Being heard again is no change of what people said.
        bench.add(9, "till").await;
        let body = r#"{"label":"Till 2","owner":"shop","notes":"left\nright","tags":["till","till","front"],"trust":"blocked","watch":true,"kind":"nas","hostname":"box"}"#;
        let fields = format!("If-Match: {tag}\r\n");
        let changed = bench.send_as(Role::Operator, &format!("PATCH {path}"), &fields, body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let device = changed.json();
        assert_eq!((&device["label"], &device["name"], &device["trust"]), (&json!("Till 2"), &json!("Till 2"), &json!("blocked")));
        assert_eq!((&device["tags"], &device["kind"]), (&json!(["till", "front"]), &json!("nas")));
        assert_eq!(device["fields"]["hostname"]["source"], "person");
        let late = bench.send_as(Role::Operator, &format!("PATCH {path}"), &fields, r#"{"label":"x"}"#).await;
        assert_eq!(late.no(), (412, "changed_since".into()));
        assert_eq!(bench.get(&path).await.json()["label"], "Till 2");
        let back = bench.send(&format!("PATCH {path}"), r#"{"kind":null,"hostname":null,"label":""}"#).await.json();
        assert_eq!((&back["name"], &back["hostname"]), (&json!("till"), &json!("till")));
        assert_ne!(back["fields"]["kind"]["source"], "person");
        for (body, pointer) in [
            (r#"{"label":7}"#, "/label"),
            (r#"{"kind":"toaster"}"#, "/kind"),
            (r#"{"trust":"friend"}"#, "/trust"),
            (r#"{"tags":["1","2","3","4","5","6","7","8","9"]}"#, "/tags"),
        ] {
            let refused = bench.send(&format!("PATCH {path}"), body).await;
            assert_eq!((refused.status, refused.pointers()), (422, vec![pointer.to_owned()]), "{body}");
        }
        assert_eq!(bench.send(&format!("PATCH {path}"), r#"{"colour":1}"#).await.status, 422);
        assert_eq!(bench.send_as(Role::Viewer, &format!("PATCH {path}"), "", "{}").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_device_is_added_by_hand_and_forgotten() {
    with_bench(async |bench| {
        let body = r#"{"mac":"00:1B:21:00:00:50","ip":"192.168.1.80","label":"Printer","tags":["p"],"watch":true}"#;
        let added = bench.send(&format!("POST {DEVICES}"), body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let device = added.json();
        let id = device["id"].as_str().unwrap().to_owned();
        assert_eq!(added.field("location"), Some(format!("{DEVICES}/{id}").as_str()));
        assert_eq!(
            (&device["by_hand"], &device["online"], &device["label"]),
            (&json!(true), &json!(false), &json!("Printer"))
        );
        assert_eq!((&device["tags"], &device["watch"]), (&json!(["p"]), &json!(true)));
        let twice = bench.send(&format!("POST {DEVICES}"), body).await;
        assert_eq!((twice.no(), &twice.json()["device"]), ((409, "device_exists".into()), &json!(id)));
        for (body, pointer) in [
            ("{}", "/mac"),
            (r#"{"mac":"printer"}"#, "/mac"),
            (r#"{"mac":"01:00:5e:00:00:01"}"#, "/mac"),
            (r#"{"ip":"192.168.1.300"}"#, "/ip"),
            (r#"{"ip":"8.8.8.8"}"#, "/ip"),
            (r#"{"ip":"192.168.1.81","segment":"eth9"}"#, "/segment"),
        ] {
            let refused = bench.send(&format!("POST {DEVICES}"), body).await;
            assert_eq!(
                (refused.status, refused.pointers()),
                (422, vec![pointer.to_owned()]),
                "{body} {}",
                refused.body
            );
        }
        assert_eq!(
            bench.send(&format!("POST {DEVICES}"), r#"{"mac":"00:1b:21:00:00:51","colour":1}"#).await.status,
            422
        );
        let delete = format!("DELETE {DEVICES}/{id}");
        assert_eq!(bench.ask(Some(Role::Viewer), &delete, "", b"").await.status, 403);
        assert_eq!(bench.ask(Some(Role::Operator), &delete, "", b"").await.status, 204);
        assert_eq!(bench.ask(Some(Role::Admin), &delete, "", b"").await.no(), (404, "no_such_device".into()));
        let myself = bench.ask(Some(Role::Admin), &format!("DELETE {DEVICES}/02:00:00:00:ff:00"), "", b"").await;
        assert_eq!(myself.no(), (409, "device_is_appliance".into()));
    })
    .await;
}

#[tokio::test]
async fn the_segment_must_be_said_when_it_cannot_be_told() {
    let legs = [("eth0", [192, 168, 1, 2].into(), 24), ("eth1", [10, 0, 0, 2].into(), 24)];
    with_legs(&legs, async |bench| {
        let add = async |body: &str| bench.send(&format!("POST {DEVICES}"), body).await;
        assert_eq!(add(r#"{"mac":"00:1b:21:00:00:50"}"#).await.pointers(), ["/segment"]);
        let by_address = add(r#"{"mac":"00:1b:21:00:00:50","ip":"10.0.0.9"}"#).await.json();
        assert_eq!(by_address["interfaces"][0]["segment"], "eth1");
        let named = add(r#"{"mac":"00:1b:21:00:00:51","segment":"eth0"}"#).await.json();
        assert_eq!(named["interfaces"][0]["segment"], "eth0");
    })
    .await;
    with_legs(&[], async |bench| {
        let answer = bench.send(&format!("POST {DEVICES}"), r#"{"mac":"00:1b:21:00:00:50"}"#).await;
        assert_eq!(answer.no(), (503, "no_network".into()));
    })
    .await;
}

#[tokio::test]
async fn two_become_one_and_two_again() {
    with_bench(async |bench| {
        let (one, two) = (bench.add(9, "laptop").await, bench.add(10, "dock").await);
        let merge = format!("POST {DEVICES}/{one}/merge");
        for (body, status) in [(format!(r#"{{"with":"{one}"}}"#), 422), (r#"{"with":"nobody"}"#.to_owned(), 404)] {
            assert_eq!(bench.send(&merge, &body).await.status, status, "{body}");
        }
        let merged = bench.send(&merge, r#"{"with":"192.168.1.10"}"#).await;
        assert_eq!(merged.status, 200, "{}", merged.body);
        let merged = merged.json();
        assert_eq!(
            (&merged["device"]["id"], merged["device"]["interfaces"].as_array().unwrap().len()),
            (&json!(one), 2)
        );
        assert_eq!(bench.get(&format!("{DEVICES}/{two}")).await.status, 404);
        let undo = merged["undo"]["path"].as_str().unwrap();
        let split = bench.send(&format!("POST {undo}"), "").await.json();
        assert_eq!((&split["device"]["id"], &split["split_off"]["id"]), (&json!(one), &json!(two)));
        assert_eq!(split["undo"]["body"], json!({ "with": two }));
        assert_eq!(bench.send(&format!("POST {undo}"), "").await.no(), (409, "nothing_to_split".into()));
        let apart = bench.send(&format!("POST {DEVICES}/{one}/keep_apart"), &format!(r#"{{"with":"{two}"}}"#)).await;
        assert_eq!(apart.status, 200);
        let same = bench.send(&format!("POST {DEVICES}/{one}/keep_apart"), &format!(r#"{{"with":"{one}"}}"#)).await;
        assert_eq!((same.status, same.pointers()), (422, vec!["/with".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_check_waits_for_the_answer_and_is_good_for_a_minute() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let line = format!("POST {DEVICES}/{id}/check");
        let answering = async {
            bench.until(|hands| hands.lan().find_mac(mac(9)).is_some_and(Device::checking)).await;
            bench.add(9, "").await;
        };
        let (first, ()) = tokio::join!(bench.send(&line, ""), answering);
        assert_eq!(first.status, 200, "{}", first.body);
        let first = first.json();
        assert_eq!(
            (&first["state"], &first["online"], &first["cached"]),
            (&json!("online"), &json!(true), &json!(false))
        );
        assert_eq!(first["device"], json!(id));
        assert!(!first["evidence"].as_str().unwrap().is_empty());
        let again = bench.send(&line, "").await.json();
        assert_eq!((&again["cached"], &again["evidence"]), (&json!(true), &first["evidence"]));
        assert_eq!(bench.send(&format!("POST {DEVICES}/nobody/check"), "").await.status, 404);
        assert_eq!(bench.send_as(Role::Viewer, &line, "", "").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn waking_says_honestly_what_cannot_be_done() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let path = format!("{DEVICES}/{id}/wake");
        // The legs of the bench have no raw sockets.
        assert_eq!(bench.send(&format!("POST {path}"), "").await.no(), (503, "cannot_wake".into()));
        let bad = bench.send(&format!("POST {path}"), r#"{"password":"sesame"}"#).await;
        assert_eq!((bad.status, bad.pointers()), (422, vec!["/password".to_owned()]));
        let by_address = bench.send(&format!("POST {DEVICES}"), r#"{"ip":"192.168.1.81"}"#).await.json();
        let no_mac = format!("POST {DEVICES}/{}/wake", by_address["id"].as_str().unwrap());
        assert_eq!(bench.send(&no_mac, "{}").await.no(), (409, "no_mac".into()));
        assert_eq!(bench.get(&path).await.no(), (404, "no_wake".into()));
    })
    .await;
}

#[tokio::test]
async fn numbers_conflicts_and_proposals() {
    with_bench(async |bench| {
        bench.add(9, "till").await;
        let stats = bench.get("/api/network/v2/stats").await.json();
        assert_eq!(
            (&stats["devices"], &stats["online"], &stats["by_source"]["mdns"]),
            (&json!(2), &json!(2), &json!(1))
        );
        assert_eq!((&stats["by_segment"]["eth0"], &stats["conflicts"]), (&json!(2), &json!(0)));
        assert!(stats["mean_confidence"].as_f64().is_some_and(|mean| mean > 0.0 && mean <= 1.0));
        for list in ["conflicts", "proposals"] {
            let empty = bench.get(&format!("/api/network/v2/{list}")).await.json();
            assert_eq!(empty, json!({ "items": [], "count": 0, "next": null }));
        }
        assert_eq!(bench.get("/api/network/v2/conflicts?open=perhaps").await.status, 422);
        assert_eq!(bench.ask(None, "GET /api/network/v2/stats", "", b"").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_device_comes_back_whole_even_when_it_was_heard_again() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        let label = json!({ "label": "Till 2", "tags": ["till"] }).to_string();
        assert_eq!(bench.send(&format!("PATCH {DEVICES}/{id}"), &label).await.status, 200);
        assert_eq!(bench.send_as(Role::Admin, &format!("DELETE {DEVICES}/{id}"), "", "").await.status, 204);
        assert_eq!(bench.get(&format!("{DEVICES}/{id}")).await.status, 404);
        let newcomer = bench.add(9, "till").await;
        assert_ne!(newcomer, id, "heard again, it is new");
        let back = bench.send_as(Role::Admin, &format!("POST {DEVICES}/{id}/recall"), "", "").await;
        assert_eq!(
            (back.status, &back.json()["label"], &back.json()["tags"]),
            (200, &json!("Till 2"), &json!(["till"]))
        );
        assert_eq!(bench.get(&format!("{DEVICES}/{newcomer}")).await.status, 404, "the old entry took its place");
        assert_eq!(bench.get(&format!("{DEVICES}/00:1b:21:00:00:09")).await.json()["id"], json!(id));
        let again = bench.send_as(Role::Admin, &format!("POST {DEVICES}/{id}/recall"), "", "").await;
        assert_eq!((again.status, &again.json()["code"]), (404, &json!("forgotten_too_long_ago")));
    })
    .await;
}

#[tokio::test]
async fn what_somebody_said_of_the_newcomer_is_not_overwritten_by_an_undo() {
    with_bench(async |bench| {
        let id = bench.add(9, "till").await;
        bench.send_as(Role::Admin, &format!("DELETE {DEVICES}/{id}"), "", "").await;
        let newcomer = bench.add(9, "till").await;
        bench.send(&format!("PATCH {DEVICES}/{newcomer}"), r#"{"label":"Mine"}"#).await;
        let back = bench.send_as(Role::Admin, &format!("POST {DEVICES}/{id}/recall"), "", "").await;
        assert_eq!((back.status, &back.json()["code"]), (409, &json!("replaced_since")));
        assert_eq!(bench.get(&format!("{DEVICES}/{newcomer}")).await.json()["label"], json!("Mine"));
    })
    .await;
}

#[tokio::test]
async fn a_mistyped_filter_does_not_look_like_one() {
    with_bench(async |bench| {
        let mistyped = bench.get("/api/network/v2/devices?kind=nas&onlineonly=true").await;
        assert_eq!(mistyped.no(), (422, "unknown_parameter".into()));
        assert!(mistyped.body.contains("onlineonly") && mistyped.body.contains("online_only"), "{}", mistyped.body);
        assert_eq!(bench.get("/api/network/v2/scan?x").await.no(), (422, "no_parameters".into()));
        assert_eq!(bench.get("/api/network/v2/devices?lang=fr&_=1719830400000").await.status, 200);
        // Who may not see the list is not told what it takes.
        let nobody = bench.ask(None, "GET /api/network/v2/devices?x=1", "", b"").await;
        assert_eq!(nobody.status, 401);
    })
    .await;
}
