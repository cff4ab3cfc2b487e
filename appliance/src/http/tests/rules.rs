//! Holds the tests of what every request passes: host, origin, type, role, and what every answer carries.
//! It never tests a rule by calling it: requests go through a whole connection.
//! `cargo test` runs it.

use super::bench::{Bench, PASSWORD};
use crate::accounts::role::{Access, Role};
use crate::http::dispatch::PLAIN_COOKIE;
use crate::http::openapi::document::write_document;
use crate::http::route::BodyRule;

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_ours_is_misdirected_on_every_route() {
    let bench = Bench::new();
    for path in ["/", "/healthz", "/api/token", "/nothing", "/ws"] {
        let answer = bench.connect().ask(&format!("GET {path}"), "Host: rebound.evil.example\r\n", "").await;
        assert_eq!((answer.status, answer.code().as_str()), (421, "wrong_host"), "{path}");
    }
    assert_eq!(bench.connect().ask("GET /healthz", "Host: localhost:8080\r\n", "").await.status, 200);
    assert_eq!(bench.connect().ask("GET /healthz", "Host: vigie.local\r\nHost: vigie.local\r\n", "").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn every_answer_carries_the_security_fields() {
    let bench = Bench::new();
    for (line, fields) in [
        ("GET /healthz", ""),
        ("GET /nothing", ""),
        ("GET /api/system", ""),
        ("GET /healthz", "Host: evil.example\r\n"),
        ("PUT /healthz", ""),
        ("OPTIONS /healthz", ""),
        ("HEAD /healthz", ""),
        ("POST /test/echo", ""),
    ] {
        let answer = bench.connect().ask(line, fields, "").await;
        for name in
            ["x-content-type-options", "x-frame-options", "referrer-policy", "cache-control", "permissions-policy"]
        {
            assert!(answer.field(name).is_some(), "{line}: no {name}");
        }
        let policy = answer.field("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{line}: {policy}");
        assert!(answer.field("access-control-allow-origin").is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn paths_are_straight_methods_are_told_and_head_has_no_body() {
    let bench = Bench::new();
    let mut client = bench.connect();
    for path in ["/healthz", "/healthz/", "//healthz", "///healthz//"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    let answer = client.get("/test//things/aa%3Abb/?q=caf%C3%A9").await;
    assert_eq!((&answer.json()["id"], &answer.json()["q"]), (&"aa:bb".into(), &"café".into()));
    let answer = client.ask("DELETE /healthz", "", "").await;
    assert_eq!((answer.status, answer.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let answer = client.ask("OPTIONS /test/echo", "", "").await;
    assert_eq!((answer.status, answer.field("allow")), (204, Some("POST, OPTIONS")));
    let answer = client.ask("HEAD /healthz", "", "").await;
    assert_eq!((answer.status, answer.field("content-length")), (200, Some("15")));
    assert_eq!(client.get("/healthz/x").await.code(), "not_found");
    assert_eq!(client.get("/healthz").await.status, 200, "the connection is still in step");
}

#[tokio::test(start_paused = true)]
async fn bodies_are_json_and_mistakes_are_told_in_the_language_asked_for() {
    let bench = Bench::new();
    let mut client = bench.connect();
    assert_eq!(client.post("/test/echo", "", r#"{"number":3}"#).await.body, r#"{"number":3}"#);
    let answer = client.ask("POST /test/echo", "Content-Type: text/plain\r\n", r#"{"number":3}"#).await;
    assert_eq!((answer.status, answer.code().as_str()), (415, "json_needed"));
    assert_eq!(client.ask("POST /test/echo", "", r#"{"number":3}"#).await.status, 415);
    let answer = client.post("/test/echo", "Accept-Language: fr\r\n", r#"{"number":"x"}"#).await;
    assert_eq!((answer.status, answer.field("content-type")), (422, Some("application/problem+json")));
    assert_eq!(answer.json()["errors"][0]["pointer"], "/number");
    assert_eq!(answer.json()["detail"], "Certaines valeurs ne peuvent pas être acceptées.");
    assert_eq!(client.post("/test/echo", "", r#"{"number":1,"x":2}"#).await.status, 422);
    assert_eq!(client.post("/test/echo", "", "{").await.code(), "bad_json");
    assert_eq!(client.post("/test/echo", "", "").await.code(), "bad_json");
}

#[tokio::test(start_paused = true)]
async fn changes_from_another_site_are_refused() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let body = r#"{"number":3}"#;
    for (fields, status) in [
        ("", 200),
        ("Origin: http://vigie.local\r\n", 200),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://vigie.local\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
    ] {
        assert_eq!(client.post("/test/echo", fields, body).await.status, status, "{fields}");
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = client.ask("POST /test/form", form, "a=1").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "cross_site"), "a form must say where it comes from");
    let answer = client.ask("POST /test/form", &format!("{form}Origin: http://vigie.local\r\n"), "a=1&b=x+y").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "a=1;b=x y;"));
}

#[tokio::test(start_paused = true)]
async fn tags_save_the_way() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let answer = client.get("/test/things/1").await;
    let tag = answer.field("etag").unwrap().to_owned();
    let again = client.ask("GET /test/things/1", &format!("If-None-Match: {tag}\r\n"), "").await;
    assert_eq!((again.status, again.body.as_str(), again.field("etag")), (304, "", Some(tag.as_str())));
    assert_eq!(client.ask("GET /test/things/2", &format!("If-None-Match: {tag}\r\n"), "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_broke_off_goes_on_where_it_was() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let whole = client.get("/assets/mark.svg").await;
    let (tag, length) = (whole.field("etag").unwrap().to_owned(), whole.body.len());
    assert_eq!(whole.field("accept-ranges"), Some("bytes"));
    let mut part = async |fields: String| client.ask("GET /assets/mark.svg", &fields, "").await;
    let rest = part(format!("Range: bytes=10-\r\nIf-Range: {tag}\r\nAccept-Encoding: gzip\r\n")).await;
    assert_eq!((rest.status, rest.body.as_str()), (206, &whole.body[10..]));
    let told = format!("bytes 10-{}/{length}", length - 1);
    assert_eq!((rest.field("content-range"), rest.field("content-encoding")), (Some(told.as_str()), None));
    let other = part("Range: bytes=10-\r\nIf-Range: \"another\"\r\n".to_owned()).await;
    assert_eq!((other.status, other.body.len()), (200, length), "a part of another version is none of this one");
    let beyond = part(format!("Range: bytes={length}-\r\n")).await;
    assert_eq!((beyond.status, beyond.field("content-range")), (416, Some(format!("bytes */{length}").as_str())));
    let head = client.ask("HEAD /assets/mark.svg", "Range: bytes=0-1\r\n", "").await;
    assert_eq!((head.status, head.field("content-range")), (200, None));
}

#[tokio::test(start_paused = true)]
async fn set_up_log_in_renew_and_revoke_over_http() {
    let bench = Bench::new();
    let mut client = bench.connect();
    assert_eq!(client.get("/api/setup").await.body, r#"{"needed":true}"#);
    let body = |code: &str, password: &str| {
        format!(r#"{{"code":"{code}","username":"ada","password":"{password}","language":"fr"}}"#)
    };
    assert_eq!(client.post("/api/setup", "", &body("AAAA-AAAA", PASSWORD)).await.code(), "wrong_code");
    let answer = client.post("/api/setup", "", &body(bench.code.expose(), "short")).await;
    assert_eq!(answer.json()["errors"][0]["code"], "password_too_short");
    assert_eq!(client.post("/api/setup/", "", &body(bench.code.expose(), PASSWORD)).await.status, 201);
    assert_eq!(client.post("/api/setup", "", &body(bench.code.expose(), PASSWORD)).await.code(), "already_set_up");

    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let pair = client.post("/api/token/", "", &login).await.json();
    assert_eq!(pair["expires_in"], 600);
    let bearer = format!("Authorization: Bearer {}\r\n", pair["access"].as_str().unwrap());
    let answer = client.ask("GET /api/session", &bearer, "").await;
    assert_eq!(
        answer.json(),
        serde_json::json!({ "username": "ada", "role": "admin", "language": "fr", "must_change_password": false })
    );
    let verdict = client.post("/api/token/verify/", "", &format!(r#"{{"token":{}}}"#, pair["access"])).await;
    assert_eq!((verdict.status, verdict.json()["valid"].as_bool()), (200, Some(true)));

    let renewed = client.post("/api/token/refresh/", "", &format!(r#"{{"refresh":{}}}"#, pair["refresh"])).await.json();
    let revoke = format!(r#"{{"token":{}}}"#, renewed["refresh"]);
    assert_eq!(client.post("/api/token/revoke/", "", &revoke).await.status, 204);
    let answer = client.ask("GET /api/session", &bearer, "").await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_invalid"));
    assert_eq!(answer.field("www-authenticate"), Some("Bearer realm=\"vigie\""));
}

#[tokio::test(start_paused = true)]
async fn unknown_user_and_wrong_password_get_the_same_answer_and_then_wait() {
    let bench = Bench::new();
    bench.set_up().await;
    let mut client = bench.connect();
    let wrong = client.post("/api/token", "", r#"{"username":"ada","password":"x"}"#).await;
    let unknown = client.post("/api/token", "", r#"{"username":"eve","password":"x"}"#).await;
    assert_eq!((wrong.status, &wrong.body), (401, &unknown.body));
    for _ in 0..4 {
        client.post("/api/token", "", r#"{"username":"ada","password":"x"}"#).await;
    }
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let answer = client.post("/api/token", "", &login).await;
    assert_eq!((answer.status, answer.field("retry-after")), (429, Some("1")));
    bench.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(client.post("/api/token", "", &login).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_page_logs_in_by_a_cookie_no_script_can_read() {
    let bench = Bench::new();
    bench.set_up().await;
    let mut client = bench.connect();
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let answer = client.post("/api/session", "", &login).await;
    let cookie = answer.field("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with(&format!("{PLAIN_COOKIE}=")) && cookie.contains("; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    assert_eq!(client.ask("GET /test/viewer", &cookie, "").await.status, 204);
    let answer = client.post("/test/count", &cookie, "{}").await;
    assert_eq!(answer.code(), "cross_site", "a change by cookie must say where it comes from");
    let own = format!("{cookie}Origin: http://vigie.local\r\n");
    assert_eq!(client.post("/test/count", &own, "{}").await.status, 200);
    let answer = client.ask("DELETE /api/session", &own, "").await;
    assert!(answer.status == 204 && answer.field("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(client.ask("GET /test/viewer", &cookie, "").await.status, 401);

    let mut secure = bench.connect_as("192.168.1.3".parse().unwrap(), true);
    let answer = secure.post("/api/session", "", &login).await;
    let cookie = answer.field("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-vigie=") && cookie.ends_with("; Secure") && cookie.contains("Path=/;"),
        "{cookie}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_with_the_same_key_does_nothing_twice() {
    let bench = Bench::new();
    let fields = format!("Authorization: Bearer {}\r\nIdempotency-Key: k1\r\n", bench.token().await);
    let mut client = bench.connect();
    assert_eq!(client.post("/test/count", &fields, "{}").await.body, r#"{"number":1}"#);
    let again = client.post("/test/count", &fields, "{}").await;
    assert_eq!((again.body.as_str(), again.field("idempotency-replayed")), (r#"{"number":1}"#, Some("true")));
    assert_eq!(client.post("/test/count", &fields, "{ }").await.code(), "idempotency_key_reused");
    let other = fields.replace("Key: k1", "Key: k2");
    assert_eq!(client.post("/test/count", &other, "{}").await.body, r#"{"number":2}"#);
    for _ in 0..2 {
        let failed = client.post("/test/panic", &fields, "{}").await;
        assert_eq!((failed.status, failed.code().as_str()), (500, "internal"), "a failed request may be tried again");
    }
    let slow = "/test/slow?seconds=40";
    assert_eq!(client.post(slow, &fields, "{}").await.status, 503, "it takes too long to wait for");
    assert_eq!(bench.counted.load(std::sync::atomic::Ordering::Relaxed), 2);
    assert_eq!(client.post(slow, &fields, "{}").await.code(), "in_progress");
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(client.post(slow, &fields, "{}").await.status, 204, "but it has been carried through once");
    assert_eq!(bench.counted.load(std::sync::atomic::Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn every_route_is_walked_as_every_role() {
    // Routes whose good answer takes its time or does not end; for them only the refusals are walked.
    const LONG: [&str; 4] = ["/test/never", "/api/events", "/test/slow", "/test/big"];
    let bench = Bench::with_every_role().await;
    let mut walked = 0_u32;
    for route in bench.table.routes() {
        for role in std::iter::once(None).chain(Role::ALL.map(Some)) {
            // An account of an agent without a workstation may touch none.
            let wanted = route.access.admits(role) && !(route.path.contains("{station}") && role == Some(Role::Agent));
            if wanted && LONG.contains(&route.path) {
                continue;
            }
            // A fresh session each time: one of the routes ends it.
            let token = role.map_or(String::new(), |role| {
                let tokens = bench.platform.accounts.open_tokens(role.byte().into()).unwrap();
                format!("Authorization: Bearer {}\r\n", tokens.access.expose())
            });
            let path = route.path.replace("{*path}", "x.css").replace("{id}", "1");
            let line = format!("{} {path}", route.method);
            let origin = if route.body == BodyRule::Form { "Origin: http://vigie.local\r\n" } else { "" };
            let answer = bench.connect_from((walked % 250) as u8 + 1).ask(&line, &format!("{token}{origin}"), "").await;
            walked += 1;
            let code = if answer.status >= 400 { answer.code() } else { String::new() };
            match (wanted, role) {
                _ if route.access == Access::Setup => assert_eq!(code, "already_set_up", "{line}"),
                (true, _) => assert!(
                    !matches!(code.as_str(), "login_needed" | "forbidden" | "token_invalid"),
                    "{line} as {role:?}: {answer:?}"
                ),
                (false, None) => assert_eq!((answer.status, code.as_str()), (401, "login_needed"), "{line}"),
                (false, Some(_)) => {
                    assert_eq!((answer.status, code.as_str()), (403, "forbidden"), "{line} as {role:?}");
                }
            }
        }
    }
    assert!(walked > 100, "{walked}");
}

#[tokio::test(start_paused = true)]
async fn nothing_but_the_listed_routes_is_open_to_everybody() {
    let bench = Bench::new();
    let mut open: Vec<String> = bench
        .table
        .routes()
        .iter()
        .filter(|route| matches!(route.access, Access::Public | Access::Setup) && !route.path.starts_with("/test/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    open.sort();
    let expected = [
        "GET /api/docs",
        "GET /api/openapi.json",
        "GET /api/setup",
        "GET /api/tls/ca.crt",
        "GET /api/tls/ca.pem",
        "GET /assets/{*path}",
        "GET /healthz",
        "GET /readyz",
        "POST /api/session",
        "POST /api/setup",
        "POST /api/token",
        "POST /api/token/refresh",
        "POST /api/token/revoke",
        "POST /api/token/verify",
    ];
    assert_eq!(open, expected);
}

#[tokio::test(start_paused = true)]
async fn the_description_is_that_of_the_table() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let document = write_document(bench.table.routes());
    assert_eq!(document["openapi"], "3.1.0");
    for path in ["/api/openapi.json", "/healthz", "/readyz", "/api/setup", "/api/docs", "/nothing"] {
        let told = client.get(path).await;
        assert!(!told.body.contains(env!("CARGO_PKG_VERSION")), "{path} tells a stranger the version");
    }
    for route in bench.table.routes() {
        let path = route.path.replace("{*", "{");
        let operation = &document["paths"][&path][route.method.as_str().to_lowercase()];
        assert_eq!(operation["x-role"], route.access.word(), "{path}");
        assert_eq!(
            operation["security"] == serde_json::json!([]),
            matches!(route.access, Access::Public | Access::Setup)
        );
    }
    let schema = &document["paths"]["/api/setup"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let set_up = &document["components"]["schemas"][name];
    assert_eq!(set_up["additionalProperties"], false);
    assert_eq!(set_up["properties"]["password"]["writeOnly"], true);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    let mut names: Vec<_> =
        text.split("\"operationId\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "operation names are unique");
    let docs = client.get("/api/docs").await;
    assert!(docs.body.contains("<code>/api/token/refresh</code>") && !docs.body.contains("<script"));
}

#[tokio::test(start_paused = true)]
async fn health_readiness_metrics_and_logs() {
    use crate::http::context::Check;
    let bench = Bench::new();
    let mut client = bench.connect();
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["checks"][0]["detail"].as_str()), (200, Some("")), "no words for strangers");
    bench.platform.watch(|| Check { name: "sweep", ok: false, needed: false, detail: String::new() });
    assert_eq!(client.get("/readyz").await.status, 200);
    bench.platform.watch(|| Check { name: "listener", ok: false, needed: true, detail: String::new() });
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["reasons"]), (503, &serde_json::json!(["listener"])));

    assert_eq!(client.get("/metrics").await.status, 401);
    let collector = format!("Authorization: Bearer {}\r\n", "m".repeat(32));
    let metrics = client.ask("GET /metrics", &collector, "").await;
    assert!(metrics.body.contains("\nvigie_http_rejected_total{why=\"login_needed\"} 1\n"), "{}", metrics.body);
    assert!(metrics.body.contains("\nprocess_resident_memory_bytes "));
    assert_eq!(
        client.ask("GET /api/system", &collector, "").await.status,
        401,
        "the collector's token opens nothing else"
    );

    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    let system = client.ask("GET /api/system", &bearer, "").await.json();
    assert_eq!(system["version"], env!("CARGO_PKG_VERSION"));
    assert!(system["resident_bytes"].as_u64() > Some(1_000_000));
    for number in 0..5 {
        bench.platform.logs.push(tracing::Level::INFO, "test", format!("line {number}"));
    }
    let logs = client.ask("GET /api/system/logs?since=2&limit=2", &bearer, "").await.json();
    assert_eq!((&logs["items"][0]["seq"], &logs["count"], &logs["next"]), (&3.into(), &2.into(), &4.into()));
}

#[tokio::test(start_paused = true)]
async fn a_workstation_reaches_its_own_seat_and_no_other() {
    let bench = Bench::with_every_role().await;
    bench.platform.admit_stations(|token| (token == "of-seat-7").then_some(7));
    let own = "Authorization: Bearer of-seat-7\r\n";
    let mut client = bench.connect();
    assert_eq!(client.ask("GET /test/stations/7", own, "").await.status, 204);
    for other in ["8", "7%20", "%2e", "07"] {
        let answer = client.ask(&format!("GET /test/stations/{other}"), own, "").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{other}");
    }
    let operator = bench.platform.accounts.open_tokens(Role::Operator.byte().into()).unwrap();
    let operator = format!("Authorization: Bearer {}\r\n", operator.access.expose());
    assert_eq!(client.ask("GET /test/stations/8", &operator, "").await.status, 204);
    let pushed = own.replace("Bearer ", "Bearer x");
    assert_eq!(client.ask("GET /test/stations/7", &pushed, "").await.code(), "token_invalid");
}
