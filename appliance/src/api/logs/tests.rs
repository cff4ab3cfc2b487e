//! Holds the tests of the journal over HTTP: what acts leave in it, who sees what, filters, export, verification.
//! Never reaches a network. `cargo test` runs it.

use crate::accounts::role::Role;
use crate::api::tests::bench::{Answer, Bench, with_bench};

async fn admin(bench: &Bench, path: &str) -> Answer {
    bench.ask(Some(Role::Admin), &format!("GET {path}"), "", b"").await
}

fn kinds(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_people_do_with_devices_is_in_the_journal_with_who_and_what() {
    with_bench(async |bench| {
        let id = bench.add(7, "laser").await;
        let path = format!("/api/network/v2/devices/{id}");
        assert_eq!(bench.send(&format!("PATCH {path}"), r#"{"label":"Till"}"#).await.status, 200);
        assert_eq!(bench.send(&format!("PATCH {path}"), r#"{"colour":"x"}"#).await.status, 422, "a refusal is no act");
        assert_eq!(bench.send("POST /api/network/v2/scan/stop", "").await.status, 200, "nothing ran: no act");
        assert_eq!(
            bench.send_as(Role::Admin, "PUT /api/network/v2/config", "", r#"{"interval_minutes":9}"#).await.status,
            200
        );
        let list = admin(bench, "/api/logs/").await;
        assert_eq!(kinds(&list), ["settings_changed", "device_edited"]);
        let items = list.json();
        let edited = &items["items"][1];
        assert_eq!((&edited["actor"]["name"], &edited["actor"]["id"]), (&"Operator".into(), &"2".into()));
        assert_eq!((&edited["object"]["kind"], &edited["object"]["id"]), (&"device".into(), &id.as_str().into()));
        assert_eq!(edited["from"], "192.168.1.20");
        assert!(!list.body.contains("Till"), "what was said of the device is not in the journal");
        for (query, expected) in [
            ("kind=device_edited", 1),
            ("theme=settings", 1),
            ("actor=Operator", 1),
            ("actor=3", 1),
            (&*format!("object={id}"), 1),
            ("text=192.168.1.2", 2),
            ("text=nothing-like-it", 0),
            ("errors=true", 0),
        ] {
            assert_eq!(kinds(&admin(bench, &format!("/api/logs?{query}")).await).len(), expected, "{query}");
        }
        assert_eq!(admin(bench, "/api/logs?kind=loggin").await.no(), (422, "bad_parameter".into()));
        let one = admin(bench, &format!("/api/logs/{}", edited["id"])).await.json();
        assert_eq!(one["hash"], edited["hash"]);
        assert_eq!(admin(bench, "/api/logs/99").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_their_own_acts_and_a_viewer_all_of_them_without_names() {
    with_bench(async |bench| {
        let id = bench.add(7, "laser").await;
        for role in [Role::Operator, Role::Admin] {
            bench
                .send_as(
                    role,
                    &format!("PATCH /api/network/v2/devices/{id}"),
                    "",
                    &format!(r#"{{"label":"{role:?}"}}"#),
                )
                .await;
        }
        let own = bench.ask(Some(Role::Operator), "GET /api/logs", "", b"").await.json();
        assert_eq!((&own["count"], &own["items"][0]["actor"]["id"]), (&1.into(), &"2".into()));
        let stats = bench.ask(Some(Role::Operator), "GET /api/logs/stats", "", b"").await.json();
        assert_eq!((&stats["entries"], &stats["by_account"]["2"]), (&1.into(), &1.into()));
        assert_eq!(
            bench.ask(Some(Role::Operator), "GET /api/logs/2", "", b"").await.status,
            404,
            "another person's act"
        );
        for path in ["/api/logs/verify", "/api/logs/export"] {
            assert_eq!(bench.get(path).await.status, 403, "{path}");
        }
        for path in ["/api/logs", "/api/logs/recent", "/api/logs/1", "/api/logs?text=edited"] {
            let seen = bench.get(path).await;
            assert!(seen.status == 200 && seen.body.contains("device_edited"), "{path}: {}", seen.body);
            assert!(!seen.body.contains("Operator") && !seen.body.contains("192.168.1.20"), "{path}: {}", seen.body);
        }
        for by_name in ["text=operator", "text=192.168"] {
            assert_eq!(kinds(&bench.get(&format!("/api/logs?{by_name}")).await).len(), 0, "{by_name}");
        }
        assert_eq!(bench.get("/api/logs?actor=Operator").await.status, 422, "a name nobody told");
        assert_eq!(bench.ask(Some(Role::Operator), "GET /api/logs/export", "", b"").await.status, 403);
        let search = bench.send("POST /api/logs/search", r#"{"kind":"device_edited","since":"2020-01-01"}"#).await;
        assert_eq!(
            (search.status, search.json()["count"].as_u64()),
            (200, Some(0)),
            "without a clock no entry has a date"
        );
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_and_the_export_has_everything_in_order() {
    with_bench(async |bench| {
        let id = bench.add(7, "laser").await;
        for number in 0..7 {
            bench.send(&format!("PATCH /api/network/v2/devices/{id}"), &format!(r#"{{"label":"n{number}"}}"#)).await;
        }
        let (mut seen, mut path) = (Vec::new(), "/api/logs?limit=3".to_owned());
        loop {
            let page = admin(bench, &path).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/logs?limit=3&cursor={next}");
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
        let lines = admin(bench, "/api/logs/export").await.body;
        let numbers: Vec<u64> = lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        let csv = admin(bench, "/api/logs/export?format=csv&kind=login").await.body;
        assert_eq!(csv.lines().count(), 1, "only the names of the columns: {csv}");
        let verdict = admin(bench, "/api/logs/verify").await.json();
        assert_eq!(
            (&verdict["good"], &verdict["last"], &verdict["findings"]),
            (&true.into(), &7.into(), &serde_json::json!([]))
        );
    })
    .await;
}

#[tokio::test]
async fn a_community_is_write_only_and_its_text_is_nowhere() {
    with_bench(async |bench| {
        let path = "/api/network/v2/credentials/snmp";
        let text = "kolibri-7-community";
        assert_eq!(admin(bench, path).await.json()["is_set"], false);
        let put = format!("PUT {path}");
        let refused = bench.send_as(Role::Admin, &put, "", r#"{"community":"two words"}"#).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec!["/community".to_owned()]));
        let given = bench.send_as(Role::Admin, &put, "", &format!(r#"{{"community":"{text}"}}"#)).await;
        assert_eq!((given.status, given.json()["usable"].as_bool()), (200, Some(true)));
        let told = [given.body, admin(bench, path).await.body, admin(bench, "/api/logs/export").await.body].concat();
        assert!(!told.contains("kolibri"), "{told}");
        let logged = bench.platform.logs.since(0, 1_000, tracing::Level::TRACE).0;
        assert!(logged.iter().all(|line| !format!("{line:?}").contains("kolibri")));
        assert_eq!(bench.send(&put, &format!(r#"{{"community":"{text}"}}"#)).await.status, 403, "an operator may not");
        assert_eq!(bench.ask(Some(Role::Admin), &format!("DELETE {path}"), "", b"").await.status, 204);
        assert_eq!(admin(bench, path).await.json()["is_set"], false);
        assert_eq!(kinds(&admin(bench, "/api/logs").await), ["credential_changed", "credential_changed"]);
    })
    .await;
}

#[tokio::test]
async fn every_change_is_in_the_journal_or_is_named_here() {
    // What changes nothing that a person would look for, or writes its entries itself.
    const BY_HAND: [&str; 7] = [
        "POST /api/setup",
        "POST /api/session",
        "POST /api/token",
        "POST /api/token/refresh",
        "POST /api/token/verify",
        "POST /api/token/revoke",
        "POST /api/logs/search",
    ];
    with_bench(async |bench| {
        let is_change = |route: &&crate::http::route::Route| !matches!(route.method.as_str(), "GET" | "HEAD");
        let silent = bench.table.routes().iter().filter(is_change).filter(|route| route.audits.is_none());
        let mut silent: Vec<String> = silent.map(|route| format!("{} {}", route.method, route.path)).collect();
        // The room of the kiosk writes an entry beside each row it saves, in one batch: see its own tests.
        let by_room = ["/api/utilisateurs", "/api/postes", "/api/sessions", "/api/kiosk/"];
        silent.retain(|line| !BY_HAND.contains(&line.as_str()) && !by_room.iter().any(|area| line.contains(area)));
        assert_eq!(silent, [] as [&str; 0]);
    })
    .await;
}
