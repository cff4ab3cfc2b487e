//! Holds entity tags: how they are made and compared (RFC 9110, 8.8.3 and 13.1).
//! It never looks at what is tagged beyond its bytes.
//! Calls and assets use it.

use hyper::HeaderMap;
use hyper::header::HeaderName;
use sha2::{Digest, Sha256};

/// The strong tag of some bytes, quotes included: 96 bits of SHA-256.
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("\"{}\"", data_encoding::BASE64URL_NOPAD.encode(digest.get(..12).unwrap_or_default()))
}

/// The tag of a version number, for things that count their changes.
#[must_use]
pub fn of_version(version: u64) -> String {
    format!("\"v{version}\"")
}

/// Whether a conditional field names the tag. `None` without the field. Weak comparison is for reading only.
#[must_use]
pub fn matches(headers: &HeaderMap, field: HeaderName, tag: &str, weak: bool) -> Option<bool> {
    let mut any = None;
    for value in headers.get_all(field) {
        let named = value.to_str().is_ok_and(|list| {
            list.split(',').map(str::trim).any(|one| {
                one == "*" || one == tag || (weak && one.strip_prefix("W/").is_some_and(|strong| strong == tag))
            })
        });
        any = Some(any.unwrap_or(false) || named);
    }
    any
}

#[cfg(test)]
mod tests {
    use hyper::header::{IF_MATCH, IF_NONE_MATCH};

    use super::*;

    #[test]
    fn tags_are_compared_as_the_standard_says() {
        let tag = of(b"hello");
        assert_eq!(tag.len(), 18);
        assert_ne!(tag, of(b"hellp"));
        for (value, weak, expected) in [
            (tag.clone(), false, true),
            (format!("\"x\", {tag}"), false, true),
            ("*".into(), false, true),
            (format!("W/{tag}"), true, true),
            (format!("W/{tag}"), false, false),
            ("\"x\"".into(), true, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(matches(&headers, IF_NONE_MATCH, &tag, weak), Some(expected), "{value}");
            assert_eq!(matches(&headers, IF_MATCH, &tag, weak), None);
        }
    }
}
