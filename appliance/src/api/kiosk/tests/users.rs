//! Holds the tests of the people who use workstations, their consent and their photo.
//! Never keeps a name outside the bench's own folder. `cargo test` runs it.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::{as_role, enrol, issue, kinds, person, wake};
use crate::accounts::role::Role;
use crate::api::tests::bench::with_bench;
use crate::shell::kiosk::{MAX_PEOPLE, PersonDraft, Staff};

const USERS: &str = "/api/utilisateurs";

#[tokio::test]
async fn a_user_has_every_promised_name_and_changes_under_a_tag() {
    with_bench(async |bench| {
        let body = json!({ "card_number": "2001", "family_name": "Lovelace", "given_name": "Ada", "email": "ada@example.org",
            "phone": "+33 1 23", "birth_date": "1815-12-10", "address": "12 rue\nParis", "notes": "" });
        let made = as_role(bench, Role::Operator, &format!("POST {USERS}/"), &body).await;
        assert_eq!((made.status, made.field("location")), (201, Some("/api/utilisateurs/1")));
        let user = made.json();
        for name in [
            "id", "card_number", "family_name", "given_name", "email", "phone", "birth_date", "address", "notes", "photo",
            "consent", "created_by", "created_at",
        ] {
            assert!(user.get(name).is_some(), "no {name} in {user}");
        }
        assert_eq!((&user["created_by"], &user["consent"], &user["photo"]), (&json!("Operator"), &json!(null), &json!(null)));
        let one = format!("{USERS}/1");
        let tag = made.field("etag").unwrap().to_owned();
        let shown = bench.ask(Some(Role::Operator), &format!("GET {one}/"), "", b"").await;
        assert_eq!((shown.json(), shown.field("etag")), (user.clone(), Some(tag.as_str())));
        let again = bench.ask(Some(Role::Operator), &format!("GET {one}"), &format!("If-None-Match: {tag}\r\n"), b"").await;
        assert_eq!(again.status, 304);
        let matching = format!("If-Match: {tag}\r\n");
        let changed = bench.send_as(Role::Operator, &format!("PATCH {one}"), &matching, r#"{"phone":"","notes":"x"}"#).await;
        assert_eq!((changed.status, &changed.json()["phone"], &changed.json()["family_name"]), (200, &json!(""), &json!("Lovelace")));
        let late = bench.send_as(Role::Operator, &format!("PATCH {one}"), &matching, r#"{"notes":"y"}"#).await;
        assert_eq!(late.no(), (412, "changed_since".into()));
        let put = as_role(bench, Role::Operator, &format!("PUT {one}"), &json!({ "family_name": "Byron" })).await.json();
        assert_eq!((&put["family_name"], &put["card_number"], &put["email"]), (&json!("Byron"), &json!(""), &json!("")));
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {one}"), "", b"").await.status, 204);
        assert_eq!(bench.ask(Some(Role::Operator), &format!("GET {one}"), "", b"").await.no(), (404, "no_such_user".into()));
        assert_eq!(kinds(bench, "theme=kiosk").await, ["user_erased", "user_updated", "user_updated", "user_created"]);
        let journal = bench.ask(Some(Role::Admin), "GET /api/logs/export", "", b"").await.body;
        assert!(!journal.contains("Lovelace") && !journal.contains("Byron"), "{journal}");
    })
    .await;
}

#[tokio::test]
async fn bad_users_are_refused_by_field_in_both_languages() {
    with_bench(async |bench| {
        person(bench, "A1").await;
        for (body, pointer) in [
            (json!({}), "/family_name"),
            (json!({ "family_name": "x".repeat(65) }), "/family_name"),
            (json!({ "family_name": "a\u{7}b" }), "/family_name"),
            (json!({ "family_name": "x", "email": "nobody" }), "/email"),
            (json!({ "family_name": "x", "phone": "call me" }), "/phone"),
            (json!({ "family_name": "x", "birth_date": "29/02/2008" }), "/birth_date"),
            (json!({ "family_name": "x", "consent_version": " " }), "/consent_version"),
            (json!({ "family_name": "x", "colour": "red" }), "/colour"),
            (json!({ "family_name": 7 }), "/family_name"),
        ] {
            let refused = as_role(bench, Role::Operator, &format!("POST {USERS}"), &body).await;
            assert_eq!((refused.status, refused.pointers()), (422, vec![pointer.to_owned()]), "{body}");
        }
        // All that is to be corrected is said at once.
        let many =
            json!({ "family_name": " ", "email": "x", "phone": "call me", "birth_date": "soon", "notes": "fine" });
        let refused = bench.send(&format!("POST {USERS}"), &many.to_string()).await;
        let mut pointers = refused.pointers();
        pointers.sort();
        assert_eq!(pointers, ["/birth_date", "/email", "/family_name", "/phone"], "{}", refused.body);
        let taken = as_role(
            bench,
            Role::Operator,
            &format!("POST {USERS}"),
            &json!({ "family_name": "x", "card_number": "A1" }),
        )
        .await;
        assert_eq!(taken.no(), (409, "card_taken".into()));
        let fields = "Accept-Language: fr\r\n";
        let french = bench
            .send_as(Role::Operator, &format!("POST {USERS}"), fields, r#"{"family_name":"x","card_number":"A1"}"#)
            .await;
        assert_eq!(french.json()["detail"], "Un autre usager a ce numéro de carte.");
        for line in ["PATCH", "PUT"] {
            let body = json!({ "family_name": "x" });
            assert_eq!(as_role(bench, Role::Operator, &format!("{line} {USERS}/99"), &body).await.status, 404);
        }
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {USERS}/nobody"), "", b"").await.status, 404);
        bench.storing.store(false, Ordering::Relaxed);
        let full = as_role(bench, Role::Operator, &format!("POST {USERS}"), &json!({ "family_name": "x" })).await;
        assert_eq!(full.no(), (507, "not_storing".into()));
    })
    .await;
}

#[tokio::test]
async fn a_full_table_refuses_one_more_in_words_and_loses_nobody() {
    with_bench(async |bench| {
        let first = person(bench, "First").await;
        let filled = bench.kiosk.call(|room| {
            let staff = Staff { account: 2, from: None };
            let draft = |number: usize| PersonDraft {
                card_number: format!("c{number}"),
                family_name: format!("Nom{number}"),
                ..PersonDraft::default()
            };
            (1..MAX_PEOPLE).map(|number| room.add_person(staff, &draft(number))).filter(Result::is_ok).count()
        });
        assert_eq!(filled.await.unwrap(), MAX_PEOPLE - 1);
        let last = json!({ "family_name": "Last", "card_number": "last" });
        let add = format!("POST {USERS}");
        let told = kinds(bench, "theme=kiosk&limit=1").await;
        let stats = bench.get(&format!("{USERS}/stats")).await.json();
        for key in ["", "Idempotency-Key: once\r\n", "Idempotency-Key: once\r\n"] {
            let full = bench.send_as(Role::Operator, &add, key, &last.to_string()).await;
            assert_eq!(full.no(), (409, "users_full".into()), "{}", full.body);
            let detail = full.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("4096") && detail.contains("Erase some"), "{detail}");
        }
        let french = bench.send_as(Role::Operator, &add, "Accept-Language: fr\r\n", &last.to_string()).await;
        assert!(french.json()["detail"].as_str().unwrap().contains("Effacez"), "{}", french.body);
        assert_eq!(bench.get(&format!("{USERS}/stats")).await.json(), stats);
        assert_eq!(stats["total"], MAX_PEOPLE);
        assert_eq!(kinds(bench, "theme=kiosk&limit=1").await, told, "what was refused did not happen");

        // Whoever is there can still be changed, served and found.
        let ask = async |line: &str, body| as_role(bench, Role::Operator, line, &body).await;
        assert_eq!(ask(&format!("PATCH {USERS}/{first}"), json!({ "notes": "here" })).await.json()["notes"], "here");
        issue(bench, &json!({ "user": first, "minutes": 30 })).await;
        let list = bench.ask(Some(Role::Operator), &format!("GET {USERS}?q=nom4095"), "", b"").await.json();
        assert_eq!((&list["count"], &list["items"][0]["card_number"]), (&json!(1), &json!("c4095")));

        // One goes, one comes, under a number nobody had.
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {USERS}/2"), "", b"").await.status, 204);
        let made = ask(&add, last.clone()).await;
        assert_eq!((made.status, &made.json()["id"]), (201, &json!(MAX_PEOPLE + 1)), "{}", made.body);
        assert_eq!(ask(&add, json!({ "family_name": "Next" })).await.no(), (409, "users_full".into()));
    })
    .await;
}

#[tokio::test]
async fn the_list_is_searched_and_walked_and_viewers_see_initials() {
    with_bench(async |bench| {
        for name in ["Martin", "Durand", "Petit"] {
            person(bench, name).await;
        }
        let ask =
            async |path: &str| bench.ask(Some(Role::Operator), &format!("GET {USERS}{path}"), "", b"").await.json();
        assert_eq!(ask("?q=mart").await["count"], 1);
        assert_eq!(ask("?q=ada+dur").await["items"][0]["family_name"], "Durand");
        let (mut seen, mut path) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let page = ask(&path).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|user| user["id"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("?limit=2&cursor={next}");
        }
        assert_eq!(seen, [1, 2, 3]);
        let stats = ask("/stats").await;
        assert_eq!((&stats["total"], &stats["with_consent"], &stats["limit"]), (&json!(3), &json!(3), &json!(4_096)));
        let masked = bench.get(&format!("{USERS}/1")).await;
        assert_eq!((&masked.json()["family_name"], &masked.json()["masked"]), (&json!("M."), &json!(true)));
        assert!(masked.field("etag").is_none());
        let list = bench.get(USERS).await.body;
        for secret in ["Martin", "Durand", "Petit", "Operator"] {
            assert!(!list.contains(secret) && !masked.body.contains(secret), "{list}");
        }
        assert_eq!(bench.get(&format!("{USERS}?q=Martin")).await.no(), (403, "forbidden".into()));
        for path in ["/1/photo", "/1/export"] {
            assert_eq!(bench.get(&format!("{USERS}{path}")).await.status, 403, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_consent_no_code_and_with_it_taken_back_nothing_is_left() {
    with_bench(async |bench| {
        let made = as_role(bench, Role::Operator, &format!("POST {USERS}"), &json!({ "family_name": "Curie" })).await;
        assert_eq!(made.status, 201);
        let may = async || bench.get(&format!("{USERS}/1/can_create_session")).await.json();
        assert_eq!((&may().await["allowed"], &may().await["reason"]), (&json!(false), &json!("no_consent")));
        let code = as_role(bench, Role::Operator, "POST /api/sessions", &json!({ "user": 1, "minutes": 60 })).await;
        assert_eq!(code.no(), (409, "no_consent".into()));
        let agreed =
            as_role(bench, Role::Operator, &format!("POST {USERS}/1/consent"), &json!({ "text_version": "2026-1" }))
                .await;
        assert_eq!(
            (&agreed.json()["consent"]["text_version"], &agreed.json()["consent"]["operator"]),
            (&json!("2026-1"), &json!("Operator"))
        );
        let may = may().await;
        assert_eq!(
            (&may["allowed"], &may["sessions_left"], &may["minutes_left"]),
            (&json!(true), &json!(3), &json!(180))
        );
        let (station, token) = enrol(bench, 9).await;
        wake(bench, station, &token).await;
        let (session, code) = issue(bench, &json!({ "user": 1, "minutes": 60 })).await;
        let body = json!({ "code": code, "workstation": station });
        assert_eq!(as_role(bench, Role::Operator, "POST /api/sessions/validate_code", &body).await.status, 200);
        let sessions = bench.get(&format!("{USERS}/1/sessions")).await.json();
        assert_eq!((&sessions["count"], &sessions["items"][0]["user_name"]), (&json!(1), &json!("C.")));
        let held = bench.ask(Some(Role::Operator), &format!("GET {USERS}/1/export"), "", b"").await;
        let export = held.json();
        assert_eq!(
            (held.status, &export["user"]["family_name"], &export["sessions"][0]["id"]),
            (200, &json!("Curie"), &json!(session))
        );
        assert!(export["journal"].as_array().unwrap().iter().any(|entry| entry["kind"] == "consent_given"), "{export}");
        let revoked =
            as_role(bench, Role::Operator, &format!("POST {USERS}/1/revoke_consent"), &json!({})).await.json();
        assert_eq!(revoked, json!({ "erased": true, "sessions_ended": 1 }));
        assert_eq!(bench.get(&format!("{USERS}/1")).await.status, 404);
        let ended = bench.get(&format!("/api/sessions/{session}")).await.json();
        assert_eq!((&ended["status"], &ended["user_name"]), (&json!("ended"), &json!(null)));
        assert_eq!(bench.ask(Some(Role::Admin), "GET /api/logs/verify", "", b"").await.json()["good"], json!(true));
    })
    .await;
}

/// A picture of so many pixels a side.
fn png(side: u32) -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_photo_is_taken_by_its_content_kept_small_and_removed() {
    with_bench(async |bench| {
        let id = person(bench, "B2").await;
        let path = format!("{USERS}/{id}/photo");
        let put = async |kind: &str, bytes: &[u8]| {
            bench.ask(Some(Role::Operator), &format!("PUT {path}"), &format!("Content-Type: {kind}\r\n"), bytes).await
        };
        assert_eq!(
            bench.ask(Some(Role::Operator), &format!("GET {path}"), "", b"").await.no(),
            (404, "no_photo".into())
        );
        assert_eq!(put("image/jpeg", b"<svg onload=alert(1)>").await.no(), (422, "not_a_photo".into()));
        assert_eq!(put("image/png", &png(8)[..40]).await.no(), (422, "not_a_photo".into()), "cut short");
        let mut large = png(8);
        large.resize(5 * 1024 * 1024 + 1, 0);
        assert_eq!(put("image/png", &large).await.no(), (413, "too_large".into()));
        // The name of the kind does not matter, the bytes do.
        assert_eq!(put("image/jpeg", &png(900)).await.status, 204);
        let shown = bench.ask(Some(Role::Operator), &format!("GET {path}"), "", b"").await;
        assert_eq!((shown.status, shown.field("content-type")), (200, Some("image/jpeg")));
        assert!(shown.field("content-length").unwrap().parse::<usize>().unwrap() < 256 * 1024);
        let user = bench.ask(Some(Role::Operator), &format!("GET {USERS}/{id}"), "", b"").await.json();
        assert_eq!(user["photo"], json!(path));
        let export = bench.ask(Some(Role::Operator), &format!("GET {USERS}/{id}/export"), "", b"").await.json();
        assert!(export["photo_jpeg"].as_str().unwrap().starts_with("/9j/"), "a JPEG");
        assert_eq!(bench.ask(Some(Role::Operator), &format!("DELETE {path}"), "", b"").await.status, 204);
        assert_eq!(
            bench.ask(Some(Role::Operator), &format!("DELETE {path}"), "", b"").await.no(),
            (404, "no_photo".into())
        );
        assert_eq!(
            bench
                .ask(Some(Role::Operator), &format!("PUT {USERS}/99/photo"), "Content-Type: image/png\r\n", &png(8))
                .await
                .status,
            404
        );
    })
    .await;
}
