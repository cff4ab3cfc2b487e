//! Holds the promise that there is one way to each route, whatever else a path looks like.
//! Never follows a path to a file: there are none behind the routes. Needs root and VIGIE_BIN.

use crate::wire::{ask, say, with_service};

#[test]
#[ignore = "needs root"]
fn no_spelling_of_a_path_leads_round_the_table() {
    with_service(|lab, _, _| {
        lab.inside(|| {
            for (path, status) in [
                // Firmware asks for such paths.
                ("//healthz", 200),
                ("/healthz/", 200),
                ("///healthz//", 200),
                // A path is compared as it stands: dots are no steps, and what is encoded stays a name.
                ("/./healthz", 404),
                ("/x/../healthz", 404),
                ("/assets/../healthz", 404),
                ("/assets/../../../../etc/passwd", 404),
                ("/assets/..%2f..%2fetc/passwd", 404),
                ("/assets/%2e%2e/%2e%2e/etc/passwd", 404),
                ("/assets/%252e%252e/etc/passwd", 404),
                ("/assets/....//....//etc/passwd", 404),
                ("/assets/page.css%00.png", 404),
                ("/assets/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", 404),
                ("/assets/%e0%80%ae%e0%80%ae/etc/passwd", 404),
                ("/assets\\..\\..\\etc\\passwd", 404),
                ("/assets/..\\..\\etc", 404),
                ("/%68ealthz", 404),
                ("/HEALTHZ", 404),
                ("/healthz%20", 404),
                ("/healthz%2f", 404),
                ("/healthz;x=1", 404),
                ("/healthz.json", 404),
                // Nothing behind the log-in is reached by another name.
                ("/API/SYSTEM", 404),
                ("/api/./system", 404),
                ("/api/system/", 401),
                ("/api//system", 401),
                ("/api/system%00", 404),
                ("/api/system?/healthz", 401),
                ("/api/network/v2/devices/..%2f..%2f..%2fhealthz", 401),
                ("/api/network/v2/devices/%00", 401),
                ("/healthz/../api/system", 404),
                ("/healthz?../../api/system", 200),
            ] {
                assert_eq!(ask(&format!("GET {path}"), "", b"").status, status, "{path}");
            }
            for (line, status) in [
                ("GET /healthz\0 HTTP/1.1", 400),
                ("GET /heal thz HTTP/1.1", 400),
                ("GET healthz HTTP/1.1", 421),
                ("GET /\x7f HTTP/1.1", 400),
                ("GET  /healthz HTTP/1.1", 400),
                ("get /healthz HTTP/1.1", 405),
                ("TRACE /healthz HTTP/1.1", 405),
                ("CONNECT localhost:80 HTTP/1.1", 405),
                ("CONNECT evil.example:80 HTTP/1.1", 421),
                ("PROPFIND / HTTP/1.1", 405),
                ("GET\x0b/healthz HTTP/1.1", 400),
                ("GET /healthz HTTP/1.1 x", 400),
                ("GET /healthz HTTP/9.9", 400),
                ("GET /healthz HTTP/2.0", 400),
                ("GET /healthz", 400),
                ("PRI * HTTP/2.0", 400),
            ] {
                let answers = say(format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
                let said: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
                assert_eq!(said, [status], "{line:?}");
            }
            // Octets above ASCII: the target is text by then, and no route of ours has any.
            let raw = say(b"GET /assets/\xc0\xae\xc0\xae/etc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assert!(raw.iter().all(|answer| [400, 404].contains(&answer.status)) && raw.len() == 1, "{raw:?}");
        });
    });
}
