//! Holds the promise that too much of anything is refused early, with the right word, and costs nothing.
//! Never waits for a limit in time: those are tested beside the code. Needs root and VIGIE_BIN.

use vigie_tests::api::PASSWORD;

use crate::wire::{ask, say, token, with_service};

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
#[ignore = "needs root"]
fn too_much_of_anything_is_refused() {
    with_service(|lab, _, appliance| {
        let before = appliance.resident_bytes();
        let bearer = format!("Authorization: Bearer {}\r\n", token(appliance));
        lab.inside(|| {
            let first = |bytes: &[u8]| say(bytes).first().map(|answer| answer.status);
            // The line of the request, one field, all fields together, their number.
            let line = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(20_000));
            assert_eq!(first(line.as_bytes()), Some(431));
            let line = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "x".repeat(10_000));
            assert_eq!(first(line.as_bytes()), Some(404), "long, and within the head's size");
            let line = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(70_000));
            assert_eq!(first(line.as_bytes()), Some(431));
            assert_eq!(first("X".repeat(100_000).as_bytes()), Some(431), "a method without end");
            let fields = |count: usize| "X-Many: x\r\n".repeat(count);
            assert_eq!(ask("GET /healthz", &fields(46), b"").status, 200, "48 with host and connection");
            assert_eq!(ask("GET /healthz", &fields(47), b"").status, 431);
            assert_eq!(ask("GET /healthz", &format!("X-Long: {}\r\n", "x".repeat(17_000)), b"").status, 431);
            assert_eq!(ask("GET /healthz", &format!("X-Long: {}\r\n", "x".repeat(15_000)), b"").status, 200);
            assert_eq!(ask("GET /healthz", &format!("{}: x\r\n", "X".repeat(17_000)), b"").status, 431);
            let query = format!("GET /healthz?{}", "a=b&".repeat(3_000));
            assert_eq!(ask(&query, "", b"").status, 200, "most of it is not read");

            // Bodies: by their length, by their end, and without one.
            let body = |length: usize| {
                format!("{{\"username\":\"{}\",\"password\":\"x\"}}", "u".repeat(length - 30)).into_bytes()
            };
            assert_eq!(ask("POST /api/token", JSON, &body(60 * 1024)).status, 401, "a name of 60 KiB is nobody's");
            let said =
                say(format!("POST /api/token HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 65537\r\n\r\n")
                    .as_bytes());
            assert_eq!((said[0].status, said[0].code().as_str()), (413, "too_large"), "refused by its length alone");
            assert_eq!(ask("POST /api/token", JSON, &body(65_537)).status, 413);
            let mut chunks =
                format!("POST /api/token HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n")
                    .into_bytes();
            for _ in 0..64 {
                chunks.extend_from_slice(format!("800\r\n{}\r\n", " ".repeat(2_048)).as_bytes());
            }
            assert_eq!(first(&chunks), Some(413), "chunks without end");
            assert_eq!(ask("DELETE /api/session", &bearer, b"x").status, 413, "a body where none is read");

            // Inside the body.
            let mut wrong = Vec::new();
            for (what, body, status) in [
                ("nested 10,000 deep", "[".repeat(10_000), 422),
                ("objects 10,000 deep", "{\"a\":".repeat(10_000), 422),
                ("nested in a field", format!("{{\"username\":{}", "[".repeat(20_000)), 422),
                ("a number past the end of numbers", r#"{"username":1e999,"password":"x"}"#.to_owned(), 400),
                ("a number where text belongs", r#"{"username":1,"password":"x"}"#.to_owned(), 422),
                (
                    "a number of 10,000 digits",
                    format!("{{\"username\":{},\"password\":\"x\"}}", "9".repeat(10_000)),
                    400,
                ),
                ("a field twice", r#"{"username":"a","username":"b","password":"x"}"#.to_owned(), 422),
                ("half a surrogate", r#"{"username":"\ud800","password":"x"}"#.to_owned(), 400),
                ("a zero in a name", r#"{"username":"a\u0000b","password":"x"}"#.to_owned(), 401),
                ("something after the end", r#"{"username":"a","password":"x"} x"#.to_owned(), 400),
                ("a mark of byte order", "\u{feff}{}".to_owned(), 400),
                ("no JSON at all", "username=a".to_owned(), 400),
            ] {
                let answer = ask("POST /api/token", JSON, body.as_bytes());
                if answer.status != status {
                    let said = String::from_utf8_lossy(&answer.body);
                    wrong.push(format!("{what}: {} and not {status}: {said}", answer.status));
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert_eq!(
                ask("POST /api/token", JSON, b"{\"username\":\"\xff\",\"password\":\"x\"}").status,
                400,
                "not UTF-8"
            );
            let long = format!(r#"{{"username":"ada","password":"{PASSWORD}{}"}}"#, "x".repeat(50_000));
            let answer = ask("POST /api/token", JSON, long.as_bytes());
            assert_eq!(answer.status, 422, "a password of 50 kB is no password");
        });
        let grown = appliance.resident_bytes().saturating_sub(before);
        // The log-ins among them took 7 MiB each while they were judged; none of it is kept.
        assert!(grown < 6 * 1024 * 1024, "it grew by {grown} bytes");
    });
}
