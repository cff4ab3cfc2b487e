//! Holds what a handler gets: who calls, from where, with what, in which language.
//! It never reads from the network: the body is here already, within its limit, unless the route streams.
//! The dispatcher makes calls, handlers read them.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method, Request};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::accounts::Principal;

use super::budget::Seat;
use super::context::Platform;
use super::language::Language;
use super::problem::{Problem, faults};
use super::{json, reply::Reply};

/// Query parameters read; a page of ours sends at most ten.
const MAX_PARAMETERS: usize = 32;

/// One request on its way to a handler.
pub struct Call {
    /// The services every handler may use.
    pub platform: Arc<Platform>,
    /// Who calls; always there on routes above `Public` and `Setup`.
    pub who: Option<Principal>,
    /// The method, `GET` for `HEAD` too.
    pub method: Method,
    /// The path, collapsed and without a trailing slash.
    pub path: String,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body, whole. Empty on streaming routes.
    pub body: Bytes,
    /// The body of a streaming route.
    pub stream: Option<Incoming>,
    /// Address of the other side.
    pub peer: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
    /// The language to answer in: the account's, else the one the client asks for.
    pub language: Language,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    /// The bare request, kept for an upgrade.
    pub(super) request: Option<Request<()>>,
    pub(super) seat: Arc<Seat>,
}

impl Call {
    /// A part of the path, as named in the route's pattern, percent-decoded. Empty when the pattern has no such part.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A query parameter; the first one if it is repeated.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter of some kind.
    ///
    /// # Errors
    /// `bad_parameter` when it is there and cannot be read.
    pub fn query_as<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let Some(text) = self.query(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Problem::from(&faults::BAD_PARAMETER).with("name", name))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `bad_json` for what is not JSON, `bad_value` with a pointer for what has the wrong shape.
    pub fn json<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Problem> {
        json::read(&self.body)
    }

    /// The fields of a form body; an empty list for a body that is not UTF-8.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        parse_query(std::str::from_utf8(&self.body).unwrap_or_default())
    }

    /// Who calls, on a route that does not demand it.
    ///
    /// # Errors
    /// `login_needed`.
    pub fn caller(&self) -> Result<&Principal, Problem> {
        self.who.as_ref().ok_or_else(|| Problem::from(&faults::LOGIN_NEEDED))
    }

    /// This connection's place in the budget. The dispatcher moves it to the guests by itself for cookies and bearer
    /// tokens; a socket that is told its token in the first frame does so when it has checked.
    #[must_use]
    pub fn seat(&self) -> Arc<Seat> {
        self.seat.clone()
    }

    /// The bearer token, if one was sent.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether the client holds the version of this tag already; then answer [`Reply::not_modified`].
    #[must_use]
    pub fn holds(&self, tag: &str) -> bool {
        super::etag::matches(&self.headers, hyper::header::IF_NONE_MATCH, tag, true) == Some(true)
    }

    /// Checks `If-Match` against the present version. Without the field the change is allowed: programs that write
    /// blindly have always done so, the page always sends it.
    ///
    /// # Errors
    /// `changed_since` when the client has seen another version.
    pub fn check_match(&self, tag: &str) -> Result<(), Problem> {
        match super::etag::matches(&self.headers, hyper::header::IF_MATCH, tag, false) {
            Some(false) => Err((&faults::CHANGED_SINCE).into()),
            _ => Ok(()),
        }
    }

    /// Answers 304 or the value with its tag.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn tagged<T: serde::Serialize>(&self, value: &T) -> Result<Reply, Problem> {
        let reply = Reply::json(value)?;
        let tag = super::etag::of(reply.bytes());
        Ok(if self.holds(&tag) { Reply::not_modified(&tag) } else { reply.tag(&tag) })
    }
}

/// Splits `a=1&b=2` and decodes it (the URL standard's `application/x-www-form-urlencoded`).
pub(super) fn parse_query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .take(MAX_PARAMETERS)
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key, true), decode(value, true))
        })
        .collect()
}

/// Undoes percent-encoding; what is not valid stays as it is, bytes that are not UTF-8 become U+FFFD.
pub(super) fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
        let digits = (hex(at + 1), hex(at + 2));
        at += 1;
        match (byte, digits.0, digits.1) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) if plus_is_space => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = parse_query("q=caf%C3%A9+noir&online_only&x=%zz%2&&y=a%3Db");
        let expected = [("q", "café noir"), ("online_only", ""), ("x", "%zz%2"), ("y", "a=b")];
        assert_eq!(query, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(decode("aa%3Abb+c", false), "aa:bb+c");
        assert_eq!(decode("%ff", false), "\u{fffd}");
        assert_eq!(parse_query(&"a&".repeat(100)).len(), MAX_PARAMETERS);
    }
}
