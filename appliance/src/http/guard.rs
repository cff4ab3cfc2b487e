//! Holds the rules every request passes before anything looks at it: is it for us, and did one of our own pages send it.
//! It never trusts two values the attacker can both set: `Origin` is compared with our own names, not only with `Host`.
//! The dispatcher asks it; the shell tells it our addresses when they change.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request};

use super::problem::{Problem, faults};
use super::route::BodyRule;

/// Names and addresses this appliance answers to. `localhost` and loopback addresses always count: no stranger's DNS
/// can make a browser send them to us with a name of his.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNames {
    /// Addresses of our interfaces.
    pub addresses: Vec<IpAddr>,
    /// Our bare host name; its `.local`, `.lan` and `.home.arpa` forms count too.
    pub host_name: String,
    /// Names and addresses a person has added.
    pub more: Vec<String>,
}

/// Names looked at; more in the configuration are refused there.
pub const MAX_OWN_NAMES: usize = 64;

/// The suffixes under which home and office networks know a host (RFC 6762, RFC 8375, and what routers do).
pub const LOCAL_SUFFIXES: [&str; 3] = ["local", "lan", "home.arpa"];

/// The guard of one server.
#[derive(Default)]
pub struct Guard {
    own: RwLock<Arc<OwnNames>>,
}

impl Guard {
    /// A guard that knows these names.
    #[must_use]
    pub fn new(own: OwnNames) -> Self {
        Self { own: RwLock::new(Arc::new(own)) }
    }

    /// Replaces the names, for instance when an interface gets an address.
    pub fn know(&self, own: OwnNames) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(own);
    }

    /// The names known now.
    #[must_use]
    pub fn own(&self) -> Arc<OwnNames> {
        self.own.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks that the request was sent to us (RFC 9112, 3.2), against DNS rebinding. Gives the authority it named.
    ///
    /// # Errors
    /// `bad_request` without exactly one readable `Host`, `wrong_host` (421) for a name that is not ours.
    pub fn check_host<B>(&self, request: &Request<B>) -> Result<String, Problem> {
        let bad = || Problem::from(&faults::BAD_REQUEST);
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        if hosts.next().is_some() {
            return Err(bad());
        }
        // The target's own authority wins over the field, but both must be ours.
        for named in [request.uri().authority().map(hyper::http::uri::Authority::as_str), host].into_iter().flatten() {
            if !self.own().holds(read_host(named).ok_or_else(bad)?) {
                return Err((&faults::WRONG_HOST).into());
            }
        }
        host.map(str::to_ascii_lowercase).ok_or_else(bad)
    }

    /// Checks that a browser sends a change, a form or a socket from our own page.
    ///
    /// Programs send neither `Origin` nor `Sec-Fetch-Site`; they pass here and need a token. A form, and a socket or
    /// change opened by cookie, `must_tell`: what a program never needs and a browser always says.
    ///
    /// # Errors
    /// `cross_site`.
    pub fn check_origin(&self, headers: &HeaderMap, host: &str, secure: bool, must_tell: bool) -> Result<(), Problem> {
        const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
        let cross_site = || Problem::from(&faults::CROSS_SITE);
        let site = headers.get(SEC_FETCH_SITE);
        if site.is_some_and(|site| site != "same-origin" && site != "none") {
            return Err(cross_site());
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next();
        if origins.next().is_some() {
            return Err(cross_site());
        }
        match origin {
            Some(origin) => {
                let expected_scheme = if secure { "https" } else { "http" };
                let same = origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(
                    |(scheme, authority)| {
                        scheme == expected_scheme
                            && authority.eq_ignore_ascii_case(host)
                            && read_host(authority).is_some_and(|host| self.own().holds(host))
                    },
                );
                if same { Ok(()) } else { Err(cross_site()) }
            }
            None if must_tell && site.is_none() => Err(cross_site()),
            None => Ok(()),
        }
    }
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`. No user part, no spaces, nothing empty, a port that is one.
pub(super) fn read_host(text: &str) -> Option<&str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if rest.is_empty() { "" } else { rest.strip_prefix(':')? })
        }
        // `host:` with nothing after it is allowed by RFC 3986 and means the scheme's port.
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let sign_is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    let port_is_good = port.is_empty() || (port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(sign_is_good) && port_is_good).then_some(host)
}

impl OwnNames {
    /// Whether a host (no port, no brackets) is us.
    #[must_use]
    pub fn holds(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if let Ok(address) = host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback()
                || self.addresses.iter().any(|own| own.to_canonical() == address)
                || self.more.iter().any(|own| own.parse().is_ok_and(|own: IpAddr| own.to_canonical() == address));
        }
        if host == "localhost" || self.more.iter().take(MAX_OWN_NAMES).any(|own| own.eq_ignore_ascii_case(&host)) {
            return true;
        }
        let own = self.host_name.to_ascii_lowercase();
        if own.is_empty() {
            return false;
        }
        let bare = own.split('.').next().unwrap_or_default();
        host == own
            || host == bare
            || host
                .strip_prefix(bare)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|s| LOCAL_SUFFIXES.contains(&s))
    }
}

/// Whether a method changes things.
#[must_use]
pub fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Checks that a body is either announced by its length or sent in chunks, never both (RFC 9112, 6.1): whoever sends both
/// wants two readers to see two different ends.
///
/// # Errors
/// `bad_request`.
pub fn check_framing(headers: &HeaderMap) -> Result<(), Problem> {
    let both = headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH);
    if both { Err((&faults::BAD_REQUEST).into()) } else { Ok(()) }
}

/// Checks the content type against what the route reads. A request without a body has none to check, except where a
/// browser could be made to send an empty one from elsewhere: the origin rule covers that.
///
/// # Errors
/// `json_needed`, `form_needed` or `file_needed`.
pub fn check_content_type(headers: &HeaderMap, rule: BodyRule, has_body: bool) -> Result<(), Problem> {
    if !has_body {
        return Ok(());
    }
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match rule {
        BodyRule::Json if named != "application/json" => Err((&faults::JSON_NEEDED).into()),
        BodyRule::Form if named != "application/x-www-form-urlencoded" => Err((&faults::FORM_NEEDED).into()),
        BodyRule::Upload(_) if named != "multipart/form-data" => Err((&faults::FORM_NEEDED).into()),
        // What a foreign page can send without asking first must never be read as an upload.
        BodyRule::Bytes(_) | BodyRule::Stream
            if matches!(
                named.as_str(),
                "" | "text/plain" | "multipart/form-data" | "application/x-www-form-urlencoded"
            ) =>
        {
            Err((&faults::FILE_NEEDED).into())
        }
        _ => Ok(()),
    }
}

/// Makes `//a///b/` into `/a/b`. Firmware asks for such paths, and a trailing slash is optional everywhere.
#[must_use]
pub fn straighten(path: &str) -> String {
    let mut straight = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        straight.push('/');
        straight.push_str(part);
    }
    if straight.is_empty() {
        straight.push('/');
    }
    straight
}

/// The fields every answer carries.
const SECURITY_FIELDS: [(HeaderName, HeaderValue); 7] = [
    (
        hyper::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (hyper::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (hyper::header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: with that a browser sends `Origin: null` with our own forms.
    (hyper::header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ),
    (hyper::header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
];

/// Keeps other sites' windows apart from ours. Over TLS only: on plain HTTP a browser ignores it and complains in its
/// console at every page. There is no `Strict-Transport-Security`: with a certificate nobody has installed yet it would take
/// away the browser's way past its warning, and there would be no way in.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Puts the security fields on an answer, over whatever a handler has set, and forbids keeping it unless the handler
/// allowed that. `secure` says whether the connection is TLS.
pub fn protect(headers: &mut HeaderMap, secure: bool) {
    if secure {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
    for (name, value) in SECURITY_FIELDS {
        headers.insert(name, value);
    }
    headers.entry(hyper::header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(OwnNames {
            addresses: vec!["192.168.1.5".parse().unwrap(), "fe80::1".parse().unwrap()],
            host_name: "Vigie".into(),
            more: vec!["box.example.org".into(), "203.0.113.9".into()],
        })
    }

    fn host_answer(host: &str) -> u16 {
        let request = Request::builder().uri("/").header(HOST, host).body(()).unwrap();
        guard().check_host(&request).map_or_else(|problem| problem.status().as_u16(), |_| 200)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in [
            "192.168.1.5",
            "192.168.1.5:8080",
            "[fe80::1]",
            "[fe80::1]:8080",
            "[::ffff:192.168.1.5]:1",
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1",
            "127.8.9.1:80",
            "[::1]:8080",
            "vigie",
            "vigie.local",
            "VIGIE.LOCAL.:80",
            "vigie.lan",
            "vigie.home.arpa",
            "box.example.org",
            "203.0.113.9",
            "localhost:",
        ] {
            assert_eq!(host_answer(ours), 200, "{ours}");
        }
        for other in [
            "evil.example",
            "192.168.1.6",
            "vigie.evil.example",
            "vigie.local.evil.example",
            "localhost.evil.example",
            "xvigie",
            "vigiex.local",
            "0.0.0.0",
            "[::]",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "box.example.org.evil",
            "local",
            "lan",
        ] {
            assert_eq!(host_answer(other), 421, "{other}");
        }
        for broken in
            ["", " ", "a b", "user@vigie.local", "vigie:99999", "vigie:8o", "[fe80::1", "[vigie]", "a/b", "[::1]x"]
        {
            assert_eq!(host_answer(broken), 400, "{broken:?}");
        }
    }

    #[test]
    fn no_host_two_hosts_and_a_foreign_target_are_refused() {
        let none = Request::builder().uri("/").body(()).unwrap();
        assert_eq!(guard().check_host(&none).unwrap_err().status().as_u16(), 400);
        let two = Request::builder().uri("/").header(HOST, "vigie").header(HOST, "vigie").body(()).unwrap();
        assert_eq!(guard().check_host(&two).unwrap_err().status().as_u16(), 400);
        let foreign = Request::builder().uri("http://evil.example/").header(HOST, "vigie").body(()).unwrap();
        assert_eq!(guard().check_host(&foreign).unwrap_err().status().as_u16(), 421);
        let ours = Request::builder().uri("http://vigie.local/").header(HOST, "vigie.local").body(()).unwrap();
        assert!(guard().check_host(&ours).is_ok());
    }

    #[test]
    fn new_addresses_count_at_once() {
        let guard = guard();
        let request = Request::builder().uri("/").header(HOST, "10.9.9.9").body(()).unwrap();
        assert!(guard.check_host(&request).is_err());
        guard.know(OwnNames { addresses: vec!["10.9.9.9".parse().unwrap()], ..OwnNames::default() });
        assert!(guard.check_host(&request).is_ok());
    }

    #[test]
    fn changes_come_from_our_own_page_or_from_a_program() {
        // Fields, host, TLS, whether the browser must tell, verdict.
        type Case = (&'static [(&'static str, &'static str)], &'static str, bool, bool, bool);
        let cases: &[Case] = &[
            (&[], "vigie.local", false, false, true),
            (&[], "vigie.local", false, true, false),
            (&[("sec-fetch-site", "same-origin")], "vigie.local", false, true, true),
            (&[("sec-fetch-site", "none")], "vigie.local", false, true, true),
            (&[("sec-fetch-site", "same-site")], "vigie.local", false, false, false),
            (&[("sec-fetch-site", "cross-site")], "vigie.local", false, false, false),
            (&[("origin", "http://vigie.local")], "vigie.local", false, true, true),
            (&[("origin", "http://vigie.local:8080")], "vigie.local:8080", false, true, true),
            (&[("origin", "http://vigie.local:9090")], "vigie.local:8080", false, false, false),
            (&[("origin", "http://vigie.local")], "vigie.local", true, false, false),
            (&[("origin", "https://vigie.local")], "vigie.local", true, false, true),
            (&[("origin", "null")], "vigie.local", false, false, false),
            (&[("origin", "http://evil.example")], "vigie.local", false, false, false),
            (&[("origin", "http://evil.example")], "evil.example", false, false, false),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
                "vigie.local",
                false,
                false,
                false,
            ),
            (
                &[("origin", "http://vigie.local"), ("origin", "http://evil.example")],
                "vigie.local",
                false,
                false,
                false,
            ),
        ];
        for (fields, host, secure, must_tell, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in *fields {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let verdict = guard().check_origin(&headers, host, *secure, *must_tell).is_ok();
            assert_eq!(verdict, *expected, "{fields:?} {host} secure {secure} must tell {must_tell}");
        }
    }

    #[test]
    fn bodies_have_the_type_their_route_reads() {
        let typed = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            headers
        };
        assert!(check_content_type(&typed("application/json; charset=utf-8"), BodyRule::Json, true).is_ok());
        assert!(check_content_type(&HeaderMap::new(), BodyRule::Json, false).is_ok());
        for wrong in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            assert!(check_content_type(&typed(wrong), BodyRule::Json, true).is_err(), "{wrong}");
        }
        for rule in [BodyRule::Bytes(9), BodyRule::Stream] {
            let why = check_content_type(&typed("text/plain"), rule, true).unwrap_err();
            assert_eq!(why.code(), "file_needed", "JSON is not what is wanted there");
        }
        assert!(check_content_type(&typed("text/csv"), BodyRule::Bytes(9), true).is_ok());
        assert!(check_content_type(&typed("application/x-www-form-urlencoded"), BodyRule::Form, true).is_ok());
        assert!(check_content_type(&typed("application/json"), BodyRule::Form, true).is_err());
        assert!(check_content_type(&typed("multipart/form-data; boundary=x"), BodyRule::Upload(9), true).is_ok());
        assert!(check_content_type(&typed("application/x-www-form-urlencoded"), BodyRule::Upload(9), true).is_err());
    }

    #[test]
    fn paths_are_straightened() {
        for (path, straight) in
            [("/", "/"), ("//", "/"), ("", "/"), ("//api///x/", "/api/x"), ("/a/b", "/a/b"), ("/a//", "/a")]
        {
            assert_eq!(straighten(path), straight);
        }
    }

    #[test]
    fn a_handler_cannot_weaken_the_policy() {
        let mut headers = HeaderMap::new();
        headers.insert(hyper::header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src *"));
        protect(&mut headers, false);
        let policy = headers[hyper::header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[hyper::header::CACHE_CONTROL], "no-store");
        assert!(!headers.contains_key(OPENER_POLICY));
        protect(&mut headers, true);
        assert_eq!(headers[OPENER_POLICY], "same-origin");
    }
}
