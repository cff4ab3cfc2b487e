//! Holds the tests of HTTP banners over answers of real-looking devices.
//! Never fetches anything. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;
use std::string::String;
use std::vec::Vec;

const ROUTER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: lighttpd/1.4.59\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html><HTML><head>\
<script>var t = '<titles>';</script>\n<TITLE lang=fr>\n  Livebox &ndash; R&eacute;seau &amp; WiFi &#8482; &weird;\n</Title></head>";

const CAMERA: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nServer: Hikvision-Webs\r\n\
WWW-Authenticate: Digest qop=\"auth\", realm=\"IP Camera, C2345\", nonce=\"4e6a,41=\", stale=\"FALSE\"\r\n\
WWW-Authenticate: Basic realm=\"DVR \\\"x\\\"\", NTLM\r\nConnection: close\r\n\r\n<title>401</title>";

const REDIRECT: &[u8] = b"HTTP/1.0 302 Found\r\nLocation: https://192.168.1.20:5001/\r\nSet-Cookie: a=b";

#[test]
fn reads_server_and_title() {
    let banner = read(ROUTER).unwrap();
    assert_eq!((banner.status, banner.server.as_str()), (200, "lighttpd/1.4.59"));
    assert_eq!(banner.title, "Livebox – Réseau & WiFi ™ &weird;");
}

#[test]
fn reads_challenges_one_or_many_to_a_line() {
    let found: Vec<(String, String)> = read(CAMERA)
        .unwrap()
        .challenges
        .iter()
        .map(|challenge| (challenge.scheme.as_str().into(), challenge.realm.as_str().into()))
        .collect();
    let expected = [("Digest", "IP Camera, C2345"), ("Basic", "DVR \"x\""), ("NTLM", "")];
    assert_eq!(found, expected.map(|(scheme, realm)| (scheme.into(), realm.into())));
}

#[test]
fn keeps_four_challenges() {
    let banner = read(b"HTTP/1.1 401 No\r\nWWW-Authenticate: A, B, C, D, E realm=x\r\n\r\n").unwrap();
    assert_eq!(banner.challenges.len(), MAX_CHALLENGES);
    assert_eq!(banner.challenges.last().unwrap().scheme, "D");
    assert_eq!(banner.challenges.last().unwrap().realm, "");
}

#[test]
fn reads_what_a_short_read_left() {
    let banner = read(REDIRECT).unwrap();
    assert_eq!((banner.status, banner.location.as_str()), (302, "https://192.168.1.20:5001/"));
    assert_eq!(banner.title, "");
}

#[test]
fn titles_have_bounds() {
    assert_eq!(title_of(b"<title>never ends"), "");
    assert_eq!(title_of(b"<title"), "");
    assert_eq!(title_of(b"<titlex>no</title>"), "");
    assert_eq!(title_of("<title>\u{202e}evil\x1b</title>".as_bytes()), "evil");
    let mut late = [b' '; MAX_TITLE_SEARCH_BYTES].to_vec();
    late.extend_from_slice(b"<title>late</title>");
    assert_eq!(title_of(&late), "");
    let long = std::format!("<title>{}</title>", "x".repeat(5000));
    assert_eq!(title_of(long.as_bytes()).len(), 128);
}

#[test]
fn refuses_other_protocols() {
    assert_eq!(read(b"SSH-2.0-x\r\n"), Err(Malformed::Invalid));
    assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n"), Err(Malformed::OtherKind));
    assert_eq!(read(b""), Err(Malformed::Truncated));
}

#[test]
fn never_panics() {
    torture(&[ROUTER, CAMERA, REDIRECT], |bytes| {
        if let Ok(banner) = read(bytes) {
            assert!(!banner.title.chars().any(char::is_control) && banner.challenges.len() <= MAX_CHALLENGES);
        }
    });
}
