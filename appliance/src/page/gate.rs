//! Holds who may see which page: everything but the door asks for a log-in, and sends a stranger to it.
//! It never answers a browser with a bare document: a refusal is a page that says what to do.
//! Every view makes its routes through it.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use crate::accounts::role::{Access, Role};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Draft, Outcome, Route};

use super::frame;

/// Longest path that is kept over a log-in.
const MAX_NEXT_BYTES: usize = 512;

/// Who sits there.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    /// The name of the account.
    pub(super) username: Arc<str>,
    /// The language to speak.
    pub(super) language: Language,
    /// Whether they may change anything.
    pub(super) may_work: bool,
    /// Whether they may change how the appliance works.
    pub(super) may_rule: bool,
    /// The page they are on, to come back to.
    pub(super) path: String,
}

/// Completes a route of the page: a browser without a session is sent to the door, one whose role does not do is told.
/// The table calls these routes public, since the table's own refusal is a document for programs.
pub(super) fn guard<S, F, Fut>(draft: Draft, need: Access, shared: &Arc<S>, handler: F) -> Route
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Call, Desk) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    draft.run_with(shared, move |shared, call: Call| {
        let (language, admitted) = (call.language, admit(&call, need));
        let work = admitted.map(|desk| handler(shared, call, desk));
        async move {
            match work {
                Ok(work) => Ok(work.await.unwrap_or_else(|problem| frame::trouble(&problem, language))),
                Err(refusal) => Ok(*refusal),
            }
        }
    })
}

/// Who calls, or where to send them.
fn admit(call: &Call, need: Access) -> Result<Desk, Box<Reply>> {
    if call.platform.accounts.needs_setup() {
        return Err(Box::new(Reply::see_other("/setup")));
    }
    let Some(who) = &call.who else { return Err(Box::new(to_login(call))) };
    if !need.admits(Some(who.role)) {
        return Err(Box::new(frame::trouble(&Problem::from(&faults::FORBIDDEN), call.language)));
    }
    Ok(Desk {
        username: who.username.clone(),
        language: call.language,
        may_work: matches!(who.role, Role::Operator | Role::Admin),
        may_rule: who.role == Role::Admin,
        path: call.path.clone(),
    })
}

/// To the door, and back to the same place afterwards if that was a page to look at.
fn to_login(call: &Call) -> Reply {
    if call.headers.contains_key("hx-request") {
        // A fragment asked for in the background: the whole page goes to the door.
        return Reply::empty().header(hyper::header::HeaderName::from_static("hx-redirect"), "/login");
    }
    if call.method != hyper::Method::GET || call.path == "/" {
        return Reply::see_other("/login");
    }
    Reply::see_other(&format!("/login?next={}", encode(&call.path)))
}

/// A path of ours to go to after the log-in; everything else becomes `/`. A browser reads `//x` and `/\x` as hosts.
pub(super) fn safe_next(next: &str) -> &str {
    let plain = next.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//") && next.len() <= MAX_NEXT_BYTES && plain;
    if ours { next } else { "/" }
}

/// Percent-encodes a value for a query (RFC 3986, 2.3).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let _never_fails = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_followed_after_the_log_in() {
        for good in ["/", "/devices", "/devices/00abcdef01234567", "/devices?q=a%20b"] {
            assert_eq!(safe_next(good), good);
        }
        let long = format!("/{}", "a".repeat(600));
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "devices", "/a b", "/a\r\nb", &long]
        {
            assert_eq!(safe_next(bad), "/", "{bad:?}");
        }
    }

    #[test]
    fn values_are_encoded_for_a_query() {
        assert_eq!(encode("a&b=c d/é"), "a%26b%3Dc%20d/%C3%A9");
    }
}
