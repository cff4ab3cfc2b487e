//! Holds the fuzz target of single header fields and query texts: hosts, origins, tags, languages, cursors.
//! Never lets a name that is not ours pass the guard, however it is spelt.
//! Called by `run`.
#![no_main]

use http::header::{ACCEPT_LANGUAGE, HOST, IF_MATCH, IF_NONE_MATCH, ORIGIN};
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use vigie::http::etag;
use vigie::http::guard::{Guard, OwnNames, straighten};
use vigie::http::language::Language;
use vigie::http::list::Window;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let guard = Guard::new(OwnNames { host_name: "vigie".into(), ..OwnNames::default() });
    let mut request = Request::new(());
    request.headers_mut().insert(HOST, value.clone());
    if let Ok(host) = guard.check_host(&request) {
        // An own reading of what may pass, with no code in common.
        let bare = host.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(':').trim_end_matches('.');
        let is_name = ["vigie", "vigie.local", "vigie.lan", "vigie.home.arpa", "localhost"].contains(&bare);
        let is_loopback = host.starts_with("127.") || host.starts_with('[');
        assert!(is_name || is_loopback, "{host}");
    }
    let mut headers = HeaderMap::new();
    headers.insert(ORIGIN, value.clone());
    if guard.check_origin(&headers, "vigie.local", false, true).is_ok() {
        assert!(data.eq_ignore_ascii_case(b"http://vigie.local"), "{value:?}");
    }
    headers.insert(IF_MATCH, value.clone());
    headers.insert(IF_NONE_MATCH, value.clone());
    headers.insert(ACCEPT_LANGUAGE, value.clone());
    let tag = etag::of(b"hello");
    if etag::matches(&headers, IF_MATCH, &tag, false) == Some(true) {
        assert!(data.contains(&b'*') || data.windows(tag.len()).any(|part| part == tag.as_bytes()));
    }
    let _ = etag::matches(&headers, IF_NONE_MATCH, &tag, true);
    let _ = Language::wanted(&headers);
    if let Ok(text) = value.to_str() {
        if let Ok(window) = Window::<(u64, String)>::read(100, Some(text)) {
            assert!(window.after.is_some());
        }
        let path = straighten(text);
        assert!(path.starts_with('/') && !path.contains("//") && (path.len() == 1 || !path.ends_with('/')));
        assert_eq!(straighten(&path), path);
    }
});
