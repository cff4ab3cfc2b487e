//! Holds the promise that a foreign page can neither read nor change anything through a visitor's browser.
//! Never sends what a browser does not. Needs root and VIGIE_BIN.

use vigie_tests::api::PASSWORD;

use crate::wire::{ask, token, with_service};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
#[ignore = "needs root"]
fn a_name_that_was_rebound_to_us_reads_nothing() {
    with_service(|lab, _, appliance| {
        let bearer = format!("Authorization: Bearer {}\r\n", token(appliance));
        lab.inside(|| {
            let hosts = [
                "rebound.evil.example",
                "rebound.evil.example:8080",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "evil.example#localhost",
                "localhost@evil.example",
                "192.0.2.1",
                "[2001:db8::1]",
                "0x7f000001.evil",
            ];
            for host in hosts {
                let wrong = if host.contains(['#', '@']) { 400 } else { 421 };
                for path in
                    ["/", "/healthz", "/api/openapi.json", "/api/network/v2/devices", "/api/events", "/assets/page.css"]
                {
                    let answer = ask(&format!("GET {path}"), &format!("Host: {host}\r\n{bearer}"), b"");
                    assert_eq!(answer.status, wrong, "{host} {path}");
                }
                let answer =
                    ask("GET /ws", &format!("Host: {host}\r\n{bearer}Origin: http://{host}\r\n{UPGRADE}"), b"");
                assert_eq!(answer.status, wrong, "{host}: a socket");
            }
            for host in ["localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1", "127.9.9.9:80", "[::1]:8080"] {
                assert_eq!(ask("GET /healthz", &format!("Host: {host}\r\n"), b"").status, 200, "{host}");
            }
            assert_eq!(ask("GET http://evil.example/healthz", "Host: localhost\r\n", b"").status, 421, "absolute form");
            assert_eq!(ask("GET http://localhost/healthz", "Host: evil.example\r\n", b"").status, 421);
            assert_eq!(ask("GET http://localhost/healthz", "Host: 127.0.0.1\r\n", b"").status, 200);
        });
    });
}

#[test]
#[ignore = "needs root"]
fn a_foreign_page_changes_nothing() {
    with_service(|lab, _, _| {
        lab.inside(|| {
            let json = "Content-Type: application/json\r\n";
            let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
            let signed_in =
                ask("POST /api/session", &format!("{json}Origin: http://localhost:8080\r\n"), login.as_bytes());
            assert_eq!(signed_in.status, 200);
            let cookie = signed_in.field("set-cookie").and_then(|field| field.split(';').next()).expect("a cookie");
            let cookie = format!("Cookie: {cookie}\r\n");
            let change = "POST /api/network/v2/scan";
            let body = br#"{"kind":"quick"}"#;
            for (fields, status) in [
                // What each browser adds to a request of a foreign page.
                (format!("{json}Origin: http://evil.example\r\n"), 403),
                (format!("{json}Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\n"), 403),
                (format!("{json}Origin: http://localhost\r\n"), 403),
                (format!("{json}Origin: http://localhost:8081\r\n"), 403),
                (format!("{json}Origin: http://localhost:8080.evil.example\r\n"), 403),
                (format!("{json}Origin: null\r\n"), 403),
                (format!("{json}Origin: http://localhost:8080\r\nOrigin: http://evil.example\r\n"), 403),
                (format!("{json}Sec-Fetch-Site: cross-site\r\n"), 403),
                (format!("{json}Sec-Fetch-Site: same-site\r\n"), 403),
                (format!("{json}Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site\r\n"), 403),
                // A form needs no leave of the browser to be sent anywhere.
                ("Content-Type: text/plain\r\nOrigin: http://localhost:8080\r\n".to_owned(), 415),
                (
                    "Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://localhost:8080\r\n".to_owned(),
                    415,
                ),
                ("Content-Type: multipart/form-data; boundary=x\r\nOrigin: http://localhost:8080\r\n".to_owned(), 415),
                ("Content-Type: text/plain; application/json\r\nOrigin: http://localhost:8080\r\n".to_owned(), 415),
                ("Origin: http://localhost:8080\r\n".to_owned(), 415),
                // Nobody says where it comes from, and a cookie alone is no proof.
                (json.to_owned(), 403),
            ] {
                let answer = ask(change, &format!("{cookie}{fields}"), body);
                assert_eq!(answer.status, status, "{fields}: {}", answer.code());
            }
            for path in ["/login", "/logout", "/setup", "/language"] {
                let fields = "Content-Type: application/x-www-form-urlencoded\r\n";
                let answer = ask(&format!("POST {path}"), &format!("{cookie}{fields}"), b"username=ada&password=x");
                assert_eq!(answer.status, 403, "{path}: a form must say where it comes from");
                let foreign = format!("{cookie}{fields}Origin: http://evil.example\r\n");
                assert_eq!(ask(&format!("POST {path}"), &foreign, b"username=ada&password=x").status, 403, "{path}");
            }
            let socket = format!("{cookie}{UPGRADE}");
            assert_eq!(ask("GET /ws", &socket, b"").code(), "cross_site", "a browser always says its origin");
            let foreign = format!("{socket}Origin: http://evil.example\r\n");
            assert_eq!(ask("GET /ws", &foreign, b"").status, 403);
            // Nothing is ever shared with another origin, not even by asking beforehand.
            let asked = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
            let before = ask("OPTIONS /api/network/v2/scan", asked, b"");
            assert!(!before.head.to_ascii_lowercase().contains("access-control-allow"), "{}", before.head);
            let own = format!("{cookie}{json}Origin: http://localhost:8080\r\n");
            // 409: there is no segment to sweep here, or a sweep runs; either way it was let in.
            assert!(![401, 403, 415, 421].contains(&ask(change, &own, body).status));
        });
    });
}
