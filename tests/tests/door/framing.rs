//! Holds the promise that no request is read in two ways: where one ends is beyond doubt, or the connection ends.
//! Never answers what was hidden in a body. Needs root and VIGIE_BIN.

use crate::wire::{statuses, with_service};

/// A whole request to the log-in with these framing fields and this body.
fn post(fields: &str, body: &str) -> Vec<u8> {
    let head = "POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    format!("{head}{fields}\r\n{body}").into_bytes()
}

/// What a smuggler hides in a body: it would be answered 200.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
#[ignore = "needs root"]
fn where_a_request_ends_is_beyond_doubt() {
    with_service(|lab, _, _| {
        lab.inside(|| {
            let chunked = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
            let hidden_after = format!("0\r\n\r\n{HIDDEN}");
            for (what, fields, body, expected) in [
                // The other request of each connection asks for /last: 404 when the server is in step, nothing when it has hung up.
                ("nothing special", "Content-Length: 2\r\n", "{}", vec![422, 404]),
                ("the same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n", "{}", vec![422, 404]),
                ("two lengths", "Content-Length: 2\r\nContent-Length: 40\r\n", "{}", vec![400]),
                ("two lengths in one field", "Content-Length: 2, 40\r\n", "{}", vec![400]),
                ("a length with a sign", "Content-Length: +2\r\n", "{}", vec![400]),
                ("a negative length", "Content-Length: -2\r\n", "{}", vec![400]),
                ("a length with a space in it", "Content-Length: 2 2\r\n", "{}", vec![400]),
                ("a hexadecimal length", "Content-Length: 0x2\r\n", "{}", vec![400]),
                ("a length past the end of numbers", "Content-Length: 18446744073709551618\r\n", "{}", vec![400]),
                ("an empty length", "Content-Length: \r\n", "{}", vec![400]),
                ("a space before the colon", "Content-Length : 2\r\n", "{}", vec![400]),
                ("a folded field", "Content-Length: 2\r\nX-Fold: a\r\n b\r\n", "{}", vec![400]),
                ("a field without a colon", "Content-Length: 2\r\nX-Nothing\r\n", "{}", vec![400]),
                ("a field without a name", "Content-Length: 2\r\n: x\r\n", "{}", vec![400]),
                ("a field name that is none", "Content-Length: 2\r\nX(y): x\r\n", "{}", vec![400]),
                ("a bare carriage return in a value", "Content-Length: 2\r\nX-Cr: a\rb\r\n", "{}", vec![400]),
                ("a zero in a value", "Content-Length: 2\r\nX-Nul: a\0b\r\n", "{}", vec![400]),
                // A chunked body is the last thing its connection says, so that nothing can follow it in doubt.
                ("chunks", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n", vec![422]),
                ("a request in chunks", "Transfer-Encoding: chunked\r\n", chunked.as_str(), vec![400]),
                (
                    "length and chunks",
                    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                    hidden_after.as_str(),
                    vec![400],
                ),
                (
                    "chunks and length",
                    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                    hidden_after.as_str(),
                    vec![400],
                ),
                ("chunks twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", vec![400]),
                ("chunks, then something else", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", vec![400]),
                ("something like chunks", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", vec![400]),
                ("chunks with a tab", "Transfer-Encoding:\tchunked\r\n", "2\r\n{}\r\n0\r\n\r\n", vec![422]),
                ("chunks in quotes", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n", vec![400]),
                ("chunks with a vertical tab", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n", vec![400]),
                ("identity", "Transfer-Encoding: identity\r\n", "{}", vec![400]),
                ("a chunk of a signed size", "Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n", vec![400]),
                (
                    "a chunk of an endless size",
                    "Transfer-Encoding: chunked\r\n",
                    "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
                    vec![400],
                ),
                (
                    "a chunk that is longer than it says",
                    "Transfer-Encoding: chunked\r\n",
                    "1\r\n{}\r\n0\r\n\r\n",
                    vec![400],
                ),
                (
                    "a chunk size with a bare line feed",
                    "Transfer-Encoding: chunked\r\n",
                    "2\n{}\r\n0\r\n\r\n",
                    vec![400],
                ),
                ("a chunk with an extension", "Transfer-Encoding: chunked\r\n", "2;a=b\r\n{}\r\n0\r\n\r\n", vec![422]),
            ] {
                assert_eq!(statuses(&post(fields, body)), expected, "{what}");
            }
            let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(40_000));
            assert_eq!(statuses(&post("Transfer-Encoding: chunked\r\n", &long)), [400], "an extension without end");
            let trailers = format!("0\r\n{}\r\n", "X-Trailer: x\r\n".repeat(5_000));
            assert_eq!(statuses(&post("Transfer-Encoding: chunked\r\n", &trailers)), [400], "trailers without end");
            // HTTP/1.0 knows no chunks; a program that sends them has been through something that is not in step.
            let old = b"POST /api/token HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
            assert_eq!(statuses(old), [400]);
            assert_eq!(statuses(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"), [200]);
            assert_eq!(statuses(b"GET /healthz HTTP/1.1\r\n\r\n"), [400, 404], "a host must be named");
            assert_eq!(statuses(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"), [400, 404]);
            // RFC 9112, 2.2: a reader may take a line feed alone for the end of a line; nothing is hidden by it.
            assert_eq!(statuses(b"GET /healthz HTTP/1.1\nHost: localhost\n\n"), [200, 404]);
            assert_eq!(statuses(b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), [200, 404]);
            // A body where none belongs.
            let with_body =
                format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{HIDDEN}", HIDDEN.len());
            assert_eq!(statuses(with_body.as_bytes()), [413, 404], "it is refused, and what it held is not answered");
        });
    });
}
