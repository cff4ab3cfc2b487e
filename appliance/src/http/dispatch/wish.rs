//! Holds what a request says beside its question: the cookies of the page, the language to speak, whether it wants a page.
//! Never decides who somebody is. The dispatcher asks it, and whoever sets those cookies knows their names from here.

use hyper::header::{ACCEPT, COOKIE};
use hyper::{HeaderMap, Request};

use super::Proof;
use crate::accounts::Principal;
use crate::http::call::parse_query;
use crate::http::language::Language;

/// Name of the page's cookie over TLS; the prefix binds it to this host and to TLS (RFC 6265bis, 4.1.3.2).
pub const SECURE_COOKIE: &str = "__Host-vigie";

/// Its name on plain HTTP, where browsers do not accept the prefix.
pub const PLAIN_COOKIE: &str = "vigie";

/// Cookie in which the page keeps the language a person switched to.
pub const LANGUAGE_COOKIE: &str = "vigie_language";

/// The value of a cookie; the first one of its name.
pub(in crate::http) fn read_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The language a person switched to, else the one the client asks for.
pub(super) fn read_language<B>(request: &Request<B>) -> Language {
    switched(request).unwrap_or_else(|| Language::wanted(request.headers()))
}

/// The language a person switched to: in this very address, or earlier in this browser.
fn switched<B>(request: &Request<B>) -> Option<Language> {
    let query = parse_query(request.uri().query().unwrap_or_default());
    let here = query.iter().find(|(name, _)| name == "lang").and_then(|(_, tag)| Language::of_tag(tag));
    here.or_else(|| read_cookie(request.headers(), LANGUAGE_COOKIE).and_then(Language::of_tag))
}

/// The language for somebody who is known. In a browser what they switched to goes before what their account says, and
/// that before what the browser was installed with. A program asks for what it wants.
pub(super) fn settle_language<B>(request: &Request<B>, proof: &Proof) -> Option<Language> {
    let own = |who: &Principal| std::str::from_utf8(&who.language).ok().and_then(Language::of_tag);
    switched(request).or_else(|| match proof {
        Proof::Cookie(who) => own(who),
        Proof::Bearer(who) => Language::asked(request.headers()).or_else(|| own(who)),
        Proof::None | Proof::Collector | Proof::Bad => None,
    })
}

/// Whether a client asks for pages, as browsers do; `*/*` is what programs send.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|one| {
        let name = one.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("text/html") || name.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;
    use crate::accounts::role::Role;

    #[test]
    fn what_a_person_switched_to_goes_before_their_account_and_that_before_the_browser() {
        let who = |language: [u8; 2]| Principal {
            account: 1,
            username: "ada".into(),
            role: Role::Viewer,
            session: crate::accounts::session::SessionId(1),
            language,
            must_change: false,
            station: "".into(),
        };
        let settle = |path: &str, cookie: &str, asked: &str, proof: &Proof| {
            let mut request = Request::builder().uri(path);
            for (name, value) in [("cookie", cookie), ("accept-language", asked)] {
                request = if value.is_empty() { request } else { request.header(name, value) };
            }
            let request = request.body(()).unwrap();
            settle_language(&request, proof).unwrap_or_else(|| read_language(&request)).tag()
        };
        let page = Proof::Cookie(who(*b"fr"));
        assert_eq!(settle("/", "", "en", &page), "fr", "the account before the browser");
        assert_eq!(settle("/", "vigie_language=en", "fr", &page), "en", "the switch before the account");
        assert_eq!(settle("/?lang=fr", "vigie_language=en", "en", &Proof::Cookie(who(*b"en"))), "fr");
        assert_eq!(settle("/?lang=xx", "", "", &page), "fr");
        assert_eq!(settle("/", "", "fr", &Proof::None), "fr");
        assert_eq!(settle("/", "", "", &Proof::None), "en");
        let program = Proof::Bearer(who(*b"fr"));
        assert_eq!((settle("/", "", "en", &program), settle("/", "", "de", &program)), ("en", "fr"));
    }

    #[test]
    fn browsers_are_told_from_programs() {
        for (accept, page) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", false),
            ("*/*", false),
            ("Text/HTML;q=0.1", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_page(&headers), page, "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; vigie=token; vigie_language=fr"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-vigie=other"));
        assert_eq!(read_cookie(&headers, PLAIN_COOKIE), Some("token"));
        assert_eq!(read_cookie(&headers, SECURE_COOKIE), Some("other"));
        assert_eq!(read_cookie(&headers, "x"), None);
    }
}
