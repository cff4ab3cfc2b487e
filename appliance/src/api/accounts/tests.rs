//! Holds the tests of accounts over HTTP: who may, what is told once, what the journal says afterwards.
//! Never reaches a network. `cargo test` runs it.

use crate::accounts::role::Role;
use crate::api::tests::bench::{Answer, Bench, with_bench};

async fn admin(bench: &Bench, line: &str, body: &str) -> Answer {
    bench.send_as(Role::Admin, line, "", body).await
}

#[tokio::test]
async fn an_administrator_looks_after_accounts_and_the_journal_says_so() {
    with_bench(async |bench| {
        let made = admin(bench, "POST /api/accounts/", r#"{"username":"eve","role":"operator","language":"fr"}"#).await;
        assert_eq!((made.status, made.field("location")), (201, Some("/api/accounts/6")));
        let (tag, made) = (made.field("etag").unwrap_or_default().to_owned(), made.json());
        assert_eq!((&made["account"]["id"], &made["account"]["must_change_password"]), (&6.into(), &true.into()));
        let temporary = made["password"].as_str().unwrap().to_owned();
        let taken = admin(bench, "POST /api/accounts", r#"{"username":"EVE","role":"viewer"}"#).await;
        assert_eq!(taken.no(), (409, "name_taken".into()));

        let login = format!(r#"{{"username":"eve","password":"{temporary}"}}"#);
        let pair = bench.ask(None, "POST /api/token", "Content-Type: application/json\r\n", login.as_bytes()).await;
        let bearer = format!("Authorization: Bearer {}\r\n", pair.json()["access"].as_str().unwrap());
        let json = format!("Content-Type: application/json\r\n{bearer}");
        let early = bench.ask(None, "GET /api/network/v2/devices", &bearer, b"").await;
        assert_eq!(early.no(), (403, "password_must_change".into()));
        let own = format!(r#"{{"old":"{temporary}","new":"un petit bateau bleu"}}"#);
        let wrong = own.replace(&temporary, "not this one");
        let refused = bench.ask(None, "PUT /api/accounts/me/password", &json, wrong.as_bytes()).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec!["/old".to_owned()]));
        assert_eq!(bench.ask(None, "PUT /api/accounts/me/password/", &json, own.as_bytes()).await.status, 204);
        assert_eq!(bench.ask(None, "GET /api/network/v2/devices", &bearer, b"").await.status, 200);

        let seen = format!("If-Match: {tag}\r\n");
        let stale = bench.send_as(Role::Admin, "PATCH /api/accounts/6", &seen, r#"{"role":"viewer"}"#).await;
        assert_eq!(stale.no(), (412, "changed_since".into()));
        let now = admin(bench, "GET /api/accounts/6", "").await;
        let tag = now.field("etag").unwrap().to_owned();
        let changed = bench
            .send_as(Role::Admin, "PATCH /api/accounts/6", &format!("If-Match: {tag}\r\n"), r#"{"role":"viewer"}"#)
            .await;
        assert_eq!((changed.status, changed.json()["role"].as_str()), (200, Some("viewer")));
        assert_eq!(
            bench.ask(None, "GET /api/session", &bearer, b"").await.status,
            401,
            "another role ends the sessions"
        );
        let reset = admin(bench, "POST /api/accounts/6/password", "{}").await;
        assert_eq!(reset.json()["password"].as_str().map(str::len), Some(19));
        assert_eq!(admin(bench, "DELETE /api/accounts/6", "").await.status, 204);
        assert_eq!(admin(bench, "GET /api/accounts/6", "").await.no(), (404, "no_account".into()));

        let kept = bench.platform.journal.newest(u64::MAX, 99, Box::new(|_| true)).await;
        let told: Vec<(u8, String)> =
            kept.iter().rev().map(|kept| (kept.entry.what.kind, kept.entry.what.detail.to_string())).collect();
        let expected: Vec<(u8, String)> =
            [(16, "operator"), (8, "program"), (19, ""), (17, "role operator to viewer"), (20, ""), (18, "")]
                .map(|(kind, detail)| (kind, detail.to_owned()))
                .into();
        assert_eq!(told, expected);
        let secrets = [temporary.as_str(), "un petit bateau bleu", "eve"];
        for kept in &kept {
            let text = String::from_utf8_lossy(&kept.entry.to_bytes()).into_owned();
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_account_is_given_to_a_workstation_and_the_description_says_so() {
    with_bench(async |bench| {
        for body in [r#"{"username":"till","role":"agent"}"#, r#"{"username":"till","role":"agent","password":"x"}"#] {
            let refused = admin(bench, "POST /api/accounts", body).await;
            assert_eq!((refused.status, refused.pointers()), (422, vec!["/role".to_owned()]), "{}", refused.body);
            assert_eq!(refused.json()["errors"][0]["code"], "no_account_role");
        }
        let station = admin(bench, "POST /api/accounts", r#"{"username":"x","role":"screen","station":"pc"}"#).await;
        assert_eq!(station.pointers(), ["/station"], "no such field any more");
        for (line, status) in [("PATCH /api/accounts/1", 422), ("PATCH /api/accounts/5", 422)] {
            assert_eq!(admin(bench, line, r#"{"role":"agent"}"#).await.status, status, "{line}");
        }
        // The bench has one that an earlier version could have made.
        let old = format!("/api/accounts/{}", Role::Agent.byte());
        assert_eq!(admin(bench, &format!("GET {old}"), "").await.json()["role"], "agent");
        assert_eq!(admin(bench, &format!("POST {old}/token"), "{}").await.no(), (409, "other_sort".into()));
        assert_eq!(admin(bench, &format!("DELETE {old}"), "").await.status, 204);

        let described = bench.ask(None, "GET /api/openapi.json", "", b"").await.json();
        let schemas = &described["components"]["schemas"];
        let given: Vec<&str> = Role::GIVEN.iter().map(|role| role.word()).collect();
        assert_eq!(schemas["AskedAccount"]["properties"]["role"]["enum"], serde_json::json!(given), "{schemas}");
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_stays_and_the_words_say_what_to_do() {
    with_bench(async |bench| {
        let me = admin(bench, "GET /api/accounts/me", "").await.json();
        assert_eq!((&me["username"], &me["is_me"]), (&"Admin".into(), &true.into()));
        let refused = admin(bench, "PATCH /api/accounts/3", r#"{"enabled":false}"#).await;
        assert_eq!(refused.no(), (409, "last_admin".into()));
        assert!(refused.json()["detail"].as_str().unwrap().contains("Make another one first"), "{}", refused.body);
        assert_eq!(admin(bench, "DELETE /api/accounts/3", "").await.no(), (409, "last_admin".into()));
        let list = admin(bench, "GET /api/accounts?limit=2", "").await.json();
        assert_eq!((list["items"].as_array().map(Vec::len), &list["count"]), (Some(2), &5.into()));
        let rest =
            admin(bench, &format!("GET /api/accounts?cursor={}", list["next"].as_str().unwrap()), "").await.json();
        assert_eq!(rest["items"][0]["id"], 3);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_those_who_own_them() {
    with_bench(async |bench| {
        let accounts = &bench.platform.accounts;
        let theirs = accounts.open_page(2).unwrap();
        let list = bench.get("/api/accounts/me/sessions").await.json();
        assert_eq!(
            (&list["count"], &list["items"][0]["is_this"]),
            (&1.into(), &true.into()),
            "only the own one is listed"
        );
        let others = admin(bench, "GET /api/accounts/2/sessions", "").await.json();
        let id = others["items"][0]["id"].as_u64().unwrap();
        let foreign = bench.ask(Some(Role::Viewer), &format!("DELETE /api/accounts/me/sessions/{id}"), "", b"").await;
        assert_eq!(foreign.no(), (404, "no_session".into()));
        assert_eq!(bench.ask(Some(Role::Operator), "DELETE /api/accounts/2/sessions", "", b"").await.status, 403);
        assert_eq!(admin(bench, &format!("DELETE /api/accounts/2/sessions/{id}"), "").await.status, 204);
        assert!(accounts.open_cookie(theirs.expose(), true).is_none());
        accounts.open_page(1).unwrap();
        let ended = bench.ask(Some(Role::Viewer), "DELETE /api/accounts/me/sessions", "", b"").await;
        assert_eq!(ended.json()["ended"], 3, "everywhere else: the page, and the two programs before this one");
    })
    .await;
}

#[tokio::test]
async fn a_screen_gets_a_token_that_opens_little() {
    with_bench(async |bench| {
        let made = admin(bench, "POST /api/accounts", r#"{"username":"hall","role":"screen"}"#).await.json();
        let bearer = format!("Authorization: Bearer {}\r\n", made["token"].as_str().unwrap());
        assert_eq!(bench.ask(None, "GET /api/session", &bearer, b"").await.json()["role"], "screen");
        assert_eq!(bench.ask(None, "GET /api/network/v2/devices", &bearer, b"").await.status, 403);
        let fresh = admin(bench, "POST /api/accounts/6/token", "{}").await.json();
        assert_eq!(bench.ask(None, "GET /api/session", &bearer, b"").await.status, 401);
        let bearer = format!("Authorization: Bearer {}\r\n", fresh["token"].as_str().unwrap());
        assert_eq!(bench.ask(None, "GET /api/session", &bearer, b"").await.status, 200);
    })
    .await;
}
