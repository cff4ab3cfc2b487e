//! Holds what plain HTTP may do while the appliance answers over TLS: health, what firmware fetches before it can speak TLS,
//! and everything for whoever sits at this very machine. It never sends a request with a proof of identity, or a change,
//! on to TLS silently: it was readable on the network, and its sender must learn that. The dispatcher asks it.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderValue, LOCATION};
use hyper::{Method, Request, StatusCode};

use super::dispatch::PLAIN_COOKIE;
use super::guard::read_host;
use super::language::Text;
use super::problem::{ErrorKind, Fault, Problem};
use super::reply::Reply;

/// Sent in plain what belongs on TLS.
pub static TLS_NEEDED: Fault = Fault {
    code: "tls_needed",
    kind: ErrorKind::Misdirected,
    text: Text {
        en: "This was sent unencrypted and was not carried out. Send it to {address} instead.",
        fr: "Ceci a été envoyé sans chiffrement et n'a pas été exécuté. Envoyez-le à {address}.",
    },
};

/// Paths that never need TLS: a watchdog's question.
const OPEN: [&str; 1] = ["/healthz"];

/// Where the images and boot files of workstations will be: their firmware speaks plain HTTP and nothing else. They carry
/// no secret, and are signed or approved one by one.
const BOOT: &str = "/netboot";

/// The port of `https`, which is left out of an address.
const HTTPS_PORT: u16 = 443;

/// Looks at a request that came in plain, its host checked already. `None` when it may go on; else the answer.
///
/// A 307, not a 308: a browser that remembered the move would be locked out when a person switches TLS off again.
///
/// # Errors
/// `tls_needed` (421: not for this scheme, RFC 9110, 15.5.20) for changes, sockets and whatever carries a bearer token.
pub(super) fn judge<B>(
    request: &Request<B>,
    host: &str,
    path: &str,
    peer: IpAddr,
    tls_port: u16,
) -> Result<Option<Reply>, Problem> {
    let name = read_host(host).unwrap_or_default();
    let is_boot = path.strip_prefix(BOOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if OPEN.contains(&path) || is_boot || stays_inside(peer, name) {
        return Ok(None);
    }
    let address = address(name, tls_port);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let upgrades = hyper_tungstenite::is_upgrade_request(request);
    if !reads || upgrades || request.headers().contains_key(AUTHORIZATION) {
        return Err(Problem::from(&TLS_NEEDED).with("address", &address).carrying("address", address.into()));
    }
    // The raw path and query: they belong to the sender, and begin with a slash whatever they hold.
    let rest = request.uri().path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
    let rest = if rest.starts_with('/') { rest } else { "/" };
    let mut reply = Reply::empty().status(StatusCode::TEMPORARY_REDIRECT);
    if let Ok(location) = HeaderValue::from_str(&format!("{address}{rest}")) {
        reply.0.headers_mut().insert(LOCATION, location);
    }
    // A session of an earlier run without TLS was readable; the browser forgets it here and its owner logs in again.
    let cookies = request.headers().get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let prefix = format!("{PLAIN_COOKIE}=");
    if cookies.flat_map(|field| field.split(';')).any(|pair| pair.trim_start().starts_with(&prefix)) {
        reply = reply.cookie(&format!("{PLAIN_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"));
    }
    Ok(Some(reply))
}

/// Whether the request never leaves this machine: browsers call such an address trustworthy too (W3C, Secure Contexts,
/// 3.1). Both ends must say so, else a proxy in front would hand everybody's requests in by the back door.
fn stays_inside(peer: IpAddr, name: &str) -> bool {
    let named = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|named| named.is_loopback());
    peer.is_loopback() && named
}

/// The address of the same host over TLS.
fn address(name: &str, port: u16) -> String {
    let bracketed = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    if port == HTTPS_PORT { format!("https://{bracketed}") } else { format!("https://{bracketed}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Language;

    fn ask(line: &str, host: &str, fields: &[(&'static str, &str)], peer: &str) -> Result<Option<Reply>, Problem> {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let straight = super::super::guard::straighten(path.split('?').next().unwrap());
        judge(&request.body(()).unwrap(), host, &straight, peer.parse().unwrap(), 8443)
    }

    fn location(line: &str, host: &str) -> String {
        let reply = ask(line, host, &[], "192.168.1.9").unwrap().unwrap();
        assert_eq!(reply.status_code(), StatusCode::TEMPORARY_REDIRECT);
        reply.0.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn pages_are_sent_to_the_same_host_and_path_over_tls() {
        for (line, host, expected) in [
            ("GET /", "vigie.local", "https://vigie.local:8443/"),
            ("GET /devices?q=a%20b", "vigie.local:8080", "https://vigie.local:8443/devices?q=a%20b"),
            ("HEAD /x", "192.168.1.5", "https://192.168.1.5:8443/x"),
            ("GET /x", "[fd00::5]:8080", "https://[fd00::5]:8443/x"),
            // Whatever the path looks like, the host stays ours.
            ("GET //evil.example/", "vigie.local", "https://vigie.local:8443//evil.example/"),
            ("GET http://vigie.local/y", "vigie.local", "https://vigie.local:8443/y"),
            ("GET /@evil.example", "vigie.local", "https://vigie.local:8443/@evil.example"),
        ] {
            assert_eq!(location(line, host), expected, "{line} {host}");
        }
        assert_eq!(address("vigie", 443), "https://vigie");
        assert_eq!(address("fd00::5", 443), "https://[fd00::5]");
    }

    #[test]
    fn health_and_boot_files_need_no_tls_and_what_only_looks_like_them_does() {
        for path in ["/healthz", "/netboot", "/netboot/v1/00-11/linux.ipxe", "//healthz/"] {
            assert!(ask(&format!("GET {path}"), "vigie.local", &[], "192.168.1.9").unwrap().is_none(), "{path}");
        }
        for path in ["/readyz", "/netbooty", "/healthz/x", "/x/healthz", "/api/openapi.json"] {
            assert!(ask(&format!("GET {path}"), "vigie.local", &[], "192.168.1.9").unwrap().is_some(), "{path}");
        }
    }

    #[test]
    fn changes_tokens_and_sockets_are_told_where_to_go_and_not_sent_there() {
        type Case = (&'static str, &'static [(&'static str, &'static str)]);
        const SOCKET: &[(&str, &str)] = &[("connection", "upgrade"), ("upgrade", "websocket")];
        let cases: [Case; 5] = [
            ("POST /api/token", &[]),
            ("DELETE /api/session", &[]),
            ("OPTIONS /api/token", &[]),
            ("GET /api/system", &[("authorization", "Bearer x")]),
            ("GET /ws", SOCKET),
        ];
        for (line, fields) in cases {
            let problem = ask(line, "vigie.local:8080", fields, "192.168.1.9").err().unwrap();
            assert_eq!((problem.status().as_u16(), problem.code()), (421, "tls_needed"), "{line}");
            assert!(problem.detail(Language::Fr).contains("https://vigie.local:8443"), "{line}");
        }
    }

    #[test]
    fn a_session_of_a_run_without_tls_is_forgotten_on_the_way() {
        let asked = |cookie| {
            let reply = ask("GET /", "vigie.local", &[("cookie", cookie)], "192.168.1.9").unwrap().unwrap();
            reply.0.headers().get("set-cookie").map(|field| field.to_str().unwrap().to_owned())
        };
        assert!(asked("a=b; vigie=secret").unwrap().starts_with("vigie=; Path=/; Max-Age=0"));
        assert_eq!(asked("a=b; vigie_language=fr"), None);
    }

    #[test]
    fn who_sits_at_the_machine_itself_needs_no_tls_but_a_proxy_does_not_pass_for_them() {
        for (host, peer, inside) in [
            ("localhost:8080", "127.0.0.1", true),
            ("127.0.0.1:8080", "127.0.0.1", true),
            ("[::1]:8080", "::1", true),
            ("vigie.local", "127.0.0.1", false),
            ("localhost", "192.168.1.9", false),
        ] {
            assert_eq!(ask("GET /", host, &[], peer).unwrap().is_none(), inside, "{host} from {peer}");
            assert_eq!(ask("POST /api/token", host, &[], peer).is_ok(), inside, "{host} from {peer}");
        }
    }
}
