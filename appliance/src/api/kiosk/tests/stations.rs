//! Holds the tests of workstations, their enrolment, groups, messages and settings.
//! Never lets a machine in without a person. `cargo test` runs it.

use serde_json::json;

use super::{HEX16, JSON, as_role, ask_status, beat, by_agent, enrol, kinds, wake};
use crate::accounts::role::Role;
use crate::api::tests::bench::with_bench;

const STATIONS: &str = "/api/postes";

#[tokio::test]
async fn a_workstation_has_every_promised_name_and_changes_under_a_tag() {
    with_bench(async |bench| {
        let device = bench.add(9, "poste").await;
        let body = json!({ "name": "Poste 1", "mac": "00-1B-21-00-00-09", "ip": "192.168.1.9", "group": 1 });
        let made = as_role(bench, Role::Admin, &format!("POST {STATIONS}"), &body).await;
        assert_eq!((made.status, made.field("location")), (201, Some("/api/postes/1")), "{}", made.body);
        let station = made.json();
        for name in ["id", "name", "mac", "ip", "group", "state", "online", "last_heartbeat", "session"] {
            assert!(station.get(name).is_some(), "no {name} in {station}");
        }
        assert_eq!(
            (&station["mac"], &station["state"], &station["device"]),
            (&json!("00:1b:21:00:00:09"), &json!("offline"), &json!(device))
        );
        for (body, status, word) in [
            (json!({ "name": "x", "mac": "00:1b:21:00:00:09" }), 409, "mac_taken"),
            (json!({ "name": "x", "mac": "00:1b:21:00:00:10", "ip": "192.168.1.9" }), 409, "ip_taken"),
            (json!({ "name": "x", "mac": "ff:ff:ff:ff:ff:ff" }), 422, "/mac"),
            (json!({ "name": "x" }), 422, "/mac"),
            (json!({ "name": "", "mac": "00:1b:21:00:00:10" }), 422, "/name"),
            (json!({ "name": "x", "mac": "00:1b:21:00:00:10", "ip": "224.0.0.1" }), 422, "/ip"),
            (json!({ "name": "x", "mac": "00:1b:21:00:00:10", "ip": "nowhere" }), 422, "/ip"),
            (json!({ "name": "x", "mac": "00:1b:21:00:00:10", "group": 99 }), 422, "/group"),
        ] {
            let no = as_role(bench, Role::Admin, &format!("POST {STATIONS}"), &body).await;
            assert_eq!(no.status, status, "{body}: {}", no.body);
            assert!(no.no().1 == word || no.pointers() == [word], "{body}: {}", no.body);
        }
        let tag = format!("If-Match: {}\r\n", made.field("etag").unwrap());
        let one = format!("{STATIONS}/1");
        let changed = bench.send_as(Role::Admin, &format!("PATCH {one}"), &tag, r#"{"ip":null,"group":2}"#).await;
        assert_eq!((changed.status, &changed.json()["ip"], &changed.json()["group"]), (200, &json!(null), &json!(2)));
        assert_eq!(bench.send_as(Role::Admin, &format!("PATCH {one}"), &tag, r#"{"name":"y"}"#).await.status, 412);
        assert_eq!(
            as_role(bench, Role::Admin, &format!("PUT {one}"), &json!({ "name": "P", "mac": "00:1b:21:00:00:0a" }))
                .await
                .json()["group"],
            json!(null)
        );
        for (mark, state) in [
            ("marquer_maintenance", "maintenance"),
            ("marquer_disponible", "offline"),
            ("marquer_hors_ligne", "offline"),
        ] {
            let marked = bench.send(&format!("POST {one}/{mark}/"), "").await;
            assert_eq!((marked.status, &marked.json()["state"]), (200, &json!(state)), "{mark}");
        }
        for (query, count) in
            [("", 1), ("?state=offline", 1), ("?state=busy", 0), ("?group=2", 0), ("?q=00:1b:21", 1), ("?q=zzz", 0)]
        {
            assert_eq!(bench.get(&format!("{STATIONS}{query}")).await.json()["count"], json!(count), "{query}");
        }
        assert_eq!(bench.get(&format!("{STATIONS}?state=happy")).await.status, 422);
        assert_eq!(bench.get(&format!("{STATIONS}/stats")).await.json()["offline"], json!(1));
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {one}"), "", b"").await.status, 204);
        for line in ["GET /api/postes/1", "GET /api/postes/x", "GET /api/postes/1/session_active"] {
            assert_eq!(
                bench.ask(Some(Role::Viewer), line, "", b"").await.no(),
                (404, "no_such_workstation".into()),
                "{line}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_machine_is_let_in_by_its_number_and_its_token_opens_its_own_seat_only() {
    with_bench(async |bench| {
        let (one, token) = enrol(bench, 9).await;
        let (two, other) = enrol(bench, 10).await;
        let leased = wake(bench, one, &token).await;
        assert!(leased["sealed"].is_string() && leased["rotate"].is_null(), "{leased}");
        assert_eq!(ask_status(bench, &format!("{:064x}", 9)).await.json()["state"], "unknown", "the token is told no more");
        let shown = by_agent(bench, &token, &format!("GET {STATIONS}/{one}"), "").await.json();
        assert_eq!((&shown["state"], &shown["online"], &shown["screen"]), (&json!("available"), &json!(true), &json!("locked")));
        assert_eq!(bench.get(&format!("{STATIONS}/disponibles")).await.json()["count"], json!(1));
        for (bearer, line) in [
            (&token, format!("GET {STATIONS}/{two}")),
            (&token, format!("POST {STATIONS}/{two}/heartbeat")),
            (&token, format!("GET {STATIONS}/{two}/session_active")),
            (&other, format!("POST {STATIONS}/{one}/heartbeat")),
            (&token, format!("GET {STATIONS}")),
            (&token, "GET /api/sessions".to_owned()),
            (&token, "GET /api/sessions/1".to_owned()),
            (&token, "GET /api/sessions/1/time_remaining".to_owned()),
            (&token, "POST /api/sessions".to_owned()),
            (&token, "GET /api/utilisateurs".to_owned()),
            (&token, "GET /api/logs".to_owned()),
            (&token, "GET /api/kiosk/settings".to_owned()),
        ] {
            let body = if line.starts_with("GET") { String::new() } else { beat().to_string() };
            assert_eq!(by_agent(bench, bearer, &line, &body).await.no(), (403, "forbidden".into()), "{line}");
        }
        let forged = token.replace(&format!("station.{one}."), &format!("station.{two}."));
        let line = format!("POST {STATIONS}/{two}/heartbeat");
        assert_eq!(by_agent(bench, &forged, &line, &beat().to_string()).await.no(), (401, "token_invalid".into()));
        // Another boot: the token is changed, and the old one good until the new one was used.
        let mut fresh = beat();
        fresh["boot"] = json!("ff".repeat(16));
        let line = format!("POST {STATIONS}/{one}/heartbeat");
        let rotated = by_agent(bench, &token, &line, &fresh.to_string()).await.json();
        let next = rotated["rotate"].as_str().expect("a new token").to_owned();
        assert_eq!(by_agent(bench, &token, &line, &fresh.to_string()).await.json()["rotate"], json!(next), "told again");
        assert_eq!(by_agent(bench, &next, &line, &fresh.to_string()).await.status, 200);
        assert_eq!(by_agent(bench, &token, &line, &fresh.to_string()).await.status, 401);
        for bad in ["{}", r#"{"boot":"x","nonce":"y","lease_seq":1}"#, "[]", "{"] {
            assert!(matches!(by_agent(bench, &next, &line, bad).await.status, 400 | 422), "{bad}");
        }
        // The same machine, set up again: its workstation gets it back, and what was let in before is out.
        let knock = json!({ "mac": "00:1b:21:00:00:0a", "name": "again", "boot": HEX16, "agent_version": "1", "question": "e".repeat(64) });
        let knocked = bench.ask(None, &format!("POST {STATIONS}/enrolment"), JSON, knock.to_string().as_bytes()).await.json();
        let waiting = bench.send("GET /api/postes/enrolment", "").await.json();
        assert_eq!((&waiting["count"], &waiting["items"][0]["known_as"]), (&json!(1), &json!(two)));
        let number = knocked["number"].as_str().unwrap();
        let approved = as_role(bench, Role::Operator, &format!("POST {STATIONS}/enrolment/{number}/approve"), &json!({ "workstation": two })).await;
        assert_eq!((approved.status, &approved.json()["id"]), (200, &json!(two)));
        let line = format!("POST {STATIONS}/{two}/heartbeat");
        assert_eq!(by_agent(bench, &other, &line, &beat().to_string()).await.status, 401);
        assert!(kinds(bench, "kind=enrolment_approved").await.len() == 3);
    })
    .await;
}

#[tokio::test]
async fn strangers_wait_in_a_row_that_ends_and_cannot_hurry() {
    with_bench(async |bench| {
        let knock = async |number: u32, mac: &str| {
            let body = json!({ "mac": mac, "boot": HEX16, "question": format!("{number:064x}") }).to_string();
            bench.ask(None, &format!("POST {STATIONS}/enrolment"), JSON, body.as_bytes()).await
        };
        let first = knock(1, "00:1b:21:00:01:01").await.json();
        assert_eq!(
            knock(1, "00:1b:21:00:01:01").await.json()["number"],
            first["number"],
            "the same question, the same number"
        );
        assert_eq!(first["key"].as_str().unwrap().len(), 64);
        assert!(first["ca"].is_null() && first["poll_ms"].as_u64().unwrap() >= 1_000);
        for number in 2..=6 {
            assert_eq!(knock(number, &format!("00:1b:21:00:01:{number:02x}")).await.status, 202, "{number}");
        }
        // A row behind a router of its own, and never the whole table.
        let full = knock(17, "00:1b:21:00:01:11").await;
        assert_eq!((full.no(), full.field("retry-after")), ((503, "enrolment_full_here".into()), Some("60")));
        for (mac, question, pointer) in [("x", "0".repeat(64), "/mac"), ("00:1b:21:00:01:12", "zz".into(), "/question")]
        {
            let body = json!({ "mac": mac, "boot": HEX16, "question": question }).to_string();
            let bad = bench.ask(None, &format!("POST {STATIONS}/enrolment"), JSON, body.as_bytes()).await;
            assert_eq!((bad.status, bad.pointers()), (422, vec![pointer.to_owned()]));
        }
        let number = first["number"].as_str().unwrap();
        assert_eq!(bench.send(&format!("POST {STATIONS}/enrolment/{number}/refuse"), "").await.status, 204);
        assert_eq!(
            bench.send(&format!("POST {STATIONS}/enrolment/{number}/refuse"), "").await.no(),
            (404, "no_such_enrolment".into())
        );
        assert_eq!(ask_status(bench, &format!("{:064x}", 1)).await.json(), json!({ "state": "refused" }));
        assert_eq!(knock(18, "00:1b:21:00:01:18").await.status, 202, "who was turned away makes room");
        assert_eq!(ask_status(bench, &format!("{:064x}", 1)).await.json(), json!({ "state": "refused" }));
        assert_eq!(ask_status(bench, &format!("{:064x}", 2)).await.json()["state"], "waiting");
        assert_eq!(ask_status(bench, &format!("{:064x}", 99)).await.json(), json!({ "state": "unknown" }));
        let hurried = loop {
            let answer = ask_status(bench, &format!("{:064x}", 2)).await;
            if answer.status != 200 {
                break answer;
            }
        };
        assert_eq!(hurried.no(), (429, "too_many_machines".into()));
        bench.clock.advance(std::time::Duration::from_secs(5));
        assert_eq!(ask_status(bench, &format!("{:064x}", 2)).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn groups_are_made_changed_and_removed_when_empty() {
    with_bench(async |bench| {
        let groups = format!("{STATIONS}/groupes");
        assert_eq!(bench.get(&groups).await.json()["count"], json!(3));
        let hours = json!({ "monday": [{ "opens": "09:00", "closes": "12:00" }] });
        let body = json!({ "name_en": "Class", "name_fr": "Classe", "quota_sessions": 2, "quota_minutes": 90, "hours": hours, "minutes": 45 });
        let made = as_role(bench, Role::Admin, &format!("POST {groups}"), &body).await;
        assert_eq!((made.status, &made.json()["id"], &made.json()["hours"]["monday"]), (201, &json!(4), &hours["monday"]));
        let tag = format!("If-Match: {}\r\n", made.field("etag").unwrap());
        let changed = bench.send_as(Role::Admin, &format!("PUT {groups}/4"), &tag, r#"{"name_en":"C","name_fr":"C"}"#).await;
        assert_eq!((changed.status, &changed.json()["quota_minutes"]), (200, &json!(null)));
        assert_eq!(bench.send_as(Role::Admin, &format!("PUT {groups}/4"), &tag, r#"{"name_en":"D","name_fr":"D"}"#).await.status, 412);
        for (body, pointer) in [
            (json!({ "name_en": "x" }), "/name_fr"),
            (json!({ "name_en": "x", "name_fr": "y", "minutes": 0 }), "/minutes"),
            (json!({ "name_en": "x", "name_fr": "y", "quota_sessions": 1 }), "/quota_minutes"),
            (json!({ "name_en": "x", "name_fr": "y", "quota_sessions": 0, "quota_minutes": 1 }), "/quota_sessions"),
            (json!({ "name_en": "x", "name_fr": "y", "hours": { "monday": [{ "opens": "9", "closes": "10:00" }] } }), "/hours/monday/0/opens"),
            (json!({ "name_en": "x", "name_fr": "y", "hours": { "monday": [{ "opens": "11:00", "closes": "10:00" }] } }), "/hours"),
        ] {
            let bad = as_role(bench, Role::Admin, &format!("POST {groups}"), &body).await;
            assert_eq!((bad.status, bad.pointers()), (422, vec![pointer.to_owned()]), "{body}");
        }
        for _ in 5..=16 {
            assert_eq!(as_role(bench, Role::Admin, &format!("POST {groups}"), &json!({ "name_en": "x", "name_fr": "y" })).await.status, 201);
        }
        assert_eq!(as_role(bench, Role::Admin, &format!("POST {groups}"), &json!({ "name_en": "x", "name_fr": "y" })).await.no(), (409, "groups_full".into()));
        as_role(bench, Role::Admin, &format!("POST {STATIONS}"), &json!({ "name": "x", "mac": "00:1b:21:00:00:09", "group": 4 })).await;
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {groups}/4"), "", b"").await.no(), (409, "group_in_use".into()));
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {groups}/5"), "", b"").await.status, 204);
        assert_eq!(bench.get(&format!("{groups}/5")).await.no(), (404, "no_such_group".into()));
    })
    .await;
}

#[tokio::test]
async fn messages_and_commands_wait_until_they_are_taken() {
    with_bench(async |bench| {
        let (station, _token) = enrol(bench, 9).await;
        enrol(bench, 10).await;
        let sent =
            as_role(bench, Role::Operator, &format!("POST {STATIONS}/message"), &json!({ "text": "We close soon." }))
                .await;
        assert_eq!((sent.status, &sent.json()["workstations"]), (202, &json!(2)));
        let command = as_role(
            bench,
            Role::Operator,
            &format!("POST {STATIONS}/{station}/command"),
            &json!({ "name": "identify" }),
        )
        .await;
        assert_eq!(command.status, 202);
        let all = bench.send(&format!("GET {STATIONS}/{station}/messages"), "").await.json();
        assert_eq!(
            (&all["count"], &all["items"][0]["text"], &all["items"][1]["kind"]),
            (&json!(2), &json!("We close soon."), &json!("command"))
        );
        assert_eq!((&all["items"][0]["ok"], &all["items"][0]["from"]), (&json!(null), &json!("Operator")));
        for (path, body) in [
            ("message", json!({ "text": "" })),
            ("message", json!({ "text": "x".repeat(281) })),
            ("1/message", json!({ "text": "two\nlines" })),
            ("1/command", json!({ "name": "explode" })),
        ] {
            assert_eq!(
                as_role(bench, Role::Operator, &format!("POST {STATIONS}/{path}"), &body).await.status,
                422,
                "{path} {body}"
            );
        }
        assert_eq!(
            as_role(bench, Role::Operator, &format!("POST {STATIONS}/99/message"), &json!({ "text": "x" }))
                .await
                .status,
            404
        );
        let full = loop {
            let answer =
                as_role(bench, Role::Operator, &format!("POST {STATIONS}/{station}/message"), &json!({ "text": "x" }))
                    .await;
            if answer.status != 202 {
                break answer;
            }
        };
        assert_eq!(full.no(), (409, "messages_full".into()));
        assert!(!bench.ask(Some(Role::Admin), "GET /api/logs/export", "", b"").await.body.contains("We close"));
    })
    .await;
}

#[tokio::test]
async fn settings_are_read_chosen_anew_and_checked() {
    with_bench(async |bench| {
        let path = "/api/kiosk/settings";
        let before = bench.get(path).await;
        assert_eq!((&before.json()["quota_sessions"], &before.json()["language"]), (&json!(3), &json!("fr")));
        let tag = format!("If-Match: {}\r\n", before.field("etag").unwrap());
        let chosen = bench
            .send_as(
                Role::Admin,
                &format!("PUT {path}"),
                &tag,
                r#"{"quota_minutes":60,"language":"en","rules_en":"No food.\nNo drink."}"#,
            )
            .await;
        assert_eq!(
            (chosen.status, &chosen.json()["quota_minutes"], &chosen.json()["quota_sessions"]),
            (200, &json!(60), &json!(3))
        );
        assert_eq!(bench.send_as(Role::Admin, &format!("PUT {path}"), &tag, "{}").await.status, 412);
        for (body, pointer) in [
            (r#"{"quota_minutes":0}"#, "/quota_minutes"),
            (r#"{"hold_minutes":61}"#, "/hold_minutes"),
            (r#"{"code_days":31}"#, "/code_days"),
            (r#"{"language":"de"}"#, "/language"),
            (r#"{"colour":"red"}"#, "/colour"),
        ] {
            let bad = bench.send_as(Role::Admin, &format!("PUT {path}"), "", body).await;
            assert_eq!((bad.status, bad.pointers()), (422, vec![pointer.to_owned()]), "{body}");
            assert!(!bad.body.contains("{least}"));
        }
        assert_eq!(bench.send(&format!("PUT {path}"), "{}").await.status, 403, "an operator looks");
        assert_eq!(kinds(bench, "kind=settings_changed").await.len(), 1);
    })
    .await;
}
