//! Holds who sits at the page, and how a browser is told that it may not see one.
//! It never decides who may: the route table does, for pages as for programs.
//! Every view makes its routes through it.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use hyper::StatusCode;

use crate::accounts::role::{Access, Role};
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Draft, Outcome, Route, Turned};

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

/// Completes a route of the page for those who have `need`. The route table turns the others away, and [`refuse`] draws
/// how a browser is told.
pub(super) fn guard<S, F, Fut>(draft: Draft, need: Access, shared: &Arc<S>, handler: F) -> Route
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Call, Desk) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    draft.needs(need).refuses_with(refuse).run_with(shared, move |shared, call: Call| {
        let (language, desk) = (call.language, sit_down(&call));
        let work = desk.map(|desk| handler(shared, call, desk));
        async move { Ok(work?.await.unwrap_or_else(|problem| frame::trouble(&problem, language))) }
    })
}

/// Who sits there; the route table has let them in.
fn sit_down(call: &Call) -> Result<Desk, Problem> {
    let who = call.caller()?;
    Ok(Desk {
        username: who.username.clone(),
        language: call.language,
        may_work: matches!(who.role, Role::Operator | Role::Admin),
        may_rule: who.role == Role::Admin,
        path: call.path.clone(),
    })
}

/// Sends a stranger to the door, and tells somebody whose role does not do.
fn refuse(turned: &Turned<'_>) -> Reply {
    if turned.needs_setup {
        return Reply::see_other("/setup");
    }
    if turned.problem.code() == faults::PASSWORD_MUST_CHANGE.code {
        return to("/my-account", turned.background);
    }
    if turned.stranger && turned.problem.status() == StatusCode::UNAUTHORIZED {
        // Back to the same place after the log-in, if that was a page to look at.
        return match turned.path {
            path if turned.looks && !turned.background && path != "/" => {
                Reply::see_other(&format!("/login?next={}", encode(path)))
            }
            _ => to("/login", turned.background),
        };
    }
    frame::trouble(turned.problem, turned.language)
}

/// Sends a browser somewhere. A fragment asked for in the background must take the whole page along.
fn to(path: &str, background: bool) -> Reply {
    if background {
        return Reply::empty().header(hyper::header::HeaderName::from_static("hx-redirect"), path);
    }
    Reply::see_other(path)
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
