//! Holds the tests of sessions and codes, and of what is done with them.
//! Never knows a code but from the answer that made it. `cargo test` runs it.

use serde_json::json;

use super::{as_role, by_agent, enrol, issue, kinds, person, wake};
use crate::accounts::role::Role;
use crate::api::tests::bench::with_bench;

const SESSIONS: &str = "/api/sessions";

#[tokio::test]
async fn a_code_is_told_once_opens_one_session_and_its_time_is_told() {
    with_bench(async |bench| {
        let user = person(bench, "Martin").await;
        let (station, token) = enrol(bench, 9).await;
        let made = as_role(
            bench,
            Role::Operator,
            &format!("POST {SESSIONS}/"),
            &json!({ "user": user, "minutes": 60, "valid_minutes": 30 }),
        )
        .await;
        let session = made.json();
        assert_eq!((made.status, made.field("location")), (201, Some("/api/sessions/1")));
        for name in [
            "id",
            "status",
            "code",
            "user",
            "workstation",
            "granted_ms",
            "used_ms",
            "remaining_ms",
            "percent",
            "created_at",
            "started_at",
            "ends_in_ms",
            "grant_epoch",
        ] {
            assert!(session.get(name).is_some(), "no {name} in {session}");
        }
        assert_eq!(
            (&session["status"], &session["ends_in_ms"], &session["user_name"]),
            (&json!("pending"), &json!(1_800_000), &json!("Ada Martin"))
        );
        let code = session["code"].as_str().unwrap().to_owned();
        assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
        for path in ["", "/1", "/stats"] {
            assert!(!bench.send(&format!("GET {SESSIONS}{path}"), "").await.body.contains(&code), "{path}");
        }
        let validate = format!("POST {SESSIONS}/validate_code");
        let not_heard =
            as_role(bench, Role::Operator, &validate, &json!({ "code": code, "workstation": station })).await;
        assert_eq!(not_heard.no(), (409, "workstation_not_heard".into()));
        wake(bench, station, &token).await;
        let typed = json!({ "code": code.to_lowercase().replace('-', ""), "question": "18446744073709551615" });
        let opened = by_agent(bench, &token, &validate, &typed.to_string()).await;
        assert_eq!(
            (opened.status, &opened.json()["session"], &opened.json()["person"]),
            (200, &json!(1), &json!("Ada Martin")),
            "{}",
            opened.body
        );
        let again = by_agent(bench, &token, &validate, &typed.to_string()).await;
        assert_eq!(again.json()["ticket"], opened.json()["ticket"], "the same question, the same answer");
        let other = json!({ "code": code, "question": "7" });
        assert_eq!(
            by_agent(bench, &token, &validate, &other.to_string()).await.no(),
            (409, "not_free".into()),
            "the seat is taken"
        );
        let left = by_agent(bench, &token, &format!("GET {SESSIONS}/1/time_remaining/"), "").await.json();
        assert_eq!(
            left,
            json!({ "session": 1, "granted_ms": 3_600_000, "used_ms": 0, "remaining_ms": 3_600_000, "percent": 0 })
        );
        let active = bench.get(&format!("/api/postes/{station}/session_active")).await.json();
        assert_eq!((&active["session"]["id"], &active["session"]["status"]), (&json!(1), &json!("active")));
        assert_eq!(bench.get(&format!("{SESSIONS}/actives")).await.json()["count"], json!(1));
        for (query, count) in [("?status=active", 1), ("?status=void", 0), ("?user=1", 1), ("?workstation=9", 0)] {
            assert_eq!(bench.get(&format!("{SESSIONS}{query}")).await.json()["count"], json!(count), "{query}");
        }
        assert_eq!(bench.get(&format!("{SESSIONS}?status=happy")).await.status, 422);
        let here = bench.ask(Some(Role::Admin), "GET /api/logs/by_session?session=1", "", b"").await.body;
        assert!(here.contains("session_started") && here.contains("code_issued") && !here.contains("Martin"), "{here}");
        assert_eq!(bench.get("/api/logs/by_session").await.no(), (422, "bad_parameter".into()));
    })
    .await;
}

#[tokio::test]
async fn time_is_added_taken_stopped_and_ended() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        wake(bench, station, &token).await;
        let (id, _) = issue(bench, &json!({ "minutes": 60 })).await;
        let one = format!("{SESSIONS}/{id}");
        let act = async |role, act: &str, body| as_role(bench, role, &format!("POST {one}/{act}"), &body).await;
        assert_eq!(act(Role::Operator, "start", json!({})).await.pointers(), ["/workstation"]);
        assert_eq!(act(Role::Operator, "start", json!({ "workstation": 99 })).await.pointers(), ["/workstation"]);
        assert_eq!(act(Role::Operator, "suspend", json!({})).await.no(), (409, "not_now".into()));
        let started = act(Role::Operator, "start", json!({ "workstation": station })).await;
        assert_eq!((started.status, started.json()["ticket"].as_str().unwrap().len()), (200, 9));
        assert_eq!(act(Role::Operator, "start", json!({ "workstation": station })).await.no(), (409, "not_now".into()));
        let added = act(Role::Operator, "add_time", json!({ "minutes": 15 })).await;
        assert_eq!(
            (&added.json()["delta_ms"], &added.json()["granted_ms"], &added.json()["grant_epoch"]),
            (&json!(900_000), &json!(4_500_000), &json!(1))
        );
        assert_eq!(
            act(Role::Operator, "add_time", json!({ "ms": -60_000 })).await.json()["granted_ms"],
            json!(4_440_000)
        );
        let beyond = act(Role::Operator, "add_time", json!({ "minutes": 120 })).await;
        assert_eq!(beyond.no(), (403, "beyond_limit".into()));
        assert!(beyond.json()["detail"].as_str().unwrap().contains("180"));
        assert_eq!(act(Role::Admin, "add_time", json!({ "minutes": 120 })).await.status, 200);
        for (body, code) in [
            (json!({}), "time_needed"),
            (json!({ "minutes": 1, "ms": 1 }), "time_needed"),
            (json!({ "minutes": 0 }), "bad_length"),
            (json!({ "ms": i64::MIN }), "bad_length"),
        ] {
            let bad = act(Role::Admin, "add_time", body.clone()).await;
            assert_eq!((bad.status, &bad.json()["errors"][0]["code"]), (422, &json!(code)), "{body}");
        }
        let less = act(Role::Operator, "add_time", json!({ "minutes": -1_440 })).await.json();
        assert_eq!(
            (&less["remaining_ms"], less["delta_ms"].as_i64().unwrap() < 0),
            (&json!(0), true),
            "never below zero: {less}"
        );
        assert!(["active", "expired"].contains(&less["status"].as_str().unwrap()));
        let (id, _) = issue(bench, &json!({ "minutes": 30 })).await;
        let tag = bench.get(&format!("{SESSIONS}/{id}")).await.field("etag").unwrap().to_owned();
        let matching = format!("If-Match: {tag}\r\n");
        let put = bench.send_as(Role::Operator, &format!("PUT {SESSIONS}/{id}"), &matching, r#"{"minutes":45}"#).await;
        assert_eq!((put.status, &put.json()["granted_ms"]), (200, &json!(2_700_000)));
        assert_eq!(
            bench
                .send_as(Role::Operator, &format!("PATCH {SESSIONS}/{id}"), &matching, r#"{"minutes":50}"#)
                .await
                .status,
            412
        );
        assert_eq!(
            bench.send_as(Role::Operator, &format!("PATCH {SESSIONS}/{id}"), "", r#"{"minutes":181}"#).await.no().1,
            "beyond_limit"
        );
        assert_eq!(bench.send(&format!("DELETE {SESSIONS}/{id}"), "").await.status, 204);
        assert_eq!(bench.get(&format!("{SESSIONS}/{id}")).await.json()["status"], json!("void"));
        for line in ["suspend", "resume", "terminate", "add_time", "start"] {
            let none =
                as_role(bench, Role::Operator, &format!("POST {SESSIONS}/99/{line}"), &json!({ "minutes": 1 })).await;
            assert!(none.no().1 == "no_such_session" || none.status == 422, "{line}: {}", none.body);
        }
        assert_eq!(bench.get(&format!("{SESSIONS}/x")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn two_people_may_pause_and_end_one_session_and_each_end_is_one_entry() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        wake(bench, station, &token).await;
        let (id, code) = issue(bench, &json!({ "minutes": 60 })).await;
        let validate = format!("POST {SESSIONS}/validate_code");
        assert_eq!(by_agent(bench, &token, &validate, &json!({ "code": code }).to_string()).await.status, 200);
        let suspended = bench.send(&format!("POST {SESSIONS}/{id}/suspend"), "").await;
        assert_eq!(suspended.json()["status"], json!("suspended"));
        let patched = bench.send(&format!("PATCH {SESSIONS}/{id}"), r#"{"status":"active"}"#).await;
        assert_eq!((patched.status, &patched.json()["status"]), (200, &json!("active")));
        let end = async |role, reason: &str| {
            as_role(bench, role, &format!("POST {SESSIONS}/{id}/terminate"), &json!({ "reason": reason })).await
        };
        let (first, second) = tokio::join!(end(Role::Operator, "Please come to the desk."), end(Role::Admin, ""));
        for ended in [&first, &second] {
            assert_eq!((ended.status, &ended.json()["status"]), (200, &json!("ended")), "{}", ended.body);
        }
        assert_eq!(bench.send(&format!("POST {SESSIONS}/{id}/terminate"), "").await.status, 200, "with no body at all");
        assert_eq!(kinds(bench, "kind=session_ended").await.len(), 1);
        let told = bench.send(&format!("GET /api/postes/{station}/messages"), "").await.json();
        assert_eq!(told["items"][0]["text"], json!("Please come to the desk."));
    })
    .await;
}

#[tokio::test]
async fn time_and_status_change_together_or_not_at_all_while_the_place_is_closed() {
    with_bench(async |bench| {
        // 2026-03-01, a Sunday, at 10:00.
        bench.clock.set_wall(Some(std::time::Duration::from_secs(1_772_359_200)));
        let (station, token) = enrol(bench, 9).await;
        wake(bench, station, &token).await;
        let (id, code) = issue(bench, &json!({ "minutes": 60 })).await;
        let validate = format!("POST {SESSIONS}/validate_code");
        assert_eq!(by_agent(bench, &token, &validate, &json!({ "code": code }).to_string()).await.status, 200);
        assert_eq!(bench.send(&format!("POST {SESSIONS}/{id}/suspend"), "").await.status, 200);
        let open =
            async |hours| as_role(bench, Role::Admin, "PUT /api/kiosk/settings", &json!({ "hours": hours })).await;
        assert_eq!(open(json!({ "monday": [{ "opens": "09:00", "closes": "12:00" }] })).await.status, 200);

        let before = bench.get(&format!("{SESSIONS}/{id}")).await;
        let told = kinds(bench, "theme=kiosk").await;
        for line in ["PUT", "PATCH"] {
            for minutes in [30, 90] {
                let body = json!({ "minutes": minutes, "status": "active" }).to_string();
                let refused = bench.send(&format!("{line} {SESSIONS}/{id}"), &body).await;
                assert_eq!(refused.no(), (409, "closed".into()), "{line} {minutes}");
                let after = bench.get(&format!("{SESSIONS}/{id}")).await;
                assert_eq!(
                    (after.field("etag"), after.json()),
                    (before.field("etag"), before.json()),
                    "{line} {minutes}"
                );
            }
        }
        assert_eq!(kinds(bench, "theme=kiosk").await, told, "and nothing is told of it");

        assert_eq!(open(json!(null)).await.status, 200);
        let both = bench.send(&format!("PUT {SESSIONS}/{id}"), r#"{"minutes":30,"status":"active"}"#).await;
        assert_eq!(
            (both.status, &both.json()["granted_ms"], &both.json()["status"]),
            (200, &json!(1_800_000), &json!("active")),
            "{}",
            both.body
        );
    })
    .await;
}

#[tokio::test]
async fn a_sheet_of_codes_is_made_whole_once_and_the_table_has_an_end() {
    with_bench(async |bench| {
        let batch = format!("POST {SESSIONS}/batch");
        let body = r#"{"count":40,"group":1,"minutes":30}"#;
        let key = "Idempotency-Key: sheet-1\r\n";
        let first = bench.send_as(Role::Operator, &batch, key, body).await;
        assert_eq!(
            (first.status, &first.json()["count"], &first.json()["granted_ms"]),
            (201, &json!(40), &json!(1_800_000))
        );
        let again = bench.send_as(Role::Operator, &batch, key, body).await;
        assert_eq!(
            (again.status, again.json(), again.field("idempotency-replayed")),
            (201, first.json(), Some("true"))
        );
        assert_eq!(bench.get(&format!("{SESSIONS}?status=pending")).await.json()["count"], json!(40), "made once");
        let mut codes: Vec<_> =
            first.json()["items"].as_array().unwrap().iter().map(|one| one["code"].to_string()).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 40);
        for (body, pointer) in [
            (r#"{"count":0}"#, "/count"),
            (r#"{"count":41}"#, "/count"),
            (r#"{"count":1,"group":99}"#, "/group"),
            (r#"{"count":1,"minutes":0}"#, "/minutes"),
            (r#"{"count":1,"valid_minutes":10081}"#, "/valid_minutes"),
        ] {
            let bad = bench.send(&batch, body).await;
            assert_eq!((bad.status, bad.pointers()), (422, vec![pointer.to_owned()]), "{body}");
        }
        let full = loop {
            let answer = bench.send(&batch, r#"{"count":40}"#).await;
            if answer.status != 201 {
                break answer;
            }
        };
        assert_eq!(full.no(), (409, "sessions_full".into()));
        assert_eq!(
            bench.get(&format!("{SESSIONS}/stats")).await.json()["pending"],
            json!(1_000),
            "all of a sheet, or none"
        );
        for (body, status, word) in [
            (json!({ "digits": true }), 422, "/workstation"),
            (json!({ "user": 9 }), 422, "/user"),
            (json!({ "workstation": 9 }), 422, "/workstation"),
            (json!({ "minutes": 181 }), 403, "beyond_limit"),
        ] {
            let bad = as_role(bench, Role::Operator, &format!("POST {SESSIONS}"), &body).await;
            assert_eq!(bad.status, status, "{body}: {}", bad.body);
            assert!(bad.no().1 == word || bad.pointers() == [word], "{body}: {}", bad.body);
        }
        bench.storing.store(false, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(
            as_role(bench, Role::Operator, &format!("POST {SESSIONS}"), &json!({})).await.no(),
            (507, "not_storing".into())
        );
    })
    .await;
}

#[tokio::test]
async fn wrong_codes_are_answered_alike_and_then_not_at_once() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        let (other, elsewhere) = enrol(bench, 10).await;
        wake(bench, station, &token).await;
        wake(bench, other, &elsewhere).await;
        let (_, bound) = issue(bench, &json!({ "workstation": other, "minutes": 10 })).await;
        let validate = format!("POST {SESSIONS}/validate_code");
        let try_code =
            async |code: &str| by_agent(bench, &token, &validate, &json!({ "code": code }).to_string()).await;
        let mut bodies = Vec::new();
        for code in ["ABCD-EFGH", &bound, "", "not a code at all", "0000-0000"] {
            let no = try_code(code).await;
            assert_eq!(no.no(), (403, "wrong_code".into()), "{code}");
            bodies.push(no.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "nobody learns why");
        let soon = try_code("ABCD-EFGH").await;
        assert_eq!(soon.no(), (429, "too_soon".into()));
        assert!(soon.json()["retry_after_ms"].as_u64().unwrap() > 0 && soon.field("retry-after").is_some());
        let body = json!({ "code": bound, "ip": "10.9.9.9" });
        assert_eq!(as_role(bench, Role::Operator, &validate, &body).await.pointers(), ["/ip"]);
        assert_eq!(
            as_role(bench, Role::Operator, &validate, &json!({ "code": bound })).await.pointers(),
            ["/workstation"]
        );
        let foreign = json!({ "code": bound, "workstation": other });
        assert_eq!(by_agent(bench, &token, &validate, &foreign.to_string()).await.no(), (403, "forbidden".into()));
        assert_eq!(
            as_role(bench, Role::Operator, &validate, &foreign).await.status,
            200,
            "staff may act for a workstation"
        );
        let (_, next) = issue(bench, &json!({ "minutes": 10 })).await;
        let taken = as_role(bench, Role::Operator, &validate, &json!({ "code": next, "workstation": other })).await;
        assert_eq!((taken.no(), &taken.json()["state"]), ((409, "not_free".into()), &json!("busy")));
        assert!(kinds(bench, "errors=true").await.iter().all(|kind| kind == "code_refused"));
    })
    .await;
}

#[tokio::test]
async fn reports_are_told_as_numbers_and_as_a_sheet() {
    with_bench(async |bench| {
        assert_eq!(bench.get("/api/reports/today").await.no(), (404, "no_report".into()), "nobody has set the clock");
        bench.clock.set_wall(Some(std::time::Duration::from_secs(1_772_359_200)));
        issue(bench, &json!({ "minutes": 30 })).await;
        let today = bench.get("/api/reports/today").await.json();
        assert_eq!(
            (&today["day"], &today["issued"], today["hours"].as_array().unwrap().len()),
            (&json!("2026-03-01"), &json!(1), 24)
        );
        assert_eq!(bench.get("/api/reports/2026-03-01/").await.json(), today);
        assert_eq!(bench.get("/api/reports").await.json(), json!({ "items": ["2026-03-01"], "count": 1 }));
        for ask in ["?format=csv", ""] {
            let sheet = bench
                .ask(Some(Role::Viewer), &format!("GET /api/reports/today{ask}"), "Accept: text/csv\r\n", b"")
                .await;
            assert_eq!(sheet.field("content-type"), Some("text/csv; charset=utf-8"));
            assert_eq!(sheet.body.lines().count(), 26);
        }
        for bad in ["/yesterday", "/2026-13-01", "/1969-01-01", "/today?format=pdf"] {
            assert_eq!(bench.get(&format!("/api/reports{bad}")).await.status, 422, "{bad}");
        }
        assert_eq!(bench.get("/api/reports/2020-01-01").await.status, 404);
        assert_eq!(bench.get(&format!("{SESSIONS}/stats")).await.json()["today"]["issued"], json!(1));
    })
    .await;
}
